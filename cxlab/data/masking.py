"""Text before it is printed: what identifies a person by its form is replaced by what it was; no password stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

QUOTED = 60
"""Most characters of a value that a message quotes."""

LONG = 5
"""Digits in a row (or in one code of letters and digits) that are taken for a number of a person, order or account."""

DAY = r"(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\2(?:19|20)?\d\d"
DATES = re.compile(rf"(?<![\w./-])(?:{DAY}|(?:19|20)\d\d ?[-/–] ?(?:19|20)\d\d)(?![\w/-]|\.\d)")
"""Dates and spans of years: they look like numbers of a person and stay."""

AT, DOT = r" ?[(\[{] ?at ?[)\]}] ?", r" ?(?:\.|[(\[{] ?dot ?[)\]}]) ?"
GAP = r"(?:[ \u00a0]?[/–-][ \u00a0]?|[.·]|[ \u00a0]{1,2}|[ \u00a0]?\([ \u00a0]?|[ \u00a0]?\)[ \u00a0]?-?|)"
PATTERNS = {
    "url": r"(?:\b[a-z][a-z+]{1,9}://|\bwww\.)[^\s<>\"']+|\b(?:[\w-]{1,63}\.){1,5}[a-z]{2,12}/[^\s<>\"']+",
    "email": rf"[\w.+%-]{{1,64}}(?:[@＠]|{AT})[\w-]{{1,63}}(?:{DOT}\w[\w-]{{1,62}}){{1,5}}|[\w.+%-]{{1,64}}[@＠][\w-]+",
    "handle": r"(?<![\w@＠])[@＠]\w+",
    "ip": r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}(?![\w:])",
    "iban": r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?\b",
    "phone": rf"(?<![\w.,])(?:\+|\()?\d(?:{GAP}\d){{6,}}(?!\w)",
    "number": r"(?<![^\W_])[^\W_]*\d[^\W_]*(?:[-_.][^\W_]+)*",
}
"""What is replaced, in this order; what only looks right is judged again by `_kind`."""

FOUND = {kind: re.compile(pattern, re.I) for kind, pattern in PATTERNS.items()}
NEEDED = {
    "url": r"/|www\.", "email": rf"[\w.+%-](?:[@＠]|{AT})[\w-]", "handle": "[@＠]", "ip": r"[\d:]",
    "iban": r"\d", "phone": r"\d", "number": r"\d",
}  # fmt: skip
NEEDS = {kind: re.compile(signs, re.I) for kind, signs in NEEDED.items()}
"""Signs without which a text holds nothing of the kind and is not searched for it."""

DIALLED = re.compile(r"[+(0]|\d\d(?:[ .-]\d\d){3,6}$|\d{3}[ .-]?(?:\d{3}[ .-])?\d{4}$|1[ .-]\d{3}[ .-]\d{3}[ .-]\d{4}$")
LIMITS = (
    "masked by form, names only in greetings, signatures and behind titles: other names, addresses, dates and what a "
    "story tells stay readable. Read before you share"
)


def masked(text: str, *, mark: str = "[{}]") -> str:
    """Return ``text`` with e-mail addresses, telephone numbers and the like replaced by what they were.

    Replaced are e-mail addresses, web addresses, @handles, IP addresses, IBANs, telephone numbers (seven digits or
    more in groups, as they are dialled or with three digits together) and codes of five digits or more (cards,
    accounts, orders, postcodes). What has no form of its own stays: **names, street addresses and dates are not
    masked.** Rather one number too many than one person: an amount of 10000 is replaced as well.

    Parameters
    ----------
    mark : what stands in the place, with ``{}`` for 'email', 'url', 'handle', 'ip', 'iban', 'phone' or 'number'.

    Examples
    --------
    >>> masked("Ask eva.m@example.com or +49 30 1234567, order 4711-0815-99, before 2015-02-24 8:30")
    'Ask [email] or [phone], order [number], before 2015-02-24 8:30'
    """
    for kind in ("url", "email", "handle", "ip", "iban"):
        text = _replaced(kind, text, mark)
    out, at = [], 0
    for date in (*DATES.finditer(text), None):
        end = date.start() if date else len(text)
        out.append(_replaced("number", _replaced("phone", text[at:end], mark), mark))
        if date:
            out.append(date[0])
            at = date.end()
    return "".join(out)


def _replaced(kind: str, text: str, mark: str) -> str:
    if not NEEDS[kind].search(text):
        return text
    return FOUND[kind].sub(lambda m: mark.format(k) if (k := _kind(kind, m[0])) else m[0], text)


def _kind(kind: str, found: str) -> str:
    """Return what a piece of text is; '' if it only looks like ``kind``."""
    digits = sum(c.isdigit() for c in found)
    if kind == "ip":
        try:
            return kind if ip_address(found) else ""
        except ValueError:
            return ""
    if kind == "iban":
        return kind if digits >= 10 else ""
    if kind == "phone":
        if DIALLED.match(found):
            return kind if digits <= 15 else "number"
        return "number" if re.search(r"\d{3}", found) else ""
    return kind if kind != "number" or digits >= LONG else ""


def quotable(value: object) -> str:
    """Return a cell's value as a message may quote it: masked, at most 60 characters; answer codes stay.

    >>> quotable("call me: +1 202 555 0123"), quotable(99999), quotable("4915112345678")
    ('call me: [phone]', '99999', '[number]')
    """
    text = str(value)
    code = text.lstrip("-").replace(".", "", 1).isdigit() and len(text) <= 6
    short = text if code else masked(text)
    return short if len(short) <= QUOTED else f"{short[: QUOTED - 1]}…"


HIDDEN = "***"
"""What stands in the place of a password."""

LOGIN = re.compile(r"(://[^\s/:@'\"<>]*):[^\s'\"<>]*@")
SECRET = r"pass(?:word|wd|phrase)?|pwd|(?:access|auth|session|security|refresh)[-_.]?token|token|api[-_.]?key"
SECRET += r"|(?:client|aws|account)?[-_.]?secret(?:[-_.]?(?:access[-_.]?)?key)?|account[-_.]?key|sig|signature"
SECRET += r"|sas[-_.]?token|private[-_.]?key|credentials?"
ASKED = re.compile(rf"(?i)((?:[?&;\s,(]|%3B|%26|^)(?:{SECRET})\s*(?:=|%3D))(?:(?!%3B|%26)[^&;\s'\"<>,)])+")
SAID = re.compile(
    r"(?i)((?<![\w-])(?:password|passwd|pwd|authorization)[\"']?\s*[:=]\s*[\"']?(?:bearer |basic )?)[^\s\"',;&)]+"
)


def without_secrets(text: str) -> str:
    """Return ``text`` without passwords and keys: of addresses (``user:...@``), ``?password=``, ``PWD=...;``, tokens.

    >>> without_secrets("postgresql://me:s3:cr/t@host/db?sslmode=on&password=x")
    'postgresql://me:***@host/db?sslmode=on&password=***'
    """
    if text.count("://") == 1 and re.fullmatch(r"[A-Za-z][\w+.-]*://[^/:@]*:.*@\S*", text, re.DOTALL):
        scheme, _, rest = text.partition("://")
        login, _, where = rest.rpartition("@")
        text = f"{scheme}://{login.partition(':')[0]}:{HIDDEN}@{where}"  # one address: its last @ ends the password
    else:
        text = LOGIN.sub(rf"\1:{HIDDEN}@", text)
    text = ASKED.sub(rf"\1{HIDDEN}", text) if "://" in text or ";" in text else text
    return SAID.sub(rf"\1{HIDDEN}", text)


def secrets(values: Iterable[Any]) -> set[str]:
    """Return the passwords and keys that addresses among ``values`` hold, as written and as they are meant."""
    from urllib.parse import unquote

    found: set[str] = set()
    for text in (v for v in values if isinstance(v, str) and "://" in v):
        if login := re.match(r"[A-Za-z][\w+.-]*://[^/:@]*:(.*)@", text, re.DOTALL):
            found.add(login[1])
        found |= {m[0].removeprefix(m[1]) for m in ASKED.finditer(text)}
    return {form for secret in found for form in (secret, unquote(secret)) if len(form) > 2}


def cleaned(value: Any, known: Iterable[str] = ()) -> Any:
    """Return text, or lists and mappings of it, without secrets: by form, and wherever one of ``known`` stands."""
    if isinstance(value, str):
        text = without_secrets(value)
        for secret in sorted(known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text
    if isinstance(value, Mapping):
        return {k: cleaned(v, known) for k, v in value.items()}
    return [cleaned(v, known) for v in value] if isinstance(value, (list, tuple)) else value


MAIL = re.compile(r"(?<!://)(?<![\w.+%*-])[\w.+%-]{1,64}[@＠][\w-]{1,63}(?:\.[\w-]{2,63}){1,5}")
QUOTES = re.compile(r"'[^'\n]{3,400}'|\"[^\"\n]{3,400}\"|‘[^’\n]{3,400}’|“[^”\n]{3,400}”")
COUNTED = r"(?! ?(?:bytes?|[kMGT]i?B|rows?|answers?|columns?|lines?|m?s\b|seconds?|%|MB\b))"
SPOKEN = re.compile(
    rf"(?<![\w.,:/#x-])(?:\+\d|\(0|0(?=\d))(?:{GAP}\d){{6,14}}(?![\w.,]\d|\w){COUNTED}"
    rf"|(?<![\w.,:/#-])\(?\d{{2,4}}\)?[ .-]\d{{3,4}}[ .-]\d{{3,4}}(?![\w-]|[.,]\d){COUNTED}"
)
"""A telephone number outside quotes: as it is dialled, never a count of bytes, rows or seconds."""


def quiet(text: str) -> str:
    """Return a message or a trace without secrets, e-mail addresses and telephone numbers; counts and places stay.

    What stands in quotes may be a customer's answer: there, long numbers go as well.

    >>> quiet("Could not convert string 'jane.doe@example.com' to DOUBLE; failed to allocate 378000000000 bytes")
    "Could not convert string '[email]' to DOUBLE; failed to allocate 378000000000 bytes"
    """
    text = without_secrets(text)
    text = MAIL.sub("[email]", text)
    text = _replaced("iban", QUOTES.sub(_quoted, text), "[{}]")
    out, at = [], 0
    for date in (*DATES.finditer(text), None):
        out.append(SPOKEN.sub("[phone]", text[at : date.start() if date else len(text)]))
        if date:
            out.append(date[0])
            at = date.end()
    return "".join(out)


def _quoted(found: re.Match) -> str:
    inside = found[0][1:-1]
    inside = inside if "://" in inside else _replaced("email", inside, "[{}]")
    if DATES.fullmatch(inside) or sum(c.isdigit() for c in inside) < 7 or re.search(r"[/\\]|\.\w{2,7}$", inside):
        return f"{found[0][0]}{inside}{found[0][-1]}"  # a day, a code, a path
    return f"{found[0][0]}{_replaced('phone', inside, '[{}]')}{found[0][-1]}"
