"""The rules of the house that a program can check. Run as a script, this file writes environment.yml."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
import types
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
    for room, names in cxlab._ROOMS.items():
        assert set(names) <= set(dir(getattr(cxlab, room)))


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


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_page_of_one_study_shows_no_numbers_of_another(path: Path) -> None:
    """Only the parameter `study` names a study by itself: whoever names another one gets a page of that alone."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (given,) = ["".join(c["source"]) for c in cells if "parameters" in c["metadata"].get("tags", ())]
    named = {n.target.id: n.value.value for n in ast.parse(given).body
             if isinstance(n, ast.AnnAssign) and isinstance(n.value, ast.Constant)}  # fmt: skip
    names = {p.stem for p in (ROOT / "datasets").glob("*.json")}
    assert {"customers", "purchases", "offers"} <= names
    assert not {k: v for k, v in named.items() if k != "study" and v in names}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_an_optional_part_names_is_used_in_it_alone(path: Path) -> None:
    """Where the data do not allow a part no later one ends in a NameError: what others need is no optional part, or one
    that somebody asks for (``asked=of``: what is wrong ends the page), and they look whether it was asked for."""
    sure, perhaps, broken = set[str](), dict[str, str](), []
    for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
        tree = ast.parse("\n".join(x for x in source.split("\n") if not x.startswith(("%", "!"))))
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        own = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        looked = {
            n.id for x in ast.walk(tree) if isinstance(x, ast.If) for n in ast.walk(x.test) if isinstance(n, ast.Name)
        }
        used = {n.id for n in names} - own - sure
        broken += [(i, name) for name in used if name in perhaps and perhaps[name] not in looked]
        within, inside = dict[str, str](), set[int]()
        for part in (n for n in ast.walk(tree) if isinstance(n, ast.With)):
            found = re.fullmatch(r"cx\.pages\.optional\((?:asked=(\w+).*)?\)", ast.unparse(part.items[0]))
            stored = {n.id for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            within |= dict.fromkeys(stored, found[1] or "") if found else {}
            inside |= {id(n) for n in ast.walk(part)} if found else set()
        sure |= {n.id for n in names if isinstance(n.ctx, ast.Store) and id(n) not in inside}
        perhaps |= within
    assert not broken


def test_notebooks_are_stripped() -> None:
    keys = "metadata.papermill cell.metadata.papermill cell.metadata.execution"
    command = [sys.executable, "-m", "nbstripout", "--keep-id", "--verify", "--extra-keys", keys, *map(str, NOTEBOOKS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


WRITTEN = "Written from the table in `cxlab/__init__.py` by `python tests/test_house.py`"


def named() -> dict[str, str]:
    """Return every public name with the module it lives in, those of the rooms too."""
    from cxlab import _ROOMS, _WHERE

    return {**_WHERE, **{name: module for names in _ROOMS.values() for name, module in names.items()}}


def stub() -> str:
    """Return what ``cxlab/__init__.pyi`` must say: each daily name, imported from where it lives, and the rooms."""
    from cxlab import _ROOMS, _WHERE

    lines = [f"from {module} import {name} as {name}" for name, module in sorted(_WHERE.items(), key=lambda x: x[::-1])]
    lines += [f"from cxlab.rooms import {room} as {room}" for room in sorted(_ROOMS)]
    lines.sort(key=lambda line: line.split()[1])
    head = [f"# {WRITTEN}; editors read it to jump and complete."]
    return "\n".join([*head, *lines, "", "__version__: str", "__all__: list[str]", ""])


def rooms() -> dict[str, str]:
    """Return the text of each module in ``cxlab/rooms``: its special names, and the daily names that live with them.

    They live in the folder of the first special name; in ``data``, which has many subjects, in the same modules.
    """
    from cxlab import _ROOMS, _WHERE

    texts = {}
    for room, special in _ROOMS.items():
        folder = next(iter(special.values())).rpartition(".")[0]
        flat = folder == "cxlab.data"
        near = {n: m for n, m in _WHERE.items() if not flat and m.rpartition(".")[0] == folder}
        daily = {**near, **{n: m for n, m in _WHERE.items() if flat and m in special.values()}}
        inside = sorted({**special, **daily}.items(), key=lambda x: x[::-1])
        lines = [f"    from {module} import {name} as {name}" for name, module in inside]
        where = [f'        "{name}": "{module}",' for name, module in inside]
        head = [f'"""The room `cx.{room}`. {WRITTEN}."""', ""]
        head += ["from typing import TYPE_CHECKING", "", "from cxlab.rooms import on_demand", "", "if TYPE_CHECKING:"]
        tail = ["", "__getattr__, __dir__, __all__ = on_demand(", "    __name__,", "    {", *where, "    },", ")", ""]
        texts[room] = "\n".join([*head, *lines, *tail])
    return texts


TYPED = {"league": "League", "drivers": "DriverShares", "comparison": "Comparison", "trend": "Trend"}
"""Kinds of results that have a class of their own, so that an editor knows what they hold."""


def kinds() -> str:
    """Return the text of ``cxlab/typed_results.py``: a class a kind, a property a part, from the table of parts."""
    from cxlab.parts import PARTS
    from cxlab.result import Result

    head = [f'"""Results whose parts an editor knows. {WRITTEN.replace("__init__", "parts")}."""']
    head += ["", "from __future__ import annotations", "", "from dataclasses import dataclass", ""]
    head += ["import numpy as np", "import pandas as pd", "", "from cxlab.result import Result", ""]
    for kind, name in TYPED.items():
        head += ["", "@dataclass(frozen=True, repr=False)", f"class {name}(Result):"]
        head += [f'    """A result of kind \'{kind}\': each of its ``parts`` is a property, too."""']
        for part, (form, said) in PARTS[kind].items():
            if part in dir(Result) or part in Result.__dataclass_fields__:
                continue
            head += [
                "",
                "    @property",
                f"    def {part}(self) -> {form}:",
                f'        """Return {said}."""',
            ]
            head += [f'        return self.parts["{part}"]']
        head += [""]
    return "\n".join(head)


def test_results_have_a_property_for_every_part() -> None:
    assert (ROOT / "cxlab" / "typed_results.py").read_text(encoding="utf-8") == kinds(), (
        "run `python tests/test_house.py`"
    )


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        ("league(data)", {"funnel", "may_be_top", "separated_pairs", "case_mix"}),
        ("drivers(data)", {"r2", "pairs", "noise_floor"}),
        ("compare(data, 'nps', by='brand')", {"groups", "smallest", "family"}),
        ("trend(data, 'nps')", {"wave", "changes", "correction"}),
        ("verdict('CX-04', data)", {"direction", "number", "association", "grade", "sentence", "reason", "threat"}),
    ],
)
def test_an_editor_knows_what_a_result_holds(call: str, parts: set[str]) -> None:
    import jedi

    text = f"import cxlab as cx\ndata = cx.load('brand-tracker')\nfound = cx.{call}\nfound."
    known = {c.name for c in jedi.Script(text, project=jedi.Project(ROOT)).complete(4, 6)}
    assert parts - known == set()


def test_editors_find_every_public_name() -> None:
    there = (ROOT / "cxlab" / "__init__.pyi").read_text(encoding="utf-8")
    assert there == stub(), "run `python tests/test_house.py`"
    assert (ROOT / "cxlab" / "py.typed").exists()
    there = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "cxlab" / "rooms").glob("[!_]*.py")}
    assert there == rooms(), "run `python tests/test_house.py`"


def test_a_room_hides_no_function_and_no_name_stands_twice() -> None:
    from cxlab import _ROOMS, _WHERE

    inside = [name for names in _ROOMS.values() for name in names]
    inner = {p.stem for p in (ROOT / "cxlab").iterdir() if not p.name.startswith("__")}
    names = [*_WHERE, *_ROOMS, *inside]
    assert sorted({n for n in names if names.count(n) > 1}) == []
    assert {*_WHERE, *_ROOMS} & inner - {"panel"} == set(), "a module of the package would hide the name once imported"


def test_a_name_of_a_room_is_found_from_the_top() -> None:
    import cxlab

    for room, names in cxlab._ROOMS.items():
        for name in names:
            with pytest.raises(AttributeError, match=rf"^cxlab has no '{name}'; it is cx\.{room}\.{name}$"):
                getattr(cxlab, name)


DAILY = 70
"""At most so many names at the top: what is not asked every day goes into a room."""


def test_the_top_is_for_daily_questions() -> None:
    import cxlab

    assert len(cxlab._WHERE) <= DAILY


@pytest.mark.parametrize(
    "name",
    [
        "nps",
        "drivers",
        "load",
        "verdict",
        "Study",
        "importance.kano",
        "journeys.sequence",
        "designs.rake",
        "pages.message",
        "text.discover",
        "loyalty.patience",
        "loops.heard",
        "pilots.rollout_plan",
        "targets.gaming",
    ],
)
def test_an_editor_jumps_to_a_function_and_completes(name: str) -> None:
    import jedi

    room, _, last = name.rpartition(".")
    before = f"cx.{room}." if room else "cx."
    script = jedi.Script(f"import cxlab as cx\n{before}{last}", project=jedi.Project(ROOT))
    (goal,) = script.goto(2, len(before + last), follow_imports=True)
    assert goal.full_name == f"{named()[last]}.{last}" and Path(goal.module_path).suffix == ".py"
    open_ = jedi.Script(f"import cxlab as cx\n{before}", project=jedi.Project(ROOT))
    assert last in {c.name for c in open_.complete(2, len(before))}


def test_the_interval_of_nps_lies_four_calls_below_it() -> None:
    import cxlab as cx

    data, own, calls = cx.load("brand-tracker"), str(ROOT / "cxlab"), []
    cx.nps(data)
    found: list[list[str]] = []

    def follow(frame: types.FrameType, event: str, arg: object) -> None:
        if frame.f_code.co_filename.startswith(own):
            if event == "call":
                calls.append(frame.f_code.co_qualname)
                if frame.f_code.co_filename.endswith("inference/trinomial.py") and calls[-1] == "score":
                    found.append(calls[calls.index("nps") :])
            elif event == "return" and calls:
                calls.pop()

    before = sys.getprofile()
    sys.setprofile(follow)
    try:
        cx.nps(data)
    finally:
        sys.setprofile(before)
    assert found and all(len(way) <= 5 for way in found), found


def public_functions() -> dict[str, object]:
    """Return every public function by the name that is called: ``nps``, ``importance.kano``, ``Study.filter``."""
    import cxlab

    found = {}
    for name, module in named().items():
        value = getattr(importlib.import_module(module), name)
        if inspect.isfunction(value):
            found[name] = value
    for kind in (cxlab.Study, cxlab.Result, cxlab.Codebook):
        for name, value in vars(kind).items():
            value = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            if inspect.isfunction(value) and not name.startswith("_"):
                found[f"{kind.__name__}.{name}"] = value
    return found


def test_what_follows_the_second_argument_is_named() -> None:
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    long = {}
    for name, function in public_functions().items():
        kinds = [p.kind for n, p in inspect.signature(function).parameters.items() if n not in ("self", "cls")]
        if sum(kind in by_place for kind in kinds) > 2:
            long[name] = str(inspect.signature(function))
    assert long == {}


DESCRIBED = re.compile(r"^\s*(\*{0,2}\w+(?:, \*{0,2}\w+)*) :", re.M)
"""A line that describes parameters, `low, high : where ...`; in prose they stand as ``low`` or ``low=``."""


@pytest.mark.parametrize("name", public_functions())
def test_a_public_function_says_what_it_takes_and_returns_and_shows_a_call(name: str) -> None:
    function = public_functions()[name]
    said = inspect.getdoc(function) or ""
    told = set(re.findall(r"``\*{0,2}(\w+)[=`]", said))
    told |= {word.strip("* ") for line in DESCRIBED.findall(said) for word in line.split(",")}
    assert set(inspect.signature(function).parameters) - told - {"self", "cls", "study"} == set(), "not described"
    gives = inspect.signature(function).return_annotation != "None"
    assert not gives or said.startswith("Return") or "\nReturns\n---" in said, "what it returns"
    assert ">>> " in said, "an example that runs"


REFUSES_NOTHING = {
    "Codebook.label", "Codebook.table", "Study.advice", "Study.answers", "Study.cache", "Study.part", "Study.to_pandas",
    "Result.to_dict", "ask", "optional",
}  # fmt: skip
"""What takes nothing that can be wrong, or nothing but what every function checks alike: a study, an unknown option."""


def test_a_public_function_says_when_it_refuses() -> None:
    said = {n for n, f in public_functions().items() if "\nRaises\n------\nDataProblem : " in (inspect.getdoc(f) or "")}
    assert set(public_functions()) - said == REFUSES_NOTHING


MODULES = sorted((ROOT / "cxlab").rglob("*.py"))


def test_no_file_name_stands_twice() -> None:
    names = [p.name for p in (ROOT / "cxlab").rglob("*.py") if not p.name.startswith("__")]
    twice = sorted({n for n in names if names.count(n) > 1})
    assert not twice


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


USERS_CHOICE = {"survival": 10, "hazard": 9, "repeat": 10, "price_sensitivity": 12, "experiment": 9, "index_by": 9}
"""Public functions that have more than 8 parameters: each names a column of the study or is a choice of the user's."""


def test_a_function_has_at_most_eight_parameters() -> None:
    many = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                given = [x.arg for x in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
                count = len([x for x in given if x not in ("self", "cls")])
                if count > 8:
                    many[node.name] = count
    assert many == USERS_CHOICE


def test_every_function_says_the_type_of_what_it_takes_and_returns() -> None:
    bare = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            a = node.args
            given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]
            untold = [x.arg for x in given if x.annotation is None and x.arg not in ("self", "cls")]
            untold += ["what it returns"] if node.returns is None else []
            if untold:
                bare.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {', '.join(untold)}")
    assert bare == []


def test_each_fault_that_the_page_promises_names_tests_that_there_are() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.partition("| fault | what happens | held by |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(table) > 25
    for row in table:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row.rpartition(" | ")[2])
        assert named, f"no test holds: {row[:80]}"
        for file, name in named:
            assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {name}"


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
    (ROOT / "cxlab" / "__init__.pyi").write_text(stub(), encoding="utf-8")
    (ROOT / "cxlab" / "typed_results.py").write_text(kinds(), encoding="utf-8")
    for name, text in rooms().items():
        (ROOT / "cxlab" / "rooms" / f"{name}.py").write_text(text, encoding="utf-8")
