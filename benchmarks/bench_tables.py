"""A book of banner tables beside pandas and a loop over matrices: 60 and 300 questions by 40 columns."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import Job

QUESTIONS, BANNERS = [f"q{k}" for k in range(60)], [f"b{k}" for k in range(5)]
MANY = [f"q{k}" for k in range(300)]


def answers(folder: Path, n: int, questions: list[str] = QUESTIONS) -> None:
    """Write answers 1 to 6 to the questions, and five groupings of eight columns."""
    import pandas as pd

    rng = np.random.default_rng(1)
    columns = {q: rng.integers(1, 7, n, dtype=np.int8) for q in questions}
    columns |= {b: rng.integers(1, 9, n, dtype=np.int8) for b in BANNERS}
    pd.DataFrame(columns).to_parquet(folder / "answers.parquet")


def own(folder: Path, n: int, questions: list[str] = QUESTIONS):
    import pandas as pd

    import cxlab as cx
    from cxlab.data.codebook import Codebook, Field

    labels = {str(k): f"answer {k}" for k in range(1, 7)}
    fields = [
        *(Field(q, type="integer", labels=labels) for q in questions),
        *(Field(b, type="integer") for b in BANNERS),
    ]
    rows = pd.read_parquet(folder / "answers.parquet")
    study = cx.Study(rows, Codebook("tables", tuple(fields)))

    def run():
        table = cx.crosstab(study, questions, BANNERS, total=False).table
        table = table[table["kind"] == "category"]
        order = table.assign(q=table["question"].str[1:].astype(int), c=table["column"].astype(int))
        return {"share": order.sort_values(["q", "banner", "row", "c"])["estimate"].to_numpy()}

    return run


def pandas_crosstab(folder: Path, n: int):
    import pandas as pd

    table = pd.read_parquet(folder / "answers.parquet")

    def run():
        parts = [
            pd.crosstab(table[q], table[b], normalize="columns").to_numpy().ravel() for q in QUESTIONS for b in BANNERS
        ]
        return {"share": np.concatenate(parts)}

    return run


def pandas_groupby(folder: Path, n: int, questions: list[str] = QUESTIONS):
    import pandas as pd

    table = pd.read_parquet(folder / "answers.parquet")

    def run():
        parts = []
        for q in questions:
            for b in BANNERS:
                counts = table.groupby([q, b]).size().unstack().to_numpy(float)
                parts.append((counts / counts.sum(0)).ravel())
        return {"share": np.concatenate(parts)}

    return run


def matrix_loop(folder: Path, n: int):
    """The way of quantipy and weightipy: a matrix of ones of the banner, one of each question, and their product."""
    import pandas as pd

    table = pd.read_parquet(folder / "answers.parquet")

    def run():
        banner = np.column_stack([table[b].to_numpy() == k for b in BANNERS for k in range(1, 9)]).astype(float)
        parts = []
        for q in QUESTIONS:
            ones = np.column_stack([table[q].to_numpy() == k for k in range(1, 7)]).astype(float)
            counts = (ones.T @ banner).reshape(6, len(BANNERS), 8)
            parts.append((counts / counts.sum(0)).transpose(1, 0, 2).ravel())
        return {"share": np.concatenate(parts)}

    return run


JOBS = [
    Job(
        "banner-tables", "60 questions by 40 columns, 1 M rows in memory; ours with letters and intervals", n=1_000_000,
        data=answers, own=own,
        peers={"pandas crosstab": pandas_crosstab, "pandas groupby": pandas_groupby, "matrix loop": matrix_loop},
        targets={"pandas crosstab": 20}, tolerance=1e-12, turns=3, cpu=True,
    ),
    Job(
        "banner-tables-300", "300 questions by 40 columns, 1 M rows in memory; ours with letters and intervals",
        n=1_000_000, data=partial(answers, questions=MANY), own=partial(own, questions=MANY),
        peers={"pandas groupby": partial(pandas_groupby, questions=MANY)}, tolerance=1e-12, turns=1, cpu=True,
    ),
]  # fmt: skip
