"""``assay lineage upstream``, ``impact``, ``path`` …: questions about where columns come from and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import AssayError
from ui.cli.options import Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.times import moment

if TYPE_CHECKING:
    from datetime import datetime

    from memory import Memory
    from memory.lineage.answers import Completeness
    from tools.lineage.observed import ColumnId

SHOWN = 200
"""Columns of a list, if nobody asks for more."""
ALL = "0 for all"
NO_LIMIT = 10**9

Node = Annotated[
    str,
    typer.Argument(
        metavar="NODE", help="A column or table: customers.email, shop.customers, or a path.", show_default=False
    ),
]
Depth = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Follow so many edges; all if not given.", show_default=False)
]
Limit = Annotated[int, typer.Option(min=0, metavar="N", help=f"List so many columns; {ALL}.")]
Indirect = Annotated[
    bool, typer.Option("--indirect/--direct", help="Follow joins, filters, groupings and conditions too.")
]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="As it was then: 2026-11-01, yesterday, 7d ago.", show_default=False)
]
Explain = Annotated[bool, typer.Option("--explain", help="Show one shortest way for each column.")]


def upstream(
    node: Node,
    depth: Depth = None,
    limit: Limit = SHOWN,
    indirect: Indirect = False,
    at: At = "",
    explain: Explain = False,
    as_json: Json = False,
) -> None:
    """Show what a column or table is made of, by table, the nearest first.

    Example: assay lineage upstream mart.revenue.total --explain
    """
    _reach("upstream", node, depth, limit, indirect, at, explain, Output(as_json))


def downstream(
    node: Node,
    depth: Depth = None,
    limit: Limit = SHOWN,
    indirect: Indirect = False,
    at: At = "",
    explain: Explain = False,
    as_json: Json = False,
) -> None:
    """Show what is made of a column or table, by table, the nearest first.

    Example: assay lineage downstream customers.email --depth 2
    """
    _reach("downstream", node, depth, limit, indirect, at, explain, Output(as_json))


def _reach(
    direction: str, text: str, depth: int | None, limit: int, indirect: bool, at: str, explain: bool, out: Output
) -> None:
    from ui.report import lineage, lineage_json

    when = _when(at)
    with opened(out) as memory:
        node = memory.lineage.meant(text, at=when)
        ask = memory.lineage.upstream if direction == "upstream" else memory.lineage.downstream
        found = ask(node, indirect=indirect, depth=depth, limit=limit or None, at=when, explained=True)
    out.show(lineage.reached(node, found, direction, explain=explain))
    _cut(out, found, "--depth" if found.cut and "away" in found.cut else "--limit")
    out.result(lineage_json.reached(node, found, direction, explain=explain))


def impact(
    node: Node,
    depth: Depth = None,
    indirect: Indirect = False,
    at: At = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List so many tables and jobs; all are counted.")] = 20,
    as_json: Json = False,
) -> None:
    """Tell what breaks if a column or table changes: columns, tables, jobs, owners and tags, what matters most first.

    Example: assay lineage impact customers.email
    """
    from ui.report import lineage, lineage_json

    out, when = Output(as_json), _when(at)
    with opened(out) as memory:
        meant = memory.lineage.meant(node, at=when)
        found = memory.lineage.impact(meant, indirect=indirect, depth=depth, at=when, shown=limit)
        wider = None if indirect else memory.lineage.impact(meant, indirect=True, depth=depth, at=when, shown=1)
    out.show(lineage.impact(meant, found, wider))
    _cut(out, found, "--depth")
    out.result(lineage_json.impact(meant, found, wider))


def path(
    source: Annotated[str, typer.Argument(metavar="A", help="Where it comes from.", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="B", help="Where it gets to.", show_default=False)],
    depth: Depth = None,
    indirect: Indirect = False,
    at: At = "",
    as_json: Json = False,
) -> None:
    """Show one shortest way from a column or table to another, edge by edge.

    Example: assay lineage path raw.customers.email mart.revenue
    """
    from ui.report import lineage, lineage_json

    out, when = Output(as_json), _when(at)
    with opened(out) as memory:
        ends = memory.lineage.meant(source, at=when), memory.lineage.meant(target, at=when)
        found = memory.lineage.path(*ends, indirect=indirect, depth=depth, at=when)
    out.show(lineage.path(*ends, found))
    if not found.found and not indirect:
        out.talk("Only direct edges were followed; --indirect follows joins and filters too.")
    _cut(out, found, "--depth")
    out.result(lineage_json.path(*ends, found))


def diff(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="Before: 2026-11-01, yesterday, 7d ago.")],
    until: Annotated[
        str, typer.Option("--to", metavar="TIME", help="After; now if not given.", show_default=False)
    ] = "",
    dataset: Annotated[str, typer.Option(metavar="DATASET", help="Only edges of this table.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List so many edges of each kind.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """Show which edges came and went between two times.

    Example: assay lineage diff --from 7d
    """
    from ui.report import lineage, lineage_json

    out, before, after = Output(as_json), moment(since), moment(until or "now")
    if before >= after:
        raise AssayError("--from is not before --to.", hint="Turn them round.")
    with opened(out) as memory:
        chosen = memory.lineage.meant(dataset).dataset if dataset else None
        found = memory.lineage.diff(before, after, dataset=chosen, limit=limit)
    out.show(lineage.diff(found))
    _cut(out, found, "--limit")
    out.result(lineage_json.diff(before, after, found))


def pii(
    tag: Annotated[
        str, typer.Argument(metavar="[TAG]", help="A tag, as key or key=value; personal data if not given.")
    ] = "",
    column: Annotated[
        str, typer.Option(metavar="NODE", help="How it came to this column, edge by edge.", show_default=False)
    ] = "",
    limit: Limit = SHOWN,
    as_json: Json = False,
) -> None:
    """Show where personal data goes, or any other tag: where it was declared, and each column that it came to.

    A tag travels along direct edges and stops where data is masked.

    Example: assay lineage pii --column mart.newsletter.email
    """
    from ui.report import lineage, lineage_json

    out = Output(as_json)
    with opened(out) as memory:
        known = _meant_tags(memory, tag)
        if column:
            out.result(_witnesses(out, memory, memory.lineage.meant(column), known))
            return
        if not known:
            out.show("No column is marked as personal data: `assay profile` marks what looks like it.")
        told = []
        for key, value in _questions(known, tag):
            found = memory.lineage.where_goes(key, value, limit=limit or NO_LIMIT)
            out.show(lineage.tagged(lineage.tag(key, value or ""), found))
            _cut(out, found, "--limit")
            told.append(lineage_json.tagged(key, value, found))
    out.result(told)


def _witnesses(out: Output, memory: Memory, node: ColumnId, known: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """How each of some tags came to a column."""
    from ui.report import lineage, lineage_json

    ways = [(key, value, memory.lineage.witness(node, key, value)) for key, value in known]
    carried = [one for one in ways if one[2].found]
    for key, value, way in carried:
        out.show(lineage.witness(node, lineage.tag(key, value), way))
    if not carried:
        out.show(f"{lineage.name(node)} carries no such tag.")
    return [lineage_json.witness(node, *one) for one in carried]


def _questions(known: list[tuple[str, str]], tag: str) -> list[tuple[str, str | None]]:
    """One for each key; with one value only where that was named."""
    return [(key, tag.partition("=")[2] or None) for key in dict.fromkeys(key for key, _ in known)]


def _meant_tags(memory: Memory, tag: str) -> list[tuple[str, str]]:
    """The tags that are meant: those of personal data if none is named. Raises AssayError."""
    from memory.lineage.blast import personal

    known = [one for one, _ in memory.lineage.tags()]
    if not tag:
        return [one for one in known if personal(*one)]
    key, _, value = tag.partition("=")
    found = [one for one in known if one[0] == key and value in ("", one[1])]
    if not found:
        there = ", ".join(dict.fromkeys(one[0] for one in known))
        raise AssayError(f"No column carries the tag {tag}.", hint=f"Tags: {there or 'none yet'}.")
    return found


def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The beginning of a name.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Find tables and columns of the lineage by name, with the full names that always mean the same.

    Example: assay lineage find email
    """
    from ui.report import lineage, lineage_json

    out = Output(as_json)
    with opened(out) as memory:
        found = memory.lineage.find(text, limit=limit + 1)
    out.show(lineage.found(found[:limit]) if found else f"Nothing in the lineage is called {text}.")
    if len(found) > limit:
        out.talk(f"Cut: there are more than {limit}. More with --limit.")
    out.result({"nodes": [lineage_json.node(one) for one in found[:limit]], "complete": len(found) <= limit})


def _when(text: str) -> datetime | None:
    return moment(text) if text else None


def _cut(out: Output, found: Completeness, option: str) -> None:
    """Says that an answer is not all there is, and how to get the rest."""
    if not found.complete:
        more = "a greater --depth, or without it" if option == "--depth" else f"{option}, all with {option} 0"
        out.talk((f"Cut: {found.cut}. More with {more}.", "yellow"))
