"""Experience is not opinion: HTMT of the index model and by hand, recovered, and two pages are not two constructs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, t

import cxlab as cx
from cxlab.models.index.separation import separation
from cxlab.models.regression.counted_answers import Counted

REPS = 20


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-17", study, robust=False, ledger=None)


def test_htmt_is_by_hand() -> None:
    study = cx.simulated("CX-17", 0.7, n=800, seed=1)
    names = [f"{block}{i}" for block in ("satisfaction", "quality") for i in (1, 2, 3)]
    r = np.abs(np.corrcoef(study.table[names].T))
    inside = lambda a: a[np.triu_indices(3, 1)].mean()  # noqa: E731
    hand = r[:3, 3:].mean() / np.sqrt(inside(r[:3, :3]) * inside(r[3:, 3:]))
    v = verdict(study)
    assert v.estimate.value == pytest.approx(hand, abs=1e-10)
    geometric = lambda a: np.exp(np.log(a).mean())  # noqa: E731
    two = lambda a: geometric(a[np.triu_indices(3, 1)])  # noqa: E731
    hand = geometric(r[:3, 3:]) / np.sqrt(two(r[:3, :3]) * two(r[3:, 3:]))
    assert v.parts["shown"].set_index("label")["estimate"].iloc[0] == pytest.approx(hand, abs=1e-10)


def test_the_chain_is_the_product_of_two_regressions() -> None:
    """Two-way demeaned, last wave's score and the outcome's own last value, standardised."""
    study = cx.simulated("CX-17", 0.7, n=1600, seed=2)
    t = study.table
    for block in ("satisfaction", "quality"):
        t = t.assign(**{block: t[[f"{block}{i}" for i in (1, 2, 3)]].mean(axis=1)})

    def path(x: str, y: str) -> float:
        last = t.groupby("person")[[x, y]].shift(1)
        z = t.assign(x1=last[x], y1=last[y]).dropna()[["person", "wave", y, "x1", "y1"]]
        for c in (y, "x1", "y1"):
            own = z[c] - z.groupby("person")[c].transform("mean")
            own = own - own.groupby(z["wave"]).transform("mean")
            z[c] = own / own.std(ddof=0)
        return np.linalg.lstsq(z[["x1", "y1"]].to_numpy(), z[y].to_numpy(), rcond=None)[0][0]

    found = verdict(study).table
    assert found["estimate"].iloc[1] == pytest.approx(
        path("quality", "satisfaction") * path("satisfaction", "loyalty"), rel=1e-9
    )


def test_it_is_the_models_number() -> None:
    """HTMT and HTMT2 of the two blocks, as `cx.index` prints them."""
    study = cx.simulated("CX-17", 0.7, n=800, seed=1)
    blocks = {b: tuple(f"{b}{i}" for i in (1, 2, 3)) for b in ("quality", "satisfaction")}
    two = cx.indices.PathModel("two", blocks, (("quality", "satisfaction"),), target="satisfaction")
    printed = cx.index(study, two, draws=20).parts["validity"].iloc[0]
    v = verdict(study)
    own = [v.estimate.value, v.parts["shown"]["estimate"].iloc[0]]
    assert own == pytest.approx([printed["estimate"], printed["htmt2"]], rel=1e-9)


def test_its_interval_is_the_models() -> None:
    """The jackknife of `separation`, over people as clusters; that of `cx.index` is a bootstrap, and nearly alike."""
    study = cx.simulated("CX-17", 0.7, n=800, seed=1)
    blocks = {b: [f"{b}{i}" for i in (1, 2, 3)] for b in ("satisfaction", "quality")}
    first, second = (study.table[c].to_numpy(float) for c in blocks.values())
    people = Counted(np.ones(len(first)), np.ones(len(first)), study.table["person"].to_numpy())
    e = verdict(study).estimate
    (value, se, df), _ = separation(first, second, people, np.random.default_rng(0))
    half = t.ppf(0.975, df) * se
    assert [e.value, e.low, e.high] == pytest.approx([value, value - half, value + half], rel=1e-9)


@pytest.mark.mirror
def test_it_is_the_printed_value_of_the_mobile_phone_study() -> None:
    """HTMT of the satisfaction and the quality items, as `cx.index` prints it."""
    study = cx.load("mobi")
    v = verdict(study)
    assert v.estimate.value == pytest.approx(0.95363601, abs=1e-8)
    assert v.direction == "INCONCLUSIVE"


@pytest.mark.mirror
def test_two_pages_of_the_bank_are_not_two_constructs() -> None:
    v = verdict(cx.load("bank-satisfaction"))
    assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")
    assert "(two pages of one questionnaire differ by how they ask; " in v.sentence


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-17", 0.7, n=1600, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(0.7, abs=0.02)
    assert found["low"].le(0.7).mul(found["high"].ge(0.7)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.8)


@pytest.mark.parametrize("threat", [None, "method"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-17", 0.9, n=1600, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat:
        assert found["value"].mean() < 0.85 and found["high"].lt(0.9).mean() > 0.8
    else:
        assert found["low"].le(0.9).mul(found["high"].ge(0.9)).sum() >= binom.ppf(0.0005, REPS, 0.95)


@pytest.mark.parametrize("share", [0.05, 0.10, 0.15, 0.3])
def test_one_wave_of_two_pages_carries_nothing(share: float) -> None:
    """One construct, of which each block's page takes a share of the variance: the separation is the page's."""
    rng = np.random.default_rng(int(100 * share))
    study = cx.simulated("CX-17", 0.7, n=4000, seed=3).where(wave=0)
    one, n = rng.standard_normal(500), 500
    table = study.table.copy()
    for block in ("satisfaction", "quality"):
        page = rng.standard_normal(n)
        for i in (1, 2, 3):
            z = np.sqrt(0.7 - share) * one + np.sqrt(share) * page + np.sqrt(0.3) * rng.standard_normal(n)
            table[f"{block}{i}"] = np.clip(np.round(50 + 12 * z), 0, 100)
    v = verdict(cx.Study(table, study.codebook))
    assert v.direction in ("NOT-IDENTIFIED", "INCONCLUSIVE", "CONTRADICTED")
    if share > 0.1:
        assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")


def test_the_threat_is_in_the_data() -> None:
    """One construct: today's opinion goes with today's experience more than with the last, within people."""
    told = {}
    for threat in (None, "method"):
        t = cx.simulated("CX-17", 0.7, n=4000, seed=4, threat=threat).table
        now = t[["person", "quality1", "satisfaction1"]].groupby("person").transform(lambda c: c - c.mean())
        last = now.groupby(t["person"])["quality1"].shift(1)
        told[threat] = (now["quality1"].corr(now["satisfaction1"]), last.corr(now["satisfaction1"]))
    assert told[None][1] > told[None][0] + 0.3 and told["method"][0] > told["method"][1] + 0.1
