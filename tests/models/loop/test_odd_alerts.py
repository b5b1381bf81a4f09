"""Alerts of odd tables: no times, times in text, the same moment twice, a frame cut out of another."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.problem import DataProblem


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    at = pd.Timestamp("2025-03-30 00:30") + pd.to_timedelta(np.arange(120), unit="h")
    return pd.DataFrame({"case": np.repeat(range(40), 3), "at": at, "score": rng.integers(1, 6, 120)})


def study(rows: pd.DataFrame) -> cx.Study:
    made = cx.load(rows).set("case", role="id").set("at", role="date")
    return made.set("score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))


def test_alerts_without_a_date_stay_and_are_told() -> None:
    rows = table()
    right = cx.alerts(study(rows)).parts["alerts"]
    rows["at"] = rows["at"].mask(np.arange(120) % 4 == 0)
    found = cx.alerts(study(rows))
    listed = found.parts["alerts"]
    undated = int(listed["created"].isna().sum())
    assert undated and len(listed) == len(right)
    assert f"{undated} alerts have no date: when they are due is not known" in found.notes
    assert set(listed.loc[listed["created"].notna(), "alert"]) <= set(right["alert"])
    bodies = [json.loads(b) for b in cx.loops.tickets(found, layout="webhook")["body"]]
    assert sum(b["due"] is None and b["created"] is None for b in bodies) == undated


def test_what_is_said_twice_at_the_same_moment_is_two_alerts() -> None:
    rows = table().assign(at=pd.Timestamp("2025-01-01"), score=1, case=7)
    listed = cx.alerts(study(rows)).parts["alerts"]
    assert listed["alert"].nunique() == len(listed) == 120
    again = cx.alerts(study(rows)).parts["alerts"]
    assert again["alert"].tolist() == listed["alert"].tolist()


@pytest.mark.parametrize(("value", "kind"), [
    (lambda t: t.dt.strftime("%d.%m.%Y %H:%M"), "text"), (lambda t: np.arange(len(t)), "numbers"),
])  # fmt: skip
def test_times_that_are_no_dates_are_refused(value, kind: str) -> None:
    """A guess would take the fourth of March for the third of April."""
    said = (
        rf"^'at' of table says when an answer was given and holds {kind}: make dates of it, as "
        r"pandas\.to_datetime\(table\['at'\]\), or load the file, whose dates are read$"
    )
    with pytest.raises(DataProblem, match=said):
        cx.alerts(study(table().assign(at=lambda t: value(t["at"]))))


def test_a_frame_that_was_cut_out_sorted_or_indexed_is_the_same_study() -> None:
    rows = table()
    right = cx.alerts(study(rows)).parts["alerts"].sort_values("alert", ignore_index=True)
    for odd in (rows.sample(frac=1, random_state=1), rows.set_index("case"), pd.concat([rows[:50], rows[50:]])[::-1]):
        made = study(odd)
        assert set(made.columns) == {"case", "at", "score"} == {f.name for f in made.codebook}
        found = cx.alerts(made).parts["alerts"].sort_values("alert", ignore_index=True)
        pd.testing.assert_frame_equal(found, right)


def test_days_and_times_of_several_zones_in_a_frame_are_times() -> None:
    rows = table()
    days = cx.load(rows.assign(at=rows["at"].dt.date))
    assert isinstance(rows["at"].dt.date.iloc[0], date) and days.codebook["at"].role == "date"
    zones = [t.tz_localize("UTC").tz_convert("Europe/Berlin" if i % 2 else "UTC") for i, t in enumerate(rows["at"])]
    mixed = cx.load(rows.assign(at=pd.Series(zones, dtype=object)))
    assert mixed.to_pandas()["at"].tolist() == rows["at"].tolist()
    assert "times are in UTC: 'at'" in mixed.codebook.notes
