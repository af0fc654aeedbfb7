"""Passwords that AWS Secrets Manager keeps: found by their reference, and nowhere else to be seen."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support.aws.manager import secrets_manager
from tests.support.mariadb import MariaDB
from tests.support.same_table import in_postgres, postgres_uri
from tools import sources
from tools.sources import secrets
from tools.sources.registry import dataset_name
from tools.sources.secrets import resolve
from tools.sources.table import SourceError
from tools.sources.uris import parse, shown, without_passwords

PASSWORD = "hidden" + "-away@/#1"  # in two parts, so that no search takes it for a real one


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto's Secrets Manager, with some secrets."""
    with secrets_manager(monkeypatch) as client:
        client.create_secret(Name="prod/shop", SecretString=json.dumps({"password": PASSWORD, "port": 5432, "x": {}}))
        client.create_secret(Name="plain", SecretString=PASSWORD)
        client.create_secret(Name="bytes", SecretBinary=b"\x00")
        yield client


def test_secrets_are_found_by_name_key_and_arn(manager: Any) -> None:
    arn = manager.describe_secret(SecretId="prod/shop")["ARN"]
    for reference in (
        "secret://prod/shop#password",
        "secret://prod/shop",
        "secret://plain",
        f"secret://{arn}#password",
    ):
        assert resolve(reference) == PASSWORD
    assert resolve("secret://prod/shop#port") == "5432"


@pytest.mark.parametrize(
    ("reference", "words", "hint"),
    [
        ("secret://nix#password", "no such secret", "Check its name"),
        ("secret://prod/shop#nix", "no text under 'nix'", "Its keys: password, port, x."),
        ("secret://prod/shop#x", "no text under 'x'", "Its keys"),
        ("secret://plain#password", "plain text", "Leave the key away"),
        ("secret://bytes", "bytes, not text", "JSON"),
        ("secret://", "names no secret", "secret://name#key"),
        ("prod/shop", "names no secret", "secret://name#key"),
    ],
)
def test_secrets_that_cannot_be_had(manager: Any, reference: str, words: str, hint: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        resolve(reference)
    assert hint in caught.value.hint
    assert PASSWORD not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


def test_a_secret_is_in_no_log(manager: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="botocore")  # a model's client may have silenced it in this process
    client = boto3.client("secretsmanager")
    client.get_secret_value(SecretId="plain")
    assert PASSWORD in caplog.text  # or this test would prove nothing
    caplog.clear()
    assert resolve("secret://plain") == PASSWORD
    assert PASSWORD not in caplog.text
    client.describe_secret(SecretId="plain")
    assert "plain" in caplog.text  # the silence is over


def test_a_uri_keeps_the_reference_alone(manager: Any) -> None:
    uri = "postgresql://ada:${secret://prod/shop#password}@db:5432/shop/orders?sslmode=require"
    parsed = parse(uri)
    assert (parsed.password, parsed.text, parsed.host) == (PASSWORD, uri, "db")
    assert shown(uri) == uri
    assert without_passwords(f"profile {uri} now") == f"profile {uri} now"
    assert PASSWORD not in repr(parsed)


def test_naming_a_table_asks_for_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "resolve", lambda _: pytest.fail("it was asked for"))
    for scheme in ("postgresql", "mysql"):
        named = dataset_name(f"{scheme}://ada:${{secret://prod/shop#password}}@db/shop/orders")
        assert named.name.endswith("orders")


def test_a_table_of_postgres_is_opened_with_a_secret(manager: Any, store_server: str, store_url: str) -> None:
    place = conninfo_to_dict(store_url)
    in_postgres(store_server, place["dbname"], "orders").close()
    uri = postgres_uri(place, "orders").replace("@:", ":${secret://prod/shop#password}@:")
    with sources.open(uri) as table:
        assert table.row_count is None
        assert "${secret://prod/shop#password}" in table.uri
        assert PASSWORD not in repr(vars(table))
        list(table.stream(parse_all(table)))
    with pytest.raises(SourceError, match="no such secret"):
        sources.open(uri.replace("prod/shop", "prod/other"))


def parse_all(table: sources.Table) -> Any:
    from sqlglot import exp

    return exp.select("*").from_(table.relation())


def test_a_server_lets_in_who_has_the_right_secret(
    manager: Any, mariadb_server: MariaDB, mariadb_database: str
) -> None:
    mariadb_server.run(f"create user keeper identified by '{PASSWORD}'")
    mariadb_server.run(f"create table {mariadb_database}.t (id int)")
    mariadb_server.run(f"grant select on {mariadb_database}.* to keeper")
    host = mariadb_server.uri(mariadb_database, "t").rpartition("@")[2]
    with sources.open(f"mysql://keeper:${{secret://plain}}@{host}") as table:
        assert table.query(parse_all(table)).num_rows == 0
    manager.put_secret_value(SecretId="plain", SecretString="another")
    with pytest.raises(SourceError, match="password") as caught:
        sources.open(f"mysql://keeper:${{secret://plain}}@{host}")
    assert "another" not in str(caught.value)
    mariadb_server.run("drop user keeper")
