"""`tickets`: alerts as ticket systems take them, in a table or as bodies of webhooks; nothing is sent."""

from __future__ import annotations

import json

import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.masking import masked
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result

LAYOUTS: dict[str, dict[str, str]] = {
    "plain": {"alert": "alert", "id": "id", "reason": "reason", "touchpoint": "touchpoint", "owner": "owner",
              "created": "created", "due": "due", "text": "text"},
    "zendesk": {"alert": "external_id", "reason": "subject", "owner": "assignee", "touchpoint": "tags",
                "created": "created_at", "due": "due_at", "text": "description"},
    "freshdesk": {"alert": "unique_external_id", "reason": "subject", "owner": "agent", "touchpoint": "tags",
                  "due": "due_by", "text": "description"},
    "salesforce": {"alert": "ExternalId__c", "reason": "Subject", "owner": "Owner", "touchpoint": "Type",
                   "due": "DueDate__c", "text": "Description"},
    "jira": {"alert": "External ID", "reason": "Summary", "owner": "Assignee", "touchpoint": "Labels",
             "due": "Due Date", "text": "Description"},
    "webhook": {"alert": "idempotency_key"},
}  # fmt: skip
"""How each ticket system calls our columns; what a customer wrote is there only where it was asked for."""


@public
def tickets(found: Result, *, layout: str = "plain", text: bool = False) -> pd.DataFrame:
    """Return the alerts as a ticket system takes them; nothing is sent.

    Parameters
    ----------
    found : of `alerts`.
    layout : 'plain', 'zendesk', 'freshdesk', 'salesforce' or 'jira' for a CSV file (``.to_csv(path, index=False)``);
        'webhook' for one JSON body an alert, with the key under which a second one is the same.
    text : whether what customers wrote comes along, with addresses and numbers masked; `alerts` must have read it.

    Returns
    -------
    A row an alert, with the columns of the layout and the id under which a second import finds the first. Of 'webhook':
    ``idempotency_key, body``.

    Raises
    ------
    DataProblem : another kind of result, an unknown layout, or text that `alerts` did not read.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"who": [7], "ltr": [3], "day": pd.to_datetime(["2025-01-01"])})
    >>> study = cx.load(table).set("who", role="id").set("day", role="date")
    >>> found = cx.alerts(study, {"detractor": {"ltr": (0, 6)}})
    >>> list(cx.loops.tickets(found, layout="zendesk"))
    ['external_id', 'subject', 'assignee', 'tags', 'created_at', 'due_at']
    >>> cx.loops.tickets(found, layout="webhook")["body"].iloc[0][:22]
    '{"event": "cx.alert", '
    """
    one_of("layout", layout, LAYOUTS)
    if not isinstance(found, Result) or found.kind != "alerts":
        came = getattr(found, "kind", type(found).__name__)
        raise DataProblem(
            f"tickets are made of the result of cx.alerts, and this is of '{came}'; give that of cx.alerts"
        )
    listed = found.parts["alerts"]
    if text and "text" not in listed:
        raise DataProblem("these alerts hold no text; name its column: cx.alerts(..., text='COLUMN')")
    if text:
        listed = listed.assign(text=[masked(t) if isinstance(t, str) else "" for t in listed["text"]])
    else:
        listed = listed.drop(columns="text", errors="ignore")
    if layout == "webhook":
        return pd.DataFrame({"idempotency_key": listed["alert"], "body": [_body(r) for r in listed.to_dict("records")]})
    named = {ours: theirs for ours, theirs in LAYOUTS[layout].items() if ours in listed}
    return listed[list(named)].rename(columns=named)


def _body(row: dict) -> str:
    """One alert as JSON, times in ISO 8601; the same alert gives the same bytes."""
    told = {k: v.isoformat() if isinstance(v, pd.Timestamp) else None if v is pd.NaT else v for k, v in row.items()}
    return json.dumps({"event": "cx.alert", **told}, ensure_ascii=False, default=str)


__all__ = ["LAYOUTS", "tickets"]
