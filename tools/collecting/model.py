"""What collectors have in common: what they found, what they skipped, and which jobs they speak for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tools.errors import AssayError
from tools.lineage.observed import Observed

Progress = Callable[[float], None]
"""Takes the share that is done, from 0 to 1."""
COMPLETE, INCOMPLETE = 1.0, 0.5
"""How sure edges are: everything was resolved, or something in the statement was not."""
LOGGED = 0.9
"""Of statements in a log, which ran once; what they read may have changed since. Multiplies the others."""
LONGEST_SQL = 20_000
"""Characters of a job's SQL that are kept."""


class CollectError(AssayError):
    """A place cannot be scanned at all."""


class Scope(NamedTuple):
    """The jobs that a scan speaks for: of one origin and namespace, with names that begin so.

    What it does not find of them any more is gone.
    """

    origin: str
    namespace: str
    prefix: str = ""


@dataclass(frozen=True)
class Found:
    """One job that was read."""

    observed: Observed
    where: str
    """For people: the file and statement, model or view."""
    problems: tuple[str, ...] = ()
    """What could not be resolved in it."""


@dataclass(frozen=True)
class Skipped:
    """Something that could not be read."""

    where: str
    reason: str
    jobs: str | None = None
    """Jobs whose names begin so may be in it: nobody knows whether they are gone."""


@dataclass
class Tally:
    """What was read so far."""

    files: int = 0
    statements: int = 0
    repeated: int = 0
    """Statements of a log that were read before, but for their values."""
    reading: int = 0
    """Statements that write nothing."""


@dataclass
class Notes:
    """What a person should know of a scan, each said once."""

    said: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Says something."""
        if text not in self.said:
            self.said.append(text)


class Collector(Protocol):
    """One place, ready to be read. Errors that concern one file, model or view are `Skipped` or problems."""

    kind: str
    """For people: `dbt project`, `SQL files`, `views`, `query log`."""
    scope: Scope | None
    """None where nothing follows from what is not found: a log that rolls on."""
    tally: Tally
    notes: Notes

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads it from the first to the last. Raises CollectError, SourceError where it cannot go on."""
        ...
