"""``assay alerts``: what is in trouble, who is told, and what people say about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from tools.errors import AssayError
from ui.cli import alert_channels_commands, options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import Dataset

app = typer.Typer(
    help="What is in trouble: list it, snooze it, resolve it, and say where messages go.\n\nExample: assay alerts list",
    no_args_is_help=True,
)
app.add_typer(alert_channels_commands.app, name="channels")
Number = Annotated[int, typer.Argument(metavar="N", min=1, help="The alert's number.", show_default=False)]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.", show_default=False)]


@app.command("list")
def list_alerts(
    dataset: Annotated[
        str, typer.Argument(metavar="[DATASET]", help="Only of this one: its name, path or URI.", show_default=False)
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are resolved.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List what is in trouble, since when, and how often that was met.

    Example: assay alerts list orders --all
    """
    from ui.report import alerts

    out = Output(as_json)
    with opened(out) as memory:
        chosen = _dataset(memory, dataset).id if dataset else None
        found = memory.alerts.list("all" if every else "open", dataset_id=chosen, limit=limit)
        channels = memory.channels.all()
    out.show(alerts.listed(found) if found else "Nothing is in trouble." if not every else "There was no alert yet.")
    if found and not channels:
        out.talk("Nobody is told: ", ("assay alerts channels add", "bold"))
    out.result(found)


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Show all about one: what was found, what depends on it, who was told.

    Example: assay alerts show 12
    """
    from ui.report import alerts

    out = Output(as_json)
    with opened(out) as memory:
        found = memory.alerts.get(number)
    for line in alerts.told(found):
        out.show(line)
    out.result(found)


@app.command()
def snooze(
    what: Annotated[str, typer.Argument(metavar="N|DATASET", help="An alert's number, or a dataset.")],
    until: Annotated[
        str, typer.Option(metavar="TIME", help="2h, 3d, tomorrow, 2026-12-24, 2026-12-24T08:00; now ends a snooze.")
    ],
    reason: Reason,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Have nobody told of an alert, or of anything in a dataset, for a time; told then if it is still there.

    Example: assay alerts snooze 12 --until 3d --reason "the supplier mends it"
    """
    from graph.alerting import Alerting
    from ui.report.times import later

    out, actor, moment = Output(as_json), options.actor(name), later(until)
    with opened(out) as memory:
        door = Alerting(memory, actor)
        if what.isdecimal():
            found = door.snooze(int(what), moment, reason)
            out.show(_snoozed(f"alert {found.number}", moment))
            out.result(found)
            return
        dataset = _dataset(memory, what)
        door.snooze_dataset(dataset.id, moment, reason)
    out.show(_snoozed(clean(dataset.name), moment))
    out.result({"dataset_id": dataset.id, "until": moment, "reason": reason})


@app.command()
def resolve(number: Number, reason: Reason, name: As = "", as_json: Json = False) -> None:
    """Say that an alert is over. Met again, it is a new one, and told.

    Example: assay alerts resolve 12 --reason "a test load"
    """
    from graph.alerting import Alerting

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        found = Alerting(memory, actor).resolve(number, reason)
    out.show(f"Alert {number} is resolved, says {actor}.")
    out.result(found)


@app.command()
def threshold(
    least: Annotated[
        str, typer.Argument(metavar="[SCORE|none]", help="0.95, or none to take it away.", show_default=False)
    ] = "",
    dataset: Annotated[
        str, typer.Option(metavar="DATASET", help="Of this one; else of all without their own.", show_default=False)
    ] = "",
    dimension: Annotated[
        str, typer.Option(metavar="NAME", help="Of this dimension; else the total score.", show_default=False)
    ] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Say how low a score may be before that is an alert; without a score, list what was said.

    Example: assay alerts threshold 0.95 --dataset orders
    """
    from graph.alerting import Alerting
    from ui.report import alerts

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        if least:
            chosen = _dataset(memory, dataset).id if dataset else None
            Alerting(memory, actor).set_threshold(chosen, dimension, _score(least))
        found = memory.alerts.thresholds()
        names: dict[object, str] = {one.id: one.name for one in _named(memory, [one.dataset_id for one in found])}
    for line in alerts.thresholds(found, names) if found else ("No score has a threshold.",):
        out.show(line)
    out.result(found)


@app.command()
def page(
    address: Annotated[
        str, typer.Argument(metavar="[URL|none]", help="Where `assay ui` is reached.", show_default=False)
    ] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Say where the page is, so that messages link to it; without an address, show it.

    Example: assay alerts page https://assay.example.org
    """
    from graph.alerting import Alerting

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        if address:
            Alerting(memory, actor).set_page("" if address == "none" else address)
        found = memory.alerts.page()
    out.show(found or "Messages have no links: nobody said where the page is.")
    out.result({"page": found})


@app.command()
def messages(
    retry: Annotated[bool, typer.Option("--retry", help="Send them again now, those given up as well.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """List messages that did not get to where they go: they wait to be sent again, or were given up.

    Example: assay alerts messages --retry
    """
    from graph.alerting import Alerting
    from ui.report import alerts

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        door = Alerting(memory, actor)
        if retry:
            with out.waiting("Sending"):
                door.retry()
        found = door.undelivered()
    out.show(alerts.messages(found) if found else "Every message was delivered.")
    if found:
        out.talk(f"{count(len(found), 'message')}. Try again now: ", ("assay alerts messages --retry", "bold"))
    out.result(found)


def _snoozed(what: str, until: datetime) -> str:
    if until <= datetime.now(UTC):
        return f"The snooze of {what} is over."
    return f"Nobody is told of {what} until {until:%Y-%m-%d %H:%M} UTC."


def _dataset(memory: Memory, named: str) -> Dataset:
    from graph.jobs import Jobs

    return Jobs(memory, requested_by="").dataset(named)  # nobody acts: it is only looked up


def _named(memory: Memory, ids: list[UUID | None]) -> list[Dataset]:
    return list(memory.catalog.several([one for one in ids if one]).values())


def _score(text: str) -> float | None:
    if text == "none":
        return None
    try:
        percent = text.endswith("%")
        return float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        raise AssayError(f"{text!r} is no score.", hint="Write 0.95, 95%, or none.") from None
