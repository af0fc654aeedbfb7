"""How often DetectAnomalies is wrong, on series whose truth is known: ``python -m evals.bench.anomalies_bench``.

Each series is judged at its last point: as it is (a false alarm if refused), and with a fault (missed if accepted).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from tools.dqdl.history.anomalies import expect
from tools.dqdl.history.points import Point
from tools.dqdl.history.seasons import Timeline

Floats = npt.NDArray[np.float64]
Random = np.random.Generator

FIRST_DAY = datetime(2026, 1, 5, 3, tzinfo=UTC)
LEVEL, NOISE = 1000.0, 20.0
LENGTHS = (5, 10, 20, 30, 60, 120)
FAULTS = {"-50 %": 0.5, "-20 %": 0.8, "+20 %": 1.2, "x 2": 2.0, "empty": 0.0}
FAULTY_LENGTH = 30


def _week(days: npt.NDArray[np.int_]) -> Floats:
    return np.where(days % 7 >= 5, -400.0, 0.0)


SERIES: dict[str, Callable[[npt.NDArray[np.int_], Random], Floats]] = {
    "flat": lambda days, random: np.full(len(days), LEVEL),
    "noise": lambda days, random: LEVEL + random.normal(0, NOISE, len(days)),
    "heavy tails": lambda days, random: LEVEL + NOISE * random.standard_t(4, len(days)),
    "trend": lambda days, random: LEVEL + 15.0 * days + random.normal(0, NOISE, len(days)),
    "random walk": lambda days, random: 10 * LEVEL + np.cumsum(50 + random.normal(0, NOISE, len(days))),
    "week": lambda days, random: LEVEL + _week(days) + random.normal(0, NOISE, len(days)),
    "week and trend": lambda days, random: LEVEL + 5.0 * days + _week(days) + random.normal(0, NOISE, len(days)),
    "past outliers": lambda days, random: (
        LEVEL + random.normal(0, NOISE, len(days)) + 5 * LEVEL * (random.random(len(days)) < 0.03) * (days < days[-1])
    ),
    "level shift": lambda days, random: LEVEL + 500.0 * (days > len(days) - 6) + random.normal(0, NOISE, len(days)),
    "share": lambda days, random: np.clip(0.98 + random.normal(0, 0.004, len(days)), 0, 1),
    "small counts": lambda days, random: random.poisson(5, len(days)).astype(np.float64),
}


@dataclass
class Score:
    """What was counted of one kind of series."""

    alarms: dict[int, float]
    found: dict[str, float]
    milliseconds: float


def judged(values: Floats, last: float) -> bool:
    """Whether the value passes as the next daily point."""
    points = [Point(float(value), FIRST_DAY + timedelta(days=day)) for day, value in enumerate(values)]
    expected = expect(points, Timeline.of(points, FIRST_DAY + timedelta(days=len(points))))
    return expected is None or expected.allows(last)


def measure(kind: str, repeats: int, seed: int = 1) -> Score:
    """False alarms by length of the history, and faults found, as shares."""
    random, started, judgements = np.random.default_rng(seed), time.perf_counter(), 0
    alarms = dict.fromkeys(LENGTHS, 0.0)
    found = dict.fromkeys(FAULTS, 0.0)
    for length in LENGTHS:
        for _ in range(repeats):
            values = SERIES[kind](np.arange(length + 1), random)
            alarms[length] += (not judged(values[:-1], values[-1])) / repeats
            judgements += 1
            if length != FAULTY_LENGTH:
                continue
            for fault, factor in FAULTS.items():
                found[fault] += (not judged(values[:-1], values[-1] * factor)) / repeats
                judgements += 1
    return Score(alarms, found, (time.perf_counter() - started) / judgements * 1000)


def main() -> None:
    """Prints the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=200)
    repeats = arguments.parse_args().repeats
    print(
        f"False alarms by points of history, faults found with {FAULTY_LENGTH} points; {repeats} series of each kind."
    )
    print(f"{'series':16}", *(f"n={length:<5}" for length in LENGTHS), *(f"{fault:>7}" for fault in FAULTS), "    ms")
    for kind in SERIES:
        score = measure(kind, repeats)
        alarms = (f"{share:7.1%}" for share in score.alarms.values())
        found = (f"{share:7.1%}" for share in score.found.values())
        print(f"{kind:16}", *alarms, *found, f"{score.milliseconds:6.1f}")


if __name__ == "__main__":
    main()
