"""`claims`: the list of claims, one of them in full, or which of them a study can test."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from cxlab.data.study import Study
from cxlab.hypotheses.card import Card, card, cards
from cxlab.hypotheses.scoreboard import testable
from cxlab.hypotheses.verdict import describe


@dataclass(frozen=True, repr=False)
class Told:
    """A card that prints itself."""

    card: Card

    def __repr__(self) -> str:
        return describe(self.card)

    def _repr_html_(self) -> str:
        rows = [line.split(":", 1) for line in describe(self.card).splitlines()[1:]]
        body = "".join(
            f"<tr><th scope='row'>{html.escape(r[0])}</th><td>{html.escape(r[1]) if len(r) > 1 else ''}</td></tr>"
            for r in rows
        )
        head = f"{self.card.id} {self.card.title}"
        table = f"<table class='cx-table'>{body}</table>"
        return f"<figure class='cx-result'><figcaption>{html.escape(head)}</figcaption>{table}</figure>"


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
