"""Where a command writes: results to stdout, everything about the way there to stderr.

With ``--json`` stdout holds one JSON document and nothing else, so a script can read it whatever else is told.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from tools.characters import invisible
from ui.report.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType

FILE_WIDTH = 110
"""Columns of what goes into a file or a log."""
SILENT_SECONDS = 1.0
"""How long a command may work without a word where no spinner can be shown."""


def console(*, stderr: bool) -> Console:
    """A console that reads no markup: what it prints may come from anywhere."""
    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = FILE_WIDTH
    return made


class Output:
    """The two streams of one command."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.talk_console = console(stderr=True)
        self._results = console(stderr=False)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: keyboard and screen are there, and the caller is no script."""
        return not self.as_json and sys.stdin.isatty() and self.talk_console.is_terminal

    def talk(self, *parts: str | tuple[str, str], end: str = "\n", wrap: bool = True) -> None:
        """A line about what is going on. Parts are texts, or texts with a style."""
        self.talk_console.print(_assembled(parts), end=end, soft_wrap=not wrap)

    def tell(self, renderable: RenderableType) -> None:
        """Something larger about what is going on: a card, a step."""
        _print(self.talk_console, renderable)

    def show(self, renderable: RenderableType | str) -> None:
        """A result for a person, a text on one line; nothing with ``--json``."""
        if not self.as_json:
            _print(self._results, Text(clean(renderable)) if isinstance(renderable, str) else renderable)

    def write(self, content: str) -> None:
        """A result as it is, unwrapped: a ruleset, a file."""
        if not self.as_json:
            sys.stdout.write(content if content.endswith("\n") else content + "\n")

    def result(self, data: Any) -> None:
        """A result for a machine; nothing without ``--json``."""
        if self.as_json:
            sys.stdout.write(_escaped(json.dumps(data, default=_plain, ensure_ascii=False, indent=2)) + "\n")

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """A spinner while the block runs; without a terminal one line if it takes longer than a second."""
        if self.talk_console.is_terminal:
            with self.talk_console.status(Text(f"{clean(what)} …", style="dim")):
                yield
            return
        timer = threading.Timer(SILENT_SECONDS, lambda: self.talk(f"{what} …"))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def advancing(self, what: str) -> Iterator[Callable[[float], None]]:
        """Like :meth:`waiting`, with a bar; gives a function that takes the share done, from 0 to 1."""
        if not self.talk_console.is_terminal:
            with self.waiting(what):
                yield lambda _share: None
            return
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.talk_console, transient=True) as bar:
            task = bar.add_task(clean(what, 60), total=None)
            yield lambda share: bar.update(task, total=1.0, completed=share)


def _print(to: Console, renderable: RenderableType) -> None:
    """Prints; in a file a text is one line, and nothing has the blanks with which Rich fills its lines."""
    if to.is_terminal:
        to.print(renderable)
        return
    with to.capture() as captured:
        to.print(renderable, soft_wrap=isinstance(renderable, Text))
    to.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1]))


def _assembled(parts: tuple[str | tuple[str, str], ...]) -> Text:
    cleaned = [clean(part) if isinstance(part, str) else (clean(part[0]), part[1]) for part in parts]
    return Text.assemble(*cleaned)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _escaped(document: str) -> str:
    """The same JSON, with what a terminal could obey or not show as escapes."""
    if document.isascii() and "\x7f" not in document:
        return document  # json escapes the others of ASCII by itself
    return "".join(json.dumps(sign)[1:-1] if sign != "\n" and invisible(sign) else sign for sign in document)


def error_line(message: str) -> None:
    """``error: …`` on stderr, on one line however long it is."""
    console(stderr=True).print(Text.assemble(("error: ", "bold red"), clean(message)), soft_wrap=True)
