"""PLS against SmartPLS, seminr and plspm (printed outputs in the public data), and its own properties.

Tolerances: SmartPLS prints 8 digits and stopped at 1e-7; plspm stopped at 1e-6, which shows in its Mode B results.
"""

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.counts import covariances
from cxlab.stats.paths import pls, reliability

ECSI = {
    "Image": ["IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"],
    "Expectation": ["CUEX1", "CUEX2", "CUEX3"],
    "Quality": [f"PERQ{i}" for i in range(1, 8)],
    "Value": ["PERV1", "PERV2"],
    "Satisfaction": ["CUSA1", "CUSA2", "CUSA3"],
    "Complaints": ["CUSCO"],
    "Loyalty": ["CUSL1", "CUSL2", "CUSL3"],
}
BANK = [
    ("IMAG", "EXPE"), ("EXPE", "QUAL"), ("EXPE", "VAL"), ("QUAL", "VAL"), ("IMAG", "SAT"), ("EXPE", "SAT"),
    ("QUAL", "SAT"), ("VAL", "SAT"), ("IMAG", "LOY"), ("SAT", "LOY"),
]  # fmt: skip


def structure(blocks, paths, modes=None):
    names = list(blocks)
    items = [i for block in blocks.values() for i in block]
    inner = np.zeros((len(names), len(names)), bool)
    for cause, effect in paths:
        inner[names.index(cause), names.index(effect)] = True
    return (
        names,
        items,
        pls.Structure(
            tuple(tuple(items.index(i) for i in block) for block in blocks.values()),
            inner,
            tuple(modes or "A" * len(names)),
        ),
    )


def smartpls(folder, scheme, table, rows, columns):
    """A table of SmartPLS: tab and decimal comma, names padded with blanks, some rows with a tab too many."""
    raw = pd.read_csv(folder / f"smartpls2_{scheme}_{table}.txt", sep="\t", decimal=",", index_col=False)
    raw.columns = raw.columns.str.strip()
    raw = raw.set_index(raw.columns[0])
    raw.index = raw.index.str.strip()
    return raw.loc[rows, columns].to_numpy(float)


@pytest.mark.mirror
@pytest.mark.parametrize(
    "scheme, file", [("path", "pathWeighting"), ("factorial", "factorial"), ("centroid", "centroid")]
)
def test_mobi_equals_smartpls(mirror, scheme, file):
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv")
    edges = pd.read_csv(mirror / "ecsi_mobi/ECSIstrucmod.csv").to_numpy().tolist()
    names, items, model = structure(ECSI, edges)
    r = np.corrcoef(data[items].to_numpy().T)
    w = pls.outer_weights(r, model, scheme=scheme).w
    paths, _ = pls.path_coefficients(pls.construct_covariance(r, w), model.paths)
    for table, ours, rows in (
        ("outerWeights", w, items),
        ("crossLoadings", pls.cross_loadings(r, w), items),
        ("pathCoefficients", paths, names),
        ("totalEffects", pls.total_effects(paths), names),
    ):
        printed = smartpls(mirror / "ecsi_mobi/reference", file, table, rows, names)
        np.testing.assert_allclose(ours, printed, atol=5e-8, err_msg=table)


@pytest.mark.mirror
def test_mobi_r_squared_is_the_golden_one(mirror):
    """reference-values 7.6: R2 of Satisfaction .68107829 and Loyalty .45694445."""
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv")
    names, items, model = structure(ECSI, pd.read_csv(mirror / "ecsi_mobi/ECSIstrucmod.csv").to_numpy().tolist())
    r = np.corrcoef(data[items].to_numpy().T)
    _, r2 = pls.path_coefficients(pls.construct_covariance(r, pls.outer_weights(r, model).w), model.paths)
    assert r2[names.index("Satisfaction")] == pytest.approx(0.68107829, abs=5e-9)
    assert r2[names.index("Loyalty")] == pytest.approx(0.45694445, abs=5e-9)


@pytest.mark.mirror
def test_four_constructs_equal_seminr(mirror):
    """Weights by path weighting; seminr's PLSc files (loadings1, path_coef1, rho1, rsquaredplsc) are factorial ones."""
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv")
    read = lambda name: pd.read_csv(mirror / f"ecsi_mobi/reference/seminr_mobi4_{name}.csv")  # noqa: E731
    four = {c: ECSI[c] for c in ("Image", "Expectation", "Value", "Satisfaction")}
    _, items, model = structure(four, [(c, "Satisfaction") for c in ("Image", "Expectation", "Value")])
    r = np.corrcoef(data[items].to_numpy().T)
    w = pls.outer_weights(r, model).w
    _, r2 = pls.path_coefficients(pls.construct_covariance(r, w), model.paths)
    np.testing.assert_allclose(pls.cross_loadings(r, w), read("cross_loadings").iloc[:, 1:], atol=1e-8)
    np.testing.assert_allclose(pls.rho_a(r, w, model), read("reliability")["rhoA"], atol=1e-8)
    assert r2[3] == pytest.approx(read("rsquared1")["Satisfaction"][0], abs=1e-8)
    w = pls.outer_weights(r, model, scheme="factorial").w
    corrected, loadings = pls.consistent(r, w, model)
    paths, r2 = pls.path_coefficients(corrected, model.paths)
    np.testing.assert_allclose(pls.rho_a(r, w, model), read("rho1")["rhoA"], atol=1e-8)
    np.testing.assert_allclose(loadings, read("loadings1").iloc[:, 1:].sum(axis=1), atol=1e-8)
    np.testing.assert_allclose(paths, read("path_coef1").iloc[:, 1:], atol=1e-8)
    assert r2[3] == pytest.approx(read("rsquaredplsc")["Satisfaction"][0], abs=1e-8)


@pytest.mark.mirror
@pytest.mark.parametrize(
    "scheme, file", [("centroid", "outer-model"), ("factorial", "outer-model-factorial"), ("path", "outer-model-path")]
)
def test_bank_equals_plspm_on_raw_variances(mirror, scheme, file):
    """plspm with scaled=FALSE works on covariances and scales scores to variance 1 with divisor n."""
    data = pd.read_csv(mirror / "ecsi_bank_satisfaction/satisfaction.csv").drop(columns="gender")
    printed = pd.read_csv(mirror / f"ecsi_bank_satisfaction/reference/satisfaction.{file}.csv").set_index("name")
    blocks = {c: [i for i in data if i.startswith(c.lower())] for c in ("IMAG", "EXPE", "QUAL", "VAL", "SAT", "LOY")}
    _, items, model = structure(blocks, BANK)
    s = np.cov(data[items].to_numpy().T, bias=True)
    w = pls.outer_weights(s, model, scheme=scheme).w
    own = np.where(model.member(), pls.cross_loadings(s, w), 0).sum(axis=1)
    np.testing.assert_allclose(w.sum(axis=1), printed.loc[items, "weight"], atol=1e-6)
    np.testing.assert_allclose(own, printed.loc[items, "loading"], atol=1e-6)
    if scheme == "centroid":
        paths, r2 = pls.path_coefficients(pls.construct_covariance(s, w), model.paths)
        inner = pd.read_csv(mirror / "ecsi_bank_satisfaction/reference/satisfaction.inner-summary.csv")
        np.testing.assert_allclose(r2[1:], inner["r_squared"][1:], atol=1e-6)
        effects = pd.read_csv(mirror / "ecsi_bank_satisfaction/reference/satisfaction.effects.csv")
        at = [[list(blocks).index(c) for c in effects[end]] for end in ("from", "to")]
        np.testing.assert_allclose(pls.total_effects(paths)[tuple(at)], effects["total"], atol=1e-6)


@pytest.mark.mirror
def test_mode_b_equals_plspm_where_plspm_stopped(mirror):
    """plspm's printed R2 in Mode B is 1e-6 from our 6th iteration and 7e-6 from the limit: it stopped there."""
    data = pd.read_csv(mirror / "ecsi_bank_satisfaction/satisfaction.csv").drop(columns="gender")
    printed = pd.read_csv(mirror / "ecsi_bank_satisfaction/reference/satisfaction.modeb.inner-summary.csv")["r_squared"]
    blocks = {c: [i for i in data if i.startswith(c.lower())] for c in ("IMAG", "EXPE", "QUAL", "VAL", "SAT", "LOY")}
    _, items, model = structure(blocks, BANK, "B" * 6)
    s = np.cov(data[items].to_numpy().T)
    sixth, limit = (
        pls.path_coefficients(
            pls.construct_covariance(s, pls.outer_weights(s, model, scheme="centroid", iterations=k).w), model.paths
        )[1]
        for k in (6, 1000)
    )
    np.testing.assert_allclose(sixth[1:], printed[1:], atol=1.5e-6)
    np.testing.assert_allclose(limit[1:], printed[1:], atol=7e-6)


@pytest.mark.mirror
def test_mode_b_block_and_two_stages_equal_plspm_python(mirror):
    """The basic model has Quality in Mode B; the second one puts scores of a first model in as items."""
    folder = mirror / "ecsi_mobi/reference"
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv")
    pick = lambda *names: {c: ECSI[c] for c in names}  # noqa: E731
    names, items, model = structure(
        pick("Expectation", "Quality", "Image", "Complaints", "Loyalty"),
        [("Image", "Expectation"), ("Expectation", "Loyalty"), ("Quality", "Loyalty"), ("Complaints", "Loyalty")],
        "ABAAA",
    )
    _equal(folder, "basic", data, names, items, model)
    names, items, model = structure(
        pick("Expectation", "Quality", "Image", "Value", "Complaints", "Loyalty"),
        [(a, b) for a in ("Expectation", "Quality") for b in ("Image", "Value")]
        + [(a, b) for a in ("Image", "Value") for b in ("Complaints", "Loyalty")],
        "ABAAAA",
    )
    z = (data - data.mean()) / data.std()
    scores = z[items].to_numpy() @ pls.outer_weights(np.corrcoef(data[items].to_numpy().T), model).w
    data = data.assign(Image=scores[:, names.index("Image")], Value=scores[:, names.index("Value")])
    second = pick("Expectation", "Quality") | {"Satisfaction": ["Image", "Value"]} | pick("Complaints", "Loyalty")
    names, items, model = structure(
        second,
        [("Expectation", "Satisfaction"), ("Quality", "Satisfaction"), ("Satisfaction", "Complaints"),
         ("Satisfaction", "Loyalty")],
        "ABAAA",
    )  # fmt: skip
    _equal(folder, "hoc-ts", data, names, items, model)


def _equal(folder, name, data, names, items, model):
    r = np.corrcoef(data[items].to_numpy().T)
    w = pls.outer_weights(r, model).w
    paths, _ = pls.path_coefficients(pls.construct_covariance(r, w), model.paths)
    outer = pd.read_csv(folder / f"plspm_python_seminr-mobi-{name}-outer-model.csv", index_col=0)
    inner = pd.read_csv(folder / f"plspm_python_seminr-mobi-{name}-paths.csv", index_col=0)
    np.testing.assert_allclose(w.sum(axis=1), outer.loc[items, "weight"], atol=1e-8)
    np.testing.assert_allclose(paths, inner.loc[names, names], atol=1e-8)


@pytest.mark.mirror
def test_reputation_equals_seminr_with_means_for_gaps(mirror):
    data = pd.read_csv(mirror / "corp_rep/corp_rep_data.csv", na_values=[-99])
    blocks = {"COMP": [f"comp_{i}" for i in (1, 2, 3)], "LIKE": [f"like_{i}" for i in (1, 2, 3)], "CUSA": ["cusa"],
              "CUSL": [f"cusl_{i}" for i in (1, 2, 3)]}  # fmt: skip
    names, items, model = structure(
        blocks, [("COMP", "CUSA"), ("LIKE", "CUSA"), ("COMP", "CUSL"), ("LIKE", "CUSL"), ("CUSA", "CUSL")]
    )
    filled = data[items].fillna(data[items].mean())
    r = np.corrcoef(filled.to_numpy().T)
    paths, _ = pls.path_coefficients(pls.construct_covariance(r, pls.outer_weights(r, model).w), model.paths)
    printed = pd.read_csv(mirror / "corp_rep/reference/seminr_mobi4_corp_rep_simple_paths.csv", index_col=0)
    np.testing.assert_allclose(paths, printed.loc[names, names], atol=1e-9)


def chain(rng, n=300):
    """Two constructs of three items each, the first explaining the second with 0.6 (both latent variances 1)."""
    a = rng.standard_normal(n)
    b = 0.6 * a + 0.8 * rng.standard_normal(n)
    x = np.column_stack([0.8 * v[:, None] + 0.6 * rng.standard_normal((n, 3)) for v in (a, b)])
    return x, pls.Structure(((0, 1, 2), (3, 4, 5)), np.array([[False, True], [False, False]]), ("A", "A"))


def test_many_matrices_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(1)
    x, model = chain(rng)
    many = np.stack([np.corrcoef(x[rng.integers(0, 300, 300)].T) for _ in range(5)])
    together = pls.outer_weights(many, model).w
    for one, w in zip(many, together, strict=True):
        np.testing.assert_allclose(pls.outer_weights(one, model).w, w, atol=1e-8)


def test_units_of_the_items_do_not_matter_and_scores_have_variance_one():
    x, model = chain(np.random.default_rng(2))
    factor = np.array([1, 10, 0.1, 2, 3, 4])
    r, r_scaled = np.corrcoef(x.T), np.corrcoef((x * factor).T)
    w = pls.outer_weights(r, model).w
    np.testing.assert_allclose(w, pls.outer_weights(r_scaled, model).w, atol=1e-9)
    np.testing.assert_allclose(np.diag(pls.construct_covariance(r, w)), 1)


def test_plsc_is_consistent_where_plain_pls_is_not():
    """True path 0.6: plain PLS is attenuated towards 0.6 times the reliabilities' root, PLSc is not (n = 100,000)."""
    x, model = chain(np.random.default_rng(3), 100_000)
    r = np.corrcoef(x.T)
    w = pls.outer_weights(r, model).w
    plain, _ = pls.path_coefficients(pls.construct_covariance(r, w), model.paths)
    corrected, loadings = pls.consistent(r, w, model)
    fixed, _ = pls.path_coefficients(corrected, model.paths)
    assert plain[0, 1] < 0.54
    assert fixed[0, 1] == pytest.approx(0.6, abs=0.01)
    np.testing.assert_allclose(loadings, 0.8, atol=0.01)


def test_no_convergence_is_said():
    x, model = chain(np.random.default_rng(4))
    found = pls.outer_weights(np.corrcoef(x.T), model, iterations=1)
    assert found.iterations == 1
    assert not found.converged


def test_replicate_moments_equal_resampled_rows():
    """A replicate's counts times the unit sums are the moments of the repeated rows, weights and clusters included."""
    rng = np.random.default_rng(5)
    x, w = rng.integers(1, 11, (40, 3)).astype(float), rng.uniform(0.5, 2, 40)
    cluster = np.repeat(np.arange(10), 4)
    unit, units, words = covariances.resampled_units(40, cluster)
    assert words == "clusters"
    sums = covariances.grouped_sums(x, w, unit, units, block=7)
    counts = rng.multinomial(10, np.full(10, 0.1), 2).astype(float)
    mean, s = covariances.moments(counts @ sums, 3)
    rows = np.repeat(np.arange(40), counts[0].astype(int)[cluster])
    np.testing.assert_allclose(mean[0], np.average(x[rows], axis=0, weights=w[rows]))
    np.testing.assert_allclose(s[0], np.cov(x[rows].T, aweights=w[rows], bias=True))


def test_bootstrap_counts_keep_strata_and_lonely_units():
    strata = np.array([0, 0, 0, 1, 1, 2])
    counts = covariances.bootstrap_counts(strata, 200, seed=1)
    np.testing.assert_allclose(counts[:, :3].sum(axis=1), 3)
    np.testing.assert_allclose(counts[:, 3:5].sum(axis=1), 2)
    assert set(counts[:, 5]) == {0, 2}  # its square counts, as in the linearised errors


def test_many_rows_are_resampled_in_random_groups_with_the_same_error():
    """The standard error of a mean of 20,000 rows: sd / sqrt(n), from 5,000 random groups of four."""
    x = np.random.default_rng(6).standard_normal((20_000, 1))
    unit, units, words = covariances.resampled_units(20_000)
    assert words == "5,000 random groups of answers"
    sums = covariances.grouped_sums(x, np.ones(20_000), unit, units)
    mean, _ = covariances.moments(covariances.bootstrap_counts(np.zeros(units, int), 2000) @ sums, 1)
    assert mean.std() == pytest.approx(x.std() / np.sqrt(20_000), rel=0.06)


def test_reliability_by_hand():
    """Three items with correlations 0.5: standardised alpha = 3 * 0.5 / (1 + 2 * 0.5) = 0.75, loadings sqrt(0.5)."""
    r = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    assert reliability.alpha(r) == pytest.approx(0.75)
    np.testing.assert_allclose(reliability.one_factor(r), np.sqrt(0.5), atol=1e-6)
    assert reliability.omega(r) == pytest.approx(0.75, abs=1e-6)
    assert np.isnan(reliability.alpha(np.eye(1)))


@pytest.mark.mirror
def test_reliability_equals_seminr_factanal_and_the_golden_htmt(mirror):
    """alpha, rho_C, AVE, HTMT: seminr. One-factor loadings of Image: R 4 factanal(mobi[IMAG1:5], 1), nstart 5."""
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv")
    read = lambda name: pd.read_csv(mirror / f"ecsi_mobi/reference/seminr_mobi4_{name}.csv")  # noqa: E731
    four = {c: ECSI[c] for c in ("Image", "Expectation", "Value", "Satisfaction")}
    _, items, model = structure(four, [(c, "Satisfaction") for c in ("Image", "Expectation", "Value")])
    r = np.corrcoef(data[items].to_numpy().T)
    cross = pls.cross_loadings(r, pls.outer_weights(r, model).w)
    for j, block in enumerate(model.blocks):
        rows = list(block)
        printed = read("reliability").iloc[j]
        assert reliability.alpha(r[np.ix_(rows, rows)]) == pytest.approx(printed["alpha"], abs=1e-10)
        assert reliability.composite(cross[rows, j]) == pytest.approx(printed["rhoC"], abs=1e-8)
        assert reliability.ave(cross[rows, j]) == pytest.approx(printed["AVE"], abs=1e-8)
    upper = np.triu_indices(4, 1)
    ours = reliability.htmt(r, model.blocks)[upper]
    np.testing.assert_allclose(ours, read("htmt").iloc[:, 1:].to_numpy(float)[upper], atol=1e-10)
    factanal = [0.6605016732, 0.4646563627, 0.4882706274, 0.6937131605, 0.6397879908]
    np.testing.assert_allclose(reliability.one_factor(r[:5, :5]), factanal, atol=1e-7)
    names, items, model = structure(ECSI, [("Image", "Satisfaction")])
    full = reliability.htmt(np.corrcoef(data[items].to_numpy().T), model.blocks)
    assert full[names.index("Satisfaction"), names.index("Quality")] == pytest.approx(0.95363601, abs=5e-9)
    assert full[names.index("Satisfaction"), names.index("Loyalty")] == pytest.approx(0.95664567, abs=5e-9)


def test_htmt_by_hand():
    """Correlations 0.6 within and 0.3 between: 0.3 / 0.6 = 0.5, by both means; a single item counts 1 within."""
    r = np.full((5, 5), 0.3) + 0.7 * np.eye(5)
    r[:2, :2] = r[2:4, 2:4] = 0.6 + 0.4 * np.eye(2)
    for geometric in (False, True):
        found = reliability.htmt(r, ((0, 1), (2, 3), (4,)), geometric=geometric)
        assert found[0, 1] == pytest.approx(0.5)
        assert found[0, 2] == pytest.approx(0.3 / np.sqrt(0.6))


def test_htmt2_is_lower_where_loadings_differ():
    """Congeneric items (loadings 0.9, 0.4), true correlation 0.5: HTMT2 is exact, HTMT is not."""
    loading = np.array([0.9, 0.4, 0.9, 0.4])
    latent = np.kron(np.array([[1, 0.5], [0.5, 1]]), np.ones((2, 2)))
    r = latent * np.outer(loading, loading)
    np.fill_diagonal(r, 1)
    blocks = ((0, 1), (2, 3))
    assert reliability.htmt(r, blocks, geometric=True)[0, 1] == pytest.approx(0.5)
    assert reliability.htmt(r, blocks)[0, 1] > 0.55


@pytest.mark.mirror
def test_alpha_and_rho_of_the_bank_equal_plspm(mirror):
    """plspm's unidim table: standardised alpha, and Dillon-Goldstein's rho of the first principal component."""
    data = pd.read_csv(mirror / "ecsi_bank_satisfaction/satisfaction.csv").drop(columns="gender")
    printed = pd.read_csv(mirror / "ecsi_bank_satisfaction/reference/satisfaction_unidim.csv", index_col=0)
    for name, row in printed.iterrows():
        r = data[[i for i in data if i.startswith(name.lower())]].corr().to_numpy()
        values, vectors = np.linalg.eigh(r)
        assert reliability.alpha(r) == pytest.approx(row["cronbach_alpha"], abs=1e-9)
        assert values[-1] == pytest.approx(row["eig_1st"], abs=1e-9)
        loadings = np.abs(vectors[:, -1]) * np.sqrt(values[-1])
        assert reliability.composite(loadings) == pytest.approx(row["dillon_goldstein_rho"], abs=1e-9)
