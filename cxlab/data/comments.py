"""`comments`: a few comments of a study to read, masked; only when asked."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.finding import collected, filled
from cxlab.data.greetings import without_names
from cxlab.data.masking import LIMITS, masked
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import shown as shown_names

LEAST = 10
"""Groups with fewer comments than this are not shown: whoever knows the group would know who wrote."""

MOST = 100
"""Most comments shown at once."""

READ = 200_000
"""Comments that are read; of more than that the first are."""


CLEANED = "_clean"
"""End of a column of cleaned comments."""


@public
def comments(study: Study, n: int = 10, *, of: str | None = None, by: str | None = None, seed: int = 0) -> Result:
    """Return a few comments of a study, drawn at random and masked (`cxlab.data.masking`), to read; never beside an id.

    Parameters
    ----------
    n : how many, 1 to 100; of each group with ``by``.
    of : column of text; that with role 'text' in which most is written if not given.
    by : column that groups the comments (a brand, a segment, a score); groups with fewer than ten are left out.
    seed : the same seed draws the same comments, whatever engine holds the table.

    Returns
    -------
    Result of kind 'comments': ``comment``, after the group with ``by``; in random order. ``notes`` say what masking
    cannot do. Equal comments are shown once. The texts are read into memory (of more than 200,000 the first).

    Raises
    ------
    DataProblem : no column of text; no comment, or too few to show any.

    Examples
    --------
    >>> import cxlab as cx
    >>> from cxlab.data.catalogue import open_study
    >>> cx.comments(open_study("brand-tracker"), 1, seed=3).table.columns.tolist()
    ['comment']
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST:
        raise DataProblem(f"n is {n!r}; allowed: 1 to {MOST} comments. Use study.frame to work with all of them")
    name = of or most_written(study, "reading comments")
    field = study.field(name)
    if field.role != "text":
        have = ", ".join(study.codebook.role("text")) or "none"
        raise DataProblem(f"column '{name}' has role '{field.role or 'none'}', not text; columns of text: {have}")
    if by == name:
        raise DataProblem(f"by is '{by}', the comments themselves; give a brand, a segment or a score")
    told, notes = _texts(study, name, by)
    said = () if of else tuple(filter(None, [taken(study, name)]))
    rng = np.random.default_rng(seed)
    parts = told.groupby("group" if by else (lambda _: 0), sort=True)
    drawn = [rows.iloc[rng.permutation(len(rows))[:n]] for _, rows in parts]
    table = pd.concat(drawn, ignore_index=True).rename(columns={"group": shown_names([by or ""], ["comment"])[0]})
    table["comment"] = [" ".join(masked(without_names(str(text))).split()) for text in table["comment"]]
    shown = f"{len(table)} of {len(told):,} different comments, drawn at random (seed {seed})"
    return Result(
        "comments", f"Comments: {field.label}", table, method=shown, notes=(LIMITS, *notes, *said, *study.caveats)
    )


def most_written(study: Study, what: str) -> str:
    """Return the column of comments in which most is written (a title is shorter than its text).

    Raises
    ------
    DataProblem : no column has role 'text'; ``what`` they are needed for.
    """
    study.need("text", what)
    found = _of_text(study)
    return max(found, key=lambda c: _length(study, c)) if len(found) > 1 else found[0]


def _of_text(study: Study) -> list[str]:
    """The columns of comments; without those that `cxlab.text.clean` made of another."""
    columns = study.lazy.collect_schema().names()
    found = [c for c in study.codebook.role("text") if c in columns]
    return [c for c in found if not (c.endswith(CLEANED) and c.removesuffix(CLEANED) in found)] or found


def _length(study: Study, column: str) -> int:
    """Characters that are written in a column."""
    if study.lazy.collect_schema()[column] not in (nw.String, nw.Categorical, nw.Enum):
        return -1
    told = nw.col(column).cast(nw.String).str.strip_chars().str.len_chars().sum()
    return int(study.lazy.select(told).collect().item() or 0)


def taken(study: Study, name: str) -> str:
    """Return what is said where one of several columns of comments was taken, '' where there is one."""
    others = [c for c in _of_text(study) if c != name]
    if not others:
        return ""
    return f"comments are those of '{name}', in which most is written; column= takes {', '.join(map(repr, others))}"


def _texts(study: Study, name: str, by: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the different comments (with their group) in an order that no engine decides, and what was left out."""
    keys = [study.field(by).name] if by else []
    own = ["group"] if by else []
    said = filled(name) & (nw.col(name).str.strip_chars().str.len_chars() > 0)
    groups = [nw.col(k).alias("group") for k in keys]
    frame = study.frame.filter(said, *map(filled, keys)).select(*groups, nw.col(name).alias("comment"))
    told = collected(frame.head(READ))
    notes = (f"drawn from the first {READ:,} comments",) if len(told) == READ else ()
    told = told.drop_duplicates().sort_values([*own, "comment"], ignore_index=True)
    if not len(told):
        filters = ", ".join(study.filters) or "none"
        raise DataProblem(f"column '{name}' of {study.name} holds no comment; its filters: {filters}")
    size = told.groupby("group")["comment"].transform("size") if by else pd.Series(len(told), told.index)
    small = told["group"][size < LEAST].nunique() if by else 0
    if (size < LEAST).all():
        raise DataProblem(
            f"'{name}' of {study.name} has fewer than {LEAST} different comments{f' in every {by}' if by else ''}; "
            "so few would tell who wrote them. Use more rows, or a coarser by"
        )
    if small:
        notes += (f"{small} of {told['group'].nunique()} groups not shown: fewer than {LEAST} different comments",)
    return told[size >= LEAST].reset_index(drop=True), notes
