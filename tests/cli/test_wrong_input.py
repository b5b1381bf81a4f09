"""Wrong input on the command line: one line that says what came and what to do, exit code 2, never a trace."""

from __future__ import annotations

import sys

import pytest

from cxlab.cli import COMMANDS, main

CASES = [
    ("claim", "no command 'claim'; did you mean 'claims'?"),
    ("datasets airlin-survey", "study 'airlin-survey' is not in the catalogue; did you mean 'airline-survey'?"),
    ("datasets --jsn", "No such option '--jsn'"),
    ("doctor", "Missing argument 'DATA'"),
    ("doctor nofile.csv", "there is no file nofile.csv"),
    ("doctor .", ". is a folder; give one file of it: empty.csv, head.csv, two.csv"),
    ("doctor empty.csv", "empty.csv is empty (0 bytes); export it again"),
    ("doctor head.csv", "head.csv holds only a header (2 columns), no answers; export it again with its rows"),
    ("doctor two.csv --duration minuts", "column 'minuts' is not in two. There are: nps, csat"),
    (
        "doctor two.csv --codebook two.csv",
        "two.csv cannot be read (not valid JSON at line 1, column 1",
    ),
    ("codebook infer .", ". is a folder; give one file of it"),
    ("register check two.csv", "there is no touchpoints.csv beside two; give one with --register FILE"),
    ("pivot two.csv", "no columns are called like who answered, which question and what"),
    ("codebook check nofile.csv", "there is no file nofile.csv"),
    ("claims CX-99", "claim 'CX-99' is not in the cards; did you mean 'CX-29'?"),
    ("plan CX-99 brand-tracker", "claim 'CX-99' is not in the cards"),
    ("plan CX-12 nofile.csv", "there is no file nofile.csv"),
    ("verdict CX-99 brand-tracker", "claim 'CX-99' is not in the cards"),
    ("verdict CX-12 brand-tracker --level 95", "95.0 is not in the range"),
    ("calibrate --reps 0", "0 is not in the range"),
    ("calibrate CX-99", "claim 'CX-99' is not in the cards"),
    ("benchmarks --industry Airlins", "industry 'Airlins' is not in the benchmark library; did you mean 'Airlines'?"),
    ("benchmarks nofile.csv", "there is no file nofile.csv in {here}; give the path of a CSV file with benchmarks"),
    ("report scorcard two.csv", "notebook 'scorcard' is not in the folder notebooks; did you mean 'scorecard'?"),
    (
        "report scorecard airline-survey -p levl=0.9",
        "parameter 'levl' is not in notebook scorecard; did you mean 'level'?",
    ),
    ("report scorecard airline-survey -p level=high", "is 'high'; it must be a number, e.g. 0.95"),
    ("report scorecard airline-survey -p level", "-p level is not name=value; write e.g. -p level=0.9"),
    ("report scorecard airline-survey --to docxx", "format is 'docxx'; did you mean 'docx'?"),
    ("report scorecard two.csv --by nope", "column 'nope' is not in two. There are: nps, csat"),
    ("completion cmd", "cmd"),
    ("notebooks copy scorcard", "notebook 'scorcard' is not in cxlab; did you mean 'scorecard'?"),
    ("lab two.csv", "two.csv"),
    ("recipes nosuch", "nosuch"),
    ("workshop board nowhere", "room 'nowhere' is not in workshops. There are: none"),
    ("batch nofile.yml", "there is no plan nofile.yml; an example is reports/plans/monthly.yml"),
    ("batch .", ". is a folder; give one plan, as reports/plans/monthly.yml"),
    ("batch two.csv", "two.csv has no list 'reports:'; an example is reports/plans/monthly.yml"),
]


def test_every_command_is_tried() -> None:
    assert {command.split()[0] for command, _ in CASES} >= set(COMMANDS)


@pytest.mark.parametrize(("command", "message"), CASES, ids=[c for c, _ in CASES])
def test_one_line_says_what_is_wrong(command: str, message: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text("nps,csat\n9,5\n10,\n")
    (tmp_path / "head.csv").write_text("a,b\n")
    (tmp_path / "empty.csv").write_text("")
    monkeypatch.setattr(sys, "argv", ["cxlab", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert message.replace("{here}", str(tmp_path)) in said and "Traceback" not in said
