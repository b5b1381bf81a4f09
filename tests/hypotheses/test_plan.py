"""Plans bind, and the ledger remembers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import cxlab as cx
from cxlab.data.study import Study
from cxlab.hypotheses import ledger as book
from cxlab.hypotheses.plan import Plan
from cxlab.problem import DataProblem


@pytest.fixture
def written(survey, tmp_path):
    study = survey()
    path = cx.evidence.plan(["CX-05", "CX-26"], study, name="march").write(tmp_path / "march.yaml")
    return study, path, tmp_path / "ledger.jsonl"


def test_a_plan_reads_back_and_shows_nothing_of_the_answers(written) -> None:
    study, path, _ = written
    plan = Plan.read(path)
    assert plan.edited == () and plan.hash == cx.evidence.plan(["CX-05", "CX-26"], study, name="march").hash
    text = path.read_text("utf-8")
    assert "Written by `cxlab plan` before looking" in text
    assert {"estimate", "direction", "SUPPORTED"} & set(text.split()) == set()
    with pytest.raises(DataProblem, match="exists; a plan is written once"):
        plan.write(path)


def test_a_planned_verdict_says_so_and_takes_its_share_of_the_level(written) -> None:
    study, path, ledger = written
    v = cx.verdict("CX-05", study, plan=str(path), robust=False, ledger=str(ledger))
    assert v.parts["planned"].startswith("planned in 'march' before looking; look 1 at this claim")
    assert v.level == pytest.approx(0.975)
    assert any(n.startswith("family of 2 cards: intervals at Bonferroni's share") for n in v.notes)
    assert book.entries(ledger)[0]["plan"]["name"] == "march"
    again = cx.verdict("CX-05", study, plan=str(path), robust=False, ledger=str(ledger))
    assert "look 2 at this claim" in again.parts["planned"]


def test_a_family_is_corrected_by_holm(written) -> None:
    study, path, ledger = written
    board = cx.evidence.family(str(path), study, ledger=str(ledger))
    t = board.table.set_index("card")
    small, large = sorted(t["p"])
    assert t["p_adjusted"].tolist() == pytest.approx(
        [min(1, 2 * p) if p == small else max(2 * small, large) for p in t["p"]]
    )
    assert "Holm" in board.method and len(book.entries(ledger)) == 2


def test_changed_answers_are_refused(written) -> None:
    study, path, ledger = written
    moved = Study(
        study.table.assign(overall=study.table["overall"].sample(frac=1, random_state=1).to_numpy()), study.codebook
    )
    cx.verdict("CX-05", moved, plan=str(path), robust=False, ledger=None)  # other order, same counts: the same data
    table = study.table.copy()
    table.loc[0, "overall"] = 6 - table.loc[0, "overall"] if table.loc[0, "overall"] != 3 else 1
    with pytest.raises(DataProblem) as caught:
        cx.verdict("CX-05", Study(table, study.codebook), plan=str(path), ledger=str(ledger))
    day = Plan.read(path).written
    assert str(caught.value) == (
        f"the answers of survey changed since the plan 'march' was written on {day}. A plan binds to its "
        f"data: write a new "
        "one with cxlab plan CX-05,CX-26 survey"
    )
    assert book.entries(ledger) == []


def test_more_rows_another_codebook_another_study_are_refused(written, survey) -> None:
    study, path, _ = written
    with pytest.raises(
        DataProblem, match=r"^the number of rows of survey changed .* \(400 then, 401 now\)\. A plan binds"
    ):
        cx.verdict("CX-05", survey(401), plan=str(path), ledger=None)
    relabelled = Study(study.table, study.codebook.replace("overall", title="Overall, new wording"))
    with pytest.raises(DataProblem, match=r"^the codebook of survey changed since the plan"):
        cx.verdict("CX-05", relabelled, plan=str(path), ledger=None)
    with pytest.raises(
        DataProblem, match=r"^the plan 'march' is for survey, not for other; write one: cxlab plan CX-05 DATA$"
    ):
        cx.verdict("CX-05", survey(name="other"), plan=str(path), ledger=None)
    with pytest.raises(
        DataProblem, match=r"^CX-12 is not in the plan 'march' \(CX-05, CX-26\); test it without a plan"
    ):
        cx.verdict("CX-12", study, plan=str(path), ledger=None)
    with pytest.raises(DataProblem, match=r"^columns and level are fixed by the plan 'march'; leave them out"):
        cx.verdict("CX-05", study, plan=str(path), level=0.9, ledger=None)


def test_editing_a_plan_after_a_run_is_visible(written) -> None:
    study, path, ledger = written
    cx.verdict("CX-05", study, plan=str(path), robust=False, ledger=str(ledger))
    path.write_text(path.read_text("utf-8").replace("sesoi: 0.01", "sesoi: 0.0001"), "utf-8")
    v = cx.verdict("CX-05", study, plan=str(path), robust=False, ledger=str(ledger))
    assert "deviation: the file of the plan 'march' was edited since it was written" in v.notes
    assert "deviation: the plan 'march' was changed after 1 verdicts were run under it" in v.notes
    assert len(book.entries(ledger)[1]["deviations"]) == 2


def test_a_look_without_a_plan_is_remembered(written) -> None:
    study, path, ledger = written
    cx.verdict("CX-05", study, robust=False, ledger=str(ledger))
    v = cx.verdict("CX-05", study, plan=str(path), robust=False, ledger=str(ledger))
    assert "deviation: the claim had been looked at 1 times on these data without a plan" in v.notes


def test_a_changed_ledger_is_refused(written) -> None:
    study, _, ledger = written
    for _ in range(3):
        cx.verdict("CX-05", study, robust=False, ledger=str(ledger))
    lines = ledger.read_text("utf-8").splitlines()
    for changed in (
        [lines[0], lines[2]],
        [lines[0], json.dumps(json.loads(lines[1]) | {"direction": "SUPPORTED"}), lines[2]],
        [lines[1], lines[0], lines[2]],
    ):
        ledger.write_text("\n".join(changed) + "\n", "utf-8")
        with pytest.raises(DataProblem, match=r"was changed: line \d does not follow from the one before"):
            cx.verdict("CX-05", study, robust=False, ledger=str(ledger))
    ledger.write_text("{cut", "utf-8")
    with pytest.raises(DataProblem, match="line 1 of .* is not an entry of the ledger; it was cut or edited"):
        book.entries(ledger)


def test_many_writers_keep_the_chain(tmp_path) -> None:
    path = tmp_path / "ledger.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: book.append(path, {"kind": "note", "i": i}), range(40)))
    assert sorted(e["i"] for e in book.entries(path)) == list(range(40))


def test_what_is_no_plan_is_refused(tmp_path, survey) -> None:
    with pytest.raises(DataProblem, match="there is no plan .*; write one with cxlab plan CARDS DATA"):
        Plan.read(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_text("a: 1\n", "utf-8")
    with pytest.raises(DataProblem, match="is not a plan of cxlab"):
        Plan.read(tmp_path / "x.yaml")
    with pytest.raises(DataProblem, match="correction is 'bonferoni'"):
        cx.evidence.plan("CX-05", survey(), correction="bonferoni")


def test_the_smallest_effect_of_the_plan_is_used(survey) -> None:
    study = survey()
    wide = cx.evidence.plan("CX-26", study, sesoi={"CX-26": 5.0})
    v = cx.verdict("CX-26", study, plan=replace(wide, stored=""), robust=False, ledger=None)
    assert v.table["bar"].iloc[0] == 5.0 and v.direction == "TRIVIAL"


def test_a_ledger_that_cannot_be_written_is_said(survey, tmp_path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    v = cx.verdict("CX-05", survey(), robust=False, ledger=str(tmp_path / "file" / "ledger.jsonl"))
    assert any(n.startswith("this look could not be recorded in") for n in v.notes)
