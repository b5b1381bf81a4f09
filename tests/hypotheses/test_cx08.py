"""Leaders on the stock market: alpha and error of statsmodels, recovered, and not fooled by rankings of the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t

import cxlab as cx
from cxlab.models.benchmarks.market_return import alpha

REPS = 60


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-08", study, robust=False, ledger=None)


def outside(table: pd.DataFrame) -> tuple[float, float, float]:
    """Alpha and its interval: Bartlett weights, lag 4 (n / 100)^(2/9), n / (n - k), t of n - k."""
    table, n = table.sort_values("date"), len(table)
    lag = int(4 * (n / 100) ** (2 / 9))
    fit = sm.OLS(table["excess"].to_numpy(), sm.add_constant(table["market"].to_numpy()))
    fit = fit.fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": True})
    half = fit.bse[0] * t.ppf(0.975, n - 2)
    return fit.params[0], fit.params[0] - half, fit.params[0] + half


@pytest.mark.parametrize("threat", [None, "autocorrelation"])
def test_it_is_the_alpha_of_statsmodels(threat: str | None) -> None:
    study = cx.simulated("CX-08", 0.004, n=240, seed=3, threat=threat)
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(outside(study.table), rel=1e-9)


def test_it_is_the_models_number() -> None:
    """Of `alpha`; its value, without the error for what months have in common, is the constant of `cx.ols`."""
    study = cx.simulated("CX-08", 0.004, n=240, seed=3)
    table = study.table.sort_values("date")
    value, se, df = alpha(table["excess"].to_numpy(), table["market"].to_numpy())
    half = se * t.ppf(0.975, df)
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx([value, value - half, value + half], rel=1e-9)
    assert value == pytest.approx(cx.ols(study, "excess ~ market").table["estimate"].iloc[0], rel=1e-9)


def test_the_order_of_the_rows_does_not_count_the_months_do() -> None:
    study = cx.simulated("CX-08", 0.004, n=240, seed=4, threat="autocorrelation")
    mixed = cx.Study(study.table.sample(frac=1, random_state=1).reset_index(drop=True), study.codebook)
    (a, b) = (verdict(s).estimate for s in (study, mixed))
    assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), rel=1e-12)


def test_by_hand() -> None:
    """No market at all in half of the months, and it cancels: alpha is the mean of the return."""
    n = 120
    market = np.tile([0.02, 0.0, -0.02, 0.0], n // 4)
    own = 0.01 * np.tile([1.0, -1, -1, 1, -1, 1, 1, -1], n // 8)  # goes neither with the market nor with its square
    month = pd.date_range("2010-01-01", periods=n, freq="MS")
    table = pd.DataFrame({"excess": 0.005 + 0.5 * market + own, "market": market, "date": month})
    table["published"] = month - pd.Timedelta(days=40)
    fields = (
        cx.Field("excess", role="outcome"), cx.Field("market", role="operation"),
        cx.Field("date", type="date", role="date"), cx.Field("published", type="date", role="operation"),
    )  # fmt: skip
    v = verdict(cx.Study(table, cx.Codebook("made", fields, design="backtest")))
    assert v.estimate.value == pytest.approx(0.005) and v.direction == "SUPPORTED"


@pytest.mark.parametrize(("effect", "threat"), [(0.0135, None), (0.004, None), (0.004, "autocorrelation")])
def test_alpha_is_recovered_and_covered(replicates, effect: float, threat: str | None) -> None:
    found = replicates("CX-08", effect, n=360, reps=REPS, threat=threat, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.0004)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.0135:
        assert found["direction"].eq("SUPPORTED").all()


@pytest.mark.parametrize(
    ("effect", "threat"), [(0.0, None), (0.001, None), (0.001, "autocorrelation"), (0.0, "look-ahead")]
)
def test_what_is_too_small_or_of_the_future_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-08", effect, n=360, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "look-ahead":
        assert found["association"].eq("SUPPORTED").all() and found["direction"].eq("NOT-IDENTIFIED").all()


def test_without_the_days_of_publication_there_is_no_verdict_for_it() -> None:
    study = cx.simulated("CX-08", 0.0135, n=240, seed=3)
    fields = tuple(f for f in study.codebook.fields if f.name != "published")
    v = verdict(cx.Study(study.table.drop(columns="published"), cx.Codebook("made", fields, design="backtest")))
    assert v.direction == "NOT-IDENTIFIED" and "no column for published" in v.sentence


def test_threats_do_what_they_say() -> None:
    plain, late, linked = (cx.simulated("CX-08", 0.0, n=2000, seed=5, threat=x).table
                           for x in (None, "look-ahead", "autocorrelation"))  # fmt: skip
    assert (plain["published"] < plain["date"]).all() and (late["published"] >= late["date"]).mean() > 0.4
    after = lambda made: made["excess"].autocorr()  # noqa: E731
    assert after(linked) > 0.15 > 0.1 > abs(after(plain))


def test_months_dated_by_their_last_day_begin_on_their_first() -> None:
    """Scores of the 15th cannot have chosen the portfolio of that month, though its return is dated the 31st."""
    study = cx.simulated("CX-08", 0.0135, n=240, seed=3)
    first = study.table["date"]
    end = first + pd.offsets.MonthEnd(0)
    ahead = cx.Study(study.table.assign(date=end, published=first + pd.Timedelta(days=14)), study.codebook)
    v = verdict(ahead)
    assert v.direction == "NOT-IDENTIFIED" and "240 of 240 months use later scores" in v.sentence
    before = cx.Study(study.table.assign(date=end, published=first - pd.Timedelta(days=1)), study.codebook)
    assert verdict(before).direction == "SUPPORTED"


def test_returns_in_percent_are_the_same_returns() -> None:
    study = cx.simulated("CX-08", 0.004, n=240, seed=5)
    percent = study.table.assign(excess=100 * study.table["excess"], market=100 * study.table["market"])
    one, other = verdict(study), verdict(cx.Study(percent, study.codebook))
    assert other.estimate.value == pytest.approx(one.estimate.value, rel=1e-9)
    assert (other.direction, other.number, other.sentence) == (one.direction, one.number, one.sentence)
    assert "the market moved by more than 1 in a month, so both returns are read as percent" in other.notes
    mixed = study.table.assign(excess=100 * study.table["excess"])
    v = verdict(cx.Study(mixed, study.codebook))
    assert v.direction == "NOT-IDENTIFIED" and "give both as shares (0.01 is 1 %), or both in percent" in v.sentence
