"""How far two distributions are apart, from the rows of both in the same bins.

The bar is that of the population stability index: 0.1 is worth a look, 0.25 is a shift (Siddiqi, Credit Risk
Scorecards, 2006). The other measures take the values that mean the same: two normal distributions of equal width that
are d standard deviations apart have a PSI of d², hence a KS of 2 Φ(d/2) - 1; and for small differences the
Jensen-Shannon divergence is an eighth of the PSI.

With many rows every difference is significant, and with few rows chance alone makes large ones. So a difference counts
only if it is both large enough and unlikely by chance (p < 0.01).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tools.comparing.model import Degree, Measure

PSI_SMALL, PSI_LARGE = 0.1, 0.25
KS_SMALL, KS_LARGE = 0.126, 0.197
JS_SMALL, JS_LARGE = 0.134, 0.212
CHANCE = 0.01
FLOOR = 1e-4
"""The least share of a bin in a PSI, which has no value where a bin is empty on one side."""
ROWS_SMALL, ROWS_LARGE = 1.1, 2.0
"""Factors between numbers of rows. AWS Glue recommends RowCount between half and twice of what it saw."""

Counts = Sequence[int]


def psi(left: Counts, right: Counts) -> Measure:
    """Population stability index: the sum of (q - p) ln(q / p) over the shares of the bins.

    The p-value is that of its distribution without a shift, (1/n + 1/m) times chi-square with one degree of freedom
    less than there are bins (Yurdakul and Naranjo, Journal of Risk Model Validation, 2020). With few rows an empty bin
    alone makes a PSI large; there that of :func:`chi_square` is the greater one, and counts.
    """
    from scipy.stats import chi2

    p, q = (np.maximum(_shares(counts), FLOOR) for counts in (left, right))
    value = float(np.sum((q - p) * np.log(q / p)))
    scale = 1 / sum(left) + 1 / sum(right)
    chance = max(float(chi2.sf(value / scale, len(left) - 1)), chi_square(left, right).p) if len(left) > 1 else 1.0
    return _measure("PSI", value, chance, PSI_SMALL, PSI_LARGE)


def ks(left: Counts, right: Counts) -> Measure:
    """Kolmogorov-Smirnov: the largest difference of the cumulative shares, at the edges of ordered bins.

    Between edges it may be larger, by at most the share of one bin. The p-value is the asymptotic one.
    """
    from scipy.stats import kstwobign

    value = float(np.max(np.abs(np.cumsum(_shares(left)) - np.cumsum(_shares(right)))))
    n, m = sum(left), sum(right)
    chance = float(kstwobign.sf(value * math.sqrt(n * m / (n + m))))
    return _measure("KS", value, chance, KS_SMALL, KS_LARGE)


def jensen_shannon(left: Counts, right: Counts) -> Measure:
    """Jensen-Shannon distance with logarithms of base 2, 0 to 1; its p-value is that of :func:`chi_square`."""
    p, q = _shares(left), _shares(right)
    middle = (p + q) / 2
    value = math.sqrt(max(0.0, (_divergence(p, middle) + _divergence(q, middle)) / 2))
    chance = chi_square(left, right).p
    return _measure("Jensen-Shannon", value, chance, JS_SMALL, JS_LARGE)


def chi_square(left: Counts, right: Counts) -> Measure:
    """Pearson's test that both sides have the same shares. Its value grows with the rows, so it has no degree."""
    from scipy.stats import chi2

    table = np.array([left, right], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    value = float(((table - expected) ** 2 / expected).sum())
    freedom = table.shape[1] - 1
    chance = float(chi2.sf(value, freedom)) if freedom else 1.0
    return Measure("chi-square", value, chance, "none", significant=chance < CHANCE)


def rows_degree(left: int, right: int) -> Degree:
    """How much a number of rows changed."""
    if left == right:
        return "none"
    if not left or not right:
        return "large"
    factor = max(left, right) / min(left, right)
    return "large" if factor > ROWS_LARGE else "small" if factor > ROWS_SMALL else "none"


def _shares(counts: Counts) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(counts, dtype=float) / sum(counts)


def _divergence(
    p: np.ndarray[tuple[int], np.dtype[np.float64]], q: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Kullback-Leibler, in bits."""
    there = p > 0
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))


def _measure(name: str, value: float, chance: float, small: float, large: float) -> Measure:
    significant = chance < CHANCE
    degree: Degree = "none" if not significant or value < small else "large" if value >= large else "small"
    return Measure(name, value, chance, degree, small, large, significant)
