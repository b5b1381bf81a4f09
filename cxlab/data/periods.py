"""`in_waves`: waves of a study that has dates and no waves: its quarters, months or years."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import narwhals as nw
import pandas as pd

from cxlab.data.answer_codes import answer
from cxlab.data.codebook import Field
from cxlab.data.vocabulary import plain
from cxlab.problem import DataProblem, one_of

if TYPE_CHECKING:
    from cxlab.data.study import Study

PARTS: dict[str, tuple[int, Callable[[int, int], str]]] = {
    "year": (1, lambda year, part: f"{year}"),
    "quarter": (4, lambda year, part: f"{year} Q{part}"),
    "month": (12, lambda year, part: f"{year}-{part:02d}"),
}
"""How many of them a year has, and what one is called."""
LONG, SHORT = 5 * 366, 275
"""Days: above the first the waves are years, up to the second months, else quarters."""
TELLS = re.compile(
    r"respon|answer|interview|survey|record|submi|complet|creat|review|visit|feedback|posted|timestamp"
    r"|antwort|befrag|umfrage|ausgef|bewert|réponse|enquête|encuesta|respuesta|resposta|risposta|sondag"
    r"|ответ|опрос|回答|调查|調査|응답|설문"
    r"|^(date|day|time|datum|tag|zeit|fecha|data|dato|дата|tarih|ημερομηνία|日期|日付|날짜|تاريخ)$"
)
"""Names of dates that say when somebody answered, or nothing but that they are dates."""
ANOTHER = re.compile(
    r"since|seit|depuis|desde|join|sign|regist|account|konto|member|contract|vertrag|expir|renew|birth|last|first|due"
)
"""Names of dates of the customer: by when somebody joined nothing has changed."""
MOST = 400
"""Periods above which a date is rather wrong than old."""


def in_waves(study: Study, every: str = "") -> Study:
    """Return the study with the ``every`` of its dates as waves, and a remark on the ends that are not whole.

    Parameters
    ----------
    every : 'year', 'quarter' or 'month'; '' takes the study as it is where it has waves, no dates, or dates of which
        nobody said that answers were given then (a guessed date called "customer since"), else quarters, but months of
        less than nine months of dates and years of more than five. The rule looks at no answer.

    Raises
    ------
    DataProblem : ``every`` is none of these; it is named and no column holds dates, or none has one; the dates are too
        far apart.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> days = pd.date_range("2025-01-15", periods=300, freq="D")
    >>> study = cx.load(pd.DataFrame({"day": days, "recommend": [8] * 300})).set("day", role="date")
    >>> study.in_waves().field("quarter").labels
    {'8100': '2025 Q1', '8101': '2025 Q2', '8102': '2025 Q3', '8103': '2025 Q4'}
    """
    if every:
        one_of("every", every, PARTS)
    dates = [n for n in study.codebook.role("date") if n in study.columns]
    schema = study.lazy.collect_schema()
    dated = [n for n in dates if schema[n].is_temporal() and schema[n] != nw.Time]
    if not every and (study.design.wave or not dated or not _of_the_answer(study, dated[0])):
        return study
    if not dated:
        study.need("date", f"cutting into {every}s")
        raise DataProblem(
            f"'{dates[0]}' of {study.name} holds {schema[dates[0]]}, no dates; declare how they are written: "
            f"study.set('{dates[0]}', type='date')"
        )
    name = dated[0]
    first, last = _ends(study, name)
    if first is None or last is None:
        if every:
            raise DataProblem(f"'{name}' of {study.name} has no date in any row; nothing can be cut into {every}s")
        return study
    length = (last - first).days
    chosen = every or ("year" if length > LONG else "month" if length < SHORT else "quarter")
    made = _cut(study, name, chosen, first, last)
    return made if every or len(made.field(made.design.wave).labels) > 1 else study


def _of_the_answer(study: Study, name: str) -> bool:
    """Whether answers were given on a date: somebody declared it, or its name and wording say so."""
    if not any(note.startswith(f"inferred {name}: role date") for note in study.codebook.notes):
        return True
    said = plain(f"{name} {study.field(name).question}").strip()
    return bool(TELLS.search(plain(name)) or TELLS.search(said)) and not ANOTHER.search(said)


def _ends(study: Study, name: str) -> tuple[date | None, date | None]:
    """The first and the last date."""
    found = study.answers([name]).select(nw.col(name).min().alias("a"), nw.col(name).max().alias("b")).collect()
    a, b = (pd.Timestamp(v) if not pd.isna(v) else None for v in found.to_pandas().iloc[0])
    return a and a.date(), b and b.date()


def _cut(study: Study, name: str, every: str, first: date, last: date) -> Study:
    """The study with the periods of a date as its waves."""
    parts, called = PARTS[every]
    number = lambda d: parts * d.year + (d.month - 1) * parts // 12  # noqa: E731
    low, high = number(first), number(last)
    if high - low >= MOST:
        raise DataProblem(
            f"'{name}' of {study.name} runs from {first} to {last}, {high - low + 1:,} {every}s; at most {MOST}: leave "
            f"wrong dates out with study.where({name}=(from, to))"
        )
    column = next(c for c in (every, f"{every} of {name}", f"{every} of {name} ") if c not in study.columns)
    x = answer(study.codebook[name])
    year, month = x.dt.year().cast(nw.Float64), x.dt.month().cast(nw.Float64)
    code = year * parts + ((month - 1) * parts / 12).floor()
    labels = {f"{k}": called(k // parts, k % parts + 1) for k in range(low, high + 1)}
    field = Field(column, type="integer", role="wave", labels=labels, note=f"{every}s of {name}")
    fields = tuple(replace(f, role="") if f.role == "wave" else f for f in study.codebook)
    table = study.lazy.with_columns(code.alias(column)).to_native()
    remark = f"waves are the {every}s of '{study.field(name).label}', which runs from {first} to {last}"
    cut = [w for w, d, whole in (("first", first, _starts(first, every)), ("last", last, _ends_with(last, every)))
           if not whole]  # fmt: skip
    if cut:
        remark += f"; the {' and the '.join(cut)} {every} {'is' if len(cut) == 1 else 'are'} not whole"
    return replace(
        study,
        table=table,
        codebook=replace(study.codebook, fields=(*fields, field)),
        remarks=(*study.remarks, remark),
        before=study.before and _cut(study.before, name, every, first, last),
    )


def _starts(day: date, every: str) -> bool:
    return pd.Period(day, every[0].upper()).start_time.date() == day


def _ends_with(day: date, every: str) -> bool:
    return pd.Period(day, every[0].upper()).end_time.date() == day
