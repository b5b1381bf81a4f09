"""The satisfaction index with 1,000 bootstrap replicates on the mobile-phone data (250 answers, 24 items).

seminr and plspm (both GPL) are no dependencies; they are compared where they can be imported, e.g. with
``pip install --no-deps --target /tmp/peers seminr plspm`` and ``PYTHONPATH=/tmp/peers``. Both run on one core here, and
plspm for 100 replicates only (0.5.7 fails under pandas 3). Without the folder of the public data (CXLAB_MIRROR) answers
of that shape are made up.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import Job

BLOCKS = {"Image": ("IMAG", 5), "Expectation": ("CUEX", 3), "Quality": ("PERQ", 7), "Value": ("PERV", 2),
          "Satisfaction": ("CUSA", 3), "Complaints": ("CUSCO", 1), "Loyalty": ("CUSL", 3)}  # fmt: skip
REPLICATES = 1000


def items(construct: str) -> list[str]:
    name, k = BLOCKS[construct]
    return [name] if k == 1 else [f"{name}{i}" for i in range(1, k + 1)]


def answers(folder: Path, n: int) -> None:
    real = Path(os.environ.get("CXLAB_MIRROR", "")) / "ecsi_mobi/mobi.csv"
    if real.is_file() and n == 250:
        pd.read_csv(real).to_csv(folder / "answers.csv", index=False)
        return
    rng = np.random.default_rng(1)
    common = rng.standard_normal(n)
    columns = {}
    for construct in BLOCKS:
        level = 0.7 * common + 0.7 * rng.standard_normal(n)
        for item in items(construct):
            columns[item] = np.clip(np.round(7 + 1.4 * level + 1.2 * rng.standard_normal(n)), 1, 10)
    pd.DataFrame(columns).to_csv(folder / "answers.csv", index=False)


def own(folder: Path, n: int):
    import cxlab as cx

    data = pd.read_csv(folder / "answers.csv")
    fields = tuple(cx.Field(c, role="outcome", scale=cx.Scale(1, 10)) for c in data)
    study = cx.Study(data, cx.Codebook("mobi", fields))
    model = cx.indices.ECSI.where(**{c: items(c) for c in BLOCKS})

    def run():
        result = cx.index(study, model, draws=REPLICATES)
        return {"paths": _sorted(result.parts["paths"].set_index("path")["estimate"].to_dict())}

    return run


def seminr(folder: Path, n: int):
    from seminr import bootstrap_model, composite, constructs, estimate_pls, paths, relationships

    from cxlab.models.index.pathmodel import ECSI

    data = pd.read_csv(folder / "answers.csv")
    outer = constructs(*(composite(c, items(c)) for c in BLOCKS))
    inner = relationships(*(paths(a, b) for a, b in ECSI.paths))

    def run():
        model = estimate_pls(data, outer, inner)
        bootstrap_model(model, nboot=REPLICATES, seed=1, cores=1)
        c = model.path_coef
        coefficients = pd.DataFrame(c.values, index=c.rows, columns=c.cols)
        return {"paths": _sorted({f"{a} → {b}": coefficients.loc[a, b] for a, b in ECSI.paths})}

    return run


def plspm(folder: Path, n: int):
    from plspm.config import MV, Config, Structure
    from plspm.mode import Mode
    from plspm.plspm import Plspm
    from plspm.scheme import Scheme

    from cxlab.models.index.pathmodel import ECSI

    data = pd.read_csv(folder / "answers.csv")
    structure = Structure()
    for a, b in ECSI.paths:
        structure.add_path([a], [b])
    inner = structure.path()

    def run():
        config = Config(inner, scaled=True)
        for c in BLOCKS:
            config.add_lv(c, Mode.A, *(MV(i) for i in items(c)))
        found = Plspm(data, config, Scheme.PATH, 100, 1e-9, True, REPLICATES // 10, 1)
        coefficients = found.path_coefficients()
        return {"paths": _sorted({f"{a} → {b}": coefficients.loc[b, a] for a, b in ECSI.paths})}

    return run


def _sorted(found: dict[str, float]) -> np.ndarray:
    return np.array([found[k] for k in sorted(found)])


JOBS = [
    Job(
        "pls",
        "ECSI index, 250 answers, 1,000 bootstrap replicates (to reach: 5 s; plspm: 100 replicates)",
        n=250,
        data=answers,
        own=own,
        peers={"seminr": seminr, "plspm": plspm},
        targets={"seminr": 10, "plspm": 10},
        tolerance=1e-5,
    )
]
