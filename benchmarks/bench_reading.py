"""Reading exports into a study, codebook and checks included: Qualtrics CSV against pandas, .sav against pyreadstat."""

from __future__ import annotations

import csv
import json

from benchmarks import Job

META = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate"]
META += ["ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference"]
META += ["LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage"]
RATED = [f"Q{i}" for i in range(1, 42)]
BLOCK = 50_000
STRAY = 7
"""Answers of 55 on a scale of 1 to 5 that a check must find."""


def qualtrics(folder, n):
    """Write n answers to 60 columns as Qualtrics exports them: three header rows, 41 ratings, a comment, a country."""
    import numpy as np

    rng = np.random.default_rng(1)
    names = [*META, *RATED, "Q42_TEXT", "Q43"]
    asked = ["How likely are you to recommend us?", *(f"How satisfied are you\nwith item {i}?" for i in range(2, 42))]
    with (folder / "export.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([names, [*META, *asked, "Why?", "Country"], [json.dumps({"ImportId": x}) for x in names]])
        for start in range(0, n, BLOCK):
            file.writelines(_rows(rng, start, min(BLOCK, n - start), n))


def _rows(rng, start, k, n):
    import numpy as np

    ratings = rng.integers(1, 6, (k, 41))
    ratings[:, 0] = rng.integers(0, 11, k)
    if start + k == n:
        ratings[-STRAY:, 4] = 55
    cells = ratings.astype(str)
    cells[(rng.random((k, 41)) < 0.05) & (ratings != 55)] = ""
    seconds, country = rng.integers(60, 2000, k), np.array(["GR", "DE", "US"])[rng.integers(0, 3, k)]
    for i in range(k):
        day = f"2025-01-{1 + i % 28:02d}"
        yield (
            f"{day} 10:{i % 60:02d}:00,{day} 11:00:00,IP Address,10.0.0.{i % 250},100,{seconds[i]},True,{day} 11:00:01,"
            f"R_{start + i:015d},,,,,37.98,23.73,anonymous,EN,{','.join(cells[i])},"
            f'"some words, and more {i % 1000}",{country[i]}\n'
        )


def study_of_qualtrics(folder, n):
    import cxlab as cx
    from cxlab.data import check, load  # noqa: F401

    def run():
        study = cx.load(folder / "export.csv")
        return {
            "stray": sum(f.n for f in cx.check(study) if f.problem == "outside the scale"),
            "fields": len(study.columns),
        }

    return run


def pandas_of_qualtrics(folder, n):
    import pandas as pd

    def run():
        table = pd.read_csv(folder / "export.csv", skiprows=[1, 2])
        return {"stray": int((table["Q5"] > 5).sum()), "fields": table.shape[1]}

    return run


def spss(folder, n):
    """Write n answers to 50 columns with value labels and user-missing codes."""
    import numpy as np
    import pandas as pd
    import pyreadstat

    rng = np.random.default_rng(2)
    shares = [0.15, 0.2, 0.2, 0.2, 0.2, 0.03, 0.02]
    answers = {f"q{i}": rng.choice([1.0, 2, 3, 4, 5, 98, 99], n, p=shares) for i in range(48)}
    frame = pd.DataFrame({**answers, "id": np.arange(n, dtype=float), "country": rng.choice(["GR", "DE", "US"], n)})
    labels = {
        1: "Very dissatisfied",
        2: "Dissatisfied",
        3: "Neither",
        4: "Satisfied",
        5: "Very satisfied",
        98: "Don't know",
    }
    pyreadstat.write_sav(
        frame,
        folder / "survey.sav",
        row_compress=True,
        column_labels={q: f"How satisfied are you with item {q[1:]}?" for q in answers},
        variable_value_labels=dict.fromkeys(answers, labels),
        missing_ranges=dict.fromkeys(answers, [98, 99]),
    )


def study_of_spss(folder, n):
    import polars_readstat  # noqa: F401

    import cxlab as cx
    from cxlab.data import load  # noqa: F401

    def run():
        study = cx.load(folder / "survey.sav")
        mean, answers = study.table.aggregate("avg(q0), count(q0)").fetchone()
        return {"mean": mean, "answers": answers, "labels": len(study.codebook["q0"].scale.labels)}

    return run


def pyreadstat_of_spss(folder, n):
    import pyreadstat

    def run():
        table, meta = pyreadstat.read_sav(folder / "survey.sav")
        real = [c for c in meta.variable_value_labels["q0"] if c not in (98, 99)]
        return {"mean": table["q0"].mean(), "answers": int(table["q0"].count()), "labels": len(real)}

    return run


JOBS = [
    Job(
        "reading-qualtrics", "Qualtrics CSV, 1,000,000 × 60, into a study with codebook and checks", n=1_000_000,
        data=qualtrics, own=study_of_qualtrics, peers={"pandas": pandas_of_qualtrics}, targets={"pandas": 1.0},
        memory={"pandas": 0.5},
    ),
    Job(
        "reading-spss", ".sav, 1,000,000 × 50, labels and user-missing, into a study with codebook", n=1_000_000,
        data=spss, own=study_of_spss, peers={"pyreadstat": pyreadstat_of_spss}, targets={"pyreadstat": 1.0},
        tolerance=1e-12,
    ),
]  # fmt: skip


def main() -> None:
    """Run the jobs of this module."""
    from benchmarks.__main__ import main as run

    run(["reading"])


if __name__ == "__main__":
    main()
