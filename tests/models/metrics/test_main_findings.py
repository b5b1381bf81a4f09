"""The message of a page: what surely is large comes first, over everything computed; nothing real is said as such."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.problem import DataProblem


def study(effect: float, n: int = 4000, best: str = "high") -> cx.Study:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"region": rng.choice(["North", "South", "East"], n), "year": rng.integers(2023, 2026, n)})
    table["overall"] = rng.integers(1, 6, n)
    table["service"] = rng.integers(1, 6, n)
    low = (table["region"] == "South") & (rng.random(n) < effect)
    table.loc[low, "overall"] = 1
    worse = (table["year"] == 2025) & (rng.random(n) < effect / 2)
    table.loc[worse, "service"] = 1
    fields = (
        Field("region", "Region", "string", "segment"),
        Field("year", "Year", "integer", "wave"),
        Field("overall", "Overall", "integer", "outcome", "satisfaction", Scale(1, 5, best)),
        Field("service", "Service", "integer", "touchpoint", "satisfaction", Scale(1, 5, best)),
    )
    return cx.Study(table, Codebook("made", fields))


def page(made: cx.Study) -> list[cx.Result]:
    return [
        cx.scorecard(made),
        cx.compare(made, "csat", of="overall", by="region", pairs="rest"),
        cx.trend(made, "csat", of="service"),
        cx.compare(made, "csat", of="service", by="year", pairs="ends"),
    ]


def test_the_largest_sure_difference_is_the_message_and_touchpoints_are_among_the_findings() -> None:
    results = page(study(0.6))
    told = cx.pages.message(*results)
    known = results[1].table.set_index("region")["estimate"]["South"]
    assert told.title == f"Region: South is {abs(known) * 100:.1f} pp below the others together in CSAT of Overall"
    assert told.parts["source"] == 1
    lines = told.table["finding"].tolist()
    assert lines[0].startswith(told.title) and len(lines) <= 5
    moved = [line for line in lines if line.startswith("CSAT of Service fell by ")]
    assert moved, lines
    assert len(set(lines)) == len(lines)


def test_findings_are_ranked_by_what_they_surely_are() -> None:
    table = cx.pages.message(*page(study(0.6))).table
    real = table[table["finding"].str.contains("above|below|rose|fell")]
    sure = real[["low", "high"]].abs().min(axis=1).tolist()
    assert sure == sorted(sure, reverse=True) and (real["low"] * real["high"] > 0).all()


def test_where_nothing_differs_the_message_says_so_and_where_we_stand() -> None:
    told = cx.pages.message(*page(study(0.0)))
    assert re.fullmatch(
        r"No difference is certain: (of \d+ compared, \d+ too small to matter( and \d+ the sample cannot tell)?"
        r"|the sample cannot tell (any of \d+|the one that was) compared)",
        told.title,
    )
    assert told.table["finding"].tolist()[0].startswith("CSAT of Overall is ")


def test_less_can_be_better_and_the_words_say_so() -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"contract": np.repeat(["monthly", "yearly"], 500), "left": rng.random(1000) < 0.1})
    table["left"] = (table["left"] | ((table["contract"] == "monthly") & (rng.random(1000) < 0.5))).astype(int)
    fields = (
        Field("contract", "Contract", "string", "segment"),
        Field("left", "Left", "integer", "outcome", "churn", labels={"0": "stayed", "1": "left"}),
    )
    made = cx.Study(table, Codebook("made", fields))
    told = cx.pages.message(cx.compare(made, "share", of="left", value=1, by="contract", pairs="rest"))
    assert re.match(r"Contract: (monthly|yearly) is [\d.]+ pp (above|below) \w+ in share of Left", told.title)
    assert ("above" in told.title) == told.title.endswith("which is worse")


def test_a_study_without_groups_says_which_touchpoint_lags() -> None:
    survey = cx.load("airline-survey")
    touchpoints = list(survey.codebook.role("touchpoint"))
    told = cx.pages.message(cx.scorecard(survey), cx.csat(survey, touchpoints))
    assert told.title == "Meal is rated lowest of 6 (56.9 %), Crew highest (83.7 %)"
    assert told.parts["source"] == 1


def test_a_message_of_nothing_is_refused() -> None:
    with pytest.raises(
        DataProblem,
        match=r"^a message needs results; give those of cx\.compare, cx\.trend, cx\.scorecard or cx\.csat\. On a "
        r"page: no section of it applies to these data; the lines 'not shown' say what each needs, and one of them is "
        r"enough$",
    ):
        cx.pages.message()


def test_who_is_lowest_and_highest_says_whether_another_may_be() -> None:
    for shares, tail in (((0.2, 0.5, 0.8, 0.4), ""), ((0.2, 0.5, 0.8, 0.22), "; another may be the lowest"),
                         ((0.2, 0.5, 0.8, 0.79), "; another may be the highest"),
                         ((0.2, 0.22, 0.8, 0.79), "; others may be the lowest and the highest")):  # fmt: skip
        answers = {f"t{k}": np.where(np.arange(900) < 900 * p, 5, 1) for k, p in enumerate(shares)}
        fields = tuple(cx.Field(c, type="integer", role="touchpoint", scale=cx.Scale(1, 5)) for c in answers)
        found = cx.csat(cx.Study(pd.DataFrame(answers), cx.Codebook("s", fields)), list(answers))
        said = f"t0 is rated lowest of 4 (20.0 %), t2 highest (80.0 %){tail}"
        assert cx.pages.message(found).title == said


def test_of_two_groups_one_difference_is_counted() -> None:
    """Each of them is the other's rest: one test, as the correction of p counts it, and one in words."""
    rng = np.random.default_rng(2)
    answers = {
        "nps": rng.integers(0, 11, 400),
        "region": rng.choice(["N", "S"], 400),
        "site": rng.choice([*"abc"], 400),
    }
    study = cx.load(pd.DataFrame(answers))
    region, site = (cx.compare(study, "nps", by=b, pairs="rest") for b in ("region", "site"))
    assert region.table["verdict"].eq("cannot tell").all() and site.table["verdict"].eq("cannot tell").all()
    says = "No difference is certain: the sample cannot tell"
    assert cx.pages.message(region).title == f"{says} the one that was compared"
    assert cx.pages.message(region, site).title == f"{says} any of 4 compared"
    assert cx.metrics.together(region, site)[0].parts["family"] == 4


def test_those_who_gave_no_answer_come_after_all_groups() -> None:
    rng = np.random.default_rng(2)
    group = rng.choice(np.array(["a", "b", "c", None], object), 1200)
    likely = {"a": 0.55, "b": 0.45, "c": 0.25, None: 0.9}
    table = pd.DataFrame({"kind": group, "sat": [5 if rng.random() < likely[g] else 2 for g in group]})
    fields = (cx.Field("kind", type="string", role="segment"), cx.Field("sat", role="outcome", measure="satisfaction",
                                                         type="integer", scale=cx.Scale(1, 5)))  # fmt: skip
    study = cx.Study(table, cx.Codebook("made", fields))
    compared = cx.compare(study, "csat", by="kind", pairs="rest")
    far = compared.table.set_index("kind")["estimate"].abs()
    assert far.idxmax() == "(no answer)", "the largest difference of all"
    found = cx.pages.message(compared)
    assert "(no answer)" not in found.title and "(no answer)" not in found.table["finding"][0]
    alone = cx.compare(study.where(kind=["a", "b"]), "csat", by="kind", pairs="rest")
    assert "(no answer)" not in " ".join(cx.pages.message(alone).table["finding"])
