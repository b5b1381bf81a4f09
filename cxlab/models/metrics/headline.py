"""`headline`: the first number of a study in one line, to say what a change of its codebook does to it."""

from __future__ import annotations

from cxlab.columns import show, span
from cxlab.data.study import Study
from cxlab.models.metrics.scorecard import scorecard
from cxlab.problem import DataProblem


def headline(study: Study) -> str:
    """Return the headline metric with its interval and n, or why there is none.

    >>> from cxlab.data.catalogue import open_study
    >>> headline(open_study("airline-survey"))
    'CSAT of Flight experience overall 69.7 % 68.7 to 70.6 %, 9,720 answers'
    """
    try:
        table = scorecard(study).table
    except DataProblem as problem:
        return f"no headline: {str(problem).partition('. ')[0]}"
    row = table[table["n"] > 0].iloc[0] if (table["n"] > 0).any() else table.iloc[0]
    number = f"{show(row['estimate'], row['unit'])} {span(row['low'], row['high'], row['unit'])}"
    return f"{row['metric']} of {row['question']} {number}, {int(row['n']):,} answers"
