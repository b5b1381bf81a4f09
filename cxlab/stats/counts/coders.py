"""`Coder`: the values of a column as small whole numbers, learnt while its pieces are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cxlab.stats.counts.batches import numbers

WIDE = 1 << 16
"""Whole numbers of a smaller range are looked up in an array, others in a table of values."""


class Coder:
    """Gives each value of a column a code, 1, 2, ... as they come; 0 is no value.

    Parameters
    ----------
    most : so many values are told apart; a column with more has `full` set and is not coded further.

    Examples
    --------
    >>> coder = Coder()
    >>> coder.codes(pa.array([7, None, 5, 7])).tolist(), coder.values
    ([2, 0, 1, 2], [None, 5, 7])
    """

    def __init__(self, most: int = 1 << 30) -> None:
        self.most = most
        self.values: list[Any] = [None]
        self.place: dict[Any, int] = {}
        self.low, self.look = 0, np.zeros(0, np.int64)
        self.run = (0, -1, 0)  # first and last of the whole numbers whose codes go up by one, and code less number

    @property
    def full(self) -> bool:
        """Whether the column has more values than are told apart."""
        return len(self.values) - 1 > self.most

    def codes(self, column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
        """Return the code of every row of a piece."""
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
            found = self._whole(numbers(column))
            if found is not None:
                return found
        return self._any(column)

    def _whole(self, x: NDArray) -> NDArray[np.int64] | None:
        """Return the codes of whole numbers of small range, None where they are none."""
        there = ~np.isnan(x) if x.dtype.kind == "f" else None
        known = x if there is None or there.all() else x[there]
        if not len(known):
            return np.zeros(len(x), np.int64)
        low, high = known.min(), known.max()
        if not (abs(float(low)) < 2**53 and abs(float(high)) < 2**53 and float(high) - float(low) < WIDE):
            return None
        if x.dtype.kind == "f" and (known != np.floor(known)).any():
            return None
        if not self._reach(int(low), int(high)):
            return None
        first, last, step = self.run
        if there is None and x.dtype.kind == "i" and first <= low and high <= last:
            return np.add(x, step, dtype=np.int64)
        at = self._places(known)
        found = self.look.take(at)
        if not found.all():  # values that no piece before had
            new = np.flatnonzero((np.bincount(at, minlength=len(self.look)) > 0) & (self.look == 0))
            for k in new:
                self.look[k] = self._code(int(k) + self.low)
            self.run = self._run(int(low))
            found = self.look.take(at)
        if known is x:
            return found
        out = np.zeros(len(x), np.int64)
        out[there] = found
        return out

    def _run(self, low: int) -> tuple[int, int, int]:
        """Return the whole numbers from ``low`` on whose codes go up by one: no table is needed for them.

        >>> coder = Coder()
        >>> coder.codes(pa.array([3, 1, 2])).tolist(), coder.run
        ([3, 1, 2], (1, 3, 0))
        """
        codes = self.look[low - self.low :]
        many = int(np.argmin(np.append(codes == codes[0] + np.arange(len(codes)), False)))
        return low, low + many - 1, int(codes[0]) - low

    def _places(self, known: NDArray) -> NDArray:
        """Return where whole numbers stand in the array of codes; small types are kept: they are many times faster."""
        if known.dtype.kind == "i" and known.dtype.itemsize == 1 and self.low >= -128 and len(self.look) <= 128:
            return known if self.low == 0 else np.subtract(known, self.low, dtype=np.int16)
        return known.astype(np.int64) - self.low

    def _reach(self, low: int, high: int) -> bool:
        """Enlarge the array of codes to these values; False where it would be too wide."""
        if len(self.look):
            low, high = min(low, self.low), max(high, self.low + len(self.look) - 1)
        if high - low >= WIDE:
            return False
        if high - low + 1 > len(self.look):
            wide = np.zeros(high - low + 1, np.int64)
            wide[self.low - low : self.low - low + len(self.look)] = self.look
            self.low, self.look = low, wide
        return True

    def _any(self, column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_decimal(whole.type):
            whole = whole.cast(pa.float64())
        index = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        local = np.array([0, *(self._code(v) for v in index.dictionary.to_pylist())], np.int64)
        return local[index.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64) + 1]

    def _code(self, value: Any) -> int:
        if value is None or value != value:
            return 0
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        code = self.place.get(value)
        if code is None:
            code = self.place[value] = len(self.values)
            self.values.append(value)
        return code
