"""A file of OpenLineage events: one a line, an array of them, or one alone. They are read as those that are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tools.collecting.logs.entries import opened
from tools.collecting.model import CollectError, Found, Notes, Progress, Scope, Skipped, Tally
from tools.openlineage.reading.body import parsed
from tools.openlineage.reading.event import read
from tools.openlineage.reading.looking import EventError

LONGEST_LINE = 64 * 1024 * 1024
LONGEST_ARRAY = 256 * 1024 * 1024
"""Characters: an array is held in memory as a whole."""


class EventFile:
    """What producers said, in their own name and at their own times: nothing follows from what is not in the file."""

    kind = "OpenLineage events"
    scope: Scope | None = None

    def __init__(self, path: Path) -> None:
        self.tally, self.notes = Tally(), Notes()
        self._path = path

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads event by event. Raises CollectError."""
        self.tally.files = 1
        for where, told in self._events(on_progress):
            self.tally.statements += 1
            if not isinstance(told, dict):
                yield Skipped(where, "this is no event")
                continue
            try:
                seen = read(told)
            except EventError as error:
                yield Skipped(where, str(error))
                continue
            if seen is None:
                yield Skipped(where, "an event of a class that is not known")
            else:
                yield Found(seen, where)

    def _events(self, on_progress: Progress) -> Iterator[tuple[str, Any]]:
        with opened(self._path, on_progress, LONGEST_LINE) as lines:
            first = next((line for line in lines if line.strip()), "")
            if _parsed(first) is None or first.lstrip().startswith("["):
                yield from self._array("".join([first, *_up_to(lines, LONGEST_ARRAY, self._path)]))
                return
            yield f"{self._path}:{lines.number}", _parsed(first)
            for line in lines:
                if line.strip():
                    yield f"{self._path}:{lines.number}", _parsed(line)

    def _array(self, text: str) -> Iterator[tuple[str, Any]]:
        told = _parsed(text)
        if told is None:
            raise CollectError(f"{self._path} is no JSON.", hint="Write one event a line, or an array of events.")
        for number, event in enumerate(told if isinstance(told, list) else [told], start=1):
            yield f"{self._path}: event {number}", event


def _up_to(lines: Iterable[str], most: int, path: Path) -> Iterator[str]:
    """The lines, unless they are too many. Raises CollectError."""
    length = 0
    for line in lines:
        length += len(line)
        if length > most:
            raise CollectError(
                f"{path} is one JSON text of more than {most:,} characters.", hint="Write one event a line."
            )
        yield line


def _parsed(text: str) -> Any:
    try:
        return parsed(text.encode("utf-8", "replace"))
    except EventError:
        return None
