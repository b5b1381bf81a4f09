"""`hazard`: what goes with leaving sooner, from counts by period (grouped Cox)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import alike, causal, columns_of, matrix, terms, told_apart
from cxlab.models.loyalty.spells import Spells, joint, spells
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.survival import grouped_hazard
from cxlab.stats.survival.time_curves import curves

PERIODS = 60
EXACT = 1_000
"""Times of leaving at most that are each a period of its own."""
HOW = ("Grouped proportional hazards (complementary log-log)", "Cox's model, ties by Breslow,")


@public
def hazard(
    study: Study,
    formula: str,
    *,
    time: str,
    event: str | None = None,
    entry: str | None = None,
    ends: object = None,
    periods: int | str = PERIODS,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return by how much the pace of leaving differs with a score or a segment (proportional hazards, grouped time).

    Parameters
    ----------
    formula : columns joined by +, ``"score + C(contract)"``; text is a category by itself. A score must have been
        given before the time it is to go with: for scores that change give one row a stretch of time, from ``entry`` to
        ``time``, with the score of the stretch before (lagged), the customer being the cluster.
    time, event, entry, ends : as for `survival`; several ``ends`` are not compared here, name one.
    periods : more distinct times of leaving are grouped at their quantiles; who left in the same period left at some
        time in it. 'exact': Cox's likelihood at every time of leaving, ties by Breslow, as many programs have it
        (nearer to no difference the more leave at a time).
    least_n : leavers needed.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a term: ``term, estimate`` (log hazard ratio), ``low, high, se, p``, ``ratio`` and its ends,
    ``n``.
    ``parts``: ``base`` (hazard by period, covariates at 0), ``proportional`` (does a ratio change over time: score test
    by term and for all), ``fit`` (log-likelihood, spells, ends, periods, ``concordance``: how often, of one who leaves
    and one who stays longer, the former has the higher hazard), ``standard`` (what `value` needs: customers
    in groups of like pace, and the joint covariance of ratios and base).

    Raises
    ------
    DataProblem : a column is not there or does not vary, ``ends`` names several ends, ``periods`` is neither a number
        above 0 nor 'exact', there are more than 1,000 times for 'exact', too few have left, or a column predicts who
        leaves perfectly.

    Notes
    -----
    Complementary log-log of the share of those under way who leave in a period: the coefficients are those of Cox's
    model. A simple sample has errors of the likelihood; weights, clusters, strata those of the influence of each spell.

    References
    ----------
    Prentice & Gloeckler (1978), doi:10.2307/2529588; Grambsch & Therneau (1994), doi:10.1093/biomet/81.3.515.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rows = {"t": [1, 1, 1, 1], "left": [1, 0, 1, 0], "plan": ["a", "a", "b", "b"]}
    >>> table = pd.DataFrame(rows).loc[np.repeat([0, 1, 2, 3], [20, 80, 40, 60])]
    >>> cx.hazard(cx.load(table), "plan", time="t", event="left").table["ratio"].round(4).tolist()
    [2.2892]
    """
    asked = terms(study, formula)
    data = spells(study, time, event, entry=entry, ends=ends, other=[t.name for t in asked])
    if len(data.ends) > 1:
        raise DataProblem(f"ends names {len(data.ends)} ends; the hazard is of one: name that one, the "
                          "others count as lost then")  # fmt: skip
    x, called, kept = matrix(study, asked, {t.name: data.sample.other[t.name] for t in asked})
    lost = int(data.n[~kept].sum())
    s, t, ended = data.sample.keep(kept), data.time[kept], data.cause[kept] > 0
    x, e = x[kept], None if data.entry is None else data.entry[kept]
    _enough(study, x, called, ended, s.n, least_n)
    spread = x.std(0)
    centre = np.average(x, axis=0, weights=s.n * s.w)
    until, period = grouped_hazard.periods(t, ended, _most(study, time, periods, len(np.unique(t[ended]))))
    since = None if e is None else grouped_hazard.entered(e, t, ended, until)
    weight = s.n * s.w * (s.n.sum() / (s.n @ s.w))
    given = (x - centre) / spread, period, ended, weight, since
    fit = grouped_hazard.fit(*given, count=len(until), exact=periods == "exact")
    if not fit.converged:
        raise DataProblem(f"'{formula}' predicts who leaves perfectly somewhere; no hazard ratio is finite: merge "
                          "levels, or leave the column out")  # fmt: skip
    if data.simple:
        every, df = fit.covariance(), np.inf
    else:
        one = s.n.sum() / (s.n @ s.w)
        every, df = joint(study, s, lambda rows: np.hstack([fit.influence[rows], fit.base_influence(rows)]) * one)
    v = every[: len(called), : len(called)]
    table = _table(called, fit.b / spread, np.sqrt(np.diag(v)) / spread, df, int(s.n.sum()), level)
    clock = 1 - curves(t, ended.astype(int), s.n, s.w, e).before
    clock = clock[np.searchsorted(np.unique(t[ended]), until)]
    test = _proportional(fit, called, clock)
    base = pd.DataFrame({"until": until, "hazard": -np.expm1(-np.exp(fit.base - (centre / spread) @ fit.b))})
    notes = [*data.notes, *([f"{lost:,} rows without {', '.join(a.name for a in asked)} do not count"] * bool(lost))]
    notes += _said(test, len(until), len(np.unique(t[ended])), data, ended, s.n)
    figures = {"loglik": fit.loglik, "n": int(s.n.sum()), "ends": int(s.n[ended].sum()), "periods": len(until)}
    figures["concordance"] = fit.concordance
    errors = "errors of the likelihood" if data.simple else "errors from the influence of every spell under the design"
    return Result(
        "hazard", f"Pace of leaving: {formula.split('~')[-1].strip()}", table, "", level,
        f"{HOW[periods == 'exact']} on counts by period; {errors}", tuple(notes),
        {"base": base, "proportional": test, "fit": figures,
         "covariance": v / np.outer(spread, spread), "time": study.field(time).label, "unit": study.field(time).unit,
         "causal": causal(study, [t.name for t in asked]), "columns": columns_of(study, asked),
         "standard": alike((x - centre) / spread, fit, weight) | {"covariance": every, "spread": spread}},
        (Column("term", "label", "", "Term"), Column("ratio", "number", "", "Hazard ratio"),
         Column("ratio_low", "bound", "", "Ratio, low"), Column("ratio_high", "bound", "", "Ratio, high")),
    )  # fmt: skip


def _most(study: Study, time: str, periods: int | str, times: int) -> int:
    """How many periods there may be."""
    if periods == "exact":
        if times > EXACT:
            raise DataProblem(
                f"'{time}' of {study.name} has {times:,} times of leaving; 'exact' takes {EXACT:,}: give a number "
                "of periods"
            )
        return EXACT
    if not isinstance(periods, (int, np.integer)) or periods < 1:
        raise DataProblem(f"periods is {periods!r}; allowed: a number above 0, or 'exact'")
    return int(periods)


def _enough(study: Study, x: NDArray, called: list[str], ended: NDArray, n: NDArray, least: int) -> None:
    """Raise where too few left, or all of a category did, or none: its hazard ratio is not finite."""
    gone = int(n[ended].sum())
    if gone < max(least, 1):
        raise DataProblem(f"{gone} of {int(n.sum()):,} in {study.name} have left; {max(least, 1)} are needed"
                          + (", or least_n=0" if gone else ""))  # fmt: skip
    for j, name in enumerate(called):
        values = np.unique(x[:, j])
        if len(values) < 2:
            raise DataProblem(f"'{name}' does not vary among the {int(n.sum()):,} rows used; leave it out")
        if len(values) == 2:
            for value in values:
                mine = x[:, j] == value
                if not n[mine & ended].sum():
                    which = "of those it is said of" if value == values[1] else "of the others"
                    raise DataProblem(
                        f"'{name}': none {which} ({int(n[mine].sum()):,}) has left, so the ratio is not finite; merge "
                        "levels, or leave the column out"
                    )
    told_apart(x, called, f"the {int(n.sum()):,} rows used")


def _table(called: list[str], b: NDArray, se: NDArray, df: float, n: int, level: float) -> pd.DataFrame:
    half = float(t_value(level, df)) * se
    p = 2 * student.sf(np.abs(b / se), df if np.isfinite(df) else 1e9)
    return pd.DataFrame({
        "term": called, "estimate": b, "low": b - half, "high": b + half, "se": se, "p": p, "ratio": np.exp(b),
        "ratio_low": np.exp(b - half), "ratio_high": np.exp(b + half), "n": n,
    })  # fmt: skip


def _proportional(fit: grouped_hazard.Hazard, called: list[str], clock: NDArray) -> pd.DataFrame:
    each, whole = grouped_hazard.proportional(fit, clock)
    value, df = [*each, whole], [*[1] * len(each), len(each)]
    return pd.DataFrame({"term": [*called, "all"], "statistic": value, "df": df, "p": chi2.sf(value, df)})


def _said(test: pd.DataFrame, count: int, times: int, data: Spells, ended: NDArray, n: NDArray) -> list[str]:
    out = [f"{int(n[ended].sum()):,} of {int(n.sum()):,} have left"]
    out += [f"{times:,} distinct times of leaving are grouped into {count} periods"] if count < times else []
    changing = test[(test["p"] < 0.05) & (test["term"] != "all")]["term"].tolist()
    if changing:
        out.append(f"the ratio of {', '.join(changing)} changes over time (score test): the number is an average")
    if not data.simple:
        out.append("the test of proportionality takes the spells for a simple sample")
    return [*out, "an association: who leaves sooner may differ in more than what is held constant here"]
