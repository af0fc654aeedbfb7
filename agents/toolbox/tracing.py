"""The supervisor's look at lineage: where columns come from, what depends on them, where personal data goes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

from langchain.tools import tool
from pydantic import Field

from agents.toolbox.answer import Answer, Offset, Runtime, answer, dataset, page
from agents.work import WorkError

if TYPE_CHECKING:
    from memory.lineage.answers import Completeness, Impact, Step
    from memory.lineage.store import LineageStore
    from tools.lineage.observed import ColumnId, Owner

MOST_COLUMNS = 1_000
"""Of an answer; more are counted, not listed."""
MOST_SHOWN = 200
"""Tables and jobs that an impact lists."""
NAMED = 5
"""Entries that a summary names."""
LONGEST_NAME = 100

Question = Annotated[
    Literal["impact", "upstream", "downstream", "path", "personal_data", "find"],
    Field(
        description="impact: what breaks if the node changes or goes; upstream: what it is made of; downstream: what "
        "is made of it; path: from node to `to`; personal_data: where PII goes, of the node or anywhere; find: names"
    ),
]
Node = Annotated[
    str | None,
    Field(max_length=1_000, description="a column or table such as customers.email, shop.customers, a full name"),
]

Edges = Annotated[Literal["direct", "indirect"], Field(description="which edges are followed")]


@tool(response_format="content_and_artifact")
def show_lineage(
    question: Question,
    runtime: Runtime,
    node: Node = None,
    to: Node = None,
    edges: Edges = "direct",
    offset: Offset = 0,
) -> Answer:
    """Answer a question about column lineage. Indirect edges are joins, filters, groupings and conditions."""
    lineage, indirect = runtime.context.bench.memory.lineage, edges == "indirect"
    if question == "personal_data":
        summary, lines = _personal(lineage, _meant(runtime, node) if node else None)
        return answer(page({"summary": summary}, "found", lines, offset))
    if not node or (question == "path" and not to):
        raise WorkError("Which column or table?", hint="Name it as `node`; for a path the end as `to`.")
    if question == "find":
        lines = [_full(one) for one in lineage.find(node, limit=MOST_COLUMNS)]
        return answer(page({"summary": f"{len(lines)} names fit {node[:LONGEST_NAME]}."}, "found", lines, offset))
    meant = _meant(runtime, node)
    if question == "path":
        summary, lines = _path(lineage, meant, _meant(runtime, str(to)), indirect)
    elif question == "impact":
        summary, lines = _impact(lineage, meant, indirect)
    else:
        summary, lines = _reach(lineage, meant, question, indirect)
    return answer(page({"summary": summary}, "found", lines, offset))


def _meant(runtime: Runtime, text: str) -> ColumnId:
    """The node that is meant: of a table of the run before any other that ends in its name."""
    from memory.errors import NotFound
    from memory.lineage.meaning import spelled
    from tools.lineage.observed import ColumnId, DatasetId

    lineage = runtime.context.bench.memory.lineage
    for table in runtime.context.tables:
        named, column = text[: len(table)], text[len(table) :]
        if named.lower() == table.lower() and (not column or column[0] in ".#"):
            found = dataset(runtime, table)
            with suppress(NotFound):
                return lineage.meant(spelled(ColumnId(DatasetId(found.namespace, found.name), column[1:] or "*")))
    return lineage.meant(text)


def _impact(lineage: LineageStore, node: ColumnId, indirect: bool) -> tuple[str, list[str]]:
    found = lineage.impact(node, indirect=indirect, shown=MOST_SHOWN)
    wider = found if indirect else lineage.impact(node, indirect=True, shown=1)
    name = _name(node)
    told = f"{_counts(found)} depend on {name}." if found.table_count else f"No column is known to be made of {name}."
    if (wider.column_count, wider.table_count) > (found.column_count, found.table_count):
        told += f" With joins, filters, groupings and conditions: {_counts(wider)}."
    return " ".join([told, *_whom(found)]), _affected(found)


def _whom(found: Impact) -> list[str]:
    """Which tables, tags and owners, the first of each."""
    tables = [_cut(one.dataset.name) for one in found.tables]
    tags = [f"{_tag(*tag)} on {_n(number, 'column')}" for tag, number in found.tags]
    owners = [f"{_cut(owner.name)} ({_n(number, 'table')})" for owner, number in found.owners]
    told = (("Tables", tables, found.table_count), ("Tags", tags, len(tags)), ("Owners", owners, len(owners)))
    return [f"{what}: {_few(names, of)}." for what, names, of in told if names]


def _affected(found: Impact) -> list[str]:
    tables = [
        f"table {_cut(one.dataset.name)}: {_n(one.columns, 'column')}, {_n(one.distance, 'edge')} away"
        + "".join(f", tag {_tag(*tag)}" for tag in one.tags[:NAMED])
        + _owned(one.owners)
        for one in found.tables
    ]
    jobs = [
        f"job {_cut(one.job.name)}: {_n(one.edges, 'edge') if one.edges else 'reads'}{_owned(one.owners)}"
        for one in found.jobs
    ]
    return tables + jobs


def _reach(
    lineage: LineageStore, node: ColumnId, direction: Literal["upstream", "downstream"], indirect: bool
) -> tuple[str, list[str]]:
    up = direction == "upstream"
    ask = lineage.upstream if up else lineage.downstream
    found = ask(node, indirect=indirect, limit=MOST_COLUMNS, explained=True)
    steps: dict[ColumnId, Step] = {}
    for step in found.steps:
        steps.setdefault(step.source if up else step.target, step)
    lines = [
        f"{_name(one.column)}: {_n(one.distance, 'edge')} away"
        + (f", {_how(steps[one.column])}" if one.column in steps else "")
        for one in found.columns
    ]
    says = "is made of" if up else "goes into"
    if not lines:
        return f"Nothing is known that {_name(node)} {says}.", []
    tables = len({one.column.dataset for one in found.columns})
    counted = _counted(sum(one.column.column != "*" for one in found.columns), tables, found)
    told = f"{_name(node)} {says} {counted}, the nearest first: "
    return told + f"{_few([_name(one.column) for one in found.columns], len(lines))}.", lines


def _path(lineage: LineageStore, node: ColumnId, to: ColumnId, indirect: bool) -> tuple[str, list[str]]:
    found = lineage.path(node, to, indirect=indirect)
    ends = f"from {_name(node)} to {_name(to)}"
    if not found.found:
        other = "" if indirect else " by values; ask with indirect for joins and filters"
        return f"There is no way {ends}{other}.", []
    names = [_name(node), *(_name(step.target) for step in found.steps)]
    way = names if len(names) <= 2 * NAMED else [*names[:NAMED], "…", names[-1]]
    told = f"A shortest way {ends}, {_n(len(found.steps), 'edge')}: {' > '.join(way)}."
    return told, [f"{_name(step.source)} > {_name(step.target)}: {_how(step)}" for step in found.steps]


def _personal(lineage: LineageStore, node: ColumnId | None) -> tuple[str, list[str]]:
    """Columns that carry a tag of personal data: all, or those of a node and what is made of it."""
    from memory.lineage.blast import personal

    keys = dict.fromkeys(key for (key, value), _ in lineage.tags() if personal(key, value))
    reports = [lineage.where_goes(key, limit=10 * MOST_COLUMNS) for key in keys]
    found = [one for report in reports for one in report.columns]
    perhaps = list(dict.fromkeys(one for report in reports for one in report.perhaps))
    where = ""
    if node:
        below = {one.column for one in lineage.downstream(node, limit=10 * MOST_COLUMNS).columns}
        found = [one for one in found if one.column in below or _within(one.column, node)]
        perhaps = [one for one in perhaps if one in below]
        where = f" of {_name(node)} or made of it"
    lines = [
        f"{_name(one.column)}: {_tag(one.key, one.value)}, "
        + (f"from {_name(one.came_from)}" if one.came_from else "declared here")
        for one in found
    ]
    if not lines:
        return f"No column{where} is marked as personal data. Profiles mark what looks like it.", []
    names = list(dict.fromkeys(_name(one.column) for one in found))
    told = f"{_n(len(names), 'column')}{where} with personal data: {_few(names, len(names))}. It stops at masking."
    if perhaps:
        told += (
            f" Perhaps also in {_few([_name(one) for one in perhaps], len(perhaps))}, of which nobody told the columns."
        )
    return told, lines


def _within(column: ColumnId, node: ColumnId) -> bool:
    return column.dataset == node.dataset and node.column in ("*", column.column)


def _counts(found: Impact) -> str:
    return f"{_counted(found.column_count, found.table_count, found)} and {_n(found.job_count, 'job')}"


def _counted(columns: int, tables: int, found: Completeness) -> str:
    more = "" if found.complete else "more than "
    made = f"{_n(columns, 'column')} of " if columns else ""
    return f"{more}{made}{_n(tables, 'table')}"


def _n(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _how(step: Step) -> str:
    kind = (step.subtype or step.type).lower().replace("_", " ")
    return f"{kind}{', masked' if step.masking else ''}" + (f", job {_cut(step.job.name)}" if step.job else "")


def _owned(owners: Sequence[Owner]) -> str:
    return f", owned by {_few([_cut(owner.name) for owner in owners], len(owners))}" if owners else ""


def _few(names: Sequence[str], of: int) -> str:
    told = list(names[:NAMED])
    return ", ".join(told) + (f" and {of - len(told):,} more" if of > len(told) else "")


def _tag(key: str, value: str) -> str:
    return _cut(f"{key}={value}" if value else key)


def _name(column: ColumnId) -> str:
    from memory.lineage.meaning import short

    dataset = _cut(short(column.dataset))
    return dataset if column.column == "*" else f"{dataset}.{_cut(column.column)}"


def _full(column: ColumnId) -> str:
    from memory.lineage.meaning import spelled

    return spelled(column)


def _cut(text: Any) -> str:
    return str(text)[:LONGEST_NAME]
