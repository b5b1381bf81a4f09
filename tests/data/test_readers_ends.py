"""What stands below a table, as its source or the day of the export, is no respondent; a last short answer is one."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import cxlab as cx
from cxlab.data.readers import lines_below

ROWS = [[f"C{i:03}", "ABCD"[i % 4], i * 7 % 11, 1 + i % 5] for i in range(60)]
NAMES = ["client", "Store", "NPS", "CSAT"]
NPS = 100 * sum((r[2] >= 9) - (r[2] <= 6) for r in ROWS) / 60
BELOW = {
    "the export": [["Exported on 2025-04-30 by the analyst"]],
    "a source": [[], ["Source: CRM"], ["© 2025 Acme Ltd. Confidential"]],
    "one word": [[], ["Confidential"]],
    "a count": [["n = 60"]],
    "filters": [["Filters applied:"], ["Region is North"]],
    "in Greek": [[], ["Εξαγωγή: 30/04/2025"]],
    "what and its value": [[], ["Responses:", 60], ["Printed at", "14:30"]],
    "averages above it": [
        ["Average", None, sum(r[2] for r in ROWS) / 60, sum(r[3] for r in ROWS) / 60],
        [],
        ["Source: CRM"],
    ],
}


def written(path: Path, rows: list[list], wide: int, end: str = "\n") -> Path:
    """The rows as a text file: each ``wide`` cells, or as many as it has where that is 0."""
    cells = [[str("" if v is None else v) for v in r] for r in rows]
    text = end.join(",".join([*r, *[""] * (wide - len(r))]) for r in cells) + end
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("below", BELOW)
@pytest.mark.parametrize("first", [0, 1, 2], ids=["client", "store", "number"])
def test_lines_below_are_no_respondents(tmp_path: Path, below: str, first: int) -> None:
    """Whatever the first column holds, as CSV with and without all separators and as a sheet."""
    names, rows = NAMES[first:], [r[first:] for r in ROWS]
    if first == 2 and below == "averages above it":
        names, rows = ["", *names], [["", *r] for r in rows]  # the word for them stands in a column of its own
        names[0] = "no"
    last = [[r[0], *r[-len(names) + 1 :]] if len(r) == 4 else r for r in BELOW[below]]
    last = [r[:1] if len(names) < 4 and len(r) == 2 else r for r in last]
    whole = [names, *rows, *last]
    book = openpyxl.Workbook()
    for row in whole:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    files = [tmp_path / "a.xlsx", written(tmp_path / "b.csv", whole, len(names), "\r\n")]
    if first < 2:
        files.append(written(tmp_path / "c.csv", [r if any(r) else [""] for r in whole], 0))
    for file in files:
        study = cx.load(file)
        assert cx.nps(study, "NPS").table[["n", "estimate"]].to_numpy().tolist() == [[60, pytest.approx(NPS)]], file
        assert len(study.to_pandas()) == 60
        said = [n for n in study.codebook.notes if "no part of the table" in n]
        assert len(said) == 1 and str(next(r for r in last if r and len(r) < 3)[0]) in said[0], study.codebook.notes


STAY = {
    "only an id": (NAMES, [*ROWS, ["C060", "", "", ""]]),
    "only an id below a blank line": (NAMES, [*ROWS, ["", "", "", ""], ["C060", "", "", ""]]),
    "a comment and nothing else": (
        ["comment", "Store", "NPS"],
        [
            *[[f"it was {'very ' * (i % 9)}good {i % 7 * 'so '}there", "A", i % 11] for i in range(60)],
            ["They never called me back: shame!", "", ""],
        ],
    ),
    "a name of more words": (
        ["guest", "Store", "NPS"],
        [*[[f"{'ABC'[i % 3]}nn {'XYZ'[i % 3]}ee", "A", i % 11] for i in range(60)], ["Mary Ann del Monte", "", ""]],
    ),
    "one column": (["NPS"], [*[[i % 11] for i in range(60)], ["no answer given"]]),
    "a number": (["NPS", "Store"], [*[[i % 11, "A"] for i in range(60)], ["9", ""]]),
}


@pytest.mark.parametrize("case", STAY)
def test_a_last_answer_stays(tmp_path: Path, case: str) -> None:
    names, rows = STAY[case]
    study = cx.load(written(tmp_path / "a.csv", [names, *rows], len(names)))
    assert len(study.to_pandas()) == sum(any(v != "" for v in r) for r in rows)
    assert not [n for n in study.codebook.notes if "no part of the table" in n]


def test_an_answer_over_several_lines_at_the_end_stays(tmp_path: Path) -> None:
    text = (
        "comment,Store,NPS\n" + "".join(f'"good {i}",A,{i % 11}\n' for i in range(30)) + '"first\nSource: me\nx",B,3\n'
    )
    (tmp_path / "a.csv").write_text(text)
    table = cx.load(tmp_path / "a.csv").to_pandas()
    assert table["comment"].tolist()[-1] == "first\nSource: me\nx" and len(table) == 31


def test_below_a_large_file_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_below, "SMALL", 0)
    file = written(tmp_path / "a.csv", [NAMES, *ROWS, ["Source: CRM"]], 4)
    with pytest.raises(cx.DataProblem) as said:
        cx.load(file)
    assert str(said.value) == (
        "a.csv: the last line is no part of the table: 'Source: CRM'; delete it, or export the table again"
    )
