"""What kind of control chart is drawn, and how many false alarms it may raise."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

from cxlab.models.monitoring.time_series import DAYS
from cxlab.problem import DataProblem, one_of
from cxlab.stats.monitoring.run_length import RULES

KINDS = {
    "innovation": "innovation chart: sampling variance of the design, day effect with autocorrelation (REML)",
    "laney": "Laney p' chart: sampling variance times that of the moving ranges",
    "plain": "plain chart: sampling variance alone",
}
"""Kinds of chart and what they hold a period against."""


LAST_YEAR = "last year"
"""Season by the same period of the year before."""


@dataclass(frozen=True)
class Chart:
    """Which control chart `cxlab.monitor` draws.

    Parameters
    ----------
    kind : 'innovation' (default): each period against what the design's sampling error, the true variation from day to
        day and its autocorrelation let expect; 'laney': Laney's p' (independent variation from day to day); 'plain':
        sampling error alone, which cries wolf as soon as days truly differ.
    rule : 'ewma' (default; small shifts soon), 'cusum' (reference value .5) or 'shewhart' (single periods).
    weight : of the newest period in an EWMA, above 0 to 1.
    wave : column of dates or waves; '' takes the first date of the codebook, else the study's wave.
    mix : segment columns whose mix may vary without being news, as the channel: what their changed shares alone would
        do to the metric counts as expected.
    season : what of the year counts as expected. True: two harmonics from a baseline of at least a whole year. 'last
        year': the same period last year, so that the chart begins with the second year.
    shift : the fall whose delay is said, in the unit of the metric; None takes the smallest difference that matters,
        of amounts without a scale a fifth of their standard deviation.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.monitoring.Chart(rule="cusum").kind
    'innovation'
    """

    kind: str = "innovation"
    rule: str = "ewma"
    weight: float = 0.2
    wave: str = ""
    mix: tuple[str, ...] = ()
    season: bool | str = False
    shift: float | None = None

    def __post_init__(self) -> None:
        one_of("kind of chart", self.kind, KINDS)
        one_of("rule", self.rule, RULES)
        if not isinstance(self.weight, Real) or not 0 < self.weight <= 1:
            raise DataProblem(f"weight is {self.weight!r}; the weight of the newest period is above 0, at most 1")
        if self.season not in (True, False, LAST_YEAR):
            raise DataProblem(f"season is {self.season!r}; give True, False or '{LAST_YEAR}'")
        if self.shift is not None and not (isinstance(self.shift, Real) and self.shift > 0):
            raise DataProblem(f"shift is {self.shift!r}; give the size of a fall, above 0, in the unit of the metric")
        object.__setattr__(self, "mix", (self.mix,) if isinstance(self.mix, str) else tuple(self.mix))


@dataclass(frozen=True)
class Budget:
    """False alarms allowed over all charts together: ``alarms`` in so many ``days`` (or ``looks`` at waves)."""

    alarms: float
    days: float
    said: str
    looks: float = 0.0

    def run_length(self, charts: int, every: str, share: float) -> tuple[float, float]:
        """Return looks of one chart in the time of the budget, and the average run length that keeps it.

        Parameters
        ----------
        charts : how many are watched. ``share`` : of the periods that have answers.
        """
        looks = self.looks or self.days / DAYS.get(every, 1.0) * share
        return looks, charts * looks / self.alarms


def budget_of(given: object, every: str, watched: int) -> Budget:
    """Return the budget: a number a year, or (number, 'day' ... 'year'), or (number, looks).

    Parameters
    ----------
    every : length of a period; waves have none, and a number alone is then for the ``watched`` waves.

    >>> budget_of((1, "quarter"), "day", 100).said
    'at most 1 false alarm a quarter'
    """
    many, per = given if isinstance(given, (tuple, list)) and len(given) == 2 else (given, "year")
    if not isinstance(many, Real) or isinstance(many, bool) or not many > 0:
        raise DataProblem(
            f"budget is {given!r}; give the false alarms allowed over all charts: a number a year, as 4, or with its "
            "time, as (1, 'quarter')"
        )
    said = f"at most {many:g} false alarm{'s' * (many != 1)}"
    if isinstance(per, Real) and not isinstance(per, bool) and per > 0:
        return Budget(float(many), 0.0, f"{said} in {per:g} looks", float(per))
    one_of("time of the budget", per, DAYS)
    if every == "wave":
        return Budget(float(many), 0.0, f"{said} in {watched} waves (they have no length in days)", float(watched))
    return Budget(float(many), DAYS[per], f"{said} a {per}")
