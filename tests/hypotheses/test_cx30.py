"""Contacts are symptoms: equal to `cx.share`, its number the right way up, and open where reasons are missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.stats.inference import proportions

REPS = 10


def contacts(yes: int, no: int, blank: int = 0) -> cx.Study:
    table = pd.DataFrame({"failure": [1.0] * yes + [0.0] * no + [np.nan] * blank})
    fields = (cx.Field("failure", role="operation", type="integer"),)
    return cx.Study(table, cx.Codebook("contacts", fields))


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-30", study, robust=False, ledger=None)


def test_wilsons_interval_by_hand() -> None:
    """650 of 1,000: (p + z²/2n ± z sqrt(p q/n + z²/4n²)) / (1 + z²/n)."""
    z, n, p = 1.959963984540054, 1000, 0.65
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    e = verdict(contacts(650, 350)).estimate
    expected = [p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]
    assert [e.value, e.low, e.high] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("yes", "no", "direction", "number", "said"),
    [
        (650, 350, "SUPPORTED", "SUPPORTED", "The number most contacts holds."),
        (504, 496, "INCONCLUSIVE", "INCONCLUSIVE", "The number most contacts cannot be told from others."),
        (350, 650, "CONTRADICTED", "NUMBER-OUT", "The number most contacts lies outside the interval."),
    ],
)
def test_most_is_more_than_half(yes: int, no: int, direction: str, number: str, said: str) -> None:
    v = verdict(contacts(yes, no))
    assert (v.direction, v.number) == (direction, number) and v.sentence.endswith(said)


def test_it_is_the_models_number_also_of_clusters_and_labels() -> None:
    for study in (
        cx.simulated("CX-30", 0.6, n=800, threat="clustering"),
        cx.Study(
            pd.DataFrame({"failure": ["yes"] * 70 + ["no"] * 50}),
            cx.Codebook("said", (cx.Field("failure", type="string", role="operation"),)),
        ),
        cx.Study(
            pd.DataFrame({"failure": [2] * 70 + [1] * 50}),
            cx.Codebook(
                "coded",
                (cx.Field("failure", type="integer", role="operation", labels={"2": "yes", "1": "no"}),),
            ),
        ),
    ):
        value = {"said": "yes", "coded": 2}.get(study.name, 1)
        model = cx.share(study, "failure", value=value).table.iloc[0]
        e = verdict(study).estimate
        assert [e.value, e.low, e.high] == pytest.approx([model["estimate"], model["low"], model["high"]], rel=1e-12)


def test_the_share_is_recovered_and_covered(replicates) -> None:
    for effect in (0.65, 0.5, 0.4):
        found = replicates("CX-30", effect, n=600, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.025)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        if effect == 0.65:
            assert found["direction"].eq("SUPPORTED").all()
        if effect == 0.4:
            assert found["direction"].eq("CONTRADICTED").all()


@pytest.mark.parametrize("threat", [None, "clustering", "no-reason"])
def test_half_is_not_most(replicates, threat) -> None:
    found = replicates("CX-30", 0.5, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "no-reason":
        assert found["value"].mean() > 0.6 and found["direction"].eq("INCONCLUSIVE").mean() > 0.7


def test_blanks_are_bounded_and_stand_in_the_sentence() -> None:
    v = verdict(contacts(450, 200, 350))
    assert v.estimate.value == pytest.approx(450 / 650) and (v.direction, v.number) == (
        "INCONCLUSIVE",
        "NOT-IDENTIFIED",
    )
    assert v.parts["shown"]["estimate"].tolist() == pytest.approx([0.45, 0.8])
    assert "contacts without a reason could not change the verdict: 350 of 1,000 have none" in v.sentence
    assert verdict(contacts(800, 190, 10)).direction == "SUPPORTED"


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-30", 0.5, n=4000, threat=t).table for t in (None, "clustering", "no-reason")}
    agent = np.arange(4000) // 20
    spread = {t: d["failure"].groupby(agent).mean().std() for t, d in data.items()}
    assert spread["clustering"] > 1.8 * spread[None]
    assert data["no-reason"]["failure"].isna().mean() == pytest.approx(0.25, abs=0.03)
    assert data["no-reason"]["failure"].mean() > 0.6


@pytest.mark.parametrize("n", [333, 1000])
@pytest.mark.parametrize("p", [0.5, 0.575, 0.65])
def test_the_interval_holds_by_exact_count(n: int, p: float) -> None:
    """Over all outcomes of n contacts, each with its binomial probability; the card's interval is `cx.share`'s."""
    yes = np.arange(n + 1)
    low, high = proportions.wilson(yes, n, 0.95)
    assert binom.pmf(yes, n, p)[(low <= p) & (p <= high)].sum() == pytest.approx(0.95, abs=0.006)
    e = verdict(contacts(round(n * p), n - round(n * p))).estimate
    assert [e.low, e.high] == pytest.approx([low[round(n * p)], high[round(n * p)]], rel=1e-9)
