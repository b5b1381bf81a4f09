"""The index of every brand or wave with frozen weights, and its differences split into answers and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data import small_cells, waves
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.index.index_data import Answers, answers, resolved
from cxlab.models.index.pathmodel import PathModel
from cxlab.models.index.satisfaction import FEW, index_value, interval_columns
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts import covariances
from cxlab.stats.counts.names import key, shown
from cxlab.stats.paths import pls, reliability

FIGURES = ("estimate", "low", "high", "se", "own")


@public
def index_by(
    study: Study,
    by: str,
    *,
    model: str | PathModel = "ecsi",
    frozen: Any = "pooled",
    scheme: str = "path",
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    least_n: int = small_cells.SMALL,
) -> Result:
    """Return the index of the model's target for every brand or wave, with frozen weights, and split what differs.

    With weights estimated anew in every group, indices differ because answers differ *and* because weights do. Here all
    groups have the same frozen weights; ``parts["split"]`` gives, against the reference, the part of the difference due
    to the answers (at frozen weights) and the part due to the group's own weights; the two add up to the difference.

    Parameters
    ----------
    by : column of brands or waves.
    frozen : 'pooled' (weights and reference from all groups together), or the group whose weights are kept.
    model : 'ecsi', 'acsi' or a model of `cxlab.indices.path_model`.
    scheme : inner weighting: 'path', 'factorial' or 'centroid'.
    draws : bootstrap samples of respondents (or clusters).
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.
    least_n : groups with fewer answers are counted but not estimated.

    Returns
    -------
    Result of kind 'index_by', one row a group: ``estimate`` at frozen weights, ``own`` with the group's own weights.
    Clusters that occur in several groups (a panel) are resampled together.

    Raises
    ------
    DataProblem : a column or scheme is not there, or ``frozen`` is neither 'pooled' nor a group.

    Examples
    --------
    >>> import cxlab as cx
    >>> lines = ("Quality =~ service + price", "Satisfaction =~ satisfaction", "Satisfaction ~ Quality")
    >>> model = cx.indices.path_model("\\n".join(lines))
    >>> found = cx.indices.index_by(cx.load("brand-tracker"), "mode", model=model, draws=50)
    >>> found.table["estimate"].round(1).tolist()
    [68.7, 74.3]
    """
    study.field(by)
    declared, notes = resolved(study, model)
    one_of("scheme", scheme, pls.SCHEMES)
    data = answers(study, declared, by=by, seed=seed)
    labels = waves.levels(study, by, pd.unique(data.labels).tolist())
    if frozen != "pooled" and frozen not in labels:
        raise DataProblem(f"frozen is {frozen!r}; allowed: 'pooled', {', '.join(map(repr, labels))}")
    codes = pd.Categorical(data.labels, categories=labels).codes[data.group]  # of one byte where groups are few
    means, own, kept, words = _by_group(data, declared, labels, codes, (frozen, scheme, draws, seed))
    target = declared.constructs.index(declared.target)
    value, draws = _split(means, own, kept, data, declared.structure(), target)
    sizes = np.bincount(codes[codes >= 0], minlength=len(labels)).tolist()
    (called,) = shown([by], ("estimate", "low", "high", "se", "n", "own", "part"))
    table = pd.DataFrame({called: [_label(study, by, g) for g in labels]})
    table = table.assign(**interval_columns(value["frozen"], draws["frozen"], level), n=sizes, own=value["own"])
    counted = {"": [nw.col(c) for c in next(iter(declared.blocks.values()))[:1]]}
    told = small_cells.withheld(study, counted, [by], pd.DataFrame({"item": "", key(by): labels}), least_n)
    table, said = small_cells.blanked(table, least_n, FIGURES, [called], also=told)
    split = pd.concat(
        [
            table[[called]].assign(part=p, **interval_columns(value[p], draws[p], level))
            for p in ("score", "weight", "difference")
        ],
        ignore_index=True,
    )
    split.loc[np.tile(table["estimate"].isna() & ~np.isnan(value["frozen"]), 3), list(FIGURES[:-1])] = np.nan
    return Result(
        kind="index_by",
        title=f"{declared.name} index ({declared.target}) by {study.field(by).label}",
        table=table,
        unit="index",
        level=level,
        method=f"PLS, {scheme} weighting, weights frozen at {frozen}; {words}",
        notes=(
            *getattr(study, "caveats", ()),
            *notes,
            *data.notes,
            *said,
            *_thin(labels, sizes, table["n"], value["own"]),
        ),
        parts={"split": split, "frozen": str(frozen), "by": called},
    )


def _by_group(
    data: Answers, model: PathModel, labels: list[str], codes: np.ndarray, asked: tuple[str, str, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Means (1 + replicates, groups + 1, p), and each group's and the frozen unstandardised weights.

    The last "group" is the reference. Row 0 is the sample. ``asked``: frozen, scheme, replicates, seed.
    """
    frozen, scheme, replicates, seed = asked
    p, structure = len(data.low), model.structure()
    strata = codes if data.alone else data.stratum
    drawn = covariances.bootstrap_counts(strata, replicates, seed=seed)
    counts = np.vstack([np.ones(len(strata)), drawn])
    sums = [counts @ own for own in data.sums(codes, len(labels))]
    reference = sum(sums) if frozen == "pooled" else sums[labels.index(frozen)]
    mean, s = covariances.moments(np.stack([*sums, reference], axis=1), p)
    r = reliability.correlation(s)
    bad = ~np.isfinite(r).all(axis=(-2, -1))
    r[bad] = np.eye(p) + 0.1
    fit = pls.outer_weights(r, structure, scheme=scheme, iterations=300)
    v = fit.w / np.sqrt(np.einsum("...ii->...i", s))[..., None]
    v[bad | ~fit.converged] = np.nan
    return mean, v, v[:, -1], f"{replicates:,} bootstrap replicates of {data.words}, weights estimated anew"


def _split(
    mean: np.ndarray, own: np.ndarray, frozen: np.ndarray, data: Answers, structure: pls.Structure, target: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Index at frozen and at own weights, and the difference from the reference as score part plus weight part."""
    at_frozen = index_value(frozen[:, None], mean, data.low, data.high)[..., target]
    at_own = index_value(own, mean, data.low, data.high)[..., target]
    groups = {
        "frozen": at_frozen[:, :-1], "own": at_own[:, :-1],
        "score": at_frozen[:, :-1] - at_frozen[:, -1:], "weight": at_own[:, :-1] - at_frozen[:, :-1],
        "difference": at_own[:, :-1] - at_frozen[:, -1:],
    }  # fmt: skip
    return {k: v[0] for k, v in groups.items()}, {k: v[1:] for k, v in groups.items()}


def _label(study: Study, column: str, value: Any) -> Any:
    return study.field(column).labels.get(str(value), value)


def _thin(labels: list[str], sizes: Sequence[int], shown_sizes: Sequence[Any], own: np.ndarray) -> list[str]:
    notes = []
    small = [f"{g} (n = {said})" for g, n, said in zip(labels, sizes, shown_sizes, strict=True) if n < FEW]
    if small:
        notes.append(f"Few answers: {', '.join(small)}.")
    failed = [str(g) for g, v in zip(labels, own, strict=True) if np.isnan(v)]
    if failed:
        notes.append(f"No weights of their own (they did not settle, or one is negative): {', '.join(failed)}.")
    return notes
