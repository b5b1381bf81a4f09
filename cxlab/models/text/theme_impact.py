"""`theme_impact`: what goes with a theme in the score, with themes of which only some are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.text.coded import coding_of
from cxlab.models.text.theme_data import ThemeData, score_of, theme_data
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference import multiple
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.differences import two_sided
from cxlab.stats.inference.influences import covariance
from cxlab.stats.text import prediction_powered as pp
from cxlab.stats.text.surrogate_regression import corrected

FEW_OF_EACH = 5
"""Labels of yes, and of no, with a score that a theme needs to be told of."""

COLUMNS = (
    Column("theme", "label", "", "Theme"),
    Column("share", "share", "", "Share of comments"),
    Column("p_adjusted", "p", "", "p, corrected"),
)


@public
def theme_impact(
    study: Study,
    outcome: str = "",
    *,
    metric: str = "nps",
    correction: str = "holm",
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return by how much each theme goes with the score of those who wrote, corrected for the classifier's errors.

    With ``metric='nps'``: the score minus the score without the comments on the theme (`cxlab.metrics.impact`), its
    counts of promoters and detractors corrected by the labels (PPI++). With ``metric='mean'``: coefficients of the
    score on all themes at once, by design-based supervised learning: right on average whatever errors the classifier
    makes.

    Parameters
    ----------
    study : of `cxlab.code`.
    outcome : the score, in numbers; the recommendation, else the first outcome, if not given.
    metric : 'nps' (scores 0 to 10) or 'mean'.
    correction : of the p-values over the themes, as in `cxlab.compare`.
    level : confidence of the intervals, between 0 and 1.
    least_n : labelled comments with a score that are needed.

    Returns
    -------
    Result, a row a theme, the worst first: ``theme, estimate, low, high, se, share, naive`` (the same of predicted
    themes taken for true), ``n`` (comments with a score), ``labels``, ``p, p_adjusted``. With 'mean' in the unit of
    the score, with a row '(constant)'.

    Raises
    ------
    DataProblem : the comments are not coded, no score, or all are equal; fewer labelled comments with a score than
        needed, or no theme with five labels of yes and five of no.

    References
    ----------
    Egami, N., Hinck, M., Stewart, B. M. & Wei, H. (2023). Using imperfect surrogates for downstream inference. Advances
        in Neural Information Processing Systems 36. arXiv:2306.04746

    Examples
    --------
    >>> import cxlab as cx, pandas as pd
    >>> study = cx.simulations.simulate_comments(900, seed=1)
    >>> rows = study.to_pandas().assign(score=[9 - 6 * int(w) for w in study.truth["coded"]])
    >>> rows["comment"] = [f"{t} {k}" for k, t in enumerate(rows["comment"])]
    >>> told = cx.load(rows).set("comment", role="text").set("score", role="outcome")
    >>> sheet = rows.head(150)[["comment"]].assign(waiting=study.truth["coded"][:150].astype(int))
    >>> labels = cx.text.read_labels(sheet, ["waiting"], at_random=True)
    >>> coded = cx.code(told, ["waiting"], labels=labels, engine="words")
    >>> found = cx.text.theme_impact(coded, "score", metric="mean").table
    >>> found["estimate"].round(1).tolist()
    [-6.0, 9.0]
    """
    metrics.check_level(level)
    one_of("metric", metric, ("nps", "mean"))
    coded = coding_of(study)
    name = coded.field(outcome).name if outcome else score_of(coded)
    if not name:
        raise DataProblem(f"{coded.name} has no score (role 'outcome'); name a column with outcome=")
    scale = coded.field(name).scale
    if metric == "nps" and (scale is None or (scale.minimum, scale.maximum) != (0, 10)):
        had = f"{scale.minimum:g} to {scale.maximum:g}" if scale else "no scale"
        raise DataProblem(f"'{name}' has {had}; NPS needs answers from 0 to 10: use metric='mean'")
    data = theme_data(coded, [], name)
    rows = data.wrote & np.isfinite(data.score)
    labels = int((rows & np.isfinite(data.chance)).sum())
    least = max(least_n, 2 * (len(data.names) + 1), pp.LEAST_OF_EACH)
    if labels < least:
        raise DataProblem(f"{labels} labelled comments have a score in '{name}'; at least {least} are needed")
    _varied(data, rows, metric, name)
    told = data.y[rows & np.isfinite(data.chance)]
    each = np.fmin(told.sum(0), len(told) - told.sum(0))
    few = [t for t, k in zip(data.names, each, strict=True) if k < FEW_OF_EACH]
    kept = data.only([t for t in data.names if t not in few])
    if not kept.names:
        raise DataProblem(
            f"no theme has {FEW_OF_EACH} labels of yes and of no among {labels} with a score in '{name}': what goes "
            "with it cannot be told; label more"
        )
    table, how = (_nps if metric == "nps" else _mean)(kept, rows, level)
    table = pd.concat([table, pd.DataFrame({"theme": few})], ignore_index=True) if few else table
    tested = table["theme"] != "(constant)"
    table["p_adjusted"] = np.nan
    table.loc[tested, "p_adjusted"] = multiple.adjusted(table.loc[tested, "p"], correction)
    said = f"{', '.join(few)}: fewer than {FEW_OF_EACH} labels of yes or of no; what goes with it cannot be told"
    titles = {t.name: t.label for t in coded.themes}
    table["theme"] = table["theme"].map(lambda t: titles.get(t, t))
    table = table.assign(n=int(rows.sum()), labels=labels).sort_values("estimate", ignore_index=True)
    notes = (
        *coded.caveats, *data.found.notes, *coded.coding["notes"], *([said] if few else []),
        "of those who wrote: who does not write may feel otherwise",
        "it describes who wrote what; it does not say that the theme caused the score",
    )  # fmt: skip
    unit = "points" if metric == "nps" else "mean"
    return Result(
        "theme_impact", f"{coded.field(name).label}: what goes with each theme", table, unit, level,
        f"{how}; {coded.coding['method']}; p-values: {multiple.NAMES[correction]}", tuple(dict.fromkeys(notes)),
        {"metric": metric}, (*COLUMNS, Column("naive", "estimate", unit, "As predicted")),
        better="up" if scale is None or scale.best == "high" else "down",
    )  # fmt: skip


def _varied(data: ThemeData, rows: NDArray, metric: str, name: str) -> None:
    score = np.digitize(data.score[rows], [6.5, 8.5]) if metric == "nps" else data.score[rows]
    if np.ptp(score) == 0:
        what = "promoters, passives or detractors alike" if metric == "nps" else f"{score[0]:g}"
        raise DataProblem(f"all {int(rows.sum()):,} scores in '{name}' are {what}: nothing can go with them")


def _nps(data: ThemeData, rows: NDArray, level: float) -> tuple[pd.DataFrame, str]:
    """(a - s NPS) / (1 - s), a the mean of score times theme and s the theme's share, both corrected by the labels."""
    part = data.labelled(rows)
    points = np.where(data.score[rows] >= 9, 100.0, np.where(data.score[rows] <= 6, -100.0, 0.0))
    out, lams = [], []
    for t, theme in enumerate(data.names):
        f, y = part.f[:, t], part.y[:, t]
        both = pp.Labelled(
            np.column_stack([f, points * f]), np.column_stack([y, points * y]), part.pool, part.label, part.cluster,
            part.strata,
        )  # fmt: skip
        lam = float(pp.tuned(pp.Labelled(f[:, None], y[:, None], part.pool, part.label, part.cluster, part.strata))[0])
        value, u, s = _impact(both, points, lam)
        v, df = covariance(u[:, None], np.ones(len(u)), part.cluster, part.strata)
        n = int(part.there.sum())
        se, df = float(np.sqrt(v[0, 0] * n / (n - 1))), min(df, n - 1.0)
        half = float(t_value(level, df)) * se
        counted = np.average(f > 0.5, weights=part.pool)
        naive = np.nan
        if 0 < counted < 1:
            naive = np.average(points, weights=part.pool) - np.average(points[f <= 0.5], weights=part.pool[f <= 0.5])
        p = float(two_sided(value, se, df)) if se > 0 else np.nan
        out.append({"theme": theme, "estimate": value, "low": value - half, "high": value + half, "se": se,
                    "share": float(np.clip(s, 0, 1)), "naive": naive, "p": p})  # fmt: skip
        lams.append(f"{theme} {lam:.2f}")
    return pd.DataFrame(out), f"NPS minus NPS without the theme, counts by PPI++ (lambda {', '.join(lams)})"


def _impact(both: pp.Labelled, points: NDArray, lam: float) -> tuple[float, NDArray, float]:
    """The impact, each comment's influence on it, and the share of the theme."""
    a, b = both.pool / both.pool.sum(), both.label / both.label.sum()
    there = both.there[:, None]
    e = np.where(there, np.nan_to_num(both.y) - lam * both.f, 0.0)
    means, rest = a @ both.f, b @ e
    s, joint = lam * means + rest
    u = lam * a[:, None] * (both.f - means) + b[:, None] * (e - rest) * there
    nps = float(a @ points)
    value = (joint - s * nps) / (1 - s)
    slope_s = (joint - nps) / (1 - s) ** 2
    influence = u[:, 1] / (1 - s) + slope_s * u[:, 0] - s / (1 - s) * a * (points - nps)
    return float(value), influence, float(s)


def _mean(data: ThemeData, rows: NDArray, level: float) -> tuple[pd.DataFrame, str]:
    """Coefficients of the score on all themes, corrected."""
    part, score = data.labelled(rows), data.score[rows]
    one = np.ones((int(rows.sum()), 1))
    guessed = np.hstack([one, part.f])
    x = np.hstack([one, np.nan_to_num(part.y)])
    b, v, df, lam = corrected(
        x, guessed, score, weight=part.pool, label=part.label * part.pool.sum() / part.label.sum(),
        cluster=part.cluster, strata=part.strata,
    )  # fmt: skip
    se = np.sqrt(np.fmax(np.diag(v), 0))
    half = t_value(level, df) * se
    hard = np.hstack([one, (part.f > 0.5).astype(float)])
    root = np.sqrt(part.pool)
    naive = np.linalg.lstsq(hard * root[:, None], score * root, rcond=1e-10)[0]
    share = [np.nan, *np.clip(pp.shares(part).estimate, 0, 1)]
    table = pd.DataFrame({
        "theme": ["(constant)", *data.names], "estimate": b, "low": b - half, "high": b + half, "se": se,
        "share": share, "naive": naive, "p": np.asarray(two_sided(b, se, df), float),
    })  # fmt: skip
    table.loc[0, "p"] = np.nan
    return table, f"design-based supervised learning, lambda {lam:.1f}"
