"""Families of tests: all comparisons of one page, corrected for their number together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from cxlab.data.arguments import public
from cxlab.models.metrics.contrasts import POWER, corrected
from cxlab.models.metrics.groups import UNORDERED
from cxlab.problem import DataProblem, one_of, unknown
from cxlab.result import Result
from cxlab.stats.inference import differences, multiple
from cxlab.stats.inference.trinomial import z_value

KINDS = ("comparison", "trend")


@dataclass(frozen=True)
class Shares:
    """How the level of a page is divided: the section of each result, its share of the level, and the level itself."""

    section: tuple[str, ...]
    share: Mapping[str, float]
    chance: float

    @property
    def names(self) -> list[str]:
        """The sections in the order of the page."""
        return list(dict.fromkeys(self.section))

    def described(self) -> str:
        """Name each section with its part of the level in percent."""
        own = {name: self.share[name] for name in self.names}
        return ", ".join(f"{name} {self.chance * v / sum(own.values()):.1%}" for name, v in own.items())


@public
def together(
    *results: Result,
    correction: str = "holm",
    sections: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
    chance: float | None = None,
) -> list[Result]:
    """Return the results of `compare`, `against`, `trend` and `impact` judged as one family: all tests of a page.

    Each table alone is wrong on one page in twenty where nothing differs; seven tables on one page are on one in three.
    Judged together they are again wrong on one page in twenty. What stands in two tables is one test: two groups that
    are each other's rest, the only change of two waves and their ends. Over a hundred tests none but a large difference
    is found; with ``sections`` each section has a share of the level that is fixed before looking, so that many tests
    in one do not cost the others their power. A section whose differences are all real hands its share on.

    Parameters
    ----------
    results : what the page shows; also `standing`, whose changes are tests like those of `trend`.
    correction : 'holm' (default: a false "real" anywhere on the page has probability ``chance``), 'bh', 'by' or 'none'.
    sections : the section of each result, by name; default: all are one. Tests that stand in two sections count in the
        first.
    shares : how much of the level each section has, in proportion; default: all the same.
    chance : the probability of a false "real" anywhere on the page where nothing differs; default 1 - level. What is
        called real has an interval of its own level that leaves out 0, whatever the chance.

    Returns
    -------
    The results in their order, with ``p_adjusted`` (real below ``chance``), ``detectable`` and ``verdict`` as the
    family has them, a note that says so, and ``parts["family"]``, the number of tests.

    Raises
    ------
    DataProblem : a result holds no comparisons, or the correction or a section is unknown.

    References
    ----------
    Bretz, Maurer, Brannath & Posch (2009), doi:10.1002/sim.3495.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.load("brand-tracker")
    >>> page = cx.metrics.together(cx.trend(study, "nps"), cx.compare(study, "nps", by="customer", pairs="rest"))
    >>> [result.parts["family"] for result in page]
    [8, 8]
    """
    one_of("correction", correction, [name for name in multiple.NAMES if name != "romano-wolf"])
    for result in results:
        if not judged(result) and result.kind != "standing":
            raise DataProblem(
                f"'{result.title}' is a result of kind '{result.kind}' without comparisons; a page is judged from "
                "results of cx.compare, cx.against, cx.trend, cx.metrics.impact and cx.pages.standing"
            )
    if not results:
        return []
    shown, results = results, tuple(_changes(r) if r.kind == "standing" else r for r in results)
    plan = _planned(results, correction, sections, shares, chance)
    names = [name for result in results for name in result.parts["tests"]]
    p = np.concatenate([result.table["p"].to_numpy(float) for result in results])
    code = pd.factorize(np.asarray(names, object))[0]
    first = np.unique(code, return_index=True)[1]
    section = np.repeat([plan.names.index(s) for s in plan.section], [len(r.table) for r in results])[first]
    if correction == "holm":
        adjusted = multiple.shared_out(p[first], section, [plan.share[s] for s in plan.names])[code]
    else:
        adjusted = corrected(p, names, correction)
    known = np.bincount(section[~np.isnan(p[first])], minlength=len(plan.names))
    ends = np.cumsum([len(result.table) for result in results])[:-1]
    of = [section[c] for c in np.split(code, ends)]
    parts = np.split(adjusted, ends)
    out = [_judged(r, own, at, known, (plan, correction)) for r, own, at in zip(results, parts, of, strict=True)]
    return [_restated(s, r) if s.kind == "standing" else r for s, r in zip(shown, out, strict=True)]


def _changes(standing: Result) -> Result:
    """The changes since earlier waves that a result of `standing` tells, as comparisons."""
    tested = standing.parts.get("tested", pd.DataFrame(columns=["of", "row", "test", "p", "equivalent", "verdict"]))
    parts = {"tests": tested["test"].tolist(), "equivalent": tested["equivalent"].tolist(), "correction": "holm",
             "family": int(tested["p"].notna().sum())}  # fmt: skip
    return replace(standing, kind="comparison", table=tested, columns=(), parts=parts)


def _restated(standing: Result, changes: Result) -> Result:
    """The same result of `standing` with the verdicts that the page has for its changes."""
    table = standing.table.copy()
    for of, row, verdict in changes.table[["of", "row", "verdict"]].itertuples(index=False):
        table.loc[row, f"{of}_verdict"] = verdict
    parts = {**standing.parts, "together": True}
    method = standing.method.partition("; changes: ")
    said = f"{method[0]}{method[1]}{method[2].partition(', ')[0]}" if method[1] else standing.method
    notes = (*standing.notes, *(n for n in changes.notes if n.startswith("judged together"))) if len(table) else ()
    return replace(standing, table=table, parts=parts, method=said, notes=notes)


def _planned(
    results: Sequence[Result], correction: str, sections: Sequence[str], shares: Mapping[str, float] | None,
    chance: float | None,
) -> Shares:  # fmt: skip
    """Return how the level is divided, after checking that it can be."""
    section = tuple(map(str, sections)) or ("page",) * len(results)
    if len(section) != len(results):
        raise DataProblem(f"sections names {len(section)} sections for {len(results)} results; give one a result")
    share = {str(k): v for k, v in (shares or dict.fromkeys(section, 1.0)).items()}
    for name in dict.fromkeys(section):
        if name not in share:
            raise unknown("sections", name, "shares", list(share))
    if bad := next((f"{v!r} for {k}" for k, v in share.items() if not (_number(v) and 0 < v < np.inf)), ""):
        raise DataProblem(f"shares has {bad}; a share is a number above 0")
    if (sections or chance is not None) and correction != "holm":
        raise DataProblem(f"correction is '{correction}'; sections and chance divide a family-wise level: use 'holm'")
    if chance is not None and not (_number(chance) and 0 < chance < 1):
        raise DataProblem(f"chance is {chance!r}; it is a probability between 0 and 1, as 0.05")
    return Shares(section, share, 1 - min(r.level for r in results) if chance is None else float(chance))


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def judged(result: Result) -> bool:
    """Whether a result holds comparisons with their tests."""
    return result.kind in (*KINDS, "impact") and "tests" in result.parts


def _judged(result: Result, p: NDArray, section: NDArray, known: NDArray, how: tuple[Shares, str]) -> Result:
    """One result with the verdicts of the page; ``section`` of each row, ``known``: tests of each section."""
    (plan, correction), alpha, table = how, 1 - result.level, result.table.copy()
    chance = plan.chance if correction == "holm" else alpha
    if chance > alpha:  # an interval that holds 0 is never real
        p = np.minimum(np.fmax(p, table["p"].to_numpy(float) * chance / alpha), 1)  # nan where nothing was tested
    table["p_adjusted"] = p
    if "detectable" in table:
        before = multiple.first_step(result.parts["correction"], result.parts["family"], alpha)
        table["detectable"] *= [_reach(x) / _reach(before) for x in _levels(section, known, plan, correction, alpha)]
    if "verdict" in table:
        equivalent = np.asarray(result.parts["equivalent"], float)
        found = np.array(differences.verdicts(p * alpha / chance, equivalent, alpha), object)
        table["verdict"] = np.where(table["verdict"] == UNORDERED, UNORDERED, found)
    rule, own = differences.RULE.format(alpha=alpha), f"the corrected p is below {chance:g}"
    notes = [n.replace(f"the corrected p is below {alpha:g}", own) if n == rule else n for n in result.notes]
    notes = [n for n in notes if not n.startswith(("judged together", "judged alone"))]
    parts = {**result.parts, "family": int(known.sum()), "correction": correction, "together": True, "page": plan}
    return replace(result, table=table, notes=(*notes, _said(plan, correction, int(known.sum()))), parts=parts)


def _said(plan: Shares, correction: str, count: int) -> str:
    said = f"judged together with all {count} comparisons of this page: {multiple.NAMES[correction]}"
    if len(plan.names) < 2:
        return said
    return f"{said} of {plan.chance:.0%} over the page, divided before looking: {plan.described()} (Bretz et al. 2009)"


def _levels(section: NDArray, known: NDArray, plan: Shares, correction: str, alpha: float) -> list[float]:
    """The level at which the smallest p of each row's section is judged."""
    if correction != "holm":
        return [multiple.first_step(correction, int(known.sum()), alpha)] * len(section)
    share = np.array([plan.share[s] for s in plan.names]) * (known > 0)
    own = plan.chance * share / max(share.sum(), 1e-300) / np.fmax(known, 1)
    return [min(alpha, float(own[k])) if own[k] > 0 else alpha for k in section]


def _reach(alpha: float) -> float:
    """How many standard errors a difference is found from with 80 % power by a test at ``alpha``."""
    return z_value(1 - alpha) + float(ndtri(POWER))


def common(results: Sequence[Result]) -> str:
    """Return the correction that all results ask for, or Holm's where they differ."""
    asked = {result.parts["correction"] for result in results}
    return asked.pop() if len(asked) == 1 and "romano-wolf" not in asked else "holm"
