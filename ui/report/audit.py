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


def overview(entries: Sequence[Entry]) -> Text:
    """Two lines per entry: when, who, what and in which run; then what it was about, which narrow terminals fold."""
    rows = [
        (str(one.seq), f"{one.at:%Y-%m-%d %H:%M:%S}", clean(one.actor, 30), one.action, one.run_id or "")
        for one in entries
    ]
    titles = ("#", "when (UTC)", "who", "what", "run")
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    told = Text(_line(titles, widths), style="bold")
    for row, entry in zip(rows, entries, strict=True):
        about = " · ".join(part for part in (entry.subject, gist(entry.data)) if part)
        told.append(f"\n{_line(row, widths)}", style="not bold")
        if about:
            told.append(f"\n{' ' * widths[0]}  {clean(about, LONGEST)}", style="not bold dim")
    return told


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    number, *others = zip(cells, widths, strict=True)
    return "  ".join([number[0].rjust(number[1]), *(cell.ljust(width) for cell, width in others)]).rstrip()


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
