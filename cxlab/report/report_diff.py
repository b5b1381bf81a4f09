"""`moves`: which numbers of one report differ for real from another's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cxlab.languages.one_and_many import agreed
from cxlab.models.metrics.registry import SMALLEST
from cxlab.problem import DataProblem
from cxlab.report.collect import Made, made, one, table
from cxlab.result import Result
from cxlab.stats.inference import inversion, multiple
from cxlab.stats.inference.differences import RULE, VERDICTS, mover, verdicts
from cxlab.stats.inference.trinomial import z_value

SAID = "said"
KEYS = ["notebook", "result", "title", "label"]
MATTERS = {**SMALLEST, "index": 2.0}
"""Smallest difference that matters in each unit; of other units none is known, so nothing can be called noise."""
MATTER = "5 points, 3 percentage points, 2 index points; of other units none is known"


def moves(before: Path, after: Path, *, level: float = 0.95, adjust: str = "holm") -> Result:
    """Return after - before for every number that both reports hold, with an interval and whether it moved.

    The reports count as independent samples. Where they share respondents (a panel, or the same data), the standard
    error of a difference is overstated, so fewer numbers are called moved; the notes say when the data are the same.

    Parameters
    ----------
    before, after : folders of two reports of the same notebook.
    adjust : correction over all numbers compared: 'holm' (default), 'bh', 'by' or 'none'.

    Returns
    -------
    Result with one row a number, those that moved first: ``number, before, after, estimate`` (after - before),
    ``low, high`` (MOVER from the two printed intervals, their reach in proportion to z), ``p`` (from that interval),
    ``p_adjusted, unit, verdict`` in the words of `cxlab.compare`; '' without an interval.

    Raises
    ------
    DataProblem : a folder holds no report, a run failed, or the reports have no number in common.
    """
    old, new = one(before), one(after)
    for report in (old, new):
        if report.failed:
            raise DataProblem(f"{report.folder} is a run that failed; make the report again before comparing")
    both = table([old]).merge(table([new]), on=KEYS, suffixes=("_before", "_after"))
    both = both[both["estimate_before"].notna() & both["estimate_after"].notna()].drop_duplicates(KEYS)
    if both.empty:
        raise DataProblem(f"{before} and {after} have no number in common; compare reports of the same notebook")
    found = differences(both, level, adjust)
    found[SAID] = list(zip(both["title"], both["label"], strict=True))
    real = found["verdict"].str.startswith("real")
    order = {word: k for k, word in enumerate((*VERDICTS, ""))}
    found = found.sort_values("verdict", key=lambda s: s.map(order), kind="stable", ignore_index=True)
    said = list(found.pop(SAID))
    return Result(
        kind="moves",
        title=f"{old.name} to {new.name}: " + agreed(f"{real.sum()} of {len(found)} numbers differ for real"),
        table=found,
        level=level,
        method=f"after - before, MOVER interval from the two intervals, reports as independent samples; "
        f"p-values: {multiple.NAMES[adjust]}, {int(found['p'].notna().sum())} numbers",
        notes=(
            *notes(old, new),
            *overlap(old, new),
            RULE.format(alpha=1 - level),
            "smallest differences that matter: " + MATTER,
        ),
        parts={"titles": [title for title, _ in said], "labels": [label for _, label in said]},
    )


def common(before: Path, after: Path) -> list[tuple[Path, Path]]:
    """Return the pairs of reports to compare: the two folders, or the reports of the same name under both.

    Raises
    ------
    DataProblem : the folders hold no report of the same notebook and name.
    """
    if (before / "run.json").is_file() or (after / "run.json").is_file():
        return [(before, after)]
    new = {(report.notebook, report.name): report for report in made(after) if not report.failed}
    found = [(old.folder, new[old.notebook, old.name].folder) for old in made(before)
             if not old.failed and (old.notebook, old.name) in new]  # fmt: skip
    if not found:
        raise DataProblem(f"{before} and {after} hold no reports of the same notebook and name; nothing to compare")
    return found


def differences(both: pd.DataFrame, level: float, adjust: str) -> pd.DataFrame:
    """Return the table of `moves` from the numbers of both reports side by side."""
    before, after = (_arm(both, when, level) for when in ("before", "after"))
    d = after[0] - before[0]
    limits = lambda z: mover(_at(after, z), _at(before, z))  # noqa: E731
    low, high = limits(np.full(len(d), z_value(level)))
    known = np.isfinite(low + high) & (high > low)
    p = np.where(known, inversion.two_sided(d, limits), np.nan)
    adjusted = multiple.adjusted(p, adjust)
    smallest = both["unit_after"].map(MATTERS).to_numpy(float)
    equivalent = np.fmax(inversion.above(d, limits, -smallest), inversion.below(d, limits, smallest))
    number = both["title"] + both["label"].map(lambda label: f": {label}" if label else "")
    return pd.DataFrame({
        "number": number, "before": before[0], "after": after[0], "estimate": d, "low": low, "high": high, "p": p,
        "p_adjusted": adjusted, "unit": both["unit_after"], "verdict": verdicts(adjusted, equivalent, 1 - level),
    })  # fmt: skip


def _arm(both: pd.DataFrame, when: str, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The estimate and how far its limits are from it, for one unit of z."""
    t, low, high = (both[f"{name}_{when}"].to_numpy(float) for name in ("estimate", "low", "high"))
    z = np.array([z_value(v) for v in both[f"level_{when}"].fillna(level)])
    return t, (t - low) / z, (high - t) / z


def _at(arm: tuple[np.ndarray, np.ndarray, np.ndarray], z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t, down, up = arm
    return t, t - down * z, t + up * z


def notes(old: Made, new: Made) -> tuple[str, ...]:
    """Return what limits the comparison of two reports."""
    found = []
    same = [[r.run["data"].get(k) for k in ("sha256", "filters")] for r in (old, new)]
    if same[0] == same[1]:
        found.append("both reports read the same data: numbers of overlapping rows are not independent")
    if old.run["cxlab"] != new.run["cxlab"]:
        found.append(f"made by different versions: {old.run['cxlab']} and {new.run['cxlab']}")
    if old.run["notebook"]["sha256"] != new.run["notebook"]["sha256"]:
        found.append("the notebook changed between the two reports")
    return tuple(found)


def overlap(old: Made, new: Made) -> tuple[str, ...]:
    """Say how many respondents two reports share, where the design names them and the data are still as they were.

    Sharing makes the two numbers of a difference move together, so an interval that takes them as independent is wider
    than need be, and fewer numbers are called real.
    """
    cluster = [(r.run["data"].get("design") or {}).get("cluster") for r in (old, new)]
    if not cluster[0] or cluster[0] != cluster[1]:
        return ()
    try:
        there = [_respondents(r, cluster[0]) for r in (old, new)]
    except DataProblem:
        there = [None, None]
    if there[0] is None or there[1] is None:
        return (f"how many '{cluster[0]}' both share is not known: the data are not there, or have changed",)
    both = len(there[0] & there[1])
    if not both:
        return (f"no '{cluster[0]}' is in both",)
    return (
        f"{both:,} of {len(there[0]):,} '{cluster[0]}' before are among the {len(there[1]):,} after, too: intervals "
        "take them as independent and are wider than need be",
    )


def _respondents(report: Made, cluster: str) -> set | None:
    """The clusters of a report's rows; None where its data have changed since."""
    from cxlab.data.load import load
    from cxlab.report import provenance

    given = report.run["parameters"]
    if provenance.data_hash(given["study"]) != report.run["data"].get("sha256"):
        return None
    study = load(given["study"]).where(**(given.get("only") or {}))
    return set(study.answers([cluster]).unique().collect().to_pandas()[cluster].dropna())
