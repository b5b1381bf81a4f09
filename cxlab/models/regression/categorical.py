"""Regression of answers in categories: logit of yes and no, ordered logit and probit of ratings, on answer patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL, enough, refuse_part
from cxlab.data.study import Study
from cxlab.models.regression.errors import Errors, Population, without
from cxlab.models.regression.fitted import Estimated, aliased_note, fitted, lost_note, weight_of
from cxlab.models.regression.formula import Coding, Model, bind, declared, match, mentioned
from cxlab.models.regression.pattern_errors import variance, with_guard
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.batches import batches, local, numbers
from cxlab.stats.counts.dense_counts import Cells, cells
from cxlab.stats.counts.patterns import TooManyPatterns, hardly_repeat, patterns
from cxlab.stats.fits import linear
from cxlab.stats.fits.logit import CHUNK, Grid, LogitFit, logit_on_grid
from cxlab.stats.fits.logit import logit as fit_logit
from cxlab.stats.fits.logit import ordinal as fit_ordinal
from cxlab.stats.fits.streamed_logit import logit_of_rows

ERRORS = ("classical", "HC0", "CR1", "design")
DENSE = 0.25
"""With no smaller share of all combinations given, a logit is computed on all of them, without listing them."""


@dataclass(frozen=True)
class Patterns:
    """Distinct answer patterns of a formula.

    ``kept``, ``sd`` : (p,) which columns carry information, and their spread. ``n`` and ``lost`` : rows used and left
    out. ``size`` : how many patterns. ``columns`` : the expressions that make them. Where they are listed, ``table``
    has their weights and counts, ``x`` (P, p) their design rows and ``y`` (P,) their answers.
    """

    model: Model
    coding: Coding
    kept: np.ndarray
    sd: np.ndarray
    n: int
    lost: int
    size: int
    columns: dict[str, nw.Expr]
    table: pd.DataFrame | None = None
    x: np.ndarray | None = None
    y: np.ndarray | None = None


@public
def logit(
    study: Study, formula: str, *, errors: str = "", population: Population = None, level: float = 0.95,
    least_n: int = SMALL,
) -> Result:  # fmt: skip
    """Return the logistic regression of a yes/no outcome by maximum likelihood on answer patterns.

    Parameters
    ----------
    formula : e.g. ``"churned ~ wait + C(channel)"`` or ``"I(recommend >= 9) ~ staff + price"``; the response is 0/1,
        true/false or a comparison.
    errors : 'classical' (inverse information), 'HC0' (rows independent), 'CR1' (clusters; factor G/(G - 1)) or 'design'
        (clusters within strata). Default by the design: 'design' with strata or with weights and clusters, 'CR1' with
        clusters, 'HC0' with weights, else 'classical'; where weights were fitted in this session (`cx.rake`), errors
        that know the margins (`calibrated_errors`). A term that rests on a single cluster has none.
    population, least_n : as for `ols`.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a coefficient, on the scale of log odds, with ``odds_ratio``; ``parts['fit']`` has the
    log-likelihood, that of the intercept alone, and McFadden's R².

    Raises
    ------
    DataProblem : the formula or a column is not there, the outcome is not 0 and 1 or does not vary, or a column
        predicts it perfectly.

    Notes
    -----
    Memory grows with the distinct patterns (with clusters: of pattern and cluster), not with rows. More than five
    million of them are fitted in scans of the rows, without weights, clusters and categories; with these, round
    continuous columns. A separated outcome (a term that predicts it perfectly) has no finite estimate and is refused by
    name.

    References
    ----------
    Albert & Anderson (1984), https://doi.org/10.1093/biomet/71.1.1 (separation).

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(5000, seed=1, drivers={"service": 0.5, "price": 0.2})
    >>> cx.regressions.logit(study, "I(recommend >= 9) ~ service + price").table["estimate"].round(1).tolist()[1:]
    [0.8, 0.3]
    """
    study = declared(formula, study)
    refuse_part(study, mentioned(formula, study), least_n)
    model, columns = asked(study, formula, errors)
    design = study.design
    counted = cells(study.frame, columns, weight=weight_of(study))
    plain = errors in ("", "classical") and not (design.weight or design.cluster or design.strata or model.categories)
    found, scans = plain and counted and _on_grid(model, counted), plain and local(study.frame)
    if scans and not counted and hardly_repeat(study.frame, columns):
        found = _on_rows(study, model, columns)
    try:
        data, fit, share = found or _on_patterns(study, model, columns, counted)
    except TooManyPatterns:
        if not scans:
            raise
        data, fit, share = _on_rows(study, model, columns)
    _enough(data, least_n)
    names = np.array(data.coding.names)[data.kept]
    _separated(fit, names, data)
    found = variance(study, data, fit, errors, population)
    found = with_guard(study, data, found, names, np.flatnonzero(data.kept), larger=not errors)
    beta = np.full(len(data.kept), np.nan)
    beta[data.kept] = fit.theta
    whole = _spread_out(without(found.covariance, found.alone), data.kept)
    df = _spread(found.df, data.kept)
    answers = data.n if data.table is None else data.table["w"].sum()
    null = float(answers * (share * np.log(share) + (1 - share) * np.log(1 - share)))
    estimated = Estimated(data.coding.names, beta, whole, df, data.n, population is not None)
    result = _result("Logistic regression", study, data, fit, estimated, (null, found), level)
    result.table["odds_ratio"] = np.exp(result.table["estimate"])
    return result


@public
def ordinal(
    study: Study, formula: str, *, link: str = "logit", errors: str = "", population: Population = None,
    level: float = 0.95, least_n: int = SMALL,
) -> Result:  # fmt: skip
    """Return the ordered logit (proportional odds) or probit of a rating, on answer patterns.

    P(y <= k) = F(cut_k - x'beta): a positive coefficient moves answers up. The intercept is in the cuts.

    Parameters
    ----------
    formula : e.g. ``"overall ~ checkin + C(cabin)"``; the response is a rating of any number of ordered categories.
    link : 'logit' or 'probit'.
    errors, population, least_n : as for `logit`.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a coefficient and one a cut, ``term`` e.g. 'staff', '3|4'.

    Raises
    ------
    DataProblem : the formula or a column is not there, the outcome has fewer than three values or too many, the
        link is unknown, or a column predicts it perfectly.

    References
    ----------
    McCullagh (1980), https://doi.org/10.1111/j.2517-6161.1980.tb01109.x

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulate(20_000, seed=1, drivers={"service": 0.5, "price": 0.2})
    >>> probit = cx.regressions.ordinal(study, "recommend ~ service + price", link="probit")
    >>> probit.table["estimate"].round(1).tolist()[:2]
    [0.5, 0.2]
    """
    one_of("link", link, ("logit", "probit"))
    study = declared(formula, study)
    refuse_part(study, mentioned(formula, study), least_n)
    data = listed(study, *asked(study, formula, errors))
    _enough(data, least_n)
    constant = _constant_column(data)
    if constant is None:
        raise DataProblem(f"formula '{formula}' has no intercept; the cuts take its place, so leave '0 +' out")
    values, y = np.unique(data.y, return_inverse=True)
    if len(values) < 3:
        raise DataProblem(f"'{data.model.response}' has {len(values)} values; ordinal needs three or more: use logit")
    if len(values) > 100:
        raise DataProblem(
            f"'{data.model.response}' has {len(values)} values; ordinal is for ratings: use ols, or round it"
        )
    kept = data.kept.copy()
    kept[constant] = False
    w = data.table["w"].to_numpy()
    fit = fit_ordinal(data.x[:, kept], y, w, probit=link == "probit")
    names = [n for i, n in enumerate(data.coding.names) if i != constant]
    _separated(fit, [n for n, k in zip(data.coding.names, kept, strict=True) if k], data)
    found = variance(study, data, fit, errors, population)
    cuts = [f"{a:g}|{b:g}" for a, b in zip(values[:-1], values[1:], strict=True)]
    there = np.append(np.delete(kept, constant), np.ones(len(cuts), bool))
    called = [n for n, t in zip([*names, *cuts], there, strict=True) if t]
    found = with_guard(study, data, found, called, np.flatnonzero(kept), larger=not errors)
    theta = np.full(len(there), np.nan)
    theta[there] = fit.theta
    share = np.bincount(y, weights=w) / w.sum()
    null = float(w.sum() * np.sum(share * np.log(share)))
    title = "Ordered logit" if link == "logit" else "Ordered probit"
    whole = _spread_out(without(found.covariance, found.alone), there)
    estimated = Estimated([*names, *cuts], theta, whole, _spread(found.df, there), data.n, population is not None)
    return _result(title, study, data, fit, estimated, (null, found), level)


def _enough(data: Patterns, least_n: int) -> None:
    """Raise if the answers, or those of a level of a category, are fewer than ``least_n``."""
    if data.table is None:
        enough(pd.DataFrame(index=[0]), np.array([data.n]), least_n)
        return
    levels = pd.DataFrame({c: data.table[f"c{i}"] for i, c in enumerate(data.model.categories)}, data.table.index)
    enough(levels, data.table["n"].to_numpy(), least_n, data.model.crossings)


def asked(study: Study, formula: str, errors: str) -> tuple[Model, dict[str, nw.Expr]]:
    """Return the model and the columns of its patterns; clusters and strata are among them where errors need them."""
    one_of("errors", errors, ("", *ERRORS))
    design = study.design
    if errors == "CR1" and not design.cluster:
        raise DataProblem(f"errors 'CR1' need clusters; {study.name} declares no column with role 'cluster'")
    model = bind(formula, study, study.frame)
    columns = {f"a{i}": e for i, e in enumerate(model.atoms.values())} | {"y": model.y}
    columns |= {f"c{i}": nw.col(c) for i, c in enumerate(model.categories)}
    if errors in ("", "CR1", "design"):
        columns |= {"_cluster": nw.col(design.cluster)} if design.cluster else {}
        columns |= {"_stratum": nw.col(design.strata)} if design.strata else {}
    return model, columns


def _on_grid(model: Model, counted: Cells) -> tuple[Patterns, LogitFit, float] | None:
    """Fit a logit to counts on the grid of all combinations, where most of them were given; else None."""
    box, low = counted.sums[0].reshape(counted.size), counted.low
    size = np.count_nonzero(box > 0)
    if (low[-1], counted.size[-1]) != (0, 2) or size < DENSE * box.size:
        return None
    coding, half = model.coding(pd.DataFrame(index=[0])), (len(low) - 1) // 2
    columns = [np.ones(math.prod(counted.size[:half]))] * int((coding.atom == 0).sum())
    axes = [*_axes(low[:half], counted.size[:half]), *_axes(low[half:-1], counted.size[half:-1])]
    if coding.atom[len(columns) :].tolist() != list(range(1, len(axes) + 1)):
        return None
    grid = Grid(np.column_stack([*columns, *axes[:half]] or [[]]), np.column_stack(axes[half:] or [[]]))
    no, yes = (box[..., k].reshape(len(grid.left), len(grid.right)) for k in (0, 1))
    total = no + yes
    n, product = int(total.sum()), grid.products(total)
    kept = linear.solve(product, np.zeros(len(product))).kept
    sd = np.sqrt(np.maximum(np.diag(product) / n - (grid.sums(total) / n) ** 2, 0.0))
    left = grid.left.shape[1]
    grid = Grid(grid.left[:, kept[:left]], grid.right[:, kept[left:]])
    data = Patterns(model, coding, kept, sd, n, counted.every - n, int(size), {})
    return data, logit_on_grid(grid, total, yes), float(yes.sum() / n)


def _axes(low: list[int], size: list[int]) -> list[np.ndarray]:
    """Return the values of every column in all combinations, as doubles."""
    return [first + axis.ravel() + 0.0 for first, axis in zip(low, np.indices(size), strict=True)]


def _on_rows(study: Study, model: Model, columns: dict[str, nw.Expr]) -> tuple[Patterns, LogitFit, float]:
    """Fit a logit in scans of the rows."""
    coding, lost = model.coding(pd.DataFrame(index=[0])), [0]

    def pieces() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        lost[0] = 0
        for piece in batches(study.frame, columns, ordered=True):
            held = {k: np.asarray(numbers(c), float) for k, c in zip(columns, piece.columns, strict=True)}
            there = ~np.isnan(list(held.values())).any(axis=0)
            lost[0] += len(there) - int(there.sum())
            one = np.ones(int(there.sum()))
            parts = [held[f"a{a - 1}"][there] if a else one for a in coding.atom]
            yield np.column_stack(parts) * coding.codes[0], held["y"][there]

    found = logit_of_rows(pieces)
    if not np.isfinite(found.sd).all():
        name = coding.names[int(np.argmax(~np.isfinite(found.sd)))]
        raise DataProblem(f"{name} has infinite values; recode it or leave those rows out")
    _yes_and_no(model, found.values, found.n)
    data = Patterns(model, coding, found.kept, found.sd, found.n, lost[0], found.n, columns)
    return data, found.fit, found.share


def _yes_and_no(model: Model, values: np.ndarray, n: int) -> None:
    """Refuse an outcome of other values than 0 and 1, or of one."""
    if not np.isin(values, (0, 1)).all():
        raise DataProblem(
            f"'{model.response}' has the values {_listed(values)}; logit needs 0 and 1: "
            f"write I({model.response} >= ...)"
        )
    if len(values) == 1:
        raise DataProblem(f"'{model.response}' is {values[0]:g} in all {n:,} rows; there is nothing to explain")


def _on_patterns(
    study: Study, model: Model, columns: dict[str, nw.Expr], counted: Cells | None
) -> tuple[Patterns, LogitFit, float]:
    """Fit a logit to the patterns one by one; return them, the fit and the share of yes."""
    data = listed(study, model, columns, counted)
    _yes_and_no(model, np.unique(data.y), data.n)
    w = data.table["w"].to_numpy()
    fit = fit_logit(data.x if data.kept.all() else data.x[:, data.kept], data.y, w)
    return data, fit, float(w @ data.y / w.sum())


def listed(study: Study, model: Model, columns: dict[str, nw.Expr], counted: Cells | None = None) -> Patterns:
    """Return the answer patterns of a formula one by one."""
    frame = study.frame
    try:
        table, lost = patterns(frame, columns, weight=weight_of(study), counted=counted)
    except DataProblem as problem:
        names = {f"a{i}": name for i, name in enumerate(model.atoms)} | {"y": model.response}
        names |= {f"c{i}": name for i, name in enumerate(model.categories)}
        names |= {"_cluster": study.design.cluster, "_stratum": study.design.strata}
        said = re.sub(r"\b_?[a-z]+\d*\b", lambda m: names.get(m[0], m[0]), str(problem))
        raise type(problem)(said) from problem
    keys = table[[f"c{i}" for i in range(len(model.categories))]]
    keys = keys.rename(columns={f"c{i}": c for i, c in enumerate(model.categories)})
    distinct = keys.drop_duplicates().reset_index(drop=True) if len(keys.columns) else pd.DataFrame(index=[0])
    coding = model.coding(distinct)
    at = np.zeros(len(table), int)
    if len(keys.columns):
        at = match(distinct, keys)
    xt = np.empty((len(coding.atom), len(table)))
    for j, a in enumerate(coding.atom):
        xt[j] = table[f"a{a - 1}"] if a else 1.0
        if len(keys.columns):
            xt[j] *= coding.codes[at, j]
    w = table["w"].to_numpy(float)
    total, product = np.zeros(len(xt)), np.zeros((len(xt), len(xt)))
    for start in range(0, len(w), CHUNK):
        part, v = xt[:, start : start + CHUNK], w[start : start + CHUNK]
        total += part @ v
        product += (part * v) @ part.T
    if not np.isfinite(product).all():
        infinite = coding.names[int(np.argmax(~np.isfinite(np.diag(product))))]
        raise DataProblem(f"{infinite} has infinite values; recode it or leave those rows out")
    kept = linear.solve(product, np.zeros(len(product))).kept
    sd = np.sqrt(np.maximum(np.diag(product) / w.sum() - (total / w.sum()) ** 2, 0.0))
    y = table["y"].to_numpy(float)
    return Patterns(model, coding, kept, sd, int(table["n"].sum()), lost, len(table), columns, table, xt.T, y)


def _separated(fit: LogitFit, names: Sequence[str], data: Patterns) -> None:
    """Refuse estimates that run away: the outcome is predicted perfectly by some terms."""
    sd = dict(zip(data.coding.names, data.sd, strict=True))
    far = [n for n, t in zip(names, fit.theta, strict=False) if abs(t) * sd.get(n, 0.0) > 12 or not np.isfinite(t)]
    if far or not fit.converged:
        said = ", ".join(far) or "some combination of terms"
        raise DataProblem(
            f"no finite estimate: {said} predicts '{data.model.response}' perfectly in some rows (separation); "
            "leave it out or merge rare categories"
        )


def _constant_column(data: Patterns) -> int | None:
    at = np.flatnonzero((data.coding.atom == 0) & (data.coding.codes == 1).all(axis=0))
    return int(at[0]) if len(at) else None


def _spread_out(covariance: np.ndarray, kept: np.ndarray) -> np.ndarray:
    out = np.zeros((len(kept), len(kept)))
    out[np.ix_(kept, kept)] = covariance
    return out


def _spread(df: np.ndarray, kept: np.ndarray) -> np.ndarray:
    out = np.full(len(kept), np.nan)
    out[kept] = df
    return np.where(kept, out, np.inf) if np.isinf(df).all() else out


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{v:g}" for v in values[:6]) + (", ..." if len(values) > 6 else "")


def _result(
    title: str,
    study: Study,
    data: Patterns,
    fit: LogitFit,
    estimated: Estimated,
    told: tuple[float, Errors],
    level: float,
) -> Result:
    """Put the result together; ``told`` is the log-likelihood without predictors, and the errors."""
    null, found = told
    weight = study.design.weight
    used = [*data.model.atoms, *data.model.categories, data.model.response]
    notes = lost_note(study, data.lost, data.n, used)
    notes += aliased_note(data.coding.names, data.kept) + found.notes
    weighted = f"weighted maximum likelihood (weight {weight})" if weight else "maximum likelihood"
    facts = {"n": data.n, "patterns": data.size, "loglik": fit.loglik, "loglik_null": null}
    return fitted(
        f"{title} of {data.model.response}", estimated, level=level, notes=notes,
        method=f"{weighted} on {data.size:,} answer patterns; {found.said}",
        parts={"fit": facts | {"mcfadden": 1 - fit.loglik / null}},
    )  # fmt: skip
