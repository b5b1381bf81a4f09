"""`influence`: the share that declares to be influenced by reviews, of all buyers and of those who were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.codebook import code
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.design_variance import t_value

FILTERS = ("not asked", "no reviews", "filter", "not applicable", "does not apply")
"""What a missing code says where people were not asked because they read no reviews: they count as not influenced."""

METHOD = "Design-weighted share, robust errors"
WHOSE = ("all buyers", "those asked")
BOUNDS = (("if all who are silent had not been influenced", 0.0), ("if all who are silent had been influenced", 1.0))


def unfiltered(study: Study, column: str) -> tuple[Study, str]:
    """Return the study with the codes of a filter as answers of no, and what those codes say.

    Parameters
    ----------
    column : of the answers; its codebook says which missing codes there are.
    """
    f = study.field(column)
    codes = {c: why for c, why in f.missing.items() if any(k in why.lower() for k in FILTERS)}
    if not codes:
        return study, ""
    no = "no" if f.type == "string" else False if f.type == "boolean" else 0
    x = nw.col(column)
    answer = nw.when(x.is_in([code(c, f.type) for c in codes])).then(nw.lit(no)).otherwise(x).alias(column)
    book = study.codebook.replace(column, missing={c: why for c, why in f.missing.items() if c not in codes})
    return replace(study, table=study.lazy.with_columns(answer).to_native(), codebook=book), ", ".join(codes.values())


@public
def influence(study: Study, influenced: str, *, level: float = 0.95) -> Result:
    """Return the share that says reviews influenced it: of all buyers, of those asked, and with the silent either way.

    Who was not asked because she reads no reviews (a missing code of the codebook says so) was not influenced: "90 % of
    readers" is no 90 % of buyers. The claim CX-09 is tested by it.

    Parameters
    ----------
    influenced : yes or no (1 or 0).
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in shares, a row each for ``whose`` 'all buyers' and 'those asked', and, where somebody gave no answer and no
    code says why, both ways that the silent could have answered: ``estimate, low, high, se, n``. ``parts``: ``silent``
    (share without an answer), ``filter`` (what the codes say), ``df`` (degrees of freedom by row).

    Raises
    ------
    DataProblem : nobody answered, or the values do not say which of them is yes.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> field = cx.Field("swayed", role="outcome", missing={"9": "reads no reviews"})
    >>> study = cx.Study(pd.DataFrame({"swayed": [1.0] * 90 + [0.0] * 10 + [9.0] * 50}), cx.Codebook("s", (field,)))
    >>> cx.text.influence(study, "swayed").table.set_index("whose")["estimate"].round(3).to_dict()
    {'all buyers': 0.6, 'those asked': 0.9}
    """
    metrics.check_level(level)
    name = study.field(influenced).name
    whole, filters = unfiltered(study, name)
    said = study.lazy.collect_schema()[name].is_numeric()
    rows, df = [], []

    def add(of: Study, whose: str, fill: Callable[[np.ndarray], np.ndarray] = lambda y: y) -> float:
        found = sample(of, [name] if said else [], other=[] if said else [name], patterns=True)
        y = yes_no(found.answers[name] if said else found.other[name], of.field(name))
        there = np.isfinite(fill(y))
        if not there.any():
            raise DataProblem(
                f"nobody answers '{name}' of {study.name}; its filters: {', '.join(study.filters) or 'none'}"
            )
        cut = found.keep(there)
        fit = least_squares(np.ones((len(cut.n), 1)), fill(y)[there], cut.n, cut.w, cut.cluster, cut.strata)
        value, se, free = fit.contrast(np.ones(1))
        half = float(t_value(level, free)) * se
        rows.append({"whose": whose, "estimate": value, "low": value - half, "high": value + half, "se": se,
                     "n": int(cut.n.sum())})  # fmt: skip
        df.append(free)
        return 1 - float(found.n[np.isfinite(y)].sum() / found.n.sum())

    silent = add(whole, WHOSE[0])
    add(study, WHOSE[1])
    for words, value in BOUNDS if silent else ():
        add(whole, words, lambda y, v=value: np.where(np.isfinite(y), y, v))
    notes = [*study.caveats, *([f"not asked, so not influenced: {filters}"] if filters else [])]
    notes += [f"{silent:.0%} are silent, and no code says why"] if silent else []
    return Result(
        "influence", f"Influenced by reviews: {study.field(name).label}", pd.DataFrame(rows), "share", level, METHOD,
        (*notes, "declared by those asked: whether reviews move what people buy, only an experiment tells"),
        {"silent": silent, "filter": filters, "df": df}, (Column("whose", "label", "", "Share of"),), better="none",
    )  # fmt: skip
