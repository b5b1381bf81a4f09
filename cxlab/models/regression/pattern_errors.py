"""Covariance matrices of a fit on answer patterns (logit, ordinal): clusters within strata, few treated clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlab.data.study import Study
from cxlab.models.metrics import fitted_weights
from cxlab.models.regression import calibrated_errors
from cxlab.models.regression.errors import Errors, Population, free, guarded, lonely_note, one_cluster
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.fits import linear
from cxlab.stats.fits.logit import LogitFit
from cxlab.stats.inference import few_treated
from cxlab.stats.inference.design_variance import sampled

if TYPE_CHECKING:
    from cxlab.models.regression.categorical import Patterns


def variance(study: Study, data: Patterns, fit: LogitFit, errors: str, population: Population = None) -> Errors:
    """Return the errors of theta asked for, or those that fit the design."""
    design, table = study.design, data.table
    if not errors and calibrated_errors.applies(study):
        return _calibrated(study, data, fit, population)
    if not errors:
        both = design.strata or (design.cluster and design.weight)
        errors = "design" if both else "CR1" if design.cluster else "HC0" if design.weight else "classical"
    if errors == "classical":
        said = "classical errors (inverse observed information)"
        return Errors(errors, fit.inverse * free(data.n, population), np.array(np.inf), said)
    scores = fit.scores()
    if errors == "HC0" or (errors == "design" and not design.cluster and not design.strata):
        meat = (scores.T * table["w2"].to_numpy()) @ scores * free(data.n, population)
        return Errors(errors, linear.sandwich(fit.inverse, meat), np.array(np.inf), "robust errors HC0")
    stratum = table["_stratum"] if design.strata else pd.Series([""] * len(table))
    owner, strata = pd.factorize(stratum, sort=True)
    if design.cluster:
        codes = _nested(table, stratum)
        totals = np.zeros((codes.max() + 1, scores.shape[1]))
        np.add.at(totals, codes, scores * table["w"].to_numpy()[:, None])
        each = np.zeros(len(totals), int)
        each[codes] = owner
        m = np.bincount(each).astype(float)
        sums, products = _by_stratum(each, totals, np.ones(len(totals)))
    else:
        m = np.bincount(owner, weights=table["n"])
        sums = _by_stratum(owner, scores, table["w"].to_numpy())[0]
        products = _by_stratum(owner, scores, table["w2"].to_numpy())[1]
    if m.sum() == 1:
        raise one_cluster(design.cluster)
    clusters = int(m.sum())
    drawn = np.fmax(of_strata(study.drawn, strata, named=True), m)
    if errors == "CR1":
        meat = products.sum(axis=0) * clusters / (clusters - 1)
        meat *= 1 - sampled(study.drawn["stratum"], study.drawn["clusters"], population).min(initial=1.0)
        said = f"cluster-robust errors CR1 ({clusters:,} clusters: {design.cluster})"
        return Errors(errors, linear.sandwich(fit.inverse, meat), np.array(clusters - 1), said, clusters=clusters)
    fraction = sampled(pd.Series(strata), drawn, population)
    meat, lonely = linear.stratified_meat(sums, products, drawn, free=1 - fraction)
    said, df = f"design-based errors ({clusters:,} clusters in {len(m)} strata)", np.array(clusters - len(m))
    return Errors(errors, linear.sandwich(fit.inverse, meat), df, said, lonely_note(lonely), clusters=clusters)


def _calibrated(study: Study, data: Patterns, fit: LogitFit, population: Population) -> Errors:
    """Errors that know the margins the weights were fitted to."""
    meat, df = calibrated_errors.pattern_meat(study, data.columns, data.table, fit.scores(), population)
    if study.design.cluster and df < 1:
        raise one_cluster(study.design.cluster)
    df = np.array(df if study.design.cluster or study.design.strata else np.inf)
    clusters = calibrated_errors.clusters(study)
    return Errors("calibrated", linear.sandwich(fit.inverse, meat), df, fitted_weights.SAID, clusters=clusters)


def _nested(table: pd.DataFrame, stratum: pd.Series) -> np.ndarray:
    """Return the number of each pattern's cluster; numbers that start anew in every stratum are different clusters."""
    return table.groupby([stratum, table["_cluster"]], sort=True).ngroup().to_numpy()


def with_guard(
    study: Study, data: Patterns, found: Errors, names: Sequence[str], columns: np.ndarray, *, larger: bool
) -> Errors:
    """Take the errors from coefficients that rest on one cluster, warn of few; ``columns`` of x in the order of names.

    A logit has no CR2: what rests on k < 5 clusters has k - 1 degrees of freedom; with ``larger`` (where no errors were
    asked for) what rests on k < 10, and a variance times k / (k - 1).
    """
    if not study.design.cluster or found.name not in ("CR1", "design", "calibrated"):
        return found
    stratum = data.table["_stratum"] if study.design.strata else pd.Series([""] * len(data.table))
    codes, x = _nested(data.table, stratum), data.x[:, columns]
    low, high = np.full((codes.max() + 1, x.shape[1]), np.inf), np.full((codes.max() + 1, x.shape[1]), -np.inf)
    np.minimum.at(low, codes, x)
    np.maximum.at(high, codes, x)
    rests = np.full(len(names), np.inf)
    rests[: x.shape[1]] = few_treated.touched(low, high)
    weak = larger & (rests >= few_treated.LEAST) & (rests < few_treated.OWN) & (rests < codes.max() + 1)
    df = np.broadcast_to(np.asarray(found.df, float), rests.shape)
    df = np.where(weak, np.fmin(df, rests - 1), df)
    grown = np.sqrt(np.where(weak, rests / np.where(weak, rests - 1, 1.0), 1.0))
    return guarded(
        replace(found, covariance=found.covariance * np.outer(grown, grown), df=df), names, rests, study.design.cluster
    )


def _by_stratum(owner: np.ndarray, totals: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of w u and of w u u' by stratum."""
    strata = range(owner.max() + 1)
    sums = np.stack([w[owner == h] @ totals[owner == h] for h in strata])
    return sums, np.stack([(totals[owner == h].T * w[owner == h]) @ totals[owner == h] for h in strata])
