"""League tables that show how little of a rank is certain: adjusted, shrunken, with sets instead of ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.small_cells import hidden
from cxlab.data.study import Study
from cxlab.models.benchmarks import casemix
from cxlab.models.benchmarks.casemix import CaseMix
from cxlab.models.benchmarks.certain_pairs import Answers, certain
from cxlab.models.index.satisfaction import index_weights
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry
from cxlab.models.metrics.groups import Groups, grouped
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.names import shown as shown_names
from cxlab.stats.inference import multiple
from cxlab.stats.units import funnel as funnels
from cxlab.stats.units import ranks, shrinkage
from cxlab.stats.units.posterior import posterior
from cxlab.stats.units.steadied import PRIOR_CLUSTERS, Steadied, steadied
from cxlab.typed_results import League

FEW_UNITS = 20
"""Up to so many units the intervals of shrunken estimates count that tau is known badly."""
FUNNEL_LEVELS = (0.95, 0.998)
LETTERS = 60
"""Up to this many units, those that cannot be told apart are shown by letters."""


@dataclass(frozen=True)
class Units:
    """The units that are ranked: estimates, their covariance with stabilised variances, sizes and direction."""

    names: list
    estimate: np.ndarray
    covariance: np.ndarray
    n: np.ndarray
    n_eff: np.ndarray
    sign: int
    spread: float
    shared: bool
    by_level: bool
    limits: tuple[float, float]
    answers: Answers

    def for_shrinkage(self) -> np.ndarray:
        """Variances for shrinkage. Where the spread follows from the level (shares, NPS), all units get the pooled one:
        with their own, extreme units would look precise and be shrunken least.
        """
        return self.spread / self.n_eff if self.by_level else np.diag(self.covariance)

    def for_ranks(self) -> np.ndarray:
        """Variances, or the covariance where the errors of units are related."""
        own = np.diag(self.covariance)
        return self.covariance if np.any(self.covariance - np.diag(own)) else own


@public
def league(
    study: Study,
    by: str = "",
    *,
    metric: str = "nps",
    case_mix: str | Sequence[str] = (),
    top: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    **question: Any,
) -> League:
    """Return all units with their estimate, shrunken estimate and the ranks that the data do not exclude.

    Parameters
    ----------
    by : column of the units (brands, airlines, branches); default: the study's column with role 'brand'.
    metric : 'nps', 'csat', 'ces', 'mean', 'share' or 'index'; ``question`` takes what that metric takes: ``of``,
        ``top_box`` (of csat), ``value``, ``show``, ``model`` (of the index: one set of weights for all units), and
        ``best`` ('high' or 'low') where the codebook does not say it.
    case_mix : case-mix columns: what customers bring with them. Raw and adjusted estimates stand side by side.
    top : which units may be among the ``top`` best (default: a quarter of them).
    level : of all intervals and sets.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result of kind 'league', best first: ``unit, estimate, low, high, se, n, n_eff``; ``raw`` (before adjustment);
    ``shrunken, shrunken_low, shrunken_high`` (robust empirical Bayes); ``rank`` and its marginal set ``rank_low,
    rank_high`` (for one unit named beforehand), the simultaneous set ``all_low, all_high`` (for the whole table);
    ``may_be_top``; ``group``: units that share a letter cannot be told apart. ``parts``: ``funnel``, ``limits``,
    ``small`` (units with too few answers to be ranked), ``case_mix`` and facts.

    Raises
    ------
    DataProblem : a column or metric is not there, the metric has several questions and ``of=`` names none, or
        fewer than two units have enough answers.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm 2024, doi:10.1093/restud/rdad006; Armstrong, Kolesar & Plagborg-Moller 2022,
    doi:10.3982/ECTA18597; Spiegelhalter 2005, doi:10.1002/sim.1970.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.league(cx.load("brand-tracker")).table["brand"].tolist()[:2]
    ['Alba', 'Cima']
    """
    by = study.field(by or study.need("brand", "a league table")[0]).name
    case_mix = [study.field(name).name for name in ([case_mix] if isinstance(case_mix, str) else case_mix)]
    score, best, notes = unit_score(study, metric, question)
    raw = grouped(study, score, [by], level)
    mix = casemix.case_mix(study, score, by, case_mix) if case_mix else None
    shown = grouped(study, mix.score, [by], level) if mix else raw
    units, small = ranked_units(raw, shown, score, best, mix)
    table, parts = _ranked(units, top, level, seed)
    table.insert(0, "", units.names)
    table = _with_intervals(table, units, shown, raw if mix else None, level)
    (called,) = shown_names([by], table.columns)
    table = table.rename(columns={"": called})
    order = np.argsort(-units.sign * units.estimate, kind="stable")
    parts["may_be_top"] = [a for a, yes in zip(units.names, table["may_be_top"], strict=True) if yes]
    parts |= {"small": small, "unit": called, "metric": metric, "best": best, "measure": score.title}
    if mix:
        parts |= _mix_facts(mix, raw, units, score)
    return League(
        kind="league",
        title=f"{score.title} by {study.field(by).label}: {len(table)} units",
        table=table.iloc[order].reset_index(drop=True),
        unit=score.unit,
        level=level,
        method=f"{shown_method(score, mix)}; rank sets of Mogstad et al. (2024) with stepdown; shrinkage with robust "
        "intervals (Armstrong, Kolesár & Plagborg-Møller 2022)"
        + (f", up to {FEW_UNITS} units with a flat prior of how much they differ" if len(table) <= FEW_UNITS else ""),
        notes=(
            *(n for n in raw.notes if "least_n=0" not in n and "with the total" not in n),
            *notes,
            *_notes(units, parts, small, by),
            multiple.alone(level),
        ),
        parts=parts,
    )


def unit_score(study: Study, metric: str, question: dict[str, Any]) -> tuple[Score, str, list[str]]:
    """Return the score of one question, which end of it is best, and notes."""
    one_of("metric", metric, (*registry.METRICS, "index"))
    if metric == "index":
        return _index_score(study, question)
    options = {("top" if k == "top_box" else k): v for k, v in question.items() if k not in ("of", "best")}
    score = registry.score(study, metric, question.get("of"), [], **options)
    if len(score.items) > 1:
        found = list(score.items)
        first = study.codebook.measure(registry.metric(metric).measure)
        keep = next((i for i in found if i in first), None)
        if keep is None or len([i for i in found if i in first]) > 1:
            raise DataProblem(f"a league table ranks units by one question; of {', '.join(found)} name one with of=")
        score = replace(score, items={keep: score.items[keep]})
    column = next(iter(score.items))
    scale = study.field(column).scale
    low_best = metric in ("mean", "ces") and score.shape == "mean" and scale is not None and scale.best == "low"
    best = question.get("best") or ("low" if low_best else "high")
    one_of("best", best, ("high", "low"))
    return score, best, ["The lowest value is best here: rank 1 is the lowest."] if best == "low" else []


def _index_score(study: Study, question: dict[str, Any]) -> tuple[Score, str, list[str]]:
    """The satisfaction index of one respondent at weights estimated from all units together."""
    import narwhals as nw

    weights, notes = index_weights(study, question.get("model", "ecsi"))
    parts = []
    for item, w in weights.items():
        f = study.field(item)
        x = nw.col(item).cast(nw.Float64)
        above = (x - f.scale.minimum) if f.scale.best == "high" else (f.scale.maximum - x)
        parts.append(nw.when((x >= f.scale.minimum) & (x <= f.scale.maximum)).then(above) * (100 * w))
    total = parts[0]
    for p in parts[1:]:
        total = total + p
    rule = f"index of {', '.join(weights)} (0 to 100), one set of weights for all units"
    score = Score("index", "Satisfaction index", "mean", "index", {"index": [total]}, rule, limits=(0.0, 100.0))
    return score, "high", [*notes, "The index has the same weights for all units; their error is not included."]


def shown_method(score: Score, mix: CaseMix | None) -> str:
    """Return how the estimates came about, in words."""
    return mix.score.method if mix else score.method


def ranked_units(
    raw: Groups, shown: Groups, score: Score, best: str, mix: CaseMix | None
) -> tuple[Units, pd.DataFrame]:
    """Return the units with enough answers, and a table of those without."""
    column = shown.labels.columns[-1]
    n = raw.table["n"].to_numpy(float)
    value = shown.moments.mean * score.factor
    told = np.zeros(len(n), bool) if raw.withheld is None else raw.withheld
    told = told | hidden(pd.DataFrame({"unit": shown.labels[column], "n": n}), metrics.SMALL, ["unit"])
    keep = (n >= metrics.SMALL) & ~told & np.isfinite(value) & shown.labels[column].notna().to_numpy()
    sizes = small_cells.sizes(pd.Series(n).fillna(0).astype(int), n > 0, metrics.SMALL)
    small = pd.DataFrame({column: shown.labels[column].to_numpy(), "n": sizes})[~keep].reset_index(drop=True)
    if keep.sum() < 2:
        raise DataProblem(
            f"a league table needs at least two units with {metrics.SMALL} answers; '{column}' has {int(keep.sum())}"
            + (f" ({len(small)} with fewer)" if len(small) else "")
        )
    inside = np.ix_(keep, keep)
    pooled, covariance, size = steady(shown.table[keep], shown.cov[inside], score.factor, shown.simple)
    if mix:
        places = {key: i for i, key in enumerate(mix.keys)}
        shift = mix.shift[[places[k[1]] for k, yes in zip(shown.keys, keep, strict=True) if yes]]
        covariance = covariance + shift @ mix.covariance @ shift.T * score.factor**2
    names = [str(v) for v in shown.labels[column][keep]]
    shared = bool(np.any(shown.moments.shared[inside] * (1 - np.eye(int(keep.sum())))))
    sign = 1 if best == "high" else -1
    table = shown.table[keep]
    df = np.where(shown.simple, np.inf, np.fmax(table["df"].to_numpy(float), 0) + PRIOR_CLUSTERS)
    answers = Answers(score.shape, score.factor, table["spread"].to_numpy(float), df, mix is not None, sign)
    by_level = score.shape != "mean"
    found = Units(names, value[keep], covariance, n[keep], size, sign, pooled, shared, by_level, score.limits, answers)
    return found, small


def steady(table: pd.DataFrame, cov: np.ndarray, factor: float, simple: bool) -> Steadied:
    """Return the steadied covariance of the units of a table with ``n``, ``spread`` of one answer and ``df``."""
    n, spread, df = (table[c].to_numpy(float) for c in ("n", "spread", "df"))
    return steadied(n, spread * factor**2, cov, df=None if simple else df)


def _ranked(units: Units, top: int | None, level: float, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Ranks and their sets, shrunken estimates and funnel of the units."""
    p = len(units.names)
    x, v = units.sign * units.estimate, units.for_ranks()
    options = {"level": level, "seed": seed}
    low, high = ranks.rank_sets(x, v, **options)
    above = certain(x, v, units.n_eff, units.answers, **options)
    tau = max(1, round(p / 4)) if top is None else top
    variance = units.for_shrinkage()
    shrunken = shrinkage.shrink(units.estimate, variance, level=level)
    least, most = _shrunken_limits(shrunken, units.estimate, variance, level)
    found = funnels.funnel(units.estimate, units.spread / units.n_eff)
    far = [np.abs(found.z) > special.ndtri((1 + k) / 2) for k in FUNNEL_LEVELS]
    table = pd.DataFrame({
        "n": units.n.astype(int), "n_eff": units.n_eff,
        "shrunken": shrunken.estimate, "shrunken_low": np.maximum(least, units.limits[0]),
        "shrunken_high": np.minimum(most, units.limits[1]),
        "rank": 1 + (x[None, :] > x[:, None]).sum(axis=1), "rank_low": low, "rank_high": high,
        "all_low": 1 + above.sum(axis=0), "all_high": p - above.sum(axis=1),
        "may_be_top": ranks.best_set(above, tau),
        "group": ranks.letters(above) if p <= LETTERS else "",
    })  # fmt: skip
    points = pd.DataFrame({"name": units.names, "n_eff": units.n_eff, "estimate": units.estimate, "z": found.z})
    points["outside"] = np.where(far[1], "99.8 %", np.where(far[0], "95 %", ""))
    slope, p_slope = shrinkage.precision_dependence(units.estimate, units.spread / units.n_eff)
    facts = {
        "top": tau, "target": found.target, "phi": found.phi, "tau": float(np.sqrt(shrunken.tau2)),
        "kurtosis": shrunken.kurtosis, "heterogeneity_p": shrinkage.q_test(units.estimate, variance)[1],
        "precision_p": p_slope, "precision_slope": slope, "spread": units.spread,
        "separated_pairs": int(above.sum()), "pairs": p * (p - 1) // 2,
        "reliability": float(np.median(shrunken.factor)),
    }  # fmt: skip
    return table, {"funnel": points, "limits": _limits(found, units), **facts}


def _shrunken_limits(
    found: shrinkage.Shrunken, y: np.ndarray, v: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Robust intervals; of few units, or where none seem to differ, those that count how badly tau is known."""
    if len(y) > FEW_UNITS and found.tau2 > 0:
        return found.estimate - found.half, found.estimate + found.half
    low, high = posterior(y, v).interval(level)
    return np.fmin(low, found.estimate), np.fmax(high, found.estimate)


def _limits(found: funnels.Funnel, units: Units) -> pd.DataFrame:
    """Control limits over the range of sizes, at 95 and 99.8 %, with over-dispersion."""
    size = np.geomspace(units.n_eff.min() * 0.9, units.n_eff.max() * 1.1, 80)
    table = pd.DataFrame({"n_eff": size})
    for k in FUNNEL_LEVELS:
        low, high = funnels.limits(units.spread / size, found, level=k, overdispersion="additive")
        table[f"low_{k * 100:g}"], table[f"high_{k * 100:g}"] = low, high
    return table


def _with_intervals(table: pd.DataFrame, units: Units, shown: Groups, raw: Groups | None, level: float) -> pd.DataFrame:
    """Put estimate, interval and standard error first; the metric's own interval unless adjusted."""
    column = shown.labels.columns[-1]
    at = {str(v): i for i, v in enumerate(shown.labels[column])}
    rows = [at[name] for name in units.names]
    se = np.sqrt(np.diag(units.covariance))
    half = special.ndtri((1 + level) / 2) * se
    if raw is None:
        low, high = (shown.table[c].to_numpy(float)[rows] for c in ("low", "high"))
        bad = ~np.isfinite(low) | ~np.isfinite(high)
        low, high = np.where(bad, units.estimate - half, low), np.where(bad, units.estimate + half, high)
    else:
        low, high = units.estimate - half, units.estimate + half
    low, high = np.maximum(low, units.limits[0]), np.minimum(high, units.limits[1])
    first = {"estimate": units.estimate, "low": low, "high": high, "se": se}
    if raw is not None:
        first["raw"] = raw.table["estimate"].to_numpy(float)[rows]
    for k, (name, values) in enumerate(first.items()):
        table.insert(1 + k, name, values)
    moved = ["n", "n_eff"]
    front = [table.columns[0], "estimate", "low", "high", "se", *moved]
    return table[[*front, *[c for c in table.columns if c not in front]]]


def _mix_facts(mix: CaseMix, raw: Groups, units: Units, score: Score) -> dict[str, Any]:
    """How much of the variance between units the customers' mix explains."""
    at = {str(v): i for i, v in enumerate(raw.labels.iloc[:, -1])}
    rows = [at[name] for name in units.names]
    before = raw.moments.mean[rows] * score.factor
    v = np.diag(units.covariance)
    between = [shrinkage.paule_mandel(y, v) for y in (before, units.estimate)]
    explained = 1 - between[1] / between[0] if between[0] > 0 else np.nan
    return {"case_mix": mix.table, "explained_between": explained, "tau_raw": float(np.sqrt(between[0]))}


def _said(raw: Groups) -> list[str]:
    """The notes on the data; which units are not shown is said in the words of a league."""
    return [n for n in raw.notes if "least_n=0" not in n and "with the total" not in n]


def _notes(units: Units, parts: dict[str, Any], small: pd.DataFrame, unit: str) -> list[str]:
    apart, pairs = parts["separated_pairs"], parts["pairs"]
    notes = [f"{apart:,} of {pairs:,} pairs of units differ for real, over the whole table.", _best(units, parts)]
    if len(small):
        shown = ", ".join(map(str, small.iloc[:8, 0]))
        more = f", and {len(small) - 8} more" if len(small) > 8 else ""
        enough = (small["n"].astype(str) == small_cells.NOT_SHOWN).any()
        told = " (or they would tell such a one with the total)" if enough else ""
        notes.append(f"Not ranked, fewer than {metrics.SMALL} answers{told}: {shown}{more}.")
    if parts["tau"] == 0:
        notes.append("The units differ no more than chance alone explains: all are shrunken to the mean.")
    elif parts["precision_p"] < 0.05 and len(units.names) >= 10:
        notes.append(
            f"Small and large units differ in level (p {p_value(parts['precision_p'])}): shrinking all to one mean is "
            "unfair to one kind; read the unshrunken estimates."
        )
    if units.shared:
        notes.append("Some respondents rate several units; rank sets use the covariance of the units.")
    if "explained_between" in parts and np.isfinite(parts["explained_between"]):
        notes.append(f"The customers' mix explains {parts['explained_between']:.0%} of the variance between units.")
    return notes


def _best(units: Units, parts: dict[str, Any]) -> str:
    """Who may be among the best, in the shorter of two ways."""
    may, top = parts["may_be_top"], f"the best {parts['top']}" if parts["top"] > 1 else "the best"
    rest = [name for name in units.names if name not in may]
    if len(may) <= max(len(rest), 3):
        return f"May be among {top}: {', '.join(may)}."
    return f"All but {', '.join(rest)} may be among {top}." if rest else f"Every unit may be among {top}."


def p_value(p: float) -> str:
    """Return a p-value in words: '= 0.012' or '< 0.001'."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
