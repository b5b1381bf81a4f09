"""`journey_types`: whether there is more than one kind of journey, and if so how each goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import EventLog, end_word, event_log
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits import markov_mixture
from cxlab.stats.fits.markov_mixture import Mixture
from cxlab.stats.inference.design_variance import t_value

EVENTS, HALVES, STABLE = 60, 4, 0.8
COLUMNS = (
    Column("type", "label", "", "Type"),
    Column("typical", "text", "", "Its most likely journey"),
    Column("length", "number", "", "Mean events"),
    Column("score", "estimate", "mean", "Score"),
    Column("score_low", "bound", "mean", "Score, low"),
    Column("score_high", "bound", "mean", "Score, high"),
)


@public
def journey_types(
    study: Study,
    outcome: str | None = None,
    *,
    k: int | None = None,
    most: int = 5,
    draws: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the types of journeys: a mixture of Markov chains, if the data know more than one.

    The number of types is that of the lowest BIC; it is kept only if two halves of the cases, fitted apart, put the
    journeys into the same types (adjusted Rand index of at least .8 on average over four splits). Else the answer is
    one type. Distinct journeys with their counts are brought into memory.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'.
    outcome : a score of the case, shown by type; default: the first outcome of satisfaction, if there is one.
    k : fit exactly so many types; default: as the BIC says, up to ``most``.
    draws : bootstrap samples of clusters, each fitted anew from the first fit, for the errors.
    level : of confidence. ``seed`` : of starts, splits and draws.

    Returns
    -------
    Result, the largest type first: ``type, typical`` (its most likely journey), ``estimate`` (share of the cases) with
    ``low, high``, ``length`` (mean events), ``score`` with its interval, ``n`` (cases, in expectation). ``parts``:
    ``bic`` by number of types, ``stability`` of the chosen number, ``steps`` (type, from, to, share).

    Raises
    ------
    DataProblem : more than 60 kinds of events, or fewer than 100 cases.

    References
    ----------
    Cadez, I., Heckerman, D., Meek, C., Smyth, P. & White, S. (2003). Model-based clustering and visualization of
        navigation patterns on a web site. Data Mining and Knowledge Discovery 7, 399-424. doi:10.1023/A:1024992613384
    Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification 2, 193-218. doi:10.1007/BF01908075

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.journey_types(cx.simulate_events(400, seed=3), most=2).table["type"].tolist()
    ['all journeys']
    """
    metrics.check_level(level)
    y = outcome or next(iter(study.codebook.role("outcome", measure="satisfaction")), None)
    if y:
        scores.average(study, [y], [])
    log = event_log(study, more={"y": y} if y else {})
    names, patterns, each = _patterns(log, y)
    steps, first = markov_mixture.counted(patterns, len(names))
    n = np.bincount(each["pattern"], each["w"], len(patterns))
    n *= len(each) / n.sum()  # the BIC counts cases, weights only shift them
    rng = np.random.default_rng(seed)
    tried = [k] if k else list(range(1, most + 1))
    fits: dict[int, Mixture] = {}
    for size in tried:
        fits[size] = markov_mixture.mixture(steps, first, n, size, rng)
        if size - 1 in fits and fits[size].bic > fits[size - 1].bic:
            break
    best = min(fits, key=lambda size: fits[size].bic)
    stable = _stability(steps, first, n, best, rng) if best > 1 else 1.0
    kept = best if (k or stable >= STABLE) else 1
    if kept not in fits:
        fits[kept] = markov_mixture.mixture(steps, first, n, kept, rng)
    few = log.ask(f"SELECT e FROM o GROUP BY e HAVING count(DISTINCT c) < {metrics.SMALL}")["e"].tolist()
    errors = _errors(fits[kept], steps, first, each, draws, rng)
    table = _table(fits[kept], names, patterns, each, errors, y, level)
    bic = pd.Series({size: f.bic for size, f in fits.items()}, name="bic")
    return Result(
        "journey_types",
        "Types of journeys",
        table,
        "share",
        level,
        "mixture of first-order Markov chains by EM, ten starts; BIC; stability: adjusted Rand index of half-samples; "
        f"errors from {draws} bootstrap samples of clusters",
        (*log.notes, _said(k, best, kept, stable, fits), *_rare(few)),
        {"bic": bic, "stability": stable, "steps": _steps(fits[kept], names, few), "outcome": y},
        better="none",
        columns=COLUMNS,
    )


def _patterns(log: EventLog, y: str | None) -> tuple[list[str], list[tuple[int, ...]], pd.DataFrame]:
    """Names of events, distinct journeys as their numbers, and one row a case: ``pattern, w, h, u, y``."""
    names = log.ask("SELECT DISTINCT e FROM o ORDER BY e")["e"].tolist()
    if len(names) > EVENTS:
        raise DataProblem(
            f"{log.study.name} has {len(names)} kinds of events; types of journeys are told apart with at most "
            f"{EVENTS}: merge some with study.derive"
        )
    score = "arg_max(CAST(y AS DOUBLE), place) FILTER (y IS NOT NULL)" if y else "CAST(NULL AS DOUBLE)"
    each = log.ask(
        "SELECT c, list(e ORDER BY place) AS way, any_value(w) AS w, any_value(h) AS h, any_value(u) AS u, "
        f"{score} AS y FROM o GROUP BY c ORDER BY c"
    )
    if len(each) < 100:
        raise DataProblem(f"{log.study.name} has {len(each)} cases; types of journeys need at least 100")
    number = {e: i for i, e in enumerate(names)}
    ways = [tuple(number[e] for e in way) for way in each["way"]]
    code, distinct = pd.factorize(pd.Series(ways, dtype=object))
    return names, list(distinct), each.drop(columns="way").assign(pattern=code)


def _stability(steps: csr_array, first: csr_array, n: NDArray, k: int, rng: np.random.Generator) -> float:
    """Mean adjusted Rand index, over all journeys, of the types that two halves of the cases give."""
    out = []
    for _ in range(HALVES):
        half = rng.binomial(np.round(n).astype(int), 0.5).astype(float)
        types = []
        for part in (half, np.round(n) - half):
            there = part > 0
            fit = markov_mixture.mixture(steps[there], first[there], part[there], k, rng, starts=5)
            belongs = markov_mixture.likelihood(steps, first, n, fit.share, fit.start, fit.steps)[1]
            types.append(belongs.argmax(1))
        out.append(_rand(types[0], types[1], n))
    return float(np.mean(out))


def _rand(a: NDArray, b: NDArray, n: NDArray) -> float:
    """The adjusted Rand index of two partitions of patterns with counts."""
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), n)
    pairs = lambda x: float((x * (x - 1) / 2).sum())  # noqa: E731
    both, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    expected = rows * columns / pairs(np.array([n.sum()]))
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _table(
    fit: Mixture, names: list[str], patterns: list[tuple[int, ...]], each: pd.DataFrame,
    errors: tuple[NDArray, NDArray], y: str | None, level: float,
) -> pd.DataFrame:  # fmt: skip
    shares, means = errors
    w, at = each["w"].to_numpy(float), each["pattern"].to_numpy()
    length = np.array([len(p) for p in patterns], float)[at]
    t, rows = float(t_value(level, len(each) - 1)), []
    score = _scores(fit.belongs[at], each, w) if y else np.full(len(fit.share), np.nan)
    for j, share in enumerate(fit.share):
        b, half = fit.belongs[at, j], t * float(shares[j])
        row = {
            "type": "all journeys" if len(fit.share) == 1 else "", "typical": _typical(fit, j, names),
            "estimate": float(share), "low": max(share - half, 0.0) if half else np.nan,
            "high": min(share + half, 1.0) if half else np.nan, "length": float((w * b) @ length / (w @ b)),
        }  # fmt: skip
        if y:
            half = t * float(means[j])
            row |= {"score": score[j], "score_low": score[j] - half, "score_high": score[j] + half}
        rows.append({**row, "n": round(float(b.sum()))})
    table = pd.DataFrame(rows).sort_values("estimate", ascending=False, ignore_index=True)
    if len(table) > 1:
        table["type"] = [f"type {i + 1}" for i in range(len(table))]
    return table


def _scores(belongs: NDArray, each: pd.DataFrame, w: NDArray) -> NDArray:
    """The mean score of each type: (K,)."""
    value = each["y"].to_numpy(float)
    there = np.isfinite(value)
    weight = belongs[there] * w[there, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return value[there] @ weight / weight.sum(0)


def _errors(
    fit: Mixture, steps: csr_array, first: csr_array, each: pd.DataFrame, draws: int, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Standard errors of shares and mean scores: clusters of cases are drawn anew and the mixture fitted again."""
    w, at = each["w"].to_numpy(float), each["pattern"].to_numpy()
    unit = each.groupby(["h", "u"], dropna=False, sort=False).ngroup().to_numpy()
    stratum = pd.factorize(each.groupby(unit)["h"].first())[0]
    shares, means = [], []
    for _ in range(draws):
        times = np.zeros(len(stratum))
        for h in range(stratum.max() + 1):
            mine = np.flatnonzero(stratum == h)
            np.add.at(times, rng.choice(mine, len(mine)), 1)
        drawn = w * times[unit]
        n = np.bincount(at, drawn, first.shape[0])
        share, belongs = markov_mixture.again(fit, steps, first, n * len(each) / n.sum())
        shares.append(share)
        means.append(_scores(belongs[at], each, drawn))
    alone = len(fit.share) == 1
    return np.zeros(1) if alone else np.std(shares, axis=0, ddof=1), np.std(means, axis=0, ddof=1)


def _typical(fit: Mixture, j: int, names: list[str]) -> str:
    """The journey that takes the most likely step each time, until it ends or comes back to where it was."""
    at, out = int(fit.start[j].argmax()), []
    while at < len(names) and at not in out:
        out.append(at)
        at = int(fit.steps[j, at].argmax())
    back = f" → {names[at]} again" if at < len(names) else ""
    return " → ".join(names[i] for i in out) + back


def _rare(few: list[str]) -> list[str]:
    """What is said of events of few cases."""
    what = f"{len(few)} event{'s' if len(few) > 1 else ''}"
    return [f"what follows {what} that fewer than {metrics.SMALL} cases met is not shown"] if few else []


def _steps(fit: Mixture, names: list[str], few: list[str]) -> pd.DataFrame:
    """What follows what in each type; not what follows the events of ``few`` cases."""
    ends = [*names, end_word(names)]
    order = np.argsort(-fit.share, kind="stable")
    rows = [
        (f"type {t + 1}", names[a], ends[b], float(fit.steps[j, a, b]))
        for t, j in enumerate(order)
        for a in range(len(names))
        if names[a] not in few
        for b in range(len(ends))
        if fit.steps[j, a, b] >= 0.01
    ]
    return pd.DataFrame(rows, columns=["type", "from", "to", "share"])


def _said(k: int | None, best: int, kept: int, stable: float, fits: dict[int, Mixture]) -> str:
    slow = "" if fits[kept].converged else "; the likelihood was still rising when it stopped"
    if k:
        return f"{k} types, as asked; stability {stable:.2f}{slow}"
    if best == 1:
        return "one type: more do not describe the journeys better (BIC)" + slow
    if kept == 1:
        found = f"{best} describe the journeys better (BIC), but half-samples find others"
        return f"one type: {found} (stability {stable:.2f})"
    return f"{kept} types: lowest BIC, and half-samples find the same (stability {stable:.2f}){slow}"
