"""From coefficients and their covariance matrix to the `Result` that every regression returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from cxlab.data.sample import usable_weight
from cxlab.data.study import Study
from cxlab.problem import DataProblem
from cxlab.result import Result


@dataclass(frozen=True)
class Estimated:
    """Coefficients by name with covariance and degrees of freedom (infinite: normal), from ``n`` rows; ``census``:
    everybody in the population is in the sample, so that an error may be 0."""

    names: Sequence[str]
    beta: np.ndarray
    covariance: np.ndarray
    df: np.ndarray | float
    n: int
    census: bool = False


def fitted(
    title: str,
    found: Estimated,
    *,
    level: float,
    method: str,
    notes: Sequence[str] = (),
    parts: Mapping[str, Any] | None = None,
) -> Result:
    """Return the table ``term, estimate, low, high, se, p, df, n`` with t intervals (normal ones have no ``df``).

    Parameters
    ----------
    found : coefficients, nan where not estimable.
    """
    check_level(level)
    names, beta, covariance, df, n = found.names, found.beta, found.covariance, found.df, found.n
    df = np.broadcast_to(np.asarray(df, float), np.shape(beta))
    se = np.where(np.isnan(beta), np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    se = np.where((se > 0) | found.census, se, np.nan)
    reach = quantile(df, 0.5 + level / 2) * se
    table = pd.DataFrame({"term": list(names), "estimate": beta, "low": beta - reach, "high": beta + reach, "se": se})
    with np.errstate(divide="ignore", invalid="ignore"):
        table["p"] = np.where(se > 0, 2 * stdtr(df, -np.abs(beta / se)), np.nan)
    if np.isfinite(df).any():
        table["df"] = df
    table["n"] = n
    whole = pd.DataFrame(covariance, index=list(names), columns=list(names))
    return Result("regression", title, table, "", level, method, tuple(notes), {"covariance": whole, **(parts or {})})


def quantile(df: np.ndarray, share: float) -> np.ndarray:
    """Return the quantile of Student's t; infinite degrees of freedom are the normal's.

    >>> quantile(np.array([np.inf, 10.0]), 0.975).round(4).tolist()
    [1.96, 2.2281]
    """
    from scipy.special import ndtri

    finite = np.isfinite(df)
    return np.where(finite, stdtrit(np.where(finite, df, 1.0), share), ndtri(share))


def check_level(level: float) -> None:
    """Refuse a confidence level outside 0 to 1."""
    if not 0 < level < 1:
        raise DataProblem(f"level is {level}; a confidence level lies between 0 and 1, usually 0.95")


def weight_of(study: Study) -> nw.Expr | None:
    """Return the study's design weight as an expression, null where a row does not count, or None."""
    return usable_weight(study)


def lost_note(study: Study, lost: int, n: float, what: Sequence[str]) -> list[str]:
    """Return the study's caveats and the note on rows left out, if any."""
    notes = list(study.caveats)
    if lost:
        said = f" or weight zero ({study.design.weight})" if study.design.weight else ""
        notes.append(f"{lost:,} of {lost + int(n):,} rows left out: a missing value in {', '.join(what)}{said}")
    return notes


def aliased_note(names: Sequence[str], kept: np.ndarray) -> list[str]:
    """Return the note on coefficients that cannot be estimated, if any."""
    left = [n for n, k in zip(names, kept, strict=True) if not k]
    if not left:
        return []
    return [f"not estimated: {', '.join(left)} is constant or a linear combination of the terms before it"]
