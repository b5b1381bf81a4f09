"""What a report must not tell: a password of a database, a customer's address in an error; in any file it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cxlab.report import render

PASSWORD = "s3cr3tPW"
ADDRESSES = (
    f"postgresql://me:{PASSWORD}@127.0.0.1:1/db",
    f"postgresql://127.0.0.1:1/db?user=me&password={PASSWORD}",
    f"postgresql+pg8000://me:x/{PASSWORD}@y@127.0.0.1:1/db",
)


def everything(folder: Path) -> bytes:
    """The names and the content of all files under a folder."""
    return b"".join(str(p.relative_to(folder)).encode() + p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_a_password_is_in_no_file_and_not_on_the_terminal(tmp_path):
    program = "from cxlab.cli import main\nif __name__ == '__main__':\n    main()"
    (tmp_path / "run.py").write_text(program)
    command = [sys.executable, str(tmp_path / "run.py"), "report", "scorecard", *ADDRESSES, "abc", "--output", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and f"{len(ADDRESSES) + 1} reports: 1 made, {len(ADDRESSES)} failed" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert done.stderr.count("***") >= len(ADDRESSES)
    assert PASSWORD.encode() not in everything(tmp_path / "out")
    command[-2:] = ["--output", "out", "--json"]
    assert PASSWORD not in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120).stdout


def test_a_report_that_is_made_does_not_tell_either(notebook, kernels, tmp_path):
    source = "import cxlab as cx\nprint(study)\ncx.load('abc')"
    address = f"postgresql://me:{PASSWORD}@host/db"
    made = render.report(str(notebook(source)), address, kernels=kernels, output=tmp_path / "out")
    assert made.failure is None
    assert PASSWORD not in str(made.folder) and PASSWORD.encode() not in everything(made.folder)


def test_a_customer_in_an_error_is_in_no_file(notebook, kernels, tmp_path):
    said = "Could not convert string 'jane.doe@example.com' or '+49 151 1234567'; failed to allocate 378000000000 bytes"
    print_it = "import sys\n\ndef fail():\n    print('jane.doe@example.com', file=sys.stderr)\n"
    (tmp_path / "helper.py").write_text(f"{print_it}    raise ValueError({said!r})\n")
    path = notebook(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport helper\nhelper.fail()")
    made = render.report(str(path), "abc", kernels=kernels, output=tmp_path / "out")
    assert "'[email]' or '[phone]'; failed to allocate 378000000000 bytes" in made.failure.cause
    assert b"jane.doe" not in everything(tmp_path / "out") and b"1234567'" not in everything(tmp_path / "out")
