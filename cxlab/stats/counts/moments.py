"""Moment matrices in one lazy scan: all that linear models need of the data, whatever their size.

Products are summed in double precision: over pieces of rows where the table lives in this process, by expressions
where it does not. Sums of whole numbers are exact; for columns whose spread
is tiny beside their mean a second scan sums products of deviations instead (`SPREAD`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.problem import NEGATIVE, DataProblem
from cxlab.stats.counts.batches import Pieces, batches, encoded, local, numbers
from cxlab.stats.counts.dense_totals import Numbered

SPREAD = 1e5
"""When mean**2 exceeds variance times this, sums of products lose five digits and the data are scanned again."""


@dataclass(frozen=True)
class Moments:
    """Sums of weighted products of z = (1, x - shift) by group.

    Parameters
    ----------
    names : the columns, '1' first; q in all.
    matrix : (G, q, q), sum of w z z' of each group.
    keys : (G, ...) the groups, one row each; without columns when there is one group.
    n : (G,) rows used. ``w2`` : (G,) sum of squared weights.
    shift : (q,) what was taken off each column before multiplying.
    lost : rows left out because a value, group or weight is missing or a weight is zero.
    totals : totals of z by a whole number, where they were asked for and can be had.
    """

    names: tuple[str, ...]
    matrix: np.ndarray
    keys: pd.DataFrame
    n: np.ndarray
    w2: np.ndarray
    shift: np.ndarray
    lost: int = 0
    totals: Numbered | None = None

    @property
    def total(self) -> np.ndarray:
        """The sum over all groups, shape (q, q)."""
        return self.matrix.sum(axis=0)

    def means_to_take_off(self) -> np.ndarray:
        """Return the mean of each column that is far larger than its spread, else 0: shape (q,)."""
        total = self.total
        mean = total[0] / total[0, 0]
        spread = np.diag(total) / total[0, 0] - mean**2
        far = mean**2 > SPREAD * np.maximum(spread, 1e-300)
        far[0] = False
        return np.where(far, mean, 0.0)

    def covariance(self) -> np.ndarray:
        """Return the weighted covariance matrix of the columns (divisor: sum of weights), without the leading '1'."""
        total = self.total
        mean = total[0, 1:] / total[0, 0]
        return total[1:, 1:] / total[0, 0] - np.outer(mean, mean)


def moments(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    *,
    by: Mapping[str, nw.Expr] | None = None,
    weight: nw.Expr | None = None,
    shift: np.ndarray | None = None,
    totals: str = "",
) -> Moments:
    """Sum weighted products of all pairs of columns, overall or by group.

    Parameters
    ----------
    frame : lazy frame with one row an answer sheet.
    columns : numeric expressions by name; rows with a missing one are left out and counted.
    by : expressions of the groups by name: segments, clusters or replicate groups.
    weight : positive weights, or None for 1 each; rows with weight zero are left out and counted.
    shift : what to take off each of (1, columns) first; default nothing, or their means where they need it.
    totals : column of whole numbers by which the columns are summed besides, in the same scan; only of rows of weight 1
        each that live in this process. Rows where it is missing are left out.

    Raises
    ------
    DataProblem : no row is complete, a weight is negative, or a value is infinite.
    """
    by = dict(by or {})
    if shift is not None:
        return _sums(frame, columns, by, weight, np.asarray(shift, float), totals)
    found = _sums(frame, columns, by, weight, np.zeros(len(columns) + 1), totals)
    off = found.means_to_take_off()
    return _sums(frame, columns, by, weight, off, totals) if off.any() else found


def usable(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], by: Mapping[str, nw.Expr], weight: nw.Expr | None
) -> nw.LazyFrame:
    """Return the rows in which every column, group and weight is there and the weight is not zero."""
    schema = frame.select(*(e.alias(f"_g{i}") for i, e in enumerate(by.values()))).collect_schema() if by else {}
    conditions = [~e.is_null() for e in by.values()]
    conditions += [~e.is_nan() for i, e in enumerate(by.values()) if schema[f"_g{i}"].is_float()]
    numbers = [e.cast(nw.Float64) for e in columns.values()]
    numbers += [weight.cast(nw.Float64)] if weight is not None else []
    if numbers:  # a sum is missing when one of its terms is, and NaN when one of them is
        whole = reduce(add, numbers)
        conditions += [~whole.is_null(), ~whole.is_nan()]
    if weight is not None:
        conditions.append(weight != 0)
    return frame.filter(*conditions) if conditions else frame


def _complete(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], by: Mapping[str, nw.Expr], weight: nw.Expr | None
) -> nw.LazyFrame:
    """Return the usable rows with columns ``_x0, _x1, ...``, groups ``_g0, ...`` and, if given, weight ``_w``."""
    kept = {f"_x{i}": e.cast(nw.Float64) for i, e in enumerate(columns.values())}
    kept |= {f"_g{i}": e for i, e in enumerate(by.values())}
    kept |= {"_w": weight.cast(nw.Float64)} if weight is not None else {}
    rows = frame.select(*(e.alias(k) for k, e in kept.items()))
    named = {k: nw.col(k) for k in kept}
    x = {k: e for k, e in named.items() if k.startswith("_x")}
    return usable(rows, x, {k: e for k, e in named.items() if k.startswith("_g")}, named.get("_w"))


def _sums(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    by: Mapping[str, nw.Expr],
    weight: nw.Expr | None,
    shift: np.ndarray,
    totals: str,
) -> Moments:
    here = local(frame)
    if not (totals and here and weight is None and not by and frame.collect_schema()[totals].is_integer()):
        totals = ""
    given = (frame, columns, by, weight, shift)
    keys, matrix, n, w2, least, every, beside = _sums_here(*given, totals) if here else _sums_there(*given)
    if n.sum() == 0:
        raise DataProblem(f"none of {every:,} rows has all of {', '.join(columns)}; leave out what was hardly answered")
    if least < 0:
        raise DataProblem(NEGATIVE)
    if not np.isfinite(matrix).all():
        bad = [c for i, c in enumerate(columns) if not np.isfinite(matrix[:, i + 1, i + 1]).all()]
        raise DataProblem(f"{', '.join(bad)} has infinite values; recode them or leave those rows out")
    return Moments(("1", *columns), matrix, keys, n, w2, np.asarray(shift), every - int(n.sum()), beside)


def _sums_here(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    by: Mapping[str, nw.Expr],
    weight: nw.Expr | None,
    shift: np.ndarray,
    totals: str = "",
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, float, int, Numbered | None]:
    """Sum by matrix products over pieces of rows, for each group of the piece."""
    q, every = len(columns) + 1, 0
    found, beside = Pieces(list(by), q), Numbered(q) if totals else None
    asked = {**columns, "_number": nw.col(totals)} if totals else columns
    for z, codes, keys, rows in _read(frame, asked, by, weight):
        every += rows
        if z.shape[1] == 0:
            continue
        x, w = z[:q], None if weight is None else z[-1]
        if shift.any():
            x -= shift[:, None]
        found.add(keys, codes, x, w)
        if beside is not None:
            beside.add(z[q], x)
    return *found.result(), every, None if beside is None or beside.sums is None else beside


def _read(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], by: Mapping[str, nw.Expr], weight: nw.Expr | None
) -> Iterator[tuple[np.ndarray, np.ndarray, pd.DataFrame, int]]:
    """Yield the complete rows of every piece (1, columns, weight if any), their groups, and how many rows it had."""
    wanted = {f"_x{i}": e for i, e in enumerate(columns.values())} | ({"_w": weight} if weight is not None else {})
    asked = wanted | {f"_g{i}": e for i, e in enumerate(by.values())}
    for piece in batches(frame, asked or {"_": nw.lit(1.0)}):
        z = np.empty((len(wanted) + 1, piece.num_rows))
        z[0] = 1.0
        for i in range(len(wanted)):
            z[i + 1] = numbers(piece.column(i))
        codes, keys = encoded([piece.column(len(wanted) + i) for i in range(len(by))], piece.num_rows)
        missing = np.isnan(z.sum(axis=0)).any() or (weight is not None and not z[-1].all()) or (codes < 0).any()
        if missing:
            there = ~np.isnan(z).any(axis=0) & (codes >= 0) & (z[-1] != 0 if weight is not None else True)
            z, codes = z[:, there], codes[there]
        yield z, codes, keys, piece.num_rows


def score_products(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], slope: np.ndarray, *, weight: nw.Expr | None = None
) -> np.ndarray:
    """Return the sum of (w e)**2 z z' with z = (1, columns) and e = z'slope, shape (q, q), of a table in this process.

    The rows are those of `moments`; e is computed from the pieces, so that nothing but the columns is read.
    """
    total = np.zeros((len(slope), len(slope)))
    for z, _, _, _ in _read(frame, columns, {}, weight):
        x = z[: len(slope)]
        e = slope @ x
        x *= e if weight is None else e * z[-1]
        total += x @ x.T
    return total


def score_products_by(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    slopes: Callable[[pd.DataFrame], np.ndarray],
    *,
    by: Mapping[str, nw.Expr],
    weight: nw.Expr | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Do what `score_products` does by group, with a slope for each: groups (G rows) and products (G, q, q).

    ``slopes``: gives the slopes (g, q) of groups, columns named as ``by``.
    """
    q = len(columns) + 1
    found = Pieces(list(by), q)
    for z, codes, keys, _ in _read(frame, columns, by, weight):
        if z.shape[1] == 0:
            continue
        of = slopes(keys.rename(columns=dict(enumerate(by))))
        e = np.einsum("qn,qn->n", of.T[:, codes], z[:q])
        e = e if weight is None else e * z[-1]
        found.add(keys, codes, z[:q], e * e)
    keys, products, *_ = found.result()
    return keys, products


def cluster_score_products(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    slope: np.ndarray,
    *,
    cluster: str,
    weight: nw.Expr | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float] | None:
    """Sum w e z by cluster with z = (1, columns) and e = z'slope, over pieces of a table in this process.

    Returns
    -------
    As `cluster_products`, of one stratum and without its name; None where clusters are not whole numbers of small
    range (`Numbered`).
    """
    if not local(frame) or not frame.collect_schema()[cluster].is_integer():
        return None
    q, totals = len(slope), Numbered(len(slope) + 1)
    for z, _, _, _ in _read(frame, {**columns, "_cluster": nw.col(cluster)}, {}, weight):
        x, number = z[:q], z[q].copy()
        e = slope @ x
        x *= e if weight is None else e * z[-1]
        z[q] = 1.0
        if not totals.add(number, z[: q + 1]):
            return None
    u, rows = totals.sums[:-1], totals.sums[-1]
    return u.sum(axis=1)[None], (u @ u.T)[None], np.array([float((rows > 0).sum())]), float(rows.sum())


def _sums_there(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    by: Mapping[str, nw.Expr],
    weight: nw.Expr | None,
    shift: np.ndarray,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, float, int, None]:
    """Sum by expressions where the data lie."""
    rows = _complete(frame, columns, by, weight)
    groups = [f"_g{i}" for i in range(len(by))]
    w = nw.col("_w") if weight is not None else None
    z = [nw.col(f"_x{i}") - float(s) if s else nw.col(f"_x{i}") for i, s in enumerate(shift[1:])]
    pairs = [(i, j) for i in range(len(z)) for j in range(i, len(z))]
    wz = z if w is None else [w * e for e in z]
    sums = [nw.len().alias("n"), *(e.sum().alias(f"a{i}") for i, e in enumerate(wz))]
    sums += [(wz[i] * z[j]).sum().alias(f"m{k}") for k, (i, j) in enumerate(pairs)]
    if w is not None:
        sums += [w.sum().alias("w"), (w * w).sum().alias("w2"), w.min().alias("least")]
    table = _collect(rows.group_by(*groups).agg(*sums).sort(*groups) if groups else rows.select(*sums))
    n = table["n"].to_numpy(float)
    q = len(z) + 1
    matrix = np.empty((len(table), q, q))
    matrix[:, 0, 0] = n if w is None else table["w"]
    matrix[:, 0, 1:] = matrix[:, 1:, 0] = table[[f"a{i}" for i in range(q - 1)]].to_numpy(float)
    for k, (i, j) in enumerate(pairs):
        matrix[:, i + 1, j + 1] = matrix[:, j + 1, i + 1] = table[f"m{k}"]
    keys = table[groups].rename(columns=dict(zip(groups, by, strict=True)))
    least = np.inf if w is None or not n.sum() else table["least"].min()
    every = int(_collect(frame.select(nw.len().alias("n")))["n"].iloc[0])
    return keys, matrix, n, n if w is None else table["w2"].to_numpy(float), least, every, None


def cluster_products(
    frame: nw.LazyFrame, scores: Sequence[nw.Expr], *, cluster: nw.Expr, strata: nw.Expr | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, list]:
    """Sum row scores by cluster and return sums and products of the cluster totals by stratum.

    Only one row a stratum travels: (H, p) sums of totals, (H, p, p) sums of their products, (H,) clusters;
    the number of rows that have a cluster and a stratum; and the strata ('' without them).
    """
    p, keys = len(scores), ["_c"] if strata is None else ["_h", "_c"]
    named = {f"_s{i}": s.cast(nw.Float64) for i, s in enumerate(scores)} | {"_c": cluster}
    named |= {} if strata is None else {"_h": strata}
    rows = frame.select(*(e.alias(k) for k, e in named.items()))
    totals = rows.group_by(*keys).agg(nw.len().alias("_n"), *(nw.col(f"_s{i}").sum() for i in range(p)))
    totals = totals.filter(*(~nw.col(k).is_null() for k in keys))
    pairs = [(i, j) for i in range(p) for j in range(i, p)]
    squares = [(nw.col(f"_s{i}") * nw.col(f"_s{j}")).alias(f"p{k}") for k, (i, j) in enumerate(pairs)]
    summed = [f"_s{i}" for i in range(p)] + [f"p{k}" for k in range(len(pairs))] + ["_n"]
    sums = [nw.len().alias("m"), *(nw.col(c).sum() for c in summed)]
    totals = totals.with_columns(*squares)
    table = _collect(totals.select(*sums) if strata is None else totals.group_by("_h").agg(*sums).sort("_h"))
    products = np.empty((len(table), p, p))
    for k, (i, j) in enumerate(pairs):
        products[:, i, j] = products[:, j, i] = table[f"p{k}"]
    named = [""] if strata is None else table["_h"].tolist()
    return table[summed[:p]].to_numpy(float), products, table["m"].to_numpy(float), float(table["_n"].sum()), named


def _collect(lazy: nw.LazyFrame) -> pd.DataFrame:
    return lazy.collect().to_pandas()
