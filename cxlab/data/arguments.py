"""The public edge: what every public function checks of its arguments before it starts."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, TypeVar

import duckdb
import numpy as np
from narwhals.exceptions import NarwhalsError

from cxlab.data import small_cells
from cxlab.data.doubt import COUNTED
from cxlab.data.engine_ends import INTERRUPTED, engine_problem, let_go
from cxlab.data.naming import all_named
from cxlab.data.study import Study
from cxlab.problem import DataProblem, nearest
from cxlab.result import Result
from cxlab.stats.one_thread import one_thread

ENGINES = (duckdb.Error, NarwhalsError, MemoryError, OSError, np.linalg.LinAlgError)
"""What an engine raises when it cannot go on; `engine_problem` says which of them data or the machine brought about."""

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS = (
    "by", "of", "outcome", "drivers", "topics", "stages", "treatment", "mediator",
    "covariates", "dose", "duration", "question", "wave", "crossed", "sentiment", "formula",
)  # fmt: skip
"""Arguments that name columns, as text or a list of texts."""

COUNTS = {"least_n": 0, "draws": 1, "most": 1, "seed": 0, "rounds": 1, "k": 1, "reps": 1}
"""Arguments that are whole numbers, and the smallest allowed."""


NUMBERS = ("int", "float", "int | None", "float | None")
"""Annotations of arguments that are numbers."""


def public(function: F) -> F:
    """Return ``function`` with its arguments checked: a study, names of columns, a level, counts, no unknown option.

    Where a column is named, its title or its wording will do.
    What only the function itself can know (is the column there, does the option exist) it checks itself. Linear algebra
    has one thread meanwhile.

    Raises
    ------
    DataProblem : says what came, what is allowed, and what to do; also where the engine that scans a large file
        stops at text among numbers, beyond the rows looked at.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise DataProblem(_call(function.__name__, signature, kwargs, error)) from None
        given = bound.arguments
        if "by" in given.get("question", ()):
            raise DataProblem(_call(function.__name__, signature, {"by": ""}, TypeError()))
        for name, value in given.items():
            parameter = signature.parameters[name]
            kind = str(parameter.annotation)
            if parameter.kind is parameter.VAR_POSITIONAL:
                each = [(name, v) for v in value]
            else:
                each = list(value.items()) if parameter.kind is parameter.VAR_KEYWORD else [(name, value)]
            for argument, one in each:
                if argument not in COLUMNS or "study" in signature.parameters:
                    _check(argument, one, kind)
        for name in (n for n in COLUMNS if n in given and isinstance(given.get("study"), Study)):
            given[name] = all_named(given["study"], given[name])
        _no_part_that_tells(function.__name__, signature, given)
        try:
            with one_thread():
                found = function(*bound.args, **bound.kwargs)
            return guesses_said(weights_said(found, given.get("study")), given)
        except (KeyboardInterrupt, RuntimeError, duckdb.InterruptException) as error:
            if isinstance(error, RuntimeError) and str(error) != INTERRUPTED:
                raise
            for study in (v for v in given.values() if isinstance(v, Study)):
                let_go(study.lazy)
            raise KeyboardInterrupt from error
        except ENGINES as error:
            if (said := engine_problem(error, _source(given))) is None:
                raise
            raise said from error

    return checked


HIDE_THEMSELVES = (
    "nps", "csat", "ces", "mean", "share", "churn", "retention", "answers", "satisfaction_ratio", "scorecard",
    "compare", "against", "trend", "impact", "league", "league_change", "standing", "crosstab", "index_by", "kano",
    "bootstrap", "jackknife", "replicate_weights", "comments",
)  # fmt: skip
"""Functions that leave out the groups of a part of a study that would tell others; all others refuse such a part."""

QUESTIONS = ("item", "question", "outcome", "driver", "touchpoint")
"""Columns of results that hold names of a study's columns."""

RESULTS = ("Result", "Comparison", "DriverShares", "Trend", "Verdict")
"""What functions return that say something of people."""


def _no_part_that_tells(name: str, signature: inspect.Signature, given: Mapping[str, Any]) -> None:
    """Raise where a study is a part that with the other parts would tell one of few answers.

    What counts as an answer: a row, an answer to any column named, to all of them, or to the outcome; a case of events.
    """
    if name in HIDE_THEMSELVES or str(signature.return_annotation) not in RESULTS:
        return
    for study in (v for v in given.values() if isinstance(v, Study) and v.before is not None):
        columns = sorted(_named(given, study, but="by")) or list(study.codebook.role("outcome")[:1])
        unit = next(iter(study.codebook.role("case")), "")
        small = given.get("least_n", small_cells.SMALL)
        small_cells.refuse_part(study, columns, small, unit=unit, hint="least_n" in signature.parameters)


def _named(given: Mapping[str, Any], study: Study, *, but: str = "") -> set[str]:
    """Return the columns of the study that stand in the arguments, by themselves or within an expression."""
    texts = [t for k, v in given.items() if k != but for t in _texts(v)]
    return {w for t in texts for w in (t, *re.findall(r"\w+", t))} & set(study.columns)


def _texts(value: Any) -> list[str]:
    """Return the texts in an argument."""
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [t for v in value for t in _texts(v)]
    return [value] if isinstance(value, str) else []


FITTED = "weights fitted to margins"
COUNT_AS_KNOWN = f"{FITTED} count as known here: errors are mostly a little too wide"


def weights_said(found: Any, study: Any) -> Any:
    """Return a result with a note where weights were fitted in the session and its errors do not know of it.

    A function whose errors know the margins says so itself, in a note or its method (`FITTED`).
    """
    if not (isinstance(found, Result) and isinstance(study, Study) and study.calibration):
        return found
    uncertain = {"low", "high", "se", "p"} & set(found.table.columns)
    if (
        not uncertain
        or study.calibration.weight != study.design.weight
        or FITTED in " ".join((found.method, *found.notes))
    ):
        return found
    return replace(found, notes=(*found.notes, COUNT_AS_KNOWN))


def guesses_said(found: Any, given: Mapping[str, Any]) -> Any:
    """Return a result with a note on each code of its questions that was guessed to be no answer, or that may be one.

    A column that somebody settled (`cxlab codebook ask`, `set COLUMN sure`) has none.
    """
    study = given.get("study")
    if not (isinstance(found, Result) and isinstance(study, Study)):
        return found
    open_ = [f for f in study.codebook if f.name not in study.codebook.settled]
    guessed = {f.name: [c for c, why in f.missing.items() if why.endswith("(guessed)")] for f in open_}
    counted = [(name, d) for d in study.doubts if COUNTED in d.question for name in d.columns]
    if not any(guessed.values()) and not counted:
        return found
    shown = {str(v) for c in QUESTIONS if c in found.table for v in found.table[c].unique()}
    asked = _named(given, study) | shown
    said = [f"'{code}' of '{name}' is taken as no answer (guessed)"
            for name, codes in guessed.items() if name in asked for code in codes]  # fmt: skip
    said += [f"'{name}': {d.question}" for name, d in counted if name in asked]
    return replace(found, notes=(*found.notes, *said)) if said else found


def of_kind(result: Result, kind: str, maker: str) -> Result:
    """Return the result if it is of that kind.

    Raises
    ------
    DataProblem : it is of another kind; says which function gives the right one.
    """
    if result.kind != kind:
        raise DataProblem(f"result is of kind '{result.kind}'; give that of {maker}")
    return result


def _source(given: Mapping[str, Any]) -> str:
    """Return what an error of the engine is about: the name of the study."""
    return next((v.name for v in given.values() if isinstance(v, Study)), "the data")


def _call(function: str, signature: inspect.Signature, kwargs: dict[str, Any], error: TypeError) -> str:
    names = [n for n, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD]
    open_ = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    unknown = [] if open_ and str(error) else [k for k in kwargs if k not in names]
    said = f"has no option '{unknown[0]}'{nearest(unknown[0], names) or ';'}" if unknown else f"{error};"
    return f"{function}: {said} It takes: {', '.join(names)}".replace(";;", ";")


def _check(name: str, value: Any, kind: str) -> None:
    if name == "study":
        study_given(value)
    elif kind == "Result" and not isinstance(value, Result):
        raise DataProblem(f"{name} is {_brief(value)}; give the result of a function of cxlab, as `cx.league(study)`")
    elif name == "level":
        level_given(value)
    elif kind in NUMBERS and value is not None and not _number(value):
        raise DataProblem(f"{name} is {_brief(value)}; give a number")
    elif name in COUNTS and not _whole(value, COUNTS[name]):
        raise DataProblem(f"{name} is {_brief(value)}; allowed: whole numbers from {COUNTS[name]}")
    elif name in COLUMNS and not _names(value):
        raise DataProblem(f"{name} is {_brief(value)}; give the name of a column as text, or a list of names")


def study_given(value: Any) -> None:
    """Raise unless ``value`` is a study."""
    if isinstance(value, Study):
        return
    if isinstance(value, str):
        do = f"open it first: cx.load({value!r})"
    elif value is None:
        do = "open one with cx.load(path or name in the catalogue)"
    else:
        do = "make a study of a table with cx.load(table)"
    raise DataProblem(f"study is {_brief(value)}, not a study; {do}")


def level_given(level: Any) -> None:
    """Raise unless ``level`` is a number between 0 and 1."""
    if not _number(level) or not 0 < level < 1:
        said = repr(level) if isinstance(level, str) else str(level)
        raise DataProblem(f"level is {said}; a confidence level lies between 0 and 1, usually 0.95")


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= least


def _names(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return True
    return isinstance(value, (list, tuple, set, frozenset, Mapping)) and all(isinstance(v, str) for v in value)


def _brief(value: Any) -> str:
    text = repr(value) if value is None or isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"
