"""What became of the rows of a table that was split, in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ui.report.text import clean, count


def divided(split: dict[str, Any]) -> RenderableType:
    """Where good and bad rows are, how many each rule found bad, and which rules had no say."""
    files = Table.grid(padding=(0, 2))
    for kind, style in (("good", "green"), ("bad", "red")):
        files.add_row(Text(kind, style=style), Text(count(split[f"{kind}_rows"], "row")), Text(clean(split[kind])))
    parts: list[RenderableType] = [
        Text(f"Split {count(split['rows'], 'row')}", style="bold"),
        Padding(files, (0, 0, 0, 2)),
    ]
    blamed = sorted(((rows, rule) for rule, rows in split["failed_rows"].items() if rows), reverse=True)
    if blamed:
        parts += [
            Text("Bad by", style="dim"),
            Padding(_listed([(f"{rows:,}", rule) for rows, rule in blamed]), (0, 0, 0, 2)),
        ]
    if split["not_deciding"]:
        silent = [(rule, why) for rule, why in split["not_deciding"].items()]
        parts += [Text("Had no say", style="dim"), Padding(_listed(silent), (0, 0, 0, 2))]
    return Group(*parts)


def _listed(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for first, second in rows:
        table.add_row(Text(clean(first)), Text(clean(second)))
    return table
