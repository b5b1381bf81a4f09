"""What a result says of itself in words: the numbers of its table, and no more certainty than its interval has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.metrics.kind_sentences import SAYS, said
from cxlab.problem import DataProblem
from cxlab.result import Result


def row(kind: str, title: str, unit: str = "", parts: dict | None = None, **cells: object) -> Result:
    return Result(kind, title, pd.DataFrame({k: [v] for k, v in cells.items()}), unit, parts=parts or {})


def alert(verdict: str) -> Result:
    return row("alert_policy", "Alerts", cut="≤ 5", estimate=895.3, low=-3.0, high=1144.0, verdict=verdict, best=True)


def test_no_more_is_said_than_the_interval_holds() -> None:
    (yes,), (no,) = said(alert("pays")), said(alert("cannot tell"))
    assert (yes.headline, yes.sure) == ("Calling those who answer ≤ 5 pays: 895 per 1,000 customers", True)
    assert (no.headline, no.sure) == ("No cut of the alerts is sure to pay; ≤ 5 comes nearest", False)
    moved = {"when": "all", "estimate": 4.0, "high": 8.0}
    (up,), (open_,) = (said(row("pilot", "Pilot", "points", **moved, low=low)) for low in (1.0, -1.0))
    assert up.sentence == "The units that began rose by 4.0 beyond the others (1.0 to 8.0)"
    assert not open_.sure and "cannot be told" in open_.headline
    pains = {
        "touchpoint": "pay",
        "problem": "late",
        "frequency": 0.1,
        "severity": 2.0,
        "estimate": 0.2,
        "low": 0.1,
        "high": 0.3,
    }
    for rank, word in ((1, "hurts most"), (2, "may hurt most")):
        (found,) = said(row("pain_points", "Pain", **pains, rank_high=rank))
        assert word in found.headline and found.sure == (rank == 1)


def test_an_arm_is_above_only_after_the_correction() -> None:
    cells = {
        "outcome": "NPS",
        "treated": "B",
        "against": "A",
        "estimate": -6.0,
        "low": -11.0,
        "high": -1.0,
        "unit": "points",
    }
    (real,), (open_,) = (
        said(Result("experiment", "x", pd.DataFrame([cells | {"p_adjusted": p}]), "points")) for p in (0.04, 0.06)
    )
    assert real.sentence == "B is 6.0 below A in NPS (1.0 to 11.0)"
    assert open_.headline == "Whether B differs from A in NPS cannot be told" and not open_.sure


def test_shares_differ_by_percentage_points_whatever_says_so() -> None:
    """A change of a share of 5 points is no change of 5 %."""
    moved = {"estimate": 0.05, "low": 0.01, "high": 0.09}
    alarm = pd.DataFrame([{"who": "A", "side": "higher", "since": "May", "last": "June", "open": True, "shift": 0.05,
                           "shift_low": 0.01, "shift_high": 0.09}])  # fmt: skip
    parts = pd.DataFrame({"part": ["change", "mix"], "estimate": [0.05, 0.02], "low": 0.01, "high": 0.09})
    arms = {"outcome": "CSAT", "treated": "B", "against": "A", "unit": "share", "p_adjusted": 0.01}
    results = {
        "monitor": row("monitor", "CSAT by week", "share", {"alarms": alarm, "by": ["brand"]}, x=1),
        "changes": row("changes", "CSAT by week", "share", **moved, change=1, at_low="May", at_high="June"),
        "change_explained": Result("change_explained", "CSAT: change", parts, "share"),
        "experiment": Result("experiment", "x", pd.DataFrame([moved | arms]), "share"),
        "pilot": row("pilot", "Pilot", "share", **moved),
        "measurement_plan": row("measurement_plan", "Plan", "share", {"smallest": 0.05}, verdict="ask"),
    }
    for kind, result in results.items():
        (found,) = said(result)
        assert "5.0 pp" in found.sentence and "%" not in found.sentence, kind
        assert kind == "measurement_plan" or "(1.0 to 9.0 pp)" in found.sentence


def test_a_change_of_device_is_no_change_of_hands() -> None:
    parts = {"with_handoff": 0.16, "returning": 0.135}
    (found,) = said(row("handoffs", "Changes of device and booked", "share", parts, x=1))
    assert found.headline == "16.0 % of the cases change device at least once, 13.5 % come back to one they had before"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(3.7, 3.9, "Service is below its target of 4: 3.80 (3.70 to 3.90)"),
     (3.7, 4.1, "Service is near its target of 4: 3.80 (3.70 to 4.10)"),
     (4.0, 4.1, "Service reaches its target of 4: 3.80 (4.00 to 4.10)")],
)  # fmt: skip
def test_a_target_is_said_with_the_interval_of_the_score(low: float, high: float, words: str) -> None:
    cells = {"item": "Service", "estimate": 3.8, "low": low, "high": high, "target": 4.0, "contribution": None}
    (found,) = said(row("kpi_tree", "x", **cells))
    assert found.sentence == words and found.sure == ("near" not in words)


def test_what_is_sure_comes_first_and_the_first_of_each_result() -> None:
    quiet = alert("cannot tell")
    premium = Result(
        "stated_premium",
        "Premium",
        pd.DataFrame({"factor": [1.0], "estimate": [0.14], "low": [0.13], "high": [0.15]}),
        "share",
    )
    told = cx.pages.message(quiet, premium)
    assert told.title == "People say they would pay 14.0 % more" and told.parts["source"] == 1 and told.parts["drawn"]
    assert told.table["finding"].tolist()[1].startswith("No cut of the alerts is sure to pay")
    assert cx.pages.message(quiet).title == said(quiet)[0].headline
    with pytest.raises(DataProblem, match="a message needs results"):
        cx.pages.message()


def test_a_curve_that_turns_is_told_with_its_turn_and_amounts_are_no_shares() -> None:
    """10 % at the cheapest and 22 % at the dearest hid 37 % between; 34.5 spent were 3,450 %."""
    cells = {"score": [20, 80, 120], "estimate": [0.1, 0.37, 0.22], "low": [0.08, 0.35, 0.17],
             "high": [0.12, 0.39, 0.27], "n": [50, 50, 50]}  # fmt: skip
    parts = {"score": "charges", "shape": "rises, then falls (two lines, break at 80)"}
    told = said(Result("loyalty_curve", "Left over charges", pd.DataFrame(cells), "share", parts=parts))[0]
    assert told.sentence == "Left: 10.0 % at 20, 37.0 % at 80, 22.0 % at 120 of charges" and told.sure
    spent = pd.DataFrame(cells | {k: [10 * v for v in cells[k]] for k in ("estimate", "low", "high")})
    told = said(Result("loyalty_curve", "Spent over score", spent, "", parts={"score": "score"}))[0]
    assert "%" not in told.sentence


def test_a_loss_is_called_a_loss() -> None:
    row = {"step": ["net of the cost"], "estimate": [-16019.0], "low": [-16786.0], "high": [-15392.0]}
    parts = {"chance": 0.0, "causal": []}
    told = said(Result("value", "What +0.5 of Score would be worth, up to 72 months", pd.DataFrame(row), parts=parts))[
        0
    ]
    assert told.sentence == (
        "+0.5 of Score would lose 16,019 (net of the cost) if it is the score that keeps customers (15,392 to 16,786)"
    )
    row |= {"estimate": [900.0], "low": [-100.0], "high": [1900.0]}
    caused = Result("value", "What +0.5 of Score brings, up to 72 months", pd.DataFrame(row),
                    parts={"chance": 0.96, "causal": True})  # fmt: skip
    assert said(caused)[0].headline == (
        "+0.5 of Score brings 900 (net of the cost), with a chance of 96% to be above 0"
    )


def test_the_interval_of_a_premium_stands_after_what_people_say() -> None:
    """14.1 % is said, 13.4 to 14.8; what is left of it is another number with another interval."""
    rows = {"factor": [1.0, 1.4], "estimate": [0.141, 0.101], "low": [0.134, 0.096], "high": [0.148, 0.105]}
    told = said(Result("stated_premium", "Premium", pd.DataFrame(rows), "share"))[0]
    assert told.sentence == (
        "If premiums are stated 1.4 times too high, people would pay 10.1 % more; they say 14.1 % (13.4 to 14.8 %)"
    )


def test_a_quiet_chart_says_so_and_an_empty_result_nothing() -> None:
    chart = cx.monitor(cx.load("brand-tracker").where(brand="Alba"), "nps", every="week")
    told = said(chart)
    alarms = chart.parts["alarms"]
    assert len(told) == max(len(alarms), 1) and all(x.headline for x in told)
    assert told[0].sure == bool(len(alarms))
    assert said(Result("alerts", "none", pd.DataFrame())) == [] and "alerts" in SAYS


def test_a_theme_concerns_most_only_where_its_interval_lies_above_all_others() -> None:
    for low, words in (
        (0.25, "price concerns most: 30.0 % of customers"),
        (0.21, "price concerns 30.0 % of customers, staff 20.0 %: which is more cannot be told"),
    ):
        cells = {"theme": ["staff", "price"], "estimate": [0.2, 0.3], "low": [0.18, low], "high": [0.22, 0.35]}
        result = Result("themes", "Themes", pd.DataFrame(cells), "share", parts={"by": "", "of": "customers"})
        assert said(result)[0].headline == words
        assert said(result)[0].sure, "both are so; which is more is said or not"


def test_how_sure_a_share_of_themes_is_stands_second() -> None:
    for low, words in (
        (0.25, "People coded 200 of 900 comments; after it come staff 20.0 % (18.0 to 22.0 %)"),
        (0.21, "People coded 200 of 900 comments: price 30.0 % (21.0 to 35.0 %), staff 20.0 % (18.0 to 22.0 %)"),
    ):
        cells = {"theme": ["staff", "price"], "estimate": [0.2, 0.3], "low": [0.18, low], "high": [0.22, 0.35],
                 "labels": 200, "n": 900}  # fmt: skip
        result = Result("themes", "T", pd.DataFrame(cells), "share", parts={"by": [], "of": "customers"})
        assert cx.pages.message(result).table["finding"].iat[1] == words


def test_a_theme_is_a_groups_more_than_any_others_only_where_the_intervals_are_apart() -> None:
    for low, words in ((0.26, ["price concerns Alba more than any other: 30.0 % of comments"]),
                       (0.24, ["No theme is told apart as one group's more than all others'"])):  # fmt: skip
        cells = {
            "brand": ["Alba", "Brio"] * 2,
            "theme": ["price", "price", "staff", "staff"],
            "estimate": [0.3, 0.2, 0.1, 0.11],
            "low": [low, 0.15, 0.05, 0.06],
            "high": [0.34, 0.25, 0.15, 0.16],
        }
        result = Result("themes", "T", pd.DataFrame(cells), "share", parts={"by": ["brand"], "of": "comments"})
        assert [x.headline for x in said(result)] == words


def test_a_theme_goes_with_the_score_only_after_the_correction() -> None:
    cells = {"theme": ["price", "(constant)"], "estimate": [-0.5, 8.0], "low": [-0.9, 7.0], "high": [-0.1, 9.0]}
    for p, words in (
        (0.03, "price goes with 0.50 less in Score"),
        (0.06, "Whether any theme goes with Score cannot be told"),
    ):
        result = Result("theme_impact", "Score: what", pd.DataFrame(cells | {"p_adjusted": [p, float("nan")]}), "mean")
        assert said(result)[0].headline == words


def test_a_lead_in_stars_says_whether_who_writes_could_turn_it() -> None:
    for band, words in ((4.3, "Alba has the highest mean of Stars: 4.50; who writes could turn that"),
                        (3.9, "Alba has the highest mean of Stars: 4.50")):  # fmt: skip
        cells = {"brand": ["Alba", "Brio"], "estimate": [4.5, 4.0], "low": [4.4, 3.9], "high": [4.6, 4.1],
                 "selected_low": [4.2, 3.8], "selected_high": [4.7, band]}  # fmt: skip
        result = Result("reviews", "Reviews: Stars", pd.DataFrame(cells), "mean", parts={"unit": "brand"})
        assert said(result)[0].headline == words


def units(kind: str, third: float, **more: object) -> Result:
    """Three units in the order of a bound, the first with the best estimate; how far the third reaches is given."""
    cells = {"brand": ["Alba", "Brio", "Cima"], "estimate": [4.5, 4.0, 4.2], "low": [4.4, 3.9, 4.0],
             "high": [4.6, 4.1, third], "all_low": 1, "all_high": [1 + (third > 4.4), 2, 3],
             "selected_low": [4.4, 3.9, 4.0], "selected_high": [4.6, 4.1, 4.2], **more}  # fmt: skip
    parts = {"unit": "brand", "measure": "mean of stars"}
    return Result(kind, "Reviews: Stars", pd.DataFrame(cells), "mean", parts=parts)


@pytest.mark.parametrize(("kind", "sure", "open_"), [
    ("reviews", "Alba has the highest mean of Stars: 4.50", "Alba may have the highest mean of Stars: 4.50"),
    ("league", "Alba leads 3 units in mean of stars: 4.50",
     "Alba comes first of 3 units in mean of stars, not for certain (between 1st and 2nd): 4.50"),
    ("closing", "Half of the tickets of Alba are closed after 4.5 days, the slowest of 3",
     "Half of the tickets of Alba are closed after 4.5 days, perhaps the slowest of 3"),
])  # fmt: skip
def test_who_is_first_is_said_for_sure_only_apart_from_all_others(kind: str, sure: str, open_: str) -> None:
    """The third unit may reach the first though the second does not; a rank never stands without what it may be."""
    for third, words in ((4.3, sure), (4.45, open_)):
        found = said(units(kind, third))[0]
        assert found.headline == words
        assert kind == "closing" or found.sure == (words == sure)


def test_the_highest_mean_is_that_of_the_mean_and_not_of_the_bound() -> None:
    """Ranked by a bound few reviews stand lower than many, whatever their mean."""
    table = units("reviews", 4.3, estimate=[4.0, 4.5, 4.2], low=[3.9, 4.4, 4.0], high=[4.1, 4.6, 4.3],
                  selected_low=[3.9, 4.4, 4.0], selected_high=[4.1, 4.6, 4.3])  # fmt: skip
    assert said(table)[0].headline == "Brio has the highest mean of Stars: 4.50"


@pytest.mark.parametrize(
    ("closed", "where"),
    [(0.98, "more than anywhere else but at closed, where most end"), (0.05, "more than anywhere else")],
)
def test_where_nearly_all_journeys_end_is_no_news(closed: float, where: str) -> None:
    """98 of 100 that are closed end there: what a reader asks is where the others stop."""
    table = pd.DataFrame({"touchpoint": ["open", "wait", "closed"], "reach": [1, 0.4, 1], "exit": [0.1, 0.02, closed]})
    table = table.assign(exit_low=table["exit"] - 0.01, exit_high=table["exit"] + 0.01)
    (found,) = said(Result("journey", "The journey", table, "share", parts={}))
    assert found.headline == f"10.0 % of the journeys that come to open have it as their last, {where}"


def test_a_stray_end_is_no_headline() -> None:
    """One in a thousand that stop at 'open' is not where journeys end, though more than anywhere else."""
    table = pd.DataFrame({"touchpoint": ["open", "wait", "closed"], "reach": [1, 0.4, 0.99], "exit": [1e-3, 2e-4, 1.0]})
    table = table.assign(exit_low=table["exit"] / 2, exit_high=np.fmin(table["exit"] * 2, 1))
    (found,) = said(Result("journey", "The journey", table, "share", parts={}))
    assert found.headline == "99.0 % of all journeys end at closed; elsewhere fewer than 1 in 100 do"


def test_who_is_under_way_has_not_ended() -> None:
    table = pd.DataFrame({"state": ["done", "(under way)"], "at": 30, "estimate": [0.925, 0.075]})
    result = Result("drop_off", "Ends", table.assign(low=0.0, high=1.0), "share", parts={"by": []})
    assert [s.headline for s in said(result)] == [
        "92.5 % of the journeys end as done within 30 days",
        "7.5 % of the journeys are still under way after 30 days",
    ]


ROWS = {
    "cost_to_serve": {"term": "Score, linear"},
    "willingness_to_pay": {"term": "window seat"},
    "loop_effect": {"comparison": "at the line"},
    "pilot": {},
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(("low", "high"), [(-9.0, -1.0), (-1.0, 9.0), (-9.0, 1.0), (1.0, 9.0)])
def test_a_difference_is_sure_where_its_interval_leaves_out_zero(kind: str, low: float, high: float) -> None:
    told = row(kind, "What a seat is worth", "points", estimate=(low + high) / 2, low=low, high=high, **ROWS[kind])
    (found,) = said(told)
    assert bool(found.sure) == (low * high > 0)
    if found.sure and kind in ("cost_to_serve", "pilot"):
        down, up = {"cost_to_serve": ("less", "more"), "pilot": ("fell", "rose")}[kind]
        assert (down in found.headline, up in found.headline) == (high < 0, low > 0)


@pytest.mark.parametrize(("low", "high"), [(-9.0, -1.0), (-9.0, 1.0), (1.0, 9.0)])
def test_a_change_is_explained_where_there_is_one(low: float, high: float) -> None:
    at = (low + high) / 2
    parts = pd.DataFrame({"part": ["mix", "change"], "estimate": [2.0, at], "low": [0.0, low], "high": [3.0, high]})
    found = [s.headline for s in said(Result("change_explained", "NPS: change", parts, "points"))]
    way = "rose" if at > 0 else "fell"
    assert found == ([] if low * high < 0 else [f"NPS {way} by 5.0, 2.0 of it by who answered"])


@pytest.mark.parametrize(("ends", "sure"), [((0.2, 0.3), True), ((0.5, 0.6), True), ((0.35, 0.45), False)])
def test_a_curve_of_loyalty_is_sure_where_its_ends_lie_apart(ends: tuple[float, float], sure: bool) -> None:
    cells = {"score": [0.0, 5.0, 10.0], "estimate": [0.4, 0.3, 0.4], "low": [0.35, 0.1, ends[0]],
             "high": [0.45, 0.9, ends[1]], "n": [50, 50, 50]}  # fmt: skip
    result = Result("loyalty_curve", "Left over score", pd.DataFrame(cells), "share", parts={"score": "score"})
    assert bool(said(result)[0].sure) == sure
    few = Result("loyalty_curve", "x", pd.DataFrame(cells | {"n": [50, 9, 9]}), "share", parts={"score": "score"})
    assert said(few) == []


@pytest.mark.parametrize("lowest", [0.31, 0.29])
def test_a_last_step_is_surely_the_worst_where_it_lies_above_all_others(lowest: float) -> None:
    cells = {"touchpoint": ["visit", "pay", "call", "end"], "reach": [1.0, 0.8, 0.5, 0.6],
             "exit": [0.2, 0.4, 0.1, 0.95], "exit_low": [0.1, lowest, 0.05, 0.9],
             "exit_high": [0.3, 0.5, 0.15, 0.99]}  # fmt: skip
    (found,) = said(Result("journey", "Journey", pd.DataFrame(cells), "share"))
    assert found.sure == (lowest > 0.3) and (found.estimate, found.low, found.high) == (0.4, lowest, 0.5)
    assert found.headline == (
        "40.0 % of the journeys that come to pay have it as their last, "
        f"{'more than anywhere else' if found.sure else 'perhaps more than elsewhere'} but at end, where most end"
    )


def driven(**columns: list) -> Result:
    """What drivers found, by hand."""
    n = len(columns["driver"])
    given = {"estimate": [0.3, 0.2, 0.1][:n], "low": 0.05, "high": 0.4, "above_noise": True, **columns}
    return Result("drivers", "What goes with Overall, R² = 60.0 %", pd.DataFrame(given), "share",
                  parts={"labels": {"a": "Staff"}})  # fmt: skip


def test_what_goes_with_an_outcome_most_is_said_only_where_the_ranks_settle_it() -> None:
    sure = said(driven(driver=["a", "b", "c"], rank_low=[1, 2, 2], rank_high=[1, 3, 3]))
    assert sure[0].headline == "Staff goes with Overall more than anything else that was asked: 30.0 % of its variance"
    assert sure[0].sure and (sure[0].low, sure[0].high) == (0.05, 0.4) and len(sure) == 1
    open_ = said(
        driven(driver=["a", "b", "c"], rank_low=[1, 1, 2], rank_high=[2, 3, 3], above_noise=[True, True, False])
    )
    assert [x.headline for x in open_] == [
        "Which of 3 goes most with Overall is not settled: Staff, b may",
        "Staff goes with 30.0 % of its variance",
        "Going with Overall no more than noise would: c",
    ]
    assert [x.sure for x in open_] == [False, False, True]
    noise = said(driven(driver=["a", "b", "c"], rank_low=[1, 1, 1], rank_high=[3, 3, 3], above_noise=[False] * 3))
    assert [x.headline for x in noise] == ["Nothing that was asked goes with Overall more than noise would"]
    alone = said(driven(driver=["a"], rank_low=[1], rank_high=[1]))
    assert [x.headline for x in alone] == ["Staff goes with 30.0 % of the variance of Overall"]
    own = said(driven(driver=["Visits and its waits"], rank_low=[1], rank_high=[1]))
    assert own[0].headline == "Visits and its waits goes with 30.0 % of the variance of Overall", "a label stays"


def test_kinds_of_customers_are_named_only_where_they_come_back() -> None:
    table = pd.DataFrame({
        "persona": ["A", "B"], "words": ["happier with Price; less happy with Staff; Margin 20", "happier with Staff"],
        "estimate": [0.6, 0.4], "low": [0.5, 0.3], "high": [0.7, 0.5],
    })  # fmt: skip
    found = said(Result("personas", "2 kinds", table, "share", parts={"stable": True}))
    assert [x.sentence for x in found] == [
        "There are 2 kinds of customers: 60.0 % are happier with Price; less happy with Staff (50.0 to 70.0 %)"
    ]
    none = said(Result("personas", "No stable kinds", table.head(1), "share", parts={"stable": False}))
    assert none[0].headline == "There are no kinds of customers that half of them would show again"


def test_serious_findings_of_the_checks_come_first() -> None:
    table = pd.DataFrame({"level": ["serious", "serious", "serious", "look", "fine"],
                          "check": ["weights", "scale", "ids", "speeding", "completion"]})  # fmt: skip
    assert [x.headline for x in said(Result("quality", "Quality", table))] == [
        "Results are wrong until this is dealt with: weights, scale and 1 more",
        "May be right, and somebody has to look: speeding",
    ]
    calm = said(Result("quality", "Quality", table.tail(1)))
    assert [x.headline for x in calm] == ["No check that could be made found anything that makes results wrong"]
