"""Streams of answers with known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def made(
    days: int = 180,
    per: int = 40,
    *,
    brands: tuple[str, ...] = ("Alba",),
    fall: dict[str, tuple[int, float]] | None = None,
    seed: int = 1,
    channel: tuple[float, float] = (0.5, 0.5),
    brand: str = "brand",
) -> cx.Study:
    """A recommendation by day; ``fall``: brand → (day, NPS in hundredths); ``channel``: share of calls at both ends."""
    rng, rows = np.random.default_rng(seed), []
    for name in brands:
        when, size = (fall or {}).get(name, (days, 0.0))
        for t in range(days):
            calls = rng.random(per) < np.interp(t, [0, days - 1], channel)
            up = 0.45 - 0.2 * calls - (size / 2 if t >= when else 0)
            u = rng.random(per)
            answer = np.where(u < up, 10, np.where(u < up + 0.35, 8, 3))
            day = pd.Timestamp("2025-01-06") + pd.Timedelta(days=t)
            rows.append(
                pd.DataFrame({"date": day, brand: name, "channel": np.where(calls, "call", "web"), "ltr": answer})
            )
    table = pd.concat(rows, ignore_index=True)
    fields = (
        cx.Field("date", type="date", role="date"),
        cx.Field(brand, type="string", role="brand"),
        cx.Field("channel", type="string", role="segment"),
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
    )
    return cx.Study(table, cx.Codebook("stream", fields))


@pytest.fixture(scope="session")
def stream() -> Callable[..., cx.Study]:
    return made
