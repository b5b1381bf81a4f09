"""A batch: what fails fails alone, nothing is done twice, nothing is left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from cxlab.cli import main
from cxlab.problem import DataProblem
from cxlab.report import pool
from cxlab.report.batch import Outcome, batch, folders
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels
from cxlab.report.render import PLAIN, Form
from cxlab.report.shelf import Shelf
from cxlab.report.worker import Done

NUMBER = "import cxlab as cx\nimport matplotlib.pyplot as plt\nplt.plot([float(x), 1]);\ncx.Estimate(x, float(x))"
PARAMETERS = 'study: str = "abc"  # which\nx: str = "0"  # text'


@pytest.fixture
def made(kernels: Kernels):
    """Run a batch and return the outcomes by the text of their job."""

    def run(jobs: list[Job], folder: Path, form: Form = PLAIN, **options) -> dict[str, Outcome]:
        found = batch(jobs, Shelf(folder), form, kernels=kernels, **options)
        return {str(outcome.job): outcome for _, outcome in found}

    return run


def tree(folder: Path) -> list[str]:
    """Return all files under a folder, hidden ones too."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def wait(condition, seconds: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def sums(notebook) -> str:
    return str(notebook(NUMBER, parameters=PARAMETERS, name="sums"))


def test_what_fails_fails_alone_and_nothing_is_mixed(made, sums: str, notebook, tmp_path: Path):
    hang = str(notebook("import time\ntime.sleep(60)", parameters=PARAMETERS, name="hang"))
    dead = str(notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", parameters=PARAMETERS, name="dead"))
    large = str(notebook("x = b'1' * 300_000_000\nimport time\ntime.sleep(9)", parameters=PARAMETERS, name="large"))
    jobs = [Job(sums, "abc", {"x": str(k)}) for k in range(6)]
    jobs += [Job(hang, "abc"), Job(dead, "abc"), Job(large, "abc")]
    found = made(jobs, tmp_path / "out", Form(timeout=4, memory=350_000_000))
    status = {name.split("/")[-1]: outcome.status for name, outcome in found.items()}
    assert list(status.values()).count("made") == 6
    causes = {Path(o.job.notebook).stem: o.cause for o in found.values() if o.cause}
    assert causes["hang"].endswith(
        "it ran longer than the limit of 4 s and was stopped; raise the limit with --timeout"
    )
    assert causes["dead"].endswith("the kernel died while it ran: killed, out of memory, or the cell ended the process")
    assert "MB; the limit is 350 MB of memory and was stopped; raise the limit with --memory" in causes["large"]
    pictures = set()
    for k in range(6):
        name = "abc" if k == 0 else f"abc-x={k}"
        results = json.loads((tmp_path / f"out/sums/{name}/results.json").read_text())["results"]
        assert [r["value"] for r in results.values()] == [float(k)]
        html = (tmp_path / f"out/sums/{name}/index.html").read_text()
        pictures.add(html.split("data:image/png;base64,")[1][:20000])
    assert len(pictures) == 6
    table = pd.read_parquet(tmp_path / "out/results.parquet")
    assert sorted(table["estimate"]) == [0, 1, 2, 3, 4, 5]
    index = (tmp_path / "out/index.html").read_text()
    assert index.count("<li data-subject") == 9
    assert not [f for f in tree(tmp_path / "out") if "/." in f]


def test_resume_makes_only_what_changed(made, sums: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine.csv").write_text("nps\n" + "\n".join(map(str, range(11))))
    mine = str(tmp_path / "mine.csv")
    jobs = [Job(sums, mine, {"x": "1"}), Job(sums, "abc", {"x": "2"})]
    out = tmp_path / "out"
    assert {o.status for o in made(jobs, out, resume=True).values()} == {"made"}
    before = {name: (out / name).read_bytes() for name in tree(out)}
    with monkeypatch.context() as forbidden:
        forbidden.setattr(pool, "Pool", None)  # nothing may run
        assert [o.status for o in made(jobs, out, resume=True).values()] == ["unchanged", "unchanged"]
    assert {name: (out / name).read_bytes() for name in tree(out)} == before
    (tmp_path / "mine.csv").write_text("nps\n" + "\n".join(map(str, range(10))))
    changed = made([*jobs, Job(sums, "abc", {"x": "3"})], out, resume=True)
    assert [o.status for o in changed.values()] == ["unchanged", "made", "made"]
    (out / "sums/abc-x=2/run.json").unlink()
    assert [o.status for o in made(jobs, out, resume=True).values()] == ["unchanged", "made"]
    assert [o.status for o in made(jobs, out, Form(("html", "xlsx")), resume=True).values()] == ["made", "made"]


def test_two_reports_never_share_a_folder(sums: str, tmp_path: Path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "data.csv").write_text("nps\n1\n")
    with pytest.raises(DataProblem) as problem:
        folders([Job(sums, str(tmp_path / place / "data.csv")) for place in ("a", "b")])
    assert "would both write to sums/data; ask for each report once" in str(problem.value)


def test_a_killed_worker_is_replaced_and_its_job_done_again(made, notebook, tmp_path: Path):
    slow = str(notebook("import time\ntime.sleep(float(x))", parameters=PARAMETERS, name="slow"))
    jobs = [Job(slow, "abc", {"x": x}) for x in ("2", "0.1", "0.2")]
    killed = []

    def kill(k: int, share: float) -> None:
        if k == 0 and share > 0.5 and not killed:
            drafts = list((tmp_path / "out/slow").glob(".abc-x=2-*"))
            killed.append(int(drafts[0].name.split("-")[-2]))
            os.kill(killed[0], signal.SIGKILL)

    found = made(jobs, tmp_path / "out", workers=2, progress=kill)
    assert killed
    assert {o.status for o in found.values()} == {"made"}
    assert not [f for f in tree(tmp_path / "out") if "/." in f]


SHARED = """from pathlib import Path
import time
import matplotlib.pyplot as plt
plt.plot([float(x), 1])
plt.savefig("plot.png")
own = Path("plot.png").read_bytes()
Path(there, x).touch()
while len(list(Path(there).iterdir())) < 2:
    time.sleep(0.05)
print(x, Path("plot.png").read_bytes() == own, [p.name for p in Path().iterdir()])"""


def test_two_runs_at_once_write_the_same_name_and_see_their_own(made, notebook, tmp_path: Path):
    path = str(notebook(SHARED, parameters=PARAMETERS + '\nthere: str = ""', name="shared"))
    (tmp_path / "both").mkdir()
    jobs = [Job(path, "abc", {"x": x, "there": str(tmp_path / "both")}) for x in ("1", "2")]
    found = made(jobs, tmp_path / "out", Form(timeout=30))
    assert [o.cause for o in found.values()] == ["", ""]
    said = [json.loads((Path(o.page).parent / "notebook.ipynb").read_text())["cells"][-1] for o in found.values()]
    texts = sorted("".join(next(o for o in cell["outputs"] if "text" in o)["text"]) for cell in said)
    assert texts == ["1 True ['plot.png']\n", "2 True ['plot.png']\n"]


@pytest.mark.slow
def test_two_batches_into_one_folder_lose_nothing(made, sums: str, tmp_path: Path):
    jobs = [[Job(sums, "abc", {"x": str(10 * b + k)}) for k in range(1, 5)] for b in (0, 1)]
    jobs[1] += jobs[0][:2]
    found: list[dict] = [{}, {}]

    def run(b: int) -> None:
        found[b] = made(jobs[b], tmp_path / "out")

    threads = [threading.Thread(target=run, args=(b,)) for b in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {o.status for f in found for o in f.values()} == {"made"}
    assert sorted(pd.read_parquet(tmp_path / "out/results.parquet")["estimate"]) == [1, 2, 3, 4, 11, 12, 13, 14]
    assert (tmp_path / "out/index.html").read_text().count("<li data-subject") == 8


def test_ctrl_c_leaves_no_half_report_and_no_kernel(notebook, tmp_path: Path):
    source = f"import os, time\nopen(f'{tmp_path}/{{x}}.pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    slow = notebook(source, parameters=PARAMETERS, name="slow")
    (tmp_path / "plan.yml").write_text(
        f"reports: [{{notebook: {slow}, study: abc, list: [{{x: 1}}, {{x: 2}}, {{x: 3}}]}}]".replace(": 1}", ': "1"}')
        .replace(": 2}", ': "2"}').replace(": 3}", ': "3"}')
    )  # fmt: skip
    program = [sys.executable, "-c", "from cxlab.cli import main; main()", "batch", "plan.yml", "--trust"]
    caller = subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    pids = [tmp_path / "1.pid", tmp_path / "2.pid"]
    wait(lambda: all(p.is_file() and p.read_text() for p in pids))
    family = psutil.Process(caller.pid).children(recursive=True)
    os.killpg(caller.pid, signal.SIGINT)
    _, said = caller.communicate(timeout=30)
    assert caller.returncode == 130
    assert [line for line in said.splitlines() if line][-2:] == [
        "interrupted: 0 of 3 reports are there; the rest: the same command with --resume",
        "cxlab: interrupted",
    ]
    wait(lambda: not any(psutil.pid_exists(int(p.read_text())) for p in pids), 10)
    wait(lambda: not any(p.is_running() for p in family), 10)
    assert not [f for f in tree(tmp_path / "reports") if f.startswith("slow/")]


@pytest.mark.slow
def test_the_same_plan_twice_gives_the_same_numbers(made, tmp_path: Path):
    jobs = [Job("start", "abc"), Job("start", "brand-tracker", {"only": {"brand": "Alba", "wave": "8"}})]
    for name in ("a", "b"):
        assert {o.status for o in made(jobs, tmp_path / name).values()} == {"made"}
    numbers = [f for f in tree(tmp_path / "a") if f.endswith("results.json")]
    assert len(numbers) == 2
    for file in numbers:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_brand_that_is_markup_is_text_everywhere(made, notebook, tmp_path: Path):
    brand = "<script>alert(1)</script>"
    frame = pd.DataFrame({"brand": [brand, "Brio"] * 40, "nps": [k % 11 for k in range(80)]})
    frame.to_csv(tmp_path / "brands.csv", index=False)
    show = "import cxlab as cx\ndata = cx.load(study).where(**only)\ncx.nps(data, by='brand')"
    path = notebook(show, parameters='study: str = ""\nonly: dict[str, str] | None = None', name="show")
    found = made([Job(str(path), str(tmp_path / "brands.csv"), {"only": {"brand": brand}})], tmp_path / "out")
    outcome = next(iter(found.values()))
    assert outcome.status == "made", outcome.cause
    for page in (Path(outcome.page), tmp_path / "out/index.html"):
        text = page.read_text()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_no_row_of_a_customer_is_in_a_report(made, tmp_path: Path):
    frame = pd.DataFrame({"nps": [k % 11 for k in range(60)], "satisfaction": [1 + k % 5 for k in range(60)]})
    frame["comment"] = [f"my secret no {1000 + k}, call 69-{70000 + k} please" for k in range(60)]
    frame["email"] = [f"person{k}@example.org" for k in range(60)]
    frame.to_csv(tmp_path / "mine.csv", index=False)
    jobs = [Job(name, str(tmp_path / "mine.csv")) for name in ("start", "quality", "scorecard")]
    found = made(jobs, tmp_path / "out")
    assert {o.status for o in found.values()} == {"made"}, [o.cause for o in found.values()]
    for file in tree(tmp_path / "out"):
        text = (tmp_path / "out" / file).read_bytes()
        assert b"my secret" not in text, file
        assert b"@example.org" not in text, file


SLOW = """import time
from pathlib import Path
Path(there, x).touch()
time.sleep(1)"""


@pytest.fixture
def slow_plan(notebook, tmp_path: Path) -> Path:
    """A plan of six reports, each of which says that it runs and waits a second."""
    path = notebook(SLOW, parameters=PARAMETERS + '\nthere: str = ""', name="slow")
    (tmp_path / "begun").mkdir()
    (tmp_path / "plan.yml").write_text(
        f"reports: [{{notebook: {path}, study: abc, parameters: {{there: {tmp_path / 'begun'}}}, "
        'grid: {x: ["1", "2", "3", "4", "5", "6"]}}]'
    )
    return tmp_path


def started(folder: Path, *arguments: str, **options) -> subprocess.Popen:
    """Start a batch of the slow plan and wait until its first report runs."""
    program = [sys.executable, "-c", "from cxlab.cli import main; main()", "batch", "plan.yml", "--trust"]
    caller = subprocess.Popen(
        [*program, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )
    wait(lambda: any((folder / "begun").iterdir()))
    return caller


def family(caller: subprocess.Popen, word: str) -> list[psutil.Process]:
    """Return the processes below a batch whose command names ``word``."""
    found = psutil.Process(caller.pid).children(recursive=True)
    return [p for p in found if word in " ".join(p.cmdline())]


KILLED = {
    "fork server of the kernels": lambda caller: family(caller, "cxlab.report.kernel")[:1],
    "fork server of the workers": lambda caller: family(caller, "multiprocessing.forkserver")[:1],
    "workers and their fork server": lambda caller: family(caller, "multiprocessing.forkserver"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", KILLED)
def test_whoever_is_killed_no_report_is_lost(slow_plan: Path, what: str):
    caller = started(slow_plan, stdout=subprocess.PIPE)
    victims = KILLED[what](caller)
    assert victims
    for process in victims:
        process.kill()
    said, errors = caller.communicate(timeout=120)
    assert errors.splitlines()[-1] == "6 reports: 6 made; all in reports/index.html", errors
    assert (caller.returncode, len(said.splitlines())) == (0, 6)
    assert not [f for f in tree(slow_plan / "reports") if "/." in f]


def test_a_worker_is_started_once_the_killed_fork_server_is_gone(tmp_path: Path, monkeypatch):
    """A server that was killed refuses calls for a while before Python sees that it is gone, and starts another."""
    started, refusals = [], iter([ConnectionRefusedError(111, "Connection refused")] * 5 + [EOFError()])

    class Process:
        pid, exitcode, terminate, join = 1, 0, lambda self: None, lambda self, seconds: None
        is_alive = lambda self: False  # noqa: E731

        def __init__(self, **_):
            pass

        def start(self):
            if (refusal := next(refusals, None)) is not None:
                raise refusal
            started.append(self)

    workers = pool.Pool(Kernels.at(tmp_path), tmp_path, PLAIN, 1)
    monkeypatch.setattr(workers.context, "Process", Process)
    workers.start()
    assert len(started) == 1
    workers.close()
    monkeypatch.setattr(pool, "PATIENCE", 0)
    refusals = iter([ConnectionRefusedError(111, "Connection refused")] * 100)
    with pytest.raises(OSError, match=r"^no worker process can be started: \[Errno 111\] Connection refused$"):
        workers.start()


def test_a_server_of_kernels_on_its_way_out_is_awaited_and_replaced(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kernels = Kernels.at(Path())  # the path of a socket must be short
    monkeypatch.setattr(kernels, "start", lambda: begun.append(1))
    begun = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(kernels.address)
        listener.listen()
        with subprocess.Popen(["sleep", "60"]) as kernels.server:
            kernels.alive(doubted=True)
            assert not begun  # it listens: nothing to wait for
            kernels.server.kill()
    with subprocess.Popen(["sleep", "0.3"]) as kernels.server:  # listens no more, and is not gone yet
        kernels.alive()
        assert not begun
        kernels.alive(doubted=True)
        assert begun == [1]


@pytest.mark.slow
def test_a_reader_that_goes_away_changes_nothing(slow_plan: Path):
    caller = started(slow_plan, stdout=subprocess.PIPE)
    caller.stdout.close()
    errors = caller.stderr.read()
    assert caller.wait(60) == 0
    assert errors.splitlines()[-1] == "6 reports: 6 made; all in reports/index.html"
    assert "Traceback" not in errors and "BrokenPipe" not in errors


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_a_batch_that_is_ended_says_so(slow_plan: Path, end: signal.Signals):
    caller = started(slow_plan, stdout=subprocess.PIPE)
    below = psutil.Process(caller.pid).children(recursive=True)
    caller.send_signal(end)
    _, errors = caller.communicate(timeout=30)
    assert caller.returncode == 130
    assert "of 6 reports are there; the rest: the same command with --resume" in errors
    wait(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in below), 10)


@pytest.mark.parametrize(
    ("end", "why"),
    [(None, "nothing says why"), (BrokenPipeError(32, "Broken pipe"), "BrokenPipeError: [Errno 32] Broken pipe"),
     (EOFError("no more"), "EOFError: no more")],
)  # fmt: skip
def test_a_batch_that_breaks_off_is_never_silent(sums: str, tmp_path: Path, monkeypatch, capsys, end, why: str):
    """Click ends a command without a word on a broken pipe, and calls the end of a file an interruption."""

    def half(jobs, *_, **__):
        yield 0, Done(page="reports/sums/abc-x=1/index.html")
        if end:
            raise end

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pool, "run", half)
    Path("plan.yml").write_text(f'reports: [{{notebook: {sums}, study: abc, grid: {{x: ["1", "2"]}}}}]')
    monkeypatch.setattr(sys, "argv", ["cxlab", "batch", "plan.yml", "--trust"])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert stop.value.code == 1
    assert said.out.startswith("reports/sums/abc-x=1/index.html")
    assert said.err.splitlines()[-1] == (
        f"Error: the batch broke off ({why}); 1 of 2 reports were neither made nor failed ({sums} abc x=2); "
        "the same command with --resume goes on"
    )


def test_a_full_disk_costs_only_what_did_not_fit(notebook, tmp_path: Path):
    """A limit on the size of files stands for the disk: what is written beyond it fails at any moment."""
    notebook("import cxlab as cx\ncx.Estimate(x, float(x))", "print(study * 9000)", parameters=PARAMETERS)
    program = [sys.executable, "-c", "from cxlab.cli import main; main()", "report", "tiny.ipynb", "abc", "--trust"]

    def run(*more: str, most: int) -> subprocess.CompletedProcess:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # noqa: E731
        return subprocess.run([*program, *more], cwd=tmp_path, capture_output=True, text=True, preexec_fn=limit)

    assert run(most=10**9).returncode == 0
    before = {name: (tmp_path / name).read_bytes() for name in tree(tmp_path)}
    assert len(before["reports/tiny/abc/index.html"]) > 27_000
    cause = "FAILED tiny.ipynb abc: it could not be written: File too large (reports"
    done = run(most=20_000)  # the index fits, the report does not
    assert (done.returncode, done.stdout) == (1, "")
    assert cause in done.stderr
    changed = {name for name in tree(tmp_path) if before.get(name) != (tmp_path / name).read_bytes()}
    assert changed <= {"reports/index.html", "reports/results.parquet"}
    before |= {name: (tmp_path / name).read_bytes() for name in changed}
    done = run(most=5_000)  # nor does the index
    assert (done.returncode, done.stdout) == (1, "")
    assert cause in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "Error: the batch broke off (OSError: the index over the reports was not written: "
    )
    assert {name: (tmp_path / name).read_bytes() for name in tree(tmp_path)} == before


def test_two_files_of_one_name_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a later run of the other: who came first keeps the short name, --resume finds both."""
    from cxlab.report.batch import folders, told_apart

    monkeypatch.chdir(tmp_path)
    files = ("survey.csv", "may/survey.csv", "june/survey.csv", "june/survey.tsv", "b/june/survey.csv")
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("nps\n9\n")
    jobs = [Job("scorecard", file) for file in files]
    names = folders(told_apart(jobs))
    assert names[:4] == [
        f"scorecard/survey{more}" for more in ("", "-may", "-june", names[3][len("scorecard/survey") :])
    ]
    assert len(set(names)) == 5
    there = {name: {"parameters": {"study": job.study}} for name, job in zip(names, jobs, strict=True)}
    for job, name in zip(jobs, names, strict=True):
        assert folders(told_apart([job], there.get)) == [name]
    absolute = [Job("scorecard", str(tmp_path / file)) for file in files]
    assert folders(told_apart(absolute, there.get)) == names


def test_folders_differ_by_more_than_capital_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of brands 'ACME' and 'acme' neither writes over the other where a file system knows no capital letters."""
    from cxlab.report.batch import folders, told_apart

    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("brand,nps\nACME,9\nacme,3\n")
    jobs = [Job("scorecard", "t.csv", {"only": {"brand": b}}) for b in ("ACME", "acme", "Acme", "other")]
    names = folders(told_apart(jobs))
    assert names[0] == "scorecard/t-brand=ACME" and names[3] == "scorecard/t-brand=other"
    assert len({n.casefold() for n in names}) == 4
    assert folders(told_apart(jobs)) == names
