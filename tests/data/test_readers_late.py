"""What stands far down in a large file that is scanned lazily: a `DataProblem`, never the engine's error."""

import re

import pytest

import cxlab as cx
from cxlab.data.readers import delimited

LATE = ["hello", "inf", "9" * 25, "=1+1"]
CALLS = {
    "nps": lambda s: cx.nps(s, "ltr"), "mean": lambda s: cx.mean(s, "ltr"), "answers": lambda s: cx.answers(s, "ltr"),
    "share": lambda s: cx.share(s, "ltr", value=9), "compare": lambda s: cx.compare(s, "nps", by="g", of="ltr"),
    "league": lambda s: cx.league(s, "g", metric="nps", of="ltr"), "scorecard": cx.scorecard,
    "index_by": lambda s: cx.indices.index_by(s, ["ltr"], by="g"), "check": cx.check,
    "ols": lambda s: cx.ols(s, "ltr ~ C(g)"), "bootstrap": lambda s: cx.bootstrap(s, "nps", of="ltr"),
    "trend": lambda s: cx.trend(s, "nps", of="ltr", wave="g"), "quality": cx.quality,
}  # fmt: skip


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Writes a file with one odd cell far down and opens it as a file too large for memory."""
    monkeypatch.setattr(delimited, "SMALL", 1000)

    def made(cell):
        cells = [str(i % 11) for i in range(22_000)]
        cells[21_500] = cell
        (tmp_path / "x.csv").write_text("ltr,g\n" + "".join(f"{c},{'ab'[i % 2]}\n" for i, c in enumerate(cells)))
        return cx.load(tmp_path / "x.csv")

    return made


@pytest.mark.parametrize("cell", LATE)
@pytest.mark.parametrize("call", CALLS)
def test_no_public_function_lets_the_engine_speak(large, call, cell):
    study = large(cell)
    try:
        CALLS[call](study)
    except cx.DataProblem as problem:
        assert "SELECT" not in str(problem) and "read_csv" not in str(problem)
        if "line" in str(problem):
            assert "line: 21502" in str(problem) and "Correct the file, or declare the column" in str(problem)


@pytest.mark.parametrize("cell", ["hello", "oops"])
def test_the_message_names_line_column_and_text(large, cell):
    message = (
        rf"^x, line: 21502: Error when converting column \"ltr\". Could not convert string \"{cell}\" to a number. "
        "Correct the file, or declare the column in its codebook$"
    )
    with pytest.raises(cx.DataProblem, match=message):
        cx.nps(large(cell), "ltr")


@pytest.mark.parametrize("cell", ["7.5", "inf"])
def test_a_fraction_far_down_is_not_rounded(large, cell):
    message = rf"^x: Error when converting column ltr. Could not convert {re.escape(cell)} to a whole number\. Correct"
    with pytest.raises(cx.DataProblem, match=message):
        cx.nps(large(cell), "ltr")
    assert cx.nps(large("7.0"), "ltr").table["n"].tolist() == [22_000]
