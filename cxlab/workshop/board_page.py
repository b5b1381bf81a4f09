"""The board of a room as a page: who is where, and the answers of all seats side by side; made anew at each request."""

from __future__ import annotations

import html
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cxlab.workshop.board_drawings import Board
from cxlab.workshop.class_answers import Standing, by_seat, lessons_of, opened
from cxlab.workshop.hand_ins import Book
from cxlab.workshop.lesson import drawn
from cxlab.workshop.outlines import Outline
from cxlab.workshop.phrases import say
from cxlab.workshop.questions import Drawn
from cxlab.workshop.seat import Place, place

EVERY = 3
"""Seconds from one refresh to the next."""

STYLE = """
:root{--ink:#1b2733;--paper:#fff;--line:#cfd6dc;--link:#0b5394}
*{box-sizing:border-box}body{margin:0;font:1.05rem/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
header,main,footer{max-width:76rem;margin:0 auto;padding:.6rem 1rem}h1{font-size:1.5rem;margin:.2rem 0}
h2{font-size:1.25rem;margin:1rem 0 .3rem}h3{font-size:1rem;margin:.2rem 0 .4rem;font-weight:600}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem .5rem;padding:0;margin:.4rem 0}
nav a{display:block;padding:.25rem .6rem;border:1px solid var(--line);border-radius:.4rem;color:var(--link)}
nav a[aria-current]{background:#0b5394;color:#fff;border-color:#0b5394}
.boards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
.boards section{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem;background:#fff}
svg{width:100%;height:auto;display:block}table{border-collapse:collapse;width:100%;max-width:44rem}
th,td{text-align:right;padding:.2rem .6rem;border-bottom:1px solid var(--line)}th:first-child{text-align:left}
form{margin:.4rem 0 .8rem}
button{font:inherit;padding:.35rem .8rem;border:1px solid #0b5394;border-radius:.4rem;background:#0b5394;color:#fff}
.quiet{color:#4c5a66}
@media (max-width:30rem){table{font-size:.9rem}th,td{padding:.2rem .25rem}}
@media (min-width:100rem){html{font-size:125%}}
"""

SCRIPT = """
const every=%d000,lost=%s;
async function fresh(){
  const state=document.getElementById('state');
  try{
    const answer=await fetch(location.pathname.replace(/\\/$/,'')+'/part'+location.search,{credentials:'same-origin'});
    if(!answer.ok)throw new Error(answer.status);
    const text=await answer.text();
    const main=document.querySelector('main');
    if(!main.contains(document.activeElement))main.innerHTML=text;
    state.textContent=main.querySelector('[data-alive]').dataset.alive;
  }catch(problem){state.textContent=lost;}
  setTimeout(fresh,every);
}
setTimeout(fresh,every);
"""


@lru_cache(maxsize=64)
def _drawn(about_name: str, at: Place, folder: Path) -> Drawn:
    about = next(a for a in lessons_of(folder) if a.name == about_name)
    return drawn(about, at.at(1))


def current(folder: Path, asked: str = "") -> Outline:
    """Return the lesson that is asked for, else the one in which somebody answered last."""
    lessons = lessons_of(folder)
    found = next((a for a in lessons if a.name == asked), None)
    if found:
        return found
    at = place(folder, 1)
    files = {a.name: [Book(at.at(s), a.name).file for s in range(1, at.seats + 1)] for a in lessons}
    last = {name: max((f.stat().st_mtime for f in each if f.is_file()), default=0.0) for name, each in files.items()}
    return max(lessons, key=lambda a: (last[a.name], -a.number))


def part(folder: Path, asked: str = "", *, teacher: bool = False, form: str = "") -> str:
    """Return what changes of the page.

    Parameters
    ----------
    folder : of the room.
    asked : name of the lesson; the last one in which somebody answered if not given.
    teacher : whether to show the button that opens the truth, and the seats that may want help.
    form : hidden fields of the button's form (the server's protection against forged requests).
    """
    at = place(folder, 1)
    about, language = current(folder, asked), at.language
    standing = by_seat(about, at, language)
    told = about.texts(language)
    alive = html.escape(say(language, "board_alive", time=f"{datetime.now():%H:%M:%S}"), quote=True)
    out = [f'<div data-alive="{alive}">', _nav(folder, about, language)]
    out.append(f"<h2>{about.number} {html.escape(told['title'])}</h2>")
    if teacher:
        out.append(_button(about, at, language, form))
    out.append('<div class="boards">')
    for name in about.questions:
        board = Board(standing, name, _drawn(about.name, at, folder))
        out.append(f"<section>{board.html()}</section>")
    out += ["</div>", where(standing, teacher), "</div>"]
    return "".join(out)


def _nav(folder: Path, about: Outline, language: str) -> str:
    items = []
    for other in lessons_of(folder):
        here = ' aria-current="page"' if other.name == about.name else ""
        title = html.escape(other.texts(language)["title"])
        items.append(f'<li><a href="?lesson={other.name}"{here}>{other.number} {title}</a></li>')
    return f'<nav aria-label="{html.escape(say(language, "board_where"))}"><ul>{"".join(items)}</ul></nav>'


def _button(about: Outline, at: Place, language: str, form: str) -> str:
    isopen = opened(at, about.name)
    word = say(language, "board_close" if isopen else "board_open")
    given = {"lesson": about.name, "to": int(not isopen)}
    hidden = "".join(f'<input type="hidden" name="{k}" value="{v}">' for k, v in given.items())
    return f'<form method="post" action="board/open">{form}{hidden}<button>{html.escape(word)}</button></form>'


def where(standing: Standing, teacher: bool) -> str:
    """Return how many seats are where, question by question; to the teacher also who may want help."""
    language, seats = standing.language, standing.place.seats
    head = "".join(f'<th scope="col">{html.escape(say(language, k))}</th>' for k in ("done", "trying", "away"))
    rows = []
    for name in standing.about.questions:
        there, right = standing.count(name)
        cells = "".join(f"<td>{count}</td>" for count in (right, there - right, seats - there))
        rows.append(f'<tr><th scope="row">{html.escape(name)}</th>{cells}</tr>')
    title = html.escape(say(language, "board_where"))
    table = (
        f'<table><thead><tr><th scope="col"><span class="quiet">{standing.about.number}</span></th>{head}</tr></thead>'
    )
    stuck = standing.stuck() if teacher else []
    want = ", ".join(f"{seat:02d}" for seat in stuck)
    said = f"<p>{html.escape(say(language, 'stuck', seats=want))}</p>" if stuck else ""
    return f"<h2>{title}</h2>{table}<tbody>{''.join(rows)}</tbody></table>{said}"


def page(folder: Path, asked: str = "", *, teacher: bool = False, form: str = "") -> str:
    """Return the whole page: it asks its server, and nobody else, for what changes every few seconds."""
    at = place(folder, 1)
    title = html.escape(say(at.language, "board_title", room=at.room))
    script = SCRIPT % (EVERY, json.dumps(say(at.language, "board_lost")))
    body = part(folder, asked, teacher=teacher, form=form)
    return (
        f'<!doctype html><html lang="{at.language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><header><h1>{title}</h1></header><main>{body}</main>"
        f'<footer><p class="quiet" role="status" id="state"></p></footer><script>{script}</script></body></html>'
    )
