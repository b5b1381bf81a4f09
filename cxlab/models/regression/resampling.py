"""Bootstrap of any statistic of answers, and permutation test of two groups, both on counts."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.sample import in_scale
from cxlab.data.study import Study
from cxlab.data.waves import levels
from cxlab.models.regression.fitted import check_level, weight_of
from cxlab.models.regression.formula import number, tidy_levels
from cxlab.models.regression.resampled_units import (
    FINE,
    GROUPS,
    UNITS,
    Block,
    Statistic,
    Units,
    classes,
    statistic_of,
    sufficient,
    units,
)
from cxlab.problem import DataProblem, unknown
from cxlab.result import Result
from cxlab.stats.counts import resample
from cxlab.stats.counts.names import key as key_of
from cxlab.stats.counts.names import keys, shown
from cxlab.stats.counts.patterns import patterns
from cxlab.stats.counts.permutation import of_clusters
from cxlab.stats.counts.permutation import permutation as shuffled

FIGURES = ("estimate", "low", "high", "se", "df")


@public
def bootstrap(
    study: Study,
    of: str,
    *,
    statistic: Statistic = "mean",
    by: str | Sequence[str] = (),
    draws: int = 9999,
    seed: int = 0,
    level: float = 0.95,
    least_n: int = small_cells.SMALL,
) -> Result:
    """Return bootstrap intervals of a statistic of one column, overall or by group.

    Parameters
    ----------
    statistic : 'mean', 'nps' (outcome answered 0 to 10), 'median', 'sd', or a function ``f(values, counts)`` of the
        distinct answers (K,) and a block of their (weighted) counts (b, K) that returns (b,).
    draws : multinomial draws of the counts; with clusters, clusters are drawn within strata (Rao & Wu).

    least_n : groups with fewer answers are counted and not shown, nor what would tell them with the total.
    of : the question, a column of the study.
    by : column(s) that form groups.
    seed : where random draws start: the same seed, the same numbers.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with ``*by, estimate, low, high, se, n``; BCa intervals without clusters or strata, else percentile.

    Raises
    ------
    DataProblem : a column or statistic is not there, or NPS is asked of answers that are not 0 to 10.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(2000, seed=1, nps=20)
    >>> cx.bootstrap(study, "recommend", statistic="nps").table["se"].round(0).tolist()
    [2.0]
    """
    check_level(level)
    study, groups = in_scale(study, [of]), [by] if isinstance(by, str) else list(by)
    table, lost = answers(study, of, groups, design=True)
    rows, said = [], []
    own = keys(groups)
    for key, part in table.groupby(own, sort=True, dropna=False) if groups else [((), table)]:
        found = _one(study, part, statistic, draws, seed, level)
        said += found.pop("_notes")
        rows.append(dict(zip(own, key, strict=True)) | found | {"n": int(part["n"].sum())})
    clusters = study.design.cluster or study.design.strata
    how = f"bootstrap of clusters ({study.design.cluster or 'rows'})" if clusters else "multinomial bootstrap of counts"
    interval = "percentile" if clusters else "BCa"
    title, unit = described(study, of, statistic)
    notes = [*study.caveats, *([f"{lost:,} rows without an answer left out"] if lost else [])]
    shown_rows, hidden = small_cells.blanked_of(study, of, groups, pd.DataFrame(rows), least_n, FIGURES)
    notes += [*hidden, *dict.fromkeys(said)]
    return Result(
        "bootstrap", title, named_groups(study, shown_rows, groups), unit, level,
        f"{how}, {draws:,} replicates, {interval} intervals", tuple(notes),
    )  # fmt: skip


@public
def permutation(
    study: Study,
    of: str,
    *,
    by: str,
    statistic: Statistic = "mean",
    draws: int = 9999,
    seed: int = 0,
    level: float = 0.95,
    least_n: int = small_cells.SMALL,
) -> Result:
    """Return the permutation test that two groups answer alike, by the difference of a statistic.

    Where whole clusters belong to one of the groups (treated and other locations), clusters change sides, within their
    strata, not answers: randomisation inference, which holds with one treated cluster, too.

    Parameters
    ----------
    least_n : groups with fewer answers are refused.
    statistic : as for `bootstrap`. Weights are not used: under the null hypothesis answers are exchangeable.
    of : the question, a column of the study.
    by : column with exactly two groups (filter the study with ``where`` first).
    draws : repetitions of the resampling.
    seed : where random draws start: the same seed, the same numbers.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with one row: ``groups, estimate`` (difference first minus second), ``low, high`` (interval that 95 % of
    differences fall in when the groups are alike), ``p, n``; ``parts['draws']`` the permuted differences.

    Raises
    ------
    DataProblem : other than two groups.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.regressions.permutation(cx.load("brand-tracker"), "satisfaction", by="mode", draws=99)
    >>> found.table["groups"].tolist()
    ['online − phone']
    """
    check_level(level)
    if by not in study.columns:
        raise unknown("column", by, study.name, study.columns)
    study = in_scale(study, [of])
    table, lost = answers(study, of, [by], design=True)
    side = table[key_of(by)]
    names = list(side.unique())
    if len(names) != 2:
        listed = ", ".join(map(str, names[:6]))
        raise DataProblem(
            f"'{by}' has {len(names)} groups ({listed}); a permutation test compares two: use study.where(...)"
        )
    values, at = np.unique(table["value"], return_inverse=True)
    f, whole, second = statistic_of(statistic, values), _whole_clusters(study, table, side), side == names[1]
    counts = _tallied(second, at, table["n"], len(values))
    small_cells.enough(pd.DataFrame({by: names}), counts.sum(axis=1), least_n, [[by]])
    joined, ways = (), draws
    if whole is None:
        exact = float(f(counts[:1])[0] - f(counts[1:])[0])
        if len(values) > resample.KINDS_FEW:
            values, at, joined = classes(values, at, table["n"].to_numpy())
            f, counts = statistic_of(statistic, values), _tallied(second, at, table["n"], len(values))
        difference, p, drawn = shuffled(counts[0], counts[1], f, replicates=draws, seed=seed, difference=exact)
        said = f"permutation test on hypergeometric counts, {draws:,} draws, two-sided"
    else:
        totals, f = _cluster_sums(statistic, values, f, whole, at, table["n"])
        owner = np.unique(whole, return_index=True)[1]
        strata = pd.factorize(table["stratum"].iloc[owner])[0] if "stratum" in table else None
        first = (side.iloc[owner] == names[0]).to_numpy()
        difference, p, drawn, ways = of_clusters(totals, first, f, strata=strata, replicates=draws, seed=seed)
        tried = f"all {ways:,} ways" if ways <= draws else f"{draws:,} of {ways:,} ways"
        said = f"randomisation test: {tried} to assign {len(totals)} clusters ({study.design.cluster}), two-sided"
    low, high = resample.percentile(drawn, level)
    row = {"groups": f"{names[0]} − {names[1]}", "estimate": difference, "low": low, "high": high, "p": p}
    notes = [*study.caveats, "low and high bound the differences that chance alone makes, not the difference itself"]
    notes += [*joined, *([f"{lost:,} rows without an answer left out"] if lost else [])]
    if whole is not None and ways < 20:
        notes.append(f"with {ways:,} ways to assign the clusters p cannot be smaller than {1 / ways:.3f}")
    if study.design.cluster and whole is None:
        notes.append(
            f"answers of one {study.design.cluster} are treated as independent; with strong clusters p is too small"
        )
    if study.design.weight:
        notes.append("design weights are not used")
    title, unit = described(study, of, statistic)
    return Result(
        "permutation", f"{title} by {study.codebook.label(by)}", pd.DataFrame([row | {"n": int(counts.sum())}]), unit,
        level, said, tuple(notes), {"draws": drawn},
    )  # fmt: skip


def _cluster_sums(
    statistic: Statistic, values: np.ndarray, f: Block, whole: np.ndarray, at: np.ndarray, n: pd.Series
) -> tuple[np.ndarray, Block]:
    """Return the sums of every cluster that a statistic needs, and the statistic of such sums."""
    sums = sufficient(statistic, values)
    if sums is None:
        return _tallied(whole, at, n, len(values), whole.max() + 1), f
    return np.stack([np.bincount(whole, n.to_numpy() * x[at]) for x in sums[0].T], axis=1), sums[1]


def _tallied(first: pd.Series | np.ndarray, at: np.ndarray, n: pd.Series, kinds: int, rows: int = 2) -> np.ndarray:
    """Count answers by ``first`` (a number for each row) and kind, (rows, kinds)."""
    out = np.zeros((rows, kinds), np.int64)
    np.add.at(out, (np.asarray(first, int), at), n.to_numpy())
    return out


def _whole_clusters(study: Study, table: pd.DataFrame, side: pd.Series) -> np.ndarray | None:
    """Return the number of each row's cluster if every cluster lies in one group and some have several answers."""
    if "cluster" not in table:
        return None
    nested = [table["stratum"], table["cluster"]] if "stratum" in table else [table["cluster"]]
    code = table.groupby(nested, sort=True).ngroup().to_numpy()
    alone = pd.Series(side.to_numpy()).groupby(code).nunique().max() == 1
    return code if alone and code.max() + 1 < table["n"].sum() else None


def answers(study: Study, outcome: str, groups: list[str], *, design: bool) -> tuple[pd.DataFrame, int]:
    """Count distinct answers (with weight, cluster and stratum where the design asks for them) by group.

    Groups stand under their `cxlab.stats.counts.names.key`.
    """
    schema = study.frame.collect_schema()
    for g in groups:
        if g not in schema:
            raise unknown("column", g, study.name, schema.names())
    columns = {key_of(g): nw.col(g) for g in groups} | {"value": number(outcome, schema, study.name)}
    if design:
        w, d = weight_of(study), study.design
        columns |= ({"weight": w} if w is not None else {}) | ({"stratum": nw.col(d.strata)} if d.strata else {})
        columns |= {"cluster": nw.col(d.cluster)} if d.cluster else {}
    table, lost = patterns(study.frame, columns)
    for g in keys(groups):
        table[g] = tidy_levels(table[g])
    return table.drop(columns=["w", "w2"]), lost


def named_groups(study: Study, table: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """Return a table of results with its groups under the names that users gave them, waves in the order of time."""
    for name in reversed(groups):
        place = {v: k for k, v in enumerate(levels(study, name, table[key_of(name)]))}
        order = table[key_of(name)].map(lambda v, place=place: place.get(v, len(place)))
        table = table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    own = [c for c in table.columns if c not in keys(groups)]
    return table.rename(columns=dict(zip(keys(groups), shown(groups, own), strict=True)))


def _one(study: Study, part: pd.DataFrame, statistic: Statistic, replicates: int, seed: int, level: float) -> dict:
    """Estimate, interval and standard error of one group, and what was put together for them."""
    found = units(study, part, statistic)
    full, n, design = found.full, int(found.counts.sum()), study.design.cluster or study.design.strata
    if design and n < 2:
        return {"estimate": full, "low": np.nan, "high": np.nan, "se": np.nan, "_notes": ()}
    if design:
        found = found.merged(GROUPS, seed) if n > UNITS else found
        each = np.arange(len(found.counts)).repeat(found.counts)  # without clusters every answer is one
        draws = resample.cluster_bootstrap(
            found.totals[each], found.statistic, strata=found.strata[each], replicates=replicates, seed=seed
        )
        (low, high), notes = resample.percentile(draws, level), found.notes
    else:
        draws, without, notes = _of_answers(found, part, statistic, replicates, seed)
        low, high = resample.bca(draws, full, *without, level)
    se = float(np.nanstd(draws, ddof=1))
    return {"estimate": full, "low": float(low), "high": float(high), "se": se, "_notes": notes}


def _of_answers(
    found: Units, part: pd.DataFrame, statistic: Statistic, replicates: int, seed: int
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], tuple[str, ...]]:
    """Draws of the statistic of answers without a design; its values without one answer of each kind, with how often
    each came; and what was put together."""
    if found.totals is None and statistic == "median" and len(found.counts) > resample.KINDS_FEW:
        values = np.unique(part["value"].to_numpy())
        draws = resample.median_draws(values, found.counts, replicates=replicates, seed=seed)
        return draws, (resample.median_left_out(values, found.counts), found.counts), found.notes
    with np.errstate(divide="ignore", invalid="ignore"):
        one = found.counts.sum() < 2
        without = np.full(len(found.counts), found.full) if one else found.without_one()
    few, kinds = found, len(found.counts)
    if found.totals is not None:
        wide, rows = found.totals.shape[1] > 3, found.counts.sum()
        if wide and kinds > resample.KINDS_FEW:
            few = found.merged(GROUPS, seed)
        elif kinds > resample.KINDS_MOST and rows > resample.ROWS_MOST:
            few = found.merged(FINE, seed)
    draws = resample.bootstrap(few.counts, few.of, replicates=replicates, seed=seed)
    return draws, (without, found.counts), few.notes


def described(study: Study, outcome: str, statistic: Statistic) -> tuple[str, str]:
    """Return title and unit of a statistic of a column."""
    if not isinstance(statistic, str):
        return f"Own statistic of {study.field(outcome).label}", ""
    named = {"nps": "NPS", "sd": "Standard deviation"}.get(statistic, statistic.capitalize())
    return f"{named} of {study.field(outcome).label}", "points" if statistic == "nps" else "mean"
