"""The answers a path model needs, as arrays: complete, within their scale, all with high = best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

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
    d = study.design
    extra = [c for c in (d.weight, d.cluster, d.strata, by) if c]
    wanted = list(dict.fromkeys([*model.items, *extra]))
    table = study.frame.select(*wanted).collect().to_pandas()
    fields = [study.field(i) for i in model.items]
    low, high = np.array([[f.scale.minimum, f.scale.maximum] for f in fields], float).T
    x = table[list(model.items)].apply(pd.to_numeric, errors="coerce").to_numpy(float, copy=True)
    outside = (x < low) | (x > high)
    x[outside] = np.nan
    for j, f in enumerate(fields):
        if f.scale.best == "low":
            x[:, j] = low[j] + high[j] - x[:, j]
    weight = table[d.weight].to_numpy(float) if d.weight else np.ones(len(table))
    usable = np.isfinite(weight) & (weight > 0)
    usable &= table[by].notna().to_numpy() if by else True
    x, kept, notes = _complete(x, usable, missing)
    if outside.any():
        notes = (f"{int(outside.sum()):,} answers outside their scale are treated as missing.", *notes)
    turned = [f.name for f in fields if f.scale.best == "low"]
    notes += (f"Turned round, because their lowest code is best: {', '.join(turned)}.",) if turned else ()
    _checked(x, model)
    table = table[kept]
    cluster = None
    if d.cluster:  # numbers that start anew in every stratum are different clusters
        cluster = table.groupby([c for c in (d.strata, d.cluster) if c], sort=False, dropna=False).ngroup().to_numpy()
    strata, labels = np.zeros(len(x), int), [""]
    if d.strata:
        strata, labels = pd.factorize(table[d.strata], use_na_sentinel=False)
    drawn = None if study.drawn is None else of_strata(study.drawn, labels)
    group = table[by].to_numpy() if by else np.zeros(len(x), int)
    return Answers(x, low, high, weight[kept], cluster, strata, drawn, group, notes)


def _complete(x: np.ndarray, usable: np.ndarray, missing: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    gaps = np.isnan(x)
    if missing == "mean":
        kept = usable & ~gaps.all(axis=1)
        x = np.where(gaps, np.nanmean(x[kept], axis=0) if kept.any() else np.nan, x)[kept]
        filled = int(gaps[kept].sum())
        return x, kept, (f"{filled:,} missing answers replaced by the item's mean.",) if filled else ()
    kept = usable & ~gaps.any(axis=1)
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
