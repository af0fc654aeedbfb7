"""Answers of the lineage in the terminal: where columns come from, what is made of them, what breaks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ui.report import text
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory.lineage.answers import Completeness, Diff, Impact, Path, Reach, Reached, Step, TagReport
    from tools.lineage.observed import ColumnId, DatasetId, JobId, Owner

WORDS = {
    "IDENTITY": "as it is",
    "TRANSFORMATION": "transformed",
    "AGGREGATION": "aggregated",
    "JOIN": "by a join",
    "FILTER": "by a filter",
    "GROUP_BY": "by a grouping",
    "SORT": "by an order",
    "WINDOW": "by a window",
    "CONDITIONAL": "by a condition",
    "MEMBER": "as a column of it",
}
MOST_NAMED = 10
LONGEST = 120
"""Characters of a name."""


def name(column: ColumnId) -> str:
    """`mart.revenue.total`: what a person calls a column, a whole dataset without its star."""
    from memory.lineage.meaning import short

    dataset = clean(short(column.dataset), LONGEST)
    return dataset if column.column == "*" else f"{dataset}.{clean(column.column, LONGEST)}"


def how(step: Step) -> str:
    """What happens on an edge: `aggregated, masked`."""
    told = WORDS.get(step.subtype) or ("directly" if step.type == "DIRECT" else "indirectly")
    if step.subtype == "MEMBER" and "*" not in (step.source.column, step.target.column):
        told = "spelled another way"
    sure = "" if step.confidence >= 1 else f", {text.percent(step.confidence)} sure"
    return f"{told}{', masked' if step.masking else ''}{sure}"


def job(found: JobId | None) -> str:
    """What a person calls a job; a file from here on."""
    return clean(found.name.removeprefix(f"{os.getcwd()}/"), LONGEST) if found else ""


def reached(node: ColumnId, reach: Reach, direction: str, *, explain: bool) -> RenderableType:
    """The columns above or below a node by table, the nearest first; each with what happens on its edge."""
    side = "is made of" if direction == "upstream" else "goes into"
    if not reach.columns:
        return Text(f"Nothing is known that {name(node)} {side}.")
    edges = tree(reach.steps, direction)
    tables: dict[DatasetId, list[Reached]] = {}
    for one in reach.columns:
        tables.setdefault(one.column.dataset, []).append(one)
    told = _counted(sum(one.column.column != "*" for one in reach.columns), len(tables), reach)
    parts: list[RenderableType] = [Text.assemble((name(node), "bold"), f" {side} {told}.")]
    for dataset, found in tables.items():
        parts += [Text(), _heading(dataset), Padding(_columns(found, edges, direction, explain), (0, 0, 0, 2))]
    return Group(*parts)


def _counted(columns: int, tables: int, found: Completeness) -> str:
    """`3 columns of 2 tables`; tables of which nobody knows the columns are counted alone."""
    more = "" if found.complete else "more than "
    made = f"{count(columns, 'column')} of " if columns else ""
    return f"{more}{made}{count(tables, 'table')}"


def tree(steps: Iterable[Step], direction: str) -> dict[ColumnId, Step]:
    """By column the edge towards the node that was asked for."""
    found: dict[ColumnId, Step] = {}
    for step in steps:
        found.setdefault(step.source if direction == "upstream" else step.target, step)
    return found


def way(column: ColumnId, edges: dict[ColumnId, Step], direction: str) -> list[Step]:
    """The shortest way between a column and the node that was asked for, in the direction of the data."""
    steps: list[Step] = []
    while column in edges and len(steps) <= len(edges):
        steps.append(edges[column])
        column = edges[column].target if direction == "upstream" else edges[column].source
    return steps if direction == "upstream" else steps[::-1]


def _heading(dataset: DatasetId) -> Text:
    return Text.assemble((clean(dataset.name, LONGEST), "bold cyan"), (f"  {clean(dataset.namespace, LONGEST)}", "dim"))


def _columns(found: Sequence[Reached], edges: dict[ColumnId, Step], direction: str, explain: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    for _ in range(3):
        grid.add_column(overflow="fold")
    for one in found:
        step = edges.get(one.column)
        grid.add_row(
            str(one.distance),
            Text(clean("all columns" if one.column.column == "*" else one.column.column, LONGEST)),
            _edge(step, direction),
            Text(job(step.job if step else None), style="dim"),
        )
    ways = [way(one.column, edges, direction) for one in found if one.distance > 1] if explain else []
    return Group(grid, *(Text(f"   {_line(each)}", style="dim") for each in ways))


def _edge(step: Step | None, direction: str) -> Text:
    if step is None:
        return Text()
    to = f"into {name(step.target)}" if direction == "upstream" else f"from {name(step.source)}"
    return Text(f"{how(step)} {to}", style="" if step.type == "DIRECT" else "yellow")


def _line(steps: Sequence[Step]) -> str:
    """A way in one line: `raw.x → mart.y → top.z`."""
    return " → ".join([name(steps[0].source), *[name(step.target) for step in steps]]) if steps else ""


def path(source: ColumnId, target: ColumnId, found: Path) -> RenderableType:
    """One shortest way, edge by edge."""
    ends = f"from {name(source)} to {name(target)}"
    if not found.found:
        return Text(f"There is no way {ends}.")
    if not found.steps:
        return Text(f"{name(source)} and {name(target)} are the same.")
    head = Text.assemble(("A shortest way ", ""), (ends, "bold"), f": {count(len(found.steps), 'edge')}.")
    return Group(head, Text(), Padding(steps(found.steps), (0, 0, 0, 2)))


def steps(found: Sequence[Step], since: bool = False) -> Table:
    """Edges, a row for each."""
    grid = Table.grid(padding=(0, 2))
    for _ in range(4):
        grid.add_column(overflow="fold")
    for step in found:
        when = f", since {step.since:%Y-%m-%d %H:%M}" if since and step.since else ""
        grid.add_row(
            Text(name(step.source)),
            Text(f"→ {name(step.target)}"),
            Text(how(step), style="" if step.type == "DIRECT" else "yellow"),
            Text(f"{job(step.job)}{when}", style="dim"),
        )
    return grid


def impact(node: ColumnId, found: Impact, indirect: Impact | None) -> RenderableType:
    """What breaks: the counts, whom to tell, and what, the most important first."""
    if not found.table_count:
        reading = f", but {count(found.job_count, 'job')} read its table" if found.job_count else ""
        head = Text(f"No column is known to be made of {name(node)}{reading}.")
    else:
        head = Text.assemble((_counts(found), "bold"), " depend on ", (name(node), "bold"), ".")
    parts: list[RenderableType] = [head]
    if indirect and (indirect.column_count, indirect.table_count) > (found.column_count, found.table_count):
        more = f"With joins, filters, groupings and conditions it is {_counts(indirect)}: see --indirect."
        parts.append(Text(more, style="yellow"))
    if found.tags:
        tags = [f"{tag(*one)} on {count(n, 'column')}" for one, n in found.tags]
        parts.append(Text(f"Tags: {', '.join(tags)}.", style="magenta"))
    if found.owners:
        owners = [f"{_owner(one)} ({count(n, 'table')})" for one, n in found.owners]
        parts.append(Text(f"Owners: {_few(owners)}."))
    return Group(*parts, *(table for table in (_tables(found), _jobs(found)) if table))


def _few(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])


def _counts(found: Impact) -> str:
    return f"{_counted(found.column_count, found.table_count, found)} and {count(found.job_count, 'job')}"


def tag(key: str, value: str) -> str:
    """`pii=email`, or `pii` alone."""
    return clean(f"{key}={value}" if value else key, LONGEST)


def _owner(owner: Owner) -> str:
    return clean(f"{owner.name}, {owner.type}" if owner.type else owner.name, LONGEST)


def _tables(found: Impact) -> Table | None:
    if not found.tables:
        return None
    table = _listing("table", "columns", "away", "tags", "owners")
    for one in found.tables:
        tags = _few([tag(*each) for each in one.tags])
        owners = _few([_owner(owner) for owner in one.owners])
        cells = (Text(clean(one.dataset.name, LONGEST)), f"{one.columns:,}", f"{one.distance:,}")
        table.add_row(*cells, Text(tags, style="magenta"), Text(owners))
    _rest(table, found.table_count - len(found.tables))
    return table


def _jobs(found: Impact) -> Table | None:
    if not found.jobs:
        return None
    table = _listing("job", "edges", "owners")
    for one in found.jobs:
        owners = _few([_owner(owner) for owner in one.owners])
        edges = f"{one.edges:,}" if one.edges else "reads"
        table.add_row(Text(job(one.job)), edges, Text(owners))
    _rest(table, found.job_count - len(found.jobs))
    return table


def _listing(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        figures = place and head != "owners" and head != "tags"
        table.add_column(head, overflow="fold", no_wrap=bool(figures), justify="right" if figures else "left")
    return table


def _rest(table: Table, more: int) -> None:
    if more > 0:
        table.add_row(Text(f"and {more:,} more", style="dim"))


def diff(found: Diff) -> RenderableType:
    """The edges that came and went."""
    if not found.added and not found.removed:
        return Text("Nothing changed.")
    grid = Table.grid(padding=(0, 2))
    for _ in range(4):
        grid.add_column(overflow="fold")
    for sign, style, edges in (("+", "green", found.added), ("-", "red", found.removed)):
        for step in edges:
            made_by = Text(job(step.job), "dim")
            grid.add_row(Text(f"{sign} {name(step.source)}", style), Text(f"→ {name(step.target)}"), how(step), made_by)
    return Group(Text(f"{count(len(found.added), 'edge')} came, {len(found.removed):,} went."), Text(), grid)


def tagged(key: str, found: TagReport) -> RenderableType:
    """Where a tag goes: where it was declared, then each column that it came to, by table."""
    if not found.columns:
        return Text(f"No column carries {clean(key, LONGEST)}.")
    declared = sum(1 for one in found.columns if one.came_from is None)
    where = "" if found.complete else f", the first {len(found.columns):,} of which are listed"
    head = f"{count(found.total, 'column')} {'carry' if found.total != 1 else 'carries'} {clean(key, LONGEST)}{where}: "
    parts: list[RenderableType] = [Text.assemble((head, "bold"), f"{declared:,} declared, the others made of them.")]
    tables: dict[DatasetId, Table] = {}
    for one in found.columns:
        if one.column.dataset not in tables:
            grid = tables[one.column.dataset] = Table.grid(padding=(0, 2))
            for _ in range(3):
                grid.add_column(overflow="fold")
        came = f"from {name(one.came_from)}" if one.came_from else "declared"
        style = "" if one.came_from else "magenta"
        row = Text(clean(one.column.column, LONGEST)), Text(tag(one.key, one.value), style="dim"), Text(came, style)
        tables[one.column.dataset].add_row(*row)
    for dataset, grid in tables.items():
        parts += [Text(), _heading(dataset), Padding(grid, (0, 0, 0, 2))]
    if found.perhaps:
        told = _few([name(one) for one in found.perhaps])
        parts += [Text(), Text(f"Perhaps in {told} too: jobs that read it write them, and tell no columns.")]
    return Group(*parts)


def witness(node: ColumnId, key: str, found: Path) -> RenderableType:
    """How a tag came to a column."""
    if not found.steps:
        return Text(f"{name(node)} was declared to carry {key}.")
    head = Text.assemble((f"{key} came to ", ""), (name(node), "bold"), f" from {name(found.steps[0].source)}.")
    return Group(head, Text(), Padding(steps(found.steps), (0, 0, 0, 2)))


def found(nodes: Sequence[ColumnId]) -> RenderableType:
    """What a text may mean: the short name, and the full one that always means the same."""
    from memory.lineage.meaning import spelled

    grid = Table.grid(padding=(0, 2))
    for _ in range(2):
        grid.add_column(overflow="fold")
    for node in nodes:
        grid.add_row(Text(name(node), style="bold"), Text(clean(spelled(node)), style="dim"))
    return grid
