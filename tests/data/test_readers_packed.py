"""Packed files: a limit on what they unpack to, nothing left behind, damaged ones refused in a line."""

import gzip
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.readers import packed

ROWS = pd.DataFrame({"ltr": [0, 5, 10, 9] * 30, "g": ["a", "b"] * 60})
WRITERS = {
    ".csv": lambda path: ROWS.to_csv(path, index=False),
    ".xlsx": lambda path: ROWS.to_excel(path, index=False),
    ".parquet": lambda path: ROWS.to_parquet(path),
    ".feather": lambda path: ROWS.to_feather(path),
    ".jsonl": lambda path: ROWS.to_json(path, orient="records", lines=True),
    ".dta": lambda path: ROWS.to_stata(path, write_index=False),
}


def pack(path, ending):
    """Return ``path`` packed in the way of ``ending``."""
    target = path.with_name(path.name + ending)
    if ending == ".gz":
        target.write_bytes(gzip.compress(path.read_bytes()))
    else:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
            file.write(path, f"deep/{path.name}")
    return target


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("packing", [".zip", ".gz"])
@pytest.mark.parametrize("ending", WRITERS)
def test_what_is_unpacked_goes_and_the_rows_stay(tmp_path, temporary, ending, packing):
    WRITERS[ending](tmp_path / f"x{ending}")
    study = cx.load(pack(tmp_path / f"x{ending}", packing))
    assert {p.name for p in temporary.rglob("*") if p.is_file()} <= {".owner"}
    assert study.frame.collect().shape[0] == 120
    assert cx.nps(study, "ltr").table["estimate"].tolist() == [0.0]


@pytest.mark.parametrize("packing", [".zip", ".gz"])
def test_a_bomb_is_stopped_at_the_limit(tmp_path, temporary, monkeypatch, packing):
    monkeypatch.setattr(packed, "LEAST", 2**20)
    monkeypatch.setattr(packed, "CHUNK", 2**16)
    (tmp_path / "x.csv").write_bytes(b"q1,q2\n" + b"1,1\n" * 5_000_000)
    path = pack(tmp_path / "x.csv", packing)
    limit = max(2**20, 200 * path.stat().st_size) / 2**20
    message = (
        rf"^x.csv{packing} unpacks to more than {limit:,.0f} MB, 200 times its size \(the limit\); if it is your own "
        "export, unpack it and give the file inside$"
    )
    with pytest.raises(cx.DataProblem, match=message):
        cx.load(path)
    assert {p.name for p in temporary.rglob("*") if p.is_file()} <= {".owner"}


@pytest.mark.parametrize("packing", [".zip", ".gz"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_damaged_one_is_refused(tmp_path, temporary, packing, keep):
    WRITERS[".csv"](tmp_path / "x.csv")
    path = pack(tmp_path / "x.csv", packing)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(cx.DataProblem, match=rf"^x.csv{packing} cannot be unpacked \(.+\); it may be cut short$"):
        cx.load(path)
    middle = len(whole) // 2
    path.write_bytes(whole[: middle - 8] + bytes(16) + whole[middle + 8 :])
    with pytest.raises(cx.DataProblem, match=rf"^x.csv{packing} "):
        cx.load(path)
    assert {p.name for p in temporary.rglob("*") if p.is_file()} <= {".owner"}


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".feather", ".dta"])
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.95])
def test_a_file_cut_short_is_a_short_message(tmp_path, ending, keep):
    path = Path(tmp_path / f"x{ending}")
    WRITERS[ending](path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(cx.DataProblem, match=rf"^x{ending} ") as caught:
        cx.load(path).frame.collect()
    assert len(str(caught.value)) < 400
