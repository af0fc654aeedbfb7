"""A profile as a table in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report import profile_notes, text

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Profile

MOST_TOP_VALUES = 3
TELLING_SHARE = 0.02
"""A most frequent value below this share says nothing; patterns are shown instead."""
BLOCKS = " ▁▂▃▄▅▆▇█"


def profile_table(profile: Profile) -> Table:
    """A row for each column: type, missing and distinct values, range, the most frequent values or patterns."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("column", overflow="fold", max_width=28)
    table.add_column("type", overflow="fold", max_width=15)
    table.add_column("missing", justify="right", no_wrap=True)
    table.add_column("distinct", justify="right", no_wrap=True)
    table.add_column("range", overflow="fold", max_width=26)
    table.add_column("most frequent", overflow="ellipsis", no_wrap=True, ratio=1)
    keys = {key[0] for key in profile.candidate_keys if len(key) == 1}
    for column in profile.columns:
        table.add_row(
            _name(column, key=column.name in keys),
            _type(column),
            _missing(column, profile.rows),
            Text(f"{'' if column.distinct_exact else '~'}{column.distinct:,}"),
            Text(value_range(column)),
            _frequent(column, profile.rows),
        )
    return table


def _name(column: ColumnProfile, *, key: bool) -> Text:
    personal = f" {profile_notes.badge(column)}" if column.personal else ""
    return Text.assemble((text.clean(column.name), "bold"), (" key" if key else "", "cyan"), (personal, "magenta"))


def headline(profile: Profile) -> str:
    """``1,000 rows, 11 columns; key: order_id``."""
    keys = [" + ".join(text.clean(name) for name in key) for key in profile.candidate_keys[:3]]
    known = f"; key: {' or '.join(keys)}" if keys else "; no key found"
    return f"{text.count(profile.rows, 'row')}, {text.count(len(profile.columns), 'column')}{known}"


def _type(column: ColumnProfile) -> Text:
    shown = Text(text.clean(column.type, 24).lower())
    if column.inferred_type:
        shown += Text(f" holds {column.inferred_type.lower()}", style="cyan")
    meaning = profile_notes.meaning(column)
    return shown + Text(f" {meaning}", style="cyan") if meaning else shown


def _missing(column: ColumnProfile, rows: int) -> Text:
    lacking = column.nulls + (column.blanks or 0)
    if not lacking:
        return Text("–", style="dim")
    share = lacking / rows
    return Text(f"{text.percent(share)} {block(share)}", style="yellow" if share < 0.5 else "red")


def value_range(column: ColumnProfile) -> str:
    """From the least to the greatest value; for text the lengths."""
    if column.kind == "text":
        if column.min_length is None:
            return ""
        same = column.min_length == column.max_length
        return f"{column.min_length}{'' if same else f' to {column.max_length}'} chars"
    if column.min is None:
        return ""
    low, high = text.value(column.min, 26), text.value(column.max, 26)
    if column.kind == "timestamp" and low[:10] != high[:10]:
        low, high = low[:10], high[:10]
    return low if low == high else f"{low} to {high}"


def _frequent(column: ColumnProfile, rows: int) -> Text:
    entries = [(text.value(value, 18), count) for value, count in column.top_values]
    if not entries or entries[0][1] < max(2, TELLING_SHARE * rows):
        if column.histogram:
            return Text(profile_notes.sparkline(column), style="cyan")
        entries = [(text.clean(mask, 24), count) for mask, count in column.patterns]
    parts: list[Text] = []
    for name, count in entries[:MOST_TOP_VALUES]:
        share = count / rows
        parts.append(Text.assemble((block(share), "cyan"), (f" {text.percent(share)}", "dim"), f" {name}"))
    return Text("  ").join(parts)


def block(share: float) -> str:
    """A share as one block character; anything above zero shows."""
    return BLOCKS[min(8, max(1, round(share * 8)))] if share > 0 else BLOCKS[0]
