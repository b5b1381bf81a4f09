"""Reports at volume: 40 scorecards, two at a time, against papermill and nbconvert two at a time.

``python -m benchmarks.bench_batch leak [1000]`` makes that many tiny reports in one process and prints how memory,
open files and processes grew; ``python -m benchmarks.bench_batch resume`` times a batch in which nothing changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from benchmarks import Job

WORKERS, REPORTS = 2, 40
STUDY, BY = ("sfo", ("airline", "wave")) if os.environ.get("CXLAB_MIRROR") else ("brand-tracker", ("brand", "wave"))


def cells(folder, n):
    """Write the largest cells of the study, at most 40: what each report is about."""
    from cxlab.report.jobs import cells as counted

    found = [(cell, k) for cell, k in counted(STUDY, BY) if None not in cell.values()]
    largest = [cell for cell, _ in sorted(found, key=lambda c: -c[1])[: min(n, REPORTS)]]
    (folder / "cells.json").write_text(json.dumps(largest))


def own(folder, n, **options):
    """Set up our batch; the number compared is the sum of all headline estimates."""
    from cxlab.report.batch import batch
    from cxlab.report.jobs import Job as Report
    from cxlab.report.render import Form
    from cxlab.report.shelf import Shelf

    wanted = json.loads((folder / "cells.json").read_text())
    jobs = [Report("scorecard", STUDY, {"only": cell, **options}) for cell in wanted]

    def run():
        out = Path(tempfile.mkdtemp(dir=folder))
        with Watch() as watch:
            done = [o for _, o in batch(jobs, Shelf(out), Form(memory=600_000_000), workers=WORKERS)]
        print(
            f"largest worker {watch.worker / 1e6:,.0f} MB, largest kernel {watch.kernel / 1e6:,.0f} MB", file=sys.stderr
        )
        failed = [f"{o.job}: {o.cause}" for o in done if o.cause]
        print("\n".join(failed), file=sys.stderr)
        return {"made": len(done) - len(failed), "sum": total(out.glob("scorecard/*/notebook.ipynb")),
                "worker_mb": watch.worker / 1e6, "kernel_mb": watch.kernel / 1e6}  # fmt: skip

    return run


def papermill(folder, n, **options):
    """Set up the usual way: the papermill command, then the nbconvert command, two reports at a time."""
    import nbconvert  # noqa: F401
    import papermill  # noqa: F401

    from cxlab.report.notebook import find

    wanted = json.loads((folder / "cells.json").read_text())
    source = find("scorecard")

    def one(k: int, cell: dict, out: Path) -> bool:
        target = out / f"{k}.ipynb"
        only = folder / f"{k}.yml"
        only.write_text(json.dumps({"study": STUDY, "only": cell, **options}))
        steps = (
            [sys.executable, "-m", "papermill", str(source), str(target), "-f", str(only), "-k", "python3"],
            [sys.executable, "-m", "nbconvert", "--to", "html", str(target)],
        )
        return all(subprocess.run(step, capture_output=True).returncode == 0 for step in steps)

    def run():
        from concurrent.futures import ThreadPoolExecutor

        out = Path(tempfile.mkdtemp(dir=folder))
        with ThreadPoolExecutor(WORKERS) as two:
            good = list(two.map(lambda kc: one(*kc, out), enumerate(wanted)))
        return {"made": sum(good), "sum": total(out.glob("*.ipynb"))}

    return run


def total(notebooks) -> float:
    """Return the sum of all estimates that the notebooks display."""
    from cxlab.result import MIME

    found = 0.0
    for path in sorted(notebooks):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", ()):
                table = output.get("data", {}).get(MIME, {}).get("table") or ()
                found += sum(row.get("estimate") or 0.0 for row in table)
    return found


class Watch:
    """Sees how much memory workers and kernels take (resident, so shared pages count for each)."""

    def __enter__(self):
        self.worker = self.kernel = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()

    def look(self) -> None:
        """Note the largest worker and kernel among our descendants until it is over."""
        import psutil

        while not self.over.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                try:
                    said, size = " ".join(process.cmdline()), process.memory_info().rss
                except psutil.Error:
                    continue
                if "cxlab.report.kernel" in said:
                    self.kernel = max(self.kernel, size)
                elif "forkserver" in said:
                    self.worker = max(self.worker, size)


def leak(n: int = 1000) -> None:
    """Make n tiny reports in one process and print, after each tenth, memory, open files, processes and threads."""
    import nbformat
    import psutil

    from cxlab.report.batch import batch
    from cxlab.report.jobs import Job as Report
    from cxlab.report.shelf import Shelf

    me = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        cell = nbformat.v4.new_code_cell('study: str = "abc"\nx: int = 0', metadata={"tags": ["parameters"]})
        tiny = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell("x * x")])
        nbformat.write(tiny, Path(folder, "tiny.ipynb"))
        jobs = [Report(str(Path(folder, "tiny.ipynb")), "abc", {"x": k}) for k in range(1, n + 1)]
        began, failed = time.monotonic(), 0
        for done, (_, outcome) in enumerate(batch(jobs, Shelf(Path(folder, "out")), workers=WORKERS), 1):
            failed += outcome.status == "failed"
            if done % (n // 10) == 0 or done == 1:
                family = me.children(recursive=True)
                sizes = sorted((p.memory_info().rss / 1e6 for p in family if p.is_running()), reverse=True)
                files = [p.num_fds() for p in (me, *family) if p.is_running()]
                took, own_mb = time.monotonic() - began, me.memory_info().rss / 1e6
                print(f"{done:5} reports {took:6.1f} s; {len(family)} processes, {me.num_threads()} threads; own "
                      f"{own_mb:.0f} MB, largest {sizes[0]:.0f} MB; {me.num_fds()} own files, {max(files)} the most",
                      flush=True)  # fmt: skip
        there = len(list(Path(folder, "out", "tiny").iterdir()))
        print(f"{there} reports, {failed} failed, {len(list(Path(folder, 'out', 'tiny').glob('.*')))} drafts left")


def resume() -> None:
    """Print the seconds of a batch of 40 in which nothing changed, as a command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from cxlab.cli import main; main()", "report", "start", STUDY,
                   "--by", ",".join(BY), "--at-least", "15", "--resume", "--output", folder]  # fmt: skip
        for _ in range(3):
            began = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            print(f"{time.perf_counter() - began:.2f} s, exit code {done.returncode}: {done.stderr.splitlines()[-1]}")


def same(own, peer) -> float:
    """Return the relative difference of the sums of all estimates."""
    return abs(float(own["sum"]) - float(peer["sum"])) / max(abs(float(peer["sum"])), 1e-300)


JOBS = [
    Job(
        "batch-scorecards", f"40 scorecards of {STUDY} ({' × '.join(BY)}), two at a time", n=REPORTS, data=cells,
        own=own, peers={"papermill + nbconvert": papermill}, targets={"papermill + nbconvert": 3.0}, turns=1,
        tolerance=1e-9,
        agree=same,
    ),
    Job(
        "batch-brief", f"40 scorecards of {STUDY}, without comparing segments", n=REPORTS, data=cells,
        own=partial(own, segments=[]), peers={"papermill + nbconvert": partial(papermill, segments=[])},
        targets={"papermill + nbconvert": 3.0}, tolerance=1e-9, turns=1, agree=same,
    ),
]  # fmt: skip


def main() -> None:
    """Run the jobs of this module, or the trial of leaks or of --resume."""
    if sys.argv[1:2] == ["leak"]:
        leak(int((sys.argv[2:] or ["1000"])[0]))
    elif sys.argv[1:2] == ["resume"]:
        resume()
    else:
        from benchmarks.__main__ import main as run

        run(["batch"])


if __name__ == "__main__":
    main()
