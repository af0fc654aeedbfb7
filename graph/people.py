"""People, as the faces see them: sign somebody in, manage who may, and where a face may listen."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from graph.permissions import Actor, PermissionDenied, require
from memory.audit import Fact
from memory.people import People, Person, as_role, hashed, new_person, new_token

if TYPE_CHECKING:
    from memory import Memory
    from memory.settings import Setting

TOKEN_DAYS = 365


class Users:
    """The people of the user file, in the name of somebody who may manage them. Each change is an entry of the log."""

    def __init__(self, memory: Memory, actor: str | None) -> None:
        self._memory = memory
        self._actor = actor
        self._people = People()

    def all(self) -> list[Person]:
        """Everybody, by name. Raises PermissionDenied, StoreError."""
        require(self._actor, "users")
        return self._people.all()

    def add(self, name: str, role: str, *, email: str = "", password: str = "") -> Person:
        """Adds somebody who signs in by password, single sign-on or token. Raises PermissionDenied, StoreError."""
        actor, person = require(self._actor, "users"), new_person(name, role, email=email, password=password)
        known = {"role": person.role, "email": person.email, "password": bool(password)}
        with self._memory.audit.during(Fact("user.added", actor, subject=person.name, data=known)):
            self._people.add(person)
        return person

    def set_role(self, name: str, role: str) -> Person:
        """Gives somebody another role, which counts from their next click on. Raises PermissionDenied, StoreError."""
        actor, before = require(self._actor, "users"), self._people.find(name)
        told = {"from": before.role if before else None, "to": as_role(role)}
        with self._memory.audit.during(Fact("user.role_changed", actor, subject=name, data=told)):
            return self._people.change(name, role=as_role(role))

    def set_password(self, name: str, password: str) -> Person:
        """Gives somebody another password. Raises PermissionDenied, StoreError."""
        actor, kept = require(self._actor, "users"), hashed(password)
        with self._memory.audit.during(Fact("user.password_changed", actor, subject=name)):
            return self._people.change(name, password=kept)

    def issue_token(self, name: str, days: int = TOKEN_DAYS) -> str:
        """A new token for a program that acts as somebody; it is not kept. Raises PermissionDenied, StoreError."""
        actor, person = require(self._actor, "users"), self._people.find(name)
        token, kept = new_token(days)
        with self._memory.audit.during(
            Fact("user.token_issued", actor, subject=name, data={"token": kept.id, "expires": kept.expires})
        ):
            self._people.change(name, tokens=(*(person.tokens if person else ()), kept))
        return token

    def revoke_tokens(self, name: str) -> int:
        """Takes all tokens of somebody back; how many there were. Raises PermissionDenied, StoreError."""
        actor, person = require(self._actor, "users"), self._people.find(name)
        held = [token.id for token in person.tokens] if person else []
        with self._memory.audit.during(Fact("user.tokens_revoked", actor, subject=name, data={"tokens": held})):
            self._people.change(name, tokens=())
        return len(held)

    def remove(self, name: str) -> None:
        """Takes somebody out of the file. Raises PermissionDenied, StoreError."""
        actor = require(self._actor, "users")
        with self._memory.audit.during(Fact("user.removed", actor, subject=name)):
            self._people.remove(name)


def change_setting(memory: Memory, name: str, value: bool, actor: str | None) -> Setting:
    """Changes a setting of the store. Raises PermissionDenied, StoreError."""
    return memory.settings.set(name, value, require(actor, "settings"))


def sign_in_needed() -> bool:
    """Whether there is a user file: without one, whoever is at this machine is its admin."""
    return People().exist


def actor_of_password(name: str, password: str) -> Actor | None:
    """Who has that name and password; takes the same time for all that do not fit. Raises StoreError."""
    return _actor(People().by_password(name, password))


def actor_of_token(token: str) -> Actor | None:
    """Who the program with that token acts for. Raises StoreError."""
    return _actor(People().by_token(token))


def actor_of_email(email: str) -> Actor | None:
    """Who has the address that a single sign-on service vouches for. Raises StoreError."""
    return _actor(People().by_email(email))


def actor_of_name(name: str) -> Actor | None:
    """Somebody who signed in before, with the role that they have now. Raises StoreError."""
    return _actor(People().find(name))


def _actor(person: Person | None) -> Actor | None:
    return Actor(person.name, person.role) if person else None


def check_address(host: str) -> None:
    """Refuses an address that other machines reach while nobody has to sign in. Raises PermissionDenied."""
    if not (sign_in_needed() or is_loopback(host)):
        raise PermissionDenied(
            f"On {host or 'all addresses'} other machines would reach it, and nobody has to sign in.",
            hint="Add users first (assay users add NAME --role admin), or listen on 127.0.0.1.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
