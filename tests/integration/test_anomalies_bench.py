"""The benchmark of anomaly detection, made small."""

import pytest

from evals.bench.anomalies_bench import SERIES, measure


@pytest.mark.parametrize("kind", ["noise", "trend", "random walk", "past outliers", "level shift"])
def test_the_benchmark_finds_few_false_alarms_and_nearly_all_faults(kind, monkeypatch):
    monkeypatch.setattr("evals.bench.anomalies_bench.LENGTHS", (30,))
    score = measure(kind, repeats=10)
    assert kind in SERIES
    assert score.alarms[30] <= 0.1
    assert min(score.found.values()) > 0.85
