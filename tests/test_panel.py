"""The panel shows what its code gives, and refuses what cannot be shown."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.panel import cell
from cxlab.panel.explore import Pivot
from cxlab.panel.explorer import SHOWN
from cxlab.panel.view import View


@pytest.fixture(scope="module")
def study():
    return cx.load("brand-tracker")


def shown(box, what):
    box.shown.value = what
    return box.out.value


def test_what_is_shown_is_what_the_code_gives(study):
    box = cx.explore(study)
    assert box.metric.value == "nps"
    box.rows.value = "wave"
    box.more.value = "brand"
    box.filters["brand"].value = ("Brio", "Cima")
    codes = {}
    for what in SHOWN[1:]:
        assert shown(box, what) == eval(box.code.value, {"cx": cx, "study": study})._repr_html_()
        codes[what] = box.code.value
    assert codes == {
        "Table": "cx.nps(study.where(brand=['Brio', 'Cima']), 'recommendation', by='wave')",
        "Differences": "cx.compare(study.where(brand=['Brio', 'Cima']), 'nps', by='wave', of='recommendation')",
        "Answers": "cx.crosstab(study.where(brand=['Brio', 'Cima']), 'recommendation', 'wave')",
    }
    assert shown(box, "Chart").startswith("<img alt='Net Promoter Score by Wave")


def test_rows_by_columns_is_a_grid_of_the_same_numbers(study):
    box = cx.explore(study)
    box.rows.value, box.columns.value = "country", "mode"
    made = shown(box, "Table")
    table = cx.nps(study, "recommendation", by=["country", "mode"]).table
    cells = re.findall(r"<td[^>]*>([−\d.]+)<br>", made)
    assert [float(c.replace("−", "-")) for c in cells] == pytest.approx(table["estimate"].round(1).tolist())
    assert re.findall(r"n = ([\d,]+)", made) == [f"{n:,}" for n in table["n"]]
    box.columns.value = "country"  # the same twice is one
    assert box.code.value == "cx.nps(study, 'recommendation', by='country')"


def test_waves_are_lines_and_the_highest_stand_first(study):
    box = cx.explore(study)
    box.rows.value, box.columns.value = "brand", "wave"
    assert "Net Promoter Score by Brand and Wave" in box.out.value
    box.columns.value, box.highest.value = "", True
    assert box.code.value == "cx.nps(study, 'recommendation', by='brand').highest_first()"
    estimates = eval(box.code.value, {"cx": cx, "study": study}).table["estimate"]
    assert estimates.is_monotonic_decreasing


def test_filters_are_levels_or_ranges_and_go_away(study):
    box = cx.explore(study)
    box.more.value = "wait"
    slider = box.filters["wait"]
    assert box.code.value == "cx.nps(study, 'recommendation')"  # the whole range keeps all, also those without a wait
    slider.value = (2, 10)
    assert box.code.value == "cx.nps(study.where(wait=(2.0, 10.0)), 'recommendation')"
    box.more.value = "wave"
    box.filters["wave"].value = tuple(v for _, v in box.filters["wave"].options)[:2]
    assert box.code.value.startswith("cx.nps(study.where(wait=(2.0, 10.0), wave=[")
    for line in list(box.chosen.children):
        line.children[1].click()
    assert not box.filters and not box.chosen.children and box.code.value == "cx.nps(study, 'recommendation')"


def test_the_metric_follows_the_question(study):
    box = cx.explore(study)
    box.question.value = "effort"
    assert [m for _, m in box.metric.options] == ["ces", "mean"]
    assert box.code.value == "cx.ces(study, 'effort')"


def test_it_saves_what_is_shown_and_overwrites_nothing(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    box = cx.explore(study)
    box.rows.value = "country"
    for kind in ("png", "csv", "csv"):
        box.kind.value = kind
        box.save.click()
        assert "Saved: " in box.said.value
    names = sorted(p.name for p in tmp_path.iterdir())
    stem = "net-promoter-score-by-country-would-recommend"
    assert names == [f"{stem}.csv", f"{stem}.png", f"{stem}1.csv"]
    assert pd.read_csv(tmp_path / names[0])["n"].sum() == 6000


def test_the_code_uses_the_users_own_name(study, monkeypatch):
    monkeypatch.setattr(cell, "namespace", lambda: {"_": study, "bank": study, "other": 1})
    assert cx.explore(study).code.value == "cx.nps(bank, 'recommendation')"
    monkeypatch.setattr(cell, "namespace", dict)
    box = cx.explore(study)
    assert box.code.value == f"cx.nps({cell.called(study)}, 'recommendation')" and box.cell.disabled


def test_a_cell_is_inserted_below(study):
    said = []

    class App:
        class commands:
            @staticmethod
            def execute(name, args=None):
                said.append((name, args))

    cell.insert_below(App, "cx.nps(bank)")
    assert said == [("notebook:insert-cell-below", None), ("notebook:replace-selection", {"text": "cx.nps(bank)"})]


def test_what_cannot_be_shown_says_why(study):
    few = cx.Study(study.lazy.collect().to_pandas().head(9), study.codebook)
    pivot = Pivot(few, "study")
    for what in SHOWN:
        assert not re.search(r"\d\d\.\d", pivot.shown(View("study", "satisfaction", "csat", "country"), what)), what
    assert "Choose rows or columns" in pivot.shown(View("study", "satisfaction", "csat"), "Differences")


def test_names_from_data_are_text():
    table = pd.DataFrame(
        {"q": [1, 2, 3, 4, 5] * 8, "a'b": ["<script>x</script>", "b"] * 20, "w": ["<i>1", "<i>2"] * 20}
    )
    book = Codebook("hostile", (
        Field("q", title="<b>q</b>", role="touchpoint", measure="satisfaction", scale=Scale(1, 5)),
        Field("a'b", type="string", role="segment"), Field("w", type="string", role="wave"),
    ))  # fmt: skip
    box = cx.explore(cx.Study(table, book))
    for rows, columns in (("a'b", ""), ("a'b", "w"), ("w", "a'b")):
        box.rows.value, box.columns.value = rows, columns
        for what in SHOWN:
            assert "<b>q" not in shown(box, what) and "<script>" not in box.out.value and "<i>" not in box.out.value


def test_a_study_without_questions_is_refused():
    bare = cx.Study(pd.DataFrame({"a": [1]}), Codebook("bare", (Field("a"),)))
    with pytest.raises(cx.DataProblem) as problem:
        cx.explore(bare)
    assert str(problem.value) == (
        "explore needs an outcome or touchpoint with a scale; bare declares none. Declare it in its datapackage.json"
    )


def test_clicks_that_come_in_several_threads_wait_for_each_other():
    """JupyterLab answers the messages of widgets in threads; two queries at once ended each other's result."""
    box = cx.explore(cx.load("brand-tracker"))
    box.rows.value, box.shown.value = "country", "Table"
    views = [("country", "brand"), ("brand", "country"), ("mode", ""), ("country", "mode")] * 2

    def click(view):
        box.rows.value, box.columns.value = view
        box.pivot.known = {}
        box.update()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(click, views))
    box.update()
    assert box.code.value == box.pivot.code(box.view, "Table") and "role='alert'" not in box.out.value
    assert box.out.value == box.pivot.shown(box.view, "Table")
