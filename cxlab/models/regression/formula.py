"""Formulas as people write them, as expressions that any table can evaluate and codings of the categories it reports.

``"overall ~ checkin + boarding * C(cabin) + log(wait)"``: numbers become Narwhals expressions, products of them are
atoms; categories are grouped by. A column of the design matrix is then (coding of the group) x (atom), so X'WX follows
from the moments of the atoms by group, whatever the coding. Contrasts and names are formulaic's.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub, truediv
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.sample import in_scale
from cxlab.data.study import Study
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.names import free

FUNCTIONS = {"log": "log", "exp": "exp", "sqrt": "sqrt", "abs": "abs"}
OPERATORS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv, ast.BitAnd: and_, ast.BitOr: or_}
COMPARISONS = {ast.Eq: eq, ast.NotEq: ne, ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge}
QUOTED = re.compile(r"C\(\s*`([^`]+)`\s*[,)]")
ALLOWED = "columns, C(column), + - * / ** and comparisons inside I(...), and log, exp, sqrt, abs"


CATEGORIES = 3000
"""More categories of one column than this are no columns of a model."""


@dataclass(frozen=True)
class Coding:
    """How the columns of a design matrix follow from groups and atoms.

    ``names`` (p); ``atom`` (p,) index of each column's atom, 0 for the constant 1; ``codes`` (G, p) its coding in each
    group; ``terms`` (p) the term each column belongs to.
    """

    names: tuple[str, ...]
    atom: np.ndarray
    codes: np.ndarray
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """A formula bound to a study.

    ``response`` its label and ``y`` its expression; ``atoms`` the products of numbers by label; ``categories`` the
    columns that are grouped by; ``terms`` formulaic's terms, numbers replaced by placeholders; ``held`` label of each
    placeholder; ``atom_of`` the atom's label of each term.
    """

    formula: str
    response: str
    y: nw.Expr
    atoms: Mapping[str, nw.Expr]
    categories: tuple[str, ...]
    terms: tuple
    held: Mapping[str, str]
    atom_of: tuple[str, ...]

    @property
    def by(self) -> dict[str, nw.Expr]:
        """The categories as expressions by name."""
        return {c: nw.col(c) for c in self.categories}

    @property
    def crossings(self) -> list[list[str]]:
        """The categories of every term that has some: what a coefficient tells apart."""
        found = []
        for term in self.terms:
            inside = [c for c in self.categories if any(_names(f.expr, c) for f in term.factors)]
            found += [inside] if inside and inside not in found else []
        return found

    def coding(self, keys: pd.DataFrame) -> Coding:
        """Return the coding for the groups in ``keys`` (one row each, columns as ``categories``)."""
        if self.terms and all(f.expr in self.held or f.expr == "1" for term in self.terms for f in term.factors):
            return self._numeric(len(keys))
        from formulaic import Formula

        small = pd.DataFrame(index=range(len(keys)))
        for name in self.categories:
            values = tidy_levels(keys[name])
            if (levels := len(set(values))) > CATEGORIES:
                raise DataProblem(
                    f"formula '{self.formula}': {self._named(name)} has {levels:,} categories, more than the "
                    f"{CATEGORIES:,} that stand in one model; use cx.regressions.mixed with by, or group them first"
                )
            small[name] = pd.Categorical(values, categories=sorted(set(values)))
        for held in self.held:
            small[held] = 1.0
        try:
            matrix = Formula(list(self.terms)).get_model_matrix(small, na_action="ignore")
        except Exception as error:  # formulaic's own messages are about the coding asked for
            raise DataProblem(f"formula '{self.formula}': {error}") from error
        structure = matrix.model_spec.structure
        index = {label: i for i, label in enumerate(["", *self.atoms])}
        atom, terms = [], []
        for term, label in zip(structure, self.atom_of, strict=True):
            atom += [index[label]] * len(term.columns)
            terms += [self._named(str(term.term))] * len(term.columns)
        names = tuple(self._named(c) for c in matrix.columns)
        return Coding(names, np.array(atom, int), np.asarray(matrix, float), tuple(terms))

    def _numeric(self, groups: int) -> Coding:
        """Return the coding of a formula without categories: one column a term, itself in every group."""
        index = {label: i for i, label in enumerate(["", *self.atoms])}
        names = tuple(self._named(":".join(f.expr for f in term.factors)) for term in self.terms)
        codes = np.ones((groups, len(names)))
        return Coding(names, np.array([index[label] for label in self.atom_of], int), codes, names)

    def _named(self, name: str) -> str:
        for held, label in self.held.items():
            name = name.replace(held, label)
        return "Intercept" if name == "1" else name


def _names(text: str, column: str) -> bool:
    """Whether a factor is the column, or C() of it."""
    if quoted := QUOTED.match(text):
        return quoted[1] == column
    return text == column or (text.startswith("C(") and re.split(r"[,)]", text[2:])[0].strip() == column)


def tidy_levels(column: pd.Series) -> list:
    """Return levels that print alike whatever the backend: whole numbers as integers."""
    return [int(v) if isinstance(v, (float, np.floating)) and float(v).is_integer() else v for v in column.tolist()]


def bind(formula: str, study: Study, frame: nw.LazyFrame) -> Model:
    """Parse a formula and bind it to the frame of a study.

    Raises
    ------
    DataProblem : no response, an unknown column, text where numbers are needed, or something that only rows can tell
        (splines, standardising), which must be made a column first.
    """
    from formulaic.parser.types import Factor, Term

    try:
        left, right = _parsed(formula)
    except AttributeError as error:
        raise DataProblem(f"formula '{formula}' has no response; write e.g. 'overall ~ checkin + C(cabin)'") from error
    except Exception as error:
        word = next((w for w in re.findall(r"\w+", formula) if keyword.iskeyword(w)), "")
        how = f"'{word}' is a word of Python; leave out C(), or write study.derive('name', {{...}}, of='{word}') first"
        raise DataProblem(
            f"formula '{formula}' cannot be read: {how if word else str(error).splitlines()[0]}"
        ) from error
    if len(left) != 1:
        raise DataProblem(f"formula '{formula}' has {len(left)} responses; give one, e.g. 'overall ~ checkin'")
    schema = frame.collect_schema()
    response = " ".join(f.expr for f in left[0].factors)
    y = single(response, schema, study.name)
    held: dict[str, str] = {}
    atoms: dict[str, nw.Expr] = {}
    categories: list[str] = []
    terms, atom_of = [], []
    for term in right:
        factors, numbers = [], []
        for factor in term.factors:
            column = _category(factor, schema, study.name)
            if factor.eval_method.value == "literal" or column:
                factors.append(factor)
                categories += [column] if column and column not in categories else []
                continue
            mark = next((k for k, v in held.items() if v == factor.expr), f"__f{len(held)}__")
            held[mark] = factor.expr
            numbers.append(factor.expr)
            factors.append(Factor(mark, eval_method="lookup"))
        label = ":".join(numbers)
        if label and label not in atoms:
            several = len(numbers) > 1
            parts = [(expression if several else single)(n, schema, study.name) for n in numbers]
            atoms[label] = reduce(mul, parts)
        if response in numbers:
            raise DataProblem(
                f"formula '{formula}' has the response '{response}' among its predictors; leave it out there"
            )
        terms.append(Term(factors))
        atom_of.append(label)
    return Model(formula, response, y, atoms, tuple(categories), tuple(terms), held, tuple(atom_of))


def declared(formula: str, study: Study) -> Study:
    """Return the study as a formula reads it: answers to its columns outside their scale are missing, and it is said.

    Parameters
    ----------
    formula : as for `bind`; one that cannot be read is left to it.
    """
    return in_scale(study, mentioned(formula, study))


def mentioned(formula: str, study: Study) -> list[str]:
    """Return the columns that a formula names, as far as it can be read."""
    try:
        left, right = _parsed(formula)
    except Exception:  # `bind` says what is wrong
        return []
    there, found = set(study.columns), []
    for text in (factor.expr for term in (*left, *right) for factor in term.factors):
        if text in there:
            found.append(text)
            continue
        try:
            found += [
                node.id for node in ast.walk(ast.parse(text.strip("{}"), mode="eval")) if isinstance(node, ast.Name)
            ]
        except SyntaxError:
            continue
    return found


@lru_cache(maxsize=64)
def _parsed(formula: str) -> tuple[tuple, tuple]:
    """Return the terms of both sides; the same formula is often fitted to many studies."""
    from formulaic import Formula
    from formulaic.parser import DefaultFormulaParser

    parsed = Formula(formula, _parser=DefaultFormulaParser(feature_flags={"twosided"}))
    return tuple(parsed.lhs), tuple(parsed.rhs)


def _category(factor: Any, schema: nw.Schema, where: str) -> str:
    """Return the column of a categorical factor, or '' for a number."""
    if factor.eval_method.value == "lookup":
        _known(factor.expr, schema, where)
        return factor.expr if _is_text(schema[factor.expr]) else ""
    if factor.eval_method.value == "python" and factor.expr.startswith("C("):
        if quoted := QUOTED.match(factor.expr):
            _known(quoted[1], schema, where)
            return quoted[1]
        try:
            call = ast.parse(factor.expr, mode="eval").body
        except SyntaxError:
            raise DataProblem(
                f"'{factor.expr}' cannot be read: write a name that is more than letters, digits and underscores in "
                "backticks: C(`how easy?`)"
            ) from None
        inside = call.args[0] if isinstance(call, ast.Call) and call.args else None
        if not isinstance(inside, ast.Name):
            raise DataProblem(f"'{factor.expr}' is not C(column); make a column of the expression first")
        _known(inside.id, schema, where)
        return inside.id
    return ""


def _is_text(dtype: nw.dtypes.DType) -> bool:
    return not (dtype.is_numeric() or dtype == nw.Boolean or dtype == nw.Unknown)


def _known(name: str, schema: nw.Schema, where: str) -> None:
    if name not in schema:
        raise unknown("column", name, where, schema.names())


def number(name: str, schema: nw.Schema, where: str) -> nw.Expr:
    """Return a numeric column as a double-precision expression; text is refused."""
    _known(name, schema, where)
    if _is_text(schema[name]):
        kind = "numbers and text mixed" if schema[name] == nw.Object else f"{schema[name]}"
        raise DataProblem(f"column '{name}' of {where} is {kind}; numbers are needed: recode it, or write C({name})")
    return nw.col(name).cast(nw.Float64)


def single(text: str, schema: nw.Schema, where: str) -> nw.Expr:
    """Return a factor that stands alone: a column of whole numbers as it is, in few bytes, else a double."""
    return nw.col(text) if text in schema and schema[text].is_integer() else expression(text, schema, where)


def expression(text: str, schema: nw.Schema, where: str) -> nw.Expr:
    """Translate a factor of a formula into an expression that is evaluated where the data lie.

    Raises
    ------
    DataProblem : the text asks for anything but `ALLOWED`.
    """
    if text in schema:
        return number(text, schema, where)
    refuse = DataProblem(
        f"'{text}' cannot be computed where the data lie; allowed are {ALLOWED}. Make a column of it first"
    )
    try:
        tree = ast.parse(text.strip("{}"), mode="eval").body
    except SyntaxError as error:
        raise refuse from error

    def walk(node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=int() | float() | str() as value):
                return value
            case ast.Name(id=name):
                return number(name, schema, where)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return walk(left) ** walk(right)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return OPERATORS[type(op)](walk(left), walk(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -1.0 * walk(operand)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return ~walk(operand)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                if isinstance(left, ast.Name) and left.id in schema and _is_text(schema[left.id]):
                    return COMPARISONS[type(op)](nw.col(left.id), walk(right))
                return COMPARISONS[type(op)](walk(left), walk(right))
            case ast.Call(func=ast.Name(id="I"), args=[inside], keywords=[]):
                return walk(inside)
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np"), attr=name), args=[x], keywords=[]
            ):
                if name in FUNCTIONS:
                    return getattr(walk(x), FUNCTIONS[name])()
        raise refuse

    out = walk(tree)
    if not isinstance(out, nw.Expr):
        raise refuse
    return _where_answered(out.cast(nw.Float64), tree, schema)


def _where_answered(value: nw.Expr, tree: ast.AST, schema: nw.Schema) -> nw.Expr:
    """Return a value that is missing where a column of a comparison is: pandas calls NaN >= 4 false."""
    if not any(isinstance(node, ast.Compare) for node in ast.walk(tree)):
        return value
    gone = []
    for name in dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)):
        if name in schema:
            x = nw.col(name)
            gone += [x.is_null()] if _is_text(schema[name]) else [x.is_null(), x.cast(nw.Float64).is_nan()]
    return nw.when(~reduce(or_, gone)).then(value)


def assembled(matrix: np.ndarray, coding: Coding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X'WX (p, p), X'Wy (p,) and y'Wy from moments of (1, atoms, y) by group, shape (G, q, q)."""
    a, d = coding.atom, coding.codes
    p = len(a)
    xx, xy, yy = np.zeros((p, p)), np.zeros(p), 0.0
    for code, m in zip(d, matrix, strict=True):
        xx += np.outer(code, code) * m[np.ix_(a, a)]
        xy += code * m[a, -1]
        yy += m[-1, -1]
    return xx, xy, np.asarray(yy)


def design_columns(model: Model, coding: Coding, keys: pd.DataFrame) -> list[nw.Expr]:
    """Return every column of the design matrix as an expression of one row, in double precision on every engine."""
    atoms = [None, *model.atoms.values()]
    out = []
    for j in range(len(coding.names)):
        code = _code_expression(model, coding.codes[:, j], keys)
        atom = atoms[coding.atom[j]]
        out.append(code if atom is None else atom if code is None else code * atom)
    return [(nw.lit(1.0) if e is None else e).cast(nw.Float64) for e in out]


def match(keys: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Return the row of ``keys`` that each row of ``others`` is."""
    at = free("_at", keys.columns)
    return others.merge(keys.assign(**{at: range(len(keys))}), on=list(keys.columns), how="left")[at].to_numpy(int)


def _code_expression(model: Model, code: np.ndarray, keys: pd.DataFrame) -> nw.Expr | None:
    """Return a coding as a chain of conditions on the fewest categories that determine it; None for constant 1."""
    if np.all(code == 1):
        return None
    needed = list(model.categories)
    for name in model.categories:
        rest = [c for c in needed if c != name]
        same = pd.Series(code).groupby([keys[c] for c in rest]).nunique().max() == 1 if rest else len(set(code)) == 1
        if same:
            needed = rest
    coded = free("_code", needed)
    levels = keys[needed].assign(**{coded: code}).drop_duplicates()
    levels = levels[levels[coded] != 0]
    out = nw.lit(0.0)
    for row in levels.to_dict("records"):
        value = row.pop(coded)
        there = reduce(and_, (nw.col(c) == v for c, v in row.items()))
        out = nw.when(there).then(nw.lit(float(value))).otherwise(out)
    return out
