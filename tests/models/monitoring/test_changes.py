"""Changes for certain, running bands and the split of a change, on studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.models.monitoring.changes import variance
from cxlab.models.monitoring.time_series import Periods
from cxlab.stats.monitoring import level_changes
from cxlab.stats.monitoring.mix_within import parts
from cxlab.stats.monitoring.wandering import wanders

Stream = Callable[..., cx.Study]


def test_a_change_is_found_where_it_is(stream: Stream) -> None:
    found = cx.changes(stream(days=120, fall={"Alba": (70, 0.4)}), "nps", every="day")
    (row,) = found.table.to_dict("records")
    assert row["at_low"] <= "2025-03-17" <= row["at_high"]
    assert row["low"] < -40 < row["high"] < 0
    assert row["after"] - row["before"] == pytest.approx(row["estimate"])
    assert found.parts["series"]["level"].nunique() == 2
    assert any(n.startswith("the level fell by ") and ", for certain between 2025-" in n for n in found.notes)
    assert found.plot() is not None


def test_levels_and_steps_by_hand(stream: Stream) -> None:
    """Means of the days on both sides of the place; a day's variance is the mean variance of an answer over its 40."""
    study = stream(days=40, fall={"Alba": (25, 0.6)})
    found = cx.changes(study, "nps", every="day", noise="sampling", level=0.9)
    days = cx.nps(study, by="date").table
    row, v = found.table.iloc[0], (days["se"] ** 2).mean() * 40 / 39
    first = np.arange(40) < days["date"].astype(str).str[:10].tolist().index(row["at"])
    before, after = (float(days["estimate"][side].mean()) for side in (first, ~first))
    half = 1.6448536 * np.sqrt(v / first.sum() + v / (~first).sum())
    told = row[["before", "after", "estimate", "low", "high", "n"]].astype(float)
    by_hand = [before, after, after - before, after - before - half, after - before + half, days["n"].sum()]
    assert told.tolist() == pytest.approx(by_hand, rel=1e-6)
    assert found.parts["series"]["level"].tolist() == pytest.approx(np.where(first, before, after).tolist())


@pytest.mark.parametrize(("size", "runs"), [(5, 100), (8, 300), (24, 300), (60, 100)])
@pytest.mark.parametrize(("tau2", "rho"), [(0.0, 0.0), (1.0, 0.5), (6.0, 0.5), (100.0, 0.5)])
def test_false_changes_stay_rare_with_true_days_that_resemble_each_other(
    size: int, runs: int, tau2: float, rho: float
) -> None:
    """Quiet series whose periods have an effect of their own: at most 5 % (and 3 binomial errors below 200) change."""
    rng, false = np.random.default_rng(3), 0
    v = 6 * np.exp(rng.normal(0, 0.3, size))
    limit = level_changes.threshold(tuple(np.ones(size)), 0.05)
    for _ in range(runs):
        u = rng.normal(0, np.sqrt(tau2), size)
        for t in range(1, size):
            u[t] = rho * u[t - 1] + np.sqrt(1 - rho**2) * u[t]
        y = u + rng.normal(0, np.sqrt(v))
        w = 1 / variance(y, v, "estimated")
        sums = (np.r_[0, np.cumsum(w)], np.r_[0, np.cumsum(w * y)])
        false += not level_changes._possible(*sums, limit)[0, -1]
    assert false / runs <= 0.05 + (3 * np.sqrt(0.05 * 0.95 / runs) if runs < 200 else 0)


def test_a_large_change_of_a_short_series_is_certain() -> None:
    """24 waves with a variation of their own (rho .5) and a step of four of their standard deviations."""
    rng, found, size = np.random.default_rng(4), 0, 24
    for _ in range(60):
        u = rng.normal(0, 2, size)
        for t in range(1, size):
            u[t] = 0.5 * u[t - 1] + np.sqrt(0.75) * u[t]
        y = u + rng.normal(0, 2, size) + np.where(np.arange(size) < 12, 0, 4 * np.sqrt(8))
        found += bool(level_changes.changes(y, variance(y, np.full(size, 4.0), "estimated")).at)
    assert found >= 48


def test_what_a_short_series_cannot_tell_is_said(stream: Stream) -> None:
    found = cx.changes(stream(days=24), "nps", every="day")
    assert any(
        n.startswith("of fewer than 40 days only large changes are certain, because a variation") for n in found.notes
    )
    few = cx.changes(stream(days=5, fall={"Alba": (3, 0.9)}), "nps", every="day")
    assert few.table["change"].tolist() == [0]
    assert "of fewer than 6 days these data cannot tell a change from a variation of the days" in few.notes
    sure = cx.changes(stream(days=5, fall={"Alba": (3, 0.9)}), "nps", every="day", noise="sampling")
    assert sure.table["change"].tolist() == [1]


def test_each_series_has_its_own_changes(stream: Stream) -> None:
    study = stream(days=120, per=20, brands=("Alba", "Brio", "Cima"), fall={"Brio": (60, 0.6)})
    found = cx.changes(study, "nps", by="brand", every="day").table
    assert found.loc[found["change"] > 0, "brand"].tolist() == ["Brio"]
    alone = cx.changes(study.where(brand="Brio"), "nps", every="day").table
    assert alone["at"].tolist() == found.loc[found["brand"] == "Brio", "at"].tolist()


def test_what_changes_refuse(stream: Stream) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.changes(stream(days=3), "nps", every="day")
    assert str(said.value) == "changes of level need 4 days with enough answers; stream has at most 3 of 3 in a series"
    with pytest.raises(cx.DataProblem) as said:
        cx.changes(stream(days=420, per=10), "nps", every="day")
    assert str(said.value) == (
        "stream has 420 days with answers; the search for changes takes at most 400: take longer periods with every="
    )
    with pytest.raises(cx.DataProblem, match=r"^noise is 'none'; did you mean|^noise is 'none'; allowed"):
        cx.changes(stream(days=20), "nps", noise="none")


def test_the_band_ends_at_the_metric_of_all(stream: Stream) -> None:
    study = stream(days=60)
    found = cx.running(study, "nps", every="day")
    whole = cx.nps(study).table.iloc[0]
    last = found.table.iloc[-1]
    assert last["estimate"] == pytest.approx(whole["estimate"])
    assert last["n"] == whole["n"]
    assert last["low"] < whole["low"] < whole["high"] < last["high"]
    assert found.table["n"].tolist() == list(range(40, 2401, 40))
    share = cx.running(study, "share", of="ltr", value=10, every="day")
    assert "exact band of a share" in share.method
    with pytest.raises(cx.DataProblem) as said:
        cx.running(study, "nps", best_at=5)
    assert str(said.value) == "best_at is 5; the band needs 30 answers, give as many or more"


def two_waves(before: dict, after: dict, **more: object) -> cx.Study:
    """Answers of two waves: channel → (promoters, passives, detractors)."""
    rows = [
        (wave, channel, answer)
        for wave, groups in ((1, before), (2, after))
        for channel, counts in groups.items()
        for answer, k in zip((10, 8, 3), counts, strict=True)
        for _ in range(k)
    ]
    table = pd.DataFrame(rows, columns=["wave", "channel", "ltr"]).assign(**more)
    fields = [
        cx.Field("wave", type="integer", role="wave"), cx.Field("channel", type="string", role="segment"),
        cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
    ]  # fmt: skip
    fields += [cx.Field(c, role="cluster") for c in more]
    return cx.Study(table, cx.Codebook("two", tuple(fields)))


HAND = two_waves({"A": (180, 60, 60), "B": (40, 30, 30)}, {"A": (110, 56, 34), "B": (80, 64, 56)})


def test_mix_and_within_by_hand() -> None:
    found = cx.change_explained(HAND, "nps", by="channel")
    parts = dict(zip(found.table["part"][:3], found.table["estimate"][:3], strict=True))
    assert parts == pytest.approx({"change": -7.5, "within": -0.5, "mix": -7.0})
    assert found.notes[-1] == "Of a change of −7.5 the groups' own scores make −0.5, their mix −7.0"
    change = cx.compare(HAND, "nps", by="wave", level=0.95).table.iloc[0]
    assert found.table["se"][0] == pytest.approx(change["se"], rel=5e-3)


def test_errors_are_those_of_the_bootstrap() -> None:
    rng, draws = np.random.default_rng(1), []
    table = HAND.table
    code = table["wave"].to_numpy() * 2 + (table["channel"] == "B").to_numpy()
    score = table["ltr"].map({10: 100, 8: 0, 3: -100}).to_numpy(float)
    sizes = [np.flatnonzero(table["wave"] == w) for w in (1, 2)]
    for _ in range(2000):
        rows = np.concatenate([rng.choice(s, len(s)) for s in sizes])
        a = np.bincount(code[rows] - 2, score[rows], 4).reshape(2, 2)
        b = np.bincount(code[rows] - 2, minlength=4).reshape(2, 2).astype(float)
        draws.append(parts(a, b)[[6, 0, 1]])
    found = cx.change_explained(HAND, "nps", by="channel").table["se"][:3]
    assert np.std(draws, axis=0) == pytest.approx(found.to_numpy(), rel=0.06)


def test_people_in_both_waves_make_the_change_surer() -> None:
    both = two_waves({"A": (100, 50, 50), "B": (50, 50, 50)}, {"A": (98, 52, 50), "B": (48, 50, 52)})
    panel = both.table.assign(person=both.table.groupby("wave").cumcount())
    fields = (*both.codebook.fields, cx.Field("person", role="cluster"))
    paired = cx.change_explained(cx.Study(panel, cx.Codebook("p", fields)), "nps", by="channel").table
    alone = cx.change_explained(both, "nps", by="channel").table
    assert paired["estimate"][0] == pytest.approx(alone["estimate"][0])
    assert paired["se"][0] < 0.5 * alone["se"][0]
    change = cx.compare(cx.Study(panel, cx.Codebook("p", fields)), "nps", by="wave").table.iloc[0]
    assert paired["se"][0] == pytest.approx(change["se"], rel=5e-3)


def test_a_group_of_one_wave_is_named() -> None:
    study = two_waves({"A": (60, 20, 20)}, {"A": (50, 20, 30), "B": (10, 20, 30)})
    found = cx.change_explained(study, "nps", by="channel")
    assert "not in both waves, so counted as mix alone: B" in found.notes
    table = found.table.set_index(["part", "group"])["estimate"]
    assert table["within", "B"] == 0
    assert table["change", ""] == pytest.approx(table["within", ""] + table["mix", ""])
    assert table["change", ""] == pytest.approx(cx.compare(study, "nps", by="wave").table["estimate"].iloc[0])


def test_few_people_are_not_told() -> None:
    before = {"A": (60, 20, 20), "B": (30, 30, 30), "C": (2, 1, 0)}
    study = two_waves(before, {"A": (50, 20, 30), "B": (20, 20, 9), "C": (20, 9, 9)})
    found = cx.change_explained(study, "nps", by="channel").table.set_index(["part", "group"])["estimate"]
    assert np.isnan(found["within", "C"]) and np.isnan(found["mix", "C"])
    assert found.isna().sum() == 4, "nor the next smallest, which would give it back"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"waves": 3}, "waves is 3; give two different waves, as (before, after)"),
        ({"waves": (1, 1)}, "waves is (1, 1); give two different waves, as (before, after)"),
        ({"waves": (1, 9)}, "wave 9 has no answers in two; there are: 1, 2"),
        ({"by": []}, "by is empty; name the segment column(s) whose mix may have changed"),
    ],
)
def test_what_a_split_refuses(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.change_explained(HAND, "nps", **{"by": "channel", **options})
    assert str(said.value) == message


def test_one_wave_is_no_change() -> None:
    study = replace(HAND, table=HAND.table[HAND.table["wave"] == 1])
    with pytest.raises(cx.DataProblem) as said:
        cx.change_explained(study, "nps", by="channel")
    assert str(said.value) == "a change needs two waves with answers; two has 1 in 'wave'"


def test_the_band_is_wider_where_days_differ_of_themselves(stream: Stream) -> None:
    still = cx.running(stream(days=60), "nps", every="day")
    assert not any("differ by more than sampling" in n for n in still.notes)
    other = stream(days=60, fall={"Alba": (0, 0.5)}).table
    odd = (stream(days=60).table["date"].dt.day % 2).astype(bool)
    mixed = replace(stream(days=60), table=stream(days=60).table.where(~odd, other))
    moved = cx.running(mixed, "nps", every="day")
    assert any(n.startswith("days differ by more than sampling: the band counts a variation") for n in moved.notes)
    width = [float((r.table["high"] - r.table["low"]).iloc[-1]) for r in (still, moved)]
    assert width[1] > 1.5 * width[0]


def seasons(weeks: int, *, fall: int = 0, back: int = 0, seed: int = 3) -> cx.Study:
    """A recommendation by week with a strong season; from the week ``fall`` on 40 points less, until ``back``."""
    rng, rows = np.random.default_rng(seed), []
    for t in range(weeks):
        low = bool(fall and t >= fall and not (back and t >= back))
        up = 0.45 + 0.15 * np.sin(2 * np.pi * t / 52) ** 3 - 0.2 * low
        u = rng.random(150)
        when = pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=t)
        rows.append(pd.DataFrame({"date": when, "ltr": np.where(u < up, 10, np.where(u < up + 0.3, 8, 3))}))
    fields = (cx.Field("date", type="date", role="date"),
              cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)))  # fmt: skip
    return cx.Study(pd.concat(rows, ignore_index=True), cx.Codebook("seasons", fields))


def test_against_last_year_a_season_is_no_change() -> None:
    quiet = cx.changes(seasons(104), "nps", every="week", season="last year")
    assert quiet.table["change"].tolist() == [0] and quiet.unit == "points"
    assert (
        quiet.notes[-1] == "Levels are differences to the same week of the year before, with the sampling error of both"
    )
    series = quiet.parts["series"]
    own = cx.nps(seasons(104), by="date").table["estimate"].to_numpy()
    assert series["period"].iloc[0] == "2024-01-01" and len(series) == 52
    np.testing.assert_allclose(series["estimate"], own[52:] - own[:52], rtol=0, atol=1e-9)
    fell = cx.changes(seasons(104, fall=80), "nps", every="week", season="last year")
    (row,) = fell.table.to_dict("records")
    assert row["at_low"] <= "2024-07-15" <= row["at_high"] and row["low"] < -40 < row["high"]
    assert "each period minus the same of the year before" in fell.method and fell.plot() is not None


def test_what_lasts_is_told_to_turn_after_a_year() -> None:
    found = cx.changes(seasons(156, fall=70), "nps", every="week", season="last year")
    assert found.table["estimate"].lt(0).tolist() == [True, False]
    first, second = found.table["at"]
    assert found.notes[-1] == (
        f"The step at {second} is a year after that at {first}, and turns it: a change that lasted leaves the "
        "difference to last year again after a year"
    )


@pytest.mark.parametrize("years", [1, 2, 3])
def test_differences_to_last_year_raise_no_false_changes(years: int) -> None:
    """Months that differ by sampling alone: at most 5 % of series of differences (and 3 binomial errors) change."""
    rng, runs, false, size = np.random.default_rng(years), 300, 0, 12 * years
    names = [f"{t}" for t in range(size)]
    limit = level_changes.threshold(tuple(np.ones(size)), 0.05)
    for _ in range(runs):
        y = rng.normal(0, 1, (1, size + 12))
        blank = np.ones((1, size))
        p = Periods(pd.DataFrame(index=[0]), names, pd.DatetimeIndex([]), "month", y[:, 12:], blank, blank, blank,
                    np.ones(1), np.ones((4, 1, size)), False, (), np.stack([y[:, :-12], blank]))  # fmt: skip
        own = p.on_last_year()
        w = 1 / own.v[0]
        sums = (np.r_[0, np.cumsum(w)], np.r_[0, np.cumsum(w * own.y[0])])
        false += not level_changes._possible(*sums, limit)[0, -1]
    assert false / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_last_year_needs_a_year_before() -> None:
    for options, message in (
        ({"season": True}, "season is True; give False or 'last year'"),
        ({"season": "last year", "every": "week"}, "season is 'last year' and there are 40 weeks (2023-01-02 to "
         "2023-10-02); more than 52 are needed to have the same week a year before"),
    ):  # fmt: skip
        with pytest.raises(cx.DataProblem) as said:
            cx.changes(seasons(40), "nps", **options)
        assert str(said.value) == message


def wandering(rng: np.random.Generator, days: int, rho: float, sd: float) -> np.ndarray:
    out = rng.normal(0, sd, days)
    for t in range(1, days):
        out[t] = rho * out[t - 1] + np.sqrt(1 - rho**2) * out[t]
    return out


def drawn(y: np.ndarray, n: int = 100) -> cx.Study:
    """A mean of 100 answers a day, whose error is .1, about y."""
    noise = np.random.default_rng(5).normal(0, 1, (len(y), n))
    days = np.repeat(pd.date_range("2025-01-01", periods=len(y)), n)
    frame = pd.DataFrame({"day": days, "q": (y[:, None] + noise).ravel()})
    fields = (cx.Field("day", type="date"), cx.Field("q", type="number", role="outcome"))
    return cx.Study(frame, cx.Codebook("s", fields))


@pytest.mark.parametrize(("rho", "sd"), [(0.9, 0.1), (0.9, 0.3), (0.98, 0.1)])
def test_a_level_that_wanders_changes_for_certain_in_few_series(rho: float, sd: float) -> None:
    """Without the rival 12 of 14 (autocorrelation .9, as large as the error), 30 of 30 and 28 of 30 had a change."""
    rng, v, steps, told = np.random.default_rng(1), np.full(245, 0.01), 0, 0
    for _ in range(40):
        y = wandering(rng, 245, rho, sd) + rng.normal(0, 0.1, 245)
        at = level_changes.changes(y, variance(y, v, "estimated")).at
        steps += bool(at)
        told += bool(at) and not wanders(y, v, at)
    assert steps >= 25
    assert told <= binom.ppf(0.999, 40, 0.08)


@pytest.mark.parametrize("steps", [[(60, 0.3)], [(60, -0.6)], [(40, 0.4), (80, 0.4)]])
@pytest.mark.parametrize(("rho", "sd"), [(0.0, 0.0), (0.0, 0.1), (0.5, 0.1)])
def test_steps_stay_steps(steps: list, rho: float, sd: float) -> None:
    rng, v = np.random.default_rng(2), np.full(120, 0.01)
    found = []
    for _ in range(15):
        y = wandering(rng, 120, rho, sd) + rng.normal(0, 0.1, 120)
        for at, size in steps:
            y[at:] += size
        at = level_changes.changes(y, variance(y, v, "estimated")).at
        found.append(bool(at) and not wanders(y, v, at))
    assert sum(found) >= binom.ppf(0.001, 15, 0.95)


def test_what_may_wander_is_said() -> None:
    y = np.cumsum(np.random.default_rng(3).normal(0, 0.15, 150))
    found = cx.changes(drawn(y), "mean", of="q", wave="day", every="day")
    assert found.table["change"].tolist() == [0]
    (said,) = [n for n in found.notes if "wanders" in n]
    assert said.startswith("steps at 2025-") and said.endswith(
        "would fit, but a level that wanders (each day near the one before, an autocorrelation above .5) fits better: "
        "these data cannot tell, and no change is certain"
    )
    assert not any(n.startswith("No change of level is certain") for n in found.notes)
    own = cx.changes(drawn(y), "mean", of="q", wave="day", every="day", noise="sampling")
    assert (own.table["change"] > 0).all(), "who says that days differ by sampling alone is believed"
