"""What is seen of a source before anything is measured, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report.text import clean, seconds

if TYPE_CHECKING:
    from graph.looking import State, Step


def steps(found: Sequence[Step]) -> Table:
    """A row for each step; below the one that failed, how to mend it."""
    table = _table()
    table.add_column("", no_wrap=True)
    table.add_column("step", no_wrap=True)
    table.add_column("", overflow="fold", ratio=5)
    table.add_column("took", justify="right", no_wrap=True, style="dim")
    for step in found:
        mark = Text("✓", style="green") if step.good else Text("✗", style="red")
        said = Text(clean(step.said))
        if step.hint:
            said.append(f"\n{clean(step.hint)}", style="bold")
        table.add_row(mark, step.name, said, seconds(step.seconds))
    return table


def states(found: Sequence[State]) -> Table:
    """A row for each snapshot, oldest first."""
    table = _table()
    table.add_column("snapshot", no_wrap=True)
    table.add_column("committed (UTC)", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("files", justify="right", no_wrap=True)
    table.add_column("names", overflow="fold", ratio=5)
    for state in found:
        moment = f"{state.at:%Y-%m-%d %H:%M:%S}"
        names = ", ".join([*(["now"] if state.current else []), *(clean(name) for name in state.names)])
        table.add_row(str(state.number), moment, _change(state), _number(state.rows), _number(state.files), Text(names))
    return table


def _change(state: State) -> str:
    moved = [f"+{state.added:,}" if state.added else "", f"-{state.removed:,}" if state.removed else ""]
    return " ".join(part for part in (clean(state.operation), *moved) if part)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
