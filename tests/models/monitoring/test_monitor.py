"""Charts of a metric over time: alarms, their budget, what counts as expected, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab.stats.monitoring import run_length

Stream = Callable[..., cx.Study]


def test_a_fall_is_found_since_when_and_how_large(stream: Stream) -> None:
    found = cx.monitor(stream(fall={"Alba": (150, 0.3)}), "nps", every="day", baseline=90)
    (alarm,) = found.parts["alarms"].to_dict("records")
    assert alarm["side"] == "lower" and alarm["open"]
    assert "2025-06-03" <= alarm["since"] <= "2025-06-08", "the fall is on 2025-06-05"
    assert alarm["shift_low"] < -30 < alarm["shift_high"] < 0
    assert any(n.startswith("lower since 2025-06-") and "and not back since" in n for n in found.notes)
    states = found.table["alarm"].value_counts()
    assert states["baseline"] == 90
    assert set(found.table["alarm"]) == {"baseline", "", "lower"}


def test_since_when_is_where_a_step_fits_best(stream: Stream) -> None:
    """Where the moving average left 0, which was said before, lies a week and more ahead of one change in four."""
    off, held = [], []
    for seed in range(8):
        study = stream(days=170, fall={"Alba": (130, 0.24)}, seed=seed)
        table = cx.monitor(study, "nps", every="day", baseline=90).parts["alarms"]
        alarm = table[table["side"] == "lower"].iloc[0]
        off.append((pd.Timestamp(alarm["since"]) - pd.Timestamp("2025-01-06")).days - 130)
        held.append(alarm["shift_low"] < -24 < alarm["shift_high"])
    assert np.median(np.abs(off)) <= 2 and np.max(np.abs(off)) <= 10
    assert sum(held) >= 6


def test_an_alarm_of_one_wave_does_not_begin_in_another() -> None:
    """The average left 0 in July; nobody was asked until October, in whose second week the score fell."""
    (alarm,) = cx.monitor(cx.load("brand-tracker"), "nps").parts["alarms"].to_dict("records")
    assert "2024-10-01" < alarm["since"] <= alarm["first"] < "2024-10-31"


def test_every_number_of_a_period_is_that_of_the_metric(stream: Stream) -> None:
    study = stream(days=60)
    chart = cx.monitor(study, "nps", every="day").table
    plain = cx.nps(study, by="date").table
    assert chart["estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    assert chart["n"].tolist() == plain["n"].tolist()


def test_the_budget_is_shared_by_all_charts(stream: Stream) -> None:
    study = stream(days=84, per=15, brands=("Alba", "Brio", "Cima", "Dora"))
    found = cx.monitor(study, "nps", by="brand", every="day", budget=(2, "quarter"), baseline=42)
    assert found.parts["looks"] == pytest.approx(365.25 / 4)
    assert found.parts["arl"] == pytest.approx(4 * 365.25 / 4 / 2)
    assert "at most 2 false alarms a quarter over 4 charts of 91 looks each" in found.method
    same = cx.monitor(study, "nps", by="brand", every="day", budget=8, baseline=42)
    assert same.parts["limit"] == pytest.approx(found.parts["limit"])
    waves = cx.monitor(study, "nps", by="brand", every="day", budget=(1, 50), baseline=42)
    assert waves.parts["arl"] == pytest.approx(200)
    assert list(found.parts["charts"]["brand"]) == ["Alba", "Brio", "Cima", "Dora"]


def test_the_last_week_is_marked_and_not_judged(stream: Stream) -> None:
    found = cx.monitor(stream(days=171, fall={"Alba": (168, 1.0)}), "nps", every="week")
    assert found.table["alarm"].iloc[-1] == "incomplete"
    assert found.table["period"].iloc[-1] == "2025-06-23"
    assert np.isfinite(found.table["estimate"].iloc[-1]) and np.isnan(found.table["z"].iloc[-1])
    assert found.notes[-1] == ("The last week, from 2025-06-23, had not ended with the last answer: it is not judged")
    whole = cx.monitor(stream(days=168), "nps", every="week")
    assert whole.table["alarm"].iloc[-1] == ""


@pytest.mark.parametrize("every", ["day", "week", "month", "quarter", "year"])
def test_periods_are_those_of_pandas_whatever_holds_the_table(every: str) -> None:
    from cxlab.models.metrics import registry
    from cxlab.models.monitoring import time_series

    days = pd.date_range("2019-12-25", "2021-01-10", freq="3D")
    table = pd.DataFrame({"date": np.repeat(days, 12), "ltr": np.tile([10, 8, 3], 4 * len(days))})
    book = cx.Codebook("d", (
        cx.Field("date", type="date", role="date"),
        cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
    ))  # fmt: skip
    offset = time_series.OFFSETS[every]
    right = table.groupby(table["date"].dt.to_period(offset)).size()
    typed = table.assign(date=table["date"].dt.date)
    for native in (table, pl.DataFrame(typed), duckdb.sql("select * from typed"), pl.DataFrame(typed).to_arrow()):
        study = cx.Study(native, book)
        p = time_series.read(study, registry.score(study, "nps", None, []), [], "date", every)
        seen = p.n[0] > 0
        assert p.dates[seen].tolist() == right.index.to_timestamp().tolist()
        assert p.n[0][seen].tolist() == right.tolist()


def test_what_the_mix_does_is_expected(stream: Stream) -> None:
    """Calls score 40 points less; their share goes from 20 to 80 %. Nothing else changes."""
    study = stream(days=240, per=60, channel=(0.2, 0.2))
    moved = stream(days=240, per=60, channel=(0.8, 0.8))
    late = moved.table.assign(date=moved.table["date"] + pd.Timedelta(days=240))
    both = replace(study, table=pd.concat([study.table, late], ignore_index=True))
    raw = cx.monitor(both, "nps", every="day", baseline=120)
    told = cx.monitor(both, "nps", every="day", baseline=120, chart=cx.monitoring.Chart(mix="channel"))
    assert raw.parts["alarms"]["side"].iloc[-1] == "lower"
    assert not (told.parts["alarms"]["shift"].abs() > 15).any()
    after = told.table.iloc[240:]
    assert (after["estimate"] - after["expected"]).mean() == pytest.approx(0, abs=3)
    assert "the mix of channel counts as expected: its levels are those of the baseline" in told.notes


def test_gaps_and_days_of_few_answers_are_passed_over_and_said(stream: Stream) -> None:
    study = stream(days=120, per=20)
    rows = study.table
    day = (rows["date"] - rows["date"].min()).dt.days
    rows = rows[~day.between(60, 79) & ~((day == 100) & (rows.index % 20 >= 4))]
    found = cx.monitor(replace(study, table=rows), "nps", every="day", baseline=50)
    assert found.table["alarm"].eq("none").sum() == 20 + 2
    hidden = found.table[(found.table["alarm"] == "none") & (found.table["n"] != 0)]
    assert sorted(hidden["n"].map(str)) == ["fewer than 10", "not shown"] and hidden["estimate"].isna().all()
    assert "20 of 120 days have no answer: a gap in time, passed over" in found.notes
    assert any("fewer than 10 answers" in n for n in found.notes)


@pytest.mark.parametrize("name", ["period", "n", "estimate", "alarm", "z", "since", "by:n", "series"])
def test_a_column_may_be_called_as_it_likes(stream: Stream, name: str) -> None:
    given = {"days": 80, "per": 15, "brands": ("Alba", "Brio"), "fall": {"Brio": (60, 0.6)}}
    right = cx.monitor(stream(**given), "nps", by="brand", every="day")
    found = cx.monitor(stream(brand=name, **given), "nps", by=name, every="day")
    pd.testing.assert_frame_equal(found.table.iloc[:, 1:], right.table.iloc[:, 1:])
    assert found.parts["alarms"].iloc[:, 1:].equals(right.parts["alarms"].iloc[:, 1:])
    assert repr(found) and json.dumps(found.to_dict())


def test_order_of_rows_and_of_groups_change_nothing(stream: Stream) -> None:
    study = stream(days=80, per=15, brands=("Alba", "Brio"))
    shuffled = replace(study, table=study.table.sample(frac=1, random_state=1, ignore_index=True))
    one, two = (cx.monitor(s, "nps", by="brand", every="day").table for s in (study, shuffled))
    pd.testing.assert_frame_equal(one, two)


def test_weights_and_clusters_enter_the_variance(stream: Stream) -> None:
    study = stream(days=80, per=30)
    rows = study.table.assign(who=np.arange(len(study.table)) // 5, w=1.0)
    rows["ltr"] = rows.groupby("who")["ltr"].transform("first")
    fields = study.codebook.fields
    clustered = cx.Study(rows, cx.Codebook("c", (*fields, cx.Field("who", role="cluster"))))
    alone = cx.Study(rows, cx.Codebook("c", fields))
    chart = cx.monitoring.Chart("plain")
    a, b = (cx.monitor(s, "nps", every="day", chart=chart).parts["charts"]["sd"].iloc[0] for s in (clustered, alone))
    assert a / b == pytest.approx(5**0.5, rel=0.1)


def test_the_spread_of_a_chart_is_that_of_its_median_period_and_of_its_days(stream: Stream) -> None:
    """Sampling variance of the period in the middle and the variance of true days, added."""
    study = stream(days=80, per=30)
    for kind in ("innovation", "plain"):
        (line,) = (
            cx.monitor(study, "nps", every="day", chart=cx.monitoring.Chart(kind)).parts["charts"].to_dict("records")
        )
        rows = study.table.assign(y=100 * ((study.table["ltr"] >= 9) * 1.0 - (study.table["ltr"] <= 6)))
        days = rows.groupby(rows["date"])["y"]
        n = days.size().to_numpy()
        pooled = (days.var(ddof=0).to_numpy() @ n) / (n.sum() - len(n))
        assert line["n"] == np.median(n)
        assert line["sd"] ** 2 == pytest.approx(np.median(pooled / n) + line["tau"] ** 2, rel=1e-6)


@pytest.mark.parametrize("kind", ["innovation", "laney", "plain"])
@pytest.mark.parametrize("rule", ["ewma", "cusum", "shewhart"])
def test_every_chart_and_rule_finds_a_large_fall(stream: Stream, kind: str, rule: str) -> None:
    study = stream(days=120, fall={"Alba": (100, 0.6)})
    found = cx.monitor(study, "nps", every="day", chart=cx.monitoring.Chart(kind, rule))
    assert (found.parts["alarms"]["side"] == "lower").any()
    assert found.parts["charts"]["delay"].iloc[0] > 1
    assert found.plot() is not None


def test_shares_and_means_have_charts(stream: Stream) -> None:
    study = stream(days=80)
    share = cx.monitor(study, "share", of="ltr", value=10, every="day")
    assert share.unit == "share" and share.table["estimate"].between(0, 1).all()
    assert cx.monitor(study, "mean", of="ltr", every="day").unit == "mean"


MESSAGES = {
    "budget is 0; give the false alarms allowed over all charts: a number a year, as 4, or with its time, as "
    "(1, 'quarter')": {"budget": 0},
    "time of the budget is 'fortnight'; allowed: 'day', 'week', 'month', 'quarter', 'year'": {
        "budget": (1, "fortnight")
    },
    "every is 'hour'; allowed: 'day', 'week', 'month', 'quarter', 'year'": {"every": "hour"},
    "a chart needs at least 8 days of baseline and one after it; stream has 40 days (2025-01-06 to 2025-02-14), and "
    "the baseline would have 40. Take shorter periods with every=, or cx.trend and cx.changes, which need no "
    "baseline": {"baseline": 40},
    "baseline is 'first'; give a number of periods, or its first and last, as ('2024-01-01', '2024-03-31')": {
        "baseline": "first"
    },
    "baseline names '2020-01-01'; the days run from 2025-01-06 to 2025-02-14": {
        "baseline": ("2020-01-01", "2025-01-20")
    },
    "season is asked for and the baseline is shorter than a year; a season can be told from a change only with a whole "
    "year before: lengthen baseline=, or leave season out": {"chart": cx.monitoring.Chart(season=True)},
    "nps has no option 'boxes'; it takes: none": {"boxes": 2},
}  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_what_is_refused(stream: Stream, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.monitor(stream(days=40), "nps", **{"every": "day", **MESSAGES[message]})
    assert str(said.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "shewhart"}, "kind of chart is 'shewhart'; allowed: 'innovation', 'laney', 'plain'"),
        ({"rule": "ewna"}, "rule is 'ewna'; did you mean 'ewma'? allowed: 'ewma', 'cusum', 'shewhart'"),
        ({"weight": 2}, "weight is 2; the weight of the newest period is above 0, at most 1"),
        ({"shift": -5}, "shift is -5; give the size of a fall, above 0, in the unit of the metric"),
    ],
)
def test_what_a_chart_refuses(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.monitoring.Chart(**options)
    assert str(said.value) == message


def test_without_a_date_it_is_said(stream: Stream) -> None:
    study = stream(days=30)
    book = cx.Codebook("s", tuple(f for f in study.codebook if f.name != "date"))
    with pytest.raises(cx.DataProblem, match=r"^a chart over time needs a column with role 'date'; s declares none"):
        cx.monitor(cx.Study(study.table.drop(columns="date"), book), "nps")
    lost = replace(study, table=study.table.assign(date=pd.NaT))
    with pytest.raises(cx.DataProblem) as said:
        cx.monitor(lost, "nps", every="day")
    assert str(said.value) == "stream has no answer with a date in 'date'; nothing can be followed over time"
    words = replace(study, table=study.table.assign(date=study.table["date"].astype(str)))
    with pytest.raises(cx.DataProblem, match=r"^every is 'week', and 'date' of stream holds String, no dates; leave"):
        cx.monitor(words, "nps", every="week", chart=cx.monitoring.Chart(wave="date"))


def test_dates_that_run_off_are_refused(stream: Stream) -> None:
    study = stream(days=30)
    rows = study.table.assign(date=study.table["date"].mask(study.table.index == 3, pd.Timestamp("1900-01-01")))
    with pytest.raises(cx.DataProblem, match=r"^'date' of stream runs from 1900-01-01 to 2025-02-04, 45,\d+ days; at"):
        cx.monitor(replace(study, table=rows), "nps", every="day")


def test_texts_that_are_dates_are_periods_of_their_own(stream: Stream) -> None:
    study = stream(days=40)
    text = replace(study, table=study.table.assign(date=study.table["date"].dt.strftime("%Y-%m-%d")))
    found = cx.monitor(text, "nps", chart=cx.monitoring.Chart(wave="date"))
    assert found.parts["every"] == "wave" and found.table["period"].iloc[0] == "2025-01-06"
    assert date.fromisoformat(found.table["period"].iloc[-1]) == date(2025, 2, 14)


def seasonal(stream: Stream, weeks: int = 130, fall: int = 0) -> cx.Study:
    """A recommendation by week with a strong season, and from the week ``fall`` on 30 points less."""
    rng, rows = np.random.default_rng(3), []
    for t in range(weeks):
        up = 0.45 + 0.15 * np.sin(2 * np.pi * t / 52) ** 3 - 0.15 * bool(fall and t >= fall)
        u = rng.random(150)
        rows.append(pd.DataFrame({"date": pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=t),
                                  "ltr": np.where(u < up, 10, np.where(u < up + 0.3, 8, 3))}))  # fmt: skip
    study = stream(days=1)
    fields = tuple(f for f in study.codebook if f.name in ("date", "ltr"))
    return cx.Study(pd.concat(rows, ignore_index=True), cx.Codebook("seasons", fields))


def test_the_same_period_last_year_is_expected(stream: Stream) -> None:
    chart = cx.monitoring.Chart(season="last year")
    quiet = cx.monitor(seasonal(stream), "nps", every="week", baseline=26, chart=chart)
    assert not len(quiet.parts["alarms"])
    assert quiet.table["period"].iloc[0] == "2024-01-01", "the chart begins with the second year"
    assert "the same week last year counts as expected, with its sampling error" in quiet.notes
    year = cx.nps(seasonal(stream), by="date").table["estimate"].to_numpy()
    own = quiet.table.iloc[30]
    level = (quiet.table["expected"].to_numpy() - year[: len(quiet.table)])[30]
    assert own["estimate"] == pytest.approx(year[82]) and abs(level) < 8
    fell = cx.monitor(seasonal(stream, fall=110), "nps", every="week", baseline=26, chart=chart)
    (alarm,) = fell.parts["alarms"].to_dict("records")
    assert alarm["side"] == "lower" and alarm["shift_low"] < -30 < alarm["shift_high"]
    for options, message in (
        ({"every": "year"}, "season is 'last year' and the periods are years; the same period last year needs dates "
         "and day, week, month, quarter as every="),
        ({"every": "day"}, "season is 'last year' and there are 358 days (2023-01-02 to 2023-12-25); more than 364 are "
         "needed to have the same day a year before"),
    ):  # fmt: skip
        study = seasonal(stream, 52 if options["every"] == "day" else 130)
        with pytest.raises(cx.DataProblem) as said:
            cx.monitor(study, "nps", chart=chart, **options)
        assert str(said.value) == message
    with pytest.raises(cx.DataProblem) as said:
        cx.monitoring.Chart(season="easter")
    assert str(said.value) == "season is 'easter'; give True, False or 'last year'"


def test_a_plain_chart_against_last_year_by_hand(stream: Stream) -> None:
    """Differences to the year before, with both errors, of weeks that share the variance of one answer."""
    chart = cx.monitoring.Chart(kind="plain", season="last year")
    found = cx.monitor(seasonal(stream, 104), "nps", every="week", baseline=26, chart=chart)
    weeks = cx.nps(seasonal(stream, 104), by="date").table
    y = weeks["estimate"].to_numpy()
    gap, both = y[52:] - y[:52], np.full(52, 2 * (weeks["se"] ** 2).mean() * 150 / 149)
    level = gap[:26].mean()
    table = found.table.iloc[:-1]  # the last week is not over
    np.testing.assert_allclose(table["expected"], (y[:52] + level)[: len(table)], rtol=1e-6)
    np.testing.assert_allclose(table["z"], ((gap - level) / np.sqrt(both))[: len(table)], rtol=1e-6)
    half = (table["high"] - table["low"]) / 2
    np.testing.assert_allclose(half, (found.parts["single_limit"] * np.sqrt(both))[: len(table)], rtol=1e-6)


@pytest.mark.parametrize(("days", "watched"), [(8, True), (7, False)])
def test_a_series_needs_eight_periods_of_baseline(stream: Stream, days: int, watched: bool) -> None:
    study = stream(days=60, brands=("Alba", "Brio"))
    table = study.table
    gone = (table["brand"] == "Brio") & table["date"].between("2025-01-06", "2025-01-25") & (
        table["date"] >= pd.Timestamp("2025-01-06") + pd.Timedelta(days=days))  # fmt: skip
    found = cx.monitor(replace(study, table=table[~gone]), "nps", by="brand", every="day", baseline=20)
    assert ("1 of 2 series has too few days with answers and is not watched" in found.notes) is not watched
    own = found.table[found.table["brand"] == "Brio"]
    assert own["z"].notna().any() == watched


def test_limits_of_a_share_stay_within_0_and_1(stream: Stream) -> None:
    found = cx.monitor(stream(days=60, per=12), "share", of="ltr", value=10, every="day").table
    assert found["low"].min() == 0 and found["high"].max() <= 1


def test_where_most_answers_have_no_date_the_wave_says_when(stream: Stream) -> None:
    study = stream(days=60)
    book = cx.Codebook("s", (*study.codebook.fields, cx.Field("wave", role="wave")))
    wave = np.arange(len(study.table)) // 300
    few = study.table["date"].where(np.arange(len(study.table)) % 10 < 3)
    dated = cx.Study(study.table.assign(wave=wave), book)
    undated = cx.Study(study.table.assign(wave=wave, date=few), book)
    assert cx.running(dated, "nps", every="day").parts["every"] == "day"
    assert cx.running(undated, "nps").parts["every"] == "wave"
    assert cx.running(undated, "nps", wave="date", every="day").parts["every"] == "day"
    assert cx.changes(undated, "nps").parts["every"] == "wave"


def test_a_running_band_knows_the_answers_a_calendar_day(stream: Stream) -> None:
    study = stream(days=70)
    assert cx.running(study, "nps", every="day").parts["a_day"] == pytest.approx(40)
    assert cx.running(study, "nps", every="week").parts["a_day"] == pytest.approx(40)
    odd = replace(study, table=study.table[study.table["date"].dt.day_of_week == 0])
    assert cx.running(odd, "nps", every="week").parts["a_day"] == pytest.approx(40 / 7)


def test_what_a_page_asks_is_what_every_way_to_watch_takes() -> None:
    """The headline of amounts also says what of them matters, which charts and pilots do not take."""
    rng = np.random.default_rng(1)
    day = pd.date_range("2025-01-06", periods=60)
    table = pd.DataFrame({"date": np.repeat(day, 15), "spend": rng.gamma(2, 20, 900), "arm": np.tile([0, 1, 1], 300)})
    fields = (cx.Field("date", type="date", role="date"), cx.Field("spend", type="number", role="outcome"),
              cx.Field("arm", type="integer"))  # fmt: skip
    study = cx.Study(table, cx.Codebook("shop", fields))
    parts = cx.scorecard(study).parts
    assert parts["headline"]["smallest"] > 0 and parts["question"] == {"metric": "mean", "of": "spend"}
    for run in (cx.monitor, cx.changes, cx.running):
        assert run(study, every="day", **parts["question"]).unit == "mean"
    assert cx.experiment(study, arm="arm").table["outcome"].tolist() == ["spend"]


def test_the_delay_that_is_printed_is_that_of_the_run_length(stream: Stream) -> None:
    """A plain chart: days of 40 answers, a fall of 5 points in standard deviations of a day."""
    study = stream(days=120)
    chart = cx.monitoring.Chart("plain", shift=5)
    found = cx.monitor(study, "nps", every="day", chart=chart)
    v = (cx.nps(study, by="date").table["se"] ** 2).mean() * 40 / 39
    delay = run_length.ewma_arl(0.2, found.parts["limit"], 5 / np.sqrt(v))
    assert found.parts["charts"]["delay"].iloc[0] == pytest.approx(delay, rel=1e-3)
    assert f"A fall of 5.0 that lasts is noticed after {delay:.1f} days with answers, on average" in found.notes
