"""What goes on running: where the page listens, and what is said about the store without starting it."""

import json
import os
import socket

import pytest
from typer.testing import CliRunner

from tools.errors import AssayError
from ui.cli import serve_commands
from ui.cli.main import app


@pytest.fixture
def executed(monkeypatch) -> list[list[str]]:
    """The command lines that this process would have become."""
    lines: list[list[str]] = []
    monkeypatch.setattr(serve_commands.os, "execv", lambda _program, arguments: lines.append(arguments))
    return lines


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_page_is_served_quietly_on_this_machine_alone(executed, free_port):
    result = CliRunner().invoke(app, ["ui", "--port", str(free_port)])
    assert result.exit_code == 0
    assert f"http://localhost:{free_port}" in result.stderr
    (line,) = executed
    options = dict(zip(line[5::2], line[6::2], strict=True))
    assert line[1:4] == ["-m", "streamlit", "run"]
    assert line[4].endswith("app.py")
    assert options["--browser.gatherUsageStats"] == "false"
    assert options["--server.headless"] == "true"
    assert options["--server.address"] == "127.0.0.1"
    assert options["--server.port"] == str(free_port)


@pytest.mark.parametrize("wanted", [True, False])
def test_the_page_executes_runs_unless_it_is_told_not_to(executed, free_port, monkeypatch, wanted):
    monkeypatch.setenv("ASSAY_NO_WORKER", "")
    options = [] if wanted else ["--no-worker"]
    assert CliRunner().invoke(app, ["ui", "--port", str(free_port), *options]).exit_code == 0
    assert os.environ["ASSAY_NO_WORKER"] == ("" if wanted else "1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "assay.example", "localhost.example", ""])
def test_other_machines_are_let_in_only_where_people_sign_in(executed, free_port, host, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["ui", "--port", str(free_port), "--host", host])
    assert isinstance(result.exception, AssayError)
    assert "assay users add" in str(result.exception)
    assert executed == []


@pytest.mark.parametrize(("host", "users"), [("127.0.0.2", False), ("localhost", False), ("0.0.0.0", True)])
def test_the_page_listens_where_it_is_told(executed, free_port, host, users, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    if users:
        (tmp_path / "users.toml").touch(0o600)
    result = CliRunner().invoke(app, ["ui", "--port", str(free_port), "--host", host])
    assert result.exit_code == 0
    assert executed[0][executed[0].index("--server.address") + 1] == host


def test_a_port_that_is_taken_is_told_at_once(executed):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = CliRunner().invoke(app, ["ui", "--port", str(other.getsockname()[1])])
    assert isinstance(result.exception, AssayError)
    assert "Choose another --port" in str(result.exception)
    assert executed == []


@pytest.mark.parametrize(
    ("pid", "state"),
    [(str(os.getpid()), "running"), ("999999999", "stopped"), ("no number", "stopped")],
    ids=["alive", "gone", "nonsense"],
)
def test_the_state_of_the_store_is_read_and_nothing_started(tmp_path, monkeypatch, pid, state):
    monkeypatch.delenv("ASSAY_DATABASE_URL", raising=False)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    status = ["store", "status", "--json"]
    assert json.loads(CliRunner().invoke(app, status).stdout)["state"] == "not made yet"
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "postmaster.pid").write_text(f"{pid}\n")
    assert json.loads(CliRunner().invoke(app, status).stdout)["state"] == state
    assert [path.name for path in tmp_path.iterdir()] == ["pg"]


def test_a_server_of_somebody_else_is_not_stopped(monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://ann@db/assay")
    result = CliRunner().invoke(app, ["store", "stop"])
    assert isinstance(result.exception, AssayError)
    assert "not Assay's to stop" in str(result.exception)
