"""``assay compare``: what changed between two tables."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from ui.cli import options
from ui.cli.options import As, Html, Json
from ui.cli.output import Output
from ui.cli.session import opened

SAME, CHANGED = 0, 1


class FailOn(StrEnum):
    """From which change on the exit code is 1."""

    small = "small"
    large = "large"
    never = "never"


def compare(
    before: Annotated[str, typer.Argument(metavar="A", help="The table as it was: a file, folder, glob or URI.")],
    now: Annotated[str, typer.Argument(metavar="B", help="The table as it is, on any engine.")],
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="The least change that counts.")] = FailOn.large,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="A column that may change, such as a date. Repeatable.", show_default=False
        ),
    ] = None,
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Compare two tables, or two versions of one: columns, rows, NULL, distributions.

    Exit code, for CI: 0 no change that counts, 1 a change that counts (see --fail-on), 2 it could not be done.

    Example: assay compare examples/snapshots/orders_2026-11-22.csv examples/orders.csv
    """
    from graph.jobs import Jobs
    from ui.report import comparison

    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    with opened(out) as memory, out.advancing("Comparing") as advance:
        found = Jobs(memory, actor).compare(before, now, ignore or [], advance).to_dict()
    out.show(comparison.overview(found))
    if html:
        from ui.report import comparison_html

        options.write_text(
            html, comparison_html.page(found, f"Asked for by {actor}, {datetime.now(UTC):%d %B %Y, %H:%M UTC}")
        )
        out.talk("Report written to ", (str(html), "bold"))
    code = CHANGED if _counts(found["degree"], fail_on) else SAME
    out.result({**found, "exit_code": code})
    raise typer.Exit(code)


def _counts(degree: str, fail_on: FailOn) -> bool:
    return degree in {FailOn.small: ("small", "large"), FailOn.large: ("large",), FailOn.never: ()}[fail_on]
