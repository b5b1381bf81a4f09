"""`lagged`: which of two scores of a unit leads the other: customers employees, or employees customers."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import in_scale, usable_weight
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.fits.half_panel import Lags, ahead, lags, own_spread
from cxlab.stats.inference.design_variance import t_value

UNITS, PERIODS = 10, 4
"""Units and periods needed."""


@public
def lagged(
    study: Study,
    x: str,
    *,
    y: str,
    unit: str,
    period: str,
    correct: str = "half-panel",
    level: float = 0.95,
) -> Result:
    """Return what last period's score of a unit tells of this period's other score, in both directions.

    Parameters
    ----------
    x, y : the two scores, such as those of customers and of employees. Several rows of a unit and period are averaged
        (weighted); a unit needs both in two periods that follow each other.
    unit, period : team, shop or branch, and when (sorted as it is).
    correct : 'half-panel' (jackknife by halves of the periods, against the shortfall of about 1 / periods) or 'none'.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a path: ``path, estimate`` (change of the one a period after one point of the other), ``low, high,
    se, p, uncorrected, n`` (units); the last row is the difference of the two directions in standard deviations.
    ``parts``: ``standardised`` (the four paths in standard deviations within units and periods, with intervals),
    ``ahead`` (by how much, in the same unit, the last value of a score tells more of the other than its next value:
    what moves both tells as much of either), ``rows`` (pairs of periods), ``periods``, ``scale`` (the two standard
    deviations).

    Raises
    ------
    DataProblem : the four columns are not different ones of the study that hold numbers, or there are too few
        units, periods or pairs of periods.

    Notes
    -----
    Unit and period effects are out; errors are those of units, or of the design's clusters where each holds whole
    units. Something that lasts in a unit for some periods and moves both looks like a path.

    References
    ----------
    Dhaene & Jochmans (2015), doi:10.1093/restud/rdv007; Nickell (1981), doi:10.2307/1911408.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rng = np.random.default_rng(0)
    >>> c = rng.normal(size=(200, 12))
    >>> e = np.column_stack([c[:, 0] * 0, 0.5 * c[:, :-1] + rng.normal(size=(200, 11))])
    >>> table = {"shop": np.repeat(np.arange(200), 12), "month": np.tile(np.arange(12), 200)}
    >>> study = cx.load(pd.DataFrame(table | {"customers": c.ravel(), "staff": e.ravel()}))
    >>> found = cx.loyalty.lagged(study, "customers", y="staff", unit="shop", period="month").table.set_index("path")
    >>> bool(abs(found.loc["customers, then staff", "estimate"] - 0.5) < 0.1)
    True
    """
    one_of("correct", correct, ("half-panel", "none"))
    for name in (x, y, unit, period):
        there(study, name)
    if len({x, y, unit, period}) < 4:
        raise DataProblem(f"x, y, unit and period are {x}, {y}, {unit}, {period}; name four different columns")
    table, whose = _means(in_scale(study, [x, y]), x, y, unit, period)
    codes = [pd.factorize(table[c], sort=True) for c in ("unit", "period")]
    (units, named), (when, periods) = codes
    if len(named) < UNITS or len(periods) < PERIODS:
        raise DataProblem(
            f"{len(named)} units and {len(periods)} periods of {study.name} have both scores; paths within units need "
            f"at least {UNITS} and {PERIODS}"
        )
    values = table[["x", "y"]].to_numpy(float)
    if np.array_equal(values[:, 0], values[:, 1]):
        raise DataProblem(f"'{x}' and '{y}' of {study.name} hold the same values; a score has no path to itself")
    found = lags(units, when, values, halves=correct == "half-panel")
    if found.rows < 4 * UNITS:
        raise DataProblem(
            f"{found.rows} pairs of periods that follow each other have both scores; {4 * UNITS} are needed"
        )
    scale = own_spread(units, when, values, halves=correct == "half-panel")
    if not (scale > 1e-12 * np.abs(values).max()).all():
        still = (x, y)[int(scale.argmin())]
        raise DataProblem(f"'{still}' of {study.name} does not vary within units and periods; there is no path")
    words = [study.field(c).label for c in (x, y)]
    names = [f"{words[0]}, then {words[1]}", f"{words[1]}, then {words[0]}", f"{words[0]}, then {words[0]}",
             f"{words[1]}, then {words[1]}", "first less second, standardised"]  # fmt: skip
    cluster = None if whose is None else whose.reindex(named).to_numpy()
    out, standard, more, size = _tables(found, ahead(units, when, values), scale, names, cluster, level)
    sure = out.iloc[-1]
    leads = "neither direction is certainly the stronger one"
    if sure["low"] > 0 or sure["high"] < 0:
        leads = f"{names[0] if sure['low'] > 0 else names[1]}: the stronger direction"
    notes = (*study.caveats, leads, "something that lasts in a unit for some periods and moves both looks like a path",
             *([f"{len(periods)} periods: uncorrected paths fall short by about 1/{len(periods)}"]
               if correct == "none" else []))  # fmt: skip
    method = "least squares within units and periods" + (", half-panel jackknife" if correct != "none" else "")
    return Result(
        "lagged", f"What comes first: {words[0]} or {words[1]}", out, "", level,
        f"{method}; errors of {size:,} {'units' if cluster is None else 'clusters'}", notes,
        {"standardised": standard, "ahead": more, "rows": found.rows, "periods": len(periods), "scale": scale},
        (Column("path", "label", "", "Path"), Column("uncorrected", "number", "", "Uncorrected"),
         Column("n", "count", "", "Units")),
    )  # fmt: skip


def _tables(
    found: Lags, more: tuple[NDArray, NDArray], scale: NDArray, names: list[str], cluster: NDArray | None, level: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, int]:
    """The paths, the same in standard deviations, the past less the future, and how many units or clusters err."""
    b, raw, u, turn = _paths(found.b, found.raw, found.influence, scale)
    live = np.abs(found.influence).sum(1) > 0
    ratio = np.array([scale[0] / scale[1], scale[1] / scale[0]])
    u = _summed(np.hstack([u, u[:, :4] * turn, more[1] * ratio])[live], None if cluster is None else cluster[live])
    size = len(u)
    if size < 2:
        raise DataProblem("all units lie in one cluster; the errors of paths need two or more")
    b = np.concatenate([b, b[:4] * turn, more[0] * ratio])
    se = np.sqrt(size / (size - 1) * (u**2).sum(0))
    half, p = float(t_value(level, size - 1)) * se, 2 * student.sf(np.abs(b / se), size - 1)
    every = pd.DataFrame({"path": [*names, *names[:4], *names[:2]], "estimate": b, "low": b - half, "high": b + half,
                          "se": se, "p": p, "df": float(size - 1)})  # fmt: skip
    paths = every.iloc[:5].drop(columns="df").assign(uncorrected=raw, n=int(live.sum()))
    return paths, every.iloc[5:9].reset_index(drop=True), every.iloc[9:].reset_index(drop=True), size


def _summed(u: NDArray, cluster: NDArray | None) -> NDArray:
    """The influence of each cluster, or of each unit where it is its own."""
    if cluster is None:
        return u
    g = np.unique(cluster, return_inverse=True)[1]
    return np.stack([np.bincount(g, c) for c in u.T], axis=1)


def _means(study: Study, x: str, y: str, unit: str, period: str) -> tuple[pd.DataFrame, pd.Series | None]:
    """The weighted mean of both scores by unit and period, where both are there; the cluster that holds each unit.

    No cluster where the design has none, or one that is smaller than a unit (people of a shop).
    """
    w = usable_weight(study)
    schema = study.lazy.collect_schema()
    for name in (x, y):
        if not (schema[name].is_numeric() or str(schema[name]) == "Boolean"):
            raise DataProblem(f"column '{name}' of {study.name} holds text; numbers are needed: recode it")
    within = study.design.cluster if study.design.cluster not in ("", unit) else ""
    held = {"unit": unit, "period": period, **({"cluster": within} if within else {})}
    rows = study.frame.select(
        *(nw.col(c).alias(k) for k, c in held.items()), nw.col(x).cast(nw.Float64).alias("x"),
        nw.col(y).cast(nw.Float64).alias("y"), (w if w is not None else nw.lit(1.0)).alias("w"),
    )  # fmt: skip
    each = rows.with_columns(
        **{f"{c}w": nw.when(nw.col(c).is_finite()).then(nw.col("w")) for c in "xy"},
        **{f"{c}s": nw.when(nw.col(c).is_finite()).then(nw.col("w") * nw.col(c)) for c in "xy"},
    )
    ends = [e(nw.col("cluster")).alias(k) for k, e in (("c0", nw.Expr.min), ("c1", nw.Expr.max))] if within else []
    totals = each.group_by("unit", "period").agg(*(nw.col(c).sum() for c in ("xw", "xs", "yw", "ys")), *ends)
    sums = fetched(totals, study.name, grouped=True).to_pandas()
    sums = sums.dropna(subset=["unit", "period"])
    for c in "xy":
        sums[c] = sums[f"{c}s"].astype(float) / sums[f"{c}w"].astype(float).replace(0.0, np.nan)
    sums = sums.dropna(subset=["x", "y"]).sort_values(["unit", "period"], ignore_index=True)
    return sums, _whose(sums) if within else None


def _whose(sums: pd.DataFrame) -> pd.Series | None:
    """Each unit's cluster, or None where a unit has rows of several."""
    ends = sums.dropna(subset=["c0"]).groupby("unit").agg(low=("c0", "min"), high=("c1", "max"))
    whole = len(ends) == sums["unit"].nunique() and bool((ends["low"] == ends["high"]).all())
    return ends["low"] if whole and ends["low"].nunique() < len(ends) else None


def _paths(b: NDArray, raw: NDArray, u: NDArray, sd: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Paths x to y, y to x, x, y and the standardised difference of the first two, with the influence of units.

    Last: by what each of the four is multiplied in standard deviations.
    """
    order = [2, 1, 0, 3]  # of the flattened (explained, leading): y on x, x on y, x on x, y on y
    turn = np.zeros((5, 4))
    turn[np.arange(4), order] = 1
    turn[4, [2, 1]] = sd[0] / sd[1], -sd[1] / sd[0]
    scaled = np.array([sd[0] / sd[1], sd[1] / sd[0], 1.0, 1.0])
    return turn @ b.ravel(), turn @ raw.ravel(), u @ turn.T, scaled
