"""The other lines of `benchmarks.words`: gaps, overlapping waves, equivalence, mixed models, driver tables, null pages.

Where the referee gave a range over cells, ``before`` is its lower end. Letters by BH under weights: our own rate before
the mend.
"""

# ruff: noqa: E501 (a line of the table is a line)

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import coverages as c
from benchmarks import guard_cases as g
from benchmarks import model_cases as m
from benchmarks import page_cases as p
from benchmarks import rank_cases as r
from benchmarks import tool_cases as t
from benchmarks import word_cases as w


@dataclass(frozen=True)
class Line:
    """One row: what is measured and where, the goal in percent as words, the earlier rate, how often it is drawn."""

    what: str
    cell: str
    goal: str
    before: float | None
    sets: int
    run: c.Run


SKEWED, MIDDLE, EVEN, ONE = (0.02, 0.08, 0.9), (0.05, 0.15, 0.8), (0.2, 0.3, 0.5), (0.01, 0.01, 0.98)

APART = [0.4, 0.3, 0.2, 0.1, 0.0, -0.1, -0.2, -0.3]

MORE = [
    *(Line("false 'real', two groups", f"{s}, {a} and {b} answers", "at most 5", was, 1000, w.one_comparison(s, a, b))
      for s, a, b, was in ((EVEN, 10, 10, 8.2), (EVEN, 30, 30, 5.9), (EVEN, 100, 100, 4.6), (MIDDLE, 30, 30, 6.5),
                           (MIDDLE, 300, 60, 6.0), (ONE, 300, 60, 21.0))),
    *(Line("any false 'real', 12 groups, Holm", f"{s}, {least} to 400 answers, all pairs", "at most 5", was, 100, w.segments(s, least, pairs="all"))
      for s, least, was in ((EVEN, 10, 11.3), (MIDDLE, 10, 32.3), (SKEWED, 10, 74.0))),
    *(Line("NPS holds", f"{s}, n {n}", "95", was, 3000, m.simple_nps(s, n))
      for s, n, was in ((EVEN, 10, None), (EVEN, 100, None), (SKEWED, 30, None), (ONE, 10, 90.0))),
    *(Line(f"{metric} under clusters holds", f"{s}, {k} clusters, ICC {icc}", "95", was, 800, m.clustered(s, k, icc, metric))
      for metric, s, k, icc, was in (("nps", EVEN, 8, 0.2, 92.7), ("csat", EVEN, 8, 0.2, 91.8), ("mean", EVEN, 8, 0.2, 91.3),
                                     ("nps", SKEWED, 8, 0.5, 91.2), ("nps", SKEWED, 20, 0.5, 90.5))),
    *(Line("difference of two NPS holds", f"{a} and {b}, n {n} and {k}", "95", was, 1000, m.two_groups(a, b, n, k))
      for a, b, n, k, was in ((EVEN, EVEN, 30, 30, 93.6), (EVEN, MIDDLE, 30, 100, 93.9), (SKEWED, MIDDLE, 100, 400, 93.9))),
    *(Line("change of waves that share people holds", f"n {n}, overlap {o}, change {d}", "95", 93.6, 600, m.same_people(n, o, d))
      for n, o, d in ((30, 0.3, 0.0), (30, 1.0, 0.3), (100, 0.7, 0.0), (100, 0.7, 0.3), (400, 1.0, 0.0))),
    *(Line("called equal at the bound (TOST)", f"shares {a} and {b}, n {n}", "at most 5", was, 2000, m.equivalence(a, b, n))
      for a, b, n, was in ((0.5, 0.6, 1000, 5.0), (0.9, 0.8, 400, 5.0), (0.005, 0.035, 200, 10.7))),
    Line("'a difference has to be about ... to be found'", "10 segments of 200, 45 pairs", "80", 39.0, 60, m.detectable()),
    *(Line("best of the peers: stated minus right", f"3 peers, tau {tau}, error 4, stated .8 or more", "0", was, 400, m.best_of(3, tau, 4))
      for tau, was in ((8, 16.0), (3, 41.0))),
    *(Line("effect of an arm given to clusters holds", f"least squares, {a} of {b} clusters", "95", was, 150, m.line_under_clusters(b, a))
      for a, b, was in ((2, 20, None), (5, 20, 93.5), (13, 52, 93.5))),
    *(Line("effect of an arm given to clusters holds", f"mixed model, {a} of {b} clusters", "95", 94.0, 150, m.line_under_clusters(b, a, model="mixed"))
      for a, b in ((3, 6), (5, 15))),
    Line("slope in a domain holds", "40 strata of 2 clusters, 45 % of them in it", "95", None, 150, m.lonely_domain()),
    Line("indirect effect holds", "n 150", "95", 92.0, 100, m.indirect(150)),
    Line("a driver without effect above the noise", "4 true, 3 null, n 300", "at most 5", 7.0, 60, m.null_driver()),
    *(Line("a row with a letter, nothing differs", f"{how}{', ' + d if d else ''}", "at most 5", {("bh", "weights"): 16.2}.get((how, d)), 200, t.letters(how, d))
      for how in ("none", "bonferroni", "holm", "bh") for d in ("", "clusters", "weights")),
    Line("a false difference of survival curves", "three groups of 80", "at most 5", None, 150, t.curves()),
    *(Line("any false 'real' on a whole page", f"{world}, {s}", "at most 10", None, 100, p.null_page(world, s))
      for world, s in zip(p.WORLDS, (EVEN, SKEWED, SKEWED, SKEWED, SKEWED), strict=True)),
    *(Line(f"units' {'own rank sets hold' if what == 'own' else 'rank sets hold at once'}", cell, "95", was, 100, r.league_ranks(truth, sizes, what, k))
      for what, cell, was, truth, sizes, k in (
          ("own", "8 units .1 apart, n 60", 93.0, APART, [60] * 8, 0), ("all", "8 units .1 apart, n 60", 95.0, APART, [60] * 8, 0),
          ("own", "12 equal units, n 20 to 100", 93.0, [0.0] * 12, [20, 40, 60, 100] * 3, 0),
          ("all", "12 equal units, n 20 to 100", 89.0, [0.0] * 12, [20, 40, 60, 100] * 3, 0),
          ("all", "6 units .1 apart of 5 clusters each", 70.0, APART[:6], [80] * 6, 5))),
    Line("a unit's change holds", "8 units, half move .25 up, half down", "95", 92.0, 60, r.league_moved()),
    Line("a unit's surprise holds", "8 units, half move .25 up, half down", "95", 92.0, 60, r.league_moved(what="surprise")),
    Line("any false change of a gap, Holm", "8 units, none moves", "at most 5", 8.0, 100, r.league_moved(what="gap")),
    *(Line("any false 'real' of 8 equal waves, Holm", f"{s}", "at most 5", 6.0, 400, r.waves(s)) for s in (EVEN, SKEWED)),
    Line("`trend` calls one of 8 equal waves 'real'", f"{SKEWED}", "at most 5", None, 100, r.trend_calls(SKEWED)),
    *(Line(f"Kano's {what} holds", f"n {n}", "95", 92.0, 300, r.kano(n, what)) for what in ("better", "worse") for n in (40, 200)),
    Line("Kano's category: stated minus right", "n 60", "0", None, 300, r.kano(60, "mode")),
    Line("regression to the mean: said minus simulated, hundredths of a point", "retest .7", "0", None, 20, r.second_answers()),
    *(Line("shares hold, each driver used by 40 %", how, "95", was, 40, r.asked_of_some(how)) for how, was in (("pairwise", 88.0), ("impute", 88.0))),
    Line("planned power", "CSAT 90 falling by 5", "80", 72.0, 600, r.planned_share(0.9, 0.85)),
    *(Line("an effect of few treated that is not there", f"{tool}, {k} of 20", "at most 5", g.BEFORE.get(tool, {}).get(k), 400, g.false_positive(tool, k))
      for tool in g.TOOLS for k in g.TREATED),
    *(Line("a verdict for a claim that is not true, few treated or untreated", f"{id}, {k} of 20", "at most 2.5", None, 400, g.false_verdict(id, k))
      for id in g.CLAIMS for k in g.TREATED),
]  # fmt: skip
