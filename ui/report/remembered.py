"""What is remembered of decisions, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report import text

if TYPE_CHECKING:
    from memory.remembered import Remembered

WORDS = {"approve": "approved", "edit": "edited", "reject": "rejected", "import": "imported"}
LONGEST = 200
"""Characters of a text in a list; all of it is in the details."""
STYLES = {"approve": "green", "edit": "cyan", "reject": "red"}


def overview(memories: Sequence[Remembered]) -> Table:
    """A row for each memory."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    table.add_column("table", overflow="fold", ratio=2)
    table.add_column("rule", overflow="fold", ratio=5)
    table.add_column("outcome", no_wrap=True)
    table.add_column("why, and since", overflow="fold", ratio=4)
    for one in memories:
        table.add_row(
            str(one.number),
            Text(text.clean(one.table)),
            Text(text.clean(one.rule or one.proposed, LONGEST)),
            Text(_outcome(one), style=STYLES[one.outcome]),
            Text("; ".join(filter(None, (text.clean(one.reason or "", LONGEST), text.clean(since(one), LONGEST))))),
        )
    return table


def details(one: Remembered) -> Table:
    """All that is remembered of one decision."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    run = f"run {one.run_id}, proposal {one.proposal}" if one.run_id else "imported"
    rows = {
        "memory": str(one.number),
        "dataset": one.dataset,
        "rule": one.rule or one.proposed,
        "proposed": one.proposed if one.rule != one.proposed and one.rule else "",
        "outcome": _outcome(one),
        "why": one.reason or "",
        "decided": f"{WORDS[one.decided]} by {one.actor}, {one.decided_at:%Y-%m-%d %H:%M} UTC, {run}",
        "corrected": f"by {one.corrected_by}, {one.corrected_at:%Y-%m-%d %H:%M} UTC" if one.corrected_at else "",
        "since": since(one),
        "compared": one.meaning or "not yet: it is made ready when rules are next recommended",
    }
    for name, content in rows.items():
        if content:
            table.add_row(name, Text(text.clean(content)))
    return table


def references(recalled: Sequence[Mapping[str, Any]], most: int = 4) -> str:
    """The decisions behind a proposal, each with how alike its columns are: ``12 orders.email 97 %``."""
    shown = [
        f"{one['memory']} {text.clean(str(one['on']))} {text.percent(one['similarity'])}" for one in recalled[:most]
    ]
    more = len(recalled) - len(shown)
    return " · ".join(shown) + (f" · {more} more" if more > 0 else "")


def since(one: Remembered) -> str:
    """What became of the rule: how often it held, or why it was disabled."""
    told = []
    if one.passed or one.failed:
        told.append(f"rule {one.rule_number} held in {one.passed} of {one.passed + one.failed} validations")
    if one.disabled is not None:
        told.append(f"disabled since: {one.disabled}" if one.disabled else "disabled since")
    return ", ".join(told)


def _outcome(one: Remembered) -> str:
    decided = "approve" if one.decided == "import" else one.decided
    return WORDS[one.outcome] + (" (corrected)" if one.outcome != decided else "")
