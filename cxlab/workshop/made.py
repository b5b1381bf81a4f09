"""`made_study`: a table drawn by a lesson as a study, marked simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study

RECOMMEND = Field(
    "recommend", "Recommendation", "integer", role="outcome", measure="recommendation", scale=Scale(0, 10)
)


def made_study(name: str, title: str, columns: Mapping[str, Any], *fields: Field) -> Study:
    """Return columns of equal length as a study.

    Parameters
    ----------
    name, title : of the study.
    columns : an array or a list a column.
    fields : what each column is, in order.

    >>> len(made_study("three", "Three customers", {"recommend": [9, 4, 10]}, RECOMMEND))
    3
    """
    book = Codebook(
        name, fields, title=title, simulated=True, notes=("simulated for a lesson",), design="cross-section"
    )
    return Study(pl.DataFrame({k: pl.Series(k, v) for k, v in columns.items()}), book)


SPOKEN = 0.65
"""Share of customers who are no passives: with an NPS of 20 the variance of an answer is .61 points squared / 100²."""
WITHIN = {
    "promoters": {9: 0.45, 10: 0.55},
    "passives": {7: 0.4, 8: 0.6},
    "detractors": {0: 0.04, 1: 0.03, 2: 0.06, 3: 0.11, 4: 0.16, 5: 0.3, 6: 0.3},
}


def chances(nps: float) -> np.ndarray:
    """Return the chances of the answers 0 to 10 of customers with this NPS, shape (11,).

    >>> p = chances(20)
    >>> round(float(p[9:].sum() - p[:7].sum()), 10), round(float(p.sum()), 10)
    (0.2, 1.0)
    """
    up, down = (SPOKEN + nps / 100) / 2, (SPOKEN - nps / 100) / 2
    p = np.zeros(11)
    for group, share in (("promoters", up), ("passives", 1 - up - down), ("detractors", down)):
        for answer, part in WITHIN[group].items():
            p[answer] = share * part
    return p
