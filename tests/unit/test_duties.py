"""What a worker does beside runs: each duty by itself, again and again, whatever becomes of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from graph import duties as module
from graph.duties import Duties, Duty
from memory.errors import StoreUnusable
from tools.errors import AssayError


class Counting(Duty):
    """A duty whose looks come out as they are told to, and then find nothing."""

    name = "counting"
    every = 0.01

    def __init__(self, *outcomes: bool | Exception) -> None:
        self._outcomes: Iterator[bool | Exception] = iter(outcomes)
        self.looks = 0
        self.enough = threading.Event()
        self.stopped = threading.Event()

    def once(self) -> bool:
        self.looks += 1
        outcome = next(self._outcomes, None)
        if outcome is None:
            self.enough.set()
            return False
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def stop(self) -> None:
        self.stopped.set()


class Slow(Counting):
    """One that only ends when it is told to."""

    def once(self) -> bool:
        self.looks += 1
        self.stopped.wait(10)
        return False


class Deaf(Counting):
    """One that does not heed it for a while."""

    def once(self) -> bool:
        time.sleep(0.5)
        return False


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)


def test_a_duty_that_found_something_looks_again_at_once() -> None:
    eager = Counting(True, True, True)
    eager.every = 60
    with Duties([eager]):
        assert eager.enough.wait(5)
    assert eager.looks == 4


def test_a_duty_goes_on_after_errors_and_bugs(caplog: pytest.LogCaptureFixture) -> None:
    troubled = Counting(StoreUnusable("The store is away."), AssayError("No such queue."), ValueError("a secret value"))
    with caplog.at_level(logging.WARNING, "graph.duties"), Duties([troubled]):
        assert troubled.enough.wait(5)
    assert "counting: The store is away. Trying again" in caplog.text
    assert "counting: No such queue." in caplog.text
    assert "counting broke: ValueError" in caplog.text
    assert "a secret value" not in caplog.text


def test_one_duty_does_not_wait_for_another() -> None:
    slow, quick = Slow(), Counting(True)
    with Duties([slow, quick]):
        assert quick.enough.wait(5)
        assert slow.looks == 1
    assert slow.stopped.is_set()


def test_a_duty_that_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    began = time.monotonic()
    with Duties([Deaf()]):
        time.sleep(0.05)
    assert time.monotonic() - began < 0.4
