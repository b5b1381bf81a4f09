"""`gaming`: what owners may do to look better: whom they ask, who answers, where scores pile up, how they are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.result_words import labelled
from cxlab.problem import DataProblem
from cxlab.result import Result

LEAST = 3
TAIL = 0.1
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
    Limits are those of a funnel: binomial, widened by the spread between owners where that is larger (Spiegelhalter),
    over all that is watched (Bonferroni). A flag says look, not guilty: small shops, other customers and real
    excellence do the same.

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
    notes += (
        ["weights are not used: it is of those who were asked, not of all customers"] if study.design.weight else []
    )
    return Result(
        "gaming", f"Who is measured by {field.label}: what to look at", out, "share", level,
        "share of each owner against that of all; binomial funnel, overdispersed; Bonferroni over all rows",
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
    """Add expected shares, limits and verdicts."""
    parts = []
    z = float(norm.ppf(1 - (1 - level) / (2 * len(told))))
    for check, t in told.groupby("check", sort=False):
        n = t["count"].to_numpy(float)
        p, share = t["sum"].to_numpy(float) / n, float(t["sum"].sum() / t["count"].sum())
        se = np.sqrt(share * (1 - share) / n)
        score = (p - share) / se
        calm = np.clip(score, *np.quantile(score, [TAIL, 1 - TAIL]))
        se = se * np.sqrt(max(float((calm**2).mean()), 1.0))
        parts.append(pd.DataFrame({
            "owner": t["owner"].to_numpy(), "check": check, "estimate": p, "expected": share,
            "low": np.fmax(share - z * se, 0), "high": np.fmin(share + z * se, 1), "n": t["count"].to_numpy(),
            "verdict": np.where(np.abs(p - share) > z * se, LOOK, FINE), "far": np.abs(p - share) / se,
        }))  # fmt: skip
    out = pd.concat(parts, ignore_index=True).sort_values("far", ascending=False, kind="stable", ignore_index=True)
    return out.drop(columns="far")
