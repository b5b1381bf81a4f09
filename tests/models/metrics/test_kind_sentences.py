"""What a result says of itself in words: the numbers of its table, and no more certainty than its interval has."""

from __future__ import annotations

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


def test_a_quiet_chart_says_so_and_an_empty_result_nothing() -> None:
    chart = cx.monitor(cx.load("brand-tracker").where(brand="Alba"), "nps", every="week")
    told = said(chart)
    alarms = chart.parts["alarms"]
    assert len(told) == max(len(alarms), 1) and all(x.headline for x in told)
    assert told[0].sure == bool(len(alarms))
    assert said(Result("alerts", "none", pd.DataFrame())) == [] and "alerts" in SAYS
