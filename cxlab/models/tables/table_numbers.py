"""The numbers of one question's table: every line in every column, with interval, bases, letters and arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import narwhals as nw
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
from cxlab.stats.counts.names import key
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


def numbers(
    scan: Scan, asked: Question, layout: Layout, rule: Rules
) -> tuple[dict[str, NDArray], pd.DataFrame, list[str]]:
    """Return the columns of the table of one question (one entry a cell), the tests behind its letters, and notes."""
    lines = stub_lines.lines(scan.study, asked, scan.found.questions, layout)
    whole = _part(scan, _total(scan), lines, asked, layout, rule)
    order = _order(lines, whole.found, layout)
    lines, parts = [lines[k] for k in order], [_part(scan, b, lines, asked, layout, rule) for b in scan.banners]
    whole = _kept(whole, order)
    tests = _tests(parts, lines, rule, scan.simple)
    shown = [whole, *parts] if layout.total else parts
    marks = [
        column_letters.marks(part.banner, tests[tests["block"] == k], len(lines), rule.levels)
        for k, part in enumerate(parts)
    ]
    blank = np.full((len(lines), 1), "", object)
    marks = [(blank, blank), *marks] if layout.total else marks
    letters, arrows = (np.hstack(some) for some in zip(*marks, strict=True))
    table = _cells(_joined(shown), lines, scan, layout, whole)
    flat = (
        np.where(table["line"] >= 0, table["line"], 0),
        np.tile(np.arange(letters.shape[1]), len(table["line"]) // letters.shape[1]),
    )
    for name, array in (("letters", letters), ("arrow", arrows)):
        table[name] = np.where(table["line"] >= 0, array[flat], "")
    del table["line"]
    table = {"question": np.full(len(table["row"]), asked.field.label, object), **table}
    return table, _told(tests, parts, lines, asked.field.label, rule), _notes(shown, asked, layout)


def _total(scan: Scan) -> Banner:
    """The total column: everybody."""
    names = scan.groupings[0]
    keys, _ = scan.patterns(names)
    return Banner("", names, (TOTAL,), ("",), ("",), np.ones((len(keys), 1)))


def _part(scan: Scan, banner: Banner, lines: Sequence[Line], asked: Question, layout: Layout, rule: Rules) -> Part:
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
    return Part(banner, all_, _hidden(scan, banner, all_, layout, asked), median)


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


def _hidden(scan: Scan, banner: Banner, found: Ratios, layout: Layout, asked: Question) -> NDArray:
    """Return which cells are not shown: columns of a small base and what would tell them, lines of few answers."""
    width = len(banner.labels)
    out = np.zeros((len(found.n), width), bool)
    if not layout.least_n:
        return out
    table = pd.DataFrame({"outer": banner.outer, "column": banner.labels})
    by = (["outer", "column"] if any(banner.outer) else ["column"]) if banner.apart and width > 1 else []
    sizes, line = np.unique(found.n[:, :width], axis=0, return_inverse=True)
    out = np.stack([small_cells.hidden(table.assign(n=n), layout.least_n, by) for n in sizes])[line.reshape(-1)]
    return out | _withheld(scan, banner, layout, asked)[None]


def _withheld(scan: Scan, banner: Banner, layout: Layout, asked: Question) -> NDArray:
    """Return which columns would tell, with the tables of the other parts of a study, one of few answers."""
    width, names = len(banner.labels), [] if banner.labels == (TOTAL,) else list(banner.names)
    if scan.study.before is None:
        return np.zeros(width, bool)
    if any(scan.study.field(n).columns for n in names):
        names = []
    keys, _ = scan.patterns(banner.names)
    first = [int(np.argmax(banner.members[:, k])) for k in range(width)]
    units = {key(n): [scan.found.groupings[n][keys[p, i]] for p in first] for i, n in enumerate(names)}
    item = (asked.field.columns or (asked.field.name,))[0]
    table = pd.DataFrame({"item": [item] * width, **units})
    return small_cells.withheld(scan.study, {item: [nw.col(item)]}, names, table, layout.least_n)


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
        if tests:
            out.append(tests | {"block": np.full(len(tests["p"]), k)})
    if not out:
        return pd.DataFrame({"block": []})
    tests = pd.DataFrame({name: np.concatenate([t[name] for t in out]) for name in out[0]})
    tests["p_adjusted"] = column_letters.adjusted(tests, rule.correction)
    return tests[tests["p_adjusted"] < rule.levels[0]]


def _told(tests: pd.DataFrame, parts: Sequence[Part], lines: Sequence[Line], title: str, rule: Rules) -> pd.DataFrame:
    """The tests behind letters and arrows, in words."""
    if "p_adjusted" not in tests:
        return pd.DataFrame()
    found = tests
    factor = np.array([100.0 if line.unit == "points" else 1.0 for line in lines])[found["line"].to_numpy(int)]
    called = [[*p.banner.letters, *["rest"] * len(p.banner.letters)] for p in parts]
    return pd.DataFrame(
        {"question": title, "row": [lines[k].label for k in found["line"]],
         "first": [called[b][k] for b, k in zip(found["block"], found["first"], strict=True)],
         "second": [called[b][k] for b, k in zip(found["block"], found["second"], strict=True)],
         "difference": found["difference"].to_numpy() * factor, "se": found["se"].to_numpy() * factor,
         "df": found["df"].to_numpy(), "p": found["p"].to_numpy(), "p_adjusted": found["p_adjusted"].to_numpy()}
    )  # fmt: skip


@dataclass(frozen=True)
class Joined:
    """The parts of a table side by side: numbers (R, K) by name, what is hidden, and the heads of the columns."""

    numbers: dict[str, NDArray]
    hidden: NDArray
    heads: dict[str, NDArray]


NUMBERS = ("estimate", "spread", "n", "w", "a", "kish", "m", "df", "base")


def _joined(parts: Sequence[Part]) -> Joined:
    """Put the columns of all banners side by side, without the rests."""
    width = [len(p.banner.labels) for p in parts]
    found = {
        name: np.hstack([getattr(p.found, name)[:, :k] for p, k in zip(parts, width, strict=True)]) for name in NUMBERS
    }
    found["var"] = np.hstack([np.einsum("rkk->rk", p.found.cov)[:, :k] for p, k in zip(parts, width, strict=True)])
    found["median"] = np.hstack([p.median[:, :k] for p, k in zip(parts, width, strict=True)])
    heads = {"banner": [p.banner.heading for p in parts for _ in p.banner.labels]}
    heads |= {
        "outer": [x for p in parts for x in p.banner.outer],
        "column": [x for p in parts for x in p.banner.labels],
    }
    heads |= {"letter": [x for p in parts for x in p.banner.letters]}
    return Joined(found, np.hstack([p.hidden for p in parts]), {k: np.array(v, object) for k, v in heads.items()})


def _cells(joined: Joined, lines: Sequence[Line], scan: Scan, layout: Layout, whole: Part) -> dict[str, NDArray]:
    """The cells of a table by line and column: bases, lines, and what a mean has besides."""
    r = joined.numbers
    low, high, se, estimate = _intervals(r, lines, scan, layout)
    told: list[tuple[str, str, int, str, NDArray, bool]] = []
    for k, line in enumerate(lines):
        if line.kind == "asked":
            told.append(("Base", "base", k, "n", r["n"][k], False))
            if scan.study.design.weight:
                told.append(("Weighted base", "base", k, "n", r["w"][k], False))
                told.append(("Effective base", "base", k, "n", r["kish"][k], False))
            continue
        told.append((line.label, line.kind, k, line.unit, estimate[k], True))
        if line.kind == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                spread = np.sqrt(r["spread"][k] * r["n"][k] / (r["n"][k] - 1))
            told.append(("Standard deviation", "sd", k, "mean", spread, False))
            told.append(("Standard error", "se", k, "mean", se[k], False))
            told.append(("Median", "median", k, "mean", r["median"][k], False))
    labels, kinds, at, units, values, full = zip(*told, strict=True)
    at, full, width = np.array(at), np.array(full), len(joined.heads["column"])
    hide = joined.hidden[at]
    counted = np.isin(np.array(kinds), ("category", "net"))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = r["a"] / whole.found.a[:, :1]
    each = lambda x: np.repeat(np.array(x, object), width)  # noqa: E731
    seen = lambda x, where: np.where(hide | ~where, np.nan, x).ravel()  # noqa: E731
    own = full[:, None]
    return {
        "row": each(labels), "kind": each(kinds), **{k: np.tile(v, len(told)) for k, v in joined.heads.items()},
        "estimate": seen(np.stack(values), np.True_), "low": seen(low[at], own), "high": seen(high[at], own),
        "se": seen(se[at], own), "unit": each(units), "count": seen(r["a"][at], counted),
        "row_share": seen(share[at], counted), "n": _sizes(r["n"][at], hide, layout.least_n),
        "weighted": seen(r["w"][at], np.True_),
        "effective": seen(r["kish"][at], np.True_), "depth": np.repeat([lines[k].depth for k in at], width),
        "shown": ~hide.ravel(), "line": np.repeat(np.where(full, at, -1), width),
    }  # fmt: skip


def _sizes(n: NDArray, hide: NDArray, small: int) -> NDArray:
    """The bases of all cells, of hidden ones in words."""
    flat = pd.Series(n.ravel())
    return small_cells.sizes(flat, hide.ravel(), small).to_numpy()


def _intervals(
    r: Mapping[str, NDArray], lines: Sequence[Line], scan: Scan, layout: Layout
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return low, high, standard error and estimate of every line and column, as the metrics themselves have them."""
    out = [np.full(r["n"].shape, np.nan) for _ in range(4)]
    for kind in dict.fromkeys(line.shape for line in lines):
        at = [k for k, line in enumerate(lines) if line.shape == kind]
        off = np.array([lines[k].off for k in at])[:, None]
        var = r["var"][at]
        if scan.simple and kind == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                var = var * r["n"][at] / (r["n"][at] - 1)
        cells = {name: r[name][at] for name in ("spread", "n", "w", "kish", "df", "m")}
        cells |= {"estimate": r["estimate"][at] + off, "shift": np.broadcast_to(off, var.shape), "var": var}
        cells |= {"base": np.where(r["m"][at] == r["n"][at], r["base"][at], r["n"][at]), "lonely": np.zeros(var.shape)}
        score = Score("share", "", kind, lines[at[0]].unit, {}, "")
        table = pd.DataFrame({c: np.ravel(x) for c, x in cells.items()})
        there = (table["n"] > 0).to_numpy()
        made, _ = estimates.measured(table[there], score, registry.INTERVALS[kind], layout.level, simple=scan.simple)
        for array, name in zip(out, ("low", "high", "se", "estimate"), strict=True):
            flat = np.full(len(table), np.nan)
            flat[there] = made[name]
            array[at] = flat.reshape(var.shape)
    return out[0], out[1], out[2], out[3]


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
