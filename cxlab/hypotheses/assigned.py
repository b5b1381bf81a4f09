"""To whom an arm was given: where whole clusters have it, clusters are what a verdict has learned from, not answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.hypotheses.card import Need
from cxlab.hypotheses.scored_answers import ScoredAnswers
from cxlab.hypotheses.slots import Slots
from cxlab.stats.inference import few_treated

MOST = 0.5
"""An arm lies at the level of clusters where these tell more than half of who has it, beyond what chance tells."""
UNIT = "unit"
"""The part of a card that names what was assigned, where clusters of the study are not it."""


@dataclass(frozen=True)
class Assigned:
    """An arm that was given to whole clusters.

    ``column`` : the arm, in quotes (several, where their combinations count); ``by`` : the column of the clusters;
    ``clusters`` : how many have answers in the test; ``least`` : how many have the rarest arm (of amounts: how many do
    not have the commonest).
    """

    column: str
    by: str
    clusters: int
    least: int

    @property
    def few(self) -> bool:
        """Whether one side has so few clusters that their assignment evens nothing out."""
        return self.least < few_treated.FEW

    @property
    def said(self) -> str:
        """What is said of it beside the verdict."""
        counted = (
            f"whole clusters ({self.by}) have {self.column}: the effective number counts these, at most "
            f"{self.clusters:,}"
        )
        if not self.few:
            return counted
        return (
            f"{counted}; one side has {self.least} of them, at least {few_treated.FEW} are needed for an assignment to "
            "even out how clusters differ, so the study is graded as if nothing had been assigned"
        )


def given_to_clusters(
    needs: tuple[Need, ...], slots: Slots, sample: ScoredAnswers, cluster: str, said: tuple[str, ...]
) -> Assigned | None:
    """Return the arm of the test that was given to the fewest clusters; None where every arm was given to answers.

    Parameters
    ----------
    needs, slots : the card's parts, and which columns play them. ``sample`` : its answers.
    cluster : the study's column of clusters, or ''. ``said`` : columns that the codebook says were assigned.
    """
    found = []
    arms = [one for need in needs for one in _arms(need, slots, sample, said)]
    rows = np.logical_and.reduce(
        [_answered(needs, slots, sample, {c for c, _ in arms}), *(~pd.isna(arm) for _, arm in arms)]
    )
    for by, units in _units(slots, sample, cluster):
        there = rows & (units >= 0)
        g, n = pd.factorize(units[there])[0], sample.n[there]
        whole = [(c, arm[there]) for c, arm in arms if told_by_clusters(arm[there], g, n) > MOST]
        if whole:
            found.append(_clusters_of(by, whole, g, n))
    if not found:
        return None
    return replace(min(found, key=lambda a: a.least), clusters=min(a.clusters for a in found))


def _units(slots: Slots, sample: ScoredAnswers, cluster: str) -> Iterator[tuple[str, NDArray]]:
    """The columns whose values may be what was assigned, as codes, -1 where there is none."""
    if sample.c is not None:
        yield cluster, pd.factorize(sample.c)[0]
    if UNIT in sample and slots[UNIT][0] != cluster:
        yield slots[UNIT][0], pd.factorize(pd.Series(sample.raw[UNIT]))[0]


def _arms(need: Need, slots: Slots, sample: ScoredAnswers, said: tuple[str, ...]) -> Iterator[tuple[str, NDArray]]:
    """The columns of a part that were assigned: as the card has it, or as the codebook says."""
    if need.slot == UNIT or need.slot not in sample:
        return
    values = sample.raw[need.slot]
    for j, column in enumerate(slots[need.slot]):
        if need.assigned or column in said:
            yield column, values[:, j] if values.ndim == 2 else values


def _answered(needs: tuple[Need, ...], slots: Slots, sample: ScoredAnswers, arms: set[str]) -> NDArray[np.bool_]:
    """Rows with an answer in the first part that the test must have and that is no arm: in most cards the outcome."""
    first = next((n.slot for n in needs if not n.optional and n.slot in sample and not arms & set(slots[n.slot])), "")
    if not first:
        return np.ones(len(sample.n), bool)
    gone = pd.isna(sample.raw[first])
    return ~(gone.all(axis=1) if gone.ndim == 2 else gone)


def _clusters_of(by: str, arms: list[tuple[str, NDArray]], g: NDArray, n: NDArray) -> Assigned:
    """How many clusters have each value of an arm, or each combination of two; a cluster has what most of it has."""
    names, values = zip(*arms, strict=True)
    code = pd.MultiIndex.from_arrays(values).factorize()[0] if len(values) > 1 else pd.factorize(values[0])[0]
    mass = pd.DataFrame({"unit": g, "code": code, "n": n}).groupby(["unit", "code"])["n"].sum().reset_index()
    mostly = mass.sort_values("n", kind="stable").drop_duplicates("unit", keep="last")["code"]
    have = np.bincount(mostly, minlength=int(code.max()) + 1)
    amounts = any(v.dtype.kind in "iuf" and len(np.unique(v)) > 2 for v in values)
    clusters = len(mostly)
    return Assigned(
        " and ".join(f"'{name}'" for name in names), by, clusters, int(clusters - have.max() if amounts else have.min())
    )


def told_by_clusters(arm: NDArray, g: NDArray, n: NDArray) -> float:
    """Return the share of an arm's variance that lies between clusters, less what chance puts there (epsilon squared).

    Parameters
    ----------
    arm : (rows,) numbers, or names. ``g`` : (rows,) codes of clusters. ``n`` : (rows,) answers.

    >>> n = np.full(4, 10)
    >>> told_by_clusters(np.array([0.0, 0, 1, 1]), np.array([0, 1, 2, 3]), n)
    1.0
    >>> round(told_by_clusters(np.array([0.0, 1, 0, 1]), np.array([0, 0, 1, 1]), n), 3)
    -0.026
    """
    x = arm.astype(float)[:, None] if arm.dtype.kind in "iufb" else _marks(arm)
    size, answers = np.bincount(g, n), float(n.sum())
    if answers <= len(size):
        return 1.0
    apart = x - n @ x / answers
    total = float((n @ apart**2).sum())
    means = np.column_stack([np.bincount(g, n * column) for column in apart.T]) / size[:, None]
    inside = float((n @ (apart - means[g]) ** 2).sum())
    return 1.0 - (inside / (answers - len(size))) / (total / (answers - 1)) if total > 0 else 0.0


def _marks(arm: NDArray) -> NDArray:
    """A column of 0 and 1 for each name, of the twenty commonest."""
    codes, names = pd.factorize(arm)
    kept = np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")[:20]
    return (codes[:, None] == kept[None, :]).astype(float)
