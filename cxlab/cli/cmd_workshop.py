"""``cxlab workshop``: a class from one command; the board, collecting, grading, notes, lessons of one's own."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import Any

import click

from cxlab.problem import DataProblem

FOLDER = click.option(
    "--folder", default="workshops", show_default=True, type=click.Path(path_type=Path, file_okay=False),
    envvar="CXLAB_WORKSHOPS", help="Where the rooms lie.",
)  # fmt: skip
OWN = click.option(
    "--own", multiple=True, type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="A lesson of your own (cxlab workshop new); may be given more than once.",
)  # fmt: skip

REACH = {
    "here": "this machine only (--host opens it)",
    "room": "everybody in this network (unencrypted)",
    "forwarded": "whoever may open this codespace",
}


@click.group()
def workshop() -> None:
    """Teach a two-hour workshop: every seat draws its own sample of one world, the board shows them side by side.

    \b
    Examples:
      cxlab workshop serve --seats 20 --room oslo       a class: a server, an address and a QR code a seat
      cxlab workshop serve --room oslo --host 0.0.0.0   the same, for laptops in the room
      cxlab workshop start                              a learner alone
      cxlab workshop board oslo                         the board, to project
      cxlab workshop notes 3                            what the teacher of lesson 3 should know
      cxlab workshop collect oslo > answers.csv
    """


@workshop.command()
@click.option("--seats", type=int, default=None, help="How many.  [default: 20, or those that the room has]")
@click.option("--room", required=True, help="Name of the room: small letters, digits, dashes.")
@click.option("--lessons", default="", help="Such as 1-6 or noise,halo.  [default: all]")
@click.option("--language", default="", help="en or de.  [default: en]")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 opens the class to the network.")
@click.option("--port", type=int, default=None, help="[default: 8888, or the next that is free]")
@click.option("--hub", is_flag=True, help="Make the room, say how a JupyterHub serves it, and stop.")
@OWN
@FOLDER
def serve(seats: int | None, room: str, lessons: str, language: str, hub: bool, **more: Any) -> None:
    """Serve a room until Ctrl-C. The same command takes it up again, with all answers and the same addresses.

    \b
    cxlab workshop serve --seats 20 --room oslo
    cxlab workshop serve --room oslo --lessons 1-3 --language de --host 0.0.0.0
    """
    from cxlab.workshop.classroom import open_room

    at = open_room(more["folder"], room, seats=seats, lessons=lessons, language=language, own=more["own"])
    if hub:
        from cxlab.workshop.hub_notes import hub_notes

        click.echo(hub_notes(at))
        return
    _served(at, more["host"], more["port"])


def _served(at: Path, host: str, port: int | None) -> None:
    """Serve a room and say where everything is, until somebody stops it."""
    from cxlab.workshop.classroom import hold
    from cxlab.workshop.seat import read_room
    from cxlab.workshop.serving import Class, port_for

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with hold(at, f"http://{host}:{read_room(at)['port'] or port or 8888}"), contextlib.ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, stop)
        stack.callback(signal.signal, signal.SIGTERM, before)
        served = stack.enter_context(Class(at, host=host, port=port_for(at, host, port)))
        for seat, address in served.seats.items():
            click.echo(f"seat {seat:02d}  {address}")
        click.echo(f"board    {served.board}")
        click.echo(f"sheet    {(at / 'sheet.html').resolve()} (to print: an address and a QR code a seat)")
        click.echo(
            f"reached from {REACH[served.reach]}; a token a seat, its own folder and kernels; all seats run under your "
            "account, so code of one can read another's folder. Ctrl-C stops, nothing is lost."
        )
        sys.stdout.flush()
        served.watch()


@workshop.command()
@click.option("--lessons", default="", help="Such as 1-6 or noise,halo.  [default: all]")
@click.option("--language", default="", help="en or de.  [default: en]")
@click.option("--port", type=int, default=None)
@OWN
@FOLDER
def start(lessons: str, language: str, port: int | None, own: tuple[Path, ...], folder: Path) -> None:
    """Learn alone: a room 'practice' of one seat, whose answers are kept.

    \b
    cxlab workshop start
    cxlab workshop start --lessons noise --language de
    """
    from cxlab.workshop.classroom import open_room
    from cxlab.workshop.seat import PRACTICE

    at = open_room(folder, PRACTICE, seats=1, lessons=lessons, language=language, own=own)
    _served(at, "127.0.0.1", port)


@workshop.command()
@click.argument("room")
@click.option("--reveal", default="", metavar="LESSON", help="Open the truth of a lesson to the class.")
@click.option("--hide", default="", metavar="LESSON", help="Close it again.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the answers instead (as collect).")
@click.option("--port", type=int, default=0, help="Of the page, where no class is open.  [default: a free one]")
@FOLDER
def board(room: str, reveal: str, hide: str, as_csv: bool, port: int, folder: Path) -> None:
    """Show the board of ROOM: a page that refreshes by itself; anonymous, the truth hidden until you open it.

    \b
    cxlab workshop board oslo
    cxlab workshop board oslo --reveal noise
    """
    from cxlab.workshop.board_server import alone, show
    from cxlab.workshop.class_answers import lessons_of, set_opened
    from cxlab.workshop.classroom import holder, room_folder
    from cxlab.workshop.outlines import outline
    from cxlab.workshop.seat import place, read_room
    from cxlab.workshop.serving import bracketed, forwarded

    at = room_folder(folder, room)
    for name, to in ((reveal, True), (hide, False)):
        if name:
            about = outline(name, place(at, 1).own)
            if about.name not in [a.name for a in lessons_of(at)]:
                raise DataProblem(
                    f"room '{room}' has no lesson '{about.name}'; it has: {', '.join(read_room(at)['lessons'])}"
                )
            set_opened(place(at, 1), about.name, to)
            click.echo(f"the truth of '{about.name}' is {'open' if to else 'hidden'} in room '{room}'")
    if reveal or hide:
        return
    if as_csv:
        _print_csv(at)
        return
    if holder(at):
        told = read_room(at)
        where = bracketed("127.0.0.1" if told["host"] in ("0.0.0.0", "") else told["host"])
        base = forwarded(told["port"]) or f"http://{where}:{told['port']}"
        address = f"{base}/board?token={told['teacher']}"
        click.echo(address)
        show(address)
        return
    with alone(at, port) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/board"
        click.echo(f"{address} (no class is open; Ctrl-C ends)")
        show(address)
        server.serve_forever()


@workshop.command()
@click.argument("room")
@click.argument("seat", type=int)
@FOLDER
def reset(room: str, seat: int, folder: Path) -> None:
    """Put fresh notebooks on SEAT of ROOM; what was there is moved aside, not deleted."""
    from cxlab.workshop.classroom import reset as anew
    from cxlab.workshop.classroom import room_folder

    click.echo(f"seat {seat:02d} of '{room}' is fresh; what was there lies in {anew(room_folder(folder, room), seat)}")


@workshop.command()
@click.argument("room")
@FOLDER
def collect(room: str, folder: Path) -> None:
    """Print all answers of ROOM as CSV: a row an attempt.

    \b
    cxlab workshop collect oslo > answers.csv
    """
    from cxlab.workshop.classroom import room_folder

    _print_csv(room_folder(folder, room))


def _print_csv(at: Path) -> None:
    from cxlab.workshop.class_answers import collected

    click.echo(collected(at).to_csv(index=False), nl=False)


@workshop.command()
@click.argument("room")
@FOLDER
def grade(room: str, folder: Path) -> None:
    """Print a table by seat as CSV: how many questions are answered well, and the reasons for the others."""
    from cxlab.workshop.class_answers import graded
    from cxlab.workshop.classroom import room_folder

    click.echo(graded(room_folder(folder, room)).to_csv(index=False), nl=False)


@workshop.command()
@click.argument("lesson", default="")
@click.option("--language", default="", help="en or de.  [default: en]")
def notes(lesson: str, language: str) -> None:
    """Print the instructor's notes of LESSON (a name, a number, or the folder of your own); of all where none is named.

    \b
    cxlab workshop notes 3
    cxlab workshop notes noise --language de
    """
    from cxlab.workshop.instructor import page
    from cxlab.workshop.outlines import NAMES, outline

    click.echo("\n".join(page(outline(name), language) for name in ([lesson] if lesson else NAMES)))


@workshop.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def new(folder: Path) -> None:
    """Write a lesson of your own into FOLDER, ready to run: change it, and try it.

    \b
    cxlab workshop new waiting-times
    cxlab workshop try waiting-times
    cxlab workshop serve --room oslo --own waiting-times
    """
    from cxlab.workshop.template_lesson import copied

    for path in copied(folder):
        click.echo(str(path))


@workshop.command("try")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def try_lesson(folder: Path) -> None:
    """Try a lesson of your own: a perfect learner, every named mistake, texts, notebook, notes."""
    from cxlab.workshop.outlines import own_outline
    from cxlab.workshop.trial import faults

    found = faults(own_outline(folder))
    for fault in found:
        click.echo(fault)
    if found:
        sys.exit(1)
    click.echo(f"{folder}: nothing wrong")
