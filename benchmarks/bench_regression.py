"""Regressions from moments and patterns, beside statsmodels, pyfixest, linearmodels and polars-reg on rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import Job

DRIVERS = ("website", "service", "delivery", "invoice", "app", "store", "helpline", "returns", "waiting", "parking")
F = "recommend ~ " + " + ".join(DRIVERS)


def survey(folder: Path, n: int, *, drivers: int = 10, clusters: int = 0, groups: int = 0) -> None:
    """Write ratings as Parquet; with ``clusters`` that many accounts, with ``groups`` that many equal groups."""
    import duckdb

    from cxlab.data.simulate import to_parquet

    to_parquet(folder / "raw.parquet", n, seed=1, drivers=drivers, halo=0.5, progress=False)
    names = ", ".join(f'"{d}"' for d in DRIVERS[:drivers])
    extra = f", (respondent * 7919 % {clusters})::int as account" if clusters else ""
    extra += f", (row_number() over () % {groups})::int as account" if groups else ""
    lift = "recommend + 0.5 * (hash(account) % 7)::double as recommend" if groups else "recommend"
    inner = f"select {names}, recommend{extra} from '{folder}/raw.parquet'"
    chosen = f"select * replace ({lift}) from ({inner})" if groups else inner
    duckdb.sql(f"copy ({chosen}) to '{folder}/rows.parquet' (format parquet, row_group_size 122880)")
    (folder / "raw.parquet").unlink()


def _study(folder: Path, *, cluster: bool = False):
    import duckdb

    import cxlab as cx

    table = duckdb.connect().read_parquet(str(folder / "rows.parquet"))
    fields = tuple(cx.Field(c, role="cluster" if cluster and c == "account" else "") for c in table.columns)
    return cx.Study(table, cx.Codebook("bench", fields))


def _frame(folder: Path):
    import pandas as pd

    return pd.read_parquet(folder / "rows.parquet").astype(float)


def _numbers(result) -> dict:
    table = result.table.set_index("term")
    return {"beta": table["estimate"].to_numpy(), "se": table["se"].to_numpy()}


def own_ols(folder: Path, n: int, *, cluster: bool = False):
    import cxlab as cx

    study = _study(folder, cluster=cluster)
    cx.ols(cx.simulate(500, drivers=2), "recommend ~ website")  # imports
    return lambda: _numbers(cx.ols(study, F, errors="CR1" if cluster else "HC1"))


def statsmodels_ols(folder: Path, n: int, *, cluster: bool = False):
    import statsmodels.formula.api as smf

    data = _frame(folder)
    how = (
        {"cov_type": "cluster", "cov_kwds": {"groups": data["account"].astype(int)}} if cluster else {"cov_type": "HC1"}
    )

    def run():
        fit = smf.ols(F, data).fit(**how)
        return {"beta": fit.params.to_numpy(), "se": fit.bse.to_numpy()}

    return run


def pyfixest_ols(folder: Path, n: int, *, cluster: bool = False):
    import pyfixest

    data = _frame(folder)

    def run():
        fit = pyfixest.feols(F, data, vcov={"CRV1": "account"} if cluster else "HC1")
        return {"beta": fit.coef().to_numpy(), "se": fit.se().to_numpy()}

    return run


def polars_reg_ols(folder: Path, n: int, *, cluster: bool = False):
    import polars as pl
    import polars_reg

    data = pl.read_parquet(folder / "rows.parquet").cast(pl.Float64)

    def run():
        fit = polars_reg.ols(F, data, **({"cluster": "account"} if cluster else {"vcov": "HC1"}))
        order = [i for i, c in enumerate(fit.names) if c not in DRIVERS] + [fit.names.index(c) for c in DRIVERS]
        return {"beta": fit.coefficients[order], "se": fit.se[order]}

    return run


def decode(folder: Path, n: int):
    """The floor of a regression: one scan that reads every column once (sums)."""
    import duckdb

    table = duckdb.connect().read_parquet(str(folder / "rows.parquet"))
    names = ", ".join(f'sum("{c}")' for c in table.columns)
    return lambda: {"sums": np.array(table.aggregate(names).fetchone(), float)}


def own_ordinal(folder: Path, n: int):
    import cxlab as cx

    study, f = _study(folder), "recommend ~ " + " + ".join(DRIVERS[:4])
    cx.regressions.ordinal(cx.simulate(500, drivers=2), "recommend ~ website")

    def run():
        found = cx.regressions.ordinal(study, f)
        return {"beta": found.table["estimate"].to_numpy()[:4], "loglik": found.parts["fit"]["loglik"]}

    return run


def statsmodels_ordinal(folder: Path, n: int):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    data = _frame(folder)

    def run():
        fit = OrderedModel(data["recommend"], data[list(DRIVERS[:4])], distr="logit").fit(method="bfgs", disp=0)
        return {"beta": fit.params.to_numpy()[:4], "loglik": fit.llf}

    return run


def shortfall(own, peer) -> float:
    """How much lower our log-likelihood is, relative; 0 if it is not lower."""
    return float(max(peer["loglik"] - own["loglik"], 0.0) / abs(peer["loglik"]))


def own_logit(folder: Path, n: int):
    import cxlab as cx

    study, f = _study(folder), "I(recommend >= 9) ~ " + " + ".join(DRIVERS[:8])
    cx.regressions.logit(cx.simulate(500, drivers=2), "I(recommend >= 9) ~ website")
    return lambda: _numbers(cx.regressions.logit(study, f))


def statsmodels_logit(folder: Path, n: int):
    import statsmodels.api as sm

    data = _frame(folder)
    y, x = (data["recommend"] >= 9).astype(float), sm.add_constant(data[list(DRIVERS[:8])])

    def run():
        fit = sm.Logit(y, x).fit(disp=0, tol=1e-12)
        return {"beta": fit.params.to_numpy(), "se": fit.bse.to_numpy()}

    return run


MIXED = "recommend ~ website + service + delivery"


def own_mixed(folder: Path, n: int):
    import cxlab as cx

    study = _study(folder)
    cx.regressions.mixed(cx.simulate(500, drivers=2, cluster_size=5), "recommend ~ website")

    def run():
        found = cx.regressions.mixed(study, MIXED, by="account")
        return _numbers(found) | {"loglik": -found.parts["fit"]["criterion"] / 2}

    return run


def statsmodels_mixed(folder: Path, n: int):
    import statsmodels.formula.api as smf

    data = _frame(folder)

    def run():
        fit = smf.mixedlm(MIXED, data, groups=data["account"]).fit()
        return {"beta": fit.fe_params.to_numpy(), "se": fit.bse_fe.to_numpy(), "loglik": fit.llf}

    return run


CLUSTERED = {"data": partial(survey, clusters=10_000), "own": partial(own_ols, cluster=True)}
PEERS = {"statsmodels": statsmodels_ols, "pyfixest": pyfixest_ols, "polars-reg": polars_reg_ols}
JOBS = [
    Job(
        "ols-hc1", "OLS with HC1 errors, 11 columns", n=10_000_000, data=survey, own=own_ols, peers=PEERS, floor=decode,
        targets={"statsmodels": 4, "polars-reg": 2}, touch=4, tolerance=1e-8,
    ),
    Job(
        "ols-cluster", "OLS with 10,000 clusters, 11 columns", n=10_000_000, **CLUSTERED, floor=decode,
        peers={k: partial(f, cluster=True) for k, f in PEERS.items()}, targets={"statsmodels": 8},
        memory={"statsmodels": 0.1}, touch=4, tolerance=1e-6,
    ),
    *(
        Job(
            f"ols-{size}m", f"OLS with HC1 errors, {size} M rows", n=size * 1_000_000, data=survey, own=own_ols,
            floor=decode, touch=1, series="ols", turns=3 if size < 100 else 1,
        )
        for size in (1, 10, 100)
    ),
    Job(
        "ordinal", "ordered logit, 4 ratings", n=1_000_000, data=partial(survey, drivers=4), own=own_ordinal,
        peers={"statsmodels": statsmodels_ordinal}, targets={"statsmodels": 1000}, agree=shortfall, tolerance=1e-12,
        floor=decode,
    ),
    Job(
        "logit", "logit, 8 ratings", n=1_000_000, data=partial(survey, drivers=8), own=own_logit,
        peers={"statsmodels": statsmodels_logit}, targets={"statsmodels": 10}, floor=decode,
    ),
    Job(
        "mixed", "random intercept, 1,000 groups", n=100_000, data=partial(survey, drivers=3, groups=1000),
        own=own_mixed, peers={"statsmodels": statsmodels_mixed}, targets={"statsmodels": 100}, floor=decode,
        agree=shortfall, tolerance=1e-12,  # MixedLM stops early: its estimates differ by 3e-4, its likelihood is lower
    ),
]  # fmt: skip
