"""PSI, KS, Jensen-Shannon and chi-square against scipy and against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from tools.comparing import measures

COUNTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=2, max_size=30).filter(
    lambda pairs: sum(p for p, _ in pairs) > 0 and sum(q for _, q in pairs) > 0
)


def sides(pairs):
    return [p for p, _ in pairs], [q for _, q in pairs]


@given(COUNTS)
def test_jensen_shannon_is_that_of_scipy(pairs):
    left, right = sides(pairs)
    assert measures.jensen_shannon(left, right).value == pytest.approx(jensenshannon(left, right, base=2), abs=1e-7)


@given(COUNTS)
def test_chi_square_is_that_of_scipy(pairs):
    left, right = sides([pair for pair in pairs if any(pair)])
    found = measures.chi_square(left, right)
    expected = stats.chi2_contingency([left, right], correction=False)
    assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


@given(COUNTS)
def test_psi_by_its_definition(pairs):
    left, right = sides(pairs)
    expected = 0.0
    for p, q in zip(left, right, strict=True):
        before, after = max(p / sum(left), 1e-4), max(q / sum(right), 1e-4)
        expected += (after - before) * math.log(after / before)
    assert measures.psi(left, right).value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(COUNTS)
def test_all_are_symmetric_and_zero_for_the_same_shares(pairs):
    left, right = sides(pairs)
    for measure in (measures.psi, measures.ks, measures.jensen_shannon):
        assert measure(left, right).value == pytest.approx(measure(right, left).value)
        assert measure(left, [10 * count for count in left]).value == pytest.approx(0.0, abs=1e-7)
        assert measure(left, left).degree == "none"


def test_ks_is_that_of_scipy_where_every_value_has_a_bin():
    random = np.random.default_rng(1)
    for shift in (0, 1, 3):
        left, right = random.poisson(8, 3000), random.poisson(8 + shift, 2000)
        bins = np.arange(-0.5, 40)
        found = measures.ks(np.histogram(left, bins)[0].tolist(), np.histogram(right, bins)[0].tolist())
        expected = stats.ks_2samp(left, right, method="asymp")
        assert found.value == pytest.approx(expected.statistic)
        assert found.p == pytest.approx(expected.pvalue, rel=0.2, abs=1e-6)


def test_the_thresholds_mean_the_same():
    for small, ks, js in (
        (measures.PSI_SMALL, measures.KS_SMALL, measures.JS_SMALL),
        (measures.PSI_LARGE, measures.KS_LARGE, measures.JS_LARGE),
    ):
        assert 2 * stats.norm.cdf(math.sqrt(small) / 2) - 1 == pytest.approx(ks, abs=0.001)
        assert math.sqrt(small / 8 / math.log(2)) == pytest.approx(js, abs=0.001)


def test_chance_alone_is_no_drift_in_few_rows():
    random = np.random.default_rng(2)
    found = []
    for _ in range(300):
        draws = [np.histogram(random.uniform(size=60), np.linspace(0, 1, 11))[0].tolist() for _ in range(2)]
        found.append(measures.psi(*draws))
    assert np.mean([one.value > measures.PSI_SMALL for one in found]) > 0.5
    assert np.mean([one.degree != "none" for one in found]) < 0.05


def test_significance_alone_is_no_drift_in_many_rows():
    left, right = [500_000, 500_000], [505_000, 495_000]
    for measure in (measures.psi(left, right), measures.ks(left, right), measures.jensen_shannon(left, right)):
        assert measure.p < 1e-6
        assert measure.degree == "none"


@pytest.mark.parametrize(
    ("left", "right", "degree"),
    [(100, 100, "none"), (100, 109, "none"), (100, 111, "small"), (50, 101, "large"), (0, 0, "none"), (0, 5, "large")],
)
def test_rows(left, right, degree):
    assert measures.rows_degree(left, right) == measures.rows_degree(right, left) == degree
