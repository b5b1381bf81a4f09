"""The numbers of one question's table: every line in every column, with interval, bases, letters and arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import small_cells
from cxlab.models.metrics import estimates, registry
from cxlab.models.metrics.scores import Score
from cxlab.models.tables import column_letters, stub_lines
from cxlab.models.tables.banner_columns import TOTAL, Banner
from cxlab.models.tables.column_letters import Rules
from cxlab.models.tables.stub_lines import Line, Question
from cxlab.models.tables.table_layout import Layout
from cxlab.stats.inference.column_tests import Ratios, ratios

if TYPE_CHECKING:
    from cxlab.models.tables.crosstab import Scan


@dataclass(frozen=True)
class Part:
    """One group of columns of a table: its banner, the ratios of the lines, and what is hidden, (R, K)."""

    banner: Banner
    found: Ratios
    hidden: NDArray
    median: NDArray


def numbers(scan: Scan, asked: Question, layout: Layout, rule: Rules) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the table of one question, one row a cell, the tests behind its letters, and what is to be said of it."""
    lines = stub_lines.lines(scan.study, asked, scan.found.questions, layout)
    whole = _part(scan, _total(scan), lines, layout, rule)
    order = _order(lines, whole.found, layout)
    lines, parts = [lines[k] for k in order], [_part(scan, b, lines, layout, rule) for b in scan.banners]
    whole = _kept(whole, order)
    tests = _tests(parts, lines, rule, scan.simple)
    shown = [whole, *parts] if layout.total else parts
    out = [_cells(part, lines, scan, layout, whole) for part in shown]
    for k, part in enumerate(parts):
        letters, arrows = column_letters.marks(part.banner, tests[tests["block"] == k], len(lines), rule.levels)
        _marked(out[k + layout.total], letters, arrows)
    table = pd.concat(out, ignore_index=True)
    table.insert(0, "question", asked.field.label)
    table = table.sort_values("place", kind="stable", ignore_index=True).drop(columns=["place", "line"])
    return table, _told(tests, parts, lines, asked.field.label, rule), _notes(shown, asked, layout)


def _total(scan: Scan) -> Banner:
    """The total column: everybody."""
    names = scan.groupings[0]
    keys, _ = scan.patterns(names)
    return Banner("", names, (TOTAL,), ("",), ("",), np.ones((len(keys), 1)))


def _part(scan: Scan, banner: Banner, lines: Sequence[Line], layout: Layout, rule: Rules) -> Part:
    """The ratios of all lines in the columns of a banner, and in the rest of each where arrows want it."""
    members = column_letters.with_rest(banner) if "rest" in rule.against else banner.members
    sources, found = list(dict.fromkeys(line.source for line in lines)), {}
    median = np.full((len(lines), members.shape[1]), np.nan)
    for source in sources:
        at = [k for k, line in enumerate(lines) if line.source == source]
        block = scan.block(source, banner.names, members)
        mine = ratios(block, np.stack([lines[k].y for k in at]), np.stack([lines[k].base for k in at]))
        found |= {k: (mine, i) for i, k in enumerate(at)}
        for k in at:
            if lines[k].kind == "mean":
                values = np.array([v if isinstance(v, (int, float)) else np.nan for v in scan.found.questions[source]])
                median[k] = _medians(values, (block.counts[1] @ members) * lines[k].base[:, None])
    put = lambda name: np.stack([getattr(found[k][0], name)[found[k][1]] for k in range(len(lines))])  # noqa: E731
    all_ = Ratios(**{f.name: put(f.name) for f in fields(Ratios)})
    return Part(banner, all_, _hidden(banner, all_, layout), median)


def _medians(values: NDArray, weight: NDArray) -> NDArray:
    """Return the weighted median of each column: the middle of two where exactly half lies below."""
    order = np.argsort(values)
    order = order[~np.isnan(values[order])]
    below = np.cumsum(weight[order], axis=0)
    out = np.full(weight.shape[1], np.nan)
    for k in np.flatnonzero(below[-1] > 0 if len(order) else []):
        half = below[-1, k] / 2
        low = int(np.searchsorted(below[:, k], half * (1 - 1e-12)))
        high = int(np.searchsorted(below[:, k], half * (1 + 1e-12), side="right"))
        out[k] = (values[order[low]] + values[order[min(high, len(order) - 1)]]) / 2
    return out


def _hidden(banner: Banner, found: Ratios, layout: Layout) -> NDArray:
    """Return which cells are not shown: columns of a small base and what would tell them, lines of few answers."""
    width = len(banner.labels)
    if not layout.least_n:
        return np.zeros((len(found.n), width), bool)
    n = found.n[0, :width]
    table = pd.DataFrame({"n": n, "outer": banner.outer, "column": banner.labels})
    by = (["outer", "column"] if any(banner.outer) else ["column"]) if banner.apart and width > 1 else []
    return small_cells.hidden(table, layout.least_n, by)[None] | (found.n[:, :width] < layout.least_n)


def _order(lines: Sequence[Line], total: Ratios, layout: Layout) -> list[int]:
    """Return the order of the lines: categories sorted within their NETs, empty ones left out."""
    tree = [k for k, line in enumerate(lines) if line.kind in ("net", "category")]
    size = np.nan_to_num(total.a[:, 0])
    tree = [k for k in tree if layout.empty or size[k] > 0]
    if layout.sort:
        sign = -1 if layout.sort == "down" else 1
        tree = _sorted(tree, [line.depth for line in lines], sign * np.nan_to_num(total.estimate[:, 0]))
    first = [k for k, line in enumerate(lines) if line.kind == "asked"]
    return [*first, *tree, *(k for k, line in enumerate(lines) if line.kind in ("mean", "metric"))]


def _sorted(tree: list[int], depth: Sequence[int], size: NDArray) -> list[int]:
    """Sort siblings by size, each with what lies in it.

    >>> _sorted([0, 1, 2, 3], [0, 1, 1, 0], np.array([0.3, 0.2, 0.1, 0.0]))
    [3, 0, 2, 1]
    """
    families: list[list[int]] = []
    for k in tree:
        if families and depth[k] > depth[families[-1][0]]:
            families[-1].append(k)
        else:
            families.append([k])
    families.sort(key=lambda f: size[f[0]])
    return [k for f in families for k in (f[0], *_sorted(f[1:], depth, size))]


def _kept(part: Part, order: list[int]) -> Part:
    """The part with its lines in another order."""
    found = replace(part.found, **{f.name: getattr(part.found, f.name)[order] for f in fields(Ratios)})
    return Part(part.banner, found, part.hidden[order], part.median[order])


def _tests(parts: Sequence[Part], lines: Sequence[Line], rule: Rules, simple: bool) -> pd.DataFrame:
    """Every test of the table, corrected."""
    shares, out = np.array([line.shape == "share" for line in lines]), []
    for k, part in enumerate(parts):
        hidden = part.hidden | np.array([line.kind == "asked" for line in lines])[:, None]
        tests = column_letters.tested(part.banner, part.found, hidden, shares, rule, simple)
        if len(tests):
            out.append(tests.assign(block=k))
    if not out:
        return pd.DataFrame({"block": []})
    tests = pd.concat(out, ignore_index=True)
    return tests.assign(p_adjusted=column_letters.adjusted(tests, rule.correction, tests["block"]))


def _told(tests: pd.DataFrame, parts: Sequence[Part], lines: Sequence[Line], title: str, rule: Rules) -> pd.DataFrame:
    """The tests behind letters and arrows, in words."""
    if "p_adjusted" not in tests:
        return pd.DataFrame()
    found = tests[tests["p_adjusted"] < rule.levels[0]]
    factor = np.array([100.0 if line.unit == "points" else 1.0 for line in lines])[found["line"].to_numpy(int)]
    called = [[*p.banner.letters, *["rest"] * len(p.banner.letters)] for p in parts]
    return pd.DataFrame(
        {"question": title, "row": [lines[k].label for k in found["line"]],
         "first": [called[b][k] for b, k in zip(found["block"], found["first"], strict=True)],
         "second": [called[b][k] for b, k in zip(found["block"], found["second"], strict=True)],
         "difference": found["difference"].to_numpy() * factor, "se": found["se"].to_numpy() * factor,
         "df": found["df"].to_numpy(), "p": found["p"].to_numpy(), "p_adjusted": found["p_adjusted"].to_numpy()}
    )  # fmt: skip


def _cells(part: Part, lines: Sequence[Line], scan: Scan, layout: Layout, whole: Part) -> pd.DataFrame:
    """The cells of one group of columns: bases, lines, and what a mean has besides."""
    b, r = part.banner, part.found
    width, weighted = len(b.labels), bool(scan.study.design.weight)
    low, high, se, estimate = _intervals(part, lines, scan, layout)
    made: list[dict] = []

    def add(label: str, kind: str, values: NDArray, line: int, place: float, unit: str, **more: NDArray) -> None:
        hide = part.hidden[line] & (kind != "base")
        cell = {"row": label, "kind": kind, "place": place, "line": -1, "depth": lines[line].depth, "unit": unit}
        for k in range(width):
            made.append(
                cell | {"banner": b.heading, "outer": b.outer[k], "column": b.labels[k], "letter": b.letters[k],
                        "estimate": np.nan if hide[k] else values[k], "n": r.n[line, k], "weighted": r.w[line, k],
                        "effective": r.kish[line, k], "shown": not hide[k],
                        **{name: np.nan if hide[k] else x[k] for name, x in more.items()}}
            )  # fmt: skip

    for k, line in enumerate(lines):
        if line.kind == "asked":
            add("Base", "base", r.n[k], k, k, "n")
            if weighted:
                add("Weighted base", "base", r.w[k], k, k + 0.1, "n")
                add("Effective base", "base", r.kish[k], k, k + 0.2, "n")
            continue
        more = {"low": low[k], "high": high[k], "se": se[k]}
        if line.kind in ("category", "net"):
            with np.errstate(invalid="ignore", divide="ignore"):
                more |= {"count": r.a[k], "row_share": r.a[k] / whole.found.a[k, 0]}
        first = len(made)
        add(line.label, line.kind, estimate[k], k, k, line.unit, **more)
        for cell in made[first:]:
            cell["line"] = k
        if line.kind == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                spread = np.sqrt(r.spread[k] * r.n[k] / (r.n[k] - 1))
            add("Standard deviation", "sd", spread, k, k + 0.1, "mean")
            add("Standard error", "se", se[k], k, k + 0.2, "mean")
            add("Median", "median", part.median[k], k, k + 0.3, "mean")
    names = ["row", "kind", "banner", "outer", "column", "letter", "estimate", "low", "high", "se", "unit", "count",
             "row_share", "n", "weighted", "effective", "depth", "shown", "place", "line"]  # fmt: skip
    table = pd.DataFrame(made).reindex(columns=names)
    return table.assign(letters="", arrow="")


def _intervals(
    part: Part, lines: Sequence[Line], scan: Scan, layout: Layout
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return low, high, standard error and estimate of every line and column, as the metrics themselves have them."""
    r, shape = part.found, part.found.estimate.shape
    out = [np.full(shape, np.nan) for _ in range(4)]
    for kind in dict.fromkeys(line.shape for line in lines):
        at = [k for k, line in enumerate(lines) if line.shape == kind]
        off = np.array([lines[k].off for k in at])[:, None]
        var = np.einsum("rkk->rk", r.cov)[at]
        if scan.simple and kind == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                var = var * r.n[at] / (r.n[at] - 1)
        cells = {"estimate": r.estimate[at] + off, "shift": np.broadcast_to(off, var.shape), "var": var,
                 "spread": r.spread[at], "n": r.n[at], "w": r.w[at], "kish": r.kish[at], "df": r.df[at], "m": r.m[at],
                 "base": np.where(r.m[at] == r.n[at], r.base[at], r.n[at]), "lonely": np.zeros(var.shape)}  # fmt: skip
        unit = lines[at[0]].unit
        score = Score("share", "", kind, unit, {}, "")
        table = pd.DataFrame({c: np.ravel(x) for c, x in cells.items()})
        there = table["n"] > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            made, _ = estimates.measured(
                table[there], score, registry.INTERVALS[kind], layout.level, simple=scan.simple
            )
        for array, name in zip(out, ("low", "high", "se", "estimate"), strict=True):
            flat = np.full(len(table), np.nan)
            flat[there] = made[name]
            array[at] = flat.reshape(var.shape)
    return out[0], out[1], out[2], out[3]


def _marked(table: pd.DataFrame, letters: NDArray, arrows: NDArray) -> None:
    """Write letters and arrows into the cells of lines."""
    of_line = table["line"] >= 0
    at = table.loc[of_line, "line"].to_numpy(int)
    column = np.tile(np.arange(letters.shape[1]), len(at) // letters.shape[1])
    table.loc[of_line, "letters"] = letters[at, column]
    table.loc[of_line, "arrow"] = arrows[at, column]


def _notes(parts: Sequence[Part], asked: Question, layout: Layout) -> list[str]:
    """Return what is to be said of hidden columns and of the base of a question with several answers."""
    hidden = sum(int(p.hidden[0].sum()) for p in parts)
    out = []
    if hidden:
        out.append(
            f"{asked.field.label}: {hidden} columns of fewer than {layout.least_n} answers, or that would tell them, "
            "are not shown (least_n=0 shows them)"
        )
    if asked.several:
        out.append(f"{asked.field.label}: several answers; base: who ticked an option or could have")
    if layout.out:
        out.append(f"left out of the base: {', '.join(map(str, layout.out))}")
    return out
