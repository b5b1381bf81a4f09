"""The user's notebook from within: what the study is called there, and a new cell below the one that runs."""

from __future__ import annotations

import asyncio
import functools
import time
from typing import Any

from cxlab.data.study import Study

WAIT = 0.4
"""Seconds until JupyterLab has made the new cell, before text is put into it."""


def called(study: Study) -> str:
    """Return what the study is called in the user's notebook; else the code that loads it."""
    names = [n for n, v in namespace().items() if v is study and n.isidentifier() and not n.startswith("_")]
    if names:
        return names[0]
    return f"cx.load({study.source!r})" if study.source and not study.filters else "study"


def namespace() -> dict[str, Any]:
    """Return the user's variables; {} outside a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return {}
    shell = get_ipython()
    return dict(shell.user_ns) if shell is not None else {}


def front_end() -> Any:
    """Return what can speak to JupyterLab from a kernel, None where there is no kernel or no such extension."""
    if not hasattr(namespace().get("get_ipython", lambda: None)() or None, "kernel"):
        return None
    try:
        from ipylab import JupyterFrontEnd
    except ImportError:
        return None
    return JupyterFrontEnd()


def insert_below(app: Any, code: str) -> None:
    """Put ``code`` into a new cell below the one that the panel stands in; it is not run."""
    app.commands.execute("notebook:insert-cell-below")
    put = functools.partial(app.commands.execute, "notebook:replace-selection", {"text": code})
    try:
        asyncio.get_running_loop().call_later(WAIT, put)
    except RuntimeError:  # no loop runs here: JupyterLab is given the time all the same
        time.sleep(WAIT)
        put()
