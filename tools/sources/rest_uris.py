"""Addresses of HTTP APIs: ``https://host/path?query#option=value``; what stands behind the # is never sent.

``${NAME}`` and ``${secret://name#key}`` may stand in values of the query, in headers, and for user and password: they
are looked up when the API is asked. What is written out opens the table and is then forgotten.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit

from tools.privacy import without_keys
from tools.sources.rest_options import OPTIONS, Options, read_options
from tools.sources.secrets_named import FORGOTTEN, is_named, looks_secret, named, names_any
from tools.sources.table import SourceError

SCHEMES = ("http", "https")
DEFAULT_PORTS = {"http": 80, "https": 443}
_SECRET = re.compile(r"\$\{(secret://[^{}\s]+)\}")
_QUOTED = re.compile(r"\$\{(secret%3A%2F%2F[^{}]+)\}")
_ESCAPE = "Write special characters as %XX: @ is %40, # is %23; options go behind a #, as in #records=items."
_HEADER = "header."
_HARMLESS = frozenset({"accept", "accept-language", "user-agent", "api-version", "x-api-version"})
"""Headers whose values are no secrets."""
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"})


@dataclass(frozen=True)
class RestUri:
    """An address, with names where secrets belong; what was written out is there, and never shown."""

    text: str
    """The address as it may be shown and stored."""
    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    """Path and query."""
    headers: dict[str, str] = field(repr=False)
    user: str = field(repr=False)
    password: str = field(repr=False)
    options: Options
    secret_parameters: tuple[str, ...]
    """Parameters of the query that hold secrets."""

    @property
    def origin(self) -> str:
        """Scheme, host and port; the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}")

    @property
    def has_credentials(self) -> bool:
        """Whether anything goes to the server that others should not see."""
        own = [value for name, value in self.headers.items() if name.lower() not in _HARMLESS]
        path = names_any(self.target.partition("?")[0])
        return bool(self.user or self.password or own or self.secret_parameters or path)


def parse(uri: str) -> RestUri:
    """The parts of an address; secrets are not looked up. Raises SourceError, without secrets."""
    parts, port = _split(uri)
    user, _, password = (_readable(part) for part in parts.netloc.rpartition("@")[0].partition(":"))
    told = _options(parts)
    headers = _headers(told, f"{parts.scheme}://{parts.hostname}")
    shown = _shown(parts)
    options = read_options({name: text for name, text in told if not _is_secret_option(name)}, shown)
    told_of = (user, password, *headers.values(), *(value for _, value in _pairs(parts.query)))
    if FORGOTTEN in parts.path or any(value in (FORGOTTEN, f"Bearer {FORGOTTEN}") for value in told_of):
        raise SourceError(f"{shown}: a secret that was written out is not kept.", hint="Name it in its place: ${NAME}.")
    return RestUri(
        text=shown,
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=port,
        target=_readable_secrets(parts.path or "/") + (f"?{_readable_secrets(parts.query)}" if parts.query else ""),
        headers=headers,
        user=user,
        password=password,
        options=options,
        secret_parameters=tuple(
            unquote(name) for name, value in _pairs(parts.query) if is_named(value) or looks_secret(name, value)
        ),
    )


def shown(uri: str) -> str:
    """The address without what was written out in it and may be a secret. Raises SourceError for what is no address."""
    return _shown(_split(uri)[0])


def looked_up(place: RestUri) -> dict[str, str]:
    """The headers with secrets in place of their names, those for user and password too. Raises SourceError."""
    what = place.text, place.host
    headers = {name: named(value, *what) for name, value in place.headers.items()}
    if place.user or place.password:
        pair = f"{named(place.user, *what)}:{named(place.password, *what)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return headers


def resolved(place: RestUri) -> str:
    """Path and query with secrets in place of their names. Raises SourceError."""
    return named(place.target, place.text, place.host, lambda value: quote(value, safe=""))


def _split(uri: str) -> tuple[SplitResult, int]:
    scheme = uri.partition("://")[0].lower()
    refused = SourceError(f"The {scheme}:// address cannot be read.", hint=_ESCAPE)
    masked = _SECRET.sub(lambda found: f"${{{quote(unquote(found.group(1)), safe='')}}}", uri.strip())
    try:
        parts = urlsplit(masked)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
    except (ValueError, KeyError, UnicodeError):
        raise refused from None
    # An @ further on ends a password that holds a slash, which must not be taken for a path and shown.
    if not host or "@" in parts.path + parts.query or re.search(r"[\s\x00-\x1f\x7f]", masked):
        raise refused
    return parts, port


def _options(parts: SplitResult) -> list[tuple[str, str]]:
    return [(unquote(name), _readable(value)) for name, value in _pairs(parts.fragment)]


def _pairs(text: str) -> list[tuple[str, str]]:
    """As they are written: a plus is a plus."""
    return [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]


def _headers(told: list[tuple[str, str]], where: str) -> dict[str, str]:
    headers = {name.removeprefix(_HEADER): value for name, value in told if name.startswith(_HEADER)}
    if bearer := dict(told).get("bearer"):
        headers["Authorization"] = f"Bearer {bearer}"
    for name, value in headers.items():
        if name.lower() in _OURS or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise SourceError(f"{where}: the header {name!r} cannot be set.", hint="Leave it away.")
        if not re.fullmatch(r"[\x20-\x7e]*", value):
            raise SourceError(f"{where}: the value of the header {name!r} is no plain text.", hint=_ESCAPE)
    return headers


def _is_secret_option(name: str) -> bool:
    return name == "bearer" or name.startswith(_HEADER)


def _shown(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_hidden(name, value) for name, value in _pairs(parts.query))
    fragment = "&".join(_hidden_option(name, value) for name, value in _pairs(parts.fragment))
    text = f"{parts.scheme}://{_shown_user(parts)}{host.lower()}{without_keys(parts.path, FORGOTTEN)}"
    return _readable_secrets(text + (query and f"?{query}") + (fragment and f"#{fragment}"))


def _shown_user(parts: SplitResult) -> str:
    """A user name without a password is a key."""
    user, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    if not user and not password:
        return ""
    key = not password or looks_secret("", unquote(user))
    kept = user if is_named(user) or not key else FORGOTTEN
    return f"{kept}{colon}{password if is_named(password) else password and FORGOTTEN}@"


def _hidden(name: str, value: str) -> str:
    secret = looks_secret(unquote(name), unquote(value)) and not is_named(value)
    return f"{name}={FORGOTTEN if secret else value}" if value else name


def _hidden_option(name: str, value: str) -> str:
    plain = unquote(name)
    if plain in OPTIONS and not looks_secret("", unquote(value)):
        return f"{name}={value}"
    harmless = plain.removeprefix(_HEADER).lower() in _HARMLESS and not looks_secret("", unquote(value))
    return f"{name}={value if is_named(value) or harmless else FORGOTTEN}"


def _readable(text: str) -> str:
    return unquote(_readable_secrets(text))


def _readable_secrets(text: str) -> str:
    return _QUOTED.sub(lambda found: f"${{{unquote(found.group(1))}}}", text)
