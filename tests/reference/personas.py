"""Latent classes by StepMix 3.0.0 (MIT; `pip install --no-deps stepmix==3.0.0`), for `tests/models/personas`.

Not run by tests: `python -m tests.reference.personas` prints what they compare with.
"""

from __future__ import annotations

import numpy as np
from stepmix.stepmix import StepMix  # a peer, not installed here

from tests.models.personas.test_personas import three


def fitted(k: int) -> StepMix:
    """The mixture of k classes of the same 1,500 simulated answers, best of ten starts.

    With ``random_state=1`` two classes end at a lesser optimum (-5373.012); the values of the test are the best found.
    """
    rows, _ = three(1500, 1)
    model = StepMix(
        n_components=k, measurement="binary", n_init=10, abs_tol=1e-12, rel_tol=1e-12, max_iter=20_000, random_state=1,
        progress_bar=0,
    )  # fmt: skip
    return model.fit(rows)


if __name__ == "__main__":
    rows, _ = three(1500, 1)
    for k in (2, 3, 4):
        model = fitted(k)
        print(k, repr(model.score(rows) * len(rows)), repr(model.bic(rows)), np.sort(model.weights_).tolist())
