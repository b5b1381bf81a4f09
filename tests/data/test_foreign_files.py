"""Files that strangers bring beside their data: broken in any way, they are read or refused with their name."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab.hypotheses import calibration, ledger
from cxlab.hypotheses.plan import Plan
from cxlab.report import alarm_file
from cxlab.workshop import hand_ins

XES = (
    '<?xml version="1.0"?><log><trace><string key="concept:name" value="c1"/><event><string key="concept:name" '
    'value="a"/><date key="time:timestamp" value="2024-01-01T00:00:00"/></event></trace></log>'
)
RATES = calibration.FILE.read_text(encoding="utf-8").splitlines()
GOOD = {
    "register": ("r.csv", "touchpoint,stage,owner\norder,buy,shop\npay,buy,bank\nship,wait,carrier\n"),
    "dictionary": ("d.csv", "variable,label,values\nq1,How satisfied,1=bad;2=ok;3=good\n"),
    "benchmarks": ("b.csv", "brand,metric,value,n,period\nx,nps,30,200,2024\n"),
    "events": ("x.xes", XES),
    "alarms": (alarm_file.NAME, json.dumps({"alarms": [{"report": "x", "series": "a", "period": "1"}]})),
    "plan": ("p.yaml", "name: one\ncards:\n- id: CX-24\n  columns: {a: [b]}\n  sesoi: 0.1\nhash: x\n"),
    "calibration": ("c.csv", "\n".join(RATES[:3]) + "\n"),
    "ledger": ("l.jsonl", '{"at": "2026", "claim": "CX-24", "previous": "", "hash": "x"}\n'),
    "hand-ins": ("h.jsonl", '{"do": "answer", "question": "q", "value": 1, "right": true}\n'),
}


def _read(kind: str, path: Path, events: cx.Study) -> object:
    """Read a file of a kind as its users do."""
    if kind == "dictionary":
        pd.DataFrame({"q1": [1, 2, 3] * 20}).to_csv(path.with_name("data.csv"), index=False)
    how: dict[str, Callable[[], object]] = {
        "register": lambda: cx.journey(events, register=str(path)),
        "dictionary": lambda: cx.load(path.with_name("data.csv"), dictionary=str(path)),
        "benchmarks": lambda: cx.leagues.benchmarks(str(path)),
        "events": lambda: cx.load(str(path)),
        "alarms": lambda: alarm_file.refresh(path.parent),
        "plan": lambda: Plan.read(path),
        "calibration": lambda: calibration.read(path),
        "ledger": lambda: ledger.entries(path),
        "hand-ins": lambda: [hand_ins.answered(e) for e in hand_ins.read(path)],
    }
    return how[kind]()


@pytest.fixture(scope="module")
def events() -> cx.Study:
    return cx.simulate_events(30, seed=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", GOOD)
def test_a_strangers_file_is_read_or_refused_by_name(kind: str, events: cx.Study, tmp_path: Path) -> None:
    name, good = GOOD[kind]
    for k, content in enumerate([*_broken(good), "", "[]", "null", "[1]", '{"do": 1, "value": "x", "items": 3}', "\t"]):
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / name).write_bytes(content.encode("utf-8", "surrogatepass"))
        try:
            _read(kind, folder / name, events)
        except cx.DataProblem as problem:
            said = str(problem)
            assert name in said and 15 < len(said) < 1000 and "Traceback" not in said, f"{content[:80]!r}: {said}"


def _broken(text: str) -> list[str]:
    """A text cut, with a foreign character, without a word, deep in brackets, with other separators, in capitals."""
    out = []
    for seed in range(14):
        r = random.Random(seed)
        at = r.randrange(1, len(text))
        kinds = (
            text[:at],
            text[:at] + r.choice('"{[,;:\x00') + text[at:],
            text.replace(r.choice(text.split()), "", 1),
            "[" * 3000 + text,
            text[:at] + "\ufeff\u202e" + text[at:],
            text.replace(",", ";"),
            text.upper(),
        )
        out.append(kinds[seed % len(kinds)])
    return out


EDITED = {
    "rate": ("1.7", "a number from 0 to 1"), "p": ("-1", "a number from 0 to 1"), "n": ("10.5", "a whole number"),
    "reps": ("0", "a whole number"), "truth": ("much", "a number"), "defect": ("no", "True or False"),
    "limit": ("", "a number from 0 to 1"), "fingerprint": ("=cmd", "letters and digits"),
    "low": ("inf", "a number from 0 to 1"),
}  # fmt: skip


@pytest.mark.parametrize("column", EDITED)
def test_an_edited_calibration_is_refused_by_its_place(column: str, tmp_path: Path) -> None:
    value, allowed = EDITED[column]
    table = pd.read_csv(calibration.FILE, dtype=str, keep_default_na=False)
    table.loc[4, column] = value
    table.to_csv(path := tmp_path / "c.csv", index=False)
    with pytest.raises(cx.DataProblem) as said:
        calibration.read(path)
    again = "Make it anew with cxlab calibrate --ship"
    assert str(said.value) == f"{path}, line 6: {column} is '{value}'; allowed: {allowed}. {again}"


def test_a_defect_cannot_be_written_away(tmp_path: Path) -> None:
    table = pd.read_csv(calibration.FILE, dtype=str, keep_default_na=False).assign(p="0.0001")
    table.to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(cx.DataProblem, match=r"line 2: defect is 'False'; allowed: True where p is below 0.005, else"):
        calibration.read(tmp_path / "c.csv")
    table.drop(columns=["rate", "n"]).to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(cx.DataProblem, match=r"c\.csv lacks the columns rate, n; make it anew"):
        calibration.read(tmp_path / "c.csv")
