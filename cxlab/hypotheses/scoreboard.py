"""The scoreboard: every claim on every study at hand, and why each cell is what it is."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlab.columns import show
from cxlab.data import catalogue
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.hypotheses import calibration
from cxlab.hypotheses import ledger as book
from cxlab.hypotheses.card import Card, card, cards
from cxlab.hypotheses.journey_rows import as_journeys
from cxlab.hypotheses.slots import resolve
from cxlab.hypotheses.verdict import Verdict, verdict
from cxlab.languages.one_and_many import agreed
from cxlab.problem import DataProblem, one_of
from cxlab.result import FIGURE, Result
from cxlab.stats.inference.multiple import NAMES, adjusted

if TYPE_CHECKING:
    from cxlab.hypotheses.plan import Plan

SIGNS = {
    "SUPPORTED": "✓", "DIRECTION-ONLY": "↗", "TRIVIAL": "≈", "CONTRADICTED": "✕", "INCONCLUSIVE": "?",
    "NOT-IDENTIFIED": "○", "LACKS DATA": "·",
}  # fmt: skip
"""One sign a verdict; 'LACKS DATA' where the study has not got what the card needs."""
NOT_CALIBRATED = " ‡"
"""The mark of a card whose verdicts are too often wrong on known truth, or were not tried on it as it is."""


@dataclass(frozen=True, repr=False)
class Scoreboard(Result):
    """A result with a row a card and study; as HTML a matrix whose cells link to their reasons."""

    def _repr_html_(self) -> str:
        studies = self.parts["studies"]
        head = "".join(f"<th scope='col'>{html.escape(s)}</th>" for s in studies)
        rows = []
        by_cell = {(r["card"], r["study"]): r for r in self.table.to_dict("records")}
        for c in self.parts["cards"]:
            cells = "".join(_cell(by_cell[c["id"], s]) for s in studies)
            rows.append(
                f"<tr><th scope='row' title='{html.escape(c['claim'], quote=True)}'>"
                f"{c['id']} {html.escape(c['title'])}{NOT_CALIBRATED if c['standing'] else ''}</th>{cells}</tr>"
            )
        key = ", ".join(f"{sign} {name}" for name, sign in SIGNS.items())
        reasons = "".join(_reason(r) for r in self.table.to_dict("records") if r["direction"] != "LACKS DATA")
        lacks = "".join(
            f"<li id='{_anchor(r)}'>{r['card']} on {html.escape(r['study'])}: lacks {html.escape(r['reason'])}</li>"
            for r in self.table.to_dict("records")
            if r["direction"] == "LACKS DATA"
        )
        notes = "".join(f"<li>{html.escape(n)}</li>" for n in self.notes)
        return (
            f"<figure class='{FIGURE} cx-scoreboard'><figcaption>{html.escape(self.title)}</figcaption>"
            f"<table class='cx-table'><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
            f"<p class='cx-method'>{key}; # = the claim's number lies outside the interval; "
            "(…) = the association alone. "
            f"{html.escape(self.method)}</p><ul class='cx-notes'>{notes}</ul><h3>Reasons</h3><ul>{reasons}</ul>"
            f"<details><summary>What the studies lack</summary><ul>{lacks}</ul></details></figure>"
        )


def _anchor(r: Mapping[str, Any]) -> str:
    return f"{r['card']}-{r['study']}".lower().replace(" ", "-")


def _cell(r: Mapping[str, Any]) -> str:
    sign = SIGNS[r["direction"]]
    beside = f"({SIGNS[r['association']]})" if r["direction"] == "NOT-IDENTIFIED" and r["association"] in SIGNS else ""
    beside = "" if r["association"] == "NOT-IDENTIFIED" else beside
    number = "#" if r["number"] == "NUMBER-OUT" else ""
    said = html.escape(f"{r['card']} on {r['study']}: {r['direction']}", quote=True)
    return f"<td><a href='#{_anchor(r)}' title='{said}' aria-label='{said}'>{sign}{beside}{number}</a></td>"


def _reason(r: Mapping[str, Any]) -> str:
    said = f"{r['direction']}{', ' + r['number'] + ' for the number' if r['number'] else ''}, grade {r['grade']}"
    head = f"<strong>{r['card']}, {html.escape(r['study'])}: {said}.</strong>"
    return f"<li id='{_anchor(r)}'>{head} {html.escape(r['sentence'])}</li>"


@public
def scoreboard(
    studies: Sequence[str | Study] | None = None,
    claims: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
    correction: str = "bh",
    ledger: str | None = book.DEFAULT,
    progress: bool = False,
) -> Scoreboard:
    """Return the verdict on every claim from every study.

    Parameters
    ----------
    studies : studies, or names of the catalogue; None: all that are at hand.
    claims : ids of cards; None: all.
    correction : 'bh' (a screening: false discoveries), 'holm' (family-wise) or 'none', over all cells that could be
        tested. A SUPPORTED that does not survive it counts as DIRECTION-ONLY, and says so.
    ledger : file in which every look is recorded, or None.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.
    progress : True: say on the way what is tested.

    Returns
    -------
    Scoreboard, one row a card and study: ``card, title, study, direction, number, association, grade, estimate, low,
    high, se, n, n_eff, p, p_adjusted, unit, sentence, reason``. Studies that no card can be tested on are in the notes.

    Raises
    ------
    DataProblem : there is no such study or claim, the correction is unknown, or none of the studies can answer
        any claim.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.evidence.scoreboard(["brand-tracker"], ["CX-12"], ledger=None).table["card"].tolist()
    ['CX-12']
    """
    from tqdm import tqdm

    one_of("correction", correction, ("bh", "holm", "none"))
    chosen = [card(c) for c in claims] if claims else list(cards().values())
    opened = [_open(s) for s in (studies if studies is not None else at_hand())]
    rows, useless = [], []
    for study in tqdm(opened, disable=not progress, unit="study"):
        cells = [_tested(c, study, level, seed, ledger) for c in chosen]
        if all(r["direction"] == "LACKS DATA" for r in cells) and len(opened) > 1:
            useless.append(study.name)
        else:
            rows += cells
    if not rows:
        raise DataProblem("none of the studies can answer any claim; cxlab claims --for DATA says what each lacks")
    return _board(_corrected(pd.DataFrame(rows), level, correction), chosen, opened, useless, level, correction)


def _board(
    table: pd.DataFrame,
    chosen: Sequence[Card],
    opened: Sequence[Study],
    useless: list[str],
    level: float,
    correction: str,
) -> Scoreboard:
    kept = list(dict.fromkeys(table["study"]))
    counts = table["direction"].value_counts()
    told = ", ".join(f"{counts[k]} {k.lower()}" for k in SIGNS if k in counts and k != "LACKS DATA")
    untested = [c.id for c in chosen if (table.loc[table["card"] == c.id, "direction"] == "LACKS DATA").all()]
    simulated = [s.name for s in opened if s.codebook.simulated and s.name in kept]
    notes = (f"no study at hand can answer {', '.join(untested)}",) if untested else ()
    notes += (f"no card can be tested on {', '.join(useless)}",) if useless else ()
    notes += (f"SIMULATED data: {', '.join(simulated)}",) if simulated else ()
    method = f"Exploratory screening, {NAMES[correction]} over {int(table['p'].notna().sum())} cells"
    named = [_named(c) for c in chosen]
    notes += tuple(f"{c['id']}{NOT_CALIBRATED} {c['standing']}" for c in named if c["standing"])
    parts = {"studies": kept, "cards": named, "simulated": simulated}
    title = agreed(f"{len(chosen)} claims on {len(kept)} studies: {told}")
    return Scoreboard("scoreboard", title, table, "", level, method, notes, parts)


def _named(c: Card) -> dict[str, str]:
    return {"id": c.id, "title": c.title, "claim": c.claim, "standing": calibration.standing(c.id)}


def at_hand() -> list[str]:
    """Return the names of the catalogue's studies that can be loaded without the network."""
    return [
        n for n in catalogue.names() if catalogue.at_hand(catalogue.descriptor(n)) in ("shipped", "mirror", "cache")
    ]


def _open(study: str | Study) -> Study:
    if isinstance(study, Study):
        return study
    from cxlab.data.load import load

    return load(study)


def _tested(c: Card, study: Study, level: float, seed: int, ledger: str | None) -> dict:
    lacking = resolve(c, as_journeys(c, study)).missing
    if lacking:
        return _row(c, study.name) | {"direction": "LACKS DATA", "reason": "; and ".join(lacking)}
    v = verdict(c, study, level=level, seed=seed, robust=False, ledger=ledger)
    return _row(c, study.name) | row(v)


NUMBERS = ("estimate", "low", "high", "se", "n", "n_eff", "p")
SAID = ("direction", "number", "association", "grade", "sentence", "reason")
EMPTY = (
    dict.fromkeys(SAID[:4], "") | dict.fromkeys(NUMBERS, float("nan")) | {"n": 0}
    | dict.fromkeys(("unit", "what", *SAID[4:]), "")
)  # fmt: skip
"""A row of the board in the order of its columns, before a verdict fills it."""


def _row(c: Card, study: str) -> dict:
    """Return an empty row."""
    return {"card": c.id, "title": c.title, "study": study} | EMPTY | {"unit": c.unit}


def row(v: Verdict) -> dict:
    """Return a verdict as a row of the scoreboard; p is the largest of its conditions (intersection-union)."""
    e = v.estimate
    conditions = v.table.loc[v.table["finding"] != "for the number", "p"].to_numpy(float)
    p = float(conditions.max()) if len(conditions) and not np.isnan(conditions).any() else float("nan")
    numbers = (e.value, e.low, e.high, e.se, e.n, e.n_eff, p)
    return {k: v.parts[k] for k in SAID} | dict(zip(NUMBERS, numbers, strict=True)) | {"unit": e.unit, "what": e.name}


def _corrected(table: pd.DataFrame, level: float, correction: str) -> pd.DataFrame:
    """Add adjusted p-values; what does not survive them is no longer SUPPORTED."""
    p = adjusted(table["p"].to_numpy(float), correction)
    limit = np.where(table["card"].map(lambda c: card(c).side == "inside"), 1 - level, (1 - level) / 2)
    lost = (p > limit) & (table["direction"] == "SUPPORTED")
    table = table.assign(p_adjusted=p)
    table.loc[lost, "direction"] = "DIRECTION-ONLY"
    table.loc[lost, "reason"] = [f"SUPPORTED alone, but not after the correction (p {show(v)})" for v in p[lost]]
    return table


def testable(study: Study, claims: Sequence[str] | None = None) -> pd.DataFrame:
    """Return which claims a study can test: ``card, title, can, causal, lacks, columns``.

    >>> import cxlab as cx
    >>> t = testable(cx.load("airline-survey")).set_index("card")
    >>> bool(t.loc["CX-05", "can"]), bool(t.loc["CX-12", "can"])
    (True, False)
    """
    rows = []
    for c in [card(i) for i in claims] if claims else cards().values():
        slots = resolve(c, as_journeys(c, study))
        columns = "; ".join(f"{k}: {', '.join(v)}" for k, v in slots.columns.items())
        lacks = "; and ".join(slots.missing)
        rows.append((c.id, c.title, not slots.missing, c.causal, lacks, columns))
    return pd.DataFrame(rows, columns=["card", "title", "can", "causal", "lacks", "columns"])


@public
def family(plan: str | Path | Plan, study: Study, *, ledger: str | None = book.DEFAULT) -> Result:
    """Return the verdicts on all cards of a plan, corrected for the family as the plan says.

    Every card is tested at the plan's level; a SUPPORTED stands when its Holm- (or BH-) adjusted p-value does.

    Parameters
    ----------
    plan : a plan, or the file of one.
    ledger : file in which every look is recorded, or None.

    Raises
    ------
    DataProblem : the plan is no file, was changed since it was signed, or is of another study.

    Examples
    --------
    >>> import cxlab as cx
    >>> plan = cx.evidence.plan("CX-05", cx.load("airline-survey"))
    >>> cx.evidence.family(plan, cx.load("airline-survey"), ledger=None).table["card"].tolist()
    ['CX-05']
    """
    from cxlab.hypotheses.plan import Plan

    plan = plan if isinstance(plan, Plan) else Plan.read(plan)
    alone = replace(plan, correction="none")
    rows = []
    for planned in plan.cards:
        plan.check(planned.id, study)
        v = verdict(planned.id, study, plan=replace(alone, stored=""), robust=False, ledger=None)
        if ledger is not None:
            book.record(ledger, v, study, plan)
        rows.append(_row(card(planned.id), study.name) | row(v))
    table = _corrected(pd.DataFrame(rows), plan.level, plan.correction)
    counts = ", ".join(f"{k} {n}" for k, n in table["direction"].value_counts().items())
    parts = {
        "studies": [study.name], "cards": [_named(card(c.id)) for c in plan.cards],
        "simulated": [study.name] if study.codebook.simulated else [], "plan": plan.hash,
    }  # fmt: skip
    method = f"Planned {plan.written}; {NAMES[plan.correction]} over {len(table)} cards"
    notes = tuple(f"deviation: {e}" for e in plan.edited)
    return Scoreboard("scoreboard", f"plan '{plan.name}': {counts}", table, "", plan.level, method, notes, parts)
