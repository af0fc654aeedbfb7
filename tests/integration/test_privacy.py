"""What a model, a checkpoint, an event, the audit log, the memory and the logs get to see of personal data and secrets:
nothing. What people look at to mend rows is kept where it is said to be."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from evals.injections.attacker import PREFIX, without_attack
from graph.jobs import Jobs
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory
from memory.model import Decision
from tests.support.api import client, serving
from tests.support.bedrock import Request, run_script
from tests.support.bedrock_planner import planner, to_messages, to_tools
from tests.support.bedrock_replies import Reply, tool_use
from tests.support.cassettes import FOLDER
from tests.support.personal import CANARIES, PERSONAL, SECRETS, write_people
from tools import profiling

FOR_PEOPLE = {("profiles", "profile"), ("rule_results", "result"), ("proposals", "dry_run")}
"""Columns of the store with values of rows, by design: what people look at to mend the data."""
COLUMNS = [*PERSONAL, *SECRETS, "notes", "status"]
GOAL = (
    "Profile the table, recommend rules for people and validate it; "
    f"write to {PERSONAL['email']} or {PERSONAL['phone']}, the key is {SECRETS['api_key']} password=Hush-Canary-9"
)


def _found(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def _probing(table: str) -> list[tuple[str, dict[str, Any]]]:
    """All that a recommender can ask about columns, with rules whose reasons could quote a value."""
    rules = []
    for name in COLUMNS:
        rules += [f'ColumnValues "{name}" = "x"', f'ColumnValues "{name}" in ["a", "b"]', f'IsUnique "{name}"']
        rules += [f'CustomSql "select max({name}) from primary" = 1', f'ColumnLength "{name}" = 3']
        rules += [f'CustomSql "select cast({name} as int) from primary" = 1', f'ColumnValues "{name}" matches "[0-9]"']
    calls = [("dry_run_rule", {"table": table, "rule": rule}) for rule in rules]
    calls += [("column_details", {"table": table, "columns": [name]}) for name in COLUMNS]
    drafts = [{"rule": rule, "reasoning": "It has to be so."} for rule in rules[-7:]]
    return [*calls, ("propose_rules", {"table": table, "proposals": drafts}), ("list_candidates", {"table": table})]


def curious(request: Request) -> Reply:
    """The planner, that asks all there is to be asked before it goes on."""
    messages = to_messages(request)
    asked = any(m.tool_calls[0]["id"].startswith(PREFIX) for m in messages if isinstance(m, AIMessage) and m.tool_calls)
    names = {tool["name"] for tool in to_tools(request)}
    if "propose_rules" in names and not asked:
        calls = _probing(json.loads(messages[1].text)["table"])
        return Reply([tool_use(name, args, f"{PREFIX}p_{n}") for n, (name, args) in enumerate(calls)], "tool_use")
    return planner(request, without_attack(messages))


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_what_is_personal_or_secret_stays_where_people_look(
    store: Memory, store_url: str, tmp_path: Path, logs: pytest.LogCaptureFixture
) -> None:
    source = write_people(tmp_path)
    other = write_people(tmp_path / "earlier")
    found = {column.name for column in Jobs(store, "Ann").profile(source).profile.columns if column.personal}
    assert found >= PERSONAL.keys() - {"street"}, "the control: it is taken for personal"
    with run_script(curious) as bedrock:
        _whole_run(store, source)
        _bug(store, other)
        for goal in (
            "why did people fail?",
            "show the profile of people",
            "show the rules of people",
            "which runs are there?",
        ):
            _ask(store, goal)
    Jobs(store, "Ann").compare(source, other)
    assert bedrock.violations == []
    assert len(bedrock.requests) > 15
    assert {one for request in bedrock.requests for one in _found(json.dumps(request, ensure_ascii=False))} == set()
    assert _found("\n".join(record.getMessage() + str(record.exc_text) for record in logs.records)) == []
    assert _in_store(store_url) == {}
    assert _found(_checkpoints(store_url, store)) == []
    assert _over_http(store) == {}
    assert _found((Path(conninfo_to_dict(store_url)["host"]) / "server.log").read_text()) == []


def _whole_run(store: Memory, source: str) -> None:
    """Profile, recommend, approve one half and reject the other, validate with failing rows, quarantine."""
    runs = Runs(store)
    run = runs.start([source], goal=GOAL, requested_by="Ann", model="bedrock")
    assert Worker(store).run(run.id)
    decisions = [
        Decision(p.number, "approve") if p.number % 2 else Decision(p.number, "reject", reason="not needed")
        for p in runs.proposals(run.id)
    ]
    assert len(decisions) > 4
    runs.decide(run.id, decisions, "Ann")
    Worker(store).run(run.id)
    assert store.runs.get(run.id).status == "done"
    rules = (
        'Rules = [ ColumnValues "email" matches "[a-z0-9]+@shop[.]example", IsUnique "card_number", IsComplete "id" ]'
    )
    done = Jobs(store, "Ann").validate(source, rules, quarantine=str(Path(source).parent / "out"))
    assert _found(json.dumps(done.evaluation.to_dict(), default=str)), "the control: failing rows are shown to people"


def _bug(store: Memory, source: str) -> None:
    """A run in which something breaks in words that quote a value."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"cannot read {PERSONAL['email']} of {PERSONAL['full_name']}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiling, "profile", broken)
        run = Runs(store).start([source], requested_by="Ann", model="bedrock")
        Worker(store).run(run.id)
    assert "Internal error: RuntimeError" in (store.runs.get(run.id).error or "")


def _ask(store: Memory, goal: str) -> None:
    run = Runs(store).start([], goal=goal, requested_by="Ann", model="bedrock")
    Worker(store).run(run.id)


def _in_store(url: str) -> dict[str, list[str]]:
    """By column of the store what it holds that it should not."""
    found = {}
    with psycopg.connect(url, row_factory=dict_row) as connection:
        columns = connection.execute(
            """select table_name, column_name from information_schema.columns
            where table_schema = 'public' and not table_name like 'checkpoint%'"""
        ).fetchall()
        for one in columns:
            place = (one["table_name"], one["column_name"])
            read = sql.SQL("select {}::text as text from {}").format(*map(sql.Identifier, reversed(place)))
            text = "\n".join(str(row["text"]) for row in connection.execute(read))
            if place not in FOR_PEOPLE and _found(text):
                found[".".join(place)] = _found(text)
    return found


def _over_http(store: Memory) -> dict[str, list[str]]:
    """What the HTTP API tells beside profiles, results and dry runs, which are for people, by address."""
    paths = ["/runs", "/rules", "/audit?limit=200", "/datasets"]
    paths += [f"/runs/{run.id}/events" for run in store.runs.recent(50)]
    with serving(store) as address, client(address) as api:
        answers = {path: api.get(path) for path in paths}
    assert all(answer.status_code == 200 for answer in answers.values())
    return {path: found for path, answer in answers.items() if (found := _found(answer.text))}


def _checkpoints(url: str, store: Memory) -> str:
    """All that checkpoints hold: the bytes as they lie there, and every version read back."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        read = [
            str({name: bytes(cell) if isinstance(cell, memoryview) else cell for name, cell in row.items()})
            for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
            for row in connection.execute(sql.SQL("select * from {}").format(sql.Identifier(table)))
        ]
        for run in store.runs.recent(50):
            read += [repr(one) for one in PostgresSaver(connection).list({"configurable": {"thread_id": run.id}})]
    assert "people" in "".join(read)
    return "\n".join(read)


@pytest.mark.parametrize("tape", sorted(FOLDER.glob("*.yaml")), ids=lambda tape: tape.stem)
def test_no_tape_holds_an_address_or_a_number_of_somebody(tape: Path) -> None:
    assert [address for address in re.findall(r"[\w.]+@[\w.]+", tape.read_text()) if address.strip("a.") != "@"] == []
