"""How far a unit stands from its peers: gap with both errors, percentile, and what the top quarter would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxlab.columns import difference, show, span
from cxlab.data.arguments import of_kind, public
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference.differences import tipping_error, two_sided, verdicts
from cxlab.stats.inference.inversion import t_at
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.units import ranks, shrinkage
from cxlab.stats.units.posterior import posterior

DRAWS = 4000
FEW = 6
"""With so many places or fewer a note says that chances near 0 and 1 are too sure."""


@public
def gap(
    peers: Result,
    *,
    se: float | None = None,
    best: str | None = None,
    top: float = 0.25,
    probability: float = 0.8,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the distance of a unit from the peers that `peers` chose for it, and where that puts it.

    The gap to *these* peers carries the unit's error and the peers' sampling errors; the gap to the *field* they stand
    for adds how much such units differ (tau). Where the peers' errors are unknown the benchmark counts as exact and
    ``tipping_se`` says how imprecise it may be before the gap is no longer real.

    Parameters
    ----------
    peers : result of `peers`.
    se : standard error of the unit's own figure, where the table of units does not hold it.
    best : which end is best, 'high' or 'low'; default as the units say, else 'high'.
    top, probability : the target is the true score that is in the best ``top`` of unit and peers with ``probability``.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result of kind 'gap': rows 'own', 'peers', 'gap to these peers', 'gap to such units in general'; ``parts``:
    ``percentile`` (share of the peers that are worse, with its set), ``target``, ``chance`` of the top now,
    ``tipping_se``.

    Raises
    ------
    DataProblem : ``peers`` is no result of `peers`, ``top`` is not between 0 and 1, ``best`` is unknown, or the
        unit has no standard error and ``se`` is not given.

    Examples
    --------
    >>> import cxlab as cx
    >>> units = cx.league(cx.load("brand-tracker"))
    >>> cx.leagues.gap(cx.leagues.peers(units, "Alba")).kind
    'gap'
    """
    own, table = of_kind(peers, "peers", "cx.leagues.peers").parts["own"].iloc[0], peers.table
    name, se = table.columns[0], float(own.get("se", np.nan)) if se is None else se
    best = best or peers.parts["best"]
    one_of("best", best, ("high", "low"))
    if not 0 < top < 1:
        raise DataProblem(f"top is {top:g}; it is a share of the unit and its peers, above 0 and below 1, e.g. 0.25")
    if not se > 0:
        raise DataProblem(f"{own[name]} has no standard error; a gap needs at least the own figure's error: give se=")
    sign = 1 if best == "high" else -1
    y = table["estimate"].to_numpy(float)
    error = table["se"].to_numpy(float) if "se" in table else np.full(len(y), np.nan)
    known = bool(np.isfinite(error).all())
    v = error**2 if known else np.zeros(len(y))
    tau2 = shrinkage.paule_mandel(y, v) if known and v.min() > 0 else float(np.var(y, ddof=1)) if len(y) > 1 else np.nan
    shown, between = _rows(own, name, se, table, v if known else None, tau2, level)
    shown["unit"] = [peers.unit] * 2 + [difference(peers.unit)] * 2
    facts = {
        **_place(own, se, y, v, known, sign, level, seed),
        **_target(own, se, y, v, sign, (top, probability, seed)),
        "tipping_se": float(tipping_error(between, z_value(level) * se, level)),
        "tau": float(np.sqrt(tau2)), "known": known,
    }  # fmt: skip
    return Result(
        kind="gap",
        title=f"{own[name]} against {len(y)} peers",
        table=shown,
        unit=peers.unit,
        level=level,
        method=f"{peers.method}; normal interval with the errors of both sides, to such units in general Student's t; "
        "chances from the posterior of all true scores (flat prior of how much the units differ)",
        notes=(
            _said(shown.iloc[2], peers.unit, level),
            *peers.notes,
            *_words(own, name, facts, peers.unit, between, probability),
        ),
        parts={**facts, "peers": table, "best": best, "unit": str(own[name]), "measure": peers.parts["measure"]},
    )


def _rows(
    own: pd.Series, name: str, se: float, table: pd.DataFrame, v: np.ndarray | None, tau2: float, level: float
) -> tuple[pd.DataFrame, float]:
    """Own estimate, peers' mean, and the gap with both errors: to these peers, and to such units in general."""
    y, w = table["estimate"].to_numpy(float), table["weight"].to_numpy(float)
    mean = float(w @ y)
    error = 0.0 if v is None else float(np.sqrt((w**2 * v).sum()))
    general = float(np.sqrt((w**2 * ((0 if v is None else v) + tau2)).sum()))
    between = float(own["estimate"]) - mean
    rows = [
        (str(own[name]), float(own["estimate"]), se),
        (f"{len(y)} peers, weighted mean", mean, np.nan if v is None else error),
        ("gap to these peers", between, np.hypot(se, error)),
        ("gap to such units in general", between, np.hypot(se, general)),
    ]
    shown = pd.DataFrame(rows, columns=["what", "estimate", "se"])
    df = np.array([np.inf, np.inf, np.inf, _general_df(se, general, w)])
    half = t_at(np.full(len(rows), z_value(level)), df) * shown["se"].to_numpy(float)
    shown = shown.assign(low=shown["estimate"] - half, high=shown["estimate"] + half)
    p = two_sided(shown["estimate"], shown["se"], df)
    shown["p"] = np.where(np.arange(len(rows)) < 2, np.nan, p)
    return shown[["what", "estimate", "low", "high", "se", "p"]], between


def _general_df(se: float, general: float, w: np.ndarray) -> float:
    """Degrees of freedom of the gap to the field (Satterthwaite): few peers tell badly how much such units differ."""
    peers = max(1 / float((w**2).sum()) - 1, 1.0)
    return (se**2 + general**2) ** 2 / (general**4 / peers) if general > 0 else np.inf


def _place(
    own: pd.Series, se: float, y: np.ndarray, v: np.ndarray | None, known: bool, sign: int, level: float, seed: int
) -> dict[str, Any]:
    """The rank among the peers, its marginal set, and both as a percentile: the share of the peers that are worse."""
    x = sign * np.concatenate([[float(own["estimate"])], y])
    variance = np.concatenate([[se**2], v if known else np.zeros(len(y))])
    low, high = ranks.rank_set(x, variance, 0, level=level, seed=seed)
    rank, p = int(1 + (x[1:] > x[0]).sum()), len(x)
    percent = lambda r: 100 * (p - r) / (p - 1)  # noqa: E731
    return {
        "rank": rank, "rank_low": low, "rank_high": high, "places": p,
        "percentile": percent(rank), "percentile_low": percent(high), "percentile_high": percent(low),
    }  # fmt: skip


def _target(
    own: pd.Series, se: float, y: np.ndarray, v: np.ndarray | None, sign: int, options: tuple[Any, ...]
) -> dict[str, float]:
    """The chance of being in the best ``top`` now, and the true score that would be with ``probability``.

    True scores of the unit and its peers are drawn together from their posterior: all are shrunken to their common
    mean, with the uncertainty of how much such units differ. Peers without errors are taken as they are.
    """
    top, probability, seed = options
    least = (1e-4 * max(float(np.ptp(y)), float(se))) ** 2
    found = posterior([float(own["estimate"]), *y], [se**2, *np.fmax(v, least)])
    drawn, truth = np.split(found.draws(DRAWS, seed), [1], axis=1)
    places = max(1, int(np.floor(top * (len(y) + 1))))
    cut = np.sort(sign * truth, axis=1)[:, -min(places, len(y))]
    return {
        "places_of_top": places, "chance": float((sign * drawn[:, 0] > cut).mean()),
        "target": sign * float(np.quantile(cut, probability)),
    }  # fmt: skip


def _said(row: pd.Series, unit: str, level: float) -> str:
    """Whether the gap to these peers is real, in the words of every comparison, with its interval and p."""
    word = verdicts([row["p"]], [np.nan], 1 - level)[0]
    p = "< 0.001" if row["p"] < 0.001 else f"= {row['p']:.3f}"
    told = "The gap to these peers is real" if word == "real" else "Whether the gap to these peers is real is open"
    size = show(float(row["estimate"]), difference(unit))
    return f"{told}: {size} ({span(float(row['low']), float(row['high']), difference(unit))}; p {p})."


def _words(
    own: pd.Series, name: str, facts: Mapping[str, Any], unit: str, between: float, probability: float
) -> list[str]:
    """What the numbers say."""
    place, low, high = (f"{facts[k]:.0f}" for k in ("percentile", "percentile_low", "percentile_high"))
    notes = [
        f"{own[name]} is better than {place} % of its peers; the data allow {low} to {high} %.",
        f"It is among the best {facts['places_of_top']} of {facts['places']} with a chance of {facts['chance']:.0%}; a "
        f"true score of {show(facts['target'], unit)} would be with {probability:.0%}.",
    ]
    if facts["places"] <= FEW:
        notes.append(
            f"{facts['places'] - 1} peers hardly tell how much such units differ: a chance near 0 or 1 is too sure "
            "where they differ by no more than their errors."
        )
    if not facts["known"]:
        tip = facts["tipping_se"]
        notes.append(
            f"The gap of {show(between, difference(unit))} would stop being real if the benchmark's standard error "
            f"were {show(tip, difference(unit))} or more."
            if np.isfinite(tip) and tip > 0
            else "The gap is open even against a benchmark without error."
        )
    return notes
