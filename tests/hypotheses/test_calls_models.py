"""Claims call models: nothing is estimated beside the cards, and each card is held to the number of a model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cxlab as cx
from cxlab.hypotheses.card import cards

ROOT = Path(__file__).parents[2]
HOME = ROOT / "cxlab" / "hypotheses"
STATS = {
    "cxlab.stats.inference.few_treated": "on how many units an arm rests: limits and words",
    "cxlab.stats.inference.multiple": "corrects the p-values of many claims",
    "cxlab.stats.inference.missing_scores.extremes": "puts scores where they would harm most; a model is fitted again",
    "cxlab.stats.fits.unit_means.following": "the same person's answer of the next period",
    "cxlab.stats.counts.quantiles.quantile": "where groups are cut that are shown",
    "cxlab.stats.counts.tally.tally": "how many answers a plan finds",
    "cxlab.stats.fits.curves.bends": "columns by which a model may bend",
    "cxlab.stats.fits.marked_gaps.filled": "marks gaps; any filling gives the same fit",
    "cxlab.stats.fits.validation.Validated": "holds what a model has cross-validated",
    "cxlab.stats.fits.validation.HOW": "words",
}
"""What claims may take from the floor of the mathematics, and why it estimates nothing."""
MATHEMATICS = {
    "scipy.special": "quantiles of known distributions: limits from a model's error",
    "scipy.optimize.brentq": "CX-27's simulator finds the spread that a claimed number needs",
}
OUTSIDE = ("scipy", "statsmodels", "sklearn", "numpy.linalg", "polars", "duckdb")
ESTIMATES = ("linalg", "lstsq", "polyfit", "cov", "corrcoef", "quantile", "percentile", "nanquantile", "nanpercentile",
             "median", "nanmedian", "std", "nanstd", "var", "nanvar")  # fmt: skip
"""Attributes that estimate something."""
SHOWN = {
    ("rule", "from_draws"): "quantiles and spread of the draws that a model made",
    ("cx25", "_kinds"): "how uneven a row's touchpoints are: of one person, a column for the model",
    ("cx27", "_of_firm"): "a firm's middle size: which firms are alike",
}
"""Functions that summarise and do not estimate."""
MADE = ("simulate", "naive")
"""What makes data, and what decks do with them: no verdict comes from these."""
TWINS = ("without_guards", "simulated_answers")


def modules() -> list[Path]:
    return sorted(p for p in HOME.rglob("*.py") if p.stem not in TWINS and "plots" not in p.stem)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{a.name}" for a in node.names)


def attributes(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each attribute that estimates something, by the function at the top of the module it stands in."""
    for top in tree.body:
        name = getattr(top, "name", "")
        if name not in MADE:
            yield from ((name, n.attr) for n in ast.walk(top) if isinstance(n, ast.Attribute) and n.attr in ESTIMATES)


def strange(text: str, stem: str) -> list[str]:
    """What of a module's text estimates something beside the models."""
    tree = ast.parse(text)
    allowed = STATS | MATHEMATICS
    taken = [
        name for name in imported(tree)
        if name.startswith(("cxlab.stats", *OUTSIDE))
        and not any(name == known or name.startswith(f"{known}.") for known in allowed)
    ]  # fmt: skip
    return taken + [f"{name}: {attr}" for name, attr in attributes(tree) if (stem, name) not in SHOWN]


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_no_estimator_lives_beside_the_claims(path: Path) -> None:
    assert strange(path.read_text(encoding="utf-8"), path.stem) == []


@pytest.mark.parametrize(
    "line",
    [
        "from cxlab.stats.fits.robust import least_squares", "from cxlab.stats.fits.glm import glm",
        "from cxlab.stats.fits import folds", "import statsmodels.api as sm", "from scipy.stats import ttest_ind",
        "def test(case):\n    return np.linalg.lstsq(x, y)", "def _slope(x, y):\n    return np.polyfit(x, y, 1)",
        "from cxlab.stats.inference.heterogeneity import profile", "spread = np.cov(x, y)",
        "from scipy.optimize import minimize", "from cxlab.stats.fits.folds import jackknife",
    ],
)  # fmt: skip
def test_the_rule_sees_an_estimator(line: str) -> None:
    assert strange(line, "cx99") != []
    assert strange("def simulate(effect, n, rng):\n    return np.linalg.svd(x)", "cx99") == []


def test_what_is_allowed_is_used() -> None:
    """A list of exceptions that nothing needs is a door left open."""
    used = {name for path in modules() for name in imported(ast.parse(path.read_text(encoding="utf-8")))}
    idle = [k for k in STATS | MATHEMATICS if not any(n == k or n.startswith(f"{k}.") for n in used)]
    found = {(p.stem, name) for p in modules() for name, _ in attributes(ast.parse(p.read_text(encoding="utf-8")))}
    assert (idle, set(SHOWN) - found) == ([], set())


def models_called(function: ast.FunctionDef, tree: ast.Module) -> set[str]:
    """The functions under `cxlab.models` that a test calls: by a public name of ``cx``, or imported by the module."""
    own = {
        a.asname or a.name: f"{n.module}.{a.name}"
        for n in tree.body if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("cxlab.models")
        for a in n.names
    }  # fmt: skip
    found = set()
    for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
        said = ast.unparse(call.func)
        if said in own:
            found.add(own[said])
        elif said.startswith("cx.") and said.replace(".", "").isidentifier():
            thing: object = cx
            for part in said.split(".")[1:]:
                thing = getattr(thing, part, None)
            if getattr(thing, "__module__", "").startswith("cxlab.models"):
                found.add(said)
    return found


NAME = "test_it_is_the_models_number"


@pytest.mark.parametrize("id", list(cards()))
def test_each_card_is_held_to_the_number_of_a_model(id: str) -> None:
    """Its own file has a test called so, which compares the verdict with what a function of the models returns."""
    path = Path(__file__).parent / f"test_{id.lower().replace('-', '')}.py"
    assert path.is_file(), f"{path.name} is missing: every card has tests of its own"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    held = [f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name.startswith(NAME)]
    assert held, f"{path.name} has no {NAME}"
    for test in held:
        assert models_called(test, tree), f"{path.name}: {test.name} calls no model"
        assert any(isinstance(n, ast.Assert) for n in ast.walk(test)) or "same(" in ast.unparse(test)
        marks = {ast.unparse(d) for d in test.decorator_list}
        assert len(held) > 1 or not marks & {"pytest.mark.mirror", "pytest.mark.extended"}, "it must run everywhere"
