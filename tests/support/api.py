"""The HTTP API in a test: a real server in a thread, and clients of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from graph.people import Users
from graph.permissions import Actor
from memory import Memory
from memory.people import People, Person
from tests.support.browser import free_port
from ui.api.desk import Desk
from ui.api.server import Server
from ui.executor import Executor

V1 = "/api/v1"


@contextmanager
def serving(memory: Memory, *, worker: bool = False) -> Iterator[str]:
    """The address of a server on a store, with a worker inside or not."""
    desk = Desk(memory, Executor(memory) if worker else None)
    server = Server(desk, "127.0.0.1", free_port())
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.config.port}"
    desk.stopping.set()
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


@contextmanager
def client(address: str, token: str = "") -> Iterator[httpx.Client]:
    """A client whose paths begin behind /api/v1."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address + V1, headers=headers, timeout=60, trust_env=False) as made:
        yield made


def tokens(memory: Memory, **roles: str) -> dict[str, str]:
    """A token for each new person of a role."""
    for name, role in roles.items():
        People().add(Person(name, role))
    users = Users(memory, Actor("boss", "admin"))
    return {name: users.issue_token(name) for name in roles}


def heard(lines: Iterator[str]) -> list[tuple[str, str, Any]]:
    """The name, id and data of each server-sent event, until the stream ends."""
    told, name, number = [], "message", ""
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "id":
            number = value
        elif key == "data":
            told.append((name, number, json.loads(value)))
        elif not line:
            name, number = "message", ""
    return told


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer is, checked to be a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["type"].startswith("urn:assay:problem:")
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return found
