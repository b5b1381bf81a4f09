"""The rules of the house that a program can check. Run as a script, this file writes environment.yml."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTEBOOKS = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "duckdb", "polars", "pyarrow", "narwhals", "IPython", "click"}


def environment() -> str:
    """Return environment.yml as pyproject.toml wants it."""
    lines = ["name: cxlab", "channels:", "  - conda-forge", "dependencies:", f"  - python{PROJECT['requires-python']}"]
    lines += ["  - pip", "  - pip:", "      - -c constraints.txt"]
    lines += [f"      - {requirement}" for requirement in PROJECT["dependencies"]]
    return "\n".join([*lines, "      - -e .", ""])


def test_conda_users_get_the_same_environment() -> None:
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment(), "run: make environment.yml"


def test_conda_understands_the_environment() -> None:
    import yaml
    from rattler import MatchSpec

    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    specs = [MatchSpec(d, strict=True) for d in content["dependencies"] if isinstance(d, str)]
    assert [str(s.name.normalized) for s in specs] == ["python", "pip"]
    pip = next(d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    for requirement in pip[1:-1]:
        MatchSpec(requirement.replace("[", " [").split(" [")[0], strict=True)


def test_every_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().split("\n")
    pinned = {re.split(r"[=<>]", line)[0].replace("_", "-") for line in lines}
    wanted = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]
    names = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in wanted}
    assert names - pinned == set()


def test_import_is_light_and_silent() -> None:
    program = "import sys; before = set(sys.modules); import cxlab; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert done.stderr == ""
    assert "cxlab" in loaded
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()
    assert len(loaded) < 40


def test_every_public_name_is_there() -> None:
    import cxlab

    for name in cxlab.__all__:
        assert getattr(cxlab, name) is not None, name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(ROOT / "notebooks").with_suffix("")))
def test_notebooks_keep_the_rules(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert cells[0]["cell_type"] == "markdown", "the first cell is the title and the question"
    assert "".join(cells[0]["source"]).startswith("# ")
    assert len([c for c in code if "parameters" in c["metadata"].get("tags", [])]) == 1, "one cell tagged 'parameters'"
    for cell in code:
        source = "".join(cell["source"])
        assert cell["outputs"] == [] and cell["execution_count"] is None, f"{cell['id']}: outputs; run nbstripout"
        assert len(source.splitlines()) <= 12, f"{cell['id']}: at most 12 lines a cell"
        if not source.lstrip().startswith(("%", "!")):
            kinds = {type(node) for node in ast.walk(ast.parse(source))}
            assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef}, f"{cell['id']}: def or class"
    for cell in cells:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell["id"]), f"{cell['id']}: ids are words"
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", cell["id"]), f"{cell['id']}: a random id"


def test_notebooks_are_stripped() -> None:
    keys = "metadata.papermill cell.metadata.papermill cell.metadata.execution"
    command = [sys.executable, "-m", "nbstripout", "--keep-id", "--verify", "--extra-keys", keys, *map(str, NOTEBOOKS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def stub() -> str:
    """Return what ``cxlab/__init__.pyi`` must say: each public name, imported from where it lives."""
    from cxlab import _WHERE

    head = [
        "# Written from the table in __init__.py by `python tests/test_house.py`; editors read it to jump and complete."
    ]
    lines = [f"from {module} import {name} as {name}" for name, module in sorted(_WHERE.items(), key=lambda x: x[::-1])]
    return "\n".join([*head, *lines, "", "__version__: str", "__all__: list[str]", ""])


def test_editors_find_every_public_name() -> None:
    there = (ROOT / "cxlab" / "__init__.pyi").read_text(encoding="utf-8")
    assert there == stub(), "run `python tests/test_house.py`"
    assert (ROOT / "cxlab" / "py.typed").exists()


@pytest.mark.parametrize("name", ["nps", "drivers", "load", "verdict", "Study"])
def test_an_editor_jumps_to_a_function_and_completes(name: str) -> None:
    import jedi

    import cxlab

    source = f"import cxlab as cx\ncx.{name}"
    script = jedi.Script(source, project=jedi.Project(ROOT))
    (goal,) = script.goto(2, len(f"cx.{name}"), follow_imports=True)
    assert goal.full_name == f"{cxlab._WHERE[name]}.{name}" and Path(goal.module_path).suffix == ".py"
    assert name in {c.name for c in jedi.Script("import cxlab as cx\ncx.", project=jedi.Project(ROOT)).complete(2, 3)}


MODULES = sorted((ROOT / "cxlab").rglob("*.py"))


def test_no_file_name_stands_twice() -> None:
    names = [p.name for p in (ROOT / "cxlab").rglob("*.py") if not p.name.startswith("__")]
    twice = sorted({n for n in names if names.count(n) > 1})
    assert twice == ["sample.py"], "the reader of the claims is to go into that of the data; nothing else may join it"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_named_in_the_documents_is_there(page: str) -> None:
    named = set(re.findall(r"`([\w./*<>-]+/[\w./*<>-]*|[\w*<>-]+\.(?:py|toml|md|txt|yml))`", (ROOT / page).read_text()))
    roots = [ROOT, ROOT / "cxlab", *(p for p in (ROOT / "cxlab").rglob("*") if p.is_dir() and p.name != "__pycache__")]
    missing = []
    for path in sorted(named):
        pattern = re.sub(r"<\w+>|NN", "*", path).rstrip("/")
        if not any(list(root.glob(pattern)) for root in roots):
            missing.append(path)
    assert missing == []


def test_modules_and_functions_stay_short() -> None:
    long = []
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        if len(source.splitlines()) > 400:
            long.append(f"{path.relative_to(ROOT)}: {len(source.splitlines())} lines; at most 400")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                said = len((ast.get_docstring(node, clean=False) or "").splitlines())
                lines = node.end_lineno - node.lineno + 1 - said
                if lines > 60:
                    long.append(f"{path.relative_to(ROOT)} {node.name}: {lines} lines; at most 60")
    assert long == []


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
    (ROOT / "cxlab" / "__init__.pyi").write_text(stub(), encoding="utf-8")
