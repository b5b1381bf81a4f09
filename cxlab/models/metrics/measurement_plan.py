"""`measurement_plan`: where to ask how many, for a budget, and what that can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column, difference, show
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import planning, registry
from cxlab.problem import DataProblem, nearest
from cxlab.result import Result
from cxlab.stats.inference import power_analysis

Numbers = planning.Numbers
KNOWN = {
    "touchpoint": "",
    "customers": np.inf,
    "response": 1.0,
    "cost": 1.0,
    "priority": 1.0,
    "owner": "",
    "cooldown": 0.0,
}
"""What a moment may say, and what is taken where it does not."""

WORTH, NOT = "ask", "not worth asking"
COLUMNS = (
    Column("touchpoint", "label", "", "Touchpoint"),
    Column("owner", "label", "", "Owner"),
    Column("invite", "count", "", "Invitations"),
    Column("per_customer", "share", "", "Of the customers"),
    Column("cost", "number", "mean", "Cost"),
    Column("periods", "count", "", "Periods to see it"),
    Column("verdict", "text", "", "Worth it"),
)


@public
def measurement_plan(
    moments: pd.DataFrame | Mapping[str, Any],
    *,
    budget: float,
    expect: Study | Numbers,
    metric: str = "nps",
    smallest: float | None = None,
    power: float = 0.8,
    deff: float | None = None,
    level: float = 0.95,
) -> Result:
    """Return how many to ask at each touchpoint for a budget a period, and what change each can show.

    n_h = B w_h sqrt(v / c_h) / sum_k w_k sqrt(v c_k) (Neyman's allocation with costs), at most the customers who would
    answer, N r / (1 + cooldown); what one touchpoint cannot use goes to the others.

    Parameters
    ----------
    moments : a row a touchpoint: ``touchpoint``, and as far as known ``customers`` a period, ``response`` rate,
        ``cost`` of one answer, ``priority`` (its weight), ``owner``, ``cooldown`` (for how many periods a customer who
        was invited there is left alone, as if the same customers came each period).
    budget : money a period.
    expect : how answers will vary, as for `sample_size`: a study, or shares of detractors, passives and promoters.
    metric : 'nps', 'csat', 'ces', 'share' or 'mean'.
    smallest : change from one period to the next that would matter, in the unit of the metric; default: that of the
        metric.
    power, level : of finding it. ``deff`` : design effect; default that of ``expect`` if it is a study, else 1.

    Returns
    -------
    Result, a row a touchpoint: ``touchpoint, owner, n, invite, per_customer`` (invitations a customer), ``cost,
    half_width, detectable`` (from period to period),
    ``periods`` (to be put together before ``smallest`` shows), ``verdict``. ``parts``: ``spent``, ``smallest``,
    ``needed`` (answers a period with which a touchpoint shows ``smallest``).

    Raises
    ------
    DataProblem : no touchpoints, one twice, an unknown column, or numbers out of range.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., 5.5. Wiley.

    Examples
    --------
    >>> import cxlab as cx
    >>> plan = cx.measurement_plan({"touchpoint": ["chat", "shop", "phone"], "cost": [1, 2.5, 6]}, budget=3000,
    ...                            expect=(0.2, 0.3, 0.5))
    >>> plan.table["n"].tolist()
    [596, 377, 243]
    """
    metrics.check_level(level)
    if not 0 < power < 1:
        raise DataProblem(f"power is {power}; it lies between 0 and 1, usually 0.8")
    table = _moments(moments)
    if not (np.isfinite(budget) and budget > 0):
        raise DataProblem(f"budget is {budget!r}; it is money a period, above 0")
    v, _, deff, unit, said = planning.variance(metric, expect, deff)
    factor = 100.0 if unit == "points" else 1.0
    needed = _matters(metric, smallest, factor)
    cost, weight = table["cost"].to_numpy(float), table["priority"].to_numpy(float)
    most = (table["customers"] * table["response"] / (1 + table["cooldown"])).to_numpy(float)
    n = np.floor(_allocated(budget, weight, np.full(len(table), v), cost, most) + 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = power_analysis.half_width(n, v, level=level, deff=deff) * factor
        found = power_analysis.detectable(n, v, power=power, level=level, deff=deff) * factor
        enough = float(power_analysis.sample_size(needed / factor, v, power=power, level=level, deff=deff))
        periods = np.where(n > 0, np.ceil(enough / n), np.nan)
    rows = table[["touchpoint", *(["owner"] if (table["owner"] != "").any() else [])]].assign(
        n=n.astype(int), invite=np.ceil(n / table["response"] - 1e-9).astype(int), cost=n * cost,
        half_width=np.where(n > 0, half, np.nan), detectable=np.where(n > 0, found, np.nan), periods=periods,
        verdict=np.where((n > 0) & (found <= needed), WORTH, NOT),
    )  # fmt: skip
    label = registry.label(metric)
    matters = show(needed, difference(unit)) if unit != "mean" else f"{needed:g}"
    notes = [f"answers vary {said}", f"a change of {matters} matters; {power:.0%} power at {level:.0%} confidence"]
    rows, said = _customers(rows, table, n >= np.floor(most))
    notes += said
    poor = rows.loc[rows["verdict"] == NOT, "touchpoint"].tolist()
    if poor:
        who = "every touchpoint" if len(poor) == len(rows) else ", ".join(poor)
        notes.append(
            f"too few to see a change of {matters} from one period to the next: {who}; a touchpoint needs "
            f"{np.ceil(enough):,.0f} answers a period for that"
        )
    return Result(
        "measurement_plan",
        f"What {budget:,.0f} a period can show of the {label}",
        rows,
        unit,
        level,
        "Neyman allocation with costs; two periods compared with equal numbers of answers",
        tuple(notes),
        {"spent": float((n * cost).sum()), "smallest": needed, "metric": metric, "needed": float(np.ceil(enough))},
        better="none",
        columns=COLUMNS,
    )


def _customers(rows: pd.DataFrame, table: pd.DataFrame, full: NDArray) -> tuple[pd.DataFrame, list[str]]:
    """The rows with the invitations a customer gets, where customers are known, and what is to be said of them."""
    known = np.isfinite(table["customers"])
    if known.any():
        rows.insert(rows.columns.get_loc("cost"), "per_customer", (rows["invite"] / table["customers"]).where(known))
    notes = [f"everybody who would answer is asked at: {', '.join(table['touchpoint'][full])}"] if full.any() else []
    if (table["cooldown"] > 0).any():
        notes.append("who was invited is left alone at that touchpoint only: who meets several may be asked by each")
    return rows, notes


def _moments(given: pd.DataFrame | Mapping[str, Any]) -> pd.DataFrame:
    """The table of touchpoints with every column, checked."""
    table = pd.DataFrame(given).reset_index(drop=True)
    for c in table.columns:
        if c not in KNOWN:
            raise DataProblem(f"moments has a column '{c}'{nearest(str(c), list(KNOWN))}; it takes: {', '.join(KNOWN)}")
    if "touchpoint" not in table or not len(table):
        raise DataProblem("moments needs a column 'touchpoint' and a row for each touchpoint")
    if (table["touchpoint"].isna() | table["touchpoint"].astype(str).str.strip().eq("")).any():
        raise DataProblem("moments has a row without a touchpoint; name it, or leave the row out")
    twice = table["touchpoint"][table["touchpoint"].duplicated()]
    if len(twice):
        raise DataProblem(f"moments names '{twice.iloc[0]}' twice; give one row a touchpoint")
    for name, default in KNOWN.items():
        if name in ("response", "cost", "priority") and name in table and table[name].isna().any():
            row = table[table[name].isna()].iloc[0]
            raise DataProblem(f"{name} of '{row['touchpoint']}' is missing; give it, or leave the column out")
        table[name] = table[name].fillna(default) if name in table else default
    for name in ("customers", "response", "cost", "priority", "cooldown"):
        x = pd.to_numeric(table[name], errors="coerce")
        wrong = ~(x > 0) | ((x > 1) if name == "response" else np.isinf(x) if name != "customers" else False)
        wrong = ~(x.ge(0) & np.isfinite(x)) if name == "cooldown" else wrong
        if wrong.any():
            row = table[wrong].iloc[0]
            allowed = "a rate above 0 up to 1" if name == "response" else "a number above 0"
            allowed = "a number of periods, 0 or more" if name == "cooldown" else allowed
            raise DataProblem(f"{name} of '{row['touchpoint']}' is {row[name]!s}; it is {allowed}")
        table[name] = x.astype(float)
    return table


def _matters(metric: str, smallest: float | None, factor: float) -> float:
    known = registry.metric(metric)
    value = smallest if smallest is not None else known.smallest or registry.SMALLEST.get(known.unit)
    if value is None:
        raise DataProblem("smallest= is needed: of a mean nobody knows what change matters without its scale")
    if not (np.isfinite(value) and value > 0):
        raise DataProblem(f"smallest is {smallest!r}; it is a change above 0 in the unit of the metric")
    return float(value)


def _allocated(budget: float, weight: NDArray, v: NDArray, cost: NDArray, most: NDArray) -> NDArray:
    """Answers of each touchpoint; those that reach their most are fixed there and the rest is dealt again."""
    n, free, left = np.zeros(len(cost)), np.ones(len(cost), bool), float(budget)
    while free.any():
        w, c = weight[free], cost[free]
        own = left * w * np.sqrt(v[free] / c) / (w * np.sqrt(v[free] * c)).sum()
        over = own >= most[free]
        if not over.any():
            n[free] = own
            break
        at = np.flatnonzero(free)[over]
        n[at] = most[at]
        left -= float(most[at] @ cost[at])
        free[at] = False
    return n
