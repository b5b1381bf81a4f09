"""What simulated studies are made of: scores, arms, choices, touchpoints."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

Made = tuple[dict[str, np.ndarray], str, str]
"""Columns, the study's design, the cluster column or ''."""
SPREAD = 12.0
"""Standard deviation of scores."""
PERSONS = 5
"""Answers of a cluster under the threat of clustering."""
CONFOUNDED = 0.8
"""Standard deviations that self-selection puts between groups under that threat."""


def scores(z: np.ndarray, middle: float = 50.0) -> np.ndarray:
    """Scores of standard deviations z: whole numbers from 0 to 100."""
    return np.clip(np.round(middle + SPREAD * z), 0, 100)


def arms(n: int, rng: Generator, threat: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cluster, arm and cluster effect; one answer a cluster, or `PERSONS` with a strong effect and one arm."""
    size = PERSONS if threat else 1
    cluster = np.arange(n) // size
    arm = rng.permutation(np.arange(cluster.max() + 1) % 2)[cluster]
    shared = rng.standard_normal(cluster.max() + 1)[cluster]
    return cluster, arm.astype(float), shared if threat else rng.standard_normal(n)


def chosen(n: int, rng: Generator, threat: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """A binary exposure, what else differs between its groups, and the design: assigned, or chosen by the people."""
    trait = rng.standard_normal(n)
    if not threat:
        return (rng.random(n) < 0.5).astype(float), np.zeros(n), "experiment"
    return (trait + rng.standard_normal(n) > 0).astype(float), CONFOUNDED * trait, "cross-section"


def touchpoints(n: int, rng: Generator, k: int, halo: float) -> tuple[np.ndarray, np.ndarray]:
    """Latent touchpoints (n, k) with variance 1 and correlation ``halo``, and the common impression."""
    h = rng.standard_normal(n)
    return np.sqrt(halo) * h[:, None] + np.sqrt(1 - halo) * rng.standard_normal((n, k)), h
