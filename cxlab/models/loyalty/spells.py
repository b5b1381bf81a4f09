"""`Spells`: how long customers stayed and how it ended, as distinct rows with counts, in one scan of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.answer_codes import key
from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.models.metrics.result_words import labelled
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts import names
from cxlab.stats.inference.influences import covariance

OWN = ("end", "at", "estimate", "low", "high", "se", "at_risk", "n", "against", "p", "time", "line", "until")
"""Columns of results about time."""


@dataclass(frozen=True)
class Spells:
    """Spells as arrays, a row a distinct one.

    Parameters
    ----------
    time : (rows,) how long it lasted or has lasted. ``entry`` : since when it was watched, or None.
    cause : (rows,) 0 still there, else which of ``ends``, from 1.
    group : (rows,) number of the group, a row of ``groups`` (its labels). ``ends`` : the ends in words.
    sample : counts, weights, clusters and strata of the rows.
    notes : what was left out.
    """

    time: NDArray
    entry: NDArray | None
    cause: NDArray
    group: NDArray
    groups: pd.DataFrame
    ends: tuple[str, ...]
    sample: Sample
    notes: tuple[str, ...]

    @property
    def n(self) -> NDArray:
        return self.sample.n

    @property
    def simple(self) -> bool:
        """Whether the spells are a simple random sample: no weights, clusters or strata."""
        return self.sample.cluster is None and self.sample.strata is None and bool((self.sample.w == 1).all())


def spells(
    study: Study,
    time: str,
    event: str | None,
    *,
    by: Sequence[str] = (),
    entry: str | None = None,
    ends: object = None,
    other: Sequence[str] = (),
) -> Spells:
    """Read spells: time, end, group, with counts, weights, clusters and strata.

    Raises
    ------
    DataProblem : a time is negative, a spell ends before it was watched, nothing ended, or nobody has an answer.
    """
    event = event or study.need("outcome", "a survival curve", measure="churn")[0]
    for name in (time, event, *([entry] if entry else ()), *by):
        there(study, name)
    numeric = not _is_text(study, event)
    columns = [time, *([entry] if entry else ()), *([event] if numeric else ())]
    found = sample(study, columns, other=[*by, *other, *(() if numeric else (event,))], patterns=True)
    came = found.answers[event] if numeric else found.other[event]
    known = np.isfinite(found.answers[time]) & ~pd.isna(came)
    known &= np.isfinite(found.answers[entry]) if entry else True
    lost = int(found.n[~known].sum())
    found, came = found.keep(known), came[known]
    if not len(found.n):
        raise DataProblem(f"{study.name} has no row with both '{time}' and '{event}'")
    codes, words = end_codes(study, event, came, ends)
    group, groups = grouped(study, by, found)
    t, e = found.answers[time], found.answers[entry] if entry else None
    _checked(study, time, entry, t, e, found.n)
    if not codes.any():
        raise DataProblem(
            f"nobody of {int(found.n.sum()):,} in {study.name} has left by '{event}': there is no time to estimate; "
            "wait for the first ends, or say with ends= which answers of it are ends"
        )
    notes = [*study.caveats, *found.notes]
    asked = " or ".join(f"'{c}'" for c in (time, event, entry) if c)
    notes += [f"{lost:,} rows without {asked} do not count"] * bool(lost)
    counted = t.min() <= 1 and bool((t == np.round(t)).all())  # the first of whole periods is nothing late
    if entry is None and t.min() > 0.1 * t.max() and len(np.unique(t)) > 3 and not counted:
        notes.append(
            f"nobody has a '{time}' below {t.min():g}: where customers were watched only from some time on, those "
            "who left earlier are missing; name that time with entry="
        )
    return Spells(t, e, codes, group, groups, words, found, tuple(notes))


def there(study: Study, name: str) -> None:
    """Raise unless ``name`` is one column of the study."""
    if study.field(name).columns or name not in study.columns:
        if name in study.codebook and study.field(name).columns:
            raise DataProblem(
                f"'{name}' of {study.name} is a question with several answers; name one of its options: "
                f"{', '.join(study.field(name).columns[:4])}"
            )
        raise unknown("column", name, study.name, study.columns)


def grouped(study: Study, by: Sequence[str], found: Sample) -> tuple[NDArray, pd.DataFrame]:
    """Return the number of each row's group, and the groups in words under the names they have in results."""
    if not by:
        return np.zeros(len(found.n), int), pd.DataFrame(index=[0])
    held = pd.DataFrame({names.key(c): found.other[c] for c in by})
    group = held.groupby(list(held), sort=True, dropna=False).ngroup().to_numpy()
    first = held.iloc[np.unique(group, return_index=True)[1]].reset_index(drop=True)
    shown = names.shown(list(by), OWN)
    return group, pd.DataFrame({s: labelled(study, c, first[names.key(c)]) for c, s in zip(by, shown, strict=True)})


def end_codes(study: Study, event: str, came: NDArray, ends: object) -> tuple[NDArray, tuple[str, ...]]:
    """Return (rows,) 0 or the number of the end, and the ends in words; codes or labels name them."""
    code, values = pd.factorize(pd.Series(came))
    text = pd.Series([key(v) for v in values])
    f = study.field(event)
    said = {**f.labels, **(f.scale.labels if f.scale else {})}
    if ends is None:
        if not set(text) <= {"0", "1", "True", "False", "0.0", "1.0"}:
            raise DataProblem(
                f"'{event}' of {study.name} holds {', '.join(map(repr, sorted(set(text))[:6]))}; say with ends= "
                "which of these mean that somebody left (several are competing ends); all others are still there"
            )
        return text.isin(["1", "True", "1.0"]).to_numpy().astype(int)[code], (said.get("1", "left"),)
    wanted = [ends] if isinstance(ends, (str, int, float)) else list(ends)
    out, words = np.zeros(len(code), int), []
    for k, end in enumerate(wanted):
        is_it = np.array([t == key(end) or said.get(t) == str(end) for t in text])
        if not is_it.any():
            raise DataProblem(
                f"no row of {study.name} has '{event}' = {end!r}; it holds: {', '.join(sorted(set(text))[:12])}"
            )
        out[is_it[code]] = k + 1
        words.append(said.get(key(end), str(end)))
    return out, tuple(words)


def joint(study: Study, found: Sample, u: NDArray | Callable[[NDArray], NDArray]) -> tuple[NDArray, float]:
    """Return the covariance of numbers from the influence (rows, q) of one answer, without its weight, and its df;
    ``u`` may return that of the rows whose numbers it is given."""
    own = (lambda rows: u(rows) * found.w[rows][:, None]) if callable(u) else u * found.w[:, None]
    return covariance(own, found.n, found.cluster, found.strata, names=found.strata_names, drawn=study.drawn)


def _is_text(study: Study, name: str) -> bool:
    kind = study.lazy.collect_schema()[name]
    return not (kind.is_numeric() or str(kind) == "Boolean")


def _checked(study: Study, time: str, entry: str | None, t: NDArray, e: NDArray | None, n: NDArray) -> None:
    if not t.any():
        raise DataProblem(f"every '{time}' of {study.name} is 0; a spell needs the time it lasted")
    if (t < 0).any():
        raise DataProblem(
            f"{int(n[t < 0].sum()):,} rows of {study.name} have a negative '{time}'; time runs from 0: correct them, "
            "or leave the rows out with study.where"
        )
    if e is not None and (bad := e >= t).any():
        raise DataProblem(
            f"{int(n[bad].sum()):,} rows of {study.name} have '{entry}' at or after '{time}'; a customer is watched "
            "from the one to the other: correct them, or leave the rows out"
        )
