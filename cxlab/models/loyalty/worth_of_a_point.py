"""`value`: what a change of a score goes with in money, every uncertainty multiplied through."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import of_kind, public
from cxlab.models.loyalty.covariates import term_called
from cxlab.models.loyalty.uncertain import Uncertain, uncertain
from cxlab.problem import DataProblem
from cxlab.result import Estimate, Result

DRAWS, SEED, BLOCK = 4000, 0, 250
Amount = float | tuple[float, float] | Estimate
LINK, BASE = "link of score and leaving", "pace of leaving as such"


@public
def value(
    result: Result,
    term: str,
    *,
    change: Amount,
    margin: Amount,
    customers: Amount = 1.0,
    cost: Amount = 0.0,
    horizon: float | None = None,
    discount: float = 0.0,
) -> Result:
    """Return what a change of a score is worth: score to pace of leaving to time stayed to margin, less the cost.

    Parameters
    ----------
    result : of `hazard`. ``term`` : the score in it.
    change : by how much the score changes, in its points.
    margin : of one customer in one unit of time while the customer stays. ``customers`` : how many it concerns.
    cost : of the project, in all, today.
    horizon : how long to look ahead, in the unit of time; default: as far as customers were seen to leave.
    discount : rate at which money later counts less, a unit of time.

    Each amount is a number (certain), a pair (the ends of its interval, at the level of ``result``), or an estimate.

    Returns
    -------
    Result, one row a step: ``step, estimate, low, high``. ``parts``: ``chance`` (that the net is above 0), ``tornado``
    (the interval of the net where one amount alone is uncertain: ``input, low, high, width, share`` of the variance),
    ``longer`` (a customer's time with and without the change).

    Raises
    ------
    DataProblem : ``result`` is none of `hazard`, the term is not in it, ``change`` is 0, or an amount or rate is
        out of its range.

    Notes
    -----
    4,000 draws; hazard ratio and base hazards are drawn jointly. Customers stay as in the proportional hazards,
    averaged over the customers of the data (standardised, 40 groups of like pace), from their start. Only of a score
    that the study's design assigned are causal words used; else an association is priced as if it were the effect.

    References
    ----------
    Robins (1986), doi:10.1016/0270-0255(86)90088-6 (standardisation); Krinsky & Robb (1986), doi:10.2307/1924536.

    Examples
    --------
    >>> import pandas as pd, numpy as np, cxlab as cx
    >>> rows = {"t": [1, 1, 1, 1], "left": [1, 0, 1, 0], "score": [0, 0, 1, 1]}
    >>> table = pd.DataFrame(rows).loc[np.repeat([0, 1, 2, 3], [40, 60, 20, 80])]
    >>> pace = cx.hazard(cx.load(table), "score", time="t", event="left")
    >>> found = cx.value(pace, "score", change=1, margin=10, customers=100, cost=(10, 20))
    >>> found.table["step"].tolist()[:2]
    ['hazard ratio of leaving', 'time a customer stays longer']
    """
    of_kind(result, "hazard", "cx.hazard")
    names = result.table["term"].tolist()
    column, term = term, term_called(term, result.parts["columns"], names, "the result")
    given = {"change": change, "margin": margin, "customers": customers, "cost": cost}
    amounts = {k: uncertain(k, v, result.level) for k, v in given.items()}
    _sensible(amounts, discount)
    model = _Model(result, names.index(term), horizon, discount)
    rng = np.random.default_rng(SEED)
    drawn = {k: a.drawn(rng, DRAWS) for k, a in amounts.items()}
    pace = model.drawn(rng, DRAWS)
    steps = model.steps(*pace, drawn)
    plain = model.steps(*model.plain(1), {k: np.array([a.value]) for k, a in amounts.items()})
    tail = (1 - result.level) / 2
    ends = {k: np.quantile(v, [tail, 1 - tail]) for k, v in steps.items()}
    table = pd.DataFrame([{"step": k, "estimate": float(v[0]), "low": ends[k][0], "high": ends[k][1]}
                          for k, v in plain.items()])  # fmt: skip
    net = steps["net of the cost"]
    chance = float((net > 0).mean())
    tornado = _tornado(model, amounts, drawn, pace, tail)
    column = next((c for c, label in result.parts["columns"].items() if label == term), column)
    causes = column in result.parts["causal"]
    called = f"{amounts['change'].value:+g} of {term}"
    title = f"What {called} {'brings' if causes else 'would be worth'}, up to {model.until:g} {model.clock}".rstrip()
    notes = (*_odd(amounts), *_said(result, term, chance, tornado, causes=causes))
    return Result(
        "value", title, table, "", result.level,
        f"{result.method}; {DRAWS:,} joint draws of all uncertain amounts, standardised over the customers of the data",
        notes,
        {"chance": chance, "tornado": tornado, "longer": model.longer(amounts["change"].value), "causal": causes},
        (Column("step", "label", "", "Step"),), better="up",
    )  # fmt: skip


def _sensible(amounts: dict[str, Uncertain], discount: float) -> None:
    if not 0 <= discount < 1:
        raise DataProblem(f"discount is {discount:g}; it is a rate a unit of time, from 0 to below 1: 0.01 is 1 %")
    if amounts["customers"].value <= 0:
        raise DataProblem(f"customers is {amounts['customers'].value:g}; it is how many it concerns, above 0")
    if amounts["cost"].value < 0:
        raise DataProblem(f"cost is {amounts['cost'].value:g}; a cost is 0 or more")
    if amounts["change"].value == 0 and amounts["change"].se == 0:
        raise DataProblem("change is 0: nothing changes; say by how many points the score is to move")


class _Model:
    """The hazards of a result, and what follows from draws of them."""

    def __init__(self, result: Result, place: int, horizon: float | None, discount: float) -> None:
        s = result.parts["standard"]
        self.b, self.base, self.share, self.x, self.v = (s[k] for k in ("b", "base", "share", "x", "covariance"))
        self.place, self.spread = place, float(s["spread"][place])
        self.clock = result.parts["unit"] or f"of {result.parts['time']}"
        until = result.parts["base"]["until"].to_numpy(float)
        last = float(until[-1])
        if horizon is not None and not 0 < horizon <= last:
            raise DataProblem(f"horizon is {horizon:g}; allowed: above 0 and at most {last:g}, the last time at which "
                              "somebody was seen to leave")  # fmt: skip
        self.until = float(last if horizon is None else horizon)
        grid = np.concatenate([[0.0], np.fmin(until, self.until), [self.until]])
        area = grid if discount == 0 else -np.exp(-np.log1p(discount) * grid) / np.log1p(discount)
        self.lasts, self.counts = np.diff(grid), np.diff(area)

    def plain(self, draws: int) -> tuple[NDArray, NDArray]:
        return np.tile(self.b, (draws, 1)), np.tile(self.base, (draws, 1))

    def drawn(self, rng: np.random.Generator, draws: int) -> tuple[NDArray, NDArray]:
        every = rng.multivariate_normal(np.r_[self.b, self.base], self.v, draws, method="eigh")
        return every[:, : len(self.b)], every[:, len(self.b) :]

    def stays(self, b: NDArray, base: NDArray, change: NDArray, by: NDArray) -> NDArray:
        """(draws,) area under the standardised curve after ``change``, each stretch of time counted as ``by``."""
        out = np.empty(len(b))
        for k in range(0, len(b), BLOCK):
            part = slice(k, k + BLOCK)
            held = np.cumsum(np.exp(np.clip(base[part], -40, 20)), axis=1)
            held = np.hstack([np.zeros((len(held), 1)), held])
            eta = self.x @ b[part].T + b[part, self.place] * change[part] / self.spread
            left = np.exp(-np.exp(np.clip(eta.T, -40, 40))[:, :, None] * held[:, None, :])
            out[part] = np.einsum("dgt,g,t->d", left, self.share, by)
        return out

    def gained(self, b: NDArray, base: NDArray, change: NDArray, by: NDArray) -> NDArray:
        return self.stays(b, base, change, by) - self.stays(b, base, np.zeros_like(change), by)

    def steps(self, b: NDArray, base: NDArray, a: dict[str, NDArray]) -> dict[str, NDArray]:
        change = a["change"]
        longer = self.gained(b, base, change, self.lasts)
        paid = longer if np.array_equal(self.counts, self.lasts) else self.gained(b, base, change, self.counts)
        each = paid * a["margin"]
        return {
            "hazard ratio of leaving": np.exp(b[:, self.place] * change / self.spread),
            "time a customer stays longer": longer, "margin gained a customer": each,
            "margin gained in all": each * a["customers"], "net of the cost": each * a["customers"] - a["cost"],
        }  # fmt: skip

    def longer(self, change: float) -> pd.DataFrame:
        b, base = self.plain(1)
        both = [self.stays(b, base, np.array([c]), self.lasts)[0] for c in (0.0, change)]
        return pd.DataFrame({"change": [0.0, change], "estimate": both, "until": self.until})


def _tornado(
    model: _Model, amounts: dict[str, Uncertain], drawn: dict[str, NDArray], pace: tuple[NDArray, NDArray], tail: float
) -> pd.DataFrame:
    """The interval of the net where one amount alone is uncertain, the widest first."""
    fixed = {k: np.full(DRAWS, a.value) for k, a in amounts.items()}
    b, base = model.plain(DRAWS)
    nets = {LINK: model.steps(pace[0], base, fixed), BASE: model.steps(b, pace[1], fixed)}
    nets |= {k: model.steps(b, base, fixed | {k: drawn[k]}) for k, a in amounts.items() if a.se}
    rows = []
    for name, steps in nets.items():
        net = steps["net of the cost"]
        low, high = np.quantile(net, [tail, 1 - tail])
        rows.append({"input": name, "low": low, "high": high, "width": high - low, "share": float(net.var())})
    out = pd.DataFrame(rows).sort_values("width", ascending=False, ignore_index=True)
    total = out["share"].sum()
    return out.assign(share=out["share"] / total if total > 0 else 0.0)


def _odd(amounts: dict[str, Uncertain]) -> list[str]:
    """What is to be said of an amount that may be meant, and seldom is."""
    if amounts["margin"].value >= 0:
        return []
    return ["the margin is below 0: a customer who stays costs more than the customer brings"]


def _said(result: Result, term: str, chance: float, tornado: pd.DataFrame, *, causes: bool) -> tuple[str, ...]:
    top = tornado.iloc[0]
    out = [
        f"chance that the net is above 0: {chance:.0%}",
        f"the width comes most from: {top['input']} ({top['share']:.0%} of the variance of single amounts)",
    ]
    if not causes:
        out.append(f"an association priced as if it were an effect: {term} was not assigned by a design, so a project "
                   "that moves it need not bring this")  # fmt: skip
    gone = "an association: who leaves sooner may differ in more than what is held constant here"
    return (*out, *(n for n in result.notes if not (causes and n == gone)))
