"""Which of two answers is yes: as labels say it, or the values themselves; what does not say is asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.data.codebook import Field
from cxlab.problem import DataProblem

YES = {"yes", "true", "y", "1", "1.0", "treated", "treatment", "test", "exposed", "routed", "sent"}
NO = {"no", "false", "n", "0", "0.0", "control", "untreated", "placebo", "not exposed", "not routed", "not sent"}
"""Answers and labels that say by themselves which of two is meant."""


def yes_no(values: NDArray, field: Field) -> NDArray:
    """Return 1 for yes, 0 for no, nan for no answer.

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
    gone = np.array([v is None or v != v or said[i] == "" for i, v in enumerate(values.tolist())])
    seen = sorted({v for v, lost in zip(said, gone, strict=True) if not lost})
    named = field.labels or (field.scale.labels if field.scale else {})
    means = _which([named.get(v, v).lower() for v in seen]) or _which([v.lower() for v in seen])
    if means is None:
        raise DataProblem(
            f"'{field.name}' holds {', '.join(seen[:4])}{', ...' if len(seen) > 4 else ''}; which of them is yes "
            'cannot be known. Label two values in the codebook, e.g. "labels": {"1": "yes", "2": "no"}'
        )
    number = dict(zip(seen, means, strict=True))
    return np.array([np.nan if lost else number[v] for v, lost in zip(said, gone, strict=True)])


def _which(words: list[str]) -> list[float] | None:
    """Yes (1) or no (0) for each word, or None where they do not say; of two, one that says it decides both."""
    known = [1.0 if v in YES else 0.0 if v in NO else np.nan for v in words]
    if len(words) == 2 and np.isnan(known).sum() == 1 and not all(v.replace(".", "").isdigit() for v in words):
        known = [1.0 - known[1 - i] if np.isnan(k) else k for i, k in enumerate(known)]
    return None if np.isnan(known).any() or (len(words) == 2 and known[0] == known[1]) or len(words) > 2 else known
