"""`pain_points`: what goes wrong on the way, how often, what goes with it in the score, and which is the worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import touchpoint_register as registers
from cxlab.data.arguments import public
from cxlab.data.masking import quotable
from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import USUAL, event_log, owners_column
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance
from cxlab.stats.inference.proportions import wilson_at
from cxlab.stats.units.ranks import rank_sets

MOST = 40
FEWEST = 20
"""Rows of which a mean is told."""
COLUMNS = (
    Column("touchpoint", "label", "", "Touchpoint"),
    Column("problem", "label", "", "Problem"),
    Column("owner", "label", "", "Owner"),
    Column("frequency", "share", "", "Cases with it"),
    Column("frequency_low", "bound", "share", "Cases with it, low"),
    Column("frequency_high", "bound", "share", "Cases with it, high"),
    Column("severity", "estimate", "mean", "Points lower with it"),
    Column("severity_low", "bound", "mean", "Points lower, low"),
    Column("severity_high", "bound", "mean", "Points lower, high"),
    Column("estimate", "estimate", "mean", "Impact on the mean"),
)


@dataclass(frozen=True)
class _Cases:
    """One row a case: score, problems (cases, k) as 0 and 1, weight, cluster, strata; and what each problem is."""

    y: NDArray
    x: NDArray
    w: NDArray
    n: NDArray
    cluster: NDArray | None
    strata: NDArray | None
    names: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


@public
def pain_points(
    study: Study,
    outcome: str | None = None,
    *,
    problems: str | Sequence[str] | None = None,
    register: str | Path | pd.DataFrame | None = None,
    least_n: int = metrics.SMALL,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return problems by frequency, severity and impact, with the ranks that the data do not exclude.

    y = a + sum b_j x_j by least squares over cases, x_j whether problem j happened to the case. Frequency f_j is the
    share of cases with it, severity -b_j how much lower their score is with the other problems held fixed, impact
    -b_j f_j how much higher the mean would lie if they answered like the others. The influence of a case on an impact,
    -(psi_ij f_j + b_j (x_ij - f_j)) with psi = n (X'X)^-1 x_i e_i, gives all impacts one covariance, summed over
    clusters; from it come their ranks. Its interval joins Wilson's of the frequency with Student's t of the severity,
    whose degrees of freedom are the cases it rests on less one. An association: who has a problem may differ in more
    than the problem.

    Parameters
    ----------
    study : a row an event (roles 'case', 'event', 'time'), or a row a case.
    outcome : the score; default: the first outcome of satisfaction. In a log the last one of each case counts.
    problems : columns of yes (1) and no (0). In a log each touchpoint at which one is yes is a problem of its own.
    register : of touchpoints, for their owners; see `journey`.
    least_n : problems with fewer cases, or all but so few, are not shown.
    level : of confidence. ``seed`` : of the rank sets.

    Returns
    -------
    Result, the largest impact first: ``touchpoint, problem, owner`` (as far as known), ``frequency, severity`` with
    ``_low`` and ``_high``, ``estimate`` (impact, in points of the score) with ``low, high``, ``rank_low, rank_high``,
    ``n`` (cases with it). ``parts``: ``covariance`` of the impacts.

    Raises
    ------
    DataProblem : no problem is named or known, one is not answered in 0 and 1, fewer than ten cases a problem.

    References
    ----------
    Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
        Statistics in Medicine 27, 1693-1702. doi:10.1002/sim.3095
    Mogstad, M., Romano, J., Shaikh, A. & Wilhelm, D. (2024). Inference for ranks with applications to mobility across
        neighbourhoods and academic achievement across countries. Review of Economic Studies 91, 476-518.
        doi:10.1093/restud/rdad006

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.pain_points(cx.simulate_events(2000, seed=1), problems="problem").table
    >>> found["touchpoint"].tolist()[0], int(found["rank_high"].iloc[0])
    ('deliver', 1)
    """
    metrics.check_level(level)
    y = outcome or study.need("outcome", "pain points", measure="satisfaction")[0]
    field = study.field(y)
    names = metrics.listed(problems)
    if not names:
        raise DataProblem(
            f"pain points of {study.name}: say which columns tell that something went wrong (1) or not (0), with "
            "problems=[...]"
        )
    scores.average(study, [y], [])
    for name in names:
        study.field(name)
    log = bool(study.codebook.role("event"))
    found = _of_log(study, y, names) if log else _of_rows(study, y, names)
    found, lost, silent = _kept(found, least_n)
    table, cov = _estimated(found, field.scale is not None and field.scale.best == "low", level, seed)
    book = registers.register(study, register) if log else None
    if book is not None and "owner" in book:
        owner = book.set_index("touchpoint")["owner"]
        table["owner"] = table["touchpoint"].map(owner).fillna("")
    empty = [c for c in ("touchpoint", "owner") if (table[c] == "").all()]
    notes = [*found.notes, *lost, *silent, _told(table)]
    notes.append("an association: who meets a problem may differ in more than the problem")
    return Result(
        "pain_points",
        f"Pain points: what goes with a lower {field.label}",
        table.drop(columns=empty),
        "mean",
        level,
        "least squares over cases, joint influence of cases on frequency times severity; limits of Wilson and of "
        "Student's t joined (Zou and Donner 2008); rank sets of Mogstad et al. (2024)",
        tuple(notes),
        {"covariance": cov, "outcome": y},
        better="down",
        columns=COLUMNS,
    )


def _of_rows(study: Study, y: str, names: list[str]) -> _Cases:
    """A row a case: the columns are the problems."""
    found = sample(study, [y, *names], patterns=True)
    x = found.matrix(names)
    _yes_no(x, names)
    whole = np.isfinite(x).all(1)
    notes = [*found.notes, *_unknown(found, y, whole)]
    found, x = found.keep(whole), x[whole]
    what = tuple(("", study.field(c).label, "") for c in names)
    return _Cases(found.answers[y], x, found.w, found.n, found.cluster, found.strata, what, tuple(notes))


def _unknown(found: Sample, y: str, whole: NDArray) -> list[str]:
    """What is to be said of rows of which it is not known whether a problem happened: how they scored, beside all."""
    if whole.all():
        return []
    score, weight = found.answers[y], found.w * found.n
    told = [f"{int(found.n[whole].sum()):,} complete rows"]
    ends = [r & np.isfinite(score) for r in (~whole, whole)]
    if not all(found.n[r].sum() >= FEWEST for r in ends):
        return told
    without, rest = (float(np.average(score[r], weights=weight[r])) for r in ends)
    return [
        *told,
        f"{int(found.n[ends[0]].sum()):,} rows with a score do not say whether every problem happened, and are left "
        f"out; their mean is {without:.2f}, that of the others {rest:.2f}"
        + (": what they have in common is a problem of its own" if abs(without - rest) >= 0.5 else ""),
    ]


def _of_log(study: Study, y: str, names: list[str]) -> _Cases:
    """A row an event: each touchpoint at which a column is 1 is a problem."""
    more = {"y": y} | {f"p{i}": c for i, c in enumerate(names)}
    owner = owners_column(study)
    log = event_log(study, more=more | ({"owner": owner} if owner else {}))
    for i, c in enumerate(names):
        wrong = log.ask(f"SELECT DISTINCT CAST(p{i} AS VARCHAR) AS s, TRY_CAST(p{i} AS DOUBLE) AS v FROM o WHERE p{i} "
                        "IS NOT NULL ORDER BY s LIMIT 3")  # fmt: skip
        if wrong["v"].isna().any():
            _refuse(c, [f"'{quotable(t)}'" for t in wrong["s"]])
        _yes_no(wrong["v"].to_numpy(float)[:, None], [c])
    each = log.ask(
        "SELECT c, any_value(h) AS h, any_value(u) AS u, any_value(w) AS w, "
        "arg_max(CAST(y AS DOUBLE), place) FILTER (y IS NOT NULL) AS y FROM o GROUP BY c ORDER BY c"
    )
    place = pd.Series(np.arange(len(each)), each["c"])
    columns, what = [], []
    for i, c in enumerate(names):
        usual = f", {USUAL}" if owner else ", '' AS owner"
        met = log.ask(f"SELECT e{usual} FROM o WHERE CAST(p{i} AS DOUBLE) = 1 GROUP BY e ORDER BY count(*) DESC, e")
        if len(met) > MOST:
            raise DataProblem(f"'{c}' is 1 at {len(met)} kinds of events; at most {MOST} are looked at: merge some")
        happened = log.ask(f"SELECT DISTINCT c, e FROM o WHERE CAST(p{i} AS DOUBLE) = 1")
        for e, held in met.itertuples(index=False):
            column = np.zeros(len(each))
            column[place[happened.loc[happened["e"] == e, "c"]].to_numpy()] = 1
            columns.append(column)
            what.append((e, study.field(c).label, held or ""))
    if not columns:
        raise DataProblem(f"none of {', '.join(names)} is ever 1 in {study.name}: there is no problem to look at")
    cluster = each.groupby(["h", "u"], dropna=False, sort=False).ngroup().to_numpy()
    strata = pd.factorize(each["h"])[0] if study.design.strata else None
    n = np.ones(len(each))
    return _Cases(
        each["y"].to_numpy(float), np.column_stack(columns), each["w"].to_numpy(float), n,
        cluster if study.codebook.role("cluster") else None, strata, tuple(what), log.notes,
    )  # fmt: skip


def _yes_no(x: NDArray, names: Sequence[str]) -> None:
    for j, name in enumerate(names):
        values = np.unique(x[:, j][np.isfinite(x[:, j])])
        if not np.isin(values, (0, 1)).all():
            _refuse(name, [f"{v:g}" for v in values[:5]])


def _refuse(name: str, values: Sequence[str]) -> None:
    raise DataProblem(
        f"'{name}' has the values {', '.join(values)}; a problem is 1 (happened) or 0 (did not): derive it with "
        "study.derive"
    )


def _kept(found: _Cases, least_n: int) -> tuple[_Cases, list[str], list[str]]:
    """The cases with a score and the problems that enough of them had; what was left out; who did not answer."""
    there = np.isfinite(found.y)
    had = found.n @ found.x
    share = np.divide(found.n @ (found.x * there[:, None]), had, out=np.zeros(len(had)), where=had > 0)
    rate = found.n @ there / found.n.sum()
    said = [f"{1 - rate:.1%} of the cases have no score"] if rate < 1 else []
    said += [
        f"of the cases with {_named(w)} {1 - s:.1%} have no score: what is said of it rests on the others"
        for w, s in zip(found.names, share, strict=True)
        if s < rate - 0.1
    ]
    cut = lambda a: None if a is None else a[there]  # noqa: E731
    count, whole = found.n[there] @ found.x[there], found.n[there].sum()
    ok = (count >= max(least_n, 2)) & (whole - count >= max(least_n, 2))
    lost = (
        [f"{int((~ok).sum())} problems are not shown: fewer than {least_n} cases had such a one, or were spared"]
        if not ok.all()
        else []
    )
    if whole < 10 * (ok.sum() + 1) or not ok.any():
        raise DataProblem(
            f"{int(whole)} cases have a score and {int(ok.sum())} problems are met often enough; at least one problem "
            "and ten cases a problem are needed"
        )
    names = tuple(n for n, k in zip(found.names, ok, strict=True) if k)
    kept = replace(
        found, y=found.y[there], x=found.x[there][:, ok], w=found.w[there], n=found.n[there],
        cluster=cut(found.cluster), strata=cut(found.strata), names=names,
    )  # fmt: skip
    return kept, lost, said


def _estimated(found: _Cases, low_is_good: bool, level: float, seed: int) -> tuple[pd.DataFrame, NDArray]:
    w = found.w / (found.n @ found.w)  # weight of one case
    design = np.column_stack([np.ones(len(found.y)), found.x])
    gram = design.T @ (design * (w * found.n)[:, None])
    if np.linalg.matrix_rank(gram) < len(gram):
        raise DataProblem("two problems always happen together (or one always happens): leave one of them out")
    beta = np.linalg.solve(gram, design.T @ (found.y * w * found.n))
    error = found.y - design @ beta
    sign = 1.0 if low_is_good else -1.0
    f, b = (w * found.n) @ found.x, sign * beta[1:]
    psi = sign * (design * (w * error)[:, None]) @ np.linalg.inv(gram)[:, 1:]  # influence of one case on b
    on_f = (found.x - f) * w[:, None]
    u = np.column_stack([on_f, psi, psi * f + b * on_f])
    v, df = covariance(u, found.n, found.cluster, found.strata)
    k = len(f)
    cov = v[2 * k :, 2 * k :]
    impact = b * f
    rank_low, rank_high = (
        rank_sets(impact, cov, level=level, seed=seed) if k > 1 else (np.ones(1, int), np.ones(1, int))
    )
    table = pd.DataFrame({
        "touchpoint": [n[0] for n in found.names], "problem": [n[1] for n in found.names],
        "owner": [n[2] for n in found.names], "frequency": f, "severity": b, "estimate": impact,
        **_limits(f, b, v, _carriers(found), df, level), "se": np.sqrt(np.diag(cov)),
        "rank_low": rank_low, "rank_high": rank_high, "n": (found.n @ found.x).astype(int),
    })  # fmt: skip
    named = [f"{x}{end}" for x in ("frequency", "severity") for end in ("", "_low", "_high")]
    table = table[["touchpoint", "problem", "owner", *named, "estimate", "low", "high", *table.columns[-4:]]]
    order = np.argsort(-impact, kind="stable")
    return table.iloc[order].reset_index(drop=True), cov[np.ix_(order, order)]


def _carriers(found: _Cases) -> NDArray:
    """How many cases (clusters) each problem's severity rests on: those with it or without, whichever are fewer."""
    out = []
    for x in found.x.T:
        sides = [x == 1, x == 0]
        if found.cluster is not None:
            out.append(min(len(np.unique(found.cluster[s])) for s in sides))
        else:
            weights = [(found.n[s] @ found.w[s], found.n[s] @ found.w[s] ** 2) for s in sides]
            out.append(min(w * w / w2 for w, w2 in weights))
    return np.array(out, float)


def _limits(f: NDArray, b: NDArray, v: NDArray, few: NDArray, df: float, level: float) -> dict[str, NDArray]:
    """Limits of frequency, severity and impact from their joint covariance.

    Of the frequency those of Wilson on its effective size, of the severity Student's t with the cases it rests on less
    one. Those of the impact put both together (Zou & Donner 2008): a product is not symmetric, and where a problem is
    rarer than it seems its severity is known worse, so that its error at a limit of the frequency g is that at f times
    (f / g)**0.5.
    """
    k = np.arange(len(f))
    vf, vb, both = v[k, k], v[k + len(f), k + len(f)], v[k, k + len(f)]
    size = np.divide(f * (1 - f), vf, out=np.full(len(f), np.inf), where=vf > 0)
    some = np.isfinite(size)
    f_low, f_high = f.copy(), f.copy()
    f_low[some], f_high[some] = wilson_at((f * size)[some], size[some], t_value(level, df))
    half = t_value(level, np.fmin(df, few - 1)) * np.sqrt(vb * few / np.fmax(few - 1, 1))
    rho = np.divide(both, np.sqrt(vf * vb), out=np.zeros(len(f)), where=vf * vb > 0) * np.sign(b)

    def reach(limit: NDArray) -> NDArray:
        moved, unsure = np.abs(b * (limit - f)), half * np.sqrt(f * limit)
        return np.sqrt(np.fmax(moved**2 + unsure**2 + 2 * rho * moved * unsure, 0))

    return {
        "frequency_low": f_low, "frequency_high": f_high, "severity_low": b - half, "severity_high": b + half,
        "low": b * f - reach(np.where(b > 0, f_low, f_high)), "high": b * f + reach(np.where(b > 0, f_high, f_low)),
    }  # fmt: skip


def _named(what: tuple[str, str, str]) -> str:
    return f"'{' '.join(x for x in what[:2] if x)}'"


def _told(table: pd.DataFrame) -> str:
    """Which place is certain, and which cannot be told apart."""
    name = lambda r: " ".join(x for x in (r["touchpoint"], r["problem"]) if x)  # noqa: E731
    first = table.iloc[0]
    if len(table) == 1:
        return f"the only problem looked at: {name(first)}"
    if first["rank_high"] > 1:
        return (
            f"first place is not certain: {name(first)} lies between places {first['rank_low']} and "
            f"{first['rank_high']}"
        )
    second = table.iloc[1]
    certain = f"first place is certain: {name(first)}"
    if second["rank_low"] == second["rank_high"]:
        return f"{certain}; second place, too: {name(second)}"
    rivals = [name(r) for _, r in table.iloc[1:].iterrows() if r["rank_low"] <= 2]
    return f"{certain}; second place is not: it may be {' or '.join(rivals[:4])}" + (" ..." if rivals[4:] else "")
