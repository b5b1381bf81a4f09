"""`claims`: the list of claims, one of them in full, or which of them a study can test."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from cxlab.columns import show
from cxlab.data.study import Study
from cxlab.hypotheses import calibration
from cxlab.hypotheses.card import CAUTIONS, TAGS, Card, card, cards
from cxlab.hypotheses.scoreboard import testable
from cxlab.hypotheses.slots import answerable
from cxlab.result import FIGURE, Result


@dataclass(frozen=True, repr=False)
class Told:
    """A card that prints itself."""

    card: Card

    @property
    def calibration(self) -> Result | None:
        """How often the card's verdicts are wrong where the truth is known: the rates that are shipped, with date."""
        return calibration.of(self.card.id)

    def __repr__(self) -> str:
        return describe(self.card)

    def _repr_html_(self) -> str:
        c, e = self.card, html.escape
        rows = [("claimed", f"{c.claim} ({c.claimed})"), ("said in", ", ".join(c.claim_ids))]
        rows += [(f"published [{tag}]", text) for text, tag in c.published]
        rows += [("estimand", c.estimand), ("data", c.shape), ("rule", c.rule), ("causal", _causal(c))]
        rows += [(f"needs {n.slot}{' (optional)' if n.optional else ''}", str(n)) for n in c.needs]
        rows += [("grade reachable", c.grade_reachable), ("threats", "; ".join(_threats(c)))]
        rows += [("sensitivity", "; ".join(c.sensitivity)), ("references", "; ".join(c.references))]
        rows += [("note", n) for n in c.notes]
        rows += [("calibration", calibration.standing(c.id) or "calibrated")]
        rows += [("can be tested on", ", ".join(answerable(c)) or "no study of the catalogue; simulated data only")]
        body = "".join(f"<tr><th scope='row'>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in rows)
        table = f"<table class='cx-table'>{body}</table>"
        return f"<figure class='{FIGURE}'><figcaption>{e(f'{c.id} {c.title}')}</figcaption>{table}</figure>"


def _causal(c: Card) -> str:
    return f"yes; identified only by one of: {', '.join(c.identified_by)}" if c.causal else "no"


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
        f"threats: {'; '.join(_threats(card))}",
        f"sensitivity: {'; '.join(card.sensitivity)}",
        f"references: {'; '.join(card.references)}",
        f"calibration: {calibration.standing(card.id) or 'calibrated'}",
    ]
    studies = answerable(card)
    where = ", ".join(studies) or f"none; it runs on simulated data: cxlab calibrate {card.id}"
    return "\n".join(
        [*lines, *(f"note: {n}" for n in card.notes), f"studies of the catalogue that can test it: {where}"]
    )


def _threats(c: Card) -> list[str]:
    """The threats that are simulated (and what they cap), and what else the claim must be read with."""
    capped = {t.name: f" (caps the verdict: {t.caps})" if t.caps else "" for t in c.threats.values()}
    return [*(t.says + capped[t.name] for t in c.threats.values()), *(CAUTIONS.get(t, t) for t in c.cautions)]


def claims(of: str | Study | None = None) -> pd.DataFrame | Told:
    """Return all claims; or one in full, by its id; or what a study can test and what it lacks for the others.

    Parameters
    ----------
    of : id of a claim (all of its card), a study (what it can test), or None (all claims).

    Raises
    ------
    DataProblem : there is no such claim; given a study's name: there is no such study.

    >>> import cxlab as cx
    >>> cx.claims()["card"].tolist()[:2]
    ['CX-01', 'CX-02']
    """
    if isinstance(of, Study):
        return testable(of)
    if of is not None:
        return Told(card(of))
    return pd.DataFrame(
        [{"card": c.id, "title": c.title, "claim": c.claim, "number": c.number.get("text", ""), "causal": c.causal,
          "published": c.certainty, "said_in": ", ".join(c.claim_ids)} for c in cards().values()]
    )  # fmt: skip
