"""`heard`: what replies to customers do, coded by two people or more: heard, felt with, sorry, solved, explained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.answer_codes import answer
from cxlab.data.arguments import public
from cxlab.data.greetings import without_names
from cxlab.data.masking import masked
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.inference import coder_agreement
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.double_sampling import equal_errors, with_truth

ELEMENTS = {
    "hear": "Heard: says again what went wrong", "empathise": "Empathised: names what it meant for the customer",
    "apologise": "Apologised: says sorry without a but", "resolve": "Resolved: says what is done now",
    "diagnose": "Diagnosed: says why it happened", "time": "Says by when", "compensation": "Offers something",
    "promise": "Promises that it will not happen again",
}  # fmt: skip
"""What is coded, 1 or 0: H, E, A, R, D and three more."""

TRUTH = "truth"
"""The coder whose codes are agreed on after a talk."""

LEAST = 10
COLUMNS = (
    Column("element", "label", "", "Element"),
    Column("estimate", "share", "", "Replies that have it"),
    Column("coded", "share", "", "As coded"),
    Column("ac1", "number", "", "Agreement (AC1)"), Column("ac1_low", "bound", "number", "AC1, low"),
    Column("ac1_high", "bound", "number", "AC1, high"), Column("alpha", "number", "", "Krippendorff's alpha"),
    Column("alpha_low", "bound", "number", "Alpha, low"), Column("alpha_high", "bound", "number", "Alpha, high"),
)  # fmt: skip


@public
def heard_sheet(
    study: Study, text: str, *, coders: Sequence[str] = ("coder 1", "coder 2"), most: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Return the sheet in which coders fill in what each reply does; addresses, numbers and names in links are masked.

    Parameters
    ----------
    study : a row a reply, with a column of role 'id', or numbered in the order of the file.
    text : column with the reply.
    coders : who codes; each has every reply, in an order of their own.
    most : replies at most, drawn at random. ``seed`` : of the draw.

    Returns
    -------
    A row a reply and coder: ``reply, coder, text`` and an empty column for each of hear, empathise, apologise, resolve,
    diagnose, time, compensation, promise, to be filled with 1 or 0. Add rows of the coder 'truth' for replies on which
    the coders agreed after a talk (drawn at random): `heard` corrects by them.

    Raises
    ------
    DataProblem : fewer than two coders, no text, or nothing to draw.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> replies = cx.load(pd.DataFrame({"reply": ["Sorry, write to a@b.com", "We are looking into why it broke"]}))
    >>> text = cx.loops.heard_sheet(replies, "reply").loc[0, "text"]
    >>> text in ("Sorry, write to [email]", "We are looking into why it broke")
    True
    """
    names = list(dict.fromkeys(map(str, coders)))
    if len(names) < 2 or TRUTH in names:
        raise DataProblem(
            f"coders is {', '.join(names) or 'empty'}; two or more names are needed, none called '{TRUTH}'"
        )
    if most < 1:
        raise DataProblem(f"most is {most}; at least one reply is needed")
    field = study.field(text)
    ids = study.codebook.role("id")[:1]
    chosen = {"text": answer(field).cast(nw.String)} | ({"reply": answer(study.field(ids[0]))} if ids else {})
    rows = fetched(study.lazy.select(**chosen), study.name).to_pandas()
    rows = rows.assign(reply=np.arange(1, len(rows) + 1)) if not ids else rows
    rows = rows[rows["text"].notna() & rows["text"].astype(str).str.strip().ne("")]
    if rows.empty:
        raise DataProblem(f"'{text}' of {study.name} holds no text; name the column with the replies")
    rng = np.random.default_rng(seed)
    rows = rows.iloc[rng.permutation(len(rows))[:most]]
    parts = [rows.iloc[rng.permutation(len(rows))].assign(coder=c) for c in names]
    sheet = pd.concat(parts, ignore_index=True)
    sheet["text"] = [masked(without_names(str(t))) for t in sheet["text"]]
    return sheet[["reply", "coder", "text"]].assign(**dict.fromkeys(ELEMENTS, ""))


@public
def heard(codes: pd.DataFrame | str | Path, *, level: float = 0.95) -> Result:
    """Return how many replies hear, empathise, apologise, resolve and diagnose, and how far the coders agree on it.

    A share as coded is wrong where coders err: a rare element is coded too often, a common one too seldom. With rows of
    the coder 'truth' for a random part of the replies the share is that of double sampling (Tenenbein): of those coded
    1 and 0, how many truly are. Without them all coders are taken to err alike in both directions: two disagree with
    probability 2 e (1 - e), which tells e.

    Parameters
    ----------
    codes : the filled sheet of `heard_sheet`, as a table or the path of a CSV file.
    level : of confidence.

    Returns
    -------
    Result in shares, one row an element that was coded: ``element, estimate`` (corrected) with ``low, high, se``,
    ``coded`` (mean of the coders), ``ac1, alpha`` with ``_low, _high``, ``n`` (replies of two codes or more). A share
    is nan where the coders disagree as if by lot.

    Raises
    ------
    DataProblem : no such file or columns, a code other than 1 and 0, a reply coded twice by one coder, fewer than ten
        replies of two codes.

    References
    ----------
    Tenenbein, A. (1970). A double sampling scheme for estimating from binomial data with misclassifications. Journal
        of the American Statistical Association 65, 1350-1361. doi:10.1080/01621459.1970.10481175
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British
        Journal of Mathematical and Statistical Psychology 61, 29-48. doi:10.1348/000711006X126600

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> sheet = pd.DataFrame({"reply": [*range(20)] * 2, "coder": ["a"] * 20 + ["b"] * 20, "hear": [1, 0] * 20})
    >>> cx.loops.heard(sheet).table[["estimate", "ac1"]].round(2).to_numpy().tolist()
    [[0.5, 1.0]]
    """
    metrics.check_level(level)
    table = _read(codes)
    rows, notes, truths = [], [], 0
    for element, title in ELEMENTS.items():
        if element not in table or table[element].isna().all():
            continue
        wide = table.dropna(subset=[element]).pivot(index="reply", columns="coder", values=element)
        truth = wide[TRUTH].to_numpy(float) if TRUTH in wide else np.full(len(wide), np.nan)
        given = wide.drop(columns=TRUTH, errors="ignore").to_numpy(float)
        row, said = _element(title, given, truth, level)
        truths = max(truths, int(np.isfinite(truth).sum()))
        rows.append(row)
        notes += said
    if not rows:
        raise DataProblem("no element is coded yet; fill the columns " + ", ".join(ELEMENTS) + " with 1 and 0")
    how = "double sampling by the agreed codes" if truths else "coders taken to err alike in both directions"
    notes.append(
        f"{truths:,} replies have agreed codes ('{TRUTH}')"
        if truths
        else f"no reply has agreed codes: code some as '{TRUTH}' after a talk, and nothing need be assumed"
    )
    return Result(
        "heard", "What the replies do", pd.DataFrame(rows), "share", level,
        f"share corrected for coder error ({how}); AC1 linearised, alpha by jackknife over replies", tuple(notes),
        {"corrected": "truth" if truths else "equal errors"}, COLUMNS, better="up",
    )  # fmt: skip


def _read(codes: pd.DataFrame | str | Path) -> pd.DataFrame:
    """The filled sheet with codes as numbers."""
    if not isinstance(codes, pd.DataFrame):
        if not str(codes):
            raise DataProblem("no filled sheet is named; make one with cx.loops.heard_sheet, and give its path")
        path = Path(codes)
        if not path.is_file():
            raise DataProblem(f"there is no sheet {path}; make one with cx.loops.heard_sheet, or give its path")
        codes = pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig")
    lost = [c for c in ("reply", "coder") if c not in codes]
    if lost or not set(ELEMENTS) & set(codes.columns):
        raise DataProblem(
            f"the sheet has the columns {', '.join(map(str, codes.columns))}; it needs reply, coder and any of "
            + ", ".join(ELEMENTS)
        )
    table = codes.assign(coder=codes["coder"].astype(str).str.strip())
    twice = table.duplicated(["reply", "coder"])
    if twice.any():
        first = table[twice].iloc[0]
        raise DataProblem(f"'{first['coder']}' coded reply {first['reply']} twice; one row a reply and coder")
    for element in (e for e in ELEMENTS if e in table):
        text = table[element].map(lambda v: "" if pd.isna(v) else str(v).strip().removesuffix(".0"))
        odd = sorted(set(text) - {"", "0", "1"})
        if odd:
            raise DataProblem(f"'{element}' holds {', '.join(map(repr, odd[:5]))}; codes are 1, 0 or empty")
        table[element] = pd.to_numeric(text.where(text != "", None))
    return table


def _element(title: str, given: NDArray, truth: NDArray, level: float) -> tuple[dict[str, Any], list[str]]:
    """One row of the result."""
    k = np.isfinite(given).sum(1)
    two = k >= 2
    if two.sum() < LEAST:
        raise DataProblem(f"'{title}': {int(two.sum())} replies have two codes or more; at least {LEAST} are needed")
    ones = np.nansum(given, axis=1)
    counts = np.column_stack([k - ones, ones])[two].astype(float)
    coded = k >= 1
    share = ones[coded] / k[coded]
    value, se, df, said = np.nan, np.nan, float(two.sum() - 1), []
    if np.isfinite(truth).any():
        value, se, df = with_truth(share, truth[coded])
    else:
        value, se = equal_errors(counts[:, 1] / counts.sum(1), _disagree(counts))
    if not np.isfinite(value):
        said.append(f"{title}: the coders disagree as if by lot, or agreed codes are missing on one side; no share")
    half = float(t_value(level, df)) * se
    row = {"element": title, "estimate": value, "low": max(value - half, 0.0), "high": min(value + half, 1.0), "se": se,
           "coded": float(share.mean())}  # fmt: skip
    for name, function in (("ac1", coder_agreement.ac1), ("alpha", coder_agreement.krippendorff)):
        found, each = (
            function(counts) if counts.sum(0).all() or name == "ac1" else (np.nan, np.full(len(counts), np.nan))
        )
        wide = float(t_value(level, len(each) - 1)) * float(np.std(each, ddof=1) / np.sqrt(len(each)))
        row |= {name: float(found), f"{name}_low": float(found) - wide, f"{name}_high": min(float(found) + wide, 1.0)}
    return {**row, "n": int(two.sum())}, said


def _disagree(counts: NDArray) -> NDArray:
    """The share of pairs of coders that disagree on each reply."""
    r = counts.sum(1)
    return 1 - (counts * (counts - 1)).sum(1) / (r * (r - 1))
