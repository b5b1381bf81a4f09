"""`themes`: how many customers are concerned with what, with an interval that knows the classifier errs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study, key
from cxlab.models.metrics import estimates as metrics
from cxlab.models.text.coded import Coded, coding_of
from cxlab.models.text.theme_data import ThemeData, group_codes, score_of, standardised, theme_data
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.names import keys as keys_of
from cxlab.stats.counts.names import shown
from cxlab.stats.inference import multiple
from cxlab.stats.text import prediction_powered as pp
from cxlab.stats.text import rectifier_drift

OWN_LABELS = 20
"""Labels of a group from which its own errors of the classifier are taken; fewer borrow those of all."""

ALIKE = 0.05
LEAST_BORROWED = 0.2
"""Lambda below which the predictions say too little of a group that has too few labels of its own."""

COLUMNS = (
    Column("theme", "label", "", "Theme"),
    Column("wrote", "share", "", "Who wrote"),
    Column("labels_only", "share", "", "Labels alone"),
    Column("counted", "share", "", "Counted"),
    Column("worth", "count", "", "Worth labels"),
    Column("labels", "count", "", "Labels"),
    Column("n", "count", "", "Comments"),
    Column("correction", "text", "", "Correction"),
)
FIGURES = ("estimate", "low", "high", "se", "wrote", "labels_only", "counted", "worth")


@public
def themes(
    study: Study,
    by: str | Sequence[str] | None = None,
    *,
    of: str | None = None,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return the share of each theme, from the predictions for all comments and the labels of some.

    share = lambda mean(prediction, all) + mean(label - lambda prediction, labelled): right whatever errors the
    classifier makes, because the labels tell them; lambda makes the interval as short as it can be (PPI++). Labels
    count by weight over the probability of being drawn; errors follow weights, clusters and strata.

    Parameters
    ----------
    study : of `cxlab.code`.
    by : columns that form groups (a brand, a wave). A group of 20 labels or more has its own correction; a smaller one
        borrows that of all, with what corrections differ by between groups in its error, and has no share where they
        surely differ; where fewer than two groups have ten labels nothing tests it, which is said.
    of : 'comments', those who wrote; or 'customers', all who answered: those who wrote, weighted to the scores that
        all gave. The unhappy write more. 'customers' where the study has a score, if not given; the share of those who
        wrote then stands beside.
    level : confidence of the intervals, between 0 and 1.
    least_n : comments that a group needs to be shown.

    Returns
    -------
    Result in shares, a row a group and theme: ``theme, estimate, low, high, se, wrote`` (of those who wrote),
    ``labels_only``, ``counted`` (share of comments whose prediction is above one half: what others print), ``worth``
    (random labels that would give the same error), ``labels``, ``n`` (comments); of groups ``correction``: 'own',
    'borrowed' (of all labels), 'borrowed, not tested', 'none' (no share). A comment may be about several
    themes. ``parts``: ``by``, ``of``, ``quality`` (of the classifier by theme), ``agreement`` (of the coders),
    ``rectifier`` (label less lambda times prediction, by group, with limits about that of all: one group in 370 or
    fewer lies beyond them where the classifier errs alike; clusters, or persons who recur, count as one), ``alike``
    (p-value that it is the same in all groups, by theme).

    Raises
    ------
    DataProblem : the comments are not coded, or none of them is labelled: the error would be unknown.

    References
    ----------
    Angelopoulos, A. N., Duchi, J. C. & Zrnic, T. (2023). PPI++: efficient prediction-powered inference.
        arXiv:2311.01453.

    Examples
    --------
    >>> import cxlab as cx, pandas as pd
    >>> study = cx.simulations.simulate_comments(1500, seed=1)
    >>> sheet = pd.DataFrame({"comment": study.to_pandas()["comment"], "waiting": study.truth["coded"].astype(int)})
    >>> labels = cx.text.read_labels(sheet.head(200), ["waiting"], at_random=True)
    >>> found = cx.themes(cx.code(study, ["waiting"], labels=labels, engine="words"))
    >>> bool(found.table["low"][0] < study.truth["themes"]["waiting"] < found.table["high"][0])
    True
    """
    metrics.check_level(level)
    coded = coding_of(study)
    columns = [coded.field(b).name for b in metrics.listed(by)]
    one_of("of", of, (None, "comments", "customers"))
    score = score_of(coded) if of != "comments" else ""
    if of == "customers" and not score:
        raise DataProblem(
            f"{coded.name} has no score (role 'outcome') by which those who wrote could be weighted to all customers; "
            "use of='comments', or declare the score in its codebook"
        )
    data = theme_data(coded, columns, score)
    group, values = group_codes(data, columns)
    for c in columns:
        words = coded.field(c).labels
        values[c] = [words.get(key(v), v) for v in values[c]]
    values = values.set_axis(keys_of(columns), axis=1)
    notes = [*coded.caveats, *data.found.notes, *coded.coding["notes"]]
    weight, note = _weights(data, group, score)
    notes += note
    rows = data.wrote & (group >= 0)
    made = _Made(data, rows, group[rows], weight, level)
    table, more = _table(made, data, columns, values)
    table, hidden = _hidden(coded, table, columns, least_n)
    called = dict(zip(keys_of(columns), shown(columns, (*FIGURES, "theme", "labels", "n")), strict=True))
    table = table.rename(columns=called)
    notes += [*more, *hidden, *_said(made, bool(score), data)]
    whose = "customers" if score else "those who wrote"
    return Result(
        "themes", f"Share of {whose} by theme", table, "share", level, _method(made, data), tuple(dict.fromkeys(notes)),
        {
            "by": columns, "of": "customers" if score else "comments", "quality": coded.quality,
            "agreement": coded.coding["agreement"], "alike": made.alike_table(),
            "rectifier": made.rectifiers(values).rename(columns=called),
        },
        COLUMNS,
    )  # fmt: skip


class _Made:
    """Shares of every group: as asked, and of those who wrote."""

    def __init__(self, data: ThemeData, rows: NDArray, group: NDArray, weight: NDArray | None, level: float) -> None:
        self.names, self.level, self.group = data.names, level, group
        self.plain = data.labelled(rows)
        self.used = data.labelled(rows, weight) if weight is not None else self.plain
        self.between = np.array([data.coded.coding["between"][t] for t in data.names])
        self.shares, self.own, self.labels, self.p = pp.grouped(self.used, group, OWN_LABELS)
        self.wrote = pp.grouped(self.plain, group, OWN_LABELS)[0] if weight is not None else self.shares
        self.alike = np.asarray(multiple.adjusted(self.p, "holm"), float) if np.isfinite(self.p).any() else self.p
        self.lost = (~self.own)[:, None] & (np.nan_to_num(self.alike, nan=1.0) < ALIKE)[None, :]
        tuning = np.nan_to_num(self.shares[0].tuning)
        self.lost |= (~self.own)[:, None] & (tuning < LEAST_BORROWED)[None, :]  # else all groups would be called alike
        if len(self.shares) == 1:
            self.lost[:] = False

    def block(self, g: int) -> pd.DataFrame:
        """The rows of one group."""
        s, of = self.shares[g], self.group == g
        se = np.sqrt(np.square(s.se) + self.between)
        labels = max(int(self.labels[g] if self.own[g] else self.labels.sum()), 1)
        low, high = pp.interval(s.estimate, se, s.df, labels=np.full(len(se), labels), level=self.level)
        table = pd.DataFrame({
            "theme": self.names, "estimate": np.clip(s.estimate, 0, 1), "low": low, "high": high, "se": se,
            "wrote": np.clip(self.wrote[g].estimate, 0, 1), "labels_only": s.labels_only,
            "counted": pp.counted(self.used.f[of], self.used.pool[of]) if of.any() else np.nan,
            "worth": pp.labels_worth(s, int(self.labels[g])), "labels": int(self.labels[g]), "n": int(of.sum()),
        })  # fmt: skip
        if len(self.shares) > 1:
            untested = ~np.isfinite(self.p)
            table["correction"] = "own" if self.own[g] else np.where(untested, "borrowed, not tested", "borrowed")
            table.loc[self.lost[g], "correction"] = "none"
        table.loc[self.lost[g], ["estimate", "low", "high", "se", "wrote"]] = np.nan
        return table

    def rectifiers(self, values: pd.DataFrame) -> pd.DataFrame:
        """What labels say beyond the predictions, by group, against the limits of that of all."""
        found, out = self._gaps, []
        for k, g in enumerate(found.group):
            row = pd.DataFrame({
                "theme": self.names, "rectifier": found.rectifier[k], "se": found.se[k],
                "lower": found.whole - found.limit[k], "upper": found.whole + found.limit[k],
                "labels": int(self.labels[g]),
            })  # fmt: skip
            row["drifted"] = (row["rectifier"] < row["lower"]) | (row["rectifier"] > row["upper"])
            out.append(_beside(values, g, row))
        return pd.concat(out, ignore_index=True) if out else pd.DataFrame()

    @cached_property
    def _gaps(self) -> rectifier_drift.Gaps:
        """The rectifier of each group of ten labels or more beside that of all."""
        return rectifier_drift.gaps(self.used, self.group, np.nan_to_num(self.shares[0].tuning))

    def alike_table(self) -> pd.DataFrame:
        """The test that the classifier errs alike in all groups."""
        return pd.DataFrame({"theme": self.names, "p": self.p, "p_adjusted": self.alike})


def _weights(data: ThemeData, group: NDArray, score: str) -> tuple[NDArray | None, list[str]]:
    if not score:
        return None, []
    there = group >= 0
    weight = np.zeros(len(group))
    cut = ThemeData(
        data.coded, data.names, data.found.keep(there), data.wrote[there], data.p[there], data.y[there],
        data.chance[there], data.score[there],
    )  # fmt: skip
    weight[there], largest = standardised(cut, group[there])
    share = (data.found.w * data.wrote)[there].sum() / data.found.w[there].sum()
    label = data.coded.field(score).label
    notes = [
        f"{share:.0%} of customers wrote; their shares are weighted to the answers of all to '{label}'. Taken for "
        "granted: "
        "among customers of one score, whether somebody writes does not depend on the theme"
    ]
    notes += [f"customers of one score count up to {largest:.1f} times as much"] if largest > 3 else []
    return weight, notes


def _table(made: _Made, data: ThemeData, columns: list[str], values: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    parts = [_beside(values, g, made.block(g)) for g in range(len(made.shares))]
    table = pd.concat(parts, ignore_index=True)
    titles = {t.name: t.label for t in data.coded.themes}
    table["theme"] = table["theme"].map(titles)
    if made.used is made.plain:
        table = table.drop(columns="wrote")
    few = int((~made.own).sum())
    notes = []
    if columns and few:
        notes.append(
            f"{few} of {len(made.own)} groups have fewer than {OWN_LABELS} labels: corrected as all comments are"
        )
        none = [" · ".join(map(str, values.iloc[g])) for g in np.flatnonzero(~made.own & (made.labels == 0))]
        notes += [_borrowed(none, made)] if none else []
    if made.lost.any():
        which = ", ".join(n for n, k in zip(made.names, made.lost.any(0), strict=True) if k)
        notes.append(
            f"the classifier errs differently between groups, or tells too little ({which}): no share for groups "
            "with fewer than "
            f"{OWN_LABELS} "
            "labels. Label more of theirs: cx.text.label_sample(..., by=...)"
        )
    return table, notes


def _borrowed(none: list[str], made: _Made) -> str:
    """What is known of groups without any label."""
    names = ", ".join(none[:8]) + (", ..." if len(none) > 8 else "")
    if not np.isfinite(made.p).any():
        return (
            f"no labels in {names}: the correction is that of the others, and nothing tests whether it holds there; "
            f"label {OWN_LABELS} of theirs: cx.text.label_sample(..., by=...)"
        )
    return (
        f"no labels in {names}: the correction is that of the others, which have labels and do not show that it "
        "differs between them; what it may differ by is in the intervals"
    )


def _hidden(coded: Coded, table: pd.DataFrame, columns: list[str], least: int) -> tuple[pd.DataFrame, list[str]]:
    """Without the figures of groups of few comments, and of those that would tell them."""
    by = keys_of(columns)
    groups = table.drop_duplicates(by, ignore_index=True) if by else table.head(1)
    name = coded.coding["column"]
    also = small_cells.withheld(coded, {name: [nw.col(name)]}, columns, groups.assign(item=name), least)
    hide = small_cells.hidden(groups, least, by) | also
    if not hide.any():
        return table, []
    notes = small_cells.said(groups["n"].to_numpy(float), hide, least)
    places = groups[[*by, "n"]].assign(hide=hide)
    rows = table[by].merge(places, on=by, how="left")["hide"].to_numpy(bool) if by else np.ones(len(table), bool)
    table = table.copy()
    for c in FIGURES:
        if c in table:
            table[c] = table[c].mask(rows)
    for c in ("labels", "n"):
        table[c] = small_cells.sizes(table[c], rows, least)
    return table, notes


def _beside(values: pd.DataFrame, g: int, rows: pd.DataFrame) -> pd.DataFrame:
    """The values of a group before its rows."""
    if values.shape[1] == 0:
        return rows
    head = pd.DataFrame({c: [values[c].iat[g]] * len(rows) for c in values})
    return pd.concat([head, rows], axis=1)


def _said(made: _Made, customers: bool, data: ThemeData) -> list[str]:
    notes = ["a comment may be about several themes; shares do not sum to 1"]
    if customers:
        notes.append("of customers: how many would be concerned with it had all of them written")
    labels_only = [n for n, lam in zip(made.names, made.shares[0].tuning, strict=True) if lam == 0]
    if labels_only:
        notes.append(f"{', '.join(labels_only)}: from the labels alone, predictions do not help")
    drifted = made.rectifiers(pd.DataFrame({"group": range(len(made.shares))}))
    if len(drifted) and drifted["drifted"].any() and len(made.shares) > 1:
        which = sorted(set(drifted.loc[drifted["drifted"], "theme"]))
        n, chance = len(drifted), rectifier_drift.ALARM
        notes.append(
            f"the classifier errs otherwise in some groups than in all: {', '.join(which)} ({drifted['drifted'].sum()} "
            f"of {n} corrections lie outside their limits; by chance one of them in {1 - (1 - chance) ** n:.1%} of "
            "studies or fewer)"
        )
    return notes


def _method(made: _Made, data: ThemeData) -> str:
    lam = ", ".join(f"{n} {x:.2f}" for n, x in zip(made.names, made.shares[0].tuning, strict=True))
    return (
        f"PPI++ ({data.coded.coding['method']}; lambda {lam}); interval of Wilson at the size of a simple random "
        "sample of "
        "the same error, Student's t"
    )
