"""The bad-input list of pilots and charts, line by line: each says what came and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from tests.models.pilots.test_pilot import HALF, shops

BASE = shops(HALF, effect=0.5)


def kept(mask: object) -> cx.Study:
    return replace(BASE, table=BASE.table[mask].reset_index(drop=True))


def without(mask: object) -> cx.Study:
    return replace(BASE, table=BASE.table.assign(score=BASE.table["score"].astype(float).mask(mask)))


T = BASE.table
STUDIES = {
    "one period before": kept(T["wave"] >= 4),
    "one period": kept(T["wave"] == 4),
    "one unit": kept(T["shop"] == "S00"),
    "rows out of order": replace(BASE, table=T.sample(frac=1, random_state=1, ignore_index=True)),
    "all treated": shops({f"S{k:02d}": 5 for k in range(12)}),
    "treated from the start": shops({f"S{k:02d}": 1 for k in range(6)}),
    "a gap in time": kept(T["wave"] != 3),
    "a period without answers": without(T["wave"] == 3),
    "the treated without answers in a period": without((T["wave"] == 6) & (T["start"] > 0)),
    "no answers": without(T["wave"] > 0),
    "no rows": kept(T["wave"] > 99),
}


def arms(study: cx.Study) -> cx.Result:
    book = replace(study.codebook, fields=(*study.codebook.fields, cx.Field("arm", type="integer")))
    table = study.table.assign(arm=(study.table["start"] > 0).astype(int))
    return cx.experiment(replace(study, table=table, codebook=book), ["score"], arm="arm", unit="shop")


CALLS: dict[str, Callable[[cx.Study], cx.Result]] = {
    "pilot": lambda s: cx.pilot(s, "mean", of="score", unit="shop", start="start"),
    "synthetic": lambda s: cx.pilot(s, "mean", of="score", unit="shop", start="start", design="synthetic"),
    "staggered": lambda s: cx.pilot(s, "mean", of="score", unit="shop", start="start", design="staggered"),
    "experiment": arms,
    "monitor": lambda s: cx.monitor(s, "mean", of="score"),
    "changes": lambda s: cx.changes(s, "mean", of="score"),
    "running": lambda s: cx.running(s, "mean", of="score"),
    "change_explained": lambda s: cx.change_explained(s, "mean", of="score", by="shop"),
}
NO_PERIOD = "the start of S00 is 5, which is no period; there are: 4"
FIRST = ("all units that began (S00, S01, S02, S03, S04 and 1 more) did so in or before 1, the first wave with "
         "answers: there is no before; add earlier answers")  # fmt: skip
HOLE = ("no unit that began has answers in every wave: S00, S01, S02, S03, S04 and 1 more (for example none in 6); "
        "take longer periods with every=, or leave waves out with study.where")  # fmt: skip
ADD = ("there is nothing to compare with; add units that do not start, or take one unit with 8 periods before and "
       "after as design='interrupted'")  # fmt: skip
NONE = "shops has no answer to 'score'; nothing can be followed over time"
SHORT = ("a chart needs at least 8 waves of baseline and one after it; shops has {} ({} to {}), and the baseline would "
         "have {}. Take shorter periods with every=, or cx.trend and cx.changes, which need no baseline")  # fmt: skip
SAID = {
    ("pilot", "one period"): NO_PERIOD,
    ("pilot", "one unit"): "one unit and nothing to compare with: an interrupted series needs 8 waves before and 8 "
    "after the start, and has 4 and 4",
    ("pilot", "all treated"): f"all 12 units start in 5: {ADD}",
    ("synthetic", "one period before"): "a synthetic control needs 3 waves before the start, and there are 1; "
    "design='difference' needs one",
    **{(d, "one period"): NO_PERIOD for d in ("synthetic", "staggered")},
    **{(d, "one unit"): f"the one unit starts in 5: {ADD}" for d in ("synthetic", "staggered")},
    **{(d, "all treated"): f"all 12 units start in 5: {ADD}" for d in ("synthetic", "staggered")},
    **{(d, "treated from the start"): FIRST for d in ("pilot", "synthetic", "staggered")},
    **{(d, "the treated without answers in a period"): HOLE for d in ("pilot", "synthetic", "staggered")},
    **{(d, c): NONE for d in ("pilot", "synthetic", "staggered", "monitor", "changes", "running")
       for c in ("no answers", "no rows")},
    ("experiment", "one unit"): "an experiment needs two arms; 'arm' of shops has 1: [1]",
    ("experiment", "all treated"): "an experiment needs two arms; 'arm' of shops has 1: [1]",
    ("experiment", "no rows"): "an experiment needs two arms; 'arm' of shops has 0: []",
    **{("monitor", c): SHORT.format("8 waves", 1, 8, 4) for c in ("one unit", "rows out of order", "all treated",
       "treated from the start", "the treated without answers in a period")},
    ("monitor", "one period before"): SHORT.format("5 waves", 4, 8, 2),
    ("monitor", "one period"): SHORT.format("1 wave", 4, 4, 0),
    **{("monitor", c): SHORT.format("7 waves", 1, 8, 3) for c in ("a gap in time", "a period without answers")},
    ("changes", "one period"): "changes of level need 4 waves with enough answers; shops has at most 1 of 1 in a "
    "series",
    ("change_explained", "one period"): "a change needs two waves with answers; shops has 1 in 'wave'",
    ("change_explained", "no answers"): "the wave before has no answers in shops; nothing can be compared",
    ("change_explained", "no rows"): "shops has no answer to 'score'; nothing can be split",
}  # fmt: skip


@pytest.mark.parametrize("case", STUDIES)
@pytest.mark.parametrize("call", CALLS)
def test_bad_input_is_told_or_left_out(call: str, case: str) -> None:
    message = SAID.get((call, case))
    if message:
        with pytest.raises(cx.DataProblem) as said:
            CALLS[call](STUDIES[case])
        assert str(said.value) == message
        return
    found = CALLS[call](STUDIES[case])
    if (call, case) == ("experiment", "no answers"):
        assert found.table["estimate"].isna().all()
        assert "arms of fewer than 10 answers are not shown, nor what is compared with them" in found.notes
        return
    if case == "rows out of order":
        pd.testing.assert_frame_equal(found.table, CALLS[call](BASE).table)
    if case == "one period before" and call == "pilot":
        assert any(n.startswith("only 1 wave before the start: whether trends were alike") for n in found.notes)
    if case == "a gap in time":
        same = CALLS[call](STUDIES["a period without answers"]).table
        np.testing.assert_allclose(found.table["estimate"], same["estimate"], rtol=1e-9)
    assert len(found.table) and repr(found)


@pytest.mark.parametrize("name", ["pilot", "synthetic", "staggered"])
def test_where_nothing_moves_nothing_is_compared(name: str) -> None:
    still = replace(BASE, table=T.assign(score=3))
    with pytest.raises(cx.DataProblem) as said:
        CALLS[name](still)
    assert str(said.value) == (
        f"mean of {BASE.name} is the same for every unit in every wave: nothing moves, so nothing can be compared"
    )
    assert "all answers are the same: there is no noise to judge by" in " ".join(arms(still).notes)


@pytest.mark.filterwarnings("error")
def test_one_untreated_unit_has_no_placebo() -> None:
    found = cx.pilot(shops({f"S{k:02d}": 5 for k in range(11)}), "mean", of="score", unit="shop", start="start")
    assert found.parts["placebo"]["estimate"].isna().all() and np.isnan(found.table["se"][0])


@pytest.mark.parametrize("tried", [0, -2, 1.5])
def test_how_many_pilots_were_tried_is_a_number(tried: object) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.pilots.scale_up((6, 2), (3, 1), tried=tried)  # type: ignore[arg-type]
    assert str(said.value) == f"tried is {tried!r}; give how many pilots were tried: a whole number from 1"
