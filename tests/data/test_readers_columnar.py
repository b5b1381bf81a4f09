"""Parquet, Arrow, Feather and JSON lines."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import cxlab as cx
from cxlab import DataProblem
from cxlab.data.readers import open_file

TABLE = pa.table({"nps": [0, 5, 10, None], "country": ["GR", "DE", None, "US"]})
ROWS = [(0, "GR"), (5, "DE"), (10, None), (None, "US")]


@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather", "jsonl", "json"])
def test_each_format_gives_the_same_rows(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        pyarrow.parquet.write_table(TABLE, path)
    elif ending in ("arrow", "feather"):
        pyarrow.feather.write_feather(TABLE, path)
    elif ending == "jsonl":
        path.write_text("\n".join(json.dumps(r) for r in TABLE.to_pylist()))
    else:
        path.write_text(json.dumps(TABLE.to_pylist()))
    assert open_file(path).table.fetchall() == ROWS
    assert cx.load(path).codebook["nps"].measure == "recommendation"


@pytest.mark.parametrize(("ending", "kind"), [("parquet", "Parquet"), ("arrow", "Arrow"), ("jsonl", "JSON lines")])
def test_broken_files_say_what_is_wrong(tmp_path, ending, kind):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(b"\x00not a table at all")
    with pytest.raises(DataProblem, match=rf"^x.{ending} cannot be read as {kind} \(.+\); write it again$"):
        open_file(path)


def test_no_rows_is_a_header_only(tmp_path):
    pyarrow.parquet.write_table(TABLE.slice(0, 0), tmp_path / "x.parquet")
    message = "x.parquet holds only a header (2 columns), no answers; export it again with its rows"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(tmp_path / "x.parquet")
