"""Labels that follow from an answer: promoters and detractors, happy and unhappy are no groups of people.

Whoever compares such groups compares the answer with itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study

ROWS = 4_000
"""Rows that are looked at: what follows from an answer follows from it in every row."""
LEAST = 20
"""Answers that others gave as well, before a label is said to follow from them."""
CLASSES = 50
"""Answers with more values are put into so many classes."""
UNITS = ("id", "brand", "cluster")
"""Roles that say whose row it is."""
WRONG = 0.1
"""An answer tells a label when it leaves less than this share of the errors of who always names the commonest."""


def follows_from(study: Study, label: str) -> str:
    """Return the outcome or touchpoint that tells a label in (nearly) every row, or ''.

    Each row is foretold by the other rows with the same answer, of other people (or brands, where all of one have one
    score).

    Examples
    --------
    >>> from cxlab.data.codebook import Codebook, Field, Scale
    >>> table = pd.DataFrame({"nps": [0, 3, 7, 8, 9, 10] * 10, "home": ["here"] * 30 + ["there"] * 30})
    >>> table["group"] = np.where(table["nps"] > 8, "promoter", np.where(table["nps"] < 7, "detractor", "passive"))
    >>> fields = (Field("nps", role="outcome", scale=Scale(0, 10)), Field("home"), Field("group"))
    >>> study = Study(table, Codebook("s", fields))
    >>> follows_from(study, "group"), follows_from(study, "home")
    ('nps', '')
    """
    there = set(study.columns)
    answers = [f.name for f in study.codebook if f.role in ("outcome", "touchpoint") and f.name in there]
    answers = [name for name in answers if name != label]
    if not answers or label not in there:
        return ""
    units = [f.name for f in study.codebook if f.role in UNITS and f.name in there and f.name != label]
    table = study.lazy.select(label, *units, *answers).head(ROWS).collect().to_pandas()
    for name in answers:
        one = table[[*units, name, label]].drop_duplicates() if units else table
        if _tells(one[name], one[label]):
            return name
    return ""


def _tells(answer: pd.Series, label: pd.Series) -> bool:
    known = answer.notna() & label.notna()
    x, y = _classes(answer[known]), pd.factorize(label[known])[0]
    if not len(x) or y.max() == 0:
        return False
    counts = np.zeros((int(x.max()) + 1, int(y.max()) + 1))
    np.add.at(counts, (x, y), 1)
    shared = counts[counts.sum(axis=1) > 1]  # an answer of one row is told by no other
    all_ = shared.sum()
    blind = all_ - shared.sum(axis=0).max() if all_ else 0
    return bool(all_ >= LEAST and all_ - shared.max(axis=1).sum() < WRONG * blind)


def _classes(answer: pd.Series) -> NDArray:
    code, values = pd.factorize(answer, sort=answer.dtype.kind in "iufb")
    if len(values) <= CLASSES:
        return code
    if answer.dtype.kind not in "iuf":
        return code
    return pd.qcut(answer.rank(method="first"), CLASSES, labels=False).to_numpy()
