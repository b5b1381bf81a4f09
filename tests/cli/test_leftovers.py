"""No command leaves what it unpacked: not after success, failure, Ctrl-C, or kill -9 while the file lies unpacked."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

DRIVER = '''
import atexit, json, os, signal, sys, tempfile, traceback
from pathlib import Path

sys.path.insert(0, {here!r})
import cxlab as cx, cxlab.cli
import charset_normalizer, narwhals, pandas, polars, scipy.stats
from cxlab.cli import cmd_claims, cmd_codebook, cmd_doctor, cmd_pivot, cmd_plan, cmd_register, cmd_verdict
from cxlab.data import infer, load, quality, readers
from cxlab.hypotheses import card, plan, scoreboard, verdict

card.cards()
from cxlab.data.readers import delimited

def ended(args, end):
    """Be a command that stops in a way, while what it unpacked lies in the temporary folder."""
    readers.SMALL = delimited.SMALL = 0  # as a large file: it stays unpacked as long as it may be scanned
    opened, looked = readers.open_file, []
    def stop(*given, **options):
        raw = opened(*given, **options)
        if given[0].suffix != ".gz":  # what was packed, on its way
            return raw
        looked.append([p for p in Path(tempfile.gettempdir()).rglob("*.csv") if b"jane" in p.read_bytes()])
        Path("seen").write_text("yes" if any(looked) else "no")
        if end == "failure":
            raise cx.DataProblem("no")
        if end in ("Ctrl-C", "kill -9"):
            os.kill(os.getpid(), signal.SIGINT if end == "Ctrl-C" else signal.SIGKILL)
        return raw
    readers.open_file = stop
    if args[0] == "load":
        cx.load(args[1])
    else:
        sys.argv = ["cxlab", *args]
        cxlab.cli.main()

for args, end, folder in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        os.chdir(folder)
        tempfile.tempdir = None
        os.environ["TMPDIR"] = str(Path(folder, "tmp"))
        for out in (1, 2):
            os.dup2(os.open("said", os.O_CREAT | os.O_WRONLY | os.O_APPEND), out)
        try:
            ended(args, end)
        except (Exception, SystemExit, KeyboardInterrupt):
            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)
'''
COMMANDS = {
    "load": ["load", "cust.csv.gz"],
    "doctor": ["doctor", "cust.csv.gz"],
    "codebook infer": ["codebook", "infer", "cust.csv.gz"],
    "codebook set": ["codebook", "set", "cust.csv.gz", "town", "role=segment"],
    "codebook check": ["codebook", "check", "cust.csv.gz"],
    "register check": ["register", "check", "cust.csv.gz"],
    "pivot": ["pivot", "cust.csv.gz"],
    "plan": ["plan", "CX-01", "cust.csv.gz"],
    "verdict": ["verdict", "CX-24", "cust.csv.gz"],
    "claims": ["claims", "--for", "cust.csv.gz"],
}
WRITES = {"codebook set": ["cust.csv.datapackage.json"]}
ENDS = ("success", "failure", "Ctrl-C", "kill -9")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """The folder in which each command came to each end, one temporary folder each."""
    made, cases = {}, []
    for name, args in COMMANDS.items():
        for end in ENDS:
            folder = tmp_path_factory.mktemp("case")
            (folder / "tmp").mkdir()
            rows = "".join(f"{k % 11};Zürich {k % 5};jane{k}@example.com\n" for k in range(300))
            with gzip.open(folder / "cust.csv.gz", "wb") as file:
                file.write(f"recommend;town;mail\n{rows}".encode("cp1252"))
            made[name, end] = folder
            cases.append((args, end, str(folder)))
    program = DRIVER.format(here=str(Path(__file__).parents[2]))
    subprocess.run([sys.executable, "-c", program, json.dumps(cases)], check=True, timeout=300)
    return made


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leaves_nothing(folders: dict[tuple[str, str], Path], name: str, end: str) -> None:
    folder = folders[name, end]
    assert (folder / "seen").read_text() == "yes", (folder / "said").read_text()
    until = time.monotonic() + 60
    while (left := list((folder / "tmp").iterdir())) and time.monotonic() < until:
        time.sleep(0.1)  # a shell of its own removes what a killed process left
    assert not left
    made = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    own = {"cust.csv.gz", "seen", "said", *(WRITES.get(name, ()) if end == "success" else ())}
    assert made <= own
