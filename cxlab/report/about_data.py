"""What a report says about its data, told by the kernel in a last hidden cell of every run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cxlab.columns import missing
from cxlab.data.masking import quiet
from cxlab.languages import speech
from cxlab.result import plain

if TYPE_CHECKING:
    from cxlab.data.study import Study

MIME = "application/vnd.cxlab.study+json"
CELL = "import cxlab.report.about_data as _facts\n_facts.tell(globals())"
"""Source of the hidden cell; it is not part of the notebook that is kept."""


def tell(names: Mapping[str, Any]) -> None:
    """Display what is known about the study called ``data``, else the first among the notebook's variables, which
    versions were loaded, and what could not be said in the language of the report, whose words stay as they are."""
    from IPython.display import display

    from cxlab.data.study import Study

    studies = {k: v for k, v in names.items() if isinstance(v, Study) and not k.startswith("_")}
    study = studies.get("data", next(iter(studies.values()), None))
    told = {
        "study": facts(study) if study is not None else {},
        "versions": versions(),
        "unsaid": [quiet(words) for words in speech.missing()],
        "own": list(speech.own()),
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
    """Return the first and the last day (role 'date') or wave of a study; '' where it has neither.

    Where dates are not those of nearly all rows the waves say more; without waves it is said how many rows have one.
    """
    import narwhals as nw

    for column in (n for n in (*study.codebook.role("date"), study.design.wave) if n in study.columns):
        if column == study.design.wave and study.field(column).type == "string":
            from cxlab.data.waves import order_of

            order = order_of(study, column, study.frame.select(column).unique().collect()[column].to_list())
            ends = [str(order.values[k]) for k in (0, -1)] if order.known and order.values else []
            return " to ".join(dict.fromkeys(ends))
        x = nw.col(column)
        asked = {"first": x.min(), "last": x.max(), "filled": x.count(), "rows": nw.len()}
        row = study.frame.select(**asked).collect().to_pandas().iloc[0]
        if missing(row["first"]):
            continue
        wave, whole = column == study.design.wave, row["filled"] >= DATED * row["rows"]
        if not wave and not whole and study.design.wave:
            continue
        days = [v.date() if hasattr(v, "date") else v for v in row[["first", "last"]]]
        ends = [str(v).removesuffix(".0") for v in days]
        if wave and study.field(column).labels:
            ends = [study.field(column).labels.get(e, e) for e in ends]
        said = ("wave " if wave and len(ends[1]) < 4 else "") + " to ".join(dict.fromkeys(ends))
        return said if whole or wave else f"{said} ({row['filled']:,} rows with a date)"
    return ""


DATED = 0.95
"""So many of the rows have a date, or the period is not theirs."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the loaded libraries that numbers depend on."""
    libraries = ("cxlab", "numpy", "scipy", "pandas", "polars", "duckdb", "narwhals", "statsmodels", "pyspark")
    found = {name: getattr(sys.modules[name], "__version__", "?") for name in libraries if name in sys.modules}
    return {"python": sys.version.split()[0], **found}
