"""``cxlab register check``: what a register of touchpoints lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli import cxlab


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cx.simulate_events(60, seed=1).to_pandas().to_csv(tmp_path / "log.csv", index=False)
    rows = ["touchpoint,owner,stage,reviewed", "pay,Ann,buy,2020-01-31", "ship,,receive,soon", "visit,Bo,buy,"]
    (tmp_path / "touchpoints.csv").write_text("\n".join(rows), "utf-8")
    return tmp_path


def test_what_is_missing_is_said(folder: Path) -> None:
    done = CliRunner().invoke(cxlab, ["register", "check", str(folder / "log.csv"), "--event", "event", "--json"])
    assert done.exit_code == 1, done.output
    said = json.loads(done.output)
    assert said["touchpoints"] == 3 and said["events"] == 7
    for line in ("'deliver' happens and is not in the register", "'visit' is in the register and never happens",
                 "'ship' has no owner", "'pay' was last reviewed on 2020-01-31, more than a year ago",
                 "'ship' was reviewed on 'soon', which is no date", "'visit' was never reviewed"):  # fmt: skip
        assert line in said["problems"]


def test_two_owners_of_a_touchpoint_and_a_deputy_who_is_the_owner_are_said(folder: Path) -> None:
    rows = ["touchpoint,owner,deputy", "pay,Anna Roe; Tom Poe,", "ship,Sales & Marketing,", "order,Anna,Anna"]
    (folder / "touchpoints.csv").write_text("\n".join(rows), "utf-8")
    done = CliRunner().invoke(cxlab, ["register", "check", str(folder / "log.csv"), "--json"])
    said = [p for p in json.loads(done.output)["problems"] if "owner" in p]
    several = (
        "'pay' has the owner 'Anna Roe; Tom Poe': if these are several, one answers for it and another is the deputy"
    )
    assert said == [several, "'order' has its owner as deputy"]
    (folder / "touchpoints.csv").write_text("touchpoint,owner\npay,Anna\npay,Tom\n", "utf-8")
    done = CliRunner().invoke(cxlab, ["register", "check", str(folder / "log.csv")])
    assert done.exit_code and "names 'pay' twice; one row a touchpoint" in done.output + str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--event", "evnt"], "did you mean 'event'"),
        (["--register", "none.csv"], "there is no register none.csv"),
    ],
)
def test_wrong_input_is_said(folder: Path, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(cxlab, ["register", "check", str(folder / "log.csv"), *arguments])
    assert done.exit_code != 0
    assert said in done.output + str(done.exception)


def test_a_log_is_known_by_its_columns_and_what_is_none_is_asked(folder: Path) -> None:
    known = CliRunner().invoke(cxlab, ["register", "check", str(folder / "log.csv"), "--json"])
    assert json.loads(known.output)["events"] == 7
    (folder / "other.csv").write_text("what,score\n" + "pay,3\nship,4\n" * 20, "utf-8")
    done = CliRunner().invoke(cxlab, ["register", "check", str(folder / "other.csv")])
    assert done.exit_code != 0
    assert "no column of role 'event'; name it with --event COLUMN" in done.output + str(done.exception)
