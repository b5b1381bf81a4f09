"""Totals of columns by a whole number that names the group, such as the number of an account, in arrays."""

from __future__ import annotations

import numpy as np

LARGEST = 1 << 24
"""So many totals at most are kept in an array (128 MB)."""


class Numbered:
    """Totals by group, in arrays that grow with the numbers seen.

    Parameters
    ----------
    q : how many columns are summed.

    Attributes
    ----------
    low : the number of the first group. ``sums`` : (q, K) totals of the groups low, low + 1, ...; None once the numbers
    are not whole or their range needs more than `LARGEST` totals.
    """

    def __init__(self, q: int) -> None:
        self.low = 0
        self.sums: np.ndarray | None = np.zeros((q, 0))

    def add(self, number: np.ndarray, x: np.ndarray) -> bool:
        """Add rows: the number of the group of each (n,), and its columns x (q, n); False if they do not fit."""
        if self.sums is None or len(number) == 0:
            return self.sums is not None
        low, high = float(number.min()), float(number.max())
        if not self._cover(low, high) or number.dtype.kind == "f" and (number != np.floor(number)).any():
            self.sums = None
            return False
        at = (number - self.low).astype(np.intp)
        for total, column in zip(self.sums, x, strict=True):
            np.add.at(total, at, column)
        return True

    def _cover(self, low: float, high: float) -> bool:
        """Enlarge the arrays to hold these numbers; False if they would be too large."""
        q, k = self.sums.shape
        first, last = (min(low, self.low), max(high, self.low + k - 1)) if k else (low, high)
        if not (last - first + 1) * q <= LARGEST:  # too far apart, or infinite
            return False
        if first < self.low or last >= self.low + k or not k:
            wide = np.zeros((q, int(last - first) + 1))
            wide[:, int(self.low - first) : int(self.low - first) + k] = self.sums
            self.low, self.sums = int(first), wide
        return True
