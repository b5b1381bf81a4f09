"""Declaring a column otherwise: ``role=outcome scale=1-5 labels=...``, held against the answers before it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw

from cxlab.data import codebook as books
from cxlab.data import coding, conform, scales, wording
from cxlab.data.answer_codes import key
from cxlab.data.check import tallies
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.masking import quotable
from cxlab.data.naming import named
from cxlab.data.readers.decimal_mark import FORMATS
from cxlab.data.readers.raw import number
from cxlab.data.respondents import EMPTY
from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.stats.counts.fetched import fetched

WORDS = ("role", "measure", "type", "title", "question", "stage", "owner", "unit", "about", "focal", "note", "format")
KEYS = (*WORDS, "scale", "best", "labels", "missing", "leave_out")
ONE = ("weight", "cluster", "strata", "wave", "case", "event", "time", "owner", "channel")
"""Roles that one column of a study has."""

NUMBER = r"[+-]?\d+(?:\.\d+)?"
RANGE = re.compile(rf"\s*({NUMBER})\s*(?:-|–|\.\.|to|:)\s*({NUMBER})\s*(?:,?\s*(?:in )?steps? (?:of )?({NUMBER})\s*)?")
"""A scale as people write it: '1-5', '-2 to 2', '1-5 in steps of 0.5'."""

NONE = ("", "none", "None")


def with_settings(study: Study, column: str, settings: Mapping[str, Any]) -> tuple[Study, tuple[str, ...]]:
    """Return the study with ``column`` declared as ``settings`` say, and in words what follows from that.

    Parameters
    ----------
    study : the study; it is not changed.
    column : a name, title or wording.
    settings : ``role, measure, type, title, question, stage, owner, unit, about, note, format`` as text; ``scale`` as
        '1-5', '1-5 in steps of 0.5', (1, 5), a `Scale` or 'none'; ``best`` 'high' or 'low'; ``labels`` as
        '1=poor;5=good' or a mapping;
        ``missing`` as '9,99', '9=refused;99=not used', a list or a mapping; ``leave_out`` as ``missing``: values whose
        rows are left out ('empty': those without a value; 'none': no row). Without any, the column stays and its
        doubts are settled.

    Raises
    ------
    DataProblem : no such column or setting, or one that the answers contradict.
    """
    field = study.field(named(study, column))
    values = _values(study, field) if set(settings) - {"title", "question", "note"} else {}
    made, said = _guessed(applied(field, settings), settings, values)
    said += _held(made, settings, values)
    book, more = _alone(study.codebook, made)
    table = _converted(study, field, made, replace(book, doubts=())) if made.type != field.type else study.table
    doubts = tuple(d for d in study.doubts if d.column != field.name)
    return replace(study, table=table, codebook=_settled(book, field.name), doubts=doubts), (*said, *more)


def applied(field: Field, settings: Mapping[str, Any]) -> Field:
    """Return the field with the settings in it.

    >>> applied(Field("q"), {"scale": "1-5", "best": "low", "missing": "9,99"}).scale
    Scale(minimum=1, maximum=5, best='low', labels={}, step=1)
    """
    for word in settings:
        if word not in KEYS:
            raise unknown("setting", str(word), f"what '{field.name}' can be given", KEYS)
    changes = {k: "" if str(settings[k]) in NONE else str(settings[k]) for k in WORDS if k in settings}
    for word, allowed in (("role", books.ROLES), ("measure", books.MEASURES), ("type", books.TYPES)):
        if changes.get(word):
            one_of(f"{word} of '{field.name}'", changes[word], [a for a in allowed if a])
    form = changes.get("format", "")
    if form and form not in FORMATS and "%" not in form:
        said = f"format of '{field.name}' is '{form}'; allowed: {', '.join(FORMATS)}, or a date as %d/%m/%Y"
        raise DataProblem(said)
    if "type" in changes and not changes["type"]:
        raise DataProblem(f"type of '{field.name}' cannot be none; allowed: {', '.join(books.TYPES)}")
    if "missing" in settings:
        changes["missing"] = pairs(settings["missing"], "no answer", field.name)
    if "leave_out" in settings:
        known = {**field.labels, EMPTY: "no value"}
        changes["leave_out"] = {
            c: t or known.get(c, c) for c, t in pairs(settings["leave_out"], "", field.name).items()
        }
    labels = pairs(settings["labels"], None, field.name) if "labels" in settings else None
    scale = _scale(settings["scale"], field) if "scale" in settings else field.scale
    if "best" in settings:
        if scale is None:
            raise DataProblem(f"best of '{field.name}' is given, and there is no scale; give it too, as scale=1-5")
        scale = replace(scale, best=str(settings["best"]))
    if scale is not None:
        if labels is None:  # those of the old scale, or of the column
            labels = dict(field.scale.labels) if field.scale else dict(field.labels)
        gone = {**field.missing, **changes.get("missing", {})}
        scale = replace(scale, labels={c: t for c, t in labels.items() if c not in gone})
        labels = {} if field.scale is not None or "scale" in settings else None
    elif "scale" in settings and labels is None and field.scale is not None:
        labels = dict(field.scale.labels)
    if labels is not None:
        changes["labels"] = labels
    kept = replace(field, scale=scale, **changes)
    numbers = scale is not None and kept.type not in conform.NUMERIC and "type" not in settings
    return replace(kept, type="integer") if numbers else kept


def pairs(said: Any, default: str | None, column: str) -> dict[str, str]:
    """Return codes and their words: from '1=poor;5=good', from '9,99' where ``default`` words are, or a mapping.

    >>> pairs("1=poor; 5=very, very good", None, "q"), pairs("9,99", "no answer", "q"), pairs([-1], "blank", "q")
    ({'1': 'poor', '5': 'very, very good'}, {'9': 'no answer', '99': 'no answer'}, {'-1': 'blank'})
    """
    if isinstance(said, Mapping):
        return {key(c): str(t) for c, t in said.items()}
    if isinstance(said, str):
        if said in NONE:
            return {}
        parts = said.split(";") if "=" in said or default is None else re.split("[;,]", said)
    else:
        parts = list(said) if isinstance(said, Iterable) else [said]
    found: dict[str, str] = {}
    for part in parts:
        value, sign, words = str(part).partition("=")
        if not str(part).strip():
            continue
        if not sign and default is None:
            raise DataProblem(f"labels of '{column}' hold '{part}'; write code=words, as labels=\"1=poor;5=good\"")
        found[value.strip()] = words.strip() if sign else str(default)
    return found


def _scale(said: Any, field: Field) -> Scale | None:
    if said is None or isinstance(said, str) and said in NONE:
        return None
    if isinstance(said, Scale):
        return said
    best = field.scale.best if field.scale else "high"
    written = RANGE.fullmatch(said) if isinstance(said, str) else None
    ends = written.groups()[:2] if written else said
    if not isinstance(ends, (tuple, list)) or len(ends) != 2:
        raise DataProblem(f"scale of '{field.name}' is {said!r}; write it as 1-5, -2..2, '1-5 in steps of 0.5' or none")
    low, high, step = (float(e) for e in (*ends, (written and written[3]) or 1))
    return Scale(
        *(int(e) if e.is_integer() else e for e in (low, high)), best, {}, int(step) if step % 1 == 0 else step
    )


def _values(study: Study, field: Field) -> dict[str, int]:
    """Return value → rows of the column, the most frequent first; {} for one that is asked in several columns."""
    if field.columns or field.name not in study.columns:
        return {}
    counted = tallies(study, [field.name], [field.name])[2].get(field.name, {})
    return dict(sorted(counted.items(), key=lambda x: (-x[1], x[0])))


def _guessed(field: Field, settings: Mapping[str, Any], values: Mapping[str, int]) -> tuple[Field, tuple[str, ...]]:
    """Return an outcome or touchpoint with what was not said (codes, scale, measure), and what was taken for it."""
    if settings.get("role") not in ("outcome", "touchpoint") or not values:
        return field, ()
    said: list[str] = []
    if field.type == "string":
        field, told = _worded(field, values)
        said += told
    measure = field.measure or wording.measure(field.name, f"{field.question} {field.title}")
    if (
        field.scale is None
        and "scale" not in settings
        and field.type in conform.NUMERIC
        and not set(values) <= set("01")
    ):
        found = scales.infer(
            dict(values), dict(field.labels), dict(field.missing), (field.name, field.question), measure
        )
        if found is not None:
            whole = "integer" if found.scale.step % 1 == 0 else "number"
            field = replace(field, type=whole, scale=found.scale, missing={**field.missing, **found.missing})
            field = replace(field, labels={} if found.scale.labels else field.labels)
            said += [f"scale {found.scale} taken: {found.why}", *(f"{what}: {why}" for what, why in found.more)]
    if not field.measure and "measure" not in settings and settings["role"] == "outcome":
        measure = measure or ("satisfaction" if field.scale else "")
        said += [f"measure {measure} taken"] if measure else []
        field = replace(field, measure=measure)
    return field, tuple(said)


def _worded(field: Field, values: Mapping[str, int]) -> tuple[Field, list[str]]:
    """Return a column of words as numbers, if the words say their order."""
    read = coding.read(values, field.labels, field.missing)
    if read is not None:
        labels = {f"{c:g}": t for t, c in read.codes.items()}
        scale = Scale(min(read.codes.values()), max(read.codes.values()), labels=labels) if len(labels) > 1 else None
        if scale is not None:
            scale = replace(scale, minimum=int(scale.minimum), maximum=int(scale.maximum))
        return replace(field, type="integer" if labels else "number", scale=field.scale or scale), [
            conform.described(read)
        ]
    ranked = {t: wording.polarity(t) for t in values if t not in field.missing}
    listed = ", ".join(f"'{quotable(t)}' ({values[t]:,})" for t in list(values)[:8])
    if len(ranked) < 2 or None in ranked.values() or len(set(ranked.values())) < len(ranked):
        raise DataProblem(
            f"'{field.name}' holds words whose order is not known: {listed}. Give their codes from worst to best: "
            f'labels="{";".join(f"{k}={t}" for k, t in enumerate(list(values)[:3], 1))}..."'
        )
    order = sorted(ranked, key=lambda t: ranked[t] or 0)
    labels = {str(k): t for k, t in enumerate(order, 1)}
    words = ", ".join(f"{k} = '{quotable(t)}'" for k, t in labels.items())
    return replace(field, type="integer", scale=Scale(1, len(order), labels=labels)), [
        f"codes taken from wording: {words}"
    ]


def _held(field: Field, settings: Mapping[str, Any], values: Mapping[str, int]) -> tuple[str, ...]:
    """Return where the answers and the settings disagree; raise where nothing would be left."""
    if not values:
        return ()
    said: list[str] = []
    if "leave_out" in settings:
        said.append(
            f"leaves out the rows with: {', '.join(field.leave_out)}" if field.leave_out else "leaves out no row"
        )
    words = {t.casefold() for t in (*field.labels.values(), *(field.scale.labels.values() if field.scale else ()))}
    gone = {c.casefold() for c in field.missing}
    left = {v: n for v, n in values.items() if v.casefold() not in gone}
    if "missing" in settings:
        said += [
            f"missing code {c}: no row has it" for c in pairs(settings["missing"], "", field.name) if c not in values
        ]
    if field.role == "weight" and any((number(v) or 0) <= 0 for v in left):
        n = sum(k for v, k in left.items() if (number(v) or 0) <= 0)
        said.append(f"{n:,} rows have no positive weight and count for nothing")
    if field.scale is not None:
        beyond = {v: n for v, n in left.items() if not _on(v, field) and v.casefold() not in words}
        if beyond and len(beyond) == len(left):
            seen = ", ".join(f"'{quotable(v)}' ({n:,})" for v, n in list(left.items())[:6])
            raise DataProblem(f"no answer to '{field.name}' is on a scale of {field.scale}; there are: {seen}")
        if beyond:
            seen = ", ".join(f"{quotable(v)} ({n:,})" for v, n in list(beyond.items())[:6])
            said.append(f"OUT OF SCALE, left out of results until it is corrected or the scale: {seen}")
    labels = field.scale.labels if field.scale else field.labels
    unused = [f"{c} '{t}'" for c, t in labels.items() if "labels" in settings and c not in values and t not in values]
    said += [f"nobody answered {', '.join(unused)}"] if unused else []
    return tuple(said)


def _on(value: str, field: Field) -> bool:
    """Whether a value is an answer that counts: on the scale; a column of numbers may have some between its points."""
    v = number(value)
    if v is None or field.scale is None or not field.scale.minimum <= v <= field.scale.maximum:
        return False
    return field.type != "integer" or field.scale.allows(float(v))


def _alone(book: Codebook, field: Field) -> tuple[Codebook, tuple[str, ...]]:
    """Return the codebook with the field; of roles that one column has, the others lose it."""
    others = [f.name for f in book if f.role == field.role and f.name != field.name] if field.role in ONE else []
    changed = tuple(
        field if f.name == field.name else replace(f, role="") if f.name in others else f for f in book.fields
    )
    return replace(book, fields=changed), tuple(f"'{o}' is no longer the {field.role}" for o in others)


def _settled(book: Codebook, column: str) -> Codebook:
    """Return the codebook without the doubts and the guesses about a column."""
    notes = tuple(n for n in book.notes if not n.startswith(f"inferred {column}: "))
    doubts = tuple(d for d in book.doubts if d.column != column)
    return replace(book, notes=notes, doubts=doubts, settled=tuple(dict.fromkeys((*book.settled, column))))


def _converted(study: Study, old: Field, field: Field, book: Codebook) -> Any:
    """Return the table with a column as its new type says."""
    import duckdb

    if field.name not in study.columns or {old.type, field.type} <= set(conform.NUMERIC):
        return study.table
    text = study.lazy.collect_schema()[field.name] in (nw.String, nw.Object, nw.Categorical, nw.Enum)
    if field.type == "string":
        return study.lazy.with_columns(nw.col(field.name).cast(nw.String)).to_native()
    if old.type == "boolean" and field.type in conform.NUMERIC:
        return study.lazy.with_columns(nw.col(field.name).cast(nw.Int64)).to_native()
    if not text or field.type not in conform.NUMERIC:
        return study.table
    native = nw.to_native(study.lazy)
    if not isinstance(native, duckdb.DuckDBPyRelation):
        native = duckdb.from_arrow(fetched(study.lazy, study.name, to="pyarrow").to_native())
    return conform.conform(native, replace(book, fields=(field,)), name=study.name)[0]
