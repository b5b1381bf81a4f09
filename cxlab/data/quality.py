"""`quality`: what is wrong with a study, the rows it concerns, what to do. Nothing is dropped unless asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import narwhals as nw
import pandas as pd

from cxlab.data import answer_checks as answers
from cxlab.data import column_checks as columns
from cxlab.data import copies
from cxlab.data import design_checks as designs
from cxlab.data import record_checks as records
from cxlab.data.arguments import public
from cxlab.data.finding import Finding
from cxlab.data.row_order import first_of_each, with_repeated
from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import Result

LEVELS = ("serious", "look", "fine")
DROPPABLE = (
    "duplicate", "duplicate row", "empty", "impossible value", "longstring", "mixed-scale", "out-of-scale", "outlier",
    "preview", "price order", "speeding", "spelling", "straight-lining", "tampered", "unfinished", "unknown category",
    "weight",
)  # fmt: skip
"""Checks that name rows which can be left out."""


@public
def quality(study: Study, *, duration: str = "") -> Result:
    """Return what is wrong with the answers of a study, most serious first.

    Parameters
    ----------
    duration : column with the length of the interview; found by its name where it says 'duration'.

    Returns
    -------
    Result of kind 'quality', one row a finding: ``level`` ('serious': results are wrong until it is dealt with; 'look':
    may be right, decide; 'fine'), ``check``, ``question``, ``n`` rows concerned, ``share`` of those it could concern,
    ``finding``, ``action``. ``parts``: ``missing`` (by question and reason), ``waves`` (answers by wave and question),
    ``checked`` (each check, on how many columns, and why not where on none).

    Raises
    ------
    DataProblem : the study has no rows, or ``duration`` is no column of it.

    Examples
    --------
    >>> import cxlab as cx
    >>> from cxlab.data.catalogue import open_study
    >>> cx.quality(open_study("airline-survey")).table["check"].tolist()
    ['straight-lining', 'completion']
    """
    n = _rows_of(study)
    gaps, by_wave = answers.missing(study, n), answers.waves(study)
    found = sorted(_all(study, n, gaps, by_wave, duration), key=lambda f: LEVELS.index(f.level))
    table = pd.DataFrame({
        "level": [f.level for f in found], "check": [f.check for f in found], "question": [f.question for f in found],
        "n": [f.n for f in found], "share": [f.n / f.of if f.of else 0.0 for f in found],
        "finding": [f.finding for f in found], "action": [f.action for f in found],
    })  # fmt: skip
    notes = ["Nothing was left out; cx.drop(study, check) leaves rows out and every later result says so."]
    if "answered" in study.columns and study.codebook.recipe:
        notes += ["The response rate of those who were asked: cx.share(study, 'answered', value=1)."]
    else:
        notes += ["A response rate needs the number of invitations, which the file does not hold."]
    notes += study.caveats
    looked = pd.DataFrame(checked(study, duration), columns=["check", "columns", "note"])
    could_not = [f"{c} ({note})" for c, k, note in looked.itertuples(index=False) if not k]
    done = ", ".join(looked.loc[looked["columns"] > 0, "check"])
    notes = [f"Checked: {done}.", *([f"Not checked: {', '.join(could_not)}."] if could_not else []), *notes]
    size = f"{n:,} rows, {len(study.columns):,} columns"
    looks = f"{int((looked['columns'] > 0).sum())} of {len(looked)} checks"
    return Result(
        "quality", f"Quality of {study.codebook.title or study.name}", table, notes=tuple(notes),
        method=f"{size}, {len(found)} findings in {looks}",
        parts={"missing": gaps, "waves": by_wave, "rows": n, "checked": looked},
    )  # fmt: skip


def _all(study: Study, n: int, gaps: pd.DataFrame, by_wave: pd.DataFrame, duration: str) -> Iterator[Finding]:
    bare = tuple(replace(f, missing={}) for f in study.codebook)
    study = replace(study, table=study.frame.to_native(), codebook=replace(study.codebook, fields=bare))
    known, kinds = answers.profile(study), records.categorical(study)
    yield from answers.empty(study, n)
    yield from answers.not_asked(study, by_wave)
    yield from answers.outside(study, known)
    yield from answers.mixed_scales(study, known)
    yield from answers.half_used(known)
    yield from records.categories(study, n, kinds)
    yield from records.exceptions(study, kinds)
    yield from records.weights(study, n)
    yield from copies.not_real(study, n)
    yield from copies.duplicates(study, n)
    yield from columns.whole_rows(study, n)
    yield from columns.impossible(study)
    yield from columns.constant(study, n)
    yield from columns.outliers(study, n)
    yield from columns.variants(study, n)
    yield from designs.mismatch(study)
    yield from designs.price_order(study)
    yield from answers.gaps_of(study, gaps, by_wave, n)
    yield from answers.same_answer(study, n)
    yield from records.speeding(study, duration, n)
    yield from records.rounded_ids(study, n)
    yield from answers.ceiling(known)
    yield from answers.completion(study, n, gaps, by_wave)


def checked(study: Study, duration: str = "") -> list[tuple[str, int, str]]:
    """Return each check, on how many columns it looked, and where on none: what it would need."""
    asked, there = answers.asked(study), set(study.columns)
    role = {r: [n for n in study.codebook.role(r) if n in there] for r in ("id", "text", "wave", "weight")}
    numbers = [f for f in columns.columns(study, columns.NUMERIC) if f.scale is None and not f.labels]
    dates = columns.columns(study, ("date", "datetime"))
    texts = [f for f in columns.columns(study, ("string",)) if f.role not in ("id", "text")]
    lengths = [duration] if duration else [f.name for f in study.codebook if records.is_length(f) and f.name in there]
    small = len(study.columns) * len(study) <= columns.CELLS
    return [
        ("answers outside their scale", len(asked), "no column is an outcome or touchpoint with a scale"),
        ("missing answers", len(asked), "no column is an outcome or touchpoint with a scale"),
        ("one answer to everything", sum(map(len, answers.batteries(study))), "no five touchpoints of one scale"),
        ("repeated ids", len(role["id"]), "no column has role id"),
        ("repeated rows", len(there) if small else 0, "too large a table"),
        ("repeated texts", len(role["text"]), "no column has role text"),
        ("impossible numbers and dates", len([f for f in numbers if columns.limits(f)]) + len(dates),
         "no age, time, year or date is known by its name or type"),
        ("outliers", len(numbers), "no number without a scale"),
        ("constants", len(there), "no column"),
        ("spellings of categories", len(texts), "no column of texts"),
        ("speed", len(lengths), "no length of the interview; name it with duration"),
        ("waves", len(role["wave"]), "no column has role wave"),
        ("weights", len(role["weight"]), "no column has role weight"),
        ("arms", len(designs.arms(study)), "no column is named as the arms of an experiment"),
        ("order of prices", len(designs.prices(study)), "no four price questions"),
    ]  # fmt: skip


@public
def concerned(study: Study, check: str, *, question: str = "", duration: str = "") -> Study:
    """Return only the rows that a check concerns, to look at (each row is a person: do not print them in a report).

    ``question`` keeps the findings about one question; the checks are those in the table of `quality`.

    Parameters
    ----------
    check : name of a check in the table of `quality`.
    duration : column of the time an interview took; default: by its role.

    Raises
    ------
    DataProblem : the check is none that names rows, it concerns no row, the study has no rows, or a column named
        is not there.

    Examples
    --------
    >>> import cxlab as cx
    >>> len(cx.checks.concerned(cx.load("brand-tracker"), "speeding"))
    87
    """
    one_of("check", check, DROPPABLE)
    rows = _rows(study, check, question, duration)
    if rows is None:
        where = f" in {question}" if question else ""
        raise DataProblem(f"{check} concerns no row of {study.name}{where}; see cx.quality")
    said = f"rows concerned by {check}"
    kept = with_repeated(study, _ids(study, question)) if check == "duplicate" else study.frame.filter(rows)
    return replace(study, table=kept.to_native(), filters=(*study.filters, said))


@public
def drop(study: Study, check: str, *, question: str = "", duration: str = "") -> Study:
    """Return the study without the rows that a check concerns; `Study.dropped` counts them in every later result.

    Of duplicates the first row by the order of the table is kept, on every engine; an engine that knows no order
    (Spark, a table of a database) keeps the first by the values of all columns.

    Parameters
    ----------
    check : name of a check in the table of `quality`.
    question : only findings about this question.
    duration : column of the time an interview took; default: by its role.

    Raises
    ------
    DataProblem : the check is none that names rows.

    Examples
    --------
    >>> import cxlab as cx
    >>> from cxlab.data.catalogue import open_study
    >>> cx.drop(open_study("brand-tracker"), "speeding").dropped
    (('speeding', 87),)
    """
    one_of("check", check, DROPPABLE)
    before = len(study)
    if check == "duplicate row":
        kept = study.lazy.unique()  # rows that are equal in every column: it does not matter which is kept
    elif check == "duplicate":
        kept = first_of_each(study, _ids(study, question))
    else:
        rows = _rows(study, check, question, duration)
        if rows is None and question and question not in study.columns:
            raise unknown("question", question, study.name, study.columns)
        kept = study.lazy if rows is None else study.frame.filter(~rows.fill_null(False))
    after = replace(study, table=kept.to_native())
    why = f"{check} {question}".strip() + (", the first row of each is kept" if check == "duplicate" else "")
    return replace(after, dropped=(*study.dropped, (why, before - len(after))))


def _rows_of(study: Study) -> int:
    n = len(study)
    if not n:
        raise DataProblem(f"{study.name} has no rows; its filters: {', '.join(study.filters) or 'none'}")
    return n


def _rows(study: Study, check: str, question: str, duration: str) -> nw.Expr | None:
    n = _rows_of(study)
    gaps, by_wave = answers.missing(study, n), answers.waves(study)
    wanted = [f.rows for f in _all(study, n, gaps, by_wave, duration)
              if f.check == check and f.rows is not None and question in ("", f.question)]  # fmt: skip
    return nw.any_horizontal(*wanted, ignore_nulls=True) if wanted else None


def _ids(study: Study, question: str) -> list[str]:
    """The columns of ids that ``question`` means: it, or all of them."""
    return [name for name in study.codebook.role("id") if name in study.columns and question in ("", name)]
