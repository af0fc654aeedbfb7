"""Whether a source can be read: one step after the other, up to the first that cannot be taken."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from tools import sources
from tools.sources import rest_uris
from tools.sources.registry import connector_of
from tools.sources.rest_network import addresses
from tools.sources.rest_uris import SCHEMES, looked_up
from tools.sources.table import SourceError, Table
from tools.sources.uris import parse, shown

CONNECT_SECONDS = 5.0
QUERY_SECONDS = 60.0
_PORTS = {"postgres": "5432", "postgresql": "5432", "mysql": "3306", "mariadb": "3306", "sc": "15002", "spark": "15002"}
_HERE = ("spark:///", "spark://local/")
_AWS = ("athena", "rds-data", "redshift", "s3", "s3a", "s3n")


@dataclass(frozen=True)
class Step:
    """What was tried, and what came of it."""

    name: str
    good: bool
    said: str
    hint: str
    """How to mend it."""
    seconds: float


def check(source: str) -> list[Step]:
    """The steps to the first row of a source; the last of them has failed, or all are good. Nothing is raised."""
    steps: list[Step] = []
    for name, take in _steps(source):
        start = time.monotonic()
        try:
            good, said, hint = True, take(), ""
        except SourceError as error:
            good, said, hint = False, error.message, error.hint
        steps.append(Step(name, good, said, hint, time.monotonic() - start))
        if not good:
            break
    return steps


def _steps(source: str) -> Iterator[tuple[str, Callable[[], str]]]:
    scheme = source.partition("://")[0].lower() if "://" in source else "file"
    opened: list[Table] = []
    yield "address", lambda: _address(source, scheme)
    if scheme in _AWS or source.lower().startswith("iceberg://glue/"):
        yield "credentials", _credentials
    if scheme in _PORTS and not source.lower().startswith(_HERE):
        yield "network", lambda: _network(source, scheme)
    if scheme in SCHEMES:
        yield "network", lambda: _web(source)
    yield "table", lambda: _table(source, opened)
    yield "rows", lambda: _rows(opened)


def _address(source: str, scheme: str) -> str:
    connector_of(source)
    if scheme in SCHEMES:
        looked_up(rest_uris.parse(source))
        if shown(source) != source:
            return "can be read; secrets in it are not kept: a run in a worker needs ${NAME} in their place"
    if scheme in _PORTS and not source.lower().startswith(_HERE):
        parse(source)  # looks up what is named instead of a password
        if shown(source) != source:
            return "can be read; the password in it is not kept: a run in a worker needs ${NAME} in its place"
    return "can be read"


def _credentials() -> str:
    import boto3

    from tools.sources import aws

    with aws.errors("AWS"):
        session = boto3.Session()
        found = session.get_credentials()
        if found is None:
            raise SourceError("There are no AWS credentials.", hint=aws.LOGIN)
        found.get_frozen_credentials()
        region = session.region_name or "no region"
        profile = f" of the profile {session.profile_name}" if os.environ.get("AWS_PROFILE") else ""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return f"AWS's, by {found.method}{profile}, {region}{f', endpoint {endpoint}' if endpoint else ''}"


def _network(source: str, scheme: str) -> str:
    place = parse(source)
    host, port = place.host, int(place.port or _PORTS[scheme])
    if not host or host.startswith("/") or "," in host or "host" in place.options:
        return "as the driver finds the server"
    return _answers(host, port)


def _web(source: str) -> str:
    place = rest_uris.parse(source)
    found = addresses(place.host, place.port, place.text)  # of which all may be asked, and no others
    return _answers(place.host, place.port, found[0])


def _answers(host: str, port: int, address: str = "") -> str:
    try:
        with socket.create_connection((address or host, port), CONNECT_SECONDS):
            return f"{host} answers at port {port}"
    except socket.gaierror:
        raise SourceError(f"No address is known for {host}.", hint="Check the name, and the DNS or VPN.") from None
    except TimeoutError:
        hint = "Check firewall, security group and VPN: they drop what they do not let through."
        raise SourceError(f"{host} does not answer at port {port}.", hint=hint) from None
    except OSError as error:
        hint = "Check that the server runs and listens there."
        raise SourceError(f"{host} refuses port {port}: {error.strerror}.", hint=hint) from None


def _table(source: str, opened: list[Table]) -> str:
    opened.append(sources.open(source))
    table = opened[0]
    rows = "" if table.row_count is None else f", rows: {table.row_count:,}"
    return f"{table.dataset.namespace} {table.dataset.name}, columns: {len(table.fields):,}{rows}"


def _rows(opened: list[Table]) -> str:
    with opened[0] as table:
        answer = table.query(exp.select("*").from_(table.relation()).limit(1), timeout_seconds=QUERY_SECONDS)
    return "can be read" if answer.num_rows else "there are none"
