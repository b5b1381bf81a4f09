"""`ask`: the doubts about a study as a panel in JupyterLab; what is answered is written to its codebook."""

from __future__ import annotations

import html
import json
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxlab.data import codebook as codebooks
from cxlab.data.arguments import public
from cxlab.data.doubt import Doubt, together
from cxlab.data.load import beside, load
from cxlab.data.locations import apart, placed
from cxlab.data.settings import with_settings
from cxlab.data.study import Study
from cxlab.models.metrics.headline import headline
from cxlab.problem import DataProblem

OPEN = "leave it open"


def answered(study: Study, answers: dict[Doubt, int]) -> tuple[Study, list[str]]:
    """Return the study with the answers (the place of each in `Doubt.answers`), and what follows from them."""
    said: list[str] = []
    for doubt, k in answers.items():
        setting = doubt.settings[k] if k < len(doubt.settings) else ""
        if not doubt.column or (k and not setting):
            said.append(f"{doubt.question} This is answered by: {doubt.line(apart(study.source)[0] or 'FILE')}")
            continue
        pairs = (word.partition("=") for word in shlex.split(setting))
        settings = {key: value for key, sign, value in pairs if sign}
        for column in doubt.columns:
            study, told = with_settings(study, column, settings)
            said += told
    return study, said


def kept(study: Study) -> Path:
    """Write the codebook of a study beside its file and return where it is.

    Raises
    ------
    DataProblem : the study came from no file.
    """
    file, reading = apart(study.source)
    if not file or not placed(file).is_file():
        raise DataProblem(
            f"{study.name} came from no file, so its codebook lies nowhere; use study.set(column, role=...)"
        )
    path = placed(file)
    target = Path(reading.get("codebook", "") or beside(path) or path.with_name(f"{path.stem}.datapackage.json"))
    where = Path(os.path.relpath(path.resolve(), target.parent.resolve())).as_posix()
    package = codebooks.write(replace(study.codebook, doubts=study.doubts), where)
    target.write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return target


@public
def ask(study: Study) -> Any:
    """Return a panel (ipywidgets) with what is in doubt about a study; its button writes the answers to the codebook.

    The same as ``cxlab codebook ask`` in the terminal. Load the file again afterwards: ``cx.load(path)``.

    Parameters
    ----------
    study : a study that was loaded from a file.

    Examples
    --------
    >>> import cxlab as cx
    >>> type(cx.pages.ask(cx.load("abc"))).__name__
    'VBox'
    """
    import ipywidgets as w

    out = w.HTML()
    if not study.doubts:
        out.value = f"<p>Nothing is in doubt about {html.escape(study.name)}.</p>"
        return w.VBox([out])
    asked = []
    for doubt in together(study.doubts):
        words = doubt.answers or ("yes",)
        options = [(OPEN, -1), *((f"{a} (taken now)" if k == 0 else a, k) for k, a in enumerate(words))]
        choice = w.Dropdown(options=options, value=-1, layout=w.Layout(width="max-content"))
        asked.append((doubt, choice, w.VBox([w.HTML(f"<strong>{html.escape(doubt.asks)}</strong>"), choice])))
    button = w.Button(description="Write the codebook")

    def write(_: Any) -> None:
        answers = {doubt: choice.value for doubt, choice, _ in asked if choice.value >= 0}
        try:
            made, said = answered(study, answers)
            before, target = headline(study), kept(made)
            now = headline(load(study.source))
        except DataProblem as problem:
            out.value = f"<p role='alert'><strong>{html.escape(str(problem))}</strong></p>"
            return
        changed = [f"The headline stays: {now}"] if now == before else [f"before: {before}", f"now: {now}"]
        lines = [*said, *changed, f"Written: {target}. Load the file again."]
        out.value = "".join(f"<p>{html.escape(line)}</p>" for line in lines)

    button.on_click(write)
    return w.VBox([*(box for *_, box in asked), button, out])
