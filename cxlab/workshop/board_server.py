"""The board inside the class's server (a Jupyter extension), and by itself where no class is open."""

from __future__ import annotations

import http.server
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from cxlab.workshop import board_page
from cxlab.workshop.class_answers import lessons_of, set_opened
from cxlab.workshop.phrases import say
from cxlab.workshop.seat import place
from cxlab.workshop.seated import TEACHER
from cxlab.workshop.sheet import destination


class BoardHandler(JupyterHandler):
    """The page, or what changes of it; the teacher opens and closes the truth."""

    def initialize(self, folder: Path, part: bool = False) -> None:
        """Remember the room and which of the two is asked for."""
        self.folder, self.part = folder, part

    @web.authenticated
    def get(self) -> None:
        """Write the page."""
        teacher = self.current_user.username == TEACHER
        made = board_page.part if self.part else board_page.page
        form = self.xsrf_form_html() if teacher else ""
        self.finish(made(self.folder, self.get_argument("lesson", ""), teacher=teacher, form=form))

    @web.authenticated
    def post(self) -> None:
        """Open or close the truth of a lesson."""
        lesson = self.get_argument("lesson")
        if self.current_user.username != TEACHER:
            raise web.HTTPError(403, "the teacher opens the truth")
        if lesson not in [a.name for a in lessons_of(self.folder)]:
            raise web.HTTPError(404, f"this room has no lesson '{lesson}'")
        set_opened(place(self.folder, 1), lesson, self.get_argument("to") == "1")
        self.redirect(url_path_join(self.base_url, f"board?lesson={lesson}"))


class SeatHandler(JupyterHandler):
    """The short address of a seat: leads on to its first notebook."""

    def initialize(self, folder: Path) -> None:
        """Remember the room."""
        self.folder = folder

    @allow_unauthenticated
    def get(self, token: str) -> None:
        """Lead on, or say that nobody has this address."""
        to = destination(self.folder, token)
        if to:
            self.redirect(url_path_join(self.base_url, to))
            return
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(say(place(self.folder, 1).language, "no_seat"))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "cxlab.workshop.board_server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    folder = Path(app.root_dir)
    routes = [("board", {}), ("board/part", {"part": True}), ("board/open", {})]
    handlers = [(url_path_join(app.base_url, path), BoardHandler, {"folder": folder, **more}) for path, more in routes]
    handlers.append((url_path_join(app.base_url, "s/([^/]+)"), SeatHandler, {"folder": folder}))
    app.web_app.add_handlers(".*", handlers)


def alone(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of the board for this machine only, to read while no class is open."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            lesson = parse_qs(asked.query).get("lesson", [""])[0]
            made = {"/board": board_page.page, "/board/part": board_page.part}.get(asked.path)
            body = made(folder, lesson).encode() if made else b""
            self.send_response(200 if made else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)


def show(address: str) -> None:
    """Open an address in the browser, if there is one."""
    webbrowser.open(address)
