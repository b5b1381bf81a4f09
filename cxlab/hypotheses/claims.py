"""`claims`: the list of claims, one of them in full, or which of them a study can test."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from cxlab.data.study import Study
from cxlab.hypotheses.card import THREATS, Card, card, cards
from cxlab.hypotheses.scoreboard import testable
from cxlab.hypotheses.slots import answerable
from cxlab.hypotheses.verdict import describe
from cxlab.result import FIGURE


@dataclass(frozen=True, repr=False)
class Told:
    """A card that prints itself."""

    card: Card

    def __repr__(self) -> str:
        return describe(self.card)

    def _repr_html_(self) -> str:
        c, e = self.card, html.escape
        rows = [("claimed", f"{c.claim} ({c.claimed})"), ("said in", ", ".join(c.claim_ids))]
        rows += [(f"published [{tag}]", text) for text, tag in c.published]
        rows += [("estimand", c.estimand), ("data", c.shape), ("rule", c.rule), ("causal", _causal(c))]
        rows += [(f"needs {n.slot}{' (optional)' if n.optional else ''}", str(n)) for n in c.needs]
        rows += [("grade reachable", c.grade_reachable), ("threats", "; ".join(THREATS.get(t, t) for t in c.threats))]
        rows += [("sensitivity", "; ".join(c.sensitivity)), ("references", "; ".join(c.references))]
        rows += [("note", n) for n in c.notes]
        rows += [("can be tested on", ", ".join(answerable(c)) or "no study of the catalogue; simulated data only")]
        body = "".join(f"<tr><th scope='row'>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in rows)
        table = f"<table class='cx-table'>{body}</table>"
        return f"<figure class='{FIGURE}'><figcaption>{e(f'{c.id} {c.title}')}</figcaption>{table}</figure>"


def _causal(c: Card) -> str:
    return f"yes; identified only by one of: {', '.join(c.identified_by)}" if c.causal else "no"


def claims(of: str | Study | None = None) -> pd.DataFrame | Told:
    """Return all claims; or one in full, by its id; or what a study can test and what it lacks for the others.

    >>> len(claims())
    32
    """
    if isinstance(of, Study):
        return testable(of)
    if of is not None:
        return Told(card(of))
    return pd.DataFrame(
        [{"card": c.id, "title": c.title, "claim": c.claim, "number": c.number.get("text", ""), "causal": c.causal,
          "published": c.certainty, "said_in": ", ".join(c.claim_ids)} for c in cards().values()]
    )  # fmt: skip
