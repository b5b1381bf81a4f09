"""`agreement`: whether two coders, or more, say the same of the same comments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference import coder_agreement
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance

NEEDED = 0.667
"""Below this alpha nothing should be concluded from the codes (Krippendorff 2004, p. 241)."""
COLUMNS = (
    Column("measure", "label", "", "Measure"),
    Column("estimate", "estimate", "", "Agreement"),
)


@public
def agreement(study: Study, coders: Sequence[str], *, level: float = 0.95) -> Result:
    """Return how far coders agree on categories: the share of agreeing pairs, Gwet's AC1, Krippendorff's alpha.

    Alpha falls to nothing where one category is rare, however well the coders agree; AC1 does not: both are shown.

    Parameters
    ----------
    study : a row a comment (or reply, or call).
    coders : one column a coder with the category given; empty where somebody did not code it.
    level : of confidence.

    Returns
    -------
    Result: ``measure, estimate, low, high, se, n`` (comments of two or more codes). ``parts``: ``categories``,
    ``verdict`` ('coders agree', 'coders disagree', 'cannot tell': alpha's interval against .667).

    Raises
    ------
    DataProblem : fewer than two coders, one category, or fewer than ten comments of two codes.

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British
        Journal of Mathematical and Statistical Psychology 61, 29-48. doi:10.1348/000711006X126600
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> codes = pd.DataFrame({"ann": ["a", "a", "b", "b"] * 5, "bo": ["a", "a", "b", "a"] * 5})
    >>> cx.loops.agreement(cx.load(codes), ["ann", "bo"]).table["estimate"].round(3).tolist()
    [0.75, 0.529, 0.48]
    """
    metrics.check_level(level)
    names = metrics.listed(coders)
    if len(set(names)) < 2:
        raise DataProblem(
            f"agreement needs two coders or more; coders is {', '.join(names) or 'empty'}: name their columns"
        )
    for name in names:
        study.field(name)
    found = sample(study, [], other=names, weights=False)
    table = pd.DataFrame({c: pd.Series(found.other[c], dtype=object).where(lambda x: x.notna(), None) for c in names})
    table = table.map(lambda v: None if v is None or str(v).strip() == "" else str(v))
    categories = sorted(set(table.stack().dropna()))
    counts = np.zeros((len(table), len(categories)))
    for k, category in enumerate(categories):
        counts[:, k] = (table == category).sum(axis=1)
    there = counts.sum(1) >= 1
    pairs = int((counts.sum(1) >= 2).sum())
    if pairs < 10 or len(categories) < 2:
        raise DataProblem(
            f"{pairs} comments have two codes or more, in {len(categories)} categories; at least 10 comments and 2 "
            "categories are needed"
        )
    rows = []
    cut = lambda a, keep: None if a is None else a[keep]  # noqa: E731
    two = counts.sum(1) >= 2
    for name, function, kept in (
        ("agreeing pairs", coder_agreement.agreed, there),
        ("Gwet's AC1", coder_agreement.ac1, there),
        ("Krippendorff's alpha", coder_agreement.krippendorff, two),
    ):
        value, each = function(counts[kept])
        u = ((each - value) / len(each))[:, None]
        v, df = covariance(u, np.ones(len(each)), cut(found.cluster, kept), cut(found.strata, kept))
        half = float(t_value(level, df)) * float(np.sqrt(v[0, 0]))
        rows.append((name, value, value - half, min(value + half, 1.0), float(np.sqrt(v[0, 0])), pairs))
    out = pd.DataFrame(rows, columns=["measure", "estimate", "low", "high", "se", "n"])
    if (out["estimate"] > 1 - 1e-12).all():  # no error of theirs says how many more would agree
        out["low"] = list(coder_agreement.at_least(counts[two], level).values())
    alpha = out.iloc[2]
    verdict = (
        "coders agree" if alpha["low"] > NEEDED else "coders disagree" if alpha["high"] < NEEDED else "cannot tell"
    )
    notes = [*study.caveats, *found.notes, f"{verdict}: alpha against {NEEDED}"]
    rare = [c for c, k in zip(categories, counts.sum(0), strict=True) if k < 0.05 * counts.sum()]
    notes += [f"rare categories ({', '.join(rare[:5])}) pull alpha down: look at AC1"] if rare else []
    if study.design.weight:
        notes.append("weights are not used: agreement is of the coders, not of the customers")
    return Result(
        "agreement",
        f"Agreement of {len(names)} coders",
        out,
        "",
        level,
        "Gwet's linearised variance (pairs, AC1), jackknife (alpha) over units; Student's t; Wilson where all agree",
        tuple(notes),
        {"categories": categories, "verdict": verdict, "coders": names},
        COLUMNS,
        better="up",
    )
