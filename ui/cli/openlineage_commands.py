"""``assay openlineage``: what is told of runs, and what of it did not get anywhere yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli import options
from ui.cli.options import As, Json, RunId
from ui.cli.output import Output
from ui.cli.session import find_run, opened
from ui.report.text import clean, count

if TYPE_CHECKING:
    from rich.table import Table

    from memory.outbox import Message

app = typer.Typer(
    help="OpenLineage events of Assay's own runs: what they say, and what was not delivered yet.\n\n"
    "Example: assay openlineage pending",
    no_args_is_help=True,
)
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Which ones; else all.")]


@app.command()
def pending(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, the oldest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List what waits to be delivered or was given up: to a backend, or into Assay's own lineage.

    Example: assay openlineage pending
    """
    from graph import delivery

    out = Output(as_json)
    with opened(out) as memory:
        found, total = delivery.pending(memory, limit)
        sending = memory.settings.get("openlineage")
    configured = delivery.sendable()
    out.show(_table(found) if found else "Nothing waits.")
    if total > len(found):
        out.show(f"{total - len(found):,} more.")
    if not sending:
        out.talk("No events are sent to a backend: ", ("assay settings set openlineage true", "bold"))
    elif not configured:
        out.talk("No backend is configured here: set OPENLINEAGE_URL, or OPENLINEAGE_CONFIG.")
    out.result({"pending": found, "total": total, "sending": sending, "configured": configured})


@app.command()
def retry(numbers: Numbers = None, name: As = "", as_json: Json = False) -> None:
    """Try again now what waits or was given up, and say how much of it was delivered.

    Example: assay openlineage retry
    """
    from graph import delivery

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        with out.waiting("Delivering"):
            done = delivery.retry(memory, actor, numbers or None)
        _, left = delivery.pending(memory, 1)
    out.show(f"Delivered {count(done, 'message')}, {left:,} left.")
    out.result({"delivered": done, "left": left})


@app.command()
def show(run_id: RunId, as_json: Json = False) -> None:
    """Print the events of a run as a backend gets them, one a line, or as one list (--json); nothing is sent.

    Example: assay openlineage show latest
    """
    import json

    from graph.delivery import preview
    from graph.runs import Runs

    out = Output(as_json)
    with opened(out) as memory:
        events = preview(memory, find_run(Runs(memory), run_id).id)
    out.write("\n".join(json.dumps(event, ensure_ascii=False) for event in events))
    out.result(events)


def _table(messages: list[Message]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ui.report.moments import ago

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    for heading in ("number", "to", "run", "state", "tries", "since"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for one in messages:
        run = f"{one.payload.get('run', '')} {one.payload.get('event', '')}"
        cells = [str(one.id), one.kind, clean(run), one.state, str(one.attempts), ago(one.created_at)]
        table.add_row(*map(Text, cells), Text(clean(one.error or "")))
    return table
