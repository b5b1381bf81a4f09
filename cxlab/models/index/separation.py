"""Whether two blocks of items ask for two things: HTMT with an error of its own.

`cx.index` prints HTMT of all its constructs; this is one of them, of any two blocks, with the delete-a-block jackknife.

References
----------
Henseler, J., Ringle, C. M. & Sarstedt, M. (2015). Journal of the Academy of Marketing Science 43, 115-135.
    doi:10.1007/s11747-014-0403-8
Roemer, E., Schuberth, F. & Henseler, J. (2021). Industrial Management & Data Systems 121, 2637-2650.
    doi:10.1108/IMDS-02-2021-0082 (HTMT2: geometric means)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.stats.fits.folds import jackknifed, spread
from cxlab.stats.paths.reliability import correlation, htmt

BLOCKS = 200
"""Blocks of people (or answers) that the jackknife leaves out, at most."""


def separation(first: NDArray, second: NDArray, rows: Counted, rng: np.random.Generator) -> tuple[Told, Told]:
    """Return HTMT of two blocks of items, and HTMT2, each with its error and degrees of freedom.

    Parameters
    ----------
    first, second : (rows, items) answers without gaps.

    Examples
    --------
    >>> rng, one = np.random.default_rng(0), np.ones(400)
    >>> a = rng.standard_normal(400)[:, None]
    >>> x, y = (a + 0.5 * rng.standard_normal((400, 3)) for _ in range(2))
    >>> bool(abs(separation(x, y, Counted(one, one), rng)[0][0] - 1) < 0.05)  # one thing
    True
    """
    blocks = [range(first.shape[1]), range(first.shape[1], first.shape[1] + second.shape[1])]

    def both(total: NDArray) -> NDArray:
        r = correlation(spread(total)[1])
        return np.stack([htmt(r, blocks, geometric=g)[..., 1, 0] for g in (False, True)], axis=1)

    value, se, df = jackknifed([first, second], rows.n, rows.w, rows.cluster, rng, both, blocks=BLOCKS)
    plain, geometric = ((float(v), float(e), df) for v, e in zip(value, se, strict=True))
    return plain, geometric
