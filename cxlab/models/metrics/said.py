"""`Said`: a finding in words with the interval behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from cxlab.columns import span


@dataclass(frozen=True)
class Said:
    """A finding: ``headline``, and the interval behind it ('' without one); ``sure`` where the interval says it.

    ``about`` names the part of a picture that carries it, as the options of its plot.
    """

    headline: str
    estimate: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    unit: str = ""
    sure: bool = True
    about: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The headline with its interval."""
        known = pd.notna(self.low) and pd.notna(self.high)
        return f"{self.headline} ({span(self.low, self.high, self.unit)})" if known else self.headline


def of_row(row: pd.Series, words: str, unit: str = "", sure: bool = True) -> Said:
    """Return a finding with the interval of a row."""
    return Said(words, float(row["estimate"]), float(row["low"]), float(row["high"]), unit, sure)
