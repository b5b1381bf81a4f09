"""`experiment`: arms that were assigned at random, compared on metrics of customer experience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cxlab.columns import Column, Hidden, difference, show, span
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.sample import usable_weight
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry
from cxlab.models.metrics.scores import Score
from cxlab.models.pilots.control_arm import FIRST, arms_of
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import Result
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.inference import few_treated, multiple
from cxlab.stats.monitoring import running_bands
from cxlab.stats.pilots import arms
from cxlab.stats.pilots.unit_changes import two_sided

ADJUST = {
    "lin": "adjusted for covariates from before, a slope of its own in each arm (Lin), HC2 errors",
    "cuped": "adjusted for covariates from before, one slope (CUPED)",
}
MISMATCH = 0.01
"""Below this p the arms do not have the shares they were to have, and no difference is to be trusted."""
LEAST = 2
BEST_AT = 1000
SAME = "all answers are the same: there is no noise to judge by"


@dataclass(frozen=True)
class Outcome:
    """What is compared: its name, unit, factor, and the scores of a row (two for a ratio, or for a time and whether it
    ended in the event, up to a ``horizon``)."""

    name: str
    unit: str
    factor: float
    scores: tuple[nw.Expr, ...]
    columns: tuple[str, ...]
    horizon: float = 0.0


@public
def experiment(
    study: Study,
    outcomes: Sequence | str | None = None,
    *,
    arm: str,
    control: Any = None,
    before: str | Sequence[str] = (),
    unit: str = "",
    expected: Mapping | None = None,
    adjust: str = "lin",
    level: float = 0.95,
) -> Result:
    """Return how the arms of an experiment differ on several outcomes, with the checks that come first.

    Parameters
    ----------
    outcomes : metrics ('nps', 'csat', 'ces'), columns (means; of 0 and 1 shares), mappings as {'metric': 'share',
        'of': 'q1', 'value': 1}, pairs (numerator, denominator) for a ratio of sums, or times to an event as {'time':
        'days', 'event': 'left', 'horizon': 90} (mean time without it up to the horizon; event 0: last seen); None: the
        headline metric.
    arm : column of the arms. ``control`` : the arm that the others are held against; None takes what is
        called so (control, untreated, no, 0), of other words the first, which a note says; numbers are asked.
    before : columns measured before the start, to make the estimate surer (`adjust`) and to look at balance; rows
        without one take the mean.
    unit : column of what was assigned, if that was not the row (shops, accounts); '' takes the study's clusters.
    expected : share of each arm that was planned; None: equal.
    adjust : 'lin' or 'cuped', with ``before``.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row an outcome and treated arm: ``outcome, treated, against, benchmark`` (the control), ``value`` (of
    the treated), ``estimate, low, high, se, lift, p, p_adjusted`` (Holm over all rows), ``always_low, always_high``
    (valid however often one looked), ``detectable`` (80 % power), ``units, n``. ``parts``: ``srm`` (counts, p),
    ``balance``, ``saved`` (share of the variance that covariates take away). An arm of fewer than 10 answers, or of two
    units, is not shown.

    Raises
    ------
    DataProblem : a column is not there, there are not two arms and a control, a unit is in two, an outcome is none.

    References
    ----------
    Lin, W. (2013). Annals of Applied Statistics 7, 295-318. doi:10.1214/12-AOAS583
    Deng, A. et al. (2013). doi:10.1145/2433396.2433413

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.experiment(cx.load("brand-tracker"), ["nps", "satisfaction"], arm="mode").table["outcome"].tolist()
    ['NPS', 'Satisfaction overall']
    """
    metrics.check_level(level)
    one_of("adjust", adjust, ADJUST)
    asked = [_outcome(study, o) for o in _listed(study, outcomes)]
    covariates = [before] if isinstance(before, str) else list(before)
    unit = unit or study.design.cluster
    rows = _rows(study, asked, arm, covariates, unit)
    asked = [_as_share(o, rows[f"y{i}_0"]) for i, o in enumerate(asked)]
    small_cells.refuse_part(study, [arm], hint=False)
    names, control, first = arms_of(study, rows["arm"], arm, control)
    counts = _units(rows, unit)
    srm = _sample_ratio(counts, names, expected)
    if not unit:
        srm["counts"] = {k: v if v >= SMALL else Hidden(small_cells.few(SMALL)) for k, v in srm["counts"].items()}
    x, filled = _covariates(rows, covariates)
    found, saved = [], []
    for i, o in enumerate(asked):
        for name in names:
            if name != control:
                row, share = _compared(rows, i, o, (control, name), x, (adjust, level, bool(unit)))
                found.append((o.name, name, o.unit, *row))
                saved.append(share)
    columns = ["outcome", "treated", "unit", "benchmark", "value", "estimate", "low", "high", "se", "lift",
               "p", "always_low", "always_high", "detectable", "units", "n"]  # fmt: skip
    table = pd.DataFrame(found, columns=columns)
    if any(isinstance(row[-1], Hidden) for row in found):
        table = table.assign(
            **{c: pd.Series([r[columns.index(c)] for r in found], dtype=object) for c in ("units", "n")}
        )
    table.insert(columns.index("p") + 1, "p_adjusted", multiple.adjusted(table["p"], "holm"))
    table.insert(2, "against", str(control))
    balance = _balance(rows, covariates, names, control, bool(unit))
    return Result(
        kind="experiment",
        title=f"{study.codebook.label(arm)} against {control}",
        table=table,
        unit=asked[0].unit if len({o.unit for o in asked}) == 1 else "",
        level=level,
        method=f"difference of means; {ADJUST[adjust] if covariates else 'no covariates'}; "
        f"{f'units: {unit}' if unit else 'units: rows'}; Welch's t; Holm over {len(table)} rows",
        notes=(*study.caveats, *[FIRST.format(control)] * first, *_said(study, table, srm, balance, filled, level)),
        parts={"srm": srm, "balance": balance, "saved": saved, "control": str(control)},
        columns=_columns(),
    )


def _columns() -> tuple[Column, ...]:
    named = {"benchmark": "Control", "value": "Treated", "estimate": "Difference", "low": "Low",
             "high": "High", "always_low": "Always valid, low", "always_high": "Always valid, high",
             "detectable": "Detectable"}  # fmt: skip
    kinds = {"low": "bound", "high": "bound", "always_low": "bound", "always_high": "bound"}
    return (Column("outcome", "label", "", "Outcome"), Column("treated", "label", "", "Arm"),
            *(Column(c, kinds.get(c, "estimate"), "row", h) for c, h in named.items()),
            Column("lift", "share", "", "Lift"), Column("units", "count", "", "Units"))  # fmt: skip


def _listed(study: Study, outcomes: Any) -> list[Any]:
    if outcomes is None:
        from cxlab.models.metrics.scorecard import scorecard

        return [dict(scorecard(study).parts["question"])]
    found = [outcomes] if isinstance(outcomes, (str, Mapping)) else list(outcomes)
    if not found:
        raise DataProblem("outcomes is empty; name metrics ('nps') or columns")
    return found


def _outcome(study: Study, given: Any) -> Outcome:
    """What an outcome is, and how a row scores."""
    if isinstance(given, tuple):
        if len(given) != 2 or not all(isinstance(c, str) for c in given):
            raise DataProblem(f"outcome {given!r} is no ratio; give (numerator, denominator), two columns")
        above, below = (_mean(study, c) for c in given)
        name = f"{study.field(given[0]).label} per {study.field(given[1]).label}"
        return Outcome(name, "", 1.0, (above.scores[0], below.scores[0]), (*above.columns, *below.columns))
    if isinstance(given, Mapping) and "time" in given:
        return _until(study, dict(given))
    if isinstance(given, Mapping):
        options = dict(given)
        if set(options) == {"metric", "of"} and options["metric"] == "mean" and isinstance(options["of"], str):
            return _mean(study, options["of"])
        return _of(study, registry.score(study, options.pop("metric", ""), options.pop("of", None), [], **options))
    if given in registry.METRICS:
        return _of(study, registry.score(study, given, None, []))
    if not isinstance(given, str) or (given not in study.columns and given not in study.codebook):
        raise unknown("outcome", str(given), f"{study.name} or among the metrics", [*registry.METRICS, *study.columns])
    return _mean(study, given)


def _until(study: Study, given: dict[str, Any]) -> Outcome:
    """Time until an event, up to a horizon."""
    horizon = given.get("horizon")
    if set(given) != {"time", "event", "horizon"} or not isinstance(horizon, (int, float)) or not horizon > 0:
        raise DataProblem(
            f"outcome {given!r} is no time to an event; give {{'time': column, 'event': column, 'horizon': a number "
            "above 0}"
        )
    time, event = (_mean(study, given[k]) for k in ("time", "event"))
    name = f"{time.name} without {event.name}, up to {horizon:g}"
    return Outcome(
        name, "mean", 1.0, (time.scores[0], event.scores[0]), (*time.columns, *event.columns), float(horizon)
    )


def _seen_until(y: NDArray, arm: NDArray, o: Outcome, pair: tuple) -> None:
    """Times and events that can be used, in both arms watched up to the horizon."""
    if not np.isin(y[:, 1], (0, 1)).all() or (y[:, 0] < 0).any():
        raise DataProblem(f"'{o.name}': an event is 1 (it came) or 0 (not yet), a time is 0 or more; recode the column")
    for k, name in enumerate(pair):
        last = float(y[arm == k, 0].max())
        if last < o.horizon:
            raise DataProblem(
                f"'{o.name}': the arm {name} was watched until {last:g}, which is before the horizon {o.horizon:g}; "
                "give a horizon that both arms reach"
            )


def _mean(study: Study, column: str) -> Outcome:
    if not (kind := study.lazy.collect_schema().get(column)) or not (kind.is_numeric() or kind == nw.Boolean):
        study.field(column)
        raise DataProblem(f"outcome '{column}' of {study.name} holds {kind}, no numbers; a mean needs numbers")
    return replace(_of(study, registry.score(study, "mean", column, [])), name=study.field(column).label)


def _as_share(o: Outcome, values: pd.Series) -> Outcome:  # a mean of nothing but 0 and 1
    return replace(o, unit="share") if o.unit == "mean" and values.dropna().isin([0, 1]).all() else o


def _of(study: Study, score: Score) -> Outcome:
    if len(score.items) != 1 or len(next(iter(score.items.values()))) != 1:
        raise DataProblem(f"an outcome is one question; {score.title} is of {len(score.items)}: give of=")
    name = registry.label(score.metric) if score.metric in ("nps", "csat", "ces") else score.title
    return Outcome(name, score.unit, score.factor, tuple(next(iter(score.items.values()))), score.columns)


def _rows(study: Study, asked: list[Outcome], arm: str, before: list[str], unit: str) -> pd.DataFrame:
    """A row a respondent: arm, unit, weight, covariates and scores."""
    for name in (arm, unit, *before):
        if name:
            study.field(name)
            if name not in study.columns:
                raise unknown("column", name, study.name, study.columns)
    weight = usable_weight(study)
    kept = {"arm": nw.col(arm), "w": nw.lit(1.0) if weight is None else weight}
    kept |= {"unit": nw.col(unit)} if unit else {}
    kept |= {f"x{j}": nw.col(c).cast(nw.Float64) for j, c in enumerate(before)}
    kept |= {f"y{i}_{j}": e.cast(nw.Float64) for i, o in enumerate(asked) for j, e in enumerate(o.scores)}
    wanted = {c for o in asked for c in o.columns} | {arm, *before} | ({unit} if unit else set())
    wanted |= {study.design.weight} if study.design.weight else set()
    rows = study.answers(sorted(wanted)).select(*(e.alias(k) for k, e in kept.items()))
    table = fetched(rows, study.name).to_pandas()
    table = table[table["arm"].notna() & table["w"].notna()].reset_index(drop=True)
    if unit:
        table["unit"] = pd.factorize(table["unit"])[0]
    return table


def _units(rows: pd.DataFrame, unit: str) -> pd.Series:
    """How many units each arm has; refused where one is in two arms."""
    if not unit:
        return rows["arm"].value_counts()
    both = rows.groupby("unit")["arm"].nunique()
    if (both > 1).any():
        raise DataProblem(
            f"{int((both > 1).sum())} of {len(both)} units ('{unit}') have rows in more than one arm; unit= is what "
            "was "
            "assigned as a whole. Without one, the rows are"
        )
    return rows.drop_duplicates("unit")["arm"].value_counts()


def _sample_ratio(counts: pd.Series, names: list, expected: Mapping | None) -> dict[str, Any]:
    share = {str(k): v for k, v in (expected or {}).items()}
    if expected and ({*share} != {str(n) for n in names} or not all(v > 0 for v in share.values())):
        raise DataProblem(f"expected is {dict(expected)!r}; give the planned share, above 0, of each arm: {names}")
    seen = np.array([counts.get(n, 0) for n in names], float)
    p = arms.sample_ratio(seen, np.array([share.get(str(n), 1.0) for n in names], float))
    return {"counts": {str(n): int(c) for n, c in zip(names, seen, strict=True)}, "p": p}


def _covariates(rows: pd.DataFrame, before: list[str]) -> tuple[NDArray | None, int]:
    """Covariates with the mean where there is none, and how many these are."""
    if not before:
        return None, 0
    x = rows[[f"x{j}" for j in range(len(before))]].to_numpy(float, copy=True)
    none = np.isnan(x)
    x[none] = np.take(np.nanmean(x, axis=0), np.nonzero(none)[1])
    return x, int(none.any(1).sum())


def _compared(
    rows: pd.DataFrame, i: int, o: Outcome, pair: tuple, x: NDArray | None, how: tuple[str, float, bool]
) -> tuple[tuple, float]:
    """One outcome in two arms: means, difference and what goes with it; and the share of variance saved."""
    adjust, level, clustered = how
    y = rows[[f"y{i}_{j}" for j in range(len(o.scores))]].to_numpy(float)
    use = ~np.isnan(y).any(1) & rows["arm"].isin(pair).to_numpy()
    y, w, arm = y[use], rows["w"].to_numpy(float)[use], (rows["arm"] == pair[1]).to_numpy().astype(int)[use]
    unit = rows["unit"].to_numpy()[use] if clustered else None
    sizes = [len(np.unique(unit[arm == k])) if clustered else int((arm == k).sum()) for k in (0, 1)]
    nan, answers = float("nan"), [int((arm == k).sum()) for k in (0, 1)]
    if min(sizes) < LEAST or min(answers) < SMALL:
        n = Hidden(small_cells.few(SMALL)) if answers[1] < SMALL else Hidden(small_cells.NOT_SHOWN)
        return (nan,) * 11 + ((n, n) if min(answers) < SMALL else (sum(sizes), len(y))), nan
    z = None if x is None else x[use]
    if o.horizon:
        _seen_until(y, arm, o, pair)
        mean, psi = arms.time_influence(y[:, 0], y[:, 1], arm, w, o.horizon)
        plain = psi
    elif len(o.scores) == 2:
        mean, psi = arms.ratio_influence(y[:, 0], y[:, 1], arm, w)
        plain = psi
    else:
        mean, psi = arms.adjusted_means(y[:, 0], arm, w, z, adjust)
        plain = psi if z is None else arms.adjusted_means(y[:, 0], arm, w, None, "none")[1]
    est, se, df, _ = arms.difference(mean, psi, arm, unit)
    raw = arms.difference(mean, plain, arm, unit)[1]
    if min(sizes) < few_treated.FEW:
        df = min(df, min(sizes) - 1)
    f, t = o.factor, float(stdtrit(df, (1 + level) / 2))
    n = float(sum(sizes))
    always = float(running_bands.half_width(se * np.sqrt(n), n, best_at=BEST_AT, level=level))
    detect = float(ndtri((1 + level) / 2) + ndtri(0.8)) * se
    lift = est / mean[0] if mean[0] > 0 else nan
    ends = (est - always, est + always) if np.isfinite(always) else (nan, nan)
    row = (mean[0] * f, mean[1] * f, est * f, (est - t * se) * f, (est + t * se) * f, se * f, lift,
           two_sided(est, se, df), ends[0] * f, ends[1] * f, detect * f, sum(sizes), len(y))  # fmt: skip
    return row, 1 - se**2 / raw**2 if raw > 0 else nan


def _balance(rows: pd.DataFrame, before: list[str], names: list, control: Any, clustered: bool) -> pd.DataFrame:
    """Covariates from before by arm: standardised difference and p."""
    out = []
    for j, c in enumerate(before):
        for name in names:
            if name == control:
                continue
            use = rows[f"x{j}"].notna() & rows["arm"].isin([control, name])
            x, arm = rows[f"x{j}"][use].to_numpy(float), (rows["arm"][use] == name).to_numpy().astype(int)
            if min((arm == 0).sum(), (arm == 1).sum()) < LEAST:
                continue
            unit = rows["unit"][use].to_numpy() if clustered else None
            mean, psi = arms.adjusted_means(x, arm, rows["w"][use].to_numpy(float), None, "none")
            est, se, df, _ = arms.difference(mean, psi, arm, unit)
            sd = np.sqrt((x[arm == 0].var(ddof=1) + x[arm == 1].var(ddof=1)) / 2)
            out.append((c, name, est / sd if sd > 0 else 0.0, two_sided(est, se, df)))
    return pd.DataFrame(out, columns=["covariate", "arm", "standardised", "p"])


def _said(study: Study, table: pd.DataFrame, srm: dict, balance: pd.DataFrame, filled: int, level: float) -> list[str]:
    """The checks, then what differs."""
    counts = ", ".join(f"{k} {v}" if isinstance(v, Hidden) else f"{k} {v:,}" for k, v in srm["counts"].items())
    out = []
    if srm["p"] < MISMATCH:
        out.append(
            f"SAMPLE-RATIO MISMATCH: the arms have {counts} units, which chance makes with p = {srm['p']:.2g} only: "
            "who is missing may be why the arms differ; find the cause before the differences are believed"
        )
    if len(balance) and (multiple.adjusted(balance["p"], "holm") < 0.05).any():
        odd = ", ".join(balance["covariate"][multiple.adjusted(balance["p"], "holm") < 0.05].unique())
        out.append(f"the arms differed before: {odd}")
    if filled:
        out.append(f"{filled:,} rows without a covariate take its mean")
    if study.codebook.design != "experiment":
        out.append(f"{study.name} is not declared as an experiment: differences, not effects")
    if small_cells.is_hidden(table["n"]).any():
        out.append(f"arms of {small_cells.few(SMALL)} answers are not shown, nor what is compared with them")
    elif table["estimate"].isna().any():
        out.append("an arm with fewer than two units (or answers) is not estimated: its noise cannot be told")
    for _, r in table[table["estimate"].notna()].iterrows():
        word = "differs" if r["p_adjusted"] < 1 - level else "these data cannot tell whether it differs"
        size = f"{show(r['estimate'], d := difference(r['unit']))} ({span(r['low'], r['high'], d)})"
        told = f"{word}: {size}, Holm p = {r['p_adjusted']:.3g}" if r["p_adjusted"] == r["p_adjusted"] else SAME
        out.append(f"{r['outcome']}, {r['treated']}: {told}")
    return out
