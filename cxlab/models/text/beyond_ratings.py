"""`beyond_ratings`: whether the words of comments hold something of the outcome that the ratings do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.masking import masked
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.metrics import estimates as metrics
from cxlab.models.text.written import text_column
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.bag_of_words import effects, gain, terms
from cxlab.stats.fits.folds import corrected
from cxlab.stats.fits.marked_gaps import filled
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.differences import two_sided

BLOCKS, LEAST = 20, 200
"""Parts of which each is predicted from the others, and comments of three words or more that this needs."""

MOST = 20_000
"""Comments that are read; of more so many are drawn at random."""

WORDS, TOLD = 20, 5
METHOD = f"{BLOCKS}-fold, words learned in training only, Nadeau-Bengio errors"
Contrast = tuple[float, float, float]


class Told(NamedTuple):
    """R² out of sample: value, error and degrees of freedom of each.

    ``gain`` : of the words over the ratings. ``base`` : of the ratings. ``both`` : of ratings and words. ``less, more``
    : words that go with less and with more of the outcome than the ratings say. ``notes`` : in words.
    """

    gain: Contrast
    base: Contrast
    both: Contrast
    less: tuple[str, ...]
    more: tuple[str, ...]
    notes: tuple[str, ...]


def said(comment: object) -> str:
    """Return a comment without addresses and numbers: they are no words, and none may be printed.

    Examples
    --------
    >>> said("call 0170 1234567 again").split(), said(None)
    (['call', 'again'], '')
    """
    return "" if comment is None or comment != comment else masked(str(comment), mark=" ")


def told(
    y: NDArray,
    ratings: NDArray,
    comments: Sequence[str],
    *,
    weight: NDArray,
    cluster: NDArray | None,
    rng: np.random.Generator,
) -> Told:
    """Return what the words add to the ratings, on comments that no word was learned from.

    Parameters
    ----------
    y : (rows,) outcome. ``ratings`` : (rows, columns) of `marked_gaps.filled`. ``comments`` : of `said`.
    weight : (rows,) of each row. ``cluster`` : (rows,) whose rows stay together, or None. ``rng`` : deals the blocks.

    Raises
    ------
    DataProblem : fewer than 20 words occur in five comments.
    """
    index, notes = np.arange(len(y)), ()
    if len(index) > MOST:
        index = np.sort(rng.choice(index, MOST, replace=False))
        notes = (f"{MOST:,} of {len(y):,} comments, drawn at random",)
    m, words = terms([comments[i] for i in index])
    if len(words) < WORDS:
        raise DataProblem(
            f"only {len(words)} words occur in five comments or more; this test needs at least {WORDS}: take more "
            "comments, or a language that puts blanks between its words"
        )
    x, w, y = np.column_stack([np.ones(len(index)), ratings[index]]), weight[index], y[index]
    units = index if cluster is None else np.unique(cluster[index], return_inverse=True)[1]
    units = np.unique(units, return_inverse=True)[1]
    block = rng.permutation(np.arange(units.max() + 1) % BLOCKS)[units]
    base, both, _ = gain(m, x, y, w, block, BLOCKS)
    tests = np.eye(BLOCKS, dtype=bool)
    residual = y - x @ np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=1e-10)[0]
    order = np.argsort(effects(m.T @ (w * residual), m.T @ w))
    less, more = (tuple(words[i] for i in o[:TOLD]) for o in (order, order[::-1]))
    return Told(*(corrected(v, tests) for v in (both - base, base, both)), less, more, notes)


@public
def beyond_ratings(
    study: Study,
    outcome: str,
    *,
    ratings: Sequence[str] | str | None = None,
    column: str | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return by how much the words of the comments tell the outcome better than the ratings alone, out of sample.

    Gain = R² of ratings and words less R² of the ratings, each on comments that nothing was learned from. A gain about
    0 says that the comments repeat the ratings; the claim CX-32 is tested by it.

    Parameters
    ----------
    outcome : a score, an amount, or a yes or no.
    ratings : beside it; all outcomes and touchpoints with a scale if not given.
    column : of comments; that with role 'text' in which most is written if not given.
    level : confidence of the intervals, between 0 and 1.
    seed : of the parts that the comments are dealt to.

    Returns
    -------
    Result, a row each for ``term`` 'gain of the words', 'ratings', 'ratings and words': ``estimate`` (R²), ``low, high,
    se, p`` (of the gain), ``n`` (comments of three words or more). ``parts``: ``less``, ``more`` (words that go with
    less and more of the outcome than the ratings say), ``df``, ``wrote`` (share of the answers with such a comment).

    Raises
    ------
    DataProblem : no comment, no rating, an outcome that does not vary, fewer than 200 comments of three words, fewer
        than 20 words in five comments.

    References
    ----------
    Nadeau, C. & Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.
        doi:10.1023/A:1024068626366

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.simulated("CX-32", 0.2, n=800, seed=1)
    >>> found = cx.text.beyond_ratings(study, "outcome", ratings=["ratings1"], column="comment").table
    >>> bool(found["low"][0] > 0.05)
    True
    """
    metrics.check_level(level)
    y_name, names, text = _columns(study, outcome, ratings, column)
    words = not study.lazy.collect_schema()[y_name].is_numeric()
    found = sample(study, [*([] if words else [y_name]), *names], other=[*([y_name] if words else []), text],
                   patterns=True)  # fmt: skip
    y = yes_no(found.other[y_name], study.field(y_name)) if words else found.answers[y_name]
    scored = [_points(found.answers[c], study, c) for c in names]
    x, notes = filled(np.column_stack(scored))
    comments = [said(c) for c in found.other[text]]
    rows = np.isfinite(y) & np.array([len(c.split()) >= 3 for c in comments])
    n = int(found.n[rows].sum())
    if n < LEAST:
        raise DataProblem(
            f"{n:,} answers to '{y_name}' of {study.name} have a comment of three words or more in '{text}'; at least "
            f"{LEAST} are needed"
        )
    if np.ptp(y[rows]) == 0:
        raise DataProblem(f"'{y_name}' of {study.name} is the same wherever a comment stands; there is nothing to tell")
    index = np.flatnonzero(rows)
    cut = None if found.cluster is None else found.cluster[rows]
    rng = np.random.default_rng(seed)
    got = told(y[rows], x[rows], [comments[i] for i in index], weight=(found.n * found.w)[rows], cluster=cut, rng=rng)
    wrote = float(found.n[rows].sum() / found.n[np.isfinite(y)].sum())
    return Result(
        "beyond_ratings", f"{study.field(y_name).label}: what the words tell beyond the ratings",
        _table(got, n, level), "", level, METHOD,
        (*study.caveats, *found.notes, *notes, *got.notes, f"{wrote:.0%} of the answers have a comment; the others may "
         "feel otherwise"),
        {"less": list(got.less), "more": list(got.more), "df": got.gain[2], "wrote": wrote},
        (Column("term", "label", "", "R² out of sample"),), better="none",
    )  # fmt: skip


def _columns(
    study: Study, outcome: str, ratings: Sequence[str] | str | None, column: str | None
) -> tuple[str, list[str], str]:
    """The outcome, the ratings beside it, and the column of comments."""
    name = study.field(outcome).name
    if ratings is None:
        asked = [f.name for f in study.codebook if f.role in ("outcome", "touchpoint") and f.scale and f.name != name]
        asked = [c for c in asked if c in study.columns]
    else:
        asked = [study.field(c).name for c in metrics.listed(ratings)]
    if not asked or name in asked:
        raise DataProblem(
            f"ratings of {study.name} beside '{name}' are {', '.join(asked) or 'none'}; name one or more columns with "
            "a scale, not the outcome itself, with ratings="
        )
    return name, asked, text_column(study, column, "beyond_ratings")


def _points(values: NDArray, study: Study, name: str) -> NDArray:
    """Answers from 0 to 100; a constant filled for a gap, marked, changes nothing whatever the scale."""
    scale = study.field(name).scale
    return values if scale is None else 100.0 * (values - scale.minimum) / (scale.maximum - scale.minimum)


def _table(got: Told, n: int, level: float) -> pd.DataFrame:
    rows = []
    for term, (value, se, df) in (
        ("gain of the words", got.gain),
        ("ratings", got.base),
        ("ratings and words", got.both),
    ):
        half = float(t_value(level, df)) * se
        rows.append({"term": term, "estimate": value, "low": value - half, "high": value + half, "se": se, "n": n})
    table = pd.DataFrame(rows)
    table["p"] = np.nan
    table.loc[0, "p"] = float(two_sided(*got.gain))
    return table
