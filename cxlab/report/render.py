"""From notebook and study to a folder with the report: run, judge, export, publish in one step."""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cxlab.data import locations, person_names
from cxlab.data.doubt import doubt, together
from cxlab.data.foreign import foreign, parsed
from cxlab.data.locations import apart, placed
from cxlab.data.masking import cleaned, quiet, without_secrets
from cxlab.languages import message_book as languages
from cxlab.languages import speech
from cxlab.languages.one_and_many import agreed
from cxlab.problem import DataProblem, one_of
from cxlab.report import notebook as books
from cxlab.report import page, pdf, provenance
from cxlab.report.house_style import Style
from cxlab.report.kernel import Kernels
from cxlab.report.run import Failure, Run, execute, import_jupyter, skipped
from cxlab.report.whole_language import FAILED, apology, need_whole

FORMATS = ("html", "pdf", "docx", "pptx", "xlsx")


@dataclass(frozen=True)
class Form:
    """What to make of a run, in whose colours, and how long (seconds a cell) and large (bytes) it may become."""

    to: tuple[str, ...] = ("html",)
    timeout: int = 600
    memory: int = 0
    style: Style = Style()

    def __post_init__(self) -> None:
        for wanted in self.to:
            one_of("format", wanted, FORMATS)
        if "pdf" in self.to:
            pdf.check()


PLAIN = Form()


@dataclass(frozen=True)
class Report:
    """What came of one report: its folder, its page, and why it failed, if it did."""

    folder: Path
    page: Path
    failure: Failure | None
    seconds: float
    skipped: tuple[str, ...] = ()
    """Optional parts that are not shown, each with its section and why."""
    said: tuple[str, ...] = ()
    """What the terminal says of the data: rows left out, and what is not sure."""


def prepare(name: str, study: str, given: Mapping[str, Any]) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the notebook's file, the parameters to pass and those that differ from the defaults; all checked.

    Raises
    ------
    DataProblem : no such notebook or study, a parameter it does not have, or a value of the wrong type.
    """
    path = books.find(name)
    known = declared(path, provenance.stamp(path))
    checked = books.check({"study": study, **given}, known, path.stem)
    languages.check(checked.get("language", "en"))
    provenance.there(study)
    changed = {k: v for k, v in checked.items() if k != "study" and v != known[k].default}
    return path, checked, changed


@functools.lru_cache(maxsize=64)
def declared(path: Path, stamped: tuple[int, ...]) -> Mapping[str, books.Parameter]:
    """Return the parameters that the notebook declares.

    Raises
    ------
    DataProblem : the file is no notebook, none of its cells is tagged, or a line of that cell is no parameter.
    """
    advice = "write it anew with JupyterLab"
    said = parsed(path, advice)
    if "worksheets" in said:
        raise DataProblem(f"{path} is a notebook of an old format; open it in JupyterLab and save it")
    with foreign(str(path), advice):
        cells = [c for c in said["cells"] if "parameters" in (c.get("metadata") or {}).get("tags", [])]
        source = "".join(cells[0]["source"]) if cells else None
    if source is None:
        raise DataProblem(f"notebook {path} has no cell tagged 'parameters'; tag one and write: study: str = 'abc'")
    with foreign(f"the parameters cell of {path}", "write lines like level: float = 0.95  # confidence level"):
        return books.parameters(source, path.stem)


def folder_name(study: str, changed: Mapping[str, Any], *, more: str = "") -> str:
    """Return ``<study>[-<params>]``: readable, and different for different parameters and ways to read a file.

    ``more`` tells files of one name in different folders apart (`cxlab.report.batch.told_apart`).

    >>> folder_name("data/my survey.csv", {"by": "stage", "level": 0.9})
    'my-survey-by=stage-level=0.9'
    >>> folder_name("sfo", {"only": {"airline": "United", "wave": "2017"}})
    'sfo-airline=United-wave=2017'
    >>> folder_name("calls", {"only": {"agent": "Anna Roe"}})  # no folder is called like a person
    'calls-agent=80e7ddd6'
    >>> folder_name("data/may.xlsx#sheet=Answers&codebook=books/new.json", {})
    'may-codebook=new-sheet=Answers'
    """
    study, changed = without_secrets(study), cleaned(changed)
    file, reading = apart(study)
    path = Path(file)
    stem = (path.stem if path.suffix or placed(study).exists() else file) + more
    said = {k: Path(v).stem.removesuffix(".datapackage") if k != "sheet" else v for k, v in reading.items()}
    only = {k: _nobody(k, v) for k, v in (changed.get("only") or {}).items()}
    pairs = {**{k: v for k, v in changed.items() if k != "only"}, **only, **said}
    parts = [stem, *(f"{k}={','.join(map(str, v)) if isinstance(v, list) else v}" for k, v in sorted(pairs.items()))]
    text = "-".join(parts)
    plain = "-".join([slug(stem), *parts[1:]])  # the study's own name may be simplified, parameters may not
    name = slug(text)
    lossy = bool(changed or said) and name != plain or len(name) > 100
    return f"{name[:90]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}" if lossy else name


def _nobody(column: str, level: Any) -> Any:
    """The level of a cell as a folder may be called: of a person only a sum of the name."""
    person = isinstance(level, str) and person_names.somebody(column, level)
    return hashlib.sha256(level.encode()).hexdigest()[:8] if person else level


def file_of(study: str) -> str:
    """Return the file of a study as it is seen from where the command was called, however it was written."""
    path = Path(os.path.normpath(without_secrets(apart(study)[0])))
    with contextlib.suppress(ValueError):
        return path.relative_to(locations.folder()).as_posix()
    return path.as_posix()


def slug(text: str) -> str:
    """Return ``text`` with only characters that every file system takes."""
    return re.sub(r"[^\w.=,+-]+", "-", text).strip("-.") or "study"


def report(
    name: str,
    study: str,
    given: Mapping[str, Any] | None = None,
    *,
    kernels: Kernels,
    output: Path = Path("reports"),
    more: str = "",
    form: Form = PLAIN,
    progress: Callable[[int, int, str], None] = lambda done, of, cell: None,
) -> Report:
    """Run notebook ``name`` on ``study`` and write the report to ``output/<notebook>/<study>[-<params>]``.

    The folder changes only when everything is done; a run that fails leaves it as it was and writes its error page
    to the same name with ``.failed`` added.

    Raises
    ------
    DataProblem : an input is wrong, or changed while it was read, twice.
    """
    path, parameters, changed = prepare(name, study, given or {})
    if "language" in parameters:
        form = replace(form, style=replace(form.style, language=parameters["language"]))
    target = Path(output) / path.stem / folder_name(study, changed, more=more)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.parent / f".{target.name[:60]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    work.mkdir()
    began = time.monotonic()
    try:
        import_jupyter()
        warm = threading.Thread(target=page.exporter)  # compiles the template while the kernel works
        warm.start()
        run = whole(path, parameters, work, kernels=kernels, form=form, progress=progress, warm=warm)
        seconds = time.monotonic() - began
        final = target.with_name(f"{target.name}.failed") if run.failure else target
        publish(work, final)
        if not run.failure:
            shutil.rmtree(target.with_name(f"{target.name}.failed"), ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    missed = tuple(f"{part['section']}: {part['reason']}" for part in skipped(run.notebook.cells))
    said = about(run.told.get("study", {}), cleaned(parameters["study"]))
    return Report(final, final / ("error.html" if run.failure else "index.html"), run.failure, seconds, missed, said)


def about(study: Mapping[str, Any], file: str) -> tuple[str, ...]:
    """Return what the terminal says of a study's data: rows that were left out, the heaviest guess that is not sure.

    >>> about({"dropped": [{"rows": 3, "reason": "'Status' says Spam"}]}, "a.csv")
    ("left out: 3 rows, 'Status' says Spam",)
    """
    out = tuple(agreed(f"left out: {d['rows']:,} rows") + f", {d['reason']}" for d in study.get("dropped", ()))
    doubts = together(doubt(d) for d in study.get("doubts", ()))
    if not doubts:
        return out
    more = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
    return (*out, f"not sure: {quiet(doubts[0].asks)}{more}; cxlab codebook ask {shlex.quote(file)}")


def whole(
    path: Path,
    parameters: Mapping[str, Any],
    work: Path,
    *,
    kernels: Kernels,
    form: Form,
    warm: threading.Thread,
    **tell: Any,
) -> Run:
    """Run and write a report whose inputs did not change meanwhile: if one did, all is made again, once."""
    study = parameters["study"]
    for _ in range(2):
        before = provenance.state(study, parameters, path)
        run = execute(path, parameters, kernels, work, timeout=form.timeout, memory=form.memory, **tell)
        warm.join()
        write(run, work, path=path, parameters=parameters, form=form)
        after = provenance.state(study, parameters, path)
        if before == after:
            return run
        kept = {p.name: p.read_bytes() for p in work.iterdir()}
        for file in work.iterdir():
            file.unlink()
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if changed <= set(map(str, provenance.named_files(parameters))):  # a run may write to a file it is given
        for name, content in kept.items():
            (work / name).write_bytes(content)
        dump(work / "run.json", json.loads(kept["run.json"]) | {"key": ""})  # never called unchanged
        return run
    changed = sorted(changed)
    raise DataProblem(
        f"{', '.join(Path(name).name for name in changed)} changed while the report was made, twice; it would hold "
        "numbers of two files. Make it again when nothing writes to them; an earlier report is untouched"
    )


def write(run: Run, work: Path, *, path: Path, parameters: Mapping[str, Any], form: Form = PLAIN) -> None:
    """Write a report in its language, which it must have whole; the page of a run that failed is for its analyst.

    Raises
    ------
    DataProblem : the language lacks sentences that the report says.
    """
    language = "en" if run.failure else parameters.get("language", "en")
    form = replace(form, style=replace(form.style, language=language)) if run.failure else form
    with speech.speaking(language, run.told.get("own", ())) as missing:
        written(run, work, path=path, parameters=parameters, form=form)
    need_whole([*run.told.get("unsaid", ()), *missing], f"the report '{path.stem}'", language)


def written(run: Run, work: Path, *, path: Path, parameters: Mapping[str, Any], form: Form) -> None:
    """Write page, other formats, numbers and the record of the run into folder ``work``."""
    study = run.told.get("study", {})
    found = page.results(run.notebook)
    record = {
        "status": "failed" if run.failure else "done",
        "failure": asdict(run.failure) if run.failure else None,
        "notebook": {"name": path.stem, "sha256": provenance.file_hash(path)},
        "parameters": cleaned(parameters),
        "seed": parameters.get("seed"),
        "skipped": skipped(run.notebook.cells),
        "data": {"sha256": provenance.data_hash(parameters["study"]), **cleaned(study)},
        "cxlab": provenance.version(),
        "versions": dict(run.told.get("versions", {})),
        "key": provenance.key(parameters["study"], parameters, path, f"{form.to} {form.style}"),
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
    }
    around = surroundings(record, run.failure) | {"methods": page.methods(found)}
    html = page.page(run.notebook, around, form.style)
    (work / ("error.html" if run.failure else "index.html")).write_text(html, encoding="utf-8")
    if not run.failure:
        told = {k: record[k] for k in ("notebook", "parameters", "data")}
        dump(work / "results.json", told | {"order": list(found), "results": found})
        if "pdf" in form.to:
            record["pdf"] = pdf.pdf(work / "index.html", work / "report.pdf")
    dump(work / "run.json", record)
    if not run.failure:
        convert(work, form)


def convert(work: Path, form: Form) -> None:
    """Write the formats that are made from page and numbers: document, slides, workbook."""
    if "docx" in form.to:
        from cxlab.report.document import document

        document(work / "index.html", work / "report.docx", form.style)
    if {"pptx", "xlsx"} & set(form.to):
        from cxlab.report.collect import one
        from cxlab.report.slides import slides
        from cxlab.report.workbook import workbook

        made = one(work)
        if "pptx" in form.to:
            slides(made, work / "report.pptx", form.style)
        if "xlsx" in form.to:
            workbook(made, work / "report.xlsx")


def surroundings(record: Mapping[str, Any], failure: Failure | None) -> dict[str, Any]:
    """Return what the page says around the cells."""
    study, parameters, notebook = record["data"], record["parameters"], record["notebook"]
    around = {
        "notebook": notebook["name"],
        "subject": ", ".join([study.get("title") or parameters["study"], *study.get("filters", [])]),
        "simulated": study.get("simulated", False),
        "stamp": f"cxlab {record['cxlab']}; notebook {notebook['name']} {notebook['sha256'][:12]}; "
        f"{record['made'][:10]}",
    }
    if failure:
        subject = f"{notebook['name']} of {parameters['study']}"
        missed = [f"{part['section']}: {part['reason']}" for part in record.get("skipped", ())]
        told = {"title": FAILED, "subject": subject, "failure": asdict(failure), "missed": missed}
        return {**around, **told, **apology(parameters)}
    settings = {k: said(v) for k, v in parameters.items() if k not in ("study", "only")}
    origin = [f"{k.capitalize()}: {study[k]}" for k in ("source", "licence") if study.get(k)]
    origin += [*study.get("notes", []), f"Data and codebook, sha256: {study['sha256'] or 'no file to hash'}"]
    doubts = together(doubt(d) for d in study.get("doubts", ()))
    listed = [(d.asks, d.answers, d.line(parameters["study"])) for d in doubts]
    about = [*facts(study, parameters["study"]), *settings.items()]
    return {
        **around,
        "facts": about,
        "origin": origin,
        "doubts": listed[:DOUBTS],
        "more_doubts": max(0, len(doubts) - DOUBTS),
    }


DOUBTS = 5
"""So many doubts stand on a page, the heaviest first."""


def facts(study: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Return what the head of a report says about its data: name and text."""
    dropped, design = study.get("dropped", []), study.get("design", {})
    sampled = ", ".join(f"{k} {v}" for k, v in design.items() if k in ("cluster", "strata"))
    return [
        ("Rows", f"{study['rows']:,}" if "rows" in study else "not known"),
        *([("Period", study["period"])] if study.get("period") else []),
        ("Left out", "; ".join(f"{d['rows']:,} {d['reason']}" for d in dropped) or "none"),
        ("Filter", " and ".join(study.get("filters", [])) or "none"),
        ("Weights", design.get("weight") or "none"),
        ("Sample", sampled or "simple random"),
        ("Data", f"{name}, {study['sha256'][:8] or 'no file'}"),
        *([("Not sure", agreed(f"{len(study['doubts'])} guesses, listed at the end"))] if study.get("doubts") else []),
    ]


def said(value: Any) -> str:
    """Return a parameter's value in words."""
    if value is None or value == []:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def dump(path: Path, content: Any) -> None:
    """Write JSON with sorted keys."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def publish(work: Path, target: Path) -> None:
    """Put the finished folder in the place of the old one; readers see the old or the new, never a mixture."""
    for _ in range(100):
        old = target.with_name(f".{target.name[:60]}-{uuid.uuid4().hex[:8]}.old")
        with contextlib.suppress(FileNotFoundError):
            os.rename(target, old)
        try:
            os.rename(work, target)
            return
        except OSError:  # another run put its report there in between: take that one's place
            if not work.exists():
                raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    raise DataProblem(f"{target} could not be replaced: other runs keep writing to it; give each its own --output")
