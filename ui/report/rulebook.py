"""Stored rules in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report import text

if TYPE_CHECKING:
    from memory.model import Rule

STYLES = {"approved": "green", "disabled": "dim"}


def overview(rules: Sequence[Rule], datasets: Mapping[UUID, str]) -> Table:
    """A row for each rule."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    table.add_column("dataset", overflow="fold", ratio=2)
    table.add_column("rule", overflow="fold", ratio=6)
    table.add_column("status", no_wrap=True)
    table.add_column("approved by", overflow="fold", ratio=2)
    for rule in rules:
        table.add_row(
            str(rule.number),
            Text(text.clean(datasets.get(rule.dataset_id, ""))),
            Text(text.clean(rule.rule_expression)),
            Text("refused", style="bold red") if rule.problem else Text(rule.status, style=STYLES.get(rule.status, "")),
            Text(text.clean(rule.approved_by or "")),
        )
    return table


def details(rule: Rule, dataset: str) -> Table:
    """All about one rule."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    rows = {
        "rule": f"{rule.number}. {rule.rule_expression}",
        "dataset": dataset,
        "status": rule.status,
        "refused": rule.problem or "",
        "dimension": rule.dimension,
        "why": rule.reasoning,
        "proposed": f"by {rule.created_by}",
        "approved": f"by {rule.approved_by}, {rule.approved_at:%Y-%m-%d %H:%M} UTC" if rule.approved_at else "",
        "disabled": f"by {rule.disabled_by}: {rule.disabled_reason}" if rule.disabled_by else "",
    }
    for name, content in rows.items():
        if content:
            table.add_row(name, Text(text.clean(content)))
    return table
