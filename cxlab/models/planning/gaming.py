"""`gaming`: what owners may do to look better: whom they ask, who answers, where scores pile up, how they are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom, norm
from scipy.stats import t as student

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.result_words import labelled
from cxlab.problem import DataProblem
from cxlab.result import Result

LEAST = 3
FEW = 3
"""Of fewer other owners a variance is hardly known: limits are those of Student's t even where it seems to be none."""
COLUMNS = (
    Column("owner", "label", "", "Owner"), Column("check", "label", "", "Watched"),
    Column("estimate", "share", "", "Share"), Column("expected", "share", "", "Of all"),
    Column("low", "bound", "share", "Expected from"), Column("high", "bound", "share", "Expected to"),
    Column("verdict", "text", "", "Look"),
)  # fmt: skip
LOOK, FINE = "look", "as expected"


@public
def gaming(
    study: Study, outcome: str, *, owner: str, cut: float | None = None, answered: str | None = None,
    mode: str | None = None, least_n: int = metrics.SMALL, level: float = 0.95,
) -> Result:  # fmt: skip
    """Return which owners differ from all others in ways that good service alone does not explain.

    Four things are watched, each as a share of an owner's rows against that of all: *answered* of those asked (a list
    of pleased customers answers more), scores *at the cut-off* of a target (rather than just below it: of the answers
    on the cut and on the score below), the owner's *mode* of asking (each mode against all), and the *best score*.
    Limits are those of a funnel: binomial, widened by the variance between the other owners (Spiegelhalter's additive
    form), over all that is watched (Bonferroni). A flag says look, not guilty: small shops, other customers and real
    excellence do the same. Where nobody games, somebody is flagged in 1 to 2 % of the tables of 5 to 100 owners whose
    customers are alike, and in 2 to 5 % where customers differ from owner to owner (simulated, level 95 %). Whom an
    owner never asked is not in the data: who asks pleased customers alone is seen by a share of best scores only.

    Parameters
    ----------
    study : a row a customer asked, or an answer. ``outcome`` : the score that is paid for.
    owner : column of who is measured by it.
    cut : score from which the target counts as met; default: the best but one.
    answered : column of 1 (answered) and 0 (asked, no answer); default: who has an outcome, where some have none.
    mode : column of how people were asked.
    least_n : owners with fewer rows are not shown.
    level : that nobody is flagged where all owners are alike.

    Returns
    -------
    Result in shares, a row an owner and check, the farthest outside first: ``owner, check, estimate, expected, low,
    high`` (limits), ``n, verdict`` ('look' or 'as expected'). ``parts["looked"]`` : owners flagged.

    Raises
    ------
    DataProblem : fewer than three owners, an outcome without scale, a cut outside it.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
        1185-1202. doi:10.1002/sim.1970

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.targets.gaming(cx.load("brand-tracker"), "satisfaction", owner="brand", mode="mode")
    >>> found.table["check"].iloc[0] in ("answered", "best score", "at the cut-off 4", "mode phone", "mode online")
    True
    """
    metrics.check_level(level)
    if not (outcome and owner):
        raise DataProblem("name the score that is paid for and the column of who is measured by it: outcome, owner=")
    field = study.field(outcome)
    if field.scale is None:
        raise DataProblem(f"'{outcome}' has no scale; name the score that is paid for")
    cut = field.scale.maximum - field.scale.step if cut is None else cut
    if not field.scale.minimum < cut <= field.scale.maximum:
        raise DataProblem(f"cut is {cut:g}; it is a score of '{outcome}' above {field.scale.minimum:g}: {field.scale}")
    others = [c for c in (owner, mode) if c]
    for c in others:
        study.field(c)
    found = sample(study, [outcome, *([answered] if answered else [])], other=others, weights=False)
    y, who = found.answers[outcome], pd.Series(found.other[owner], dtype=object)
    known = who.notna().to_numpy()
    checks = _checks(y, found.answers[answered] if answered else None, cut, field.scale.maximum, field.scale.step)
    if mode:
        ways = pd.Series(found.other[mode], dtype=object)
        for way in sorted(ways.dropna().unique(), key=str):
            checks[f"mode {list(labelled(study, mode, pd.Series([way])))[0]}"] = np.where(
                ways.notna(), ways == way, np.nan
            )
    rows, few = [], 0
    for check, x in checks.items():
        kept = known & np.isfinite(x.astype(float))
        table = pd.DataFrame({"owner": who[kept], "x": x[kept].astype(float)}).groupby("owner", sort=True)["x"]
        told = table.agg(["sum", "count"]).reset_index()
        few += int((told["count"] < least_n).sum())
        told = told[told["count"] >= max(least_n, 1)]
        if len(told) >= LEAST and 0 < told["sum"].sum() < told["count"].sum():
            rows.append(told.assign(check=check))
    if not rows:
        raise DataProblem(
            f"fewer than {LEAST} owners in '{owner}' have {least_n} rows on which something can be watched; a funnel "
            "needs more"
        )
    out = _limits(pd.concat(rows, ignore_index=True), level)
    out["owner"] = list(labelled(study, owner, out["owner"]))
    looked = sorted(set(out.loc[out["verdict"] == LOOK, "owner"].astype(str)))
    notes = [*study.caveats, *found.notes, "a flag says look: other customers or real excellence do the same"]
    notes += (
        [f"{few} shares of owners with fewer than {least_n} rows are not shown (least_n=0 shows them)"] if few else []
    )
    if out.groupby("check").size().min() < FEW + 2:
        notes.append(f"fewer than {FEW + 2} owners do not tell how much owners differ anyway: the limits are very wide")
    notes += (
        ["weights are not used: it is of those who were asked, not of all customers"] if study.design.weight else []
    )
    return Result(
        "gaming", f"Who is measured by {field.label}: what to look at", out, "share", level,
        "share of each owner against that of all; binomial funnel with a variance between the others; Bonferroni",
        tuple(notes), {"looked": looked, "cut": cut}, COLUMNS, better="none",
    )  # fmt: skip


def _checks(y: np.ndarray, answered: np.ndarray | None, cut: float, best: float, step: float) -> dict[str, np.ndarray]:
    """What is watched: check → 1, 0, or nan where it does not apply."""
    there = np.isfinite(y)
    out: dict[str, Any] = {}
    if answered is not None:
        out["answered"] = answered
    elif not there.all():
        out["answered"] = there.astype(float)
    near = there & ((y == cut) | (y == cut - step))
    out[f"at the cut-off {cut:g}"] = np.where(near, y == cut, np.nan)
    out["best score"] = np.where(there, y == best, np.nan)
    return out


def _limits(told: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add expected shares, limits and verdicts; a limit is never nearer than that of exact binomial tails."""
    parts = []
    tail = (1 - level) / (2 * len(told))
    for check, t in told.groupby("check", sort=False):
        k, n = t["sum"].to_numpy(float), t["count"].to_numpy(float)
        p, share, others = k / n, float(k.sum() / n.sum()), len(t) - 2
        between = _between(k, n)
        widened = (between > 0) | (others < FEW)
        se = np.sqrt(share * (1 - share) / n + between)
        half = np.where(widened, student.ppf(1 - tail, others), norm.ppf(1 - tail)) * se
        low = np.clip(np.fmin(share - half, binom.ppf(tail, n, share) / n), 0, 1)
        high = np.clip(np.fmax(share + half, binom.ppf(1 - tail, n, share) / n), 0, 1)
        parts.append(pd.DataFrame({
            "owner": t["owner"].to_numpy(), "check": check, "estimate": p, "expected": share, "low": low, "high": high,
            "n": t["count"].to_numpy(), "verdict": np.where((p < low) | (p > high), LOOK, FINE),
            "far": np.abs(p - share) / (half / norm.ppf(1 - tail)),
        }))  # fmt: skip
    out = pd.concat(parts, ignore_index=True).sort_values("far", ascending=False, kind="stable", ignore_index=True)
    return out.drop(columns="far")


def _between(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The variance between the *other* owners beyond chance, for each owner (DerSimonian and Laird's moments).

    An owner who games does not widen the limits of their own so.

    >>> _between(np.array([50.0, 50, 50]), np.array([100.0, 100, 100])).tolist()
    [0.0, 0.0, 0.0]
    """
    rest, of = k.sum() - k, n.sum() - n
    share = np.clip(rest / of, 0.5 / of, 1 - 0.5 / of)
    squares = (k**2 / n).sum() - k**2 / n - 2 * share * rest + share**2 * of  # sum of n (p - share)^2
    spread = of - ((n**2).sum() - n**2) / of
    return np.fmax(squares - (len(n) - 2) * share * (1 - share), 0) / spread
