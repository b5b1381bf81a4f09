"""Driver analysis: against R, by properties, by simulation at known truth, on bad and on real input."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.stats.importance import sampled_shares, shapley, share_functions
from cxlab.stats.units import ranks

REFERENCE = Path(__file__).parents[2] / "reference"


def study(table, outcome: str = "y", drivers=None, *, design: str = "", **roles: str) -> cx.Study:
    columns = list(table.columns)
    drivers = [c for c in columns if c != outcome and c not in roles.values()] if drivers is None else drivers
    of = {outcome: "outcome", **{v: k for k, v in roles.items()}, **dict.fromkeys(drivers, "touchpoint")}
    fields = tuple(cx.Field(c, role=of.get(c, ""), type="number") for c in columns)
    return cx.Study(table, cx.Codebook("made", fields, design=design))


def made(n: int = 400, effects=(0.5, 0.3, 0.2, 0.0), rho: float = 0.4, seed: int = 0) -> pd.DataFrame:
    """Answers with a common impression: every two drivers correlate ``rho``, residual variance 1."""
    rng = np.random.default_rng(seed)
    X = np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, len(effects)))
    table = pd.DataFrame(X, columns=[f"x{j + 1}" for j in range(len(effects))])
    return table.assign(y=X @ np.array(effects) + rng.normal(size=n))


def truth(effects=(0.5, 0.3, 0.2, 0.0), rho: float = 0.4) -> np.ndarray:
    b, p = np.array(effects), len(effects)
    S = np.full((p, p), rho) + (1 - rho) * np.eye(p)
    R = np.eye(p + 1)
    R[:p, :p], r = S, S @ b / np.sqrt(b @ S @ b + 1)
    R[:p, p] = R[p, :p] = r
    return shapley.lmg(R)


def shares(result: cx.Result) -> pd.Series:
    return result.table.set_index("driver").estimate


def swiss(**roles: str) -> cx.Study:
    table = pd.read_csv(REFERENCE / "swiss.csv")
    return study(table.assign(w=table.Catholic + 1), "Fertility", **(roles or {"": "w"}))


@pytest.mark.parametrize("method", ["lmg", "johnson", "car", "pratt", "last", "beta", "dominance"])
def test_every_method_equals_r(method: str):
    known = pd.read_csv(REFERENCE / "drivers.csv")
    known = known[known.quantity == {"dominance": "lmg"}.get(method, method)].set_index("term").value
    found = shares(cx.drivers(swiss(), method=method))
    np.testing.assert_allclose(found[known.index], known, rtol=1e-9)


def test_weights_and_blocks_equal_relaimpo():
    """relaimpo 2.2-7: weights Catholic + 1; Education and Examination as one block."""
    weighted = shares(cx.drivers(swiss(weight="w")))
    assert weighted["Education"] == pytest.approx(0.30678607, abs=5e-9)
    assert weighted.sum() == pytest.approx(0.6919681, abs=5e-8)
    names = ["Agriculture", "Catholic", "Infant.Mortality"]
    blocks = {"school": ["Education", "Examination"], **{n: [n] for n in names}}
    found = shares(cx.drivers(swiss(), drivers=blocks))
    np.testing.assert_allclose(found[["school", *names]], [0.39817899, 0.07384681, 0.11573754, 0.11897166], atol=5e-9)
    owen = cx.drivers(swiss(), drivers=blocks, method="owen").table.set_index("driver")
    assert owen.estimate[owen.block == "school"].sum() == pytest.approx(found["school"], abs=1e-12)


@pytest.mark.parametrize(
    ("model", "outcome", "quantity", "tolerance"),
    [("logit-mcfadden", "low", "mcfadden logit", 1e-8), ("ordinal-mcfadden", "size", "mcfadden ordinal", 1e-6),
     ("multinomial", "race", "mcfadden multinomial", 1e-5), ("count-deviance", "ftv", "deviance count", 1e-8)],
)  # fmt: skip
def test_likelihood_shares_equal_r(model: str, outcome: str, quantity: str, tolerance: float):
    """Shapley values of McFadden's (or the deviance) R² over all orders of glm, polr and multinom fits."""
    table, known = pd.read_csv(REFERENCE / "birthwt.csv"), pd.read_csv(REFERENCE / "drivers.csv")
    known = known[known.quantity == quantity].set_index("term").value
    found = shares(cx.drivers(study(table, outcome, list(known.index)), model=model))
    np.testing.assert_allclose(found[known.index], known, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("model", "outcome"), [("logit", "low"), ("ordinal", "size"), ("count", "ftv")])
def test_latent_shares_sum_to_the_latent_r2_of_r(model: str, outcome: str):
    table, known = pd.read_csv(REFERENCE / "birthwt.csv"), pd.read_csv(REFERENCE / "drivers.csv")
    expected = known[(known.quantity == "latent") & (known.term == model)].value.iloc[0]
    found = cx.drivers(study(table, outcome, ["age", "lwt", "smoke", "ht"]), model=model)
    assert shares(found).sum() == pytest.approx(expected, rel=1e-5)
    assert "latent R²" in found.title or "link-scale R²" in found.title


def test_rescaling_and_sign_flips_change_nothing_but_signs():
    table = made()
    turned = table.assign(x1=3 - 7 * table.x1, y=100 * table.y)
    one, other = (cx.drivers(study(t)).table.set_index("driver") for t in (table, turned))
    np.testing.assert_allclose(one.estimate, other.estimate[one.index], atol=1e-12)
    np.testing.assert_allclose(one.low, other.low[one.index], atol=1e-10)
    assert (one.sign["x1"], other.sign["x1"]) == ("+", "−")


def test_a_reverse_scale_is_turned():
    table = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (300, 2)), columns=["a", "b"])
    table["y"] = table.a + table.b
    book = cx.Codebook("turned", (
        cx.Field("a", role="touchpoint", scale=cx.Scale(1, 5)),
        cx.Field("b", role="touchpoint", scale=cx.Scale(1, 5, "low")),
        cx.Field("y", role="outcome"),
    ))  # fmt: skip
    assert cx.drivers(cx.Study(table, book)).table.set_index("driver").sign.to_dict() == {"a": "+", "b": "−"}


def test_weights_equal_repeated_rows():
    table = made(200)
    times = np.random.default_rng(1).integers(1, 4, 200)
    weighted = cx.drivers(study(table.assign(w=times), weight="w"))
    repeated = cx.drivers(study(table.loc[table.index.repeat(times)].reset_index(drop=True)))
    np.testing.assert_allclose(shares(weighted).sort_index(), shares(repeated).sort_index(), atol=1e-12)


def test_backends_agree(tmp_path):
    table = made(300)
    path = tmp_path / "made.parquet"
    table.to_parquet(path)
    tables = [table, pl.from_pandas(table), duckdb.read_parquet(str(path))]
    found = [shares(cx.drivers(study(t))).sort_index() for t in tables]
    for other in found[1:]:
        np.testing.assert_allclose(found[0], other, atol=1e-12)


def test_missing_answers_by_every_choice():
    """Answers missing at random: all four choices are near the truth, and say how many rows they use."""
    table = made(6000, seed=2)
    rng = np.random.default_rng(3)
    for name in ("x1", "x2", "x3"):
        table.loc[rng.random(6000) < 0.2, name] = np.nan
    said = {
        "pairwise": "pairwise: each correlation uses the rows that answered both; drivers have",
        "complete": "complete cases:", "indicator": "not answered is a level of its own (indicator): all 6,000 rows",
        "impute": "multiple imputation; drivers have",
    }  # fmt: skip
    for missing in driver_answers.MISSING:
        found = cx.drivers(study(table), missing=missing)
        assert any(note.startswith(said[missing]) for note in found.notes), missing
        tolerance = 0.035 if missing == "indicator" else 0.02  # an indicator takes the halo of the others for the gaps
        np.testing.assert_allclose(shares(found).sort_index(), truth(), atol=tolerance)


def test_not_used_is_not_bad():
    """Who does not use x1 is as satisfied as others: the indicator finds no effect, a zero for 'not used' would."""
    table = made(3000, effects=(0.6, 0.3), seed=4)
    table["y"] += 3.0 * (unused := np.random.default_rng(5).random(3000) < 0.4)
    table.loc[unused, "x1"] = np.nan
    found = cx.drivers(study(table), missing="indicator").table.set_index("driver")
    assert found.estimate["x1"] > 0.4  # used or not makes most of the difference, and belongs to x1
    assert found.sign["x1"] == "+"


def test_words_become_dummies_that_enter_together():
    table = made(600)
    table["cabin"] = np.where(table.x1 > 0.5, "first", np.where(table.x1 > 0, "business", "economy"))
    found = shares(cx.drivers(study(table[["cabin", "x2", "y"]])))
    dummies = pd.get_dummies(table.cabin, dtype=float)[["first", "business"]].join(table[["x2", "y"]])
    blocks = {"cabin": ["first", "business"], "x2": ["x2"]}
    np.testing.assert_allclose(
        found[["cabin", "x2"]], shares(cx.drivers(study(dummies), drivers=blocks))[["cabin", "x2"]]
    )


def test_a_condition_is_an_outcome():
    table = made(500)
    by_hand = table.assign(top=(table.y >= 1).astype(int))
    found = cx.drivers(study(table), "y >= 1", model="logit")
    expected = cx.drivers(study(by_hand, "top", ["x1", "x2", "x3", "x4"]), model="logit")
    np.testing.assert_allclose(shares(found), shares(expected))
    assert found.title.startswith("What goes with y >= 1, latent R² = ")


def test_more_than_twenty_drivers_are_sampled_with_their_error():
    table = made(800, effects=[0.3, 0.2, 0.1] + [0.0] * 22, rho=0.3)
    found = cx.drivers(study(table))
    assert "10,000 sampled orders (standard error at most" in found.method
    assert found.parts["sampling_se"] < 1e-3
    assert shares(found).sum() == pytest.approx(np.corrcoef(table.T)[0, 0] - _unexplained(table), abs=1e-9)
    assert set(found.table.driver[:2]) == {"x1", "x2"}


def _unexplained(table: pd.DataFrame) -> float:
    X = np.column_stack([np.ones(len(table)), table.drop(columns="y")])
    e = table.y - X @ np.linalg.lstsq(X, table.y, rcond=None)[0]
    return float((e**2).sum() / ((table.y - table.y.mean()) ** 2).sum())


def test_identical_drivers_split_equally_and_are_named():
    table = made(300).assign(again=lambda t: t.x1)
    found = cx.drivers(study(table))
    assert shares(found)["x1"] == pytest.approx(shares(found)["again"], abs=1e-9)
    assert (
        "'x1', 'again' are determined by other drivers (VIF infinite): the data cannot tell them apart" in found.notes
    )


def test_pairs_are_decided_only_where_clear():
    found = cx.drivers(study(made(3000, effects=(0.8, 0.2, 0.2)))).parts["pairs"]
    decided = found[found.decided]
    assert {(r.above, r.below) for r in decided.itertuples()} == {("x1", "x2"), ("x1", "x3")}


def test_clusters_widen_the_intervals():
    """Every respondent answers five times the same: standard errors grow by about the root of five."""
    table = made(200, seed=6).assign(who=np.arange(200))
    repeated = pd.concat([table] * 5, ignore_index=True)
    wide = cx.drivers(study(repeated, cluster="who")).table
    narrow = cx.drivers(study(repeated.drop(columns="who"))).table
    assert 1.8 < (wide.se / narrow.se).median() < 2.8
    assert "200 clusters" in cx.drivers(study(repeated, cluster="who")).method


def test_negative_pratt_shares_are_explained():
    rng = np.random.default_rng(7)
    x1 = rng.normal(size=2000)
    x2 = 0.8 * x1 + 0.6 * rng.normal(size=2000)
    found = cx.drivers(
        study(pd.DataFrame({"x1": x1, "x2": x2, "y": x1 - 0.5 * x2 + rng.normal(size=2000)})), method="pratt"
    )
    assert shares(found)["x2"] < 0
    assert "correlation and coefficient of 'x2' differ in sign: the other drivers turn it (suppression)" in found.notes
    assert (
        "a negative Pratt share comes from such a turn of sign; it does not say that the driver does harm"
        in found.notes
    )


def test_analytic_errors_of_johnson_agree_with_the_bootstrap():
    table = pd.concat([made(1500, seed=9).assign(who=np.arange(1500))] * 2, ignore_index=True)
    found = cx.drivers(study(table, cluster="who"), method="johnson")
    analytic = found.parts["analytic"].set_index("driver").se
    ratio = analytic / found.table.set_index("driver").se[analytic.index]
    assert ratio[["x1", "x2", "x3"]].between(0.85, 1.15).all()  # 1,000 replicates: 2.2 % relative error, delta method


def test_dominance_comes_with_its_reproducibility():
    found = cx.drivers(study(made(3000, effects=(0.8, 0.2, 0.0))), method="dominance").parts["complete"]
    clear = found[(found.above == "x1") & (found.below == "x3")]
    assert clear.reproducibility.iloc[0] == 1.0
    assert found.reproducibility.between(0, 1).all()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(sampled_shares, "DRAWS", 300)


def _lmg(table: pd.DataFrame, seed: int) -> sampled_shares.Sampled:
    answers = driver_answers.read(study(table), None, None)
    function = share_functions.share_function("lmg", answers.of, (), seed)
    return sampled_shares.sampled(answers, "linear", function, len(answers.of), missing="pairwise", seed=seed)


def test_intervals_and_rank_sets_cover_the_truth(quick):
    """150 simulated surveys of 250: each share's 95 % interval, and the simultaneous rank sets of all drivers."""
    effects, runs = (0.5, 0.3, 0.2, 0.05), 150
    true = truth(effects)
    true_rank = np.argsort(np.argsort(-true)) + 1
    inside, ranked = np.zeros(4), 0
    for seed in range(runs):
        found = _lmg(made(250, effects, seed=seed), seed)
        low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
        inside += (low <= true) & (true <= high)
        first, last = ranks.rank_sets(found.estimate, found.covariance, kind="simultaneous", seed=seed)
        ranked += bool(((first <= true_rank) & (true_rank <= last)).all())
    assert inside.min() >= binom.ppf(1e-4, runs, 0.95)
    assert ranked >= binom.ppf(1e-4, runs, 0.95)


def test_noise_stays_below_the_noise_floor(quick):
    """Drivers that correlate .5 with each other and with nothing else exceed the floor in about 5 of 100 surveys."""
    above, runs = 0, 60
    for seed in range(runs):
        noise = made(300, (0, 0, 0), rho=0.5, seed=1000 + seed).drop(columns="y")
        table = made(300, (0.5, 0.4), seed=seed).rename(columns={"x1": "a", "x2": "b"}).join(noise)
        found = cx.drivers(study(table)).table.set_index("driver")
        above += bool(found.above_noise["x1"])
        assert found.above_noise[["a", "b"]].all()
    assert above <= binom.ppf(1 - 1e-4, runs, 0.05)


def test_an_idle_driver_gets_what_its_company_gives():
    """LMG credits a driver without effect that correlates with others; `by_company` says how much of it that is."""
    found = cx.drivers(study(made(20_000, seed=8)))
    details = found.parts["details"].set_index("driver")
    assert details.by_company["x4"] == pytest.approx(shares(found)["x4"], abs=0.003)
    assert details.by_company["x1"] < 0.5 * shares(found)["x1"]


BAD = [
    (lambda: (study(made()), {"drivers": ["x1", "y"]}),
     "'y' is the outcome and one of the drivers; take it out of the drivers"),
    (lambda: (study(made().assign(y=3.0)), {}), "'y' is 3 in all 400 answers of made: there is nothing to explain"),
    (lambda: (study(made(6, (0.1,) * 5)), {}),
     "5 drivers but only 6 answers: their shares are not determined; use fewer drivers"),
    (lambda: (study(made().assign(x1=1.0)[["x1", "y"]]), {}),
     "no driver is left in made: 'x1' has the same answer from all 400: it can explain nothing and is left out"),
    (lambda: (study(made()), {"drivers": ["x1", "x1"]}), "driver x1 is named more than once; name each driver once"),
    (lambda: (study(made()), {"drivers": ["x9"]}),
     "column 'x9' is not in made. There are: x1, x2, x3, x4, y"),
    (lambda: (study(made()), {"method": "shap"}),
     "method is 'shap'; allowed: 'lmg', 'owen', 'dominance', 'johnson', 'first', 'last', 'pratt', 'car', 'beta', "
     "'correlation'"),
    (lambda: (study(made()), {"method": "owen"}),
     "method 'owen' needs blocks: give drivers={'block': [columns], ...}, 'stage' or 'owner'"),
    (lambda: (study(made()), {"model": "logit"}),
     "model 'logit' needs an outcome with two values; y has 400. Name a condition as outcome, like 'column >= "),
    (lambda: (study(made().assign(w=-1.0), weight="w"), {}),
     "400 rows of made have a negative weight in 'w'; weights are positive. Correct them, or leave the rows out with "
     "study.filter"),
    (lambda: (study(made().assign(y=lambda t: (t.x1 > 0) * 1)), {"model": "logit"}),
     "the logit has no maximum: a driver (or a combination) separates the outcomes perfectly, or drivers determine "
     "each other; leave one out, merge rare answers, or use model='linear'"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), BAD, ids=[m[:40] for _, m in BAD])
def test_bad_input_is_refused_with_the_whole_reason(build, message: str):
    data, options = build()
    with pytest.raises(cx.DataProblem) as caught:
        cx.drivers(data, **options)
    assert str(caught.value).startswith(message) if message.endswith(" ") else str(caught.value) == message


def test_drivers_never_answered_together_are_refused():
    table = made()
    table.loc[:199, "x1"] = np.nan
    table.loc[200:, "x2"] = np.nan
    named = list(study(table).codebook.role("touchpoint"))
    with pytest.raises(cx.DataProblem) as caught:
        cx.drivers(study(table), drivers=named)
    assert str(caught.value) == (
        "'x1' and 'x2' were answered together by 0 people, so their correlation is unknown; leave one out, or use "
        "missing='indicator'"
    )


def test_constant_and_rare_drivers_are_noted():
    table = made(2000).assign(same=4.0, rare=lambda t: t.x1.where(t.index < 60), few=lambda t: t.x2.where(t.index < 20))
    found = cx.drivers(study(table))
    assert "'same' has the same answer from all 2,000: it can explain nothing and is left out" in found.notes
    assert "'rare' was answered by 3.0% only (n = 60)" in found.notes
    assert "'few' has 20 answers beside the outcome, fewer than 30: left out" in found.notes
    assert set(found.table.driver) == {"x1", "x2", "x3", "x4", "rare"}


def test_the_result_says_association_unless_it_is_an_experiment():
    assert cx.drivers(study(made())).notes[-1] == "association, not cause: the study is no experiment"
    assert cx.drivers(study(made(), design="experiment")).notes[-1].startswith("the study is an experiment")


def test_sentences_say_what_is_open():
    lines = cx.importance.driver_findings(cx.drivers(study(made(3000, (0.8, 0.2, 0.0))))).lines
    assert lines[0].startswith("**x1** goes with the most: ")
    assert lines[0].endswith("it is the first.")
    with pytest.raises(cx.DataProblem, match="there are no sentences for results of kind 'metric'; allowed: drivers, "):
        cx.importance.driver_findings(cx.Result("metric", "", pd.DataFrame()))


def test_abc_and_the_airline():
    """The shipped real surveys run end to end; shares sum to R² of the same correlations."""
    for name in ("abc", "airline-survey"):
        found = cx.drivers(cx.load(name))
        assert shares(found).sum() == pytest.approx(found.parts["r2"]["estimate"])
        assert ((found.table.low <= found.table.estimate) & (found.table.estimate <= found.table.high)).all()
        assert (found.table.rank_low <= found.table.rank_high).all()


@pytest.mark.mirror
def test_multiple_response_themes_are_drivers():
    """Patients' comments: the themes of one question with several columns, reverse-scaled outcome."""
    found = cx.drivers(cx.load("patient-feedback"), None, drivers=["themes"]).table.set_index("driver")
    assert found.sign["Staff manner & personal attributes"] == "+"
    assert found.sign["Negative experience & dissatisfaction"] == "−"
    assert found.n.nunique() == 1


@pytest.mark.mirror
def test_acsi_drivers_differ_between_industries():
    named = ["OVERALLQ", "CUSTOMQ", "WRONGQ", "PQ", "QP"]
    found = cx.importance.driver_segments(cx.load("acsi-2015"), "INDUSTRY", outcome="SATIS", drivers=named)
    assert len(found.table) == 4 * len(named)
    assert found.parts["test"].differs.any()


@pytest.mark.slow
def test_intervals_cover_the_truth_under_clusters_and_weights(quick):
    """120 surveys of 150 respondents with four answers each, their level in drivers and outcome, weighted."""
    effects, runs, inside = (0.5, 0.3, 0.1), 120, np.zeros(3)
    many = _respondents(200_000, effects, 0)
    true = shapley.lmg(np.corrcoef(many[["x1", "x2", "x3", "y"]].T))
    for seed in range(runs):
        table = _respondents(150, effects, seed + 1)
        answers = driver_answers.read(study(table, cluster="who", weight="w"), None, None)
        function = share_functions.share_function("lmg", answers.of, (), seed)
        found = sampled_shares.sampled(answers, "linear", function, 3, missing="pairwise", seed=seed)
        low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
        inside += (low <= true) & (true <= high)
    assert inside.min() >= binom.ppf(1e-4, runs, 0.95)


def _respondents(people: int, effects, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), 4)
    level = rng.normal(size=(people, 4))[who]
    X = level[:, :3] + 0.5 * level[:, 3:] + rng.normal(size=(len(who), 3))
    y = X @ np.array(effects) + 0.7 * rng.normal(size=people)[who] + rng.normal(size=len(who))
    w = rng.uniform(0.5, 2.0, people)[who]  # not related to the answers: the population stays the same
    return pd.DataFrame(X, columns=["x1", "x2", "x3"]).assign(y=y, who=who, w=w)
