"""Which of two answers is yes: as labels say it, or the values themselves; what does not say is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.data import wording
from cxlab.data.codebook import Field
from cxlab.problem import DataProblem

TREATED = {"treated", "treatment", "test", "exposed", "routed", "sent"}
UNTREATED = {"control", "untreated", "placebo", "not exposed", "not routed", "not sent"}
"""What the arms of a study are called; the arm beside such a one may have any name."""


def yes_no(values: NDArray, field: Field) -> NDArray:
    """Return 1 for yes, 0 for no (in any language), nan for no answer (none, "unknown", "refused", ...).

    Parameters
    ----------
    values : (rows,) answers as they came. ``field`` : what the codebook says of them (labels of the two).

    Raises
    ------
    DataProblem : the values do not say which of them is yes.

    Examples
    --------
    >>> yes_no(np.array(["no", "yes", None], object), Field("arm")).tolist()
    [0.0, 1.0, nan]
    """
    said = [str(int(v) if isinstance(v, float) and v.is_integer() else v).strip() for v in values.tolist()]
    named = field.labels or (field.scale.labels if field.scale else {})
    empty = [v is None or v != v or said[i] == "" for i, v in enumerate(values.tolist())]
    nothing = {v for v in set(said) if wording.no_answer(named.get(v, v))}
    gone = np.array([lost or said[i] in nothing for i, lost in enumerate(empty)])
    seen = sorted({v for v, lost in zip(said, gone, strict=True) if not lost})
    means = _which([named.get(v, v) for v in seen]) or _which(seen)
    if means is None:
        raise DataProblem(
            f"'{field.name}' holds {', '.join(seen[:4])}{', ...' if len(seen) > 4 else ''}; which of them is yes "
            'cannot be known. Label two values in the codebook, e.g. "labels": {"1": "yes", "2": "no"}'
        )
    number = dict(zip(seen, means, strict=True))
    return np.array([np.nan if lost else number[v] for v, lost in zip(said, gone, strict=True)])


def untreated(values: Sequence[Any], field: Field) -> Any:
    """Return the value that says by its label or itself that it is the untreated arm; None where none or several do.

    >>> untreated(["app", "control", "letter"], Field("arm")), untreated(["Ja", "Nein"], Field("sent"))
    ('control', 'Nein')
    >>> untreated(["old", "new"], Field("arm")) is None
    True
    """
    named = field.labels or (field.scale.labels if field.scale else {})
    words = [named.get(f"{v:g}" if isinstance(v, float) else str(v), str(v)).strip().casefold() for v in values]
    found = [v for v, w in zip(values, words, strict=True) if w in UNTREATED or _answer(w) == 0]
    if not found and len(words) == 2:
        found = [v for v, other in zip(values, reversed(words), strict=True) if other in TREATED]
    return found[0] if len(found) == 1 else None


def _which(words: list[str]) -> list[float] | None:
    """Yes (1) or no (0) for each word, or None where they do not say; of two arms, one that says it decides both."""
    arms = [w.strip().casefold() for w in words]
    known = [1.0 if w in TREATED else 0.0 if w in UNTREATED else np.nan for w in arms]
    if len(words) == 2 and np.isnan(known).sum() == 1 and not any(map(_is_number, words)):
        known = [1.0 - known[1 - i] if np.isnan(k) else k for i, k in enumerate(known)]
    known = [_answer(w) if np.isnan(k) else k for w, k in zip(words, known, strict=True)]
    return None if np.isnan(known).any() or len(words) > 2 or (len(words) == 2 and known[0] == known[1]) else known


def _answer(word: str) -> float:
    meant = wording.yes(word.removesuffix(".0"))
    return np.nan if meant is None else float(meant)


def _is_number(word: str) -> bool:
    return word.replace(".", "").isdigit()
