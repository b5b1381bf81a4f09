"""What functions say under unequal weights, worked out again from the rows by the plain formula of a textbook.

The calls are those of the tables of weights; weights are 0.5 to 2 and differ within every group, so that a weight
dropped, a part halved or a sign turned shows. A formula stands here as one writes it down by hand: shares and means of
rows, least squares of dummies, a product of the shares that stay, a likelihood that is searched for its best.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm, truncnorm
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

import cxlab as cx
from tests import test_any_study as questionnaire
from tests import test_any_weight as others

Pairs = Iterable[tuple[Any, Any]]
Twin = Callable[[cx.Result, pd.DataFrame], Pairs]
TWINS: dict[str, Twin] = {}
ROLE = {called: role for role, called in questionnaire.NEUTRAL.items()}


def twin(*names: str) -> Callable[[Twin], Twin]:
    """Put a formula into the table of all; what a function says stands first in a pair, the formula's value second."""

    def put(f: Twin) -> Twin:
        TWINS.update(dict.fromkeys(names, f))
        return f

    return put


@functools.cache
def of_questionnaire(name: str) -> cx.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return questionnaire.CALLS[name](questionnaire.named(questionnaire.NEUTRAL), questionnaire.NEUTRAL)


def asked(name: str) -> tuple[cx.Result, pd.DataFrame]:
    """Return a result, columns called by their roles, and the rows with a weight ``w``."""
    if name in questionnaire.CALLS:
        result, rows = of_questionnaire(name), questionnaire.rows()
        return result, rows.assign(w=rows["weight"])
    make, study, call = others.CALLS[name]
    rows = others.weighted(make())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(study(rows)), rows.assign(w=rows["weight"])


def table(found: pd.DataFrame) -> pd.DataFrame:
    return found.rename(columns=ROLE)


def mean(x: Any, w: Any) -> float:
    """Return a weighted mean."""
    return float(np.average(np.asarray(x, float), weights=np.asarray(w, float)))


def points(ltr: pd.Series) -> pd.Series:
    """Return 100 for a promoter, -100 for a detractor, 0 for who is neither."""
    return 100 * ((ltr >= 9).astype(int) - (ltr <= 6).astype(int))


def of(rows: pd.DataFrame, keys: list[str], line: Any) -> pd.DataFrame:
    """Return the rows of a group: those with the labels of a line."""
    there = np.logical_and.reduce([rows[k].astype(str) == str(getattr(line, k)) for k in keys])
    return rows[there]


@twin("nps")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    for line in table(found.table).itertuples():
        mine = of(rows, ["segment", "brand"], line)
        yield line.estimate, mean(points(mine["ltr"]), mine["w"])
        yield line.detractors, mean(mine["ltr"] <= 6, mine["w"])
        yield line.passives, mean(mine["ltr"].isin([7, 8]), mine["w"])
        yield (line.promoters, line.n), (mean(mine["ltr"] >= 9, mine["w"]), len(mine))


SHARES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "csat": ("wave", lambda r: r["sat"] >= 4), "share": ("wave", lambda r: r["segment"] == "North"),
    "churn": ("segment", lambda r: r["sat"] == 5), "retention": ("segment", lambda r: r["sat"] != 5),
    "ces": ("segment", lambda r: r["ease"] >= 5),
}  # fmt: skip


@twin(*SHARES)
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    by, what = next((by, what) for name, (by, what) in SHARES.items() if name == found.parts["metric"])
    for line in table(found.table).itertuples():
        mine = of(rows, [by], line)
        yield (line.estimate, line.n), (mean(what(mine), mine["w"]), len(mine))
    if "net" in found.parts:
        for k, line in enumerate(table(found.parts["net"]).itertuples()):
            mine = of(rows, [by], line)
            yield line.estimate, 100 * mean((mine["ease"] >= 5) * 1 - (mine["ease"] <= 3), mine["w"])
            yield found.parts["mean"]["estimate"].iloc[k], mean(mine["ease"], mine["w"])


@twin("mean", "answers")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    plain = found.parts["metric"] == "mean"
    for line in table(found.table).itertuples():
        mine = of(rows, ["brand" if plain else "segment"], line)
        x = mine[ROLE[line.item]]
        yield line.estimate, mean(x, mine["w"]) if plain else mean(x == line.answer, mine["w"])


@twin("against", "trend", "compare", "impact")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """A difference is the first less the second; Holm's p of all; what would be seen four times in five."""
    said, name = table(found.table), found.kind
    score = lambda r: mean(points(r["ltr"]), r["w"])  # noqa: E731
    change = "change" if "change" in said else "estimate"
    for line, before in zip(said.itertuples(), [None, *said.itertuples()], strict=False):
        if "without" in said:
            mine = rows["segment"] == line.topic
            yield line.without, score(rows[~mine])
            yield (line.score, line.share), (score(rows[mine]), mean(mine, rows["w"]))
            yield line.estimate, score(rows) - score(rows[~mine])
        elif "benchmark" in said:
            yield (line.value, line.estimate), (v := score(of(rows, ["segment"], line)), v - 10)
        elif "against" in said:
            mine = rows[rows["brand"] == line.brand]
            one, two = (score(mine[mine["segment"] == g]) for g in (line.segment, line.against))
            yield line.estimate, one - two
        elif before is not None:
            yield line.change, score(of(rows, ["wave"], line)) - score(of(rows, ["wave"], before))
    p = said["p"].dropna()
    assert len(p), name
    yield said["p_adjusted"].dropna(), multipletests(p, method="holm")[1]
    assert ((said["p"] < 0.05) == (said[f"{change}_low" if change == "change" else "low"] > 0) | (
        said[f"{change}_high" if change == "change" else "high"] < 0)).all(), name  # fmt: skip


@twin("change_explained")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Kitagawa's split; a group's part of the mix counts its distance from the mean of the two waves."""
    both = [rows[rows["wave"] == wave] for wave in (2023, 2024)]
    names = ["North", "South", "West"]
    share = np.array([[mean(r["segment"] == g, r["w"]) for g in names] for r in both])
    score = np.array([[mean(points(m["ltr"]), m["w"]) for g in names for m in [r[r["segment"] == g]]] for r in both])
    whole = (share * score).sum(1)
    within = share.mean(0) * (score[1] - score[0])
    mix = (share[1] - share[0]) * (score.mean(0) - whole.mean())
    said = found.table
    yield said["estimate"], [whole[1] - whole[0], within.sum(), mix.sum(), *within, *mix]
    yield said["share_before"].dropna(), [*share[0]] * 2
    yield said["share_after"].dropna(), [*share[1]] * 2


@twin("poststratify")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    each = [mean(points(r["ltr"]), r["w"]) for _, r in rows.groupby("brand")]
    yield found.table["estimate"], [np.mean(each)]
    yield found.table["promoters"], [np.mean([mean(r["ltr"] >= 9, r["w"]) for _, r in rows.groupby("brand")])]


@twin("weighting")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    w = rows["w"]
    kish = w.sum() ** 2 / (w**2).sum()
    facts = [len(w), w.sum(), w.min() / w.mean(), w.max() / w.mean(), kish, len(w) / kish]
    yield found.table["estimate"], facts
    for line in found.parts["margins"].itertuples():
        mine = rows["segment"] == line.category
        yield (line.n, line.sample, line.weighted, line.target), (mine.sum(), mine.mean(), mean(mine, w), 1 / 3)


@twin("kano")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Kano's table of answers; Fong's test of the first category against the second."""
    words = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]
    letter = np.array([words[f - 1][d - 1] for f, d in zip(6 - rows["with"], 6 - rows["without"], strict=True)])
    for line in table(found.table).itertuples():
        mine, n = rows["segment"] == line.segment, line.n
        share = {k: mean(letter[mine] == k, rows["w"][mine]) for k in "AOMIRQ"}
        yield [getattr(line, k) for k in "AOMIRQ"], list(share.values())
        base = share["A"] + share["O"] + share["M"] + share["I"]
        yield line.estimate, (share["A"] + share["O"]) / base
        yield line.worse, -(share["O"] + share["M"]) / base
        first, second = sorted(share.values())[:-3:-1]
        yield line.category_strength, first - second
        yield line.total_strength, share["A"] + share["O"] + share["M"]
        a, b = first * n, second * n
        yield line.distinct, a - b >= 1.65 * np.sqrt((a + b) * (2 * n - a - b) / (2 * n))


@twin("displayed_score", "reviews")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Seven reviews of 3.5 beside those there are; half stars; best reviews to the next; the luck of twenty more."""
    scale = rows["w"] / rows["w"].mean()
    for line in table(found.table).itertuples():
        mine = rows["brand"] == line.brand
        x, w = rows["sat"][mine], scale[mine]
        score = (7 * 3.5 + w @ x) / (7 + w.sum())
        yield (line.platform if "platform" in found.table else line.estimate), score
        stars = np.round(2 * score) / 2
        yield line.stars, stars
        best = np.arange(60)
        shown = np.round(2 * (7 * 3.5 + w @ x + 5 * best) / (7 + w.sum() + best)) / 2
        yield line.to_next, best[shown > stars][0]
        if "polarity" in found.table:
            yield line.estimate, mean(x, w)
            yield line.polarity, mean((x == 1) | (x == 5), w)
        else:
            yield line.weighs, w.sum()


@twin("cost_to_serve")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    cost, w = rows["dose"], rows["w"]
    yield found.parts["average"]["estimate"], [mean(cost, w), 1.0, mean(cost, w)]
    x = np.column_stack([np.ones(len(rows)), rows["ltr"]])
    line = found.table.iloc[0]
    low = lambda b: -(w @ (cost * (x @ b) - np.exp(x @ b)))  # noqa: E731
    slope = minimize(low, [3.0, 0.0], method="BFGS", options={"gtol": 1e-6}).x[1]
    yield np.round(line["ratio"], 5), np.round(np.exp(slope), 5)


@twin("loyalty_curve")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    for line in found.table.itertuples():
        mine = rows["ltr"] == line.score
        yield line.n, mine.sum()
        if line.n >= 10:
            yield line.mean, mean(rows["sat"][mine], rows["w"][mine])


@twin("personas")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    rescaled = {"I0": 25 * (rows["item0"] - 1), "I1": 25 * (rows["item1"] - 1), "A": 25 * (rows["sat"] - 1)}
    for line in found.parts["described"].itertuples():
        yield line.all, mean(rescaled[line.question], rows["w"])
    for line in found.parts["split"].itertuples():
        mine = rows["segment"] == line.group
        here = rescaled[line.question][mine] if line.question in rescaled else None
        yield line.estimate, mean(mine, rows["w"]) if here is None else mean(here, rows["w"][mine])
    shares, split = found.parts["split_shares"], found.parts["split"]
    whole = split[split["question"] == "share"].set_index("group")["estimate"]
    joint = shares.assign(part=shares["estimate"] * shares["group"].map(whole)).groupby("persona")["part"].sum()
    yield joint.round(4), found.table.set_index("persona")["estimate"][joint.index].round(4)


@twin("drivers")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """LMG as its definition: the mean rise of R2 over all orders in which drivers enter."""
    items, w = ["item0", "item1", "item2"], rows["w"].to_numpy()
    z = rows[[*items, "sat"]].to_numpy(float)
    c = np.cov(z.T, aweights=w)
    r2 = lambda s: float(c[-1, s] @ np.linalg.solve(c[np.ix_(s, s)], c[s, -1]) / c[-1, -1]) if s else 0.0  # noqa: E731
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    rise = lambda j, o: r2([*o[: o.index(j) + 1]]) - r2([*o[: o.index(j)]])  # noqa: E731
    share = pd.Series({items[j]: np.mean([rise(j, o) for o in orders]) for j in range(3)})
    said, details = found.table.set_index("driver"), found.parts["details"].set_index("driver")
    yield said.loc[items, "estimate"], share
    yield said.loc[items, "of_explained"], share / share.sum()
    yield details.loc[items, "coefficient"], np.linalg.solve(c[:3, :3], c[:3, 3]) * np.sqrt(np.diag(c)[:3] / c[3, 3])
    yield details.loc[items, "correlation"], c[:3, 3] / np.sqrt(np.diag(c)[:3] * c[3, 3])
    yield details.loc[items, "vif"], np.diag(np.linalg.inv(c[:3, :3])) * np.diag(c)[:3]
    whole, kish = r2([0, 1, 2]), w.sum() ** 2 / (w @ w)
    told = found.parts["r2"]
    yield told["estimate"], whole
    yield told["n_eff"], kish
    yield told["adjusted"], 1 - (1 - whole) * (kish - 1) / (kish - 4)


@twin("importance_performance")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Means on 0 to 100; an equal share of the explained is the line of importance; chances of quadrants sum to 1."""
    for line in found.parts["performance"].itertuples():
        yield line.estimate, 25 * (mean(rows[line.driver], rows["w"]) - 1)
    quadrants = found.parts["quadrants"].set_index("driver")
    yield quadrants.sum(axis=1), np.ones(3)
    c = np.cov(rows[["item0", "item1", "item2", "sat"]].to_numpy(float).T, aweights=rows["w"])
    yield found.parts["at"], (c[3, :3] @ np.linalg.solve(c[:3, :3], c[:3, 3]) / c[3, 3] / 3, 70)
    said = found.table.set_index("driver")
    for driver, line in said.iterrows():
        yield line["probability"], quadrants.loc[driver].max()
        yield quadrants.loc[driver, line["quadrant"]], quadrants.loc[driver].max()
        yield line["performance"], 25 * (mean(rows[driver], rows["w"]) - 1)


def slopes(x: Any, y: Any, w: Any) -> np.ndarray:
    """Return the coefficients of weighted least squares, the constant first."""
    root = np.sqrt(np.asarray(w, float))[:, None]
    z = np.column_stack([np.ones(len(root)), x])
    return np.linalg.lstsq(root * z, root[:, 0] * np.asarray(y, float), rcond=None)[0]


@twin("what_if")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """A linear model of the best two answers: a slope times who can still move; a penalty times who is low."""
    items, w, y = ["item0", "item1", "item2"], rows["w"], rows["sat"] >= 4
    x = rows[items].to_numpy(float)
    b = slopes(x, y, w)[1:]
    ends = slopes(np.column_stack([x <= 2, x >= 4]).astype(float), y, w)[1:4]
    yield found.parts["now"], mean(y, w)
    for line in found.table.itertuples():
        j = items.index(line.driver)
        one = line.scenario == "one point"
        moves = x[:, j] < 5 if one else x[:, j] <= 2
        yield line.estimate, (b[j] if one else -ends[j]) * mean(moves, w)
        yield line.n, len(rows)
        assert line.moved in (pytest.approx(mean(moves, w)), pytest.approx(moves.mean()))


@twin("one_failure")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """R2 of the generalised mean of shares of the scale, exponent by exponent; the worst answer beside all three."""
    u, w, y = rows[["item0", "item1", "item2"]].to_numpy(float) / 5, rows["w"], rows["sat"]
    profile = found.parts["profile"]
    best = []
    for line in profile.itertuples():
        p = line.exponent
        m = np.exp(np.log(u).mean(1)) if abs(p) < 1e-9 else (u**p).mean(1) ** (1 / p)
        c = np.cov(np.column_stack([m, y]).T, aweights=w)
        best.append(c[0, 1] ** 2 / c[0, 0] / c[1, 1])
        yield line.r2, best[-1]
    said = found.table
    yield (
        said["estimate"],
        [profile["exponent"][int(np.argmax(best))], slopes(np.column_stack([u, u.min(1)]), y, w)[-1] / 5],
    )
    worst = said.iloc[1]
    half = norm.ppf(0.975) * worst["se"]
    yield (worst["low"], worst["high"]), (worst["estimate"] - half, worst["estimate"] + half)
    yield worst["p"], 2 * norm.sf(abs(worst["estimate"] / worst["se"]))
    yield said["n"], [len(rows)] * 2


@twin("mediation")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Two regressions; percentiles, spread and two-sided share of the draws."""
    a = slopes(rows["dose"], rows["ltr"], rows["w"])[1]
    d, b = slopes(rows[["dose", "ltr"]], rows["sat"], rows["w"])[1:]
    said, draws = found.table, found.parts["draws"]
    yield said["estimate"].iloc[:5], [d + a * b, d, a * b, a, b]
    share = a * b / (d + a * b)
    if 0 <= share <= 1:
        yield said["estimate"].iloc[5], share
    else:
        assert said.iloc[5][["estimate", "low", "high", "se"]].isna().all()
    yield said["se"].iloc[:3], draws.std(axis=0, ddof=1)
    yield said["low"].iloc[:3], np.quantile(draws, 0.025, axis=0)
    yield said["high"].iloc[:3], np.quantile(draws, 0.975, axis=0)
    few = np.fmin((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
    yield said["p"].iloc[:3], np.fmin(2 * (1 + few) / (1 + len(draws)), 1)


@twin("beyond")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """A gain is what both tell less what the others tell alone; R2 of one question is near its squared correlation."""
    said = found.table.set_index("model")["estimate"]
    given, more, both, *gains = said.to_numpy()
    yield sorted(gains), sorted([both - given, both - more])
    yield found.table["n"], [len(rows)] * 5


@twin("sequence")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Gains over the mean alone; limits of both lie evenly and are as wide as Student's t says."""
    said = found.table
    yield said["gain"], said["estimate"] - said["estimate"].iloc[0]
    yield said["estimate"] - said["low"], said["high"] - said["estimate"]
    yield said["gain"] - said["gain_low"], said["gain_high"] - said["gain"]
    yield said["n"], [len(rows)] * len(said)


@twin("satisfaction_ratio")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Half the share of ten points, half that of five smileys."""
    for line in table(found.table).itertuples():
        mine = of(rows, ["segment"], line)
        yield (line.estimate, line.n), (mean((mine["ltr"] / 10 + mine["sat"] / 5) / 2, mine["w"]), len(mine))


@twin("asymmetry")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Least squares on dummies of low (1, 2) and of high answers (4, 5)."""
    items, w = ["item0", "item1", "item2"], rows["w"].to_numpy()
    x = np.column_stack(
        [np.ones(len(rows)), *(f(rows[i]) for i in items for f in (lambda v: v <= 2, lambda v: v >= 4))]
    )
    b = np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * rows["sat"]))[1:].reshape(3, 2)
    said = found.table.set_index("driver").loc[items]
    yield said[["penalty", "reward"]], b
    fall, rise = -b[:, 0], b[:, 1]
    yield said["estimate"], (rise - fall) / (rise + fall)
    yield said["n_low"], [(rows[i] <= 2).sum() for i in items]
    yield said["n_high"], [(rows[i] >= 4).sum() for i in items]


@twin("price_sensitivity")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """One less, and the share who have named so much: as R's pricesensitivitymeter counts."""
    curves = found.parts["curves"]
    for line in curves.iloc[::7].itertuples():
        yield line.too_cheap, mean(rows["too_cheap"] > line.price, rows["w"])
        yield line.cheap, mean(rows["cheap"] > line.price, rows["w"])
        yield line.expensive, mean(rows["expensive"] <= line.price, rows["w"])
        yield line.too_expensive, mean(rows["too_expensive"] <= line.price, rows["w"])


@twin("gabor_granger")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    said = found.table
    raw = [mean(r["buys"], r["w"]) for _, r in rows.groupby("price")]
    yield said["raw"], raw
    assert (np.diff(raw) < 0).all()
    yield said["estimate"], raw
    for end in ("", "_low", "_high"):
        share = said["estimate" if not end else end[1:]]
        yield said[f"revenue{end}"], said["price"] * share
    best = said["price"][said["revenue"].argmax()]
    yield found.parts["hypothetical"]["price"], best / found.parts["hypothetical"]["factor"]
    yield found.parts["hypothetical"]["factor"], [1.0, 1.2, 1.4]


@twin("choice")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """McFadden's likelihood, searched for its best."""
    sets = rows.groupby("unit")
    x = np.stack([g[["price", "fast"]].to_numpy(float) for _, g in sets])
    took = np.stack([g["taken"].to_numpy(float) for _, g in sets])
    w = sets["w"].first().to_numpy()
    log = lambda b: (v := x @ b) - np.log(np.exp(v).sum(1, keepdims=True))  # noqa: E731
    best = minimize(lambda b: -(w @ (took * log(b)).sum(1)), [0.0, 0.0], method="BFGS", options={"gtol": 1e-7})
    yield np.round(found.table["estimate"], 4), np.round(best.x, 4)
    w = w / w.mean()
    told = found.parts["fit"]
    yield told["chance"], w.sum() * np.log(1 / 3)
    yield np.round(told["loglik"], 5), np.round(w @ (took * log(best.x)).sum(1), 5)
    yield told["r2"], 1 - told["loglik"] / told["chance"]


@twin("worth_in_money")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    b = asked("choice")[0].table.set_index("term")["estimate"]
    yield np.round(found.table["estimate"], 4), np.round([-b["fast"] / b["price"]], 4)
    line = found.table.iloc[0]
    z = student.ppf(0.975, asked("choice")[0].parts["fit"]["df"])
    yield (line["low"], line["high"]), (line["estimate"] - z * line["se"], line["estimate"] + z * line["se"])


@twin("posting")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Least squares on how far a score lies above and below the middle, ten points each."""
    score = 25 * (rows["sat"] - 1)
    for line in found.parts["curve"].itertuples():
        mine = score == line.score
        yield (line.customers, line.share), (mine.sum(), mean(rows["left"][mine], rows["w"][mine]))
    yield found.parts["all"], mean(score, rows["w"])
    yield found.parts["reviews"], mean(score[rows["left"] == 1], rows["w"][rows["left"] == 1])
    x = np.column_stack([np.ones(len(rows)), np.fmax(score - 50, 0) / 10, np.fmin(score - 50, 0) / 10])
    w = rows["w"].to_numpy()
    yield found.table["estimate"], np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * rows["left"]))[1:]


@twin("influence")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    yield found.table["estimate"], [mean(rows["left"], rows["w"])] * 2


@twin("closing")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """All are closed: shares of rows, and the first time by which half of the weight is."""
    took = (rows["closed"] - rows["day"]).dt.total_seconds() / 86_400
    for line in found.table.itertuples():
        mine = rows["arm"] == line.arm
        x, w = took[mine].to_numpy(), rows["w"][mine].to_numpy()
        yield line.within, mean(x <= found.parts["due"], w)
        order = np.argsort(x)
        done = np.cumsum(w[order]) / w.sum()
        half = x[order][[np.searchsorted(done, 0.5 - 1e-9), np.searchsorted(done, 0.5 + 1e-9)]]
        yield line.estimate, half.mean()  # the middle, where the curve is flat at one half
        yield (line.open, line.n), (0, mine.sum())


def steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row an event with what came next in its case, and when."""
    rows = rows.sort_values(["case", "at"], kind="stable").reset_index(drop=True)
    later = rows.groupby("case")
    rows["next"] = later["event"].shift(-1).fillna("(end)")
    rows["gap"] = (later["at"].shift(-1) - rows["at"]).dt.total_seconds() / 86_400
    return rows.assign(place=later.cumcount())


@twin("transitions")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    each = steps(rows)
    for line in found.table.rename(columns={"from": "a", "to": "b"}).itertuples():
        here = each[each["event"] == line.a]
        mine = here[here["next"] == line.b]
        yield line.estimate, mean(here["next"] == line.b, here["w"])
        yield (line.n, line.times, line.cases), (len(here), len(mine), mine["case"].nunique())


@twin("journey")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    each = steps(rows)
    w = rows.groupby("case")["w"].first()
    for line in found.table.itertuples():
        mine = each[each["event"] == line.touchpoint]
        times = mine.groupby("case").size().reindex(w.index, fill_value=0)
        yield (line.n, line.reach), ((times > 0).sum(), mean(times > 0, w))
        yield line.repeats, mean(times[times > 0] - 1, w[times > 0])
        last = mine[mine["next"] == "(end)"]["case"]
        yield line.exit, mean(times[times > 0].index.isin(last), w[times > 0])
        yield line.score, mean(mine["sat"], mine["w"])


@twin("handoffs")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    each = steps(rows)
    cases = each.groupby("case")
    owner = lambda g: g["owner"].to_numpy()  # noqa: E731
    switches = cases[["owner"]].apply(lambda g: int((owner(g)[1:] != owner(g)[:-1]).sum()))
    score, w = cases["sat"].mean(), cases["w"].first()
    bands = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3 to 4": (3, 4), "5 or more": (5, 99)}
    for line in found.table.itertuples():
        low, high = bands[line.switches]
        mine = (switches >= low) & (switches <= high)
        yield (line.n, line.share, line.estimate), (mine.sum(), mean(mine, w), mean(score[mine], w[mine]))
    slopes = found.parts["slopes"].set_index("slope")["estimate"]
    x = np.column_stack([np.ones(len(w)), switches, cases.size()])
    fit = lambda z: np.linalg.lstsq(np.sqrt(w.to_numpy())[:, None] * z, np.sqrt(w) * score, rcond=None)[0][1]  # noqa: E731
    yield slopes["raw"], fit(x[:, :2])
    yield found.parts["with_handoff"], mean(switches > 0, w)
    yield found.parts["total"], switches.sum()


@twin("pain_points")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """A problem of a case takes a mean away; how often, times how much."""
    cases = rows.groupby("case")
    met, score, w = cases["trouble"].max(), cases["sat"].mean(), cases["w"].first()
    line = found.table.iloc[0]
    loss = mean(score[met == 0], w[met == 0]) - mean(score[met == 1], w[met == 1])
    yield (line["frequency"], line["n"]), (mean(met, w), met.sum())
    yield (line["severity"], line["estimate"]), (loss, loss * mean(met, w))


@twin("drop_off")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Kaplan and Meier: the product of the shares that stay; who left is watched until then."""
    last = rows.sort_values("at").groupby("case").last()
    time = ((last["at"] - rows.groupby("case")["at"].min()).dt.total_seconds() / 86_400).to_numpy()
    event, w = (last["event"] == "bought").to_numpy(), last["w"].to_numpy()
    for line in found.table.itertuples():
        stay = 1.0
        for t in np.unique(time[event & (time <= line.at)]):
            stay *= 1 - w[event & (time == t)].sum() / w[time >= t].sum()
        yield line.estimate, 1 - stay if line.state == "bought" else stay
    yield found.parts["open"], mean(~event, w)


@twin("within_person")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Least squares with a dummy a person and a period."""
    each = rows.sort_values(["unit", "wave"])
    dummies = pd.get_dummies(each[["unit", "wave"]].astype(str), dtype=float)
    x, root = np.column_stack([each["ltr"], dummies]), np.sqrt(each["w"].to_numpy())
    yield found.table["estimate"].iloc[0], np.linalg.lstsq(root[:, None] * x, root * each["sat"], rcond=None)[0][0]


@twin("lagged")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Least squares with dummies; both halves of the periods beside all, twice the whole less their mean."""
    x, y = (rows.pivot(index="unit", columns="wave", values=v).to_numpy(float) for v in ("sat", "ltr"))

    def paths(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        apart = lambda v: (v - v.mean(1, keepdims=True) - v.mean(0) + v.mean()).ravel()  # noqa: E731
        was = np.column_stack([apart(x[:, :-1]), apart(y[:, :-1])])
        onto = [np.linalg.lstsq(was, apart(v[:, 1:]), rcond=None)[0] for v in (y, x)]
        return np.array([onto[0][0], onto[1][1], onto[1][0], onto[0][1]])

    said = found.table["uncorrected"]
    yield said.iloc[:4], paths(x, y)
    sd = found.parts["scale"]
    ratio = np.array([sd[0] / sd[1], sd[1] / sd[0], 1, 1])
    b = found.table["estimate"]
    yield found.parts["standardised"]["estimate"], b.iloc[:4] * ratio
    yield found.parts["standardised"]["se"], found.table["se"].iloc[:4] * ratio
    yield b.iloc[4], b.iloc[0] * ratio[0] - b.iloc[1] * ratio[1]
    apart = lambda v: (v - v.mean(1, keepdims=True) - v.mean(0) + v.mean()).ravel()  # noqa: E731
    for k, (one, two) in enumerate(((x, y), (y, x))):
        z = np.column_stack([apart(v) for v in (one[:, :-2], two[:, :-2], one[:, 2:])])
        c = np.linalg.lstsq(z, apart(two[:, 1:-1]), rcond=None)[0]
        yield found.parts["ahead"]["estimate"].iloc[k], (c[0] - c[2]) * ratio[k]
        u = (z * (apart(two[:, 1:-1]) - z @ c)[:, None] @ np.linalg.inv(z.T @ z)).reshape(len(x), -1, 3).sum(1)
        error = np.sqrt(len(x) / (len(x) - 1) * ((u[:, 0] - u[:, 2]) ** 2).sum())  # of units
        yield found.parts["ahead"]["se"].iloc[k], error * ratio[k]


@twin("survival")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Aalen and Johansen: who is still there times the share that ends in each way, time by time."""
    said, until = table(found.table), found.parts["horizon"]
    times, ends, last = np.sort(said["at"].unique()), {"1": 1, "2": 2}, []
    for group, mine in rows.groupby("segment"):
        time, end, w = mine["dose"].to_numpy(), mine["sat"].to_numpy(), mine["w"].to_numpy()
        moments = np.unique(time)
        last.append(max(t for t in moments if (time >= t).sum() >= 10))
        there, gone, path, area, before = 1.0, {1: 0.0, 2: 0.0}, {}, 0.0, 0.0
        for t in np.arange(1, int(times.max()) + 1):
            area += there * (min(t, until) - before if t <= until else 0.0)
            before = t
            left = {e: w[(time == t) & (end == e)].sum() / w[time >= t].sum() for e in gone}
            gone = {e: gone[e] + there * left[e] for e in gone}
            there *= 1 - sum(left.values())
            path[t] = {**gone, 0: there}
        for line in said[said["segment"] == group].itertuples():
            yield line.estimate, path[line.at][ends.get(line.end, 0)]
            yield (line.n, line.at_risk), (len(mine), (time >= line.at).sum())
        means = found.parts["means"].set_index(found.parts["means"].columns[0])
        yield means.loc[group, "estimate"], area
    yield until, min(last)
    differences = found.parts["differences"]
    value = said.set_index(["segment", "end", "at"])["estimate"]
    for line in differences[differences["of"].isin(["1", "2"])].itertuples():
        yield line.estimate, value[line.group, line.of, line.at] - value[line.against, line.of, line.at]


@twin("ols", "logit", "ordinal")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Errors of a design have the clusters less the strata as degrees of freedom; the two tables hang together."""
    if "df" in found.table:
        yield found.table["df"], [rows["cluster"].nunique() - rows["strata"].nunique()] * len(found.table)
        yield found.table["n"], [len(rows)] * len(found.table)
        yield found.table["se"], np.sqrt(np.diag(found.parts["covariance"]))
    if "odds_ratio" in found.table:
        yield found.table["odds_ratio"], np.exp(found.table["estimate"])


@twin("stated_premium")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    log = np.log(rows["sat"] / rows["dose"])
    value = np.exp(mean(log, rows["w"])) - 1
    yield found.table["estimate"], value / np.array([1.0, 1.2, 1.4])
    yield found.parts["none"], mean(rows["sat"] <= rows["dose"], rows["w"])


@twin("hazard")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    for end in ("", "_low", "_high"):
        yield found.table[f"ratio{end}"], np.exp(found.table["estimate" if not end else end[1:]])
    yield found.table["se"], np.sqrt(np.diag(found.parts["covariance"])[-len(found.table) :])


@twin("league", "funnel")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Limits round the target: quantiles times the error of a unit of that size, a part by n and one that all share."""
    parts = found.parts
    limits, target = parts["limits"], parts["target"]
    z95, z998 = norm.ppf(0.975), norm.ppf(0.999)
    yield limits["high_95"] - target, target - limits["low_95"]
    yield (limits["high_99.8"] - target) / (limits["high_95"] - target), np.full(len(limits), z998 / z95)
    half = ((limits["high_95"] - target) / z95) ** 2
    by_n, shared = np.linalg.lstsq(np.column_stack([1 / limits["n_eff"], np.ones(len(half))]), half, rcond=None)[0]
    yield half, by_n / limits["n_eff"] + shared
    units = parts["funnel"] if found.kind == "league" else found.table
    yield units["z"] * np.sqrt(by_n / units["n_eff"] + shared), units["estimate"] - target
    if found.kind == "league":
        yield parts["pairs"], 6
        said = table(found.table).set_index("brand")
        for brand, mine in rows.groupby("brand"):
            yield said.loc[brand, "raw"], mean(points(mine["ltr"]), mine["w"])
        yield said["rank"], said["shrunken" if said["shrunken"].is_monotonic_decreasing else "estimate"].rank(
            ascending=False)  # fmt: skip
        z = (said["high"] - said["estimate"]) / said["se"]
        yield said["estimate"] - said["low"], z * said["se"]
        real, error = parts["tau"] ** 2, parts["spread"] / units["n_eff"]
        yield parts["reliability"], np.median(real / (real + error))
        yield by_n, parts["spread"]
        q, k = norm.ppf(0.9), len(units)
        kept = 0.8 * truncnorm(-q, q).var() + 0.2 * q**2  # of a normal variance whose outer tenths are pulled in

        def spread(more: float) -> float:  # Spiegelhalter (2005), Paule and Mandel (1982)
            goal = np.average(units["estimate"], weights=1 / (error + more))
            z = (units["estimate"] - goal) / np.sqrt(error + more)
            return np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2) / kept

        yield parts["phi"], spread(0.0)
        yield spread(shared) if shared > 0 else max(spread(0.0), (k - 1) / k), (k - 1) / k
        yield target, np.average(units["estimate"], weights=1 / (error + shared))


@twin("peers", "gap")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """The peers' weighted mean, the gap to it, and the errors of both; where others alike lie adds their spread."""
    peers = found.table if found.kind == "peers" else found.parts["peers"]
    w, y, se = (peers[c].to_numpy() for c in ("weight", "estimate", "se"))
    yield w.sum(), 1.0
    if found.kind == "peers":
        yield found.parts["effective"], 1 / (w**2).sum()
        return
    own = mean(points(rows["ltr"][rows["brand"] == "Alba"]), rows["w"][rows["brand"] == "Alba"])
    said = found.table
    yield said["estimate"].iloc[:3], [own, w @ y, own - w @ y]
    one, rest = said["se"].iloc[0], np.sqrt(w**2 @ se**2)
    yield said["se"].iloc[1], rest
    yield said["percentile" if "percentile" in said else "estimate"].iloc[3], own - w @ y
    yield found.parts["rank"], 1 + (y > own).sum()
    yield found.parts["percentile"], 100 * (y < own).mean()
    yield found.parts["places"], len(y) + 1
    assert said["se"].iloc[2] == pytest.approx(np.hypot(one, rest), rel=0.01)  # both share clusters


@twin("pilot")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """North from 2023 on against the others: mean of the waves after less that before, less the others' mean of it."""
    cells = rows.groupby(["segment", "wave"])
    score = cells[["ltr", "w"]].apply(lambda r: mean(points(r["ltr"]), r["w"])).unstack()
    count = np.log(cells.size().unstack())

    def beyond(y: pd.DataFrame, after: list[int], before: list[int]) -> np.ndarray:
        change = y[after].mean(axis=1) - y[before].mean(axis=1)
        rest = change.drop("North").mean()
        return np.array([change["North"], rest, change["North"] - rest])

    yield found.table["estimate"].iloc[0], beyond(score, [2023, 2024], [2021, 2022])[2]
    yield found.table["estimate"].iloc[2:], [beyond(score, [t], [2022])[2] for t in (2023, 2024)]
    yield found.parts["rivals"][["treated", "others", "estimate"]].iloc[0], beyond(count, [2023, 2024], [2021, 2022])


@twin("running")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    for line in table(found.table).itertuples():
        mine = rows[(rows["segment"] == line.segment) & (rows["wave"] <= int(line.period))]
        yield (line.estimate, line.n), (mean(points(mine["ltr"]), mine["w"]), len(mine))


@twin("consistency", "kpi_tree")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    top = lambda c: mean(rows["sat"][rows["channel"] == c] >= 4, rows["w"][rows["channel"] == c])  # noqa: E731
    for line in found.table.itertuples():
        if "against" in found.table:
            yield line.estimate, top(line.channel) - top(line.against)
        else:
            mine = rows[rows["wave"] == 4]
            name = {"Satisfaction": "sat", "Room": "room", "Food": "food"}[line.item]
            yield (line.estimate, line.n), (mean(mine[name], mine["w"]), len(mine))
    if "weight" in found.table:
        yield found.table["weight"].sum(), 1.0


@twin("crosstab")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Columns: rows, weight, Kish's effective size, shares and means; a difference by its error is Student's."""
    said = found.table
    for line in said.itertuples():
        mine = rows if line.column == "Total" else rows[rows["arm" if line.banner == "Arm" else "shop"] == line.column]
        w, x = mine["w"], mine["sat"]
        if line.kind == "base":
            yield (line.n, line.weighted, line.effective), (len(mine), w.sum(), w.sum() ** 2 / (w**2).sum())
        elif line.row.isdigit():
            yield line.estimate, mean(x == int(line.row), w)
            yield line.row_share, w[x == int(line.row)].sum() / rows["w"][rows["sat"] == int(line.row)].sum()
        elif line.row == "Mean":
            yield line.estimate, mean(x, w)
        elif line.row.startswith("Top-2"):
            yield line.estimate, mean(x >= 4, w)
    tests = found.parts["tests"]
    assert len(tests)
    means = tests[tests["row"] == "Mean"]
    yield means["p"], 2 * student.sf(means["difference"].abs() / means["se"], means["df"])
    value = said.set_index(["row", "letter"])["estimate"]
    yield tests["difference"], [value[t.row, t.first] - value[t.row, t.second] for t in tests.itertuples()]


@twin("variation")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    groups = table(found.parts["groups"])
    for line in groups.itertuples():
        mine = rows["brand"] == line.brand
        yield line.estimate, mean(points(rows["ltr"][mine]), rows["w"][mine])
    tau2 = found.parts["tau"] ** 2
    w = 1 / (groups["sampling"] ** 2 + tau2)
    yield found.parts["mean"], mean(groups["estimate"], w)


@twin("regression_to_mean")
def _(found: cx.Result, rows: pd.DataFrame) -> Pairs:
    """Two answers of one person: a normal pair, cut where the shares of the first cut it."""
    w, x = rows["w"], rows["ltr"]
    shares = np.array([mean(x == k, w) for k in range(11)])
    cuts = np.r_[-8.0, norm.ppf(np.cumsum(shares)[:-1]), 8.0]
    for line in found.table[found.table["retest"] == 0.7].itertuples():
        below = multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]]).cdf
        first = range(7) if line.group == "detractors" else range(9, 11)
        ends = cuts[first[0]], cuts[first[-1] + 1]
        up_to = np.array([[below([end, cut]) for cut in cuts] for end in ends])
        again = np.diff(up_to[1] - up_to[0])
        again /= again.sum()
        yield line.mean_before, shares[list(first)] @ np.array(first) / shares[list(first)].sum()
        yield np.round([line.mean_after, line.estimate / 100, line.left], 3), np.round(
            [again @ np.arange(11), again[9:].sum() - again[:7].sum(), 1 - again[list(first)].sum()], 3)  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_a_number_is_that_of_its_formula(name: str) -> None:
    result, rows = asked(name)
    pairs = list(TWINS[name](result, rows))
    assert pairs
    for k, (told, right) in enumerate(pairs):
        np.testing.assert_allclose(np.asarray(told, float), np.asarray(right, float), 1e-6, 1e-9, err_msg=f"pair {k}")
