"""Arrays that come in many small pieces, kept in a few large ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZE = 1 << 22
"""Values of one block: its memory goes back to the system once it is let go, which that of small pieces does not."""


class Blocks:
    """Pieces of one column, in the order in which they come.

    >>> held = Blocks()
    >>> held.add(np.arange(3)), held.add(np.array([0.5])), held.whole().tolist()
    (None, None, [0.0, 1.0, 2.0, 0.5])
    """

    def __init__(self) -> None:
        self.blocks: list[NDArray] = []
        self.used = 0

    def add(self, piece: NDArray) -> None:
        """Add a piece."""
        while len(piece):
            if not self.blocks or self.blocks[-1].dtype != piece.dtype or self.used == len(self.blocks[-1]):
                self._close()
                self.blocks.append(np.empty(SIZE, piece.dtype))
                self.used = 0
            part = piece[: SIZE - self.used]
            self.blocks[-1][self.used : self.used + len(part)] = part
            self.used += len(part)
            piece = piece[len(part) :]

    def arrays(self) -> list[NDArray]:
        """Return the blocks, and forget them."""
        self._close()
        out, self.blocks = self.blocks, []
        return out

    def whole(self) -> NDArray:
        """Return all values in one array, and forget them: each block is let go once it was copied."""
        blocks = self.arrays()
        if len(blocks) == 1:
            return blocks[0]
        out = np.empty(sum(map(len, blocks)), np.result_type(*{b.dtype for b in blocks}) if blocks else float)
        start = 0
        blocks.reverse()
        while blocks:
            block = blocks.pop()
            out[start : start + len(block)] = block
            start += len(block)
        return out

    def _close(self) -> None:
        if self.blocks:
            self.blocks[-1] = self.blocks[-1][: self.used]
            self.used = len(self.blocks[-1])
