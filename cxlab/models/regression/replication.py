"""Standard errors by leaving clusters out, or from the replicate weights that came with the data."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.sample import in_scale
from cxlab.data.study import Study
from cxlab.models.regression.fitted import check_level, quantile, weight_of
from cxlab.models.regression.formula import number, tidy_levels
from cxlab.models.regression.resampled_units import Statistic, statistic_of, units
from cxlab.models.regression.resampling import FIGURES, answers, described, named_groups
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import Result
from cxlab.stats.counts import resample
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.moments import moments, usable
from cxlab.stats.counts.names import keys


@public
def jackknife(
    study: Study, of: str, *, statistic: Statistic = "mean", by: str | Sequence[str] = (), level: float = 0.95,
    least_n: int = small_cells.SMALL,
) -> Result:  # fmt: skip
    """Return jackknife intervals of a statistic of one column: clusters, or answers, are left out one at a time.

    Parameters
    ----------
    statistic : 'mean', 'nps', 'sd' or a smooth function as for `bootstrap` (the jackknife fails for the median).
    by : columns whose groups are estimated one by one.
    least_n : as for `bootstrap`.
    of : the question, a column of the study.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with ``*by, estimate, low, high, se, df, n``; t intervals; degrees of freedom are clusters - strata,
    in a domain the rank of the replicates less one.

    Raises
    ------
    DataProblem : a single cluster, or the median.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, 2nd ed., https://doi.org/10.1007/978-0-387-35099-8, ch. 4.

    Examples
    --------
    >>> import cxlab as cx
    >>> data = cx.simulate(2000, seed=1, nps=20)
    >>> cx.regressions.jackknife(data, "recommend", statistic="nps").table["se"].round(0).tolist()
    [2.0]
    """
    check_level(level)
    if statistic == "median":
        raise DataProblem("the jackknife is not consistent for the median; use bootstrap, or another statistic")
    study, groups = in_scale(study, [of]), [by] if isinstance(by, str) else list(by)
    table, lost = answers(study, of, groups, design=True)
    rows, said_of = [], []
    own = keys(groups)
    for key, part in table.groupby(own, sort=True, dropna=False) if groups else [((), table)]:
        weight = table.index.isin(part.index) * table.get("weight", 1.0)  # answers of other groups count 0
        mine = table.assign(weight=weight) if study.drawn is None else part
        found = units(study, mine, statistic, tables=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            _, variance = resample.jackknife(found.totals, found.statistic, strata=found.strata, count=found.counts)
        said_of += found.notes
        rows.append(
            dict(zip(own, key, strict=True))
            | {"estimate": found.full, "se": float(np.sqrt(variance))}
            | {"df": jackknife_df(found.totals, found.counts, found.strata), "n": int(part["n"].sum())}
        )
    said = f"clusters ({study.design.cluster})" if study.design.cluster else "answers"
    notes = [*study.caveats, *([f"{lost:,} rows without an answer left out"] if lost else [])]
    kept, hidden = small_cells.blanked_of(study, of, groups, pd.DataFrame(rows), least_n, FIGURES)
    made, notes = named_groups(study, kept, groups), [*notes, *hidden, *dict.fromkeys(said_of)]
    return _result(study, of, statistic, made, level, f"jackknife of {said}, t intervals", notes)


def jackknife_df(totals: np.ndarray, counts: np.ndarray, strata: np.ndarray) -> int:
    """Return the rank of the jackknife's weights of the domain less one, as R's ``degf``.

    That is the clusters with an answer, less the strata of two or more of which each has one (less 1 where none has).
    """
    there = (totals > 0).any(axis=1)
    drawn, seen = np.bincount(strata, counts), np.bincount(strata, counts * there)
    return int(seen.sum() - max(((seen == drawn) & (drawn > 1)).sum(), 1))


@public
def replicate_weights(
    study: Study,
    of: str,
    *,
    weights: Sequence[str],
    kind: str | tuple[str, float],
    statistic: Statistic = "mean",
    by: str | Sequence[str] = (),
    level: float = 0.95,
    least_n: int = small_cells.SMALL,
) -> Result:
    """Return intervals of a statistic from the replicate weights that came with the data, in two scans.

    Parameters
    ----------
    weights : columns of replicate weights (weights themselves, not factors of them); the estimate takes the study's.
    kind : how they were made: 'bootstrap', 'brr', 'jk1', 'jk2', or ('fay', rho) with Fay's coefficient, 0 to below 1.
    least_n : as for `bootstrap`.
    of : the question, a column of the study.
    statistic : 'mean', 'nps', 'median', 'sd' or a function, as for `bootstrap`.
    by : column(s) that form groups.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result as of `jackknife`; degrees of freedom are the rank of the replicate weights less one.

    Raises
    ------
    DataProblem : a column or kind is not there, or fewer than two weights are given.

    Notes
    -----
    Variance: c sum_r (estimate_r - estimate)**2, c = 1/R (bootstrap, brr), 1/(R (1 - rho)**2) (fay), (R - 1)/R (jk1), 1
    (jk2).

    References
    ----------
    Wolter (2007), https://doi.org/10.1007/978-0-387-35099-8, ch. 3 to 5; Judkins (1990), Journal of Official
    Statistics 6, 223 (Fay).

    Examples
    --------
    >>> import cxlab as cx
    >>> import numpy as np, pandas as pd
    >>> t = pd.DataFrame({"score": [1, 2, 3, 4], "w": 1.0, "r1": [2, 2, 0, 0], "r2": [0, 0, 2, 2]})
    >>> study = cx.load(t).set("w", role="weight")
    >>> found = cx.regressions.replicate_weights(study, "score", weights=["r1", "r2"], kind="brr", least_n=0)
    >>> found.table["se"].round(2).tolist()
    [1.0]
    """
    check_level(level)
    study, groups = in_scale(study, [of]), [by] if isinstance(by, str) else list(by)
    weights = [weights] if isinstance(weights, str) else list(weights)
    schema = study.frame.collect_schema()
    for name in [*groups, *weights]:
        if name not in schema:
            raise unknown("column", name, study.name, schema.names())
    kind, rho = _made(kind)
    if len(weights) < 2:
        raise DataProblem(f"{len(weights)} replicate weights were given; a variance needs two or more columns")
    table, lost, df = _weighted_counts(study, of, groups, weights)
    rows = []
    own = keys(groups)
    for key, part in table.groupby(own, sort=True, dropna=False) if groups else [((), table)]:
        f = statistic_of(statistic, part["value"].to_numpy())
        full, *each = f(part[["_full", *(f"_r{i}" for i in range(len(weights)))]].to_numpy().T)
        variance = resample.replicate_variance(np.array(each), full, kind=kind, rho=rho)
        rows.append(
            dict(zip(own, key, strict=True))
            | {"estimate": float(full), "se": float(np.sqrt(variance)), "df": df, "n": int(part["n"].sum())}
        )
    notes = [*study.caveats, *([f"{lost:,} rows without an answer or a weight left out"] if lost else [])]
    said = f"{len(weights)} replicate weights ({kind}{f', rho {rho:g}' if kind == 'fay' else ''}), t intervals"
    kept, hidden = small_cells.blanked_of(study, of, groups, pd.DataFrame(rows), least_n, FIGURES)
    return _result(study, of, statistic, named_groups(study, kept, groups), level, said, [*notes, *hidden])


def _made(kind: str | tuple[str, float]) -> tuple[str, float]:
    """How the weights were made, and Fay's coefficient (0 elsewhere)."""
    name, rho = kind if isinstance(kind, (tuple, list)) and len(kind) == 2 else (kind, None)
    one_of("kind", name, resample.KINDS)
    if (name == "fay") != (rho is not None):
        raise DataProblem(f"kind is {kind!r}; Fay's weights, and only they, have a coefficient: kind=('fay', 0.5)")
    return name, 0.0 if rho is None else rho


def _weighted_counts(
    study: Study, outcome: str, groups: list[str], weights: list[str]
) -> tuple[pd.DataFrame, int, int]:
    """Sum the weight and every replicate weight by group and answer; rows left out; rank of the replicates less one."""
    schema = study.frame.collect_schema()
    full = weight_of(study)
    columns = {"value": number(outcome, schema, study.name), "_full": nw.lit(1.0) if full is None else full}
    columns |= {f"_r{i}": number(w, schema, study.name) for i, w in enumerate(weights)}
    found = moments(study.frame, columns, shift=np.zeros(len(columns) + 1))
    products = found.total[3:, 3:]
    own = keys(groups)
    by = [nw.col(g).alias(k) for g, k in zip(groups, own, strict=True)]
    rows = study.frame.select(*by, *(e.cast(nw.Float64).alias(k) for k, e in columns.items()))
    rows = usable(rows, {k: nw.col(k) for k in columns}, {}, None)
    sums = [nw.len().alias("n"), *(nw.col(k).sum() for k in columns if k != "value")]
    table = fetched(rows.group_by(*own, "value").agg(*sums), study.name, grouped=True).to_pandas()
    table = table.sort_values([*own, "value"], ignore_index=True)
    for g in own:
        table[g] = tidy_levels(table[g])
    return table, found.lost, int(np.linalg.matrix_rank(products, hermitian=True)) - 1


def _result(
    study: Study, outcome: str, statistic: Statistic, table: pd.DataFrame, level: float, said: str, notes: list[str]
) -> Result:
    """Put intervals around the estimates."""
    reach = quantile(table["df"].to_numpy(float), 0.5 + level / 2) * table["se"]
    at = table.columns.get_loc("estimate") + 1
    table.insert(at, "low", table["estimate"] - reach)
    table.insert(at + 1, "high", table["estimate"] + reach)
    title, unit = described(study, outcome, statistic)
    return Result("bootstrap", title, table, unit, level, said, tuple(notes))
