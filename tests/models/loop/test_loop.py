"""The closed loop against a simulated world, R's published figures and hand calculations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.data.study import Study
from cxlab.stats.inference import coder_agreement
from cxlab.stats.inference.influences import covariance

VALUE, COST, SAVED = 300.0, 12.0, 0.15
NETS = {0: 216.5, 1: 331.2, 2: 427.5, 3: 469.4, 4: 461.8, 5: 302.1, 6: 2.8, 7: -632.0}
"""Net per 1,000 at each cut in the world below, by its author with 200,000 customers and the true risk of each."""

RATERS = [[1, 1, 0, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
          [1, 1, 2, 1], [2, 2, 2, 2], [0, 5, 5, 5], [0, 0, 1, 1], [0, 0, 3, 0]]  # fmt: skip
"""Krippendorff's (2011) and Gwet's example of 12 units and 4 coders; 0: not coded."""


def world(n: int, seed: int) -> pd.DataFrame:
    """Latent satisfaction s; a score of 0 to 10 with retest correlation .7; P(leave) = 1 / (1 + exp(2.2 + 1.1 s))."""
    rng = np.random.default_rng(seed)
    s = rng.standard_normal(n)
    seen = np.sqrt(0.7) * s + np.sqrt(0.3) * rng.standard_normal(n)
    shares = np.cumsum([0.02, 0.02, 0.03, 0.03, 0.04, 0.08, 0.08, 0.12, 0.18, 0.18])
    from scipy.stats import norm

    left = rng.random(n) < 1 / (1 + np.exp(2.2 + 1.1 * s))
    return pd.DataFrame({"ltr": np.searchsorted(norm.ppf(shares), seen), "left": left.astype(int)})


def policy(table: pd.DataFrame, **options: object) -> cx.Result:
    study = cx.load(table).set("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    return cx.loops.alert_policy(study, "left", **{"value": VALUE, "cost": COST, "saved": SAVED, **options})


def test_the_rule_of_the_trade_earns_nothing_and_a_stricter_one_does() -> None:
    found = policy(world(200_000, 1))
    table = found.table
    for (cut, net), row in zip(NETS.items(), table.itertuples(), strict=False):
        assert row.cut.endswith(str(cut))
        assert abs(row.estimate - net) < 4 * row.se, (cut, row)
    assert found.parts["break_even"] == pytest.approx(0.2667, abs=5e-5)
    by = table.set_index("cut")
    assert by.loc["≤ 3", "verdict"] == "pays"
    assert by.loc["≤ 6", "verdict"] == "cannot tell"  # every detractor
    assert by.loc["≤ 7", "verdict"] == "costs more than it saves"
    assert by.loc["≤ 3", "best"] and not by.loc["≤ 6", "best"]


def test_nets_and_precisions_are_those_of_a_hand_count() -> None:
    table = pd.DataFrame(
        {"ltr": [0] * 10 + [5] * 30 + [10] * 60, "left": [1] * 6 + [0] * 4 + [1] * 6 + [0] * 24 + [1] * 3 + [0] * 57}
    )
    found = policy(table, value=100.0, cost=10.0, saved=0.5).table
    assert found["estimate"].tolist() == pytest.approx([1000 * (6 * 50 - 100) / 100, 1000 * (12 * 50 - 400) / 100])
    assert found["precision"].tolist() == pytest.approx([0.6, 0.3])
    assert found["recall"].tolist() == pytest.approx([6 / 15, 12 / 15])
    each = np.array([40.0] * 6 + [-10] * 4 + [0] * 90)
    assert found["se"].iloc[0] == pytest.approx(1000 * each.std(ddof=1) / 10)


def test_intervals_hold_the_truth_and_half_the_saving_is_told_apart() -> None:
    held = []
    for seed in range(40):
        table = policy(world(1_500, seed)).table.iloc[:8]
        truth = np.array(list(NETS.values()))[: len(table)]
        held += ((table["low"] <= truth) & (truth <= table["high"])).tolist()
    assert np.sum(held) >= binom.ppf(1e-6, 40, 0.95) / 40 * len(held)
    assert policy(world(50_000, 2), saved=SAVED / 2).table["estimate"].iloc[3] < 469.4 / 2


def test_an_unsure_saving_widens_the_net() -> None:
    known, unsure = (policy(world(5_000, 3), saved=s).table for s in (SAVED, (SAVED, 0.05)))
    assert (unsure["se"] > known["se"]).all()
    assert unsure["estimate"].tolist() == known["estimate"].tolist()


def test_an_unsure_effect_adds_its_error_by_the_customers_it_would_keep() -> None:
    """22 of 100 leave, 6 and 12 of them alerted: 1,000 x 100 x (6 or 12) / 100 x .1 beside the error of the answers."""
    ltr, left = [0] * 10 + [5] * 30 + [10] * 60, [1] * 6 + [0] * 4 + [1] * 6 + [0] * 24 + [1] * 10 + [0] * 50
    table = pd.DataFrame({"ltr": ltr, "left": left})
    known, unsure = (policy(table, value=100.0, cost=10.0, saved=s).table["se"] for s in (0.5, (0.5, 0.1)))
    assert np.sqrt(unsure**2 - known**2).iloc[:2].tolist() == pytest.approx([600.0, 1200.0])


def test_where_one_is_best_high_answers_alert() -> None:
    table = world(3_000, 4)
    study = cx.load(table.assign(ltr=11 - table["ltr"]))
    study = study.set("ltr", role="outcome", measure="satisfaction", scale=cx.Scale(1, 11, "low"))
    found = cx.loops.alert_policy(study, "left", value=VALUE, cost=COST, saved=SAVED).table
    same = policy(table).table
    assert found["estimate"].tolist() == pytest.approx(same["estimate"].tolist())
    assert found["cut"].iloc[1].startswith("≥")


def test_coders_who_agree_on_all_may_still_differ_on_the_next() -> None:
    """Wilson's limit of n of n is n / (n + z²); alpha and AC1 lose what it disagrees over what chance would."""
    for n, verdict in ((50, "coders agree"), (10, "cannot tell")):
        codes = ["yes", "no"] * (n // 2)
        found = cx.loops.agreement(cx.load(pd.DataFrame({"ann": codes, "bo": codes})), ["ann", "bo"])
        miss = 1 - n / (n + 1.959964**2)
        expected = 1 - 2 * n * (n - 1) / (2 * n * (2 * n - 1))  # n codes of each of two kinds
        assert found.table["estimate"].tolist() == [1, 1, 1]
        assert found.table["low"].tolist() == pytest.approx([1 - miss, 1 - miss / 0.5, 1 - miss / expected], abs=1e-6)
        assert found.table["high"].tolist() == [1, 1, 1] and found.parts["verdict"] == verdict


def test_agreement_equals_r() -> None:
    raw = np.array(RATERS)
    counts = np.column_stack([(raw == k).sum(1) for k in range(1, 6)]).astype(float)
    for function, value, se in (
        (coder_agreement.agreed, 0.81818, 0.12561),
        (coder_agreement.ac1, 0.77544, 0.14295),
        (coder_agreement.krippendorff, 0.743421, 0.14557),
    ):
        kept = counts if function is not coder_agreement.krippendorff else counts[counts.sum(1) >= 2]
        found, each = function(kept)
        v, _ = covariance(((each - found) / len(each))[:, None], np.ones(len(each)))
        assert found == pytest.approx(value, abs=6e-6)
        # R's error of alpha is a linearisation with a term of its own; the jackknife's lies .5 % above it
        assert np.sqrt(v[0, 0]) == pytest.approx(se, abs=6e-6 if function is not coder_agreement.krippendorff else 1e-3)
    letters = pd.DataFrame(raw, columns=list("wxyz")).replace(dict(enumerate(["", *"abcde"])))
    result = cx.loops.agreement(Study(letters, cx.load(letters).codebook), list("wxyz"))
    assert result.table["estimate"].tolist() == pytest.approx([0.81818, 0.77544, 0.743421], abs=6e-6)
    assert result.parts["verdict"] == "cannot tell"
    assert result.table["n"].tolist() == [11, 11, 11]


def test_open_tickets_are_not_left_out() -> None:
    rng = np.random.default_rng(5)
    start = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 20, 3_000)), unit="D")
    stop = start + pd.to_timedelta(rng.exponential(4, 3_000), unit="D")
    seen = stop.where(stop < pd.Timestamp("2025-01-21"))
    table = pd.DataFrame({"opened": start, "closed": seen, "team": np.where(np.arange(3_000) % 2, "a", "b")})
    found = cx.closing(cx.load(table), opened="opened", closed="closed", by="team", due=2).table
    assert ((found["low"] < 4 * np.log(2)) & (4 * np.log(2) < found["high"])).all()
    within = 1 - np.exp(-0.5)
    assert ((found["within_low"] < within) & (within < found["within_high"])).all()
    closed_alone = np.median((seen - start).dropna().total_seconds()) / 86_400
    assert closed_alone < found["low"].min()  # the usual report: too short


def test_a_simple_sample_has_the_interval_of_a_weighted_one() -> None:
    start = pd.Timestamp("2025-01-01")
    rng = np.random.default_rng(6)
    table = pd.DataFrame({"o": start, "c": start + pd.to_timedelta(rng.exponential(3, 400), unit="D"), "w": 1.0})
    table.loc[:5, "w"] = 1.0000001
    bare = cx.load(table.drop(columns="w"))  # a column called w would be taken for weights
    plain = cx.closing(bare, opened="o", closed="c").table
    other = cx.closing(cx.load(table).set("w", role="weight"), opened="o", closed="c").table
    assert other["within_low"].iloc[0] == pytest.approx(plain["within_low"].iloc[0], abs=5e-4)
    assert other["estimate"].iloc[0] == pytest.approx(plain["estimate"].iloc[0])
    clustered = cx.load(table.drop(columns="w").assign(own=range(400))).set("own", role="cluster")
    own = cx.closing(clustered, opened="o", closed="c").table.iloc[0]
    widths = [t["within_high"] - t["within_low"] for t in (own, other.iloc[0], plain.iloc[0])]
    assert widths[0] == pytest.approx(widths[2], rel=0.05) and widths[1] == pytest.approx(widths[2], rel=0.05)


def test_what_is_open_is_a_share_and_nothing_closed_has_an_end_by_the_number_of_tickets() -> None:
    """30 of 80 are open; nobody closed by the due day: the other end is 1 - .025 ** (1 / 80)."""
    start = pd.Timestamp("2025-01-01")
    closed = [start + pd.Timedelta(days=5)] * 50 + [pd.NaT] * 29 + [pd.NaT]
    table = pd.DataFrame({"o": start, "c": closed})
    row = cx.closing(cx.load(table), opened="o", closed="c", due=2).table.iloc[0]
    assert row["open"] == pytest.approx(30 / 80)
    assert (row["within"], row["within_low"]) == (0, 0)
    assert row["within_high"] == pytest.approx(1 - 0.025 ** (1 / 80))


def answers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 71, 500), unit="D")
    return pd.DataFrame({"who": np.arange(500) + 1000, "ltr": rng.integers(0, 11, 500), "day": days,
                         "at": rng.choice(["shop", "chat"], 500), "said": "my phone is 0171 5551234"})  # fmt: skip


RULES = {"furious": {"ltr": (0, 2)}, "detractor": {"ltr": (0, 6)}, "passive at chat": {"ltr": (7, 8), "at": "chat"}}


def asked(table: object) -> cx.Result:
    study = cx.load(table).set("who", role="id").set("day", role="date")
    register = pd.DataFrame({"touchpoint": ["shop", "chat"], "owner": ["Ann", "Bo"], "due_hours": [24, None]})
    return cx.alerts(study, RULES, touchpoint="at", register=register)


def test_alerts_are_those_a_hand_filter_finds_under_ids_that_stay() -> None:
    table = answers()
    found = asked(table)
    listed = found.parts["alerts"].set_index("id")
    right = np.select(
        [table["ltr"] <= 2, table["ltr"] <= 6, table["ltr"].isin([7, 8]) & (table["at"] == "chat")], list(RULES), ""
    )
    right = pd.Series(right, table["who"])
    assert listed["reason"].sort_index().to_dict() == right[right != ""].to_dict()
    assert listed["alert"].is_unique
    again = asked(table.sample(frac=1, random_state=3)).parts["alerts"].set_index("id")
    assert again["alert"].to_dict() == listed["alert"].to_dict()
    hours = (listed["due"] - listed["created"]).dt.total_seconds() / 3600
    assert hours.groupby(listed["touchpoint"]).unique().map(list).to_dict() == {"shop": [24.0], "chat": [48.0]}
    assert set(zip(listed["touchpoint"], listed["owner"], strict=True)) == {("shop", "Ann"), ("chat", "Bo")}
    assert found.table["n"].sum() == len(listed)
    assert "0171" not in str(found.to_dict())  # what customers wrote is not in it


def test_the_load_a_week_is_poissons_and_layouts_are_those_of_the_systems() -> None:
    found = asked(answers())
    row = found.table.iloc[0]
    assert row["estimate"] == pytest.approx(row["n"] / 10)  # 70 days
    from scipy.stats import poisson

    assert poisson.cdf(row["n"], row["high"] * 10) == pytest.approx(0.025, abs=1e-6)
    assert poisson.sf(row["n"] - 1, row["low"] * 10) == pytest.approx(0.025, abs=1e-6)
    for layout, first in {"plain": "alert", "zendesk": "external_id", "jira": "External ID"}.items():
        assert next(iter(cx.loops.tickets(found, layout=layout))) == first


def test_wrong_input_is_said() -> None:
    table = world(200, 1)
    start = pd.Timestamp("2025-01-01")
    tickets = pd.DataFrame({"o": [start] * 12, "c": [start - pd.Timedelta(days=1)] * 12, "t": ["x"] * 12})
    for call, said in [
        (lambda: policy(table, saved=0), "saved is 0; it is a share above 0"),
        (lambda: policy(table, cost=-1), "value is 300.0 and cost -1; both are money above 0"),
        (lambda: policy(table.assign(left=0)), "0 of 200 customers left"),
        (lambda: policy(table.assign(left=table["left"] * 2)), "'left' has values other than 0 and 1"),
        (lambda: policy(table.assign(ltr=3)), "all answers to 'ltr' are the same"),
        (
            lambda: cx.closing(cx.load(tickets), opened="o", closed="c"),
            "12 tickets of .* are closed before they were opened",
        ),
        (lambda: cx.closing(cx.load(tickets), opened="t", closed="c"), "'t' of .* holds no times"),
        (
            lambda: cx.closing(cx.load(tickets), opened="o", closed="c", due=0),
            "due is 0; it is a number of days above 0",
        ),
        (lambda: cx.alerts(cx.load(tickets), RULES), "alerts need a column of role 'id'"),
        (lambda: cx.alerts(cx.load(answers()), {}), "rules is empty"),
        (
            lambda: cx.alerts(cx.load(answers()).set("who", role="id").set("day", role="date"), {"a": 3}),
            "rule 'a' is 3",
        ),
        (lambda: cx.loops.tickets(asked(answers()), layout="servicenow"), "layout"),
        (lambda: cx.loops.agreement(cx.load(tickets), ["t"]), "agreement needs two coders or more; coders is t"),
        (lambda: cx.loops.agreement(cx.load(tickets), ["t", "t2"]), "t2"),
    ]:
        with pytest.raises(cx.DataProblem, match=said):
            call()
