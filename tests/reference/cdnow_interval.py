"""Predictive interval of CDNOW's purchases in the 39 weeks after 30 Sep 1997, from closed forms.

    python tests/reference/cdnow_interval.py CDNOW_sample.txt     (writes cdnow_interval.csv)

Parameters as published by R's BTYD with exact weeks; their covariance from the second differences of the log-likelihood
of Fader, Hardie & Lee (2005), written here anew. Of a customer who is active P(k purchases or more) is that of a
negative binomial variable times B(a, b + x + k - 1) / B(a, b + x); the variance of the purchases follows. The interval
is that of the mixture of normal variables over 4,096 Sobol points of the parameters. Nothing of cxlab is used.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import betaln, gammaln
from scipy.stats import nbinom, norm, qmc

AHEAD, MOST, END = 39.0, 150, pd.Timestamp("1997-09-30")
raw = pd.read_csv(sys.argv[1], sep=r"\s+", header=None, dtype=str)
days = pd.DataFrame({"who": raw[1], "day": pd.to_datetime(raw[2])}).drop_duplicates()
seen = days[days["day"] <= END].groupby("who")["day"].agg(["count", "min", "max"])
rows = np.column_stack([seen["count"] - 1, (seen["max"] - seen["min"]).dt.days / 7, (END - seen["min"]).dt.days / 7])
(x, last, watched), n = (lambda u: (u[0].T, u[1]))(np.unique(rows, axis=0, return_counts=True))


def loglik(q):
    r, alpha, a, b = np.exp(q)
    stay = -(r + x) * np.log(alpha + watched)
    gone = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last), -np.inf)
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    return n @ (start + np.logaddexp(stay, gone))


def or_more(q):
    """P(k purchases or more), k = 1, 2, ... (rows), of each kind of customer."""
    r, alpha, a, b = np.exp(q)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + watched) / (alpha + last)) ** (r + x), 0)
    k = np.arange(1, MOST + 1)[:, None]
    paced = nbinom.sf(k - 1, r + x, (alpha + watched) / (alpha + watched + AHEAD))
    return paced * np.exp(betaln(a, b + x + k - 1) - betaln(a, b + x)) / (1 + odds)


q = np.log([0.24259463, 4.41360597, 0.79292222, 2.42590803])
e = np.eye(4) * 1e-3
second = lambda i, j: sum(s * t * loglik(q + s * e[i] + t * e[j]) for s in (1, -1) for t in (1, -1)) / 4e-6  # noqa: E731
covariance = np.linalg.inv(-np.array([[second(i, j) for j in range(4)] for i in range(4)]))
tail = or_more(q)
mean, square = tail.sum(0), ((2 * np.arange(1, MOST + 1) - 1)[:, None] * tail).sum(0)
sd = np.sqrt(n @ (square - mean**2))
points = q + norm.ppf(qmc.Sobol(4, rng=1).random(4096)) @ np.linalg.cholesky(covariance).T
MOST = 60
means = np.array([n @ or_more(p).sum(0) for p in points])
at = lambda p: brentq(lambda y: norm.cdf((y - means) / sd).mean() - p, 1000, 2500)  # noqa: E731
found = {"expected": n @ mean, "sd": sd, "low": at(0.025), "high": at(0.975)}
out = pd.DataFrame({"what": found.keys(), "value": found.values()})
out.to_csv(Path(__file__).with_suffix(".csv"), index=False)
print(out)
