"""The jump at a threshold of a discrete score by rdhonest 0.0.1 (GPL-3, by the author of R's RDHonest; `pip install
rdhonest` elsewhere), for `tests/models/loop/test_threshold_reference.py`.

Not run by tests: `python -m tests.reference.threshold` prints what they compare with. Its jump is above minus below the
threshold; cxlab's is below minus above. Standard errors "nn" are, with ties, those of the spread at each score.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WIDTHS = ((2.5, 0.06), (3.5, 0.06), (4.5, 0.06), (4.5, 0.10), (7.5, 0.02))
"""Half width of the window, largest second derivative."""


def scores(n: int = 600, seed: int = 17) -> pd.DataFrame:
    """Scores 0 to 10, an outcome that bends, and .8 more for those at or below 6."""
    rng = np.random.default_rng(seed)
    x = np.clip(np.round(rng.normal(6.3, 2.1, n)), 0, 10)
    y = np.round(4 + 0.5 * x - 0.03 * (x - 5) ** 2 + 0.8 * (x <= 6) + rng.normal(0, 1.3, n), 2)
    return pd.DataFrame({"x": x, "y": y})


if __name__ == "__main__":
    from rdhonest import rd_honest  # a peer, not installed here

    table = scores()
    for width, bend in WIDTHS:
        for level in (0.95, 0.90):
            found = rd_honest(
                table["y"].to_numpy(), table["x"].to_numpy(), cutoff=6.5, M=bend, h=width, kern="triangular",
                se_method="nn", sclass="H", alpha=1 - level,
            ).coefficients.iloc[0]  # fmt: skip
            names = ("estimate", "std.error", "maximum.bias", "conf.low", "conf.high")
            print(width, bend, level, [round(float(found[k]), 8) for k in names])
