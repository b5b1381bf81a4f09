"""`simulate_comments`: comments whose themes, polarity and language are known, and a coder whose errors are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cxlab.data.arguments import public
from cxlab.data.codebook import Codebook, Field
from cxlab.data.study import Study
from cxlab.problem import DataProblem, one_of, unknown

SENTENCES = {
    "en": {
        "waiting": {
            "bad": ("I waited {n} minutes in the line.", "The queue at the desk took {n} minutes.",
                    "Nobody answered the phone for {n} minutes, I just waited.", "Waited far too long, {n} minutes.",
                    "One desk open and a queue to the door.", "Booked for ten, then waited {n} minutes.",
                    "Put on hold and left waiting for {n} minutes."),
            "good": ("No queue at all, done in {few} minutes.", "I hardly waited, {few} minutes and it was my turn.",
                     "Short queue, nice people.", "Never waited longer than {few} minutes."),
        },
        "staff": {
            "bad": ("The man at the desk was rude.", "Staff did not know the product.", "Nobody would help.",
                    "The adviser talked over me.", "Three people, three different answers."),
            "good": ("Friendly people at the counter.", "The adviser took her time.", "Kind and competent staff.",
                     "The lady on the phone solved it at once."),
        },
        "price": {
            "bad": ("Far too expensive, {n} euros for that.", "They put {n} euros on the bill without asking.",
                    "The fee went up again, {few} euros this time.", "Cheaper elsewhere by {n} euros."),
            "good": ("Fair price, I paid {few} euros less than elsewhere.", "Good value for {n} euros.",
                     "The discount was a nice surprise."),
        },
        "delivery": {
            "bad": ("The parcel came {few} days late.", "Half of the order was missing.", "The box was damaged.",
                    "Left in the rain at the neighbour's.", "Announced for Monday, came on Thursday."),
            "good": ("Came a day early.", "Well packed and on time.", "The driver even carried it up."),
        },
    },
    "de": {
        "waiting": {
            "bad": ("Ich habe {n} Minuten gewartet.", "{n} Minuten in der Schlange am Schalter.",
                    "Niemand ging ans Telefon, {n} Minuten nur gewartet.", "Zu lange gewartet, {n} Minuten.",
                    "Ein Schalter offen und eine Schlange bis zur Tür.", "Termin um zehn, dann {n} Minuten gewartet.",
                    "{n} Minuten in der Warteschleife."),
            "good": ("Keine Schlange, in {few} Minuten fertig.", "Kaum gewartet, nach {few} Minuten war ich dran.",
                     "Kurze Schlange, nette Leute.", "Nie länger als {few} Minuten gewartet."),
        },
        "staff": {
            "bad": ("Der Mann am Schalter war unhöflich.", "Das Personal kannte das Produkt nicht.",
                    "Niemand wollte helfen.", "Der Berater ließ mich nicht ausreden.", "Drei Leute, drei Auskünfte."),
            "good": ("Freundliche Leute an der Theke.", "Die Beraterin nahm sich Zeit.", "Nett und kompetent.",
                     "Die Dame am Telefon hat es sofort gelöst."),
        },
        "price": {
            "bad": ("Viel zu teuer, {n} Euro dafür.", "Es standen {n} Euro mehr auf der Rechnung.",
                    "Die Gebühr ist schon wieder gestiegen, um {few} Euro.", "Anderswo {n} Euro billiger."),
            "good": ("Fairer Preis, {few} Euro weniger als anderswo.", "Für {n} Euro sehr gut.",
                     "Der Rabatt war eine nette Überraschung."),
        },
        "delivery": {
            "bad": ("Das Paket kam {few} Tage zu spät.", "Die halbe Bestellung fehlte.", "Der Karton war beschädigt.",
                    "Im Regen vor die Tür gestellt.", "Für Montag angekündigt, am Donnerstag gekommen."),
            "good": ("Kam einen Tag früher.", "Gut verpackt und pünktlich.", "Der Fahrer hat es sogar hochgetragen."),
        },
    },
}  # fmt: skip
"""What customers write about each theme, bad and good, by language."""

THEMES = tuple(SENTENCES["en"])
COMPLAINTS = 0.6
"""Share of comments that complain."""


@dataclass(frozen=True, repr=False)
class CommentSimulation(Study):
    """Simulated comments; `truth` says what each is about."""

    known: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def truth(self) -> dict[str, Any]:
        """``themes`` (share of comments by theme in the population), ``coded`` (which comments are about the coded
        theme, an array of booleans), ``polarity`` ('good' or 'bad' of each), ``language`` of each, ``coder`` (chances
        of a false yes and of a false no)."""
        return dict(self.known)


@public
def simulate_comments(
    n: int = 400,
    *,
    seed: int = 0,
    themes: Mapping[str, float] | None = None,
    languages: Mapping[str, float] | None = None,
    coded: str = "waiting",
    coder_error: tuple[float, float] = (0.05, 0.05),
    machine_error: tuple[float, float] = (0.15, 0.25),
    coded_n: int | None = None,
) -> CommentSimulation:
    """Return comments of customers whose themes are known, with the codes of two people and of a machine.

    Parameters
    ----------
    n : comments.
    seed : the same seed gives the same comments.
    themes : share of the comments on each theme ('waiting', 'staff', 'price', 'delivery'); they sum to 1, one theme a
        comment. 30 % are on waiting if not given.
    languages : share of each language ('en', 'de'); English only if not given.
    coded : the theme that the coders look for.
    coder_error : of both people: chance of a yes where it is not about it, and of a no where it is, 0 to below 1.
    machine_error : the same of the machine.
    coded_n : how many comments the people coded, drawn at random; all if not given.

    Returns
    -------
    CommentSimulation : columns ``comment`` (role text), ``machine`` (0 or 1), ``coder_a``, ``coder_b`` (0 or 1, empty
    where they did not code); its ``truth``.

    Raises
    ------
    DataProblem : a theme or language that is not there, shares that do not sum to 1, chances outside 0 to 1.

    Examples
    --------
    >>> import cxlab as cx
    >>> comments = cx.simulations.simulate_comments(200, seed=1)
    >>> comments.columns, bool(comments.truth["coded"].mean() < 0.5)
    (['comment', 'machine', 'coder_a', 'coder_b'], True)
    """
    if n < 1:
        raise DataProblem(f"n is {n}; simulate at least one comment")
    one_of("coded", coded, THEMES)
    mix = _shares("themes", themes or {coded: 0.3, **{t: 0.7 / 3 for t in THEMES if t != coded}}, THEMES)
    speak = _shares("languages", languages or {"en": 1.0}, list(SENTENCES))
    _chances(coder_error=coder_error, machine_error=machine_error)
    most = n if coded_n is None else coded_n
    if not 0 <= most <= n:
        raise DataProblem(f"coded_n is {coded_n}; people can code 0 to {n} comments")
    rng = np.random.default_rng(seed)
    theme = rng.choice(list(mix), n, p=list(mix.values()))
    polarity = np.where(rng.random(n) < COMPLAINTS, "bad", "good")
    language = rng.choice(list(speak), n, p=list(speak.values()))
    words = rng.spawn(1)[0]  # the codes that follow are the same in every language
    text = [_text(words, str(la), str(t), str(p)) for la, t, p in zip(language, theme, polarity, strict=True)]
    about = theme == coded
    there = np.zeros(n, bool)
    there[rng.permutation(n)[:most]] = True
    columns = {"comment": pl.Series(text), "machine": pl.Series(_coded(rng, about, machine_error))}
    for name in ("coder_a", "coder_b"):
        codes = _coded(rng, about, coder_error)
        columns[name] = pl.Series([int(c) if t else None for c, t in zip(codes, there, strict=True)], dtype=pl.Int64)
    known = {"themes": mix, "coded": about, "polarity": polarity, "language": language, "coder": tuple(coder_error)}
    return CommentSimulation(pl.DataFrame(columns), _codebook(coded), known=known)


def _codebook(coded: str) -> Codebook:
    fields = [Field("comment", "Comment", "string", role="text")]
    for name, who in (("machine", "the machine"), ("coder_a", "the first coder"), ("coder_b", "the second coder")):
        fields.append(Field(name, f"About {coded}, says {who}", "integer", labels={"0": "no", "1": "yes"}))
    return Codebook("comments", tuple(fields), title="Simulated comments", simulated=True, design="cross-section")


def _text(rng: np.random.Generator, language: str, theme: str, polarity: str) -> str:
    said = SENTENCES[language][theme][polarity]
    return said[int(rng.integers(len(said)))].format(n=int(rng.integers(20, 61)), few=int(rng.integers(2, 7)))


def _coded(rng: np.random.Generator, about: np.ndarray, error: tuple[float, float]) -> np.ndarray:
    """Return 0 or 1 for each comment: right but for a false yes or a false no by chance."""
    wrong = rng.random(len(about)) < np.where(about, error[1], error[0])
    return (about ^ wrong).astype(np.int64)


def _shares(what: str, given: Mapping[str, float], allowed: list[str] | tuple[str, ...]) -> dict[str, float]:
    for name in given:
        if name not in allowed:
            raise unknown(what.removesuffix("s"), name, "the simulated comments", allowed)
    if any(not 0 <= share <= 1 for share in given.values()) or abs(sum(given.values()) - 1) > 1e-6:
        raise DataProblem(f"{what} is {dict(given)}; give shares from 0 to 1 that sum to 1")
    total = sum(given.values())
    return {k: v / total for k, v in given.items()}


def _chances(**given: tuple[float, ...]) -> None:
    for name, values in given.items():
        if len(values) != 2 or any(not 0 <= x < 1 for x in values):
            raise DataProblem(f"{name} is {values}; give two chances, of a false yes and a false no, from 0 to below 1")
