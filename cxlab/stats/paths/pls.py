"""Partial least squares path models from a covariance matrix, many matrices at once (a bootstrap is one call).

All functions take ``s``, array (..., p, p): covariances (or correlations) of the p items, and a `Structure`. What they
return has the same leading shape. Items of standardised data have a correlation matrix; give that for the usual PLS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCHEMES = ("path", "factorial", "centroid")


@dataclass(frozen=True)
class Structure:
    """The inner and the outer model as arrays.

    Parameters
    ----------
    blocks : one tuple of item positions for each of the L constructs.
    paths : bool array (L, L); ``paths[i, j]`` says construct i explains construct j. No circles.
    modes : 'A' or 'B' for each construct.
    """

    blocks: tuple[tuple[int, ...], ...]
    paths: np.ndarray
    modes: tuple[str, ...]

    @property
    def items(self) -> int:
        """Number of items p."""
        return sum(len(b) for b in self.blocks)

    def member(self) -> np.ndarray:
        """Return the bool array (p, L): which item belongs to which construct."""
        out = np.zeros((self.items, len(self.blocks)), bool)
        for j, block in enumerate(self.blocks):
            out[list(block), j] = True
        return out


@dataclass(frozen=True)
class Weights:
    """Outer weights (..., p, L) that give scores of variance 1, and how the search for them ended."""

    w: np.ndarray
    iterations: int
    converged: np.ndarray


def outer_weights(
    s: np.ndarray, structure: Structure, *, scheme: str = "path", tolerance: float = 1e-10, iterations: int = 1000
) -> Weights:
    """Return the outer weights: the fixed point of Wold's alternation of inner and outer approximation.

    Scores y = X w of variance 1; inner proxies z_j = sum of e_ij y_i over the neighbours of j, with e = sign of the
    correlation ('centroid'), the correlation ('factorial'), or regression weights for causes and correlations for
    effects ('path'); new weights Cov(X_j, z_j) (Mode A) or Cov(X_j)^-1 Cov(X_j, z_j) (Mode B). Stops when no weight
    of any matrix changes by ``tolerance`` (in units of the standardised items). The sign of a construct is that of
    most of its loadings, of its first item if they tie.

    References
    ----------
    Wold 1982; Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, CSDA 48:159, doi:10.1016/j.csda.2004.03.005.
    """
    s = np.asarray(s, float)
    member = structure.member()
    deviation = np.sqrt(np.einsum("...ii->...i", s))[..., None]
    w = _unit(np.broadcast_to(member, (*s.shape[:-2], *member.shape)) / deviation, s)
    change = np.full(s.shape[:-2], np.inf)
    step = 0
    while step < iterations and (change > tolerance).any():
        step += 1
        new = _unit(_outer(s, w, _inner(construct_covariance(s, w), structure.paths, scheme), structure, member), s)
        change = np.abs((np.abs(new) - np.abs(w)) * deviation).max(axis=(-2, -1))
        w = new
    signs = np.sign(np.where(member, s @ w, 0))
    first = signs[..., [b[0] for b in structure.blocks], range(len(structure.blocks))]
    sign = np.sign(signs.sum(axis=-2) + 0.5 * first)
    return Weights(w * np.where(sign == 0, 1, sign)[..., None, :], step, change <= tolerance)


def _unit(w: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Scale each construct's weights to scores of variance 1."""
    return w / np.sqrt(np.einsum("...pl,...pq,...ql->...l", w, s, w))[..., None, :]


def _inner(c: np.ndarray, paths: np.ndarray, scheme: str) -> np.ndarray:
    """Return the inner weights e (..., L, L): column j gives the proxy of construct j."""
    neighbours = paths | paths.T
    if scheme == "centroid":
        return np.where(neighbours, np.sign(c), 0)
    e = np.where(neighbours, c, 0)
    if scheme == "path":
        for j in range(len(paths)):
            causes = np.flatnonzero(paths[:, j])
            if len(causes):
                e[..., causes, j] = _regression(c, causes, j)
    return e


def _regression(c: np.ndarray, causes: np.ndarray, j: int) -> np.ndarray:
    return np.linalg.solve(c[..., causes[:, None], causes], c[..., causes, j, None])[..., 0]


def _outer(s: np.ndarray, w: np.ndarray, e: np.ndarray, structure: Structure, member: np.ndarray) -> np.ndarray:
    covariance = np.where(member, s @ (w @ e), 0)
    for j, block in enumerate(structure.blocks):
        if structure.modes[j] == "B" and len(block) > 1:
            rows = np.array(block)
            covariance[..., rows, j] = np.linalg.solve(s[..., rows[:, None], rows], covariance[..., rows, j, None])[
                ..., 0
            ]
    return covariance


def construct_covariance(s: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the covariances (..., L, L) of the scores: W' S W."""
    return np.swapaxes(w, -1, -2) @ s @ w


def cross_loadings(s: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the correlations (..., p, L) of every item with every score."""
    return (s @ w) / np.sqrt(np.einsum("...ii->...i", s))[..., None]


def path_coefficients(c: np.ndarray, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised regression weights (..., L, L), causes in rows, and R-squared (..., L; nan without causes).

    ``c`` are the correlations of the constructs, as they are (PLS) or corrected for attenuation (PLSc).
    """
    b = np.zeros(np.shape(c))
    r2 = np.full(np.shape(c)[:-1], np.nan)
    for j in range(len(paths)):
        causes = np.flatnonzero(paths[:, j])
        if len(causes):
            b[..., causes, j] = _regression(c, causes, j)
            r2[..., j] = (b[..., causes, j] * c[..., causes, j]).sum(axis=-1)
    return b, r2


def total_effects(b: np.ndarray) -> np.ndarray:
    """Return direct plus indirect effects: (I - B)^-1 - I."""
    one = np.eye(np.shape(b)[-1])
    return np.linalg.inv(one - b) - one


def rho_a(r: np.ndarray, w: np.ndarray, structure: Structure) -> np.ndarray:
    """Return Dijkstra & Henseler's reliability (..., L) of each score; 1 for single items, nan for Mode B.

    rho_A = (w'w)^2 * w'(R - diag R)w / w'(ww' - diag ww')w with the weights of the standardised items scaled to
    w'Rw = 1 (Dijkstra & Henseler 2015, MIS Quarterly 39:297, doi:10.25300/MISQ/2015/39.2.02).
    """
    out = np.ones((*np.shape(w)[:-2], len(structure.blocks)))
    for j, block in enumerate(structure.blocks):
        if structure.modes[j] == "B" and len(block) > 1:
            out[..., j] = np.nan
        elif len(block) > 1:
            rows = np.array(block)
            v = w[..., rows, j]
            off = r[..., rows[:, None], rows] - np.eye(len(rows))
            square = (v**2).sum(axis=-1)
            rest = square**2 - (v**4).sum(axis=-1)
            out[..., j] = square**2 * np.einsum("...i,...ij,...j->...", v, off, v) / rest
    return out


def consistent(r: np.ndarray, w: np.ndarray, structure: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Return PLSc's corrected construct correlations (..., L, L) and reflective loadings (..., p; weights' own for B).

    Correlations are divided by sqrt(rho_A rho_A'); loadings are w sqrt(rho_A) / w'w. Mode B and single items are taken
    as free of error.
    """
    rho = rho_a(r, w, structure)
    kept = np.where(np.isnan(rho), 1.0, rho)
    c = construct_covariance(r, w) / np.sqrt(kept[..., :, None] * kept[..., None, :])
    c[..., np.arange(len(structure.blocks)), np.arange(len(structure.blocks))] = 1.0
    plain = cross_loadings(r, w)
    loading = np.zeros(np.shape(w)[:-1])
    for j, block in enumerate(structure.blocks):
        rows = np.array(block)
        v = w[..., rows, j]
        reflective = structure.modes[j] == "A" and len(block) > 1
        corrected = v * np.sqrt(kept[..., j, None]) / (v**2).sum(axis=-1, keepdims=True)
        loading[..., rows] = corrected if reflective else plain[..., rows, j]
    return c, loading
