"""kill -9 at every moment in which a run writes: whoever comes next finishes it, as if nothing had been.

A first run counts the moments: before each write to the store and each checkpoint, and before the commit of each
transaction. Then one run for each moment is killed there, taken over, and compared with one that was left alone.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from graph.build import build
from graph.runs import Runs
from memory import Memory
from memory.audit_check import verify
from tests.support.everything import everything
from tests.support.killing import Job, Killer, killer
from tests.support.runs import write_orders

SHARDS = range(4)
"""The moments are dealt out to so many tests, for the processes that run tests side by side."""
MOMENTS_OF_TWO_TABLES = 12
_numbers = itertools.count()


@dataclass(frozen=True)
class Course:
    """A stretch of a run: where it starts, what it is to do, what a run comes to that goes through it undisturbed."""

    template: str
    run_id: str
    do: str
    moments: list[str]
    expected: dict[str, list[str]]


class Kills:
    """Databases to try on, made from templates of a run at the start of each course."""

    def __init__(self, server: str, kill: Killer, folder: Path) -> None:
        self._server = server
        self._kill = kill
        self._folder = folder

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """The URL of a copy of a template."""
        name = f"k{next(_numbers)}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"create database {name} template {template}")
            yield make_conninfo(self._server, dbname=name)
            connection.execute(f"drop database {name} with (force)")

    def courses(self, tables: int = 1) -> list[Course]:
        """From the start to the approval, the decisions, and from there to the end."""
        sources = [write_orders(self._folder, f"orders_{tables}_{i}.csv") for i in range(tables)]
        with self.database() as url:
            with Memory.open(url) as memory:
                run_id = Runs(memory).start(sources, requested_by="Ann", model="offline").id
            passed, templates = {}, {}
            for do in ("work", "decide", "resume"):
                templates[do] = self._saved(url)
                passed[do] = self._kill(Job("work" if do == "resume" else do, url, run_id))["passed"]
            expected = everything(url, run_id)
        return [Course(templates[do], run_id, do.replace("resume", "work"), passed[do], expected) for do in passed]

    def _saved(self, url: str) -> str:
        name = f"s{next(_numbers)}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            origin = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
            connection.execute(f"create database {name} template {origin}")
        return name

    def survives(self, course: Course, moment: int) -> str | None:
        """What is different after a kill at that moment and a take-over, or None."""
        with self.database(course.template) as url:
            died = self._kill(Job(course.do, url, course.run_id, fatal=moment))
            if died != {"signal": 9}:
                return f"was not killed: {died}"
            if error := self._kill(Job("finish", url, course.run_id)).get("error"):
                return f"was not finished: {error}"
            with Memory.open(url) as memory:
                if findings := verify(memory.db, trust=True).findings:
                    return f"left a broken audit log: {findings}"
            return _difference(course.expected, everything(url, course.run_id))


def _difference(expected: dict[str, list[str]], found: dict[str, list[str]]) -> str | None:
    for table in sorted(expected.keys() | found.keys()):
        wanted, got = (collections.Counter(rows.get(table, [])) for rows in (expected, found))
        if wanted != got:
            return f"{table} lacks {list(wanted - got)[:3]} and has {list(got - wanted)[:3]}"
    return None


@pytest.fixture(scope="module")
def kills(store_server, tmp_path_factory):
    with killer() as kill:
        yield Kills(store_server, kill, tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def courses(kills) -> list[Course]:
    return kills.courses()


def test_the_moments_lie_in_every_node_and_at_every_boundary(courses):
    start, deciding, end = (course.moments for course in courses)
    nodes = {moment.split(":")[0] for moment in start + end}
    assert nodes >= set(build(lambda: None).nodes) - {"approval"}
    assert any("Approvals.decide" in moment for moment in deciding)
    checkpoints = [moment for moment in start + end if "before the commit of checkpoint put" in moment]
    assert len(checkpoints) >= 2 * len(build(lambda: None).nodes)


@pytest.mark.parametrize("shard", SHARDS)
def test_killed_anywhere_a_run_ends_as_if_nothing_had_been(kills, courses, shard, record_property):
    failed, tried = [], 0
    for course in courses:
        for moment in range(1 + shard, len(course.moments) + 1, len(SHARDS)):
            tried += 1
            if problem := kills.survives(course, moment):
                failed.append(f"{course.moments[moment - 1]} ({moment}): {problem}")
    record_property("moments", tried)
    print(f"{tried} moments tried, {tried - len(failed)} survived")
    assert not failed, "\n".join(failed)


def test_killed_while_it_works_on_two_tables_at_once(kills):
    failed = []
    for course in kills.courses(tables=2):
        step = max(1, len(course.moments) // MOMENTS_OF_TWO_TABLES)
        for moment in range(step, len(course.moments) + 1, step):
            if problem := kills.survives(course, moment):
                failed.append(f"{course.moments[moment - 1]} ({moment}): {problem}")
    assert not failed, "\n".join(failed)
