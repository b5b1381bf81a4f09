"""Words for kinds of customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.columns import show

MATTERS = 10.0
"""Points (of 0 to 100) from the average of all that are worth a word."""


def letters(k: int) -> list[str]:
    """Return the names of kinds; one kind is everybody.

    >>> letters(3), letters(1)
    (['A', 'B', 'C'], ['all customers'])
    """
    return [chr(ord("A") + i) for i in range(k)] if k > 1 else ["all customers"]


def described(rows: pd.DataFrame) -> str:
    """Return what sets a kind apart: questions whose interval excludes the average of all by what matters.

    Parameters
    ----------
    rows : ``question, kind, estimate, low, high, all, unit`` of one kind of customers.
    """
    answers = rows[rows["kind"] == "answer"]
    apart = answers["estimate"] - answers["all"]
    sure = (answers["low"] > answers["all"]) | (answers["high"] < answers["all"])
    up, down = answers[sure & (apart >= MATTERS)], answers[sure & (apart <= -MATTERS)]
    out = [_listed(up, len(answers), "happier with"), _listed(down, len(answers), "less happy with")]
    out += [] if any(out) else ["like the average in everything"]
    for r in rows[rows["kind"] == "about"].itertuples():
        if np.isfinite(r.estimate):
            said = show if r.unit == "share" else lambda v, _: f"{v:.3g}"
            out.append(
                f"{r.question} {said(r.estimate, r.unit)} ({said(r.low, r.unit)} to {said(r.high, r.unit)}; "
                f"all {said(r.all, r.unit)})"
            )
    return "; ".join(o for o in out if o)


def _listed(rows: pd.DataFrame, all_: int, verb: str) -> str:
    if not len(rows):
        return ""
    if len(rows) == all_ and all_ > 2:
        return f"{verb} everything"
    order = (rows["estimate"] - rows["all"]).abs().sort_values(ascending=False, kind="stable").index
    names = rows.loc[order, "question"].tolist()
    return f"{verb} {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def level_only(answers: pd.DataFrame) -> bool:
    """Return whether the kinds have the same order in every question: degrees of one thing.

    >>> t = pd.DataFrame({"persona": list("AABB"), "question": list("xyxy"), "estimate": [9, 8, 3, 2]})
    >>> level_only(t), level_only(t.assign(estimate=[9, 2, 3, 8]))
    (True, False)
    """
    wide = answers.pivot(index="persona", columns="question", values="estimate")
    ranks = wide.rank().to_numpy()
    return bool((ranks == ranks[:, [0]]).all())
