"""``assay lineage drop`` and ``expire``: what is no more, and what need not be known any longer."""

from __future__ import annotations

from typing import Annotated

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import count
from ui.report.times import moment


def drop(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A table, by name or path.", show_default=False)],
    name: As = "",
    as_json: Json = False,
) -> None:
    """Say that a table is no more: its edges end now, until something is said of it again. History stays.

    Example: assay lineage drop staging.customers_old
    """
    from graph.lineage import Lineage
    from memory.lineage.meaning import spelled

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        meant = memory.lineage.meant(dataset)
        if meant.column != "*":
            raise AssayError(f"{dataset} is a column.", hint="Only a whole table can be dropped.")
        done = Lineage(memory, actor).drop(meant.dataset)
    out.show(f"{spelled(meant)} is dropped: {count(done.ended, 'edge')} ended.")
    out.result({"dataset": {"namespace": meant.dataset.namespace, "name": meant.dataset.name}, "ended": done.ended})


def expire(
    before: Annotated[
        str, typer.Option(metavar="TIME", help="2026-01-01, yesterday, or how long ago: 90d, 12h.", show_default=False)
    ],
    name: As = "",
    as_json: Json = False,
) -> None:
    """Forget what held before a time only, and the raw text of events that came before. What holds now stays.

    Example: assay lineage expire --before 90d
    """
    from graph.lineage import Lineage

    out, actor, when = Output(as_json), options.actor(name), moment(before)
    with opened(out) as memory:
        done = Lineage(memory, actor).expire(when)
    told = f"{count(done.edges, 'past edge')}, {count(done.sayings, 'older saying')}, {count(done.events, 'raw event')}"
    out.show(f"Forgotten from before {when:%Y-%m-%d %H:%M}: {told}.")
    out.result(done)
