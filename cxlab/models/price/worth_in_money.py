"""`worth_in_money`: choices fitted in the space of money: what attributes are worth is estimated itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.loyalty.covariates import columns_of, term_called, terms
from cxlab.models.price.choices import read_sets
from cxlab.models.price.mixed_choices import fitted, names, tastes
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value

LEAST = 10


@public
def worth_in_money(
    study: Study,
    formula: str,
    *,
    price: str,
    chosen: str,
    among: str,
    person: str = "",
    random: Sequence[str] | Mapping[str, str] = (),
    level: float = 0.95,
) -> Result:
    """Return what each attribute is worth in money, estimated as such (utility = weight x (worth - price)).

    Where worth differs between persons this keeps its distribution in money sensible; a ratio of two coefficients does
    not.

    Parameters
    ----------
    formula, chosen, among, person : as for `choice`. ``price`` : the term in the formula that is the price.
    random : terms whose worth differs between persons (normal); with the price in it its weight differs (log-normal).
    level : of confidence.

    Returns
    -------
    Result in the unit of the price, one row an attribute: ``term, estimate`` (mean worth), ``low, high, se``,
    ``spread`` (standard deviation between persons), ``positive`` (share of persons ready to pay anything). ``parts``:
    ``terms`` (all parameters), ``fit``.

    Raises
    ------
    DataProblem : a column is not there, the formula holds nothing but the price, or as in `choice`.

    References
    ----------
    Train & Weeks (2005), doi:10.1007/1-4020-3684-1_1.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> price = [4, 2, 3, 2, 5, 2] * 20
    >>> offers = pd.DataFrame({"set": np.repeat(np.arange(60), 2), "fast": [1, 0] * 60, "price": price})
    >>> taken = [int((k < (10, 16, 4)[j]) == first) for k in range(20) for j in range(3) for first in (True, False)]
    >>> study, options = cx.load(offers.assign(taken=taken)), {"chosen": "taken", "among": "set"}
    >>> money = cx.prices.worth_in_money(study, "fast + price", price="price", **options)
    >>> ratio = cx.prices.willingness_to_pay(cx.prices.choice(study, "fast + price", **options), "price")
    >>> bool(abs(money.table["estimate"][0] - ratio.table["estimate"][0]) < 1e-4)
    True
    """
    found, x, called, sets, taken, notes = read_sets(study, formula, chosen, among, person, LEAST)
    columns = columns_of(study, terms(study, formula))
    price = term_called(price, columns, called, "the formula")
    if len(called) < 2:
        raise DataProblem(f"the formula holds only '{price}'; name an attribute whose worth is asked")
    asked = tastes(random, called, columns)
    wrong = [c for c, kind in asked.items() if c != price and kind == "lognormal"]
    if wrong:
        raise DataProblem(f"random['{wrong[0]}'] is 'lognormal'; in the space of money a worth is 'normal'")
    start = np.flatnonzero(np.r_[True, np.diff(sets) > 0])
    first = found.keep(start)
    who = first.other[person] if person else first.cluster
    theta, v, df, figures = fitted(x, taken, sets, found, who, called, asked, price)
    every = names(called, asked, price)
    se = np.sqrt(np.fmax(np.diag(v), 0))
    half = float(t_value(level, df)) * se
    all_ = pd.DataFrame({"term": every, "estimate": theta, "low": theta - half, "high": theta + half, "se": se})
    rows = all_[[c != price for c in called] + [False] * (len(every) - len(called))].reset_index(drop=True)
    spread = all_.set_index("term")["estimate"].reindex([f"sd of {n} between persons" for n in rows["term"]]).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.where(np.isfinite(spread), _normal(rows["estimate"].to_numpy() / spread), np.nan)
    table = rows.assign(spread=spread, positive=positive)
    notes = [*notes, *([] if who is not None else ["each choice counts as a person of its own; name person= where "
                                                   "one chose several times"]),
             "stated choices: people pay less than they say, by a factor of 1.0 to 1.4"]  # fmt: skip
    return Result(
        "willingness_to_pay", f"What it is worth, in units of {price}", table, "", level,
        f"{'Mixed' if asked else 'Conditional'} logit in the space of money; errors of {figures['persons']:,} persons",
        tuple(notes), {"terms": all_, "fit": figures},
        (Column("term", "label", "", "Term"), Column("spread", "number", "", "Sd between persons"),
         Column("positive", "share", "", "Would pay anything")),
    )  # fmt: skip


def _normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))
