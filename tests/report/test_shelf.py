"""Reports written to any address: whole, indexed, and made again only when something changed."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import fsspec
import pandas as pd
import pytest
import requests

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


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch):
    """Start an S3 server with one bucket, which cxlab and what it starts find in the environment."""
    pytest.importorskip("s3fs", reason="needs pip install 'cxlab[s3]'")
    moto = pytest.importorskip("moto.server", reason="needs pip install 'cxlab[moto]'")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)  # buckets outlive their server
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    store = fsspec.filesystem("s3", skip_instance_cache=True)
    store.mkdir("bucket")
    yield store
    server.stop()


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    program = [sys.executable, "-c", "from cxlab.cli import main; main()", *arguments]
    return subprocess.run(program, cwd=cwd, capture_output=True, text=True, timeout=120)


def held(store, where: str) -> list[str]:
    """Return all that lies in a folder of the store now."""
    store.invalidate_cache()
    return sorted(name.removeprefix(f"{where}/") for name in store.find(where))


@pytest.mark.extra
@pytest.mark.slow
def test_reports_and_their_index_live_on_s3(s3, notebook, tmp_path: Path):
    done = command("report", "scorecard", "abc", "--output", "s3://bucket/reports", "--to", "html,xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("s3://bucket/reports/scorecard/abc/index.html  (")
    files = ["index.html", "notebook.ipynb", "report.xlsx", "results.json", "run.json"]
    index = ["index.html", "results.parquet"]
    assert held(s3, "bucket/reports") == [*index, *(f"scorecard/abc/{name}" for name in files)]
    notebook("import cxlab as cx\ncx.Estimate(x, float(x))", parameters='study: str = ""\nx: str = "1"')
    (tmp_path / "plan.yml").write_text(
        'reports: [{notebook: tiny.ipynb, study: abc, grid: {x: ["1", "2", "no number"]}}, '
        "{notebook: scorecard, study: abc}]"
    )
    batch = ("batch", "plan.yml", "--output", "s3://bucket/reports", "--resume", "--trust")
    first = command(*batch, cwd=tmp_path)
    assert first.returncode == 1
    assert first.stderr.splitlines()[-1] == (
        "4 reports: 3 made, 1 failed; all in s3://bucket/reports/index.html"  # the scorecard was made with a workbook
    )
    files.remove("report.xlsx")
    folders = ["scorecard/abc", "tiny/abc", "tiny/abc-x=2"]
    made = [f"{folder}/{name}" for folder in folders for name in files]
    failed = next(name for name in held(s3, "bucket/reports") if name.endswith("error.html")).rpartition("/")[0]
    made += [f"{failed}/{name}" for name in ("error.html", "notebook.ipynb", "run.json")]
    assert held(s3, "bucket/reports") == sorted([*index, *made])
    page = s3.cat_file("bucket/reports/index.html")
    assert page.count(b"<li data-subject") == 4
    table = pd.read_parquet(io.BytesIO(s3.cat_file("bucket/reports/results.parquet")))
    assert sorted(table.loc[table["notebook"] == "tiny", "estimate"]) == [1.0, 2.0]
    again = command(*batch, cwd=tmp_path)
    assert again.stderr.splitlines()[-1] == "4 reports: 3 unchanged, 1 failed; all in s3://bucket/reports/index.html"
    assert not list(Path(tmp_path).glob("s3*"))


@pytest.mark.extra
@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_said_before_anything_runs(s3, tmp_path: Path):
    done = command("report", "scorecard", "abc", "--output", "s3://none/reports", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "cxlab: --output s3://none/reports cannot be written to: The specified bucket does not exist\n"
    )


@pytest.mark.extra
@pytest.mark.slow
def test_the_index_holds_what_another_batch_delivered_meanwhile(s3, notebook, tmp_path: Path, kernels: Kernels):
    """The other one lists nothing and writes no index; ours had listed the folder before it came."""
    path = str(notebook("import cxlab as cx\ncx.Estimate(x, float(x))", parameters='study: str = ""\nx: str = "1"'))
    with Shelf("s3://bucket/reports") as ours, Shelf("s3://bucket/reports") as other:
        list(batch([Job(path, "abc")], ours, PLAIN, kernels=kernels))
        other.remote = fsspec.filesystem("s3", skip_instance_cache=True)
        other.refresh = lambda: None
        list(batch([Job(path, "abc", {"x": "2"})], other, PLAIN, kernels=kernels))
        ours.refresh()
        assert s3.cat_file("bucket/reports/index.html").count(b"<li data-subject") == 2
