"""One-step jobs as they are recorded: stopped by Ctrl-C, never resumed, and without the passwords of their sources."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from graph import foreign
from graph.errors import RunError, Stopped
from graph.jobs import Jobs
from graph.runs import Runs
from memory import Memory
from tests.support.runs import write_orders
from tools.sources import SourceError
from ui.cli.output import Output

PG = "postgres://u:s3cret@127.0.0.1:1/d/t"


def stop(_share: float) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_is_recorded_and_says_where(store: Memory, tmp_path):
    source = write_orders(tmp_path)
    with pytest.raises(Stopped) as stopped:
        Jobs(store, "ada").profile(source, stop)
    run = store.runs.get(stopped.value.run_id)
    assert (run.kind, run.status, run.error) == ("profile", "cancelled", "Stopped by Ctrl-C.")
    assert run.finished_at is not None
    with pytest.raises(RunError, match="is a profile: there are no steps to go on from"):
        Runs(store).resume(run.id)
    assert store.runs.get(run.id).status == "cancelled"


def test_the_command_line_tells_the_id(store: Memory, monkeypatch, capsys):
    from ui.cli import session

    monkeypatch.setattr("memory.Memory.open", lambda: store)
    with pytest.raises(Stopped), session.opened(Output()):
        raise Stopped("abcdefgh")
    assert capsys.readouterr().err == "Run abcdefgh is recorded as cancelled.\n"


def test_sources_and_goals_are_recorded_without_passwords(store: Memory, store_url: str, tmp_path):
    jobs = Jobs(store, "ada")
    for work in (jobs.profile, jobs.recommend, jobs.validate, lambda uri: jobs.compare(uri, uri)):
        with pytest.raises(SourceError):
            work(PG)
    foreign.register(store, f"Look at {PG}", [PG])
    Runs(store).start([write_orders(tmp_path)], goal=f"Look at {PG}", requested_by="ada")
    with suppress(SourceError):
        Runs(store).start([PG], requested_by="ada")
    with psycopg.connect(store_url) as connection:
        stored = [str(row) for row in connection.execute("select r::text from runs r").fetchall()]
    assert len(stored) == 6
    assert all("u@127.0.0.1" in row for row in stored)
    assert not [row for row in stored if "cret" in row]
