"""Options and arguments that several commands share."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import AssayError

if TYPE_CHECKING:
    from graph.permissions import Actor

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A file, folder, glob or URI.", show_default=False)]
Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE", help="Files, folders, globs or URIs; each is a table.", show_default=False),
]
RunId = Annotated[
    str, typer.Argument(metavar="RUN", help='A run: its id, the beginning of it, or "latest".', show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; all else on stderr.")]
As = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who acts; your user name if not given.", show_default=False)
]
ApproveAll = Annotated[bool, typer.Option("--approve-all", help="Approve every rule not decided yet.")]
BudgetUsd = Annotated[
    float | None,
    typer.Option("--budget-usd", help="What the model may cost in this run, in dollars.", show_default=False),
]
BudgetTokens = Annotated[
    int | None,
    typer.Option("--budget-tokens", help="How many tokens the model may read and write.", show_default=False),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file.", show_default=False)
]


def actor(name: str) -> Actor:
    """Who acts: the name given, else the user of the operating system. Raises AssayError where there is neither.

    At the command line that is an admin: whoever has the store's address could write into its tables as well.
    """
    from graph.permissions import Actor

    if name.strip():
        return Actor(name.strip(), "admin")
    try:
        return Actor(getpass.getuser(), "admin")
    except (OSError, KeyError):
        raise AssayError(
            "The operating system does not know your name.", hint="Say who you are with --as NAME."
        ) from None


def writable(path: Path | None) -> Path | None:
    """The path, if a file can be written there: checked before the work, not after. Raises AssayError."""
    if path is None:
        return None
    if path.is_dir():
        raise AssayError(f"{path} is a folder.", hint="Name a file.")
    if not path.parent.is_dir():
        raise AssayError(f"There is no folder {path.parent}.", hint="Make it, or write elsewhere.")
    return path


def read_text(path: Path) -> str:
    """The text of a file. Raises AssayError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise AssayError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise AssayError(f"Cannot read {path}: {error.strerror}.") from None


def write_text(path: Path, content: str) -> None:
    """Writes a file. Raises AssayError."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise AssayError(f"Cannot write {path}: {error.strerror}.") from None
