"""The report of a validation in the terminal. All text is put into Rich as Text, so none of it is read as markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ui.report import text, verdict

if TYPE_CHECKING:
    from graph.runs import TableReport

MARKS = {"Passed": ("✓", "green"), "Failed": ("✗", "red"), "Error": ("!", "yellow")}
BAR_WIDTH = 30


def table_report(report: TableReport) -> RenderableType:
    """One table: the headline, what failed with an example, what passed, the scores."""
    rules = verdict.sorted_rules(report.evaluation)
    bad = [rule for rule in rules if rule["outcome"] != "Passed"]
    good = [rule for rule in rules if rule["outcome"] == "Passed"]
    head = Text.assemble((text.clean(report.name), "bold"), ("  ", ""), (verdict.headline(report.evaluation), "dim"))
    parts: list[RenderableType] = [head, Text()]
    for rule in bad:
        parts += [Padding(broken(rule), (0, 0, 1, 2))]
    if good:
        parts += [Padding(_passed(good), (0, 0, 1, 2))]
    parts += [Padding(line, (0, 0, 1, 2)) for line in _analyzers(report.evaluation)]
    return Group(*parts, Padding(scores(report.dimensions, report.total), (0, 0, 0, 2)))


def _analyzers(evaluation: dict[str, Any]) -> list[RenderableType]:
    """What the analyzers measured, in a line, and those that could not."""
    lines: list[RenderableType] = [
        Text.assemble(("! ", "yellow"), text.clean(problem)) for problem in evaluation.get("problems", ())
    ]
    count = len(evaluation.get("statistics", ()))
    if count:
        lines.append(Text(f"{text.count(count, 'statistic')} kept; see them with: assay metrics list", style="dim"))
    return [Group(*lines)] if lines else []


def broken(rule: verdict.RuleDict) -> RenderableType:
    """A rule that failed or could not be evaluated: reason, metrics, an example."""
    mark, style = MARKS[rule["outcome"]]
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    rows = Text(verdict.failed(rule), style=style)
    grid.add_row(Text(mark, style=style), Text(text.clean(rule["rule"]), style="bold"), rows)
    grid.add_row("", Text(text.clean(rule["reason"])), Text(rule["dimension"], style="dim"))
    if rule["metrics"]:
        grid.add_row("", Text(verdict.metrics(rule), style="dim"), "")
    if depends := verdict.radius(rule):
        grid.add_row(Text("→", style="magenta"), Text(depends, style="magenta"), "")
    if not rule["examples"]:
        return grid
    return Group(grid, Padding(examples(rule["examples"], rule["columns"]), (0, 0, 0, 2)))


def examples(rows: list[dict[str, Any]], columns: list[str], most: int = 1) -> Table:
    """Failing rows, the rule's own columns in red."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    names = verdict.example_columns(rows, columns)
    own = {column.lower() for column in columns}
    for name in names:
        table.add_column(Text(text.clean(name, 24)), overflow="ellipsis", no_wrap=True, max_width=32)
    for row in rows[:most]:
        cells = [Text(text.value(row[name]), style="red" if name.lower() in own else "") for name in names]
        table.add_row(*cells)
    return table


def _passed(rules: list[verdict.RuleDict]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=5, overflow="fold")
    table.add_column(ratio=4, overflow="fold", style="dim")
    for rule in rules:
        reason = Text(text.clean(rule["reason"]))
        if rule["vacuous"]:
            reason = Text("nothing to check: ", style="yellow") + reason
        table.add_row(Text("✓", style="green"), Text(text.clean(rule["rule"])), reason)
    return table


def scores(dimensions: dict[str, float], total: float | None) -> RenderableType:
    """A bar for each dimension and one for the whole."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=14)
    for name, share in verdict.by_dimension(dimensions):
        table.add_row(Text(text.clean(name)), _bar(share), Text(text.score(share)))
    if total is None:
        return Group(table, Text("No score: nothing was measured.", style="dim"))
    table.add_row(Text("total", style="bold"), _bar(total), Text(f"{text.score(total)} of 100", style="bold"))
    return table


def _bar(share: float) -> Text:
    full, empty = text.bar(share, BAR_WIDTH)
    style = "green" if share >= 0.99 else "yellow" if share >= 0.9 else "red"
    return Text.assemble((full, style), (empty, "bright_black"))
