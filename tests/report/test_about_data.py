"""What a report says about its data."""

from __future__ import annotations

import pandas as pd
import pytest

import cxlab as cx
from cxlab.report.about_data import period


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
