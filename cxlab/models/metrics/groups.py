"""The groups of a comparison: estimates, covariances and pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import small_cells, waves
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import fitted_weights, registry, result_words, scan
from cxlab.models.metrics.allowed_scales import alike
from cxlab.models.metrics.scores import GROUPINGS, Score, unfolded
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.names import keys as keys_of
from cxlab.stats.inference import few_treated, inversion, proportions, shared_clusters, trinomial

MOST = 3000
"""More groups than this are not compared: their covariance matrix would not fit."""


@dataclass(frozen=True)
class Groups:
    """The groups of a comparison: their labels, score moments, estimates in the result's unit, and covariance.

    ``apart`` marks the groups that share no cluster with another; `None` without clusters. ``overlapping``: the
    question whose options they are. ``withheld``: not shown, as other parts of the study would tell a small group.
    ``keys`` are raw group values (``item`` first), ``labels`` one row a group as people read it, ``table`` their
    estimates with ``low, high``, ``cov`` in the unit squared.
    """

    keys: list[tuple]
    labels: pd.DataFrame
    moments: shared_clusters.ClusterMoments
    table: pd.DataFrame
    cov: NDArray
    notes: tuple[str, ...]
    simple: bool
    exact: Callable[..., NDArray] | None = None
    apart: NDArray | None = None
    overlapping: str = ""
    withheld: NDArray | None = None


def grouped(study: Study, score: Score, by: Sequence[str], level: float) -> Groups:
    """Return the groups that ``by`` forms for every item, with the covariances that a comparison of the last needs.

    Labels stand in the order of ``by``, with the item before them if there are several and ``by`` does not name it.
    Of a question with several answers every option is a group; they overlap, and their covariance knows it.
    """
    if name := scan.several(study, by):
        return _of_options(study, score, list(by), name, level)
    found = _counted(study, score, by)
    cov = covariance(found.moments, score, found.simple, exact=found.exact, apart=found.apart)
    made = estimated(found.keys, found.labels, found.moments, cov, score, level, found.notes, found.simple)
    return _withheld(replace(made, exact=found.exact, apart=found.apart), _told(study, score, by, found.keys))


@dataclass(frozen=True)
class Counted:
    """Groups before anything is estimated; the fields are those of `Groups`."""

    keys: list[tuple]
    labels: pd.DataFrame
    moments: shared_clusters.ClusterMoments
    notes: tuple[str, ...]
    simple: bool
    exact: Callable[..., NDArray] | None
    apart: NDArray | None


def _of_options(study: Study, score: Score, by: list[str], name: str, level: float) -> Groups:
    """The options of a question with several answers as groups: unions of the combinations that were chosen."""
    wide, options = unfolded(study, name)
    columns = [c for c in by if c not in GROUPINGS or c in study.codebook]
    combined = _counted(wide, score, [c for b in by for c in (options if b == name else [b])])
    columns, sums, _ = scan.scored(study, score, columns)
    keys, each = shared_clusters.moments(sums, ["item", *keys_of(columns)])
    place = columns.index(name) + 1
    labels = dict(zip(scan.option_labels(study, name), range(len(options)), strict=True))
    unions = np.zeros((len(keys), len(combined.keys)))
    for v, key in enumerate(keys):
        at = place + labels[key[place]]
        for u, cell in enumerate(combined.keys):
            others = (*cell[:place], *cell[place + len(options) :])
            unions[v, u] = str(cell[at]) in ("1", "1.0", "True") and others == (*key[:place], *key[place + 1 :])
    m = shared_clusters.united(combined.moments, unions)
    there = {h: i for i, h in enumerate(each.strata)}
    none = np.zeros(len(keys))
    m = replace(m, m=np.array([each.m[there[h]] if h in there else none for h in m.strata]))
    cov = covariance(m, score, combined.simple, exact=combined.exact, unions=unions)
    raw = pd.DataFrame(keys, columns=["item", *keys_of(columns)])
    table = result_words.labelled_groups(study, columns, raw)
    if len(score.items) > 1:
        table.insert(0, score.over, raw["item"])
    notes = (*combined.notes, *scan.overlap(study, by))
    made = replace(estimated(keys, table, m, cov, score, level, notes, combined.simple), overlapping=name)
    return _withheld(made, _told(study, score, by, keys))


def _counted(study: Study, score: Score, by: Sequence[str]) -> Counted:
    """The groups that ``by`` forms, counted."""
    kinds = [b for b in by if b in ("item", *GROUPINGS) and b not in study.codebook]
    if by and by[-1] in kinds:
        alike(study, score.kinds, "compared with each other")
    columns, sums, counts = scan.scored(study, score, [b for b in by if b != "item" or "item" in study.codebook])
    d = study.design
    where = {"weight": d.weight, "cluster": d.cluster, "strata": d.strata}
    shared, items = None, scan.near_zero(score, sums)
    if len(score.items) > 1 and by and by[-1] in kinds:
        shared = shared_clusters.across_items(scan.answered(study, [score], columns), items, columns, **where)
    elif d.cluster and columns:
        shared = shared_clusters.across_groups(scan.answered(study, [score], columns), items, columns, **where)
    if not len(sums):
        raise DataProblem(f"{study.name} has no rows to compare; its filters: {', '.join(study.filters) or 'none'}")
    if len(sums[["item", *keys_of(columns)]].drop_duplicates()) > MOST:
        raise DataProblem(f"by {' and '.join(by)} forms more than {MOST:,} groups, too many to compare; choose fewer")
    keys, m = shared_clusters.moments(sums, ["item", *keys_of(columns)], shared)
    raw = pd.DataFrame(keys, columns=["item", *keys_of(columns)])
    labels = result_words.labelled_groups(study, columns, raw)
    called = dict(zip(columns, labels, strict=True))
    labels.insert(0, score.over, raw["item"])
    named = [called.get(b, b) for b in by]
    labels = labels[named if kinds else [*([score.over] if len(score.items) > 1 or not by else []), *named]]
    notes = (*study.caveats, *result_words.problems(counts))
    exact = None
    if fitted_weights.applies(study, score):
        exact, m = partial(fitted_weights.covariance, study, score, columns, keys), replace(m, fitted=True)
        notes = (*notes, fitted_weights.SAID)
    simple = not (any(where.values()) or metrics.pooled(score))
    if d.cluster and columns:
        notes = (*notes, *_few_clusters(labels, m, d.cluster))
    apart = (m.shared > 0).sum(axis=1) <= 1 if d.cluster and columns else None
    return Counted(keys, labels, m, notes, simple, exact, apart)


def covariance(
    m: shared_clusters.ClusterMoments, score: Score, simple: bool, *, exact: Callable[..., NDArray] | None = None,
    unions: NDArray | None = None, apart: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Return the covariance of the groups' scores.

    Parameters
    ----------
    m : their moments.
    score : what is estimated.
    simple : whether the sample is a simple random one.
    exact : gives the covariance under fitted weights, of ``unions``.
    unions : (rows, groups) of 0 and 1: the groups that make up each row; default: each group for itself.
    apart : which of the groups share no cluster with another; few clusters then have their own k / (k - 1).
    """
    if exact is None:
        cov = shared_clusters.covariance(m, unbiased=not simple or score.shape == "mean")
    else:
        cov = exact(unions=unions)
    if apart is None:
        return cov
    share = np.sqrt(_own_factor(m, apart if unions is None else unions @ ~apart == 0))
    return cov * np.outer(share, share)


def estimated(
    keys: list[tuple], labels: pd.DataFrame, m: shared_clusters.ClusterMoments, cov: NDArray, score: Score,
    level: float, notes: Sequence[str], simple: bool,
) -> Groups:  # fmt: skip
    """Return the groups with their estimates; ``cov`` is that of `covariance`, rows after those of ``keys`` unions."""
    cells = shared_clusters.cells(m, cov)
    table, _ = metrics.measured(cells, score, registry.INTERVALS[score.shape], level, simple=simple)
    table, hidden = _shown(table, labels, keys, score)
    seen = ~(table["estimate"].isna() & (table["n"] > 0)).to_numpy()
    _, more = metrics.measured(cells[seen], score, registry.INTERVALS[score.shape], level, simple=simple)
    return Groups(keys, labels, m, table, cov * score.factor**2, (*notes, *hidden, *more), simple)


def _own_factor(m: shared_clusters.ClusterMoments, apart: NDArray) -> NDArray:
    """What few clusters of a group's own do to its variance (`few_treated.own_factor`)."""
    own, there, drawn = m.m.sum(0), (m.m > 0).sum(0), m.clusters[m.clusters > 0]
    return few_treated.own_factor(own, own - there, drawn.sum(), drawn.sum() - len(drawn), apart)


def _shown(
    table: pd.DataFrame, labels: pd.DataFrame, keys: list[tuple], score: Score
) -> tuple[pd.DataFrame, list[str]]:
    """Hide small groups and what would tell them; rows after those of ``keys`` are the unions of 'rest'."""
    k = len(keys)
    known = [c for c in labels if c not in ("item", *GROUPINGS, score.over)]
    lined = [f"_{i}" for i in range(len(known))]
    named = labels[known].astype(object).fillna("").iloc[:k].set_axis(lined, axis=1)
    own = pd.concat([table.iloc[:k], named.set_index(table.index[:k])], axis=1)
    own["_item"] = [str(key[0]) for key in keys]
    shown, notes = metrics.suppressed(own, metrics.SMALL, lined, ["_item"])
    hide = (shown["estimate"].isna() & (own["n"] > 0)).to_numpy()
    shown = shown[table.columns].assign(n=own["n"])  # `sizes` says what is published of them
    if len(table) > k:  # what is left of the total without a hidden group tells it
        rest = table.iloc[k:].copy()
        few = ((rest["n"] < metrics.SMALL) & (rest["n"] > 0)).to_numpy() | (hide if len(rest) == k else False)
        shown, hide = pd.concat([shown, rest], ignore_index=True), np.append(hide, few)
    inside = [c for c in shown if c != "n" and shown[c].dtype.kind == "f"]
    shown.loc[hide, inside] = np.nan
    return shown, notes


def _told(study: Study, score: Score, by: Sequence[str], keys: list[tuple]) -> NDArray:
    """Which groups other parts of the study would tell something of."""
    columns = scan.grouping(study, [b for b in by if b != "item" or "item" in study.codebook])
    units = pd.DataFrame(keys, columns=["item", *keys_of(columns)])
    return small_cells.withheld(study, score.items, columns, units, metrics.SMALL)


def _withheld(groups: Groups, told: NDArray | None) -> Groups:
    """Take what is told of groups, and of the rest without each, out of the table."""
    if told is None or not told.any():
        return groups
    hide = np.resize(told, len(groups.table))
    table = groups.table.copy()
    table.loc[hide, [c for c in table if c != "n" and table[c].dtype.kind == "f"]] = np.nan
    few = f"{int(told.sum())} of {len(told)} groups are not shown: {small_cells.TELLS}"
    return replace(groups, table=table, notes=(*groups.notes, few), withheld=told)


def sizes(groups: Groups) -> pd.Series:
    """Return the numbers of answers as they are shown: those of hidden groups in words."""
    hide = (groups.table["estimate"].isna() & (groups.table["n"] > 0)).to_numpy()
    return small_cells.sizes(groups.table["n"], hide, metrics.SMALL)


def published(groups: Groups) -> pd.DataFrame:
    """Return the table of the groups as it may leave the models."""
    return groups.table.assign(n=sizes(groups))


def _few_clusters(labels: pd.DataFrame, m: shared_clusters.ClusterMoments, unit: str) -> list[str]:
    """Return what is to be said of groups that are one cluster, or few, and share none with another group."""
    own, shared = np.diag(m.shared), (m.shared > 0).sum(axis=1) > 1
    names, out = labels.iloc[:, -1].astype(str).to_numpy(), []
    alone = ~shared & (own == 1)
    weak = ~shared & (own >= few_treated.LEAST) & (own < few_treated.FEW)
    clusters = int(m.clusters.sum())
    if alone.any():
        out.append(few_treated.not_estimable(names[alone], clusters, unit))
    if weak.any():
        out.append(few_treated.rests_on_few(names[weak], int(own[weak].min()), clusters, unit))
    return out


def paired(
    groups: Groups, pairs: str, by: Sequence[str], level: float, score: Score
) -> tuple[NDArray, NDArray, Groups]:
    """Return the indices of the first and second group of every pair; 'rest' adds the unions it needs."""
    names = groups.labels.columns
    blocks = groups.labels.groupby(list(names[:-1]), sort=False, dropna=False).indices if len(names) > 1 else {}
    blocks = [np.asarray(b) for b in blocks.values()] or [np.arange(len(groups.labels))]
    if max(map(len, blocks)) < 2:
        found = ", ".join(map(str, groups.labels[names[-1]].unique())) or "none"
        raise DataProblem(f"a comparison by '{names[-1]}' needs at least two groups; there are: {found}")
    if pairs == "rest":
        return _with_rest(groups, blocks, level, score)
    out: list[tuple[int, int]] = []
    for block in blocks:
        if pairs == "consecutive":
            out += list(zip(block[1:], block[:-1], strict=True))
        elif pairs == "all":
            out += [(i, j) for k, i in enumerate(block) for j in block[k + 1 :]]
        elif pairs == "ends":
            asked = [i for i in block if groups.table["n"].iloc[i] > 0]
            out += [(asked[-1], asked[0])] if len(asked) > 1 else []
        elif pairs == "first":
            out += [(i, block[0]) for i in block[1:]]
        else:
            out += _reference(groups.labels[names[-1]], block, pairs)
    first, second = np.array(out, int).reshape(-1, 2).T
    return first, second, groups


def _reference(labels: pd.Series, block: NDArray, pairs: str) -> list[tuple[int, int]]:
    here = [i for i in block if str(labels.iloc[i]) == str(pairs)]
    if not here:
        allowed = ("consecutive", "ends", "all", "first", "rest", *map(str, labels.iloc[block]))
        raise unknown("pairs", pairs, f"the groups of '{labels.name}'", allowed)
    return [(i, here[0]) for i in block if i != here[0]]


def _with_rest(groups: Groups, blocks: list[NDArray], level: float, score: Score) -> tuple[NDArray, NDArray, Groups]:
    if groups.labels.columns[-1] in ("item", "stage", "owner") and groups.keys[0][0] != groups.keys[-1][0]:
        raise DataProblem("pairs is 'rest', which compares groups of respondents; for questions use 'all' or 'first'")
    if groups.overlapping:
        raise DataProblem(
            f"pairs is 'rest', and the groups of '{groups.overlapping}' overlap; take 'all' or 'first', or compare who "
            "chose one option with who did not: by= the column of the option"
        )
    k = len(groups.labels)
    rest = np.zeros((k, k))
    for block in blocks:
        for i in block:
            rest[i, block] = 1
            rest[i, i] = 0
    unions = np.vstack([np.eye(k), rest])
    m = shared_clusters.united(groups.moments, unions)
    others = groups.labels.copy()
    others[others.columns[-1]] = "rest"
    labels = pd.concat([groups.labels, others], ignore_index=True)
    cov = covariance(m, score, groups.simple, exact=groups.exact, unions=unions, apart=groups.apart)
    both = estimated(groups.keys, labels, m, cov, score, level, groups.notes, groups.simple)
    both = _withheld(replace(both, exact=groups.exact, apart=groups.apart), groups.withheld)
    used = np.concatenate(blocks)
    return used, used + k, both


UNORDERED = "order not known"
"""The verdict on a change between waves of which nothing says which came first."""


def order_of(study: Study, wave: str, groups: Groups) -> waves.Order:
    """Return the waves that groups were formed by in their order, the last column of the groups."""
    return waves.order_of(study, wave, [k[-1] for k in groups.keys])


def unordered_note(order: waves.Order, wave: str) -> list[str]:
    """Return what must be said of changes where nothing tells the order of the waves."""
    if order.known:
        return []
    few = ", ".join(map(str, order.values[:4])) + (", ..." if len(order.values) > 4 else "")
    return [
        f"which of {few} comes first is not known, so no change is called real; give '{wave}' labels in the order of "
        "time in the codebook, or dates"
    ]


def own_df(g: Groups, score: Score) -> NDArray:
    df = g.table["df"].to_numpy(float)
    return np.full(len(df), np.inf) if g.simple and score.shape != "mean" else np.where(df >= 1, df, np.nan)


def limits_at(g: Groups, score: Score, at: NDArray, z: NDArray) -> tuple[NDArray, NDArray]:
    """Return the intervals of the groups ``at``, in the unit of the result, each at its own normal quantile ``z``.

    They are those of the table at other levels: score intervals on the effective size (for few clusters times
    (t_{n-1} / t_df)**2, Korn & Graubard 1998) for shares and net scores, Student's t for means. Where all answers of a
    group agree a mean takes the Wilson bound of the share that may still differ, each by the whole scale.
    """
    held = g.__dict__.get("_arrays")
    if held is None:  # asked for some fifty times, once a level that is tried
        columns = ("estimate", "spread", "n", "n_eff", "df", "se", "reach")
        held = g.__dict__["_arrays"] = [g.table[c].to_numpy(float) for c in columns]
    t, spread, n, n_eff, df, se, reach = (x[at] for x in held)
    t = t / score.factor
    flat = (spread <= 1e-12 * np.fmax(1, t * t)) & (n > 0)
    if score.shape == "mean":
        share = z * z / (np.where(g.simple, n, n_eff) + z * z)
        with np.errstate(invalid="ignore"):
            half = inversion.t_at(z, np.where(df >= 1, df, np.nan)) * reach * se
        least, most = score.limits
        agree = flat & np.isfinite(least + most)
        low, high = (
            np.where(agree, t - share * (t - least), t - half),
            np.where(agree, t + share * (most - t), t + half),
        )
        return low, high
    size = n_eff
    if not g.simple:
        with np.errstate(invalid="ignore", divide="ignore"):
            few = n_eff * (inversion.t_at(z, n - 1) / inversion.t_at(z, np.where(df >= 1, df, np.nan))) ** 2
        size = np.where(flat, n_eff, few / reach**2)
    if score.shape == "share":
        p = np.clip(t, 0, 1)
        low, high = proportions.wilson_at(p * size, size, z)
    else:
        net = np.clip(t, -1, 1)
        strong = np.clip(spread + net * net, np.abs(net), 1)
        low, high = trinomial.score_at(size * (strong - net) / 2, size * (1 - strong), size * (strong + net) / 2, z)
    low, high = (np.where(np.isfinite(size), x * score.factor, np.nan) for x in (low, high))
    return low, high


def tests(g: Groups, first: NDArray, second: NDArray, score: Score) -> list[str]:
    """Return a name for the hypothesis of every pair: the same for the same two sets of answers, whichever is first.

    Groups beyond the keys are the others of 'rest', in the order of the keys.
    """
    k, blocks = len(g.keys), dict[tuple, list[int]]()
    for i, key in enumerate(g.keys):
        blocks.setdefault(key[:-1], []).append(i)

    def named(i: int) -> str:
        if i < k:
            return repr(g.keys[i])
        others = [j for j in blocks[g.keys[i - k][:-1]] if j != i - k]
        return repr(g.keys[others[0]]) if len(others) == 1 else f"not {g.keys[i - k]!r}"

    about = f"{score.metric} {score.method} {list(g.labels.columns)!r}"
    pairs = (sorted((named(int(i)), named(int(j)))) for i, j in zip(first, second, strict=True))
    return [blake2b("|".join([about, *pair]).encode(), digest_size=6).hexdigest() for pair in pairs]
