"""What is left of a pilot's effect: Fieller's interval of a ratio, and the best of several pilots shrunken.

Reference
---------
Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16, 175-185.
"""

from __future__ import annotations

import numpy as np


def fieller(a: float, b: float, va: float, vb: float, z: float, cov: float = 0.0) -> tuple[float, float, float]:
    """Return b / a with its interval; nan where a does not differ from 0.

    {f1 +- sqrt(f1**2 - f0 f2)} / f0, f0 = a**2 - z**2 va, f1 = a b - z**2 cov, f2 = b**2 - z**2 vb.

    >>> [round(x, 6) for x in fieller(6.0, 3.0, 4.0, 1.0, 1.959963984540054)]
    [0.5, 0.157513, 1.587166]
    """
    f0, f1, f2 = a * a - z * z * va, a * b - z * z * cov, b * b - z * z * vb
    if f0 <= 0:
        return b / a if a else float("nan"), float("nan"), float("nan")
    root = np.sqrt(max(f1 * f1 - f0 * f2, 0.0))
    return b / a, float((f1 - root) / f0), float((f1 + root) / f0)
