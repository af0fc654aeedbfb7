"""The worker inside the page and the API: a bug in it is logged and does not end it."""

from __future__ import annotations

import logging
import threading

import pytest

from graph import worker
from ui import executor as module
from ui.executor import Executor


class Faulty:
    """A worker whose loop breaks once."""

    def __init__(self, memory: object) -> None:
        self.begun = 0
        self.again = threading.Event()
        self.stopped = threading.Event()

    def loop(self) -> None:
        self.begun += 1
        if self.begun == 1:
            raise RuntimeError("a bug")
        self.again.set()
        self.stopped.wait(10)

    def stop(self) -> None:
        self.stopped.set()


def test_a_bug_in_the_worker_is_logged_and_the_worker_starts_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty(None)
    monkeypatch.setattr(worker, "Worker", lambda memory: faulty)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    executor = Executor(None)  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR, "ui.executor"):
        executor.start()
        assert faulty.again.wait(10)
    executor.stop()
    assert faulty.begun == 2
    assert "starts again" in caplog.text
    assert "a bug" in caplog.text
    assert not executor._thread.is_alive()


def test_a_stop_while_it_waits_to_start_again_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = Faulty(None)
    monkeypatch.setattr(worker, "Worker", lambda memory: faulty)
    monkeypatch.setattr(module, "RETRY_SECONDS", 60)
    executor = Executor(None)  # type: ignore[arg-type]
    executor.start()
    executor.stop()
    assert not executor._thread.is_alive()
    assert faulty.begun <= 1
