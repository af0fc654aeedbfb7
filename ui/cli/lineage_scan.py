"""``assay lineage scan``: reads lineage from where it is written down."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli import options
from ui.cli.ending import NOT_DONE
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened

if TYPE_CHECKING:
    from graph.lineage import Scanned, Trouble

LISTED = 10
"""Of what was not read wholly, how much is shown; `--json` has more."""


def scan(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PATH|URI",
            help="A dbt project, a folder or file of SQL, a query log, OpenLineage events, or a database's URI.",
            show_default=False,
        ),
    ],
    dialect: Annotated[
        str | None, typer.Option(metavar="D", help="The SQL: postgres, snowflake, spark, …", show_default=False)
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NS", help="Where the tables are: postgres://db:5432/shop/public", show_default=False),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Columns of tables, as JSON or CREATE TABLE.", show_default=False),
    ] = None,
    queries: Annotated[
        bool, typer.Option("--queries", help="Of a database: the queries that it logged, instead of its views.")
    ] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Read column lineage into the store: what a scan no longer finds ends, history stays.

    What could not be resolved is listed, and the rest is stored. Exit code: 0, or 2 for what cannot be read at all.

    Example: assay lineage scan path/to/dbt_project
    """
    from graph.lineage import Lineage
    from tools.collecting.wanted import Wanted

    out, actor = Output(as_json), options.actor(name)
    wanted = Wanted(dialect, namespace, schema, queries)
    with opened(out) as memory, out.advancing("Reading lineage") as advance:
        done = Lineage(memory, actor).scan(place, wanted, advance)
    _tell(out, done)
    out.result({**asdict(done), "complete": done.complete})
    if done.skipped_places and not done.jobs and not done.reading:
        raise typer.Exit(NOT_DONE)


def _tell(out: Output, done: Scanned) -> None:
    from ui.report.text import count

    read = ", ".join(
        [
            *([count(done.files, "file")] if done.files else []),
            count(done.statements, "statement"),
            count(done.jobs, "job"),
            count(done.edges, "column edge"),
        ]
    )
    out.show(f"Read {done.kind}: {read}, in {done.seconds:.1f} s.")
    if done.repeated or done.reading:
        out.show(f"Of the statements {done.repeated:,} repeat others and {done.reading:,} write nothing.")
    gone = f", {count(done.gone, 'job')} gone" if done.gone else ""
    out.show(f"In the store: {count(done.opened, 'edge')} more, {done.ended:,} ended{gone}.")
    _troubles(out, "Not complete", done.where, done.incomplete, done.incomplete_jobs)
    _troubles(out, "Skipped or guessed", done.where, done.skipped, done.skipped_places)
    for note in done.notes:
        out.talk(note)


def _troubles(out: Output, title: str, place: str, troubles: list[Trouble], total: int) -> None:
    for trouble in troubles[:LISTED]:
        first, *others = trouble.reasons
        more = f" (and {len(others)} more)" if others else ""
        where = trouble.where.removeprefix(f"{place.rstrip('/')}/")
        out.show(f"{title}: {where}: {first}{more}")
    if total > LISTED:
        out.show(f"{title}: {total - LISTED:,} more")
