"""Least squares and ridge regression from moments: the same call for a thousand rows and for a hundred million."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import narwhals as nw
import numpy as np

from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL, enough, refuse_part
from cxlab.data.study import Study
from cxlab.models.regression.errors import Population, variance, without
from cxlab.models.regression.fitted import Estimated, aliased_note, fitted, lost_note, weight_of
from cxlab.models.regression.formula import Coding, Model, assembled, bind, declared, mentioned
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.moments import Moments, moments
from cxlab.stats.fits import linear, penalised


@dataclass(frozen=True)
class PatternFit:
    """A least-squares fit in the coordinates it was computed in (atoms less ``shift``)."""

    study: Study
    frame: nw.LazyFrame
    model: Model
    coding: Coding
    moments: Moments
    solution: linear.Solution
    xx: np.ndarray
    xy: np.ndarray
    yy: float

    @property
    def columns(self) -> dict[str, nw.Expr]:
        """Atoms and response as expressions by name."""
        return {**self.model.atoms, self.model.response: self.model.y}

    @property
    def n(self) -> int:
        """Rows used."""
        return int(self.moments.n.sum())

    @property
    def rss(self) -> float:
        """Weighted residual sum of squares."""
        return linear.residual_sum(self.xx, self.xy, self.yy, self.solution.filled)

    @property
    def slope(self) -> np.ndarray:
        """The residual as a combination of (1, atoms, response), where there are no categories: shape (q,)."""
        slope = np.zeros(len(self.columns) + 1)
        np.add.at(slope, self.coding.atom, -self.solution.filled * self.coding.codes[0])
        slope[-1] = 1.0
        return slope

    def residual(self, x: list[nw.Expr]) -> nw.Expr:
        """Return y - x'beta of one row; a missing atom makes it missing."""
        return reduce(add, (float(-b) * e for b, e in zip(self.solution.filled, x, strict=True)), self.model.y)


@public
def ols(
    study: Study, formula: str, *, errors: str = "", population: Population = None, level: float = 0.95,
    least_n: int = SMALL,
) -> Result:  # fmt: skip
    """Return the linear regression of an outcome by (weighted) least squares, with errors that fit the design.

    Parameters
    ----------
    formula : e.g. ``"overall ~ checkin + boarding * C(cabin)"``; text columns are categories by themselves. Rows with
        a missing value are left out and counted in the notes.
    errors : 'classical', 'HC0' to 'HC3' (rows independent), 'CR1', 'CR2' (rows of a cluster dependent; CR2 with
        Satterthwaite degrees of freedom) or 'design' (clusters within strata, linearised). Default by the study's
        design: 'design' with strata, 'CR2' with fewer than 50 clusters, 'CR1' with more, 'HC1' without clusters; where
        weights were fitted in this session (`cx.rake`), errors that know the margins (`calibrated_errors`).
        ``method`` names what ran. A term that rests on fewer than five clusters (an arm of few treated ones) has the
        errors CR2 by default; one that rests on a single cluster has none, and the notes say so.
    population : how many there are in all (clusters, if the study has clusters; by stratum, if it has strata), for a
        sample that is a large part of it: variances are times 1 - n/N.
    level : confidence level of the t intervals.
    least_n : a study, or a level of a category, with fewer answers is refused: the coefficients would tell them.

    Returns
    -------
    Result, one row a coefficient: ``term, estimate, low, high, se, p, df, n``; ``parts`` has ``covariance`` and
    ``fit`` (n, rank, r2, sigma). Coefficients that cannot be estimated are nan and named in the notes.

    Notes
    -----
    beta = (X'WX)^-1 X'Wy from one scan; robust errors take a second scan that sums (w e)**2 x x', or cluster totals
    of w e x. HC1 has n - k, CR1 G - 1 and 'design' (clusters - strata) degrees of freedom.

    References
    ----------
    MacKinnon & White (1985), https://doi.org/10.1016/0304-4076(85)90158-7; Pustejovsky & Tipton (2018),
    https://doi.org/10.1080/07350015.2016.1247004

    Raises
    ------
    DataProblem : an unknown column, text among numbers, no more rows than coefficients, a single cluster.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(5000, seed=1, drivers={"service": 0.5, "price": 0.2})
    >>> cx.ols(study, "recommend ~ service + price").table["term"].tolist()
    ['Intercept', 'service', 'price']
    """
    study = declared(formula, study)
    refuse_part(study, mentioned(formula, study), least_n)
    fit = least_squares(study, formula)
    enough(fit.moments.keys, fit.moments.n, least_n, fit.model.crossings)
    n, rank = fit.n, fit.solution.rank
    if n <= rank:
        raise DataProblem(f"{n} complete rows cannot tell {rank} coefficients apart; use fewer terms or more answers")
    found = variance(fit, errors, population)
    beta, covariance = original(fit, found.covariance)
    covariance = without(covariance, found.alone)
    design = study.design
    used = [*fit.model.atoms, *fit.model.categories, fit.model.response]
    lost = lost_note(study, fit.moments.lost, n, used)
    notes = lost + aliased_note(fit.coding.names, fit.solution.kept) + found.notes
    total = fit.yy - _sum_y(fit) ** 2 / fit.moments.total[0, 0]
    has_constant = _constant(fit) is not None
    r2 = 1 - fit.rss / (total if has_constant else fit.yy) if total > 0 else np.nan
    facts = {"n": n, "rank": rank, "r2": r2, "sigma": float(np.sqrt(fit.rss / (n - rank))), "errors": found.name}
    weighted = f"weighted least squares (weight {design.weight})" if design.weight else "least squares"
    estimated = Estimated(fit.coding.names, beta, covariance, found.df, n, population is not None)
    return fitted(
        f"Linear regression of {fit.model.response}", estimated, level=level,
        method=f"{weighted}; {found.said}", notes=notes, parts={"fit": facts},
    )  # fmt: skip


@public
def ridge(
    study: Study, formula: str, *, penalty: float | str = "gcv", level: float = 0.95, least_n: int = SMALL
) -> Result:
    """Return ridge regression from the moments: for touchpoints so alike that least squares cannot tell them apart.

    Parameters
    ----------
    penalty : lambda >= 0 added to the diagonal of the correlation matrix times n, or 'gcv' for the value that
        minimises generalised cross-validation. Predictors are standardised inside; the intercept is not penalised.
    formula : outcome ~ predictors, as for `ols`.
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.

    Returns
    -------
    Result as of `ols`. Intervals describe the sampling variance of the shrunken coefficients, not their bias.

    Raises
    ------
    DataProblem : the formula or a column is not there, a column is constant, or the penalty is neither a number
        from 0 nor 'gcv'.

    References
    ----------
    Hoerl & Kennard (1970), https://doi.org/10.1080/00401706.1970.10488634; Golub, Heath & Wahba (1979),
    https://doi.org/10.1080/00401706.1979.10489751

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.regressions.ridge(cx.load("brand-tracker"), "satisfaction ~ service + price").table["term"].tolist()
    ['Intercept', 'service', 'price']
    """
    study = declared(formula, study)
    refuse_part(study, mentioned(formula, study), least_n)
    fit = least_squares(study, formula)
    enough(fit.moments.keys, fit.moments.n, least_n, fit.model.crossings)
    constant = _constant(fit)
    if constant is None or constant[0] < 0.5 or not np.allclose(constant[1:], 0):
        raise DataProblem(f"formula '{formula}' has no intercept; ridge regression needs one, leave '0 +' out")
    if penalty != "gcv" and (isinstance(penalty, str) or penalty < 0):
        raise DataProblem(f"penalty is {penalty!r}; give a number from 0 up, or 'gcv'")
    n = fit.n
    keep = np.flatnonzero(fit.solution.kept)[1:] if penalty == 0 else np.arange(1, len(fit.xy))
    mean, sd, _ = penalised.spread(fit.xx, keep)
    if not (sd > 1e-12 * np.abs(mean)).all():
        flat = [fit.coding.names[k] for k, s, m in zip(keep, sd, mean, strict=True) if s <= 1e-12 * abs(m)]
        raise DataProblem(f"{', '.join(flat)} is constant; leave it out")
    shrunk = penalised.ridge(fit.xx, fit.xy, fit.yy, n, keep, None if penalty == "gcv" else penalty)
    beta, penalty, used = shrunk.beta, shrunk.penalty, shrunk.used
    fit = replace(fit, solution=replace(fit.solution, beta=beta, kept=~np.isnan(beta)))
    beta, covariance = original(fit, shrunk.covariance)
    notes = lost_note(study, fit.moments.lost, n, [*fit.model.atoms, fit.model.response])
    notes.append("intervals tell the sampling variance of shrunken coefficients, not their bias towards zero")
    if study.design.cluster:
        notes.append(f"intervals do not know of the clusters ({study.design.cluster})")
    found = Estimated(fit.coding.names, beta, covariance, n - used, n)
    return fitted(
        f"Ridge regression of {fit.model.response}", found, level=level,
        method=f"ridge, penalty {penalty:.4g} on standardised predictors, {used - 1:.1f} effective degrees of freedom",
        notes=notes, parts={"fit": {"n": n, "penalty": penalty, "r2": shrunk.r2}},
    )  # fmt: skip


def least_squares(study: Study, formula: str, *, totals: str = "") -> PatternFit:
    """Return the weighted least-squares fit of a formula: one scan, two for badly scaled columns.

    ``totals`` : a column of whole numbers by which the columns are summed besides, as in `moments`.
    """
    frame = study.frame
    model = bind(formula, study, frame)
    columns = {**model.atoms, model.response: model.y}
    args = {"by": model.by, "weight": weight_of(study), "totals": totals}
    found = moments(frame, columns, shift=np.zeros(len(columns) + 1), **args)
    coding = model.coding(found.keys)
    off = found.means_to_take_off()
    for i in np.flatnonzero(off[:-1]):
        if any(_span(coding, coding.codes[:, c]) is None for c in np.flatnonzero(coding.atom == i)):
            off[i] = 0.0
    if off[-1] and _span(coding, np.ones(len(coding.codes))) is None:
        off[-1] = 0.0
    if off.any():
        atoms = {k: e - float(s) if s else e for (k, e), s in zip(model.atoms.items(), off[1:-1], strict=True)}
        model = replace(model, atoms=atoms, y=model.y - float(off[-1]))
        columns = {**model.atoms, model.response: model.y}
        found = replace(moments(frame, columns, shift=np.zeros(len(columns) + 1), **args), shift=off)
    xx, xy, yy = assembled(found.matrix, coding)
    return PatternFit(study, frame, model, coding, found, linear.solve(xx, xy), xx, xy, float(yy))


def _span(coding: Coding, code: np.ndarray) -> np.ndarray | None:
    """Return the combination of the constant atom's columns that gives a coding, or None if there is none."""
    at = np.flatnonzero(coding.atom == 0)
    found = np.linalg.lstsq(coding.codes[:, at], code, rcond=None)[0]
    if not np.allclose(coding.codes[:, at] @ found, code, atol=1e-9):
        return None
    out = np.zeros(len(coding.atom))
    out[at] = found
    return out


def _constant(fit: PatternFit) -> np.ndarray | None:
    return _span(fit.coding, np.ones(len(fit.coding.codes)))


def _sum_y(fit: PatternFit) -> float:
    return float(fit.moments.total[0, -1])


def original(fit: PatternFit, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and covariance in the formula's own coordinates, undoing the shift of columns."""
    off = fit.moments.shift
    beta = fit.solution.beta
    if not off.any():
        return beta, covariance
    turn = np.eye(len(beta))
    for c in np.flatnonzero(off[fit.coding.atom]):
        if fit.solution.kept[c]:
            turn[:, c] -= off[fit.coding.atom[c]] * _span(fit.coding, fit.coding.codes[:, c])
    plus = off[-1] * _constant(fit) if off[-1] else 0.0
    filled = turn @ fit.solution.filled + plus
    return np.where(fit.solution.kept, filled, np.nan), turn @ covariance @ turn.T
