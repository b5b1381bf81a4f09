"""`label_sample`: comments drawn at random, masked, on sheets for two coders; what was drawn stays in a file beside."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.greetings import without_names
from cxlab.data.locations import placed
from cxlab.data.masking import masked
from cxlab.data.study import Study
from cxlab.models.text.code_frame import BUILT_IN, CodeFrame, framed
from cxlab.models.text.written import FEW, Written, written
from cxlab.problem import DataProblem

CODERS = ("coder 1", "coder 2")
SHOWN = 5_000
"""Characters of a comment that a coder sees."""

VERSION = 2
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@public
def label_sample(
    study: Study,
    frame: Any,
    *,
    n: int = 200,
    overlap: int = 50,
    by: str | None = None,
    column: str | None = None,
    path: str | Path = "labels.xlsx",
    seed: int = 0,
) -> Path:
    """Return the workbook in which two coders label comments that were drawn at random with a known probability.

    A sheet a coder: the masked comment, a column a theme with 1 and 0 to choose from, 'other' and 'cannot code'; the
    frame on a sheet of its own. A 1 where the comment is about the theme; whoever gives a row one 1 need not fill in
    its zeros. Rows are in random order, so that coders may stop early. The file ``<path>.key.json`` holds the
    probability of each row, without any text: `cxlab.text.read_labels` needs it.

    Parameters
    ----------
    frame : a `CodeFrame`, the path of its TOML, or a list of names of themes.
    n : comments to draw. ``overlap`` : how many of them both coders label, for their agreement (at most all); the
        others are shared out.
    by : column whose groups get equally many labels each (as far as they have comments); their probabilities differ
        and are kept.
    column : of comments; that with role 'text' in which most is written if not given.
    path : of the workbook; a file that is there is never replaced. Beside ``survey.csv`` call it
        ``survey.labels.xlsx``: once it is filled in, scorecard, drivers and league show the themes.
    seed : of the draw.

    Raises
    ------
    DataProblem : fewer than ten comments, a file that is there already, an ending other than
        .xlsx.

    Examples
    --------
    >>> import cxlab as cx, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "labels.xlsx"
    ...     study = cx.simulations.simulate_comments(300, seed=1)
    ...     made = cx.text.label_sample(study, ["waiting", "price"], n=60, overlap=20, path=path)
    ...     sorted(p.name for p in made.parent.iterdir())
    ['labels.key.json', 'labels.xlsx']
    """
    themes = framed(frame)
    target = _target(path)
    if isinstance(n, bool) or not isinstance(n, int) or n < 1 or not isinstance(overlap, int) or overlap < 0:
        raise DataProblem(f"n is {n!r} and overlap {overlap!r}; draw one comment or more, and 0 or more of them twice")
    said = written(study, column, "label_sample", [study.field(by).name] if by else [])
    pool = np.flatnonzero(said.wrote)
    if len(pool) < FEW:
        raise DataProblem(
            f"'{said.column}' of {study.name} holds {len(pool)} comments; at least {FEW} are needed: so few would tell "
            "who wrote them"
        )
    rng = np.random.default_rng(seed)
    group = (
        pd.Series(said.sample.other[study.field(by).name]).astype(str).to_numpy()[pool] if by else np.zeros(len(pool))
    )
    drawn, chance = _draw(rng, group, n)
    rows = pool[drawn]
    twice = np.zeros(len(rows), bool)
    twice[rng.permutation(len(rows))[:overlap]] = True
    coder = np.where(twice, 2, rng.permutation(len(rows)) % 2)
    listed = _listed(said, rows, chance[drawn], group[drawn] if by else None)
    parts = [listed["row"][(coder == k) | (coder == 2)].to_numpy() for k in (0, 1)]
    orders = {name: rng.permutation(part).tolist() for name, part in zip(CODERS, parts, strict=True)}
    _workbook(target, themes, listed, orders)
    key = {
        "version": VERSION, "study": study.name, "column": said.column, "themes": themes.names, "by": by or "",
        "comments": len(pool), "seed": seed, "sheets": orders,
        "rows": listed.drop(columns="comment").to_dict("records"),
    }  # fmt: skip
    key_path(target).write_text(json.dumps(key, ensure_ascii=False, indent=1), encoding="utf-8")
    return target


def key_path(path: Path) -> Path:
    """Return the side file of a workbook of labels.

    Examples
    --------
    >>> key_path(Path("labels.xlsx")).name
    'labels.key.json'
    """
    return path.with_suffix(".key.json")


def shown(text: str) -> str:
    """Return a comment as a coder sees it: masked, without control characters, not longer than a cell allows.

    Examples
    --------
    >>> shown("Call 0170 1234567, Kind regards, Eva")
    'Call [phone], Kind regards, [name]'
    """
    out = CONTROL.sub(" ", masked(without_names(text[: 4 * SHOWN]))).strip()
    return out if len(out) <= SHOWN else f"{out[:SHOWN]} …"


def print_of(text: str) -> str:
    """Return a fingerprint of a text; blanks and line ends do not count.

    Examples
    --------
    >>> print_of("a  b") == print_of(" a\\r\\nb ")
    True
    """
    return hashlib.blake2b(" ".join(text.split()).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _target(path: str | Path) -> Path:
    target = placed(path)
    if target.suffix.lower() != ".xlsx":
        raise DataProblem(f"path is {path}; label sheets are workbooks: give a name that ends in .xlsx")
    if not target.parent.is_dir():
        raise DataProblem(f"there is no folder {target.parent}; make it, or write elsewhere with path=")
    for there in (target, key_path(target)):
        if there.exists():
            raise DataProblem(f"{there} is there already and may hold labels; choose another path=, or move it away")
    return target


def _draw(rng: np.random.Generator, group: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places that are drawn, and the probability of every place: equally many of each group."""
    names, code = np.unique(group, return_inverse=True)
    size = np.bincount(code)
    want = np.zeros(len(names), int)
    left, open_ = min(n, len(group)), size > 0
    while left > 0 and open_.any():
        share = max(left // int(open_.sum()), 1)
        for g in np.flatnonzero(open_):
            more = min(share, size[g] - want[g], left)
            want[g] += more
            left -= more
        open_ = want < size
    drawn = np.concatenate([rng.permutation(np.flatnonzero(code == g))[: want[g]] for g in range(len(names))])
    return rng.permutation(drawn), (want / size)[code]


def _listed(said: Written, rows: np.ndarray, chance: np.ndarray, group: np.ndarray | None) -> pd.DataFrame:
    """One line a drawn comment: its number, fingerprints of what was written and what is shown, its probability."""
    before: dict[str, int] = {}
    place = np.zeros(len(said.texts), int)
    prints = [print_of(t) if w else "" for t, w in zip(said.texts, said.wrote, strict=True)]
    for i, p in enumerate(prints):
        place[i] = before.get(p, 0)
        before[p] = place[i] + 1
    texts = [shown(said.texts[i]) for i in rows]
    return pd.DataFrame({
        "row": np.arange(1, len(rows) + 1), "comment": texts, "print": [prints[i] for i in rows],
        "copy": place[rows].tolist(), "shown": [print_of(t) for t in texts], "p": chance.tolist(),
        "group": group.tolist() if group is not None else [""] * len(rows),
    })  # fmt: skip


def _workbook(target: Path, frame: CodeFrame, listed: pd.DataFrame, orders: dict[str, list[int]]) -> None:
    import xlsxwriter

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(target), plain) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        texts = dict(zip(listed["row"], listed["comment"], strict=True))
        for coder, rows in orders.items():
            sheet = book.add_worksheet(coder)
            columns = ["row", "comment", *frame.names, *BUILT_IN, "remark"]
            for c, name in enumerate(columns):
                sheet.write_string(0, c, name, head)
            sheet.set_column(0, 0, 6)
            sheet.set_column(1, 1, 80, wrap)
            sheet.set_column(2, len(columns) - 2, 12)
            sheet.freeze_panes(1, 2)
            for r, row in enumerate(rows, 1):
                sheet.write_number(r, 0, row)
                sheet.write_string(r, 1, texts[row], wrap)
            choice = {"validate": "list", "source": ["1", "0"], "error_message": "1 or 0, or leave it empty"}
            if rows:
                sheet.data_validation(1, 2, len(rows), len(columns) - 2, choice)
        _explained(book, frame, head, wrap)


def _explained(book: Any, frame: CodeFrame, head: Any, wrap: Any) -> None:
    sheet = book.add_worksheet("frame")
    columns = ("theme", "title", "definition", "include", "exclude", "examples")
    for c, name in enumerate(columns):
        sheet.write_string(0, c, name, head)
    sheet.set_column(0, 1, 18, wrap)
    sheet.set_column(2, 5, 45, wrap)
    built = [(name, "", said, "", "", "") for name, said in BUILT_IN.items()]
    own = [
        (t.name, t.title, t.definition, t.include, t.exclude, "\n".join(x for v in t.examples.values() for x in v))
        for t in frame
    ]
    for r, line in enumerate([*own, *built], 1):
        for c, text in enumerate(line):
            sheet.write_string(r, c, CONTROL.sub(" ", text)[:30_000], wrap)
