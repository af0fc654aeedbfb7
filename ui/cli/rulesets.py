"""Rulesets in files, and the tables that their rules name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.errors import AssayError
from ui.cli import options

ALIAS = re.compile(r"[^./:]+")


def aliased(texts: Sequence[str]) -> dict[str, str]:
    """The sources by alias. Raises AssayError."""
    from graph.jobs import shown

    found: dict[str, str] = {}
    for text in texts:
        alias, _, source = text.partition("=")
        if not (ALIAS.fullmatch(alias) and source):
            raise AssayError(f"--with {shown(text)} is not ALIAS=SOURCE.", hint="Write --with customers=customers.csv.")
        if alias == "primary":
            raise AssayError("--with primary=…: that is what rules call the table itself.", hint="Use another alias.")
        if alias in found:
            raise AssayError(f"--with {alias}=… is there twice.", hint="Give each table an alias of its own.")
        found[alias] = source
    return found


def read(path: Path) -> str:
    """The text of a ruleset file, parsed to see that it is one. Raises AssayError that names the file."""
    from tools import dqdl

    return _checked(path, dqdl.parse)


def usable(path: Path) -> str:
    """Like :func:`read`. A misspelt tag is refused, too: it would silently have no effect."""
    from tools.dqdl.language.documents import usable

    return _checked(path, usable)


def _checked(path: Path, check: Callable[[str], object]) -> str:
    from tools import dqdl

    text = options.read_text(path)
    try:
        check(text)
    except dqdl.DqdlError as error:
        raise AssayError(f"{path}: {error.message}", hint=error.hint) from error
    return text
