"""The commands about claims, from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cxlab.cli import cxlab
from cxlab.hypotheses.card import card
from cxlab.problem import DataProblem


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args: str, code: int = 0) -> str:
        done = CliRunner().invoke(cxlab, args)
        assert done.exit_code == code, done.output
        return done.output

    return call


def test_claims(run) -> None:
    assert run("claims").count("CX-") >= 32
    assert "U looked for and not confirmable" in run("claims")
    assert "smallest effect of interest: 5.0" in run("claims", "CX-12")
    assert json.loads(run("claims", "cx-4", "--json"))["number"]["value"] == 0.73
    assert len(json.loads(run("claims", "--json"))) == 32
    told = run("claims", "--for", "airline-survey")
    assert told.startswith("airline-survey can test 2 of 32 claims") and "CX-24  Waits drive satisfaction" in told
    found = json.loads(run("claims", "CX-05", "--for", "airline-survey", "--json"))
    assert found["claims"][0]["can"] is True


def test_verdict_writes_the_ledger(run, tmp_path) -> None:
    told = run("verdict", "CX-06", "airline-survey", "--quick")
    assert told.startswith("CX-06 The end decides, airline-survey: ")
    assert "order of the journey: booking, checkin, departure, cabin, meal, crew" in told
    found = json.loads(run("verdict", "CX-06", "airline-survey", "--quick", "--json"))
    assert found["parts"]["planned"].endswith("look 2 at this claim on these data")
    assert len((tmp_path / "reports/ledger.jsonl").read_text("utf-8").splitlines()) == 2


def test_plan_then_verdict(run, tmp_path) -> None:
    said = run("plan", "CX-05,CX-06", "airline-survey", "--sesoi", "CX-06=0.05", "--name", "spring")
    assert said.startswith("reports/plans/spring.yaml: 2 claims on airline-survey (9,720 rows)")
    told = run("verdict", "--plan", "reports/plans/spring.yaml", "airline-survey")
    assert told.startswith("plan 'spring': ") and "CX-06  NOT-IDENTIFIED" in told
    one = run("verdict", "CX-05", "airline-survey", "--plan", "reports/plans/spring.yaml", "--quick")
    assert "planned in 'spring' before looking; look 2 at this claim" in one


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("verdict", "CX-99", "abc"), "claim 'CX-99' is not in the cards; did you mean 'CX-29'"),
        (("verdict", "CX-05", "abc", "-c", "overall"), "columns has 'overall'; write it as part=column, e.g."),
        (("plan", "CX-05", "abc", "--sesoi", "CX-05=big"), "--sesoi is 'CX-05=big'; write it as claim=number, e.g."),
        (("plan", "CX-05,CX-13", "abc", "-c", "overall=q1"), "--column is for a plan of one claim"),
        (("verdict", "CX-05", "abc", "--plan", "x.yaml", "--level", "0.9"), "columns, level and seed are fixed by"),
        (("verdict", "CX-05", "abc", "--plan", "x.yaml"), "there is no plan x.yaml in /"),
    ],
)  # fmt: skip
def test_wrong_input(run, args, message) -> None:
    done = CliRunner().invoke(cxlab, args)
    assert isinstance(done.exception, DataProblem) and str(done.exception).startswith(message), done.output


def test_nothing_named(run) -> None:
    assert "say which CLAIM and which DATA" in run("verdict", code=2)


def test_calibrate(run, tmp_path) -> None:
    told = run("calibrate", "CX-23", "--reps", "10", "--answers", "200")
    scenarios = 4 + len(card("CX-23").threats)
    assert f"1 cards, {scenarios} scenarios: none with too many false verdicts" in told
    assert {p.name for p in (tmp_path / "reports/calibration").iterdir()} == {
        "calibration.csv",
        "calibration.json",
        "calibration.png",
    }
