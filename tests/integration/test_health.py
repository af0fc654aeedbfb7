"""What the health checks of containers are told by a worker, and the command that asks."""

from __future__ import annotations

import socket
import time

import pytest
from typer.testing import CliRunner

from tools.errors import AssayError
from ui.cli.main import app
from ui.health import answering, ask


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_worker_lives_without_its_store_and_is_ready_only_with_it(store, port, monkeypatch):
    address = f"http://127.0.0.1:{port}"
    with answering(store, port):
        assert ask(f"{address}/health") == ask(f"{address}/ready?now") == '{"status": "ok"}'
        store.pool.close()
        assert ask(f"{address}/health") == '{"status": "ok"}'
        with pytest.raises(AssayError, match=r"/ready answers 503"):
            ask(f"{address}/ready")
        with pytest.raises(AssayError, match="answers 404"):
            ask(f"{address}/other")
    with pytest.raises(AssayError, match=r"does not answer: .*refused"):
        ask(f"{address}/health")


def test_a_client_that_says_nothing_keeps_no_check_waiting(store, port):
    with answering(store, port), socket.create_connection(("127.0.0.1", port)):
        begun = time.monotonic()
        ask(f"http://127.0.0.1:{port}/health")
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("url", "words"),
    [("file:///etc/passwd", "no address of a service"), ("http://127.0.0.1:1/health", "does not answer")],
)
def test_the_command_says_what_is_wrong(url, words):
    asked = CliRunner().invoke(app, ["health", url])
    assert isinstance(asked.exception, AssayError)
    assert words in str(asked.exception)


def test_the_command_asks(store, port):
    with answering(store, port):
        asked = CliRunner().invoke(app, ["health", f"http://127.0.0.1:{port}/ready"])
    assert (asked.exit_code, asked.stdout.strip()) == (0, '{"status": "ok"}')
