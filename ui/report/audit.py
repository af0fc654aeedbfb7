"""The audit log and the people in it, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory.audit import Entry
    from memory.people import Person

LONGEST = 160
TOLD = ("rule", "goal", "text", "reason", "error", "verdict")
"""What is worth a glance, of all that an entry holds."""


def overview(entries: Sequence[Entry]) -> Table:
    """One line per entry."""
    table = Table(box=None, pad_edge=False)
    for title in ("#", "when (UTC)", "who", "what", "run", "about"):
        table.add_column(title, justify="right" if title == "#" else "left", overflow="fold")
    for entry in entries:
        about = " · ".join(part for part in (entry.subject, gist(entry.data)) if part)
        when = f"{entry.at:%Y-%m-%d %H:%M:%S}"
        cells = (str(entry.seq), when, clean(entry.actor, 30), entry.action, entry.run_id or "", clean(about, LONGEST))
        table.add_row(*map(Text, cells))
    return table


def gist(data: dict[str, Any]) -> str:
    """The most telling parts of an entry in a few words."""
    parts = [str(data[key]) for key in TOLD if data.get(key)]
    if tools := data.get("tools"):
        parts.append("calls " + ", ".join(str(tool["name"]) for tool in tools))
    return ": ".join(parts)


def people(found: Sequence[Person]) -> Table:
    """One line per person."""
    table = Table("name", "role", "e-mail", "signs in by", box=None, pad_edge=False)
    for person in found:
        ways = ["password"] if person.password else []
        ways += ["single sign-on"] if person.email else []
        ways += [count(len(person.tokens), "token")] if person.tokens else []
        cells = (clean(person.name), person.role, clean(person.email), ", ".join(ways) or "nothing yet")
        table.add_row(*map(Text, cells))
    return table
