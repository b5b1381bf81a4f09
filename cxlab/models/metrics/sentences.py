"""What comparisons say, in sentences: what is real, what is noise, what the sample cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from cxlab.columns import named
from cxlab.data.arguments import public
from cxlab.languages.one_and_many import agreed
from cxlab.models.metrics import registry
from cxlab.models.metrics.best_answers import TOP_BOX
from cxlab.models.metrics.families import KINDS, common, judged, together
from cxlab.models.metrics.groups import UNORDERED
from cxlab.models.paragraphs import Findings
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference import multiple

SHOWN = 8
"""So many findings of one kind are told; the rest are counted and stand in the tables."""


@public
def findings(*results: Result) -> Findings:
    """Return in words what `compare`, `against` and `trend` found, the largest differences first.

    Several results are judged as one family, as `together` judges them, and the last sentence says so; of these only
    the real differences are told one by one, the others are counted.

    Parameters
    ----------
    results : results to be told, one or several.

    Raises
    ------
    DataProblem : a result is of another kind than 'comparison' and 'trend'.

    >>> import cxlab as cx
    >>> cx.findings(cx.compare(cx.load("abc"), "csat", by="country", pairs="rest"))  # doctest: +ELLIPSIS
    - Real (CSAT by Country): Benelux is 43.7 percentage points below the others together (23.6 to 56.3).
    ...
    """
    if not results:
        return Findings(("Nothing was compared: there are no groups and no waves.",))
    for result in results:
        if result.kind not in KINDS:
            raise DataProblem(
                f"there are no findings for results of kind '{result.kind}'; allowed: {', '.join(KINDS)}, as "
                "cx.compare, cx.against and cx.trend give them"
            )
    whole = {result.parts.get("family") for result in results}
    same = len(whole) == 1 and all(result.parts.get("together") for result in results)
    if len(results) > 1 and not same:
        correction = common(results) if all(map(judged, results)) else "holm"
        results = tuple(together(*results, correction=correction))
    tables = [(result, differences(result)) for result in results]
    tables = [(result, table) for result, table in tables if not table.empty]
    if len(tables) == 1:
        (result, table), *_ = tables
        lines = [*real(result, table), *unreal(result, table)]
    else:
        lines = [line for result, table in tables for line in real(result, table)] + counted([t for _, t in tables])
    if lines and len(results) > 1 and results[0].parts.get("together"):
        lines.append(_judgement(results[0]))
    lines += [line for result in results for line in unordered(result)]
    return Findings(tuple(lines) or ("Nothing to compare: no two groups have enough answers.",))


def _judgement(result: Result) -> str:
    """What "real" is worth on a page whose comparisons were judged together."""
    count, correction, page = result.parts["family"], result.parts["correction"], result.parts["page"]
    worth = {
        "none": "they are not corrected for their number: where nothing differs about "
        f"{max(1, round(count * (1 - result.level)))} would still be called real",
        "holm": f"where nothing differs, one page in {round(1 / page.chance)} has a false 'real' on it",
    }.get(correction, f"of those called real about {1 - result.level:.0%} are chance")
    divided = f" This chance is divided before looking: {page.described()}." if len(page.names) > 1 else ""
    head = agreed(f"**Judged together**: {count} comparisons")
    return f"{head} ({multiple.NAMES[correction]}); {worth}.{divided}"


def counted(tables: list[pd.DataFrame]) -> list[str]:
    """Return one sentence about all differences that are not real."""
    if not tables:
        return []
    verdicts = pd.concat(tables)["verdict"]
    noise, unsure = (int((verdicts == v).sum()) for v in ("noise", "cannot tell"))
    none = "" if verdicts.str.startswith("real").any() else "None is real. "
    if not noise + unsure:
        return []
    head = agreed(f"**The rest** of {len(verdicts)} differences: {none}")
    are = "is" if noise == 1 else "are"
    if not noise:
        return [f"{head}{unsure} that these data cannot tell."]
    told = f"{head}{noise} {are} noise (what would matter is ruled out)"
    return [f"{told}, and of {unsure} these samples cannot tell." if unsure else f"{told}."]


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
    others = {"rest": "the others together"}
    waves = shown.assign(wave=shown[result.parts["wave"]].astype(object)) if trend else shown
    if trend:
        before, of = waves.groupby("item", sort=False)["wave"].shift(), result.parts["wave"]
    elif "against" in shown:
        before, of = shown["against"], table.columns[list(table.columns).index("against") - 1]
    else:
        before, of = pd.Series("the benchmark", shown.index), ""
    its = "its value in " if "against" in shown and of not in about else ""
    against = [others.get(v) or f"{its}{say(v, of)}" for v in before]
    out = pd.DataFrame({"name": names, "against": against, "verdict": shown["verdict"]})
    out[["estimate", "low", "high"]] = shown[["d", "d_low", "d_high"]].to_numpy(float)
    out["detectable"] = shown["detectable"].to_numpy(float) if "detectable" in shown else float("nan")
    out = out[out["estimate"].notna() & ~out["verdict"].isin(["", UNORDERED])]
    mirrored = len(out) == 2 and set(out["against"]) == {"the others together"} and abs(out["estimate"].sum()) < 1e-9
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
            yield f"**{word}**{about}: {plain(r['name'])} is {gap(r, result.unit, result.better)}."
        if len(rows) > SHOWN:
            yield f"**{word}**{about}: {len(rows) - SHOWN} more; the table has them."


def unreal(result: Result, table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence about the differences that are noise, and one about those that cannot be told."""
    about = topic(result)
    noise, unsure = (table[table["verdict"] == verdict] for verdict in ("noise", "cannot tell"))
    if len(noise):
        yield f"**Noise**{about}: {listed(noise, result)}. Differences that matter are ruled out."
    if len(unsure):
        word, factor, digits = SIZES.get(result.unit, ("", 1, 2))
        median = unsure["detectable"].median() * factor
        power = (
            f" With so many answers and comparisons a difference has to be about {median:.{digits}f} {word}".rstrip()
            + " to be found (80\u00a0% power)."
            if median == median
            else ""
        )
        which = listed(unsure, result)
        which = which if len(table) == 1 else f"{len(unsure)} of {len(table)} ({which})"
        yield f"**Cannot tell**{about}: {which}.{power}"


def unordered(result: Result) -> Iterator[str]:
    """Yield that the order of waves is not known, where a verdict waits for it."""
    if "verdict" in result.table and (result.table["verdict"] == UNORDERED).any():
        note = next(n for n in result.notes if "comes first is not known" in n)
        yield f"**Order not known**{topic(result)}: {plain(note)}."


def topic(result: Result) -> str:
    """Return which metric of what the sentences are about, in brackets."""
    compared = result.parts.get("wave") or result.parts.get("compared", "")
    compared = result.parts.get("labels", {}).get(compared, compared)
    name = registry.label(result.parts["metric"])
    name = result.title.partition(" by ")[0] if TOP_BOX.match(result.title) else name
    return f" ({name}" + (f" by {plain(compared)})" if compared else ")")


def gap(row: pd.Series, unit: str, better: str = "none") -> str:
    """Return a difference in words: ``43.7 percentage points below the others together (23.6 to 56.3)``.

    The interval is that of the size in the direction that is said: from -3 it may be the other way by 3. Where less is
    better, the words say which side is worse.
    """
    word, factor, digits = SIZES.get(unit, ("", 1, 2))
    sign = 1 if row["estimate"] >= 0 else -1
    low, high = sorted(sign * float(row[end]) * factor for end in ("low", "high"))
    side = "above" if sign > 0 else "below"
    worse = {1: " (worse than)", -1: " (better than)"}[sign] if better == "down" else ""
    size = f"{abs(row['estimate']) * factor:.{digits}f} {word}".strip()
    return f"{size} {side}{worse} {plain(row['against'])} ({span_of(low, high, digits)})"


def span_of(low: float, high: float, digits: int) -> str:
    """Return an interval in words, with a minus sign where it reaches the other side."""
    return " to ".join(f"{v:.{digits}f}".replace("-", "\u2212") for v in (low, high))


def listed(rows: pd.DataFrame, result: Result) -> str:
    """Return a few differences by name, with their interval: of one its own, of several the widest they reach."""
    if len(rows) == 1:
        row = rows.iloc[0]
        return f"{plain(row['name'])} is {gap(row, result.unit, result.better)}"
    _, factor, digits = SIZES.get(result.unit, ("", 1, 2))
    once = [plain(n) for n in dict.fromkeys(rows["name"])]
    names = ", ".join(once) if len(once) <= SHOWN else f"{len(once)} differences"
    return f"{names}; intervals within {span_of(rows['low'].min() * factor, rows['high'].max() * factor, digits)}"


def plain(text: object) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", str(text))
