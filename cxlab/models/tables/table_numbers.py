"""The numbers of the tables: every line in every column, with interval, bases, letters and arrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import small_cells
from cxlab.models.metrics import estimates, registry
from cxlab.models.metrics.scores import Score
from cxlab.models.tables import banner_columns, column_letters, stub_lines
from cxlab.models.tables.banner_columns import TOTAL, Banner
from cxlab.models.tables.column_letters import Rules
from cxlab.models.tables.stub_lines import Line, Question
from cxlab.models.tables.table_layout import Layout
from cxlab.stats.counts.names import key
from cxlab.stats.inference.column_tests import Ratios
from cxlab.stats.inference.table_tests import Association, association

if TYPE_CHECKING:
    from cxlab.models.tables.crosstab import Scan


@dataclass(frozen=True)
class Part:
    """One group of columns of a table: its banner, the ratios of the lines, and what is hidden, (R, K)."""

    banner: Banner
    found: Ratios
    hidden: NDArray
    median: NDArray


@dataclass(frozen=True)
class Asked:
    """Questions whose tables are worked out together: their lines, and which question each line is of."""

    questions: Sequence[Question]
    lines: Sequence[Line]
    of: NDArray

    def kept(self, order: Sequence[int]) -> Asked:
        """Return the lines in another order."""
        return Asked(self.questions, [self.lines[k] for k in order], self.of[order])


AT_ONCE = 2_000_000
"""So many lines times pairs of columns are held at once."""


def folios(scan: Scan, asked: Sequence[Question], layout: Layout) -> Iterator[Asked]:
    """Yield the questions with their lines, as many at once as the pairs of columns leave room for."""
    widest = max(len(b.labels) for b in scan.banners) * 2
    most, some, lines, of = max(AT_ONCE // widest**2, 1), [], [], []
    for one in asked:
        own = stub_lines.lines(scan.study, one, scan.found.questions, layout)
        if some and len(lines) + len(own) > most:
            yield Asked(some, lines, np.array(of))
            some, lines, of = [], [], []
        lines += own
        of += [len(some)] * len(own)
        some.append(one)
    if some:
        yield Asked(some, lines, np.array(of))


def numbers(
    scan: Scan, asked: Asked, layout: Layout, rule: Rules
) -> tuple[dict[str, NDArray], pd.DataFrame, list[str]]:
    """Return the columns of the tables of some questions (one entry a cell), the tests behind letters, and notes."""
    everybody = banner_columns.total(scan.groupings[0], len(scan.patterns(scan.groupings[0])[0]))
    whole = _part(scan, everybody, asked, layout, rule)
    order = _order(asked, whole.found, layout)
    asked, whole = asked.kept(order), _kept(whole, order)
    parts, lines = [_part(scan, b, asked, layout, rule) for b in scan.banners], asked.lines
    whole, *parts = _nothing_told(scan, [whole, *parts], layout)
    tests = _tests(parts, asked, rule, scan.simple)
    shown = [whole, *parts] if layout.total else parts
    marks = [
        column_letters.marks(part.banner, tests[tests["block"] == k], len(lines), rule.levels)
        for k, part in enumerate(parts)
    ]
    blank = np.full((len(lines), 1), "", object)
    marks = [(blank, blank), *marks] if layout.total else marks
    letters, arrows = (np.hstack(some) for some in zip(*marks, strict=True))
    table = _cells(_joined(shown), asked, scan, layout, whole)
    flat = (
        np.where(table["line"] >= 0, table["line"], 0),
        np.tile(np.arange(letters.shape[1]), len(table["line"]) // letters.shape[1]),
    )
    for name, array in (("letters", letters), ("arrow", arrows)):
        table[name] = np.where(table["line"] >= 0, array[flat], "")
    del table["line"]
    whole_tables = _associated(scan, parts, asked) if rule.against else []
    return table, _told(tests, parts, asked, rule), whole_tables, _notes(shown, asked, layout)


def _associated(scan: Scan, parts: Sequence[Part], asked: Asked) -> list[dict]:
    """The tests of whole tables: categories that are shown by the columns that are shown, each group of columns."""
    out = []
    for q, one in enumerate(asked.questions):
        at = [k for k in np.flatnonzero(asked.of == q) if asked.lines[k].kind == "category"]
        if one.several or len(at) < 2:
            continue
        scores = np.stack([asked.lines[k].y * asked.lines[k].base for k in at])
        for part in (p for p in parts if p.banner.apart):
            members = part.banner.members * ~part.hidden[at[0]]
            found = association(scan.block(asked.lines[at[0]].source, part.banner.names, members), scores)
            title = {"question": one.field.label, "banner": part.banner.heading}
            out.append(title | {f.name: getattr(found, f.name) for f in fields(Association)})
    return out


def _nothing_told(scan: Scan, parts: Sequence[Part], layout: Layout) -> list[Part]:
    """The parts of a table without the columns that with those of other banners would tell a few people."""
    if scan.overlaps is None or not layout.least_n:
        return list(parts)
    ends = np.cumsum([p.hidden.shape[1] for p in parts])
    n = np.hstack([p.found.n[:, : p.hidden.shape[1]] for p in parts])
    hide = scan.overlaps.hidden(n, np.hstack([p.hidden for p in parts]), layout.least_n)
    return [replace(p, hidden=h) for p, h in zip(parts, np.split(hide, ends[:-1], axis=1), strict=True)]


def _part(scan: Scan, banner: Banner, asked: Asked, layout: Layout, rule: Rules) -> Part:
    """The ratios of all lines in the columns of a banner, and in the rest of each where arrows want it."""
    members = column_letters.with_rest(banner) if "rest" in rule.against else banner.members
    at: dict[str, list[int]] = {}
    for k, line in enumerate(asked.lines):
        at.setdefault(line.source, []).append(k)
    scores = {
        s: tuple(np.stack([getattr(asked.lines[k], x) for k in own]) for x in ("y", "base")) for s, own in at.items()
    }
    made, median = scan.ratios(banner.names, members, scores), np.full((len(asked.lines), members.shape[1]), np.nan)
    for source, own in at.items():
        for k in own:
            if asked.lines[k].kind == "mean":
                values = np.array([v if isinstance(v, (int, float)) else np.nan for v in scan.found.questions[source]])
                weights = scan.block(source, banner.names, members).counts[1] @ members
                median[k] = _medians(values, weights * asked.lines[k].base[:, None])
    back = np.argsort(np.concatenate([np.array(own) for own in at.values()]))
    put = lambda name: np.concatenate([getattr(made[s], name) for s in at])[back]  # noqa: E731
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


def _hidden(scan: Scan, banner: Banner, found: Ratios, layout: Layout, asked: Asked) -> NDArray:
    """Return which cells are not shown: columns of a small base and what would tell them, lines of few answers."""
    width = len(banner.labels)
    out = np.zeros((len(found.n), width), bool)
    if not layout.least_n:
        return out
    table = pd.DataFrame({"outer": banner.outer, "column": banner.labels})
    by = (["outer", "column"] if any(banner.outer) else ["column"]) if banner.apart and width > 1 else []
    own = found.n[:, :width]
    few = ((own > 0) & (own < layout.least_n)).any(axis=1)
    if few.any():
        sizes, line = np.unique(own[few], axis=0, return_inverse=True)
        said = np.stack([small_cells.hidden(table.assign(n=n), layout.least_n, by) for n in sizes])
        out[few] = said[line.reshape(-1)]
    withheld = np.stack([_withheld(scan, banner, layout, one) for one in asked.questions])
    return out | withheld[asked.of]


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


def _order(asked: Asked, total: Ratios, layout: Layout) -> list[int]:
    """Return the order of the lines of each question: categories sorted within their NETs, empty ones left out."""
    size, share, out = np.nan_to_num(total.a[:, 0]), np.nan_to_num(total.estimate[:, 0]), []
    depth, sign = [line.depth for line in asked.lines], -1 if layout.sort == "down" else 1
    for q in range(len(asked.questions)):
        kinds = {k: asked.lines[k].kind for k in np.flatnonzero(asked.of == q).tolist()}
        tree = [k for k, kind in kinds.items() if kind in ("net", "category") and (layout.empty or size[k] > 0)]
        tree = _sorted(tree, depth, sign * share) if layout.sort else tree
        first = [k for k, kind in kinds.items() if kind == "asked"]
        out += [*first, *tree, *(k for k, kind in kinds.items() if kind in ("mean", "metric"))]
    return out


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


def _tests(parts: Sequence[Part], asked: Asked, rule: Rules, simple: bool) -> pd.DataFrame:
    """Every test of the tables, corrected."""
    shares, out = np.array([line.shape == "share" for line in asked.lines]), []
    bases = np.array([line.kind == "asked" for line in asked.lines])[:, None]
    for k, part in enumerate(parts):
        tests = column_letters.tested(part.banner, part.found, part.hidden | bases, shares, rule, simple)
        if tests:
            out.append(tests | {"block": np.full(len(tests["p"]), k), "table": asked.of[tests["line"]]})
    if not out:
        return pd.DataFrame({"block": []})
    tests = {name: np.concatenate([t[name] for t in out]) for name in out[0]}
    tests["p_adjusted"] = column_letters.adjusted(tests, rule.correction)
    real = tests["p_adjusted"] < rule.levels[0]
    return pd.DataFrame({name: x[real] for name, x in tests.items()})


def _told(tests: pd.DataFrame, parts: Sequence[Part], asked: Asked, rule: Rules) -> pd.DataFrame:
    """The tests behind letters and arrows, in words, question by question."""
    if "p_adjusted" not in tests:
        return pd.DataFrame()
    found = tests.sort_values("table", kind="stable")
    line, lines = found["line"].to_numpy(int), asked.lines
    factor = np.array([100.0 if x.unit == "points" else 1.0 for x in lines])[line]
    widest = max(len(p.banner.letters) for p in parts) * 2
    called = np.full((len(parts), widest), "rest", object)
    for b, p in enumerate(parts):
        called[b, : len(p.banner.letters)] = p.banner.letters
    block = found["block"].to_numpy(int)
    titles = np.array([q.field.label for q in asked.questions], object)
    return pd.DataFrame(
        {"question": titles[found["table"].to_numpy(int)], "row": np.array([x.label for x in lines], object)[line],
         "first": called[block, found["first"].to_numpy(int)], "second": called[block, found["second"].to_numpy(int)],
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


def _cells(joined: Joined, asked: Asked, scan: Scan, layout: Layout, whole: Part) -> dict[str, NDArray]:
    """The cells of the tables by line and column: bases, lines, and what a mean has besides."""
    r, lines = joined.numbers, asked.lines
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
    titles = np.array([q.field.label for q in asked.questions], object)
    return {
        "question": np.repeat(titles[asked.of[at]], width), "row": each(labels),
        "kind": each(kinds), **{k: np.tile(v, len(told)) for k, v in joined.heads.items()},
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
    for kind, unit in dict.fromkeys((line.shape, line.unit) for line in lines):
        at = [k for k, line in enumerate(lines) if (line.shape, line.unit) == (kind, unit)]
        off = np.array([lines[k].off for k in at])[:, None]
        var = r["var"][at]
        if scan.simple and kind == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                var = var * r["n"][at] / (r["n"][at] - 1)
        cells = {name: r[name][at] for name in ("spread", "n", "w", "kish", "df", "m")}
        cells |= {"estimate": r["estimate"][at] + off, "shift": np.broadcast_to(off, var.shape), "var": var}
        cells |= {"base": np.where(r["m"][at] == r["n"][at], r["base"][at], r["n"][at]), "lonely": np.zeros(var.shape)}
        score = Score("share", "", kind, unit, {}, "")
        table = pd.DataFrame({c: np.ravel(x) for c, x in cells.items()})
        there = (table["n"] > 0).to_numpy()
        made, _ = estimates.measured(table[there], score, registry.INTERVALS[kind], layout.level, simple=scan.simple)
        for array, name in zip(out, ("low", "high", "se", "estimate"), strict=True):
            flat = np.full(len(table), np.nan)
            flat[there] = made[name]
            array[at] = flat.reshape(var.shape)
    return out[0], out[1], out[2], out[3]


def _notes(parts: Sequence[Part], asked: Asked, layout: Layout) -> list[str]:
    """Return what is to be said of hidden columns and of the base of questions with several answers."""
    out = []
    for q, one in enumerate(asked.questions):
        first = int(np.argmax(asked.of == q))
        if hidden := sum(int(p.hidden[first].sum()) for p in parts):
            out.append(
                f"{one.field.label}: {hidden} columns of fewer than {layout.least_n} answers, or that would tell them, "
                "are not shown (least_n=0 shows them)"
            )
        if one.several:
            out.append(f"{one.field.label}: several answers; base: who ticked an option or could have")
    if layout.out:
        out.append(f"left out of the base: {', '.join(map(str, layout.out))}")
    return out
