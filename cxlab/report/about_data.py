"""What a report says about its data, told by the kernel in a last hidden cell of every run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cxlab.data.masking import quiet
from cxlab.languages import speech
from cxlab.result import plain

if TYPE_CHECKING:
    from cxlab.data.study import Study

MIME = "application/vnd.cxlab.study+json"
CELL = "import cxlab.report.about_data as _facts\n_facts.tell(globals())"
"""Source of the hidden cell; it is not part of the notebook that is kept."""


def tell(names: Mapping[str, Any]) -> None:
    """Display what is known about the first study among the notebook's variables, which versions were loaded, and what
    could not be said in the language of the report."""
    from IPython.display import display

    from cxlab.data.study import Study

    study = next((v for k, v in names.items() if isinstance(v, Study) and not k.startswith("_")), None)
    told = {
        "study": facts(study) if study is not None else {},
        "versions": versions(),
        "unsaid": [quiet(words) for words in speech.missing()],
    }
    display({MIME: plain(told), "text/plain": ""}, raw=True)


def facts(study: Study) -> dict[str, Any]:
    """Return name, rows, exclusions, filters, design and origin of a study."""
    book = study.codebook
    return {
        "name": study.name,
        "title": book.title or study.name,
        "simulated": book.simulated,
        "rows": len(study),
        "period": period(study),
        "dropped": [{"reason": reason, "rows": rows} for reason, rows in study.dropped],
        "filters": list(study.filters),
        "design": {k: v for k, v in vars(study.design).items() if v},
        "licence": book.licence,
        "source": book.source,
        "notes": [quiet(note) for note in book.notes],
        "doubts": [d.to_dict() for d in study.doubts],
    }


def period(study: Study) -> str:
    """Return the first and the last day (role 'date') or wave of a study; '' where it has neither."""
    import narwhals as nw

    column = next((n for n in (*study.codebook.role("date"), study.design.wave) if n in study.columns), "")
    if not column:
        return ""
    if column == study.design.wave and study.field(column).type == "string":
        from cxlab.data.waves import order_of

        order = order_of(study, column, study.frame.select(column).unique().collect()[column].to_list())
        return " to ".join(dict.fromkeys(str(order.values[k]) for k in (0, -1))) if order.known and order.values else ""
    row = study.frame.select(first=nw.col(column).min(), last=nw.col(column).max()).collect().to_dict(as_series=False)
    days = [v[0].date() if isinstance(v[0], datetime) else v[0] for v in row.values()]
    ends = ["" if v is None else str(v).removesuffix(".0") for v in days]
    what = "wave " if column == study.design.wave and len(ends[1]) < 4 else ""
    return what + " to ".join(dict.fromkeys(ends)) if all(ends) else ""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the loaded libraries that numbers depend on."""
    libraries = ("cxlab", "numpy", "scipy", "pandas", "polars", "duckdb", "narwhals", "statsmodels", "pyspark")
    found = {name: getattr(sys.modules[name], "__version__", "?") for name in libraries if name in sys.modules}
    return {"python": sys.version.split()[0], **found}
