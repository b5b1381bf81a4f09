"""The satisfaction index: the golden value, what it is made of, frozen weights, and every kind of bad input."""

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.index.satisfaction import index_value, index_weights
from cxlab.problem import DataProblem

MEASURES = {
    "IMAG": "image", "CUEX": "expectation", "PERQ": "quality", "PERV": "value", "CUSA": "satisfaction",
    "CUSC": "complaint", "CUSL": "loyalty",
}  # fmt: skip


def mobi(mirror, **changes):
    data = pd.read_csv(mirror / "ecsi_mobi/mobi.csv").assign(**changes)
    fields = [
        cx.Field(c, type="integer", role="outcome", measure=MEASURES[c[:4]], scale=cx.Scale(1, 10))
        for c in data.columns
    ]
    return cx.Study(data, cx.Codebook("mobi", tuple(fields)))


def small(n=200, seed=1, **extra):
    """Two constructs of two items on 0 to 10, in two groups that differ in level only."""
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal(n)
    satisfied = 0.7 * quality + 0.7 * rng.standard_normal(n)
    group = np.repeat(["A", "B"], n // 2)
    columns = {
        name: np.clip(np.round(6 + 1.5 * (c + (group == "B") * shift) + 0.8 * rng.standard_normal(n)), 0, 10)
        for name, c, shift in (("q1", quality, 0), ("q2", quality, 0), ("s1", satisfied, 0.5), ("s2", satisfied, 0.5))
    }
    data = pd.DataFrame(columns).assign(brand=group, **extra)
    fields = [cx.Field(c, role="outcome", scale=cx.Scale(0, 10)) for c in columns]
    more = [cx.Field("brand", type="string", role="brand")] + [cx.Field(c, role=c) for c in extra]
    return cx.Study(data, cx.Codebook("small", (*fields, *more)))


MODEL = cx.indices.path_model("Quality =~ q1 + q2\nSatisfaction =~ s1 + s2\nSatisfaction ~ Quality", name="two")


@pytest.mark.mirror
def test_mobi_gives_the_golden_index(mirror):
    """reference-values 7.6: index 72.454118; unstandardised weights .38363398, .28155010, .33481592."""
    result = cx.index(mobi(mirror), draws=50)
    assert result.table["construct"][0] == "Satisfaction"
    assert result["Satisfaction"].value == pytest.approx(72.454118, abs=1e-6)
    weights = result.parts["weights"].set_index("item")
    items = ["CUSA1", "CUSA2", "CUSA3"]
    golden = [0.38363398, 0.28155010, 0.33481592]
    np.testing.assert_allclose(weights.loc[items, "unstandardised_estimate"], golden, atol=1e-8)
    np.testing.assert_allclose(weights.loc[items, "estimate"], [0.36486486, 0.38315604, 0.45096120], atol=1e-8)
    pairs = result.parts["validity"].set_index("pair")["estimate"]
    assert pairs["Quality / Satisfaction"] == pytest.approx(0.95363601, abs=1e-8)


@pytest.mark.mirror
def test_bootstrap_error_of_the_index_is_near_the_one_with_fixed_weights(mirror):
    """The golden naive standard error (weights fixed) is .9115; estimating the weights anew changes it little here."""
    assert cx.index(mobi(mirror), draws=1000)["Satisfaction"].se == pytest.approx(0.9115, rel=0.08)


@pytest.mark.mirror
def test_bootstrap_errors_of_the_bank_agree_with_plspm(mirror):
    """plspm's published bootstrap of total effects: the same standard errors within the noise of its replicates."""
    data = pd.read_csv(mirror / "ecsi_bank_satisfaction/satisfaction.csv")
    items = {c: [i for i in data if i.startswith(c.lower())] for c in ("IMAG", "EXPE", "QUAL", "VAL", "SAT", "LOY")}
    lines = [f"{c} =~ {' + '.join(block)}" for c, block in items.items()]
    lines += ["EXPE ~ IMAG", "QUAL ~ EXPE", "VAL ~ EXPE + QUAL", "SAT ~ IMAG + EXPE + QUAL + VAL", "LOY ~ IMAG + SAT"]
    book = cx.Codebook(
        "bank", tuple(cx.Field(i, role="outcome", scale=cx.Scale(0, 10)) for b in items.values() for i in b)
    )
    model = cx.indices.path_model("\n".join(lines), target="SAT")
    ours = cx.index(cx.Study(data, book), model, scheme="centroid").parts["total_effects"].set_index("effect")["se"]
    printed = pd.read_csv(mirror / "ecsi_bank_satisfaction/reference/satisfaction_boot_total_effects.csv", index_col=0)
    ratio = ours[[e.replace("->", "→") for e in printed.index]].to_numpy() / printed["std.error"].to_numpy()
    assert 0.8 < np.median(ratio) < 1.2
    assert ((ratio > 0.7) & (ratio < 1.4)).all()


def test_the_published_example_of_weights():
    """golden.md: weights .3885, .3190, .2925 on means 8, 7, 7 of 1 to 10 give 70.9833; equal weights 70.3704."""
    mean, low, high = np.array([8, 7, 7]), np.ones(3), np.full(3, 10)
    assert index_value(np.array([[0.3885], [0.3190], [0.2925]]), mean, low, high)[0] == pytest.approx(70.9833, abs=5e-5)
    assert index_value(np.ones((3, 1)), mean, low, high)[0] == pytest.approx(70.3704, abs=5e-5)


def test_weights_equal_repeated_rows():
    """A weight of 2 is the respondent twice."""
    study = small(weight=np.tile([1.0, 2.0], 100))
    twice = study.table.loc[study.table.index.repeat(study.table["weight"].astype(int))].assign(weight=1.0)
    same = cx.index(study, MODEL, draws=10)["Satisfaction"].value
    assert cx.index(cx.Study(twice, study.codebook), MODEL, draws=10)["Satisfaction"].value == pytest.approx(same)


def test_another_scale_gives_the_same_index_and_reverse_scales_are_turned():
    study = small()
    shown = cx.index(study, MODEL, draws=10)
    book = study.codebook.replace("s1", scale=cx.Scale(1, 11)).replace("s2", scale=cx.Scale(-10, 0, best="low"))
    other = cx.Study(study.table.assign(s1=study.table["s1"] + 1, s2=-study.table["s2"]), book)
    turned = cx.index(other, MODEL, draws=10)
    assert turned["Satisfaction"].value == pytest.approx(shown["Satisfaction"].value)
    assert "Turned round, because their lowest code is best: s2." in turned.notes


def test_frozen_weights_split_the_difference_exactly():
    result = cx.indices.index_by(small(), "brand", model=MODEL, frozen="A", draws=200)
    split = result.parts["split"].pivot(index="brand", columns="part", values="estimate")
    np.testing.assert_allclose(split["score"] + split["weight"], split["difference"])
    np.testing.assert_allclose(split.loc["A"], 0, atol=1e-9)
    at = result.table.set_index("brand")
    assert at.loc["A", "estimate"] == pytest.approx(at.loc["A", "own"])
    assert split.loc["B", "score"] == pytest.approx(at.loc["B", "estimate"] - at.loc["A", "estimate"])
    bounds = result.parts["split"].query("brand == 'B' and part == 'score'").iloc[0]
    assert 0 < bounds["low"] < bounds["estimate"] < bounds["high"]


def test_frozen_index_of_a_group_is_the_mean_of_its_scores():
    study = small()
    weights, _ = index_weights(study, MODEL)
    score = 100 * sum(v * study.table[i] for i, v in weights.items())
    result = cx.indices.index_by(study, "brand", model=MODEL, draws=20)
    for brand, mean in score.groupby(study.table["brand"]).mean().items():
        assert result[brand].value == pytest.approx(mean)


def test_a_panel_is_resampled_together():
    """The same people in both groups: the error of the difference shrinks, that of each group does not."""
    people = np.tile(np.arange(100), 2)
    study = small(seed=4)
    panel = study.table.assign(respondent=people)
    panel.loc[100:, ["q1", "q2", "s1", "s2"]] = panel.loc[:99, ["q1", "q2", "s1", "s2"]].to_numpy()
    panel.loc[100:, "s1"] = np.clip(panel.loc[100:, "s1"] + 1, 0, 10)
    book = study.codebook
    together = cx.Codebook("panel", (*book.fields, cx.Field("respondent", role="cluster")))
    tight = cx.indices.index_by(cx.Study(panel, together), "brand", model=MODEL, frozen="A", draws=300).parts["split"]
    loose = cx.indices.index_by(cx.Study(panel, book), "brand", model=MODEL, frozen="A", draws=300).parts["split"]
    pick = lambda t: t.query("brand == 'B' and part == 'score'")["se"].iloc[0]  # noqa: E731
    assert pick(tight) < 0.5 * pick(loose)


def test_a_construct_without_items_is_left_out_and_said():
    study = small()
    book = study.codebook
    for item, measure in (("q1", "quality"), ("q2", "quality"), ("s1", "satisfaction"), ("s2", "satisfaction")):
        book = book.replace(item, measure=measure)
    result = cx.index(cx.Study(study.table, book), "ecsi", draws=10)
    said = "Left out of the model, as small has no items for it: Image, Expectation, Value, Complaints, Loyalty."
    assert said in result.notes
    assert result.table["construct"].tolist() == ["Satisfaction", "Quality"]


def test_negative_weights_stop_the_index_of_that_construct_only():
    study = small()
    noisy = study.table.assign(q2=-study.table["q2"] + 10)
    result = cx.index(cx.Study(noisy, study.codebook), MODEL, draws=20)
    assert np.isnan(result["Quality"].value)
    assert np.isfinite(result["Satisfaction"].value)
    assert [n for n in result.notes if "negative outer weight" in n] == [
        "Quality of two has no index: negative outer weight of q2. An item that lowers what it measures is turned "
        "round, redundant (Mode B) or noise: turn it, leave it out, or use Mode A."
    ]


def message(call, *args, **options):
    with pytest.raises(DataProblem) as caught:
        call(*args, **options)
    return str(caught.value)


def test_errors_say_what_to_do():
    study = small()
    flat = cx.Study(study.table.assign(s1=5), study.codebook)
    assert message(cx.index, flat, MODEL) == (
        "everybody gave the same answer to s1; an item without variance has no weight, leave it out"
    )
    assert message(cx.index, cx.Study(study.table, study.codebook.replace("s1", scale=None)), MODEL) == (
        "the index needs the limits of the questionnaire for 's1', and the codebook of small declares no scale; add "
        "minimum and maximum in its datapackage.json (not the least and largest answer)"
    )
    assert message(cx.index, cx.Study(study.table.head(4), study.codebook), MODEL) == (
        "two needs complete answers; 4 respondents have them. missing='mean' keeps those with gaps"
    )
    assert message(cx.index, study, "esci") == "model is 'esci'; did you mean 'ecsi'? allowed: 'ecsi', 'acsi'"
    said = message(cx.indices.index_by, study, "brand", model=MODEL, frozen="C")
    assert said == "frozen is 'C'; allowed: 'pooled', 'A', 'B'"
    assert message(cx.index, study, "acsi") == (
        "ACSI needs items for Expectation and Quality and Value and Satisfaction and Complaints and Loyalty; small "
        "declares none. Declare their measure in its datapackage.json (Expectation: expectation, Quality: quality, "
        "Value: value, Satisfaction: satisfaction, Complaints: complaint, Loyalty: loyalty or repurchase or "
        "recommendation), or name them: model.where(Expectation=[...])"
    )


def test_answers_outside_the_scale_and_gaps_are_counted():
    study = small()
    data = study.table.copy()
    data.loc[0, "s1"], data.loc[1, "s2"] = 99, np.nan
    result = cx.index(cx.Study(data, study.codebook), MODEL, draws=10)
    assert "1 answer to 's1' outside its scale does not count" in result.notes
    assert "2 of 200 respondents left out: an item without answer." in result.notes
    assert result["Satisfaction"].n == 198
    filled = cx.index(cx.Study(data, study.codebook), MODEL, missing="mean", draws=10)
    assert "2 missing answers replaced by the item's mean." in filled.notes


def test_bad_models_say_what_is_wrong():
    assert message(cx.indices.path_model, "A =~ x\nB =~ y\nA ~ B\nB ~ A") == (
        "path model: A and B explain each other in a circle; paths run one way"
    )
    assert message(cx.indices.path_model, "A =~ x\nB =~ y\nB ~ C") == (
        "construct 'C' is not in the blocks of path model. There are: A, B"
    )
    assert message(cx.indices.path_model, "A =~ x\nB =~ x\nB ~ A") == (
        "path model: x belongs to more than one construct; each item to one"
    )
    assert message(cx.indices.path_model, "A = x") == (
        "'A = x' is no statement of a path model; write 'A =~ x1 + x2', 'A <~ x1 + x2' or 'A ~ B + C'"
    )
    assert message(cx.indices.path_model, "A =~ x") == (
        "the path model has no statement of what explains what; add a line like 'Satisfaction ~ Quality'"
    )
    assert message(cx.indices.ECSI.where, Imag=["x"]) == (
        "construct 'Imag' is not in ECSI; did you mean 'Image'? There are: Image, Expectation, Quality, Value, "
        "Satisfaction, Complaints, Loyalty"
    )


def test_no_convergence_is_an_error_that_helps(monkeypatch):
    from cxlab.stats.paths import pls

    real = pls.outer_weights
    monkeypatch.setattr(pls, "outer_weights", lambda *a, **k: real(*a, **{**k, "iterations": 1}))
    assert message(cx.index, small(), MODEL) == (
        "the weights of two did not settle in 1 iterations of the path scheme; try scheme='factorial', or look for a "
        "construct whose items point in different directions"
    )
