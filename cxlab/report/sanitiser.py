"""`sanitised`: the one door by which HTML enters a page; and text fit for XML, for documents and slides.

Everything that a notebook displayed as HTML or Markdown passes here, our own results as well: a label of a stranger's
data may stand in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import nh3

TAGS = nh3.ALLOWED_TAGS - {"area", "map", "header", "footer", "nav", "article", "aside", "center"} | {"section"}
EVERYWHERE = {"class", "title", "role", "aria-label", "aria-hidden", "lang", "dir", "style"}
ATTRIBUTES = {
    "*": EVERYWHERE,
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "details": {"open"},
    "ol": {"start"},
    "li": {"id"},
    "p": {"id"},
    "pre": {"tabindex"},
}
LOOK = {"color", "background-color", "font-weight", "font-style", "text-align", "width", "min-width", "white-space"}
"""What ``style`` may say: nothing that leads out of the page or over other parts of it."""

PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.I)
ANCHOR = re.compile(r"cx-[\w.-]{1,120}")
"""Places on a page that the scoreboard links to; other names could hide parts of the page itself."""
LINK = re.compile(r"(?:https?://|mailto:|#)", re.I)

ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for (section 2.2): control characters, halves of surrogate pairs, U+FFFE and U+FFFF."""


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value, or None to leave it out."""
    if name == "src":
        return value if PICTURE.match(value.strip()) else None
    if name == "id":
        return value if ANCHOR.fullmatch(value) else None
    if name == "href":
        return value if LINK.match(value.strip()) else None
    return value if name != "style" or not re.search(r"[\\(@]", value) else None


CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    clean_content_tags={"script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math"},
    url_schemes={"http", "https", "mailto", "data"},
    filter_style_properties=LOOK,
    link_rel="noopener noreferrer",
)


def sanitised(html: str) -> str:
    """Return HTML with only text, tables, lists, pictures that stand in the page itself, and links to click.

    >>> sanitised('<b onclick="x()">A</b><meta http-equiv="refresh" content="0"><img src="http://h/a.png"><script>1')
    '<b>A</b><img>'
    """
    return CLEANER.clean(html)


def legal(value: Any) -> Any:
    """Return text, or lists and mappings of it, without what XML has no place for; a gap says where it was.

    >>> legal({"a": ["x\\x0by", 1]})
    {'a': ['x�y', 1]}
    """
    if isinstance(value, str):
        return ILLEGAL.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {legal(k): legal(v) for k, v in value.items()}
    return [legal(v) for v in value] if isinstance(value, (list, tuple)) else value
