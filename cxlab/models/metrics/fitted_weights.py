"""Metrics whose weights were made in this session (`cx.rake`, `cx.designs.poststratify`): the margins do not vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.metrics import calibrated_sums
from cxlab.models.metrics.calibrated_sums import plain
from cxlab.models.metrics.scores import Score
from cxlab.stats.counts.batches import local
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.inference import calibrated

SAID = "weights fitted to margins: linearised with the margins known"


def applies(study: Study, score: Score) -> bool:
    """Whether the study's weights were fitted in this session and each item is one question."""
    made = study.calibration
    return made is not None and made.weight == study.design.weight and all(len(e) == 1 for e in score.items.values())


def covariance(
    study: Study, score: Score, by: Sequence[str], keys: Sequence[tuple], *, unions: NDArray | None = None,
    population: Mapping | float | None = None,
) -> NDArray:  # fmt: skip
    """Return the covariance matrix of the means of the groups ``keys`` = (item, *values of ``by``), in that order.

    ``unions`` : (V, U) is 1 where group u belongs to union v; then the matrix is that of the unions.
    """
    made, d = study.calibration, study.design
    whole = _whole(study)
    held = {f"_g{i}": nw.col(c) for i, c in enumerate(by)}
    held |= {f"_s{i}": e[0].cast(nw.Float64) for i, e in enumerate(score.items.values())}
    own = _answers(study, [*by, *score.columns]).select(*(e.alias(k) for k, e in (_design(study) | held).items()))
    every = _answers(whole, []).select(*(e.alias(k) for k, e in _design(whole).items()))
    if d.cluster and not local(own):  # clusters of an engine elsewhere: their distinct rows
        return _of_distinct(study, score, by, keys, unions, population)
    margins = tuple(tuple(f"_m{i}_{j}" for j in range(len(m))) for i, m in enumerate(made.margins))
    items = tuple(f"_s{i}" for i in range(len(score.items)))
    frames = calibrated_sums.Frames(
        every, own, margins, tuple(f"_g{i}" for i in range(len(by))), items, study.whole is None
    )
    return calibrated_sums.covariance(study, score, frames, by, keys, unions, population)


def _of_distinct(
    study: Study, score: Score, by: Sequence[str], keys: Sequence[tuple], unions: NDArray | None,
    population: Mapping | float | None,
) -> NDArray:  # fmt: skip
    """The same from the distinct rows in memory."""
    groups = {f"_g{i}": nw.col(c) for i, c in enumerate(by)}
    scores = {f"_s{i}": e[0] for i, e in enumerate(score.items.values())}
    frame = _answers(study, [*by, *score.columns])
    both, own, drawn, taken = sheets(study, frame, groups | scores, population)
    at = {name: i for i, name in enumerate(score.items)}
    values = [(code, [*map(plain, labels)]) for code, labels in (_numbered(own[g]) for g in groups)]
    members, given = [], []
    for item, *group in keys:
        s = own[f"_s{at[item]}"].to_numpy(float)
        mine = ~np.isnan(s)
        for (code, labels), value in zip(values, group, strict=True):
            mine &= np.array([v == plain(value) for v in labels], bool)[code]
        members.append(np.flatnonzero(mine))
        given.append(s[members[-1]])
    if unions is not None:
        parts = [np.flatnonzero(row) for row in unions]
        members, given = ([np.concatenate([x[u] for u in part]) for part in parts] for x in (members, given))
    return calibrated.covariance(*both, members, given, drawn, taken)


def sheets(
    study: Study, frame: nw.LazyFrame, more: Mapping[str, nw.Expr], population: Mapping | float | None
) -> tuple[list[calibrated.Rows], pd.DataFrame, NDArray, NDArray]:
    """Return what `calibrated.covariance` takes of a domain: (whole, own), the table of its distinct rows, the units
    drawn in each stratum, and the share of the population that they are.

    Parameters
    ----------
    frame : the rows of the domain; ``more`` : what else is asked of each, by name.
    """
    whole_study = _whole(study)
    own = _rows(study, frame, more)
    whole = _rows(whole_study, _answers(whole_study, []), {})
    margins = [[f"_m{i}_{j}" for j in range(len(m))] for i, m in enumerate(study.calibration.margins)]
    x_whole, levels = calibrated.categories(whole, margins)
    x_own = calibrated.categories(own, margins, levels)[0]
    strata, units = pd.factorize(whole["_h"], use_na_sentinel=False)[1], None
    if study.design.cluster:
        units = pd.MultiIndex.from_frame(whole[["_h", "_c"]].drop_duplicates())
    sides = [_sheet(t, x, strata, units) for t, x in ((whole, x_whole), (own, x_own))]
    drawn = of_strata(study.drawn, strata) if study.drawn is not None else np.array([float(whole["_n"].sum())])
    return sides, own, drawn, calibrated.fraction(strata, drawn, population)


def _answers(study: Study, columns: Sequence[str]) -> nw.LazyFrame:
    """The study's rows with its margins, its design and ``columns``."""
    made, d = study.calibration, study.design
    names = dict.fromkeys(c for m in made.margins for c in m)
    return study.answers([*names, *(c for c in (d.weight, made.base, d.cluster, d.strata) if c), *columns])


def _rows(study: Study, frame: nw.LazyFrame, more: Mapping[str, nw.Expr]) -> pd.DataFrame:
    """Return the distinct rows of a positive weight: margins, design and ``more``, with their number ``_n``."""
    kept = _design(study) | dict(more)
    rows = frame.select(*(e.alias(k) for k, e in kept.items())).filter(nw.col("_w") > 0)
    table = fetched(rows.group_by(*kept).agg(nw.len().alias("_n")), study.name, grouped=True).to_pandas()
    return table.sort_values([c for c in kept if c != "_n"], ignore_index=True, key=_sortable)


def _whole(study: Study) -> Study:
    """The whole sample, read as the codebook of its part says."""
    whole = study.whole if study.whole and study.calibration.weight in study.whole.columns else study
    return replace(whole, codebook=study.codebook)


def _design(study: Study) -> dict[str, nw.Expr]:
    """Margins, stratum, weight fitted and before, and cluster of each row."""
    made, d = study.calibration, study.design
    one = nw.col(made.base).cast(nw.Float64) if made.base else nw.lit(1.0)
    kept = {f"_m{i}_{j}": nw.col(c) for i, m in enumerate(made.margins) for j, c in enumerate(m)}
    kept |= {"_h": nw.col(d.strata) if d.strata else nw.lit(""), "_w": nw.col(d.weight).cast(nw.Float64), "_b": one}
    return kept | ({"_c": nw.col(d.cluster)} if d.cluster else {})


def _numbered(column: pd.Series) -> tuple[NDArray, pd.Index]:
    return pd.factorize(column, use_na_sentinel=False)


def _sortable(values: pd.Series) -> pd.Series:
    """Objects of several kinds have no order; their texts have."""
    return values.astype(str) if values.dtype == object else values


def _sheet(table: pd.DataFrame, x: NDArray, strata: Sequence, units: pd.MultiIndex | None) -> calibrated.Rows:
    n, w, b = (table[c].to_numpy(float) for c in ("_n", "_w", "_b"))
    stratum = pd.Index(strata).get_indexer(table["_h"])
    unit = (
        np.full(len(table), -1) if units is None else units.get_indexer(pd.MultiIndex.from_frame(table[["_h", "_c"]]))
    )
    return calibrated.Rows(n, w, b, x, stratum, unit)
