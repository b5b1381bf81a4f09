"""`verdict`: one claim on one study, by a rule that was fixed before looking."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cxlab.columns import show, typed
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.hypotheses import ledger as book
from cxlab.hypotheses import rule
from cxlab.hypotheses.card import GRADES, TAGS, THREATS, Card, card
from cxlab.hypotheses.design import design_grade, identified
from cxlab.hypotheses.evidence import Evidence, run
from cxlab.hypotheses.plan import Plan, PlannedCard
from cxlab.hypotheses.sample import Spec, draw
from cxlab.hypotheses.slots import Given, answerable, require
from cxlab.present import printed
from cxlab.result import FIGURE, Estimate, Result


@dataclass(frozen=True, repr=False)
class Verdict(Result):
    """A result whose ``parts`` hold the verdict: ``direction``, ``number``, ``association``, ``grade`` and the reasons.

    ``direction`` judges the claim; ``association`` the same rule applied to what goes with what, whoever causes it.
    """

    @property
    def direction(self) -> str:
        return self.parts["direction"]

    @property
    def number(self) -> str:
        """The verdict on the claim's number; '' where it has none."""
        return self.parts["number"]

    @property
    def association(self) -> str:
        return self.parts["association"]

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
        return Estimate(
            r["what"],
            r["estimate"],
            r["low"],
            r["high"],
            self.level,
            r["se"],
            int(r["n"]),
            r["n_eff"],
            r["unit"],
            self.method,
        )

    def __repr__(self) -> str:
        p = self.parts
        lines = [
            f"{self.title}",
            p["sentence"],
            f"design grade {p['grade']} ({GRADES[p['grade']]}); {p['planned']}",
            "",
        ]
        lines += [f"claimed:   {p['claimed']}"]
        lines += [f"published: [{tag}] {text}" for text, tag in p["published"]]
        lines += [f"here:      {p['here']}", ""]
        if len(self.table):
            lines += [_printed(self.table).to_string(index=False), ""]
        if len(p["shown"]):
            lines += [_printed(p["shown"], self.unit).to_string(index=False), ""]
        lines += [
            f"{'ok ' if ok else '?  ' if ok is None else 'no '} {what}: {found}" for what, found, ok in p["checks"]
        ]
        lines += [f"{self.method} ({self.level:.0%})"] + [f"- {n}" for n in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        p, e = self.parts, html.escape
        three = [
            ("claimed", p["claimed"]),
            *((f"published [{tag}]", text) for text, tag in p["published"]),
            ("here", p["here"]),
        ]
        rows = "".join(f"<tr><th scope='row'>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in three)
        numbers = _conditions(self.table, self.level) if len(self.table) else ""
        more = (
            _printed(p["shown"], self.unit).to_html(index=False, border=0, classes="cx-table")
            if len(p["shown"])
            else ""
        )
        checks = "".join(
            f"<li>{'holds' if ok else 'cannot be checked' if ok is None else 'does not hold'} — {e(w)}: {e(f)}</li>"
            for w, f, ok in p["checks"]
        )
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
        (
            r.what,
            show(r.estimate, r.unit),
            f"{show(r.low, r.unit)} to {show(r.high, r.unit)}",
            show(r.bar, r.unit),
            r.finding,
            f"{r.n:,}",
        )
        for r in table.itertuples()
    ]
    names = ["Condition", "Estimate", f"{100 * level:.4g}% interval", "Bar", "Finding", "n"]
    return pd.DataFrame(said, columns=names).to_html(index=False, border=0, classes="cx-table")


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
    study : what it is tested on; columns are found by role and measure, or given.
    columns : which column plays which part of the card's test, overruling the codebook: ``{"arm": "routed"}`` or
        ``["arm=routed"]``.
    level : confidence level; a false SUPPORTED has at most probability (1 - level) / 2.
    plan : a plan, or the path of one (`cxlab plan`): the verdict uses its columns, smallest effects, level and seed,
        and Bonferroni's share of the level if it holds several cards. Without a plan the verdict is exploratory.
    robust : also run the specifications of `cxlab.hypotheses.specification` and say how many agree.
    ledger : file in which the run is recorded, or None.

    Raises
    ------
    DataProblem : the card does not exist, the study lacks what it needs, the plan does not fit card, study or data.
    """
    chosen = claim if isinstance(claim, Card) else card(claim)
    planned = None
    if plan is not None:
        plan = plan if isinstance(plan, Plan) else Plan.read(plan)
        planned = plan.check(chosen.id, study)
        if columns is not None or level != 0.95:
            from cxlab.problem import DataProblem

            raise DataProblem(
                f"columns and level are fixed by the plan '{plan.name}'; leave them out, or write a new plan"
            )
        chosen, columns, level, seed = planned.applied(chosen), planned.columns, plan.share, plan.seed
    slots = require(chosen, study, columns)
    spec = plan.spec if plan else Spec()
    sample = draw(study, chosen, slots, spec)
    evidence = run(chosen, sample, level=level, seed=seed)
    result = assemble(chosen, study, slots.columns, evidence, sample, level)
    result = _with(result, notes=(*slots.notes, *result.notes))
    if robust and not evidence.reason:
        from cxlab.hypotheses.specification import specifications

        curve = specifications(chosen, study, columns=slots.columns, level=level, seed=seed)
        result = _with(result, specifications=curve, notes=(*result.notes, curve.title))
    return _recorded(result, study, plan, planned, ledger)


def assemble(card: Card, study: Study, columns, evidence: Evidence, sample, level: float) -> Verdict:
    """Return the verdict that the rule gives for the evidence."""
    association = "NOT-IDENTIFIED" if evidence.reason else rule.weakest([f.verdict for f in evidence.findings])
    causes, why = identified(card, study, columns)
    direction = association if causes else "NOT-IDENTIFIED"
    number = ""
    if card.number:
        f = evidence.number
        number = "NOT-IDENTIFIED"
        if f is not None and not evidence.reason and (causes or not card.number.get("causal", card.causal)):
            number = rule.number(
                (f.low, f.high), (f.inner_low, f.inner_high), claimed=card.number["value"], margin=card.number["margin"]
            )
    grade = design_grade(card, study, columns)
    checks = (("design", f"{study.codebook.design or 'not declared'}: {why}", causes), *evidence.checks)
    here = _here(evidence)
    parts = {
        "card": card.id,
        "title": card.title,
        "claim": card.claim,
        "study": study.name,
        "direction": direction,
        "number": number,
        "association": association,
        "grade": grade,
        "reason": evidence.reason or ("" if causes else why),
        "sentence": sentence(card, study, evidence, direction, association, number, why),
        "claimed": f"{card.claim} ({card.claimed})",
        "published": card.published,
        "here": here,
        "planned": "exploratory: no plan was written before",
        "checks": checks,
        "threats": tuple(THREATS.get(t, t) for t in card.threats),
        "columns": {k: list(v) for k, v in columns.items()},
        "null": card.null,
        "side": card.side,
        "claimed_value": card.number.get("value") if card.number else None,
        "shown": pd.DataFrame(list(evidence.shown), columns=["label", "estimate", "low", "high", "n"]),
    }
    said = f"{direction}{f', {number} for the number' if number else ''}"
    simulated = "SIMULATED data. " if study.codebook.simulated else ""
    notes = (
        *((f"{simulated}The study does not describe real people.",) if simulated else ()),
        *evidence.notes,
        *card.notes,
    )
    notes += tuple(f"{k:,} answers left out: {why}" for why, k in sample.dropped)
    notes += ("strata of the sample are not used: intervals are a little too wide",) if study.design.strata else ()
    return Verdict(
        "verdict",
        f"{card.id} {card.title}, {study.name}: {said}",
        _table(evidence),
        card.unit,
        level,
        evidence.method,
        notes,
        parts,
    )


def _table(evidence: Evidence) -> pd.DataFrame:
    rows = []
    if not evidence.reason:
        rows = [
            {
                "what": f.name,
                "estimate": f.value,
                "low": f.low,
                "high": f.high,
                "se": f.se,
                "bar": _bar(f),
                "p": f.p,
                "finding": f.verdict,
                "n": f.n,
                "n_eff": f.n_eff,
                "unit": f.unit,
            }
            for f in evidence.findings
        ]
        if (f := evidence.number) is not None and f is not evidence.findings[0]:
            rows.append(
                {
                    "what": f.name,
                    "estimate": f.value,
                    "low": f.low,
                    "high": f.high,
                    "se": f.se,
                    "bar": float("nan"),
                    "p": float("nan"),
                    "finding": "for the number",
                    "n": f.n,
                    "n_eff": f.n_eff,
                    "unit": f.unit,
                }
            )
    names = ["what", "estimate", "low", "high", "se", "bar", "p", "finding", "n", "n_eff", "unit"]
    return pd.DataFrame(rows, columns=names)


def _bar(f: rule.Finding) -> float:
    return f.null + (-1 if f.side == "less" else 1) * f.sesoi


def _here(evidence: Evidence) -> str:
    if evidence.reason:
        return f"nothing can be estimated: {evidence.reason}"
    told = [*evidence.findings[:2], *([evidence.number] if evidence.number not in (None, evidence.findings[0]) else [])]
    return "; ".join(f"{f.name} {show(f.value, f.unit)} [{show(f.low, f.unit)}, {show(f.high, f.unit)}]" for f in told)


SAYS = {
    "SUPPORTED": "supports the claim",
    "DIRECTION-ONLY": "points in the direction of the claim, but an effect too small to matter is not excluded",
    "TRIVIAL": "shows that any effect is too small to matter",
    "CONTRADICTED": "points against the claim",
    "INCONCLUSIVE": "leaves the claim open: the interval is too wide",
}
NUMBER_SAYS = {
    "SUPPORTED": "The number {} holds.",
    "NUMBER-OUT": "The number {} lies outside the interval.",
    "INCONCLUSIVE": "The number {} cannot be told from others.",
    "NOT-IDENTIFIED": "The number {} cannot be judged.",
}


def sentence(
    card: Card, study: Study, evidence: Evidence, direction: str, association: str, number: str, why: str
) -> str:
    """Return what a manager may quote; nothing causal unless the design is."""
    about = f"{'In simulated data' if study.codebook.simulated else 'In'} {study.name}"
    if evidence.reason:
        return f"{about} nothing can be said about '{card.claim}' ({evidence.reason})."
    f = next((f for f in evidence.findings if f.verdict == association), evidence.findings[0])
    value = f"{f.name}: {show(f.value, f.unit)} [{show(f.low, f.unit)}, {show(f.high, f.unit)}], n = {f.n:,}"
    tail = f" {NUMBER_SAYS[number].format(card.claimed)}" if number else ""
    if direction == "NOT-IDENTIFIED":
        kind = {
            "SUPPORTED": "is what the claim would lead one to expect",
            "TRIVIAL": "is too small to matter",
            "CONTRADICTED": "goes against the claim",
            "DIRECTION-ONLY": "is in its direction but may be too small to matter",
            "INCONCLUSIVE": "is too uncertain to read",
        }.get(association, "cannot be read")
        return f"{about}, {value}. The association {kind}; whether it is an effect these data cannot say ({why}).{tail}"
    return f"{about}, {value}. This {SAYS[direction]}.{tail}"


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


def describe(card: Card) -> str:
    """Return a card as text for the terminal."""
    lines = [
        f"{card.id} {card.title}",
        f"claim: {card.claim}",
        f"number: {card.claimed}",
        f"said in: {', '.join(card.claim_ids)}",
        "really published:",
    ]
    lines += [f"  [{tag}: {TAGS[tag]}] {text}" for text, tag in card.published]
    lines += [f"estimand: {card.estimand}", f"data: {card.shape}", "needs:"]
    lines += [f"  {n.slot}{' (optional)' if n.optional else ''}: {n}" for n in card.needs]
    lines += [
        f"smallest effect of interest: {show(card.sesoi, card.unit)}"
        + (f" from {show(card.null, card.unit)}" if card.null else ""),
        f"rule: {card.rule}",
        f"causal: {'yes, identified only by ' + ' or '.join(card.identified_by) if card.causal else 'no'}",
        f"design grade reachable: {card.grade_reachable}",
        f"threats: {'; '.join(THREATS.get(t, t) for t in card.threats)}",
        f"sensitivity: {'; '.join(card.sensitivity)}",
        f"references: {'; '.join(card.references)}",
    ]
    studies = answerable(card)
    where = ", ".join(studies) or f"none; it runs on simulated data: cxlab calibrate {card.id}"
    return "\n".join(
        [*lines, *(f"note: {n}" for n in card.notes), f"studies of the catalogue that can test it: {where}"]
    )
