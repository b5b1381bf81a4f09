"""`hub_notes`: how a JupyterHub serves a room that has been made, with its folders put in."""

from __future__ import annotations

from pathlib import Path

from cxlab.workshop.seat import read_room

NOTES = Path(__file__).parent / "template" / "hub.md"


def hub_notes(at: Path) -> str:
    """Return the notes for the administrator of a hub.

    Parameters
    ----------
    at : folder of the room.
    """
    room, at = read_room(at), at.resolve()
    first = min(p.name for p in (at / "seats" / "01").glob("*.ipynb"))
    said = NOTES.read_text(encoding="utf-8")
    told = {"<FOLDER>": at, "<PARENT>": at.parent, "<FIRST>": first, "<SEATS>": room["seats"], "<NAME>": room["name"]}
    for mark, value in told.items():
        said = said.replace(mark, str(value))
    return said
