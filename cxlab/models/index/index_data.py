"""The answers a path model needs, as arrays: complete, within their scale, all with high = best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.index import item_pieces
from cxlab.models.index.pathmodel import READY, PathModel
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts import covariances
from cxlab.stats.counts.drawn import of_strata

MISSING = ("listwise", "mean")


@dataclass(frozen=True)
class Answers:
    """The items of a path model: what is resampled, and sums of their products.

    ``n`` : respondents. ``low, high`` : limits of the scales. ``unit, stratum, words`` : the unit that each row is
    resampled with, the stratum of each unit (of those without a respondent too), and what units are in words.
    ``group`` : (n,) group of each row as a code, ``labels`` : what the codes stand for. ``alone`` : whether rows
    themselves are resampled, of one sample without strata. ``x, weight`` : (n, p) high = best, and (n,); empty where
    rows are not held but come from ``source``.
    """

    n: int
    low: np.ndarray
    high: np.ndarray
    unit: np.ndarray
    stratum: np.ndarray
    words: str
    group: np.ndarray
    labels: pd.Index
    alone: bool
    notes: tuple[str, ...]
    x: np.ndarray
    weight: np.ndarray
    source: item_pieces.Source | None = None

    def sums(self, code: np.ndarray | None = None, many: int = 1) -> np.ndarray:
        """Return sums of products by group and unit, (many, units, k); ``code``: (n,) the group of each row."""
        units = len(self.stratum)
        if self.source is not None:
            return self.source.sums(self.unit, units, code, many)
        rows = [slice(None)] if code is None else [code == g for g in range(many)]
        return np.stack([covariances.grouped_sums(self.x[r], self.weight[r], self.unit[r], units) for r in rows])


def resolved(study: Study, model: str | PathModel) -> tuple[PathModel, tuple[str, ...]]:
    """Return the model with its items, and notes."""
    if isinstance(model, str):
        one_of("model", model, READY)
        model = READY[model]
    declared, notes = model.found_in(study.codebook)
    for item in declared.items:
        if study.field(item).scale is None:
            raise DataProblem(
                f"the index needs the limits of the questionnaire for '{item}', and the codebook of {study.name} "
                "declares no scale; add minimum and maximum in its datapackage.json (not the least and largest answer)"
            )
    return declared, notes


def answers(study: Study, model: PathModel, *, missing: str = "listwise", by: str = "", seed: int = 0) -> Answers:
    """Read the items of ``model`` (and design and group columns) and turn them so that high is best.

    Of a large file no row is held; ``seed``: where drawing groups of rows or clusters starts.
    """
    one_of("missing", missing, MISSING)
    fields = [study.field(i) for i in model.items]
    low, high = np.array([[f.scale.minimum, f.scale.maximum] for f in fields], float).T
    turned = [f.name for f in fields if f.scale.best == "low"]
    said = (f"Turned round, because their lowest code is best: {', '.join(turned)}.",) if turned else ()
    source = item_pieces.source(study, model.items, by)
    if source is not None:
        return _in_pieces(study, model, source, missing, (low, high), said, seed)
    found = sample(study, model.items, other=[by] if by else [])
    if by:
        found = found.keep(~pd.isna(found.other[by]))
    x = found.matrix(model.items)
    for j, f in enumerate(fields):
        if f.scale.best == "low":
            x[:, j] = low[j] + high[j] - x[:, j]
    x, kept, notes = _complete(x, missing)
    _checked(len(x), x.min(axis=0, initial=np.inf), x.max(axis=0, initial=-np.inf), model)
    found = found.keep(kept)
    unit, stratum, words = _units(study, found.cluster, found.strata, found.strata_names, len(x), seed)
    group, labels = pd.factorize(found.other[by]) if by else (np.zeros(len(x), int), [""])
    alone = found.cluster is None and found.strata is None and len(stratum) == len(x)
    notes = (*found.notes, *notes, *said)
    return Answers(len(x), low, high, unit, stratum, words, group, pd.Index(labels), alone, notes, x, found.w)


def _units(
    study: Study, cluster: np.ndarray | None, strata: np.ndarray | None, labels: Sequence, n: int, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Which unit each row is resampled with, the stratum of each unit, and units in words."""
    drawn = None if study.drawn is None else of_strata(study.drawn, labels if strata is not None else [""])
    return covariances.grouped_units(n, cluster, strata, drawn, seed=seed)


def _in_pieces(
    study: Study, model: PathModel, source: item_pieces.Source, missing: str, ends: tuple, said: tuple, seed: int
) -> Answers:
    """Do what `answers` says of a large file: two scans, the second when sums are asked for."""
    found = item_pieces.first_scan(study, source, fill=missing == "mean")
    notes = (*found.notes, *_gaps(found.filled, found.rows - found.n, found.rows, missing), *said)
    _checked(found.n, found.least, found.most, model)
    strata, labels = found.codes.get("strata", (None, [""]))
    cluster = found.codes["cluster"][0] if "cluster" in found.codes else None
    unit, stratum, words = _units(study, cluster, strata, labels, found.n, seed)
    group, names = found.codes.get("group", (np.zeros(0, int), pd.Index([""])))
    none = np.zeros((0, len(model.items)))
    alone = cluster is None and strata is None and len(stratum) == found.n
    return Answers(found.n, *ends, unit, stratum, words, group, names, alone, notes, none, none[:, 0], found.source)


def _complete(x: np.ndarray, missing: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    gaps = np.isnan(x)
    if missing == "mean":
        kept = ~gaps.all(axis=1)
        x = np.where(gaps, np.nanmean(x[kept], axis=0) if kept.any() else np.nan, x)[kept]
        filled = int(gaps[kept].sum())
        return x, kept, _gaps(filled, 0, 0, missing)
    kept = ~gaps.any(axis=1)
    lost = int(len(x) - kept.sum())
    return x[kept], kept, _gaps(0, lost, len(x), missing)


def _gaps(filled: int, lost: int, n: int, missing: str) -> tuple[str, ...]:
    if missing == "mean":
        return (f"{filled:,} missing answers replaced by the item's mean.",) if filled else ()
    return (f"{lost:,} of {n:,} respondents left out: an item without answer.",) if lost else ()


def _checked(n: int, least: np.ndarray, most: np.ndarray, model: PathModel) -> None:
    if n < 10:
        raise DataProblem(
            f"{model.name} needs complete answers; {n} respondents have them. missing='mean' keeps those with gaps"
        )
    flat = [item for item, same in zip(model.items, least == most, strict=True) if same]
    if flat:
        raise DataProblem(
            f"everybody gave the same answer to {', '.join(flat)}; an item without variance has no weight, leave it out"
        )
