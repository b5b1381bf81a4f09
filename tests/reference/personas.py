"""Latent classes by StepMix 3.0.0 (MIT; `pip install --no-deps stepmix==3.0.0`), for `tests/models/personas`.

Not run by tests: `python -m tests.reference.personas` prints what they compare with.
"""

from __future__ import annotations

import numpy as np
from stepmix.stepmix import StepMix  # a peer, not installed here

from tests.models.personas.test_personas import three


def fitted(k: int) -> StepMix:
    """The mixture of k classes of the same 1,500 simulated answers, the best of 15 seeds and two kinds of start.

    Random starts of two classes all end at a lesser optimum (-5373.012); those by k-means at the better one.
    """
    rows, _ = three(1500, 1)
    tried = [
        StepMix(
            n_components=k, measurement="binary", n_init=1, init_params=start, abs_tol=1e-12, rel_tol=1e-12,
            max_iter=20_000, random_state=seed, progress_bar=0,
        ).fit(rows)
        for start in ("random", "kmeans") for seed in range(15)
    ]  # fmt: skip
    return max(tried, key=lambda model: model.score(rows))


if __name__ == "__main__":
    rows, _ = three(1500, 1)
    for k in (2, 3, 4):
        model = fitted(k)
        print(k, repr(model.score(rows) * len(rows)), repr(model.bic(rows)), np.sort(model.weights_).tolist())
