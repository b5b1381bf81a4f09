"""Mediation: how much of an association runs through a mediator, with a case bootstrap on counts or moments."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.sample import in_scale
from cxlab.data.study import Study
from cxlab.models.regression.fitted import check_level, lost_note, weight_of
from cxlab.models.regression.formula import number
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts import resample
from cxlab.stats.counts.drawn import silent
from cxlab.stats.counts.moments import moments
from cxlab.stats.counts.patterns import patterns

MANY = 2000
"""More patterns or clusters than this are put together at random into `GROUPS` groups that are resampled."""
GROUPS = 1000


@public
def mediation(
    study: Study,
    *,
    outcome: str,
    treatment: str,
    mediator: str,
    covariates: Sequence[str] = (),
    draws: int = 5000,
    seed: int = 0,
    level: float = 0.95,
) -> Result:
    """Return the total, direct and indirect association of ``treatment`` with ``outcome`` through ``mediator``.

    Linear models m = i + a x + c'z and y = j + d x + b m + e'z; indirect = a b, direct = d, total = d + a b.

    Parameters
    ----------
    outcome, treatment, mediator, covariates : numeric columns; make 0/1 columns of categories.
    draws : case-bootstrap replicates: of respondents, or of the study's clusters.
    seed : where random draws start: the same seed, the same numbers.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with rows 'total', 'direct', 'indirect', 'a: treatment → mediator', 'b: mediator → outcome' and 'share
    mediated' (nan when total and indirect have opposite signs); percentile intervals; ``parts['draws']`` the
    bootstrap values of the first three.

    Raises
    ------
    DataProblem : a column is not there or has two roles, or all rows belong to one cluster.

    Notes
    -----
    Answers are resampled as counts of distinct patterns (weights are part of the pattern), clusters as moment
    matrices; more than 2,000 of them are first put together at random into 1,000 groups. What runs through the
    mediator is a cause only if nothing unmeasured drives treatment, mediator and outcome together.

    References
    ----------
    Baron & Kenny (1986), https://doi.org/10.1037/0022-3514.51.6.1173; Preacher & Hayes (2008),
    https://doi.org/10.3758/BRM.40.3.879

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(4000, seed=1, drivers={"service": 0.5, "price": 0.2})
    >>> found = cx.regressions.mediation(study, outcome="recommend", treatment="service", mediator="satisfaction")
    >>> found.table["term"].tolist()[:3]
    ['total', 'direct', 'indirect']
    """
    check_level(level)
    names = [treatment, mediator, *covariates, outcome]
    double = sorted({n for n in names if names.count(n) > 1})
    if double:
        raise DataProblem(f"{', '.join(double)} has two roles in the mediation; each column one")
    study = in_scale(study, names)
    schema = study.frame.collect_schema()
    columns = {n: number(n, schema, study.name) for n in names}
    each, counts, facts = _pieces(study, columns, seed)
    estimate = effects((counts @ each)[None], len(names))[0]
    if not np.isfinite(estimate[:5]).all():
        said = f"{treatment}, {mediator} or a covariate is constant or a combination of the others; leave it out"
        raise DataProblem(said)
    if facts["unit"] == "answers":
        statistic = lambda c: effects(c @ each, len(names))  # noqa: E731
        drawn = resample.bootstrap(counts, statistic, replicates=draws, seed=seed)
    else:
        statistic = lambda total: effects(total, len(names))  # noqa: E731
        drawn = resample.cluster_bootstrap(each, statistic, strata=facts["strata"], replicates=draws, seed=seed)
    n = facts["n"]
    low, high = resample.percentile(drawn, level)
    half = np.minimum((drawn <= 0).sum(axis=0), (drawn >= 0).sum(axis=0))
    paths = [f"a: {treatment} → {mediator}", f"b: {mediator} → {outcome}"]
    table = pd.DataFrame(
        {
            "term": ["total", "direct", "indirect", *paths, "share mediated"],
            "estimate": estimate, "low": low, "high": high, "se": np.nanstd(drawn, axis=0, ddof=1),
            "p": np.minimum(2 * (1 + half) / (1 + draws), 1.0), "n": n,
        }
    )  # fmt: skip
    table.loc[5, "p"] = np.nan
    notes = lost_note(study, facts["lost"], n, names)
    if not 0 <= estimate[5] <= 1:
        table.loc[5, ["estimate", "low", "high", "se"]] = np.nan
        notes.append("share mediated is not defined: direct and indirect association have opposite signs")
    notes.append(
        "associations of linear models without treatment × mediator interaction; a path is a cause only by design"
    )
    return Result(
        "mediation", f"{treatment} → {mediator} → {outcome}", table, "", level,
        f"case bootstrap of {facts['unit']}, {draws:,} replicates, percentile intervals", tuple(notes),
        {"draws": drawn[:, :3]},
    )  # fmt: skip


def effects(moment: np.ndarray, k: int) -> np.ndarray:
    """Return total, direct, indirect, a, b and share mediated from moments, shape (B, 6).

    Parameters
    ----------
    moment : (B, (k + 1)(k + 2)/2) upper triangles of Z'WZ with Z = (1, x, m, covariates, y).
    """
    q = k + 1
    full = np.zeros((len(moment), q, q))
    upper = np.triu_indices(q)
    full[:, upper[0], upper[1]] = full[:, upper[1], upper[0]] = moment
    first = [0, 1, *range(3, q - 1)]
    second = list(range(q - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        a = _solve(full[:, first][:, :, first], full[:, first, 2])[:, 1]
        both = _solve(full[:, second][:, :, second], full[:, second, q - 1])
        d, b = both[:, 1], both[:, 2]
        return np.stack([d + a * b, d, a * b, a, b, a * b / (d + a * b)], axis=1)


def _solve(xx: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Solve a stack of normal equations; singular ones give nan."""
    scale = np.sqrt(np.einsum("bii->bi", xx))
    r = xx / np.where(scale > 0, scale, np.nan)[:, :, None] / scale[:, None, :]
    bad = ~np.isfinite(r).all(axis=(1, 2))
    r[bad] = np.eye(r.shape[1])
    bad |= np.linalg.eigvalsh(r)[:, 0] < 1e-10
    r[bad] = np.eye(r.shape[1])
    beta = np.linalg.solve(r, (xy / scale)[:, :, None])[:, :, 0] / scale
    beta[bad] = np.nan
    return beta


def _pieces(study: Study, columns: dict[str, nw.Expr], seed: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Return what is resampled: moments of each piece, how often it came, and facts (unit, strata, n, lost)."""
    design, w = study.design, weight_of(study)
    rng = np.random.default_rng([seed, 1])
    if design.cluster or design.strata:
        by = {c: nw.col(c) for c in (design.strata, design.cluster) if c}
    if design.cluster:
        found = moments(study.frame, columns, by=by, weight=w)
        upper = np.triu_indices(len(found.names))
        each = found.matrix[:, upper[0], upper[1]]
        strata = found.keys[design.strata].to_numpy() if design.strata else np.full(len(each), "")
        n, unit = int(found.n.sum()), f"clusters ({design.cluster})"
        if len(each) < 2:
            raise DataProblem(
                f"all rows belong to one cluster ({design.cluster}); its variance cannot be told from one"
            )
        each, strata = _with_silent(study, each, strata)
        if len(each) > MANY:
            each, strata = together(each, strata, rng)
            unit = f"random groups of clusters ({design.cluster})"
        return each, np.ones(len(each)), {"unit": unit, "strata": strata, "n": n, "lost": found.lost}
    weight = {"weight": w} if w is not None else {}
    strata = {"stratum": nw.col(design.strata)} if design.strata else {}
    table, lost = patterns(study.frame, {**columns, **weight, **strata})
    z = np.column_stack([np.ones(len(table)), table[list(columns)].to_numpy(float)])
    shift = np.average(z, axis=0, weights=table["n"])
    shift[0] = 0.0
    upper = np.triu_indices(z.shape[1])
    each = (z - shift)[:, upper[0]] * (z - shift)[:, upper[1]]
    each *= table["weight"].to_numpy()[:, None] if weight else 1.0
    counts, n = table["n"].to_numpy(), int(table["n"].sum())
    if strata or len(table) > MANY:
        owner = table["stratum"].to_numpy() if strata else np.zeros(len(table))
        each, owner = np.repeat(each, counts, axis=0), np.repeat(owner, counts)
        each, owner = together(*_with_silent(study, each, owner), rng)
        return each, np.ones(len(each)), {"unit": "random groups of answers", "strata": owner, "n": n, "lost": lost}
    return each, counts, {"unit": "answers", "strata": None, "n": n, "lost": lost}


def _with_silent(study: Study, each: np.ndarray, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add the clusters that were drawn and have no row here, with moments of zero; strata become numbers."""
    empty, missing = silent(study.drawn, strata)
    owner = pd.factorize(pd.Series([*strata, *np.repeat(empty, missing)]), use_na_sentinel=False)[0]
    return np.vstack([each, np.zeros((missing.sum(), each.shape[1]))]), owner


def together(each: np.ndarray, strata: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Put pieces together at random within strata, about `GROUPS` in all and at least two a stratum."""
    sums, owner = [], []
    for h in np.unique(strata):
        members = np.flatnonzero(strata == h)
        k = min(len(members), max(2, round(GROUPS * len(members) / len(each))))
        group = rng.permutation(len(members)) % k
        order = np.argsort(group, kind="stable")
        start = np.searchsorted(group[order], np.arange(k))
        sums.append(np.add.reduceat(each[members[order]], start, axis=0))
        owner += [h] * k
    return np.concatenate(sums), np.array(owner)
