"""Kano's categories from pairs of questions: how would you feel if it worked (functional), and if it did not?"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.special import ndtri

from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL, blanked, withheld
from cxlab.data.study import Study
from cxlab.data.waves import levels
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.names import key, shown
from cxlab.stats.counts.replicates import Groups, replicate_groups

CATEGORIES = {
    "A": "attractive",
    "O": "one-dimensional",
    "M": "must-be",
    "I": "indifferent",
    "R": "reverse",
    "Q": "questionable",
}
EVALUATION = np.array([list(row) for row in ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")])
"""Category by answer to the functional (row) and the dysfunctional question (column): like, must be, neutral, live
with, dislike (Berger et al. 1993)."""
QUESTIONABLE = 0.05
DRAWS = 4000


@public
def kano(study: Study, *, by: str = "", level: float = 0.95, seed: int = 0, least_n: int = SMALL) -> Result:
    """Return for every feature its Kano category with its probability, and what it can gain and lose.

    better = (A + O) / (A + O + M + I), worse = -(O + M) / (A + O + M + I): the share that gains when the feature works,
    the share that loses when it does not.

    Parameters
    ----------
    study : with pairs of fields of measure 'kano-functional' and 'kano-dysfunctional' that name the same feature in
        ``about``; answers 1 like, 2 must be, 3 neutral, 4 live with, 5 dislike (declare best='high' if 5 means like).
    by : segment column: features are often a mixture of segments, not of one category.

    least_n : segments (with ``by``) of fewer answers are counted and not shown, nor what would tell them.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result (unit share): ``item, [by], category, probability`` (that this category is the most frequent), ``estimate,
    low,
    high`` (better), ``worse, worse_low, worse_high``, shares ``A, O, M, I, R, Q``, ``distinct`` (Fong's test of the
    two most frequent categories at 90 %), ``category_strength, total_strength, n``.

    Raises
    ------
    DataProblem : no pair of Kano questions is declared, a feature has only one of them, an answer is not 1 to 5,
        or ``by`` is no column.

    References
    ----------
    Kano et al. (1984), J. Japanese Society for Quality Control 14:39; Berger et al. (1993), Center for Quality of
    Management Journal 2:3; Fong (1996), same journal 5:21; Lee & Newcomb (1997), same journal 6:3.

    Examples
    --------
    >>> import pandas as pd
    >>> import cxlab as cx
    >>> scale = cx.Scale(1, 5, "low")
    >>> pair = {"f": "kano-functional", "d": "kano-dysfunctional"}
    >>> book = cx.Codebook("k", tuple(cx.Field(c, measure=m, about="wifi", scale=scale) for c, m in pair.items()))
    >>> table = pd.DataFrame({"f": [1] * 10 + [3] * 10, "d": [3] * 10 + [5] * 6 + [3] * 4})
    >>> cx.importance.kano(cx.Study(table, book)).table["category"].tolist()
    ['attractive']
    """
    if by:
        study.field(by)
    pairs = _pairs(study)
    asked = [f.name for pair in pairs.values() for f in pair]
    found = sample(study, asked, other=[by] if by else [])
    rows, notes = [], list(found.notes)
    own = found.other[by] if by else None
    segments = levels(study, by, pd.unique(own[~pd.isna(own)])) if by else [None]
    for segment in segments:
        part = found if segment is None else found.keep(own == segment)
        for about, (functional, dysfunctional) in pairs.items():
            row = _feature(study, part, functional, dysfunctional, level, seed)
            rows.append({"item": about, **({key(by): segment} if by else {}), **row})
    table = pd.DataFrame(rows)
    figures = [c for c in table if c not in ("item", "n", key(by))]
    counted = {about: [nw.col(functional.name)] for about, (functional, _) in pairs.items()}
    told = withheld(study, counted, [by] if by else [], table, least_n)
    table, hidden = blanked(table, least_n, figures, [key(by)] if by else [], ["item"], also=told)
    notes += hidden
    own = [c for c in table.columns if c != key(by)]
    table = table.rename(columns={key(by): shown([by], own)[0]})
    labels = {a: study.field(a).label if a in study.codebook else a for a in pairs}
    doubtful = table[table.Q > QUESTIONABLE]
    if len(doubtful):
        who = ", ".join(str(labels[i]) for i in doubtful.item.unique())
        notes.append(f"more than {QUESTIONABLE:.0%} contradictory pairs of answers (Q): {who}; check the wording")
    return Result(
        kind="kano", title="Kano: what delights, what is taken for granted", table=table, unit="share", level=level,
        method="Kano's 5 x 5 table (Berger et al. 1993); Wilson intervals on effective sizes under the design; "
        f"probability of the modal category from {DRAWS:,} Dirichlet draws (prior 1/2 a category); distinct: Fong 1996",
        notes=tuple(notes), parts={"labels": labels},
    )  # fmt: skip


def _pairs(study: Study) -> dict[str, tuple[Field, Field]]:
    found: dict[str, dict[str, Field]] = {}
    for f in study.codebook:
        if f.measure.startswith("kano-"):
            found.setdefault(f.about or f.name, {})[f.measure] = f
    if not found:
        raise DataProblem(
            f"Kano analysis needs pairs of fields with measure 'kano-functional' and 'kano-dysfunctional' and the same "
            f"'about'; {study.name} declares none. Declare them in its datapackage.json"
        )
    alone = [a for a, pair in found.items() if len(pair) != 2]
    if alone:
        raise DataProblem(
            f"feature {', '.join(alone)} has only one of its two Kano questions; each needs a functional and a "
            "dysfunctional one with the same 'about'"
        )
    return {a: (pair["kano-functional"], pair["kano-dysfunctional"]) for a, pair in found.items()}


def _feature(study: Study, part: Sample, functional: Field, dysfunctional: Field, level: float, seed: int) -> dict:
    f, d = (_codes(part.answers[x.name], x) for x in (functional, dysfunctional))
    there = np.isfinite(f) & np.isfinite(d)
    part, n = part.keep(there), int(there.sum())
    if n == 0:
        return _empty()
    category = EVALUATION[f[there].astype(int) - 1, d[there].astype(int) - 1]
    strata, drawn = part.strata, None
    if study.drawn is not None:
        drawn = of_strata(study.drawn, [""] if strata is None else part.strata_names)
    groups = replicate_groups(part.cluster, strata, n, drawn=drawn)
    return _numbers(category, part.w, groups, level, seed) | {"n": n}


def _codes(x: np.ndarray, field: Field) -> np.ndarray:
    bad = np.isfinite(x) & ((x < 1) | (x > 5) | (x != np.round(x)))
    if bad.any():
        raise DataProblem(f"'{field.name}' holds {x[bad][0]:g}; a Kano question has answers 1 (like) to 5 (dislike)")
    return 6 - x if field.scale is not None and field.scale.best == "high" else x


def _numbers(category: np.ndarray, w: np.ndarray, groups: Groups, level: float, seed: int) -> dict:
    letters = list(CATEGORIES)
    hit = np.array([category == c for c in letters], float).T
    share = w @ hit / w.sum()
    n, out = len(w), dict(zip(letters, share, strict=True))
    a, o, m, i, _, _ = hit.T
    base = a + o + m + i
    better = _ratio(a + o, base, w, groups, level)
    worse = _ratio(o + m, base, w, groups, level)
    order = np.argsort(-share, kind="stable")
    first, second = share[order[:2]] * n
    gap = 1.65 * np.sqrt((first + second) * (2 * n - first - second) / (2 * n))
    n_eff = w.sum() ** 2 / (w**2).sum()
    drawn = np.random.default_rng(seed).dirichlet(share * n_eff + 0.5, DRAWS).argmax(axis=1)
    return {
        "category": CATEGORIES[letters[order[0]]], "probability": float((drawn == order[0]).mean()),
        "estimate": better[0], "low": better[1], "high": better[2],
        "worse": -worse[0], "worse_low": -worse[2], "worse_high": -worse[1], **out,
        "distinct": bool(first - second >= gap), "category_strength": (first - second) / n,
        "total_strength": float(share[:3].sum()),
    }  # fmt: skip


def _ratio(
    top: np.ndarray, base: np.ndarray, w: np.ndarray, groups: Groups, level: float
) -> tuple[float, float, float]:
    """Return a ratio of weighted counts with the Wilson interval on the effective size of its linearised variance."""
    total = (w * base).sum()
    if total == 0:
        return np.nan, np.nan, np.nan
    p = float((w * top).sum() / total)
    scores = np.bincount(groups.code, w * base * (top - p) / total, minlength=groups.size)
    variance = float(groups.spread(scores[:, None])[0, 0])
    n_eff = p * (1 - p) / variance if variance > 0 else float(base.sum())
    z = ndtri((1 + level) / 2)
    centre, half = p + z * z / (2 * n_eff), z * np.sqrt(p * (1 - p) / n_eff + z * z / (4 * n_eff**2))
    return p, (centre - half) / (1 + z * z / n_eff), (centre + half) / (1 + z * z / n_eff)


def _empty() -> dict:
    heads = ("probability", "estimate", "low", "high", "worse", "worse_low", "worse_high", *CATEGORIES)
    return {"category": "", **dict.fromkeys(heads, np.nan), "distinct": False, "category_strength": np.nan,
            "total_strength": np.nan, "n": 0}  # fmt: skip
