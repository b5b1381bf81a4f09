"""The answers a path model needs, as arrays: complete, within their scale, all with high = best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.index.pathmodel import READY, PathModel
from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.drawn import of_strata

MISSING = ("listwise", "mean")


@dataclass(frozen=True)
class Answers:
    """The items of a path model: ``x`` (n, p; high = best), their scale limits, weights and what is resampled.

    ``drawn`` : the clusters of each stratum in the whole sample, those without a respondent here among them.
    """

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray
    cluster: Any
    strata: np.ndarray
    drawn: np.ndarray | None
    group: np.ndarray
    notes: tuple[str, ...]


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


def answers(study: Study, model: PathModel, *, missing: str = "listwise", by: str = "") -> Answers:
    """Read the items of ``model`` (and design and group columns) and turn them so that high is best."""
    one_of("missing", missing, MISSING)
    found = sample(study, model.items, other=[by] if by else [])
    if by:
        found = found.keep(~pd.isna(found.other[by]))
    fields = [study.field(i) for i in model.items]
    low, high = np.array([[f.scale.minimum, f.scale.maximum] for f in fields], float).T
    x = found.matrix(model.items)
    for j, f in enumerate(fields):
        if f.scale.best == "low":
            x[:, j] = low[j] + high[j] - x[:, j]
    x, kept, notes = _complete(x, missing)
    turned = [f.name for f in fields if f.scale.best == "low"]
    notes += (f"Turned round, because their lowest code is best: {', '.join(turned)}.",) if turned else ()
    _checked(x, model)
    found = found.keep(kept)
    strata, labels = (np.zeros(len(x), int), [""]) if found.strata is None else (found.strata, found.strata_names)
    drawn = None if study.drawn is None else of_strata(study.drawn, labels)
    group = found.other[by] if by else np.zeros(len(x), int)
    return Answers(x, low, high, found.w, found.cluster, strata, drawn, group, (*found.notes, *notes))


def _complete(x: np.ndarray, missing: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    gaps = np.isnan(x)
    if missing == "mean":
        kept = ~gaps.all(axis=1)
        x = np.where(gaps, np.nanmean(x[kept], axis=0) if kept.any() else np.nan, x)[kept]
        filled = int(gaps[kept].sum())
        return x, kept, (f"{filled:,} missing answers replaced by the item's mean.",) if filled else ()
    kept = ~gaps.any(axis=1)
    lost = int(len(x) - kept.sum())
    return x[kept], kept, (f"{lost:,} of {len(x):,} respondents left out: an item without answer.",) if lost else ()


def _checked(x: np.ndarray, model: PathModel) -> None:
    if len(x) < 10:
        raise DataProblem(
            f"{model.name} needs complete answers; {len(x)} respondents have them. missing='mean' keeps those with gaps"
        )
    flat = [item for item, column in zip(model.items, x.T, strict=True) if np.ptp(column) == 0]
    if flat:
        raise DataProblem(
            f"everybody gave the same answer to {', '.join(flat)}; an item without variance has no weight, leave it out"
        )
