"""The main finding of a result in words, by its kind: what a page begins with where no groups or waves are compared."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from cxlab.columns import difference, show
from cxlab.languages.one_and_many import agreed
from cxlab.models.metrics import evidence_sentences, page_sentences, text_sentences
from cxlab.models.metrics.placing import extreme, placed
from cxlab.models.metrics.said import Said
from cxlab.models.metrics.said import of_row as _of
from cxlab.result import Result


def _value(r: Result) -> list[Said]:
    row, so = r.table.iloc[-1], " if it is the score that keeps customers"
    gains, loses, so = ("brings", "loses", "") if r.parts["causal"] else ("would be worth", "would lose", so)
    what = r.title.removeprefix("What ").partition(f" {gains}")[0]
    if row["high"] < 0:  # minus an amount "worth" is a loss
        words = f"{what} {loses} {-row['estimate']:,.0f} ({row['step']}){so}"
        return [Said(words, row["estimate"], -row["high"], -row["low"])]
    chance = "" if pd.isna(r.parts["chance"]) else f", with a chance of {r.parts['chance']:.0%} to be above 0"
    return [_of(row, f"{what} {gains} {row['estimate']:,.0f} ({row['step']}){so}{chance}")]  # the chance says how sure


def _loyalty_curve(r: Result) -> list[Said]:
    known = r.table[r.table["estimate"].notna() & (r.table["n"] >= 10)]
    if len(known) < 2:
        return []
    first, last = known.iloc[0], known.iloc[-1]
    at, sure = [first, last], first["low"] > last["high"] or first["high"] < last["low"]
    shape = str(r.parts.get("shape", ""))
    if shape.startswith(("rises, then falls", "falls, then rises")):  # the ends alone would hide the turn
        up, curve = shape.startswith("rises"), known["estimate"]
        turn = known.loc[curve.idxmax() if up else curve.idxmin()]
        at, ends = [first, turn, last], known.iloc[[0, -1]]
        sure = bool(turn["low"] > ends["high"].max() if up else turn["high"] < ends["low"].min())
    told = ", ".join(f"{show(x['estimate'], r.unit)} at {x['score']:g}" for x in at)
    return [Said(f"{r.title.partition(' over ')[0]}: {told} of {r.parts['score']}", sure=sure)]


def _survival(r: Result) -> list[Said]:
    if r.parts["by"]:
        return []
    row = r.table.iloc[-1]
    words = f"{show(row['estimate'], 'share')} are still there after {row['at']:g} {r.parts['unit']}"
    return [_of(row, words, "share")]


def _cost_to_serve(r: Result) -> list[Said]:
    row = r.table.iloc[0]
    sure = row["low"] > 0 or row["high"] < 0
    size = f"{abs(row['estimate']):,.2f} {'less' if row['estimate'] < 0 else 'more'}"
    what = str(row["term"]).rpartition(",")[0] or str(row["term"])
    low, high = sorted(abs(float(row[end])) for end in ("low", "high")) if sure else (row["low"], row["high"])
    words = f"A customer one point higher in {what} costs {size} to serve"
    return [Said(words, row["estimate"], low, high, sure=bool(sure))]


def _contact_clock(r: Result) -> list[Said]:
    row = r.table.iloc[-1]
    words = f"{show(row['estimate'], 'share')} of the customers have come back after {row['at']:g} {r.parts['unit']}"
    return [_of(row, words, "share")]


def _repeat(r: Result) -> list[Said]:
    return [Said(f"{r.title}: {r.table['estimate'].sum():,.0f} are expected, of {int(r.table['n'].sum()):,} customers")]


def _stated_premium(r: Result) -> list[Said]:
    first, last = r.table.iloc[0], r.table.iloc[-1]
    words = f"People say they would pay {show(first['estimate'], 'share')} more"
    if last["factor"] > 1:  # the interval that follows is that of what they say
        words = (f"If premiums are stated {last['factor']:g} times too high, people would pay "
                 f"{show(last['estimate'], 'share')} more; they say {show(first['estimate'], 'share')}")  # fmt: skip
    return [_of(first, words, "share", sure=first["low"] > 0)]


def _price_sensitivity(r: Result) -> list[Said]:
    at = r.table.set_index("point")["estimate"]
    low, high = (next((v for k, v in at.items() if code in k), float("nan")) for code in ("PMC", "PME"))
    if pd.isna(low) or pd.isna(high):
        return []
    money = f" {r.parts['unit']}" if r.parts.get("unit") else ""
    return [Said(f"Prices from {low:,.2f} to {high:,.2f}{money} are accepted")]


def _willingness_to_pay(r: Result) -> list[Said]:
    rows = r.table.dropna(subset=["estimate"])
    unit = r.title.rpartition("in units of ")[2]
    return [
        _of(x, f"{x['term']} is worth {x['estimate']:,.2f} in units of {unit}", sure=x["low"] > 0 or x["high"] < 0)
        for _, x in rows.iterrows()
    ][:2]


def _alert_policy(r: Result) -> list[Said]:
    known = r.table.dropna(subset=["estimate"])
    if not len(known):
        return []
    row = known[known["best"]].iloc[0] if known["best"].any() else known.loc[known["estimate"].idxmax()]
    cut, sure = str(row["cut"]), row["verdict"] == "pays"
    if not sure:
        return [_of(row, f"No cut of the alerts is sure to pay; {cut} comes nearest", "index", sure=False)]
    return [_of(row, f"Calling those who answer {cut} pays: {row['estimate']:,.0f} per 1,000 customers", "index")]


def _alerts(r: Result) -> list[Said]:
    total, alone = int(r.table["n"].sum()), r.table[r.table["owner"] == "(nobody)"]["n"].sum()
    rest = f"; {int(alone):,} {'has' if alone == 1 else 'have'} no owner" if alone else ""
    return [Said(agreed(f"{total:,} alerts in {r.parts['weeks']:.0f} weeks") + rest)]


def _closing(r: Result) -> list[Said]:
    known = r.table.dropna(subset=["estimate"]).sort_values("estimate", ascending=False)
    if not len(known):
        return []
    row = known.iloc[0]
    who = [str(row[c]) for c in r.table.columns[: list(r.table.columns).index("estimate")]]
    most = "the slowest" if extreme(known["low"], known["high"], 0) else "perhaps the slowest"
    of = f" of {', '.join(who)}" if who else ""
    slowest = f", {most} of {len(known)}" if of and len(known) > 1 else ""
    return [_of(row, f"Half of the tickets{of} are closed after {row['estimate']:,.1f} days{slowest}", "index")]


def _loop_effect(r: Result) -> list[Said]:
    row = r.table.iloc[0]
    sure, way = row["low"] > 0 or row["high"] < 0, str(row["comparison"])
    if not sure:
        return [_of(row, f"Whether a call changes the next answer cannot be told ({way})", r.unit, sure=False)]
    return [_of(row, f"After a call the next answer is {show(row['estimate'], r.unit)} different ({way})", r.unit)]


def _regression_to_mean(r: Result) -> list[Said]:
    low = r.table[r.table["group"] == "detractors"]
    if not len(low):
        return []
    row = low.iloc[0]
    return [
        Said(
            f"With nothing done, {show(row['left'], 'share')} of the detractors would be none the second time, if two "
            f"answers go together as {row['retest']:g}",
            sure=False,
        )
    ]


def _kpi_tree(r: Result) -> list[Said]:
    goal, rest = r.table.iloc[0], r.table.iloc[1:]
    rest = rest.dropna(subset=["contribution"]) if len(rest) else rest
    now, aim = f"{goal['estimate']:.2f}", f"target of {goal['target']:g}"
    told = {True: f"{goal['item']} is below its {aim}: {now}", False: f"{goal['item']} reaches its {aim}: {now}"}
    sure = bool(goal["low"] >= goal["target"] or goal["high"] < goal["target"])
    words = told[bool(goal["high"] < goal["target"])] if sure else f"{goal['item']} is near its {aim}: {now}"
    out = [_of(goal, words, "mean", sure=sure)]
    if len(rest) and rest["contribution"].max() > 0:
        top = rest.loc[rest["contribution"].idxmax()]
        lows = rest.drop(top.name)["contribution_high"]
        sure = bool(len(lows) == 0 or top["contribution_low"] > lows.max())
        most = "weighs" if sure else "may weigh"
        out.append(Said(f"The distance of {top['item']} to its target {most} most for {goal['item']}", sure=sure))
    return out


def _measurement_plan(r: Result) -> list[Said]:
    few = int((r.table["verdict"] == "not worth asking").sum())
    size = show(r.parts["smallest"], difference(r.unit)) if r.unit != "mean" else f"{r.parts['smallest']:g}"
    words = f"The budget shows a change of {size}"
    told = "at every touchpoint" if not few else f"at {len(r.table) - few or 'none'} of {len(r.table)} touchpoints"
    return [Said(f"{words} from one period to the next {told}")]


def _gaming(r: Result) -> list[Said]:
    looked = r.parts["looked"]
    words = agreed(f"{len(looked)} owners are outside the limits") + f": look at {', '.join(map(str, looked[:3]))}"
    return [Said(words)] if looked else []


def _journey(r: Result) -> list[Said]:
    known = r.table.dropna(subset=["reach"])
    last = (known["reach"] * known["exit"]).fillna(0)
    usual = known.loc[last.idxmax(), "touchpoint"] if len(known) and last.max() > 0.5 else None
    ends = known[(known["exit"] < 1) & (known["exit"] > 0) & (known["touchpoint"] != usual)]
    if not len(ends):
        return [] if usual is None else [Said(f"{show(last.max(), 'share')} of all journeys end at {usual}")]
    if last.max() > 0.95 and (ends["reach"] * ends["exit_high"]).max() < 0.01:  # no finding
        return [Said(f"{show(last.max(), 'share')} of all journeys end at {usual}; elsewhere fewer than 1 in 100 do")]
    worst = ends.loc[ends["exit"].idxmax()]
    lows = ends.drop(worst.name)["exit_high"]
    sure = bool(len(lows) == 0 or worst["exit_low"] > lows.max())
    more = "more than anywhere else" if sure else "perhaps more than elsewhere"
    more += "" if usual is None else f" but at {usual}, where most end"
    words = f"of the journeys that come to {worst['touchpoint']} have it as their last, {more}"
    words = f"{show(worst['exit'], 'share')} {words}"
    return [Said(words, worst["exit"], worst["exit_low"], worst["exit_high"], "share", sure)]


def _pain_points(r: Result) -> list[Said]:
    row = r.table.iloc[0]
    sure = row["rank_high"] == 1
    most = "hurts most" if sure else "may hurt most"
    where = f"{row['touchpoint']} ({row['problem']})" if "touchpoint" in row else f"'{row['problem']}'"
    what = "journeys" if "touchpoint" in row else "cases"
    words = (
        f"{where} {most}: it happens in {show(row['frequency'], 'share')} of the {what}, and goes with "
        f"{show(row['severity'], 'mean')} less; without it the mean may be higher by {show(row['estimate'], 'mean')}"
    )
    rivals = [i for i in range(1, len(r.table)) if r.table["rank_low"].iloc[i] <= 2]
    name = lambda i: " ".join(str(r.table[c].iloc[i]) for c in ("touchpoint", "problem") if c in r.table)  # noqa: E731
    open_ = f"What comes second is not settled: {page_sentences.named([name(i) for i in rivals])} may"
    return [_of(row, words, "mean", sure=bool(sure)), *([Said(open_, sure=False)] if sure and rivals[1:] else [])]


def _drop_off(r: Result) -> list[Said]:
    if r.parts["by"]:
        return []
    last = r.table[r.table["at"] == r.table["at"].max()].dropna(subset=["estimate"])
    ends = lambda s: "are still under way after" if s == "(under way)" else f"end as {s} within"  # noqa: E731
    words = lambda x: f"{show(x['estimate'], 'share')} of the journeys {ends(x['state'])} {x['at']:g} days"  # noqa: E731
    return [_of(x, words(x), "share") for _, x in last[:2].iterrows()]


def _handoffs(r: Result) -> list[Said]:
    some, back = show(r.parts["with_handoff"], "share"), show(r.parts["returning"], "share")
    what = r.title.removeprefix("Changes of ").partition(" and ")[0]  # a device is no hand
    return [Said(f"{some} of the cases change {what} at least once, {back} come back to one they had before")]


def _journey_types(r: Result) -> list[Said]:
    known = r.table[r.table["type"] != "all journeys"]
    return [Said(f"Journeys fall into {len(known)} kinds")] if len(known) > 1 else []


def _monitor(r: Result) -> list[Said]:
    alarms, out, unit = r.parts["alarms"], [], difference(r.unit)
    names = [str(r.parts.get("labels", {}).get(c, c)) for c in r.parts.get("by", [])]
    measure = r.title.partition(" by ")[0]
    for _, x in alarms.iterrows():
        who = ", ".join(str(v) for v in x.iloc[: len(names)])
        when = f"has been {{}} since {x['since']}" if x["open"] else f"was {{}} from {x['since']} to {x['last']}"
        side = "above" if x["side"] == "higher" else "below"
        words = f"{who + ': ' if who else ''}{measure} {when.format(side + ' what was to be expected')}"
        low, high = sorted(abs(float(x[c])) for c in ("shift_low", "shift_high"))
        out.append(Said(f"{words}, by about {show(abs(x['shift']), unit)}", x["shift"], low, high, unit))
    return out or [Said(f"{measure}: no alarm; what moved is what a sample and the days let expect", sure=False)]


def _changes(r: Result) -> list[Said]:
    measure, real = r.title.partition(" by ")[0], r.table.dropna(subset=["low"])
    real, unit = real[real["change"] > 0], difference(r.unit)
    return [
        _of(x, f"{measure} {'rose' if x['estimate'] > 0 else 'fell'} by {show(abs(x['estimate']), unit)} between "
               f"{x['at_low']} and {x['at_high']}", unit)
        for _, x in real.iterrows()
    ]  # fmt: skip


def _change_explained(r: Result) -> list[Said]:
    rows = r.table.set_index("part")
    total, mix = (rows.loc[[p]].iloc[0] for p in ("change", "mix"))
    if total["low"] <= 0 <= total["high"]:
        return []
    side = "rose" if total["estimate"] > 0 else "fell"
    unit = difference(r.unit)
    measure, what = r.title.partition(":")[0], f"{show(mix['estimate'], unit)} of it by who answered"
    return [_of(total, f"{measure} {side} by {show(abs(total['estimate']), unit)}, {what}", unit)]


def _experiment(r: Result) -> list[Said]:
    out = []
    for _, x in r.table.dropna(subset=["estimate"]).iterrows():
        sure = bool(x["p_adjusted"] < 0.05)
        unit = difference(str(x.get("unit", r.unit)) or r.unit)
        side = "above" if x["estimate"] > 0 else "below"
        words = f"{x['treated']} is {show(abs(x['estimate']), unit)} {side} {x['against']} in {x['outcome']}"
        low, high = (x["low"], x["high"]) if x["estimate"] > 0 else (-x["high"], -x["low"])
        said = words if sure else f"Whether {x['treated']} differs from {x['against']} in {x['outcome']} cannot be told"
        out.append(Said(said, x["estimate"], low, high, unit, sure))
    return out


def _pilot(r: Result) -> list[Said]:
    row = r.table.iloc[0]
    sure, unit = row["low"] > 0 or row["high"] < 0, difference(r.unit)
    if not sure:
        return [_of(row, "Whether the units that began moved otherwise than the others cannot be told", unit, False)]
    side = "rose" if row["estimate"] > 0 else "fell"
    size = show(abs(row["estimate"]), unit)
    return [_of(row, f"The units that began {side} by {size} beyond the others", unit)]


def _rollout_plan(r: Result) -> list[Said]:
    power = next((n for n in r.notes if n.startswith("an effect of ")), "")
    return [Said(f"{r.title}: {power.partition(' (')[0]}", sure=False)] if power else []


def _league(r: Result) -> list[Said]:
    first, unit = r.table.iloc[0], r.parts["unit"]
    low, high = int(first["all_low"]), int(first["all_high"])  # who is first is seen after looking: all at once
    words = f"{first[unit]} {placed(1, low, high, f'{len(r.table)} units in ' + r.parts['measure'])}"
    return [_of(first, f"{words}: {show(first['estimate'], r.unit)}", r.unit, sure=high == 1)]


SAYS: dict[str, Callable[[Result], list[Said]]] = {
    "value": _value, "loyalty_curve": _loyalty_curve, "survival": _survival, "cost_to_serve": _cost_to_serve,
    "contact_clock": _contact_clock, "repeat": _repeat, "stated_premium": _stated_premium,
    "price_sensitivity": _price_sensitivity, "willingness_to_pay": _willingness_to_pay, "alert_policy": _alert_policy,
    "alerts": _alerts, "closing": _closing, "loop_effect": _loop_effect, "regression_to_mean": _regression_to_mean,
    "kpi_tree": _kpi_tree, "measurement_plan": _measurement_plan, "gaming": _gaming, "journey": _journey,
    "pain_points": _pain_points, "drop_off": _drop_off, "handoffs": _handoffs, "journey_types": _journey_types,
    "monitor": _monitor, "changes": _changes, "change_explained": _change_explained, "experiment": _experiment,
    "pilot": _pilot, "rollout_plan": _rollout_plan, "league": _league,
    **text_sentences.SAYS, **page_sentences.SAYS, **evidence_sentences.SAYS,
}  # fmt: skip
"""Each kind of result that says its main findings, and the function that does; all read the result alone."""


def said(result: Result) -> list[Said]:
    """Return the findings of a result, the first the most important; none where its kind says none.

    Examples
    --------
    >>> table = pd.DataFrame({"factor": [1.0, 1.2], "estimate": [0.14, 0.117], "low": 0.11, "high": 0.15})
    >>> [x.headline for x in said(Result("stated_premium", "Premium", table, "share"))]
    ['If premiums are stated 1.2 times too high, people would pay 11.7 % more; they say 14.0 %']
    """
    return SAYS[result.kind](result) if result.kind in SAYS and len(result.table) else []
