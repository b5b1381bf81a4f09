"""The encoding of a text file: found from the whole file and said; an undecodable byte is an error with its place."""

from __future__ import annotations

import codecs
import os
import weakref
from dataclasses import dataclass, replace
from pathlib import Path

from cxlab.data import temporary
from cxlab.problem import DataProblem

CHUNK = 8 * 2**20
SAMPLE = 256 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks; UTF-32 before UTF-16, which begins alike."""

CANDIDATES = [
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "iso8859_7", "mac_roman",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr",
]  # fmt: skip
"""What survey exports come in when they are not UTF-8."""


EASTERN = ("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr")
"""What is tried, in this order, where the judge finds nothing and a byte is none of Western Europe's."""


@dataclass(frozen=True)
class Utf8:
    """A file as UTF-8: ``path`` is the file itself or a temporary copy that lives as long as ``keep``.

    ``skip`` rows before the header tell something else, as ``sep=;``.
    """

    path: Path
    encoding: str
    note: str
    keep: object = None
    skip: int = 0


def as_utf8(path: Path, encoding: str = "") -> Utf8:
    """Return ``path`` as UTF-8, with a temporary copy where it is in another encoding.

    The whole file is read once, so no later byte can surprise. Without ``encoding``: a byte-order mark decides; else a
    file that is UTF-8 throughout is UTF-8; else charset-normalizer judges the bytes around the first that is not.

    Raises
    ------
    DataProblem : unknown encoding; a byte that the encoding does not have (with its place); a file that is UTF-8 with
        letters beyond ASCII up to some byte and then is not.
    """
    return _with_one_end(_decoded_file(path, encoding))


def _decoded_file(path: Path, encoding: str) -> Utf8:
    """Return ``path`` as UTF-8, its lines ending as they do."""
    if encoding:
        return _transcoded(path, _known(encoding), f"encoding {encoding}, as asked")
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    for mark, name in MARKS:
        if head.startswith(mark):
            return _transcoded(path, name, f"encoding {name.removesuffix('-sig').upper()} (byte-order mark)")
    bad, beyond = _first_not_utf8(path)
    if 0 < 10 * (zeros := head.count(b"\0")) < len(head):
        first = head.index(b"\0")
        raise DataProblem(
            f"{path.name} holds {zeros:,} bytes of zero, the first at byte {first:,}; it is damaged or no text: export "
            "it again"
        )
    if bad is None and b"\0" not in head:
        return Utf8(path, "utf-8", f"encoding {'UTF-8' if beyond else 'ASCII (a subset of UTF-8)'}")
    if beyond and b"\0" not in head:
        raise DataProblem(
            f"{path.name} is UTF-8 with letters beyond ASCII up to byte {bad:,}, which is not UTF-8; the file mixes "
            "encodings: export it again, or name the encoding to read it all by, e.g. encoding='cp1252'"
        )
    name = _judged(path, bad or 0)
    return _transcoded(path, name, f"encoding {name}, judged from the bytes; say encoding=... if letters look wrong")


def _ends_mixed(path: Path) -> bool:
    """Whether rows end in several ways: with a carriage return, a line feed, or both. Within quotes nothing ends."""
    with path.open("rb") as file:
        if not any(b"\r" in chunk for chunk in iter(lambda: file.read(CHUNK), b"")):
            return False
    kinds, within, last = set(), False, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            chunk, last = last + chunk, b""
            if chunk.endswith(b"\r"):
                chunk, last = chunk[:-1], b"\r"  # what follows it stands in the next chunk
            both, feeds, returns = (chunk.count(end) for end in (b"\r\n", b"\n", b"\r"))
            found = {k for k, n in enumerate((both, feeds - both, returns - both)) if n}
            if len(kinds | found) > 1 and found and b'"' in chunk:
                found = _ends(b"".join(chunk.split(b'"')[within::2]))
            kinds |= found
            within ^= chunk.count(b'"') % 2
            if len(kinds) > 1:
                return True
    return bool(kinds) and bool(last) and not kinds <= {2}


def _ends(text: bytes) -> set[int]:
    both = text.count(b"\r\n")
    return {k for k, n in enumerate((both, text.count(b"\n") - both, text.count(b"\r") - both)) if n}


def _with_one_end(source: Utf8) -> Utf8:
    """Return the file with every line ending in a line feed: itself, where its rows all end alike."""
    if not _ends_mixed(source.path):
        return source
    handle, name = temporary.file(".csv")
    keep = _Copy()
    weakref.finalize(keep, lambda: os.path.exists(name) and os.unlink(name))
    with source.path.open(encoding="utf-8", newline=None) as old, os.fdopen(handle, "w", encoding="utf-8") as new:
        while chunk := old.read(CHUNK):
            new.write(chunk)
    return Utf8(Path(name), source.encoding, f"{source.note}; its lines end in several ways", keep)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise DataProblem(
            f"no encoding is called '{encoding}'; some are: utf-8, utf-16, cp1252, cp1253, gb18030"
        ) from None


def _first_not_utf8(path: Path) -> tuple[int | None, bool]:
    """Return where the first byte is that is not UTF-8 (None: nowhere), and whether non-ASCII letters came before."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done, beyond = 0, False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            waiting = len(decoder.getstate()[0])
            if not waiting and chunk.isascii():
                done += len(chunk)
                continue
            try:
                beyond |= not decoder.decode(chunk).isascii()
            except UnicodeDecodeError as error:
                before = chunk[: max(error.start - waiting, 0)]
                return done + error.start - waiting, beyond or not before.isascii()
            done += len(chunk)
    waiting = len(decoder.getstate()[0])
    return (done - waiting, beyond) if waiting else (None, beyond)


def _judged(path: Path, near: int) -> str:
    """Return the encoding that charset-normalizer finds for the head of the file and the bytes around ``near``."""
    from charset_normalizer import from_bytes

    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        if near > SAMPLE:
            file.seek(near - 1024)
            sample += file.read(SAMPLE)
    wide = b"\0" in sample
    lines = sample if wide else b"\n".join(x for x in sample.splitlines() if not x.isascii()) or sample
    found = from_bytes(lines, cp_isolation=["utf_16_le", "utf_16_be"] if wide else CANDIDATES)
    best = found.best()
    if (best is None or best.encoding == "cp1252") and not _holds(sample, "cp1252"):
        name = next((e for e in EASTERN if _holds(sample, e) and _eastern(sample.decode(e, "ignore"))), "")
        if name:
            return name
    equal = [m.encoding for m in found if m.chaos <= best.chaos] if best else ["cp1252"]
    name = "cp1252" if "cp1252" in equal else best.encoding
    return "iso8859_1" if name == "cp1252" and not any(0x80 <= b < 0xA0 for b in sample) else name


def _holds(sample: bytes, encoding: str) -> bool:
    """Whether all bytes of a text (but a last letter that is cut) are of this encoding."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _eastern(text: str) -> bool:
    """Whether the letters beyond ASCII are nearly all Chinese, Japanese or Korean, and Japanese has some kana."""
    beyond = [c for c in text if not c.isascii()]
    usual = sum("\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in beyond)
    return bool(beyond) and usual * 20 >= 19 * len(beyond)


def copied(source: Utf8, content: bytes) -> Utf8:
    """Return a file with other content (in UTF-8) as a temporary copy; it is removed when nobody uses it any more."""
    handle, name = temporary.file(".csv")
    keep = _Copy()
    weakref.finalize(keep, lambda: os.path.exists(name) and os.unlink(name))
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return replace(source, path=Path(name), keep=keep)


def _transcoded(path: Path, encoding: str, note: str) -> Utf8:
    """Return a UTF-8 copy in the temporary folder; it is removed when nobody uses it any more."""
    decoder = codecs.getincrementaldecoder(encoding)()
    handle, name = temporary.file(".csv")
    keep = _Copy()
    weakref.finalize(keep, lambda: os.path.exists(name) and os.unlink(name))
    done = 0
    with path.open("rb") as source, os.fdopen(handle, "wb") as target:
        while chunk := source.read(CHUNK):
            target.write(_decoded(decoder, chunk, done, path, encoding).encode("utf-8"))
            done += len(chunk)
        target.write(_decoded(decoder, b"", done, path, encoding, final=True).encode("utf-8"))
    return Utf8(Path(name), encoding, note, keep)


class _Copy:
    """Its end is the end of a temporary copy."""


def _decoded(
    decoder: codecs.IncrementalDecoder, chunk: bytes, done: int, path: Path, encoding: str, final: bool = False
) -> str:
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        at = done - waiting + error.start
        byte = error.object[error.start : error.start + 1].hex().upper()
        raise DataProblem(
            f"{path.name} is not {encoding}: byte {at:,} is 0x{byte}; name the right encoding, e.g. encoding='cp1252', "
            "or leave it out to have it judged"
        ) from error
