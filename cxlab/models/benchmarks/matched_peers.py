"""Does matching by industry, by size, or by both tell better what a unit can attain?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.models.benchmarks.peers import as_units, cells
from cxlab.problem import DataProblem, unknown
from cxlab.result import Result
from cxlab.stats.units import kinds_apart
from cxlab.stats.units import nearest_units as alike

CLAIM = 0.05
"""The claim holds if matching by both cuts the error of prediction by at least this share."""
SAID = {
    "yes": "Matching by industry and size predicts better, by 5 % or more.",
    "no": "Matching by industry and size does not cut the error by 5 %.",
    "undecided": "Whether matching by industry and size cuts the error by 5 % cannot be told from these units.",
}


@public
def matching(
    units: Result | pd.DataFrame,
    *,
    industry: str,
    size: str,
    edges: Mapping[str, Sequence[float]] | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return how well a unit's score is predicted by all others, by those of its industry, of its size, and of both.

    Every unit is predicted by the mean of its peers, itself left out, shrunken to the mean of all others as far as
    kinds of units do not differ (`cxlab.stats.units.nearest_units.prediction_errors`): a mean of one to three peers is
    mostly noise. A unit without a peer is predicted by all others. The ratio is the root mean squared error over that
    of all others; its interval is a bootstrap of units, no shorter than what the analysis of variance leaves open of
    how far kinds lie apart (`cxlab.stats.units.kinds_apart`).

    Parameters
    ----------
    units, edges : as for `peers`.
    industry, size : columns of category and of size.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result of kind 'matching', one row a rule: ``rule, estimate`` (ratio), ``low, high, rmse, peers`` (median), ``n``.
    ``parts``: ``verdict`` on a cut by 5 %, ``claim``, ``draws`` (replicates of the ratios, a column a rule).

    Raises
    ------
    DataProblem : a column is not in the table of units, or fewer than 5 units have a peer.

    Examples
    --------
    >>> import cxlab as cx
    >>> import pandas as pd
    >>> industry = ["bank", "bank", "rail", "rail"] * 2
    >>> score, staff = [50, 52, 30, 31, 51, 49, 29, 32], [10, 900, 12, 800, 14, 700, 15, 600]
    >>> units = pd.DataFrame({"firm": list("abcdefgh"), "estimate": score, "industry": industry, "staff": staff})
    >>> cx.leagues.matching(units, industry="industry", size="staff", draws=50).table["rule"].tolist()
    ['all others', 'same industry', 'similar size', 'both']
    """
    table, _, _, _ = as_units(units)
    for c in (industry, size):
        if c not in table:
            raise unknown("column", c, "the table of units", table.columns[1:])
    columns = {"all others": [], "same industry": [industry], "similar size": [size], "both": [industry, size]}
    placed = {rule: cells(table, c, edges) for rule, c in columns.items()}
    same = {rule: alike.same_cell(own) for rule, own in placed.items()}
    use = np.column_stack([s.any(axis=1) for s in same.values()]).all(axis=1)
    if use.sum() < 5:
        raise DataProblem(
            f"only {int(use.sum())} units have a peer of the same {industry} and similar {size}; at least 5 are needed "
            "to compare the rules. Give wider edges, or coarser industries"
        )
    kinds = {rule: _kinds(own) for rule, own in placed.items()}
    errors, known = _errors(table, list(kinds.values()))
    result, drawn = _ratios(errors**2, table["estimate"].to_numpy(float), kinds, draws, level, seed)
    result["peers"] = [int(np.median(s.sum(axis=1))) for s in same.values()]
    result["n"] = len(table)
    both = result.iloc[3]
    held = "yes" if both["high"] <= 1 - CLAIM else "no" if both["low"] > 1 - CLAIM else "undecided"
    unknown_errors = () if known else ("Errors of the units are unknown: all peers weigh the same.",)
    return Result(
        kind="matching",
        title="What predicts a unit's score: which peers?",
        table=result,
        level=level,
        method="leave-one-out error of the peers' shrunken mean, as a ratio to that of all other units; bootstrap of "
        "units, no shorter than what analysis of variance leaves open",
        notes=(
            f"{int(use.sum())} of {len(table)} units have a peer under every rule; the others are predicted by all.",
            SAID[held],
            *unknown_errors,
        ),
        parts={"verdict": held, "claim": CLAIM, "draws": drawn},
    )


def _kinds(placed: np.ndarray) -> np.ndarray:
    """Codes of units in the same cell of every column; -1 where a cell is missing."""
    if not placed.shape[1]:
        return np.zeros(len(placed), int)
    code = np.unique(placed, axis=0, return_inverse=True)[1].reshape(-1)
    return np.where((placed >= 0).all(axis=1), code, -1)


def _errors(table: pd.DataFrame, kinds: Sequence[np.ndarray]) -> tuple[np.ndarray, bool]:
    """Prediction error of each unit under each rule, and whether the units' own errors are known."""
    y = table["estimate"].to_numpy(float)
    se = table["se"].to_numpy(float) if "se" in table else np.full(len(y), np.nan)
    known = bool((np.isfinite(se) & (se > 0)).all())
    v = se**2 if known else np.zeros(len(y))
    return np.column_stack([alike.prediction_errors(y, v, kind) for kind in kinds]), known


def _ratios(
    square: np.ndarray, y: np.ndarray, kinds: Mapping[str, np.ndarray], replicates: int, level: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Root mean squared error of each rule over that of the first, its interval, and the draws it is made of.

    A bootstrap of units takes how far kinds lie apart for known: where they seem not to differ it has no width. So
    each quantile lies no closer than that of the ratio under the spreads of kinds that the analysis of variance
    leaves open.
    """
    rmse = np.sqrt(square.mean(axis=0))
    picks = np.random.default_rng(seed).multinomial(len(square), np.full(len(square), 1 / len(square)), replicates)
    drawn = np.sqrt(picks @ square)
    ratios = drawn / drawn[:, :1]
    at = (np.arange(replicates) + 0.5) / replicates
    for j, kind in enumerate(kinds.values()):
        open_ = kinds_apart.ratio(np.fmin(kinds_apart.likely_spreads(y, kind, at), 1e9), kind)
        order = np.argsort(ratios[:, j], kind="stable")
        both = np.stack([ratios[order, j], np.sort(open_)])
        ratios[order, j] = np.where(at < 0.5, both.min(axis=0), both.max(axis=0))
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2], axis=0)
    table = pd.DataFrame({"rule": list(kinds), "estimate": rmse / rmse[0], "low": low, "high": high, "rmse": rmse})
    return table, pd.DataFrame(ratios, columns=list(kinds))
