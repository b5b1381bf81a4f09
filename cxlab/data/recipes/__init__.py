"""Recipes: how exports of help desks, survey tools and review sites become studies; one TOML file a layout.

A recipe has three parts. The *signature* of each table it reads: columns that must be there and what their values look
like; it is recognised by both, never by a name alone. *SQL* over the raw columns: one expression a column of the study,
or a query over several tables. The *codebook*: what each of these columns is. Columns with names or addresses of people
are listed as ``persons`` and left out.

In SQL a raw column is called by the letters and digits of its name in lower case: 'Satisfaction Score' and
'satisfaction_score' are both ``satisfactionscore``. A documented column that an export lacks is null.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from cxlab.data import codebook as codebooks
from cxlab.data.codebook import Field
from cxlab.problem import one_of

NONE = "none"
"""How a caller says that no recipe is to be used."""


@dataclass(frozen=True)
class Signature:
    """What tells one table of a layout.

    Parameters
    ----------
    needs : columns that must be there. ``may`` : further ones that the layout knows.
    values : column → regular expression that its values match, in lower case.
    persons : columns that name people or say where they can be reached; left out of the study.
    skip : columns that say nothing of customers; left out without a word.
    optional : whether the layout does without this table.
    """

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    values: Mapping[str, str] | tuple = ()
    persons: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    optional: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """All columns that the layout knows, each once."""
        return tuple(dict.fromkeys((*self.needs, *self.may, *self.persons, *self.skip)))


@dataclass(frozen=True)
class Recipe:
    """One layout.

    Parameters
    ----------
    title : the platform and which of its exports. ``row`` : what a row of the study is.
    tables : alias → signature. ``query`` : SQL over the aliases, where there are several tables or rows to be taken
        apart; ``pivot`` : its columns that say who answered which question with what; ``where`` : which rows of the
        only table count, and ``gone`` what the others are.
    opened, closed : columns of times, where a row is a ticket; ``ends`` : events that close one, where a row is one.
    unended : why a row that is a ticket does not tell when it was closed, and what does.
    fields : the columns of the study; ``sql`` : column → its expression; ``sources`` : column → the raw columns of
        which one must be there.
    """

    name: str
    title: str
    row: str
    tables: Mapping[str, Signature]
    fields: tuple[Field, ...]
    sql: Mapping[str, str]
    sources: Mapping[str, tuple[str, ...]]
    query: str = ""
    pivot: tuple[str, ...] = ()
    where: str = ""
    gone: str = ""
    design: str = "logs"
    opened: str = ""
    closed: str = ""
    ends: tuple[str, ...] = ()
    unended: str = ""
    notes: tuple[str, ...] = ()


def bare(name: str) -> str:
    """Return how a raw column is called in the SQL of a recipe.

    >>> bare("Satisfaction Score"), bare("_fivetran_active")
    ('satisfactionscore', 'fivetranactive')
    """
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


@cache
def names() -> tuple[str, ...]:
    """Return the names of all recipes, in order.

    >>> "zendesk" in names()
    True
    """
    here = resources.files(__package__).iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in here if f.name.endswith(".toml")))


@cache
def recipe(name: str) -> Recipe:
    """Return one recipe.

    >>> recipe("google-play").row
    'a review'
    """
    one_of("recipe", name, (*names(), NONE))
    said = tomllib.loads((resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = said.pop("fields")
    book = codebooks.read({"name": name, "resources": [{"schema": {"fields": listed}}]})
    sources = {f["name"]: tuple(f.get("from", [f["name"]])) for f in listed}
    tables = {alias: _signature(t) for alias, t in said.pop("tables").items()}
    return Recipe(
        name,
        tables=tables,
        fields=book.fields,
        sql={f["name"]: f.get("sql", bare(sources[f["name"]][0])) for f in listed},
        sources=sources,
        **{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()},
    )


def _signature(said: Mapping[str, Any]) -> Signature:
    return Signature(**{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()})
