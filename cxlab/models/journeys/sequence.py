"""`sequence`: does the end of a journey weigh more, or the peak, or only the average?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.folds import block_moments, corrected, deal, fold_r2, splits
from cxlab.stats.inference.design_variance import t_value

FOLDS, REPEATS, BLOCKS = 10, 10, 100
MODELS = {
    "mean": ["mean"],
    "mean and peak": ["mean", "peak"],
    "mean and trough": ["mean", "trough"],
    "mean and end": ["mean", "end"],
    "mean and trend": ["mean", "trend"],
    "peak and end": ["peak", "end"],
    "every stage": [],
}
"""What each model knows of the journey beside how many stages were answered (duration)."""


@public
def sequence(
    study: Study,
    outcome: str | None = None,
    *,
    stages: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return what peak, trough, end and trend add to the mean of a journey's scores, out of sample.

    For each answer the scores of the stages, in the order given, make mean, peak (best), trough (worst), end (last
    answered) and trend (slope over the stages); the models compete in cross-validation. Distinct answer patterns, not
    rows, are brought into memory.

    Parameters
    ----------
    outcome : default: the first outcome of satisfaction. ``stages`` : touchpoints in the order of the journey; default:
        those of the codebook, in its order.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result: ``model, estimate`` (R² out of sample), ``low, high, gain`` (over the mean alone), ``gain_low, gain_high,
    n``.

    Raises
    ------
    DataProblem : fewer than three stages have a scale, a column is not there, or there are too few complete
        answers.

    References
    ----------
    Fredrickson, B. L. & Kahneman, D. (1993). Duration neglect in retrospective evaluations of affective episodes.
        Journal of Personality and Social Psychology 65, 45-55. doi:10.1037/0022-3514.65.1.45
    Nadeau, C. & Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.

    Examples
    --------
    >>> import cxlab as cx
    >>> r = cx.journeys.sequence(cx.load("airline-survey"))
    >>> r.table["model"].iloc[0]
    'mean'
    """
    y_name = outcome or study.need("outcome", "a sequence of scores", measure="satisfaction")[0]
    names = list(stages or study.need("touchpoint", "a sequence of scores"))
    unscaled = [n for n in names if not study.field(n).scale]
    if len(names) < 3 or unscaled:
        said = f"{', '.join(unscaled)} has no declared scale" if unscaled else f"there are {len(names)} stages"
        raise DataProblem(f"a sequence needs at least three stages with a scale; {said}. Name them with stages=[...]")
    scores.average(study, [y_name, *names], [])
    y, x, n, w, c, lost = _patterns(study, y_name, names)
    units = int(n.sum() if c is None else len(np.unique(c)))
    if units < 10 * FOLDS:
        raise DataProblem(f"{study.name} has {units} complete answers; a sequence needs at least {10 * FOLDS}")
    r2, tests = _validated(y, x, n, w, c, units, np.random.default_rng(seed))
    rows = [_row(model, r2[:, i], r2[:, 0], tests, level, int(n.sum())) for i, model in enumerate(MODELS)]
    order = ", ".join(study.field(s).stage or study.field(s).label for s in names)
    notes = (
        *lost,
        f"order of the journey: {order}",
        "stages differ in subject as well as in order; only a random order tells",
    )
    method = f"Least squares, {FOLDS}-fold cross-validation repeated {REPEATS} times, Nadeau-Bengio errors"
    title = f"{study.field(y_name).label} from the sequence of scores"
    parts = {"stages": names, "outcome": y_name}
    return Result("sequence", title, pd.DataFrame(rows), "share", level, method, notes, parts)


def _validated(
    y: np.ndarray,
    x: np.ndarray,
    n: np.ndarray,
    w: np.ndarray,
    c: np.ndarray | None,
    units: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """R² out of sample of every model (splits, models), and the test splits."""
    columns = _columns(x)
    lists = {k: v or [f"stage{j}" for j in range(x.shape[1])] for k, v in MODELS.items()}
    z = np.column_stack([np.ones(len(y)), *columns.values(), y - np.average(y, weights=n * w)])
    index = {k: i + 1 for i, k in enumerate(columns)}
    blocks = min(BLOCKS, units // 2)
    moments, tests = block_moments(z, w, deal(n, blocks, rng, c)), splits(blocks, FOLDS, REPEATS, rng)
    chosen = [[0, index["duration"], *(index[v] for v in vs)] for vs in lists.values()]
    return fold_r2(moments, chosen, z.shape[1] - 1, tests), tests


def _row(model: str, r2: np.ndarray, base: np.ndarray, tests: np.ndarray, level: float, n: int) -> dict:
    value, se, df = corrected(r2, tests)
    gain, gain_se, _ = corrected(r2 - base, tests)
    t = float(t_value(level, df))
    return {
        "model": model,
        "estimate": value,
        "low": value - t * se,
        "high": value + t * se,
        "gain": gain,
        "gain_low": gain - t * gain_se,
        "gain_high": gain + t * gain_se,
        "n": n,
    }


def _patterns(
    study: Study, y_name: str, names: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None, tuple[str, ...]]:
    found = sample(study, [y_name, *names], patterns=True)
    found = found.keep(np.isfinite(found.answers[y_name]))
    x = np.column_stack([_share(study, k, found.answers[k]) for k in names])
    kept = np.isfinite(x).sum(axis=1) >= 2
    found = found.keep(kept)
    return found.answers[y_name], x[kept], found.n, found.w, found.cluster, found.notes


def _share(study: Study, name: str, values: np.ndarray) -> np.ndarray:
    s = study.field(name).scale
    share = (values - s.minimum) / (s.maximum - s.minimum)
    return share if s.best == "high" else 1 - share


def _columns(x: np.ndarray) -> dict[str, np.ndarray]:
    """Mean, peak, trough, end, trend and duration of scores 0 to 1 in order; and each stage (mean where not used)."""
    there = np.isfinite(x)
    count = there.sum(axis=1)
    mean = np.nansum(x, axis=1) / count
    place = np.where(there, np.arange(x.shape[1]), 0.0)
    centre = place.sum(axis=1) / count
    away = np.where(there, np.arange(x.shape[1]) - centre[:, None], 0.0)
    trend = (away * np.where(there, x, 0)).sum(axis=1) / np.fmax((away**2).sum(axis=1), 1e-12)
    last = x.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    out = {
        "mean": mean,
        "peak": np.nanmax(x, axis=1),
        "trough": np.nanmin(x, axis=1),
        "end": x[np.arange(len(x)), last],
    }
    out |= {"trend": trend, "duration": count.astype(float)}
    return out | {f"stage{j}": np.where(there[:, j], x[:, j], mean) for j in range(x.shape[1])}
