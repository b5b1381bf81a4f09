"""What speaks against labels that should be a random part of all comments: what they are like, and who has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.text.written import Written
from cxlab.stats.text import cross_fit

UNLIKE = 4.0
"""Standard errors by which labelled comments differ from the others before it is said."""

EXPECTED = 10.0
"""Labels that chance would give a group from which on none at all is said: it happens once in 20,000 draws."""

ROLES = ("brand", "segment", "wave", "touchpoint", "journey")
LEVELS = 60
"""Levels of a column up to which it forms groups here."""

NAMED = 5


def groups_of(study: Study, column: str) -> list[str]:
    """Return the columns of a study by which comments may be grouped."""
    names = set(study.lazy.collect_schema().names())
    return [f.name for f in study.codebook.fields if f.role in ROLES and f.name in names and f.name != column]


def picked(said: Written, labelled: NDArray) -> list[str]:
    """Return what speaks against labels that somebody says were drawn at random: their length, and where they stand."""
    rows = np.flatnonzero(said.wrote)
    mine = labelled[rows]
    length = np.array([len(said.texts[i]) for i in rows], float)
    seen = []
    for x, more, less in ((length, "longer", "shorter"), (rows.astype(float), "later in the file", "earlier in it")):
        z = cross_fit.rank_sum(x, mine)
        seen += [more if z > 0 else less] if abs(z) > UNLIKE else []
    if not seen:
        return []
    return [
        f"labelled comments stand or are {' and '.join(seen)} than the others, which chance does once in 10,000 draws: "
        "were they drawn at random? Labels that somebody picked make every share wrong"
    ]


def left_out(what: str, group: NDArray, labelled: NDArray) -> list[str]:
    """Return which groups have no label though chance would have given them ten or more.

    Parameters
    ----------
    what : the groups are of. ``group`` : (comments,) of each. ``labelled`` : (comments,) whether it has a label.

    Examples
    --------
    >>> left_out("language", np.array(["en"] * 60 + ["de"] * 40), np.arange(100) < 50)[0].partition(":")[0]
    'no comment of language de is labelled, though chance would label 20 of 40'
    >>> left_out("language", np.array(["en", "de"] * 50), np.arange(100) < 50)
    []
    """
    table = pd.DataFrame({"group": pd.Series(group, dtype=object), "labelled": labelled}).dropna()
    if not 2 <= table["group"].nunique() <= LEVELS:
        return []
    seen = table.groupby("group")["labelled"].agg(["size", "sum"])
    expected = seen["size"] * labelled.sum() / len(labelled)
    none = seen[(seen["sum"] == 0) & (expected >= EXPECTED)].sort_values("size", ascending=False)
    if none.empty:
        return []
    names = ", ".join(str(g) for g in none.index[:NAMED]) + (", ..." if len(none) > NAMED else "")
    return [
        f"no comment of {what} {names} is labelled, though chance would label {expected[none.index].sum():,.0f} of "
        f"{none['size'].sum():,}: the classifier's errors there are not known. Shares take for granted that it errs "
        "as it does elsewhere; label some of theirs"
    ]


def without_labels(study: Study, said: Written, labelled: NDArray) -> list[str]:
    """Return what `left_out` says of every column by which comments may be grouped."""
    rows = said.wrote
    out = []
    for name in groups_of(study, said.column):
        words = study.field(name).label
        out += left_out(f"'{words}'", np.asarray(said.sample.other[name], object)[rows], labelled[rows])
    return out
