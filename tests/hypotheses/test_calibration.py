"""The shipped calibration: what it says of a card, when a card is no longer calibrated, and where that is shown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import cxlab as cx
from cxlab.hypotheses import calibration
from cxlab.hypotheses.calibrate import ALARM, tried
from cxlab.hypotheses.card import card, cards


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A function that ships another table, of one card with the rows given."""

    def ship(rows: list[dict], print_: str = "") -> None:
        own = print_ or calibration.fingerprint(card("CX-23"))
        common = {"card": "CX-23", "threat": "", "n": 1000, "reps": 400, "date": "2026-11-27", "seed": 0}
        common |= {"truth": 0.0, "supported": 0.0, "contradicted": 0.0, "trivial": 0.0, "not_identified": 0.0}
        common |= {"low": 0.0, "high": 0.1, "coverage": 0.95, "naive": 0.1, "fingerprint": own}
        pd.DataFrame([common | r for r in rows]).to_csv(tmp_path / "c.csv", index=False, na_rep="nan")
        monkeypatch.setattr(calibration, "FILE", tmp_path / "c.csv")
        calibration.shipped.cache_clear()
        calibration.standing.cache_clear()

    yield ship
    monkeypatch.undo()
    calibration.shipped.cache_clear()
    calibration.standing.cache_clear()


GOOD = {"scenario": "null", "false": "SUPPORTED", "rate": 0.02, "limit": 0.025, "p": 0.7, "defect": False}
BAD = {"scenario": "threat", "threat": "self-selection", "false": "SUPPORTED", "rate": 0.4, "limit": 0.025, "p": 0.0,
       "defect": True}  # fmt: skip


def test_a_card_within_its_level_is_calibrated(table) -> None:
    table([GOOD])
    assert calibration.standing("CX-23") == ""
    v = cx.verdict("CX-23", cx.simulated("CX-23", 9.0, n=300), robust=False, ledger=None)
    assert v.parts["calibration"] == "calibrated" and not any("not calibrated" in n for n in v.notes)
    assert cx.claims("CX-23").calibration.table["rate"].tolist() == [0.02]
    assert calibration.standing("CX-24") == "not calibrated: never tried on known truth"
    assert cx.claims("CX-24").calibration is None


def test_a_card_above_its_level_is_marked_wherever_it_speaks(table) -> None:
    table([GOOD, BAD])
    said = (
        "not calibrated: SUPPORTED in 40% of 400 simulated studies where it is false (threat self-selection, "
        "n = 1,000; allowed 2.5%)"
    )
    assert calibration.standing("CX-23") == said
    study = cx.simulated("CX-23", 9.0, n=300)
    v = cx.verdict("CX-23", study, robust=False, ledger=None)
    assert said in v.notes and v.parts["calibration"] == said
    board = cx.evidence.scoreboard([study], ["CX-23"], ledger=None)
    assert f"CX-23 ‡ {said}" in board.notes
    assert "Promises and notices ‡" in board._repr_html_()
    assert said in repr(cx.claims("CX-23"))


def test_a_card_that_was_changed_is_not_calibrated(table) -> None:
    table([GOOD], "0123456789ab")
    assert calibration.standing("CX-23") == "not calibrated: the card was changed after 2026-11-27"


COEFFICIENT = "from cxlab.hypotheses.estimation import alike, answered, coefficient, side_means, two_groups"


@pytest.mark.parametrize(
    ("end", "before", "after", "same"),
    [
        (".py", COEFFICIENT, "from cxlab.elsewhere import alike, answered, coefficient, side_means, two_groups", True),
        (".py", COEFFICIENT, "from cxlab.a import (\n    alike,\n    row,\n)\n\nfrom cxlab.b import mean", True),
        (".py", "\n", "\r\n", True),
        (".py", COEFFICIENT, "from cxlab.a import group_means as mean", False),
        (".py", "return", "return -", False),
        (".py", "coefficient(", "mean(", False),
        (".py", "1", "2", False),
        (".toml", "sesoi", "sesoi ", False),
        (".toml", "5", "6", True),  # only in words
        (".toml", "2.0", "3.0", False),
        (".toml", 'kind = "', 'says = "what is measured", kind = "', True),
        (".toml", "estimand = ", 'notes = ["one", "more = 7"]\nestimand = "Other words. "  # ', True),
        (".toml", "caps = ", 'optional = "', False),
    ],
)
def test_renamed_imports_and_words_change_no_card_and_another_estimator_does(
    tmp_path, end, before, after, same
) -> None:
    known = Path(card("CX-23").module.__file__)
    for kind in (".py", ".toml"):
        text = known.with_suffix(kind).read_bytes().decode()
        assert kind != end or before in text
        new = text.replace(before, after) if kind == end else text
        (tmp_path / f"cx23{kind}").write_bytes(new.encode())
    moved = SimpleNamespace(module=SimpleNamespace(__file__=str(tmp_path / "cx23.py")))
    assert (calibration.fingerprint(moved) == calibration.fingerprint(card("CX-23"))) is same


def test_shipping_adds_what_is_missing_and_keeps_the_rest(table) -> None:
    table([GOOD])
    result = calibration.ship(["CX-30"], reps=10)
    assert result.table["card"].unique().tolist() == ["CX-23", "CX-30"]
    mine = result.table[result.table["card"] == "CX-30"]
    assert mine["fingerprint"].eq(calibration.fingerprint(card("CX-30"))).all()
    assert set(zip(mine["scenario"], mine["threat"], strict=True)) == {
        (s, "") for s in ("null", "boundary", "half", "claimed")
    } | {("threat", t) for t in card("CX-30").threats}
    assert mine["n"].nunique() == 2
    calibration.standing.cache_clear()
    assert not calibration.standing("CX-30").startswith("not calibrated: never")


def test_a_false_rate_of_twice_the_level_is_seen() -> None:
    """800 studies, as `make calibrate` makes them."""
    from scipy.stats import binom

    alarm = next(k for k in range(800) if binom.sf(k - 1, 800, 0.025) < ALARM)
    assert binom.sf(alarm - 1, 800, 0.05) > 0.85 and binom.sf(alarm - 1, 800, 0.0625) > 0.99


def test_a_wrong_verdict_is_counted() -> None:
    """Judged without its design a confounded contrast is SUPPORTED: the row says so."""
    honest = tried(card("CX-23"), "threat", "self-selection", 600, 10, 0.95, 0)
    assert (honest["rate"], honest["defect"], honest["naive"]) == (0.0, False, 1.0)
    at = tried(card("CX-30"), "claimed", "", 300, 10, 0.95, 0)
    assert at["false"] == "CONTRADICTED or TRIVIAL" and at["rate"] == 0.0 and at["supported"] == 1.0
    assert at["high"] == pytest.approx(1 - 0.025 ** (1 / 10))


def test_the_shipped_table_is_of_cards_that_exist() -> None:
    table = calibration.shipped()
    assert set(table["card"]) <= set(cards())
    assert {"card", "scenario", "threat", "n", "reps", "rate", "date", "seed", "fingerprint"} <= set(table.columns)
