"""A class of twenty seats: until all have a first result, every cell of every lesson, memory, a refresh of the board.

Run alone: ``python -m benchmarks.bench_workshop [SEATS]``. Cells are run as a learner would, with the written solutions
in place of the dots, twice: in a fresh kernel, and again. Times are of this machine; memory is proportional (PSS), so
that what forks share counts once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from cxlab.workshop import trial
from cxlab.workshop.board_page import part
from cxlab.workshop.classroom import open_room
from cxlab.workshop.outlines import NAMES, outline
from cxlab.workshop.serving import Class

CELL = (
    "import time; t = time.process_time()\nimport cxlab as cx\nlesson = cx.lesson('noise')\n"
    "lesson.check('nps', cx.nps(lesson.data))\n"
    "figure = cx.nps(lesson.data).plot()\nprint('CPU', time.process_time() - t)"
)

GOAL = 0.3
"""CPU-seconds that any cell may take."""


def solved(name: str) -> list[tuple[str, str]]:
    """Return the cells of code of a lesson by their names, answers in place of the dots."""
    about = outline(name)
    told = about.texts("en")["questions"]

    def answer(asked: Any) -> str:
        guess = repr((about.questions[asked[1]].choices or [20])[0])
        return f'lesson.check("{asked[1]}", {told[asked[1]].get("solution", guess)})'

    cells = json.loads(about.notebook.read_text(encoding="utf-8"))["cells"]
    code = [(c["id"], "".join(c["source"])) for c in cells if c["cell_type"] == "code"]
    return [(at, trial.CHECK.sub(answer, source)) for at, source in code]


def spent() -> float:
    """Return the CPU-seconds of this process and all that it started, as long as they live."""
    every = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(p.cpu_times()[:2]) for p in every)


def slow_cells(asked: Any, seat: str, name: str) -> list[str]:
    """Return the CPU-seconds of each cell of a lesson at a seat, those above the goal marked."""
    kernel = asked.open(seat, f"{outline(name).number}-{name}.ipynb")
    clock = lambda: float(asked.run(seat, kernel, "import time; print(time.process_time())"))  # noqa: E731
    took: dict[str, list[float]] = {}
    for _ in range(2):
        for at, source in solved(name):
            before = clock()
            said = asked.run(seat, kernel, source)
            took.setdefault(at, []).append(clock() - before)
            assert "Error" not in said and "Not yet." not in said, (name, at, said)
    return [f"{name:10} {at:11} {a:.2f} {b:.2f}{'  <- above .3' * (max(a, b) > GOAL)}" for at, (a, b) in took.items()]


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
                print(f"{seats} kernels open after {time.monotonic() - start:.1f} s, {spent():.1f} CPU-seconds")
                said = list(pool.map(lambda k: asked.run(k, kernels[k], CELL), names))
            took = sorted(float(text.split("CPU")[1].split()[0]) for text in said)
            print(f"{seats} first results with a picture after {time.monotonic() - start:.1f} s")
            print(f"CPU-seconds of a first cell: {took[len(took) // 2]:.2f} (middle), {took[-1]:.2f} (most)")
            again = asked.run("1", kernels["1"], CELL)
            print(f"CPU-seconds of the same cell again: {float(again.split('CPU')[1].split()[0]):.2f}")
            me = psutil.Process()
            pss = sum(p.memory_full_info().pss for p in me.children(recursive=True))
            print(f"memory of all processes but this one: {pss / 2**30:.2f} GB")
            print("\n".join(line for name in NAMES for line in slow_cells(asked, "1", name)))
            part(at, "noise")
            begin = time.perf_counter()
            part(at, "noise")
            print(f"board refresh: {time.perf_counter() - begin:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
