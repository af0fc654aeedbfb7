"""Single keys and lines from the terminal."""

from __future__ import annotations

import os
import re
import sys
import termios
import tty
from collections import deque
from types import TracebackType
from typing import Self

ESCAPE_SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?")
"""What arrows and function keys send; its letters must not be taken for keys."""
END_OF_INPUT = "\x04"


class Keyboard:
    """The keyboard while a person is asked: nothing that is typed shows by itself. Use it as a context manager."""

    def __init__(self) -> None:
        self._file = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._file)
        self._waiting: deque[str] = deque()

    def __enter__(self) -> Self:
        tty.setcbreak(self._file, termios.TCSADRAIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def forget(self) -> None:
        """Drops what was typed so far: nobody approves a rule by a key that was pressed before it was shown."""
        self._waiting.clear()
        termios.tcflush(self._file, termios.TCIFLUSH)

    def key(self) -> str:
        """Waits for a key. Raises EOFError at the end of the input."""
        while not self._waiting:
            data = os.read(self._file, 64)
            typed = ESCAPE_SEQUENCE.sub("", data.decode("utf-8", "ignore"))
            if not data or END_OF_INPUT in typed:
                raise EOFError
            self._waiting.extend(typed)
        return self._waiting.popleft()

    def line(self, start: str) -> str:
        """A line, with ``start`` there to be changed; the end of the input is an empty line."""
        import readline

        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
        readline.set_startup_hook(lambda: readline.insert_text(start))
        try:
            return input("  > " if sys.stdout.isatty() else "")
        except EOFError:
            return ""
        finally:
            readline.set_startup_hook(None)
            tty.setcbreak(self._file, termios.TCSADRAIN)
