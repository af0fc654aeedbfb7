"""Alerts and where they go, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from memory.alerts import KINDS
from ui.report.moments import ago, left
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory.alert_book import Alert, Threshold
    from memory.channels import Channel
    from memory.outbox import Message


def listed(found: Sequence[Alert]) -> Table:
    """A row for each."""
    table = _table("#", "about", "since", "times", "state")
    table.add_column("what", overflow="fold", ratio=1)
    for one in found:
        table.add_row(
            str(one.number),
            *map(Text, (clean(one.table or "-"), ago(one.opened_at), str(one.times), state(one))),
            Text(f"{KINDS.get(one.kind, one.kind)}: {clean(one.what)}"),
        )
    return table


def state(alert: Alert) -> str:
    """`open`, `snoozed, in 3 h`, `resolved`."""
    if alert.resolved_at is not None:
        return "resolved"
    return f"snoozed, {left(alert.snoozed_until)}" if alert.snoozed_until else "open"


def told(alert: Alert) -> Iterator[str]:
    """All about one, line by line."""
    yield f"Alert {alert.number}: {KINDS.get(alert.kind, alert.kind)}"
    yield f"  {clean(alert.what)}"
    yield f"  {clean(alert.said)}"
    if alert.dataset:
        yield f"dataset   {clean(alert.dataset)}"
    yield f"since     {alert.opened_at:%Y-%m-%d %H:%M} UTC, met {count(alert.times, 'time')}, last {ago(alert.last_at)}"
    if alert.last_run:
        yield f"run       {alert.last_run}"
    if radius := (alert.detail.get("blast_radius") or {}).get("summary"):
        yield f"depends   {clean(radius)}"
    if alert.snoozed_until:
        until = f"{alert.snoozed_until:%Y-%m-%d %H:%M} UTC"
        yield f"snoozed   until {until} by {clean(alert.snoozed_by or '')}: {clean(alert.snoozed_reason or '')}"
    if alert.resolved_at:
        by = f" by {clean(alert.resolved_by)}" if alert.resolved_by else ""
        yield f"resolved  {ago(alert.resolved_at)}{by}: {clean(alert.resolution or '')}"
    yield f"told      {', '.join(alert.told) or 'nobody'}"


def channels(found: Sequence[Channel]) -> Table:
    """A row for each."""
    table = _table("name", "kind")
    table.add_column("to", overflow="fold", ratio=2)
    table.add_column("for", overflow="fold", ratio=2)
    for one in found:
        to = one.options.get("to")
        target = f"{one.target} to {', '.join(to)}" if to else one.target
        table.add_row(*map(Text, (one.name, one.kind, clean(target), clean(wanted(one)))))
    return table


def wanted(channel: Channel) -> str:
    """`owner ann; tag pii`, or `everything`."""
    filters = {"owner": channel.owners, "tag": channel.tags, "dataset": channel.datasets}
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in filters.items() if values) or "everything"


def thresholds(found: Sequence[Threshold], names: dict[object, str]) -> Iterator[str]:
    """A line for each."""
    for one in found:
        where = clean(names[one.dataset_id]) if one.dataset_id else "all datasets"
        yield f"{where}: {one.dimension or 'total'} score at least {one.least:.1%} (set by {clean(one.changed_by)})"


def messages(found: Sequence[Message]) -> Table:
    """Those that did not get to where they go, a row for each."""
    table = _table("number", "channel", "state", "tries", "since")
    table.add_column("why", overflow="fold", ratio=1)
    for one in found:
        channel = one.kind.partition(" ")[2]
        cells = (str(one.id), channel, one.state, str(one.attempts), ago(one.created_at), clean(one.error or ""))
        table.add_row(*map(Text, cells))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table
