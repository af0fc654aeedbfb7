"""``assay schedule``: what is done at which times."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean

if TYPE_CHECKING:
    from memory.schedules import Schedule

FAILED, NOT_DONE = 1, 2

app = typer.Typer(
    help="Schedules: validate, profile, run or export metrics at times that come again.\n\n"
    'Example: assay schedule add "0 6 * * *" validate orders.csv --zone Europe/Berlin',
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(metavar="N", help="The schedule's number.", show_default=False)]


class What(StrEnum):
    """What a schedule does."""

    validate = "validate"
    profile = "profile"
    run = "run"
    metrics = "metrics"


@app.command()
def add(
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help='When: "30 6 * * MON-FRI", @hourly, @daily.', show_default=False)
    ],
    action: Annotated[What, typer.Argument(metavar="WHAT", help="validate, profile, run or metrics.")],
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The source; for metrics where they go.", show_default=False)
    ],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The time zone of CRON, such as Europe/Berlin.")] = "UTC",
    goal: Annotated[str, typer.Option(metavar="TEXT", help="What a run is to reach.", show_default=False)] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Have something done at times that come again, in your name, by any worker.

    Times that were missed, because no worker was there, are made up for once. A time that is skipped when clocks go
    forward comes right after; one that is there twice comes once.

    Example: assay schedule add "0 6 * * *" validate s3://lake/orders/*.parquet --zone Europe/Berlin
    Example: assay schedule add @hourly metrics s3://lake/quality
    """
    from graph.scheduling import Scheduling
    from tools.cron import Cron

    out, actor = Output(as_json), options.actor(name)
    Cron(cron, zone)  # before the store is opened
    with opened(out) as memory:
        made = Scheduling(memory, actor).add(cron, action.value, source, zone=zone, goal=goal)
    said = Cron(made.cron, made.zone).said
    out.show(f"Schedule {made.number}: {made.action} {made.source}. {said} ({made.zone}), next at {_at(made)}.")
    out.result(made)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the schedules, when each is due next and what came of it last.

    Example: assay schedule list
    """
    from graph.scheduling import Scheduling

    out = Output(as_json)
    with opened(out) as memory:
        found = Scheduling(memory, options.actor("")).all()
    if found:
        out.show(_table(found))
    else:
        out.show('There are no schedules. Add one: assay schedule add "0 6 * * *" validate SOURCE')
    out.result(found)


@app.command()
def pause(number: Number, name: As = "", as_json: Json = False) -> None:
    """Let a schedule rest until it is resumed.

    Example: assay schedule pause 3
    """
    from graph.scheduling import Scheduling

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Scheduling(memory, actor).pause(number)
    out.show(f"Schedule {found.number} is paused.")
    out.result(found)


@app.command()
def resume(number: Number, name: As = "", as_json: Json = False) -> None:
    """Go on with a schedule, from its next time on.

    Example: assay schedule resume 3
    """
    from graph.scheduling import Scheduling

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Scheduling(memory, actor).resume(number)
    out.show(f"Schedule {found.number} goes on, next at {_at(found)}.")
    out.result(found)


@app.command()
def remove(number: Number, name: As = "", as_json: Json = False) -> None:
    """Take a schedule out.

    Example: assay schedule remove 3
    """
    from graph.scheduling import Scheduling

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Scheduling(memory, actor).remove(number)
    out.show(f"Schedule {found.number} is removed.")
    out.result(found)


@app.command("run-now")
def run_now(number: Number, name: As = "", as_json: Json = False) -> None:
    """Do what a schedule does here and now, in the name of who added it. It stays due as it is.

    Ends with 1 where a rule failed and with 2 where it could not be done.

    Example: assay schedule run-now 3
    """
    from graph.scheduling import Scheduling

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory, out.advancing(f"Schedule {number}") as advance:
        found = Scheduling(memory, actor).run_now(number, advance)
    out.show(f"Schedule {found.number}: {_outcome(found)}")
    if found.last_outcome == "started":
        out.talk("A worker goes on with the run: assay worker, or assay ui.")
    out.result(found)
    if found.last_outcome in ("failed", "error"):
        raise typer.Exit(FAILED if found.last_outcome == "failed" else NOT_DONE)


def _table(found: list[Schedule]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    for title, share in (("when", 3), ("what", 5), ("by", 2), ("next", 3), ("last", 5)):
        table.add_column(title, overflow="fold", ratio=share)
    for one in found:
        last = f"{_stamp(one.last_begun_at, one.zone)} {_outcome(one)}" if one.last_begun_at else "never"
        when, what = f"{one.cron} {one.zone}", f"{one.action} {one.source}"
        table.add_row(str(one.number), *(Text(clean(cell)) for cell in (when, what, one.added_by, _at(one), last)))
    return table


def _outcome(one: Schedule) -> str:
    return "working" if one.working else f"{one.last_outcome}: {one.last_said}"


def _at(one: Schedule) -> str:
    if one.next_at is None:
        return "paused"
    return "now" if one.next_at <= datetime.now(UTC) else _stamp(one.next_at, one.zone)


def _stamp(at: datetime, zone: str) -> str:
    """In the zone of the schedule."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
