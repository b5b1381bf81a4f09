"""The decimal mark is judged for the whole file, and asked where the file cannot tell."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab.data.readers import open_file


def column(folder, content, name="u"):
    path = folder / "x.csv"
    path.write_text(content)
    raw = open_file(path)
    return [row[0] for row in raw.table.project(f'"{name}"').fetchall()], raw


SURE = {
    "zero before the mark": ("recommend;u\n10;0,873\n0;1\n9;1,127\n", [0.873, 1, 1.127]),
    "near the plain numbers as decimals": ("id;u\n1;4,333\n2;3,667\n3;5\n4;2,500\n", [4.333, 3.667, 5, 2.5]),
    "near the plain numbers as thousands": ("id;u\n1;1.234\n2;2.500\n3;999\n", [1234, 2500, 999]),
    "another column tells, comma": ("u;w\n12.750;1,5\n300;2,25\n", [12750, 300]),
    "another column tells, comma on three digits": ("u;w\n3,448;1,5\n4,100;2,25\n", [3.448, 4.1]),
    "another column tells, point": ('u,w\n"3,448",1.5\n"4,100",2.25\n', [3448, 4100]),
    "two marks in one number": ("u;w\n1.234,50;a\n999;b\n", [1234.5, 999]),
    "thousands twice": ("u;w\n12.345.678;a\n1.000;b\n", [12345678, 1000]),
    "English thousands twice": ('u,w\n"12,345,678",a\n"1,000",b\n', [12345678, 1000]),
    "a plain comma file": ("u,w\n3.448,1\n12.750,2\n", [3.448, 12.75]),
    "negative": ("u;w\n-0,5;1\n-1.000;2\n", [-0.5, -1000]),
    "each cell proves its own": ("u;w\n1,5;1\n2.25;2\n", [1.5, 2.25]),
    "infinite and nothing beside": ("u;w\n12.750;1,5\ninf;2,25\nnan;1,0\n", [12750, None, None]),
    "tab": ("u\tw\n12.750\t1,5\n300\t2,25\n", [12750, 300]),
}


@pytest.mark.parametrize("case", SURE)
def test_the_file_tells(tmp_path, case):
    content, values = SURE[case]
    found, raw = column(tmp_path, content)
    assert found == values
    assert not raw.doubts


ASKED = {
    "points in a file of semicolons": ("id;u\n1;1.234\n2;2.500\n", [1.234, 2.5], "format=decimal-comma"),
    "commas in quotes": ('id,u\n1,"1,234"\n2,"2,500"\n', [1234, 2500], "format=decimal-comma"),
    "commas in a file of semicolons": ("id;u\n1;1,234\n2;2,500\n", [1.234, 2.5], "format=decimal-point"),
    "commas in a file of tabs": ("id\tu\n1\t1,234\n2\t2,500\n", [1234, 2500], "format=decimal-comma"),
}


@pytest.mark.parametrize("case", ASKED)
def test_where_nothing_tells_it_is_asked_and_can_be_answered(tmp_path, case):
    content, values, other = ASKED[case]
    found, raw = column(tmp_path, content)
    (doubt,) = raw.doubts
    assert (found, doubt.column, doubt.settings) == (values, "u", ("", other))
    assert len(doubt.answers) == 2
    assert doubt in cx.load(tmp_path / "x.csv").doubts
    otherwise = open_file(tmp_path / "x.csv", declared={"u": other.removeprefix("format=")})
    assert [r[1] for r in otherwise.table.fetchall()] == [
        pytest.approx(v * (1000 if v < 100 else 0.001)) for v in values
    ]
    assert not otherwise.doubts


def test_german_numbers_have_their_means(tmp_path):
    """A turnover with points between thousands beside an index of three decimals, in one file of semicolons."""
    turnover = ["300", "2.500", "12.750", "999", "1.000"] * 20
    index = ["4,328", "4,017", "3,938", "4,179", "2,500"] * 20
    wait = ["1,50", "2,00", "10,25", "0,75", "3,00"] * 20
    rows = "".join(f"{i};{a};{b};{c}\n" for i, (a, b, c) in enumerate(zip(turnover, index, wait, strict=True)))
    (tmp_path / "de.csv").write_text(f"id;umsatz;index;wartezeit\n{rows}")
    study = cx.load(tmp_path / "de.csv")
    means = {c: study.table.aggregate(f"avg({c})").fetchone()[0] for c in ("umsatz", "index", "wartezeit")}
    assert means == {"umsatz": 3509.8, "index": pytest.approx(3.7924), "wartezeit": 3.5}
    assert "numbers with a decimal comma: 'umsatz', 'index', 'wartezeit'" in study.codebook.notes


def test_ticked_codes_and_long_lists_are_no_decimals(tmp_path):
    found, raw = column(tmp_path, 'u,n\n"1,4",1\n2,2\n"1,3,5",3\n"2,3",4\n')
    assert found == ["1,4", "2", "1,3,5", "2,3"]
    found, _ = column(tmp_path, "u,n\n10.0.0.1,1\n192.168.1.1,2\n")
    assert found == ["10.0.0.1", "192.168.1.1"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=30),
    st.sampled_from(list(itertools.product(",.", ";\t|", (0, 1, 2)))),
)
def test_numbers_come_back_as_they_were_written(tmp_path_factory, hundredths, how):
    """A column of two decimals proves the mark for one of thousands, whatever the numbers are."""
    mark, separator, places = how
    other = "." if mark == "," else ","
    said = lambda v, n: f"{v:,.{n}f}".replace(",", "t").replace(".", mark).replace("t", other)  # noqa: E731
    lines = "".join(f"{said(v / 100, places)}{separator}{said(v / 100, 2)}\n" for v in hundredths)
    found, raw = column(tmp_path_factory.mktemp("n"), f"u{separator}proof\n{lines}")
    assert found == [pytest.approx(float(f"{v / 100:.{places}f}"), abs=1e-9) for v in hundredths]
    assert not raw.doubts
