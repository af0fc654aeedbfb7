"""``assay alerts channels``: where messages about alerts go, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened

if TYPE_CHECKING:
    from memory.channels import ChannelKind

app = typer.Typer(
    help="Where messages go: webhooks, mail, SNS, EventBridge.\n\nExample: assay alerts channels list",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.", show_default=False)]
Many = list[str] | None


def _option(flag: str, metavar: str, help_: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=help_, show_default=False)


@app.command()
def add(
    channel: Name,
    webhook: Annotated[str, _option("--webhook", "URL", "Slack's, or one like it: '${SLACK_URL}'.")] = "",
    smtp: Annotated[str, _option("--smtp", "URL", "smtp://host:587 (STARTTLS) or smtps://host:465.")] = "",
    sns: Annotated[str, _option("--sns", "ARN", "A topic of SNS.")] = "",
    eventbridge: Annotated[str, _option("--eventbridge", "BUS", "A bus of EventBridge: its name or ARN.")] = "",
    header: Annotated[Many, _option("--header", "NAME=VALUE", "Of a webhook: X-Key='${KEY}'.")] = None,
    sender: Annotated[str, _option("--from", "ADDRESS", "Of mail: who writes.")] = "",
    to: Annotated[Many, _option("--to", "ADDRESS", "Of mail: who is written to; may be repeated.")] = None,
    user: Annotated[str, _option("--user", "NAME", "Of mail: who logs in.")] = "",
    password: Annotated[str, _option("--password", "REF", "Of mail: '${NAME}' or '${secret://name#key}'.")] = "",
    no_tls: Annotated[bool, typer.Option("--no-tls", help="Of mail: without encryption.")] = False,
    ca_file: Annotated[str, _option("--ca-file", "FILE", "Who signs the other side's certificate.")] = "",
    owner: Annotated[Many, _option("--owner", "NAME", "Only of datasets of this owner; may be repeated.")] = None,
    tag: Annotated[Many, _option("--tag", "KEY[=VALUE]", "Only of datasets with this tag; may be repeated.")] = None,
    dataset: Annotated[Many, _option("--dataset", "PATTERN", "Only of these: */orders*; may be repeated.")] = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Add a channel; without --owner, --tag and --dataset it gets everything. Secrets stay outside of the store.

    Example: assay alerts channels add ops --webhook '${SLACK_URL}' --owner ann
    """
    from graph.alerting import Alerting
    from memory.channels import NewChannel

    kind, target = _target({"webhook": webhook, "email": smtp, "sns": sns, "eventbridge": eventbridge})
    found: dict[str, Any] = {"ca_file": ca_file}
    if kind == "webhook":
        found["headers"] = dict(_header(one) for one in header or ())
    if kind == "email":
        found |= {"from": sender, "to": to or [], "user": user, "password": password, "tls": "none" if no_tls else ""}
    kept = {key: value for key, value in found.items() if value}
    filters = {"owners": tuple(owner or ()), "tags": tuple(tag or ()), "datasets": tuple(dataset or ())}
    wanted = NewChannel(channel, kind, target, kept, **filters)
    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        made = Alerting(memory, actor).add_channel(wanted)
    out.show(f"Channel {made.name} is there. Try it: assay alerts channels test {made.name}")
    out.result(made)


@app.command("list")
def list_channels(as_json: Json = False) -> None:
    """List channels: where they lead, and what they get.

    Example: assay alerts channels list
    """
    from ui.report import alerts

    out = Output(as_json)
    with opened(out) as memory:
        found = memory.channels.all()
    out.show(alerts.channels(found) if found else "There is no channel: nobody is told of alerts.")
    out.result(found)


@app.command()
def remove(channel: Name, name: As = "", as_json: Json = False) -> None:
    """Take a channel away, with the messages on their way to it.

    Example: assay alerts channels remove ops
    """
    from graph.alerting import Alerting

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        Alerting(memory, actor).remove_channel(channel)
    out.show(f"Channel {channel} is gone.")
    out.result({"removed": channel})


@app.command("test")
def send_test(channel: Name, name: As = "", as_json: Json = False) -> None:
    """Send a message that only says that the channel works, and say what came of it.

    Example: assay alerts channels test ops
    """
    from graph.alerting import Alerting

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory, out.waiting("Sending"):
        Alerting(memory, actor).test_channel(channel)
    out.show(f"Channel {channel} took the message.")
    out.result({"sent": channel})


def _target(given: dict[ChannelKind, str]) -> tuple[ChannelKind, str]:
    chosen = [(kind, target) for kind, target in given.items() if target]
    if len(chosen) != 1:
        raise AssayError("A channel leads to one place.", hint="Give one of --webhook, --smtp, --sns, --eventbridge.")
    return chosen[0]


def _header(text: str) -> tuple[str, str]:
    header, divided, value = text.partition("=")
    if not divided or not header.strip():
        raise AssayError(f"{header!r} is no header.", hint="Write X-Key='${NAME}'.")
    return header.strip(), value
