"""CSV and TSV: encodings, dialects, types, and every kind of broken file."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab import Codebook, DataProblem, Field, Scale
from cxlab.data.readers import delimited, open_file
from cxlab.data.readers.dialect import broken
from cxlab.data.readers.encoding import as_utf8


def write(folder: Path, content: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


ENCODED = {
    "utf-8": "id,comment\n1,πολύ καλό\n2,café\n",
    "utf-8-sig": "id,comment\n1,πολύ καλό\n2,café\n",
    "utf-16": "id,comment\n1,πολύ καλό\n2,café\n",
    "utf-16-le": "id,comment\n1,good\n2,fine\n",
    "cp1252": "id,comment\n1,“très bien” dit le café\n2,schön – größer\n",
    "cp1253": "id,comment\n1,πολύ καλή εξυπηρέτηση\n2,αργούσαν πολύ\n",
    "cp1251": "id,comment\n1,очень хорошо обслуживают\n2,слишком медленно\n",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_each_encoding_is_found_and_said(tmp_path, encoding):
    raw = open_file(write(tmp_path, ENCODED[encoding].encode(encoding)))
    texts = [row[1] for row in raw.table.fetchall()]
    assert texts == [line.split(",", 1)[1] for line in ENCODED[encoding].splitlines()[1:]]
    assert any(note.startswith("encoding ") for note in raw.notes)


def test_latin_1_letters_survive(tmp_path):
    raw = open_file(write(tmp_path, "id,c\n1,café\n2,über die Straße\n3,niño\n".encode("latin-1")))
    assert [r[1] for r in raw.table.fetchall()] == ["café", "über die Straße", "niño"]


def test_an_encoding_can_be_asked_for(tmp_path):
    path = write(tmp_path, "id,c\n1,Ж\n".encode("koi8-r"))
    assert open_file(path, encoding="koi8-r").table.fetchall() == [(1, "Ж")]


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (
            b"id,c\n1,caf\xe9\n",
            "utf-8",
            "x.csv is not utf-8: byte 10 is 0xE9; name the right encoding, e.g. "
            "encoding='cp1252', or leave it out to have it judged",
        ),
        (b"id,c\n1,2\n", "utf-9", "no encoding is called 'utf-9'; some are: utf-8, utf-16, cp1252, cp1253, gb18030"),
        (
            "id,c\n1,é\n2,".encode() + b"\xe9\n",
            "",
            "x.csv is UTF-8 with letters beyond ASCII up to byte 12, which is not "
            "UTF-8; the file mixes encodings: export it again, or name the encoding to read it all "
            "by, e.g. encoding='cp1252'",
        ),
    ],
)
def test_undecodable_bytes_are_an_error_with_their_place(tmp_path, content, encoding, message):
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(write(tmp_path, content), encoding=encoding)


def test_a_bad_byte_far_behind_the_sample_is_found(tmp_path):
    content = b"id,c\n" + "1,é\n".encode() + b"1,plain text\n" * 800_000 + b"2,caf\xe9\n"
    assert len(content) > 8 * 2**20
    at = len(content) - 2
    with pytest.raises(DataProblem, match=f"up to byte {at:,}, which is not UTF-8"):
        open_file(write(tmp_path, content))


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=40), chunk=st.integers(1, 7))
def test_utf8_is_recognised_however_chunks_cut_its_letters(tmp_path_factory, text, chunk):
    import cxlab.data.readers.encoding as module

    path = write(tmp_path_factory.mktemp("utf8"), "a\n" + text)
    before, module.CHUNK = module.CHUNK, chunk
    try:
        assert as_utf8(path).path == path or text.startswith("\ufeff")
    finally:
        module.CHUNK = before


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("a;b\n1;2\n3;4\n", "x.csv", 'values separated by semicolon, quoted by "'),
        ("a\tb\n1\t2\n3\t4\n", "x.tsv", 'values separated by tab, quoted by "'),
        ("a|b\n1|2\n3|4\n", "x.txt", 'values separated by bar, quoted by "'),
        ("a,b\n1,2\n3,4\n", "x.csv", 'values separated by comma, quoted by "'),
    ],
)
def test_the_dialect_is_found_and_said(tmp_path, content, name, said):
    raw = open_file(write(tmp_path, content, name))
    assert raw.table.fetchall() == [(1, 2), (3, 4)]
    assert said in raw.notes


def test_quoted_line_breaks_and_separators_stay_inside_their_cell(tmp_path):
    raw = open_file(write(tmp_path, 'id,c\n1,"two\nlines, one cell"\n2,"say ""hi"""\n'))
    assert raw.table.fetchall() == [(1, "two\nlines, one cell"), (2, 'say "hi"')]


def test_dates_are_read_by_the_format_that_fits_all_of_them(tmp_path):
    raw = open_file(write(tmp_path, "id,day\n1,31/12/2020\n2,01/02/2021\n"))
    assert [str(r[1]) for r in raw.table.fetchall()] == ["2020-12-31", "2021-02-01"]
    assert "dates of 'day' read as %d/%m/%Y" in raw.notes


@pytest.mark.parametrize(
    ("values", "dates", "said"),
    [
        (("03.01.2026 07:00", "14.02.2026 9:30"), ("2026-01-03 07:00:00", "2026-02-14 09:30:00"), "%d.%m.%Y %H:%M"),
        (("31.12.25", "03.04.26"), ("2025-12-31", "2026-04-03"), "%d.%m.%y; %y.%m.%d would fit too"),
        (("26.12.31", "25.04.32"), ("2031-12-26", "2032-04-25"), "%d.%m.%y"),
        (
            ("1/13/2026 7:05 PM", "2/3/2026 12:00 AM"),
            ("2026-01-13 19:05:00", "2026-02-03 00:00:00"),
            "%m/%d/%Y %I:%M %p",
        ),
        (("03/04/2026 07:00", ""), ("2026-04-03 07:00:00", "None"), "%d/%m/%Y %H:%M; %m/%d/%Y %H:%M would fit too"),
        (("13-01-2026 07:00:05", "02-01-2026 07:00:00"), ("2026-01-13 07:00:05", "2026-01-02 07:00:00"), ""),
        (("1.2.2026 later", "3.4.2026 07:00"), ("1.2.2026 later", "3.4.2026 07:00"), ""),
        (("32.01.2026 07:00", "03.04.2026 07:00"), ("32.01.2026 07:00", "03.04.2026 07:00"), ""),
    ],
)
def test_dates_without_seconds_or_with_short_years_are_read(tmp_path, values, dates, said):
    raw = open_file(write(tmp_path, "id,day\n" + "".join(f"{i},{v}\n" for i, v in enumerate(values))))
    assert [str(r[1]) for r in raw.table.fetchall()] == list(dates)
    assert said == "" or f"dates of 'day' read as {said}" in raw.notes


def test_yes_and_no_stay_as_they_are_written(tmp_path):
    raw = open_file(write(tmp_path, "id,churn\n1,Yes\n2,No\n"))
    assert raw.table.fetchall() == [(1, "Yes"), (2, "No")]


def test_a_column_kept_as_text_keeps_leading_zeros(tmp_path):
    path = write(tmp_path, "zip,q\n01234,5\n00999,4\n")
    assert open_file(path, as_text=["zip"]).table.fetchall() == [("01234", 5), ("00999", 4)]


def test_one_column_needs_no_separator(tmp_path):
    assert open_file(write(tmp_path, "score\n9\n10\n")).table.fetchall() == [(9,), (10,)]


def test_one_answer_and_an_all_missing_column_open(tmp_path):
    raw = open_file(write(tmp_path, "a,b\n1,\n"))
    assert raw.table.fetchall() == [(1, None)]


BROKEN = {
    "x.csv is empty (0 bytes); export it again": "",
    "x.csv holds only a header (2 columns), no answers; export it again with its rows": "a,b\n",
    "x.csv has duplicated column names: 'a' is the name of columns 1, 3; rename them so that each is unique": (
        "a,b,a\n1,2,3\n"
    ),
    "x.csv has duplicated column names: 'Q1' is the name of columns 1, 2; rename them so that each is unique": (
        "Q1,q1\n1,2\n"
    ),
    "x.csv has no header: its first row holds numbers (5, 4.5); add a row of column names": "5,a,4.5\n4,b,3.5\n",
    "x.csv has no name for column 2; every column needs a name in one header row (merged header cells leave blanks: "
    "unmerge them)": "a,,b\n1,2,3\n",
    "x.csv: row 3 has 3 values, the header has 2; quote values that hold the separator, or export it again": (
        "a,b\n1,2\n1,2,3\n"
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_files_say_what_is_wrong(tmp_path, message):
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(write(tmp_path, BROKEN[message]))


def test_what_is_no_file_says_so(tmp_path):
    with pytest.raises(DataProblem, match=f"^{re.escape(f'there is no file {tmp_path}/no.csv')}$"):
        open_file(tmp_path / "no.csv")
    write(tmp_path, "a\n1\n", "b.csv")
    with pytest.raises(DataProblem, match=f"^{re.escape(f'{tmp_path} is a folder; give one file of it: b.csv')}$"):
        open_file(tmp_path)
    with pytest.raises(
        DataProblem, match="^x.xls cannot be read as a spreadsheet .*; open it in a spreadsheet program"
    ):
        open_file(write(tmp_path, b"\xd0\xcf\x11\xe0", "x.xls"))


def test_text_far_behind_the_sample_of_a_lazy_file_is_an_error_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "SMALL", 1000)
    path = write(tmp_path, "a,b\n" + "1,2\n" * 60_000 + "oops,3\n")
    raw = open_file(path)
    assert any("every question scans the file anew" in note for note in raw.notes)
    with pytest.raises(Exception, match="Could not convert") as caught:
        raw.table.aggregate("sum(a)").fetchall()
    assert str(broken(caught.value, "x.csv")) == (
        'x.csv, line: 60002: Error when converting column "a". Could not convert string "oops" to a number. '
        "Correct the file, or declare the column in its codebook"
    )


def test_the_row_numbers_of_pandas_and_r_get_a_name(tmp_path):
    raw = open_file(write(tmp_path, '"","q","c"\n"1",5,"a"\n"2",4,"b"\n'))
    assert raw.table.columns == ["row", "q", "c"]
    assert "column 1 has no name (row numbers, it seems); it is called 'row'" in raw.notes


def test_packed_files_are_unpacked(tmp_path):
    with gzip.open(tmp_path / "x.csv.gz", "wt") as file:
        file.write("a,b\n1,é\n")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as pack:
        pack.writestr("survey/answers.csv", "a,b\n1,é\n")
        pack.writestr("readme.md", "not a table")
    for name in ("x.csv.gz", "x.zip"):
        raw = open_file(tmp_path / name)
        assert raw.table.fetchall() == [(1, "é")] and raw.notes[0] == f"unpacked from {name}"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as pack:
        pack.writestr("a.csv", "a\n1\n")
        pack.writestr("b.csv", "a\n1\n")
    with pytest.raises(DataProblem, match=r"^two.zip holds 2 tables \(a.csv, b.csv\); unpack it and give one$"):
        open_file(tmp_path / "two.zip")
    (tmp_path / "cut.csv.gz").write_bytes((tmp_path / "x.csv.gz").read_bytes()[:-9])
    with pytest.raises(DataProblem, match=r"^cut.csv.gz cannot be unpacked \(.+\); it may be cut short$"):
        open_file(tmp_path / "cut.csv.gz")


def test_what_is_no_table_says_so(tmp_path):
    prose = 'Dear all,\nthis is a letter; it has commas, and semicolons; no table.\n"Open quote\nand no end\n' * 50
    with pytest.raises(DataProblem, match=r"^x.csv"):
        open_file(write(tmp_path, prose))


WELL = {
    "a sep line": ("sep=;\nrecommend;n\n5;1\n6;2\n", [(5, 1), (6, 2)]),
    "a quoted sep line": ('"sep=,"\r\nrecommend,n\r\n5,1\r\n', [(5, 1)]),
    "a separator behind each row": ("recommend,n,\n5,1,\n6,2,\n", [(5, 1), (6, 2)]),
    "several separators behind": ("recommend;n;;\n5;1;;\n6;2;;\n", [(5, 1), (6, 2)]),
    "three kinds of line ends": ("recommend,n\r\n5,1\n6,2\r7,3\r\n", [(5, 1), (6, 2), (7, 3)]),
    "carriage returns": ("recommend,n\r5,1\r6,2\r", [(5, 1), (6, 2)]),
    "blank lines between": ("recommend,n\n\n5,1\n\n6,2\n\n", [(5, 1), (6, 2)]),
    "another separator in an answer of each row": ("a\tb\tc\n1\tx\ty;z\n2\t'\ty;z\n",
                                                    [(1, "x", "y;z"), (2, "'", "y;z")]),
    "lines of nothing but separators": ("recommend;n\n5;1\n;\n6;2\n;\n;\n", [(5, 1), (6, 2)]),
    "a line that says there is no answer": ("a,b\nx,1\nNA,\ny,2\n", [("x", 1), ("NA", None), ("y", 2)]),
    "ids beyond 64 bits": ("id,n\n12345678901234567890,1\n12345678901234567891,2\n",
                           [("12345678901234567890", 1), ("12345678901234567891", 2)]),
    "ids of 40 digits": (f"id,n\n{'1' * 40},1\n{'1' * 39}2,2\n", [("1" * 40, 1), ("1" * 39 + "2", 2)]),
    "the largest whole number": (f"id,n\n{2**63 - 1},1\n5,2\n", [(2**63 - 1, 1), (5, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("case", WELL)
def test_what_programs_write_is_read(tmp_path, case):
    content, rows = WELL[case]
    assert open_file(write(tmp_path, content)).table.fetchall() == rows


def test_rows_of_blanks_are_counted_in_a_note(tmp_path):
    raw = open_file(write(tmp_path, "recommend;n\n5;1\n;\n6;2\n;\n"))
    assert raw.notes[-1] == "2 rows without a single value left out"
    alone = open_file(write(tmp_path, 'recommend\n5\n""\n6\n'))  # someone who did not answer the one question
    assert alone.table.fetchall() == [(5,), (None,), (6,)]


@pytest.mark.parametrize("name", ["*", "a.b", 'a"b'])
def test_a_column_declared_text_under_its_plain_name_stays_as_it_is_written(tmp_path, name):
    path = write(tmp_path, f"x,{name}\na,-2\nb,3.50\n" if '"' not in name else 'x,"a""b"\na,-2\nb,3.50\n')
    book = Codebook("text", tuple(Field(c, type="string") for c in cx.load(path).columns))
    assert cx.load(path, codebook=book).frame.collect().to_pandas().iloc[:, 1].tolist() == ["-2", "3.50"]


REFUSED = {
    "blank lines": ("\n\n  \n\n", "x.csv holds only blank lines; export it again"),
    "an open quote": (
        'recommend,n\n5,"abc\n6,2\n7,3\n',
        'x.csv: the quote " that line 2 opens is never closed; close it, double it, or export again',
    ),
    "a line without end": (
        "recommend,c\n5," + "x" * 3_000_000 + "\n6,b\n",
        "x.csv has a line longer than 2,000,000 bytes, more than an answer sheet has; is it a table of lines? Export "
        "it again as CSV",
    ),
    "bytes of zero": (
        b"recommend,n\n5,a\x00b\n6,c\n",
        "x.csv holds 1 bytes of zero, the first at byte 15; it is damaged or no text: export it again",
    ),
    "a column without a name": (
        "recommend,,n\n5,1,2\n",
        "x.csv has no name for column 2; every column needs a name in one header row (merged header cells leave "
        "blanks: unmerge them)",
    ),
    "values under no name": (
        "recommend,n,\n5,1,\n6,2,7\n",
        "x.csv has no name for column 3; every column needs a name in one header row (merged header cells leave "
        "blanks: unmerge them)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_with_its_reason(tmp_path, case):
    content, message = REFUSED[case]
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(write(tmp_path, content))


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९"])
def test_digits_of_other_scripts_are_numbers(tmp_path, digits):
    said = lambda n: str(n).translate(str.maketrans("0123456789", digits))  # noqa: E731
    rows = "".join(f"{said(i % 11)},{said(1 + i % 5)}\n" for i in range(110))
    study = cx.load(write(tmp_path, "how likely to recommend,overall satisfaction\n" + rows))
    assert cx.mean(study, "how likely to recommend").table["estimate"][0] == 5
    assert cx.mean(study, "overall satisfaction").table["estimate"][0] == 3


def test_a_text_behind_the_rows_looked_at_is_no_answer_and_said(tmp_path):
    rows = ["N/A", "5"] * 11_000 + ["no idea", "3"]
    study = cx.load(write(tmp_path, "overall satisfaction\n" + "\n".join(rows)))
    assert cx.mean(study, "overall satisfaction").table["n"][0] == 11_001
    assert any("'no idea'" in note for note in study.codebook.notes)
    pl.DataFrame({"overall satisfaction": rows}).write_parquet(tmp_path / "x.parquet")
    lazily = cx.load(tmp_path / "x.parquet")
    assert cx.mean(lazily, "overall satisfaction").table["n"][0] == 11_001
    assert "overall satisfaction: 1 texts beyond the first 20,480 rows are no answers: 'no idea' (1×)" in (
        lazily.codebook.notes
    )


def test_a_text_behind_the_rows_looked_at_is_refused_where_numbers_are_declared(tmp_path):
    path = write(tmp_path, "q\n" + "N/A\n5\n" * 11_000 + "no idea\n3\n")
    book = Codebook("late", (Field("q", type="integer", role="outcome", scale=Scale(1, 5)),))
    message = (
        "column 'q' of late is declared a number, but holds text: 'no idea' (1×). Correct the data, declare these "
        "texts as missing codes or labels, or declare the column as string"
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        cx.load(path, codebook=book)


def test_an_empty_column_may_be_declared_a_number(tmp_path):
    book = Codebook("e", (Field("q", type="integer", scale=Scale(1, 5), role="touchpoint"), Field("n", type="integer")))
    study = cx.load(write(tmp_path, "q,n\n" + ",1\n" * 20), codebook=book)
    assert cx.mean(study, "q").table["n"][0] == 0
    assert cx.mean(study, "n").table["estimate"][0] == 1


def test_a_lone_apostrophe_is_an_answer_and_opens_no_quote(tmp_path):
    """Two cells of one apostrophe once swallowed all the rows between them."""
    answers = ["yes", "'", "no", "maybe", "a;b", "'", "yes", "no", "7"]
    (tmp_path / "x.csv").write_text("answer\n" + "".join(f"{a}\n" for a in answers))
    assert cx.load(tmp_path / "x.csv").frame.collect().to_pandas()["answer"].tolist() == answers
    (tmp_path / "y.csv").write_text("a,b\n'x, y',1\nz,2\n'w, q',3\n")
    assert cx.load(tmp_path / "y.csv").frame.collect().to_pandas()["a"].tolist() == ["x, y", "z", "w, q"]
