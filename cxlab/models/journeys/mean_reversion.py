"""`regression_to_mean`: what a closed loop would show if nobody did anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.sample import check_weights, outside_note, weight_notes
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.tally import tally
from cxlab.stats.units.retest import transitions

RETEST = (0.5, 0.6, 0.7, 0.8, 0.9)
LOW, HIGH = 6, 9
"""Detractors answer up to the first, promoters from the second on."""


@public
def regression_to_mean(study: Study, of: str | None = None, *, retest: Sequence[float] = RETEST) -> Result:
    """Return what detractors and promoters would answer a second time with nothing happening in between.

    Every report of a closed loop needs this line: people picked for a bad answer answer better the next time, also
    where nobody called them.

    Parameters
    ----------
    of : a recommendation question from 0 to 10; default: the study's first.
    retest : latent correlations of two answers of one person, 0 to below 1; one wave cannot estimate it.

    Returns
    -------
    Result in points, one row a group and retest correlation: ``group, retest, estimate`` (NPS at the second answer),
    ``before`` (their NPS at the first), ``mean_before, mean_after`` (of the answers), ``left`` (share no longer in the
    group), ``n``. There is no interval: it is arithmetic from the marginal distribution, the same in both answers.

    Raises
    ------
    DataProblem : the question does not run from 0 to 10 or has no answer, ``retest`` is no correlation, or a
        weight is negative.

    References
    ----------
    Barnett, A. G., van der Pols, J. C. & Dobson, A. J. (2005). Regression to the mean: what it is and how to deal with
        it. International Journal of Epidemiology 34, 215-220. doi:10.1093/ije/dyh299

    Examples
    --------
    >>> import cxlab as cx
    >>> r = cx.journeys.regression_to_mean(cx.load("brand-tracker"), retest=[0.7])
    >>> bool(r.table["estimate"].iloc[0] > -60)
    True
    """
    if any(not 0 <= r < 1 for r in retest):
        raise DataProblem(f"retest is {list(retest)}; a correlation from 0 to below 1 is needed, e.g. [0.6, 0.7, 0.8]")
    name = of or study.need("outcome", "regression to the mean of NPS", measure="recommendation")[0]
    f = study.field(name)
    if not f.scale or (f.scale.minimum, f.scale.maximum) != (0, 10):
        raise DataProblem(f"{name} runs from {f.scale or 'no declared scale'}; detractors are defined on 0 to 10")
    check_weights(study)
    counts = tally(study.frame, name, weight=study.design.weight)
    lost = int(counts["n"].sum()) - int(counts.loc[counts["value"].isin(range(11)), "n"].sum())
    outside = [outside_note(name, lost)] if lost else []
    counts = counts[counts["value"].isin(range(11))].set_index("value").reindex(range(11), fill_value=0)
    if counts["n"].sum() == 0:
        raise DataProblem(f"{name} has no answer from 0 to 10 in {study.name}")
    shares, n = counts["w"].to_numpy(float) / counts["w"].sum(), counts["n"].to_numpy(int)
    rows = [row for r in retest for row in _groups(shares, n, r)]
    return Result(
        "regression_to_mean",
        f"{f.label} the second time, with nothing done",
        pd.DataFrame(rows),
        "points",
        method="Bivariate normal answers, cut at the study's own shares; same distribution both times",
        notes=(
            *outside,
            *weight_notes(study),
            "the retest correlation is assumed, not estimated; compare a closed loop with this, not with zero",
        ),
    )


def _groups(shares: np.ndarray, n: np.ndarray, r: float) -> list[dict]:
    values, move = np.arange(11), transitions(shares, r)
    net = np.where(values >= HIGH, 100.0, np.where(values <= LOW, -100.0, 0.0))
    out = []
    for group, mine in (("detractors", values <= LOW), ("promoters", values >= HIGH)):
        p = np.where(mine, shares, 0)
        if p.sum() == 0:
            continue
        p = p / p.sum()
        after = p[p > 0] @ move[p > 0]
        out.append(
            {
                "group": group,
                "retest": r,
                "estimate": float(after @ net),
                "before": float(p @ net),
                "mean_before": float(p @ values),
                "mean_after": float(after @ values),
                "left": float(after[~mine].sum()),
                "n": int(n[mine].sum()),
            }
        )
    return out
