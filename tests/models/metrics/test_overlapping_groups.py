"""A question with several answers as groups: each option one, overlapping, with the covariance that this needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx

OPTIONS = ("mail", "phone", "chat")


def answers(n: int, seed: int) -> pd.DataFrame:
    """Respondents in clusters of six with weights, whose scores are alike within a cluster."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) // 6
    mood = rng.standard_normal(cluster.max() + 1)[cluster]
    out = pd.DataFrame({
        "ltr": np.clip(np.round(6.5 + 1.5 * mood + 1.8 * rng.standard_normal(n)), 0, 10).astype(int),
        "seg": rng.choice(["x", "y"], n), "c": cluster, "h": cluster % 3, "w": rng.choice([0.5, 1.0, 2.0], n),
    })  # fmt: skip
    for option in OPTIONS:
        out[option] = (rng.random(n) < 0.5).astype(int)
    out.loc[out[list(OPTIONS)].sum(axis=1) == 0, "mail"] = 1
    return out


def study(rows: pd.DataFrame, *design: str, engine: type = pd.DataFrame) -> cx.Study:
    roles = {"c": "cluster", "w": "weight", "h": "strata"}
    fields = (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10)),
        cx.Field("seg", type="string", role="segment"),
        cx.Field("used", "Channels", columns=OPTIONS, labels={"mail": "E-mail"}),
        *(cx.Field(k, role=roles[k] if k in design else "") for k in roles),
    )
    table = rows if engine is pd.DataFrame else engine({c: rows[c].to_numpy() for c in rows})
    return cx.load(table, codebook=cx.Codebook("several", fields))


def net(v: pd.Series) -> pd.Series:
    return 100.0 * ((v >= 9) * 1.0 - (v <= 6))


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("design", [(), ("w",), ("w", "c")])
def test_each_option_is_a_group(design: tuple[str, ...], engine: type) -> None:
    rows = answers(300, 1)
    w = rows["w"] if "w" in design else pd.Series(1.0, rows.index)
    found = cx.nps(study(rows, *design, engine=engine), by="used")
    assert found.table["used"].tolist() == ["E-mail", "phone", "chat"]
    for row, option in zip(found.table.itertuples(), OPTIONS, strict=True):
        mine = rows[option] == 1
        assert row.n == mine.sum()
        assert row.estimate == pytest.approx(np.average(net(rows["ltr"])[mine], weights=w[mine]), rel=1e-9)
    assert "groups overlap: whoever chose several options of 'Channels' is in each" in found.notes


@pytest.mark.parametrize("design", [(), ("w",), ("c",), ("w", "c"), ("h",), ("w", "c", "h")])
def test_a_comparison_has_the_errors_that_the_metric_has(design: tuple[str, ...]) -> None:
    """Two ways to one number: a scan an option, and unions of the combinations."""
    s = study(answers(300, 2), *design)
    found = cx.compare(s, "nps", by="used")
    alone = cx.nps(s, by="used").table.set_index("used")
    first = found.table[found.table["against"] == "phone"].iloc[0]
    assert first["estimate"] == pytest.approx(alone.loc["E-mail", "estimate"] - alone.loc["phone", "estimate"])
    own = found.parts["groups"]  # in the order of the options
    for column in ("estimate", "low", "high"):
        assert own[column].tolist() == pytest.approx(alone[column].tolist(), rel=1e-9)
    ticked = cx.nps(s, by="mail").table.set_index("mail").loc["ticked"]
    assert alone.loc["E-mail", "se"] == pytest.approx(ticked["se"], rel=1e-9)


@pytest.mark.parametrize("design", [(), ("w", "c")])
def test_differences_have_the_error_of_the_bootstrap(design: tuple[str, ...]) -> None:
    rows, rng = answers(600, 3), np.random.default_rng(4)
    s = study(rows, *design)
    w = (rows["w"] if "w" in design else pd.Series(1.0, rows.index)).to_numpy()
    unit = rows["c"].to_numpy() if "c" in design else np.arange(len(rows))
    score, ticked = net(rows["ltr"]).to_numpy(), rows[list(OPTIONS)].to_numpy(float)
    a, b = (np.apply_along_axis(lambda v: np.bincount(unit, v), 0, (x * w)[:, None] * ticked) for x in (score, 1.0))
    drawn = rng.multinomial(len(a), np.full(len(a), 1 / len(a)), 4000).astype(float)
    means = (drawn @ a) / (drawn @ b)
    table = cx.compare(s, "nps", by="used").table.set_index(["used", "against"])
    places = {"E-mail": 0, "phone": 1, "chat": 2}
    for (one, two), row in table.iterrows():
        wanted = (means[:, places[one]] - means[:, places[two]]).std()
        assert row["se"] == pytest.approx(wanted, rel=0.06), (one, two)
    apart = np.hypot(*(cx.nps(s, by="used").table["se"].iloc[:2]))
    assert table.loc[("E-mail", "phone"), "se"] < 0.95 * apart  # as if nobody were in both: too wide


def test_options_beside_another_group_and_what_is_refused() -> None:
    rows = answers(300, 5)
    s = study(rows)
    found = cx.csat(s, "ltr", by=["seg", "used"]).table
    mine = rows[(rows["seg"] == "x") & (rows["chat"] == 1)]["ltr"]
    row = found[(found["seg"] == "x") & (found["used"] == "chat")].iloc[0]
    assert (row["n"], row["estimate"]) == (len(mine), pytest.approx((mine >= 9).mean()))
    within = cx.compare(s, "nps", by=["seg", "used"]).table
    assert len(within) == 6 and set(within["seg"]) == {"x", "y"}
    with pytest.raises(cx.DataProblem) as said:
        cx.compare(s, "nps", by="used", pairs="rest")
    assert str(said.value) == (
        "pairs is 'rest', and the groups of 'used' overlap; take 'all' or 'first', or compare who chose one option "
        "with who did not: by= the column of the option"
    )
