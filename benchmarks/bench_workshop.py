"""A class of twenty seats: until all have a first result, memory of all processes, a refresh of the board.

Run alone: ``python -m benchmarks.bench_workshop [SEATS]``. Times are of this machine; memory is proportional (PSS), so
that what forks share counts once.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from cxlab.workshop.board_page import part
from cxlab.workshop.classroom import open_room
from cxlab.workshop.serving import Class

CELL = (
    "import time; t = time.process_time()\nimport cxlab as cx\nlesson = cx.lesson('noise')\n"
    "lesson.check('nps', cx.nps(lesson.data))\n"
    "figure = cx.nps(lesson.data).plot()\nprint('CPU', time.process_time() - t)"
)


def main(seats: int) -> None:
    """Print the measurements."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workshop"))
    from conftest import Served

    from cxlab.workshop.seat import read_room

    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        at = open_room(Path(folder), "bench", seats=seats)
        with Class(at) as served:
            print(f"served after {time.monotonic() - start:.1f} s")
            asked = Served(at, served.server, read_room(at), served.base)
            names = [str(k) for k in range(1, seats + 1)]
            with ThreadPoolExecutor(seats) as pool:
                kernels = dict(zip(names, pool.map(asked.open, names), strict=True))
                print(f"{seats} kernels open after {time.monotonic() - start:.1f} s")
                said = list(pool.map(lambda k: asked.run(k, kernels[k], CELL), names))
            took = sorted(float(text.split("CPU")[1].split()[0]) for text in said)
            print(f"{seats} first results with a picture after {time.monotonic() - start:.1f} s")
            print(f"CPU-seconds of a first cell: {took[len(took) // 2]:.2f} (middle), {took[-1]:.2f} (most)")
            again = asked.run("1", kernels["1"], CELL)
            print(f"CPU-seconds of the same cell again: {float(again.split('CPU')[1].split()[0]):.2f}")
            me = psutil.Process()
            pss = sum(p.memory_full_info().pss for p in me.children(recursive=True))
            print(f"memory of all processes but this one: {pss / 2**30:.2f} GB")
            part(at, "noise")
            begin = time.perf_counter()
            part(at, "noise")
            print(f"board refresh: {time.perf_counter() - begin:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
