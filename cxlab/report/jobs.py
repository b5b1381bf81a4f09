"""`Job`: one report to make; `read` and `expand` turn a plan or a few options into many of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from cxlab.data import small_cells
from cxlab.data.foreign import expected, foreign, kind, why
from cxlab.data.identity import PEOPLE
from cxlab.data.locations import READING, address
from cxlab.data.masking import without_secrets
from cxlab.languages.message_book import check
from cxlab.problem import DataProblem, unknown
from cxlab.report import notebook as books
from cxlab.stats.counts.names import key, keys

AT_LEAST = 30
"""Answers that a cell must have to get a report of its own, unless the plan says otherwise."""

LEAST = small_cells.SMALL
"""No plan may go below: cells with fewer answers are not published."""

OPTIONS = ("to", "workers", "timeout", "memory", "style", "template", "output", "lang")
ENTRY = ("notebook", "study", *READING, "by", "at_least", "parameters", "grid", "list")


@dataclass(frozen=True)
class Job:
    """One notebook on one study with the parameters given.

    ``more`` is added to the name of the report's folder where another file of the same name has it.
    """

    notebook: str
    study: str
    given: Mapping[str, Any] = field(default_factory=dict)
    more: str = ""

    def __str__(self) -> str:
        said = {k: v for k, v in self.given.items() if k != "only"} | (self.given.get("only") or {})
        return without_secrets(" ".join([self.notebook, self.study, *(f"{k}={v}" for k, v in said.items())]))


@dataclass(frozen=True)
class Plan:
    """The reports to make, the cells left out by rule ``(study, cell, answers, at_least)``, the plan's options, and
    the cells ``(study, cell)`` that are left out because the whole less the other reports would tell a small one."""

    jobs: tuple[Job, ...]
    left_out: tuple[tuple[str, str, int, int], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    withheld: tuple[tuple[str, str], ...] = ()
    people: tuple[str, ...] = ()
    """Columns that were asked for and look like names of people."""


def in_language(plan: Plan, language: str) -> Plan:
    """Return a plan whose reports are in a language; those whose parameters name their own keep it.

    Raises
    ------
    DataProblem : there is no such language, or a notebook of the plan speaks English only.
    """
    check(language)
    if language == "en":
        return plan
    for job in (j for j in plan.jobs if "language" not in books.takes(j.notebook)):
        there = ", ".join(name for name in books.named() if "language" in books.takes(name))
        raise DataProblem(f"the report '{job.notebook}' is in English only; in '{language}' there is: {there}")
    return replace(plan, jobs=tuple(replace(j, given={"language": language, **j.given}) for j in plan.jobs))


def read(path: Path) -> Plan:
    """Return the plan in a YAML file: ``reports``, a list of entries, and options as defaults of the command.

    An entry has ``notebook`` and ``study`` (each one or a list), ``parameters`` for all its reports, and may have
    ``codebook``, ``sheet``, ``encoding`` and ``dictionary`` (how its files are read),
    ``by`` (one column or a list: a report for every cell with ``at_least`` answers), ``grid`` (name to list of values:
    every combination) and ``list`` (one report for each set of parameters).

    Raises
    ------
    DataProblem : the file is not YAML, an unknown word, or an entry without notebook or study.
    """
    path = Path(path)
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DataProblem(f"there is no plan {path}; an example is reports/plans/monthly.yml") from None
    except IsADirectoryError:
        raise DataProblem(f"{path} is a folder; give one plan, as reports/plans/monthly.yml") from None
    except yaml.YAMLError as error:
        raise DataProblem(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise DataProblem(f"{path} is not YAML in UTF-8 ({why(error)}); an example is {EXAMPLE_PLAN}") from None
    if not isinstance(said, dict) or not isinstance(said.get("reports"), list) or not said["reports"]:
        raise DataProblem(f"{path} has no list 'reports:'; an example is reports/plans/monthly.yml")
    for name in said:
        if name not in ("reports", *OPTIONS):
            raise unknown("setting", str(name), str(path), ("reports", *OPTIONS))
    plans = []
    for k, part in enumerate(said["reports"], 1):
        with foreign(f"entry {k} of {path}", f"an example is {EXAMPLE_PLAN}"):
            plans.append(entry(part, f"entry {k} of {path}"))
    return Plan(
        tuple(job for plan in plans for job in plan.jobs),
        tuple(cell for plan in plans for cell in plan.left_out),
        {k: v for k, v in said.items() if k != "reports"},
        tuple(cell for plan in plans for cell in plan.withheld),
        tuple(dict.fromkeys(name for plan in plans for name in plan.people)),
    )


def entry(said: Any, where: str) -> Plan:
    """Return the plan of one entry of a plan file."""
    if not isinstance(said, dict):
        raise DataProblem(f"{where} is {said!r}; it must have lines like notebook: scorecard and study: brand-tracker")
    for name in said:
        if name not in ENTRY:
            raise unknown("word", str(name), where, ENTRY)
    for name in ("notebook", "study"):
        if not said.get(name):
            raise DataProblem(f"{where} has no '{name}'; write e.g. {name}: {EXAMPLE[name]}")
    grid, sets = said.get("grid") or {}, said.get("list") or [{}]
    for name, values in grid.items() if isinstance(grid, dict) else [("grid", grid)]:
        if not isinstance(values, list):
            raise DataProblem(f"{where}: grid {name} is {values!r}; write a list of values, e.g. {name}: [0.9, 0.95]")
    expected(said.get("parameters") or {}, dict, f"'parameters' in {where}", "lines like level: 0.9")
    expected(grid, dict, f"'grid' in {where}", "lines like level: [0.9, 0.95]")
    if not isinstance(sets, list) or not all(isinstance(s, dict) for s in sets):
        raise DataProblem(f"{where}: 'list' must be a list of parameter sets, e.g. - {{level: 0.9}}")
    reading = {k: str(said[k]) for k in READING if said.get(k)}
    combined = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    return expand(
        many(said["notebook"]),
        [address(name, **reading) for name in many(said["study"])],
        [{**(said.get("parameters") or {}), **one, **other} for one in combined for other in sets],
        by=many(said.get("by") or []),
        at_least=said.get("at_least", AT_LEAST),
    )


EXAMPLE_PLAN = "reports/plans/monthly.yml"
EXAMPLE = {"notebook": "scorecard", "study": "brand-tracker"}


def many(said: Any) -> list[str]:
    """Return one or several names as a list of text."""
    parts = said if isinstance(said, list) else [said]
    for part in parts:
        if isinstance(part, (dict, list)) or part is None:
            raise DataProblem(f"{kind(part)} stands where a name must stand: one, or a list of several")
    return [str(part) for part in parts]


def expand(
    notebooks: Iterable[str],
    studies: Iterable[str],
    sets: Sequence[Mapping[str, Any]] = ({},),
    *,
    by: Sequence[str] = (),
    at_least: int = AT_LEAST,
) -> Plan:
    """Return a job for every notebook, study, set of parameters and cell of the columns ``by``."""
    if not isinstance(at_least, int) or at_least < LEAST:
        raise DataProblem(
            f"at_least is {at_least!r}; it must be a whole number, {LEAST} or more: small cells are not published"
        )
    jobs, left, told, found = [], [], [], {}
    for study in studies:
        counted = cells(study, by) if by else [({}, at_least)]
        held = telling(counted, by)
        found[study] = [cell for cell, n in counted if n >= at_least and None not in cell.values() and cell not in held]
        named = without_secrets(study)
        told += [(named, words(cell)) for cell in held]
        left += [(named, words(c), n, at_least) for c, n in counted if c not in found[study] and c not in held]
        if not found[study]:
            raise DataProblem(none_left(named, by, counted, at_least))
    for notebook, study, given in itertools.product(notebooks, found, sets):
        asked = books.mapping(given.get("only") or {})[1]
        if asked:
            known(study, asked)
        for cell in found[study]:
            only = {**(asked or {}), **cell}
            jobs.append(Job(notebook, study, {**given, "only": only} if only else dict(given)))
    people = dict.fromkeys(name for study in found for name in like_people(study, by))
    return Plan(tuple(jobs), tuple(left), withheld=tuple(told), people=tuple(people))


def like_people(study: str, by: Sequence[str]) -> list[str]:
    """Return which of the columns ``by`` may hold names of people: those the study is not sure of."""
    import cxlab as cx

    doubts = cx.load(study).doubts if by else ()
    return [name for name in by if any(d.column == name and PEOPLE in d.answers for d in doubts)]


def telling(counted: Sequence[tuple[Mapping[str, str | None], int]], by: Sequence[str]) -> list[Mapping]:
    """Return the cells of enough answers that get no report of their own: the whole less the others would give a cell
    of fewer than `LEAST` answers back (`cxlab.data.small_cells.parts`)."""
    if not by or not counted:
        return []
    own = keys(by)
    table = pd.DataFrame([{key(name): level for name, level in cell.items()} | {"n": n} for cell, n in counted])
    gone = small_cells.parts(table, LEAST, own, own)
    return [c for (c, n), hide in zip(counted, gone, strict=True) if hide and n >= LEAST and None not in c.values()]


def none_left(study: str, by: Sequence[str], counted: Sequence[tuple[Mapping, int]], at_least: int) -> str:
    """Return why no cell gets a report."""
    most, of = max((n for _, n in counted), default=0), ", ".join(by)
    if most < at_least:
        return f"no cell of {of} in {study} has {at_least} answers; the largest has {most}"
    return (
        f"no cell of {of} in {study} can have a report of its own: the whole less the others would tell cells of fewer "
        f"than {LEAST} answers; merge small levels first, as with study.derive"
    )


def known(study: str, only: Mapping[str, str]) -> None:
    """Raise `DataProblem` unless each level of ``only`` is in its column."""
    for column, level in only.items():
        there = [cell[column] for cell, _ in cells(study, [column]) if cell[column] is not None]
        if level not in there:
            raise unknown(f"level of '{column}'", level, study, there)


def words(cell: Mapping[str, str | None]) -> str:
    """Return a cell in words."""
    return ", ".join(f"{k} = {'not stated' if v is None else v}" for k, v in cell.items())


def cells(study: str, by: Sequence[str]) -> list[tuple[dict[str, str | None], int]]:
    """Return every combination of answers to the columns ``by`` with its number of answers, counted where they lie.

    An answer is a row that answers a question with role 'outcome'; in a study without one, every row.
    """
    import narwhals as nw

    import cxlab as cx
    from cxlab.data.waves import levels
    from cxlab.stats.counts.names import free

    data = cx.load(study)
    for name in by:
        data.field(name)
        if name not in data.columns:
            raise DataProblem(
                f"'{name}' of {data.name} is asked in several columns; name a column with one answer a row"
            )
    asked = [name for name in data.codebook.role("outcome") if name in data.columns]
    frame = data.frame
    if asked:
        frame = frame.filter(nw.any_horizontal(*(~nw.col(name).is_null() for name in asked), ignore_nulls=False))
    size = free("n", by)
    counts = list(frame.group_by(*by).agg(nw.len().alias(size)).sort(*by).collect().iter_rows(named=True))
    for name in reversed(by):
        place = {v: k for k, v in enumerate(levels(data, name, [row[name] for row in counts]))}
        counts.sort(key=lambda row, name=name, place=place: place.get(row[name], -1))
    return [({k: text(row[k]) for k in by}, int(row[size])) for row in counts]


def text(value: Any) -> str | None:
    """Return a level as text that `Study.where` reads back; None if it is missing."""
    if value is None or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
