"""The calibration that is shipped: every card's rates on known truth, with the date, the seed and the card it was."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from cxlab.data.foreign import LARGEST, foreign
from cxlab.data.masking import quotable
from cxlab.hypotheses.calibrate import ALARM, calibrate, shown
from cxlab.hypotheses.card import Card, card, cards
from cxlab.problem import DataProblem
from cxlab.result import Result

FILE = Path(__file__).parent / "calibration.csv"
LEVEL = 0.95


WORDS = ("title", "claim", "claim_ids", "estimand", "shape", "rule", "grade_reachable", "cautions", "sensitivity",
         "published", "references", "notes", "says")  # fmt: skip
"""Fields of a card that are read by people only: no test, threat or simulator asks for them."""
SAID = r""", says = "(\\.|[^"\\])*"|\bsays = "(\\.|[^"\\])*"(, )?"""


def fingerprint(chosen: Card) -> str:
    """Return a hash of a card's rule and module: a changed card is no longer calibrated.

    What is only read (`WORDS`), where the things that a module imports live, blank lines and line ends do not count:
    none changes an estimator. What stands in the modules that a card imports is not part of the hash.
    """
    stem = Path(chosen.module.__file__ or "").with_suffix("")
    text, module = (stem.with_suffix(end).read_text(encoding="utf-8") for end in (".toml", ".py"))
    return hashlib.sha256(f"{_without_words(text)}\0{_without_imports(module)}".encode()).hexdigest()[:12]


def _without_words(text: str) -> str:
    """The lines of a card that more than people read: an entry ends where the next entry or table begins."""
    kept, words = [], False
    for line in text.split("\n"):
        if (entry := re.match(r"(\w+) = ", line)) or line.startswith("["):
            words = entry is not None and entry[1] in WORDS
        if line.strip() and not words:
            kept.append(re.sub(SAID, "", line))
    return "\n".join(kept)


def _without_imports(source: str) -> str:
    """The lines of a module that import nothing, and the other names it gives to what it imports."""
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.Import, ast.ImportFrom))]
    lines = {k for n in found for k in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
    aliases = sorted(f"{a.name} as {a.asname}" for n in found for a in n.names if a.asname)
    kept = [line for k, line in enumerate(source.split("\n"), 1) if k not in lines and line.strip()]
    return "\n".join([*aliases, *kept])


@cache
def shipped() -> pd.DataFrame:
    """Return the shipped table: the columns of `cx.evidence.calibrate`, with ``date``, ``seed`` and ``fingerprint``."""
    if not FILE.is_file():
        return pd.DataFrame({"card": [], "fingerprint": [], "defect": []})
    return read(FILE)


TEXTS = ("card", "scenario", "threat", "false", "date", "fingerprint", "defect")
SHARES = ("supported", "contradicted", "trivial", "not_identified", "rate", "low", "high", "limit", "p", "coverage",
          "naive")  # fmt: skip
COUNTS = ("n", "reps", "seed")
AGAIN = "make it anew with cxlab calibrate --ship"


def read(path: Path) -> pd.DataFrame:
    """Return a calibration as `ship` wrote it.

    Raises
    ------
    DataProblem : names the file, the line and the column of what cannot be, as a rate of 1.7.
    """
    with foreign(str(path), AGAIN):
        if path.stat().st_size > LARGEST:
            raise DataProblem(f"{path} has {path.stat().st_size:,} bytes, the most is {LARGEST:,}; {AGAIN}")
        table = pd.read_csv(path, keep_default_na=False, dtype=str, on_bad_lines="error", index_col=False)
    if lost := [c for c in (*TEXTS, *SHARES, *COUNTS, "truth") if c not in table.columns]:
        raise DataProblem(f"{path} lacks the columns {', '.join(lost)}; {AGAIN}")
    for c in (*SHARES, *COUNTS, "truth"):
        there = ~table[c].isin(["nan"]) if c not in COUNTS else pd.Series(data=True, index=table.index)
        number = pd.to_numeric(table[c], errors="coerce").replace([np.inf, -np.inf], np.nan)
        inside = number.notna() & (number.between(0, 1) if c in SHARES else True)
        allowed = "a number from 0 to 1" if c in SHARES else "a number"
        if c in COUNTS:
            inside, allowed = number.ge(c != "seed") & (number % 1 == 0), "a whole number"
        _refuse(path, table, c, there & ~inside, allowed)
        table[c] = number.astype(int) if c in COUNTS else number
    _refuse(path, table, "defect", ~table["defect"].isin(["True", "False"]), "True or False")
    wrong = table["p"].notna() & ((table["defect"] == "True") != (table["p"] < ALARM))
    _refuse(path, table, "defect", wrong, f"True where p is below {ALARM:g}, else False")
    _refuse(path, table, "fingerprint", ~table["fingerprint"].str.fullmatch("[0-9a-z]{1,64}"), "letters and digits")
    return table.assign(defect=table["defect"] == "True")


def _refuse(path: Path, table: pd.DataFrame, column: str, wrong: pd.Series, allowed: str) -> None:
    if wrong.any():
        k = int(np.argmax(wrong))
        said = quotable(str(table[column].iloc[k]))
        raise DataProblem(f"{path}, line {k + 2}: {column} is '{said}'; allowed: {allowed}. {AGAIN.capitalize()}")


def of(id: str) -> Result | None:
    """Return the shipped calibration of a card, or None where it has none."""
    table = shipped()
    mine = table[table["card"] == card(id).id].reset_index(drop=True)
    if not len(mine):
        return None
    first = mine.iloc[0]
    return shown(mine, LEVEL, {"reps": int(first["reps"]), "seed": int(first["seed"]), "date": first["date"]})


@cache
def standing(id: str) -> str:
    """Return '' for a calibrated card, else why it is not: never tried, changed since, or too often wrong."""
    chosen = card(id)
    table = shipped()
    mine = table[table["card"] == chosen.id]
    if not len(mine):
        return "not calibrated: never tried on known truth"
    if (mine["fingerprint"] != fingerprint(chosen)).any():
        return f"not calibrated: the card was changed after {mine['date'].max()}"
    bad = mine[mine["defect"].astype(str) == "True"]
    if len(bad):
        worst = bad.sort_values("p").iloc[0]
        where = f"{worst['scenario']} {worst['threat']}".strip()
        return (
            f"not calibrated: {worst['false']} in {float(worst['rate']):.0%} of {int(worst['reps'])} simulated studies "
            f"where it is false ({where}, n = {int(worst['n']):,}; allowed {float(worst['limit']):.1%})"
        )
    return ""


def ship(claims: Sequence[str] | None = None, *, reps: int = 800, seed: int = 0, progress: bool = False) -> Result:
    """Calibrate cards (None: those whose shipped rates are missing or of another version) and write the table anew."""
    old = shipped()
    fresh = {c.id for c in cards().values() if (old.loc[old["card"] == c.id, "fingerprint"] == fingerprint(c)).any()}
    wanted = [card(c).id for c in claims] if claims else [id for id in cards() if id not in fresh]
    kept = [some for _, some in old.groupby("card") if some["card"].iloc[0] in set(cards()) - set(wanted)]
    for id in wanted:
        found = calibrate([id], reps=reps, seed=seed, progress=progress).table
        stamp = {"date": date.today().isoformat(), "seed": seed, "fingerprint": fingerprint(card(id))}
        kept.append(found.assign(**stamp))
        table = pd.concat(kept).sort_values(["card"], kind="stable", ignore_index=True)
        table.round(5).to_csv(FILE, index=False, na_rep="nan")
    shipped.cache_clear()
    standing.cache_clear()
    return shown(shipped(), LEVEL, {"reps": reps, "seed": seed})
