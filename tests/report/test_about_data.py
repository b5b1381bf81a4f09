"""What a report says about its data."""

from __future__ import annotations

from unittest.mock import patch

import pandas as pd
import pytest

import cxlab as cx
from cxlab.report.about_data import MIME, facts, period, tell


@pytest.mark.parametrize(
    ("values", "role", "said"),
    [
        (pd.to_datetime(["2026-01-03 07:00", "2026-05-05 05:00"]), "date", "2026-01-03 to 2026-05-05"),
        (pd.to_datetime(["2026-01-03", "2026-01-03"]), "date", "2026-01-03"),
        ([2015, 2017], "wave", "2015 to 2017"),
        ([1, 8], "wave", "wave 1 to 8"),
        ([1, 8], "", ""),
    ],
)
def test_the_period_is_days_or_waves(values, role, said):
    table = pd.DataFrame({"when": values, "y": [1, 2]})
    book = cx.Codebook("s", (cx.Field("when", role=role), cx.Field("y")))
    assert period(cx.Study(table, book)) == said


def test_dates_of_some_rows_are_not_the_period_of_all():
    """A survey of 2010 to 2017 said 2016 to 2017, because older waves have no dates."""
    days = pd.to_datetime([None] * 8 + ["2016-05-06", "2017-05-30"])
    table = pd.DataFrame({"day": days, "year": [2010] * 5 + [2016] * 3 + [2016, 2017], "y": range(10)})
    fields = cx.Field("day", role="date"), cx.Field("year", type="integer", role="wave"), cx.Field("y")
    assert period(cx.Study(table, cx.Codebook("s", fields))) == "2010 to 2017"
    alone = cx.Codebook("s", (fields[0], cx.Field("year"), fields[2]))
    assert period(cx.Study(table, alone)) == "2016-05-06 to 2017-05-30 (2 rows with a date)"


def test_the_period_of_numbered_waves_is_in_their_words():
    table = pd.DataFrame({"quarter": [8100.0, 8103.0], "y": [1, 2]})
    field = cx.Field("quarter", type="integer", role="wave", labels={"8100": "2025 Q1", "8103": "2025 Q4"})
    assert period(cx.Study(table, cx.Codebook("s", (field, cx.Field("y"))))) == "2025 Q1 to 2025 Q4"


def test_the_terminal_says_what_was_left_out_and_what_is_not_sure():
    """The heaviest doubt stands for all, with the command that goes through them."""
    from cxlab.report.render import about

    rows = [{"status": "Spam" if k < 3 else "IP Address", "satisfaction": 1 + k % 5} for k in range(40)]
    told = facts(cx.load(pd.DataFrame(rows)))
    assert about(told, "my file.csv") == (
        "left out: 3 rows, 'status' says Spam",
        "not sure: status: 3 of 40 rows are no customer's answers (Spam): left out; cxlab codebook ask 'my file.csv'",
    )


def test_what_is_said_is_of_the_study_that_the_page_is_about():
    """A notebook that keeps the whole file beside the rows it is about told the rows of the whole file."""
    whole = cx.load("brand-tracker")
    data = whole.where(country=["Poland"])
    with patch("IPython.display.display") as shown:
        tell({"loaded": whole, "data": data})
        tell({"first": data, "second": whole})
    said = [call.args[0][MIME]["study"] for call in shown.call_args_list]
    assert [s["rows"] for s in said] == [len(data)] * 2 != [len(whole)] * 2 and all(s["filters"] for s in said)
