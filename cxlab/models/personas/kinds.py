"""`personas`: kinds of customers by their answers, if there are any that hold: latent classes, described in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import there
from cxlab.models.metrics.result_words import labelled
from cxlab.models.personas.persona_words import described, letters, level_only
from cxlab.models.price.resampled import units
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits import latent_classes as lca
from cxlab.stats.pricing.price_curves import times_drawn

STABLE = 0.65
"""Half-samples must agree by so much (adjusted Rand index; Steinley 2004: .65 moderate, .8 good)."""
BANDS = 5
"""Questions with more answers than this are taken in three bands."""
DRAWS = 100
ABOUT = ("recommendation", "satisfaction", "churn", "repurchase", "loyalty", "spend", "complaint")


@public
def personas(
    study: Study,
    of: Sequence[str] = (),
    *,
    about: Sequence[str] = (),
    split: str = "",
    most: int = 5,
    seed: int = 0,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return kinds of customers who answer alike, what each is like, or that there are no stable ones.

    Parameters
    ----------
    of : questions whose answers form the kinds, two or more; default: the touchpoints. Missing answers are left open.
    about : columns in numbers that describe each kind beside: score, behaviour, value; default: the outcomes.
    split : a column that already splits customers, such as new against repeat: shown beside the kinds.
    most : kinds at most.
    seed : of starts, half-samples and bootstrap.
    level : confidence of the intervals, between 0 and 1.
    least_n : answers that a kind needs; fits with a smaller one are not considered.

    Returns
    -------
    Result in shares, one row a kind: ``persona, words, estimate`` (share of customers), ``low, high, n``. ``parts``:
    ``described`` (by kind and question: mean from 0 to 100 where there is a scale, else in its unit; ``low, high``, and
    ``all``), ``chosen`` (BIC and stability by number of kinds), ``stable``, ``split`` (the same description by its
    values), ``split_shares`` (kinds within each value).

    Raises
    ------
    DataProblem : a column is not there or has one answer, fewer than two questions, or too few answers.

    Notes
    -----
    Latent classes on distinct patterns of answers. The number of kinds is that of the lowest BIC whose kinds are found
    again: fitted to one half of the customers they must sort all of them as those of the other half do (median adjusted
    Rand index of 10 splits, 0.65 or more). Means of other columns are corrected for errors of assignment (BCH).
    Intervals: bootstrap of customers (clusters within strata), the kinds fitted anew each time.

    References
    ----------
    Lazarsfeld & Henry (1968); Vermunt (2010), doi:10.1093/pan/mpq025 (three steps); Steinley (2004),
    doi:10.1037/1082-989X.9.3.386 (adjusted Rand index).

    Examples
    --------
    >>> import pandas as pd, numpy as np, cxlab as cx
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame(rng.integers(1, 4, (300, 4)), columns=list("abcd"))
    >>> cx.personas(cx.load(table), ["a", "b", "c", "d"]).table["persona"].tolist()
    ['all customers']
    """
    items, further = _asked(study, of, about)
    for name in (*items, *further, *([split] if split else [])):
        there(study, name)
    found = sample(study, [*items, *further], other=[split] if split else [], patterns=True)
    answers = found.matrix(items)
    some = np.isfinite(answers).any(1)
    lost, found, answers = int(found.n[~some].sum()), found.keep(some), answers[some]
    if int(found.n.sum()) < max(least_n, 2) * 2:
        raise DataProblem(
            f"{int(found.n.sum())} of {study.name} answered; kinds of customers need {max(least_n, 2) * 2}"
        )
    codes, sizes = _levels(study, items, answers)
    rng = np.random.default_rng(seed)
    fit, chosen = _chosen(found, codes, sizes, (most, least_n), rng)
    stable = len(fit.share) > 1
    shown = {c: _scaled(study.field(c), found.answers[c]) for c in (*items, *further)}
    drawn = _drawn(found, codes, sizes, fit, shown, split, rng)
    parts = _tables(study, found, (items, further), drawn, level, split)
    notes = [*study.caveats, *found.notes, *([f"{lost:,} rows without any of these answers do not count"] * bool(lost))]
    notes += _said(chosen, parts["described"], most, stable=stable)
    title = f"{len(fit.share)} kinds of customers" if stable else "No stable kinds of customers"
    text = ", ".join(study.field(c).label for c in items[:4]) + (", ..." if len(items) > 4 else "")
    return Result(
        "personas", f"{title} by {text}", parts.pop("table"), "share", level,
        f"Latent classes on {len(codes):,} patterns by EM, number by BIC among those found again in half-samples; "
        f"means by class corrected for assignment (BCH); bootstrap of customers, {DRAWS} draws", tuple(notes),
        {"chosen": chosen, "stable": stable, **parts},
        (Column("persona", "label", "", "Kind"), Column("words", "text", "", "What they are like"),
         Column("n", "count", "", "Customers")),
    )  # fmt: skip


def _asked(study: Study, of: Sequence[str], about: Sequence[str]) -> tuple[list[str], list[str]]:
    items = [of] if isinstance(of, str) else list(dict.fromkeys(of))
    items = items or list(study.codebook.role("touchpoint"))
    if len(items) < 2:
        raise DataProblem(
            f"{len(items)} questions form the kinds of {study.name}; two or more are needed: name them, or declare "
            "touchpoints in the codebook"
        )
    if about:
        return items, [c for c in ([about] if isinstance(about, str) else dict.fromkeys(about)) if c not in items]
    schema = study.lazy.collect_schema()
    usable = lambda c: c in schema.names() and (schema[c].is_numeric() or str(schema[c]) == "Boolean")  # noqa: E731
    return items, [f.name for f in study.codebook if f.role in ("outcome", "operation") and f.measure in ABOUT
                   and f.name not in items and usable(f.name)]  # fmt: skip


def _levels(study: Study, items: list[str], answers: NDArray) -> tuple[NDArray, list[int]]:
    """(rows, items) answers as codes from 0, -1 where there is none; many answers in three bands of the scale."""
    out, sizes = np.full(answers.shape, -1), []
    for j, name in enumerate(items):
        x = answers[:, j]
        known = np.isfinite(x)
        values = np.unique(x[known])
        if len(values) < 2:
            raise DataProblem(
                f"'{name}' of {study.name} has {len(values)} answer; it tells no kinds apart: leave it out"
            )
        if len(values) > BANDS:
            field = study.field(name)
            ends = (field.scale.minimum, field.scale.maximum) if field.scale else (values[0], values[-1])
            width = ends[1] - ends[0]
            cuts = (6.5, 8.5) if field.measure == "recommendation" and width == 10 else (
                ends[0] + width / 3, ends[0] + 2 * width / 3)  # fmt: skip
            out[known, j] = np.digitize(x[known], cuts)
            present = np.unique(out[known, j])
            out[known, j] = np.searchsorted(present, out[known, j])
        else:
            out[known, j] = np.searchsorted(values, x[known])
        sizes.append(int(out[:, j].max()) + 1)
    return out, sizes


def _chosen(
    found: Sample, codes: NDArray, sizes: list[int], limits: tuple[int, int], rng: np.random.Generator
) -> tuple[lca.Classes, pd.DataFrame]:
    """The fit of lowest BIC that is found again in half-samples, and the table of all."""
    most, least = limits
    weight, (y, at) = found.n * found.w * (found.n.sum() / (found.n @ found.w)), lca.distinct(codes, sizes)
    if found.cluster is None:  # answers alike are one pattern: split by their number
        weight, unit, own = np.bincount(at, weight, len(y)), np.full(len(y), -1), None
    else:
        unit, own = np.unique(found.cluster, return_inverse=True)[1], at
    fits, rows = [], []
    for k in range(1, most + 1):
        fit = lca.classes(y, sizes, weight, k, rng, at=own)
        smallest = float(np.round(fit.share.min() * found.n.sum()))
        fits.append(fit)
        rows.append({"kinds": k, "bic": fit.bic, "smallest": smallest, "stability": np.nan, "stable": k == 1 or None})
        if k > 2 and fit.bic > rows[-2]["bic"] > rows[-3]["bic"]:
            break
    table = pd.DataFrame(rows)
    pick = 0
    for i in table["bic"].argsort(kind="stable"):
        if i == 0 or table["bic"][i] >= table["bic"][0]:
            break
        if table["smallest"][i] < least:
            continue
        ari = float(np.median(lca.stability(y, sizes, weight, unit, i + 1, rng, at=own)))
        table.loc[i, ["stability", "stable"]] = ari, ari >= STABLE
        if ari >= STABLE:
            pick = int(i)
            break
    order = np.argsort(-fits[pick].share, kind="stable")
    f = fits[pick]
    return lca.Classes(f.share[order], f.profile[order], f.belongs[:, order], f.loglik, f.bic, f.converged), table


def _scaled(field: Field, x: NDArray) -> NDArray:
    """Answers from 0 (worst) to 100 (best) where there is a scale, else as they are."""
    if not field.scale:
        return x
    share = (x - field.scale.minimum) / (field.scale.maximum - field.scale.minimum) * 100
    return share if field.scale.best == "high" else 100 - share


def _drawn(
    found: Sample, codes: NDArray, sizes: list[int], fit: lca.Classes, shown: dict[str, NDArray], split: str,
    rng: np.random.Generator,
) -> dict:  # fmt: skip
    """Shares and means by kind, of all, and by ``split``: the estimates first, then those of bootstrap draws."""
    distinct, at = lca.distinct(codes, sizes)
    unit, strata, count = units(found, rng)
    times = np.vstack([np.ones(len(count)), times_drawn(strata, count, DRAWS, rng)])
    k, base = len(fit.share), found.n * found.w
    sums = _Sums(at, unit, len(distinct), len(count))
    weighed, held = sums.of(base), [(sums.of(base * np.isfinite(x)), sums.of(base * np.nan_to_num(x))) for x in
                                    shown.values()]  # fmt: skip
    values = pd.factorize(pd.Series(found.other[split]), sort=True) if split else (np.zeros(len(at), int), [])
    out: dict = {"share": [], "mean": [], "all": [], "split": [], "inside": [], "values": list(values[1])}
    for t in times:
        counts = weighed @ t
        now = lca.again(fit, distinct, sizes, counts)
        each = [(known @ t, total @ t) for known, total in held]
        out["share"].append(now.share)
        out["all"].append([x.sum() / n.sum() if n.sum() > 0 else np.nan for n, x in each])
        means = [lca.means(now.belongs, counts, *x) for x in each] if k > 1 else [[m] for m in out["all"][-1]]
        out["mean"].append(means)
        if split:
            w = base * t[unit]
            parts = [np.where(values[0] == v, w, 0.0) for v in range(len(values[1]))]
            out["split"].append(
                [[p.sum() / w[values[0] >= 0].sum(), *(_mean(p, x) for x in shown.values())] for p in parts]
            )
            inside = [np.bincount(at, p, len(distinct)) @ now.belongs / max(p.sum(), 1e-300) for p in parts]
            out["inside"].append(inside)
    return {key: v if key == "values" else np.array(v) for key, v in out.items()}


class _Sums:
    """Sums of rows by pattern and drawn unit: a draw multiplies them by how often each unit was drawn."""

    def __init__(self, at: NDArray, unit: NDArray, patterns: int, units: int) -> None:
        self.order = np.argsort(at, kind="stable")
        self.unit, self.shape = unit[self.order], (patterns, units)
        self.start = np.append(0, np.cumsum(np.bincount(at, minlength=patterns)))

    def of(self, x: NDArray) -> csr_array:
        return csr_array((x[self.order], self.unit, self.start), self.shape)


def _mean(w: NDArray, x: NDArray) -> float:
    known = np.isfinite(x)
    return float(w[known] @ x[known] / w[known].sum()) if w[known].sum() > 0 else float("nan")


def _ends(draws: NDArray, level: float) -> tuple[NDArray, NDArray]:
    with np.errstate(all="ignore"):
        low, high = np.nanquantile(draws[1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _tables(
    study: Study, found: Sample, asked: tuple[list[str], list[str]], drawn: dict, level: float, split: str
) -> dict:
    """The table of kinds, their description by question, and the given split beside it."""
    items, further = asked
    columns = [*items, *further]
    share, mean, whole = drawn["share"], drawn["mean"], drawn["all"]
    low, high = _ends(share, level)
    names = letters(share.shape[1])
    measured = ["share" if _yes_no(study.field(q), found.answers[q]) else "" for q in columns]
    most = [
        1.0 if unit else 100.0 if study.field(q).scale else np.inf for q, unit in zip(columns, measured, strict=True)
    ]
    ends = np.array([[0.0 if np.isfinite(m) else -np.inf for m in most], most])[:, None, :, None]
    mean = np.clip(mean, *ends)  # corrected for assignment, a mean may leave its scale
    mean_low, mean_high = _ends(mean, level)
    long = pd.DataFrame([
        {"persona": names[c], "question": study.field(q).label, "kind": "answer" if q in items else "about",
         "estimate": mean[0, j, c], "low": mean_low[j, c], "high": mean_high[j, c], "all": whole[0, j],
         "unit": measured[j]}
        for c in range(share.shape[1]) for j, q in enumerate(columns)
    ])  # fmt: skip
    n = found.n.sum()
    table = pd.DataFrame({
        "persona": names, "words": [described(long[long["persona"] == name]) for name in names],
        "estimate": share[0], "low": low, "high": high, "n": np.round(share[0] * n).astype(int),
    })  # fmt: skip
    out = {"table": table, "described": long}
    if split:
        labels = [str(v) for v in labelled(study, split, pd.Series(drawn["values"], dtype=object))]
        a, b = _ends(drawn["split"], level)
        what = ["share", *(study.field(q).label for q in columns)]
        out["split"] = pd.DataFrame([
            {"group": labels[v], "question": what[j], "estimate": drawn["split"][0, v, j], "low": a[v, j],
             "high": b[v, j], "unit": ["share", *measured][j]}
            for v in range(len(labels)) for j in range(len(what))
        ])  # fmt: skip
        a, b = _ends(drawn["inside"], level)
        out["split_shares"] = pd.DataFrame([
            {"group": labels[v], "persona": names[c], "estimate": drawn["inside"][0, v, c], "low": a[v, c],
             "high": b[v, c]}
            for v in range(len(labels)) for c in range(len(names))
        ])  # fmt: skip
    return out


def _yes_no(field: Field, x: NDArray) -> bool:
    """Whether a column without a scale holds nothing but 0 and 1: its mean is a share."""
    return field.scale is None and set(np.unique(x[np.isfinite(x)])) <= {0.0, 1.0}


def _said(chosen: pd.DataFrame, long: pd.DataFrame, most: int, *, stable: bool) -> list[str]:
    best = int(chosen.loc[chosen["bic"].idxmin(), "kinds"])
    if not stable:
        if best == 1:
            return ["no stable classes: one kind describes the answers better than several (BIC)"]
        tried = chosen["stability"].max()
        found = f"; found again in half-samples only by {tried:.2f} (needed {STABLE})" if tried == tried else (
            "; the smallest of them has too few answers")  # fmt: skip
        return [f"no stable classes: BIC would take {best}{found}"]
    row = chosen[(chosen["stability"] >= STABLE) & (chosen["kinds"] > 1)].iloc[0]
    out = [f"found again in half-samples: agreement {row['stability']:.2f} (1 is the same, 0 chance)"]
    if row["kinds"] == most and len(chosen) == most:
        out.append(f"{most} kinds are the most that were tried, and the more the better they fit: there may be more "
                   "(most=), or degrees and no kinds")  # fmt: skip
    if best != row["kinds"]:
        out.append(f"BIC alone would take {best} kinds; those are not found again in half-samples")
    if level_only(long[long["kind"] == "answer"]):
        out.append("the kinds differ in level only (happier or less happy with everything): these are degrees of "
                   "satisfaction, not types with needs of their own")  # fmt: skip
    out.append("kinds are a description of answers; nothing says that somebody belongs to one for good")
    return out
