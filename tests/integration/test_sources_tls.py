"""TLS and IAM tokens: a MariaDB with a certificate of its own, and PostgreSQL behind a PgBouncer with one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pymysql
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from tests.support import heavy, mariadb, pgbouncer
from tests.support.bedrock import DUMMY_KEYS, quiet_aws_env
from tests.support.certificates import Authority
from tests.support.mariadb import MariaDB
from tools import sources
from tools.sources import iam, mysql_tls
from tools.sources.registry import dataset_name
from tools.sources.table import SourceError, Table
from tools.sources.uris import parse, shown

PASSWORD = "to-" + "ken&of=one"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def maria(authority: Authority) -> Iterator[MariaDB]:
    """A server that 127.0.0.1 is the right name for; grace has to show a certificate."""
    heavy.need(mariadb.missing())
    pair = authority.sign("maria", "127.0.0.1")
    files = f"--ssl-ca={authority.file}", f"--ssl-cert={pair.certificate}", f"--ssl-key={pair.key}"
    with mariadb.server(*files) as server:
        server.run(
            *["create database shop", "create table shop.t as select 1 id"],
            f"create user ada identified by '{PASSWORD}'",
            *["create user grace require x509", "create user lin@'%' require ssl"],
            *[f"grant select on shop.* to {user}" for user in ("ada", "grace", "lin")],
        )  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def pooled(store_server: str, authority: Authority) -> Iterator[str]:
    """The URI of a table behind a pooler that asks for TLS and a password; the placeholders are user and options."""
    heavy.need(pgbouncer.missing())
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("drop table if exists tls_orders")
        connection.execute("create table tls_orders as select 1 id")
    place = authority.sign("pooler", "127.0.0.1")
    with pgbouncer.pooler(store_server, tls=place, password=PASSWORD) as url:
        told = conninfo_to_dict(url)
        yield f"postgresql://{told['user']}{{}}@127.0.0.1:{told['port']}/{told['dbname']}/tls_orders{{}}"
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("drop table tls_orders")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's credentials; no service is asked for a token."""
    for name, value in {**DUMMY_KEYS, **quiet_aws_env()}.items():
        monkeypatch.setenv(name, value)


def count(table: Table) -> int:
    return table.query(exp.select("*").from_(table.relation())).num_rows


def opens(uri: str) -> bool:
    with sources.open(uri) as table:
        batches = list(table.stream(exp.select("*").from_(table.relation())))
        return count(table) == sum(batch.num_rows for batch in batches) == 1


def refusal(uri: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    assert "\n" not in caught.value.message
    return caught.value


# MariaDB


def test_a_server_that_proves_who_it_is(maria: MariaDB, authority: Authority) -> None:
    uri = maria.uri("shop", "t", "lin")
    assert opens(f"{uri}?ssl-ca={authority.file}")
    assert opens(f"{uri}?ssl-mode=VERIFY_CA&ssl-ca={authority.file}")
    assert opens(f"{uri}?ssl-mode=required")
    assert opens(uri)  # TLS without proof where the server offers it, as MySQL's own clients do
    assert "user or password are wrong" in refusal(f"{uri}?ssl-mode=disabled").message


def test_a_server_that_does_not(maria: MariaDB, authority: Authority, tmp_path: Path) -> None:
    uri = maria.uri("shop", "t", "lin")
    other = Authority(tmp_path, "other")
    found = refusal(f"{uri}?ssl-ca={other.file}")
    assert "certificate is not trusted" in found.message
    assert "ssl-ca=FILE" in found.hint
    assert "not trusted" in refusal(f"{uri}?ssl-mode=verify_identity").message
    elsewhere = uri.replace("127.0.0.1", "localhost")
    assert "is for another host" in refusal(f"{elsewhere}?ssl-ca={authority.file}").message
    assert opens(f"{elsewhere}?ssl-mode=verify_ca&ssl-ca={authority.file}")


def test_a_certificate_of_ones_own(maria: MariaDB, authority: Authority) -> None:
    pair, uri = authority.sign("grace"), maria.uri("shop", "t", "grace")
    own = f"ssl-cert={pair.certificate}&ssl-key={pair.key}"
    assert opens(f"{uri}?ssl-ca={authority.file}&{own}")
    assert opens(f"{uri}?{own}")
    assert "are wrong" in refusal(f"{uri}?ssl-ca={authority.file}").message
    with sources.open(f"{uri}?ssl-ca={authority.file}&{own}") as table:
        assert opens(table.uri)


def test_a_server_without_tls(mariadb_server: MariaDB) -> None:
    mariadb_server.run("create or replace database plain", "create table plain.t as select 1 id")
    uri = mariadb_server.uri("plain", "t")
    assert opens(uri)
    mariadb_server.run("drop database plain")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("ssl-mode=strict", "no ssl-mode 'strict'"),
        ("ssl-ca=/nowhere.pem", "/nowhere.pem: No such file"),
        ("ssl-ca=" + __file__, "no certificate or key"),
        ("tls=true", "no option 'tls'"),
        ("iam=yes", "iam=yes is not understood"),
        ("iam=true&ssl-mode=preferred", "not sent without TLS"),
    ],
)
def test_options_that_are_not_understood(keys: None, options: str, said: str) -> None:
    assert (
        said
        in refusal(
            f"mysql://ada@127.0.0.1:9/shop/t?{options}&region=eu-west-1".replace(
                "tls=true&region=eu-west-1", "tls=true"
            )
        ).message
    )


def test_a_password_is_not_sent_in_clear_text_where_others_listen() -> None:
    sent: list[bytes] = []
    answer = SimpleNamespace(check_error=lambda: None)
    connection = SimpleNamespace(_secure=False, password=b"hush", write_packet=sent.append, _read_packet=lambda: answer)
    plugin: Any = mysql_tls.arguments(parse("mysql://h/d/t"), iam=False)["auth_plugin_map"]["mysql_clear_password"]
    with pytest.raises(pymysql.OperationalError, match="without TLS"):
        plugin(connection).authenticate(None)
    assert sent == []
    connection._secure = True
    assert plugin(connection).authenticate(None) is answer
    assert sent == [b"hush\0"]


# IAM


def test_each_connection_to_mysql_has_a_token_of_its_own(
    maria: MariaDB, authority: Authority, keys: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[str] = []
    real = iam.Login.token

    def token(login: iam.Login) -> str:
        made.append(f"{real(login)}&n={len(made)}")
        maria.run(f"alter user ada identified by '{made[-1]}'")
        return made[-1]

    monkeypatch.setattr(iam.Login, "token", token)
    caplog.set_level(logging.DEBUG)
    uri = maria.uri("shop", "t", "ada") + f"?iam=true&region=eu-west-1&ssl-ca={authority.file}"
    with sources.open(uri) as table:
        assert count(table) == 1
        assert list(table.stream(exp.select("*").from_(table.relation())))[1].num_rows == 1
        assert table.uri == shown(uri)
        assert "iam=true" in table.uri
    assert len(made) == 2
    assert made[0].startswith(f"127.0.0.1:{maria.port}/?Action=connect&DBUser=ada&X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert "%2Feu-west-1%2Frds-db%2Faws4_request" in made[0]
    assert not any(part in caplog.text for one in made for part in (one, one.rpartition("Signature=")[2]))
    maria.run(f"alter user ada identified by '{PASSWORD}'")
    monkeypatch.setattr(iam.Login, "token", real)
    found = refusal(uri)
    assert "does not accept the IAM token" in found.message
    assert "rds-db:connect" in found.hint
    assert "X-Amz" not in found.message + found.hint


def test_each_connection_to_postgres_has_a_token_of_its_own(
    pooled: str, authority: Authority, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[iam.Login] = []

    def token(login: iam.Login) -> str:
        made.append(login)
        return PASSWORD

    monkeypatch.setattr(iam.Login, "token", token)
    options = f"?iam=true&region=eu-west-1&sslrootcert={authority.file}"
    assert opens(pooled.format("", options))
    assert len(made) == 2
    assert (made[0].region, made[0].host) == ("eu-west-1", "127.0.0.1")
    monkeypatch.setattr(iam.Login, "token", lambda login: "expired")
    assert "cannot be opened" in refusal(pooled.format("", options)).message
    assert "not sent without TLS" in refusal(pooled.format("", options + "&sslmode=prefer")).message
    assert "has a password" in refusal(pooled.format(":x", options)).message
    named = dataset_name(pooled.format("", options))
    assert named == dataset_name(pooled.format("", ""))


def test_a_token_needs_credentials_and_a_region(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    host = "shop.abc.eu-central-1.rds.amazonaws.com"
    login = iam.login_of(parse(f"postgresql://ada@{host}/d/t?iam=true"), 5432)
    assert login is not None
    assert login.region == "eu-central-1"
    assert f"{host}:5432/?Action=connect&DBUser=ada" in login.token()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert "no AWS credentials" in refusal(f"postgresql://ada@{host}/d/t?iam=true").message
    assert "needs the user and the host" in refusal(f"mysql://{host}/d/t?iam=true").message


# PostgreSQL


def test_postgres_with_tls(pooled: str, authority: Authority, tmp_path: Path) -> None:
    assert opens(pooled.format(f":{PASSWORD}", f"?sslmode=verify-full&sslrootcert={authority.file}"))
    found = refusal(pooled.format(f":{PASSWORD}", "?sslmode=disable"))
    assert "cannot be opened" in found.message
    other = Authority(tmp_path, "other")
    found = refusal(pooled.format(f":{PASSWORD}", f"?sslmode=verify-full&sslrootcert={other.file}"))
    assert "certificate is not trusted" in found.message
    assert "sslrootcert=FILE" in found.hint
    missing = refusal(pooled.format(f":{PASSWORD}", "?sslmode=verify-full&sslrootcert=/nowhere.pem"))
    assert "no file of authorities" in missing.message
    elsewhere = pooled.replace("127.0.0.1", "localhost").format(
        f":{PASSWORD}", f"?sslmode=verify-full&sslrootcert={authority.file}"
    )
    assert "is for another host" in refusal(elsewhere).message
