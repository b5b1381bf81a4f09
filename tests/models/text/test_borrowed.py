"""Groups without labels: what they borrow is said, tested where it can be, and refused where it does not hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t

import cxlab as cx
from cxlab.models.text.labels_random import left_out
from cxlab.stats.text import prediction_powered as pp

BRANDS = ("Alba", "Brio", "Cima", "Dora")


def study(seed: int, *, by: str = "brand", shift: float = 0.0, role: str = "brand", n: int = 1200) -> cx.Study:
    """Comments with predictions that in every second group say ``shift`` too much."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 4
    y = (rng.random(n) < 0.3).astype(float)
    f = np.clip(0.2 + 0.5 * y + 0.1 * rng.standard_normal(n) + shift * (group % 2), 0, 1)
    table = pd.DataFrame({"comment": [f"told number {k} of them" for k in range(n)], "p": f, "y": y,
                          by: np.array(BRANDS)[group]})  # fmt: skip
    fields = (cx.Field("comment", "comment", "string", role="text"), cx.Field(by, by, "string", role=role),
              cx.Field("p", "p", "number"), cx.Field("y", "y", "number"))  # fmt: skip
    return cx.Study(table, cx.Codebook("made", fields=fields))


def coded(of: cx.Study, rows: np.ndarray) -> cx.Study:
    table = of.to_pandas()
    sheet = table.loc[rows, ["comment", "y"]].rename(columns={"y": "waits"}).astype({"waits": int})
    return cx.code(of, ["waits"], labels=cx.text.read_labels(sheet, ["waits"], at_random=True),
                   predicted={"waits": "p"})  # fmt: skip


def random(of: cx.Study, by: str, groups: tuple[str, ...], n: int = 400) -> np.ndarray:
    there = np.flatnonzero(of.to_pandas()[by].isin(groups))
    return np.sort(np.random.default_rng(9).permutation(there)[:n])


@pytest.mark.parametrize(("by", "role"), [("brand", "brand"), ("quarter", "wave"), ("language", "segment")])
def test_a_group_without_labels_says_what_it_borrows(by: str, role: str) -> None:
    made = coded(study(1, by=by, role=role), random(study(1, by=by, role=role), by, BRANDS[:3]))
    told = f"no comment of '{by}' Dora is labelled, though chance would label 100 of 300"
    assert any(n.startswith(told) for n in cx.themes(made).notes), "the share of all rests on it as well"
    found = cx.themes(made, by=by)
    assert found.table["correction"].tolist() == ["own"] * 3 + ["borrowed"]
    assert any(n.startswith("no labels in Dora: the correction is that of the others, which have labels and do not")
               for n in found.notes)  # fmt: skip


def test_one_group_with_labels_tests_nothing_and_that_is_said() -> None:
    found = cx.themes(coded(study(1), random(study(1), "brand", BRANDS[:1], 200)), by="brand")
    assert found.table["correction"].tolist() == ["own"] + ["borrowed, not tested"] * 3
    assert any("no labels in Brio, Cima, Dora: the correction is that of the others, and nothing tests" in n
               for n in found.notes)  # fmt: skip


def test_where_corrections_differ_a_group_without_labels_has_no_share() -> None:
    found = cx.themes(coded(study(1, shift=0.25), random(study(1), "brand", BRANDS[:3])), by="brand")
    last = found.table.set_index("brand").loc["Dora"]
    assert np.isnan(last["estimate"]) and last["correction"] == "none"
    assert any("no share for groups with fewer than 20 labels" in n for n in found.notes)


def test_what_corrections_differ_by_is_in_the_interval_of_who_borrows() -> None:
    """Eight groups whose classifier errs by -/+ 7 points, the ninth without labels: before, one half held the truth."""
    held, before, studies, per = 0, 0, 300, 250
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(9), per)
        y = (rng.random(9 * per) < 0.3).astype(float)
        f = np.clip(0.2 + 0.5 * y + rng.normal(0, 0.07, 9)[group] + 0.1 * rng.standard_normal(9 * per), 0, 1)
        there = (group < 8) & (rng.random(9 * per) < 0.16)
        data = pp.Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(9 * per), there / 0.16)
        last = pp.grouped(data, group)[0][8]
        lam = pp.tuned(data)
        old = pp._borrowed(data, group == 8, lam, pp.shares(data, lam))
        truth = y[group == 8].mean()
        held += abs(last.estimate[0] - truth) <= t.ppf(0.975, last.df[0]) * last.se[0]
        before += abs(old.estimate[0] - truth) <= 1.96 * old.se[0]
    assert before <= binom.ppf(0.001, studies, 0.7) and held >= binom.ppf(0.001, studies, 0.9)


def test_the_variance_between_corrections_is_that_of_dersimonian_and_laird() -> None:
    """By hand: effects .1, .3 and .5 with error .1 each have Q = 8, C = 200, so (8 - 2) / 200 = .03."""
    nothing = np.full(1, np.nan)
    parts = [pp.Shares(nothing, nothing, nothing, nothing, nothing, nothing, np.array([r]), np.array([0.1]))
             for r in (0.1, 0.3, 0.5)]  # fmt: skip
    assert pp._between(parts, 1) == pytest.approx([0.03])
    assert pp._between(parts[:1], 1) == pytest.approx([0.0])


def test_labels_drawn_at_random_are_not_doubted() -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(np.array(["a", "b", "c", "d"], object), 5000, p=[0.6, 0.3, 0.08, 0.02])
    assert sum(bool(left_out("brand", group, np.isin(np.arange(5000), rng.permutation(5000)[:200])))
               for _ in range(300)) == 0  # fmt: skip


def test_two_coders_put_below_each_other_are_told() -> None:
    of = study(1)
    rows = of.to_pandas().head(60)
    sheet = rows[["comment", "y"]].rename(columns={"y": "waits"}).astype({"waits": int})
    both = pd.concat([sheet, sheet.head(10).assign(waits=1 - sheet["waits"].head(10))])
    read = cx.text.read_labels(both, ["waits"], at_random=True)
    notes = cx.code(of, ["waits"], labels=read, predicted={"waits": "p"}).coding["notes"]
    assert any(n.startswith("10 labelled rows repeat a comment more often than it stands here, 10 of them with other")
               for n in notes)  # fmt: skip
    assert not any("are not among these rows" in n for n in notes)


def test_half_a_sign_is_refused_in_words() -> None:
    """A table of objects may hold what no file can: an emoji that was cut in two."""
    rows = pd.DataFrame({"comment": pd.Series(["fine", "very good \ud83d", "slow"] * 10, dtype=object)})
    with pytest.raises(cx.DataProblem, match=r"column 'comment' of the table holds half a sign \(a lone surrogate\) in "
                                             r"10 cells, the first in row 2: text that was cut"):  # fmt: skip
        cx.load(rows)
    whole = rows["comment"].str.encode("utf-8", "replace").str.decode("utf-8")
    assert cx.load(rows.assign(comment=whole)).to_pandas()["comment"].iat[1] == "very good ?"
