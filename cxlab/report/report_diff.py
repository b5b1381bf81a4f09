"""`moves`: which numbers of one report differ from another's beyond noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cxlab.problem import DataProblem
from cxlab.report.collect import Made, made, one, table
from cxlab.result import Result
from cxlab.stats.inference import differences as difference_tests
from cxlab.stats.inference import multiple
from cxlab.stats.inference.trinomial import z_value

KEYS = ["notebook", "result", "title", "label"]


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
    ``low, high`` (MOVER), ``p, p_adjusted, unit, moved`` ('moved', 'within noise', 'no interval').

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
    order = {"moved": 0, "within noise": 1, "no interval": 2}
    found = found.sort_values("moved", key=lambda s: s.map(order), kind="stable", ignore_index=True)
    counts = found["moved"].value_counts()
    return Result(
        kind="moves",
        title=f"{old.name} to {new.name}: {counts.get('moved', 0)} of {len(found)} numbers moved beyond noise",
        table=found,
        level=level,
        method=f"after - before, MOVER interval from the two intervals, reports as independent samples; "
        f"p-values: {multiple.NAMES[adjust]}, {int(found['p'].notna().sum())} numbers",
        notes=notes(old, new),
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
    arm = lambda when: tuple(both[f"{k}_{when}"].to_numpy(float) for k in ("estimate", "low", "high"))  # noqa: E731
    before, after = arm("before"), arm("after")
    low, high = difference_tests.mover(after, before)
    z = [z_value(v) for v in (*both["level_before"].fillna(level), *both["level_after"].fillna(level))]
    half = np.array(z).reshape(2, -1)
    se = np.hypot((before[2] - before[1]) / (2 * half[0]), (after[2] - after[1]) / (2 * half[1]))
    p = difference_tests.two_sided(after[0] - before[0], se)
    adjusted = multiple.adjusted(p, adjust)
    known = np.isfinite(se) & (se > 0)
    moved = np.where(~known, "no interval", np.where(adjusted < 1 - level, "moved", "within noise"))
    number = both["title"] + both["label"].map(lambda label: f": {label}" if label else "")
    return pd.DataFrame({
        "number": number, "before": before[0], "after": after[0], "estimate": after[0] - before[0],
        "low": low, "high": high, "p": p, "p_adjusted": adjusted, "unit": both["unit_after"], "moved": moved,
    })  # fmt: skip


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
