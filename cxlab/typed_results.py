"""Results whose parts an editor knows. Written from the table in `cxlab/parts.py` by `python tests/test_house.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlab.result import Result


@dataclass(frozen=True, repr=False)
class League(Result):
    """A result of kind 'league': each of its ``parts`` is a property, too."""

    @property
    def funnel(self) -> pd.DataFrame:
        """Return each unit's size, estimate and distance z from the target."""
        return self.parts["funnel"]

    @property
    def limits(self) -> pd.DataFrame:
        """Return limits of the funnel at 95 and 99.8 % over the sizes."""
        return self.parts["limits"]

    @property
    def small(self) -> pd.DataFrame:
        """Return units with too few answers to be ranked."""
        return self.parts["small"]

    @property
    def may_be_top(self) -> list[str]:
        """Return units that may be among the ``top`` best."""
        return self.parts["may_be_top"]

    @property
    def top(self) -> int:
        """Return how many are called the best."""
        return self.parts["top"]

    @property
    def metric(self) -> str:
        """Return the metric."""
        return self.parts["metric"]

    @property
    def measure(self) -> str:
        """Return the metric in words."""
        return self.parts["measure"]

    @property
    def best(self) -> str:
        """Return which end is best: 'high' or 'low'."""
        return self.parts["best"]

    @property
    def target(self) -> float:
        """Return mean of all units, weighted by precision: the centre of the funnel."""
        return self.parts["target"]

    @property
    def phi(self) -> float:
        """Return over-dispersion: how much more units differ than their sizes explain (1: not at all)."""
        return self.parts["phi"]

    @property
    def tau(self) -> float:
        """Return standard deviation of the true values of the units."""
        return self.parts["tau"]

    @property
    def tau_raw(self) -> float:
        """Return the same before adjusting for the case mix; only with ``case_mix``."""
        return self.parts["tau_raw"]

    @property
    def kurtosis(self) -> float:
        """Return of the true values, for the robust intervals."""
        return self.parts["kurtosis"]

    @property
    def heterogeneity_p(self) -> float:
        """Return p-value of the test that all units are alike (Cochran's Q)."""
        return self.parts["heterogeneity_p"]

    @property
    def precision_p(self) -> float:
        """Return p-value of the test that large units differ from small ones."""
        return self.parts["precision_p"]

    @property
    def precision_slope(self) -> float:
        """Return slope of the estimate on its standard error."""
        return self.parts["precision_slope"]

    @property
    def spread(self) -> float:
        """Return variance of one answer within units."""
        return self.parts["spread"]

    @property
    def separated_pairs(self) -> int:
        """Return pairs of units that are certainly apart."""
        return self.parts["separated_pairs"]

    @property
    def pairs(self) -> int:
        """Return pairs of units in all."""
        return self.parts["pairs"]

    @property
    def reliability(self) -> float:
        """Return share of the variance between units that is not sampling, at the median unit."""
        return self.parts["reliability"]

    @property
    def case_mix(self) -> pd.DataFrame:
        """Return what each category of the case mix adds to an answer; only with ``case_mix``."""
        return self.parts["case_mix"]

    @property
    def explained_between(self) -> float:
        """Return share of the differences that the case mix explains; only with ``case_mix``."""
        return self.parts["explained_between"]


@dataclass(frozen=True, repr=False)
class DriverShares(Result):
    """A result of kind 'drivers': each of its ``parts`` is a property, too."""

    @property
    def r2(self) -> dict[str, float]:
        """Return explained variance with its interval, and corrected for the number of drivers."""
        return self.parts["r2"]

    @property
    def pairs(self) -> pd.DataFrame:
        """Return which of two drivers is certainly ahead."""
        return self.parts["pairs"]

    @property
    def details(self) -> pd.DataFrame:
        """Return other measures of the same drivers."""
        return self.parts["details"]

    @property
    def noise_floor(self) -> float:
        """Return share that a driver of shuffled answers gets in 95 of 100 cases."""
        return self.parts["noise_floor"]

    @property
    def covariance(self) -> np.ndarray:
        """Return covariance of the shares."""
        return self.parts["covariance"]

    @property
    def labels(self) -> dict[str, str]:
        """Return what each name is called in the study's words."""
        return self.parts["labels"]


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """A result of kind 'comparison': each of its ``parts`` is a property, too."""

    @property
    def metric(self) -> str:
        """Return the metric."""
        return self.parts["metric"]

    @property
    def compared(self) -> str:
        """Return 'groups', 'items' or 'benchmark': what stands on the other side."""
        return self.parts["compared"]

    @property
    def groups(self) -> pd.DataFrame:
        """Return the estimate of every group."""
        return self.parts["groups"]

    @property
    def labels(self) -> dict[str, str]:
        """Return what each name is called in the study's words."""
        return self.parts["labels"]

    @property
    def smallest(self) -> float:
        """Return smallest difference that matters, in the unit of the estimate."""
        return self.parts["smallest"]

    @property
    def correction(self) -> str:
        """Return of the p-values over several comparisons."""
        return self.parts["correction"]

    @property
    def tests(self) -> list[str]:
        """Return name of each test, so that a page counts the same one once; '' where there is none."""
        return self.parts["tests"]

    @property
    def equivalent(self) -> list[float]:
        """Return p-value of the test that each difference is smaller than ``smallest``."""
        return self.parts["equivalent"]

    @property
    def family(self) -> int:
        """Return comparisons that were corrected together."""
        return self.parts["family"]


@dataclass(frozen=True, repr=False)
class Trend(Result):
    """A result of kind 'trend': each of its ``parts`` is a property, too."""

    @property
    def metric(self) -> str:
        """Return the metric."""
        return self.parts["metric"]

    @property
    def over(self) -> str:
        """Return column or wave over which a line may be drawn; '' where there is none."""
        return self.parts["over"]

    @property
    def by(self) -> list[str]:
        """Return columns that form the groups."""
        return self.parts["by"]

    @property
    def labels(self) -> dict[str, str]:
        """Return what each name is called in the study's words."""
        return self.parts["labels"]

    @property
    def wave(self) -> str:
        """Return column of the waves."""
        return self.parts["wave"]

    @property
    def changes(self) -> pd.DataFrame:
        """Return change of each wave from the one before."""
        return self.parts["changes"]

    @property
    def smallest(self) -> float:
        """Return smallest difference that matters, in the unit of the estimate."""
        return self.parts["smallest"]

    @property
    def correction(self) -> str:
        """Return of the p-values over several comparisons."""
        return self.parts["correction"]

    @property
    def tests(self) -> list[str]:
        """Return name of each test, so that a page counts the same one once; '' where there is none."""
        return self.parts["tests"]

    @property
    def equivalent(self) -> list[float]:
        """Return p-value of the test that each difference is smaller than ``smallest``."""
        return self.parts["equivalent"]

    @property
    def family(self) -> int:
        """Return comparisons that were corrected together."""
        return self.parts["family"]
