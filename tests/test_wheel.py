"""What `pip install cxlab` gives: the wheel alone, in an environment of its own, far from the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what git knows, without a network."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(made)!r})"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return next(made.glob("cxlab-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The ``cxlab`` command of an environment that has the wheel, and the libraries of this one beside it."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(folder, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    with zipfile.ZipFile(wheel) as pack:
        pack.extractall(site)
    # The libraries stand in a folder of links without the editable cxlab: nothing of the clone may be found.
    shared = [p for p in map(Path, sys.path) if p.name == "site-packages" and p.is_dir()]
    others = folder / "libraries"
    others.mkdir()
    for entry in (e for p in shared for e in p.iterdir()):
        if entry.suffix != ".pth" and "cxlab" not in entry.name and not (others / entry.name).exists():
            (others / entry.name).symlink_to(entry)
    templates = next(p.parents[2] / "share" for p in shared if (p.parents[2] / "share/jupyter/nbconvert").is_dir())
    (folder / "share").symlink_to(templates)  # a library's data files
    (site / "libraries.pth").write_text(f"{others}\n")
    command = folder / "bin" / "cxlab"
    command.write_text(f"#!{folder}/bin/python\nfrom cxlab.cli import main\nif __name__ == '__main__':\n    main()\n")
    command.chmod(0o755)
    return command


def run(command: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CXLAB"))}
    return subprocess.run([str(command), *args], cwd=cwd, env=clean, capture_output=True, text=True, timeout=180)


def test_the_wheel_holds_what_the_repository_shows(wheel):
    with zipfile.ZipFile(wheel) as pack:
        names = set(pack.namelist())
        text = pack.read(next(n for n in names if n.endswith("METADATA"))).decode()
    for folder in ("notebooks", "datasets"):
        listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        assert {f"cxlab/_shipped/{n}" for n in listed.stdout.split()} <= names
    templates = {f"cxlab/report/templates/{p.name}" for p in (ROOT / "cxlab/report/templates").iterdir() if p.is_file()}
    cards = {f"cxlab/hypotheses/cards/{p.name}" for p in (ROOT / "cxlab/hypotheses/cards").iterdir() if p.is_file()}
    assert templates | cards <= names
    assert not any("__pycache__" in n or ".ipynb_checkpoints" in n for n in names)
    assert "Programming Language :: Python :: 3.13" in text


def test_a_report_from_any_folder(installed, tmp_path):
    rows = "".join(f"{k % 11},{k % 5 + 1},{'north' if k % 2 else 'south'}\n" for k in range(220))
    (tmp_path / "my.csv").write_text("recommend,overall satisfaction,region\n" + rows)
    where = run(installed.with_name("python"), "-c", "import cxlab; print(cxlab.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed.parents[1]), where.stdout + where.stderr
    done = run(installed, "report", "scorecard", "my.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "reports/scorecard/my/results.json").read_text())
    assert any(r.get("table") for r in told["results"].values())
    done = run(installed, "report", "scorecard", "abc", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "reports/scorecard/abc/index.html").is_file()) == (0, True), done.stderr


def test_catalogue_and_notebooks_without_a_clone(installed, tmp_path):
    assert "airline-survey" in run(installed, "datasets", cwd=tmp_path).stdout
    assert "figures" in run(installed, "benchmarks", cwd=tmp_path).stdout
    listed = {
        line.split()[0] for line in run(installed, "notebooks", cwd=tmp_path).stdout.splitlines() if line[:1].strip()
    }
    assert listed >= {p.stem for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert run(installed, "notebooks", "copy", "scorecard", cwd=tmp_path).stdout == "scorecard.ipynb\n"
    assert (tmp_path / "scorecard.ipynb").read_bytes() == (ROOT / "notebooks/scorecard.ipynb").read_bytes()
    again = run(installed, "notebooks", "copy", "scorecard", cwd=tmp_path)
    said = "cxlab: scorecard.ipynb: there already; --force replaces, --to names another folder\n"
    assert (again.returncode, again.stderr) == (2, said)
