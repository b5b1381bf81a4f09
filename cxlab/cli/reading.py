"""How DATA is read: the options that every command takes that takes DATA."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from cxlab.data.locations import READING, address

OPTIONS = (
    click.option("--codebook", metavar="FILE", default="", help="What each column is: a datapackage.json; by default "
                 "the one beside DATA, else guessed."),
    click.option("--sheet", metavar="NAME", default="", help="Sheet of a workbook with several."),
    click.option("--encoding", metavar="NAME", default="", help="Encoding of a text file; detected when left out."),
    click.option("--dictionary", metavar="FILE|SHEET", default="", help="Wordings of questions or labels of codes in a "
                 "file or another sheet; several by ';'."),
    click.option("--recipe", metavar="NAME", default="", help="Layout of an export (`cxlab recipes`); recognised when "
                 "left out, 'none' for none."),
)  # fmt: skip


def reads_data(command: Callable) -> Callable:
    """Give a command the options of reading DATA; its argument ``data`` (one or several) becomes an address.

    The address holds the options (`cxlab.data.locations.address`), so whatever takes a path takes them.
    """

    @functools.wraps(command)
    def reading(*args: Any, data: Any = None, **options: Any) -> Any:
        said = {name: options.pop(name) for name in READING}
        if any(said.values()) and not data and options.get("plan") and options.get("claim"):  # `verdict --plan P DATA`
            options["claim"] = addressed(options["claim"], said)
        return command(*args, data=addressed(data, said), **options)

    made = reading
    for option in reversed(OPTIONS):
        made = option(made)
    return made


def addressed(data: Any, said: dict[str, str]) -> Any:
    """Return DATA, one or several, as addresses with the options in them."""
    if isinstance(data, tuple):
        return tuple(address(one, **said) for one in data)
    return address(data, **said) if data else data
