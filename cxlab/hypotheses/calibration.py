"""The calibration that is shipped: every card's rates on known truth, with the date, the seed and the card it was."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from cxlab.hypotheses.calibrate import calibrate, shown
from cxlab.hypotheses.card import Card, card, cards
from cxlab.result import Result

FILE = Path(__file__).parent / "calibration.csv"
LEVEL = 0.95


def fingerprint(chosen: Card) -> str:
    """Return a hash of a card's text and module: a changed card is no longer calibrated."""
    stem = Path(chosen.module.__file__ or "").with_suffix("")
    parts = [stem.with_suffix(end).read_bytes().replace(b"\r\n", b"\n") for end in (".toml", ".py")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


@cache
def shipped() -> pd.DataFrame:
    """Return the shipped table: the columns of `cx.evidence.calibrate`, with ``date``, ``seed`` and ``fingerprint``."""
    if not FILE.is_file():
        return pd.DataFrame({"card": [], "fingerprint": [], "defect": []})
    return pd.read_csv(FILE, keep_default_na=False, na_values=["nan"], dtype={"fingerprint": str, "date": str})


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
