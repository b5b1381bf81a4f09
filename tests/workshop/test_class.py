"""A class over its server: what a seat may see and do, what is kept, what the teacher gets."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from cxlab.report.kernel import FORKS

LESSON = "import cxlab as cx; lesson = cx.lesson('noise'); "


def cxlab(*command: str) -> subprocess.CompletedProcess:
    """Run a command in this process; what it prints, and its exit code."""
    from cxlab.cli import main

    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["cxlab", "workshop", *command]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            sys.argv = before
    return subprocess.CompletedProcess(command, code or 0, out.getvalue(), err.getvalue())


def test_a_seat_sees_its_own_folder_and_nobody_without_a_token_sees_anything(served):
    status, listed = served.ask("1", "api/contents")
    assert status == 200
    assert sorted(f["name"] for f in listed["content"]) == ["1-noise.ipynb", "2-weighting.ipynb"]
    assert served.ask("1", "api/contents/../02/1-noise.ipynb")[0] in (400, 404)
    assert served.ask("1", "api/contents/.seat.json")[0] == 404
    assert served.ask("1", "files/..%2F..%2Froom.json")[0] in (400, 403, 404)
    assert served.ask("wrong", "api/contents")[0] == 403
    assert served.ask("1", "api/terminals")[0] in (403, 404)
    assert served.ask("1", "api/shutdown", {}, "POST")[0] == 403
    _, seen = served.ask("teacher", "api/contents")
    assert sorted(f["name"] for f in seen["content"]) == ["01", "02", "03"]


def test_two_seats_open_one_name_and_get_kernels_of_their_own(served):
    first, second = served.open("1"), served.open("2")
    assert first != second == served.open("2")
    assert [k["id"] for k in served.ask("1", "api/kernels")[1]] == [first]
    assert [s["path"] for s in served.ask("2", "api/sessions")[1]] == ["1-noise.ipynb"]
    assert served.ask("1", f"api/kernels/{second}")[0] == 403
    assert served.ask("1", f"api/kernels/{second}/interrupt", {}, "POST")[0] == 403
    other = served.ask("2", "api/sessions")[1][0]["id"]
    assert served.ask("1", f"api/sessions/{other}")[0] == 404
    assert served.ask("1", f"api/sessions/{other}", method="DELETE")[0] == 404
    where = served.run("1", first, "import os; print(os.getcwd())")
    assert Path(where).resolve() == (served.folder / "seats" / "01").resolve()
    assert served.run("2", second, LESSON + "lesson").startswith(
        "Lesson 1: The noise of an NPS (20 minutes), seat 2 of"
    )


def test_another_seats_answer_is_wrong_and_nothing_is_lost_when_a_kernel_restarts(served):
    first, second = served.open("1"), served.open("2")
    right = "r = cx.nps(lesson.data).table; mine = tuple(float(r[k][0]) for k in ('estimate', 'low', 'high')); "
    theirs = served.run("1", first, LESSON + right + "print(lesson.check('nps', mine), mine)")
    assert theirs.startswith("Right.")
    copied = served.run("2", second, LESSON + f"lesson.check('nps', {theirs[theirs.index('(') :]})")
    assert "That is the right answer of another seat." in copied
    assert served.ask("1", f"api/kernels/{first}/restart", {}, "POST")[0] == 200
    again = served.run("1", first, LESSON + "print(len(lesson.book.events()), lesson.board('nps'))")
    assert again.startswith("1 The NPS of your sample with its 95 % interval. 2 of 3 seats have answered, 1 right.")
    assert "the truth" in served.run("1", first, LESSON + "lesson.reveal()").lower()
    assert "Not yet: 3 to go" in served.run("1", first, LESSON + "lesson.reveal()")


def test_the_board_is_anonymous_and_the_teacher_opens_the_truth(served):
    kernel = served.open("3")
    served.run("3", kernel, LESSON + "lesson.check('guess', 31); lesson.check('nps', cx.nps(lesson.data))")
    status, page = served.ask("3", "board?lesson=noise")
    assert status == 200 and "<svg" in page
    assert "Show the truth" not in page and "stroke-dasharray" not in page
    assert "<svg" not in served.ask("wrong", "board")[1]  # the page that asks for a token
    assert served.ask("3", "board/open?lesson=noise&to=1", {}, "POST")[0] == 403
    status, page = served.ask("teacher", "board?lesson=noise")
    assert status == 200 and "Show the truth" in page
    assert served.ask("teacher", "board/open?lesson=noise&to=1", {}, "POST")[0] in (200, 302)
    assert "stroke-dasharray" in served.ask("3", "board/part?lesson=noise")[1]
    assert "{'nps': " in served.run("3", kernel, "print(lesson.data.truth)")
    assert served.ask("teacher", "board/open?lesson=noise&to=0", {}, "POST")[0] in (200, 302)
    assert "stroke-dasharray" not in served.ask("3", "board/part?lesson=noise")[1]


def test_a_second_teacher_with_the_same_room_is_refused(served):
    before = (served.folder / "room.json").read_bytes()
    more = ("--seats", "9", "--lessons", "3")
    done = cxlab("serve", "--room", "oslo", *more, "--folder", str(served.folder.parent))
    assert done.returncode == 2
    assert (served.folder / "room.json").read_bytes() == before  # whoever comes second changes nothing
    assert not (served.folder / "seats" / "04").exists()
    assert done.stderr.startswith("cxlab: room 'oslo' is open already, since ")
    assert done.stderr.strip().endswith("stop that one first, or give another name, --room oslo-2")


def test_answers_are_collected_and_graded_with_reasons(served):
    folder = str(served.folder.parent)
    rows = pd.read_csv(io.StringIO(cxlab("collect", "oslo", "--folder", folder).stdout))
    assert rows.columns[:4].tolist() == ["seat", "lesson", "question", "attempt"]
    assert rows[(rows["seat"] == 1) & (rows["question"] == "nps")]["right"].astype(str).tolist() == ["True"]
    grades = pd.read_csv(io.StringIO(cxlab("grade", "oslo", "--folder", folder).stdout)).set_index("seat")
    assert grades["good"].tolist() == [1, 0, 2] and set(grades["asked"]) == {9}
    assert "noise.nps: 1 tried (other_seat)" in grades.loc[2, "reasons"]
    assert served.run("1", served.open("1"), "open('mine.txt', 'w').write('kept')") == "4"
    done = cxlab("reset", "oslo", "1", "--folder", folder)
    assert done.stdout.startswith("seat 01 of 'oslo' is fresh; what was there lies in ")
    aside = Path(done.stdout.strip().rpartition(" lies in ")[2])
    assert (aside / "seat" / "mine.txt").read_text() == "kept" and (aside / "noise.jsonl").is_file()
    assert not (served.folder / "seats" / "01" / "mine.txt").exists()


def test_a_short_address_leads_to_the_seat_and_a_mistyped_one_to_nobody(served):
    token = served.room["tokens"]["2"]
    assert re.fullmatch("[abcdefghjkmnpqrstuvwxyz2-9]{12}", token)
    opener = urllib.request.build_opener(Stay)
    with pytest.raises(urllib.error.HTTPError) as led:
        opener.open(f"{served.base}/s/{token}", timeout=30)
    assert (led.value.code, led.value.headers["Location"]) == (
        302, f"/lab/workspaces/seat-02/tree/1-noise.ipynb?token={token}",
    )  # fmt: skip
    for wrong in (token[:-1], token.upper(), served.room["teacher"], "room.json", "%2e%2e"):
        with pytest.raises(urllib.error.HTTPError) as lost:
            opener.open(f"{served.base}/s/{wrong}", timeout=30)
        assert lost.value.code == 404
        if wrong == token[:-1]:
            assert lost.value.read().decode() == "No seat has this address; compare it with the sheet, sign by sign."


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_):
        return None


def test_the_sheet_has_a_strip_a_seat_and_says_what_others_see(served):
    text = (served.folder / "sheet.html").read_text(encoding="utf-8")
    assert text.count("<svg role=") == 3
    for token in served.room["tokens"].values():
        assert f"{served.base}/s/{token}" in text
    assert served.room["teacher"] not in text and served.room["secret"] not in text
    assert "code can read what that account can read, other seats&#x27; folders as well" in text
    assert "on this computer only" in text


@pytest.mark.slow
def test_a_class_without_forks_and_taken_up_again_keeps_seats_and_answers(serving, tmp_path):
    first = serving(tmp_path, "--room", "bergen", "--seats", "1", "--lessons", "noise", environment={"CXLAB_FORK": "0"})
    kernel = first.open("1")
    assert first.run("1", kernel, LESSON + "lesson.check('guess', 31)").startswith("Noted.")
    serving.stop(first)
    assert not (tmp_path / "bergen" / "open.json").exists()
    again = serving(tmp_path, "--room", "bergen", "--seats", "2")
    assert again.room["tokens"]["1"] == first.room["tokens"]["1"] and len(again.room["tokens"]) == 2
    assert again.room["secret"] == first.room["secret"]
    assert again.run("1", again.open("1"), LESSON + "len(lesson.book.events())") == "1"
    assert FORKS or os.name == "nt"
    assert json.loads((tmp_path / "bergen" / "room.json").read_text())["lessons"] == ["noise"]
    serving.stop(again)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--room", "Oslo!"),
         "room is 'Oslo!'; give up to 40 small letters, digits and dashes, such as oslo or oslo-2"),
        (("--room", "a", "--seats", "0"), "seats is 0; a room has 1 to 60"),
        (("--room", "a", "--lessons", "9"), "there is no lesson 9; there are: 1 noise, 2 weighting, 3 halo, 4 rebound, "
                                            "5 ranking, 6 claimed, 7 peeking, 8 codes"),
        (("--room", "a", "--language", "fi"), "language 'fi' is not in the workshop. There are: en, de"),
        (("--room", "a", "--own", "nowhere"), "lesson nowhere lacks nowhere.py, nowhere.toml, nowhere.ipynb; "
                                              "`cxlab workshop new nowhere` shows what it needs"),
    ],
)  # fmt: skip
def test_rooms_that_cannot_be_opened(tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    done = cxlab("serve", "--folder", str(tmp_path / "rooms"), *options)
    assert (done.returncode, done.stderr.strip()) == (2, f"cxlab: {said}")


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    import cxlab as cx
    from cxlab.workshop import hand_ins
    from cxlab.workshop.classroom import open_room, seat_folder

    at = open_room(tmp_path, "oslo", seats=1, lessons="noise")
    monkeypatch.chdir(seat_folder(at, 1))
    lesson = cx.lesson("noise")
    write = hand_ins.append

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hand_ins, "append", full)
    said = str(lesson.check("guess", 25))
    assert "The answer could not be written (No space left on device). It is kept here" in said
    assert len(lesson.book.events()) == 1
    monkeypatch.setattr(hand_ins, "append", write)
    assert "1 answers that waited are written now." in str(lesson.check("nps", cx.nps(lesson.data)))
    assert [e["question"] for e in cx.lesson("noise").book.events()] == ["guess", "nps"]
    lesson.book.file.write_bytes(lesson.book.file.read_bytes() + b'{"at": "2026", "do": "che')  # torn by a power cut
    lesson.check("neighbour", "cannot tell")
    assert [e["question"] for e in cx.lesson("noise").book.events()] == ["guess", "nps", "neighbour"]


def test_a_disk_that_is_full_when_a_room_is_made_leaves_no_half_of_a_notebook(tmp_path, monkeypatch):
    from cxlab.problem import DataProblem
    from cxlab.workshop.classroom import open_room

    at = open_room(tmp_path, "oslo", seats=1, lessons="1")
    kept = {p: p.read_bytes() for p in at.rglob("*") if p.is_file()}
    replace = os.replace

    def full(source, target):
        if Path(target).name == "2-weighting.ipynb":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataProblem) as said:
        open_room(tmp_path, "oslo", seats=2, lessons="1-2")
    where = at / "seats" / "01" / "2-weighting.ipynb"
    assert str(said.value) == (
        f"{where} cannot be written (No space left on device); what is there stays, mend that and serve again"
    )
    assert not where.exists() and not list(at.rglob("*.part"))
    assert all(p.read_bytes() == was for p, was in kept.items() if p.name != "room.json")
    monkeypatch.setattr(os, "replace", replace)
    open_room(tmp_path, "oslo", seats=2, lessons="1-2")
    names = [p.name for p in sorted((at / "seats").glob("*/*.ipynb"))]
    assert names == ["1-noise.ipynb", "2-weighting.ipynb"] * 2


def test_a_lesson_of_ones_own_from_the_template_is_tried_and_served(tmp_path):
    from cxlab.workshop.classroom import open_room, seat_folder

    own = tmp_path / "waiting-times"
    assert cxlab("new", str(own)).stdout.split() == [
        str(own / f"waiting-times.{end}") for end in ("py", "toml", "ipynb")
    ]
    assert cxlab("try", str(own)).stdout == f"{own}: nothing wrong\n"
    done = cxlab("new", str(own))
    assert done.stderr == f"cxlab: {own} is there already; give another name, or change what is in it\n"
    at = open_room(tmp_path / "rooms", "oslo", seats=1, lessons="1", own=[own])
    assert sorted(p.name for p in seat_folder(at, 1).glob("*.ipynb")) == ["1-noise.ipynb", "9-waiting-times.ipynb"]
    (own / "waiting-times.toml").write_text((own / "waiting-times.toml").read_text().replace("chance =", "luck ="))
    done = cxlab("try", str(own))
    assert (done.returncode, done.stdout) == (1, "waiting-times (en): notes.chance is missing\n")


def test_notes_are_a_page_each():
    done = cxlab("notes", "3")
    assert done.stdout.startswith("# 3 Drivers and the halo (20 minutes)\n\n## Aim\n")
    assert len(done.stdout.splitlines()) < 45
    assert cxlab("notes").stdout.count("\n## Aim\n") == 8


def test_a_room_for_a_hub_is_made_and_its_notes_name_what_is_there(tmp_path):
    done = cxlab("serve", "--room", "oslo", "--seats", "2", "--lessons", "2", "--hub", "--folder", str(tmp_path))
    at = (tmp_path / "oslo").resolve()
    assert not re.search("<[A-Z]+>", done.stdout)
    assert f"The room is made: {at}, 2 seats" in done.stdout
    code = textwrap.dedent(re.search(r"```python\n(.*?)```", done.stdout, re.S)[1])
    owners: list[tuple[str, str]] = []
    spawner = SimpleNamespace(user=SimpleNamespace(name="bo"), notebook_dir="")
    told = SimpleNamespace(Spawner=SimpleNamespace())
    exec(code, {"c": told})
    told.Spawner.pre_spawn_hook.__globals__["shutil"] = SimpleNamespace(chown=lambda p, u: owners.append((p.name, u)))
    told.Spawner.pre_spawn_hook(spawner)
    assert spawner.notebook_dir == str(at / "seats" / "02")
    assert sorted(owners) == [(".seat.json", "bo"), ("02", "bo"), ("2-weighting.ipynb", "bo")]
    assert (at / "seats" / "02" / told.Spawner.default_url.removeprefix("/lab/tree/")).is_file()
    if os.name == "posix":
        assert (at / "seats" / "02").stat().st_mode & 0o777 == 0o700
    for path in re.findall(r"(?m)^ *ch(?:grp -R class|mod \d+) (.*)$", done.stdout):
        assert all(Path(p).exists() for p in path.split())


def test_an_account_that_may_not_read_the_room_is_told_what_is_missing(tmp_path, monkeypatch):
    import cxlab as cx
    from cxlab.workshop.classroom import open_room, seat_folder

    at = open_room(tmp_path, "oslo", seats=1, lessons="noise")
    monkeypatch.chdir(seat_folder(at, 1))
    read = Path.read_text

    def refused(self, *args, **options):
        if self.name == "room.json":
            raise PermissionError(13, "Permission denied")
        return read(self, *args, **options)

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(cx.DataProblem) as said:
        cx.lesson("noise")
    assert str(said.value) == (
        f"this account may not read {at.resolve() / 'room.json'}; on a hub its group must be the class's "
        "(`cxlab workshop serve --hub --room NAME` says how)"
    )
