"""`foreign`: what somebody else wrote is read, or refused in one line that says which file, which place and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cxlab.data.masking import quiet, quotable
from cxlab.problem import DataProblem

LARGEST = 200_000_000
"""Most bytes of a codebook, plan or notebook."""


@contextmanager
def foreign(what: str, advice: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into one `DataProblem`: ``what`` cannot be read, why, and what to do.

    >>> with foreign("entry 2 of plan.yml", "write study: abc"):
    ...     {}["study"]
    Traceback (most recent call last):
    cxlab.problem.DataProblem: entry 2 of plan.yml cannot be read ('study' is missing); write study: abc
    """
    try:
        yield
    except DataProblem:
        raise
    except Exception as error:
        raise DataProblem(f"{what} cannot be read ({why(error)}); {advice}") from error


def why(error: Exception) -> str:
    """Return in a few words what is wrong with what was read."""
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start:,} is not UTF-8"
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing" if error.args else "something is missing"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return quiet(said)[:160]


def parsed(path: Path, advice: str) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    DataProblem : the file is too large, not UTF-8, no JSON, nested too deeply, or holds no object.
    """
    with foreign(str(path), advice):
        if path.stat().st_size > LARGEST:
            raise DataProblem(f"{path} has {path.stat().st_size:,} bytes, the most is {LARGEST:,}; {advice}")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(found, dict):
        raise DataProblem(f"{path} holds {kind(found)}, not an object in braces; {advice}")
    return found


def kind(value: Any) -> str:
    """Return what a JSON value is, in words.

    >>> kind([1]), kind("a"), kind(None)
    ('a list', "the text 'a'", 'nothing')
    """
    if isinstance(value, str):
        return f"the text '{quotable(value)}'"
    names = {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), f"the number {value}")


def expected(value: Any, wanted: type | tuple[type, ...], where: str, words: str) -> Any:
    """Return ``value`` if it is of the type ``wanted``.

    Raises
    ------
    DataProblem : it is not; the message says where it stands and what it must be.

    >>> expected([], dict, "labels of 'q1'", "pairs like {\\"1\\": \\"bad\\"}")
    Traceback (most recent call last):
    cxlab.problem.DataProblem: labels of 'q1' is a list; it must be pairs like {"1": "bad"}
    """
    if not isinstance(value, wanted) or isinstance(value, bool) and wanted is not bool:
        raise DataProblem(f"{where} is {kind(value)}; it must be {words}")
    return value


def texts(value: Any, where: str) -> dict[str, str]:
    """Return pairs of texts."""
    pairs: Mapping[Any, Any] = expected(value, Mapping, where, 'pairs like {"1": "bad"}')
    for said in pairs.values():
        if isinstance(said, (dict, list)):
            raise DataProblem(f"{where} holds {kind(said)}; it must be text")
    return {str(k): "" if said is None else str(said) for k, said in pairs.items()}
