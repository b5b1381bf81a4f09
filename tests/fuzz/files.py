"""Random CSV and Excel files: every cell against Python's csv and openpyxl; hostile names of files and columns."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import openpyxl

import cxlab as cx

CELLS = (
    "",
    "0",
    "1",
    "7",
    "10",
    "3.5",
    "-2",
    "abc",
    "é ü",
    'say "hi"',
    "a;b",
    "a,b",
    "tab\there",
    "two\nlines",
    "=1+1",
    "'",
    "NA",
    "ja",
    "x" * 40,
    "日本",
    "🙂",
    " lead",
    "trail ",
)
NAMES = (
    "ltr",
    "q",
    "w",
    "n",
    "estimate",
    "group",
    "rank",
    "class",
    "from",
    'a"b',
    "a.b",
    "*",
    "two words",
    "ü",
    "select",
    "a'b",
    "%",
    "$x$",
    "[0]",
    "{y}",
    "日本",
    "line\nbreak",
    "x" * 80,
    "_g0",
    "item",
    "stratum",
    "value",
    "count",
)
FILES = (
    "x",
    "a[1]",
    "q*",
    "what?",
    "two words",
    "it's",
    'say"',
    "日本",
    "{a}",
    "100%",
    "-rf",
    "a;b",
    "a#b",
    "a&b",
    "$HOME",
    "~x",
)


def delimited(seed: int, folder: Path) -> int:
    """A random CSV: the columns that stay text hold what Python's csv reads."""
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(1, 6)), int(rng.integers(1, 40))
    heads = [str(h) for h in rng.choice([c for c in NAMES if "\n" not in c and "." not in c], k, replace=False)]
    separator = str(rng.choice([",", ";", "\t", "|"]))
    rows = [[str(c) for c in rng.choice(CELLS, k)] for _ in range(n)]
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=str(rng.choice(["\n", "\r\n"]))).writerows([heads, *rows])
    path = folder / f"{rng.choice(FILES)}.csv"
    path.write_bytes(out.getvalue().encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))))
    decoy = folder / "a1.csv"
    if path.name == "a[1].csv":
        decoy.write_text("ltr\n10\n")
    try:
        study = cx.load(path)
    except cx.DataProblem as problem:
        _manners(str(problem))
        return 1
    book = cx.Codebook("text", tuple(cx.Field(c, type="string") for c in study.columns))
    table = cx.load(path, codebook=book).frame.collect().to_pandas()
    real = list(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator))[1:]
    if k == 1:  # `""` is a row that has no answer, a line of blanks is none: only what is said is compared
        said = lambda text: bool(text.strip()) and not _blank(text)  # noqa: E731
        table = table[[isinstance(v, str) and said(v) for v in table.iloc[:, 0]]]
        real = [r for r in real if r and said(r[0])]
    real = [r for r in real if any(cell.strip() for cell in r)]
    assert len(table) == len(real), f"{len(table)} rows of {len(real)}"
    for j, name in enumerate(table.columns[:k]):
        for got, right in zip(table[name], (r[j] for r in real), strict=True):
            there = "" if got is None or got != got else str(got)
            silent = not right.strip() or _blank(right)
            assert there.strip() == right.strip() or (not there and silent), f"{name}: {got!r} for {right!r}"
    return k * len(real)


def line_ends(seed: int, folder: Path) -> int:
    """A CSV whose lines end in three ways, also within quoted cells: every row is what Python's csv reads."""
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 6)), int(rng.integers(1, 60))
    ends, cells = rng.choice(["\n", "\r\n", "\r"], int(rng.integers(1, 4))), ("7", "10", "abc", "a,b", "two{}lines")
    text = ",".join(f"h{j}" for j in range(k)) + str(rng.choice(ends))
    for _ in range(n):
        row = [str(c).format(rng.choice(ends)) for c in rng.choice(cells, k)]
        text += ",".join(f'"{c}"' if set(c) & set(",\n\r") else c for c in row) + str(rng.choice(ends))
    path = folder / "ends.csv"
    path.write_bytes((text if rng.random() < 0.7 else text.rstrip()).encode(str(rng.choice(["utf-8", "utf-16"]))))
    book = cx.Codebook("text", tuple(cx.Field(f"h{j}", type="string") for j in range(k)))
    table = cx.load(path, codebook=book).frame.collect().to_pandas()
    real = list(csv.reader(io.StringIO(text, newline="")))[1:]
    same = [[" ".join(c.split()) for c in row] for row in real]
    assert [[" ".join(c.split()) for c in row] for row in table.to_numpy().tolist()] == same, f"{path.read_bytes()!r}"
    return k * len(real)


def _blank(text: str) -> bool:
    """Whether an export means 'no answer' by it."""
    return text.strip().lower() in ("na", "n/a", "null", "none", "nan", "-", "–", "'")


def _manners(message: str) -> None:
    """A refusal shows nothing of the inside."""
    for inside in ("SELECT ", "Traceback", "Binder Error", "Parser Error", "duckdb.", "read_csv(", "0x"):
        assert inside not in message, f"{inside!r} in {message[:200]!r}"
    assert len(message) > 20


def excel(seed: int, folder: Path) -> int:
    """A random workbook: every text cell is what openpyxl reads."""
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(1, 5)), int(rng.integers(1, 25))
    book = openpyxl.Workbook()
    heads = [f"h{j}" for j in range(k)]
    book.active.append(heads)
    cells = [c for c in CELLS if not c.startswith("=")]
    rows = [[str(c) for c in rng.choice(cells, k)] for _ in range(n)]
    for row in rows:
        book.active.append([c or None for c in row])
    path = folder / f"{rng.choice(FILES)}.xlsx"
    book.save(path)
    text = cx.Codebook("text", tuple(cx.Field(c, type="string") for c in heads))
    try:
        table = cx.load(path, codebook=text).frame.collect().to_pandas()
    except cx.DataProblem as problem:
        _manners(str(problem))
        return 1
    real = [r for r in rows if any(c.strip() for c in r)]
    assert len(table) == len(real), f"{len(table)} rows of {len(real)}"
    for j, name in enumerate(heads):
        for got, row in zip(table[name], real, strict=True):
            there = "" if got is None or got != got else str(got)
            assert there.strip() == row[j].strip() or (not there and _blank(row[j])), f"{name}: {got!r} for {row[j]!r}"
    return k * len(real)


def names(seed: int, folder: Path) -> int:
    """A study whose columns carry hostile names: the same numbers as under plain names."""
    rng = np.random.default_rng(seed)
    n = 80
    ltr, seg, weight = rng.integers(0, 11, n), rng.choice(["x", "y"], n), rng.choice([0.5, 1.0, 2.0], n)
    cluster = rng.integers(0, 12, n)

    def made(a: str, b: str, c: str, d: str) -> cx.Study:
        import pandas as pd

        book = cx.Codebook(
            "names",
            (
                cx.Field(a, type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
                cx.Field(b, type="string", role="segment"),
                cx.Field(c, role="weight"),
                cx.Field(d, type="integer", role="cluster"),
            ),
        )
        rows = pd.DataFrame({a: ltr, b: seg, c: weight, d: cluster})
        kind = ("pandas", "csv", "parquet")[seed % 3]
        file = folder / f"{'plain' if a == 'f1' else 'odd'}.{kind}"  # a file that is read lazily is not written over
        if kind == "csv":
            rows.to_csv(file, index=False)
            return cx.load(file, codebook=book)
        if kind == "parquet":
            rows.to_parquet(file)
            return cx.load(file, codebook=book)
        return cx.load(rows, codebook=book)

    picked = [str(c) for c in rng.choice(NAMES, 4, replace=False)]
    plain = made("f1", "f2", "f3", "f4")
    try:
        odd = made(*picked)
    except cx.DataProblem as problem:
        _manners(str(problem))
        return 1
    read = {"*": "star"}  # what a reader makes of a name that DuckDB cannot have
    a, b = (c if c in odd.columns else read.get(c, c.replace(".", "_").replace('"', "'")) for c in picked[:2])
    numbers = ["estimate", "low", "high"]
    count = 0
    for call in (
        lambda s, x, y: cx.nps(s, x, by=y, least_n=0),
        lambda s, x, y: cx.compare(s, "nps", by=y, of=x),
        lambda s, x, y: cx.mean(s, x, by=y, least_n=0),
        lambda s, x, y: cx.league(s, y, metric="nps", of=x),
        lambda s, x, y: cx.answers(s, x, by=y, least_n=0),
        lambda s, x, y: cx.scorecard(s, by=y),
    ):
        right, got = call(plain, "f1", "f2").table, call(odd, a, b).table
        assert np.allclose(got[numbers].to_numpy(float), right[numbers].to_numpy(float), equal_nan=True), f"{picked}"
        count += right[numbers].size
    return count
