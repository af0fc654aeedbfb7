"""Who may do what: a file of people with their roles, their passwords and the tokens of their programs, as hashes."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from memory import embedded
from memory.errors import StoreError

Role = Literal["viewer", "author", "approver", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most: each may do what the ones before may."""

VARIABLE = "ASSAY_USERS"
FILE = "users.toml"
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1_000
"""Characters: hashing a longer one would be a way to keep the server busy."""
LONGEST_NAME = 60
# OWASP's password storage cheat sheet, for scrypt with 32 MiB.
COST, BLOCK, PARALLEL = 2**15, 8, 3
TOKEN_PREFIX = "assay"  # noqa: S105 - no secret


@dataclass(frozen=True)
class Token:
    """What a program shows instead of a password."""

    id: str
    """Its public part."""
    digest: str
    """SHA-256 of the secret part, which is random and so needs no slow hash."""
    expires: datetime


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in."""

    name: str
    role: Role
    email: str = ""
    """By which a single sign-on service knows them."""
    password: str = ""
    """``scrypt$n$r$p$salt$hash``; empty where there is none."""
    tokens: tuple[Token, ...] = ()


class People:
    """The file of people. Read anew each time, so that a change counts at once."""

    def __init__(self, path: Path | None = None) -> None:
        """``path`` is ``ASSAY_USERS``, else ``users.toml`` in ASSAY_HOME, where it is not given."""
        named = os.environ.get(VARIABLE)
        self.path = path or (Path(named).expanduser() if named else embedded.default_home() / FILE)

    @property
    def exist(self) -> bool:
        """Whether there is a file: then whoever acts has to be in it, even if it is empty."""
        return self.path.exists() or bool(os.environ.get(VARIABLE))

    def all(self) -> list[Person]:
        """Everybody, by name. Raises StoreError where the file cannot be used."""
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read().decode()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"Cannot read the user file {self.path}: {error}.") from None
        if mode & 0o077:
            raise StoreError(f"Others can read the user file {self.path}.", hint=f"Run: chmod 600 {self.path}")
        return _parsed(text, self.path)

    def find(self, name: str) -> Person | None:
        """The person of that name, however it is capitalised."""
        return next((person for person in self.all() if _same(person.name, name)), None)

    def by_password(self, name: str, password: str) -> Person | None:
        """Whose name and password these are. Takes as long for a name that nobody has."""
        person = self.find(name)
        right = _matches(password, person.password if person and person.password else _nobody())
        return person if right and person and person.password else None

    def by_token(self, token: str) -> Person | None:
        """Whose token this is, if it has not expired."""
        _, _, rest = token.strip().partition("_")
        wanted, _, secret = rest.partition("_")
        digest, found = _digest(secret), None
        for person in self.all():
            for known in person.tokens:
                if hmac.compare_digest(known.digest, digest) and hmac.compare_digest(known.id, wanted):
                    found = person if known.expires > datetime.now(UTC) else None
        return found

    def by_email(self, email: str) -> Person | None:
        """Who has that address."""
        wanted = email.strip()
        return next((p for p in self.all() if wanted and _same(p.email, wanted)), None)

    def add(self, person: Person) -> None:
        """Adds somebody. Raises StoreError for a name or an address that is taken."""

        def added(people: list[Person]) -> list[Person]:
            for other in people:
                if _same(other.name, person.name):
                    raise StoreError(
                        f"There is a user {other.name!r} already.", hint="Change the role: assay users role"
                    )
                if person.email and _same(other.email, person.email):
                    raise StoreError(f"{person.email} belongs to {other.name!r} already.")
            return [*people, person]

        self._change(added)

    def change(self, name: str, **values: Any) -> Person:
        """Changes fields of a person; the new one. Raises StoreError where there is none of that name."""
        changed: list[Person] = []

        def swap(person: Person) -> Person:
            if not _same(person.name, name):
                return person
            changed.append(replace(person, **values))
            return changed[0]

        self._change(lambda people: [swap(person) for person in people] if self._known(people, name) else [])
        return changed[0]

    def remove(self, name: str) -> None:
        """Takes somebody out, with all tokens. Raises StoreError where there is none of that name."""
        self._change(lambda people: [p for p in people if self._known(people, name) and not _same(p.name, name)])

    def _known(self, people: list[Person], name: str) -> bool:
        if any(_same(person.name, name) for person in people):
            return True
        names = ", ".join(person.name for person in people) or "nobody yet"
        raise StoreError(f"There is no user {name!r} in {self.path}.", hint=f"There are: {names}.")

    def _change(self, changed: Callable[[list[Person]], list[Person]]) -> None:
        """Writes the file whole, one process at a time; whoever reads sees the old one or the new one."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"Cannot write the user file {self.path}: {error.strerror}.") from None
        with os.fdopen(lock, "r+"):
            fcntl.flock(lock, fcntl.LOCK_EX)
            people = changed(self.all())
            new = self.path.with_name(f"{self.path.name}.new")
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(_written(people))
                file.flush()
                os.fsync(descriptor)
            new.replace(self.path)


def new_person(name: str, role: str, *, email: str = "", password: str = "") -> Person:
    """A person with a hashed password. Raises StoreError for what cannot be."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise StoreError(f"A user's name has 1 to {LONGEST_NAME} characters that can be printed.")
    return Person(name, as_role(role), email.strip(), hashed(password) if password else "")


def as_role(text: str) -> Role:
    """The role of that name. Raises StoreError."""
    for role in ROLES:
        if role == text:
            return role
    raise StoreError(f"There is no role {text!r}.", hint=f"Roles: {', '.join(ROLES)}.")


def hashed(password: str) -> str:
    """A password as the file keeps it. Raises StoreError for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise StoreError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    salt = secrets.token_bytes(16)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${salt.hex()}${_scrypt(password, salt, COST, BLOCK, PARALLEL).hex()}"


def new_token(days: int) -> tuple[str, Token]:
    """A fresh token as its program needs it, which is shown once, and as the file keeps it."""
    public, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    return f"{TOKEN_PREFIX}_{public}_{secret}", Token(public, _digest(secret), expires)


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    # Twice what is needed: the limit counts a little overhead too.
    most = 256 * cost * block
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=cost, r=block, p=parallel, maxmem=most)


def _matches(password: str, stored: str) -> bool:
    _, cost, block, parallel, salt, digest = stored.split("$")
    made = _scrypt(password[:LONGEST_PASSWORD], bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(made.hex(), digest)


def _nobody() -> str:
    """A hash that no password has, as slow to compare with as a real one."""
    return f"scrypt${COST}${BLOCK}${PARALLEL}${bytes(16).hex()}${bytes(64).hex()}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _parsed(text: str, path: Path) -> list[Person]:
    try:
        found = tomllib.loads(text).get("user", [])
        people = [_person(entry) for entry in found]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(
            f"The user file {path} is damaged: {error!r}.", hint="See docs/people.md for its form."
        ) from None
    return sorted(people, key=lambda person: person.name.casefold())


def _person(entry: dict[str, Any]) -> Person:
    tokens = tuple(Token(token["id"], token["sha256"], token["expires"]) for token in entry.get("tokens", []))
    if any(token.expires.tzinfo is None for token in tokens):
        raise ValueError("a token expires at a time without a zone")
    texts = {key: str(entry.get(key, "")) for key in ("email", "password")}
    if texts["password"] and len(texts["password"].split("$")) != 6:
        raise ValueError("a password that is not hashed")
    return Person(str(entry["name"]), as_role(str(entry["role"])), **texts, tokens=tokens)


def _written(people: list[Person]) -> str:
    return "# Written by `assay users`. Hashes only; readable by its owner alone.\n" + "".join(map(_entry, people))


def _entry(person: Person) -> str:
    pairs = {"name": person.name, "role": person.role, "email": person.email, "password": person.password}
    lines = ["", "[[user]]", *(f"{key} = {_quoted(value)}" for key, value in pairs.items() if value)]
    for token in person.tokens:
        lines += ["[[user.tokens]]", f"id = {_quoted(token.id)}", f"sha256 = {_quoted(token.digest)}"]
        lines += [f"expires = {token.expires.isoformat()}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for characters beyond ASCII."""
    return json.dumps(text, ensure_ascii=False)
