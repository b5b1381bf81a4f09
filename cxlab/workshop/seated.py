"""The Jupyter server of a class: a token a seat, and to each seat its own folder, kernels and sessions.

Jupyter's own parts, each bounded to whoever asks: `SeatIdentity` knows a seat by its token, the contents, kernels and
sessions of a seat are those in its folder, `SeatRules` refuses what is somebody else's. The teacher sees all seats.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server import CallContext
from jupyter_server.auth import Authorizer, IdentityProvider, User
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager
from jupyter_server.utils import to_os_path
from tornado import web
from traitlets import List, Unicode

from cxlab.workshop.seat import read_room

TEACHER = "teacher"
CLOSED = ("server", "terminals", "config")
"""What a seat may not change: the server itself, terminals, settings of the server."""


def who() -> str:
    """Return who asks: 'teacher', 'seat-07', or '' outside a request."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    user = getattr(handler, "_jupyter_current_user", None) if handler else None
    return user.username if user else ""


class Bounded:
    """The folder of whoever asks; ``room`` is the room's."""

    @property
    def root_dir(self) -> str:
        """Folder that all paths of a request start from."""
        seats = Path(self.parent.root_dir) / "seats"
        asking = who()
        return str(seats / asking.removeprefix("seat-")) if asking.startswith("seat-") else str(seats)


class SeatIdentity(IdentityProvider):
    """Knows a seat, or the teacher, by the token in the address; a cookie remembers it, signed by the server."""

    room = Unicode(config=True, help="folder of the room")

    def get_user_token(self, handler: web.RequestHandler) -> User | None:
        """Return whose token it is."""
        given = self.get_token(handler) or ""
        room = read_room(Path(self.room))
        known = {TEACHER: room["teacher"]} | {f"seat-{int(k):02d}": token for k, token in room["tokens"].items()}
        for name, token in known.items():
            if hmac.compare_digest(given.encode(), token.encode()):
                return User(name, name, name, name[-2:], None, None)
        return None

    def get_cookie_name(self, handler: web.RequestHandler) -> str:
        """Return a name of this room: two classes on one machine do not share it."""
        return f"cxlab-{Path(self.room).name}-{handler.request.host.rpartition(':')[2]}"


class SeatRules(Authorizer):
    """Everything of one's own, nothing of another seat's, nothing of the server itself."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        """Whether a user may do something."""
        if user.username == TEACHER:
            return True
        if resource in CLOSED and not (resource == "config" and action == "read"):
            return False
        if resource == "kernels":
            asked = (handler.path_kwargs or {}).get("kernel_id") or next(iter(handler.path_args or ()), None)
            asked = asked.decode() if isinstance(asked, bytes) else asked
            return asked is None or handler.kernel_manager.owners.get(asked) in (user.username, None)
        return True


class SeatCheckpoints(Bounded, AsyncFileCheckpoints):
    """Checkpoints beside the notebooks of a seat."""


class SeatContents(Bounded, AsyncLargeFileManager):
    """The files of a seat."""

    checkpoints_class = SeatCheckpoints


class SeatKernels(AsyncMappingKernelManager):
    """Kernels that know whose they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.owners: dict[str, str] = {}

    def cwd_for_path(self, path: str, **options: Any) -> str:
        """Return the folder that a kernel starts in: that of the notebook, inside the seat's."""
        root = self.parent.contents_manager.root_dir
        at = Path(to_os_path(path, root))
        return str(at if at.is_dir() else at.parent if at.parent.is_dir() else root)

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel and remember for whom."""
        kernel_id = await super().start_kernel(**options)
        self.owners[kernel_id] = who()
        return kernel_id

    def list_kernels(self) -> list[dict[str, Any]]:
        """Return the kernels of whoever asks."""
        asking, every = who(), super().list_kernels()
        return [k for k in every if asking in ("", TEACHER) or self.owners.get(k["id"]) == asking]


class SeatSessions(SessionManager):
    """Sessions under the name of the seat: two seats may open notebooks of one name."""

    def _own(self, path: str) -> str:
        return f"{who()}|{path}"

    async def session_exists(self, path: str) -> bool:
        """Whether this seat has the notebook open."""
        return await super().session_exists(self._own(path))

    async def save_session(self, session_id: str, path: str | None = None, **what: Any) -> dict[str, Any]:
        """Keep a session of this seat."""
        return await super().save_session(session_id, path=self._own(path or ""), **what)

    async def get_session(self, **asked: Any) -> dict[str, Any]:
        """Return a session of this seat."""
        if "path" in asked and "|" not in asked["path"]:
            asked["path"] = self._own(asked["path"])
        if "session_id" in asked and who() not in ("", TEACHER):
            row = self.cursor.execute("SELECT path FROM session WHERE session_id=?", [asked["session_id"]]).fetchone()
            if row and not row["path"].startswith(f"{who()}|"):
                raise web.HTTPError(404, f"Session not found: session_id={asked['session_id']!r}")
        return await super().get_session(**asked)

    async def update_session(self, session_id: str, **what: Any) -> None:
        """Change a session of this seat."""
        if "path" in what:
            what["path"] = self._own(what["path"])
        await super().update_session(session_id, **what)

    def get_kernel_env(self, path: str | None, name: str | None = None) -> dict[str, str]:
        """Return what a kernel finds in its environment."""
        return super().get_kernel_env((path or "").rpartition("|")[2], name)

    async def row_to_model(self, row: Any, tolerate_culled: bool = False) -> dict[str, Any] | None:
        """Return a session as its seat sees it."""
        model = await super().row_to_model(row, tolerate_culled)
        if model:
            model["path"] = model["path"].rpartition("|")[2]
            if "notebook" in model:
                model["notebook"]["path"] = model["path"]
        return model

    async def list_sessions(self) -> list[dict[str, Any]]:
        """Return the sessions of whoever asks."""
        found = []
        for row in self.cursor.execute("SELECT * FROM session").fetchall():
            if who() in ("", TEACHER) or row["path"].startswith(f"{who()}|"):
                model = await self.row_to_model(row, tolerate_culled=True)
                found += [model] if model else []
        return found


class WarmSpecs(KernelSpecManager):
    """One kernel, 'python3': a fork of the warm one, or a plain one where nothing forks."""

    argv = List(Unicode(), config=True, help="the command that starts a kernel")

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the one kernel and where its resources would be."""
        return {"python3": str(Path(__file__).parent)}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return its specification, whatever a notebook calls it."""
        return KernelSpec(argv=list(self.argv), display_name="cxlab", language="python", metadata={"debugger": False})

    def get_all_specs(self) -> dict[str, Any]:
        """Return the specifications of all kernels."""
        spec = self.get_kernel_spec("python3").to_dict()
        return {"python3": {"resource_dir": str(Path(__file__).parent), "spec": spec}}
