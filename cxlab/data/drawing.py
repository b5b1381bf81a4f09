"""How a sample was drawn and weighted: `Design` and `Calibration` of a study."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Design:
    """Which columns describe how the sample was drawn; empty where the study has none.

    ``weight``: design weight, positive. ``cluster``: who or what was sampled together (respondent, account, flight).
    ``strata``: sampled separately. ``wave``: when.
    """

    weight: str = ""
    cluster: str = ""
    strata: str = ""
    wave: str = ""

    def __str__(self) -> str:
        said = [f"{k} {v}" for k, v in vars(self).items() if v]
        return ", ".join(said) or "simple random sample"


@dataclass(frozen=True)
class Calibration:
    """How the weights of a study were made in this session: ``weight`` from ``base`` ('' : 1 each), so that the sample
    has the population's ``margins`` (the columns of each)."""

    weight: str
    base: str
    margins: tuple[tuple[str, ...], ...]
