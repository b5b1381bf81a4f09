"""Covariance matrices of a least-squares fit: of rows, clusters, clusters within strata, and few treated clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.models.metrics import fitted_weights
from cxlab.models.regression import calibrated_errors
from cxlab.models.regression.cluster_scores import cluster_scores
from cxlab.models.regression.fitted import weight_of
from cxlab.models.regression.formula import assembled, design_columns, match
from cxlab.models.regression.treated_units import rests_on, rows_used
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.batches import local
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.moments import (
    cluster_products,
    cluster_score_products,
    moments,
    score_products,
    score_products_by,
)
from cxlab.stats.counts.names import free as free_name
from cxlab.stats.fits import linear
from cxlab.stats.inference import few_treated
from cxlab.stats.inference.design_variance import sampled

if TYPE_CHECKING:
    from cxlab.models.regression.least_squares import PatternFit

ERRORS = ("classical", "HC0", "HC1", "HC2", "HC3", "CR1", "CR2", "design")
FEW = 50
"""Below this many clusters the default is CR2 with Satterthwaite degrees of freedom, else CR1."""
MANY = 5000
"""More clusters than this are not adjusted one by one (CR2); with few treated the degrees of freedom are theirs."""
Population = Mapping | float | None


@dataclass(frozen=True)
class Errors:
    """Which errors ran (``name``), the covariance matrix and degrees of freedom, how to name them, and notes.

    ``alone`` : (p,) coefficients that rest on a single cluster and have no error. ``clusters`` : how many there are.
    """

    name: str
    covariance: np.ndarray
    df: np.ndarray
    said: str
    notes: list[str] = field(default_factory=list)
    alone: np.ndarray | None = None
    clusters: int = 0


def variance(fit: PatternFit, errors: str, population: Population = None) -> Errors:
    """Return the errors asked for, or those that fit the design; see `cxlab.models.regression.least_squares.ols`."""
    design, n, k = fit.study.design, fit.n, fit.solution.rank
    one_of("errors", errors, ("", *ERRORS))
    if errors in ("CR1", "CR2") and not design.cluster:
        raise DataProblem(f"errors '{errors}' need clusters; {fit.study.name} declares no column with role 'cluster'")
    if not errors and calibrated_errors.applies(fit.study):
        return _calibrated(fit, population)
    if errors == "classical":
        covariance = fit.solution.inverse * fit.rss / (n - k) * free(n, population)
        return Errors(errors, covariance, np.full(k, n - k), "classical errors")
    if errors.startswith("HC") or not (errors or design.cluster or design.strata):
        errors = errors or "HC1"
        meat = _row_meat(fit, errors) * (n / (n - k) if errors == "HC1" else 1.0) * free(n, population)
        said = f"heteroskedasticity-robust errors {errors}"
        return Errors(errors, linear.sandwich(fit.solution.inverse, meat), np.array(n - k), said)
    if not design.cluster:
        return _stratified(fit, *_cluster_sums(fit), population)
    return _clustered(fit, errors, population)


def _calibrated(fit: PatternFit, population: Population) -> Errors:
    """Errors that know the margins the weights were fitted to; few treated clusters are guarded as elsewhere."""
    meat, df = calibrated_errors.meat(fit, rows_used(fit), population)
    design, covariance = fit.study.design, linear.sandwich(fit.solution.inverse, meat)
    if not design.cluster:
        df = min(df, fit.n - fit.solution.rank)
    elif df < 1:
        raise one_cluster(design.cluster)
    found = Errors("calibrated", covariance, np.array(df), fitted_weights.SAID)
    if not design.cluster:
        return found
    found = replace(found, clusters=calibrated_errors.clusters(fit.study))
    return guarded(found, fit.coding.names, _rests_on(fit), design.cluster)


def _rests_on(fit: PatternFit) -> np.ndarray:
    """Return how many of the design's clusters each coefficient rests on."""
    design = fit.study.design
    return rests_on(fit, [c for c in (design.strata, design.cluster) if c])[1]


def _clustered(fit: PatternFit, errors: str, population: Population) -> Errors:
    """Errors of a sample of clusters: CR1, CR2 or linearised within strata; few treated clusters need CR2."""
    design = fit.study.design
    sums = None if errors == "CR2" else _cluster_sums(fit)
    if sums is not None and sums[2].sum() == 1:
        raise one_cluster(design.cluster)
    rests = _rests_on(fit)
    clusters = 0 if sums is None else int(sums[2].sum())
    few = rests.min() < few_treated.FEW or (clusters < FEW and not design.strata)
    if errors == "CR2" or (not errors and clusters <= MANY and few):
        found = _few_clusters(fit, population)
    elif errors == "CR1" or not (errors or design.strata):
        found = _cr1(fit, sums, population)
    else:
        found = _stratified(fit, *sums, population)
    return guarded(found, fit.coding.names, rests, design.cluster)


def guarded(found: Errors, names: Sequence[str], rests: np.ndarray, unit: str) -> Errors:
    """Take the errors from coefficients that rest on one cluster, and warn of those that rest on few.

    Parameters
    ----------
    rests : (p,) the clusters that each coefficient rests on (`cxlab.stats.inference.few_treated.touched`).
    unit : what the clusters are called.
    """
    clusters = found.clusters
    alone = (rests < few_treated.LEAST) | (False if found.alone is None else found.alone)
    weak = ~alone & (rests < few_treated.FEW) & (rests < clusters)
    notes, df = list(found.notes), np.broadcast_to(np.asarray(found.df, float), rests.shape)
    if alone.any():
        notes.append(few_treated.not_estimable([n for n, a in zip(names, alone, strict=True) if a], clusters, unit))
    if weak.any():
        few = [n for n, a in zip(names, weak, strict=True) if a]
        notes.append(few_treated.rests_on_few(few, int(rests[weak].min()), clusters, unit))
    if found.name != "CR2":  # without Satterthwaite's correction: no more degrees of freedom than the few clusters have
        model = found.name == "REML"  # a mixed model's variances have no small-sample bias to be made good for
        few = [few_treated.satterthwaite_df(k, clusters - k) if model else k - 1 for k in rests]
        df = np.where(weak, np.fmin(df, few), df)
    return replace(found, df=df, notes=notes, alone=alone)


def without(covariance: np.ndarray, alone: np.ndarray | None) -> np.ndarray:
    """Return the covariance matrix with nan in rows and columns of coefficients that have no error."""
    if alone is None or not alone.any():
        return covariance
    out = np.array(covariance, float)
    out[alone, :] = out[:, alone] = np.nan
    return out


def free(drawn: float, population: Population) -> float:
    """Return 1 - n/N, what of a sample's variance a finite population leaves; 1 where it is unknown."""
    if isinstance(population, Mapping):
        raise DataProblem("population is given by stratum; the study has no strata. Give one number")
    return float(1 - sampled(pd.Series([""]), np.array([drawn], float), population)[0])


def one_cluster(name: str) -> DataProblem:
    """Return the error of a sample that is one cluster."""
    return DataProblem(f"all rows belong to one cluster ({name}); its variance cannot be told from one")


def _cr1(fit: PatternFit, sums: tuple, population: Population) -> Errors:
    _, products, m, rows, _ = sums
    n, k, clusters = fit.n, fit.solution.rank, int(m.sum())
    meat = products.sum(axis=0) * clusters / (clusters - 1) * (n - 1) / (n - k) * of_all(fit, clusters, population)
    said = f"cluster-robust errors CR1 ({clusters:,} clusters: {fit.study.design.cluster})"
    covariance = linear.sandwich(fit.solution.inverse, meat)
    return Errors("CR1", covariance, np.array(clusters - 1), said, _without_cluster(fit, rows), clusters=clusters)


def _stratified(
    fit: PatternFit,
    sums: np.ndarray,
    products: np.ndarray,
    m: np.ndarray,
    rows: np.ndarray,
    strata: list,
    population: Population,
) -> Errors:
    """Clusters within strata, linearised; with those of the whole sample where the fit is of a domain."""
    drawn = np.fmax(of_strata(fit.study.drawn, strata, named=True), m)
    fraction = sampled(pd.Series(strata), drawn, population)
    meat, lonely = linear.stratified_meat(sums, products, drawn, free=1 - fraction)
    notes = _without_cluster(fit, rows) + lonely_note(lonely)
    clusters = int(m.sum())
    said = f"design-based errors ({clusters:,} clusters in {len(m)} strata)"
    return Errors(
        "design",
        linear.sandwich(fit.solution.inverse, meat),
        np.array(clusters - len(m)),
        said,
        notes,
        clusters=clusters,
    )


def lonely_note(lonely: list[int]) -> list[str]:
    """Return the note on strata of one cluster, if any."""
    if not lonely:
        return []
    return [f"{len(lonely)} strata with a single cluster are centred at the overall mean (conservative)"]


def of_all(fit: PatternFit, clusters: int, population: Population) -> float:
    """Return what a finite population leaves of the variance of clusters that are not seen by stratum."""
    if population is None:
        return 1.0
    drawn = fit.study.drawn
    if isinstance(population, Mapping):
        return 1.0 - float(sampled(drawn["stratum"], drawn["clusters"], population).min())
    return free(max(clusters, float(drawn["clusters"].sum())), population)


def _few_clusters(fit: PatternFit, population: Population) -> Errors:
    """CR2 with Satterthwaite degrees of freedom."""
    design = fit.study.design
    k, ze, rows = _cluster_moments(fit)
    if len(k) == 1:
        raise one_cluster(design.cluster)
    covariance, df = linear.cr2(fit.solution.inverse, k, ze)
    covariance = covariance * of_all(fit, len(k), population)
    said = f"cluster-robust errors CR2, Satterthwaite degrees of freedom ({len(k)} clusters: {design.cluster})"
    few = [n for n, d in zip(fit.coding.names, df, strict=True) if d < 4]
    notes = _without_cluster(fit, rows)
    if few:
        notes.append(f"fewer than 4 degrees of freedom for {', '.join(few)}: intervals and p-values are rough")
    p = len(fit.solution.inverse)
    alone = linear.alone(fit.solution.inverse, k[:, p:, :p])
    return Errors("CR2", covariance, df, said, notes, alone, len(k))


def _without_cluster(fit: PatternFit, rows: float) -> list[str]:
    missing = fit.n - int(rows)
    if not missing:
        return []
    cluster = fit.study.design.cluster or fit.study.design.strata
    return [f"{missing:,} rows without {cluster} count for the coefficients but not for their errors"]


def _row_meat(fit: PatternFit, errors: str) -> np.ndarray:
    """Sum of (w e)**2 x x' over rows; for HC2 and HC3 divided by (1 - h) and (1 - h)**2 with the leverage h."""
    if errors in ("HC0", "HC1") and not fit.model.by and local(fit.frame):
        products = score_products(fit.frame, fit.columns, fit.slope, weight=weight_of(fit.study))
        return assembled(products[None], fit.coding)[0]
    if errors in ("HC0", "HC1") and local(fit.frame):
        keys, products = score_products_by(
            fit.frame, fit.columns, partial(_slopes, fit), by=fit.model.by, weight=weight_of(fit.study)
        )
        at = match(fit.moments.keys, keys)
        return assembled(products, replace(fit.coding, codes=fit.coding.codes[at]))[0]
    x = design_columns(fit.model, fit.coding, fit.moments.keys)
    w = weight_of(fit.study)
    score = fit.residual(x) if w is None else w * fit.residual(x)
    squared = score * score
    if errors in ("HC2", "HC3"):
        root = np.linalg.cholesky(fit.solution.inverse[np.ix_(fit.solution.kept, fit.solution.kept)])
        used = [x[i] for i in np.flatnonzero(fit.solution.kept)]
        parts = [reduce(add, (float(r) * e for r, e in zip(column, used, strict=True))) for column in root.T]
        leverage = reduce(add, (e * e for e in parts)) * (1.0 if w is None else w)
        squared = squared / (1.0 - leverage) ** (1 if errors == "HC2" else 2)
    zero = np.zeros(len(fit.columns) + 1)
    second = moments(fit.frame, fit.columns, by=fit.model.by, weight=squared, shift=zero)
    if not fit.model.by:
        return assembled(second.matrix, fit.coding)[0]
    at = match(fit.moments.keys, second.keys)
    return assembled(second.matrix, replace(fit.coding, codes=fit.coding.codes[at]))[0]


def _slopes(fit: PatternFit, keys: pd.DataFrame) -> np.ndarray:
    """Return what (1, atoms, y) are multiplied with to give the residual in each group of ``keys``, (g, q)."""
    out = np.zeros((len(keys), len(fit.columns) + 1))
    codes = fit.coding.codes[match(fit.moments.keys, keys)] * fit.solution.filled
    for j, a in enumerate(fit.coding.atom):
        out[:, a] -= codes[:, j]
    out[:, -1] = 1.0
    return out


def _cluster_sums(fit: PatternFit) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, list]:
    """Cluster totals of w e x by stratum: sums, products, clusters, rows, strata. Without clusters every row is one."""
    design = fit.study.design
    if design.cluster and not (design.strata or fit.model.by):
        here = cluster_score_products(
            fit.frame, fit.columns, fit.slope, cluster=design.cluster, weight=weight_of(fit.study)
        )
        if here is not None:
            sums, products, m, n = here
            a, codes = fit.coding.atom, fit.coding.codes[0] * fit.solution.kept
            return sums[:, a] * codes, products[:, a[:, None], a] * np.outer(codes, codes), m, n, [""]
    if design.cluster and fit.model.by and local(fit.frame) and not np.any(fit.moments.shift):
        return cluster_scores(fit, rows_used(fit), partial(_slopes, fit))
    x = design_columns(fit.model, fit.coding, fit.moments.keys)
    w = weight_of(fit.study)
    e = fit.residual(x) if w is None else w * fit.residual(x)
    strata = nw.col(design.strata) if design.strata else None
    rest = free_name("_e", fit.frame.collect_schema().names())
    rows = rows_used(fit).with_columns(e.alias(rest))
    scores = [nw.col(rest) * c if kept else nw.lit(0.0) for c, kept in zip(x, fit.solution.kept, strict=True)]
    if design.cluster:
        return cluster_products(rows, scores, cluster=nw.col(design.cluster), strata=strata)
    named = {f"_s{i}": s for i, s in enumerate(scores)}
    found = moments(rows, named, by={"h": strata if strata is not None else nw.lit(1)}, shift=np.zeros(len(named) + 1))
    return found.matrix[:, 0, 1:], found.matrix[:, 1:, 1:], found.n, float(found.n.sum()), found.keys["h"].tolist()


def _cluster_moments(fit: PatternFit) -> tuple[np.ndarray, np.ndarray, float]:
    """Z'Z and Z'e of every cluster, Z = (X, WX), and rows in them."""
    w = weight_of(fit.study)
    one = {} if w is None else {"_w1": w, **{f"w:{k}": w * e for k, e in fit.model.atoms.items()}}
    columns = {**fit.model.atoms, **one, fit.model.response: fit.model.y}
    rows = rows_used(fit).filter(~nw.col(fit.study.design.cluster).is_null())
    nested = {"_stratum": nw.col(fit.study.design.strata)} if fit.study.design.strata else {}
    by = {"_cluster": nw.col(fit.study.design.cluster), **nested, **fit.model.by}
    found = moments(rows, columns, by=by, shift=np.zeros(len(columns) + 1))
    at = match(fit.moments.keys, found.keys) if fit.model.by else np.zeros(len(found.keys), int)
    codes, a = fit.coding.codes[at], fit.coding.atom
    second = a if w is None else a + len(fit.model.atoms) + 1
    both, wide = np.concatenate([a, second]), np.hstack([codes, codes])
    zz = wide[:, :, None] * wide[:, None, :] * found.matrix[:, both[:, None], both[None, :]]
    zy = wide * found.matrix[:, both, -1]
    cluster = found.keys.groupby(["_cluster", *nested], sort=False).ngroup().to_numpy()
    k = np.zeros((cluster.max() + 1, *zz.shape[1:]))
    y = np.zeros((cluster.max() + 1, zy.shape[1]))
    np.add.at(k, cluster, zz)
    np.add.at(y, cluster, zy)
    p = len(a)
    return k, y - k[:, :, :p] @ fit.solution.filled, float(found.n.sum())
