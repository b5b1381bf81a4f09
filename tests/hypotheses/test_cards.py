"""The cards as data, the parts of a test, and what a study lacks."""

from __future__ import annotations

import ast
import csv
import inspect
import re
from pathlib import Path

import pytest

import cxlab as cx
from cxlab.data.codebook import MEASURES, ROLES
from cxlab.hypotheses.card import ARTICLES, CAPS, KINDS, TAGS, card, cards
from cxlab.hypotheses.rule import SIDES
from cxlab.hypotheses.simulated_answers import Truth
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import answerable, given_parts, require, resolve
from cxlab.problem import DataProblem

SEEDS = Path(__file__).parents[1] / "reference" / "claims.csv"
"""Sentence of an article, cards it belongs to: from the project's register of claims."""


FOLDER = Path(cx.__file__).parent / "hypotheses" / "cards"


def test_every_card_is_complete() -> None:
    assert list(cards()) == [f"CX-{i:02d}" for i in range(1, 1 + len(list(FOLDER.glob("*.toml"))))]
    assert len(cards()) >= 32
    for c in cards().values():
        assert c.claim.endswith(".") and c.estimand and c.shape and c.rule and c.grade_reachable, c.id
        assert c.published and all(tag in TAGS for _, tag in c.published), c.id
        assert c.threats and c.cautions and c.sensitivity and c.references, c.id
        assert all(t.says and t.caps in (*CAPS, "") for t in c.threats.values()), c.id
        assert set(c.choices) <= {"scale", "controls"}, c.id
        assert c.side in SIDES and c.sesoi >= 0, c.id
        assert bool(c.identified_by) == c.causal, c.id
        assert not c.number or {"value", "margin", "text"} <= set(c.number), c.id
        for need in c.needs:
            assert set(need.role) <= set(ROLES) and set(need.measure) <= set(MEASURES) and need.says, (c.id, need.slot)
            assert need.kind in KINDS and (need.many or need.least == 1), (c.id, need.slot)


def test_a_card_is_one_text_and_one_module() -> None:
    assert {p.stem for p in FOLDER.glob("cx*.py")} == {p.stem for p in FOLDER.glob("*.toml")}
    for c in cards().values():
        m = c.module
        assert list(inspect.signature(m.test).parameters) == ["case"], c.id
        assert list(inspect.signature(m.simulate).parameters) == ["effect", "n", "rng", "threat"], c.id
        assert list(inspect.signature(m.naive).parameters) == ["case"], c.id
        assert isinstance(m.TRUTH, Truth), c.id


def test_every_card_can_be_tested_on_its_own_simulation_with_and_without_its_threats() -> None:
    for c in cards().values():
        for threat in (None, *c.threats):
            study = simulated(c, c.null, n=200, threat=threat)
            assert study.codebook.simulated
            assert resolve(c, study).missing == (), (c.id, threat)


def test_every_threat_changes_the_data() -> None:
    for c in cards().values():
        plain = simulated(c, c.null, n=400, seed=1).table
        for threat in c.threats:
            other = simulated(c, c.null, n=400, seed=1, threat=threat).table
            assert not plain.equals(other), (c.id, threat)


def test_an_unknown_threat_is_refused() -> None:
    with pytest.raises(DataProblem) as caught:
        simulated("CX-04", 0.0, threat="hallo")
    said = "threat 'hallo' is not in those of CX-04; did you mean 'halo'? There are: halo, reliability, curve"
    assert str(caught.value) == said


def test_no_card_is_named_outside_its_own_files() -> None:
    """A new card is one text and one module: nothing else of the package knows any card by its id."""
    named = re.compile(r"\bCX-\d\d\b|\bcx\d\d\b")
    for path in sorted((FOLDER.parent).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and (doc := ast.get_docstring(node)):
                node.body[0].value.value = doc and ""
        assert not named.findall(ast.unparse(tree)), path.name


def test_a_new_card_is_found_by_looking(tmp_path, monkeypatch) -> None:
    from cxlab.hypotheses import card as module

    text = (FOLDER / "cx24.toml").read_text(encoding="utf-8").replace('id = "CX-24"', 'id = "CX-99"')
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "cx99.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    monkeypatch.setattr(module, "import_module", lambda name: name)
    cards.cache_clear()
    try:
        assert list(cards()) == ["CX-99"]
        assert cards()["CX-99"].module == "cxlab.hypotheses.cards.cx99"
        (tmp_path / "cards" / "cx98.toml").write_text(text, encoding="utf-8")
        cards.cache_clear()
        with pytest.raises(DataProblem, match=r"^cx98\.toml holds the card CX-99; its file is called cx99\.toml$"):
            cards()
    finally:
        cards.cache_clear()


def test_every_sentence_of_the_articles_is_on_its_cards() -> None:
    on_card: dict[str, set[str]] = {}
    for c in cards().values():
        for i in c.claim_ids:
            assert i[:3] in ARTICLES
            on_card.setdefault(i, set()).add(c.id)
    with SEEDS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 104
    for r in rows:
        assert set(r["cards"].split()) <= on_card.get(r["sentence"], set()), r["sentence"]
    assert set(on_card) <= {r["sentence"] for r in rows}


def test_ids_are_forgiving_and_unknown_ones_suggest() -> None:
    assert card("cx-4") is card("4") is card("CX-04")
    with pytest.raises(DataProblem) as caught:
        card("CX-99")
    assert str(caught.value) == (
        "claim 'CX-99' is not in the cards; did you mean 'CX-29'? There are: "
        + ", ".join(f"CX-{i:02d}" for i in range(1, 21))
        + f", ... ({len(cards())} in all)"
    )


def test_what_a_study_lacks_is_said_exactly(survey) -> None:
    with pytest.raises(DataProblem) as caught:
        require(card("CX-24"), survey())
    assert str(caught.value) == (
        "CX-24 cannot be tested on survey: it lacks the wait (a column with role 'operation' and measure "
        "'wait', or named "
        "wait or wait_s). Declare the column's role in the codebook, or say which column plays the part: "
        "columns={'wait': 'name'}"
    )
    lacks = cx.claims(survey()).set_index("card")["lacks"]
    assert lacks["CX-05"] == "" and "the wait" in lacks["CX-24"]
    assert lacks["CX-06"] == (
        "touchpoint scores with their journey stages, in order (at least 3 columns with role 'touchpoint')"
    )


def test_columns_can_be_given(survey) -> None:
    study = survey()
    slots = resolve(card("CX-06"), study, {"touchpoints": ["staff", "speed", "price"]})
    assert slots["touchpoints"] == ("staff", "speed", "price")
    assert given_parts(["wait=price"]) == given_parts({"wait": "price"}) == {"wait": ("price",)}
    with pytest.raises(DataProblem, match=r"^columns has 'wait'; write it as part=column, e\.g\. arm=routed$"):
        given_parts(["wait"])
    with pytest.raises(DataProblem) as caught:
        resolve(card("CX-24"), study, {"weight": "price"})
    said = "part 'weight' is not in the test of CX-24; did you mean 'wait'? There are: "
    assert str(caught.value) == said + "satisfaction, wait, before, abandoned"
    with pytest.raises(DataProblem, match="column 'pric' is not in survey; did you mean 'price'"):
        resolve(card("CX-24"), study, {"wait": "pric"})


def test_a_column_plays_one_part(survey) -> None:
    slots = resolve(card("CX-13"), survey())
    used = [c for columns in slots.columns.values() for c in columns]
    assert len(used) == len(set(used))


def test_a_column_taken_by_its_name_is_said() -> None:
    study = simulated("CX-23", 0.0, n=100)
    assert resolve(card("CX-23"), study).notes == (
        "column arm taken as whether a notice was sent, or whether the delivery came after the promised day (0 or 1) "
        "by its name",
        "column before taken as a score (or spending) from before by its name",
    )


def test_claims_lists_and_tells() -> None:
    table = cx.claims()
    assert table["card"].tolist() == list(cards())
    assert set(table.loc[table["number"] != "", "card"]) == {c.id for c in cards().values() if c.number}
    told = repr(cx.claims("CX-04"))
    assert "[U: looked for and not confirmable] The page with the 73 % could not be retrieved." in told
    assert "published [U]" in cx.claims("CX-04")._repr_html_()


def test_cards_that_no_study_can_answer_say_so() -> None:
    assert "abc" in answerable(card("CX-04")) and answerable(card("CX-08")) == []
    assert repr(cx.claims("CX-08")).endswith(
        "studies of the catalogue that can test it: none; it runs on simulated data: cxlab calibrate CX-08"
    )
    assert "no study of the catalogue; simulated data only" in cx.claims("CX-08")._repr_html_()
