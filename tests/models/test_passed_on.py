"""What a function passes on to a metric is checked as its own options are."""

from __future__ import annotations

import pytest

import cxlab as cx

CALLS = {
    "against": {"benchmark": 3}, "changes": {}, "league": {}, "running": {}, "standing": {}, "trend": {},
    "monitor": {"every": "month"},
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("option", ["nonsense", "by", "study_", "groups"])
def test_an_option_that_nothing_takes_is_refused(name, option):
    if option == "by" and name not in ("standing", "trend"):
        option = "bys"
    with pytest.raises(cx.DataProblem, match=f"has no option '{option}'"):
        getattr(cx.pages if name == "standing" else cx, name)(
            cx.load("brand-tracker"), *(() if name == "league" else ("nps",)), **CALLS[name], **{option: "country"}
        )
