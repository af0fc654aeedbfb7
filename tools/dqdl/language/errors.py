"""The error of a text that is not DQDL."""

from __future__ import annotations

from tools.errors import AssayError


class DqdlError(AssayError):
    """Text that is not a ruleset: where, what was expected there, and the nearest valid name where there is one."""

    def __init__(
        self, message: str, *, line: int, column: int, expected: tuple[str, ...] = (), hint: str = "", excerpt: str = ""
    ) -> None:
        super().__init__(f"Line {line}, column {column}: {message}", hint=hint)
        self.reason = message
        """What is wrong, without the place."""
        self.line = line
        """Counted from 1."""
        self.column = column
        """Counted from 1."""
        self.expected = list(expected)
        """What could have stood there, in words."""
        self.excerpt = excerpt
        """The line of the text with a caret below the place."""


def excerpt(text: str, line: int, column: int, *, width: int = 100) -> str:
    """The line with a caret below the column; a line longer than ``width`` is cut around the place."""
    lines = text.split("\n")
    source = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    start = max(0, column - 1 - width // 2) if len(source) > width else 0
    shown = source[start : start + width].replace("\t", " ")
    return f"{shown}\n{' ' * (column - 1 - start)}^"


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a position in a text."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
