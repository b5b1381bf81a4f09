"""`sheet`: a page to print, one strip a seat with its address and its QR code."""

from __future__ import annotations

import hmac
import html
from pathlib import Path
from typing import Any

import segno

from cxlab.workshop.phrases import say
from cxlab.workshop.seat import read_room

STYLE = """
@page{margin:12mm}body{margin:1.2rem;font:1rem/1.4 system-ui,sans-serif;color:#1b2733;background:#fff}
h1{font-size:1.3rem;margin:0 0 .4rem}h2{font-size:1.15rem;margin:0}p{margin:.25rem 0}
ol{list-style:none;margin:1rem 0;padding:0;display:grid;
  grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}
li{border:1px dashed #6a7680;padding:.7rem;display:flex;gap:.9rem;align-items:center;break-inside:avoid}
li svg{width:7.2rem;height:7.2rem;flex:none}a{color:#0b5394;overflow-wrap:anywhere;font-size:.85rem}
"""


def addresses(folder: Path, base: str) -> dict[int, str]:
    """Return the address of each seat, short enough to be typed; the server leads on to `destination`.

    Parameters
    ----------
    folder : of the room.
    base : such as ``http://127.0.0.1:8888``.
    """
    room = read_room(folder)
    return {seat: f"{base}/s/{room['tokens'][str(seat)]}" for seat in range(1, room["seats"] + 1)}


def destination(folder: Path, token: str) -> str:
    """Return where the short address with this token leads on the server: the seat's first notebook; '' if to nobody.

    Parameters
    ----------
    folder : of the room.
    token : as it was typed.
    """
    tokens = read_room(folder)["tokens"]
    seat = next((int(k) for k, known in tokens.items() if hmac.compare_digest(known.encode(), token.encode())), 0)
    if not seat:
        return ""
    first = min(p.name for p in (folder / "seats" / f"{seat:02d}").glob("*.ipynb"))
    return f"lab/workspaces/seat-{seat:02d}/tree/{first}?token={token}"


def sheet(folder: Path, base: str, *, reach: str) -> str:
    """Return the page.

    Parameters
    ----------
    folder : of the room.
    base : address of the server.
    reach : who reaches it: 'here' (this machine), 'room' (its network), 'forwarded' (whom a codespace lets in).
    """
    room = read_room(folder)
    said: Any = lambda key, **values: html.escape(say(room["language"], key, **values))  # noqa: E731
    strips = []
    for seat, address in addresses(folder, base).items():
        code = segno.make(address, error="m")
        label = html.escape(say(room["language"], "sheet_qr", seat=f"{seat:02d}"), quote=True)
        picture = code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
        picture = picture.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        link = html.escape(address, quote=True)
        seat_said = said("sheet_seat", seat=f"{seat:02d}")
        strips.append(
            f'<li>{picture}<div><h2>{seat_said}</h2><p>{said("sheet_open")}</p><a href="{link}">{link}</a></div></li>'
        )
    title = said("sheet_title", room=room["name"])
    return (
        f'<!doctype html><html lang="{room["language"]}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main><h1>{title}</h1><p>{said('sheet_cut')}</p><p>{said('sheet_see')}</p><p>{said(f'sheet_{reach}')}</p>"
        f"<ol>{''.join(strips)}</ol></main></body></html>"
    )
