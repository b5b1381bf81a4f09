"""Driver analysis: what goes together with satisfaction, how strongly, and which order the data really settle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtr, stdtrit

from cxlab.columns import show
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import streamed_answers
from cxlab.models.drivers.asked_together import read_together
from cxlab.models.drivers.driver_data import NOT_ANSWERED, Answers, Drivers
from cxlab.models.drivers.share_names import METHODS, MODELS
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts import replicates
from cxlab.stats.importance import dominance as dominances
from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance import sampled_shares, shapley, share_functions
from cxlab.stats.importance.sampled_shares import Sampled
from cxlab.stats.importance.share_functions import SIGNED
from cxlab.stats.inference import explained_variance, multiple
from cxlab.stats.units import ranks
from cxlab.typed_results import DriverShares

WHOLE = ("lmg", "dominance", "owen", "johnson", "pratt", "car")
"""Methods whose shares sum to R²."""
SURE = 1.96
"""Standard errors by which a coefficient must differ from zero to have a sign."""
LIKELIHOOD = tuple(m for m in MODELS if m.endswith(("mcfadden", "deviance", "multinomial")))
R2 = {"linear": "", "count": "link-scale", **dict.fromkeys(LIKELIHOOD, "McFadden's"), "count-deviance": "deviance"}
"""How the R² of a model is called; 'latent' if not here."""


@public
def drivers(
    study: Study,
    outcome: str | None = None,
    *,
    drivers: Drivers = None,
    method: str = "lmg",
    model: str = "linear",
    missing: str = "pairwise",
    level: float = 0.95,
    seed: int = 0,
) -> DriverShares:
    """Return how much of the outcome's variance goes with each driver, with intervals and rank confidence sets.

    Parameters
    ----------
    outcome : column, or a condition on one ('overall >= 4'); default: the first with role outcome.
    drivers : columns; default: all touchpoints; where some were never answered together (questions of other years) the
        largest set of which every two were, and a note names the others. A mapping {block: columns} shares R² among
        blocks, and so do 'stage' and 'owner' of the codebook. Answers in words become dummies that enter together.
    method : 'lmg' (Shapley; exact up to 20 drivers or blocks, sampled orders with their standard error beyond), 'owen'
        (within blocks), 'dominance' (LMG with who dominates whom), 'johnson', 'first', 'last', 'pratt', 'car',
        'beta', 'correlation'.
    model : 'linear'; 'logit', 'ordinal', 'count' share the latent R² that the fitted model implies; 'logit-mcfadden',
        'ordinal-mcfadden', 'multinomial' share McFadden's, 'count-deviance' the deviance R² (methods 'lmg', 'first',
        'last').
    missing : 'pairwise' (each correlation from those who answered both), 'complete', 'indicator' (not answered is a
        level of its own: not used is not bad) or 'impute'. The notes say how many rows each uses.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result (unit share, of the outcome's variance), largest first: ``driver, estimate, low, high, se, of_explained``
    (share
    of R²), ``sign`` (of the coefficient; ± where it may be either), ``rank_low, rank_high`` (simultaneous confidence
    set), ``above_noise`` (beyond the 95th percentile of a shuffled driver), ``n``. Intervals: bootstrap percentiles
    over
    clusters within strata; a driver within the noise has 0 as its lower limit. ``parts``: ``pairs`` (A above B, Holm),
    ``details`` (correlation, coefficient, VIF, share by company alone), ``noise_floor``, ``r2``, ``covariance``,
    ``labels``; with dominance ``complete``, ``conditional``, ``general``; with johnson ``analytic`` (delta-method
    errors).

    Raises
    ------
    DataProblem : a column or method is not there, 'owen' has no blocks, or 'dominance' has too many drivers.

    References
    ----------
    Groemping (2007), doi:10.1198/000313007X188252; Mogstad et al. (2024), doi:10.1093/restud/rdad006 (rank sets).

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rng = np.random.default_rng(1)
    >>> table = pd.DataFrame(rng.normal(size=(400, 2)), columns=["wifi", "crew"])
    >>> table["overall"] = 2 * table.crew + rng.normal(size=400)
    >>> names = {"overall": "outcome", "wifi": "touchpoint", "crew": "touchpoint"}
    >>> book = cx.Codebook("demo", tuple(cx.Field(n, role=r) for n, r in names.items()))
    >>> found = cx.drivers(cx.Study(table, book)).table
    >>> found.driver.tolist(), found.above_noise.tolist()
    (['crew', 'wifi'], [True, False])
    """
    one_of("method", method, METHODS)
    one_of("model", model, MODELS)
    reader = streamed_answers.read if model == "linear" else driver_answers.read
    how = {"missing": missing} if model == "linear" else {}
    every = missing in ("pairwise", "complete")
    raw = read_together(reader, study, outcome, drivers, **how) if every else reader(study, outcome, drivers, **how)
    answers, said = driver_answers.settle(raw, missing)
    entry = _entry(answers, method)
    found, floor, extra = _estimated(answers, entry, method, model, missing, seed)
    n = extra.pop("n", answers.n_eff)
    table, parts = _table(raw, entry, found, floor, extra.get("details"), method, level, seed)
    if method in WHOLE:
        parts["r2"] = _r2(found, model == "linear" and missing != "impute", n, answers.width, level)
    parts |= extra | {"noise_floor": floor, "covariance": found.covariance, "labels": entry.labels}
    notes = (*raw.notes, *said, *found.notes, *_notes(answers, found, method, parts), driver_answers.cause_note(study))
    r2 = f", {R2.get(model, 'latent')} R² = {show(found.estimate.sum(), 'share')}" if method in WHOLE else ""
    return DriverShares(
        kind="drivers", title=f"What goes with {raw.outcome}{r2}".replace(",  ", ", "), table=table,
        unit="share", level=level,
        method=f"{METHODS[method]}; {MODELS[model]}; {_sampling(entry, method, extra)}{found.how}; "
        "rank sets simultaneous (Mogstad et al. 2024); pairs by Holm",
        notes=notes, parts=parts,
    )  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """Who shares: names, wording, columns of each; block names for Owen values; answers of each."""

    names: tuple[str, ...]
    labels: Mapping[str, str]
    columns: tuple[tuple[int, ...], ...]
    block: tuple[str, ...]
    blocks: tuple[tuple[int, ...], ...]


def _entry(answers: Answers, method: str) -> Entry:
    wording = dict(zip(answers.drivers, answers.labels, strict=True))
    joined = {b: tuple(k for d in members for k in answers.of[d]) for b, members in answers.blocks.items()}
    if method == "owen":
        if not joined:
            raise DataProblem("method 'owen' needs blocks: give drivers={'block': [columns], ...}, 'stage' or 'owner'")
        of = {d: b for b, members in answers.blocks.items() for d in members}
        block = tuple(of[d] for d in range(len(answers.drivers)))
        return Entry(answers.drivers, wording, answers.of, block, tuple(joined.values()))
    if joined:
        return Entry(tuple(joined), {}, tuple(joined.values()), (), ())
    return Entry(answers.drivers, wording, answers.of, (), ())


def _estimated(
    answers: Answers, entry: Entry, method: str, model: str, missing: str, seed: int
) -> tuple[Sampled, float, dict[str, Any]]:
    """Return the sampled shares, the noise floor, and parts that only some methods have."""
    q = len(entry.names)
    if model in LIKELIHOOD:
        return sampled_shares.likelihood_shares(answers, model, entry.columns, method, seed), float("nan"), {}
    shares = share_functions.share_function(method, entry.columns, entry.blocks, seed)
    found = sampled_shares.sampled(answers, model, shares, q, missing=missing, seed=seed)
    k = len(found.R) - 1
    blocks = (*entry.blocks, (k,)) if entry.blocks else ()
    shadowed = share_functions.share_function(method, (*entry.columns, (k,)), blocks, seed)
    n = _effective(answers, found)
    floor = share_functions.noise_floor(found.R, lambda R: shadowed(R)[:, -1], n, seed)
    extra = {"details": _details(answers, entry, found, shares), "n": n}
    if method == "dominance":
        extra |= _dominance(answers, entry, model, seed)
    if method == "johnson" and model == "linear" and answers.complete:
        errors = sampled_shares.analytic_errors(answers, entry.columns)
        extra["analytic"] = pd.DataFrame({"driver": entry.names, "estimate": found.estimate, "se": errors})
    if method == "lmg" and q > shapley.EXACT:
        order = shapley.orders(q, share_functions.ORDERS, seed)
        extra["sampling_se"] = float(shapley.lmg_sampled(found.R, order, entry.columns)[1].max())
    return found, floor, extra


def _effective(answers: Answers, found: Sampled) -> float:
    """Return the number of independent answers: rows that answered a driver, less for weights and clusters."""
    n = float(np.median(answers.answered())) * answers.n_eff / answers.n
    if answers.cluster is None:
        return n
    groups = answers.groups(limit=200)
    moments = answers.moments(groups, filled=True)
    R = moments.combined(np.ones((1, groups.size))).correlation()[0]
    change = replicates.influence(R, moments)[:, :-1, -1]
    variance = np.diag(groups.spread(change))
    return n / max(1.0, float(np.median(variance * n / (1 - R[:-1, -1] ** 2) ** 2)))


def _details(answers: Answers, entry: Entry, found: Sampled, shares: share_functions.Shares) -> pd.DataFrame:
    """Return for each driver of one column: correlation, coefficient, VIF, and its share by the company it keeps."""
    R = found.R[None]
    single = _leads(answers, entry)
    pick = lambda values: [float(values[k]) if k >= 0 else np.nan for k in single]  # noqa: E731
    table = pd.DataFrame({"driver": entry.names, "correlation": pick(importance.correlation(R)[0])})
    table["coefficient"], table["se"] = pick(importance.beta(R)[0]), pick(found.beta_se)
    table["vif"] = pick(importance.vif(R)[0])
    if len(entry.names) <= sampled_shares.BOOTSTRAP:
        alone = shares(importance.without_own_effect(found.R))
        table["by_company"] = [float(alone[k, j]) if k >= 0 else np.nan for j, k in enumerate(single)]
    return table


def _leads(answers: Answers, entry: Entry) -> list[int]:
    """Return the column that carries each driver's answers as numbers, or -1 where there is none (words, blocks)."""
    heads = answers.columns
    return [c[0] if len(c) == 1 or (len(c) == 2 and heads[c[1]].endswith(NOT_ANSWERED)) else -1 for c in entry.columns]


def _dominance(answers: Answers, entry: Entry, model: str, seed: int) -> dict[str, pd.DataFrame]:
    """Return who dominates whom, with the share of 200 bootstrap replicates that say the same (reproducibility)."""
    q = len(entry.names)
    if q > dominances.LIMIT or any(len(c) > 1 for c in entry.columns):
        raise DataProblem(
            f"dominance analysis compares up to {dominances.LIMIT} drivers of one column each; here are {q}"
        )
    groups = answers.groups(seed=seed)
    R, _ = sampled_shares.correlations(answers, model, groups, groups.resampled(200 if q <= 10 else 50, seed))
    out = {}
    for kind, held in zip(("complete", "conditional", "general"), dominances.dominance(R), strict=True):
        i, j = np.nonzero(held[0])
        same = held[1:, i, j].mean(axis=0)
        rows = {"above": np.array(entry.names)[i], "below": np.array(entry.names)[j], "reproducibility": same}
        out[kind] = pd.DataFrame(rows)
    return out


def _sampling(entry: Entry, method: str, extra: Mapping) -> str:
    if "sampling_se" not in extra:
        return ""
    return f"{share_functions.ORDERS:,} sampled orders (standard error at most {extra['sampling_se']:.1e}); "


def _table(
    raw: Answers,
    entry: Entry,
    found: Sampled,
    floor: float,
    details: pd.DataFrame,
    method: str,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table, largest first, and the parts that follow from estimates and replicates."""
    low, high = limits(found, level)
    value = found.estimate
    noise = np.abs(value) <= floor if np.isfinite(floor) else np.zeros(len(value), bool)
    if method not in SIGNED and method != "pratt":
        low = np.where(noise, 0.0, np.clip(low, 0.0, value))
    size = np.abs(value) if method in SIGNED else value
    covariance = found.covariance * np.outer(np.sign(value), np.sign(value)) if method in SIGNED else found.covariance
    there = np.isfinite(size)
    rank_low, rank_high = np.full((2, len(value)), np.nan)
    rank_low[there], rank_high[there] = ranks.rank_sets(
        size[there], covariance[np.ix_(there, there)], level=level, kind="simultaneous", df=found.df.min(), seed=seed
    )
    answered = dict(zip(raw.drivers, raw.answered(), strict=True))
    table = pd.DataFrame({
        "driver": entry.names, **({"block": entry.block} if entry.block else {}),
        "estimate": value, "low": low, "high": high, "se": np.sqrt(np.diag(found.covariance)),
        "of_explained": value / value.sum() if method in WHOLE else np.full(len(value), np.nan),
        "sign": _signs(details, len(value)),
        "rank_low": rank_low, "rank_high": rank_high, "above_noise": ~noise,
        "n": [answered.get(n, raw.n) for n in entry.names],
    })  # fmt: skip
    if there.all():
        table = table.astype({"rank_low": int, "rank_high": int})
    if method not in WHOLE:
        table = table.drop(columns="of_explained")
    pairs = _pairs(np.array(entry.names), size, covariance, found.df, level)
    order = np.argsort(-np.where(there, size, -np.inf), kind="stable")
    parts = {"pairs": pairs}
    return table.iloc[order].reset_index(drop=True), parts


def limits(found: Sampled, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return interval limits: percentiles of the replicates, else t intervals.

    Of few clusters the percentiles lie as far out as Student's t does (expanded percentiles: Hesterberg 2015,
    doi:10.1080/00031305.2015.1089789).
    """
    tail = (1 - level) / 2
    if found.draws is not None:
        tail = float(ndtr(stdtrit(min(found.df.min(), 1e6), tail)))
        return tuple(np.quantile(found.draws, [tail, 1 - tail], axis=0))
    half = stdtrit(np.minimum(found.df, 1e6), 1 - tail) * np.sqrt(np.diag(found.covariance))
    return found.estimate - half, found.estimate + half


def _r2(found: Sampled, exact: bool, n: float, columns: int, level: float) -> dict[str, float]:
    """R² with its interval: for least squares that of `explained_variance` at ``n`` effective answers, with the
    adjusted R²; else that of the replicates."""
    value = float(found.estimate.sum())
    if exact:
        low, high = explained_variance.interval(min(max(value, 0.0), 1 - 1e-12), n, columns, level)
        known = {"adjusted": explained_variance.adjusted(value, n, columns), "n_eff": n}
        if np.isfinite(low):
            return {"estimate": value, "low": low, "high": high, **known}
    whole = replace(
        found, estimate=np.array([value]), covariance=np.array([[found.covariance.sum()]]), df=found.df[:1],
        draws=None if found.draws is None else found.draws.sum(axis=1, keepdims=True),
    )  # fmt: skip
    low, high = limits(whole, level)
    return {"estimate": value, "low": float(low[0]), "high": float(high[0])}


def _signs(details: pd.DataFrame | None, q: int) -> list[str]:
    if details is None:
        return [""] * q
    clear = np.abs(details.coefficient) > SURE * details.se
    return [
        "" if np.isnan(b) else "±" if not c else "+" if b > 0 else "−"
        for b, c in zip(details.coefficient, clear, strict=True)
    ]


def _pairs(names: np.ndarray, value: np.ndarray, covariance: np.ndarray, df: np.ndarray, level: float) -> pd.DataFrame:
    """Return all pairs "A above B": interval of the difference, Holm's p (both of Student's t), whether it decides."""
    i, j = np.triu_indices(len(names), 1)
    swap = value[j] > value[i]
    i, j = np.where(swap, j, i), np.where(swap, i, j)
    se = np.sqrt(np.maximum(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j], 0))
    gap = value[i] - value[j]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(gap == 0, 0.0, gap / se)
    free = np.fmin(np.fmin(df[i], df[j]), 1e6)
    p = 2 * stdtr(free, -z)
    half = stdtrit(free, (1 + level) / 2) * se
    table = pd.DataFrame({"above": names[i], "below": names[j], "estimate": gap, "low": gap - half, "high": gap + half})
    table["se"], table["p"] = se, multiple.adjusted(p)
    table["decided"] = table["p"] < 1 - level
    return table.sort_values("p", ignore_index=True)


def _inflation(r2: Mapping) -> str:
    if "adjusted" not in r2:
        return "its interval does not count that"
    return f"adjusted {r2['adjusted']:.0%} ({r2['low']:.0%} to {r2['high']:.0%}, which counts it)"


def _notes(answers: Answers, found: Sampled, method: str, parts: Mapping) -> Sequence[str]:
    labels, details, notes = parts["labels"], parts.get("details"), []
    chance = answers.width / answers.n_eff
    if chance > 0.05:
        notes.append(
            f"R² is inflated: {answers.width} columns that do nothing would get {chance:.0%} in {answers.n} rows; "
            + _inflation(parts.get("r2", {}))
        )
    if details is not None:
        against = details.correlation * details.coefficient < 0
        turned = details[against & (details.coefficient.abs() > SURE * details.se)]
        if len(turned):
            who = ", ".join(f"'{labels.get(d, d)}'" for d in turned.driver)
            notes.append(
                f"correlation and coefficient of {who} differ in sign: the other drivers turn it (suppression)"
            )
        if (details.vif > 1e6).any():
            who = ", ".join(f"'{labels.get(d, d)}'" for d in details.driver[details.vif > 1e6])
            notes.append(f"{who} are determined by other drivers (VIF infinite): the data cannot tell them apart")
    if method == "pratt" and (found.estimate < 0).any():
        notes.append("a negative Pratt share comes from such a turn of sign; it does not say that the driver does harm")
    if np.isfinite(parts["noise_floor"]):
        notes.append(
            f"a shuffled driver gets up to {100 * parts['noise_floor']:.2f} % (95 of 100 times): the noise floor"
        )
    if any(len(c) > 1 for c in answers.of) and method in SIGNED:
        notes.append("drivers of several columns have no single coefficient or correlation: not estimated")
    return notes
