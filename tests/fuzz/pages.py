"""Hostile labels through every writer, and settings of strangers: codebooks, plans, styles, results."""

from __future__ import annotations

import html
import json
import re
import string
import zipfile
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import docx
import numpy as np
import openpyxl
import pandas as pd
import pptx

import cxlab as cx
from cxlab.report.collect import Made
from cxlab.report.document import document
from cxlab.report.house_style import Style
from cxlab.report.sanitiser import legal
from cxlab.report.slides import slides
from cxlab.report.workbook import workbook
from cxlab.result import Result

LABELS = (
    "$25k-$50k",
    "5% of $",
    "$\\input{x}$",
    "<script>alert(1)</script>",
    '<meta http-equiv="refresh" content="0;url=http://h/">',
    "![x](http://h/i.png)",
    "[a](javascript:alert(1))",
    "=1+1",
    "+1",
    "@x",
    "a\x0bb",
    "a\x01b",
    "a\x1bb",
    "\uffff",
    "x" * 90,
    "עברית",
    "日本",
    "🙂",
    "a_b^c",
    "{brace",
    "\\",
    "&amp;",
    "'\"",
    "%s",
    "{{x}}",
    "`x`",
    "| a |",
    "\u202eabc",
)


def labels(seed: int, folder: Path) -> int:
    """A result with hostile labels as HTML, picture, workbook and text: all written, nothing of it alive."""
    rng = np.random.default_rng(seed)
    picked = [str(x) for x in rng.choice(LABELS, 3, replace=False)]
    rows = pd.DataFrame({"seg": np.repeat(picked, 20), "ltr": rng.integers(0, 11, 60)})
    book = cx.Codebook(
        "labels",
        (
            cx.Field(
                "ltr",
                title=str(rng.choice(LABELS)),
                type="integer",
                role="outcome",
                measure="recommendation",
                scale=cx.Scale(0, 10),
            ),
            cx.Field("seg", title=str(rng.choice(LABELS)), type="string", role="segment"),
        ),
    )
    study = cx.load(rows, codebook=book)
    for result in (cx.nps(study, by="seg"), cx.compare(study, "nps", by="seg"), cx.scorecard(study, by="seg")):
        page = result._repr_html_()
        assert not re.search(r"<(script|meta|img|a)\b", page, re.I), "alive in a page"
        result.plot().figure.savefig(folder / "x.png")
        assert repr(result)
        matplotlib.pyplot.close("all")
    return 9 + _office([cx.nps(study, by="seg"), cx.scorecard(study, by="seg")], picked, folder)


def _office(results: list[Result], picked: list[str], folder: Path) -> int:
    """Results with hostile labels as document, slides and workbook: each opens again, says them, links to nothing."""
    run = {
        "status": "done", "notebook": {"name": picked[0], "sha256": "a"}, "parameters": {"study": picked[1]},
        "data": {"sha256": "abc", "title": picked[2], "rows": 60}, "cxlab": "0", "made": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    body = "".join(result._repr_html_() for result in results)
    head = html.escape(picked[0])
    (folder / "index.html").write_text(f"<html lang='en'><body><h1>{head}</h1>{body}</body></html>", encoding="utf-8")
    made = Made(folder, run, {f"a.{k}": json.loads(json.dumps(r.to_dict())) for k, r in enumerate(results)})
    document(folder / "index.html", folder / "x.docx", Style())
    slides(made, folder / "x.pptx", Style())
    workbook(made, folder / "x.xlsx")
    read = docx.Document(str(folder / "x.docx"))
    cells = {cell.text for table in read.tables for row in table.rows for cell in row.cells}
    assert all(" ".join(legal(label).split()) in {" ".join(c.split()) for c in cells} for label in picked), picked
    assert len(pptx.Presentation(str(folder / "x.pptx")).slides) > 1
    sheets = openpyxl.load_workbook(folder / "x.xlsx").worksheets
    assert all(c.data_type != "f" for sheet in sheets for row in sheet.iter_rows() for c in row), "a formula"
    for name in ("x.docx", "x.pptx", "x.xlsx"):
        with zipfile.ZipFile(folder / name) as parts:
            told = [parts.read(n).decode() for n in parts.namelist() if n.endswith(".rels")]
        assert not any('TargetMode="External"' in text for text in told), f"{name} links to a host"
    return 3 * len(picked)


def codebooks(seed: int, folder: Path) -> int:
    """A codebook with one thing broken: right, or refused with words that name the file."""
    rng = np.random.default_rng(seed)
    (folder / "d.csv").write_text("ltr,seg\n" + "".join(f"{k % 11},{'ab'[k % 2]}\n" for k in range(40)))
    good = {
        "name": "d",
        "resources": [
            {
                "name": "d",
                "path": "d.csv",
                "schema": {
                    "fields": [
                        {
                            "name": "ltr",
                            "type": "integer",
                            "role": "outcome",
                            "measure": "recommendation",
                            "scale": {"minimum": 0, "maximum": 10},
                        },
                        {"name": "seg", "type": "string", "role": "segment"},
                    ]
                },
            }
        ],
    }
    text = _broken(json.dumps(good), rng)
    path = folder / "d.datapackage.json"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        cx.nps(cx.load(folder / "d.csv"))
    except cx.DataProblem as problem:
        assert "Traceback" not in str(problem) and len(str(problem)) > 15
    return 1


def plans(seed: int, folder: Path) -> int:
    """A batch plan with one thing broken: read, or refused with words."""
    from click.testing import CliRunner

    from cxlab.cli import cmd_batch

    rng = np.random.default_rng(seed)
    good = "notebook: scorecard\nstudies: [airline-survey]\nparameters:\n  level: 0.9\nformats: [html]\n"
    path = folder / "p.yml"
    path.write_text(_broken(good, rng), encoding="utf-8", errors="surrogatepass")
    done = CliRunner().invoke(cmd_batch.batch, [str(path), "--dry-run", "--out", str(folder / "out")])
    inside = done.exception
    assert inside is None or isinstance(inside, (SystemExit, cx.DataProblem)), f"{type(inside).__name__}: {inside}"
    return 1


def results(seed: int, folder: Path) -> int:
    """A shelf with one poisoned record: the index of the others is made."""
    from cxlab.report.front_page import refresh

    rng = np.random.default_rng(seed)
    shelf = folder / "reports"
    for name in ("good", "bad"):
        here = shelf / "scorecard" / name
        here.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame({"item": ["a"], "estimate": [1.0], "low": [0.0], "high": [2.0], "n": [9]})
        made = {"nps": Result("metric", "NPS", table, "points").to_dict()}
        run = {
            "made": "2026-01-01T00:00:00+00:00",
            "notebook": "scorecard",
            "parameters": {"study": name},
            "seconds": 1.0,
            "cxlab": "0",
            "data": {"name": name, "rows": 9, "title": name},
            "status": "done",
        }
        texts = [json.dumps(run), json.dumps(made)]
        if name == "bad":
            k = int(rng.integers(2))
            texts[k] = _broken(texts[k], rng)
        (here / "run.json").write_text(texts[0], encoding="utf-8", errors="surrogatepass")
        (here / "results.json").write_text(texts[1], encoding="utf-8", errors="surrogatepass")
        (here / "index.html").write_text("<html></html>")
    page = refresh(shelf)
    assert Path(page).exists()
    return 1


def _broken(text: str, rng: np.random.Generator) -> str:
    """Return ``text`` with one thing wrong: cut, doubled, a value of another type, a foreign character."""
    kind = int(rng.integers(6))
    at = int(rng.integers(1, len(text)))
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + str(rng.choice(list(string.punctuation))) + text[at:]
    if kind == 2:
        values = re.findall(r'"[^"]*"|\b\d+\b', text)
        old = str(rng.choice(values)) if values else "level"
        return text.replace(old, str(rng.choice(["null", "[]", "{}", "-1", '"x"', "1e999", "true"])), 1)
    if kind == 3:
        return text[:at] + str(rng.choice(["\x00", "\ufeff", "é", "\u202e", "\t"])) + text[at:]
    if kind == 4:
        return "[" * int(rng.integers(1, 300)) + text
    return text[:at] + text[at + int(rng.integers(1, 12)) :]


def zipped(seed: int, folder: Path) -> int:
    """A packed file is read and leaves nothing behind once its study is gone."""
    import gc
    import tempfile
    from unittest import mock

    rng = np.random.default_rng(seed)
    text = "ltr\n" + "".join(f"{int(v)}\n" for v in rng.integers(0, 11, 30))
    with zipfile.ZipFile(folder / "x.zip", "w") as pack:
        pack.writestr("x.csv", text)
    own = folder / "temporary"  # others work in the machine's own at the same time
    own.mkdir()
    with (
        mock.patch.object(tempfile, "tempdir", str(own)),
        mock.patch.object(tempfile, "TemporaryDirectory", wraps=tempfile.TemporaryDirectory) as made,
    ):
        cx.nps(cx.load(folder / "x.zip"))
        gc.collect()
    assert made.called, "unpacked by other means: this trial would see nothing"
    left = [p.name for p in own.rglob("*") if p.is_file()]
    assert left == [".owner"], f"unpacked file left behind: {left}"
    return 1
