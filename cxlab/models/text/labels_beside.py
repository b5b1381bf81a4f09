"""`coded_beside`: a study whose comments are coded by the label sheets that lie beside its file."""

from __future__ import annotations

import json
from pathlib import Path

from cxlab.data.arguments import public
from cxlab.data.locations import apart
from cxlab.data.study import Study
from cxlab.models.text.coded import Coded, code
from cxlab.models.text.label_sheets import key_path

BESIDE, NONE = "beside", "none"


@public
def coded_beside(study: Study, labels: str | Path = BESIDE, *, engine: str = "auto") -> Coded | None:
    """Return the study coded by the filled label sheets beside its file, or None where there are none.

    Beside ``survey.csv`` it is ``survey.labels.xlsx``, or ``labels.xlsx`` if its key names this study; both with the
    ``.key.json`` that `cxlab.text.label_sample` wrote. So a page shows themes where comments are labelled, and
    nothing where they are not. Code the whole study, then filter it: labels were drawn from the whole.

    Parameters
    ----------
    labels : 'beside'; 'none' looks for nothing; or the path of filled sheets.
    engine : as in `cxlab.code`.

    Raises
    ------
    DataProblem : sheets are there, or named, and cannot be used: as `cxlab.text.read_labels` and `cxlab.code` say.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.text.coded_beside(cx.load("brand-tracker")) is None
    True
    """
    if str(labels) in (NONE, ""):
        return None
    file = _beside(study) if str(labels) == BESIDE else Path(labels)
    return None if file is None else code(study, None, labels=file, engine=engine)


def _beside(study: Study) -> Path | None:
    """The label sheets of a study: named like its file, or named 'labels' and drawn from it."""
    source = Path(apart(study.source)[0]) if study.source else None
    if source is None or not source.is_file():
        return None
    own = source.with_name(f"{source.stem}.labels.xlsx")
    if own.is_file():
        return own
    other = source.with_name("labels.xlsx")
    if other != source and other.is_file() and _drawn_from(key_path(other)) == study.name:
        return other
    return None


def _drawn_from(key: Path) -> str:
    """The name of the study that sheets were drawn from; '' where the key does not say."""
    try:
        told = json.loads(key.read_text(encoding="utf-8"))
        return str(told["study"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
