"""Driver analyses under weights fitted in this session: where the rows of the sample stand in the margins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.study import Study
from cxlab.stats.counts.replicates import Groups, replicate_groups
from cxlab.stats.counts.reraked import Margins

if TYPE_CHECKING:
    from cxlab.models.drivers.driver_data import Answers

SAID = "weights fitted to margins: every replicate is raked anew"


@dataclass(frozen=True)
class KnownMargins:
    """Margins of the rows that are analysed and of the others of the sample.

    ``cell`` (n,): the analysed rows' cells. ``levels`` (M, C): the category of each cell in each margin, -1 for none.
    ``others``: cell, w, cluster and strata of the rows that are weighted and not analysed.
    """

    cell: np.ndarray
    levels: np.ndarray
    others: pd.DataFrame

    def rows(self, answers: Answers, keep: np.ndarray) -> KnownMargins:
        """Return those of the analysed rows where ``keep``; the others join the rows that are not analysed."""
        gone = pd.DataFrame({"cell": self.cell, "w": answers.w, **_codes(answers)})[~keep]
        return replace(self, cell=self.cell[keep], others=pd.concat([self.others, gone], ignore_index=True))

    def groups(self, answers: Answers, *, limit: int, seed: int) -> Groups:
        """Return the replicate groups of the whole sample, with the analysed rows by group and cell."""
        own = pd.DataFrame({"cell": self.cell, "w": answers.w, **_codes(answers)})
        every = pd.concat([own, self.others], ignore_index=True)
        cluster, strata, drawn = every.get("cluster"), every.get("strata"), answers.drawn
        if drawn is not None and strata is not None:
            drawn = drawn[np.unique(strata)]
        codes = [None if c is None else c.to_numpy(int) for c in (cluster, strata)]
        made = replicate_groups(*codes, len(every), limit=limit, seed=seed, drawn=drawn)
        total = np.zeros((len(made.stratum), self.levels.shape[1]))
        np.add.at(total, (made.code, every["cell"]), every["w"])
        pairs = made.code[: answers.n] * self.levels.shape[1] + self.cell
        pair, code = np.unique(pairs, return_inverse=True)
        owner, cell = np.divmod(pair, self.levels.shape[1])
        units = answers.n if cluster is None else len(own[list(_codes(answers))].drop_duplicates())
        return Groups(code, made.stratum, units, Margins(owner, cell, total, self.levels))


def _codes(answers: Answers) -> dict[str, np.ndarray]:
    found = {"cluster": answers.cluster, "strata": answers.strata}
    return {k: v for k, v in found.items() if v is not None}


def known_margins(study: Study, frame: pd.DataFrame) -> tuple[KnownMargins, pd.DataFrame]:
    """Return the margins of the analysed rows, and the rows of the whole sample, these first.

    Parameters
    ----------
    frame : the analysed rows with the columns of `columns_of`.
    """
    made = study.calibration
    whole = study.whole if study.whole is not None and made.weight in study.whole.columns else study
    asked = columns_of(study)
    w = nw.col(made.weight).cast(nw.Float64)
    every = replace(whole, codebook=study.codebook).answers(asked).filter(w > 0, w < float("inf"))
    every = every.select(*asked).collect().to_pandas()
    n = len(frame)
    number = pd.concat([frame[asked], every], ignore_index=True).groupby(asked, dropna=False, sort=False).ngroup()
    mine, theirs = np.bincount(number[:n], minlength=number.max() + 1), number[n:]
    others = every[(theirs.groupby(theirs).cumcount() >= mine[theirs]).to_numpy()]
    both = pd.concat([frame[asked], others], ignore_index=True)
    levels = np.array([_levels(both[list(m)]) for m in made.margins])
    cells, cell = np.unique(levels, axis=1, return_inverse=True)
    table = pd.DataFrame({"cell": cell.ravel()[n:], "w": both[made.weight].to_numpy(float)[n:]})
    return KnownMargins(cell.ravel()[:n], cells, table), both


def columns_of(study: Study) -> list[str]:
    """Return the columns that say where a row stands: margins, weight, cluster and strata."""
    d, made = study.design, study.calibration
    return list(dict.fromkeys([*(c for m in made.margins for c in m), *filter(None, (d.weight, d.cluster, d.strata))]))


def _levels(columns: pd.DataFrame) -> np.ndarray:
    """Number the combinations of one margin's columns; -1 where an answer is missing."""
    code = columns.groupby(list(columns), dropna=False, sort=True).ngroup().to_numpy()
    code = np.where(columns.isna().any(axis=1), -1, code)
    seen = np.unique(code[code >= 0])
    return np.where(code >= 0, np.searchsorted(seen, code), -1)
