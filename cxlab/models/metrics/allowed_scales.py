"""Scales that metrics take: a recommendation is asked from 0 to 10, and only questions on one scale are compared."""

from __future__ import annotations

from collections.abc import Mapping

from cxlab.data.codebook import Field, Scale
from cxlab.data.study import Study
from cxlab.problem import DataProblem


def alike(study: Study, kinds: Mapping[str, str], how: str) -> None:
    """Raise unless all questions are measured on the same: what differs by its scale says nothing of the answers."""
    first, *others = kinds.items() or [("", "")]
    for name, kind in others:
        if kind != first[1]:
            raise DataProblem(
                f"'{first[0]}' and '{name}' of {study.name} cannot be {how}: one is measured on {first[1]}, the other "
                f"on {kind}; name questions of one scale with of=, or recode them to one"
            )


def recommendation(study: Study, f: Field) -> None:
    """Raise unless the question is a 0 to 10 recommendation question."""
    instead = f"use cx.csat(study, '{f.name}') for a top-box share or cx.mean(study, '{f.name}')"
    if f.measure != "recommendation":
        asks = f"measures {f.measure}" if f.measure else "has no measure in the codebook"
        raise DataProblem(
            f"NPS is defined for a question of recommendation from 0 to 10; '{f.name}' of {study.name} {asks}; "
            f"{instead}, or declare measure 'recommendation' if that is what it asks"
        )
    if f.scale is None:
        raise DataProblem(
            f"NPS needs to know the scale of '{f.name}' of {study.name}, and the codebook declares none; "
            "declare scale minimum 0 and maximum 10 in its datapackage.json"
        )
    if (f.scale.minimum, f.scale.maximum) != (0, 10) and not _shifted(f.scale):
        hint = (
            "; if code 1 stands for the answer 0 and 11 for 10, say so in the codebook: scale labels "
            '{"1": "0", "11": "10"}'
            if f.scale.points == 11
            else ""
        )
        raise DataProblem(
            f"NPS is defined for answers from 0 to 10; '{f.name}' of {study.name} runs from {f.scale}, and promoters "
            f"and detractors have no agreed place on it; {instead}{hint}"
        )


def _shifted(scale: Scale) -> bool:
    """Whether eleven codes are declared to stand for 0 to 10: the lowest is labelled 0 and the highest 10."""
    first, last = (str(scale.labels.get(f"{c:g}", "")).split() for c in (scale.minimum, scale.maximum))
    return scale.points == 11 and first[:1] == ["0"] and last[:1] == ["10"]
