"""Database URIs: ``scheme://user:password@host:port/database/table?option=value``, kept without their password.

A password that is written out opens the table and is then forgotten. One that should work again later, in a job for
example, is named: ``${SHOP_PASSWORD}`` stands for that environment variable, ``${secret://prod/shop#password}`` for
what AWS Secrets Manager keeps under that name, and only the name is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from tools.sources.secrets_allowed import check
from tools.sources.table import SourceError

_PLACE = re.compile(
    r"(?:(?P<user>[^:]*)(?::(?P<password>.*))?@)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?", re.DOTALL
)
DATABASES = ("athena", "mariadb", "mysql", "postgres", "postgresql", "rds-data", "redshift", "sc", "spark")
"""Schemes whose URIs are of this form. What others write after a question mark may be a key."""
_NAMED = re.compile(r"\$\{(\w+|secret%3A%2F%2F[\w%.~-]+)\}")
_SECRET = re.compile(r"(?<=:)\$\{(secret://[^{}\s]+)\}(?=@)")
_CLUSTER = re.compile(r"(?<=^rds-data://)arn:[\w:.-]+")
_URI = re.compile(r"[A-Za-z][\w+.:-]*://\S+")
ICEBERG_STATES = ("snapshot", "at", "tag", "branch")
"""What may stand behind the question mark of iceberg:// URIs: which state of the table is meant."""
_SECRET_OPTION = re.compile(
    "passw(or)?d|passphrase|token|credential|access_?key|api_?key|.secret|secret.", re.IGNORECASE
)
"""Also those that no engine knows: `?secret=` alone names where a password is kept."""
_ESCAPE = "Write special characters in names and passwords as %XX: @ is %40, / is %2F, : is %3A, # is %23."


@dataclass(frozen=True)
class DatabaseUri:
    """The parts of a URI, decoded; an empty text stands for a part that is not there."""

    text: str
    """The URI without a password that is written out: what may be shown and stored."""
    scheme: str
    user: str
    password: str = field(repr=False)
    host: str
    port: str
    path: tuple[tuple[str, ...], ...]
    """The parts between slashes, each split at its dots."""
    options: dict[str, str] = field(repr=False)


def shown(source: str) -> str:
    """A source as it may be shown, stored and logged: without a password that is written out; a path is as it was."""
    scheme, found, rest = source.partition("://")
    if not found or (scheme.lower() in ("file", "spark") and rest.startswith(("/", "local/"))):
        return source
    place = rest.partition("/")[0]
    if scheme.lower() in ("s3", "s3a", "s3n") and not set(place) & set("@:"):
        return source  # a key may hold any sign
    hidden = f"{scheme}://***"
    try:
        if scheme.lower() in ("http", "https"):
            from tools.sources import rest_uris

            return rest_uris.shown(source)
        text, parts, _ = _divided(source)
    except SourceError:  # nobody knows where a password ends
        return hidden
    if parts.scheme != scheme.lower():
        return hidden
    said = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    harmless = parts.scheme in DATABASES or (parts.scheme == "iceberg" and said <= set(ICEBERG_STATES))
    return text if harmless else text.partition("?")[0]


def without_passwords(text: str) -> str:
    """Words of a person with each URI in them as :func:`shown`."""
    return _URI.sub(lambda found: shown(found.group()), text)


def parse(uri: str, *, secrets: bool = True) -> DatabaseUri:
    """The parts of a URI; a password ``${NAME}`` is looked up, but for those who only want to know what is named.

    Raises SourceError, without secrets.
    """
    text, parts, place = _divided(uri)
    user, password, host, port = (place.group(name) or "" for name in ("user", "password", "host", "port"))
    return DatabaseUri(
        text=text,
        scheme=parts.scheme,
        user=unquote(user),
        password=_secret(password, text, unquote(host).strip("[]")) if secrets else "",
        host=unquote(host).strip("[]"),
        port=port,
        path=tuple(_names(part) for part in parts.path.strip("/").split("/") if part),
        options=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _divided(uri: str) -> tuple[str, SplitResult, re.Match[str]]:
    """The URI without a password that is written out, its parts, and those of its place. Raises SourceError."""
    scheme = uri.split("://", 1)[0].lower()
    refused = SourceError(f"The {scheme}:// URI cannot be read.", hint=_ESCAPE)
    try:
        # The slashes of a secret's name are none of the URI's.
        colons = _CLUSTER.sub(lambda found: quote(found.group(), safe=""), uri)
        parts = urlsplit(_SECRET.sub(lambda found: f"${{{quote(unquote(found.group(1)), safe='')}}}", colons, count=1))
    except ValueError:
        raise refused from None
    place = _PLACE.fullmatch(parts.netloc)
    # An @ further on ends a password that holds a / or ?, which must not be taken for a name and shown.
    if place is None or parts.fragment or "@" in parts.path or "@" in parts.query:
        raise refused
    user, password, host, port = (place.group(name) or "" for name in ("user", "password", "host", "port"))
    kept = f":{unquote(password)}" if _NAMED.fullmatch(password) else ""
    at = f"{user}{kept}@" if user or kept else ""
    options = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([pair for pair in options if not _SECRET_OPTION.search(pair[0])], quote_via=quote)
    named = unquote(host) if scheme == "rds-data" else host
    text = f"{scheme}://{at}{named}{port and f':{port}'}{parts.path}{query and f'?{query}'}"
    return text, parts, place


def join_names(names: Sequence[str]) -> str:
    """Names as one part of a URI's path."""
    return ".".join(quote(name, safe="").replace(".", "%2E") for name in names)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A hint that lists what is nearest to a name, else the first few that there are."""
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not known:
        return "There is no table that this user may read."
    return f"There are {', '.join(known[:5])}{' ...' if len(known) > 5 else ''}."


def _names(part: str) -> tuple[str, ...]:
    """A dot that belongs to a name is written %2E."""
    return tuple(unquote(name) for name in part.split("."))


def _secret(password: str, text: str, host: str) -> str:
    named = _NAMED.fullmatch(password)
    if named is None:
        return unquote(password)
    check(unquote(named.group(1)), host, text)
    if "%" in named.group(1):
        from tools.sources.secrets import resolve

        return resolve(unquote(named.group(1)))
    if named.group(1) not in os.environ:
        raise SourceError(
            f"{text}: the environment variable {named.group(1)} is not set.", hint="Set it, or name another."
        )
    return os.environ[named.group(1)]
