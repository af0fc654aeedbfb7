"""``assay watch`` and ``assay events``: what is looked at for new data, and what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened

if TYPE_CHECKING:
    from memory.arrivals import Arrival

app = typer.Typer(
    help="Watches: data is validated as it lands.\n\nExample: assay watch add '/data/in/*.csv'", no_args_is_help=True
)
events = typer.Typer(help="What arrived, and what became of it.\n\nExample: assay events list", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="WATCH", help="The number of a watch.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]


@app.command()
def add(
    place: Annotated[
        str,
        typer.Argument(metavar="PLACE", help="A folder, a pattern, s3://, iceberg:// or a table.", show_default=False),
    ],
    rules_of: Annotated[
        str, typer.Option(metavar="SOURCE", help="Whose rules and history apply; the place's own if not given.")
    ] = "",
    trusted: Annotated[str, typer.Option(metavar="FOLDER", help="Where files go that passed.")] = "",
    quarantine: Annotated[str, typer.Option(metavar="FOLDER", help="Where files go that did not pass.")] = "",
    branch: Annotated[str, typer.Option(help="Of an Iceberg table: the branch to audit and then publish.")] = "",
    suffix: Annotated[list[str] | None, typer.Option(help="Endings of the files that count, such as .csv.")] = None,
    every: Annotated[
        float | None,
        typer.Option(min=0.1, max=86_400, help="Seconds between two looks; has a bucket listed.", show_default=False),
    ] = None,
    recommend: Annotated[bool, typer.Option("--recommend", help="Have rules proposed where there are none.")] = False,
    from_now: Annotated[bool, typer.Option("--from-now", help="Pass over what is there already.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Watch a place: what lands there is validated, and moved if you say where to.

    A worker does it: `assay worker`, `assay ui` or `assay api`. A folder needs nothing else; objects on S3 are told by
    events in a queue (`assay worker --queue`), or found by listing (--every).

    Example: assay watch add '/data/in/*.csv' --trusted /data/good --quarantine /data/bad
    Example: assay watch add 's3://lake/raw/orders/*.parquet'
    Example: assay watch add iceberg://local/shop.orders --branch audit
    """
    from graph.watching import Watching

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory, out.waiting("Looking at the place"):
        made = Watching(memory, actor).add(
            place,
            rules_of=rules_of or None,
            branch=branch or None,
            suffixes=suffix or (),
            trusted=trusted or None,
            quarantine=quarantine or None,
            recommend=recommend,
            every_seconds=every,
            from_now=from_now,
        )
    out.show(f"Watch {made.id}: {made.source}")
    if made.every_seconds is None:
        out.talk("It waits for events: assay worker --queue URL", *([", or list it: --every 60"] * (made.kind == "s3")))
    out.result(made)


@app.command("list")
def list_(as_json: Json = False, name: As = "") -> None:
    """List the watches, how they are, and how much came.

    Example: assay watch list
    """
    from graph.watching import Watching
    from ui.report import arrivals

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Watching(memory, actor).all()
    out.show(arrivals.watches(found) if found else "Nothing is watched. Begin with: assay watch add PLACE")
    out.result(found)


@app.command()
def pause(watch: Number, name: As = "", as_json: Json = False) -> None:
    """Stop looking and landing for a while; events of it are kept.

    Example: assay watch pause 1
    """
    _set_paused(watch, True, name, as_json)


@app.command()
def resume(watch: Number, name: As = "", as_json: Json = False) -> None:
    """Go on with a watch that was paused.

    Example: assay watch resume 1
    """
    _set_paused(watch, False, name, as_json)


def _set_paused(watch: int, paused: bool, name: str, as_json: bool) -> None:
    from graph.watching import Watching

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Watching(memory, actor).pause(watch, paused=paused)
    out.show(f"Watch {watch} {'is paused' if paused else 'goes on'}: {found.source}")
    out.result(found)


@app.command()
def remove(watch: Number, name: As = "", as_json: Json = False) -> None:
    """End a watch. What arrived stays in the list; what was not begun is let go.

    Example: assay watch remove 1
    """
    from graph.watching import Watching

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Watching(memory, actor).remove(watch)
    out.show(f"Watch {watch} is removed: {found.source}")
    out.result(found)


@events.command("list")
def list_events(
    state: Annotated[str, typer.Option(help="Only those that are waiting, working, done or dead.")] = "",
    watch: Annotated[int | None, typer.Option(help="Only those of a watch.", show_default=False)] = None,
    limit: Limit = 20,
    as_json: Json = False,
    name: As = "",
) -> None:
    """List what arrived and what became of it, newest first.

    Example: assay events list --state waiting
    """
    from memory.arrivals import State

    found = next((one for one in get_args(State) if one == state), None)
    if state and found is None:
        raise AssayError(f"There is no state {state!r}.", hint=f"Choose one of {', '.join(get_args(State))}.")
    _list(Output(as_json), found, watch, limit, name)


@events.command()
def dead(limit: Limit = 20, as_json: Json = False, name: As = "") -> None:
    """List what was given up, and why: a person has to look at it.

    Example: assay events dead
    """
    _list(Output(as_json), "dead", None, limit, name)


@events.command()
def retry(
    arrival: Annotated[list[int] | None, typer.Argument(metavar="[ARRIVAL]...", help="Numbers.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Try again what was given up, with all its attempts.

    Example: assay events retry 17
    Example: assay events retry --all
    """
    from graph.watching import Watching

    if bool(arrival) == all_:
        raise AssayError("Say which, or all of them.", hint="assay events retry 17, or assay events retry --all")
    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Watching(memory, actor).retry(None if all_ else arrival)
    out.show(f"{len(found.again)} tried again, {len(found.read)} read at last, {len(found.unread)} cannot be read.")
    out.result(found)


def _list(out: Output, state: str | None, watch: int | None, limit: int, name: str) -> None:
    from graph.watching import Watching
    from ui.report import arrivals

    actor = options.actor(name)
    with opened(out) as memory:
        found: list[Arrival] = Watching(memory, actor).arrivals(limit, state, watch)  # type: ignore[arg-type]
    out.show(arrivals.arrivals(found) if found else "There is nothing.")
    out.result(found)
