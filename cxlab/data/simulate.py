"""Survey data whose truth is known, at any size: `simulate` in memory, `to_parquet` streamed to a file."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cxlab.data import engine
from cxlab.data.arguments import public
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.population import OUTCOMES, Population
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown

CHUNK = 1 << 18
"""Answers asked for in one piece; each piece has a random stream of its own, so threads change nothing."""


@dataclass(frozen=True, repr=False)
class Simulation(Study):
    """A simulated study; `population` holds what is true of it."""

    population: Population = field(default_factory=Population)

    @property
    def truth(self) -> dict[str, Any]:
        """What an analysis should find.

        ``nps`` of the whole population, ``cells`` (table of NPS, mean satisfaction, ... by brand, segment and wave),
        ``drivers`` (contribution of every answer), ``slopes`` (latent effect per scale point of linear drivers),
        ``coefficients`` (the same in units of the outcomes' noise: what an ordinal probit estimates when ``direct``
        is 0), and the function ``moments`` (mean, covariance; see `Population.moments`).
        """
        p = self.population
        linear = {k: float(f[1] - f[0]) for k, f in p.effects.items() if np.allclose(np.diff(f), f[1] - f[0])}
        return {
            "nps": p.nps,
            "cells": p.table.copy(),
            "drivers": {k: f.copy() for k, f in p.effects.items()},
            "slopes": linear,
            "coefficients": {k: v / p.noise for k, v in linear.items()},
            "moments": lambda: p.moments,
        }


@public
def simulate(n: int = 10_000, *, seed: int = 0, **population: Any) -> Simulation:
    """Return simulated answers of ``n`` occasions on which customers were asked.

    Parameters
    ----------
    n : occasions asked; with ``response`` below 1 fewer answer.
    seed : the same seed gives the same data, here and in `to_parquet`, whatever the number of cores.
    population : any field of `Population`: ``brands, segments, waves, drivers, points, halo, direct, noise, nps,
        cluster_size, icc, missing, response, brand_shares, segment_shares, spread, trend``.

    Returns
    -------
    Simulation : a `Study` (marked simulated) with columns ``respondent`` (cluster if ``cluster_size`` is above 1),
    ``brand``, ``segment``, ``wave``,
    ``weight`` (only with ``segment_shares``), the touchpoints, ``satisfaction`` (1 to 5), ``recommend`` (0 to 10);
    its ``truth`` says what is true.

    Raises
    ------
    DataProblem : ``n`` is below 1, or an option is none of `Population`.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(1000, seed=1, brands=3, nps=30, cluster_size=2)
    >>> study.design.cluster, study.truth["nps"]
    ('respondent', 30)
    """
    import polars as pl

    world = _population(population)
    table = pa.concat_tables([piece for _, piece in _pieces(world, n, seed)]).unify_dictionaries()
    frame = pl.from_arrow(table).with_columns(pl.col("brand", "segment").cast(pl.String))
    return Simulation(frame, codebook(world), population=world)


def to_parquet(path: str | Path, n: int, *, seed: int = 0, progress: bool = True, **population: Any) -> Simulation:
    """Stream the answers of `simulate` to a Parquet file; memory does not grow with ``n``.

    The file appears when it is complete; an interrupted run leaves nothing.

    Returns
    -------
    Simulation : the study over the file as a DuckDB relation.
    """
    import pyarrow.parquet as pq
    from tqdm.auto import tqdm

    world, path = _population(population), Path(path)
    part = path.with_name(path.name + ".part")
    writer = None
    try:
        with tqdm(total=n, unit="row", unit_scale=True, disable=not progress or n < 20 * CHUNK, desc=path.name) as bar:
            for size, piece in _pieces(world, n, seed):
                writer = writer or pq.ParquetWriter(part, piece.schema, compression="snappy", write_statistics=False)
                writer.write_table(piece, row_group_size=CHUNK)
                bar.update(size)
        writer.close()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return Simulation(engine.connect().read_parquet(engine.one_file(path)), codebook(world), population=world)


simulate.to_parquet = to_parquet  # one import serves a notebook: cx.simulate.to_parquet(...)


def codebook(world: Population) -> Codebook:
    """Return the codebook of a population's simulated survey."""
    scale = Scale(1, world.points)
    book = [
        Field("respondent", "Respondent", "integer", role="cluster" if world.cluster_size > 1 else "id"),
        Field("brand", "Brand", "string", role="brand"),
        Field("segment", "Segment", "string", role="segment"),
        Field("wave", "Wave", "integer" if all(isinstance(w, int) for w in world.wave) else "string", role="wave"),
    ]
    if world.segment_shares:
        book.append(Field("weight", "Design weight", "number", role="weight"))
    book += [Field(t, t.capitalize(), "integer", role="touchpoint", scale=scale) for t in world.effects]
    book += [
        Field("satisfaction", "Satisfaction", "integer", role="outcome", measure="satisfaction", scale=Scale(1, 5)),
        Field("recommend", "Recommendation", "integer", role="outcome", measure="recommendation", scale=Scale(0, 10)),
    ]
    said = "simulated: touchpoints share a general impression; outcomes follow the touchpoints with known effects"
    design = "panel" if world.cluster_size > 1 and len(world.wave) > 1 else "cross-section"
    return Codebook("simulated", tuple(book), title="Simulated survey", simulated=True, notes=(said,), design=design)


KEPT = 32
"""Worlds kept with their cuts solved: whoever draws from one again need not solve them anew."""
_kept: dict[bytes, Population] = {}


def _population(given: dict[str, Any]) -> Population:
    """Return the population with these fields; one asked for before is the same object, its cuts solved."""
    allowed = [f.name for f in fields(Population)]
    for name in given:
        if name not in allowed:
            raise unknown("option", name, "cxlab.data.population.Population", allowed)
    key = pickle.dumps(given)  # with the order of brands and drivers, which equality would pass over
    if key not in _kept:
        world = Population(**pickle.loads(key))  # a copy: what the caller changes later is not of this world
        if len(_kept) >= KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = world
    return _kept[key]


def _pieces(world: Population, n: int, seed: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield (occasions asked, answers) in order, made on all cores, a few pieces ahead."""
    if n < 1:
        raise DataProblem(f"n is {n}; ask at least one customer")
    step = max(CHUNK // world.cluster_size, 1) * world.cluster_size
    starts = deque(range(0, n, step))
    world.outcome_cuts  # noqa: B018  # solved once, before the threads
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        ahead: deque = deque()
        while starts or ahead:
            while starts and len(ahead) <= cores:
                start = starts.popleft()
                ahead.append((min(step, n - start), pool.submit(_piece, world, start, min(step, n - start), seed)))
            size, piece = ahead.popleft()
            yield size, piece.result()


def _piece(world: Population, start: int, n: int, seed: int) -> pa.Table:
    """Return the answers of occasions ``start`` to ``start + n``."""
    rng = np.random.default_rng([seed, start])
    m = world.cluster_size
    people = -(-n // m)
    person = np.repeat(np.arange(people), m)[:n] if m > 1 else np.arange(n)
    cell, wave = _cells(world, rng, people, person)
    shift = world.cells["shift"].to_numpy(np.float32).reshape(len(world.brand), -1, len(world.wave))
    own = shift[:, :, 0].ravel()[cell][person] if m > 1 else shift[:, :, 0].ravel()[cell]
    if len(world.wave) > 1:
        own = own + (shift[0, 0] - shift[0, 0, 0])[wave]
    halo = _shared(world, rng, people, person)
    columns, total = _touchpoints(world, rng, halo, own)
    if world.direct:
        total += np.float32(world.direct) * halo
    for name, (low, _) in OUTCOMES.items():
        latent = total + np.float32(world.noise) * _shared(world, rng, people, person)
        columns[name] = _cut(latent, world.outcome_cuts[name]) + np.int16(low)
    table = {"respondent": (start // m + person).astype(np.int64), **_labels(world, cell, person, wave), **columns}
    there = None
    if world.chance.min() < 1:
        there = rng.random(n, dtype=np.float32) < world.chance.astype(np.float32)[columns["recommend"]]
    out = pa.table(table)
    return out if there is None else out.filter(pa.array(there))


def _cells(
    world: Population, rng: np.random.Generator, people: int, person: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw brand x segment of every respondent and the wave of every answer (of every respondent's each)."""
    brand = world.cells.groupby("brand", sort=False)["sampled"].sum().to_numpy()
    at = np.repeat(brand / len(world.segment), len(world.segment))
    if np.allclose(at, at[0]):
        cell = rng.integers(0, len(at), people, dtype=np.int32)
    else:
        cell = np.searchsorted(np.cumsum(at)[:-1], rng.random(people), side="right").astype(np.int32)
    return cell, rng.integers(0, len(world.wave), len(person), dtype=np.int32)


def _shared(world: Population, rng: np.random.Generator, people: int, person: np.ndarray) -> np.ndarray:
    """Draw standard normals whose share ``icc`` is the respondent's own, the same in all answers."""
    own = rng.standard_normal(len(person), dtype=np.float32)
    if world.cluster_size == 1 or world.icc == 0:
        return own
    common = rng.standard_normal(people, dtype=np.float32)
    return np.float32(np.sqrt(world.icc)) * common[person] + np.float32(np.sqrt(1 - world.icc)) * own


def _touchpoints(
    world: Population, rng: np.random.Generator, halo: np.ndarray, shift: np.ndarray
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the answers to every touchpoint and the sum of their contributions."""
    columns: dict[str, Any] = {}
    total = np.zeros(len(halo), np.float32)
    common = (np.float32(np.sqrt(world.halo)) * halo + shift) / np.float32(np.sqrt(1 - world.halo))
    cuts = world.cuts / np.sqrt(1 - world.halo)
    for name, f in world.effects.items():
        x = _cut(common + rng.standard_normal(len(halo), dtype=np.float32), cuts)
        part = f.astype(np.float32)[x]
        x += np.int16(1)
        if world.missing:
            unused = rng.random(len(halo), dtype=np.float32) < world.missing
            part[unused] = 0
            columns[name] = pa.array(x, mask=unused)
        else:
            columns[name] = x
        total += part
    return columns, total


def _cut(latent: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the number of cuts below each value."""
    out = np.zeros(len(latent), np.int16)
    for c in cuts.astype(np.float32):
        out += latent > c
    return out


def _labels(world: Population, cell: np.ndarray, person: np.ndarray, wave: np.ndarray) -> dict[str, Any]:
    """Return brand, segment, wave and weight of every answer."""
    cell = cell[person] if world.cluster_size > 1 else cell
    brand, segment = np.divmod(cell, len(world.segment))
    pick = lambda index, of: pa.DictionaryArray.from_arrays(index.astype(np.int32), pa.array(list(of)))  # noqa: E731
    waves = list(world.wave)
    wave_column = np.asarray(waves, np.int16)[wave] if all(isinstance(w, int) for w in waves) else pick(wave, waves)
    out = {"brand": pick(brand, world.brand), "segment": pick(segment, world.segment), "wave": wave_column}
    if world.segment_shares:
        share = np.asarray(world.segment_shares, float)
        out["weight"] = (share / share.sum() * len(share))[segment]
    return out
