"""A header that stands again among the rows, as where exports were joined to one file: left out, and said."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from cxlab.data.readers.encoding import Utf8, copied
from cxlab.data.readers.raw import SMALL


def without(source: Utf8, delimiter: str, quote: str, rows: int) -> tuple[Utf8, str]:
    """Return a file without the lines that are its header once more, and a note; the file itself where none is.

    Parameters
    ----------
    source : the file, of which `Utf8.skip` rows stand before the header; larger than `raw.SMALL` it stays as it is.
    delimiter, quote : how its rows are taken apart.
    rows : of the header (three in an export of Qualtrics).
    """
    if source.path.stat().st_size > SMALL:
        return source, ""
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        start, end, block = _place(file, delimiter, quote, source.skip, rows)
    if delimiter not in block[0] or source.path.read_bytes().count(block[0].encode()) < 2:
        return source, ""
    lines = list(io.StringIO(source.path.read_text(encoding="utf-8-sig"), newline=""))
    kept, gone, i = lines[:end], 0, end
    while i < len(lines):
        if [line.rstrip("\r\n") for line in lines[i : i + len(block)]] == block:
            gone, i = gone + 1, i + len(block)
        else:
            kept.append(lines[i])
            i += 1
    if not gone:
        return source, ""
    copy = copied(source, "".join(kept).encode())
    times = "once more" if gone == 1 else f"{gone} times more"
    return copy, f"the header stands {times} among the rows (files joined to one, it seems): left out there"


def of_records(rows: Sequence[tuple], header: int) -> tuple[list[tuple], str]:
    """Return the rows of a sheet without those that are its first row, the header, once more, and a note."""
    kept = [r for r in rows[header:] if r != rows[0]]
    gone = len(rows) - header - len(kept)
    if not gone or not kept or sum(v not in (None, "") for v in rows[0]) < 2:
        return list(rows[header:]), ""
    times = "once more" if gone == 1 else f"{gone} times more"
    return kept, f"the header stands {times} among the rows (sheets joined to one, it seems): left out there"


def _place(lines: Iterable[str], delimiter: str, quote: str, skip: int, rows: int) -> tuple[int, int, list[str]]:
    """Return the number of the header's first line, of the one behind it, and its lines without their ends."""
    seen: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            seen.append(line.rstrip("\r\n"))
            yield line

    reader = csv.reader(noted(), delimiter=delimiter, quotechar=quote)
    for _ in range(skip):
        next(reader)
    start, found = reader.line_num, 0
    for record in reader:
        if not any(v.strip() for v in record):
            start = reader.line_num if not found else start
            continue
        found += 1
        if found == rows:
            break
    return start, reader.line_num, seen[start : reader.line_num]
