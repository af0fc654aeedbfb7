"""Suggested rules in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report import text
from ui.report.proposal import today

if TYPE_CHECKING:
    from tools.dqdl.plans.result import RuleResult
    from tools.recommending import Candidate


def overview(suggestions: Sequence[tuple[Candidate, RuleResult, str | None]]) -> Table:
    """A row for each candidate: the rule, its dry run, how sure it is, why, and what people decided on the like."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("rule", overflow="fold", ratio=5)
    table.add_column("today", no_wrap=True)
    table.add_column("sure", no_wrap=True, justify="right")
    table.add_column("why", overflow="fold", ratio=5, style="dim")
    for candidate, dry_run, people in suggestions:
        table.add_row(
            Text(text.clean(candidate.rule)),
            today(dry_run.to_dict()),
            Text(text.percent(candidate.confidence)),
            Text("\n").join(Text(text.clean(line)) for line in (candidate.reasoning, people) if line),
        )
    return table
