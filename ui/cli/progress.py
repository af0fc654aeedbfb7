"""The steps of a run as they happen: a line for each that is done, a moving line for each in hand."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ui.cli.output import Output
from ui.report import steps
from ui.report.text import clean

if TYPE_CHECKING:
    from memory.model import Event

MARKS = {"good": ("✓", "green"), "bad": ("✗", "red"), "plain": ("→", "dim")}
WHO_WIDTH = 11
TOLD_SHARE = 0.25
"""Without a terminal, progress is told in steps of this share."""
IDLE = "working"


class Steps:
    """Tells a run's events on stderr. Use it as a context manager around following the run."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=out.talk_console,
            transient=True,
            disable=not out.talk_console.is_terminal,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._told: dict[tuple[str, str], float] = {}

    def __enter__(self) -> Self:
        self._live.start()
        self._begin((IDLE, ""))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def tell(self, event: Event) -> None:
        """Shows an event."""
        key = (event.agent or "", str(event.data.get("table", "")))
        match event.kind:
            case "started":
                self._begin(key)
            case "tool_called":
                self._called(key, str(event.data["tool"]))
            case "progress":
                self._advance(key, float(event.data["share"]))
            case "finished" | "table_failed":
                self._end(key)
        line = steps.line(event)
        if line is not None:
            table = f"{key[1]}: " if key[1] and len(self._told_tables) > 1 else ""
            self._print(line.who, MARKS[line.tone], table + line.said)

    def _print(self, who: str, mark: tuple[str, str], said: str) -> None:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=WHO_WIDTH, style="cyan")
        grid.add_column(width=1)
        grid.add_column(overflow="fold")
        grid.add_row(clean(who), Text(*mark), Text(clean(said)))
        self._out.tell(Padding(grid, (0, 0, 0, 2), expand=False))

    @property
    def _told_tables(self) -> set[str]:
        return {table for _, table in self._told if table}

    def _begin(self, key: tuple[str, str]) -> None:
        if key not in self._tasks:
            self._told.setdefault(key, 0.0)
            self._tasks[key] = self._live.add_task(_label(key), total=None)
        self._show_idle()

    def _called(self, key: tuple[str, str], tool: str) -> None:
        if key in self._tasks:
            self._live.update(self._tasks[key], description=f"{_label(key)} {clean(tool)}")

    def _advance(self, key: tuple[str, str], share: float) -> None:
        if key in self._tasks:
            self._live.update(self._tasks[key], total=1.0, completed=share)
        if not self._out.talk_console.is_terminal and share - self._told.get(key, 0.0) >= TOLD_SHARE:
            self._told[key] = share
            self._print(key[0], MARKS["plain"], f"{key[1]}: {share:.0%} read")

    def _end(self, key: tuple[str, str]) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            self._live.remove_task(task)
        self._show_idle()

    def _show_idle(self) -> None:
        """The line of the run itself shows only while no agent has one."""
        self._live.update(self._tasks[(IDLE, "")], visible=len(self._tasks) == 1)


def _label(key: tuple[str, str]) -> str:
    return clean(f"{key[0]} {key[1]}".strip(), 60)
