"""Notebooks as files: where they are, what they are called, which parameters they take."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxlab.data.locations import placed, shipped, sought
from cxlab.problem import DataProblem, unknown

SHIPPED = shipped("notebooks")
NAMES = {"str": str, "int": int, "float": float, "bool": bool, "None": type(None), "list": list, "dict": dict}
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: ``level: float = 0.95  # of the intervals``."""

    name: str
    default: Any
    annotation: ast.expr | None = field(default=None, repr=False)
    help: str = ""

    @property
    def type(self) -> str:
        """The annotation as written; without one, the type of the default."""
        return ast.unparse(self.annotation) if self.annotation else type(self.default).__name__

    def read(self, value: Any) -> Any:
        """Return ``value`` as this parameter's type; text is read as on a command line.

        Raises
        ------
        DataProblem : the value is not of the type.
        """
        node = self.annotation or ast.parse(self.type, mode="eval").body
        for kind in sorted(
            alternatives(node), key=lambda k: (k is str) - (k is type(None))
        ):  # none before all, text last
            found, read = convert(value, kind)
            if found:
                return read
        about = f" ({self.help})" if self.help else ""
        raise DataProblem(
            f"parameter '{self.name}'{about} is {value!r}; it must be {wording(node)}, e.g. {self.default!r}"
        )


def alternatives(node: ast.expr) -> list[Any]:
    """Return what an annotation allows: types, lists of types ``[type, ...]`` and, for `Literal`, tuples of values."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return alternatives(node.left) + alternatives(node.right)
    if isinstance(node, ast.Constant) and node.value is None:
        return [type(None)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return alternatives(ast.parse(node.value, mode="eval").body)
    name = ast.unparse(node.value if isinstance(node, ast.Subscript) else node).removeprefix("typing.")
    if not isinstance(node, ast.Subscript):
        if name in ("NoneType", "Any"):
            return [type(None), str] if name == "NoneType" else [bool, int, float, str, type(None), list]
        if name in NAMES:
            return [NAMES[name]]
    elif name == "Literal":
        return [tuple(ast.literal_eval(v) for v in elements(node.slice))]
    elif name == "Optional":
        return [type(None), *alternatives(node.slice)]
    elif name == "Union":
        return [kind for v in elements(node.slice) for kind in alternatives(v)]
    elif name in ("list", "List"):
        return [alternatives(node.slice)]
    elif name in ("dict", "Dict"):
        return [dict]
    raise DataProblem(
        f"'{ast.unparse(node)}' is no type of a parameter; "
        f"allowed: {', '.join(NAMES)}, list[...], dict[str, str], Literal[...] and unions with |"
    )


def elements(node: ast.expr) -> list[ast.expr]:
    """Return the parts of ``a, b`` or the one part of ``a``."""
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def convert(value: Any, kind: Any) -> tuple[bool, Any]:
    """Return whether ``value`` is of ``kind``, and the value as that kind."""
    text = value.strip() if isinstance(value, str) else None
    if isinstance(kind, tuple):
        hits = [v for v in kind if v == value and type(v) is type(value) or str(v) == text]
        return bool(hits), hits[0] if hits else None
    if kind is type(None):
        return value is None or text in ("None", "none", "null"), None
    if isinstance(kind, list) or kind is list:
        return many(value, kind if isinstance(kind, list) else [bool, int, float, str])
    if kind is dict:
        return mapping(value)
    if kind is bool:
        return (isinstance(value, bool) or str(text).lower() in WORDS), WORDS.get(str(text).lower(), value)
    if kind is str:
        return isinstance(value, str), value
    if isinstance(value, bool) or value is None:
        return False, None
    try:
        read = kind(text if text is not None else value)
    except (TypeError, ValueError):
        return False, None
    return text is not None or float(read) == float(value), read


def many(value: Any, kinds: list[Any]) -> tuple[bool, Any]:
    """Return whether each part of a list (or of ``a,b`` or a JSON list) is of one of ``kinds``, and the list."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return False, None
    elif isinstance(value, str):
        value = [v.strip() for v in value.split(",") if v.strip()]
    if not isinstance(value, (list, tuple)):
        return False, None
    found = [next((read for ok, read in (convert(v, k) for k in kinds) if ok), ...) for v in value]
    return ... not in found, found


def mapping(value: Any) -> tuple[bool, Any]:
    """Return whether ``value`` is a mapping (or ``a=b,c=d`` or a JSON object), and the mapping with text values."""
    if isinstance(value, str) and value.strip().startswith("{"):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return False, None
    elif isinstance(value, str):
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        if not pairs or not all(name.strip() and equals for name, equals, _ in pairs):
            return False, None
        value = {name.strip(): said.strip() for name, _, said in pairs}
    if not isinstance(value, Mapping):
        return False, None
    return True, {str(name): str(said) for name, said in value.items()}


def wording(node: ast.expr) -> str:
    """Return an annotation in words: ``one of 'a', 'b'``, ``a float or None``."""
    names = {
        str: "text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        type(None): "None",
        list: "a list",
        dict: "pairs (a=b,c=d)",
    }
    said = []
    for kind in alternatives(node):
        if isinstance(kind, tuple):
            said.append("one of " + ", ".join(map(repr, kind)))
        elif isinstance(kind, list):
            said.append(
                "a list (a,b,c) of "
                + " or ".join(names.get(k, "values") for k in kind if not isinstance(k, (list, tuple)))
            )
        else:
            said.append(names[kind])
    return " or ".join(said)


def parameters(source: str, notebook: str = "the notebook") -> dict[str, Parameter]:
    """Return the parameters that a parameters cell declares, by name, in order.

    >>> p = parameters("by: str | None = None  # segment # 1")["by"]
    >>> p.type, p.help, p.read("stage")
    ('str | None', 'segment # 1', 'stage')
    """
    comments = {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for line in ast.parse(source).body:
        if isinstance(line, (ast.Import, ast.ImportFrom)):
            continue
        if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
            continue
        name, default, note = declared(line, notebook)
        found[name] = Parameter(name, default, note, comments.get(line.end_lineno, ""))
    return found


def declared(line: ast.stmt, notebook: str) -> tuple[str, Any, ast.expr | None]:
    """Return name, default and annotation of one line ``name: type = default``."""
    target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0] if isinstance(line, ast.Assign) else 0
    if not isinstance(target, ast.Name) or line.value is None:
        raise DataProblem(
            f"the parameters cell of {notebook} has the line '{ast.unparse(line)}'; allowed: name: type = default"
        )
    try:
        default = ast.literal_eval(line.value)
    except ValueError:
        value = ast.unparse(line.value)
        raise DataProblem(
            f"parameter '{target.id}' of {notebook} has the default '{value}'; it must be a plain value"
        ) from None
    note = getattr(line, "annotation", None)
    if note:
        try:
            alternatives(note)
        except DataProblem as problem:
            raise DataProblem(f"parameter '{target.id}' of {notebook}: {problem}") from None
    return target.id, default, note


def check(given: Mapping[str, Any], known: Mapping[str, Parameter], notebook: str) -> dict[str, Any]:
    """Return ``given`` with every value as its parameter's type.

    Raises
    ------
    DataProblem : a parameter that the notebook does not have, a value of the wrong type, or a `level` that is none.
    """
    for name in given:
        if name not in known:
            raise unknown("parameter", name, f"notebook {notebook}", known)
    found = {name: known[name].read(value) for name, value in given.items()}
    level = found.get("level")
    if isinstance(level, float) and not 0 < level < 1:
        raise DataProblem(
            f"parameter 'level' is {level:g}; a confidence level lies between 0 and 1, e.g. "
            f"{level / 100 if 1 < level < 100 else 0.95:g}"
        )
    return found


def find(name: str) -> Path:
    """Return the file of a notebook: a path, or a name in the folder ``notebooks``.

    Raises
    ------
    DataProblem : there is none; the nearest name is suggested.
    """
    path = placed(name)
    if path.suffix == ".ipynb":
        if not path.is_file():
            raise DataProblem(f"there is no notebook {sought(name)}; cxlab's own go by name, e.g. scorecard")
        return path
    folders = [f for f in dict.fromkeys((placed("notebooks").resolve(), SHIPPED.resolve())) if f.is_dir()]
    for folder in folders:
        if (folder / f"{name}.ipynb").is_file():
            return folder / f"{name}.ipynb"
    raise unknown("notebook", name, "the folder notebooks", sorted({n for f in folders for n in named(f)}))


def takes(name: str) -> dict[str, Parameter]:
    """Return the parameters of a notebook, {} where it declares none that can be read.

    >>> sorted(takes("scorecard"))[:3]
    ['every', 'focal', 'labels']
    """
    try:
        cells = json.loads(find(name).read_text(encoding="utf-8"))["cells"]
        source = next(c["source"] for c in cells if "parameters" in c["metadata"].get("tags", ()))
        return parameters("".join(source), name)
    except (OSError, ValueError, KeyError, StopIteration, DataProblem):
        return {}


def named(folder: Path = SHIPPED) -> list[str]:
    """Return the names of the notebooks under a folder, by default of those that come with cxlab."""
    found = (p.relative_to(folder) for p in folder.rglob("*.ipynb"))
    return sorted(p.with_suffix("").as_posix() for p in found if ".ipynb_checkpoints" not in p.parts)


def ours(path: Path) -> bool:
    """Whether the notebook is one that comes with cxlab, or an unchanged copy of it; others run code from elsewhere."""
    if path.resolve().is_relative_to(SHIPPED.resolve()):
        return True
    content = path.read_bytes()
    return any(same.read_bytes() == content for same in SHIPPED.rglob(path.name))
