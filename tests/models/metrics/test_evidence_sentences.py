"""Tables, claims, gaps and checks say what is certain of them; where nothing differs they say so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.models.metrics.kind_sentences import said
from cxlab.result import Result


def asked(effect: float, seed: int = 0, n: int = 900) -> cx.Study:
    """Eight questions by three groupings; only the first question of the South is shifted by an effect."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({f"q{k}": rng.integers(1, 6, n) for k in range(8)})
    for column, levels in (("region", ("North", "South", "East")), ("age", ("young", "old")), ("sex", ("f", "m"))):
        rows[column] = rng.choice(levels, n)
    rows.loc[(rows["region"] == "South") & (rng.random(n) < effect), "q0"] = 5
    fields = [Field(f"q{k}", f"Question {k}", "integer", "touchpoint", "satisfaction", Scale(1, 5)) for k in range(8)]
    groups = [Field(c, c.title(), "string", "segment") for c in ("region", "age", "sex")]
    return cx.Study(rows, Codebook("asked", (*fields, *groups)))


def tabled(effect: float, seed: int = 0) -> cx.Result:
    return cx.crosstab(asked(effect, seed), None, ["region", "age", "sex"])


def test_tables_tell_the_pair_that_is_surely_furthest_apart_with_the_interval_of_its_test() -> None:
    tables = tabled(0.5)
    message = cx.pages.message(tables)
    title = "Question 0 by Region: Top-2-box share is "
    assert message.title.startswith(title) and " pp higher in South than in " in message.title
    other = message.title.rpartition(" in ")[2]
    first, last = message.table.iloc[0], message.table["finding"].iloc[-1]
    rows = asked(0.5).to_pandas()
    share = (rows["q0"] >= 4).groupby(rows["region"]).agg(["mean", "size"])
    apart = share["mean"]["South"] - share["mean"][other]
    assert first["estimate"] == pytest.approx(apart, abs=1e-12) and first["unit"] == "pp"
    pooled = (rows["q0"] >= 4)[rows["region"].isin(["South", other])].mean()
    se = np.sqrt(pooled * (1 - pooled) * (1 / share["size"]["South"] + 1 / share["size"][other]))
    chosen_of = 24 * 3 * (5 + 2)  # tables, pairs of regions, answers with top-2-box and mean
    z = norm.isf(0.025 / chosen_of)
    assert first["estimate"] - first["low"] == pytest.approx(z * se, rel=1e-4), "pooled z, as SPSS; Bonferroni"
    assert first["high"] == pytest.approx(min(1.0, apart + z * se), rel=1e-4)
    assert last == "Tables of which the answers surely differ between groups: 1 of 24 tested"
    assert message.parts["about"] == {"question": "Question 0", "banner": "Region"}
    drawn = tables.plot(**message.parts["about"])
    assert [t.get_text().split("\n")[0] for t in drawn.get_xticklabels()] == ["Total", "East", "North", "South"]
    with pytest.raises(cx.DataProblem, match="Planet"):
        tables.plot(question="Question 0", banner="Planet")


def test_tables_of_which_nothing_differs_say_so_but_for_one_page_in_twenty() -> None:
    quiet = "No difference is certain in any of the tables tested: 24"
    told = [cx.pages.message(tabled(0.0, seed)).title for seed in range(24)]
    loud = sum(title != quiet for title in told)
    assert loud <= 4, "24 pages at 5 %: 1.2 are expected, more than 4 come with probability .006"
    letters = sum((tabled(0.0, seed).table["letters"] != "").any() for seed in range(3))
    assert letters >= 2, "letters alone, which count the pairs of one row, would be news on nearly every page"


def test_thin_tables_are_tested_by_their_metrics() -> None:
    rows = asked(0.9, n=60)
    tables = cx.crosstab(rows, ["q0", "q1"], "region")
    assert (tables.parts["association"]["small"] > 0.2).all()
    assert cx.pages.message(tables).title.startswith("Question 0 by Region: Top-2-box share is ")
    quiet = [cx.pages.message(cx.crosstab(asked(0.0, seed, 60), ["q0", "q1"], "region")).title for seed in range(8)]
    assert sum(title != "No difference is certain in any of the tables tested: 2" for title in quiet) <= 2


def test_tables_without_groups_to_test_say_so() -> None:
    alone = cx.crosstab(asked(0.5), "q0", "region", against="none")
    assert said(alone), "the test of the whole table needs no letters"
    one = cx.crosstab(asked(0.5).where(region=["South"]), "q0", "region")
    assert [x.headline for x in said(one)] == ["Nothing was tested: no table has two groups with enough answers"]


def gap(estimate: float, p: float, best: str = "high", peers: int = 5) -> Result:
    low, high = estimate - 5, estimate + 5
    rows = [("Alba", 40.0, 35, 45, np.nan), ("peers", 20.0, 19, 21, np.nan),
            ("gap", estimate, low, high, p), ("general", estimate, estimate - 30, estimate + 30, 0.2)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["what", "estimate", "low", "high", "p"])
    parts = {"unit": "Alba", "peers": [{}] * peers, "measure": "NPS", "best": best, "rank_low": 1, "rank_high": 3,
             "places": peers + 1}  # fmt: skip
    return Result("gap", "Alba against peers", table, "points", parts=parts)


def test_a_gap_to_the_peers_is_open_unless_its_test_says_otherwise() -> None:
    assert [x.sentence for x in said(gap(-20.0, 0.001))] == [
        "Alba is 20.0 points below the mean of its 5 peers in NPS (15.0 to 25.0)",
        "Place of Alba among all 6 that the data allow: 1 to 3",
        "Alba may not stand out among such units in general",
    ]
    assert said(gap(-20.0, 0.001, "low"))[0].headline.endswith("in NPS, which is better")
    alone = said(gap(-2.0, 0.4, peers=1))
    assert [x.sentence for x in alone] == ["Whether Alba differs from its only peer in NPS is open (−7.0 to 3.0)"]
    assert not alone[0].sure


def test_a_change_of_places_is_news_only_beyond_what_the_first_wave_lets_expect() -> None:
    rows = pd.DataFrame({
        "brand": ["a", "b", "c"], "gap_change": [9.0, -8.0, 7.0], "gap_low": [4.0, -12, 3], "gap_high": [14.0, -4, 11],
        "p_adjusted": [0.01, 0.01, 0.3], "surprise": [6.0, -1.0, 7], "surprise_low": [1.0, -5, 2],
        "surprise_high": [11.0, 3, 12],
    })  # fmt: skip
    found = Result("league_change", "NPS by Brand: May to June", rows, "points", 0.95, parts={"unit": "brand"})
    assert [x.sentence for x in said(found)] == ["a rose against the others from May to June: 9.0 (4.0 to 14.0)"]
    still = Result("league_change", "NPS by Brand: May to June", rows[1:], "points", 0.95, parts={"unit": "brand"})
    assert [x.headline for x in said(still)] == ["No unit moved against the others for certain from May to June"]


def board(*cells: tuple[str, str, str]) -> Result:
    table = pd.DataFrame(cells, columns=["card", "study", "direction"]).assign(title="Title")
    return Result("scoreboard", "board", table, parts={"simulated": ["made"], "studies": [], "cards": []})


def test_the_board_counts_what_real_customers_settle() -> None:
    found = board(("A", "x", "SUPPORTED"), ("A", "y", "CONTRADICTED"), ("B", "x", "TRIVIAL"), ("C", "x", "LACKS DATA"),
                  ("D", "made", "SUPPORTED"))  # fmt: skip
    assert [x.headline for x in said(found)] == [
        "Answers of real customers support 1, contradict 1 and show too small an effect for 1 of 4 claims",
        "A, “Title”, holds in x, and is contradicted in y",
        "A, “Title”, is contradicted in y, and holds in x",
        "B, “Title”, is too small to matter in x",
        "Claims that no study at hand can test: 1 of 4",
    ]
    none = said(board(("A", "x", "INCONCLUSIVE"), ("B", "x", "NOT-IDENTIFIED")))
    assert [x.headline for x in none] == ["Answers of real customers settle none of 2 claims"]
    made = said(board(("A", "made", "SUPPORTED")))
    assert made[0].headline == "Answers of SIMULATED customers support 1 of 1 claims"


@pytest.mark.parametrize(
    ("direction", "words", "sure"),
    [
        ("SUPPORTED", "the claim holds", True),
        ("CONTRADICTED", "the claim is contradicted", True),
        ("TRIVIAL", "the claim is of an effect too small to matter", True),
        ("INCONCLUSIVE", "the claim is open: the data cannot tell", False),
        ("DIRECTION-ONLY", "the claim has the right direction, but the effect may be too small to matter", False),
        ("NOT-IDENTIFIED", "the claim cannot be judged: the design of the study cannot carry it", False),
    ],
)
def test_a_verdict_is_said_in_words(direction: str, words: str, sure: bool) -> None:
    parts = {"direction": direction, "sentence": "In x: 3."}
    found = said(Result("verdict", f"CX-1 It is so, x: {direction}", pd.DataFrame({"a": [1]}), parts=parts))
    assert (found[0].headline, found[0].sure) == (f"CX-1 It is so, x: {words}", sure)


def test_known_effects_are_counted_by_their_intervals() -> None:
    table = pd.DataFrame({"term": ["a", "b"], "inside": ["yes", "no"]})
    found = said(Result("regression_truth", "Effects", table, level=0.95))[0]
    assert (found.headline, found.sure) == ("Known effects that lie within their 95% intervals: 1 of 2", False)
