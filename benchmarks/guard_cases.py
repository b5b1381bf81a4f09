"""Few treated, few untreated: how often a tool says that an arm of 1 to 19 of 20 units works where it does nothing.

Like the lines of `benchmarks.coverages`: 1 for every study in which it is said; a tool that refuses says nothing (0).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

import cxlab as cx
from benchmarks.coverages import Hits, Run, study

UNITS, EACH = 20, 30
"""Units, and answers in each: half before, half after."""
TREATED = (1, 2, 3, 5, 10, 15, 17, 18, 19)
"""Treated units: from one to ten, and all but five to one."""
BEFORE = {
    "ols": {1: 65.0, 2: 0.0, 3: 4.0, 5: 6.0, 10: 8.0},
    "compare": {1: 0.0, 2: 14.0, 3: 8.0, 5: 8.0, 10: 8.0},
    "CX-11": {1: 60.5, 2: 26.0, 3: 16.0},
}
"""What a reviewer measured on an earlier version, with generators of their own (120 to 200 runs)."""


def _answers(rng: np.random.Generator, treated: int) -> pd.DataFrame:
    """Units differ (ICC .2) and move by themselves; ``arm`` marks the treated (of CX-28: with both measures), ``post``
    the second half.
    """
    c, post = np.repeat(np.arange(UNITS), EACH), np.tile(np.repeat([0, 1], EACH // 2), UNITS)
    own = 0.45 * rng.standard_normal(UNITS)[c] + 0.25 * rng.standard_normal((UNITS, 2))[c, post]
    z = own + 0.86 * rng.standard_normal(len(c))
    t = pd.DataFrame({"c": c, "post": post, "arm": (c < treated).astype(int)})
    t["start"] = np.where(c < treated, 1.0, np.nan)
    t["y"], t["ltr"] = np.clip(np.round(3.2 + z), 1, 5).astype(int), np.clip(np.round(7 + 2.5 * z), 0, 10).astype(int)
    t["best"] = (z > 0.3).astype(int)
    rest = (c - treated) % 3  # of the others a third has one measure, a third the other
    t["first"], t["second"] = ((c < treated) | (rest == 0)).astype(int), ((c < treated) | (rest == 1)).astype(int)
    return t


ROLES = {"y": "outcome", "arm": "operation", "c": "cluster"}


def _line(call: Callable[..., cx.Result], formula: str, term: str) -> Callable[[pd.DataFrame], bool]:
    def said(t: pd.DataFrame) -> bool:
        s = study(t, ROLES | {"post": "operation", "best": "operation"}, {"y": (1, 5)})
        try:
            return bool(call(s, formula).table.set_index("term")["p"][term] < 0.05)
        except cx.DataProblem:  # a logit refuses an arm that tells the answer for certain
            return False

    return said


def _compared(t: pd.DataFrame) -> bool:
    s = study(t, {"ltr": "outcome", "arm": "segment", "c": "cluster"})
    table = cx.compare(s, "nps", by="arm", correction="none").table
    return bool((table["p"] < 0.05).any())


def _piloted(t: pd.DataFrame) -> bool:
    s = study(t, {"ltr": "outcome", "post": "wave", "c": "brand", "start": "operation"})
    return bool(cx.pilot(s, "nps", unit="c", wave="post", start="start").table["p"].iloc[0] < 0.05)


def _experiment(t: pd.DataFrame) -> bool:
    s = study(t, ROLES | {"arm": "segment"}, {"y": (1, 5)})
    try:
        table = cx.experiment(s, ["y"], arm="arm", control=0).table
    except cx.DataProblem:
        return False
    return bool((table["p"] < 0.05).any())


SIDES = ("SUPPORTED", "DIRECTION-ONLY", "CONTRADICTED")


def _verdict(
    id: str, columns: list[str], assignment: tuple[str, ...], sides: tuple[str, ...] = SIDES
) -> Callable[[pd.DataFrame], bool]:
    """Whether a card's verdict is one of ``sides``."""
    score = cx.Field("sat", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    names = {
        "best": "operation",
        "arm": "operation",
        "first": "operation",
        "second": "operation",
        "post": "wave",
        "c": "cluster",
    }
    book = cx.Codebook(
        "pilot", (score, *(cx.Field(n, type="integer", role=r) for n, r in names.items())), design="experiment",
        assignment=assignment,
    )  # fmt: skip

    def said(t: pd.DataFrame) -> bool:
        data = cx.Study(t.rename(columns={"y": "sat"})[["sat", *names]], book)
        found = cx.verdict(id, data, columns=columns, robust=False, ledger=None)
        return found.direction in sides

    return said


CARDS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "CX-11": (["top3=best", "treated=arm", "post=post"], ("arm",)),
    "CX-23": (["satisfaction=sat", "arm=arm"], ("arm",)),
    "CX-28": (["score=sat", "a=first", "b=second", "unit=c"], ("first", "second")),
    "CX-29": (["score=sat", "arm=arm", "unit=c"], ("arm",)),
}
"""Cards whose arm lies at the level of units, their parts, and what was assigned."""
TOOLS: dict[str, Callable[[pd.DataFrame], bool]] = {
    "ols": _line(cx.ols, "y ~ arm", "arm"),
    "ols, before and after": _line(cx.ols, "y ~ arm * post", "arm:post"),
    "mixed": _line(cx.regressions.mixed, "y ~ arm", "arm"),
    "logit": _line(cx.regressions.logit, "best ~ arm", "arm"),
    "compare": _compared,
    "pilot": _piloted,
    "experiment": _experiment,
    **{id: _verdict(id, *CARDS[id]) for id in ("CX-11", "CX-28")},
}
CLAIMS = {id: _verdict(id, *parts, ("SUPPORTED", "DIRECTION-ONLY")) for id, parts in CARDS.items()}
"""Whether a card's verdict is for its claim: promised in at most 2.5 of 100 studies in which it is not true."""


def false_positive(tool: str, treated: int) -> Run:
    """An effect that is said (p below .05, or a verdict with a direction) where there is none."""
    return _tried(TOOLS[tool], treated)


def false_verdict(id: str, treated: int) -> Run:
    """A verdict for a card's claim where the arm does nothing."""
    return _tried(CLAIMS[id], treated)


def _tried(said: Callable[[pd.DataFrame], bool], treated: int) -> Run:
    def run(rng: np.random.Generator, sets: int) -> Hits:
        return np.array([float(said(_answers(rng, treated))) for _ in range(sets)])

    return run
