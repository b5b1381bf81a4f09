"""The recipes of CONTRIBUTING, followed to the letter on a copy of the package: a metric, a claim."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the package that a newcomer may change."""
    shutil.copytree(ROOT / "cxlab", tmp_path / "cxlab", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def said(home: Path, program: str) -> str:
    """Run a program with the changed package; its output."""
    done = subprocess.run([sys.executable, "-c", program], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_metric_is_a_score_and_a_row(home: Path) -> None:
    """By hand: brand A 3 of 10 bad, 5 good: 20 points; B 6 good, 1 bad of 10: 50 points."""
    score, row = BLOCKS
    scores, registry = (home / f"cxlab/models/metrics/{name}.py" for name in ("scores", "registry"))
    scores.write_text(scores.read_text(encoding="utf-8") + "\n\n" + score, encoding="utf-8")
    text = registry.read_text(encoding="utf-8")
    at = "METRICS: dict[str, Metric] = {\n"
    assert at in text
    registry.write_text(text.replace(at, at + row), encoding="utf-8")
    program = """
import pandas as pd
import cxlab as cx
answers = {"A": [1] * 2 + [2] + [3] * 2 + [4] * 4 + [5], "B": [2] + [3] * 3 + [4] * 3 + [5] * 3}
rows = [(b, w, x) for b, xs in answers.items() for w in ("1", "2") for x in xs * 6]
study = cx.load(pd.DataFrame(rows, columns=["brand", "wave", "sat"])).set("brand", role="brand")
study = study.set("wave", role="wave")
study = study.set("sat", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
found = cx.compare(study, "net_satisfaction", by="brand")
print(found.groups["estimate"].round(6).tolist(), found.table["estimate"].round(6).tolist(), found.unit)
print(cx.trend(study, "net_satisfaction", wave="wave").table["estimate"].round(6).tolist())
print(cx.league(study, metric="net_satisfaction").table["estimate"].round(6).tolist())
print(cx.sample_size("net_satisfaction", study, difference=10).table["n"].min() > 100)
print([n for n in cx.scorecard(study).table["metric"] if "et satisf" in n])
print("net satisfaction" in str(cx.findings(found)).lower())
print(type(cx.league(study, metric="net_satisfaction").plot()).__name__)
"""
    lines = said(home, program).splitlines()
    assert lines[0] == "[20.0, 50.0] [-30.0] points"
    assert lines[1:] == [
        "[35.0, 35.0]", "[50.0, 20.0]", "True", "['Net satisfaction']", "True", "Axes",
    ]  # fmt: skip


def test_a_claim_is_a_text_and_a_module(home: Path) -> None:
    """A copy of the template under a new number is a claim like all others: listed, tried, calibrated."""
    cards = home / "cxlab/hypotheses/cards"
    before = {p.name for p in cards.iterdir()}
    for end in ("toml", "py"):
        shutil.copy(cards / f"cx24.{end}", cards / f"cx99.{end}")
    text = (cards / "cx99.toml").read_text(encoding="utf-8")
    new = text.replace('id = "CX-24"', 'id = "CX-99"').replace('title = "Waits', 'title = "Queues')
    (cards / "cx99.toml").write_text(new, encoding="utf-8")
    program = """
import cxlab as cx
print(len(cx.claims()))
study = cx.simulated("CX-99", 6, n=1500, seed=1)
found = cx.verdict("CX-99", study, ledger=None, robust=False)
old = cx.verdict("CX-24", cx.simulated("CX-24", 6, n=1500, seed=1), ledger=None, robust=False)
print(found.direction, -8 < found.estimate.value < -4, found.estimate.value == old.estimate.value)
print(sorted({*cx.evidence.calibrate(["CX-99"], reps=2, n=200).table["scenario"]}))
"""
    lines = said(home, program).splitlines()
    assert {p.name for p in cards.iterdir()} - before - {"__pycache__"} == {"cx99.toml", "cx99.py"}
    assert lines == ["33", "SUPPORTED True True", "['boundary', 'claimed', 'half', 'null', 'threat']"]
