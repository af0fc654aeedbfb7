"""``assay users`` and ``assay settings``: who may do what in this store."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory.people import Person

app = typer.Typer(
    help="Who may sign in at the page and the API, and what they may do.\n\nExample: assay users list",
    no_args_is_help=True,
)
settings = typer.Typer(
    help="Settings of the store, the same for everybody.\n\nExample: assay settings list", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.", show_default=False)]
Role = Annotated[str, typer.Option(metavar="ROLE", help="viewer, author, approver or admin.", show_default=False)]
PASSWORD = "ASSAY_PASSWORD"  # noqa: S105 - the name of a variable


@app.command()
def add(
    user: Name,
    role: Role,
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="For single sign-on.", show_default=False)] = "",
    password: Annotated[
        bool, typer.Option("--password", help=f"Ask for a password, or take it from {PASSWORD} or standard input.")
    ] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Add somebody who may sign in. From the first one on, everybody has to.

    Example: assay users add ann --role approver --email ann@example.com --password
    """
    from graph.people import Users

    out, actor = Output(as_json), options.actor(name)
    secret = _password(out) if password else ""
    with opened(out) as memory:
        made = Users(memory, actor).add(user, role, email=email, password=secret)
    out.show(f"{clean(made.name)} may sign in as {made.role}.")
    if not (email or password):
        out.talk(
            f"There is no way to sign in yet: add --password or --email, or issue a token: assay users token {user}"
        )
    out.result(_shown(made))


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """List users with their roles and how they sign in.

    Example: assay users list
    """
    from memory.people import People
    from ui.report import audit

    out, known = Output(as_json), People()
    found = known.all()
    alone = f"There is no user file ({known.path}): whoever is at this machine is its admin."
    out.show(audit.people(found) if known.exist and found else alone if not known.exist else "No users.")
    out.result({"file": str(known.path), "sign_in": known.exist, "users": [_shown(person) for person in found]})


@app.command()
def role(
    user: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, author, approver or admin.")],
    name: As = "",
    as_json: Json = False,
) -> None:
    """Give somebody another role; it counts from their next click on.

    Example: assay users role ann admin
    """
    from graph.people import Users

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        changed = Users(memory, actor).set_role(user, role)
    out.show(f"{clean(changed.name)} is {changed.role} now.")
    out.result(_shown(changed))


@app.command()
def password(user: Name, name: As = "", as_json: Json = False) -> None:
    """Give somebody another password: asked for, or taken from ASSAY_PASSWORD or standard input.

    Example: assay users password ann
    """
    from graph.people import Users

    out, actor = Output(as_json), options.actor(name)
    secret = _password(out)
    with opened(out) as memory:
        changed = Users(memory, actor).set_password(user, secret)
    out.show(f"{clean(changed.name)} has a new password.")
    out.result(_shown(changed))


@app.command()
def token(
    user: Name,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")] = 365,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take all tokens back instead.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Issue a token for a program that acts as somebody at the API. It is shown once.

    Example: assay users token ci-bot --days 90
    """
    from graph.people import Users

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        users = Users(memory, actor)
        made = None if revoke else users.issue_token(user, days)
        gone = users.revoke_tokens(user) if revoke else 0
    if made:
        out.talk(f"Keep it; it is not stored and not shown again. Good for {count(days, 'day')}:")
        out.write(made)
        out.result({"user": user, "token": made, "days": days})
    else:
        out.show(f"{count(gone, 'token')} of {clean(user)} taken back.")
        out.result({"user": user, "revoked": gone})


@app.command()
def remove(user: Name, name: As = "", as_json: Json = False) -> None:
    """Take somebody out, with all tokens; what they did stays in the audit log.

    Example: assay users remove ann
    """
    from graph.people import Users

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        Users(memory, actor).remove(user)
    out.show(f"{clean(user)} may not sign in any more.")
    out.result({"removed": user})


@settings.command("list")
def list_settings(as_json: Json = False) -> None:
    """List settings, what they mean, and who changed them.

    Example: assay settings list
    """
    out = Output(as_json)
    with opened(out) as memory:
        found = memory.settings.all()
    for setting in found:
        by = f" (set by {setting.changed_by})" if setting.changed_by else ""
        out.show(f"{setting.name} = {str(setting.value).lower()}{by}: {setting.meaning}")
    out.result(found)


@settings.command("set")
def change(
    setting: Annotated[str, typer.Argument(metavar="SETTING", help="Its name.", show_default=False)],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="true or false.", show_default=False)],
    name: As = "",
    as_json: Json = False,
) -> None:
    """Change a setting; it counts at once.

    Example: assay settings set approver_differs true
    """
    from graph.people import change_setting

    if value not in ("true", "false"):
        raise AssayError(f"{setting} is true or false, not {value!r}.")
    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        changed = change_setting(memory, setting, value == "true", actor)
    out.show(f"{changed.name} is {value} now. What it decides: {changed.meaning}.")
    out.result(changed)


def _password(out: Output) -> str:
    """From the environment, from a person who types it twice, or a line of standard input. Raises AssayError."""
    if given := os.environ.get(PASSWORD):
        return given
    if not out.interactive:
        return sys.stdin.readline().rstrip("\n")
    from getpass import getpass

    first = getpass("Password: ")
    if getpass("Once more: ") != first:
        raise AssayError("These are two passwords.", hint="Try again.")
    return first


def _shown(person: Person) -> dict[str, Any]:
    """A person without any hash."""
    tokens = [{"id": token.id, "expires": token.expires} for token in person.tokens]
    return {**asdict(person), "password": bool(person.password), "tokens": tokens}
