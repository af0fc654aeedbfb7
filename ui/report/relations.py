"""Columns that hold keys of another table, in the terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ui.report import text

if TYPE_CHECKING:
    from tools.profiling.foreign import Inclusion

NONE = "No column holds the keys of another of these tables."
HINT = "--sql shows the queries that counted them."


def foreign_keys(
    found: Sequence[Inclusion], personal: Collection[tuple[str, str]] = (), *, sql: bool = False
) -> RenderableType:
    """A row for each, surest first, on request with its query. Of ``personal`` columns no value is shown."""
    title = Text("\nForeign keys", style="bold")
    if not found:
        return Group(title, Text(f"  {NONE}", style="dim"))
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("column", overflow="fold", ratio=3)
    table.add_column("found", justify="right", no_wrap=True)
    table.add_column("missing there", overflow="fold", ratio=2)
    table.add_column("confidence", justify="right", no_wrap=True)
    surest = sorted(found, key=lambda one: -one.confidence * one.share)
    for one in surest:
        shown = [] if (one.table, one.column) in personal else one.examples
        table.add_row(_link(one), text.percent(one.share), missing(one, shown), text.percent(one.confidence))
    if not sql:
        return Group(title, table, Text(f"  {HINT}", style="dim"))
    return Group(title, table, *map(_query, surest))


def _query(one: Inclusion) -> RenderableType:
    lines = "\n".join(text.clean(line) for line in one.query.splitlines())
    return Group(Padding(_link(one), (0, 0, 0, 2)), Padding(Text(lines, style="cyan"), (0, 0, 1, 4)))


def _link(one: Inclusion) -> Text:
    left, right = (text.clean(f"{table}.{column}") for table, column in _ends(one))
    return Text.assemble((left, "bold"), " -> ", right)


def _ends(one: Inclusion) -> tuple[tuple[str, str], tuple[str, str]]:
    return (one.table, one.column), (one.of_table, one.of_column)


def missing(one: Inclusion, examples: Sequence[object]) -> str:
    """``3 rows: C-9001, C-9002``; where values were sampled, ``2 of 1,000 values``."""
    if not one.missing:
        return "–" if one.sample_values is None else f"– (of {one.sample_values:,} values)"
    if one.missing_rows is None:
        return f"{one.missing:,} of {one.values:,} values"
    rows = text.count(one.missing_rows, "row")
    return f"{rows}: {', '.join(text.value(example, 20) for example in examples)}" if examples else rows
