"""`condition`: the rows that a level, a list of levels or a range of a column means, and how they are called."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from cxlab.data.answer_codes import among, key
from cxlab.data.codebook import Field, code
from cxlab.data.naming import named
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown

LISTED = 400
"""So many levels of a column are looked at to say which there are."""

YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def condition(study: Study, column: str, wanted: Any) -> tuple[nw.Expr, str]:
    """Return the condition that ``column`` is what is ``wanted``, and the condition in words.

    Parameters
    ----------
    study : the study.
    column : a name, a title or a wording of the codebook; of a multiple-response question the options are levels.
    wanted : a level, a list of levels (any of them), or a range ``(from, to)``, both ends included, None for no end.
        A level is a value, a code or its label; None is 'not stated'.

    Raises
    ------
    DataProblem : no such column, a level that no row has, a range of a column of words.
    """
    field = study.field(named(study, column))
    if isinstance(wanted, tuple):
        return _range(study, field, wanted)
    levels = list(wanted) if isinstance(wanted, (list, set, frozenset)) else [wanted]
    if not levels:
        raise DataProblem(f"no level of '{field.name}' is given; name at least one")
    if field.columns:
        return _ticked(study, field, levels)
    told = [_level(field, value) for value in levels]
    values = [_standing(study, field, v) for v in told]
    _there(study, field, values)
    x = nw.col(field.name)
    parts = [among(x, some)] if (some := [v for v in values if v is not None]) else []
    parts += [x.is_null()] if None in values else []
    labels = _labels(field)
    words = ["not stated" if v is None else labels.get(key(v), key(v)) for v in told]
    return reduce(or_, parts), f"{field.label} = {' or '.join(words)}"


def conditions(study: Study, wanted: Mapping[str, Any]) -> list[tuple[nw.Expr, str]]:
    """Return the condition of each column named in ``wanted``."""
    return [condition(study, column, value) for column, value in wanted.items()]


def one_level(study: Study, column: str, wanted: Any) -> tuple[str, Any] | None:
    """Return the column and its one level that ``wanted`` is, as they stand in the table; None for anything else.

    One option of a question with several answers is the level 'ticked' of the option's column.
    """
    field = study.field(named(study, column))
    several = isinstance(wanted, (tuple, list, set, frozenset)) and len(wanted) != 1
    if several or isinstance(wanted, tuple):
        return None
    one = next(iter(wanted)) if isinstance(wanted, (list, set, frozenset)) else wanted
    if field.columns:
        chosen = next((c for c in field.columns if str(one) in (c, str(field.labels.get(c, c)))), None)
        yes = chosen in study.columns and study.lazy.collect_schema()[chosen] == nw.Boolean
        return chosen and (chosen, True if yes else 1)
    value = _level(field, one)
    return None if value is None else (field.name, _standing(study, field, value))


def _labels(field: Field) -> dict[str, str]:
    return {**(field.scale.labels if field.scale else {}), **field.labels}


def _level(field: Field, value: Any) -> Any:
    """Return a value as it stands in the column; text may be a code or its label."""
    if value is None:
        return None
    if not isinstance(value, str):
        return str(value) if field.type == "string" else value
    labels = {label: key for key, label in _labels(field).items()}
    if field.type == "boolean":
        said = labels.get(value, value).casefold()
        if said not in YES:
            raise DataProblem(f"column '{field.name}' holds true and false; '{value}' is neither. Give true or false")
        return YES[said]
    if field.type in ("date", "datetime"):
        return _day(field, value)
    found = code(labels.get(value, value), field.type)
    if field.type in ("integer", "number") and isinstance(found, str):
        allowed = f"a number or one of its labels: {', '.join(labels)}" if labels else "a number"
        raise DataProblem(f"column '{field.name}' holds numbers; '{value}' is none. Give {allowed}")
    return found


def _day(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind = datetime.date if field.type == "date" else datetime.datetime
    try:
        return kind.fromisoformat(value)
    except ValueError:
        raise DataProblem(
            f"column '{field.name}' holds dates; '{value}' is none. Give year, month and day: 2025-03-31"
        ) from None


def _standing(study: Study, field: Field, value: Any) -> Any:
    """Return a date as its column holds dates: midnight where it holds moments, a day where it holds days."""
    if not isinstance(value, datetime.date) or field.name not in study.columns:
        return value
    of = study.lazy.collect_schema()[field.name]
    if isinstance(of, nw.Datetime):
        moment = value if isinstance(value, datetime.datetime) else datetime.datetime.combine(value, datetime.time())
        return moment.replace(tzinfo=zoneinfo.ZoneInfo(of.time_zone)) if of.time_zone and not moment.tzinfo else moment
    return value.date() if of == nw.Date and isinstance(value, datetime.datetime) else value


def _there(study: Study, field: Field, values: list[Any]) -> None:
    """Raise unless some row has each of the values; one scan of one column."""
    asked = [v for v in values if v is not None]
    if not asked or field.name not in study.columns:
        return
    column = study.lazy.select(nw.col(field.name))
    seen = column.filter(among(nw.col(field.name), asked)).unique().collect("pyarrow")[field.name].to_list()
    lost = [v for v in asked if v not in seen]
    if lost:
        labels = _labels(field)
        found = column.filter(~nw.col(field.name).is_null()).unique().sort(field.name).head(LISTED)
        there = [labels.get(key(v), key(v)) for v in found.collect("pyarrow")[field.name].to_list()]
        raise unknown(f"level of '{field.name}'", labels.get(key(lost[0]), key(lost[0])), study.name, there)


def _ticked(study: Study, field: Field, levels: list[Any]) -> tuple[nw.Expr, str]:
    """Return the condition that any of the options is ticked."""
    options = {**{field.labels.get(c, c): c for c in field.columns}, **{c: c for c in field.columns}}
    lost = next((v for v in levels if str(v) not in options), None)
    if lost is not None:
        raise unknown(
            f"option of '{field.name}'", str(lost), study.name, [field.labels.get(c, c) for c in field.columns]
        )
    chosen = [options[str(v)] for v in levels]
    words = " or ".join(field.labels.get(c, c) for c in chosen)
    return reduce(or_, (nw.col(c).cast(nw.Float64) == 1 for c in chosen)), f"{field.label} = {words}"


def _range(study: Study, field: Field, ends: tuple) -> tuple[nw.Expr, str]:
    """Return the condition of a range, both ends included; missing codes of the codebook lie in none."""
    if field.type not in ("integer", "number", "date", "datetime") or field.columns:
        raise DataProblem(
            f"{field.name}=({', '.join(map(repr, ends))}) is a range, and '{field.name}' holds no numbers or dates; "
            "give a list of levels in [ ]"
        )
    if len(ends) != 2 or ends == (None, None):
        raise DataProblem(f"a range of '{field.name}' has two ends, (from, to), None for no end; {ends!r} is none")
    low, high = (None if e is None else _level(field, e) for e in ends)
    if low is not None and high is not None and low > high:
        raise DataProblem(f"the range of '{field.name}' runs from {low} to {high}; the first end must be the lower one")
    x, parts = nw.col(field.name), []
    codes = [code(c, field.type) for c in field.missing]
    first, last = (_standing(study, field, e) for e in (low, high))
    parts += [x >= first] if first is not None else []
    if last is not None:
        whole = isinstance(last, datetime.datetime) and last.time() == datetime.time()
        parts += [x < last + datetime.timedelta(days=1)] if whole else [x <= last]
    parts += [~among(x, codes)] if (codes := [c for c in codes if not isinstance(c, str)]) else []
    said = f"{low} to {high}" if None not in (low, high) else f"{low} or more" if high is None else f"up to {high}"
    return reduce(lambda a, b: a & b, parts), f"{field.label} = {said}"
