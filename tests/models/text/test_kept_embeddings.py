"""Where embeddings are kept: beside the user's own file, in the user's cache of a shared one, nowhere when refused."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.text import embedded, kept_embeddings

N = 60
made: list[int] = []


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model that counts how many texts it was given, and a cache of the user's that is empty."""

    def encode(name: str, texts: list[str]) -> np.ndarray:
        made.append(len(texts))
        digests = [hashlib.blake2b(t.encode(), digest_size=8).digest() for t in texts]
        return np.array([list(d) for d in digests], np.float16).reshape(len(texts), 8) / 255

    monkeypatch.setattr(embedded, "installed", lambda name: True)
    monkeypatch.setattr(embedded, "_encode", encode)
    monkeypatch.setattr(embedded, "version", lambda package: "1")
    monkeypatch.setattr(kept_embeddings, "user_cache", lambda: tmp_path / "home" / "cxlab" / "text")
    made.clear()


def survey(folder: Path, name: str = "s[1].csv") -> cx.Study:
    folder.mkdir(exist_ok=True)
    rows = pd.DataFrame({"comment": [f"visit number {k} was {'late' if k % 3 else 'fine'}" for k in range(N)]})
    rows.to_csv(folder / name, index=False)
    return cx.load(folder / name).set("comment", role="text")


def coded(study: cx.Study, **more) -> cx.Study:
    table = study.to_pandas().assign(late=np.arange(N) % 3 > 0).head(40)[["comment", "late"]].astype({"late": int})
    labels = cx.text.read_labels(table, ["late"], at_random=True)
    return cx.code(study, ["late"], labels=labels, engine="use", **more)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_beside_the_users_own_file_and_gone_when_forgotten(tmp_path: Path) -> None:
    study, folder = survey(tmp_path / "mine"), tmp_path / "mine"
    survey(folder, "other.csv")
    coded(study)
    assert sum(made) == N and not (tmp_path / "home").exists()
    beside = [".cxlab-text/.gitignore", ".cxlab-text/s[1].csv.use-1.parquet", "other.csv", "s[1].csv"]
    assert files(folder) == beside and (folder / ".cxlab-text").stat().st_mode & 0o077 == 0
    made.clear()
    coded(cx.load(folder / "s[1].csv").set("comment", role="text"))
    assert sum(made) == 0, "all were kept"
    known, told = kept_embeddings.read(folder / beside[1])
    assert len(known) == N and set(told) == set(known)
    coded(cx.load(folder / "other.csv").set("comment", role="text"))
    gone = cx.text.forget(study)
    assert [p.name for p in gone] == ["s[1].csv.use-1.parquet"]
    assert files(folder) == [beside[0], ".cxlab-text/other.csv.use-1.parquet", "other.csv", "s[1].csv"]
    cx.text.forget(cx.load(folder / "other.csv"))
    assert files(folder) == ["other.csv", "s[1].csv"] and not (folder / ".cxlab-text").exists()


@pytest.mark.parametrize("why", ["read-only file", "read-only folder", "somebody else's", "shipped"])
def test_of_a_shared_file_in_the_users_cache(why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, folder = survey(tmp_path / "shared"), tmp_path / "shared"
    if why == "read-only file":
        (folder / "s[1].csv").chmod(0o444)
    elif why == "read-only folder":
        folder.chmod(0o555)
    elif why == "shipped":
        monkeypatch.setattr(kept_embeddings, "PACKAGE", tmp_path)
    else:
        monkeypatch.setattr(os, "getuid", lambda: 987_654, raising=False)
    coded(study)
    assert files(folder) == ["s[1].csv"]
    (kept,) = [f for f in files(tmp_path / "home") if f.endswith(".parquet")]
    assert kept.startswith("cxlab/text/") and kept.endswith("/s[1].csv.use-1.parquet")
    made.clear()
    coded(study)
    assert sum(made) == 0
    assert len(cx.text.forget(study) if why != "shipped" else cx.text.forget()) == 1
    assert files(tmp_path / "home") == []
    folder.chmod(0o755)


def test_what_is_refused_or_not_to_be_kept_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, folder = survey(tmp_path / "mine"), tmp_path / "mine"
    taken = study.to_pandas().assign(late__p=0.5)
    taken.to_csv(folder / "s[1].csv", index=False)
    with pytest.raises(cx.DataProblem, match=r"has a column 'late__p' already, which coding makes"):
        coded(cx.load(folder / "s[1].csv").set("comment", role="text"))
    study = survey(folder)
    coded(study, cache=False)
    assert files(folder) == ["s[1].csv"]
    monkeypatch.setattr(embedded, "MOST_KEPT", 10)
    coded(study)
    assert files(folder) == ["s[1].csv"]
    monkeypatch.undo()


def test_a_place_that_cannot_be_written_keeps_nothing_and_the_answer_is_there(tmp_path: Path, monkeypatch) -> None:
    study, folder = survey(tmp_path / "mine"), tmp_path / "mine"
    import pyarrow.parquet as pq

    def full(table: object, where: Path) -> None:
        Path(where).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(pq, "write_table", full)
    assert coded(study).quality["labels"].tolist() == [40]
    assert files(folder) == ["s[1].csv"] and not (folder / ".cxlab-text").exists()


def test_a_torn_file_is_worked_out_again(tmp_path: Path) -> None:
    study, folder = survey(tmp_path / "mine"), tmp_path / "mine"
    coded(study)
    kept = folder / ".cxlab-text" / "s[1].csv.use-1.parquet"
    kept.write_bytes(kept.read_bytes()[:100])
    made.clear()
    coded(study)
    assert sum(made) == N


def test_forget_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.forget("survey.csv")
    assert str(problem.value) == "of is 'survey.csv', not a study; open it first: cx.load(path), or leave it out"
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.forget(cx.load(pd.DataFrame({"a": [1, 2]})))
    assert str(problem.value) == "table was not read from a file: no embeddings are kept of it"
    assert cx.text.forget() == []  # the cache of this test


def test_the_users_cache_is_where_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_embeddings.sys, "platform", "linux")
    assert kept_embeddings.user_cache() == tmp_path / "cxlab" / "text"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert kept_embeddings.user_cache() == tmp_path / ".cache" / "cxlab" / "text"
    monkeypatch.setattr(kept_embeddings.sys, "platform", "darwin")
    assert kept_embeddings.user_cache() == tmp_path / "Library" / "Caches" / "cxlab" / "text"
