"""Counts of `text_quality` are kept as its embeddings are: the same result, no text, gone when forgotten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.text import cleaning, kept_counts
from cxlab.stats.text.near_copies import near_copies

N = kept_counts.MANY + 100


def survey(file: Path) -> cx.Study:
    rows = pd.DataFrame({"comment": [f"visit {k:05} of Eva was {'late <b>' if k % 3 else 'fine'}" for k in range(N)]})
    rows.to_csv(file, index=False)
    return cx.load(file).set("comment", role="text")


def test_counts_are_kept_and_the_same_until_a_text_or_a_rule_changes(tmp_path: Path, monkeypatch) -> None:
    asked: list[int] = []
    inner = cleaning._counts
    monkeypatch.setattr(cleaning, "_counts", lambda told: asked.append(len(told)) or inner(told))
    study = survey(tmp_path / "mine.csv")
    first = cx.text.text_quality(study)
    again = cx.text.text_quality(cx.load(tmp_path / "mine.csv").set("comment", role="text"))
    assert asked == [N]
    pd.testing.assert_frame_equal(first.table, again.table)
    assert first.notes == again.notes and first.parts == again.parts
    kept = tmp_path / ".cxlab-text" / "mine.csv.counts.json"
    said = kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0 and "visit" not in said and "Eva" not in said
    rows = study.to_pandas()
    rows.loc[0, "comment"] += " indeed"
    rows.to_csv(tmp_path / "mine.csv", index=False)
    cx.text.text_quality(cx.load(tmp_path / "mine.csv").set("comment", role="text"))
    monkeypatch.setattr(kept_counts, "_rules", lambda: "other rules")
    cx.text.text_quality(cx.load(tmp_path / "mine.csv").set("comment", role="text"))
    kept.write_text("{torn", encoding="utf-8")
    cx.text.text_quality(cx.load(tmp_path / "mine.csv").set("comment", role="text"))
    assert asked == [N] * 4
    assert [p.name for p in cx.text.forget(study)] == [kept.name] and not kept.parent.exists()


def test_few_comments_and_a_folder_that_cannot_be_written_leave_nothing(tmp_path: Path, monkeypatch) -> None:
    study = survey(tmp_path / "mine.csv")
    few = study.to_pandas().head(100)
    few.to_csv(tmp_path / "few.csv", index=False)
    cx.text.text_quality(cx.load(tmp_path / "few.csv").set("comment", role="text"))

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", full)
    assert cx.text.text_quality(study).table["n"].iat[0] == N
    assert sorted(p.name for p in tmp_path.iterdir()) == ["few.csv", "mine.csv"]


@pytest.mark.parametrize("seed", [1, 2])
def test_near_copies_are_those_that_every_pair_compared_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = np.array(["".join(rng.choice(list("abcdeшжя好吃饭"), rng.integers(2, 7))) for _ in range(40)])
    texts = [" ".join(rng.choice(words, rng.integers(1, 25))) for _ in range(60)]
    texts += [t[:-1] + "z" for t in texts[:30]] + ["", "a", "ab", "\ud800x"]
    texts = list(dict.fromkeys(texts))
    pieces = [{t[i : i + 5] for i in range(max(len(t) - 4, 1))} for t in texts]
    group = list(range(len(texts)))
    for i in range(len(texts)):
        for j in range(i):
            if len(pieces[i] & pieces[j]) / len(pieces[i] | pieces[j]) >= 0.8 and group[i] != group[j]:
                group = [group[j] if g == group[i] else g for g in group]
    found = near_copies(texts)
    pairs = set(zip(group, found.tolist(), strict=True))
    assert len(pairs) == len(set(group)) == len(set(found.tolist())) < len(texts)
