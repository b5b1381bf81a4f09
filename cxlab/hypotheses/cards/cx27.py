"""Peers of the same kind.

Fall of the leave-one-out error of firms' scores with peers of the same industry and size.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import FEW, answered, mean, told
from cxlab.hypotheses.rule import Finding, from_draws
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth
from cxlab.models.benchmarks.matched_peers import matching
from cxlab.result import Result

TRUTH = Truth(claimed=0.3, n=2000)
FIRMS = 20
CLASSES = 10
"""A size with more values than this is a number; firms of the same half decade are alike."""


def test(case: Case) -> Evidence:
    """One minus the ratio of `cx.leagues.matching`: the error with like peers over that with all."""
    firms = _firms(case)
    found = matching(firms, industry="industry", size="size", level=case.level, seed=case.seed)
    cut = lambda rule: _cut(case, found, rule)  # noqa: E731
    alone = (("industry", cut("same industry")), ("size", cut("similar size")))
    shown = tuple(told(case, replace(f, name=f"error cut by {k} alone")) for k, f in alone)
    return Evidence((cut("both"),), None, shown, method=found.method, notes=found.notes[:1] + found.notes[2:])


def _cut(case: Case, found: Result, rule: str) -> Finding:
    """The cut of the error by a rule, with the draws of its bootstrap."""
    line, card = found.table.set_index("rule").loc[rule], case.card
    carry = {"side": card.side, "null": card.null, "sesoi": card.sesoi, "trivial": card.trivial, "unit": card.unit}
    draws = 1 - found.parts["draws"][rule].to_numpy()
    names = {"both": "industry and size", "same industry": "industry", "similar size": "size"}
    return from_draws(
        f"error cut by peers of the same {names[rule]}", 1 - float(line["estimate"]), draws, level=case.level,
        n=int(line["n"]), n_eff=float(line["n"]), **carry,
    )  # fmt: skip


def _firms(case: Case) -> pd.DataFrame:
    """A row a firm: its mean score (with its error where every firm has `FEW` answers), industry and size."""
    sample = case.sample
    y = sample.number("score")
    rows = answered(case, y, least=FIRMS)
    firm = np.array(["" if v is None or v != v else str(v) for v in sample.raw["firm"]])
    rows &= firm != ""
    names = np.unique(firm[rows])
    if len(names) < FIRMS:
        raise NotEstimable(f"only {len(names)} firms; this test needs at least {FIRMS}")
    kinds = {k: sample.raw[k] for k in ("industry", "size")}
    many = min(sample.n[rows & (firm == f)].sum() for f in names) >= FEW
    lines = []
    for f in names:
        mine = rows & (firm == f)
        estimate = float(np.average(y[mine], weights=(sample.n * sample.w)[mine]))
        se = mean(case, mine, y)[1] if many else np.nan
        lines.append((f, estimate, se, *(_of_firm(v, mine, sample.n) for v in kinds.values())))
    return pd.DataFrame(lines, columns=["firm", "estimate", "se", "industry", "size"])


def _of_firm(values: NDArray, mine: NDArray, n: NDArray) -> object:
    """The firm's middle number where there are many, else its most frequent category."""
    if values.dtype.kind == "f" and len(np.unique(values[np.isfinite(values)])) > CLASSES:
        return float(np.nanmedian(values[mine]))
    names, code = np.unique([str(v) for v in values[mine]], return_inverse=True)
    return str(names[np.bincount(code, n[mine]).argmax()])


def _between(effect: float, firms: int, cells: int) -> float:
    """Standard deviation between cells at which peers cut the error by ``effect``: shrunken means of m - 1 peers."""
    m = firms / cells - 1
    fall = lambda b: 1 - np.sqrt((1 + b / (m * b + 1)) / (1 + b))  # noqa: E731
    return 0.0 if effect <= 0 else float(np.sqrt(brentq(lambda b: fall(b) - effect, 0, 1e4)))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: fall of the leave-one-out error; twelve kinds of firms, under 'few-peers' one of two or three."""
    firms = max(n // 10, 60)
    cells = firms // 3 + 1 if threat else 12
    cell = np.arange(firms) % cells
    level = ndtri((rng.permutation(cells) + 0.5) / cells)
    score = _between(effect, firms, cells) * (level / level.std())[cell] + rng.standard_normal(firms)
    return Made(
        {
            "score": 50 + SPREAD * score,
            "firm": np.array([f"firm {i:03d}" for i in range(firms)], object),
            "industry": np.array([f"industry {c % 4}" for c in cell], object),
            "size": np.array([f"size {c // 4}" for c in cell], object),
        }
    )


def naive(case: Case) -> bool:
    """Firms of the same industry and size lie closer together than all firms: the error within kinds is smaller."""
    firms = _firms(case)
    kinds = firms.groupby(["industry", "size"])["estimate"]
    inside = firms["estimate"] - kinds.transform("mean")
    return bool(inside.std() < 0.95 * firms["estimate"].std())
