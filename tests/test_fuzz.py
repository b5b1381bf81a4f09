"""The trials of `tests.fuzz`: every seed that ever failed, and a short part of each trial."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.trials import TRIALS, tried

CORPUS = [tuple(pair) for pair in json.loads((Path(__file__).parent / "fuzz" / "corpus.json").read_text())]
SHORT = [(name, seed) for name in TRIALS for seed in range(1 if name in ("metrics", "labels") else 4)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "seed"), [*CORPUS, *(pair for pair in SHORT if pair not in CORPUS)])
def test_a_trial_finds_nothing_wrong(name: str, seed: int, tmp_path: Path) -> None:
    found = tried(name, seed, tmp_path)
    assert isinstance(found, int), found
    assert found > 0


def test_a_wrong_number_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fuzz import studies

    monkeypatch.setitem(studies.SCORES, "nps", ("ltr", lambda v: 100.0 * ((v >= 8) * 1.0 - (v <= 6))))
    assert str(tried("metrics", 0, tmp_path)).startswith("WRONG ('pandas', 'nps', None")
