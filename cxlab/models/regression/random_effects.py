"""Linear mixed models: answers within brands, accounts, agents or respondents, from sums by group."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL, blanked, enough, refuse_part
from cxlab.data.study import Study
from cxlab.models.metrics import fitted_weights
from cxlab.models.regression import calibrated_errors
from cxlab.models.regression.errors import Errors, Population, free, guarded, of_all, without
from cxlab.models.regression.fitted import Estimated, aliased_note, fitted, lost_note, weight_of
from cxlab.models.regression.formula import declared, match, mentioned
from cxlab.models.regression.least_squares import PatternFit, least_squares, original
from cxlab.models.regression.treated_units import rests_on, rows_used
from cxlab.problem import DataProblem, unknown
from cxlab.result import Result
from cxlab.stats.counts.moments import usable
from cxlab.stats.counts.names import key, shown
from cxlab.stats.counts.names import keys as keys_of
from cxlab.stats.fits import linear, reml

LARGEST = 3000
"""With two crossed intercepts the smaller one may have this many groups: a dense matrix of that size is factored."""


@public
def mixed(
    study: Study, formula: str, *, by: str = "", crossed: str = "", population: Population = None, level: float = 0.95,
    least_n: int = SMALL,
) -> Result:  # fmt: skip
    """Return a linear mixed model with a random intercept for each group (and a crossed one), by REML.

    Parameters
    ----------
    formula : fixed effects, as for `ols`.
    by : column whose groups have an intercept of their own; default: the study's cluster (within its stratum, if
        there are strata: numbers that start anew in every stratum are different clusters).
    least_n : as for `ols`; groups with fewer answers stand without their predicted intercept.
    crossed : a second grouping, crossed with the first (agents, touchpoints), at most 3,000 groups in the smaller one.
    population : how many groups there are in all (of clusters by stratum, if the study has strata), for a sample that
        is a large part of them: variances of the fixed effects are times 1 - n/N, and those of all groups have none.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a fixed effect with Satterthwaite degrees of freedom. A term that rests on a single group (an arm
    of one treated shop) has no error, one that rests on two to four the degrees of freedom of so few, as in `cx.ols`.
    ``parts['variances']``: variance of each intercept and of the residual, and its share; ``parts['groups']``:
    predicted intercept of every group with its standard error (one intercept only); ``parts['fit']``: n, groups, REML
    criterion.

    Raises
    ------
    DataProblem : a column is not there, no groups are named or declared, or there are too few rows or groups to
        tell a variance.

    Notes
    -----
    One scan for the moments and one for the sums by group; the rest is a search over the ratio of variances. Design
    weights enter as precision weights of mean 1, as in R's lme4: for unequal selection within groups that is
    approximate. Where weights were fitted in this session (`cx.rake`) and the groups are the study's clusters, errors
    are those of cluster totals with the margins known (`calibrated_errors.mixed_meat`), not those of the model.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), https://doi.org/10.18637/jss.v067.i01; few treated:
    `cxlab.stats.inference.few_treated`

    Raises
    ------
    DataProblem : no groups or a single one, as many groups as rows, an unknown column, two large crossed groupings,
        fewer groups in ``population`` than in the sample.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(3000, seed=1, drivers={"service": 0.5}, cluster_size=5, icc=0.4)
    >>> cx.regressions.mixed(study, "recommend ~ service").parts["variances"]["group"].tolist()
    ['respondent', 'residual']
    """
    study, by = declared(formula, study), by or study.design.cluster
    if not by:
        raise DataProblem(f"mixed needs groups; {study.name} declares no cluster: name a column, e.g. by='brand'")
    for name in [by, *([crossed] if crossed else [])]:
        if name not in study.columns:
            raise unknown("column", name, study.name, study.columns)
    nested = [study.design.strata] if by == study.design.cluster and study.design.strata else []
    asked = [c for c in (*nested, by, crossed) if c]
    refuse_part(study, [*mentioned(formula, study), *asked], least_n)
    there = replace(study, table=study.lazy.filter(*(~nw.col(c).is_null() for c in asked)).to_native())
    fit = least_squares(there, formula, totals="" if nested else by)
    enough(fit.moments.keys, fit.moments.n, least_n, fit.model.crossings)
    if fit.n <= fit.solution.rank + 1:
        raise DataProblem(f"{fit.n} complete rows cannot tell {fit.solution.rank} coefficients and a variance apart")
    first, names = numbered_sums(fit, by) if fit.moments.totals else group_sums(fit, [*nested, by])
    if len(first.weight) < 2 or len(first.weight) == fit.n and not crossed:
        raise DataProblem(
            f"'{by}' has {len(first.weight)} groups in {fit.n} rows; a random intercept needs groups of rows"
        )
    within = [*nested, by]
    found = _crossed(fit, first, names, within, crossed) if crossed else reml.random_intercept(first)
    labels = [by, *([crossed] if crossed else []), "residual"]
    fit, errors = _errors(fit, found, [within, *([[crossed]] if crossed else [])], len(first.weight), population)
    beta, whole = original(fit, errors.covariance)
    share = found.variances / found.variances.sum()
    variances = pd.DataFrame(
        {"group": labels, "variance": found.variances, "sd": np.sqrt(found.variances), "share": share}
    )
    parts = {"variances": variances, "fit": {"n": fit.n, "groups": len(first.weight), "criterion": found.criterion}}
    hidden: list[str] = []
    if not crossed:
        named = names.assign(estimate=found.effects, se=found.effects_se)
        named, hidden = blanked(named, least_n, ("estimate", "se"), keys_of(within))
        parts["groups"] = named.rename(
            columns=dict(zip(keys_of(within), shown(within, ["n", "estimate", "se"]), strict=True))
        )
    whole, census = without(whole, errors.alone), population is not None
    return fitted(
        f"Mixed model of {fit.model.response}", level=level,
        found=Estimated(fit.coding.names, beta, whole, errors.df, fit.n, census),
        method=f"linear mixed model by REML, random intercepts of {' and '.join(labels[:-1])}; {errors.said}",
        notes=[*_notes(study, fit, found, labels), *errors.notes, *hidden], parts=parts,
    )  # fmt: skip


def _errors(
    fit: PatternFit, found: reml.MixedFit, grouped: list[list[str]], groups: int, population: Population
) -> tuple[PatternFit, Errors]:
    """Return the fit with the model's coefficients, and their errors: guarded where few groups or clusters tell one.

    Parameters
    ----------
    grouped : the columns of each random intercept. ``groups`` : how many the first has.
    """
    kept, design = fit.solution.kept, fit.study.design
    beta, df = np.full(len(kept), np.nan), np.full(len(kept), np.nan)
    beta[kept], df[kept] = found.beta, found.df
    fit = replace(fit, solution=replace(fit.solution, beta=beta))
    drawn = len(grouped) == 1 and design.cluster and grouped[0][-1] == design.cluster
    free_part = of_all(fit, groups, population) if drawn else free(groups, population)
    covariance, said, name = found.covariance * free_part, "Satterthwaite errors", "REML"
    if drawn and calibrated_errors.applies(fit.study):
        ratio = found.variances[0] / found.variances[-1]
        meat, units = calibrated_errors.mixed_meat(fit, rows_used(fit), grouped[0], ratio, population)
        covariance = linear.sandwich(found.covariance / found.variances[-1], meat)
        df[kept], said, name = np.fmin(found.df, units), fitted_weights.SAID, "calibrated"
    whole = np.zeros((len(kept), len(kept)))
    whole[np.ix_(kept, kept)] = covariance
    errors = Errors(name, whole, df, said, clusters=groups)
    units = [*grouped, *([[c for c in (design.strata, design.cluster) if c]] if design.cluster and not drawn else [])]
    alone = np.zeros(len(kept), bool)
    for unit in units:
        count, rests = rests_on(fit, unit)
        errors = guarded(replace(errors, clusters=count, alone=None), fit.coding.names, rests, unit[-1])
        alone |= errors.alone
    return fit, replace(errors, alone=alone)


def _notes(study: Study, fit: PatternFit, found: reml.MixedFit, labels: list[str]) -> list[str]:
    used = [*fit.model.atoms, *fit.model.categories, fit.model.response]
    notes = lost_note(study, fit.moments.lost, fit.n, used)
    notes += aliased_note(fit.coding.names, fit.solution.kept)
    zero = [n for n, v in zip(labels, found.variances, strict=True) if v == 0]
    if zero:
        notes.append(f"the variance of {', '.join(zero)} is estimated as zero: groups do not differ beyond chance")
    if study.design.weight:
        notes.append(f"weight {study.design.weight} is used as a precision weight of mean 1, as lme4 does")
    return notes


def group_sums(fit: PatternFit, by: list[str]) -> tuple[reml.Sums, pd.DataFrame]:
    """Return totals and sums of (X, y) by group: one scan; what travels is one row a group (and category)."""
    model, w = fit.model, weight_of(fit.study)
    rows = usable(fit.frame, fit.columns, model.by, w) if fit.moments.lost else fit.frame
    expressions = {f"_x{i}": e for i, e in enumerate(fit.columns.values())}
    expressions |= {"_w": w} if w is not None else {}
    expressions |= {f"_g{i}": nw.col(c) for i, c in enumerate(by)}
    expressions |= {f"_k{i}": nw.col(c) for i, c in enumerate(model.categories)}
    rows = rows.select(*(e.alias(k) for k, e in expressions.items()))
    x = [f"_x{i}" for i in range(len(fit.columns))]
    if w is not None:
        rows = rows.with_columns(*((nw.col("_w") * nw.col(c)).alias(c) for c in x), nw.col("_w").log().alias("_l"))
    keys = [k for k in expressions if k.startswith(("_g", "_k"))]
    summed = [*x, *([] if w is None else ["_w", "_l"])]
    sums = rows.group_by(*keys).agg(nw.len().alias("n"), *(nw.col(c).sum() for c in summed))
    table = sums.collect().to_pandas()
    group_keys = [f"_g{i}" for i in range(len(by))]
    table = table.sort_values(keys, ignore_index=True)
    rows_of, values = table["n"].to_numpy(float), table[x].to_numpy(float)
    weight, log_w = (rows_of, 0.0) if w is None else (table["_w"].to_numpy(float), float(table["_l"].sum()))
    names, number, codes = table[group_keys], np.arange(len(table)), fit.coding.codes[:1]
    if model.categories:
        kinds = table[[f"_k{i}" for i in range(len(model.categories))]]
        kinds.columns = list(model.categories)
        codes = fit.coding.codes[match(fit.moments.keys, kinds)]
        number = table.groupby(group_keys, sort=True).ngroup().to_numpy()
        names = names.drop_duplicates().reset_index(drop=True)
    z = np.column_stack([weight, values[:, :-1]])[:, fit.coding.atom] * codes
    kept = np.append(fit.solution.kept, True)
    total = np.zeros((len(names), z.shape[1] + 1))
    np.add.at(total, number, np.column_stack([z, values[:, -1]]))
    names = names.set_axis(keys_of(by), axis=1).assign(n=np.bincount(number, weights=rows_of).astype(int))
    one = fit.n / fit.moments.total[0, 0]  # weights count by their ratio: their mean is 1
    cross, weight = _cross(fit) * one, np.bincount(number, weights=weight) * one
    return reml.Sums(cross, weight, total[:, kept] * one, fit.n, log_w + fit.n * np.log(one)), names


def numbered_sums(fit: PatternFit, group: str) -> tuple[reml.Sums, pd.DataFrame]:
    """Return the same from totals that the first scan brought along."""
    found = fit.moments.totals
    there = np.flatnonzero(found.sums[0])
    n, kept = found.sums[0, there], np.append(fit.solution.kept, True)
    sums = found.sums[np.append(fit.coding.atom, -1)[kept]][:, there].T
    names = pd.DataFrame({key(group): found.low + there, "n": n.astype(int)})
    return reml.Sums(_cross(fit), n, sums, fit.n), names


def _cross(fit: PatternFit) -> np.ndarray:
    """Return X'WX with y as the last column, of the columns that are kept."""
    kept = np.append(fit.solution.kept, True)
    return np.block([[fit.xx, fit.xy[:, None]], [fit.xy[None, :], np.array([[fit.yy]])]])[np.ix_(kept, kept)]


def _crossed(fit: PatternFit, first: reml.Sums, names: pd.DataFrame, group: list[str], other: str) -> reml.MixedFit:
    """Fit both intercepts; the one with more groups is eliminated by its diagonal."""
    second, names2 = group_sums(fit, [other])
    both, pairs = group_sums(fit, [*group, other])
    shared = np.zeros((len(second.weight), len(first.weight)))
    if min(shared.shape) > LARGEST or shared.size > 5e7:
        raise DataProblem(
            f"{group[-1]} × {other} has {shared.shape[1]:,} × {shared.shape[0]:,} groups; at most 3,000 in one of them"
        )
    second_of, first_of = key(other), keys_of(group)
    at = names2.reset_index().merge(pairs.reset_index()[[second_of, "index"]], on=second_of, suffixes=("_a", "_pair"))
    one = names.reset_index().merge(pairs.reset_index()[[*first_of, "index"]], on=first_of, suffixes=("_g", "_pair"))
    cell = at[["index_a", "index_pair"]].merge(one[["index_g", "index_pair"]], on="index_pair")
    shared[cell["index_a"], cell["index_g"]] = both.weight[cell["index_pair"]]
    if len(first.weight) >= len(second.weight):
        return reml.crossed_intercepts(reml.CrossedSums(first, second, shared))
    found = reml.crossed_intercepts(reml.CrossedSums(second, first, shared.T))
    return replace(found, variances=found.variances[[1, 0, 2]])
