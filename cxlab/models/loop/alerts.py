"""`alerts`: which answers call for somebody to act: one line each, with its owner and when it is due."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.stats import chi2

from cxlab.columns import Column
from cxlab.data import touchpoint_register as registers
from cxlab.data.answer_codes import answer
from cxlab.data.arguments import public
from cxlab.data.row_order import numbered
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import owners_column
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.names import free

COLUMNS = (
    Column("owner", "label", "", "Owner"),
    Column("reason", "label", "", "Reason"),
    Column("estimate", "estimate", "index", "Alerts a week"),
)


@public
def alerts(
    study: Study,
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    touchpoint: str | None = None,
    register: str | Path | pd.DataFrame | None = None,
    due: float = 48.0,
    text: str | None = None,
    level: float = 0.95,
) -> Result:
    """Return which answers call for somebody to act, by rules fixed before looking.

    Each rule is a condition of `Study.where`; an answer gets the first rule that it meets. The list is a function of
    the data: the same answers give the same alerts under the same ids, so that a second run makes no second ticket.

    Parameters
    ----------
    study : answers with columns of the roles 'id' (or 'case') and 'date' (or 'time').
    rules : reason → condition, the most severe first: ``{"detractor": {"ltr": (0, 6)}}``. Left out: detractors of the
        first question on recommendation, else the worse half (the middle not counted) of the first on satisfaction.
    touchpoint : column that names the touchpoint; default: that of the role 'event', if there is one.
    register : CSV file or table of touchpoints with ``owner`` and ``due_hours``; default: ``touchpoints.csv`` beside
        the study's file. Where it names nobody, the owner is that of the study's declared column of the role 'owner'.
    due : hours until somebody should have acted, where the register says nothing.
    text : column with what the customer wrote; it stays in the list and leaves only where `tickets` is asked for it.
    level : of confidence.

    Returns
    -------
    Result, a row an owner and reason: ``owner, reason, estimate`` (alerts a week) with ``low, high`` (Poisson), ``n``.
    ``parts["alerts"]`` is the list itself, oldest first: ``alert`` (an id made of study, customer, time and reason),
    ``id, reason, touchpoint, owner, created, due`` (and ``text``, if asked for). `cx.loops.tickets` lays it out for a
    ticket system.

    Raises
    ------
    DataProblem : no id or no date, dates that are text or numbers,
        no rule, a condition that does not fit, or nobody answered what the rules ask for.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"who": [7, 8, 9], "ltr": [3, 9, 6], "day": pd.to_datetime(["2025-01-01"] * 3)})
    >>> study = cx.load(table).set("who", role="id").set("day", role="date")
    >>> found = cx.alerts(study, {"furious": {"ltr": (0, 3)}, "detractor": {"ltr": (0, 6)}})
    >>> found.parts["alerts"][["id", "reason"]].to_numpy().tolist()
    [[7, 'furious'], [9, 'detractor']]
    """
    metrics.check_level(level)
    said, rules = rules is None, usual_rule(study) if rules is None else rules
    if not rules:
        raise DataProblem("rules is empty; give reason → condition, as {'detractor': {'ltr': (0, 6)}}")
    if not (np.isfinite(due) and due > 0):
        raise DataProblem(f"due is {due!r}; it is hours above 0")
    who, when = _role(study, "id", "case"), _role(study, "date", "time")
    where = touchpoint or next(iter(study.codebook.role("event")), None)
    if where:
        study.field(where)
    if text:
        study.field(text)
    book = registers.register(study, register)
    listed, weeks = _listed(study, rules, who, when, where, text)
    listed = _owned(listed, book, due)
    table = _load(listed, list(rules), weeks, level)
    answered = _answered(study, rules)
    if not answered:
        asked = ", ".join(dict.fromkeys(c for r in rules.values() for c in r))
        raise DataProblem(f"nobody in {study.name} answered what the rules ask for ({asked}): there is nobody to call")
    share = len(listed) / answered
    notes = [*study.caveats, f"{len(listed):,} alerts, {share:.1%} of all answers, in {weeks:.1f} weeks"]
    notes += [f"the rule: {_told(study, c, v)}" for r in rules.values() for c, v in r.items() if said]
    nobody = int((listed["owner"] == "").sum())
    notes += [f"{nobody:,} alerts have no owner: name one in {registers.NAME}"] if nobody else []
    undated = int(listed["created"].isna().sum())
    notes += [f"{undated:,} alerts have no date: when they are due is not known"] if undated else []
    notes += ["weights are not used: an alert is one customer"] if study.design.weight else []
    return Result(
        "alerts",
        "Alerts by owner and reason",
        table,
        "index",
        level,
        "exact Poisson interval (Garwood 1936) of the rate",
        tuple(notes),
        {"alerts": listed, "rules": {k: dict(v) for k, v in rules.items()}, "weeks": weeks},
        better="down",
        columns=COLUMNS,
    )


def usual_rule(study: Study) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the rule of a study that names none: its detractors, else those who are not satisfied.

    Raises
    ------
    DataProblem : no question on recommendation or satisfaction with a scale.

    Examples
    --------
    >>> import cxlab as cx
    >>> usual_rule(cx.load("brand-tracker")), usual_rule(cx.load("airline-survey"))
    ({'detractor': {'recommendation': (0, 6)}}, {'not satisfied': {'o_experience': (1, 2)}})
    """
    book = study.codebook
    for measure, reason in (("recommendation", "detractor"), ("satisfaction", "not satisfied")):
        for name in book.measure(measure):
            if (scale := book[name].scale) is None:
                continue
            ten = measure == "recommendation" and (scale.minimum, scale.maximum) == (0, 10)
            middle = (scale.minimum + scale.maximum) / 2
            points = np.arange(scale.minimum, scale.maximum + scale.step / 2, scale.step)
            bad = points[points <= 6] if ten else points[points < middle if scale.best == "high" else points > middle]
            whole = lambda x: int(x) if float(x).is_integer() else float(x)  # noqa: E731
            reason = reason if ten or measure == "satisfaction" else "would not recommend"
            return {reason: {name: (whole(bad.min()), whole(bad.max()))}}
    raise DataProblem(
        f"{study.name} has no answer on recommendation or satisfaction with a scale, so no usual rule says whom to "
        "call; give rules=, as {'detractor': {'ltr': (0, 6)}}"
    )


def _told(study: Study, name: str, limits: tuple[float, float]) -> str:
    """The usual rule in words."""
    low, high = (study.field(name).scale.labels.get(str(x), str(x)) for x in limits)  # type: ignore[union-attr]
    return f"{study.field(name).label} is {low if low == high else f'from {low} to {high}'}"


def _answered(study: Study, rules: Mapping[str, Mapping[str, Any]]) -> int:
    """The rows that answered any question of the rules."""
    asked = [c for c in dict.fromkeys(c for r in rules.values() for c in r) if c in study.columns]
    if not asked:
        return len(study)
    found = study.answers(asked).select(n=nw.any_horizontal(*(~nw.col(c).is_null() for c in asked), ignore_nulls=True))
    return int(found.select(nw.col("n").sum()).collect().item())


def _role(study: Study, *roles: str) -> str:
    for role in roles:
        found = study.codebook.role(role)
        if found:
            return found[0]
    raise DataProblem(
        f"alerts need a column of role '{roles[0]}'; {study.name} has none. Say it with "
        f"study.set('COLUMN', role='{roles[0]}')"
    )


def _dated(study: Study, name: str) -> None:
    """Refuse times that are no dates: a guess may take day and month for one another, or a number for nanoseconds."""
    if not study.lazy.collect_schema()[name].is_temporal():
        kind = "numbers" if study.lazy.collect_schema()[name].is_numeric() else "text"
        raise DataProblem(
            f"'{name}' of {study.name} says when an answer was given and holds {kind}: make dates of it, as "
            f"pandas.to_datetime(table['{name}']), or load the file, whose dates are read"
        )


def _listed(
    study: Study,
    rules: Mapping[str, Mapping[str, Any]],
    who: str,
    when: str,
    where: str | None,
    text: str | None = None,
) -> tuple[pd.DataFrame, float]:
    """The alerts, oldest first, each under its first rule; and the weeks that the answers span."""
    _dated(study, when)
    row = free("_row", study.columns)
    whole = replace(study, table=numbered(study.table, row).to_native())
    chosen = {"row": nw.col(row), "id": answer(study.field(who)), "created": answer(study.field(when))}
    chosen |= {"touchpoint": answer(study.field(where)).cast(nw.String)} if where else {}
    whose = owners_column(study)
    chosen |= {"whose": answer(study.field(whose)).cast(nw.String)} if whose else {}
    chosen |= {"text": answer(study.field(text)).cast(nw.String)} if text else {}
    parts = []
    for reason, condition in rules.items():
        if not isinstance(condition, Mapping) or not condition:
            raise DataProblem(f"rule '{reason}' is {condition!r}; it is a condition as {{'ltr': (0, 6)}}")
        found = fetched(whole.where(**condition).lazy.select(**chosen), study.name).to_pandas()
        parts.append(found.assign(reason=str(reason)))
    listed = pd.concat(parts, ignore_index=True).drop_duplicates("row")  # the first rule wins
    listed = listed[listed["id"].notna()].assign(created=lambda t: pd.to_datetime(t["created"]))
    if "touchpoint" not in listed:
        listed["touchpoint"] = ""
    span = study.answers([when]).select(low=nw.col(when).min(), high=nw.col(when).max()).collect().to_pandas()
    low, high = pd.to_datetime(span["low"].iloc[0]), pd.to_datetime(span["high"].iloc[0])
    weeks = max((high - low).total_seconds() / 604_800, 1 / 7) if pd.notna(low) else 1 / 7
    listed = listed.fillna({"touchpoint": ""}).sort_values(["created", "row"], kind="stable", ignore_index=True)
    created = listed["created"].astype(str).where(listed["created"].notna(), "")
    keys = zip(listed["id"].astype(str), created, listed["reason"], strict=True)
    made = [hashlib.sha256("|".join((study.name, *k)).encode()).hexdigest()[:16] for k in _apart(list(keys))]
    return listed.drop(columns="row").assign(alert=made), float(weeks)


def _apart(keys: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Number what a customer said again at the same time, so that no alert takes another's id.

    >>> _apart([("a",), ("b",), ("a",)])
    [('a',), ('b',), ('a', '2')]
    """
    seen: dict[tuple[str, ...], int] = {}
    out = []
    for k in keys:
        seen[k] = seen.get(k, 0) + 1
        out.append(k if seen[k] == 1 else (*k, str(seen[k])))
    return out


def _owned(listed: pd.DataFrame, book: registers.Register | None, due: float) -> pd.DataFrame:
    """Add owner (of the register, else whose the event was) and when each alert is due."""
    whose = listed["whose"].fillna("") if "whose" in listed else [""] * len(listed)
    known = {} if book is None else book.set_index("touchpoint").to_dict("index")
    of = lambda t, what: known.get(t, {}).get(what)  # noqa: E731
    hours = [of(t, "due_hours") for t in listed["touchpoint"]]
    hours = [due if h is None or not np.isfinite(h) else float(h) for h in hours]
    listed = listed.assign(
        owner=[of(t, "owner") or w or "" for t, w in zip(listed["touchpoint"], whose, strict=True)],
        due=listed["created"] + pd.to_timedelta(np.array(hours, float), unit="h"),
    )
    own = ["alert", "id", "reason", "touchpoint", "owner", "created", "due", "text"]
    return listed[[c for c in own if c in listed]]


def _load(listed: pd.DataFrame, reasons: list[str], weeks: float, level: float) -> pd.DataFrame:
    """Alerts a week by owner and reason, with Poisson intervals; without any alert a line of none for each reason."""
    count = listed.groupby(["owner", "reason"], sort=False).size().rename("n").reset_index()
    if not len(count):
        count = pd.DataFrame({"owner": "", "reason": list(map(str, reasons)), "n": 0})
    n, tail = count["n"].to_numpy(float), (1 - level) / 2
    low = np.where(n > 0, chi2.ppf(tail, 2 * np.fmax(n, 1)) / 2, 0.0)
    high = chi2.ppf(1 - tail, 2 * (n + 1)) / 2
    out = count[["owner", "reason"]].assign(estimate=n / weeks, low=low / weeks, high=high / weeks, n=count["n"])
    out["owner"] = out["owner"].replace("", "(nobody)")
    return out.sort_values("estimate", ascending=False, ignore_index=True)
