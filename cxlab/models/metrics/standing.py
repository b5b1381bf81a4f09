"""Where we stand: the last wave, with its change from the wave before and from the year before, brand by brand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cxlab.columns import Column, difference
from cxlab.data import waves
from cxlab.data.answer_codes import key
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates, registry, scan
from cxlab.models.metrics.best_answers import TOP_BOX
from cxlab.models.metrics.comparisons import compare
from cxlab.models.metrics.families import together
from cxlab.models.metrics.placing import placed, places
from cxlab.models.metrics.sentences import SIZES
from cxlab.problem import DataProblem, unknown
from cxlab.result import Result

BRANDS = 12
"""So many brands are told apart."""


@public
def standing(
    study: Study, metric: str, *, focal: str = "", level: float = 0.95, smallest: float | None = None, **question: Any
) -> Result:
    """Return a metric in the last wave, with the change from the wave before and from the same part of the year before.

    In a study of brands each brand has a row, the focal brand first, then the best: the average of competitors is
    nobody's score.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes.
    focal : the brand that the study is made for; '' takes what the codebook says (``focal`` of the column of brands).
    level : of the intervals.
    smallest : the smallest change that matters, as for `compare`.

    Returns
    -------
    Result, one row or one a brand: ``[brand], [wave], estimate, low, high, n``, then, as far as there are such waves,
    ``change, change_low, change_high, change_verdict`` and the same with ``year``. All changes are one family (on a
    page with others: `together`). ``parts["places"]``: the places of the first brand that the data do not exclude.

    Raises
    ------
    DataProblem : the study has neither waves nor brands, nobody answered, or there is no such focal brand.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.pages.standing(cx.load("brand-tracker"), "nps").table[["brand", "wave"]].head(2).values.tolist()
    [['Alba', '2025 Q4'], ['Brio', '2025 Q4']]
    """
    wave, brand = study.design.wave, _brand(study)
    if not wave and not brand:
        raise DataProblem(
            f"where we stand needs waves or brands, and {study.name} declares none; cx.scorecard has all its metrics. "
            f"{study.advice('wave')}"
        )
    registry.metric(metric)
    last, before, year = _last(study, wave, metric, question) if wave else (None, None, None)
    now = study.where(**{wave: [last]}) if wave else study
    found = getattr(estimates, metric)(now, by=brand or None, level=level, **question)
    label = _label(study, wave, last) if wave else ""
    own = scan.shown([brand])[0] if brand else ""
    table = found.table[[*([own] if brand else []), "item", "estimate", "low", "high", "n"]].copy()
    if table["item"].nunique() < 2:
        table = table.drop(columns="item")
    by = [brand, wave] if brand else [wave]
    changes = {}
    for name, other in (("change", before), ("year", year)):
        if other is not None:
            both, options = study.where(**{wave: [other, last]}), dict(question)
            options |= {} if smallest is None else {"smallest": smallest}
            changes[name] = compare(both, metric, by=by, pairs="ends", level=level, **options)
    changes = dict(zip(changes, together(*changes.values()), strict=True)) if changes else {}
    if wave:
        table.insert(list(table).index("estimate"), "wave", label)
    for name, result in changes.items():
        table = _joined(table, result, name, own)
    facts: dict[str, Any] = {"focal": "", "place": 0}
    if brand:
        focal = _focal(study, brand, focal, table[own].astype(str).tolist())
        table, place = _in_order(table, own, focal, best=found.better != "down")
        first = {"label": str(table[own].iloc[0]), "named": bool(focal), "better": found.better, "level": level}
        facts = {"focal": focal, "place": place, "places": list(places(now, metric, brand, **first, **question))}
    tested = _tested(table, changes)
    table = table.drop(columns=[f"{name}_at" for name in changes])
    since = {"change": (before, "the wave before"), "year": (year, "a year before")}
    told = [f"{what}: {_label(study, wave, since[what][0])}, {since[what][1]}" for what in changes]
    return Result(
        kind="standing", title=f"{found.title.partition(' by ')[0]}{f' in {label}' if label else ''}", table=table,
        unit=found.unit, level=level, method=_method(found, changes),
        notes=(*found.notes, *told), better=found.better, columns=_columns(found.unit, changes),
        parts={"metric": metric, "labels": found.parts.get("labels", {}), "brand": own, "wave": label, **facts,
               **({"tested": tested} if changes else {})},
    )  # fmt: skip


def _brand(study: Study) -> str:
    """The column of brands, where there are several but not too many."""
    for name in study.codebook.role("brand"):
        if name in study.columns:
            values = study.answers([name]).unique().collect().to_pandas()[name].dropna()
            if 2 <= len(values) <= BRANDS:
                return name
    return ""


def _focal(study: Study, brand: str, wanted: str, there: Sequence[str]) -> str:
    """Return the focal brand as its label; '' where none is named, or the codebook's is not among these answers."""
    field = study.field(brand)
    name = wanted or field.focal
    label = str(field.labels.get(name, name))
    if wanted and label not in there:
        raise unknown("focal brand", wanted, study.name, there)
    return label if label in there else ""


def _in_order(table: pd.DataFrame, own: str, focal: str, *, best: bool) -> tuple[pd.DataFrame, int]:
    """The brands, the focal one first and then the best, and the place of the first; 0 where it has no estimate."""
    table = table.sort_values("estimate", ascending=not best, kind="stable", ignore_index=True)
    place = table["estimate"].rank(ascending=not best, method="min")
    mine = (table[own].astype(str) == focal).to_numpy()
    first = int(mine.argmax())  # the first row where none is the focal brand
    table = pd.concat([table[mine], table[~mine]], ignore_index=True)
    return table, int(place[first]) if place[first] == place[first] else 0


def _method(found: Result, changes: dict[str, Result]) -> str:
    """How the numbers came about; the changes are one family of tests."""
    if not changes:
        return found.method
    tests = next(iter(changes.values())).parts["family"]
    return f"{found.method}; changes: MOVER or t intervals, {tests} tests judged together (Holm)"


def _last(study: Study, wave: str, metric: str, question: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The last wave that asked, the one before and that of a year before, None where there is none.

    Raises
    ------
    DataProblem : nobody answered, or no order of the waves is known.
    """
    seen = study.answers([wave]).unique().collect().to_pandas()[wave].dropna().tolist()
    asked = getattr(estimates, metric)(study, by=wave, **question).table
    there = set(asked.loc[asked["n"] > 0, scan.shown([wave])[0]].astype(str))
    seen = [v for v in seen if _label(study, wave, v) in there]
    if not seen:
        raise DataProblem(f"{study.name} has no answers in any wave; its filters: {', '.join(study.filters) or 'none'}")
    order = waves.order_of(study, wave, seen)
    if not order.known:
        raise DataProblem(
            f"which wave of '{wave}' is the last is not known; give it labels in the order of time in the codebook, or "
            "dates"
        )
    values = list(order.values)
    before = values[-2] if len(values) > 1 else None
    return values[-1], before, _year_before(values, [_label(study, wave, v) for v in values])


def _year_before(values: Sequence[Any], labels: Sequence[str]) -> Any:
    """The wave at the same time of the year before the last, None where that is the wave before or there is none.

    >>> _year_before([1, 2, 3, 4, 5], ["2024 Q1", "2024 Q2", "2024 Q3", "2024 Q4", "2025 Q1"])
    1
    >>> _year_before([2016, 2017], ["2016", "2017"])
    """
    place = waves.calendar(labels)
    if place is None:
        return None
    wanted = (place[-1][0] - 1, *place[-1][1:])
    near = lambda p: all(abs(a - b) < 1e-9 for a, b in zip(p, wanted, strict=True))  # noqa: E731
    found = [v for v, p in zip(values, place, strict=True) if near(p)]
    return found[0] if found and found[0] != values[-2] else None


def _label(study: Study, wave: str, value: Any) -> str:
    return str(study.field(wave).labels.get(key(value), value))


def _joined(table: pd.DataFrame, result: Result, name: str, own: str) -> pd.DataFrame:
    """The table with the change of each row."""
    changes = result.table.rename(
        columns={"estimate": name, "low": f"{name}_low", "high": f"{name}_high", "verdict": f"{name}_verdict"}
    )
    changes[f"{name}_at"] = range(len(changes))
    names = [name, f"{name}_low", f"{name}_high", f"{name}_verdict", f"{name}_at"]
    keys = [c for c in (own, "item") if c and c in table and c in changes]
    if keys:
        return table.merge(changes[[*keys, *names]], on=keys, how="left")
    for c in names:
        table[c] = changes[c].iloc[0] if len(changes) else "" if c.endswith("verdict") else math.nan
    return table


def _tested(table: pd.DataFrame, changes: dict[str, Result]) -> pd.DataFrame:
    """The test of each change, for `together`: ``of`` (which change), ``row`` of the table, its name and p-values."""
    rows = []
    for name, result in changes.items():
        for row, at in table[f"{name}_at"].dropna().astype(int).items():
            own = result.table.iloc[at]
            rows.append((name, row, result.parts["tests"][at], own["p"], own["p_equivalent"], own["verdict"]))
    return pd.DataFrame(rows, columns=["of", "row", "test", "p", "equivalent", "verdict"])


def _columns(unit: str, changes: dict[str, Result]) -> tuple[Column, ...]:
    out = [Column("wave", "label", "", "Wave")]
    words = {"change": "Change", "year": "In a year"}
    for name in changes:
        u = difference(unit)
        out += [Column(name, "estimate", u, words[name]), Column(f"{name}_low", "bound", u, f"{words[name]}, low"),
                Column(f"{name}_high", "bound", u, f"{words[name]}, high"),
                Column(f"{name}_verdict", "text", "", "Verdict")]  # fmt: skip
    return tuple(out)


def in_words(result: Result) -> str:
    """Return where we stand as one sentence: the focal brand or the leader among brands, or the metric and its change.

    >>> import cxlab as cx
    >>> in_words(standing(cx.load("brand-tracker").where(brand=["Alba"]), "nps"))[:25]
    'NPS is 52.1 in 2025 Q4 (3'
    """
    from cxlab.columns import show, span

    row = result.table.iloc[0]
    place = f" in {result.parts['wave']}" if result.parts["wave"] else ""
    named = TOP_BOX.match(result.title)  # a question that is none of satisfaction
    name = result.title.removesuffix(place) if named else registry.label(result.parts["metric"])
    number, interval = show(row["estimate"], result.unit), span(row["low"], row["high"], result.unit)
    brand = result.parts["brand"]
    words = f"{name} is {number}"
    if brand:
        low, high = result.parts["places"]
        of = f"{len(result.table)} brands in {name}"
        words = f"{row[brand]} {placed(result.parts['place'], low, high, of)}: {number}"
    said = f"{words}{place} ({interval})"
    if "change" in result.table and row["change"] == row["change"]:
        word, factor, digits = SIZES.get(result.unit, ("", 1, 2))
        word = "pp" if result.unit == "share" else word
        moved = f"{'+' if row['change'] > 0 else '−'}{abs(row['change']) * factor:.{digits}f} {word}".strip()
        said += f", {moved} on the wave before: {row['change_verdict']}"
    return said
