"""What each column *is*: role, measure, scale, missing codes. Stored as a Frictionless ``datapackage.json``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from cxlab.data.doubt import Doubt, doubt
from cxlab.data.foreign import expected, foreign, parsed, texts
from cxlab.problem import DataProblem, one_of, unknown

ROLES = (
    "outcome", "touchpoint", "segment", "brand", "wave", "date", "weight", "cluster", "strata",
    "text", "id", "operation", "benchmark", "importance",
    "case", "event", "time", "channel", "owner",
)  # fmt: skip
"""What a column is for. A study has at most one weight, cluster, strata and wave; an event log one case, event and
time."""

MEASURES = (
    "recommendation", "satisfaction", "effort-v1", "effort-v2", "quality", "value", "expectation",
    "image", "loyalty", "repurchase", "complaint", "churn", "spend", "wait",
    "kano-functional", "kano-dysfunctional", "",
)  # fmt: skip
"""What a question measures; it decides which metric applies (`recommendation` → NPS, `satisfaction` → CSAT, ...)."""

DESIGNS = (
    "experiment", "quasi-experiment", "panel", "repeated cross-section", "cross-section", "backtest", "logs", "",
)  # fmt: skip
"""How a study came about; it decides what a claim may say. Anything else that is to be said of it is a note."""

ADVICE = "write it with `cxlab codebook infer`"
TYPES = ("integer", "number", "string", "boolean", "date", "datetime")


@dataclass(frozen=True)
class Scale:
    """The answers a question allows: from ``minimum`` to ``maximum`` in steps of ``step``.

    ``best`` is 'high' or 'low' (reverse scales, 1 = best). ``labels`` maps codes to their wording. ``step`` is 1 but
    for scales such as 0, 20, ..., 100 (20) or half stars (0.5).
    """

    minimum: float
    maximum: float
    best: str = "high"
    labels: Mapping[str, str] = field(default_factory=dict)
    step: float = 1

    def __post_init__(self) -> None:
        one_of("scale direction 'best'", self.best, ("high", "low"))
        if not self.minimum < self.maximum:
            raise DataProblem(
                f"scale runs from {self.minimum} to {self.maximum}; the minimum must be below the maximum"
            )
        steps = (self.maximum - self.minimum) / self.step if self.step > 0 else 0.5
        if abs(steps - round(steps)) > 1e-9:
            raise DataProblem(
                f"scale runs from {self.minimum:g} to {self.maximum:g} in steps of {self.step:g}; the step must be "
                "above 0 and lead from the minimum to the maximum"
            )

    @property
    def points(self) -> int:
        """Number of answer categories, e.g. 11 for 0 to 10, 6 for 0 to 100 in steps of 20."""
        return round((self.maximum - self.minimum) / self.step) + 1

    def allows(self, value: float) -> bool:
        """Whether ``value`` is one of the answers.

        >>> Scale(0, 100, step=20).allows(60), Scale(1, 5).allows(4.5)
        (True, False)
        """
        steps = (value - self.minimum) / self.step
        return self.minimum <= value <= self.maximum and abs(steps - round(steps)) < 1e-9

    def top(self, k: int) -> tuple[float, float]:
        """Return the least and the greatest of the best ``k`` answers.

        >>> Scale(0, 100, step=20).top(2), Scale(1, 5, best="low").top(2)
        ((80, 100), (1, 2))
        """
        reach = (k - 1) * self.step
        return (self.maximum - reach, self.maximum) if self.best == "high" else (self.minimum, self.minimum + reach)

    def __str__(self) -> str:
        steps = "" if self.step == 1 else f" in steps of {self.step:g}"
        end = "highest" if self.best == "high" else "lowest"
        return f"{self.minimum:g} to {self.maximum:g}{steps} ({end} = best)"


@dataclass(frozen=True)
class Field:
    """One question or variable of a study.

    ``missing`` maps codes to why the answer is missing, e.g. ``{"6": "never used", "0": "blank"}``; those answers
    become null in `Study.frame`. ``columns`` lists the several columns of one multiple-response question; where its
    options stand in one cell, ``separator`` is what joins them ('' is a comma or semicolon); ``unticked='none'`` says
    that a row without any tick chose none of them ('' that it gave no answer). ``about`` names the touchpoint that a
    question of importance or a Kano question is about, ``focal`` the brand that a study of brands is made for.
    ``format`` says how the file writes the column where that is
    open: a date as ``%d/%m/%Y``, a number as ``decimal-comma`` or ``decimal-point``. ``leave_out`` maps values to why
    the rows with them are nobody's answers, e.g. ``{"1": "Survey Preview"}`` ('empty': rows without a value): they are
    left out when a table is loaded, and counted.
    """

    name: str
    title: str = ""
    type: str = "number"
    role: str = ""
    measure: str = ""
    scale: Scale | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    stage: str = ""
    owner: str = ""
    unit: str = ""
    columns: tuple[str, ...] = ()
    separator: str = ""
    unticked: str = ""
    about: str = ""
    focal: str = ""
    note: str = ""
    format: str = ""
    leave_out: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one_of(f"role of '{self.name}'", self.role, (*ROLES, ""))
        one_of(f"measure of '{self.name}'", self.measure, MEASURES)
        one_of(f"type of '{self.name}'", self.type, TYPES)
        one_of(f"unticked of '{self.name}'", self.unticked, ("", "none"))

    @property
    def label(self) -> str:
        """What people read: the title, else the column's name."""
        return self.title or self.name


@dataclass(frozen=True)
class Codebook:
    """The fields of one study and what is known about the study as a whole."""

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    simulated: bool = False
    licence: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    design: str = ""
    """One of `DESIGNS`."""
    assignment: tuple[str, ...] = ()
    """The columns that an experiment (or quasi-experiment) assigned."""
    unit: str = ""
    """The column that says who: the person, account or shop that a panel sees again."""
    dates: str = ""
    """The column that says when: the date of the answer, or on which a score was published."""
    doubts: tuple[Doubt, ...] = ()
    """What was guessed when it was drafted and nobody has settled, the heaviest first."""
    settled: tuple[str, ...] = ()
    """Columns ('' for the file) whose doubts somebody settled: they are not asked again."""
    recipe: str = ""
    """The recipe by which these columns are made of an export (`cxlab recipes`)."""

    def __post_init__(self) -> None:
        one_of(f"design of '{self.name}'", self.design, DESIGNS)
        names = [f.name for f in self.fields]
        double = sorted({n for n in names if names.count(n) > 1})
        if double:
            raise DataProblem(f"codebook of {self.name} declares {', '.join(double)} more than once; each name once")

    def __getitem__(self, name: str) -> Field:
        for f in self.fields:
            if f.name == name:
                return f
        raise unknown("column", name, self.name, self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in order."""
        return tuple(f.name for f in self.fields)

    def role(self, role: str, *, measure: str = "") -> tuple[str, ...]:
        """Return the names of the fields with this role (and measure, if given), in order.

        Parameters
        ----------
        role : role of the columns, e.g. 'outcome', 'touchpoint', 'wave'.
        measure : measure of an outcome, e.g. 'recommendation'.

        Raises
        ------
        DataProblem : there is no such role, or no such measure.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").codebook.role("wave")
        ('wave',)
        """
        one_of("role", role, ROLES)
        return tuple(f.name for f in self.fields if f.role == role and measure in ("", f.measure))

    def measure(self, measure: str) -> tuple[str, ...]:
        """Return the names of the outcome fields with this measure, in order.

        Parameters
        ----------
        measure : measure of an outcome, e.g. 'recommendation'.

        Raises
        ------
        DataProblem : there is no such measure.

        >>> import cxlab as cx
        >>> cx.load("brand-tracker").codebook.measure("recommendation")
        ('recommendation',)
        """
        one_of("measure", measure, MEASURES)
        return tuple(f.name for f in self.fields if f.measure == measure and f.role == "outcome")

    def label(self, *names: str) -> str:
        """Return what people read for the columns of a grouping; words that are no column ('stage', 'owner') stay.

        Parameters
        ----------
        names : columns, or words that stay.

        >>> Codebook("s", (Field("bought_shop", "Shopped at the airport"),)).label("bought_shop", "stage")
        'Shopped at the airport and stage'
        """
        words = {"item": "question"}
        return " and ".join(self[name].label if name in self else words.get(name, name) for name in names)

    def table(self) -> Any:
        """Return one row a field, as text to read: ``column, title, role, measure, scale, missing, stage``.

        Examples
        --------
        >>> import cxlab as cx
        >>> cx.load("brand-tracker").codebook.table().columns.tolist()[:3]
        ['column', 'title', 'role']
        """
        import pandas as pd

        return pd.DataFrame(
            {"column": f.name, "title": f.title, "role": f.role, "measure": f.measure, "scale": str(f.scale or ""),
             "missing": ", ".join(f"{c} {why}" for c, why in f.missing.items()), "stage": f.stage}
            for f in self.fields
        )  # fmt: skip

    def _repr_html_(self) -> str:
        from cxlab.result import Result

        return Result("codebook", f"Codebook of {self.title or self.name}", self.table())._repr_html_()

    def replace(self, name: str, **changes: Any) -> Codebook:
        """Return a codebook in which field ``name`` has ``changes``.

        Raises
        ------
        DataProblem : there is no such column, no such setting, or the setting is not allowed.

        >>> book = Codebook("s", (Field("q1", "Staff"),))
        >>> book.replace("q1", title="Our staff").label("q1")
        'Our staff'
        """
        old = self[name]
        allowed = [f.name for f in fields(Field)]
        for setting in (c for c in changes if c not in allowed):
            raise unknown("setting", setting, f"a field of {self.name}", allowed)
        return replace(self, fields=tuple(replace(f, **changes) if f is old else f for f in self.fields))


def read(descriptor: Mapping[str, Any] | str | Path) -> Codebook:
    """Return the codebook of a ``datapackage.json`` (a path, or its parsed content).

    Only the first resource's schema is read; the package's ``name, title, simulated, design, assignment, unit, dates,
    notes`` are kept.

    Raises
    ------
    DataProblem : the file is no JSON, or has no resource with fields.
    """
    where = "the codebook"
    if not isinstance(descriptor, Mapping):
        where, descriptor = str(descriptor), parsed(Path(descriptor), ADVICE)
    try:
        schema = descriptor["resources"][0]["schema"]["fields"]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataProblem(f"{where} has no resources[0].schema.fields; {ADVICE}") from error
    expected(schema, list, f"resources[0].schema.fields of {where}", "a list of fields")
    with foreign(where, ADVICE):
        return Codebook(
            name=str(descriptor.get("name", "study")),
            fields=tuple(_field(f, f"field {k} of {where}") for k, f in enumerate(schema, 1)),
            title=str(descriptor.get("title", "")),
            simulated=bool(descriptor.get("simulated", False)),
            licence=", ".join(_named(descriptor, "licenses", ("title", "name"), where)),
            source=", ".join(_named(descriptor, "sources", ("path", "title"), where)),
            notes=tuple(map(str, expected(descriptor.get("notes", []), (list, tuple), f"notes of {where}", "a list"))),
            design=str(descriptor.get("design", "")),
            **_design_columns(descriptor, [f["name"] for f in schema]),
            doubts=tuple(doubt(d) for d in descriptor.get("doubts", ())),
            settled=tuple(map(str, descriptor.get("settled", ()))),
            recipe=str(descriptor.get("recipe", "")),
        )


def _named(descriptor: Mapping[str, Any], what: str, keys: tuple[str, str], where: str) -> list[str]:
    """Return the names of licences or sources."""
    words = f'a list like [{{"{keys[0]}": "..."}}]'
    found = expected(descriptor.get(what) or [], list, f"{what} of {where}", words)
    each = (expected(x, dict, f"{what} of {where}", words) for x in found)
    return [str(x.get(keys[0], x.get(keys[1], ""))) for x in each]


def _design_columns(descriptor: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the columns a design needs, refusing names that the schema does not have."""
    assigned = descriptor.get("assignment", ())
    found = {"assignment": (assigned,) if isinstance(assigned, str) else tuple(assigned)}
    found |= {k: descriptor.get(k, "") for k in ("unit", "dates")}
    for column in (*found["assignment"], found["unit"], found["dates"]):
        if column and column not in names:
            raise unknown("column", column, f"the codebook of {descriptor.get('name', 'study')}", names)
    return found


def _field(raw: Mapping[str, Any], where: str) -> Field:
    """Return one field, its parts of the types they must be."""
    expected(raw, Mapping, where, 'an object like {"name": "q1", "type": "integer"}')
    if not isinstance(raw.get("name"), str):
        raise DataProblem(f"{where} has no name that is text; give the name of its column")
    where = f"{where} ('{raw['name']}')"
    known = {f.name for f in fields(Field)}
    values = {k: v for k, v in raw.items() if k in known}
    for name in ("title", "type", "role", "measure", "question", "stage", "owner", "unit", "about", "focal", "note"):
        if name in values:
            expected(values[name], str, f"'{name}' of {where}", "text")
    for name in ("missing", "labels", "leave_out"):
        if name in values:
            values[name] = texts(values[name], f"'{name}' of {where}")
    values["columns"] = tuple(
        str(c) for c in expected(raw.get("columns", ()), (list, tuple), f"'columns' of {where}", "a list of columns")
    )
    with foreign(where, ADVICE):
        if raw.get("scale"):
            values["scale"] = _scale(raw["scale"], f"'scale' of {where}")
        return Field(**values)


def _scale(raw: Any, where: str) -> Scale:
    said = dict(expected(raw, Mapping, where, 'an object like {"minimum": 1, "maximum": 5}'))
    for name in ("minimum", "maximum", "step"):
        if name in said or name != "step":
            expected(said.get(name), (int, float), f"'{name}' in {where}", "a number")
    if "labels" in said:
        said["labels"] = texts(said["labels"], f"'labels' in {where}")
    return Scale(**said)


def write(codebook: Codebook, data_path: str = "") -> dict[str, Any]:
    """Return ``codebook`` as the content of a ``datapackage.json``; `read` gives the same codebook back."""
    package: dict[str, Any] = {"name": codebook.name, "title": codebook.title}
    package |= {k: v for k in ("simulated", "design", "unit", "dates", "recipe") if (v := getattr(codebook, k))}
    package |= {"assignment": list(codebook.assignment)} if codebook.assignment else {}
    if codebook.licence:
        package["licenses"] = [{"title": codebook.licence}]
    if codebook.source:
        package["sources"] = [{"path": codebook.source}]
    if codebook.notes:
        package["notes"] = list(codebook.notes)
    if codebook.doubts:
        package["doubts"] = [d.to_dict() for d in codebook.doubts]
    if codebook.settled:
        package["settled"] = list(codebook.settled)
    schema = [{k: v for k, v in asdict(f).items() if v not in ("", None, (), {})} for f in codebook.fields]
    for known in (f["scale"] for f in schema if f.get("scale", {}).get("step") == 1):
        del known["step"]
    package["resources"] = [{"name": codebook.name, "path": data_path, "schema": {"fields": schema}}]
    return package


def code(value: str, type_: str) -> Any:
    """Return a code as it stands in the data: JSON keys are text, answers are often numbers."""
    if type_ in ("integer", "number"):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() and not math.isinf(number) else number
    return value
