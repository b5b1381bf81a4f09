"""A report is a folder that changes only as a whole; the same input gives the same numbers, byte by byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cxlab.problem import DataProblem
from cxlab.report import pdf, render
from cxlab.report.kernel import Kernels

NUMBER = "import cxlab as cx\ndata = cx.load(study)\ncx.csat(data, level=level)"
PARAMETERS = 'study: str = "abc"  # which\nlevel: float = 0.95  # of the intervals'


@pytest.fixture
def make(kernels: Kernels, notebook, tmp_path: Path):
    """Make a report of a small notebook with the given cells."""

    def made(*sources: str, study: str = "abc", **given) -> render.Report:
        path = notebook(*sources, parameters=PARAMETERS)
        form = render.Form(timeout=20)
        return render.report(str(path), study, given, kernels=kernels, output=tmp_path / "reports", form=form)

    return made


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_the_folder_holds_page_numbers_record_and_notebook(make, tmp_path: Path) -> None:
    done = make(NUMBER)
    assert done.failure is None
    assert done.folder == tmp_path / "reports/tiny/abc"
    assert sorted(files(done.folder)) == ["index.html", "notebook.ipynb", "results.json", "run.json"]
    record = json.loads((done.folder / "run.json").read_text())
    assert record["status"] == "done"
    assert record["data"]["rows"] == 266
    assert record["data"]["dropped"] == []
    assert len(record["data"]["sha256"]) == len(record["notebook"]["sha256"]) == 64
    assert record["parameters"] == {"study": "abc"}
    assert {"python", "cxlab", "pandas", "numpy"} <= set(record["versions"])
    result = json.loads((done.folder / "results.json").read_text())["results"]["cell-1.1"]
    assert result["table"][0]["item"] == "q1"
    assert 0 < result["table"][0]["low"] < result["table"][0]["estimate"] < result["table"][0]["high"] < 1


def test_the_same_input_gives_the_same_numbers_and_notebook(make) -> None:
    """With weights and clusters, whose sums depend on the order of adding: DuckDB's threads must not decide it."""
    many = "import cxlab as cx\ndata = cx.load(study)\n[display(cx.nps(data, by=by)) for by in ('wave', 'brand')];"
    first = files(make(many, study="brand-tracker", level="0.9").folder)
    for _ in range(3):
        again = files(make(many, study="brand-tracker", level="0.9").folder)
        assert first["results.json"] == again["results.json"]
        assert first["notebook.ipynb"] == again["notebook.ipynb"]


def test_a_failure_leaves_the_good_report_as_it_was(make) -> None:
    good = make(NUMBER)
    before = files(good.folder)
    bad = make(NUMBER, "1/0")
    assert bad.folder.name == "abc.failed"
    assert bad.page.name == "error.html"
    assert sorted(files(bad.folder)) == ["error.html", "notebook.ipynb", "run.json"]
    assert (
        json.loads((bad.folder / "run.json").read_text())["failure"]["cause"] == "ZeroDivisionError: division by zero"
    )
    assert files(good.folder) == before
    make(NUMBER)
    assert not bad.folder.exists()
    assert [p.name for p in good.folder.parent.iterdir()] == ["abc"]


def test_simulated_data_are_said_to_be(make) -> None:
    page = make(NUMBER, study="brand-tracker").page.read_text()
    assert "SIMULATED DATA: made by a program, no real customers" in page
    assert "cluster respondent" in page


def test_rows_left_out_and_filters_are_stated(make) -> None:
    from html import unescape

    keep = (
        "import cxlab as cx\ndata = cx.drop(cx.load(study), 'straight-lining').where(country='Germany')\ncx.csat(data)"
    )
    page = unescape(make(keep).page.read_text())
    assert "Country = Germany" in page
    assert "straight-lining" in page


@pytest.mark.parametrize(
    ("study", "changed", "name"),
    [
        ("abc", {}, "abc"),
        ("data/my survey.csv", {}, "my-survey"),
        ("abc", {"level": 0.9, "by": "country"}, "abc-by=country-level=0.9"),
    ],
)
def test_folders_are_named_after_study_and_parameters(study: str, changed: dict, name: str) -> None:
    assert render.folder_name(study, changed) == name


def test_parameters_that_look_alike_in_a_folder_name_stay_apart() -> None:
    names = {render.folder_name("abc", {"by": by}) for by in ("a b", "a/b", "a-b", "<script>", "../../x", "x" * 300)}
    assert len(names) == 6
    assert all("/" not in n and "<" not in n and len(n) < 110 for n in names)


def test_formats_are_checked_before_anything_runs() -> None:
    with pytest.raises(DataProblem) as problem:
        render.Form(("htm",))
    assert str(problem.value).startswith("format is 'htm'; did you mean 'html'? allowed: 'html', 'pdf', 'docx'")


def test_without_a_program_for_pdf_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name, path=None: None)
    with pytest.raises(DataProblem) as problem:
        pdf.check()
    assert str(problem.value) == (
        "a PDF needs Chromium or Chrome, or pandoc (3.1.2 or newer) and pip install 'cxlab[typst]'; neither was found. "
        "Install one (e.g. apt install chromium), or ask for --to html only"
    )


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    program = [sys.executable, "-c", "from cxlab.cli import main; main()", "report", "--trust"]
    return subprocess.run([*program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_the_command_tells_success_failure_and_wrong_input_apart(notebook, tmp_path: Path) -> None:
    good = notebook("print(study, level)", parameters=PARAMETERS, name="good")
    bad = notebook("import sys\nsys.exit(0)", "1", parameters=PARAMETERS, name="bad")
    done = command(str(good), "abc", "airline-survey", "-p", "level=0.9", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "reports/good/abc-level=0.9/index.html",
        "reports/good/airline-survey-level=0.9/index.html",
    ]
    failed = command(str(bad), "abc", cwd=tmp_path)
    assert failed.returncode == 1
    assert "cell 3 'cell-1' (section 'Part one'): it ended the run early (sys.exit(0))" in failed.stderr
    unknown = command(str(good), "airlin-survey", cwd=tmp_path)
    assert unknown.returncode == 2
    assert "study 'airlin-survey' is not in the catalogue; did you mean 'airline-survey'?" in unknown.stderr
    wrong = command(str(good), "abc", "-p", "levle=0.9", cwd=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr.strip() == (
        "cxlab: parameter 'levle' is not in notebook good; did you mean 'level'? There are: study, level"
    )


@pytest.mark.parametrize(
    "level", ["Anna Roe", "Roe, Anna", "Dr. Wilhelmina Featherstonehaugh", "anna.roe", "Анна Петрова"]
)
def test_no_folder_is_called_like_a_person(level: str) -> None:
    name = render.folder_name("calls", {"only": {"agent": level}})
    assert not any(part.casefold() in name.casefold() for part in re.findall(r"\w{3,}", level))
    assert name != render.folder_name("calls", {"only": {"agent": "Tom Weber"}}) and name.startswith("calls-agent=")
    assert render.folder_name("calls", {"only": {"team": "New York"}}).startswith("calls-team=New-York")
