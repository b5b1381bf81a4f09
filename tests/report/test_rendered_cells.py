"""Whoever has all pages, slides, workbooks and results.json of a batch computes nothing of a few people."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from tests.models.test_parts import told

pytestmark = pytest.mark.slow

SIZES = {("Alba", "north"): 60, ("Alba", "south"): 55, ("Brio", "north"): 4, ("Brio", "south"): 70,
         ("Corso", "north"): 40, ("Corso", "south"): 45, ("Dune", "north"): 2, ("Dune", "south"): 2}  # fmt: skip
BRANDS, REGIONS = ("Alba", "Brio", "Corso", "Dune"), ("north", "south")
RUNS = (
    ["report", "scorecard", "cells.csv", "--to", "html,xlsx,pptx,docx"],
    ["report", "scorecard", "cells.csv", "--by", "brand", "--at-least", "10", "--to", "html,xlsx"],
    ["report", "tables", "cells.csv", "--banner", "brand,region,brand>region", "--to", "html,xlsx,pptx"],
    ["report", "tables", "cells.csv", "--banner", "region", "--by", "brand", "--at-least", "10"],
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports on a study with small cells and those on its brands."""
    folder, rng = tmp_path_factory.mktemp("shelf"), np.random.default_rng(5)
    rows = pd.DataFrame([c for c, k in SIZES.items() for _ in range(k)], columns=["brand", "region"])
    rows["recommend"], rows["satisfaction"] = rng.integers(0, 11, len(rows)), rng.integers(1, 6, len(rows))
    rows.loc[rows["brand"] == "Dune", ["recommend", "satisfaction"]] = [0, 1]
    rows.sample(frac=1, random_state=1).to_csv(folder / "cells.csv", index=False)
    for args in RUNS:
        command = [sys.executable, "-c", "from cxlab.cli import main\nif __name__ == '__main__': main()", *args]
        subprocess.run([*command, "--output", "out", "--quiet"], cwd=folder, check=True, timeout=300)
    return folder / "out"


def records(shelf: Path) -> list[tuple[dict[str, str], str, dict[str, Any]]]:
    """The filter of each report, the kind of each result, and each row of each of its tables."""
    out = []
    for file in sorted(shelf.glob("*/*/results.json")):
        only = dict(re.findall(r"(brand)=(Alba|Brio|Corso|Dune)", file.parent.name))
        for result in json.loads(file.read_text())["results"].values():
            tables = [result["table"], *(p for p in result["parts"].values() if isinstance(p, list))]
            out += [(only, result["kind"], row) for table in tables for row in table if isinstance(row, dict)]
    return out


def cells_of(only: dict[str, str], row: dict[str, Any]) -> frozenset:
    """The cells of brand and region that a row speaks of."""
    named = [v for k, v in row.items() if k in ("brand", "region", "column", "outer") and isinstance(v, str)]
    brands = [b for b in BRANDS if b in named] or [only.get("brand")]
    regions = [r for r in REGIONS if r in named]
    return frozenset((b, r) for b, r in product(BRANDS, REGIONS) if b in brands or brands == [None]
                     if not regions or r in regions)  # fmt: skip


def size(cells: frozenset) -> int:
    return sum(SIZES[c] for c in cells)


def test_nothing_of_a_few_people_follows_from_all_results(shelf: Path) -> None:
    given, kinds = [], set()
    for only, kind, row in records(shelf):
        if isinstance(row.get("estimate"), (int, float)) and isinstance(row.get("n"), (int, float)):
            if row.get("against") is not None:
                continue  # a difference of two groups: neither alone
            cells = cells_of(only, row)
            if size(cells) == row["n"]:
                given.append(cells)
                kinds.add((kind, len(cells), bool(only)))
    assert {k for k, *_ in kinds} >= {"scorecard", "crosstab"} and {p for *_, p in kinds} == {True, False}
    groups = [frozenset((b, r) for b in bs for r in rs) for bs in [(b,) for b in BRANDS] for rs in
              [REGIONS, *[(r,) for r in REGIONS]]]  # fmt: skip
    small = [g for g in groups if 0 < size(g) < 10]
    assert len(small) == 4 and len(set(given)) > 6
    assert told(small, sorted(set(given), key=str)) == []


def test_the_attacker_would_find_a_leak(shelf: Path) -> None:
    whole = frozenset(SIZES)
    others = [frozenset((b, r) for r in REGIONS) for b in BRANDS[:3]]
    assert told([frozenset((("Dune", r)) for r in REGIONS)], [whole, *others]) != []


def test_no_row_of_a_page_or_a_workbook_has_a_number_of_the_few(shelf: Path) -> None:
    seen = 0
    for page in shelf.glob("*/*/index.html"):
        for row in BeautifulSoup(page.read_text(encoding="utf-8"), "lxml").find_all("tr"):
            texts = [c.get_text(" ", strip=True) for c in row.find_all(["td", "th"])]
            if "Dune" in texts:
                seen += 1
                assert not [t for t in texts if re.search(r"[1-9]", t.replace("fewer than 10", ""))], texts
    for book in shelf.glob("*/*/*.xlsx"):
        for sheet in openpyxl.load_workbook(book):
            for row in sheet.iter_rows(values_only=True):
                if "Dune" in row:
                    seen += 1
                    assert not [v for v in row if isinstance(v, (int, float)) and v != 0], row
    assert seen > 3


def office_texts(path: Path) -> Iterator[tuple[str, str]]:
    """What a slide deck or document says of the few: paragraphs, rows of tables, notes, alternative texts, charts."""
    with zipfile.ZipFile(path) as pack:
        for name in (n for n in pack.namelist() if n.endswith(".xml")):
            part = BeautifulSoup(pack.read(name), "xml")
            for kind in ("p", "tr"):
                yield from ((name, tag.get_text(" ")) for tag in part.find_all(kind))
            yield from ((name, tag["descr"]) for tag in part.find_all(attrs={"descr": True}))
            for series in part.find_all("ser"):
                named = {p["idx"]: p.get_text() for c in series.find_all(["cat", "tx"]) for p in c.find_all("pt")}
                values = {
                    p["idx"]: p.get_text() for c in series.find_all(["val", "yVal", "xVal"]) for p in c.find_all("pt")
                }
                yield from ((name, f"{label} {values.get(at, '')}") for at, label in named.items())


def page_texts(path: Path) -> Iterator[tuple[str, str]]:
    """What a page says of the few beside its tables: attributes, pictures drawn in it, sentences."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            yield f"{tag.name}.{name}", value if isinstance(value, str) else " ".join(value)
        if tag.name in ("p", "li", "figcaption", "title", "desc", "text", "option", "summary", "script"):
            yield tag.name, tag.get_text(" ", strip=True)


def of_the_few(text: str) -> Iterator[str]:
    """What is said from each name of the few to the next name."""
    for found in re.finditer(r"Dune(.*?)(?=Alba|Brio|Corso|Dune|north|south|Base|$)", text, re.DOTALL):
        yield re.sub(r"fewer than \d+|left out.*|too few.*", "", found[1])


def test_slides_documents_charts_and_hidden_texts_have_no_number_of_the_few(shelf: Path) -> None:
    seen = []
    for path in [p for p in shelf.rglob("*") if p.suffix in (".pptx", ".docx", ".html")]:
        for where, text in (page_texts if path.suffix == ".html" else office_texts)(path):
            for said in of_the_few(text) if len(text) < 20_000 else ():
                seen.append(path.suffix)
                assert not re.search(r"[1-9]", said), f"{path.relative_to(shelf)}, {where}: {text[:300]}"
    assert {".pptx", ".docx", ".html"} <= set(seen)


def test_no_report_is_made_of_a_brand_that_is_small_or_would_tell_one(shelf: Path) -> None:
    made = {m for p in shelf.glob("*/*") for m in re.findall(r"brand=(\w+)", p.name)}
    assert made & set(BRANDS) == {"Alba", "Corso"}
