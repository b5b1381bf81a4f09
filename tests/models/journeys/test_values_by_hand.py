# ruff: noqa: E501
"""Handoffs, pain points and types, number by number: sums written out one case at a time, with weights and clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

import cxlab as cx

N = 120


def log(seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of cases of two to nine events, with weight, owner, a problem and a score; and one row a case."""
    rng = np.random.default_rng(seed)
    rows = []
    for case in range(N):
        n = int(rng.integers(2, 10))
        held = rng.choice(list("xyz"), n)
        wrong = rng.random(n) < 0.2
        w = float(1 + case % 3)
        late = (rng.random(n) < 0.15) & (np.arange(n) > 0)
        score = np.clip(np.round(70 - 8 * wrong.any() - 3 * late.any() + 2 * (case % 3) + rng.normal(0, 6)), 0, 100)
        rows += [(case, "abc"[i % 3], case + i * (1 + case % 4), held[i], int(wrong[i]), int(late[i]), w,
                  score if i == n - 1 else np.nan, case // 2) for i in range(n)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["case", "event", "day", "who", "wrong", "late", "w", "score", "home"])
    each = table.groupby("case").agg(
        w=("w", "first"), y=("score", "last"), events=("event", "size"), home=("home", "first"),
        days=("day", lambda d: d.max() - d.min()), switches=("who", lambda s: int((s != s.shift()).sum() - 1)),
        wrong=("wrong", "max"), late=("late", "max"),
    )  # fmt: skip
    return table, each.reset_index()


def study(table: pd.DataFrame, *, score: bool = True, best: str = "high", **roles: str) -> cx.Study:
    found = cx.load(table if score else table.drop(columns="score", errors="ignore"))
    for column, role in {
        "case": "case",
        "event": "event",
        "day": "time",
        "who": "owner",
        "w": "weight",
        **roles,
    }.items():
        found = found.set(column, role=role)
    if score:
        found = found.set("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100, best))
    return found


def grouped(k: pd.Series) -> pd.Series:
    return k.map(lambda v: str(v) if v < 3 else "3 to 4" if v < 5 else "5 or more")


def variance(u: np.ndarray, unit: np.ndarray | None = None) -> np.ndarray:
    """Of sums over units drawn with replacement: G / (G - 1) sum (u - mean)²."""
    u = np.asarray(u, float).reshape(len(u), -1)
    if unit is not None:
        u = np.array([u[unit == k].sum(0) for k in np.unique(unit)])
    off = u - u.mean(0)
    return len(u) / (len(u) - 1) * off.T @ off


@pytest.mark.parametrize("clustered", [False, True])
def test_shares_and_means_of_handoffs_with_weights(clustered: bool) -> None:
    table, each = log()
    found = cx.handoffs(study(table, **({"home": "cluster"} if clustered else {})), least_n=0).table.set_index(
        "switches"
    )
    w, y, group = each["w"].to_numpy(), each["y"].to_numpy(), grouped(each["switches"])
    unit = each["home"].to_numpy() if clustered else None
    assert len(found) == 5
    for name, row in found.iterrows():
        mine = (group == name).to_numpy()
        p = w[mine].sum() / w.sum()
        size = p * (1 - p) / variance(w * (mine - p) / w.sum(), unit)[0, 0]
        z = stats.norm.ppf(0.975)
        middle = (p + z**2 / (2 * size)) / (1 + z**2 / size)
        half = z / (1 + z**2 / size) * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
        assert row[["share", "share_low", "share_high"]].tolist() == pytest.approx([p, middle - half, middle + half])
        mean = (w * y)[mine].sum() / w[mine].sum()
        se = np.sqrt(variance(np.where(mine, w * (y - mean) / w[mine].sum(), 0), unit)[0, 0])
        df = min((N if unit is None else len(set(unit))) - 1, mine.sum() - 1)
        half = stats.t.ppf(0.975, df) * se
        assert row[["estimate", "low", "high", "n"]].tolist() == pytest.approx(
            [mean, mean - half, mean + half, mine.sum()]
        )


def test_median_days_of_handoffs_with_weights() -> None:
    table, each = log()
    found = cx.handoffs(study(table, score=False), least_n=0).table.set_index("switches")
    for name, mine in each.groupby(grouped(each["switches"])):
        mine = mine.sort_values("days")
        w, x = mine["w"].to_numpy(), mine["days"].to_numpy(float)
        at = (np.cumsum(w) - w / 2) / w.sum()  # the middle of what each case stands for
        half = stats.t.ppf(0.975, len(x) - 1) * 0.5 * np.sqrt((w**2).sum()) / w.sum()
        right = [np.interp(q, at, x) if 0 < q < 1 else np.nan for q in (0.5, 0.5 - half, 0.5 + half)]
        assert found.loc[name, ["estimate", "low", "high"]].tolist() == pytest.approx(right, nan_ok=True), name


@pytest.mark.parametrize("score", [True, False])
def test_slopes_of_handoffs_are_those_of_weighted_least_squares(score: bool) -> None:
    table, each = log()
    slopes = cx.handoffs(study(table, score=score), given=["events", "days"]).parts["slopes"].set_index("slope")
    y = each["y"] if score else np.log2(np.fmax(each["days"], 1 / 1440))
    held = [np.log2(1 + each["events"]), np.log2(1 + each["days"])]
    for name, more in (("raw", []), ("held fixed", held)):
        x = sm.add_constant(np.column_stack([each["switches"], *more]).astype(float))
        fit = sm.WLS(y, x, weights=each["w"]).fit(cov_type="HC3", use_t=True)
        low, high = fit.conf_int().iloc[1]
        assert slopes.loc[name].tolist() == pytest.approx([fit.params.iloc[1], low, high], rel=1e-9), name


def test_what_a_page_says_of_handoffs_and_more_events() -> None:
    """Days follow the events; handoffs follow them, too, and nothing else."""
    rng = np.random.default_rng(5)
    rows = []
    for case in range(300):
        n = int(rng.integers(2, 12))
        held = rng.choice(list("xy"), n, p=[0.85, 0.15])
        days = (1 + n) ** 1.5 * 2 ** rng.normal(0, 0.5)
        rows += [(case, "a", days * i / (n - 1), held[i], 1.0 + case % 2) for i in range(n)]
    table = pd.DataFrame(rows, columns=["case", "event", "day", "who", "w"])
    found = cx.handoffs(study(table, score=False))
    each = table.groupby("case").agg(
        w=("w", "first"), n=("day", "size"), k=("who", lambda s: (s != s.shift()).sum() - 1)
    )
    more, less = (np.average(e["n"], weights=e["w"]) for e in (each[each["k"] > 0], each[each["k"] == 0]))
    said = f"cases that change who have {more:.1f} events on average, the others {less:.1f}. Among cases with as many"
    assert any(said in n and "nothing is left that chance would not make" in n for n in found.notes)
    raw = found.parts["slopes"].set_index("slope").loc["raw"]
    line = f"one handoff more goes with {raw['estimate']:+.2f} [{raw['low']:+.2f}, {raw['high']:+.2f}] doublings of the days"
    assert f"{line}, nothing held fixed" in found.notes
    w, k = each["w"].to_numpy(), each["k"].to_numpy() > 0
    assert found.parts["with_handoff"] == pytest.approx(w[k].sum() / w.sum())


@pytest.mark.parametrize("clustered", [False, True])
def test_the_map_of_touchpoints_one_case_at_a_time(clustered: bool) -> None:
    table, _ = log()
    found = cx.journey(study(table, **({"home": "cluster"} if clustered else {})), least_n=0).table.set_index(
        "touchpoint"
    )
    cases = table.groupby("case")
    w, y = cases["w"].first().to_numpy(), cases["score"].last().to_numpy()
    unit = cases["home"].first().to_numpy() if clustered else None
    z = stats.norm.ppf(0.975)
    for e in "abc":
        visits = table[table["event"] == e].groupby("case").size().reindex(range(N), fill_value=0).to_numpy()
        came, last = visits > 0, (cases["event"].last() == e).to_numpy()
        row = found.loc[e]
        for name, top, low in (("reach", came * w, w), ("exit", last * w, came * w)):
            p = top.sum() / low.sum()
            if p == 1:  # everybody begins here
                assert row[[name, f"{name}_high"]].tolist() == [1, 1] and 0.9 < row[f"{name}_low"] < 1
                continue
            size = p * (1 - p) / variance((top - p * low) / low.sum(), unit)[0, 0]
            middle = (p + z**2 / (2 * size)) / (1 + z**2 / size)
            half = z / (1 + z**2 / size) * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
            got = row[[name, f"{name}_low", f"{name}_high"]].tolist()
            assert got[0] == pytest.approx(p), (e, name)
            assert got[1:] == pytest.approx([middle - half, middle + half], abs=2e-3), (e, name)
        units = len(set(unit[came])) if clustered else came.sum()
        for name, top in (("repeats", (visits - 1) * w * came), ("score", y * w * came)):
            mean = top.sum() / (w * came).sum()
            u = (top - mean * w * came) / (w * came).sum()
            se = np.sqrt(variance(u[came] if unit is None else u, unit)[0, 0])
            got = row[[name, f"{name}_low", f"{name}_high"]].tolist()
            assert got[0] == pytest.approx(mean), (e, name)
            half = stats.t.ppf(0.975, units - 1) * se
            low = max(mean - half, 0) if name == "repeats" else mean - half
            assert got[1:] == pytest.approx([low, mean + half], rel=0.02), (e, name)
        assert row["n"] == came.sum()


@pytest.mark.parametrize("weighted", [False, True])
def test_median_waits_and_their_limits(weighted: bool) -> None:
    table, _ = log()
    table["day"] += np.random.default_rng(6).uniform(0, 0.9, len(table))  # no two waits alike
    chosen = study(table) if weighted else study(table, w="")
    found = cx.journey(chosen, least_n=0).table.set_index("touchpoint")
    table["since"] = table.groupby("case")["day"].diff()
    for e in "abc":
        mine = table[(table["event"] == e) & table["since"].notna()].sort_values("since")
        w = mine["w"].to_numpy() if weighted else np.ones(len(mine))
        each = mine.drop_duplicates("case")["w"] if weighted else np.ones(mine["case"].nunique())
        size = each.sum() ** 2 / (each**2).sum()
        half = stats.t.ppf(0.975, size - 1) * 0.5 / np.sqrt(size)
        places = np.r_[0.5, 0.5 - half, 0.5 + half]
        at = (np.cumsum(w) - w / 2 - w.mean() / 2) / (w.sum() - w.mean())
        right = np.interp(places, at, mine["since"])
        assert found.loc[e, ["wait", "wait_low", "wait_high"]].tolist() == pytest.approx(
            right.tolist(), abs=1e-9 if weighted else 0.02
        ), e
    assert (found["wait_low"] <= found["wait"]).all() and (found["wait"] <= found["wait_high"]).all()


@pytest.mark.parametrize(("best", "clustered"), [("high", False), ("low", True)])
def test_pain_points_one_case_at_a_time(best: str, clustered: bool) -> None:
    table, _ = log()
    chosen = study(table, best=best, **({"home": "cluster"} if clustered else {}))
    found = cx.pain_points(chosen, problems=["wrong", "late"], least_n=0)
    names = [(e, p) for p in ("wrong", "late") for e in "abc"]
    happened = {
        (e, p): table[(table["event"] == e) & (table[p] == 1)].groupby("case").size().reindex(range(N)).notna()
        for e, p in names
    }
    x = np.column_stack([happened[k] for k in names]).astype(float)
    each = table.groupby("case").agg(w=("w", "first"), y=("score", "last"), home=("home", "first"))
    w, y = (each["w"] / each["w"].sum()).to_numpy(), each["y"].to_numpy()
    fit = sm.WLS(y, sm.add_constant(x), weights=w).fit()
    sign = -1.0 if best == "high" else 1.0
    severity, often = sign * np.asarray(fit.params)[1:], w @ x
    inverse = np.linalg.inv(sm.add_constant(x).T @ np.diag(w) @ sm.add_constant(x))
    own = np.array(
        [sign * w[i] * (inverse @ np.r_[1.0, x[i]])[1:] * (y[i] - np.r_[1.0, x[i]] @ fit.params) for i in range(N)]
    )
    share = np.array([w[i] * (x[i] - often) for i in range(N)])
    unit = each["home"].to_numpy() if clustered else None
    t = stats.t.ppf(0.975, (N if unit is None else len(set(unit))) - 1)
    rows = found.table.set_index(["touchpoint", "problem"]).loc[names]
    assert len(found.table) == len(names) and found.table["estimate"].is_monotonic_decreasing
    joint = variance(np.column_stack([share, own]), unit)
    for j, (_, row) in enumerate(rows.iterrows()):
        f, b = often[j], severity[j]
        vf, vb, both = joint[j, j], joint[6 + j, 6 + j], joint[j, 6 + j]
        size = f * (1 - f) / vf  # the cases that would know the frequency as well
        centre, half = (f + t**2 / (2 * size)) / (1 + t**2 / size), t / (1 + t**2 / size)
        half *= np.sqrt(f * (1 - f) / size + t**2 / (4 * size**2))
        limits = centre - half, centre + half
        sides = [np.flatnonzero(x[:, j] == k) for k in (0, 1)]
        few = min(w[s].sum() ** 2 / (w[s] ** 2).sum() if unit is None else len(set(unit[s])) for s in sides)
        own_half = stats.t.ppf(0.975, min(few, N if unit is None else len(set(unit))) - 1) * np.sqrt(
            vb * few / (few - 1)
        )
        right = [f, *limits, b, b - own_half, b + own_half, b * f]
        for side in (-1, 1):
            to = limits[0] if side * b < 0 else limits[1]
            moved, unsure = abs(b) * abs(to - f), own_half * np.sqrt(f * to)
            more = 2 * np.sign(b) * both / np.sqrt(vf * vb) * moved * unsure
            right.append(b * f + side * np.sqrt(moved**2 + unsure**2 + more))
        columns = ["frequency", "frequency_low", "frequency_high", "severity", "severity_low", "severity_high"]
        np.testing.assert_allclose(row[[*columns, "estimate", "low", "high"]].to_numpy(float), right, atol=1e-10)
    np.testing.assert_allclose(rows["se"], np.sqrt(np.diag(variance(own * often + severity * share, unit))), atol=1e-12)
    assert rows["n"].tolist() == x.sum(0).tolist()


def test_a_score_that_is_missing_after_a_problem_is_said_with_its_share() -> None:
    table, each = log()
    gone = set(each.loc[each["wrong"].eq(1) & (each["case"] % 2 == 0), "case"])
    table.loc[table["case"].isin(gone), "score"] = np.nan
    found = cx.pain_points(study(table), problems="wrong", least_n=0)
    assert f"{len(gone) / N:.1%} of the cases have no score" in found.notes
    had = table[(table["event"] == "a") & (table["wrong"] == 1)]["case"].unique()
    lost = np.mean([c in gone for c in had])
    assert any(f"of the cases with 'a wrong' {lost:.1%} have no score" in n for n in found.notes)


def test_one_type_has_the_weighted_mean_length_and_score() -> None:
    table, each = log()
    one = cx.journey_types(study(table), k=1, draws=2_000)
    row = one.table.iloc[0]
    assert row["length"] == pytest.approx(np.average(each["events"], weights=each["w"]))
    assert (row["estimate"], row["n"]) == (1, N) and np.isnan(row["low"]) and np.isnan(row["high"])
    d = DescrStatsW(each["y"], weights=each["w"])
    assert row["score"] == pytest.approx(d.mean)
    w = each["w"].to_numpy() / each["w"].sum()
    half = stats.t.ppf(0.975, N - 1) * np.sqrt((N - 1) / N * variance(w * (each["y"] - d.mean))[0, 0])
    assert row["score_high"] - row["score"] == pytest.approx(row["score"] - row["score_low"])
    assert row["score_high"] - row["score"] == pytest.approx(half, rel=0.06)  # a bootstrap's error


def test_types_apart_have_the_shares_lengths_and_scores_of_their_cases() -> None:
    """After `a` one kind goes to b, the other again to a or to c: every journey tells its kind, and sums are by hand."""
    rng = np.random.default_rng(2)
    rows = []
    for case in range(200):
        kind, n = ("ab", 6 + case % 2) if case % 4 else ("aac", 7 + case % 3)
        rows += [(case, kind[i % len(kind)], case + i, 1.0 + (case % 4 == 0) + case % 2,
                  (60 if case % 4 else 40) + round(rng.normal(0, 5)) if i == n - 1 else np.nan) for i in range(n)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["case", "event", "day", "w", "score"])
    found = cx.load(table)
    for column, role in {"case": "case", "event": "event", "day": "time", "w": "weight"}.items():
        found = found.set(column, role=role)
    result = cx.journey_types(
        found.set("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)), k=2, draws=1_500
    )
    each = table.groupby("case").agg(w=("w", "first"), y=("score", "last"), n=("day", "size")).reset_index()
    t = stats.t.ppf(0.975, 199)
    kinds = [each["case"] % 4 != 0, each["case"] % 4 == 0]
    for row, mine in zip(result.table.itertuples(), kinds, strict=True):
        w = each["w"].to_numpy()
        p = w[mine].sum() / w.sum()
        se = np.sqrt(199 / 200 * variance(w * (mine - p) / w.sum())[0, 0])
        assert row.estimate == pytest.approx(p, abs=1e-6) and row.n == mine.sum()
        assert row.low == pytest.approx(p - t * se, abs=0.06 * t * se + 1e-6)
        assert row.high == pytest.approx(p + t * se, abs=0.06 * t * se + 1e-6)
        assert row.length == pytest.approx(np.average(each["n"][mine], weights=w[mine]), abs=1e-5)
        assert row.score == pytest.approx(np.average(each["y"][mine], weights=w[mine]), abs=1e-4)
        assert row.score_low < row.score < row.score_high
    assert result.parts["bic"].index.tolist() == [2]


def test_a_mixture_of_two_chains_has_the_bic_and_the_steps_of_its_reference() -> None:
    """4,000 journeys of two chains, drawn as the reference drew them: 780 ways; BIC 43,755, 41,933, 42,013."""
    rng = np.random.default_rng(0)
    one = np.array([[0.1, 0.6, 0.1, 0.2], [0.05, 0.1, 0.6, 0.25], [0.1, 0.1, 0.2, 0.6]])
    two = np.array([[0.5, 0.1, 0.2, 0.2], [0.5, 0.2, 0.1, 0.2], [0.1, 0.5, 0.2, 0.2]])

    def way(p: np.ndarray) -> list[int]:
        at = [int(rng.integers(3))]
        while (j := int(rng.choice(4, p=p[at[-1]]))) < 3 and len(at) <= 60:
            at.append(j)
        return at

    kinds = rng.random(4_000) < 0.35
    ways = [way(two if k else one) for k in kinds]
    assert len({tuple(w) for w in ways}) == 780
    rows = [(c, "abc"[e], i) for c, w in enumerate(ways) for i, e in enumerate(w)]
    study = cx.load(pd.DataFrame(rows, columns=["case", "event", "day"]))
    for column, role in {"case": "case", "event": "event", "day": "time"}.items():
        study = study.set(column, role=role)
    bic = {}
    for k in (1, 2, 3):
        found = cx.journey_types(study, k=k, draws=2)
        bic |= found.parts["bic"].to_dict()
        if k == 2:
            assert found.table["estimate"].iloc[1] == pytest.approx(0.359, abs=0.004)
            steps = found.parts["steps"].set_index(["type", "from", "to"])["share"]
            for name, p in (("type 1", one), ("type 2", two)):
                got = np.array([[steps[name, a, b] for b in ("a", "b", "c", "(end)")] for a in "abc"])
                assert np.abs(got - p).max() < 0.033, "the reference is .028 off at most"
    assert [bic[k] for k in (1, 2, 3)] == pytest.approx([43_755, 41_933, 42_013], abs=4)


def test_a_score_that_stands_at_events_counts_where_it_stands() -> None:
    """Two answers in a case: the mean at a touchpoint is that of the answers on its rows, each by its case's weight."""
    table, _ = log()
    rng = np.random.default_rng(4)
    table["score"] = np.where(rng.random(len(table)) < 0.6, rng.integers(0, 101, len(table)), np.nan)
    found = cx.journey(study(table), least_n=0)
    rows = found.table.set_index("touchpoint")
    for e, mine in table.dropna(subset=["score"]).groupby("event"):
        mean = np.average(mine["score"], weights=mine["w"])
        assert rows.loc[e, "score"] == pytest.approx(mean)
        u = (mine["w"] * (mine["score"] - mean) / mine["w"].sum()).groupby(mine["case"]).sum().to_numpy()
        se = np.sqrt(variance(u)[0, 0])
        assert rows.loc[e, "score_high"] - mean == pytest.approx(stats.t.ppf(0.975, len(u) - 1) * se, rel=0.02)
    assert "'score' counts at the events on whose rows it stands" in found.notes


@pytest.mark.parametrize(("gap", "common"), [(0, False), (1, True), (-1, True)])
def test_rows_of_which_it_is_not_known_whether_a_problem_happened_are_told(gap: int, common: bool) -> None:
    known = pd.DataFrame({"score": [2, 3, 3, 4] * 30, "late": [1.0, 0, 0, 0] * 15 + [0.0, 1, 0, 0] * 15})
    other = pd.DataFrame({"score": [2 + gap, 3 + gap, 3 + gap, 4 + gap] * 10, "late": np.nan})
    found = cx.load(pd.concat([known, other], ignore_index=True))
    found = found.set("score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    notes = cx.pain_points(found, problems="late").notes
    assert "120 complete rows" in notes
    said = f"left out; their mean is {3 + gap:.2f}, that of the others 3.00"
    line = next(n for n in notes if said in n)
    assert line.startswith("40 rows with a score do not say") and line.endswith("a problem of its own") == common


@pytest.mark.parametrize(("had", "shown"), [(10, True), (9, False)])
def test_a_problem_of_few_cases_is_not_shown(had: int, shown: bool) -> None:
    table = pd.DataFrame(
        {"score": [1, 2, 3, 4, 5] * 20, "late": [1, 0, 0, 0] * 25, "lost": [1] * had + [0] * (100 - had)}
    )
    found = cx.load(table).set("score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    result = cx.pain_points(found, problems=["late", "lost"])
    assert ("lost" in set(result.table["problem"])) == shown
    assert ("1 problem is not shown: fewer than 10 cases had such a one, or were spared" in result.notes) != shown
