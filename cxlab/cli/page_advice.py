"""`on_page`: advice names parameters of functions; said of a page, which of them the page has not."""

from __future__ import annotations

import re

NAMED = re.compile(r"(?<![\w.])([a-z]\w*)=(?![=<>])")
CALLS = re.compile(r"\bcx(?:\.\w+)+\((?:[^()]|\([^()]*\))*\)|\bcxlab [a-z]+ .*|\bstudy\.\w+\([^()]*\)|'[^']*'")
"""Calls and commands are whole: what they name is theirs. What is quoted is of the data."""


def on_page(said: str, notebook: str) -> str:
    """Return what is said to whoever made a page, with what is no parameter of it, and how to give that all the same.

    The help of a parameter names in brackets what it stands for in a function: '(ends=)'.

    >>> on_page("nobody is closed; name the events that close one: ends=", "loop")
    'nobody is closed; name the events that close one: ends= (of this page: closed=)'
    >>> on_page("too few; least_n=0 shows them", "loop")
    'too few; least_n=0 shows them (not a parameter of this page: least_n; set it in a copy, cxlab notebooks copy loop)'
    """
    from cxlab.report import notebook as notebooks

    known = notebooks.takes(notebook)
    stands = {of: name for name, p in known.items() for of in NAMED.findall(p.help)}
    other = [n for n in dict.fromkeys(NAMED.findall(CALLS.sub("", said))) if n not in known]
    here = [f"{stands[n]}=" for n in other if n in stands]
    gone = [n for n in other if n not in stands]
    if here:
        said = f"{said} (of this page: {', '.join(here)})"
    if not gone or not known:
        return said
    copied = f"set it in a copy, cxlab notebooks copy {notebook}"
    return f"{said} (not a parameter of this page: {', '.join(gone)}; {copied})"
