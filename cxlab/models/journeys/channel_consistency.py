"""`consistency`: whether customers find the same experience in every channel."""

from __future__ import annotations

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.variation import variation
from cxlab.models.metrics.comparisons import compare
from cxlab.problem import DataProblem
from cxlab.result import Result

COLUMNS = (
    Column("channel", "label", "", "Channel"),
    Column("against", "label", "", "Against"),
    Column("p_equivalent", "p", "", "p that they are alike"),
    Column("verdict", "text", "", "Verdict"),
)


@public
def consistency(
    study: Study, metric: str = "csat", *, by: str | None = None, of: str | None = None,
    smallest: float | None = None, level: float = 0.95,
) -> Result:  # fmt: skip
    """Return which channels differ, which are alike, and of which the data cannot tell.

    That no difference was found does not make channels alike: a pair is alike only where differences that matter are
    ruled out (two one-sided tests against ``smallest``). Of three channels and more the true standard deviation between
    them is told (`variation`).

    Parameters
    ----------
    study : the answers. ``metric`` : 'nps', 'csat', 'ces' or 'mean'. ``of`` : its question; default as in the metric.
    by : column of channels; default: that of role 'channel'.
    smallest : the smallest difference that matters, as for `compare`.
    level : of confidence.

    Returns
    -------
    Result, a row a pair: ``channel, against, estimate`` (difference) with ``low, high, se``, ``p_equivalent, verdict``
    ('differ', 'alike', 'cannot tell'). ``parts``: ``verdict`` of all channels ('consistent', 'not consistent', 'cannot
    tell'), ``tau`` (nan for two channels).

    Raises
    ------
    DataProblem : no column of channels, or fewer than two channels with answers.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for assessing the
        equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
        doi:10.1007/BF01068419

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.journeys.consistency(cx.load("brand-tracker"), by="mode")
    >>> found.parts["verdict"] in ("consistent", "not consistent", "cannot tell")
    True
    """
    by = by or next(iter(study.codebook.role("channel")), "")
    if not by:
        raise DataProblem(
            f"{study.name} has no column of role 'channel'; name it: by='COLUMN', or "
            "study.set('COLUMN', role='channel')"
        )
    asked = {"of": of} if of else {}
    found = compare(study, metric, by=by, smallest=smallest, level=level, **asked)
    table = found.table
    table = table.rename(columns={table.columns[0]: "channel", table.columns[1]: "against"})
    words = {"noise": "alike", "real": "differ", "real, but smaller than matters": "alike"}
    said = [words.get(v, "cannot tell") for v in table["verdict"]]
    verdict = "not consistent" if "differ" in said else "consistent" if set(said) == {"alike"} else "cannot tell"
    channels = len({*table["channel"], *table["against"]})
    tau, notes = float("nan"), [f"{verdict}: {channels} channels"]
    if channels >= 3:
        spread = variation(study, metric, by=by, level=level, **asked)
        tau = float(spread.parts["tau"])
        row = spread.table.iloc[2]
        notes.append(f"true standard deviation between channels {tau:.3g} [{row['low']:.3g}, {row['high']:.3g}]")
    notes.append("other customers use other channels: a difference need not come from the channel")
    own = ["channel", "against", "estimate", "low", "high", "se", "p_equivalent"]
    return Result(
        "consistency", f"Is it the same in every {study.field(by).label}?", table[own].assign(verdict=said), found.unit,
        level, found.method, (*found.notes, *notes), {"verdict": verdict, "tau": tau, "by": by},
        (*COLUMNS, *(c for c in found.columns if c.name == "estimate")), better="none",
    )  # fmt: skip
