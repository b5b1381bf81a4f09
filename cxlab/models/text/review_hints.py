"""`review_hints`: what is unusual in reviews and may have a reason: near copies, authors of one review. No verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import shown
from cxlab.stats.inference.multiple import adjusted
from cxlab.stats.inference.proportions import wilson
from cxlab.stats.text.near_copies import near_copies
from cxlab.stats.text.plain_text import normal

LEAST_LETTERS = 40
"""Letters of a review below which a copy of it is no hint: "very good" stands everywhere."""

COLUMNS = (
    Column("sign", "label", "", "Sign"),
    Column("others", "share", "", "In the other units"),
    Column("most", "count", "", "Most of one text or author"),
    Column("p_adjusted", "p", "", "p, corrected"),
)
LAW = (
    "unusual is no verdict, and customers who like a place may write alike. Fake and bought reviews, and asking only "
    "the happy, are against the law in places (US: 16 CFR 465) and the terms of platforms"
)


@public
def review_hints(study: Study, *, unit: str, author: str = "", column: str = "", level: float = 0.95) -> Result:
    """Return how many reviews of each unit are near copies of others, and how many are their author's only one.

    Parameters
    ----------
    unit : whose reviews they are.
    author : who wrote each; adds the share of reviews by authors of one review in these data.
    column : of the texts; adds the share whose text nearly stands under another review (pieces of five letters with a
        Jaccard index of .8, texts of 40 letters or more).
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in shares, a row a sign and unit of ten reviews or more, the most unusual first: ``sign, estimate, low, high,
    others`` (the same of all other units), ``most`` (reviews of the unit with one text, or by one author), ``n``, ``p``
    (that of the unit's texts, or authors, no larger share shows the sign than of the others', Fisher: each counts once
    in a unit, for who posts twice posts two copies), ``p_adjusted`` (Benjamini and Hochberg over all rows).

    Raises
    ------
    DataProblem : neither author nor column, or no unit with ten reviews.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> rows = pd.DataFrame({"shop": ["a"] * 20 + ["b"] * 20, "who": [*range(20), *[1, 2, 3, 4] * 5]})
    >>> cx.text.review_hints(cx.load(rows), unit="shop", author="who").table["estimate"].tolist()
    [0.8, 0.0]
    """
    metrics.check_level(level)
    if not (author or column):
        raise DataProblem("name who wrote the reviews with author=, or their texts with column=, or both")
    whose = study.field(unit).name
    others = [whose, *(study.field(c).name for c in (author, column) if c)]
    found = sample(study, [], other=others, weights=False)
    units = pd.Series(found.other[whose], dtype=object)
    signs = {}
    if column:
        signs["near copy of another review"] = _copies(found.other[study.field(column).name])
    if author:
        who = pd.Series(found.other[study.field(author).name], dtype=object)
        alone = np.where(who.notna(), (who.map(who.value_counts()) == 1) * 1.0, np.nan)
        signs["only review of its author"] = alone, pd.factorize(who)[0]
    rows = [row for sign, (y, group) in signs.items() for row in _rows(sign, y, group, units, level)]
    if not rows:
        raise DataProblem(f"no {unit} of {study.name} has {SMALL} reviews with what the signs need; use a coarser unit")
    table = pd.DataFrame(rows)
    table["p_adjusted"] = adjusted(table["p"], "bh")
    table = table.sort_values(["p", "estimate"], ascending=[True, False], ignore_index=True)
    called = shown([unit], list(table.columns[1:]))[0]
    n = int((table["p_adjusted"] < 1 - level).sum())
    said = f"{n} of {len(table)} shares are unusually large; of those called so about {1 - level:.0%} are chance"
    return Result(
        "review_hints", "Unusual in the reviews", table.rename(columns={"unit": called}), "share", level,
        "Wilson on the effective number (texts, authors as clusters); Fisher's exact test against the other units, "
        "each text or author once a unit; Benjamini and Hochberg", (*study.caveats, *found.notes,
        said, LAW), {"unit": called}, (Column(called, "label", "", study.field(unit).label), *COLUMNS), better="none",
    )  # fmt: skip


def _copies(texts: NDArray) -> tuple[NDArray, NDArray]:
    """1 where a text nearly stands under another review, 0 where not, nan without enough letters; and which text."""
    keys = pd.Series([normal(t) if isinstance(t, str) else "" for t in texts])
    long = keys.str.len() >= LEAST_LETTERS
    distinct = keys[long].drop_duplicates()
    group = dict(zip(distinct, near_copies(list(distinct)), strict=True))
    of = keys.map(group)
    return np.where(long, (of.map(of.value_counts()) > 1) * 1.0, np.nan), pd.factorize(of)[0]


def _rows(sign: str, y: NDArray, group: NDArray, units: pd.Series, level: float) -> list[dict[str, object]]:
    from scipy.stats import fisher_exact

    there = np.isfinite(y) & units.notna().to_numpy()
    table = pd.DataFrame({"unit": units[there].to_numpy(), "group": group[there], "y": y[there]})
    all_n, all_k = len(table), int(table["y"].sum())
    once = table.drop_duplicates(["unit", "group"])
    once_n, once_k = len(once), int(once["y"].sum())
    out: list[dict[str, object]] = []
    for name, of in table.groupby("unit", sort=False):
        n, k = len(of), int(of["y"].sum())
        if n < SMALL:
            continue
        kinds = of.groupby("group")["y"].agg(["size", "first"])
        low, high = wilson(np.array([k / n]) * (n_eff := _effective(kinds, k / n)), np.array([n_eff]), level)
        own_n, own_k = len(kinds), int(kinds["first"].sum())
        beside = once_k - own_k, once_n - once_k - (own_n - own_k)
        p = float(fisher_exact([[own_k, own_n - own_k], beside], "greater")[1]) if all_n > n else np.nan
        out.append({"unit": name, "sign": sign, "estimate": k / n, "low": float(low[0]), "high": float(high[0]),
                    "others": (all_k - k) / (all_n - n) if all_n > n else np.nan, "most": int(kinds["size"].max()),
                    "n": n, "p": p})  # fmt: skip
    return out


def _effective(kinds: pd.DataFrame, share: float) -> float:
    """So many independent reviews say as much of the share: texts, or authors, are clusters."""
    n, size, y = float(kinds["size"].sum()), kinds["size"].to_numpy(float), kinds["first"].to_numpy(float)
    squares = float((size**2 * (y - share) ** 2).sum())
    return n if not 0 < share < 1 else min(n, n * n * share * (1 - share) / squares)
