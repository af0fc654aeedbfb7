"""A password in a URI opens the table and is then forgotten: it is in no output, no report and nowhere in the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from memory import embedded
from tests.support.mariadb import MariaDB
from tests.support.terminals import Done, command

SECRET = "s3nt1nel-Zq9"
RULES = 'Rules = [IsComplete "email", ReferentialIntegrity "id" "others.id" = 1.0]'
ROWS = "(1, 'a@example.org'), (2, null), (3, 'c@example.org')"
Call = Callable[..., Done]


@pytest.fixture
def call(home: Path, tmp_path: Path) -> Call:
    """Runs a command, which must not say the password anywhere, nor leave it in a file."""
    (tmp_path / "rules.dqdl").write_text(RULES)

    def run(*arguments: str, **env: str) -> Done:
        done = command(home, tmp_path, *arguments, **env)
        said = done.stdout + done.stderr
        assert SECRET not in said
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
        return done

    return run


def dump(home: Path) -> str:
    """Every row of every table of the store, as text."""
    with psycopg.connect(embedded.start(home)) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname !~ '^(pg_catalog|information_schema)$'"
        ).fetchall()
        rows = [
            str(row)
            for schema, name in tables
            for row in connection.execute(
                sql.SQL("select t::text from {} as t").format(sql.Identifier(schema, name))
            ).fetchall()
        ]
    return "\n".join(rows)


def use_all(call: Call, uri: str, unreachable: str) -> None:
    """Each command that takes a source, and each way in which one can fail."""
    assert call("profile", uri, f"{uri[:-1]}%74", "--json").returncode == 0  # the same table, yet another source
    assert call("recommend", uri, "--json").returncode == 0
    assert "has no active rules" in call("validate", uri).stderr
    given = ["--rules", "rules.dqdl", "--with", f"others={uri}", "--html", "report.html"]
    assert call("validate", uri, *given, "--quarantine", "out").returncode == 1
    assert call("validate", uri, *given[:2], "--explain", "--json").returncode == 0
    assert call("validate", uri, "--rules", "rules.dqdl", "--with", uri).returncode == 2
    assert call("compare", uri, uri, "--html", "compared.html").returncode == 0
    wrong = [f"{uri}_gone", unreachable, uri.replace("@", "/@"), f"odd{uri}", f"jdbc:{uri}"]
    assert call("profile", *wrong).stderr.count("error: ") == len(wrong)
    goal = f"Profile {uri}, then validate"
    call("run", uri, "--goal", goal, "--approve-all", "--json")
    runs = json.loads(call("runs", "--json").stdout)
    assert {run["kind"] for run in runs} >= {"profile", "recommend", "validate", "compare", "relate"}


def test_a_password_of_postgres_stays_nowhere(home: Path, call: Call, empty_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("create table t (id bigint, email text)")
        connection.execute(f"insert into t values {ROWS}")
    place = conninfo_to_dict(empty_url)
    uri = f"postgresql://{place['user']}:{SECRET}@:{place['port']}/{place['dbname']}/t"
    socket = f"?host={place['host']}"
    use_all(
        lambda *arguments: call(*arguments, PGHOST=str(place["host"])), uri, f"postgres://u:{SECRET}@127.0.0.1:1/d/t"
    )
    assert call("profile", f"{uri}{socket}&password={SECRET}").returncode == 0
    stored = dump(home)
    assert f"/{place['dbname']}/t" in stored
    assert SECRET not in stored


def test_a_password_of_mysql_stays_nowhere(
    home: Path, call: Call, mariadb_server: MariaDB, mariadb_database: str
) -> None:
    mariadb_server.run(
        "create table t (id bigint, email text)",
        f"insert into t values {ROWS}",
        f"create user if not exists keeper identified by '{SECRET}'",
        f"grant select on {mariadb_database}.* to keeper",
        database=mariadb_database,
    )
    uri = mariadb_server.uri(mariadb_database, "t", user=f"keeper:{SECRET}")
    use_all(call, uri, f"mysql://u:{SECRET}@127.0.0.1:1/d/t")
    refused = call("run", uri)
    assert refused.returncode == 2
    assert "name it as ${VARIABLE} in the URI, or use MYSQL_PWD" in refused.stderr
    assert call("run", uri.replace(SECRET, "${SHOP}"), "--pause", SHOP=SECRET).returncode == 0
    stored = dump(home)
    assert "keeper:${SHOP}@" in stored
    assert SECRET not in stored
