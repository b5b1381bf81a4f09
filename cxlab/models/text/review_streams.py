"""Reviews over time and by kind: drift with order and month, unusual bursts, solicited beside organic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.sample import Sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.stats.fits import robust
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.differences import two_sided, welch_df
from cxlab.stats.inference.influences import covariance
from cxlab.stats.inference.multiple import adjusted
from cxlab.stats.text import bursts, laney

MOST_UNITS = 50
"""Units whose streams are scanned, those of most reviews first."""

DRAWS = 40
LEAST_UNITS, QUARTER = 8, 91
"""Units with several reviews from which the errors of the drift are those of units; else of so many days of each."""

TERMS = ("per year", "per doubling of the number of reviews")
LEAST_MONTHS, IN_MONTH = 8, 5
"""Months that a chart of them needs, and reviews that a month needs to count."""


def parts(
    study: Study, found: Sample, score: NDArray, code: NDArray, wrote: NDArray, names: list, date: str, verified: str
) -> dict[str, Any]:
    """Return the parts of a result on reviews that need a date or a kind: ``drift``, ``bursts``, ``kinds``."""
    out: dict[str, Any] = {}
    if date:
        when = pd.to_datetime(pd.Series(found.other[study.field(date).name]), errors="coerce")
        dated = wrote & when.notna().to_numpy()
        if dated.sum() < SMALL:
            raise DataProblem(f"'{date}' of {study.name} dates {int(dated.sum())} reviews; at least {SMALL} are needed")
        day = ((when - when[dated].min()).dt.days.to_numpy(float, na_value=-1)).astype(int)
        person = None if found.cluster is None else found.cluster[dated]
        out["drift"] = drift(score[dated], day[dated], code[dated], w=found.w[dated], person=person)
        kind = pd.Series(found.other[study.field(verified).name], dtype=object) if verified else None
        out["months"] = months(score, when, code, dated, found.w, kind, names)
        out["bursts"] = _bursts(day, score, code, dated, names, when[dated].min())
    if verified:
        kind = pd.Series(found.other[study.field(verified).name], dtype=object)
        out["kinds"] = _kinds(study, verified, kind, score, wrote, found)
    return out


def drift(
    score: NDArray, day: NDArray, unit: NDArray, *, w: NDArray | None = None, person: NDArray | None = None
) -> pd.DataFrame:
    """Return the slope of the stars per year and per doubling of a unit's review number, within units.

    Order and time pull apart: early buyers differ from late ones, and later reviews answer earlier ones. What happens
    in a unit moves all its reviews of that time: errors are those of units (CR2 with Satterthwaite degrees of freedom
    below 50). Of fewer than eight units they are those of the units' quarters: said of these units alone.

    Parameters
    ----------
    score : (rows,) stars. ``day`` : (rows,) day of each, a whole number. ``unit`` : (rows,) codes.
    w : (rows,) weights, or None. ``person`` : (rows,) who wrote, or another cluster of the study: the error is that of
        units or of these, the larger.

    Returns
    -------
    A row a term: ``term, estimate, low, high, se, p, errors`` (of what they are), ``clusters``; nan where months and
    order cannot be told apart, or one cluster decides.

    References
    ----------
    Godes, D. & Silva, J. C. (2012). Sequential and temporal dynamics of online opinion. Marketing Science 31, 448-473.
        doi:10.1287/mksc.1110.0653
    Bell, R. M. & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with multi-stage
        samples. Survey Methodology 28, 169-181.

    Examples
    --------
    >>> found = drift(np.r_[np.linspace(5, 4, 366), 3.0, 3.0], np.r_[np.arange(366), 0, 1], np.r_[np.zeros(366), 1, 1])
    >>> found["term"].tolist(), found["errors"].tolist()
    (['per year', 'per doubling of the number of reviews'], ['quarters of units', 'quarters of units'])
    """
    order = np.lexsort((day, unit))
    s, d, u = score[order], day[order] / 365.25, unit[order]
    wt = np.ones(len(s)) if w is None else w[order]
    first = np.r_[0, np.flatnonzero(np.diff(u)) + 1]
    position = np.arange(len(u)) - np.repeat(first, np.diff(np.r_[first, len(u)]))
    group = np.unique(u, return_inverse=True)[1]
    size = np.bincount(group, wt)
    x = np.column_stack([v - (np.bincount(group, wt * v) / size)[group] for v in (d, np.log2(position + 1), s)])
    x, y = x[:, :2], x[:, 2]
    several = int((np.bincount(group) > 1).sum())
    by, what = (
        (group, "units") if several >= LEAST_UNITS else (group * 100_000 + day[order] // QUARTER, "quarters of units")
    )
    made = [(what, by), *([("clusters", person[order])] if person is not None else [])]
    fits = [(what, *_slopes(x, y, wt, by)) for what, by in made]
    rows = []
    for k, term in enumerate(TERMS):
        of, value, se, df, n = max(
            ((what, b[k], se[k], df[k], n) for what, b, se, df, n in fits),
            key=lambda f: f[2] * float(t_value(0.95, f[3])) if np.isfinite(f[2]) else np.inf,
        )
        half = float(t_value(0.95, df)) * se
        rows.append({
            "term": term, "estimate": value, "low": value - half, "high": value + half, "se": se,
            "p": float(two_sided(value, se, df)) if se > 0 else np.nan, "errors": of, "clusters": n,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _slopes(x: NDArray, y: NDArray, w: NDArray, cluster: NDArray) -> tuple[NDArray, NDArray, NDArray, int]:
    """Both slopes, their errors by cluster, degrees of freedom, and the number of clusters."""
    codes, g = np.unique(cluster, return_inverse=True)
    n, lost = len(codes), np.full(2, np.nan)
    bread = np.linalg.pinv(x.T @ (x * w[:, None]), rcond=1e-10, hermitian=True)
    if np.linalg.matrix_rank(x.T @ (x * w[:, None]), hermitian=True) < 2 or n < 2:
        return lost, lost, lost, n
    if n < robust.FEW:
        fit = robust.least_squares(x, y, np.ones(len(y)), w, g)
        b, se, df = np.array([fit.contrast(a) for a in np.eye(2)]).T
        return b, se, df, n
    b = bread @ (x.T @ (w * y))
    meat, df = robust.cluster_meat(x * (w * (y - x @ b))[:, None], np.ones(len(y)), g)
    return b, np.sqrt(np.fmax(np.diag(bread @ meat @ bread), 0)), np.full(2, df), n


def months(
    score: NDArray, when: pd.Series, code: NDArray, dated: NDArray, w: NDArray, kind: pd.Series | None, names: list
) -> pd.DataFrame:
    """Return the mean of each unit's months and the share of its best stars, with Laney's limits and false alarms.

    Months of fewer than five reviews do not count, nor units of fewer than eight such months. With kinds the means are
    those of the unit's own mix of kinds over all months: a month of other kinds is no other month.

    Parameters
    ----------
    score : (rows,) stars. ``when`` : date of each. ``code`` : unit, codes from 0 into ``names``.
    dated : (rows,) which rows count. ``w`` : their weights. ``kind`` : of each review, or None.

    Examples
    --------
    >>> day = pd.Series(pd.date_range("2025-01-01", periods=300, freq="D"))
    >>> stars = np.tile([4.0, 5.0], 150)
    >>> found = months(stars, day, np.zeros(300, int), np.ones(300, bool), np.ones(300), None, ["Alba"])
    >>> found["measure"].unique().tolist(), bool(found["outside"].any())
    (['mean of the stars', 'share of the best'], False)
    """
    period = when.dt.year.to_numpy(float) * 12 + when.dt.month.to_numpy(float) - 1
    size = np.bincount(code[dated], minlength=len(names))
    kinds = pd.factorize(kind)[0] if kind is not None else np.zeros(len(score), int)
    best, rows = score[dated].max(), []
    for k in np.argsort(-size, kind="stable")[:MOST_UNITS]:
        mine = np.flatnonzero(dated & (code == k) & (kinds >= 0))
        if len(mine) < LEAST_MONTHS * IN_MONTH:
            continue
        month, at = np.unique(period[mine], return_inverse=True)
        for measure, y in (("mean of the stars", score[mine]), ("share of the best", (score[mine] == best) * 1.0)):
            rows += _charted(measure, y, at, kinds[mine], w[mine], month, names[k])
    table = pd.DataFrame(rows, columns=["unit", "measure", "month", "n", "estimate", "lower", "upper", "z", "outside",
                                        "sigma", "false_alarms"])  # fmt: skip
    return table.astype({"outside": bool})


def _charted(
    measure: str, y: NDArray, at: NDArray, kind: NDArray, w: NDArray, month: NDArray, unit: object
) -> list[dict[str, Any]]:
    """The months of one unit, standardised to its mix of kinds, with limits."""
    t, kinds = len(month), np.unique(kind)
    mean, v, n = np.zeros(t), np.zeros(t), np.bincount(at, minlength=t)
    for g in kinds:
        of = kind == g
        share = w[of].sum() / w.sum()
        sums, effective = np.bincount(at[of], w[of], t), np.bincount(at[of], w[of] ** 2, t)
        centre = np.average(y[of], weights=w[of])
        with np.errstate(invalid="ignore", divide="ignore"):
            own = np.bincount(at[of], w[of] * y[of], t) / sums
            within = np.average((y[of] - own[at[of]]) ** 2, weights=w[of])
            within = centre * (1 - centre) if measure.startswith("share") else within
            mean += share * own
            v += share**2 * within * effective / sums**2
    counts = (n >= IN_MONTH) & np.isfinite(mean) & (v > 0)
    if counts.sum() < LEAST_MONTHS:
        return []
    lower, upper, z, sigma = laney.limits(mean[counts], v[counts])
    rate = laney.false_alarms(int(counts.sum()))
    return [
        {"unit": unit, "measure": measure, "month": f"{int(m // 12)}-{int(m % 12) + 1:02d}", "n": int(k),
         "estimate": e, "lower": a, "upper": b, "z": x, "outside": bool(e < a or e > b), "sigma": sigma,
         "false_alarms": rate}
        for m, k, e, a, b, x in zip(month[counts], n[counts], mean[counts], lower, upper, z, strict=True)
    ]  # fmt: skip


def _bursts(day: NDArray, score: NDArray, code: NDArray, dated: NDArray, names: list, start: Any) -> pd.DataFrame:
    """Unusual windows of each unit, with the share of the best stars inside and the scan's false-alarm rate."""
    size = np.bincount(code[dated], minlength=len(names))
    last = int(day[dated].max()) + 1
    rows = []
    for k in np.argsort(-size, kind="stable")[:MOST_UNITS]:
        mine = dated & (code == k)
        if size[k] < SMALL or last < 14:
            continue
        series = np.bincount(day[mine], minlength=last)
        found = bursts.scan(series)
        rate = bursts.false_alarms(series, draws=DRAWS, seed=int(k)) if found else np.nan
        for first, length, number, expected, p in found:
            inside = mine & (day >= first) & (day < first + length)
            best = score[mine].max()
            rows.append({
                "unit": names[k], "from": (start + pd.Timedelta(days=first)).date().isoformat(), "days": length,
                "n": number, "expected": expected, "p": p, "best_inside": float((score[inside] == best).mean()),
                "best_outside": float((score[mine & ~inside] == best).mean()) if (mine & ~inside).any() else np.nan,
                "false_alarms": rate,
            })  # fmt: skip
    table = pd.DataFrame(rows, columns=["unit", "from", "days", "n", "expected", "p", "best_inside", "best_outside",
                                        "false_alarms"])  # fmt: skip
    if len(table):
        table["p_adjusted"] = adjusted(table["p"], "bh")
    return table


def _kinds(study: Study, verified: str, kind: pd.Series, score: NDArray, wrote: NDArray, found: Sample) -> pd.DataFrame:
    """Mean of each of the two kinds of reviews, and their difference."""
    levels = sorted(kind[wrote].dropna().unique(), key=str)
    if len(levels) != 2:
        raise DataProblem(f"'{verified}' of {study.name} has {len(levels)} kinds of reviews; two are compared")
    rows, sums = [], []
    for level in levels:
        of = wrote & (kind == level).to_numpy()
        m = float(np.average(score[of], weights=found.w[of]))
        n = float(found.w[of].sum() ** 2 / (found.w[of] ** 2).sum())
        var = float(np.average((score[of] - m) ** 2, weights=found.w[of])) / max(n - 1, 1)
        sums.append((m, var, n))
        rows.append({"kind": str(level), "estimate": m, "se": np.sqrt(var), "n": int(of.sum()), "p": np.nan})
    (a, va, na), (b, vb, nb) = sums
    df = float(welch_df(va, na - 1, vb, nb - 1))
    se = float(np.sqrt(va + vb))
    rows.append({"kind": f"{levels[1]} less {levels[0]}", "estimate": b - a, "se": se, "n": rows[0]["n"] + rows[1]["n"],
                 "p": float(two_sided(b - a, se, df))})  # fmt: skip
    dfs = [na - 1, nb - 1, df]
    if found.cluster is not None or found.strata is not None:
        made = _designed([kind == level for level in levels], score, wrote, found, study.drawn)
        for k, (value, dfs[k]) in enumerate(made):
            rows[k]["se"] = value
        rows[2]["p"] = float(two_sided(b - a, *made[2])) if made[2][0] > 0 else np.nan
    elif np.ptp(found.w) == 0:  # by rank, without weights
        first, second = (score[wrote & (kind == level).to_numpy()] for level in levels)
        p, se_p, df_p = superiority(first, second)
        rows.append({"kind": f"chance that {levels[1]} is better", "estimate": p, "se": se_p, "n": rows[-1]["n"],
                     "p": float(two_sided(p - 0.5, se_p, df_p)) if se_p > 0 else np.nan})  # fmt: skip
        dfs.append(df_p)
    table = pd.DataFrame(rows)
    half = t_value(0.95, np.array(dfs)) * table["se"]
    return table.assign(low=table["estimate"] - half, high=table["estimate"] + half)


def _designed(
    kinds: list[pd.Series], score: NDArray, wrote: NDArray, found: Sample, drawn: pd.DataFrame | None
) -> list[tuple[float, float]]:
    """The errors of the two means and of their difference under clusters and strata, with degrees of freedom."""
    each, y = [], np.nan_to_num(score)
    for kind in kinds:
        w = found.w * (wrote & kind.to_numpy())
        each.append(w / w.sum() * (y - np.average(y, weights=w)))
    u = np.column_stack([*each, each[1] - each[0]])[wrote]
    cut = [None if c is None else c[wrote] for c in (found.cluster, found.strata)]
    v, df = covariance(u, np.ones(len(u)), *cut, names=found.strata_names, drawn=drawn)
    return [(float(se), df) for se in np.sqrt(np.diag(v))]


def superiority(first: NDArray, second: NDArray) -> tuple[float, float, float]:
    """Return the chance that a review of the second kind is better than one of the first (a tie counts half), its error
    and degrees of freedom.

    References
    ----------
    Brunner, E. & Munzel, U. (2000). The nonparametric Behrens-Fisher problem. Biometrical Journal 42, 17-25.

    Examples
    --------
    >>> p, se, df = superiority(np.array([1.0, 2, 3, 3]), np.array([3.0, 4, 5, 5]))
    >>> round(p, 4)
    0.9375
    """
    from scipy.stats import rankdata

    m, n = len(first), len(second)
    both = rankdata(np.r_[first, second])
    a, b = both[:m] - rankdata(first), both[m:] - rankdata(second)  # placements
    va, vb = (float(x.var(ddof=1)) if len(x) > 1 else np.nan for x in (a, b))
    p = float(b.mean() / m)
    var = va / (m * n**2) + vb / (n * m**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = var**2 / ((va / (m * n**2)) ** 2 / (m - 1) + (vb / (n * m**2)) ** 2 / (n - 1)) if var > 0 else 1.0
    return p, float(np.sqrt(var)), float(df)


def notes(parts: dict[str, Any]) -> list[str]:
    """Return what the parts say in words.

    Examples
    --------
    >>> notes({})
    []
    """
    said = []
    if len(table := parts.get("drift", ())) and (table["errors"] == "quarters of units").any():
        said.append(
            f"drift of fewer than {LEAST_UNITS} units: errors are those of their quarters; a level that wanders over "
            "longer looks like drift"
        )
    if "bursts" in parts and len(parts["bursts"]):
        units = parts["bursts"]["unit"].nunique()
        rate = parts["bursts"]["false_alarms"].max()
        said.append(
            f"{len(parts['bursts'])} unusual bursts in {units} units, no verdict: of simulated clean streams up to "
            f"{rate:.0%} "
            "have one"
        )
    elif "bursts" in parts:
        said.append("no unusual burst")
    if len(table := parts.get("months", ())):
        out = table[table["outside"]]
        rate = table["false_alarms"].max()
        said.append(
            f"{len(out)} months of {out['unit'].nunique()} units lie outside Laney's limits, no verdict: of clean "
            f"charts up to {rate:.1%} have one, more where a month resembles the one before"
        )
    if "kinds" in parts and parts["kinds"]["p"].iat[2] < 0.05:
        said.append(f"the two kinds of reviews differ: {parts['kinds']['kind'].iat[2]}")
    return said
