"""`code`: what each comment is about, learned from the labels of a few hundred and cross-fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models.text import embedded
from cxlab.models.text.code_frame import CodeFrame, framed
from cxlab.models.text.label_reading import LEAST, Labels, read_labels
from cxlab.models.text.label_sheets import print_of
from cxlab.models.text.labels_random import groups_of, left_out, picked, without_labels
from cxlab.models.text.languages import detector, script
from cxlab.models.text.written import Written, text_column, written
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.text import cross_fit

WORDS = "words and pieces of words (TF-IDF)"
CHANCE, WROTE = "label__p", "comment__written"
PREDICTED, LABEL = "__p", "__label"
"""Ends of the columns of a theme: its predicted probability and its label."""

DIFFERENT = 2 * cross_fit.FOLDS
"""Different texts that must be labelled, so that every fold leaves some to learn from."""

STRANGE = 0.01
"""Share of comments in languages that an engine does not know above which it is not used."""


@dataclass(frozen=True, repr=False)
class Coded(Study):
    """A study with what its comments are about: ``<theme>__p`` predicted, ``<theme>__label`` labelled (else empty).

    Parameters
    ----------
    coding : frame, column, method, labels (their number), between (variance from who coded, by theme), notes, and
        quality: a table of labels, yes, macro-F1 and correlation of label and prediction by theme.
    """

    coding: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def themes(self) -> CodeFrame:
        """The code frame."""
        return self.coding["frame"]

    @property
    def quality(self) -> pd.DataFrame:
        """How well the classifier does on comments that it did not see, a row a theme."""
        return self.coding["quality"]


@public
def code(
    study: Study,
    frame: Any,
    *,
    labels: Labels | str | Path,
    engine: str = "auto",
    predicted: Mapping[str, str] | None = None,
    column: str | None = None,
    cache: bool = True,
    seed: int = 0,
) -> Coded:
    """Return the study with the probability that each comment is about each theme; `cxlab.themes` makes shares of them.

    The probabilities are cross-fitted in five folds: no label has a part in the prediction of its own comment or of a
    copy of it. They are no counts: a share of them is wrong by the classifier's errors, which the labels tell.

    Parameters
    ----------
    frame : a `CodeFrame`, the path of its TOML, or a list of names of themes; None takes those of the labels.
    labels : of `cxlab.text.read_labels`, or the path of the workbook of `cxlab.text.label_sample`.
    engine : 'use' (multilingual embeddings beside words and pieces of words; extra 'text'), 'e5' (the same with a
        larger model for about 100 languages; extra 'text-more'), 'words' (words and pieces of words alone),
        'auto': 'use' where it is installed and knows the languages, else 'words'. What ran is named in the method.
    predicted : column with predictions of each theme (0 to 1), made by any machine; then nothing is fitted here.
    column : of comments; that with role 'text' in which most is written if not given.
    cache : keep embeddings beside the study's file, in a folder that git ignores; those of a file that is shared in
        the user's cache (`cxlab.text.forget` says where, and empties it).
    seed : of the folds.

    Raises
    ------
    DataProblem : no comment; labels of other comments, or fewer than 20 of these or 10 different texts; an engine
        that is not installed or does not know the language of the comments.

    Examples
    --------
    >>> import cxlab as cx, pandas as pd
    >>> study = cx.simulations.simulate_comments(400, seed=1)
    >>> sheet = pd.DataFrame({"comment": study.to_pandas()["comment"], "waiting": study.truth["coded"].astype(int)})
    >>> labels = cx.text.read_labels(sheet.head(100), ["waiting"], at_random=True)
    >>> cx.code(study, ["waiting"], labels=labels, engine="words").columns[-4:]
    ['comment__written', 'label__p', 'waiting__p', 'waiting__label']
    """
    themes = framed(frame) if frame is not None else None
    one_of("engine", engine, ("auto", "words", *embedded.ENGINES))
    labels = labels if isinstance(labels, Labels) else read_labels(labels, themes)
    themes = themes or CodeFrame.of(labels.themes)
    if lost := [t for t in themes.names if t not in labels.themes]:
        raise DataProblem(
            f"{', '.join(map(repr, lost))} of the frame has no labels; labelled: {', '.join(labels.themes)}"
        )
    held = replace(study, table=fetched(study.lazy, study.name, to="polars").to_native())
    own = text_column(held, column, "code")
    other = list(dict.fromkeys([*(predicted or {}).values(), *groups_of(held, own)]))
    said = written(held, column, "code", other)
    y, chance, notes = _matched(said, labels, [labels.themes.index(t) for t in themes.names])
    notes += without_labels(held, said, np.isfinite(chance))
    if predicted is None:
        p, method, more, embed = _fitted(study, said, y, engine, cache, seed)
    else:
        p, method, more, embed = *_given(said, themes, predicted, study), None
    p[~said.wrote] = np.nan
    known = np.isfinite(chance)
    coding = {
        "frame": themes, "column": said.column, "method": f"{method}; {int(known.sum())} labels",
        "labels": int(known.sum()),
        "between": dict(zip(themes.names, labels.between[[labels.themes.index(t) for t in themes.names]], strict=True)),
        "agreement": labels.agreement, "quality": _quality(themes, y[known], p[known]),
        "notes": (*labels.notes, *notes, *more, *said.notes),
    }  # fmt: skip
    made = _with_columns(held, said, themes, p, y, chance, coding)
    if embed is not None:  # what was refused leaves nothing
        embed.keep()
    return made


def _matched(said: Written, labels: Labels, order: list[int]) -> tuple[NDArray, NDArray, list[str]]:
    """Labels and probabilities of the rows (nan without), by the fingerprint of what was written."""
    n = len(said.texts)
    y, chance = np.full((n, len(order)), np.nan), np.full(n, np.nan)
    at: dict[tuple[str, int], int] = {}
    before: dict[str, int] = {}
    wanted = set(labels.rows["print"])
    rows = np.flatnonzero(said.wrote)
    if not labels.comments:  # which of several equal comments was labelled is not known: any of them, at random
        rows = np.random.default_rng(0).permutation(rows)
    for i in rows:
        p = print_of(said.texts[i])
        if p in wanted:
            at[p, before.get(p, 0)] = i
            before[p] = before.get(p, 0) + 1
    lost = again = other = 0
    for k, (p, copy, prob) in enumerate(zip(labels.rows["print"], labels.rows["copy"], labels.rows["p"], strict=True)):
        i = at.get((p, int(copy)))
        if i is None:
            lost += 1
            if (first := at.get((p, 0))) is not None and copy:
                again += 1
                other += not np.array_equal(y[first], labels.y[k][order], equal_nan=True)
            continue
        y[i], chance[i] = labels.y[k][order], prob
    found = len(labels) - lost
    if found < LEAST:
        raise DataProblem(
            f"{found} of {len(labels)} labelled comments are in '{said.column}'; at least {LEAST} are needed: labels "
            "belong to the study they were drawn from"
        )
    different = len({said.keys[i] for i in np.flatnonzero(np.isfinite(chance))})
    if different < DIFFERENT:
        raise DataProblem(
            f"the {found} labelled comments in '{said.column}' are {different} different texts; at least {DIFFERENT} "
            "are needed: copies of one text tell nothing of the others"
        )
    notes = [f"{lost - again} labelled comments are not among these rows"] if lost > again else []
    if again:
        notes.append(
            f"{again} labelled rows repeat a comment more often than it stands here, {other} of them with other codes: "
            "the first counts. Labels of two coders are read from the sheets of cx.text.label_sample"
        )
    pool = int(said.wrote.sum())
    if not labels.comments:
        notes += picked(said, np.isfinite(chance))
    if not labels.comments:  # probabilities of labels that somebody else drew: the share that is labelled
        chance *= found / pool / np.nanmean(chance)
    elif abs(pool - labels.comments) > 0.02 * labels.comments:
        notes.append(
            f"the labels were drawn from {labels.comments:,} comments, here are {pool:,}: label some of the new"
        )
    return y, chance, notes


def _fitted(
    study: Study, said: Written, y: NDArray, engine: str, cache: bool, seed: int
) -> tuple[NDArray, str, list[str], embedded.Embedder | None]:
    rows = np.flatnonzero(said.wrote)
    texts = [said.texts[i] for i in rows]
    embed, notes = engine_for(engine, texts, said.column, study if cache else None)
    keys = [said.keys[i] for i in rows]
    tongue = [script(t) for t in texts] if embed is None or len(texts) > embedded.MOST_KEPT else embed.languages(texts)
    what = "script" if embed is None else "language"
    notes = [*notes, *left_out(what, np.array(tongue, object), np.isfinite(y[rows]).all(1))]
    made = cross_fit.predicted(texts, keys, y[rows], embed=embed, seed=seed)
    p = np.full(y.shape, np.nan)
    p[rows] = made.probability
    how = WORDS if embed is None else f"{embedded.title(embed.name)} beside {WORDS}"
    return p, f"{how}, logistic regression, cross-fitted in {cross_fit.FOLDS} folds", notes, embed


def engine_for(
    engine: str, texts: list[str], column: str, study: Study | None
) -> tuple[embedded.Embedder | None, list[str]]:
    """Return what makes numbers of texts (None: words alone), and why not a better engine.

    Parameters
    ----------
    engine : as in `code`. ``texts`` : the comments, of ``column``. ``study`` : with which numbers are kept, or None.

    Raises
    ------
    DataProblem : the engine is not installed, or does not know the languages of the comments.
    """
    if engine == "words":
        return None, []
    asked = "use" if engine == "auto" else engine
    if engine == "auto" and not embedded.installed(asked):
        return None, ["embeddings are not installed (pip install 'cxlab[text]'): words alone"]
    embed = embedded.Embedder(asked, study)
    known = embedded.ENGINES[asked].languages
    if known is None:
        return embed, []
    found = Counter(embed.languages(texts))
    strange = {k: n for k, n in found.most_common() if k not in known and k != "und" and not k.endswith("script")}
    if sum(strange.values()) <= STRANGE * len(texts):
        return embed, []
    listed = ", ".join(f"{k} ({n:,})" for k, n in list(strange.items())[:5])
    if engine == "auto":
        return None, [f"comments in {listed}, which '{asked}' does not know: words alone ({detector()})"]
    raise DataProblem(
        f"engine '{asked}' does not know {listed}, of {len(texts):,} comments in '{column}'; it knows "
        f"{', '.join(sorted(known))}. Use engine='e5' or engine='words', or take these comments out with study.where"
    )


def _given(
    said: Written, themes: CodeFrame, predicted: Mapping[str, str], study: Study
) -> tuple[NDArray, str, list[str]]:
    for theme in predicted:
        if theme not in themes.names:
            raise unknown("theme", theme, "the code frame", themes.names)
    if lost := [t for t in themes.names if t not in predicted]:
        raise DataProblem(f"predicted names no column for {', '.join(map(repr, lost))}; give one for each theme")
    p = np.full((len(said.texts), len(predicted)), np.nan)
    for t, theme in enumerate(themes.names):
        x = pd.to_numeric(pd.Series(said.sample.other[predicted[theme]]), errors="coerce").to_numpy(float)
        bad = said.wrote & ~((x >= 0) & (x <= 1))
        if bad.any():
            raise DataProblem(
                f"'{predicted[theme]}' of {study.name} has {int(bad.sum()):,} comments without a prediction from 0 to "
                "1; predictions are needed for every comment"
            )
        p[:, t] = x
    return p, "predictions as given (" + ", ".join(predicted[t] for t in themes.names) + ")", []


def _quality(themes: CodeFrame, y: NDArray, p: NDArray) -> pd.DataFrame:
    with np.errstate(invalid="ignore", divide="ignore"):
        r = [np.corrcoef(a, b)[0, 1] if a.std() and b.std() else np.nan for a, b in zip(y.T, p.T, strict=True)]
    f1 = [cross_fit.macro_f1(a, b) for a, b in zip(y.T, p.T, strict=True)]
    return pd.DataFrame({"theme": themes.names, "labels": len(y), "yes": y.sum(0), "macro_f1": f1, "correlation": r})


def _with_columns(
    held: Study, said: Written, themes: CodeFrame, p: NDArray, y: NDArray, chance: NDArray, coding: Mapping[str, Any]
) -> Coded:
    """The study with the new columns; rows whose weight leaves them out have none."""
    table = held.table
    kept = np.ones(len(table), bool)
    if held.design.weight:
        w = table[held.design.weight].cast(pl.Float64).to_numpy()
        kept = np.isfinite(w) & (w > 0)
    full = lambda x: pl.Series(_spread(x, kept)).fill_nan(None)  # noqa: E731
    new = {WROTE: pl.Series(_spread(said.wrote.astype(float), kept)).fill_nan(None), CHANCE: full(chance)}
    if taken := [c for c in table.columns if c in _names(themes)] if not isinstance(held, Coded) else []:
        raise DataProblem(f"{held.name} has a column '{taken[0]}' already, which coding makes; rename it, or the theme")
    titles = {WROTE: "Comment was written", CHANCE: "Probability of being labelled"}
    for t, theme in enumerate(themes):
        new |= {theme.name + PREDICTED: full(p[:, t]), theme.name + LABEL: full(y[:, t])}
        titles |= {theme.name + PREDICTED: f"{theme.label}: predicted", theme.name + LABEL: f"{theme.label}: labelled"}
    table = table.with_columns(**new)
    old = [f for f in held.codebook if f.name not in new]
    book = replace(held.codebook, fields=(*old, *(Field(k, v, "number") for k, v in titles.items())))
    facts = {f: getattr(held, f) for f in Study.__dataclass_fields__ if f not in ("table", "codebook")}
    return Coded(table, book, **facts, coding=coding)


def _names(themes: CodeFrame) -> list[str]:
    return [WROTE, CHANCE, *(t + end for t in themes.names for end in (PREDICTED, LABEL))]


def _spread(x: NDArray, kept: NDArray) -> NDArray:
    out = np.full(len(kept), np.nan)
    out[kept] = x
    return out


def coding_of(study: Study) -> Coded:
    """Return the study as coded.

    Raises
    ------
    DataProblem : its comments are not coded.
    """
    if isinstance(study, Coded) and study.coding:
        return study
    raise DataProblem(
        f"the comments of {study.name} are not coded: a share without labels has an error that nobody knows. Draw and "
        "label some (cx.text.label_sample), then cx.code(study, frame, labels=...)"
    )
