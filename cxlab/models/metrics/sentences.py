"""What comparisons say, in sentences: what is real, what is noise, what the sample cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from cxlab.columns import named
from cxlab.data.arguments import public
from cxlab.models.metrics.scores import TOP_BOX
from cxlab.models.paragraphs import Findings
from cxlab.result import Result

SHOWN = 8
"""So many findings of one kind are told; the rest are counted and stand in the tables."""


@public
def findings(*results: Result) -> Findings:
    """Return in words what `compare` and `trend` found, the largest differences first.

    Of several results only the real differences are told one by one; the others are counted.

    >>> import cxlab as cx
    >>> findings(cx.compare(cx.load("abc"), "csat", "country", pairs="rest"))  # doctest: +SKIP
    - Real (CSAT by Country): Benelux is 43.7 percentage points below all others (23.6 to 56.3).
    """
    tables = [(result, differences(result)) for result in results]
    tables = [(result, table) for result, table in tables if not table.empty]
    if len(tables) == 1:
        (result, table), *_ = tables
        lines = [*real(result, table), *unreal(result, table)]
    else:
        lines = [line for result, table in tables for line in real(result, table)] + counted([t for _, t in tables])
    return Findings(tuple(lines) or ("Nothing to compare: no two groups have enough answers.",))


def counted(tables: list[pd.DataFrame]) -> list[str]:
    """Return one sentence about all differences that are not real."""
    if not tables:
        return []
    verdicts = pd.concat(tables)["verdict"]
    noise, unsure = (int((verdicts == v).sum()) for v in ("noise", "cannot tell"))
    none = "" if verdicts.str.startswith("real").any() else "None is real. "
    if not noise + unsure:
        return []
    return [
        f"**The rest** of {len(verdicts)} differences: {none}{noise} are noise (what would matter is ruled out), and "
        f"of {unsure} these samples cannot tell."
    ]


def differences(result: Result) -> pd.DataFrame:
    """Return ``name, estimate, low, high, detectable, verdict``, one row a difference that was tested."""
    table, labels = result.table, result.parts.get("labels", {})
    trend = "change" in table
    shown = table.rename(columns={"change": "d", "change_low": "d_low", "change_high": "d_high"}) if trend else table
    shown = shown if trend else shown.rename(columns={"estimate": "d", "low": "d_low", "high": "d_high"})
    first = [c for c in table.columns[: list(table.columns).index("estimate")] if c != "against"]
    first = [c for c in first if table[c].nunique() > 1 or len(first) == 1]
    about = first[::-1]
    say = lambda value, column: named(labels.get(value, value), labels.get(column, column))  # noqa: E731
    names = [", ".join(map(say, row, about)) for row in shown[about].itertuples(index=False)]
    others = {"rest": "all others"}
    waves = shown.assign(wave=shown[result.parts["wave"]].astype(object)) if trend else shown
    before = waves.groupby("item", sort=False)["wave"].shift() if trend else shown["against"]
    of = result.parts["wave"] if trend else table.columns[list(table.columns).index("against") - 1]
    against = [others.get(v) or say(v, of) for v in before]
    out = pd.DataFrame({"name": names, "against": against, "verdict": shown["verdict"]})
    out[["estimate", "low", "high"]] = shown[["d", "d_low", "d_high"]].to_numpy(float)
    out["detectable"] = shown["detectable"].to_numpy(float)
    out = out[out["estimate"].notna() & (out["verdict"] != "")]
    mirrored = len(out) == 2 and set(out["against"]) == {"all others"} and abs(out["estimate"].sum()) < 1e-9
    if mirrored:  # two groups are each other's rest: tell it once
        return out.assign(against=list(out["name"])[::-1]).sort_values("estimate").tail(1)
    return out


WORDS = {"real": "Real", "real, but smaller than matters": "Real, but too small to matter"}
SIZES = {
    "share": ("percentage points", 100, 1),
    "points": ("points", 1, 1),
    "index": ("points", 1, 1),
    "mean": ("", 1, 2),
}
"""How a difference in each unit is told: its word, factor and decimals."""


def real(result: Result, table: pd.DataFrame) -> Iterator[str]:
    """Yield one sentence for each real difference, the largest first."""
    about = topic(result)
    for verdict, word in WORDS.items():
        rows = table[table["verdict"] == verdict].sort_values("estimate", key=abs, ascending=False)
        for _, r in rows.head(SHOWN).iterrows():
            yield f"**{word}**{about}: {plain(r['name'])} is {gap(r, result.unit)}."
        if len(rows) > SHOWN:
            yield f"**{word}**{about}: {len(rows) - SHOWN} more; the table has them."


def unreal(result: Result, table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence about the differences that are noise, and one about those that cannot be told."""
    about = topic(result)
    noise, unsure = (table[table["verdict"] == verdict] for verdict in ("noise", "cannot tell"))
    if len(noise):
        yield f"**Noise**{about}: {listed(noise)}. Differences that matter are ruled out."
    if len(unsure):
        word, factor, digits = SIZES.get(result.unit, ("", 1, 2))
        found = f"{unsure['detectable'].median() * factor:.{digits}f} {word}".strip()
        which = listed(unsure) if len(table) == 1 else f"{len(unsure)} of {len(table)}"
        which += f" ({listed(unsure)})" if len(table) > 1 and len(unsure) <= SHOWN else ""
        yield (
            f"**Cannot tell**{about}: {which}. With so many answers a difference has to be about {found} to be found "
            "(80\u00a0% power)."
        )


def topic(result: Result) -> str:
    """Return which metric of what the sentences are about, in brackets."""
    compared = result.parts.get("wave") or result.parts.get("compared", "")
    compared = result.parts.get("labels", {}).get(compared, compared)
    metric = result.parts["metric"]
    name = metric.upper() if metric in ("nps", "csat", "ces") else metric
    name = result.title.partition(" by ")[0] if result.title.startswith(TOP_BOX) else name
    return f" ({name}" + (f" by {plain(compared)})" if compared else ")")


def gap(row: pd.Series, unit: str) -> str:
    """Return a difference in words: ``43.7 percentage points below all others (23.6 to 56.3)``."""
    word, factor, digits = SIZES.get(unit, ("", 1, 2))
    size, *ends = (abs(v) * factor for v in row[["estimate", "low", "high"]])
    low, high = sorted(ends) if row["low"] * row["high"] > 0 else (float("nan"), float("nan"))
    interval = f" ({low:.{digits}f} to {high:.{digits}f})" if low == low else ""
    side = "above" if row["estimate"] > 0 else "below"
    return f"{size:.{digits}f} {word} {side} {plain(row['against'])}{interval}".replace("  ", " ")


def listed(rows: pd.DataFrame) -> str:
    """Return the names of a few differences, or how many there are; of a single one also what it is compared with."""
    if len(rows) == 1:
        return f"{plain(rows['name'].iloc[0])} against {plain(rows['against'].iloc[0])}"
    once = [plain(n) for n in dict.fromkeys(rows["name"])]
    return ", ".join(once) if len(once) <= SHOWN else f"{len(once)} differences"


def plain(text: object) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", str(text))
