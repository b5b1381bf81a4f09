"""`verdict`: one claim on one study, by a rule that was fixed before looking."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import pandas as pd

from cxlab.columns import show, typed
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.hypotheses import calibration, rule
from cxlab.hypotheses import ledger as book
from cxlab.hypotheses.card import CAUTIONS, GRADES, Card, card
from cxlab.hypotheses.case import Case, Evidence, run
from cxlab.hypotheses.journey_rows import as_journeys
from cxlab.hypotheses.plan import Plan, PlannedCard
from cxlab.hypotheses.ruling import ruled, sentence
from cxlab.hypotheses.scored_answers import Spec
from cxlab.hypotheses.slots import Given, other_groups, require
from cxlab.hypotheses.specification import specifications
from cxlab.present import printed
from cxlab.problem import DataProblem
from cxlab.result import FIGURE, Estimate, Result

OTHERS = 5
"""So many other columns are tried for groups of people, where the first of them cannot be used."""
HOLDS = {True: "holds", False: "does not hold", None: "cannot be checked"}


@dataclass(frozen=True, repr=False)
class Verdict(Result):
    """A result whose ``parts`` hold the verdict: ``direction``, ``number``, ``association``, ``grade`` and the reasons.

    ``direction`` judges the claim; ``association`` the same rule applied to what goes with what, whoever causes it.
    """

    @property
    def direction(self) -> str:
        """The verdict on the direction."""
        return self.parts["direction"]

    @property
    def number(self) -> str:
        """The verdict on the claim's number; '' where it has none."""
        return self.parts["number"]

    @property
    def association(self) -> str:
        """The same rule applied to what goes with what, whoever causes it."""
        return self.parts["association"]

    @property
    def reason(self) -> str:
        """Why the verdict is no better."""
        return self.parts["reason"]

    @property
    def threat(self) -> str:
        """The threat that caps the verdict; '' where none does."""
        return self.parts["threat"]

    @property
    def sides(self) -> pd.DataFrame:
        """The numbers beside the headline: ``label, estimate, low, high, n``."""
        return self.parts["shown"]

    @property
    def grade(self) -> str:
        """The design grade, A (randomised) to F (declared)."""
        return self.parts["grade"]

    @property
    def sentence(self) -> str:
        """What a manager may quote."""
        return self.parts["sentence"]

    @property
    def estimate(self) -> Estimate:
        """The headline number; `nan` with its reason where there is none."""
        if not len(self.table):
            return Estimate(self.parts["title"], float("nan"), notes=(self.parts["reason"],))
        r = self.table.iloc[0]
        own = [r[k] for k in ("what", "estimate", "low", "high")]
        return Estimate(*own, self.level, r["se"], int(r["n"]), r["n_eff"], r["unit"], self.method)

    def __repr__(self) -> str:
        p = self.parts
        grade = f"design grade {p['grade']} ({GRADES[p['grade']]}); {p['planned']}"
        lines = [self.title, p["sentence"], grade, ""]
        lines += [f"claimed:   {p['claimed']}"]
        lines += [f"published: [{tag}] {text}" for text, tag in p["published"]]
        lines += [f"here:      {p['here']}", ""]
        if len(self.table):
            lines += [_printed(self.table).to_string(index=False), ""]
        if len(p["shown"]):
            lines += [_printed(p["shown"], self.unit).to_string(index=False), ""]
        lines += [
            f"{'ok ' if c.holds else '?  ' if c.holds is None else 'no '} {c.what}: {c.found}" for c in p["checks"]
        ]
        lines += [f"{self.method} ({self.level:.0%})"] + [f"- {n}" for n in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        p, e = self.parts, html.escape
        published = ((f"published [{tag}]", text) for text, tag in p["published"])
        three = [("claimed", p["claimed"]), *published, ("here", p["here"])]
        rows = "".join(f"<tr><th scope='row'>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in three)
        numbers = _conditions(self.table, self.level) if len(self.table) else ""
        more = _html(_printed(p["shown"], self.unit)) if len(p["shown"]) else ""
        checks = "".join(f"<li>{HOLDS[c.holds]} — {e(c.what)}: {e(c.found)}</li>" for c in p["checks"])
        notes = "".join(f"<li>{e(n)}</li>" for n in self.notes)
        return (
            f"<figure class='{FIGURE} cx-verdict'><figcaption>{e(self.title)}</figcaption>"
            f"<p><strong>{e(p['sentence'])}</strong></p>"
            f"<p>Design grade {p['grade']} ({e(GRADES[p['grade']])}); {e(p['planned'])}.</p>"
            f"<table class='cx-table'>{rows}</table>{numbers}{more}<ul class='cx-notes'>{checks}</ul>"
            f"<p class='cx-method'>{e(self.method)}; intervals at {self.level:.0%}.</p>"
            f"<ul class='cx-notes'>{notes}</ul></figure>"
        )


def _conditions(table: pd.DataFrame, level: float) -> str:
    """The conditions as an HTML table: estimate, interval, bar, finding, answers."""
    said = [
        (r.what, show(r.estimate, r.unit), f"{show(r.low, r.unit)} to {show(r.high, r.unit)}", show(r.bar, r.unit),
         r.finding, f"{r.n:,}")
        for r in table.itertuples()
    ]  # fmt: skip
    names = ["Condition", "Estimate", f"{100 * level:.4g}% interval", "Bar", "Finding", "n"]
    return _html(pd.DataFrame(said, columns=names))


def _html(table: pd.DataFrame) -> str:
    return table.to_html(index=False, border=0, classes="cx-table")


def _printed(table: pd.DataFrame, unit: str | None = None) -> pd.DataFrame:
    """Return the conditions, or what else was found, as text."""
    return printed(table, typed(table, unit or "")).drop(columns=["se", "unit"], errors="ignore")


@public
def verdict(
    claim: str | Card,
    study: Study,
    *,
    columns: Given = None,
    level: float = 0.95,
    seed: int = 0,
    plan: Plan | str | None = None,
    robust: bool = True,
    ledger: str | None = book.DEFAULT,
) -> Verdict:
    """Return the verdict on a claim from a study, with everything behind it.

    Parameters
    ----------
    claim : a card's id, e.g. 'CX-04'.
    study : what it is tested on; columns are found by role and measure, or given. Of an event log (roles 'case',
        'event', 'time', and 'channel' or 'owner') a card on switches takes a row a journey.
    columns : which column plays which part of the card's test, overruling the codebook: ``{"arm": "routed"}`` or
        ``["arm=routed"]``.
    level : confidence level; a false SUPPORTED has at most probability (1 - level) / 2.
    plan : a plan, or the path of one (`cxlab plan`): the verdict uses its columns, smallest effects, level and seed,
        and Bonferroni's share of the level if it holds several cards. Without a plan the verdict is exploratory.
    robust : also run the specifications of `cxlab.hypotheses.specification` and say how many agree.
    ledger : file in which the run is recorded, or None.
    seed : where random draws start: the same seed, the same numbers.

    Raises
    ------
    DataProblem : the card does not exist, the study lacks what it needs, the plan does not fit card, study or data.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.verdict("CX-05", cx.load("airline-survey"), robust=False, ledger=None).direction
    'TRIVIAL'
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    planned = None
    if plan is not None:
        plan = plan if isinstance(plan, Plan) else Plan.read(plan)
        planned = plan.check(chosen.id, study)
        if columns is not None or level != 0.95:
            raise DataProblem(
                f"columns and level are fixed by the plan '{plan.name}'; leave them out, or write a new plan"
            )
        chosen, columns, level, seed = planned.applied(chosen), planned.columns, plan.share, plan.seed
    asked, study = study, as_journeys(chosen, study, columns)
    slots = require(chosen, study, columns)
    case = Case(chosen, study, slots, plan.spec if plan else Spec(), level, seed)
    case, evidence = _first_estimable(case, columns)
    result = assemble(case, evidence)
    if robust and not evidence.reason:
        curve = specifications(chosen, study, columns=case.slots.columns, level=level, seed=seed)
        result = _with(result, specifications=curve, notes=(*result.notes, curve.title))
    return _recorded(result, asked, plan, planned, ledger)


def _first_estimable(case: Case, columns: Given) -> tuple[Case, Evidence]:
    """The case and its evidence; where nothing can be estimated, with the next groups of people that the study has."""
    first = run(case)
    ways = other_groups(case.card, case.study, case.slots, columns) if first.reason else iter(())
    for slot, slots in islice(ways, OTHERS):
        other = replace(case, slots=slots)
        found = run(other)
        if not found.reason:
            why = f"with '{case.column(slot)}' nothing can be estimated ({first.reason})"
            said = f"'{other.column(slot)}' was taken: {why}"
            return other, replace(found, notes=(*found.notes, said))
    return case, first


def assemble(case: Case, evidence: Evidence) -> Verdict:
    """Return the verdict that the rule gives for the evidence."""
    card, study = case.card, case.study
    found = ruled(case, evidence)
    parts = {
        "card": card.id, "title": card.title, "claim": card.claim, "study": study.name,
        "direction": found.direction, "number": found.number, "association": found.association,
        "grade": found.grade,
        "threat": found.threat.name if found.threat else "",
        "calibration": calibration.standing(card.id) or "calibrated",
        "reason": evidence.reason or found.reason,
        "sentence": sentence(card, study, evidence, found),
        "claimed": f"{card.claim} ({card.claimed})",
        "published": card.published,
        "here": _here(evidence),
        "planned": "exploratory: no plan was written before",
        "checks": found.checks,
        "threats": (*(t.says for t in card.threats.values()), *(CAUTIONS.get(t, t) for t in card.cautions)),
        "columns": {k: list(v) for k, v in case.slots.columns.items()},
        "null": card.null,
        "side": card.side,
        "claimed_value": card.number.get("value") if card.number else None,
        "shown": pd.DataFrame(list(evidence.shown), columns=["label", "estimate", "low", "high", "n"]),
    }  # fmt: skip
    said = f"{found.direction}{f', {found.number} for the number' if found.number else ''}"
    title = f"{card.id} {card.title}, {study.name}: {said}"
    told = (_table(evidence), card.unit, case.level, evidence.method, _notes(case, evidence), parts)
    return Verdict("verdict", title, *told)


def _notes(case: Case, evidence: Evidence) -> tuple[str, ...]:
    known = calibration.standing(case.card.id)
    said = (*case.slots.notes, *case.study.caveats, *evidence.notes, *case.card.notes, *case.sample.notes)
    return (*dict.fromkeys(said), *([known] if known else ()))


COLUMNS = ("what", "estimate", "low", "high", "se", "bar", "p", "finding", "n", "n_eff", "unit")


def _table(evidence: Evidence) -> pd.DataFrame:
    rows = []
    if not evidence.reason:
        rows = [_line(f, _bar(f), f.p, f.verdict) for f in evidence.findings]
        if (f := evidence.number) is not None and f is not evidence.findings[0]:
            rows.append(_line(f, math.nan, math.nan, "for the number"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _line(f: rule.Finding, bar: float, p: float, finding: str) -> tuple[Any, ...]:
    return f.name, f.value, f.low, f.high, f.se, bar, p, finding, f.n, f.n_eff, f.unit


def _bar(f: rule.Finding) -> float:
    return f.null + (-1 if f.side == "less" else 1) * f.sesoi


def _here(evidence: Evidence) -> str:
    if evidence.reason:
        return f"nothing can be estimated: {evidence.reason}"
    told = [*evidence.findings[:2], *([evidence.number] if evidence.number not in (None, evidence.findings[0]) else [])]
    return "; ".join(f"{f.name} {show(f.value, f.unit)} [{show(f.low, f.unit)}, {show(f.high, f.unit)}]" for f in told)


def _with(result: Verdict, *, notes: tuple[str, ...] | None = None, **parts: Any) -> Verdict:
    return replace(result, notes=result.notes if notes is None else notes, parts={**result.parts, **parts})


def _recorded(
    result: Verdict, study: Study, plan: Plan | None, planned: PlannedCard | None, ledger: str | None
) -> Verdict:
    """Write the run into the ledger and say what was planned and how often was looked."""
    said = f"planned in '{plan.name}' before looking" if plan else result.parts["planned"]
    notes = result.notes
    if plan:
        notes += tuple(plan.notes(planned))
    if ledger is not None:
        try:
            entry = book.record(ledger, result, study, plan)
            said += f"; look {entry['look']} at this claim on these data"
            notes += tuple(f"deviation: {d}" for d in entry["deviations"])
        except OSError as error:
            notes += (f"this look could not be recorded in {ledger}: {error.strerror}",)
    return _with(result, notes=notes, planned=said)
