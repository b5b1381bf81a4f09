"""What banner tables show and refuse: nesting, NETs, several answers, bases, hidden columns, arrows, wrong input."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.models.figures import alternative
from cxlab.problem import DataProblem


def made(n: int = 600, seed: int = 1, **more: object) -> cx.Study:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "region": rng.choice(["North", "South", "East"], n),
            "age": rng.integers(1, 4, n),
            "quarter": rng.choice(["2025 Q2", "2024 Q4", "2025 Q1"], n),
            "overall": rng.integers(1, 6, n),
            "drink": rng.integers(1, 6, n),
            "tea": rng.integers(0, 2, n).astype(float),
            "coffee": rng.integers(0, 2, n).astype(float),
            "milk": rng.integers(0, 2, n).astype(float),
        }
    ).assign(**more)
    table.loc[:20, ["tea", "coffee", "milk"]] = np.nan
    table.loc[:9, "drink"] = 9
    fields = (
        Field("region", "Region", "string", "segment"),
        Field("age", "Age", "integer", "segment", labels={"1": "18-34", "2": "35-54", "3": "55+"}),
        Field("quarter", "Quarter", "string", "wave"),
        Field("overall", "Overall", "integer", "outcome", "satisfaction", Scale(1, 5)),
        Field("drink", "Favourite", "integer", missing={"9": "don't know"},
              labels={"1": "green", "2": "black", "3": "latte", "4": "milk", "5": "none", "6": "cocoa"}),
        Field("used", "Used", "integer", columns=("tea", "coffee", "milk"),
              labels={"tea": "Tea", "coffee": "Coffee", "milk": "Milk"}),
        *(Field(str(k), type="integer") for k in more),
    )  # fmt: skip
    return cx.Study(table, Codebook("made", fields))


def cells(found: cx.Result, row: str, name: str = "estimate") -> dict:
    table = found.table[found.table["row"] == row]
    return dict(zip(table["column"], table[name], strict=True))


def test_nested_columns_are_tested_within_what_they_lie_in() -> None:
    study = made(lift=0)
    table = study.to_pandas()
    table["overall"] = np.where((table["region"] == "North") & (table["age"] == 1), 5, 2)
    study = cx.Study(table, study.codebook)
    found = cx.crosstab(study, "overall", "region>age")
    top = found.table[(found.table["row"] == "5") & (found.table["banner"] == "Region > Age")]
    assert len(top) == 9 and top["outer"].nunique() == 3
    north = top[top["outer"] == "North"].set_index("column")["letters"]
    others = top.loc[(top["outer"] == "North") & (top["column"] != "18-34"), "letter"].tolist()
    assert north["18-34"].split() == others, "only the ages of the same region"
    assert (top.loc[top["outer"] != "North", "letters"] == "").all()


def test_nets_hold_their_answers_and_subnets() -> None:
    nets = {"drink": {"Hot": {"Tea": ["green", "black"], "Coffee": [3]}}, "used": {"Any hot": ["Tea", "coffee"]}}
    found = cx.crosstab(made(), ["drink", "used"], "region", nets=nets)
    drink = found.table[(found.table["question"] == "Favourite") & (found.table["column"] == "Total")]
    rows = drink["row"].tolist()
    assert rows == ["Base", "Hot", "Tea", "green", "black", "Coffee", "latte", "milk", "none"]
    share = drink.set_index("row")["estimate"]
    assert share["Hot"] == pytest.approx(share["Tea"] + share["Coffee"])
    assert share["Tea"] == pytest.approx(share["green"] + share["black"])
    depth = dict(zip(found.table["row"], found.parts["depth"], strict=True))
    assert (depth["Hot"], depth["Tea"], depth["green"], depth["none"]) == (0, 1, 2, 0)
    table = made().to_pandas()[["tea", "coffee"]].dropna()
    assert cells(found, "Any hot")["Total"] == pytest.approx((table.max(axis=1) == 1).mean())


def test_a_question_with_several_answers_in_rows_and_columns() -> None:
    study = made()
    table = study.to_pandas()
    found = cx.crosstab(study, "used", ["region", "used"])
    assert cells(found, "Base")["Total"] == 600 - 21
    known = cx.share(study, "used").table.set_index("item")["estimate"]
    assert cells(found, "Tea")["Total"] == pytest.approx(known["tea"])
    both = table[(table["tea"] == 1)]
    inside = found.table[(found.table["banner"] == "Used") & (found.table["row"] == "Coffee")].set_index("column")
    assert inside["estimate"]["Tea"] == pytest.approx((both["coffee"] == 1).mean())
    assert "columns of Used share respondents, and are tested as dependent" in found.notes


def test_small_columns_are_hidden_and_so_is_what_tells_them() -> None:
    study = made()
    table = study.to_pandas()
    table["region"] = np.where(np.arange(600) < 4, "West", table["region"])
    found = cx.crosstab(cx.Study(table, study.codebook), "overall", "region")
    top = found.table[(found.table["row"] == "5") & (found.table["banner"] == "Region")].set_index("column")
    assert top["estimate"].isna().sum() == 2 and np.isnan(top["estimate"]["West"])
    assert top["count"].isna().sum() == top["row_share"].isna().sum() == top["low"].isna().sum() == 2
    hidden = top.index[top["estimate"].isna()]
    assert not set("".join(top["letters"])) & set(top.loc[hidden, "letter"].str.cat())
    assert any(n.startswith("Overall: 2 columns of fewer than 10 answers") for n in found.notes)
    everything = cx.crosstab(cx.Study(table, study.codebook), "overall", "region", least_n=0)
    assert everything.table["estimate"].notna().all()


def test_who_counts_is_as_said() -> None:
    study = made()
    answered = cells(cx.crosstab(study, "drink", "region"), "Base")["Total"]
    asked = cx.crosstab(study, "drink", "region", base="asked")
    assert (answered, cells(asked, "Base")["Total"]) == (590, 600)
    assert cells(asked, "don't know")["Total"] == pytest.approx(10 / 600)
    without = cx.crosstab(study, "drink", "region", out="none")
    assert cells(without, "Base")["Total"] == 590 - (study.to_pandas()["drink"] == 5).sum()
    assert "none" not in cells(without, "none") and "left out of the base: none" in without.notes
    table = study.to_pandas()
    table.loc[100:109, "overall"] = np.nan
    blank = cx.crosstab(cx.Study(table, study.codebook), "overall", "region", base="all")
    assert cells(blank, "(no answer)")["Total"] == pytest.approx(10 / 600)


def test_rows_are_sorted_and_empty_ones_hidden() -> None:
    found = cx.crosstab(made(), "drink", "region", sort="down").table
    shares = found[(found["column"] == "Total") & (found["kind"] == "category")]["estimate"].tolist()
    assert shares == sorted(shares, reverse=True) and "cocoa" not in found["row"].tolist()
    empty = cx.crosstab(made(), "drink", "region", empty=True)
    assert cells(empty, "cocoa")["Total"] == 0.0


def test_arrows_point_to_the_rest_and_to_the_wave_before() -> None:
    study = made(900)
    table = study.to_pandas()
    late = table["quarter"] == "2025 Q2"
    table.loc[late, "overall"] = 5
    study = cx.Study(table, study.codebook)
    before = cx.crosstab(study, "overall", ["quarter", "region"], against="previous")
    top = before.table[(before.table["row"] == "5") & (before.table["banner"] == "Quarter")]
    assert top["column"].tolist() == ["2024 Q4", "2025 Q1", "2025 Q2"]
    assert top["arrow"].tolist() == ["", "", "▲"] and (before.table["letters"] == "").all()
    assert (before.table.loc[before.table["banner"] == "Region", "arrow"] == "").all()
    rest = cx.crosstab(study, "overall", "quarter", against=("columns", "rest"))
    top = rest.table[(rest.table["row"] == "5") & (rest.table["banner"] == "Quarter")]
    assert top["arrow"].tolist() == ["▼", "▼", "▲"] and top["letters"].tolist() == ["", "", "A B"]
    said = "against is 'previous', and no column of the banner is in the order of time; add a wave"
    with pytest.raises(DataProblem, match=f"^{said}$"):
        cx.crosstab(study, "overall", "region", against="previous")


def test_all_questions_of_a_study_and_forty_columns() -> None:
    study = made(many=np.arange(600) % 40)
    found = cx.crosstab(study, None, ["many", "region", "age"])
    assert found.table["question"].unique().tolist() == ["Quarter", "Overall", "Favourite", "Used"]
    assert found.table["column"].nunique() > 40
    assert "AP" in found.table["letter"].tolist(), "after Z comes AA"
    assert found._repr_html_().count("<section>") == 4


def test_the_same_in_every_engine() -> None:
    import duckdb
    import polars as pl

    study = made()
    table = study.to_pandas()
    known = cx.crosstab(study, ["overall", "used"], ["region", "used"]).table.drop(columns="letters")
    polars = pl.from_pandas(table)
    for other in (polars, polars.lazy(), duckdb.from_df(table), polars.to_arrow()):
        found = cx.crosstab(cx.Study(other, study.codebook), ["overall", "used"], ["region", "used"]).table
        both = ["question", "row", "banner", "column"]
        one, two = (t.sort_values(both, ignore_index=True).fillna(-1) for t in (known, found))
        for name in (*both, "n"):
            assert one[name].tolist() == two[name].tolist()
        assert one["estimate"].tolist() == pytest.approx(two["estimate"].tolist())


WRONG = {
    "rows": (
        lambda s: cx.crosstab(s, 3, "region"),
        "rows is 3; give a question as text, a list of questions, or None for all",
    ),
    "no such row": (
        lambda s: cx.crosstab(s, "overal", "region"), "column 'overal' is not in made; did you mean 'overall'?",
    ),
    "no such column": (
        lambda s: cx.crosstab(s, "overall", ["region", "agee"]), "column 'agee' is not in made; did you mean 'age'?",
    ),
    "columns": (
        lambda s: cx.crosstab(s, "overall", []),
        "columns is ([],); give a column, a list of columns, or nested ones as 'region>age'",
    ),
    "option": (
        lambda s: cx.crosstab(s, "overall", "region", sorted="down"),
        "crosstab has no option 'sorted'; did you mean 'sort'?",
    ),
    "show": (
        lambda s: cx.crosstab(s, "overall", "region", show="colum"), "show is 'colum'; did you mean 'column'?",
    ),
    "levels": (
        lambda s: cx.crosstab(s, "overall", "region", levels=5),
        "levels is 5; give one or two error rates between 0 and 1, as (0.05, 0.01)",
    ),
    "correction": (
        lambda s: cx.crosstab(s, "overall", "region", correction="tukey"),
        "correction is 'tukey'; allowed: 'bonferroni', 'holm', 'bh', 'none'",
    ),
    "net": (
        lambda s: cx.crosstab(s, "drink", "region", nets={"drink": {"Hot": ["greem"]}}),
        "answer 'greem' is not in 'drink'; did you mean 'green'?",
    ),
    "net option": (
        lambda s: cx.crosstab(s, "used", "region", nets={"used": {"Hot": ["Teaa"]}}),
        "option 'Teaa' is not in 'used'; did you mean 'Tea'?",
    ),
    "net of nothing": (
        lambda s: cx.crosstab(s, "drink", "region", nets={"used": {"Hot": ["Tea"]}}),
        "question of nets 'used' is not in rows",
    ),
    "two arrows": (
        lambda s: cx.crosstab(s, "drink", "region", against=("rest", "previous")),
        "against has 'rest' and 'previous', and a cell has one arrow; choose one of them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_said(case: str) -> None:
    call, message = WRONG[case]
    with pytest.raises(DataProblem, match="^" + re.escape(message)):
        call(made())


def test_a_column_of_too_many_values_is_refused_as_banner_and_left_out_as_row() -> None:
    study = made(3000, spend=np.arange(3000) * 7)
    with pytest.raises(DataProblem, match="^'spend' makes 3,000 columns, more than 200; band it with study.derive$"):
        cx.crosstab(study, "overall", "spend")
    said = "'spend' has more than 2,000 different values; band it with study.derive, or leave it out"
    with pytest.raises(DataProblem, match=f"^{said}$"):
        cx.crosstab(study, "spend", "region")
    assert any(n.startswith("no table for spend:") for n in cx.crosstab(study, None, "region").notes)


def test_all_missing_and_one_respondent() -> None:
    study = made()
    table = study.to_pandas()
    one = cx.Study(table.iloc[:1].assign(overall=3), study.codebook)
    found = cx.crosstab(one, "overall", "region")
    categories = found.table[found.table["kind"] == "category"]
    base = found.table[found.table["kind"] == "base"]
    assert base["n"].map(str).unique().tolist() == ["fewer than 10"] and base["estimate"].isna().all()
    assert categories["estimate"].isna().all()
    none = cx.Study(table.assign(overall=np.nan), study.codebook)
    found = cx.crosstab(none, ["overall", "drink"], "region")
    assert cells(found, "green")["Total"] > 0
    with pytest.raises(DataProblem, match="^no row of made has a value of 'Region'; choose other columns$"):
        cx.crosstab(cx.Study(table.assign(region=None), study.codebook), "overall", "region")


def test_a_banner_is_given_one_by_one_as_a_list_or_by_name() -> None:
    study = made()
    known = cx.crosstab(study, "overall", ["region", "age"]).table
    for found in (
        cx.crosstab(study, "overall", "region", "age"),
        cx.crosstab(study, "overall", columns=["Region", "Age"]),
        cx.crosstab(study, rows=["overall"], columns=["region", "age"]),
    ):
        pd.testing.assert_frame_equal(found.table, known)
    nested = cx.crosstab(study, "overall", ("region", "age")).table
    pd.testing.assert_frame_equal(nested, cx.crosstab(study, "overall", "region>age").table)


def test_the_picture_of_a_table_says_where_each_answer_is_most_frequent(tmp_path: Path) -> None:
    found = cx.crosstab(made(), ["overall", "used"], "region>age", against=["columns", "rest"])
    ax = found.plot(question="Used")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Tea", "Coffee", "Milk"]
    assert len(ax.get_xticklabels()) == 10, "the total and nine groups"
    share = cells(found, "Tea")
    written = {t.get_text() for t in ax.texts}
    assert f"{share['Total']:.1%}".replace("%", " %") in written
    said = alternative(found, question="Used")
    table = found.table[(found.table["question"] == "Used") & (found.table["row"] == "Milk")]
    most = table.loc[table["estimate"].idxmax()]
    assert f"Milk: most in {most['outer']}, {most['column']} ({most['estimate']:.1%}".replace("%", " %") in said
    with pytest.raises(
        DataProblem, match=r"question 'Us' is not in these tables; did you mean 'Used'\? There are: Overall, Used"
    ):
        found.plot(question="Us")
    found.save(tmp_path / "tables.png")
    assert (tmp_path / "tables.png").stat().st_size > 5000
