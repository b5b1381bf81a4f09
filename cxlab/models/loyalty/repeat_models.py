"""`repeat_models`: BG/NBD beside Pareto/NBD on the same customers: does the forecast rest on the model?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.purchase_days import day, purchase_days
from cxlab.models.loyalty.repeat_purchase import people_seen
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.purchases import bgnbd, pareto_nbd

MODELS = {"BG/NBD": (bgnbd, ("r", "alpha", "a", "b")), "Pareto/NBD": (pareto_nbd, ("r", "alpha", "s", "beta"))}


@public
def repeat_models(
    study: Study,
    *,
    customer: str,
    date: str,
    until: str,
    horizon: float,
    unit: str = "weeks",
    least_n: int = SMALL,
) -> Result:
    """Return the forecast of purchases by two models of the same customers, with what really happened.

    Parameters
    ----------
    customer, date, until, horizon, unit : as for `repeat`.
    least_n : customers needed.

    Returns
    -------
    Result, one row a model: ``model, estimate`` (purchases expected after ``until``), ``actual`` (nan where the data
    end before), ``missed`` (actual less expected, share of actual), ``loglik, n``. ``parts``: ``parameters``.

    Raises
    ------
    DataProblem : a column is not there, the unit is neither 'days' nor 'weeks', the horizon is not above 0, or
        too few customers bought.

    References
    ----------
    Fader, Hardie & Lee (2005), doi:10.1287/mksc.1040.0098; Schmittlein, Morrison & Colombo (1987),
    doi:10.1287/mnsc.33.1.1.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"who": [1, 1, 2], "day": ["2024-01-01", "2024-02-01", "2024-01-05"]})
    >>> cx.loyalty.repeat_models(cx.load(table), customer="who", date="day", until="2024-03-01", horizon=10)
    Traceback (most recent call last):
    ...
    cxlab.problem.DataProblem: 2 customers of table bought up to 2024-03-01; 10 are needed
    """
    if unit not in ("days", "weeks"):
        raise DataProblem(f"unit is {unit!r}; allowed: 'days', 'weeks'")
    if horizon <= 0:
        raise DataProblem(f"horizon is {horizon:g}; it is how long ahead to look, above 0")
    step, end = 1 if unit == "days" else 7, day("until", until)
    bought, lost = purchase_days(study, customer, date)
    people, last_day = people_seen(study, bought, end, horizon * step)
    if len(people) < max(least_n, 10):
        raise DataProblem(
            f"{len(people)} customers of {study.name} bought up to {until}; {max(least_n, 10)} are needed"
        )
    seen = people[["x", "last", "watched"]].to_numpy(float) / [1, step, step]
    patterns, n = np.unique(seen, axis=0, return_counts=True)
    full = last_day >= end + dt.timedelta(days=horizon * step)
    actual = float(people["later"].sum()) if full else float("nan")
    rows, parameters, open_ = [], [], []
    for name, (model, letters) in MODELS.items():
        fit = model.fit(*patterns.T, n.astype(float))
        total = float(n @ model.expected(fit.log, *patterns.T, horizon)) if fit.converged else np.nan
        open_ += (
            []
            if fit.converged
            else [f"the purchases do not determine {name}: buyers hardly differ, or hardly any drop out; no forecast"]
        )
        missed = (actual - total) / actual if actual else np.nan
        rows.append({"model": name, "estimate": total, "actual": actual, "missed": missed, "loglik": fit.loglik,
                     "n": int(n.sum())})  # fmt: skip
        parameters += [{"model": name, "parameter": k, "estimate": float(v)}
                       for k, v in zip(letters, np.exp(fit.log), strict=True)]  # fmt: skip
    table = pd.DataFrame(rows)
    better = table["model"][int(table["loglik"].argmax())]
    apart = abs(table["estimate"].diff().iloc[1])
    notes = [*study.caveats, *([f"{lost:,} rows without customer or day do not count"] if lost else []),
             *(open_ or [f"{better} fits the purchases seen better; the two forecasts differ by {apart:,.0f}"]),
             *([] if full else ["the data end before the horizon does: nothing to check with"])]  # fmt: skip
    return Result(
        "repeat_models", f"Purchases in the {horizon:g} {unit} after {until} by model", table, "index", 0.95,
        "maximum likelihood on distinct customers", tuple(notes), {"parameters": pd.DataFrame(parameters)},
        (Column("model", "label", "", "Model"), Column("actual", "count", "", "Actual"),
         Column("missed", "share", "", "Missed"), Column("loglik", "number", "index", "Log-likelihood"),
         Column("n", "count", "", "Customers")),
    )  # fmt: skip
