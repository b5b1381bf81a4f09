"""`Study`: a table, its codebook and its design. Immutable and lazy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import pandas as pd
from narwhals.exceptions import ColumnNotFoundError

from cxlab.data.answer_codes import answer, key, option
from cxlab.data.codebook import Codebook, Field
from cxlab.data.doubt import Doubt
from cxlab.data.drawing import Calibration, Design
from cxlab.data.plain_types import plain
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.drawn import clusters_drawn

CELLS = 4_000_000  # a table of so many cells or fewer may be held in memory: about 40 MB


@dataclass(frozen=True, repr=False)
class Study:
    """Survey or operational data with what each column means.

    Parameters
    ----------
    table : anything Narwhals reads (pandas, polars, DuckDB, PySpark, Ibis), as it came, in plain types.
    codebook : what each column is.
    dropped : how many rows were left out, and why: ``((reason, rows), ...)``; every later result counts them.
    filters : conditions applied so far, in words.
    doubts : what was decided about the file without being sure, the heaviest first.
    whole : the sample that the rows are a part of, where `where` or `filter` took a part of one with clusters, strata
        or weights made in this session: a domain, whose errors keep the clusters that were drawn (`drawn`).
    calibration : how `cxlab.rake` or `cxlab.designs.poststratify` made the weights: estimates, as errors of metrics
        know. Weights that came with the file count as known.
    source : the file it came from and how it was read (`cxlab.data.locations.address`), where it came from one.
    remarks : what else every result must say, in words.
    before, chosen : the study of which `where` took a part, and the columns with their level, of several with the
        condition: what is hidden in all parts is hidden in each (`cxlab.data.small_cells.withheld`).

    `frame` is the table with missing codes as null; `design` follows from the roles of the codebook.
    """

    table: Any
    codebook: Codebook
    dropped: tuple[tuple[str, int], ...] = ()
    filters: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    whole: Study | None = field(default=None, compare=False)
    calibration: Calibration | None = None
    source: str = field(default="", compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    before: Study | None = field(default=None, compare=False)
    chosen: tuple[tuple[str, Any], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", plain(self.table, self.codebook))

    @property
    def name(self) -> str:
        return self.codebook.name

    @property
    def lazy(self) -> nw.LazyFrame:
        """The raw table as a Narwhals lazy frame."""
        return nw.from_native(self.table).lazy()

    @cached_property
    def columns(self) -> list[str]:
        """The columns that are really in the table."""
        return nw.from_native(self.table).collect_schema().names()

    @property
    def frame(self) -> nw.LazyFrame:
        """The table with every missing code of the codebook turned into null, lazily."""
        there = set(self.columns)
        changes = [answer(f) for f in self.codebook if f.name in there and f.missing]
        return self.lazy.with_columns(*changes) if changes else self.lazy

    def answers(self, columns: Iterable[str]) -> nw.LazyFrame:
        """Return `frame` with only these columns: engines plan few columns faster than many.

        ``columns``: names of columns.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").answers(["brand"]).columns
        ['brand']
        """
        wanted = dict.fromkeys(columns)
        return self.lazy.select(*(answer(self.codebook[c]) if c in self.codebook else nw.col(c) for c in wanted))

    def cache(self, cells: int = CELLS) -> Study:
        """Return the study with its rows in memory, read once, if rows x columns are at most ``cells``; else itself.

        Worth it after `where`, when many numbers are made of few rows. Tables that are no DuckDB relation stay.

        >>> import cxlab as cx
        >>> len(cx.load("brand-tracker").where(brand="Alba").cache())
        1000
        """
        if not nw.from_native(self.table).implementation.is_duckdb():
            return self
        most = cells // max(1, len(self.columns))
        rows = self.lazy.head(most + 1).collect("pyarrow")
        return replace(self, table=rows.to_native()) if len(rows) <= most else self

    @property
    def design(self) -> Design:
        """Weight, cluster, strata and wave as the codebook declares them; the events of a case are a cluster."""
        first = lambda role: next(iter(self.codebook.role(role)), "")  # noqa: E731
        return Design(first("weight"), first("cluster") or first("case"), first("strata"), first("wave"))

    @cached_property
    def drawn(self) -> pd.DataFrame | None:
        """The clusters of each stratum of the whole sample, as `cxlab.stats.counts.drawn.clusters_drawn`: one scan of
        the design's columns, made once for all parts of a sample; None without clusters and strata."""
        d = self.design
        if not (d.cluster or d.strata):
            return None
        whole = self.whole or self
        if not {c for c in (d.cluster, d.strata) if c} <= set(whole.columns):  # a design made after the filter
            whole = self
        weight = d.weight if d.weight in whole.columns else ""
        asked = {"weight": weight, "cluster": d.cluster, "strata": d.strata}
        seen = whole.__dict__.setdefault("_drawn", {})
        key = tuple(asked.values())
        if key not in seen:
            columns = [answer(self.codebook[c]) if c in self.codebook else nw.col(c) for c in dict.fromkeys(key) if c]
            seen[key] = clusters_drawn(whole.lazy.select(*columns), **asked)
        return seen[key]

    def part(self, rows: nw.LazyFrame, filters: tuple[str, ...]) -> Study:
        """Return the study with only these of its rows: a domain, where it has clusters or strata.

        Parameters
        ----------
        rows : the rows to keep, a lazy frame of this study.
        filters : what the filters so far are, in words.

        >>> import cxlab as cx
        >>> study = cx.load("brand-tracker")
        >>> len(study.part(study.lazy.head(10), ("the first rows",)))
        10
        """
        whole = (self.whole or self) if self.design.cluster or self.design.strata or self.calibration else None
        return replace(self, table=rows.to_native(), filters=filters, whole=whole)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What every result of this study must say: simulated data, conditions, rows left out."""
        said = ["SIMULATED data, not real customers"] if self.codebook.simulated else []
        said += [f"only answers with {' and '.join(self.filters)}"] if self.filters else []
        return (*said, *(f"{rows:,} rows left out: {why}" for why, rows in self.dropped), *self.remarks)

    def field(self, name: str) -> Field:
        """Return the codebook's field ``name``, or that of one option of a multiple-response question.

        An unknown name is an error that suggests the nearest.

        Raises
        ------
        DataProblem : the codebook has no such column; the nearest name is said.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").field("mode").title
        'Interview mode'
        """
        if name in self.codebook:
            return self.codebook[name]
        whole = next((f for f in self.codebook if name in f.columns), None)
        if whole is None:
            raise unknown("column", name, self.name, self.codebook.names)
        return option(whole, name)

    def need(self, role: str, what: str, *, measure: str = "") -> tuple[str, ...]:
        """Return the columns with ``role`` (and ``measure``), or say that ``what`` cannot be done without them.

        Raises
        ------
        DataProblem : no column has that role (and measure); what can be declared is said.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").need("wave", "a trend")
        ('wave',)
        """
        found = self.codebook.role(role, measure=measure)
        if not found:
            wanted = f"a column with role '{role}'" + (f" and measure '{measure}'" if measure else "")
            raise DataProblem(f"{what} needs {wanted}; {self.name} declares none. {self.advice(role, measure)}")
        return found

    def advice(self, role: str, measure: str = "") -> str:
        """Return what to do where no column has a role: the candidates among the doubts, each with its command.

        ``role``: role of the columns, e.g. 'outcome', 'touchpoint', 'wave'; ``measure``: what they must measure.

        >>> import cxlab as cx
        >>> cx.load("abc").advice("wave")
        'Declare it in its datapackage.json'
        """
        from cxlab.data.doubt import candidates
        from cxlab.data.locations import seen

        return candidates(self.doubts, role, seen(self.source) if self.source else "", measure=measure)

    def where(self, /, **wanted: Any) -> Study:
        """Return the study with only the rows where each column is what is wanted.

        A level (a value, a code or its label), a list of levels, or a range ``(from, to)`` with both ends, None for no
        end. A title or a wording names a column as well; of a multiple-response question the options are levels. A
        level that no row has is an error that lists those there are.
        In a sample with clusters or strata that is a domain: its errors have the clusters of the whole sample, those
        without a row of it as zero (R's ``subset`` of a survey design).

        ``wanted``: column=level, column=[levels] or column=(from, to).

        Raises
        ------
        DataProblem : a column is not there, or nobody gave that answer and the codebook does not know it.

        >>> from cxlab.data.catalogue import open_study
        >>> open_study("brand-tracker").where(brand=["Alba", "Brio"], wave=(7, 8)).filters
        ('Brand = Alba or Brio', 'Wave = 7 to 8')
        """
        from cxlab.data.conditions import conditions, one_level
        from cxlab.data.naming import named

        found = conditions(self, wanted)
        frame, before, chosen = self.lazy, self.before or self, self.chosen
        for (rows, _), (column, value) in zip(found, wanted.items(), strict=True):
            frame = frame.filter(rows)
            column = named(self, column)
            if (one := one_level(self, column, value)) or not self.field(column).columns:
                chosen += (one or (column, rows),)
            else:
                before = replace(before, table=before.lazy.filter(rows).to_native())
        filters = (*self.filters, *(said for _, said in found))
        return replace(self.part(frame, filters), before=before if chosen else None, chosen=chosen)

    def set(self, column: str, **settings: Any) -> Study:
        """Return the study with ``column`` declared otherwise: role, measure, scale, labels, missing, title, ...

        The settings are those of ``cxlab codebook set``: ``study.set("Q7", role="text")``,
        ``study.set("overall", role="outcome", scale="1-5", labels={1: "poor", 5: "excellent"}, missing=[9, 99])``.

        ``settings``: what the codebook is to say of it.

        Raises
        ------
        DataProblem : the column or the setting is not there, the setting is not allowed, or it is ``format``,
            which is for reading.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").set("mode", title="How asked").field("mode").title
        'How asked'
        """
        from cxlab.data.naming import named
        from cxlab.data.respondents import still
        from cxlab.data.settings import with_settings

        if "format" in settings:
            raise DataProblem(
                f"format says how the file of {self.name} is read, and it is read already. Load it anew: "
                f"cx.load(..., codebook=study.codebook.replace({named(self, column)!r}, format={settings['format']!r}))"
            )
        made, name = with_settings(self, column, settings)[0], named(self, column)
        return still(made, name, self) if "leave_out" in settings else made

    def derive(self, name: str, by: Any, *, of: str | Sequence[str] = "", rest: str = "", **settings: Any) -> Study:
        """Return the study with a new column: bands, NETs, conditions, sums, means (all: `cxlab.data.derived.derive`).

        Parameters
        ----------
        name : the new column.
        by : bands, conditions, or how columns are put together.
        of : the column(s) it is made from.
        rest : label of the rows that no band holds.
        settings : what the codebook says of it: role, measure, title, ...

        Raises
        ------
        DataProblem : the name is taken, ``by`` is nothing a column can be made of, or a column it needs is
            not there.

        >>> from cxlab.data.catalogue import open_study
        >>> study = open_study("brand-tracker").derive("half", {"first": (None, 4), "last": (5, 8)}, of="wave")
        >>> study.field("half").labels
        {'1': 'first', '2': 'last'}
        """
        from cxlab.data.derived import derive

        done = derive(self, name, by, of=of, rest=rest, settings=settings)
        before = self.before and self.before.derive(name, by, of=of, rest=rest, **settings)
        return replace(done, before=before)

    def in_waves(self, every: str = "") -> Study:
        """Return the study with the quarters, months or years of its dates as waves (`cxlab.data.periods`).

        ``every``: 'year', 'quarter', 'month'; '' leaves a study with waves, or without dates, as it is, and chooses.

        Raises
        ------
        DataProblem : ``every`` is none of these; it is named and there are no dates, or they are too far apart.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").in_waves().design.wave
        'wave'
        """
        from cxlab.data.periods import in_waves

        return in_waves(self, every)

    def to_pandas(self, *, labels: bool = False) -> Any:
        """Return the answers as a pandas table, missing codes as null; ``labels`` puts the wording for each code.

        >>> import cxlab as cx
        >>> len(cx.load("brand-tracker").to_pandas())
        6000
        """
        table = self.frame.collect().to_pandas()
        for f in self.codebook if labels else ():
            words = {**(f.scale.labels if f.scale else {}), **f.labels}
            if f.name in table and words and not f.columns:
                table[f.name] = table[f.name].map(lambda v, words=words: words.get(key(v), v), na_action="ignore")
        return table

    def head(self, n: int = 5) -> Any:
        """Return the first ``n`` rows as a pandas table.

        Raises
        ------
        DataProblem : ``n`` is no whole number from 1.

        >>> import cxlab as cx
        >>> len(cx.load("brand-tracker").head(3))
        3
        """
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise DataProblem(f"n is {n!r}; allowed: whole numbers from 1")
        return self.frame.head(n).collect().to_pandas()

    def filter(self, condition: nw.Expr, said: str) -> Study:
        """Return the study with only the rows where ``condition`` holds; ``said`` is printed in every report.

        As for `where`, that is a domain of a sample with clusters or strata.

        Raises
        ------
        DataProblem : ``condition`` is no Narwhals expression, or names a column that is not there.

        >>> import cxlab as cx
        >>> import narwhals as nw
        >>> cx.load("brand-tracker").filter(nw.col("wave") > 6, "the last two waves").filters
        ('the last two waves',)
        """
        if not isinstance(condition, nw.Expr):
            raise DataProblem(
                f"condition is {condition!r}; give a Narwhals expression, as nw.col('wave') > 6, or use where"
            )
        try:
            self.lazy.filter(condition).collect_schema()
        except ColumnNotFoundError as error:
            raise DataProblem(f"the condition names a column that is not in {self.name}; there are: "
                              f"{', '.join(self.columns)}") from error  # fmt: skip
        before = self.before and replace(self.before, table=self.before.lazy.filter(condition).to_native())
        return replace(self.part(self.lazy.filter(condition), (*self.filters, said)), before=before)

    def select(self, *names: str) -> Study:
        """Return the study with only these columns (and those of its design).

        ``names``: names of columns.

        Raises
        ------
        DataProblem : a column is not there.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").select("brand").columns
        ['respondent', 'wave', 'brand', 'weight']
        """
        keep = [n for n in self.codebook.names if n in names or n in vars(self.design).values()]
        for n in names:
            self.field(n)
        book = replace(self.codebook, fields=tuple(self.codebook[n] for n in keep))
        columns = [c for f in book for c in (f.columns or (f.name,))]
        return replace(self, table=self.lazy.select(*columns).to_native(), codebook=book)

    def __len__(self) -> int:
        return int(nw.to_native(self.lazy.select(nw.len().alias("n")).collect())["n"][0])

    def __repr__(self) -> str:
        mark = "SIMULATED " if self.codebook.simulated else ""
        lost = "".join(f"; {n:,} rows left out: {why}" for why, n in self.dropped)
        kept = f"; only {', '.join(self.filters)}" if self.filters else ""
        rows = f"{len(self):,} rows, {len(self.codebook.fields)} fields"
        return f"<{mark}Study {self.name}: {rows}; {self.design}{kept}{lost}>"
