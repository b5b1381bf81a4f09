"""How much the standardised driver weights of segments differ, and whether by more than one factor a segment.

What `cx.importance.driver_segments` says of all its segments, of those that have answers enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.result import Result
from cxlab.stats.inference import heterogeneity


@dataclass(frozen=True)
class Weights:
    """``slopes`` (segments, drivers), their covariances ``errors`` and degrees of freedom ``df``; answers a segment.

    Examples
    --------
    >>> slopes, errors = np.array([[0.2, 0.4], [0.4, 0.8]]), np.array([np.eye(2) / 1e4] * 2)
    >>> w = Weights(("a", "b"), slopes, errors, np.full(2, 500.0), 9)
    >>> bool(w.limits(0.95)[0] > 0), w.beyond_one_factor(0.95)[0]  # all of b's are twice a's
    (True, 0.0)
    """

    segments: tuple[object, ...]
    slopes: NDArray
    errors: NDArray
    df: NDArray
    n: int

    @property
    def centre(self) -> float:
        """The standard deviation of the weights between segments."""
        return heterogeneity.centre(self.slopes, self.errors, self.df)

    def limits(self, level: float) -> tuple[float, float]:
        """Return its Q-profile interval."""
        return heterogeneity.profile(self.slopes, self.errors, level, self.df)

    def beyond(self, bar: float) -> float:
        """Return the p-value of the null that it is at most ``bar`` (one-sided)."""
        return heterogeneity.exceeds(self.slopes, self.errors, bar, self.df)

    def beyond_one_factor(self, level: float) -> tuple[float, float] | None:
        """Return the interval when each segment's weights are divided by their mean; None: a segment's cancel out.

        Less care (errors in the answers to touchpoints) or another use of the scale multiplies all weights of a
        segment by one factor; what differs beyond it does so in k - 1 contrasts of its weights.
        """
        k, of_segment, all_ = self.slopes.shape[1], self.slopes.mean(axis=1), float(self.slopes.mean())
        if min(np.abs(of_segment)) < 1e-9 or np.ptp(np.sign(of_segment)):
            return None
        factor = all_ / of_segment
        pattern = self.slopes * factor[:, None]
        jacobian = factor[:, None, None] * (np.eye(k) - pattern[:, :, None] / all_ * np.ones(k) / k)
        errors = jacobian @ self.errors @ jacobian.transpose(0, 2, 1)
        across = np.linalg.svd(np.ones((1, k)))[2][1:].T
        return heterogeneity.profile(pattern @ across, across.T @ errors @ across, level, self.df)


def weights(found: Result, *, least: int) -> Weights:
    """Return the weights of the segments of `cx.importance.driver_segments` that have at least so many answers."""
    own = found.parts["standardised"]
    kept = np.array([own["sizes"][s] >= least for s in own["segments"]], bool)
    names = tuple(s for s, large in zip(own["segments"], kept, strict=True) if large)
    df = np.array(list(own["df"].values()), float)[kept]
    answers = int(sum(k for k in own["sizes"].values() if k >= least))
    return Weights(names, own["slopes"][kept], own["errors"][kept], df, answers)
