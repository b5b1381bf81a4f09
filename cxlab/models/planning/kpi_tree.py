"""`kpi_tree`: from the goal to the touchpoints that carry it, each with its distance to the target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlab.columns import Column, show, span
from cxlab.data import waves
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers.driver_importance import drivers
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result

COLUMNS = (
    Column("item", "label", "", "Measured"),
    Column("estimate", "estimate", "", "Now"),
    Column("target", "number", "mean", "Target"),
    Column("reached", "share", "", "Chance that it is reached"),
    Column("needed", "count", "", "Answers to tell"),
    Column("weight", "share", "", "Weight"),
    Column("contribution", "number", "mean", "Weight times distance"),
    Column("contribution_low", "bound", "mean", "Contribution, low"),
    Column("contribution_high", "bound", "mean", "Contribution, high"),
)


@public
def kpi_tree(
    study: Study, goal: str, *, targets: Mapping[str, float], wave: str | None = None, power: float = 0.8,
    level: float = 0.95,
) -> Result:  # fmt: skip
    """Return how far the goal and its touchpoints are from their targets, and what each distance weighs.

    The weights are the touchpoints' shares of what they explain of the goal (`drivers`, over all waves); scores are
    means of the last wave. Contribution = weight times (target - score): where the tree says that work counts most. The
    chance that a target is reached is P(true mean >= target | last wave), with a flat prior: Phi((score - target) /
    se). Of answers that crowd at the good end it is somewhat high with few of them: where the truth is just below the
    target, it says above 95 % in 7 % of waves of 30 answers and in 5 to 6 % of 100 or more (simulated; 5 is right). The
    answers to tell are those with which a distance of this size is found with ``power``.

    Parameters
    ----------
    study : the answers. ``goal`` : the outcome at the top.
    targets : question → mean that it should have, in the points of its scale; touchpoints of the goal, and the goal.
    wave : column of waves; default: that of the codebook, if there is one.
    power, level : of telling a distance.

    Returns
    -------
    Result, the goal first, then the touchpoints by contribution: ``item, estimate, low, high, se, n, target, reached,
    needed`` and for touchpoints ``weight, contribution`` with ``_low, _high`` (weights and scores taken as
    independent). ``parts``: ``goal, wave``,
    ``headline`` (the goal, what it is, where it stands and should stand, in a sentence; empty without its target).

    Raises
    ------
    DataProblem : a target outside its scale or no number, for a question that is none, no target at all, or fewer than
        ten answers in the last wave.

    References
    ----------
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor variables in multiple
        regression. Multivariate Behavioral Research 35, 1-19. doi:10.1207/S15327906MBR3501_1

    Examples
    --------
    >>> import cxlab as cx
    >>> aims = {"satisfaction": 4, "service": 4, "price": 3.8}
    >>> tree = cx.targets.kpi_tree(cx.load("brand-tracker"), "satisfaction", targets=aims)
    >>> len(tree.table), bool(tree.table["reached"].between(0, 1).all())
    (3, True)
    """
    metrics.check_level(level)
    if not 0 < power < 1:
        raise DataProblem(f"power is {power}; it lies between 0 and 1, usually 0.8")
    under = _checked(study, goal, targets)
    last, said = _last(study, wave)
    asked = [c for c in (goal, *under) if c in targets]
    scores = metrics.mean(last, asked, level=level, least_n=0).table.set_index("item").loc[asked]
    asked, under, lost = _enough(study, scores, under, said)
    scores = scores.loc[asked].reset_index()
    table = scores[["item", "estimate", "low", "high", "se", "n"]].assign(target=[targets[c] for c in asked])
    table["item"] = [study.field(c).label for c in asked]
    gap = table["target"] - table["estimate"]
    flat = table["se"] <= 1e-12
    table["reached"] = np.where(flat, np.nan, norm.cdf(-gap / table["se"].where(~flat)))
    reach = norm.ppf(0.5 + level / 2) + norm.ppf(power)
    sd = table["se"] * np.sqrt(table["n"])  # with the design's effect in it
    table["needed"] = np.ceil((reach * sd / gap.where((gap.abs() > 1e-12) & ~flat)) ** 2)
    said = [*said, *lost, *_flat(table[flat])]
    if under:
        found = drivers(study, goal, drivers=under, level=level).table.set_index("driver")
        share = found["of_explained"].reindex(asked)
        spread = share * (found["se"] / found["estimate"]).reindex(asked)
        table["weight"] = share.to_numpy()
        table["contribution"] = share.to_numpy() * gap
        half = norm.ppf(0.5 + level / 2) * np.sqrt(
            (share.to_numpy() * table["se"]) ** 2 + (gap * spread.to_numpy()) ** 2
        )
        table["contribution_low"], table["contribution_high"] = (
            table["contribution"] - half,
            table["contribution"] + half,
        )
        top = table["weight"].isna()
        table = pd.concat([table[top], table[~top].sort_values("contribution", ascending=False)], ignore_index=True)
    return Result(
        "kpi_tree", f"{study.field(goal).label}: what stands between now and the target", table, "mean", level,
        "means of the last wave; weights: shares of what is explained (drivers); chance: normal, flat prior",
        (*study.caveats, *said, "weights say what goes with the goal, not what would raise it"),
        {"goal": goal, "wave": wave, "headline": _headline(study, goal, table.iloc[0]) if goal in targets else ""},
        COLUMNS, better="up",
    )  # fmt: skip


def _enough(
    study: Study, scores: pd.DataFrame, under: list[str], said: list[str]
) -> tuple[list[str], list[str], list[str]]:
    """The questions that enough people answered, those under the goal, and what is to be said of the others."""
    few = [c for c in scores.index if scores.loc[c, "n"] < metrics.SMALL]
    kept = [c for c in scores.index if c not in few]
    if not kept or scores.index[0] not in under and scores.index[0] in few:
        waves = [s.removeprefix("scores of ") for s in said if s.startswith("scores of the last wave")]
        what = f"{waves[0]}," if waves else "the study"
        raise DataProblem(
            f"{what} has fewer than {metrics.SMALL} answers on {study.field(scores.index[0]).label}; no target can be "
            "held against them, and no person's answer is shown: wave= names the column of longer waves"
        )
    lost = [f"{study.field(c).label} has fewer than {metrics.SMALL} answers in it and is not shown" for c in few]
    return kept, [c for c in under if c not in few], lost


def _flat(rows: pd.DataFrame) -> list[str]:
    """What is to be said of questions that all answered alike."""
    return [
        f"every answer on {item} is {value:g}: no chance, number of answers or weight can be told"
        for item, value in rows[["item", "estimate"]].itertuples(index=False)
    ]


def chance(p: float) -> str:
    """Return a chance in words that never say 0 or 100 %; nan is not known.

    >>> chance(0.002), chance(0.31), chance(0.999)
    ('below 1 %', '31 %', 'above 99 %')
    """
    if np.isnan(p):
        return "not known"
    return "below 1 %" if p < 0.005 else "above 99 %" if p > 0.995 else f"{100 * p:.0f} %"


def _headline(study: Study, goal: str, row: pd.Series) -> str:
    scale = study.field(goal).scale
    assert scale is not None  # checked
    now = f"{show(row['estimate'], 'mean')} ({span(row['low'], row['high'], 'mean')}, n {row['n']:,.0f})"
    return (
        f"{row['item']}, the mean of its answers from {scale.minimum:g} to {scale.maximum:g}: {now}; target "
        f"{row['target']:g}, and the chance that it is reached is {chance(row['reached'])}"
    )


def _checked(study: Study, goal: str, targets: Mapping[str, float]) -> list[str]:
    """The touchpoints with a target, in their order."""
    if not targets:
        raise DataProblem("targets is empty; give question → mean that it should have, as {'service': 4.2}")
    study.field(goal)
    for name, value in targets.items():
        scale = study.field(name).scale
        if scale is None:
            raise DataProblem(f"'{name}' has no scale: a target needs a question with one")
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise DataProblem(f"the target of '{name}' is {value!r}; give a number in points of its scale")
        if not scale.minimum <= value <= scale.maximum:
            raise DataProblem(
                f"the target of '{name}' is {value:g}, outside its scale from {scale.minimum:g} to {scale.maximum:g}; "
                "give it in points of that scale"
            )
    return [c for c in targets if c != goal]


def _last(study: Study, wave: str | None) -> tuple[Study, list[str]]:
    """The last wave of a study, and what is to be said of it."""
    name = wave or next(iter(study.codebook.role("wave")), "")
    if not name:
        return study, ["there is no column of waves: scores are of all answers"]
    study.field(name)
    values = study.answers([name]).unique().collect().to_pandas()[name].tolist()
    newest = waves.order_of(study, name, values).values[-1]
    return study.where(**{name: newest}), [f"scores of the last wave, {study.field(name).label} {newest}"]
