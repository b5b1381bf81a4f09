"""`labels_needed`: how many comments people must label for a share with a given interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.text import prevalence

COLUMNS = (
    Column("share", "share", "", "Share expected"),
    Column("half", "share", "", "Half the interval"),
    Column("accuracy", "number", "", "Correlation of label and prediction"),
    Column("labels", "count", "", "Labels needed"),
    Column("labels_only", "count", "", "Without a classifier"),
)


@public
def labels_needed(
    half: float | Sequence[float],
    *,
    share: float | Sequence[float] = 0.25,
    accuracy: float | Sequence[float] = 0.6,
    level: float = 0.95,
) -> Result:
    """Return how many labels a share needs so that its interval reaches ``half`` to both sides.

    n = z² p (1 - p) (1 - rho²) / half², rho the correlation of labels and predictions: a classifier is worth
    1 / (1 - rho²) times the labels. In each group that is to be shown by itself, as many again.

    Parameters
    ----------
    half : half the width of the interval as a share, 0.05 for -/+ 5 points; one or several.
    share : share of comments that is expected, 0 to 1; one half needs most.
    accuracy : rho, 0 (no classifier) to below 1; the column ``correlation`` of the quality of a coded study. Three
        hundred labels usually reach .4 to .7.
    level : of confidence, between 0 and 1.

    Returns
    -------
    Result, a row a combination: ``share, half, accuracy, labels, labels_only``.

    Raises
    ------
    DataProblem : a share, width or correlation out of range.

    Examples
    --------
    >>> import cxlab as cx
    >>> needed = cx.text.labels_needed(0.05, share=0.25, accuracy=[0.5, 0.7]).table
    >>> needed[["labels", "labels_only"]].to_numpy().tolist()
    [[217.0, 289.0], [147.0, 289.0]]
    """
    metrics.check_level(level)
    given = {"half": half, "share": share, "accuracy": accuracy}
    rows = []
    values = {}
    for name, v in given.items():
        try:
            values[name] = np.atleast_1d(np.asarray(v, float))
        except (TypeError, ValueError):
            values[name] = np.zeros(0)
        if not values[name].size:
            raise DataProblem(f"{name} is {v!r}; give a number, or several")
    for name, (low, high) in {"half": (0, 0.5), "share": (0, 1), "accuracy": (0, 1)}.items():
        bad = ~((values[name] >= low) & (values[name] < high)) | ((values[name] <= 0) & (name != "accuracy"))
        if bad.any():
            raise DataProblem(
                f"{name} is {values[name][bad][0]:g}; allowed: {'from' if name == 'accuracy' else 'above'} {low} to "
                f"below {high:g}"
            )
    for p in values["share"]:
        for h in values["half"]:
            for r in values["accuracy"]:
                n, alone = (np.ceil(prevalence.labels(h, p, x, level) - 1e-9) for x in (r, 0.0))
                rows.append({"share": p, "half": h, "accuracy": r, "labels": n, "labels_only": alone})
    notes = ("labels drawn at random; at least 20 in each group that is to be shown by itself",)
    how = "z² p (1 - p) (1 - rho²) / half²"
    return Result("labels_needed", "Labels needed", pd.DataFrame(rows), "", level, how, notes, {}, COLUMNS)
