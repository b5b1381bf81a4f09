"""Customer satisfaction index (ECSI, ACSI or any path model): 0 to 100, with the error of its weights.

Estimation needs sums of products of the items by resampled unit: of a large file two scans in pieces, else the rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.index.index_data import Answers, answers, resolved
from cxlab.models.index.pathmodel import PathModel
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts import covariances
from cxlab.stats.paths import pls, reliability

FEW = 50
WEAK = 200
"""Below so many answers the weights of a weak construct vary more than their replicates (n 60: 85 for 95 %)."""


@public
def index(
    study: Study,
    model: str | PathModel = "ecsi",
    *,
    scheme: str = "path",
    consistent: bool = False,
    missing: str = "listwise",
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the index of every construct of a PLS path model, with everything behind it.

    index = 100 sum w_i (mean_i - m_i) / sum w_i (M_i - m_i), w_i the outer weight of the standardised item divided by
    its standard deviation (unstandardised weight), m_i and M_i the limits of the *questionnaire's* scale. Intervals are
    percentiles of a bootstrap of respondents (or clusters, within strata) in which the weights are estimated anew.

    Parameters
    ----------
    model : 'ecsi', 'acsi' (items found by the measures of the codebook), or a model of `cxlab.indices.path_model`.
    scheme : inner weighting: 'path', 'factorial' or 'centroid'.
    consistent : correct paths, R-squared and loadings for attenuation (PLSc; Dijkstra & Henseler 2015,
        doi:10.25300/MISQ/2015/39.2.02). The index itself is the same.
    missing : 'listwise' leaves out respondents with a gap, 'mean' puts in the item's mean; both say how many.
    draws : bootstrap samples of respondents (or clusters).
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result of kind 'index', one row a construct; ``parts``: ``weights`` (weights and loadings of the items), ``paths``
    (direct and total effects), ``reliability``, ``validity`` (HTMT and HTMT2), ``cross_loadings``, ``fornell_larcker``.

    Raises
    ------
    DataProblem : a construct has no columns in the study, the scheme is unknown, or the weights did not settle.

    References
    ----------
    Fornell, Johnson, Anderson, Cha & Bryant 1996, doi:10.1177/002224299606000403.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.load("brand-tracker")
    >>> lines = ("Quality =~ service + price", "Satisfaction =~ satisfaction", "Satisfaction ~ Quality")
    >>> model = cx.indices.path_model("\\n".join(lines))
    >>> cx.index(study, model, draws=50).table["estimate"].round(1).tolist()
    [70.4, 67.4]
    """
    one_of("scheme", scheme, pls.SCHEMES)
    declared, notes = resolved(study, model)
    data = answers(study, declared, missing=missing, seed=seed)
    fit, draws, words = _fitted(data, declared, scheme, consistent, draws, seed)
    table = pd.DataFrame({"construct": declared.constructs}).assign(
        **interval_columns(fit["index"], draws["index"], level)
    )
    table["n"] = data.n
    first = [declared.constructs.index(declared.target)]
    order = first + [j for j in range(len(table)) if j not in first]
    return Result(
        kind="index",
        title=f"{declared.name} index of {study.codebook.title or study.name}",
        table=table.iloc[order].reset_index(drop=True),
        unit="index",
        level=level,
        method=f"PLS path model, {scheme} weighting{', PLSc' if consistent else ''}; unstandardised weights, limits of "
        f"the questionnaire; {words}",
        notes=(*getattr(study, "caveats", ()), *notes, *data.notes, *_doubts(fit, draws, declared, data.n)),
        parts=_parts(fit, draws, declared, level),
    )


def index_weights(
    study: Study, model: str | PathModel, *, scheme: str = "path", missing: str = "listwise"
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the target's unstandardised weights by item, divided by sum w (M - m): a respondent's score in 0 to 1."""
    declared, notes = resolved(study, model)
    data = answers(study, declared, missing=missing)
    mean, s = covariances.moments(data.sums()[0].sum(axis=0), len(data.low))
    weights = _weights(s, declared, scheme)
    j = declared.constructs.index(declared.target)
    block = list(declared.structure().blocks[j])
    v = weights.w[block, j] / np.sqrt(np.diag(s)[block])
    if (v < 0).any():
        raise DataProblem(_negative(declared, declared.target, [declared.items[i] for i in np.array(block)[v < 0]]))
    scaled = v / (v * (data.high - data.low)[block]).sum()
    return {declared.items[i]: float(u) for i, u in zip(block, scaled, strict=True)}, (*notes, *data.notes)


def _weights(s: np.ndarray, model: PathModel, scheme: str) -> pls.Weights:
    weights = pls.outer_weights(reliability.correlation(s), model.structure(), scheme=scheme)
    if weights.w.ndim == 2 and not weights.converged:
        raise DataProblem(
            f"the weights of {model.name} did not settle in {weights.iterations} iterations of the {scheme} scheme; "
            "try scheme='factorial', or look for a construct whose items point in different directions"
        )
    return weights


def _fitted(
    data: Answers, model: PathModel, scheme: str, consistent: bool, replicates: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], str] | None:
    """Estimate on the sample and on every replicate; replicates whose weights do not settle are left out."""
    p, (sums,) = len(data.low), data.sums()
    fit = _estimates(*covariances.moments(sums.sum(axis=0), p), data, model, scheme, consistent)
    counts = covariances.bootstrap_counts(data.stratum, replicates, seed=seed)
    draws = _estimates(*covariances.moments(counts @ sums, p), data, model, scheme, consistent)
    good = draws["converged"]
    draws = {k: v[good] for k, v in draws.items()}
    lost = f", {replicates - int(good.sum())} replicates left out that did not settle" if not good.all() else ""
    return fit, draws, f"{replicates:,} bootstrap replicates of {data.words} with the weights estimated anew{lost}"


def _estimates(
    mean: np.ndarray, s: np.ndarray, data: Answers, model: PathModel, scheme: str, consistent: bool
) -> dict[str, np.ndarray]:
    """All quantities of the model from means and covariances (..., p, p)."""
    structure = model.structure()
    member = structure.member()
    r = reliability.correlation(s)
    weights = _weights(s, model, scheme)
    w = weights.w
    cross = pls.cross_loadings(r, w)
    c = pls.construct_covariance(r, w)
    corrected, loading = pls.consistent(r, w, structure) if consistent else (c, np.where(member, cross, 0).sum(axis=-1))
    b, r2 = pls.path_coefficients(corrected, structure.paths)
    v = w / np.sqrt(np.einsum("...ii->...i", s))[..., None]
    return {
        "index": index_value(v, mean, data.low, data.high),
        "weight": w.sum(axis=-1), "unstandardised": (v / v.sum(axis=-2, keepdims=True)).sum(axis=-1),
        "loading": loading, "path": b, "total": pls.total_effects(b), "r2": r2, "cross": cross, "correlation": c,
        "rho_a": pls.rho_a(r, w, structure), "converged": weights.converged,
        **_reliabilities(s, r, structure, np.where(member, cross, 0).sum(axis=-1)),
        "htmt": reliability.htmt(r, structure.blocks), "htmt2": reliability.htmt(r, structure.blocks, geometric=True),
    }  # fmt: skip


def index_value(v: np.ndarray, mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return 100 sum v (mean - low) / sum v (high - low) for every construct; nan where a weight is negative.

    Parameters
    ----------
    v : array (..., p, L) of unstandardised weights. ``mean``: (..., p); ``low``, ``high``: (p,).

    >>> v = np.array([[0.3885], [0.3190], [0.2925]])
    >>> round(float(index_value(v, np.array([8, 7, 7]), np.ones(3), np.full(3, 10))[0]), 4)
    70.9833
    """
    above = ((np.asarray(mean, float) - low)[..., None] * v).sum(axis=-2)
    whole = ((high - low)[:, None] * v).sum(axis=-2)
    return np.where((v < 0).any(axis=-2), np.nan, 100 * above / whole)


def _reliabilities(
    s: np.ndarray, r: np.ndarray, structure: pls.Structure, loading: np.ndarray
) -> dict[str, np.ndarray]:
    out: dict[str, list] = {"alpha": [], "alpha_covariance": [], "omega": [], "rho_c": [], "ave": []}
    for j, block in enumerate(structure.blocks):
        rows = np.array(block)
        part = s[..., rows[:, None], rows]
        seen = structure.modes[j] == "A" and len(block) > 1
        none = np.full(s.shape[:-2], np.nan)
        out["alpha"].append(reliability.alpha(r[..., rows[:, None], rows]) if seen else none)
        out["alpha_covariance"].append(reliability.alpha(part) if seen else none)
        out["omega"].append(reliability.omega(part, iterations=5000 if s.ndim == 2 else 150) if seen else none)
        out["rho_c"].append(reliability.composite(loading[..., rows]) if seen else none)
        out["ave"].append(reliability.ave(loading[..., rows]) if seen else none)
    return {k: np.stack(v, axis=-1) for k, v in out.items()}


def interval_columns(value: np.ndarray, draws: np.ndarray, level: float, prefix: str = "") -> dict[str, np.ndarray]:
    """Estimate, percentile interval and standard error; the draws' first axis are the replicates."""
    value = np.asarray(value, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a quantity that is nan in every replicate
        enough = np.isfinite(draws).mean(axis=0) > 0.9
        low, high = (
            np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0) if len(draws) else (value * np.nan,) * 2
        )
        se = np.nanstd(draws, axis=0, ddof=1)
    hide = ~enough | np.isnan(value)
    names = [f"{prefix}{n}" for n in ("estimate", "low", "high", "se")]
    return dict(zip(names, [value, *(np.where(hide, np.nan, q) for q in (low, high, se))], strict=True))


def _parts(fit: Mapping[str, Any], draws: Any, model: PathModel, level: float) -> dict[str, Any]:
    """The tables behind the index."""
    names, items = list(model.constructs), list(model.items)
    construct = [c for c, block in model.blocks.items() for _ in block]
    weights = pd.DataFrame({"item": items, "construct": construct})
    for name in ("weight", "unstandardised", "loading"):
        prefix = "" if name == "weight" else f"{name}_"
        weights = weights.assign(**interval_columns(fit[name], draws[name], level, prefix))
    pairs = [(names.index(a), names.index(b)) for a, b in model.paths]
    i, j = np.array(pairs).T
    paths = pd.DataFrame({"path": [f"{a} → {b}" for a, b in model.paths]})
    paths = paths.assign(**interval_columns(fit["path"][i, j], draws["path"][:, i, j], level))
    total = np.argwhere(np.abs(fit["total"]) > 0)
    i, j = total.T
    effects = pd.DataFrame({"effect": [f"{names[a]} → {names[b]}" for a, b in total]})
    effects = effects.assign(**interval_columns(fit["total"][i, j], draws["total"][:, i, j], level))
    r2 = (
        pd.DataFrame({"construct": names})
        .assign(**interval_columns(fit["r2"], draws["r2"], level))
        .dropna(subset="estimate")
    )
    blocks = pd.DataFrame({"construct": names, "items": [len(b) for b in model.blocks.values()]})
    blocks["mode"] = [model.modes.get(c, "A") for c in names]
    for name in ("alpha", "alpha_covariance", "omega", "rho_a", "rho_c", "ave"):
        bounds = interval_columns(fit[name], draws[name], level)
        blocks[name], blocks[f"{name}_low"], blocks[f"{name}_high"] = (bounds[k] for k in ("estimate", "low", "high"))
    return {
        "weights": weights, "paths": paths, "total_effects": effects, "r2": r2, "reliability": blocks,
        "validity": _validity(fit, draws, model, level),
        "cross_loadings": pd.DataFrame(fit["cross"], columns=names).assign(item=items)[["item", *names]],
        "fornell_larcker": _fornell_larcker(fit, names),
    }  # fmt: skip


def _validity(fit: Mapping[str, Any], draws: Any, model: PathModel, level: float) -> pd.DataFrame:
    """HTMT and HTMT2 of every pair; ``distinct`` where the one-sided upper bound stays below 0.90."""
    names = list(model.constructs)
    rows = [(a, b) for b in range(len(names)) for a in range(b + 1, len(names))]
    i, j = np.array(rows).T
    table = pd.DataFrame({"pair": [f"{names[b]} / {names[a]}" for a, b in rows]})
    table = table.assign(**interval_columns(fit["htmt"][i, j], draws["htmt"][:, i, j], level))
    second = interval_columns(fit["htmt2"][i, j], draws["htmt2"][:, i, j], level, "htmt2_")
    table = table.assign(**{k.replace("_estimate", ""): v for k, v in second.items() if k != "htmt2_se"})
    table["upper"] = np.nanquantile(draws["htmt"][:, i, j], level, axis=0) if len(draws["htmt"]) else np.nan
    table["distinct"] = table["upper"] < 0.90
    return table


def _fornell_larcker(fit: Mapping[str, Any], names: Sequence[str]) -> pd.DataFrame:
    table = np.tril(fit["correlation"])
    np.fill_diagonal(table, np.sqrt(np.nan_to_num(fit["ave"], nan=1.0)))
    table[np.triu_indices(len(names), 1)] = np.nan
    return pd.DataFrame(table, columns=list(names)).assign(construct=list(names))[["construct", *names]]


def _doubts(fit: Mapping[str, Any], draws: Any, model: PathModel, n: int) -> list[str]:
    """What a reader must know: negative weights, weak blocks, too few answers."""
    notes = []
    construct = [c for c, block in model.blocks.items() for _ in block]
    for c in model.constructs:
        bad = [i for i, k, w in zip(model.items, construct, fit["weight"], strict=True) if k == c and w < 0]
        if bad:
            notes.append(_negative(model, c, bad))
    weak = [c for c, rho in zip(model.constructs, fit["rho_a"], strict=True) if rho < 0.7]
    if weak:
        small = (
            f" With {n} answers the interval of such an index holds in fewer samples than it says." if n < WEAK else ""
        )
        notes.append(f"Reliability (rho_A) below 0.70: {', '.join(weak)}; their paths are attenuated.{small}")
    close = _validity(fit, draws, model, 0.95)
    same = close.loc[~close["distinct"] & (close["estimate"] > 0), "pair"].tolist()
    if same:
        shown = "; ".join(same[:6]) + (f"; and {len(same) - 6} more" if len(same) > 6 else "")
        notes.append(f"Respondents hardly tell these apart (upper bound of HTMT not below 0.90): {shown}.")
    if n < max(FEW, 10 * max(map(len, model.blocks.values()))):
        notes.append(f"{n} answers are few for this model; read the intervals, not the estimates.")
    return notes


def _negative(model: PathModel, construct: str, items: Sequence[str]) -> str:
    return (
        f"{construct} of {model.name} has no index: negative outer weight of {', '.join(items)}. An item that lowers "
        "what it measures is turned round, redundant (Mode B) or noise: turn it, leave it out, or use Mode A."
    )
