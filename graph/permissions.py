"""Who may do what: the one place where it is decided. The doors (:mod:`graph.runs`, :mod:`graph.jobs`,
:mod:`graph.people`) ask it before they do anything, so that no face can forget to."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Literal

from memory.people import ROLES, People, Role
from tools.errors import AssayError

Deed = Literal[
    "view",
    "start",
    "cancel",
    "resume",
    "export",
    "schedule",
    "decide",
    "reopen",
    "import",
    "disable",
    "judge",
    "remember",
    "drop",
    "promote",
    "watch",
    "snooze",
    "settings",
    "users",
]
LEAST: Mapping[Deed, Role] = {
    "view": "viewer",
    "start": "author",
    "cancel": "author",
    "resume": "author",
    "export": "author",
    "schedule": "author",
    "decide": "approver",
    "reopen": "approver",
    "import": "approver",
    "disable": "approver",
    "judge": "approver",
    "remember": "approver",
    "drop": "approver",
    "promote": "approver",
    "watch": "approver",
    "snooze": "approver",
    "settings": "admin",
    "users": "admin",
}
"""The least role that may do a deed."""
WORDS: Mapping[Deed, str] = {
    "view": "look at this store",
    "start": "start runs, profile and validate",
    "cancel": "cancel runs",
    "resume": "resume runs",
    "export": "give metrics out",
    "schedule": "change schedules",
    "decide": "decide about rules",
    "reopen": "reopen requests for approval",
    "import": "import rules",
    "disable": "disable rules",
    "judge": "say what a metric's point means",
    "remember": "correct what is remembered",
    "drop": "drop tables from the lineage",
    "promote": "publish batches",
    "watch": "set up what is watched",
    "snooze": "snooze and resolve alerts",
    "settings": "change settings",
    "users": "manage users",
}


class PermissionDenied(AssayError):
    """Somebody may not do what was asked for, or nobody knows who they are."""


class Actor(str):
    """The name of who acts, with the role that was found for it. A name is wherever an actor is enough."""

    __slots__ = ("role",)
    role: Role

    def __new__(cls, name: str, role: Role) -> Actor:
        """Made by what signs people in, and nothing else."""
        made = super().__new__(cls, name)
        made.role = role
        return made

    def __getnewargs__(self) -> tuple[str, Role]:  # type: ignore[override]
        """For copies, which are made of a name and a role too."""
        return str(self), self.role


def may(actor: Actor, deed: Deed) -> bool:
    """Whether a role is enough for a deed: for a face that leaves away what cannot be done."""
    return ROLES.index(actor.role) >= ROLES.index(LEAST[deed])


def require(who: str | None, deed: Deed) -> Actor:
    """Who acts, if they may do that. Raises PermissionDenied."""
    actor = acting(who)
    if not may(actor, deed):
        raise PermissionDenied(
            f"{actor} has the role {actor.role}, and may not {WORDS[deed]}.",
            hint=f"That needs the role {LEAST[deed]}; an admin gives it: assay users role {actor} {LEAST[deed]}",
        )
    return actor


def acting(who: str | None) -> Actor:
    """The actor of a name. Raises PermissionDenied for one that the user file does not know.

    A bare name, or none, is what a face gives that signed nobody in: without a user file that is the one person of this
    machine, who may do everything; with one it counts for no more than the file says of it.
    """
    if isinstance(who, Actor):
        return who
    people = People()
    if not people.exist:
        return Actor(getpass.getuser() if who is None else who, "admin")
    person = people.find(who) if who else None
    if person is None:
        raise PermissionDenied(f"Nobody knows {who!r}." if who else "Nobody is signed in.", hint="Sign in first.")
    return Actor(person.name, person.role)
