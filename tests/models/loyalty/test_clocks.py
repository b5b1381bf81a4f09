"""Clocks: CDNOW's contact clock, spending and second model; patience with known truth; what comes first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, norm
from scipy.stats import t as student

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.stats.fits.half_panel import lags
from cxlab.stats.purchases import gamma_gamma
from tests.models.loyalty.test_repeat_purchase import purchases


@pytest.fixture
def cdnow(mirror: Path) -> Study:
    raw = pd.read_csv(mirror / "cdnow_repeat_purchase/CDNOW_sample.txt", sep=r"\s+", header=None, dtype=str)
    return cx.load(pd.DataFrame({"who": raw[1], "day": pd.to_datetime(raw[2]), "paid": raw[4].astype(float)}))


@pytest.mark.mirror
def test_cdnow_spending_is_as_published(cdnow: Study) -> None:
    found = cx.repeat(cdnow, customer="who", date="day", until="1997-09-30", horizon=39, amount="paid", draws=50)
    spend = found.parts["spend"]
    np.testing.assert_allclose(spend["parameters"]["estimate"], [6.2488, 3.7446, 15.4477], rtol=2e-3)
    assert spend["customers"] == 946 and spend["loglik"] == pytest.approx(-4055.92, abs=0.006)
    assert spend["mean"] == pytest.approx(35.171, abs=0.01)
    assert spend["correlation"] == pytest.approx(0.1139, abs=5e-5)
    total = found.table.iloc[-1]
    assert total["spend_low"] < total["spend"] < total["spend_high"]
    assert total["paid"] > total["spend"]  # more purchases than forecast, too


@pytest.mark.mirror
def test_cdnow_by_two_models(cdnow: Study) -> None:
    found = cx.loyalty.repeat_models(cdnow, customer="who", date="day", until="1997-09-30", horizon=39)
    p = found.parts["parameters"]
    pareto = p[p["model"] == "Pareto/NBD"]["estimate"]
    np.testing.assert_allclose(pareto, [0.5533971, 10.5801985, 0.6060625, 11.6562237], rtol=1.5e-3)
    assert found.table["loglik"][1] == pytest.approx(-9594.976, abs=1e-3)
    assert found.table["estimate"][0] == pytest.approx(1653.4, abs=0.05)
    assert (found.table["actual"] == 1882).all() and found.plot() is not None


@pytest.mark.mirror
def test_cdnow_clock(cdnow: Study) -> None:
    found = cx.loyalty.contact_clock(cdnow, customer="who", date="day", since="1997-09-30", at=[4, 13, 39])
    assert found.table["n"].tolist() == [411] * 3
    np.testing.assert_allclose(found.table["estimate"], [0.234, 0.489, 0.698], atol=5e-4)
    assert found.parts["gap"] == pytest.approx(4.86, abs=0.005)
    clock = found.parts["clock"].set_index("point")
    assert 13 < clock.loc["t50", "estimate"] < 15 and np.isnan(clock.loc["t90", "estimate"])
    assert "90% have not come back within the 39 weeks seen" in found.notes
    assert found.plot() is not None


def test_spending_of_known_customers_is_found_again() -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(1, 9, 4000).astype(float)
    mean = rng.gamma(5 * x) / (rng.gamma(4.0, 1 / 12, 4000) * x)
    fit = gamma_gamma.fit(x, mean, np.ones(4000))
    error = np.sqrt(np.diag(fit.covariance))
    assert (np.abs(fit.log - np.log([5.0, 4.0, 12.0])) < 3.5 * error).all()


def test_forecast_spending_holds_what_was_paid() -> None:
    hits = 0
    for seed in range(5):
        table = purchases(200, seed)
        rng = np.random.default_rng(seed)
        pace = rng.gamma(4.0, 1 / 12, 200)
        table = table.assign(paid=rng.gamma(5.0, 1.0, len(table)) / pace[table["who"]])
        found = cx.repeat(cx.load(table), customer="who", date="day", until="2024-09-01", horizon=20, amount="paid",
                          draws=30)  # fmt: skip
        total = found.table.iloc[-1]
        hits += total["spend_low"] <= total["paid"] <= total["spend_high"]
    assert hits >= 3  # binomial of 5 at 95 %


def test_the_clock_of_an_exponential_cycle() -> None:
    rng = np.random.default_rng(2)
    rows = [pd.DataFrame({"who": range(1500), "day": 0.0}), pd.DataFrame({"who": [9999], "day": [400.0]})]
    rows.append(pd.DataFrame({"who": range(1500), "day": 1 + rng.exponential(50, 1500)}))
    table = pd.concat(rows)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.floor(table["day"]), unit="D")
    study = cx.load(pd.DataFrame({"who": table["who"], "day": days}))
    found = cx.loyalty.contact_clock(study, customer="who", date="day", since="2025-01-01", unit="days")
    clock = found.parts["clock"].set_index("point")
    for point, truth in (("t50", 50 * np.log(2)), ("t90", 50 * np.log(10))):
        assert clock.loc[point, "low"] - 1 <= truth + 1 <= clock.loc[point, "high"] + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"since": "soon"}, "since is 'soon'; write a day as '2025-06-30'"),
        ({"since": "2030-01-01"}, "the last contact in table is 2025-02-23; nothing is seen after 2030-01-01"),
        ({"unit": "years"}, "unit is 'years'; allowed: 'days', 'weeks'"),
        ({"at": [900]}, "at is [900]; allowed: times above 0 and at most 25.1429 weeks, the end of the data"),
        ({"since": "2023-01-01"},
         "0 customers of table had a contact in the 13 weeks up to 2023-01-01; 10 are needed"),
    ],
)  # fmt: skip
def test_bad_clocks_are_said(options: dict, message: str) -> None:
    given = {"customer": "who", "date": "day", "since": "2024-08-31"} | options
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.contact_clock(cx.load(purchases(60, 1)), **given)
    assert str(said.value) == message


def calls(n: int, seed: int) -> Study:
    """M/M/n+M at heart: patience of mean 4, offered wait of mean 3; scores fall with the wait."""
    rng = np.random.default_rng(seed)
    patience, offered = rng.exponential(4, n), rng.exponential(3, n)
    wait = np.fmin(patience, offered)
    score = np.clip(np.round(5 - wait / 2 + rng.normal(0, 0.7, n)), 1, 5)
    gone = patience < offered
    table = pd.DataFrame({"wait": wait, "gone": gone.astype(int), "score": np.where(gone, np.nan, score)})
    fields = (Field("wait", "Wait", "number", "operation", "wait"), Field("gone", "Hung up", "integer"),
              Field("score", "CSAT", "number", "outcome", "satisfaction", Scale(1, 5)))  # fmt: skip
    return Study(table, Codebook("calls", fields))


def test_patience_is_found_where_most_are_served() -> None:
    found = cx.loyalty.patience(calls(6000, 3), wait="wait", abandoned="gone", score="score", at=[1, 2, 4])
    truth = np.exp(-np.array([1, 2, 4]) / 4)
    assert ((found.table["low"] <= truth) & (truth <= found.table["high"])).all()
    offered = found.parts["offered"]
    assert offered["estimate"][offered["at"] <= 3].iloc[-1] == pytest.approx(np.exp(-1), abs=0.03)
    held = []
    for seed in range(6):
        pace = cx.loyalty.patience(calls(1500, seed), wait="wait", abandoned="gone").parts["pace"]
        held += ((pace["low"] <= 0.25) & (pace["high"] >= 0.25)).tolist()
    assert len(held) == 36 and sum(held) >= 31  # binomial of 36 at 95 %
    assert found.parts["abandoned"] == pytest.approx(3 / 7, abs=0.02)
    naive = 12 / 7  # mean wait of those who hung up: the smaller of the two waits
    assert found.parts["medians"]["estimate"][0] > naive


def test_bounds_hold_whatever_those_who_hung_up_would_say() -> None:
    study = calls(2000, 5)
    found = cx.loyalty.patience(study, wait="wait", abandoned="gone", score="score")
    table, scores = study.to_pandas(), found.parts["scores"].set_index("who hung up")
    share, mean = table["gone"].mean(), table["score"].mean()
    assert scores.loc["as happy as possible", "estimate"] == pytest.approx((1 - share) * mean + share * 5)
    assert scores.loc["as unhappy as possible", "estimate"] == pytest.approx((1 - share) * mean + share)
    assert scores.loc["like those who were served", "estimate"] == pytest.approx(mean)
    served = np.sort(table["score"].dropna())
    k = len(served) // 10
    tenth = scores.loc["like the lowest 10% of those served", "estimate"]
    assert tenth == pytest.approx((1 - share) * mean + share * served[:k].mean(), abs=0.02)
    low, high = found.parts["bounds"]
    assert low < scores["estimate"].min() and high > scores["estimate"].max()
    assert scores["low"].min() <= low  # one-sided where the bounds lie apart


def moved(value, w: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, int]:
    """Standard errors of numbers from their derivatives by the weight of each unit, and how many units there are."""
    names, at = np.unique(units, return_inverse=True)
    slopes = [(value(w * (1 + 1e-4 * (at == g))) - value(w * (1 - 1e-4 * (at == g)))) / 2e-4 for g in range(len(names))]
    return np.sqrt(len(names) / (len(names) - 1) * np.square(slopes).sum(0)), len(names)


@pytest.mark.parametrize("best", ["high", "low"])
def test_errors_of_bounds_and_of_the_pace_are_those_of_what_each_queue_moves(best: str) -> None:
    """Queues of 1 to 9 calls, weights: means under what those who hung up would say, Imbens & Manski's interval."""
    rng = np.random.default_rng(6)
    table = calls(900, 7).to_pandas()
    queue = np.repeat(np.arange(400), rng.integers(1, 10, 400))[:900]
    table = table.assign(queue=queue, w=rng.integers(1, 4, 900), wait=np.ceil(4 * table["wait"]) / 4)
    fields = (Field("wait", "Wait", "number", "operation", "wait"), Field("gone", "Hung up", "integer"),
              Field("score", "CSAT", "number", "outcome", "satisfaction", Scale(1, 5, best)),
              Field("queue", type="integer", role="cluster"), Field("w", role="weight"))  # fmt: skip
    found = cx.loyalty.patience(Study(table, Codebook("queues", fields)), wait="wait", abandoned="gone", score="score")
    gone, score, w = (table[c].to_numpy(float) for c in ("gone", "score", "w"))
    good, bad = (5, 1) if best == "high" else (1, 5)

    def means(v: np.ndarray) -> np.ndarray:
        share, served = np.average(gone, weights=v), gone == 0
        mean = np.average(score[served], weights=v[served])
        return np.array([(1 - share) * mean + share * m for m in (good, mean, bad)])

    value, (se, units) = means(w), moved(means, w, queue)
    rows = found.parts["scores"].set_index("who hung up")
    names = ["as happy as possible", "like those who were served", "as unhappy as possible"]
    np.testing.assert_allclose(rows.loc[names, "estimate"], value, rtol=1e-9)
    np.testing.assert_allclose(rows.loc[names, "se"], se, rtol=1e-5)
    half = student.ppf(0.975, units - 1) * se
    np.testing.assert_allclose(rows.loc[names, "high"], np.fmin(value + half, 5), rtol=1e-6)
    np.testing.assert_allclose(rows.loc[names, "low"], np.fmax(value - half, 1), rtol=1e-6)
    wide, widest = abs(value[0] - value[2]), max(se[0], se[2])
    c = brentq(lambda c: norm.cdf(c + wide / widest) - norm.cdf(-c) - 0.95, 0, 5)
    ends = min(value[0], value[2]) - c * widest, max(value[0], value[2]) + c * widest
    np.testing.assert_allclose(found.parts["bounds"], ends, rtol=1e-6)
    pace = found.parts["pace"]
    wait, until = table["wait"].to_numpy(), pace["until"].to_numpy()
    since = np.r_[0, until[:-1]]
    lived = np.clip(wait[:, None] - since, 0, until - since)
    ended = (gone == 1)[:, None] & (wait[:, None] > since) & (wait[:, None] <= until)
    rates = lambda v: (v @ ended) / (v @ lived)  # noqa: E731
    np.testing.assert_allclose(pace["estimate"], rates(w), rtol=1e-9)
    half = np.log(pace["high"] / pace["low"]) / 2 / student.ppf(0.975, units - 1) * pace["estimate"]
    np.testing.assert_allclose(half, moved(rates, w, queue)[0], rtol=1e-5)


def test_the_error_of_the_lowest_tenth_is_that_of_resampling() -> None:
    study = calls(700, 2)
    table = study.to_pandas()
    ask = lambda t: cx.loyalty.patience(Study(t, study.codebook), wait="wait", abandoned="gone", score="score")  # noqa: E731
    row = ask(table).parts["scores"].iloc[2]
    rng = np.random.default_rng(3)
    again = []
    for _ in range(400):
        t = table.iloc[rng.integers(0, 700, 700)]
        served = np.sort(t["score"].dropna())
        k = len(served) / 10
        low = (served[: int(k)].sum() + (k - int(k)) * served[int(k)]) / k
        again.append((1 - t["gone"].mean()) * served.mean() + t["gone"].mean() * low)
    assert row["se"] == pytest.approx(np.std(again), rel=0.12)


def test_patience_that_cannot_be_known_is_said() -> None:
    study = calls(200, 1)
    everyone = study.where(gone=1)
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.patience(everyone, wait="wait", abandoned="gone")
    n = len(everyone.to_pandas())
    assert str(said.value) == f"all {n} in calls hung up by 'gone': nothing is known of the wait that was offered"
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.patience(study, wait="wait", abandoned="gone", score="wait")
    wrong = "'wait' of calls has no scale; without its ends there are no bounds: declare it in the codebook"
    assert str(said.value) == wrong


def panel(units: int, periods: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Customers keep .3 of themselves; employees keep .4 and follow customers by .1."""
    own = rng.standard_normal((units, 2)) @ np.array([[1, 0.5], [0, 1]])
    z = np.zeros((units, periods + 50, 2))
    for t in range(1, periods + 50):
        z[:, t] = z[:, t - 1] @ np.array([[0.3, 0.1], [0, 0.4]]) + own * 0.5 + rng.standard_normal((units, 2))
    return z[:, 50:, 0], z[:, 50:, 1]


@pytest.mark.parametrize(
    ("periods", "panels", "shortened", "mended", "far"),
    [(6, 80, 0.096, 0.281, 0.03), (12, 60, 0.261, 0.374, 0.02), (24, 40, 0.337, 0.396, 0.02)],
)
def test_the_half_panel_takes_the_shortfall_away(
    periods: int, panels: int, shortened: float, mended: float, far: float
) -> None:
    """Another program's means of 400 panels of 40 units: employees keep .4 of themselves."""
    rng = np.random.default_rng(2)
    corrected, raw, held = [], [], 0
    for _ in range(panels):
        c, e = panel(40, periods, rng)
        unit, period = np.repeat(np.arange(40), periods), np.tile(np.arange(periods), 40)
        f = lags(unit, period, np.column_stack([c.ravel(), e.ravel()]))
        corrected.append(f.b[1, 1])
        raw.append(f.raw[1, 1])
        se = np.sqrt(40 / 39 * (f.influence[:, 2] ** 2).sum())  # employees on customers
        held += abs(f.b[1, 0] - 0.1) <= 2.02 * se
    assert np.mean(raw) == pytest.approx(shortened, abs=far)
    assert np.mean(corrected) == pytest.approx(mended, abs=far)
    assert held >= binom.ppf(0.001, panels, 0.93)


def test_the_direction_is_said() -> None:
    rng = np.random.default_rng(1)
    c, e = panel(400, 12, rng)
    table = {"shop": np.repeat(np.arange(400), 12), "month": np.tile(np.arange(12), 400)}
    study = cx.load(pd.DataFrame(table | {"customers": c.ravel(), "staff": e.ravel()}))
    found = cx.loyalty.lagged(study, "customers", y="staff", unit="shop", period="month")
    rows = found.table.set_index("path")
    assert rows.loc["customers, then staff", "low"] > 0.05
    assert rows.loc["staff, then customers", "low"] < 0 < rows.loc["staff, then customers", "high"]
    assert "customers, then staff: the stronger direction" in found.notes and found.plot() is not None
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.lagged(study.where(month=[0, 1]), "customers", y="staff", unit="shop", period="month")
    assert str(said.value) == (
        "400 units and 2 periods of table have both scores; paths within units need at least 10 and 4"
    )


def test_waits_are_cut_and_the_lowest_are_found_under_any_weights() -> None:
    """Shares that add up to a little less than one end at the last wait; the lowest tenth by hand."""
    waits = pd.DataFrame({"wait": np.arange(1.0, 121), "gone": np.arange(120) % 2, "sat": 1 + np.arange(120) // 12 % 5})
    book = cx.load(waits).set("sat", role="outcome", measure="satisfaction", scale="1-5").codebook
    fields = (*book, cx.Field("w", role="weight"))
    for seed in range(12):
        weight = np.random.default_rng(seed).uniform(0.1, 3, 120)
        found = cx.loyalty.patience(cx.Study(waits.assign(w=weight), cx.Codebook("waits", fields)), wait="wait",
                            abandoned="gone", score="sat", at=[60])  # fmt: skip
        served = waits["gone"] == 0
        y, w = waits.loc[served, "sat"].to_numpy(), weight[served]
        left = 0.1 * w.sum() - w[y == 1].sum()  # what the tenth takes beyond the ones: nothing, where they are a tenth
        assert left < 0
        gone = 1 - w.sum() / weight.sum()
        said = found.parts["scores"].set_index("who hung up")["estimate"]
        assert said["like the lowest 10% of those served"] == pytest.approx(
            (1 - gone) * np.average(y, weights=w) + gone * 1.0)  # fmt: skip


def test_a_score_has_no_path_to_itself_and_a_return_is_no_purchase() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=240)
    table = pd.DataFrame({"shop": np.repeat(np.arange(30), 8), "month": np.tile(np.arange(8), 30), "x": x, "y": x})
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.lagged(cx.load(table), "x", y="y", unit="shop", period="month")
    assert str(said.value) == "'x' and 'y' of table hold the same values; a score has no path to itself"
    bought = purchases(60, 1).assign(paid=20.0)
    bought.loc[bought.index[5], "paid"] = -20.0
    with pytest.raises(cx.DataProblem) as said:
        cx.repeat(cx.load(bought), customer="who", date="day", until="2024-09-01", horizon=10, amount="paid")
    assert str(said.value) == (
        "1 rows of table have a 'paid' below 0; a return is no purchase: leave the rows out with study.where"
    )
