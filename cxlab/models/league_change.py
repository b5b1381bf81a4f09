"""Two waves of a league table: certain changes of level, gap and rank, and what chance alone takes from stars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cxlab.data.study import Study
from cxlab.models import metrics
from cxlab.models.groups import Groups, grouped
from cxlab.models.league import steadied, unit_score
from cxlab.models.scores import Score
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats import multiple, ranks, shrinkage


def league_change(
    study: Study,
    unit: str = "",
    metric: str = "nps",
    *,
    waves: tuple[Any, Any] | None = None,
    top: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    **question,
) -> Result:
    """Return each unit's change between two waves, also against the field and against regression to the mean.

    The gap is the distance from the plain mean of all units in that wave. ``expected`` is where a unit of that first
    score ends up if nothing real changes: mean_2 + B_j (y_1j - mean_1), B_j = tau^2 / (tau^2 + v_1j)
    (nearer to y_1j where the same respondents answered twice). Last wave's stars
    fall towards the mean, its laggards rise; only ``surprise`` (observed minus expected) is news.

    Parameters
    ----------
    unit, metric, question : as for `league`.
    waves : the two waves; default: the last two of the study's wave column.
    top : how many units count as stars (and as laggards); default a quarter.

    Returns
    -------
    Result of kind 'league_change': ``unit, before, after, estimate`` (change), ``low, high, se, n``; ``gap_change``
    with interval and Holm's ``p_adjusted``; ``rank_before, rank_after`` with the set of changes of rank that both
    waves' marginal sets allow together (Bonferroni); ``expected, surprise`` with interval; ``was``: star or laggard.
    """
    unit = unit or study.need("brand", "a league table")[0]
    wave = study.design.wave
    if not wave:
        raise DataProblem(f"a change of ranks needs a column with role 'wave'; {study.name} declares none")
    score, best, notes = unit_score(study, metric, question)
    first, last = _two(study, wave, waves, score)
    found = grouped(study.where(**{wave: [first, last]}), score, [unit, wave], level)
    names, at, dropped = _in_both(found, study, unit, wave, (first, last))
    y = found.moments.mean[at] * score.factor
    cov = _covariance(found, at, score.factor)
    sign = 1 if best == "high" else -1
    table, facts = _changes(names, y, cov, sign, level, seed)
    table["n"] = found.table["n"].to_numpy(int)[at[:, 1]]
    k = top or max(1, round(len(names) / 4))
    order = np.argsort(np.argsort(-sign * y[:, 0], kind="stable"), kind="stable")
    table["was"] = np.where(order < k, "star", np.where(order >= len(names) - k, "laggard", ""))
    table = table.rename(columns={"unit": unit})
    stars = _stars(table, cov, facts)
    between = f"{_label(study, wave, first)} to {_label(study, wave, last)}"
    front = [unit, "before", "after", "estimate", "low", "high", "se", "n"]
    return Result(
        kind="league_change",
        title=f"{score.title} by {study.field(unit).label}: {between}",
        table=table[front + [c for c in table.columns if c not in front]]
        .iloc[np.argsort(order)]
        .reset_index(drop=True),
        unit=score.unit,
        level=level,
        method=f"{score.method}; covariance of the waves from shared respondents; rank sets of Mogstad et al. (2024); "
        "expected values by empirical Bayes",
        notes=(*study.caveats, *notes, *dropped, *_said(stars)),
        parts={
            "stars": stars,
            "unit": unit,
            "waves": [str(first), str(last)],
            "best": best,
            "in_unit": ["before", "after", "gap_change", "expected", "surprise"],
            **facts,
        },
    )


def _two(study: Study, wave: str, waves: tuple[Any, Any] | None, score: Score) -> tuple[Any, Any]:
    """The two waves: as given, or the last two in which the question was asked."""
    asked = study.frame.filter(~next(iter(score.items.values()))[0].is_null()).select(wave).unique()
    have = sorted(asked.collect().to_pandas()[wave].dropna().tolist())
    if waves is None:
        if len(have) < 2:
            found = ", ".join(map(str, have)) or "none"
            raise DataProblem(f"a change of ranks needs two waves; the question was asked in {found}")
        return have[-2], have[-1]
    missing = [w for w in waves if w not in have]
    if len(waves) != 2 or missing:
        raise DataProblem(f"waves is {waves!r}; give two of {', '.join(map(repr, have))}")
    return tuple(waves)


def _label(study: Study, wave: str, value: Any) -> str:
    return study.field(wave).labels.get(str(value), str(value))


def _in_both(found: Groups, study: Study, unit: str, wave: str, waves) -> tuple[list[str], np.ndarray, list[str]]:
    """Units with enough answers in both waves, their positions (units, 2), and a note on the others."""
    keys = {(str(k[1]), k[2]): i for i, k in enumerate(found.keys)}
    n = found.table["n"].to_numpy(float)
    units = list(dict.fromkeys(str(k[1]) for k in found.keys if k[1] is not None and k[1] == k[1]))
    enough = lambda u: all((u, w) in keys and n[keys[u, w]] >= metrics.SMALL for w in waves)  # noqa: E731
    names = [u for u in units if enough(u)]
    if len(names) < 2:
        raise DataProblem(
            f"a change of ranks needs at least two units with {metrics.SMALL} answers in both waves; '{unit}' has "
            f"{len(names)}"
        )
    lost = [u for u in units if u not in names]
    note = [f"Left out, fewer than {metrics.SMALL} answers in one of the waves: {', '.join(lost)}."] if lost else []
    return names, np.array([[keys[u, w] for w in waves] for u in names]), note


def _covariance(found: Groups, at: np.ndarray, factor: float) -> np.ndarray:
    """Covariance (2p, 2p) of first waves, then second waves, with stabilised variances."""
    rows = at.T.ravel()
    _, cov, _ = steadied(found.table.iloc[rows], found.cov[np.ix_(rows, rows)], factor, found.simple)
    return cov


def _changes(names, y, cov, sign, level, seed) -> tuple[pd.DataFrame, dict[str, float]]:
    """All columns that need only estimates (p, 2) and their covariance."""
    p = len(names)
    z = special.ndtri((1 + level) / 2)
    difference = np.hstack([-np.eye(p), np.eye(p)])
    centre = np.eye(p) - 1 / p
    change, gap = y[:, 1] - y[:, 0], centre @ (y[:, 1] - y[:, 0])
    se = np.sqrt(np.diag(difference @ cov @ difference.T))
    gap_se = np.sqrt(np.diag(centre @ difference @ cov @ difference.T @ centre.T))
    half = (1 + level) / 2  # both waves' sets hold together with probability level
    blocks = (cov[:p, :p], cov[p:, p:])
    sets = [ranks.rank_sets(sign * y[:, w], blocks[w], level=half, seed=seed) for w in (0, 1)]
    place = [1 + (sign * y[None, :, w] > sign * y[:, None, w]).sum(axis=1) for w in (0, 1)]
    v1, v2 = np.diag(cov)[:p], np.diag(cov)[p:]
    prior = shrinkage.shrink(y[:, 0], v1, level=level)
    same = np.diag(cov[:p, p:]) / v1  # share of the first wave's error that comes back with the same respondents
    expected = (1 - same) * prior.estimate + same * y[:, 0] + (y[:, 1].mean() - y[:, 0].mean())
    surprise_se = np.sqrt((1 - same) ** 2 * prior.factor * v1 + v2 - same**2 * v1)
    surprise = y[:, 1] - expected
    table = pd.DataFrame({
        "unit": names, "before": y[:, 0], "after": y[:, 1],
        "estimate": change, "low": change - z * se, "high": change + z * se, "se": se,
        "gap_change": gap, "gap_low": gap - z * gap_se, "gap_high": gap + z * gap_se,
        "p_adjusted": multiple.adjusted(special.erfc(np.abs(gap) / gap_se / np.sqrt(2)), "holm"),
        "rank_before": place[0], "rank_after": place[1],
        "rank_change_low": sets[1][0] - sets[0][1], "rank_change_high": sets[1][1] - sets[0][0],
        "expected": expected, "surprise": surprise,
        "surprise_low": surprise - z * surprise_se, "surprise_high": surprise + z * surprise_se,
    })  # fmt: skip
    return table, {"tau": float(np.sqrt(prior.tau2)), "reliability": float(np.median(prior.factor))}


def _stars(table: pd.DataFrame, cov: np.ndarray, facts: dict[str, float]) -> pd.DataFrame:
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


def _said(stars: pd.DataFrame) -> list[str]:
    star = stars.iloc[0]
    return [
        f"The first wave's {star['units']} moved {star['observed']:+.1f} against the field; regression to the mean "
        f"alone would give {star['expected']:+.1f}."
    ]
