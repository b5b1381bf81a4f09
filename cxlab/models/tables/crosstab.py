"""`crosstab`: tables of questions by the columns of a banner, with bases, metrics and significance letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxlab.columns import Column
from cxlab.data import sample
from cxlab.data.answer_codes import answer
from cxlab.data.arguments import COUNT_AS_KNOWN, public
from cxlab.data.naming import named
from cxlab.data.study import Study
from cxlab.models.tables import banner_columns, stub_lines, table_numbers
from cxlab.models.tables.banner_columns import Banner
from cxlab.models.tables.banner_markup import Tables
from cxlab.models.tables.column_letters import CORRECTIONS, Rules, rules
from cxlab.models.tables.overlaps import Overlaps
from cxlab.models.tables.stub_lines import Question
from cxlab.models.tables.table_layout import Layout, layout_of
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts import drawn
from cxlab.stats.counts.cross_counts import LEVELS, CrossCounts, cross_counts, spaces_of
from cxlab.stats.inference.column_tests import Block, ratios, ratios_apart

LEFT_OUT = ("id", "weight", "cluster", "strata", "text", "date")
"""Roles of columns that have no table of their own unless asked for."""


@public
def crosstab(
    study: Study,
    rows: str | Sequence[str] | None,
    *columns: str | Sequence,
    nets: Mapping[str, Mapping] | None = None,
    against: str | Sequence[str] = "columns",
    correction: str = "bonferroni",
    levels: float | Sequence[float] = (0.05, 0.01),
    **layout: Any,
) -> Tables:
    """Return banner tables: each question by the columns of a banner, from one scan of the data.

    A cell is a share of its column's base, a mean, an NPS or a top-box share; it has the letters of the columns that it
    exceeds: capital at the strict level, small at the other. Tests know the design: weights, strata and clusters by
    linearisation, respondents in two columns (questions with several answers, panels) by their covariance. Shares of a
    simple random sample are tested as SPSS does (pooled z).

    Parameters
    ----------
    rows : questions, also those with several answers; None: all that are no id, weight, text or date.
    columns : the banner, one grouping after another or as a list (also ``columns=``): columns, nested ones as
        'region>age', questions with several answers.
    nets : unions of answers by question, nested for subnets:
        ``{"overall": {"Satisfied": [4, 5]}, "drinks": {"Hot": {"Tea": ["green", "black"], "Coffee": ["latte"]}}}``.
    against : 'columns' (letters), 'rest' (arrows against all others of the group), 'previous' (arrows against the
        wave before), several of these, or 'none'.
    correction : 'bonferroni' (default; in a row, as SPSS), 'holm' (in a row), 'bh' (over a table) or 'none'.
    levels : one or two error rates of the tests.
    layout : see `cxlab.models.tables.table_layout.Layout`: ``show`` ('column', 'row', 'count'), ``base`` ('answered',
        'asked', 'all'), ``out``, ``sort``, ``empty``, ``total``, ``least_n``, ``level``.

    Returns
    -------
    Result, one row a cell: ``question, row, kind, banner, outer, column, letter, estimate`` (share of the column, mean,
    points), ``low, high, se``, ``count`` (weighted), ``row_share``, ``n`` (answers), ``weighted`` and ``effective``
    (Kish) bases, ``letters``, ``arrow``. ``parts['tests']`` lists the tests behind the letters and arrows,
    ``parts['association']`` those of whole tables (``statistic, df1, df2, p``; ``small``: the share of cells where
    fewer than 5 answers are expected): Pearson's chi-square, under a design Rao and Scott's F
    (doi:10.1214/aos/1176346391).

    Raises
    ------
    DataProblem : a column, answer or option that does not exist, too many values, a banner without respondents.

    Examples
    --------
    >>> import cxlab as cx
    >>> tables = cx.crosstab(cx.load("brand-tracker"), "recommendation", ["brand", "wave"])
    >>> nps = tables.table.query("row == 'NPS' and banner == 'Brand'")
    >>> nps[["column", "letters"]].head(3).values.tolist()
    [['Alba', 'B C D E F'], ['Brio', 'E'], ['Cima', 'E']]
    """
    named_columns = layout.pop("columns", ())
    shown, rule = layout_of(layout), rules(against, levels, correction)
    groupings = banner_columns.parsed(study, columns or named_columns)
    asked, quiet = _questions(study, rows, groupings, nets or {})
    found = _counted(study, asked, groupings)
    scan = Scan(study, found, groupings)
    if "previous" in rule.against and not any(b.timed for b in scan.banners):
        raise DataProblem("against is 'previous', and no column of the banner is in the order of time; add a wave")
    results, tests, whole, notes = [], [], [], []
    if rows is None:
        many = [one for one in asked if not one.several and found.questions[one.field.name] is None]
        quiet += [one.field.label for one in many]
        asked = [one for one in asked if one not in many]
    for some in table_numbers.folios(scan, asked, shown):
        made, told, related, said = table_numbers.numbers(scan, some, shown, rule)
        results.append(made)
        tests.append(told)
        whole += related
        notes += said
    if not results:
        raise DataProblem(f"none of the questions of {study.name} has answers to show; name some in rows")
    table = pd.DataFrame({name: np.concatenate([r[name] for r in results]) for name in results[0]})
    return Tables(
        kind="crosstab",
        title=f"Tables by {', '.join(b.heading for b in scan.banners)}",
        table=table.drop(columns=["depth", "shown"]),
        level=shown.level,
        method=_method(scan, rule, shown),
        notes=(*study.caveats, *dict.fromkeys(notes), *_said(scan, rule, quiet)),
        parts={
            "tests": pd.concat(tests, ignore_index=True),
            "association": pd.DataFrame(whole, columns=ASSOCIATION),
            "show": list(shown.show),
            "depth": table["depth"].tolist(),
            "hidden": (~table["shown"]).tolist(),
            "levels": list(rule.levels),
        },
        columns=COLUMNS,
    )


ASSOCIATION = ("question", "banner", "statistic", "df1", "df2", "p", "small")
"""What is told of the test of a whole table."""

COLUMNS = (
    Column("question", "label", "", "Question"),
    Column("row", "label", "", "Row"),
    Column("kind", "text", "", "Kind"),
    Column("banner", "label", "", "Banner"),
    Column("outer", "label", "", "Within"),
    Column("column", "label", "", "Column"),
    Column("letter", "text", "", "Letter"),
    Column("count", "number", "mean", "Count"),
    Column("row_share", "share", "share", "Of the row"),
    Column("weighted", "number", "mean", "Weighted base"),
    Column("effective", "number", "mean", "Effective base"),
    Column("letters", "text", "", "Exceeds"),
    Column("arrow", "text", "", "Arrow"),
)
"""What the columns of the table are, beside those that all results share."""


def _questions(
    study: Study, rows: Any, groupings: Sequence[tuple[str, ...]], nets: Mapping[str, Mapping]
) -> tuple[list[Question], list[str]]:
    """Return the questions of the stub, and the titles of those left out."""
    if rows is None:
        options = {c for f in study.codebook for c in f.columns}
        there = set(study.columns)
        fields = [f for f in study.codebook if f.role not in LEFT_OUT and f.name not in options]
        fields = [f for f in fields if f.type not in ("date", "datetime") and set(f.columns or (f.name,)) <= there]
        names = [f.name for f in fields if (f.name,) not in groupings]
    else:
        given = [rows] if isinstance(rows, str) else rows
        if not isinstance(given, (list, tuple)) or not given or not all(isinstance(r, str) for r in given):
            raise DataProblem(f"rows is {rows!r}; give a question as text, a list of questions, or None for all")
        names = list(dict.fromkeys(banner_columns.checked(study, r) for r in given))
    wanted = {named(study, q): what for q, what in nets.items()}
    for q, what in wanted.items():
        if q not in names:
            raise unknown("question of nets", q, "rows", names)
        if not isinstance(what, Mapping):
            raise DataProblem(f"nets of '{q}' is {what!r}; give a mapping of a name to answers: {{'Top 2': [4, 5]}}")
    return [stub_lines.question(study, name, wanted.get(name, {})) for name in names], []


def _counted(study: Study, asked: Sequence[Question], groupings: Sequence[tuple[str, ...]]) -> CrossCounts:
    """The one scan; before it a look at how many values the grouping columns have.

    Without a question rows are counted, by all groupings together.
    """
    d = study.design
    sample.check_weights(study)
    strata = [d.strata] if d.strata else []
    needed = [[*banner_columns.raw(study, names), *strata] for names in groupings]
    columns = list(dict.fromkeys(c for one in needed for c in one))
    frame = study.lazy
    sizes = frame.select(*(nw.col(c).n_unique().alias(f"_{i}") for i, c in enumerate(columns))).collect().to_pandas()
    values = dict(zip(columns, sizes.iloc[0].astype(int), strict=True))
    for c in (c for names in groupings for c in banner_columns.raw(study, names) if values[c] > LEVELS):
        raise DataProblem(
            f"'{study.field(c).label}' makes {values[c]:,} columns, more than {banner_columns.WIDEST}; band it with "
            "study.derive"
        )
    spaces = spaces_of(needed, values) if asked else [columns]
    questions = {k: e for one in asked for k, e in one.columns.items()} or {"": nw.lit(1.0)}
    options = {c for one in asked for c in one.field.columns} | {
        c for names in groupings for name in names for c in study.field(name).columns
    }
    coded = [answer(f) for f in study.codebook if f.name in options and f.missing]
    frame = frame.with_columns(*coded) if coded else frame
    cluster = nw.col(d.cluster) if d.cluster and asked else None
    return cross_counts(
        frame, questions, {c: nw.col(c) for c in columns}, spaces, weight=sample.usable_weight(study), cluster=cluster
    )  # fmt: skip


@dataclass
class Scan:
    """The counts of a study, and the blocks of columns they make."""

    study: Study
    found: CrossCounts
    groupings: Sequence[tuple[str, ...]]

    @cached_property
    def banners(self) -> list[Banner]:
        """The groups of columns, lettered through."""
        out: list[Banner] = []
        for names in self.groupings:
            keys, _ = self.patterns(names)
            start = sum(len(b.labels) for b in out)
            out.append(banner_columns.banner(self.study, names, self.found, keys, start))
        return out

    @cached_property
    def overlaps(self) -> Overlaps | None:
        """Which columns lie in others; None where every respondent is in one column and the total."""
        if len(self.banners) == 1 and self.banners[0].apart:
            return None
        return Overlaps(self, [banner_columns.total(self.groupings[0], 1), *self.banners])

    def together(self, groupings: Sequence[tuple[str, ...]], *, first: int = 0) -> Scan:
        """Return the rows (``first``: no more than these) by some groupings, counted together."""
        table = self.study.lazy.head(first).to_native() if first else self.study.table
        found = _counted(replace(self.study, table=table), [], groupings)
        return replace(self, found=found, groupings=list(groupings))

    def space(self, names: Sequence[str]) -> int:
        """Return which space has the columns of a grouping."""
        wanted = set(self._columns(names))
        return next(k for k, s in enumerate(self.found.spaces) if wanted <= set(s.columns))

    def patterns(self, names: Sequence[str]) -> tuple[NDArray, NDArray]:
        """Return the combinations of the grouping (and the stratum, last), and that of each pattern of its space."""
        known = self.__dict__.setdefault("_patterns", {})
        if names not in known:
            known[names] = banner_columns.patterns(self.found.spaces[self.space(names)], self._columns(names))
        return known[names]

    def pooled(self, names: Sequence[str]) -> csr_array:
        """Return which pattern of the space belongs to which combination of the grouping, as 0 and 1."""
        known = self.__dict__.setdefault("_pooled", {})
        if names not in known:
            keys, place = self.patterns(names)
            at = (np.arange(len(place)), place)
            known[names] = csr_array((np.ones(len(place)), at), shape=(len(place), len(keys)))
        return known[names]

    def _columns(self, names: Sequence[str]) -> list[str]:
        strata = self.study.design.strata
        return [*banner_columns.raw(self.study, names), *([strata] if strata else [])]

    @cached_property
    def simple(self) -> bool:
        """Whether it is a simple random sample."""
        d = self.study.design
        return not (d.weight or d.cluster or d.strata)

    @cached_property
    def drawn(self) -> NDArray:
        """Clusters (rows) of each stratum in the whole sample, by the code of the stratum."""
        d = self.study.design
        table = self.study.drawn
        if table is None:
            return np.array([float(self.found.n)])
        return drawn.of_strata(table, self.found.groupings[d.strata] if d.strata else [""])

    @cached_property
    def clusters(self) -> tuple[NDArray, NDArray]:
        """The cluster of each row, numbered within strata, and the stratum of each cluster."""
        rows, strata = self.found.rows, self.study.design.strata
        if not strata:
            return rows.cluster, np.zeros(int(rows.cluster.max(initial=0)) + 1, int)
        names = self.groupings[0]
        keys, place = self.patterns(names)
        h = keys[place[rows.pattern[self.space(names)]], -1]
        both, at = np.unique(h * (rows.cluster.max() + 1) + rows.cluster, return_inverse=True)
        return at, both // (rows.cluster.max() + 1)

    def counts(self, source: str, names: Sequence[str]) -> NDArray:
        """Return rows, weights and squared weights of each answer in each combination of a grouping: (3, S, P)."""
        known = self.__dict__.setdefault("_counts", {})
        if (source, names) not in known:
            keys, place = self.patterns(names)
            sums = self.found.sums[source, self.space(names)]
            flat = sums.reshape(-1, len(place)) @ self.pooled(names)
            known[source, names] = flat.reshape(*sums.shape[:2], len(keys))
        return known[source, names]

    def ratios(self, names: Sequence[str], members: NDArray, scores: Mapping[str, tuple[NDArray, NDArray]]) -> dict:
        """Return the ratios of the lines of each counted column: ``scores`` are their y and base, (R, S) each.

        Columns apart in a sample without strata and clusters have no covariance: their ratios are worked out together,
        for all columns of the data with as many answers and lines.
        """
        rows_apart = self.found.rows is None and len(self.drawn) == 1 and members.sum(axis=1).max(initial=0) <= 1
        if not rows_apart:
            return {s: ratios(self.block(s, names, members), *both) for s, both in scores.items()}
        alike: dict[tuple[int, ...], list[str]] = {}
        for source, (y, _) in scores.items():
            alike.setdefault(y.shape, []).append(source)
        out = {}
        for some in alike.values():
            counts = np.stack([self.counts(s, names) for s in some]) @ members
            y, base = (np.stack([scores[s][i] for s in some]) for i in (0, 1))
            out |= dict(zip(some, ratios_apart(counts, y, base, self.drawn[0], simple=self.simple), strict=True))
        return out

    def block(self, source: str, names: Sequence[str], members: NDArray) -> Block:
        """Return the counts of a counted column by a grouping; ``members`` are those of its patterns."""
        k = self.space(names)
        keys, place = self.patterns(names)
        counts = self.counts(source, names)
        stratum = keys[:, -1] if self.study.design.strata else np.zeros(len(keys), int)
        rows = self.found.rows
        if rows is None:
            return Block(counts, members, stratum, self.drawn, simple=self.simple)
        cluster, home = self.clusters
        cell = rows.codes[source].astype(np.int64) * len(keys) + place[rows.pattern[k]]
        shape = (len(home), counts.shape[1] * len(keys))
        totals = csr_array((rows.weight, (cluster, cell)), shape=shape)
        return Block(counts, members, stratum, self.drawn, totals, home)


def _method(scan: Scan, rule: Rules, shown: Layout) -> str:
    """Return how the numbers and tests came about."""
    d = str(replace(scan.study.design, wave=""))
    how = "pooled z of shares, t of means" if scan.simple else f"linearised t ({d})"
    base = {"answered": "who answered", "asked": "who was asked", "all": "all rows"}[shown.base]
    said = [f"shares of the column, base: {base}"]
    if rule.against:
        said += ["tables tested by Pearson's chi-square" if scan.simple else "tables tested by Rao and Scott's F"]
        rates = " and ".join(f"{a:g}" for a in rule.levels)
        said += [f"columns tested two-sided at {rates}: {how}; {CORRECTIONS[rule.correction]}"]
    return "; ".join(said)


def _said(scan: Scan, rule: Rules, quiet: Sequence[str]) -> list[str]:
    """Return what is to be said of letters, weights, columns that share respondents and questions left out."""
    out = list(sample.weight_notes(scan.study))
    if "columns" in rule.against:
        said = f"a capital: below {rule.levels[-1]:g}, a small letter: below {rule.levels[0]:g}"
        said = said if len(rule.levels) > 1 else f"below {rule.levels[0]:g}"
        out.append(f"a cell has the letters of the columns it exceeds ({said})")
    if {"rest", "previous"} & set(rule.against):
        what = "the rest of its group" if "rest" in rule.against else "the column before it"
        out.append(f"▲ and ▼: above and below {what}")
    if several := [b.heading for b in scan.banners if not b.apart]:
        out.append(f"columns of {', '.join(several)} share respondents, and are tested as dependent")
    if scan.study.calibration:
        out.append(COUNT_AS_KNOWN)
    if quiet:
        out.append(f"no table for {', '.join(quiet)}: too many different values; band them with study.derive")
    return out
