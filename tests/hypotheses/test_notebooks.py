"""The notebooks of claims through the report runner: with a verdict, without the columns, and the scoreboard."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cxlab.cli import cxlab


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "folder", "kinds", "said"),
    [
        (("claim", "airline-survey", "-p", "claim=CX-05"), "claim/airline-survey-claim=CX-05",
         {"verdict", "specifications", "calibration"}, "Design grade"),
        (("claim", "abc", "-p", "claim=CX-08"), "claim/abc-claim=CX-08", {"calibration"},
         "CX-08 cannot be tested on abc"),
        (("claims", "abc", "-p", "others=false"), "claims/abc-others=False", {"scoreboard"}, 'id="cx-05-abc"'),
    ],
)  # fmt: skip
def test_reports(tmp_path, monkeypatch, args, folder, kinds, said) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cxlab, ["report", *args, "--output", str(tmp_path), "--quiet"])
    assert done.exit_code == 0, done.output
    page = (tmp_path / folder / "index.html").read_text("utf-8")
    assert said in page and "Traceback" not in page
    results = json.loads((tmp_path / folder / "results.json").read_text("utf-8"))
    found = json.dumps(results)
    assert all(f'"kind": "{k}"' in found for k in kinds)
