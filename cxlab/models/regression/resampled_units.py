"""What is resampled of the answers to one question: clusters, or answers that are alike, as few numbers each.

Mean, net score and standard deviation are functions of two or three sums, so a unit is its sums, however many distinct
answers there are. Medians and functions of one's own need the answers themselves; where there are too many, classes of
neighbouring answers stand for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts import resample
from cxlab.stats.counts.drawn import silent
from cxlab.stats.counts.replicates import replicate_groups

STATISTICS = ("mean", "nps", "median", "sd")
Statistic = str | Callable[[np.ndarray, np.ndarray], np.ndarray]
Block = Callable[[np.ndarray], np.ndarray]
TABLE = 20_000_000
"""A table of units by distinct answers may have so many numbers."""
UNITS = 5000
"""More clusters than this, and more distinct answers than `resample.KINDS_MOST`, are resampled in random groups."""
GROUPS, FINE = 2000, 10_000
"""So many groups of clusters, and of answers: the standard error of a standard error is then 1.6 % and .7 %."""
CLASSES = 2000
"""So many classes of neighbouring answers stand for more distinct ones, where a statistic needs them all."""


@dataclass(frozen=True)
class Units:
    """Units that are resampled, and the statistic of their sums.

    ``totals`` : (C, q) sums of each, or None: unit k is an answer of kind k. ``counts`` : (C,) how many are alike.
    ``strata`` : (C,) numbers. ``statistic`` : of a block of totals (b, q), or of counts (b, C) without ``totals``.
    ``notes`` : what was put together.
    """

    totals: np.ndarray | None
    counts: np.ndarray
    strata: np.ndarray
    statistic: Block
    notes: tuple[str, ...] = ()

    def of(self, counts: np.ndarray) -> np.ndarray:
        """Return the statistic of each row of counts (b, C)."""
        return self.statistic(counts if self.totals is None else counts @ self.totals)

    @property
    def full(self) -> float:
        """The statistic of all answers."""
        return float(self.of(self.counts[None])[0])

    def without_one(self) -> np.ndarray:
        """Return the statistic without one unit of each kind, (C,)."""
        if self.totals is not None:
            return self.statistic((self.counts @ self.totals)[None] - self.totals)
        return resample.left_out(self.counts, self.statistic)

    def merged(self, groups: int, seed: int) -> Units:
        """Return the units put together at random within strata, in about so many groups."""
        each = np.repeat(np.arange(len(self.counts)), self.counts)
        found = replicate_groups(None, self.strata[each], len(each), limit=groups, seed=seed)
        k = len(found.stratum)
        totals = np.stack([np.bincount(found.code, x[each], k) for x in self.totals.T], axis=1)
        said = f"{len(each):,} units are resampled in {k:,} random groups"
        return replace(
            self, totals=totals, counts=np.ones(k, int), strata=found.stratum, notes=(*self.notes, said)
        )  # fmt: skip


def units(study: Study, part: pd.DataFrame, statistic: Statistic, *, tables: bool = False) -> Units:
    """Return the units of one group of answers, counted as `cxlab.models.regression.resampling.answers` does.

    Under a design, units that were drawn and have no answer here come last, with totals of zero. With ``tables`` units
    always have totals.

    Raises
    ------
    DataProblem : a median or a function of one's own, of too many clusters.
    """
    values, at = np.unique(part["value"].to_numpy(), return_inverse=True)
    weight, counts = np.asarray(part.get("weight", np.ones(len(part))), float), part["n"].to_numpy()
    stratum = part["stratum"] if "stratum" in part else pd.Series("", part.index)
    number, owner, sizes = np.arange(len(part)), stratum.to_numpy(object), counts
    if "cluster" in part:
        number = part.groupby([stratum, "cluster"], sort=True).ngroup().to_numpy()
        first = np.unique(number, return_index=True)[1]
        owner, sizes, weight = owner[first], np.ones(len(first), int), weight * counts
    empty, missing = silent(study.drawn, owner, sizes)
    if "cluster" in part:  # one unit each
        empty, missing = np.repeat(empty, missing), np.ones(missing.sum(), int)
    strata = pd.factorize(pd.Series([*owner, *empty], dtype=object), use_na_sentinel=False)[0]
    sizes = np.append(sizes, missing)
    if sums := sufficient(statistic, values):
        rows = sums[0][at] * weight[:, None]
        totals = np.stack([np.bincount(number, x, len(strata)) for x in rows.T], axis=1)
        return Units(totals, sizes, strata, sums[1])
    if not (tables or {"cluster", "weight", "stratum"} & set(part)) and len(values) > resample.KINDS_FEW:
        return _kinds(values, np.bincount(at, counts).astype(np.int64), statistic)
    notes: tuple[str, ...] = ()
    if len(strata) * len(values) > TABLE:
        if tables:
            raise DataProblem(
                f"a function of your own needs the answers of each of {len(owner):,} units, too many; "
                "use 'mean', 'nps' or 'sd', or filter the study with where(...)"
            )
        values, at, notes = classes(values, at, weight if "cluster" in part else weight * counts)
        each = np.repeat(np.arange(len(strata)), sizes)
        found = replicate_groups(None, strata[each], len(each), limit=GROUPS)
        notes += (f"{len(each):,} units are resampled in {len(found.stratum):,} random groups",)
        rows = np.arange(len(part)) if "cluster" in part else np.repeat(np.arange(len(part)), counts)
        number = found.code[number] if "cluster" in part else found.code[: len(rows)]
        at, weight, strata = at[rows], weight[rows], found.stratum
        sizes = np.ones(len(strata), int)
    totals = np.zeros((len(strata), len(values)))
    np.add.at(totals, (number, at), weight)
    return Units(totals, sizes, strata, statistic_of(statistic, values), notes)


def _kinds(values: np.ndarray, counts: np.ndarray, statistic: Statistic) -> Units:
    """Answers that are alike as units, without a table of them."""
    notes: tuple[str, ...] = ()
    if statistic != "median" and len(values) > resample.KINDS_MOST:
        values, at, notes = classes(values, np.arange(len(values)), counts)
        counts = np.bincount(at, counts, len(values)).astype(np.int64)
    return Units(None, counts, np.zeros(len(counts), int), statistic_of(statistic, values), notes)


def classes(values: np.ndarray, at: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Put neighbouring answers together: half of the borders after equally many answers, half at equal distances, so
    that far answers stay apart; the mean of its answers stands for a class.

    Parameters
    ----------
    values : (K,) distinct answers, sorted. ``at`` : (n,) which of them each row gave, ``weight`` : (n,) how often.

    Returns
    -------
    values : (k,) of the classes. ``at`` : (n,) the class of each row. What there is to say about it.
    """
    if len(values) <= CLASSES:
        return values, at, ()
    share = np.bincount(at, weight, len(values))
    middle = (np.cumsum(share) - share / 2) / share.sum()
    reach = (values - values[0]) / (values[-1] - values[0])
    near = [np.fmin((x * (CLASSES // 2)).astype(int), CLASSES // 2 - 1) for x in (middle, reach)]
    of = np.unique(near[0] * CLASSES + near[1], return_inverse=True)[1]
    size = np.bincount(of, share)
    unused = size <= 0  # answers of weight zero
    mean = np.where(unused, np.bincount(of, values), np.bincount(of, share * values))
    mean /= np.where(unused, np.bincount(of), size)
    said = f"{len(values):,} distinct answers are put into {len(mean):,} classes of neighbours"
    return mean, of[at], (said,)


def sufficient(statistic: Statistic, values: np.ndarray) -> tuple[np.ndarray, Block] | None:
    """Return the sums that a statistic is a function of, as columns (K, q) for each distinct answer, and the function.

    None where it needs all answers.
    """
    if not isinstance(statistic, str):
        return None
    one_of("statistic", statistic, STATISTICS)
    if statistic == "median":
        return None
    one = np.ones(len(values))
    if statistic == "mean":
        return np.column_stack([one, values]), lambda t: t[:, 1] / t[:, 0]
    if statistic == "nps":
        return np.column_stack([one, net_score(values)]), lambda t: t[:, 1] / t[:, 0]
    near = values - values.mean()

    def deviation(t: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(t[:, 2] / t[:, 0] - (t[:, 1] / t[:, 0]) ** 2, 0.0))

    return np.column_stack([one, near, near**2]), deviation


def net_score(values: np.ndarray) -> np.ndarray:
    """Return 100 for 9 and 10, -100 for 0 to 6, else 0.

    >>> net_score(np.array([3.0, 8.0, 9.0])).tolist()
    [-100.0, 0.0, 100.0]
    """
    if values.min() < 0 or values.max() > 10:
        raise DataProblem(f"answers run from {values.min():g} to {values.max():g}; nps needs answers from 0 to 10")
    return 100.0 * ((values >= 9).astype(float) - (values <= 6))


def statistic_of(statistic: Statistic, values: np.ndarray) -> Block:
    """Return the statistic as a function of a block of counts of ``values``."""
    if callable(statistic):
        return lambda c: np.asarray(statistic(values, c), float)
    if sums := sufficient(statistic, values):
        return lambda c: sums[1](c @ sums[0])

    def median(c: np.ndarray) -> np.ndarray:
        share = np.cumsum(c, axis=1) / c.sum(axis=1, keepdims=True)
        low = np.argmax(share >= 0.5 - 1e-12, axis=1)
        high = np.argmax(share > 0.5 + 1e-12, axis=1)
        return (values[low] + values[high]) / 2

    return median
