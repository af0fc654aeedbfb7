"""The history of metrics in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report import text

if TYPE_CHECKING:
    from datetime import datetime

    from memory.model import Metric, MetricPoint

SAID = {"exclude": "left out", "normal": "normal"}


def overview(metrics: Sequence[Metric]) -> Table:
    """A row for each metric."""
    table = _table()
    table.add_column("metric", overflow="fold", ratio=5)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("newest", justify="right", no_wrap=True)
    table.add_column("measured (UTC)", no_wrap=True)
    for metric in metrics:
        table.add_row(
            Text(text.clean(metric.key)), f"{metric.points:,}", _number(metric.value), _time(metric.measured_at)
        )
    return table


def points(found: Sequence[MetricPoint]) -> Table:
    """A row for each point, oldest first."""
    table = _table()
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("measured (UTC)", no_wrap=True)
    table.add_column("run", no_wrap=True)
    table.add_column("said", overflow="fold", ratio=5)
    for point in found:
        said = f"{SAID[point.verdict]} ({point.actor}: {point.reason})" if point.verdict else ""
        table.add_row(
            str(point.number), _number(point.value), _time(point.measured_at), point.run_id, Text(text.clean(said))
        )
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
