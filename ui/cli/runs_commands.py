"""``assay runs``: what was done, by whom, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ui.cli.options import Html, Json, RunId
from ui.cli.output import Output
from ui.cli.session import find_run, opened
from ui.report.moments import ago
from ui.report.text import clean

if TYPE_CHECKING:
    from rich.table import Table

    from memory import Memory
    from memory.model import Run


class RunsGroup(TyperGroup):
    """Takes what is no command for the id of a run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """``assay runs ID`` is ``assay runs show ID``."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


app = typer.Typer(
    cls=RunsGroup, help="List runs, or show one.\n\nExample: assay runs show latest", invoke_without_command=True
)
STYLES = {"done": "green", "failed": "red", "waiting": "yellow", "cancelled": "dim"}
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many, the newest first.")]


@app.callback()
def runs(context: typer.Context, as_json: Json = False) -> None:
    """List runs, or show one.

    Example: assay runs show latest
    """
    if context.invoked_subcommand is None:
        list_runs(20, as_json)


@app.command("list")
def list_runs(limit: Limit = 20, as_json: Json = False) -> None:
    """List the newest runs.

    Example: assay runs list -n 50
    """
    out = Output(as_json)
    with opened(out) as memory:
        found = memory.runs.recent(limit)
    out.show(_table(found) if found else "No runs yet. Start one with: assay run SOURCE")
    out.result(found)


@app.command()
def show(run_id: RunId, html: Html = None, as_json: Json = False) -> None:
    """Show what a run did: its steps, the decisions, the results.

    Example: assay runs show latest
    """
    from graph.runs import Runs
    from ui.cli import ending
    from ui.report import steps

    out = Output(as_json)
    with opened(out) as memory:
        door = Runs(memory)
        run = find_run(door, run_id)
        out.show(f"Run {run.id} · {run.kind} · {run.status} · by {clean(run.requested_by)} · {ago(run.created_at)}")
        out.show(clean(run.goal if run.kind == "run" else ", ".join(run.sources)))
        for event in memory.runs.events(run.id):
            line = steps.line(event)
            if line:
                out.show(f"  {event.at:%H:%M:%S}  {line.who:<12} {line.said}")
        _show_decisions(out, door, run)
        _show_spending(out, memory, run)
        ending.finish(out, door, run.id, html)


def _show_spending(out: Output, memory: Memory, run: Run) -> None:
    from ui.report import spending

    lines = spending.by_agent(memory.usage.of_run(run.id))
    if len(lines) > 1:
        out.show("")
        for line in lines:
            out.show(f"  {line}")


def _show_decisions(out: Output, door: object, run: Run) -> None:
    from graph.runs import Runs
    from ui.report.proposal import overview

    assert isinstance(door, Runs)
    proposals = door.proposals(run.id)
    if proposals:
        out.show("")
        out.show(overview(proposals))


def _table(runs: list[Run]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    for name in ("run", "kind", "status", "when", "by"):
        table.add_column(name, no_wrap=True)
    table.add_column("sources", overflow="fold", ratio=1)
    for run in runs:
        names = ", ".join(source.rstrip("/").rsplit("/", 1)[-1] for source in run.sources)
        status = Text(run.status, style=STYLES.get(run.status, ""))
        when, who = Text(ago(run.created_at)), Text(clean(run.requested_by, 20))
        table.add_row(run.id, run.kind, status, when, who, Text(clean(names)))
    return table
