"""How often the detection of anomalies is wrong."""

import numpy as np
import pytest

from evals.bench.anomalies_bench import SERIES, measure
from tests.integration.test_dqdl_anomalies import after, noise


@pytest.mark.parametrize("kind", ["noise", "trend", "random walk", "past outliers", "level shift"])
def test_the_benchmark_finds_few_false_alarms_and_nearly_all_faults(kind, monkeypatch):
    monkeypatch.setattr("evals.bench.anomalies_bench.LENGTHS", (30,))
    score = measure(kind, repeats=10)
    assert kind in SERIES
    assert score.alarms[30] <= 0.1
    assert min(score.found.values()) > 0.85


NORMAL = {
    "flat": lambda count, rng: np.full(count, 1000.0),
    "noise": lambda count, rng: 1000 + rng.normal(0, 20, count),
    "trend": lambda count, rng: 1000 + 15.0 * np.arange(count) + rng.normal(0, 20, count),
    "walk": lambda count, rng: 10_000 + np.cumsum(50 + rng.normal(0, 20, count)),
    "week": lambda count, rng: 1000 - 400.0 * (np.arange(count) % 7 >= 5) + rng.normal(0, 20, count),
}


@pytest.mark.parametrize("kind", NORMAL)
def test_false_alarms_are_rare_and_large_faults_are_found(kind):
    rng = np.random.default_rng(11)
    alarms = missed = 0
    for round_number in range(12):
        values = NORMAL[kind](31 + round_number, rng)
        expected = after(values[:-1])
        alarms += not expected.allows(values[-1])
        missed += expected.allows(values[-1] * 0.7) + expected.allows(values[-1] * 1.5)
    assert alarms <= 1
    assert missed == 0


def test_more_scatter_is_learnt():
    wild = [*(100 + noise(40, size=2)), *(100 + noise(60, seed=7, size=10))]
    outcomes = [after(wild[:day]).allows(wild[day]) for day in range(80, 100)]
    assert outcomes.count(False) <= 2
