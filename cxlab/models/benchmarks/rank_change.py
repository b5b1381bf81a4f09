"""Two waves of a league table: certain changes of level, gap and rank, and what chance alone takes from stars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cxlab.columns import show
from cxlab.data import waves as waves_of
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.benchmarks.league import steady, unit_score
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.groups import Groups, grouped
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import shown as shown_names
from cxlab.stats.inference import multiple
from cxlab.stats.units import ranks, shrinkage


@public
def league_change(
    study: Study,
    by: str = "",
    *,
    metric: str = "nps",
    waves: tuple[Any, Any] | None = None,
    top: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    **question: Any,
) -> Result:
    """Return each unit's change between two waves, also against the field and against regression to the mean.

    The gap is the distance from the plain mean of all units in that wave. ``expected`` is where a unit of that first
    score ends up if nothing real changes: mean_2 + B_j (y_1j - mean_1), B_j = tau^2 / (tau^2 + v_1j)
    (nearer to y_1j where the same respondents answered twice). Last wave's stars
    fall towards the mean, its laggards rise; only ``surprise`` (observed minus expected) is news.

    Parameters
    ----------
    by, metric, question : as for `league`.
    waves : the two waves; default: the last two of the study's wave column.
    top : how many units count as stars (and as laggards); default a quarter.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result of kind 'league_change': ``unit, before, after, estimate`` (change), ``low, high, se, n``; ``gap_change``
    with interval and Holm's ``p_adjusted``; ``rank_before, rank_after`` with the set of changes of rank that both
    waves' marginal sets allow together (Bonferroni); ``expected, surprise`` with interval; ``was``: star or laggard.

    Raises
    ------
    DataProblem : no wave is declared or known as the last two, ``waves`` names none, or fewer than two units have
        enough answers in both.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.leagues.league_change(cx.load("brand-tracker")).table["brand"].nunique()
    6
    """
    by = study.field(by or study.need("brand", "a league table")[0]).name
    wave = study.design.wave
    if not wave:
        raise DataProblem(f"a change of ranks needs a column with role 'wave'; {study.name} declares none")
    score, best, notes = unit_score(study, metric, question)
    first, last = _two(study, wave, waves, score)
    found = grouped(study.where(**{wave: [first, last]}), score, [by, wave], level)
    names, at, dropped = _in_both(found, by, (first, last))
    y = found.moments.mean[at] * score.factor
    table, stars, facts = _changes(names, y, _covariance(found, at, score.factor), best, (top, level, seed))
    table.insert(7, "n", found.table["n"].to_numpy(int)[at[:, 1]])
    between = f"{_label(study, wave, first)} to {_label(study, wave, last)}"
    (called,) = shown_names([by], table.columns.drop("unit"))
    facts |= {"unit": called, "waves": [str(first), str(last)], "best": best}
    return Result(
        kind="league_change",
        title=f"{score.title} by {study.field(by).label}: {between}",
        table=table.rename(columns={"unit": called}).sort_values("rank_before", ignore_index=True, kind="stable"),
        unit=score.unit,
        level=level,
        method=f"{score.method}; covariance of the waves from shared respondents; rank sets of Mogstad et al. (2024); "
        "expected values by empirical Bayes",
        notes=(*study.caveats, *notes, *dropped, *_said(stars, score), multiple.alone(level)),
        parts={"stars": stars, **facts},
    )


def _two(study: Study, wave: str, waves: tuple[Any, Any] | None, score: Score) -> tuple[Any, Any]:
    """The two waves: as given, or the last two in which the question was asked."""
    asked = study.frame.filter(~next(iter(score.items.values()))[0].is_null()).select(wave).unique()
    order = waves_of.order_of(study, wave, asked.collect().to_pandas()[wave].dropna().tolist())
    have = list(order.values)
    if waves is None:
        if len(have) < 2:
            found = ", ".join(map(str, have)) or "none"
            raise DataProblem(f"a change of ranks needs two waves; the question was asked in {found}")
        if not order.known:
            raise DataProblem(
                f"which waves in '{wave}' of {study.name} are the last two is not known: {', '.join(map(str, have))}; "
                "say waves=(first, last), or give the codebook labels in the order of time"
            )
        return have[-2], have[-1]
    missing = [w for w in waves if w not in have]
    if len(waves) != 2 or missing:
        raise DataProblem(f"waves is {waves!r}; give two of {', '.join(map(repr, have))}")
    return tuple(waves)


def _label(study: Study, wave: str, value: Any) -> str:
    return study.field(wave).labels.get(str(value), str(value))


def _in_both(found: Groups, unit: str, waves: tuple[Any, Any]) -> tuple[list[str], np.ndarray, list[str]]:
    """Units with enough answers in both waves, their positions (units, 2), and a note on the others."""
    keys = {(str(k[1]), k[2]): i for i, k in enumerate(found.keys)}
    n = found.table["n"].where(found.table["estimate"].notna(), 0).to_numpy(float)  # hidden: no answers to be seen
    units = list(dict.fromkeys(str(k[1]) for k in found.keys if k[1] is not None and k[1] == k[1]))
    enough = lambda u: all((u, w) in keys and n[keys[u, w]] >= metrics.SMALL for w in waves)  # noqa: E731
    names = [u for u in units if enough(u)]
    if len(names) < 2:
        raise DataProblem(
            f"a change of ranks needs at least two units with {metrics.SMALL} answers in both waves; '{unit}' has "
            f"{len(names)}"
        )
    lost = [u for u in units if u not in names]
    note = [f"Left out, too few answers to be shown in one of the waves: {', '.join(lost)}."] if lost else []
    return names, np.array([[keys[u, w] for w in waves] for u in names]), note


def _covariance(found: Groups, at: np.ndarray, factor: float) -> np.ndarray:
    """Covariance (2p, 2p) of first waves, then second waves, with stabilised variances."""
    rows = at.T.ravel()
    return steady(found.table.iloc[rows], found.cov[np.ix_(rows, rows)], factor, found.simple).covariance


def _changes(
    names: list[str], y: np.ndarray, cov: np.ndarray, best: str, options: tuple[int | None, float, int]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """The table and the stars: all that needs only estimates (p, 2) and their covariance (2p, 2p)."""
    top, level, seed = options
    p, sign, z = len(names), 1 if best == "high" else -1, special.ndtri((1 + level) / 2)
    difference, centre = np.hstack([-np.eye(p), np.eye(p)]), np.eye(p) - 1 / p
    change = y[:, 1] - y[:, 0]
    se, gap_se = (np.sqrt(np.diag(a @ difference @ cov @ difference.T @ a.T)) for a in (np.eye(p), centre))
    gap = centre @ change
    expected, surprise_se, facts = _expected(y, cov, level)
    table = pd.DataFrame({
        "unit": names, "before": y[:, 0], "after": y[:, 1],
        "estimate": change, "low": change - z * se, "high": change + z * se, "se": se,
        "gap_change": gap, "gap_low": gap - z * gap_se, "gap_high": gap + z * gap_se,
        "p_adjusted": multiple.adjusted(special.erfc(np.abs(gap) / gap_se / np.sqrt(2)), "holm"),
        **_places(sign * y, cov, (1 + level) / 2, seed),
        "expected": expected, "surprise": y[:, 1] - expected,
        "surprise_low": y[:, 1] - expected - z * surprise_se, "surprise_high": y[:, 1] - expected + z * surprise_se,
    })  # fmt: skip
    k = top or max(1, round(p / 4))
    if not 1 <= k <= p:
        raise DataProblem(f"top is {k}; allowed: a whole number from 1 to the number of ranked units, {p}")
    order = np.argsort(np.argsort(-sign * y[:, 0], kind="stable"), kind="stable")
    table["was"] = np.where(order < k, "star", np.where(order >= p - k, "laggard", ""))
    return table, _stars(table, cov), facts


def _places(y: np.ndarray, cov: np.ndarray, level: float, seed: int) -> dict[str, np.ndarray]:
    """Ranks in both waves and the changes of rank that both marginal sets, each at ``level``, leave open."""
    p = len(y)
    (low1, high1), (low2, high2) = (
        ranks.rank_sets(y[:, w], block, level=level, seed=seed) for w, block in ((0, cov[:p, :p]), (1, cov[p:, p:]))
    )
    before, after = (1 + (y[None, :, w] > y[:, None, w]).sum(axis=1) for w in (0, 1))
    return {
        "rank_before": before, "rank_after": after,
        "rank_change_low": low2 - high1, "rank_change_high": high2 - low1,
    }  # fmt: skip


def _expected(y: np.ndarray, cov: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Where each unit ends up if only the mean moves, and the error of that against what is observed."""
    p = len(y)
    v1, v2, same = np.diag(cov)[:p], np.diag(cov)[p:], np.diag(cov[:p, p:]) / np.diag(cov)[:p]
    prior = shrinkage.shrink(y[:, 0], v1, level=level)
    # `same` is the share of the first wave's error that comes back with the same respondents
    expected = (1 - same) * prior.estimate + same * y[:, 0] + (y[:, 1].mean() - y[:, 0].mean())
    se = np.sqrt((1 - same) ** 2 * prior.factor * v1 + v2 - same**2 * v1)
    return expected, se, {"tau": float(np.sqrt(prior.tau2)), "reliability": float(np.median(prior.factor))}


def _stars(table: pd.DataFrame, cov: np.ndarray) -> pd.DataFrame:
    """Mean change of last wave's stars and laggards: observed, and expected by chance alone."""
    p = len(table)
    difference = np.hstack([-np.eye(p), np.eye(p)])
    variance = difference @ cov @ difference.T
    rows = []
    for name in ("star", "laggard"):
        pick = (table["was"] == name).to_numpy()
        weight = pick / pick.sum() - 1 / p
        rows.append({
            "units": f"{name}s ({int(pick.sum())})",
            "observed": float(weight @ table["estimate"]), "se": float(np.sqrt(weight @ variance @ weight)),
            "expected": float(weight @ (table["expected"] - table["before"])),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _said(stars: pd.DataFrame, score: Score) -> list[str]:
    star, unit = stars.iloc[0], score.unit
    moved, alone = show(float(star["observed"]), unit), show(float(star["expected"]), unit)
    return [
        f"The first wave's {star['units']} moved {moved} against the field; regression to the mean alone would give "
        f"{alone}."
    ]
