"""Who is measured by a score: every share, limit and flag of the funnel, counted row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm
from scipy.stats import t as student

import cxlab as cx

FIELDS = (
    cx.Field("shop", type="string"), cx.Field("how", type="string"),
    cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)),
)  # fmt: skip


def answers(*, pushed: bool) -> pd.DataFrame:
    """Eight shops; where ``pushed`` the first moves its threes to four, asks by tablet and hears of few."""
    rng = np.random.default_rng(5)
    shop = np.repeat([f"S{k}" for k in range(8)], rng.integers(60, 200, 8))
    sat = rng.choice([1, 2, 3, 4, 5], len(shop), p=[0.05, 0.1, 0.3, 0.35, 0.2]).astype(float)
    how = rng.choice(["mail", "phone", "tablet"], len(shop), p=[0.5, 0.3, 0.2])
    sat[rng.random(len(shop)) < 0.25] = np.nan
    if pushed:
        own = shop == "S0"
        sat = np.where(own & (sat == 3), 4, sat)
        sat = np.where(own & (rng.random(len(shop)) < 0.4), np.nan, sat)
        how = np.where(own & (how != "tablet"), np.where(rng.random(len(shop)) < 0.7, "tablet", how), how)
    return pd.DataFrame({"shop": shop, "how": how, "sat": sat})


@pytest.mark.parametrize(("pushed", "cut", "level"), [(True, None, 0.95), (False, None, 0.9), (False, 5, 0.95)])
def test_every_share_and_limit_is_that_of_its_rows(pushed: bool, cut: float | None, level: float) -> None:
    rows = answers(pushed=pushed)
    study = cx.Study(rows, cx.Codebook("shops", FIELDS))
    found = cx.targets.gaming(study, "sat", owner="shop", mode="how", cut=cut, level=level)
    at = cut or 4
    there = rows["sat"].notna()
    watched = {
        "answered": (there * 1.0, there | True),
        f"at the cut-off {at}": ((rows["sat"] == at) * 1.0, rows["sat"].isin([at - 1, at])),
        "best score": ((rows["sat"] == 5) * 1.0, there),
        **{f"mode {m}": ((rows["how"] == m) * 1.0, there | True) for m in ("mail", "phone", "tablet")},
    }
    said = found.table
    assert set(said["check"]) == set(watched) and len(said) == 48
    tail, far = (1 - level) / 96, {}
    for check, (x, base) in watched.items():
        each = x[base].groupby(rows["shop"][base])
        p, n, share = each.mean(), each.size(), x[base].mean()
        for shop in p.index:
            (line,) = said[(said["owner"] == shop) & (said["check"] == check)].to_dict("records")
            rest = x[base][rows["shop"][base] != shop].mean()
            w = n.drop(shop) / (rest * (1 - rest))
            q = (w * (p.drop(shop) - rest) ** 2).sum()  # Cochran's Q of the seven others, then DerSimonian and Laird
            between = max((q - 6) / (w.sum() - (w**2).sum() / w.sum()), 0)
            half = (student.ppf(1 - tail, 6) if between else norm.ppf(1 - tail)) * np.sqrt(
                share * (1 - share) / n[shop] + between
            )
            low = min(share - half, binom.ppf(tail, n[shop], share) / n[shop])
            high = max(share + half, binom.ppf(1 - tail, n[shop], share) / n[shop])
            assert (line["estimate"], line["expected"], line["n"]) == pytest.approx((p[shop], share, n[shop]))
            assert (line["low"], line["high"]) == pytest.approx((max(low, 0), min(high, 1)))
            assert line["verdict"] == ("as expected" if low <= p[shop] <= high else "look")
            far[shop, check] = abs(p[shop] - share) / half
    order = [far[line.owner, line.check] for line in said.itertuples()]
    assert order == sorted(order, reverse=True)
    assert found.parts["looked"] == sorted({*said.loc[said["verdict"] == "look", "owner"]})
    assert (found.parts["looked"] == ["S0"]) == pushed


@pytest.mark.parametrize(("small", "rows"), [(9, 7), (10, 8)])
def test_owners_of_few_rows_are_left_out(small: int, rows: int) -> None:
    table = answers(pushed=False).dropna()
    table = pd.concat([table[table["shop"] != "S3"], table[table["shop"] == "S3"].head(small)])
    found = cx.targets.gaming(cx.Study(table, cx.Codebook("shops", FIELDS)), "sat", owner="shop", mode="how")
    assert (found.table["check"] == "best score").sum() == rows
    assert set(found.table["check"]) == {"at the cut-off 4", "best score", "mode mail", "mode phone", "mode tablet"}
    two = table[table["shop"].isin(["S1", "S2"])]
    with pytest.raises(cx.DataProblem, match="^fewer than 3 owners in 'shop' have 10 rows"):
        cx.targets.gaming(cx.Study(two, cx.Codebook("shops", FIELDS)), "sat", owner="shop")
    assert len(cx.targets.gaming(cx.Study(table[table["shop"].isin(["S1", "S2", "S4"])], cx.Codebook("s", FIELDS)),
                                 "sat", owner="shop").table)  # fmt: skip
