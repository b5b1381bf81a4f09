"""``python -m benchmarks.text_truth [part ...]`` (``make bench-text``): how well comments are coded, are shares right?

On public comments that people have coded whole (`benchmarks.text_sets`): macro-F1 on comments without a label, and how
often intervals of `cx.themes` and `cx.text.theme_impact` hold the truth over repeated draws of labels. The table is
written to ``text.md`` beside this file and printed. Needs the mirror of public data (``CXLAB_MIRROR``) and the extra
'text'; lines of 'e5' also 'text-more', those of VADER the package vaderSentiment.
"""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

import cxlab as cx
from benchmarks import text_sets
from cxlab.models.text import embedded
from cxlab.models.text.review_streams import superiority
from cxlab.models.text.tone import pleased
from cxlab.models.text.written import nothing, written
from cxlab.stats.text import cross_fit
from cxlab.stats.text.plain_text import normal, silent

OUT = Path(__file__).with_name("text.md")
HEAD = (
    "# How well comments are coded, and whether shares hold the truth\n\n"
    "Written by `make bench-text` (public comments that people have coded whole)."
)
DRAWS, LABELS, MOST = 200, 200, 1500
SECOND = ("de", "ja", "tr")
"""Languages that the second engine is tried in: it takes twenty times as long."""

OLIST = {1: 0.777, 2: 0.653, 3: 0.389, 4: 0.309, 5: 0.372}
"""Share of buyers with so many stars who write a comment, in the orders of Olist."""

KNOWN: dict[str, dict[str, np.ndarray]] = {}
Embed = Callable[[list[str]], np.ndarray]


def kept(name: str, texts: list[str]) -> Embed:
    """Return the embeddings of texts, each worked out once."""
    known = KNOWN.setdefault(name, {})
    new = [t for t in dict.fromkeys(texts) if t not in known]
    known |= zip(new, embedded.Embedder(name, None)(new), strict=True) if new else ()
    return lambda some: np.array([known[t] for t in some])


def macro_f1(truth: np.ndarray, told: np.ndarray) -> float:
    """Return the mean F1 of the classes."""
    found = []
    for k in np.unique(truth):
        hit = ((truth == k) & (told == k)).sum()
        found.append(2 * hit / max((truth == k).sum() + (told == k).sum(), 1))
    return float(np.mean(found))


def sentiment(data: text_sets.Coded, embed: Embed | None, labels: int, draws: int = 4) -> float:
    """Return macro-F1 of negative, neutral and positive on the comments without a label, mean of the draws."""
    y = data.themes[["negative", "neutral", "positive"]].to_numpy(float)
    keys = [normal(t) for t in data.comment]
    found = []
    for seed in range(draws):
        rows = np.random.default_rng(seed).permutation(len(y))
        seen = np.full(y.shape, np.nan)
        seen[rows[:labels]] = y[rows[:labels]]
        p = cross_fit.predicted(data.comment, keys, seen, embed=embed).probability
        found.append(macro_f1(y[rows[labels:]].argmax(1), p[rows[labels:]].argmax(1)))
    return float(np.mean(found))


def without_labels(data: text_sets.Coded, embed: Embed) -> tuple[float, float]:
    """Return macro-F1 of the head that comes with the package, at cuts fixed beforehand, and how often a pleased
    comment is told above a displeased one."""
    return _told(data, pleased(data.comment, embed), [-0.25, 0.5])


def vader(data: text_sets.Coded) -> tuple[float, float]:
    """Return the same of the English lexicon VADER (vaderSentiment, MIT) at the cuts of its authors, -.05 and .05."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score = SentimentIntensityAnalyzer().polarity_scores
    return _told(data, np.array([score(t)["compound"] for t in data.comment]), [-0.05, 0.05])


def _told(data: text_sets.Coded, score: np.ndarray, cuts: list[float]) -> tuple[float, float]:
    y = data.themes[["negative", "neutral", "positive"]].to_numpy().argmax(1)
    return macro_f1(y, np.digitize(score, cuts)), superiority(score[y == 0], score[y == 2])[0]


def commented(data: text_sets.Coded) -> text_sets.Coded:
    """Return the comments without answers that say there is nothing to add, which the product does not count."""
    known = nothing()
    rows = np.flatnonzero([not silent(normal(t), known) for t in data.comment])
    score = None if data.score is None else data.score[rows]
    return text_sets.Coded(data.name, [data.comment[i] for i in rows], data.themes.iloc[rows].reset_index(drop=True),
                           score)  # fmt: skip


def from_english(name: str, language: str, folds: int = 5, words: bool = True) -> float:
    """Return macro-F1 of liked or not in a language, from labels in English alone.

    Folds go by the number of the sentence, so that no translation of a labelled sentence is told.
    """
    english, other = text_sets.guests("en"), text_sets.guests(language)
    fold = {i: k % folds for k, i in enumerate(np.random.default_rng(0).permutation(english.themes.index))}
    embed = kept(name, list(dict.fromkeys(english.comment + other.comment)))
    told = np.full(len(other.comment), np.nan)
    for k in range(folds):
        train = [n for n, i in enumerate(english.themes.index) if fold[i] != k]
        test = [n for n, i in enumerate(other.themes.index) if fold.get(i, 0) == k]
        texts = [english.comment[n] for n in train] + [other.comment[n] for n in test]
        y = np.r_[english.score[train], np.full(len(test), np.nan)][:, None]
        # a number beside the normal form: an equal sentence of the other language is one of its own
        keys = [f"{n} {normal(t)}" for n, t in enumerate(texts)]
        p = cross_fit.predicted(texts, keys, y, embed=embed, words=words).probability[len(train) :, 0]
        told[test] = p > 0.5
    return macro_f1(other.score, told)


def shares(data: text_sets.Coded, draws: int = DRAWS, labels: int = LABELS, engine: str = "use") -> pd.DataFrame:
    """Return how often the interval of each share, and of each impact on the score, holds the truth.

    One draw labels other comments. ``counted`` is how often what a classifier counts, taken for a share of so many
    comments, does.
    """
    themes = [t for t in data.themes if t != "positive"]  # with it the themes would sum to one
    table = pd.DataFrame({"comment": data.comment})
    if data.score is not None:
        table["score"] = data.score
    study = _on_disk(table, _folder()).set("comment", role="text")
    if data.score is not None:
        study = study.set("score", role="outcome")
    told = written(study, "comment", "the bench").wrote  # 'nothing to add' is no comment, in the truth as in the shares
    right = data.themes[themes][told].mean().to_numpy()
    slopes = impacts(data, themes, told) if data.score is not None else None
    hits = np.zeros((3, len(themes)), int)
    errors = []
    for seed in range(draws):
        sheet = pd.concat([table[["comment"]], data.themes[themes].reset_index(drop=True)], axis=1)[told]
        read = cx.text.read_labels(sheet.sample(labels, random_state=seed), themes, at_random=True)
        coded = cx.code(study, themes, labels=read, engine=engine, seed=seed)
        found = cx.themes(coded, of="comments").table
        hits[0] += ((found["low"] <= right) & (right <= found["high"])).to_numpy()
        n = found["counted"].to_numpy()
        hits[1] += np.abs(n - right) <= 1.96 * np.sqrt(n * (1 - n) / len(table))
        errors.append(np.abs(n - right))
        if slopes is not None:
            rows = cx.text.theme_impact(coded, "score", metric="mean").table.set_index("theme").loc[themes]
            hits[2] += ((rows["low"] <= slopes) & (slopes <= rows["high"])).to_numpy()
    return pd.DataFrame({
        "theme": themes, "truth": right, "holds": hits[0] / draws, "counted": hits[1] / draws,
        "counted_off": np.mean(errors, axis=0), "impact_holds": hits[2] / draws if slopes is not None else np.nan,
    })  # fmt: skip


def _folder() -> Path:
    """A folder that is gone when the bench ends."""
    folder = Path(tempfile.mkdtemp(prefix="cxlab-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _on_disk(table: pd.DataFrame, folder: Path) -> cx.Study:
    """The table as the study of a file, so that embeddings are worked out once for all draws."""
    table.to_parquet(folder / "comments.parquet")
    return cx.load(folder / "comments.parquet")


def impacts(data: text_sets.Coded, themes: list[str], told: np.ndarray) -> np.ndarray:
    """Return the coefficients of the score on the true themes, of all comments with a score."""
    there = np.isfinite(data.score) & told
    x = np.column_stack([np.ones(there.sum()), data.themes[themes].to_numpy(float)[there]])
    return np.linalg.lstsq(x, data.score[there], rcond=None)[0][1:]


def of_customers(draws: int = DRAWS, labels: int = LABELS, engine: str = "use", n: int = MOST) -> pd.DataFrame:
    """Return how often shares of customers hold the truth where writing goes with the stars as at Olist.

    Every tweet is a customer whose stars go with the sentiment; who writes is drawn by Olist's shares of buyers who
    write at each star. ``wrote`` is how often the interval of those who wrote holds the share of all.
    """
    data = text_sets.airline().part(n)
    rng = np.random.default_rng(3)
    told = data.themes[["negative", "neutral", "positive"]].to_numpy().argmax(1)
    given = [[1, 1, 1, 2, 2, 3], [2, 3, 3, 4, 4], [4, 5, 5, 5]]  # stars that go with each sentiment
    stars = np.array([rng.choice(given[k]) for k in told])
    themes = ["negative", "service"]
    right, hits = data.themes[themes].mean().to_numpy(), np.zeros((2, 2), int)
    folder = _folder()
    for seed in range(draws):
        draw = np.random.default_rng(seed)
        wrote = draw.random(len(stars)) < np.array([OLIST[s] for s in stars])
        table = pd.DataFrame({"comment": np.where(wrote, data.comment, None), "stars": stars})
        study = _on_disk(table, folder).set("comment", role="text").set("stars", role="outcome", scale="1-5")
        sheet = pd.concat([table[["comment"]], data.themes[themes]], axis=1)[wrote]
        read = cx.text.read_labels(sheet.sample(labels, random_state=seed), themes, at_random=True)
        coded = cx.code(study, themes, labels=read, engine=engine, seed=seed)
        for k, of in enumerate(("customers", "comments")):
            found = cx.themes(coded, of=of).table
            hits[k] += ((found["low"] <= right) & (right <= found["high"])).to_numpy()
    return pd.DataFrame({"theme": themes, "truth": right, "holds": hits[0] / draws, "wrote": hits[1] / draws})


def accuracy() -> Iterator[tuple[str, float, str]]:
    """Yield the lines of macro-F1: what, how high, what is asked."""
    for name, asked in (("airline", {0: 0.54, 200: 0.67}), ("patients", {})):
        whole = text_sets.SETS[name]().part(4000)
        data = commented(whole)
        embed = kept("use", whole.comment)
        tools = {"": lambda d, e=embed: without_labels(d, e)}
        tools |= {", by VADER": vader} if importlib.util.find_spec("vaderSentiment") else {}
        for by, tool in tools.items():
            f1, above = tool(data)
            yield f"{data.name}, no label{by}", f1, str(asked.get(0, "")) if not by else ""
            yield f"{data.name}, no label{by}: a pleased comment is told above a displeased one", above, ""
            if len(data.comment) < 0.99 * len(whole.comment):
                yield f"{data.name} with 'nothing' for an answer, no label{by}", tool(whole)[0], ""
        for n in (100, 200, 500, 1000):
            yield f"{data.name}, {n:,} labels", sentiment(data, embed, n), str(asked.get(n, ""))
        yield f"{data.name}, 200 labels, words alone", sentiment(data, None, 200), ""
    for language in text_sets.LANGUAGES:
        yield f"hotel guests in {language}, labels in English, use", from_english("use", language), "0.68"
    for language in SECOND:
        yield f"hotel guests in {language}, labels in English, e5", from_english("e5", language), "0.68"


def coding() -> list[str]:
    """Return the table of macro-F1."""
    out = ["| macro-F1 on comments without a label | is | asked |", "|---|---|---|"]
    for what, value, asked in accuracy():
        out.append(f"| {what} | {value:.3f} | {asked} |")
        print(out[-1], flush=True)
    return out


def coverage(draws: int = DRAWS) -> list[str]:
    """Return the table of how often intervals hold the truth."""
    least = binom.ppf(0.001, draws, 0.95) / draws
    out = [
        f"{LABELS} labels (hotel guests 150), {draws} draws: 95 % intervals hold at least {least:.1%} of the time but "
        "once in a thousand cells.", "",
        "Where a part f of all comments is labelled, an interval for what all who might write would say holds their "
        "truth 2 Phi(1.96 / sqrt(1 - f)) - 1 of the time: 'would be'.", "",
        "| share of | truth | would be | interval holds | counts of a classifier hold | are off by | impact holds |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, load in text_sets.SETS.items():
        data = load()
        data = data.part(min(MOST, len(data.comment)))
        labels = LABELS if name != "guests" else 150
        would = 2 * norm.cdf(1.96 / np.sqrt(1 - labels / len(commented(data).comment))) - 1
        for row in shares(data, draws, labels).itertuples():
            impact = "" if np.isnan(row.impact_holds) else f"{row.impact_holds:.1%}"
            out.append(f"| {data.name}: {row.theme} | {row.truth:.3f} | {would:.1%} | {row.holds:.1%} | "
                       f"{row.counted:.1%} | {row.counted_off * 100:.1f} points | {impact} |")  # fmt: skip
            print(out[-1], flush=True)
    return out


def customers(draws: int = DRAWS) -> list[str]:
    """Return the table of shares of all customers."""
    out = [f"{draws} draws.", "",
           "| share of all customers, writers as at Olist | truth | interval holds | that of who wrote holds |",
           "|---|---|---|---|"]  # fmt: skip
    for row in of_customers(draws).itertuples():
        out.append(f"| airline tweets: {row.theme} | {row.truth:.3f} | {row.holds:.1%} | {row.wrote:.1%} |")
        print(out[-1], flush=True)
    return out


PARTS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "coding": ("How well comments are coded", coding),
    "coverage": ("Whether intervals hold the truth", coverage),
    "customers": ("Shares of all customers where the unhappy write more", customers),
}
"""Parts of the table by name, with their headings."""


def main(names: Sequence[str] = ()) -> None:
    """Measure the parts that are named (all, if none is) and write them into the table; the others stay."""
    kept = dict(part.split("\n", 1) for part in OUT.read_text(encoding="utf-8").split("\n## ")[1:])
    for name in names or PARTS:
        title, measured = PARTS[name]
        kept[title] = "\n" + "\n".join(measured())
        out = [f"## {t}\n{kept[t].rstrip()}" for t, _ in PARTS.values() if t in kept]
        OUT.write_text("\n\n".join([HEAD, *out]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    start = time.process_time()
    main(sys.argv[1:])
    print(f"{time.process_time() - start:.0f} CPU seconds")
