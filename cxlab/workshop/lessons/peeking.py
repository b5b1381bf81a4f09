"""Lesson 7, dashboards that peek: nothing changes, and somebody looks twenty times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.data.codebook import Field
from cxlab.models.metrics.estimates import nps
from cxlab.models.monitoring.running import running
from cxlab.workshop.made import RECOMMEND, chances, made_study
from cxlab.workshop.questions import Answer, Drawn, Question, estimated, word

WEEKS = 20
LEVELS = (16, 18, 20, 22, 24)


def draw(room: np.random.Generator, own: np.random.Generator, seat: int) -> Drawn:
    """Twenty weeks of answers around the NPS of last year, which is still the NPS of today."""
    level = float(room.choice(LEVELS))
    size = own.integers(40, 81, WEEKS)
    week = np.repeat(np.arange(1, WEEKS + 1), size)
    scores = own.choice(11, size=len(week), p=chances(level))
    study = made_study("peeking", "Twenty weeks", {"week": week, "recommend": scores},
                       Field("week", "Week", "integer", role="wave"), RECOMMEND)  # fmt: skip
    return Drawn(study, {"nps": level}, {"target": level, "dashboard": dashboard(week, scores)})


def dashboard(week: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Return what the dashboard shows each week: the NPS of all answers so far and its usual 95 % interval."""
    s = 100.0 * ((scores >= 9).astype(int) - (scores <= 6).astype(int))
    n = np.searchsorted(week, np.arange(1, WEEKS + 1), side="right")
    mean = np.cumsum(s)[n - 1] / n
    error = np.sqrt((np.cumsum(s**2)[n - 1] / n - mean**2) / n)
    shown = {
        "week": np.arange(1, WEEKS + 1),
        "n": n,
        "nps": mean,
        "low": mean - 1.96 * error,
        "high": mean + 1.96 * error,
    }
    return pd.DataFrame(shown)


def alarms(drawn: Drawn) -> pd.Series:
    """Return the weeks in which last year's NPS lies outside the dashboard's interval."""
    board, target = drawn.extras["dashboard"], drawn.extras["target"]
    return board["week"][(board["low"] > target) | (board["high"] < target)]


def false_alarm(drawn: Drawn) -> Answer:
    """Whether this dashboard ever said that the NPS had changed."""
    return word("yes" if len(alarms(drawn)) else "no")


def last_look(drawn: Drawn) -> Answer:
    """The NPS of all twenty weeks: one look, one interval."""
    return estimated(nps(drawn.study))


def last_week(drawn: Drawn) -> Answer:
    """The last week alone."""
    return estimated(nps(drawn.study.where(week=WEEKS)))


def band(drawn: Drawn) -> Answer:
    """Whether last year's NPS ever leaves the band that holds at all looks."""
    t, target = running(drawn.study, "nps", wave="week").table, drawn.extras["target"]
    return word("yes" if bool(((t["low"] > target) | (t["high"] < target)).any()) else "no")


def other_band(drawn: Drawn) -> Answer:
    """The wrong one of yes and no."""
    return word("no" if band(drawn).word == "yes" else "yes")


def other_alarm(drawn: Drawn) -> Answer:
    """The wrong one of yes and no."""
    return word("no" if false_alarm(drawn).word == "yes" else "yes")


QUESTIONS = (
    Question("guess", unit="count"),
    Question("found", "choice", false_alarm, {"wrong": other_alarm}, choices=("yes", "no")),
    Question("all", "interval", last_look, {"last_week": last_week}, truth="nps"),
    Question("band", "choice", band, {"wrong": other_band}, choices=("yes", "no")),
    Question("rule", "choice", lambda _: word("fix the looks"),
             {"stop": lambda _: word("stop at p < .05"), "more": lambda _: word("look more often")},
             choices=("stop at p < .05", "look more often", "fix the looks")),
)  # fmt: skip
