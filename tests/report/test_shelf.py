"""Reports written to any address: whole, indexed, and made again only when something changed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from cxlab.problem import DataProblem
from cxlab.report.batch import batch
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels
from cxlab.report.render import PLAIN
from cxlab.report.shelf import Shelf


@pytest.mark.parametrize("address", ["memory://bucket/{}/reports", "file://{}/reports"])
def test_an_address_holds_what_a_folder_would(address: str, kernels: Kernels, notebook, tmp_path: Path):
    address = address.format(tmp_path)
    good = str(notebook("import cxlab as cx\ncx.Estimate(x, float(x))", parameters='study: str = ""\nx: str = "1"'))
    fs, root = fsspec.core.url_to_fs(address)
    with Shelf(address) as shelf:
        jobs = [Job(good, "abc"), Job(good, "abc", {"x": "nonsense"})]
        found = [o for _, o in batch(jobs, shelf, PLAIN, kernels=kernels)]
        assert sorted(o.status for o in found) == ["failed", "made"]
        assert sorted(fs.ls(f"{root}/tiny", detail=False)) == [f"{root}/tiny/abc", f"{root}/tiny/abc-x=nonsense.failed"]
        assert sorted(Path(f).name for f in fs.ls(f"{root}/tiny/abc", detail=False)) == [
            "index.html", "notebook.ipynb", "results.json", "run.json",
        ]  # fmt: skip
        assert b"float" in fs.cat_file(f"{root}/tiny/abc-x=nonsense.failed/error.html")
        table = pd.read_parquet(io.BytesIO(fs.cat_file(f"{root}/results.parquet")))
        assert table["estimate"].tolist() == [1.0]
        assert fs.cat_file(f"{root}/index.html").count(b"<li data-subject") == 2
        again = [o for _, o in batch([Job(good, "abc"), Job(good, "abc", {"x": "2"})], shelf, PLAIN,
                                     kernels=kernels, resume=True)]  # fmt: skip
        assert [o.status for o in again] == ["unchanged", "made"]
        assert json.loads(fs.cat_file(f"{root}/tiny/abc-x=2/run.json"))["status"] == "done"
        assert fs.cat_file(f"{root}/index.html").count(b"<li data-subject") == 3


def test_an_address_nobody_knows_is_refused():
    with pytest.raises(DataProblem) as problem:
        Shelf("nowhere://bucket/x")
    assert str(problem.value).startswith(
        "--output nowhere://bucket/x cannot be written to: Protocol not known: nowhere"
    )
