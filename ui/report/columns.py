"""A profile as a table in the terminal, and one column in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from ui.report import column_facts, profile_notes, text

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Profile

MOST_TOP_VALUES = {True: 3, False: 2}
"""By whether the table is wide."""
MOST_VALUES = 10
TELLING_SHARE = 0.02
"""A most frequent value below this share says nothing; patterns are shown instead."""
BLOCKS = " ▁▂▃▄▅▆▇█"
BAR_WIDTH = 30
WIDE = 110
"""Characters of a line, from which on a column of the table needs one line only."""


def profile_table(profile: Profile) -> RenderableType:
    """A row for each column: type, NULL, blank and distinct values, range, the most frequent values or patterns."""
    return _ProfileTable(profile)


@dataclass(frozen=True)
class _ProfileTable:
    profile: Profile

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Two lines for each column where one would be cut."""
        yield _table(self.profile, wide=options.max_width >= WIDE)


def _table(profile: Profile, *, wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("column", overflow="fold", max_width=28)
    if wide:
        table.add_column("type", overflow="fold", max_width=17)
    for head in ("NULL", "blank", "distinct"):
        table.add_column(head, justify="right", no_wrap=True)
    if wide:
        table.add_column("range", overflow="fold", max_width=26)
    table.add_column("most frequent", overflow="ellipsis", no_wrap=True, ratio=1)
    keys = {key[0] for key in profile.candidate_keys if len(key) == 1}
    for column in profile.columns:
        name, kind = _name(column, key=column.name in keys), _type(column)
        lacking = [_lacking(count, profile.rows) for count in (column.nulls, column.blanks or 0)]
        counts = [*lacking, Text(column_facts.distinct(column))]
        ends, often = Text(value_range(column)), _frequent(column, profile.rows, MOST_TOP_VALUES[wide])
        if wide:
            table.add_row(name, kind, *counts, ends, often)
        else:
            table.add_row(_lines(name, kind), *counts, _lines(often, ends))
    return table


def _lines(*parts: Text) -> Text:
    return Text("\n").join([part for part in parts if part.plain])


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


def _lacking(count: int, rows: int) -> Text:
    if not count:
        return Text("–", style="dim")
    return Text(text.percent(count / rows), style="yellow" if count < 0.5 * rows else "red")


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


def _frequent(column: ColumnProfile, rows: int, most: int) -> Text:
    counted = column_facts.counted_rows(column, rows)
    entries = [(text.value(value, 18), count) for value, count in column.top_values]
    if not entries or entries[0][1] < max(2, TELLING_SHARE * counted):
        if column.histogram:
            return Text(profile_notes.sparkline(column), style="cyan")
        entries = [(text.clean(mask, 24), count) for mask, count in column.patterns]
    parts: list[Text] = []
    for name, count in entries[:most]:
        share = count / counted
        mark = "" if column.sample_rows is None else column_facts.ESTIMATE
        parts.append(Text.assemble((block(share), "cyan"), (f" {mark}{text.percent(share)}", "dim"), f" {name}"))
    return Text("  ").join(parts)


def block(share: float) -> str:
    """A share as one block character; anything above zero shows."""
    return BLOCKS[min(8, max(1, round(share * 8)))] if share > 0 else BLOCKS[0]


def one_column(column: ColumnProfile, rows: int) -> RenderableType:
    """All statistics of a column, its histogram and its most frequent values."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in column_facts.facts(column, rows):
        table.add_row(f"  {name}", Text(value))
    parts: list[RenderableType] = [Text(text.clean(column.name), style="bold"), table]
    if column.histogram:
        size = column.histogram.sample_rows
        sample = "" if size is None else f" (sample of {size:,} rows)"
        bars = list(zip(column_facts.bins(column.histogram), column.histogram.counts, strict=True))
        parts += [Text(f"\n  Histogram{sample}", style="dim"), _bars(bars)]
    if column.top_values:
        often = [(text.value(value, 40), count) for value, count in column.top_values[:MOST_VALUES]]
        parts += [Text(f"\n  Most frequent{column_facts.sampled(column)}", style="dim"), _bars(often)]
    return Group(*parts, Text())


def _bars(bars: list[tuple[str, int]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", overflow="fold")
    table.add_column(width=BAR_WIDTH)
    table.add_column(justify="right", no_wrap=True)
    most = max((count for _, count in bars), default=0) or 1
    for label, count in bars:
        full, _ = text.bar(count / most, BAR_WIDTH)
        table.add_row(f"    {label}", Text(full if count else "", style="cyan"), f"{count:,}")
    return table
