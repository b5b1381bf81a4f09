"""`read_labels`: what coders filled in, checked against what was drawn, with their agreement by theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.load import load
from cxlab.data.locations import placed
from cxlab.data.masking import quotable
from cxlab.models.loop.agreement import NEEDED, agreement
from cxlab.models.text import label_files
from cxlab.models.text.code_frame import BUILT_IN, framed
from cxlab.models.text.label_sheets import key_path, print_of
from cxlab.problem import DataProblem

LEAST = 20
"""Labels below which nothing is made of them."""

CODES = {"1": 1.0, "0": 0.0, "": np.nan, "1.0": 1.0, "0.0": 0.0}


@dataclass(frozen=True)
class Labels:
    """Labels of people for a random part of the comments.

    Parameters
    ----------
    themes : names, in order.
    rows : a line a labelled comment: ``print, copy`` (which comment), ``p`` (probability of being labelled).
    y : (rows, themes) the mean of the coders, 0 to 1.
    agreement : a row a theme: ``theme, n`` (comments of two coders), ``agreed, ac1, alpha, alpha_low, alpha_high``.
    between : (themes,) variance of a share from who coded, where the coders disagree (alpha below .667); else 0.
    comments : how many comments the labels were drawn from; 0 where the file does not say.
    notes : what was seen while reading, in words.
    """

    themes: tuple[str, ...]
    rows: pd.DataFrame
    y: NDArray
    agreement: pd.DataFrame
    between: NDArray
    comments: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


@public
def read_labels(path: str | Path | pd.DataFrame, frame: Any = None, *, at_random: bool = False) -> Labels:
    """Return the labels of a filled workbook of `label_sample`, or of a table of one's own.

    Parameters
    ----------
    path : the workbook, whose ``.key.json`` lies beside it. Without that file: a workbook, a CSV or a table with a
        column ``comment`` (as in the study) and a column of 1 and 0 for each theme, and ``at_random=True``.
    frame : the code frame of the labels, its path, or names; all themes that are labelled if not given.
    at_random : says that the comments of a table without its key were drawn at random, each with the same
        probability. Labels of comments that somebody picked make every share wrong.

    Returns
    -------
    Labels, for `cxlab.code`.

    Raises
    ------
    DataProblem : no such file; no key and not said to be random; a theme without a column; a code other than 1 and 0;
        a comment that was changed or coded twice; a row passed over between coded ones; fewer than 20 labels.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> own = pd.DataFrame({"comment": [f"the wait was {k} minutes" for k in range(30)], "waiting": [1] * 30})
    >>> len(cx.text.read_labels(own, ["waiting"], at_random=True))
    30
    """
    themes = tuple(framed(frame).names) if frame is not None else ()
    if isinstance(path, pd.DataFrame):
        return _own(path, themes, at_random, "the table")
    if not isinstance(path, (str, Path)):
        raise DataProblem(
            f"labels are {path!r}; give the path of a workbook of cx.text.label_sample, or a table of labels"
        )
    file = placed(path)
    if not file.is_file():
        where = (
            f"no file of labels {path}" if str(path) not in ("", ".") else "nothing that comments were labelled with"
        )
        raise DataProblem(f"there is {where}; make a workbook with cx.text.label_sample, and give its path")
    key = key_path(file)
    if not key.is_file():
        if not at_random:
            raise DataProblem(
                f"beside {file.name} there is no {key.name}, which says with what probability each comment was drawn; "
                "labels of comments that somebody picked make every share wrong. Put it back, draw with "
                "cx.text.label_sample, or say at_random=True if they were drawn at random"
            )
        return _own(label_files.table(file), themes, at_random, file.name)
    drawn = label_files.key(key, themes)
    themes = themes or tuple(drawn["themes"])
    return _joined(drawn, label_files.sheets(file, themes), themes, file.name)


def _codes(table: pd.DataFrame, columns: list[str], where: str) -> NDArray:
    """(rows, columns) codes; nan where a cell is empty."""
    text = table[columns].map(lambda v: "" if v is None or v != v else str(v).strip())
    wrong = ~text.isin(list(CODES)).to_numpy()
    if wrong.any():
        r, c = np.argwhere(wrong)[0]
        raise DataProblem(
            f"{where}, line {r + 2}: '{columns[c]}' holds {quotable(text.iat[r, c])!r}; codes are 1, 0 or empty"
            + (f" ({int(wrong.sum())} cells are otherwise)" if wrong.sum() > 1 else "")
        )
    return text.map(CODES.get).to_numpy(float)


def _joined(drawn: Mapping[str, Any], sheets: dict[str, pd.DataFrame], themes: tuple[str, ...], name: str) -> Labels:
    rows = drawn["rows"].set_index("row")
    given, notes = {}, []
    there: dict[str, set[int]] = {k: set() for k in drawn["sheets"]}
    done: dict[str, set[int]] = {k: set() for k in drawn["sheets"]}
    for coder, table in sheets.items():
        where = f"sheet '{coder}' of {name}"
        table = table[(table["row"].str.strip() != "") | (table["comment"].str.strip() != "")].reset_index(drop=True)
        number = _numbers(table, rows, where)
        codes = _codes(table, [*themes, *(c for c in BUILT_IN if c in table)], where)
        coded = np.isfinite(codes).any(1)
        ones = np.nansum(codes, axis=1) > 0
        half = coded & ~ones & ~np.isfinite(codes[:, : len(themes)]).all(1)
        whose = _whose(set(number.tolist()), coder, drawn["sheets"])
        there[whose] |= set(number.tolist())
        done[whose] |= set(number[coded].tolist())
        if half.any():
            raise DataProblem(
                f"{where}, row {number[half][0]}: some themes are 0 and some are empty; fill in the row, or give it "
                "the 1 it lacks"
            )
        if coded.any():
            y = np.nan_to_num(codes[:, : len(themes)])
            given[coder] = pd.DataFrame(y[coded], number[coded], list(themes))
        if coded.any() and not coded.all():
            notes.append(f"{coder} stopped after {int(coded.sum())} of {len(coded)} comments")
    for whose, order in drawn["sheets"].items():
        _no_gaps(order, there[whose], done[whose], f"sheet '{whose}' of {name}")
    return _labels(rows, given, themes, drawn["comments"], notes)


def _numbers(table: pd.DataFrame, rows: pd.DataFrame, where: str) -> NDArray:
    """The numbers of a sheet's rows; each was drawn, stands once and holds the comment as it was."""
    number = pd.to_numeric(table["row"], errors="coerce")
    strange = ~number.isin(rows.index)
    if strange.any():
        k = int(np.flatnonzero(strange)[0])
        raise DataProblem(
            f"{where}, line {k + 2}: row {quotable(table['row'].iat[k])!r} was not drawn; add no comments of your own: "
            "they are not at random"
        )
    number = number.astype(int).to_numpy()
    if len(set(number)) < len(number):
        twice = pd.Series(number)[pd.Series(number).duplicated()].iat[0]
        raise DataProblem(f"{where}: row {twice} stands twice; a comment is coded once by each coder")
    same = [print_of(t) == s for t, s in zip(table["comment"], rows.loc[number, "shown"], strict=True)]
    if not all(same):
        k = same.index(False)
        raise DataProblem(
            f"{where}, line {k + 2}: the comment of row {number[k]} was changed; labels belong to the comment that was "
            "drawn. Put its text back" + (f" ({same.count(False)} are changed)" if same.count(False) > 1 else "")
        )
    return number


def _no_gaps(order: list[int], there: set[int], coded: set[int], where: str) -> None:
    """Coded rows are the first that were drawn: who stops early, or leaves a row out, chooses."""
    last = max((k for k, r in enumerate(order) if r in coded), default=-1)
    gap = [r for r in order[: max(last, 0)] if r not in coded]
    if not gap:
        return
    gone = [r for r in gap if r not in there]
    listed = ", ".join(map(str, (gone or gap)[:5])) + (", ..." if len(gone or gap) > 5 else "")
    if gone:
        raise DataProblem(
            f"{where}: {len(gone)} comments that were drawn are gone (rows {listed}); which are left is not random. "
            "Put them back: a copy of the workbook as it was drawn has them"
        )
    raise DataProblem(
        f"{where}: {len(gap)} comments are passed over between coded ones (rows {listed}); which these are is not "
        "random. Code them, or give them a 1 in 'cannot code'"
    )


def _whose(rows: set[int], name: str, sheets: Mapping[str, list[int]]) -> str:
    """The coder whose rows stand on a sheet, whatever it is called now."""
    return max(sheets, key=lambda k: (len(rows & set(sheets[k])), k == name))


def _labels(
    rows: pd.DataFrame, given: dict[str, pd.DataFrame], themes: tuple[str, ...], comments: int, notes: list[str]
) -> Labels:
    there = sorted(set().union(*(g.index for g in given.values()))) if given else []
    if len(there) < LEAST:
        raise DataProblem(
            f"{len(there)} comments are labelled; at least {LEAST} are needed, a few hundred are usual: "
            "cx.text.labels_needed says how many"
        )
    stack = np.stack([g.reindex(there)[list(themes)].to_numpy(float) for g in given.values()])
    kept = rows.loc[there].copy()
    asked, got = rows.groupby("group").size(), kept.groupby("group").size()
    kept["p"] *= (got / asked).reindex(kept["group"]).to_numpy()
    if len(kept) < len(rows):
        notes.append(f"{len(kept)} of {len(rows)} drawn comments are labelled; probabilities are those of what is")
    table, between, said = _agreement(stack, themes)
    with np.errstate(invalid="ignore"):
        y = np.nanmean(stack, axis=0)
    return Labels(themes, kept.reset_index(drop=True), y, table, between, comments, tuple(notes) + said)


def _agreement(stack: NDArray, themes: tuple[str, ...]) -> tuple[pd.DataFrame, NDArray, tuple[str, ...]]:
    """How far two coders agree on each theme, and what their disagreement adds to the variance of its share."""
    found, between, notes = [], np.zeros(len(themes)), []
    both = np.isfinite(stack).all(2).sum(0) >= 2
    for t, theme in enumerate(themes):
        row: dict[str, Any] = {"theme": theme, "n": int(both.sum())} | dict.fromkeys(
            ("agreed", "ac1", "alpha", "alpha_low", "alpha_high"), np.nan
        )
        codes = stack[:, both, t]
        if both.sum() >= 10 and len(stack) >= 2 and 0 < np.nanmean(codes) < 1:
            names = [f"coder {k + 1}" for k in range(len(stack))]
            words = pd.DataFrame(
                {n: pd.Series(c).map({1.0: "yes", 0.0: "no"}) for n, c in zip(names, codes, strict=True)}
            )
            table = agreement(load(words), names).table.set_index("measure")
            row |= {"agreed": table.iloc[0]["estimate"], "ac1": table.iloc[1]["estimate"]}
            row |= dict(
                zip(("alpha", "alpha_low", "alpha_high"), table.iloc[2][["estimate", "low", "high"]], strict=True)
            )
            if row["alpha"] < NEEDED:
                means = np.nanmean(codes, axis=1)
                between[t] = float(means.var(ddof=1) / len(means))
                notes.append(
                    f"{theme}: coders disagree (alpha {row['alpha']:.2f}, {NEEDED} is needed); intervals wider"
                )
            if row["alpha_high"] < 0:
                notes.append(
                    f"{theme}: coders disagree more than chance does; did one of them swap columns, or 1 and 0?"
                )
        found.append(row)
    if not both.any():
        notes.append("no comment has two coders: their agreement is unknown")
    return pd.DataFrame(found), between, tuple(notes)


def _own(table: pd.DataFrame, themes: tuple[str, ...], at_random: bool, name: str) -> Labels:
    """Labels of a table without a key, said to be at random."""
    if not at_random:
        raise DataProblem(
            f"nothing says how the comments of {name} were chosen; labels of comments that somebody picked make every "
            "share wrong. Draw with cx.text.label_sample, or say at_random=True if they were drawn at random"
        )
    themes = themes or tuple(
        framed([str(c) for c in table.columns if c not in ("comment", "row", *BUILT_IN, "remark")]).names
    )
    if lost := [c for c in ("comment", *themes) if c not in table]:
        raise DataProblem(
            f"{name} has no column {', '.join(map(repr, lost))}; it has {', '.join(map(str, table.columns))}"
        )
    codes = _codes(table, list(themes), name)
    coded = np.isfinite(codes).all(1)
    prints = pd.Series([print_of(str(t)) for t in table["comment"]])
    rows = pd.DataFrame(
        {"row": np.arange(len(table)), "print": prints, "copy": prints.groupby(prints).cumcount(), "p": 1.0}
    )
    rows["group"] = ""
    kept = pd.DataFrame(codes[coded], rows["row"][coded], list(themes))
    notes = ["the labels are said to be at random; nothing shows it"]
    notes += [f"{int((~coded).sum())} rows with an empty code are left out"] if not coded.all() else []
    return _labels(rows[coded].set_index("row"), {"coder 1": kept}, themes, 0, notes)
