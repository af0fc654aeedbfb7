"""Batches in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report.text import clean

if TYPE_CHECKING:
    from memory.publications import Batch

STYLES = {
    **dict.fromkeys(("trusted", "passed"), "green"),
    **dict.fromkeys(("failed", "quarantined"), "red"),
    **dict.fromkeys(("waiting", "moving", "diverged"), "yellow"),
}
MOST_REASONS = 3


def table(found: Sequence[Batch]) -> Table:
    """A row for each batch, with where it is and why below where it landed."""
    made = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    made.add_column("batch", overflow="fold")
    made.add_column("landed (UTC)", no_wrap=True)
    made.add_column("what", overflow="fold", ratio=5)
    made.add_column("state", no_wrap=True)
    for one in found:
        what = Text(clean(one.source))
        for line in _details(one):
            what.append(f"\n{clean(line)}", style="dim")
        state = Text(one.state, style=STYLES.get(one.state, ""))
        made.add_row(one.id, f"{one.landed_at:%Y-%m-%d %H:%M:%S}", what, state)
    return made


def line(batch: Batch) -> Text:
    """What became of a batch, in a line or a few."""
    made = Text(f"{batch.id} is ")
    made.append(batch.state, style=STYLES.get(batch.state, ""))
    made.append(f": {clean(batch.place)}")
    if batch.forced_by:
        made.append(f"\n  by {clean(batch.forced_by)}: {clean(str(batch.forced_reason))}")
    elif batch.state != "trusted":
        for told in _why(batch):
            made.append(f"\n  {clean(told)}")
    return made


def _details(batch: Batch) -> list[str]:
    at = [f"at {batch.place}"] if batch.place != batch.source else []
    if batch.state == "waiting":
        return [*at, "there were no active rules to judge by"]
    return [*at, *_why(batch)]


def _why(batch: Batch) -> list[str]:
    told = [f"{one['rule']}: {one['reason']}" if one.get("rule") else str(one["reason"]) for one in batch.reasons]
    more = len(told) - MOST_REASONS
    return told[:MOST_REASONS] + ([f"and {more} more rules"] if more > 0 else [])
