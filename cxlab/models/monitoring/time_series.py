"""A metric by series and period, with the sampling variance of each: what charts, changes and bands are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import small_cells, waves
from cxlab.data.drawing import Design
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import result_words, scan
from cxlab.models.metrics.scores import Score
from cxlab.models.monitoring.lone_dates import lone_dates
from cxlab.models.monitoring.period_lengths import EVERY, OFFSETS, long_enough
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts import names
from cxlab.stats.counts.names import key
from cxlab.stats.inference import design_variance

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
YEAR = {"day": 364, "week": 52, "month": 12, "quarter": 4}
"""Periods between one and the same of the year before; days are 52 weeks apart, so that weekdays agree."""
MOST = 5000
"""So many periods at most: a chart of more shows nothing."""
PERIOD = "period of a chart"
"""Column that holds the period of each row."""
OWN = (
    "period", "n", "estimate", "expected", "low", "high", "z", "statistic", "alarm", "since", "first", "last", "open",
    "shift", "shift_low", "shift_high", "change", "at", "at_low", "at_high", "before", "after", "tau", "rho", "limit",
    "delay", "baseline", "side", "part", "group",
)  # fmt: skip
"""Columns of the results of this room."""


@dataclass(frozen=True)
class Periods:
    """Series over the same periods.

    Parameters
    ----------
    labels : one row a series, the group columns as people read them (none: one row without columns).
    names : the periods in order, as people read them. ``dates`` : their first days, empty where they are no dates.
    every : 'day' ... 'year', or 'wave'.
    y, n, v : (series, periods) estimate in the unit of the result, answers, sampling variance (infinite without any).
    size : (series, periods) effective number of answers that ``v`` rests on.
    spread : (series,) variance of one answer, in the unit squared.
    raw : (4, series, periods) sums of weights w, of w t, of w t**2 and of w**2 / Kish's, of all answers, t the score.
    last_incomplete : whether the last period had not ended with the last answer.
    notes : what has to be said.
    alone : what of the notes is said of dates that stand alone (`lone_dates`).
    year_ago : (2, series, periods) metric and variance of the same period a year before (`against_last_year`), or None.
    """

    labels: pd.DataFrame
    names: list[Any]
    dates: pd.DatetimeIndex
    every: str
    y: NDArray
    n: NDArray
    v: NDArray
    size: NDArray
    spread: NDArray
    raw: NDArray
    last_incomplete: bool
    notes: tuple[str, ...]
    year_ago: NDArray | None = None
    alone: tuple[str, ...] = ()

    def since(self, first: int) -> Periods:
        """Return the series from a period on."""
        if not first:
            return self
        cut = {name: getattr(self, name)[:, first:] for name in ("y", "n", "v", "size")}
        cut["year_ago"] = None if self.year_ago is None else self.year_ago[:, :, first:]
        return replace(self, names=self.names[first:], dates=self.dates[first:], raw=self.raw[:, :, first:], **cut)

    def against_last_year(self) -> Periods:
        """Return the periods from the second year on, with the same period of the year before beside each.

        Raises
        ------
        DataProblem : periods are no parts of a year, or there is no second year.
        """
        lag = YEAR.get(self.every, 0)
        if not lag:
            raise DataProblem(
                f"season is 'last year' and the periods are {self.every}s; the same period last year needs dates and "
                f"{', '.join(YEAR)} as every="
            )
        if len(self.names) <= lag:
            raise DataProblem(
                f"season is 'last year' and there are {len(self.names)} {self.every}s ({self.names[0]} to "
                f"{self.names[-1]}); more than {lag} are needed to have the same {self.every} a year before"
            )
        return replace(self, year_ago=np.stack([_later(self.y, lag, np.nan), _later(self.v, lag, np.inf)])).since(lag)

    def on_last_year(self) -> Periods:
        """Return each period minus the same of the year before (after `against_last_year`), with the variance of both.

        Two differences a year apart share a period, with opposite signs: of k years of differences some contrast has
        1 + cos(pi / (k + 1)) times the variance it would have if they were independent, and no contrast more, where
        variances are alike. All variances count that factor.
        """
        ago, error = self.year_ago if self.year_ago is not None else (self.y, self.v)
        years = -(-len(self.names) // YEAR[self.every])
        v = (self.v + error) * (1 + np.cos(np.pi / (years + 1)))
        there = np.isfinite(self.y) & np.isfinite(ago) & np.isfinite(v)
        return replace(self, y=np.where(there, self.y - ago, np.nan), v=np.where(there, v, np.inf))

    def so_far(self) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Return answers, Kish's size, estimate and variance of one answer up to every period, in the unit.

        Periods that are not shown have none of their own; their answers enter the next.
        """
        w, a, q, w2 = np.cumsum(self.raw, axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = a / w
            return np.cumsum(self.n, axis=1), np.where(w > 0, w * w / w2, 0), t, np.fmax(q / w - t * t, 0)

    def told(self) -> NDArray:
        """Return the answers of all cells, one series after another, of hidden ones in words."""
        n = self.n.ravel().astype(int)
        return small_cells.sizes(pd.Series(n), ~np.isfinite(self.y.ravel()) & (n > 0), SMALL).to_numpy()

    def called(self, s: int) -> str:
        """Return what a series is called; '' where there is only one."""
        return ", ".join(str(x) for x in self.labels.iloc[s])


def _later(x: NDArray, lag: int, none: float) -> NDArray:
    return np.concatenate([np.full((len(x), lag), none), x[:, :-lag]], axis=1)


def time_column(study: Study, wave: str, score: Score | None = None) -> str:
    """Return the column that says when: the one asked for, else the first date, else the study's wave.

    Where a study has both and most answers to the question of ``score`` lack the date, it is the wave.

    Raises
    ------
    DataProblem : nothing says when.
    """
    if wave:
        study.field(wave)
        if wave not in study.columns:
            raise DataProblem(f"column '{wave}' is not in the table of {study.name}; name a column of dates or waves")
        return wave
    schema = study.lazy.collect_schema()
    dates = [c for c in study.codebook.role("date") if c in schema and schema[c].is_temporal()]
    if not (dates or study.design.wave):
        study.need("date", "a chart over time")
    if dates and study.design.wave and score is not None and _undated(study, score, dates[0]) > 0.5:
        return study.design.wave
    return dates[0] if dates else study.design.wave


def _undated(study: Study, score: Score, date: str) -> float:
    """Which share of the answers to a question has no date."""
    columns = [c for c in score.columns if c != date]
    if not columns:
        return 0.0
    answered = reduce(or_, (~nw.col(c).is_null() for c in columns))
    rows = study.answers([*columns, date]).filter(answered)
    found = rows.select(nw.len().alias("a"), nw.col(date).is_null().sum().alias("b")).collect().to_pandas().iloc[0]
    return float(found["b"]) / max(float(found["a"]), 1.0)


def read(study: Study, score: Score, by: Sequence[str], wave: str, every: str, *, least_n: int = SMALL) -> Periods:
    """Return the metric of every group and period, from one scan of the data (two, where ``every`` is to be chosen).

    Parameters
    ----------
    by : columns that form the series. ``wave`` : column of dates or waves.
    every : length of a period; '' takes waves as they come, and of dates the shortest period with `ENOUGH` answers in
        half of the cells, as long as at least `FEWEST` periods are left.
    least_n : cells with fewer answers are not shown.
    """
    return read_beside(study, score, by, wave, every, least_n=least_n)[0]


def read_beside(
    study: Study, score: Score, by: Sequence[str], wave: str, every: str, beside: str = "", *, least_n: int = SMALL
) -> tuple[Periods, pd.DataFrame]:
    """Return what `read` does, and which values of the column ``beside`` the rows of each group have, from one scan.

    Of a group with several, sums are those of one of them: refuse it.
    """
    if len(score.items) > 1:
        raise DataProblem(
            f"{len(score.items)} questions were given; a chart over time is of one question: give one, as "
            f"of='{next(iter(score.items))}'"
        )
    dated = study.lazy.collect_schema()[wave].is_temporal()
    chosen = "day" if dated and not every else every
    parted, chosen = cut(study, wave, chosen)
    cells, *told = _cells(parted, score, by, wave, beside)
    if dated and not every and (longer := long_enough(cells, key(PERIOD))) != "day":
        parted, chosen = cut(study, wave, longer)
        cells, *told = _cells(parted, score, by, wave, beside)
    counts, lost, pairs = told
    labels, series = _series(study, by, cells)
    called, dates, place = _periods(parted, cells[key(PERIOD)], chosen, wave)
    hide = _few(series, place, cells["n"].to_numpy(float), least_n)
    hide |= small_cells.withheld(
        parted, score.items, [*by, PERIOD], cells.assign(item=next(iter(score.items))), least_n
    )
    found = _arrays(cells, series, place, (len(labels), len(called)), score, study.design, hide)
    notes = [f"{lost:,} answers without '{wave}' do not count"] if lost else []
    empty = len(called) - len(np.unique(place))
    notes += [f"{empty} of {len(called)} {chosen}s have no answer: a gap in time, passed over"] if empty else []
    notes += [
        f"{int(hide.sum()):,} of {len(hide):,} {chosen}s{' of series' if by else ''} are not shown and not judged: "
        f"fewer than {SMALL} answers, or they would tell of those that have fewer; longer periods have more"
    ] if hide.any() else []  # fmt: skip
    notes += (alone := lone_dates(found[1], called, chosen) if len(dates) else [])
    said = (*study.caveats, *result_words.problems(counts), *notes)
    last = _incomplete(study, wave, dates, chosen)
    return Periods(labels, called, dates, chosen, *found, last, said, alone=tuple(alone)), pairs


def _cells(
    study: Study, score: Score, by: Sequence[str], wave: str, beside: str = ""
) -> tuple[pd.DataFrame, dict[str, int], int, pd.DataFrame]:
    """The cells with answers, what was not counted, how many answers have no period, groups with what is beside."""
    extra = [beside] if beside and beside not in by else []
    columns, sums, counts = scan.scored(study, score, [*by, *extra, PERIOD])
    pairs = sums[[*map(key, by), *map(key, extra)]].drop_duplicates()
    cells = design_variance.linearised(sums, [*map(key, columns)]) if len(sums) else sums
    cells = cells if (cells["n"] > 0).all() else cells[cells["n"] > 0].reset_index(drop=True)
    if not len(cells):
        raise DataProblem(
            f"{study.name} has no answer to '{next(iter(score.items), score.title)}'; nothing can be followed over time"
        )
    undated = cells[key(PERIOD)].isna()
    if undated.all():
        raise DataProblem(f"{study.name} has no answer with a date in '{wave}'; nothing can be followed over time")
    lost = int(cells["n"][undated].sum())
    cells = cells[~undated].reset_index(drop=True) if undated.any() else cells
    return cells.drop(columns=[*map(key, extra)]), counts, lost, pairs


def _few(series: NDArray, place: NDArray, n: NDArray, small: int) -> NDArray:
    """Which cells are not shown because of few people in them."""
    if (n >= small).all():
        return np.zeros(len(n), bool)
    by = ["series", "place"] if len(np.unique(series)) > 1 else ["place"]
    return small_cells.hidden(pd.DataFrame({"series": series, "place": place, "n": n}), small, by)


def cut(study: Study, wave: str, every: str) -> tuple[Study, str]:
    """The study with a column of periods, and how long they are."""
    kind = study.lazy.collect_schema()[wave]
    x = nw.col(wave)
    if study.field(wave).missing:
        study = replace(study, table=study.answers(study.columns).to_native())
    if not kind.is_temporal():
        if every not in ("", "wave"):
            raise DataProblem(
                f"every is '{every}', and '{wave}' of {study.name} holds {kind}, no dates; leave every out to take its "
                f"values as periods, or declare dates: cx.load(...).set('{wave}', type='date')"
            )
        return _with_period(study, x, wave), "wave"
    one_of("every", every, EVERY)
    if every == "week":
        return _with_period(study, _monday(x), wave), every
    day = x.cast(nw.Date) if kind != nw.Date else x
    return _with_period(study, day if every == "day" else day.dt.truncate(EVERY[every]), wave), every


def _monday(x: nw.Expr) -> nw.Expr:
    """The Monday of a date as the number of days since the year 0 (`datetime.date.toordinal`)."""
    past = (x.dt.year() - 1).cast(nw.Float64)
    leap = (past / 4).floor() - (past / 100).floor() + (past / 400).floor()
    return 365 * past + leap + x.dt.ordinal_day() - x.dt.weekday() + 1


def _with_period(study: Study, x: nw.Expr, wave: str) -> Study:
    """The study with the column of periods beside its own."""
    book = [f for f in study.codebook if f.name != PERIOD]
    fields = (*book, replace(study.field(wave), name=PERIOD, missing={}))
    table = study.lazy.with_columns(x.alias(PERIOD)).to_native()
    before = study.before and _with_period(study.before, x, wave)
    return replace(study, table=table, codebook=replace(study.codebook, fields=fields), before=before)


def _series(study: Study, by: Sequence[str], cells: pd.DataFrame) -> tuple[pd.DataFrame, NDArray]:
    """The series' labels, and the series of each cell."""
    if not by:
        return pd.DataFrame(index=[0]), np.zeros(len(cells), int)
    group = cells.groupby([*map(key, by)], sort=False, dropna=False).ngroup().to_numpy()
    distinct = cells.iloc[np.unique(group, return_index=True)[1]]
    read = result_words.labelled_groups(study, list(by), distinct).set_axis(names.shown(by, (*scan.OWN, *OWN)), axis=1)
    called = read.groupby(list(read), sort=False, dropna=False).ngroup().to_numpy()
    number = called[group]
    first = np.unique(called, return_index=True)[1]
    labels = read.iloc[first].reset_index(drop=True)
    order = labels.astype(str).sort_values(list(labels), kind="stable").index.to_numpy()
    return labels.iloc[order].reset_index(drop=True), np.argsort(order)[number]


def _periods(study: Study, values: pd.Series, every: str, wave: str) -> tuple[list[Any], pd.DatetimeIndex, NDArray]:
    """The names of all periods from the first to the last, their dates, and the place of each value."""
    if every == "wave":
        order = waves.order_of(study, PERIOD, values.unique().tolist())
        if not order.known:
            few = ", ".join(map(str, order.values[:4]))
            raise DataProblem(
                f"which of {few}, ... comes first is not known, so nothing can be followed over time; give '{wave}' of "
                f"{study.name} labels in the order of time in the codebook, or dates"
            )
        shown = result_words.labelled(study, PERIOD, pd.Series(list(order.values)))
        code, there = pd.factorize(values)
        at = {v: i for i, v in enumerate(order.values)}
        return shown, pd.DatetimeIndex([]), np.array([at[v] for v in there], int)[code]
    dated = [date.fromordinal(int(v)) for v in values] if every == "week" else values
    days = pd.PeriodIndex(pd.to_datetime(dated), freq=OFFSETS[every])
    numbers = days.asi8
    length = int(numbers.max() - numbers.min()) + 1
    if length > MOST:
        raise DataProblem(
            f"'{wave}' of {study.name} runs from {days.min()} to {days.max()}, {length:,} {every}s; at most {MOST:,}: "
            "take longer periods with every=, or leave wrong dates out with study.where"
        )
    whole = pd.period_range(days.min(), days.max(), freq=OFFSETS[every])
    starts = whole.to_timestamp(how="start")
    form = {"day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}.get(every)
    called = [d.strftime(form) for d in starts] if form else [str(p) for p in whole]
    return called, starts, (numbers - numbers.min()).astype(int)


def placed(study: Study, by: Sequence[str], cells: pd.DataFrame, p: Periods) -> tuple[NDArray, NDArray]:
    """Return series and period of cells that are counted more finely, -1 for one that is not there.

    Parameters
    ----------
    study : as `cut` gives it. ``cells`` : with the columns of ``by`` and the period.
    """
    called, _, place = _periods(study, cells[key(PERIOD)], p.every, PERIOD)
    there = {str(n): k for k, n in enumerate(p.names)}
    return series_of(study, by, cells, p), np.array([there.get(str(called[k]), -1) for k in place])


def series_of(study: Study, by: Sequence[str], cells: pd.DataFrame, p: Periods) -> NDArray:
    """Return the series of each cell, -1 for one that is not there."""
    labels, number = _series(study, by, cells)
    at = {tuple(map(str, row)): k for k, row in enumerate(p.labels.itertuples(index=False, name=None))}
    own = [at.get(tuple(map(str, row)), -1) for row in labels.itertuples(index=False, name=None)] if by else [0]
    return np.array(own)[number]


def _arrays(
    cells: pd.DataFrame, series: NDArray, place: NDArray, shape: tuple[int, int], score: Score, design: Design,
    hide: NDArray,
) -> tuple[NDArray, ...]:  # fmt: skip
    """Estimates, answers, sampling variances, effective sizes, variance of one answer of each series, raw sums.

    The variance of one answer is pooled over the periods of a series, so that a period's variance does not depend on
    its own luck; under clusters the design effect is pooled as well.
    """
    f = score.factor
    t, spread, n, kish, var, m = (cells[c].to_numpy(float) for c in ("estimate", "spread", "n", "kish", "var", "m"))
    total = lambda x: np.bincount(series, x, shape[0])  # noqa: E731
    free = np.fmax(total(n) - np.bincount(series, minlength=shape[0]), 1)
    pooled = total(n * spread) / free
    size = kish
    if design.cluster or design.strata:
        known = np.isfinite(var) & (m > 1)
        here = np.where(known, n, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            deff = total(here * np.where(known, var, 0) * kish) / total(here * spread)
        size = kish / np.fmax(np.where(np.isfinite(deff), deff, 1), 1)[series]
    size = np.where(hide, 0, size)
    y, answers, sizes = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    y[series, place], answers[series, place], sizes[series, place] = np.where(hide, np.nan, t * f), n, size
    with np.errstate(divide="ignore"):
        v = np.where(sizes > 0, (pooled * f * f)[:, None] / np.where(sizes > 0, sizes, 1), np.inf)
    w, raw = cells["w"].to_numpy(float), np.zeros((4, *shape))
    raw[:, series, place] = w, w * t * f, w * (spread + t * t) * f * f, w * w / kish
    return y, answers, v, sizes, pooled * f * f, raw


def _incomplete(study: Study, wave: str, dates: pd.DatetimeIndex, every: str) -> bool:
    """Whether the last period had not ended when the last answer came; of days nobody can say."""
    if every in ("wave", "day"):
        return False
    last = study.lazy.select(nw.col(wave).max().alias("b")).collect().to_pandas()["b"].iloc[0]
    end = dates[-1].to_period(OFFSETS[every]).end_time.normalize()
    return bool(pd.Timestamp(last).normalize() < end)
