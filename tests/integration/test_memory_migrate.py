from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from memory import Memory, migrate
from memory.db import connect
from memory.errors import StoreError
from memory.migrate import Migration, migrations

FIRST = Migration("0001_a.sql", b"create table a (n integer); insert into a values (1)")
SECOND = Migration("0002_b.sql", b"insert into a values (2)")


@pytest.fixture
def use(monkeypatch) -> Callable[..., None]:
    """Puts other migrations in place of the real ones."""
    monkeypatch.setattr(migrate, "_has_checkpoints", lambda applied: True)
    return lambda *wanted: monkeypatch.setattr(migrate, "migrations", lambda: list(wanted))


def numbers(url: str) -> list[int]:
    with connect(url) as connection:
        return [row["n"] for row in connection.execute("select n from a order by n").fetchall()]


def test_the_real_migrations_make_the_store_and_the_checkpoint_tables(empty_url):
    with Memory.open(empty_url) as store:
        names = [row["name"] for row in store.db.rows("select name from assay_migrations order by name")]
        assert names == [*(m.name for m in migrations()), "langgraph-checkpoint-postgres"]
        assert store.db.rows("select * from checkpoints") == []
        assert store.catalog.datasets() == []


def test_migrations_are_applied_in_order_and_once(empty_url, use):
    use(FIRST)
    migrate.migrate(empty_url)
    use(FIRST, SECOND)
    migrate.migrate(empty_url)
    migrate.migrate(empty_url)
    assert numbers(empty_url) == [1, 2]


def test_a_store_that_is_up_to_date_is_left_alone_with_one_query(store_url, monkeypatch):
    seen = []

    class Spy(psycopg.Connection):
        def execute(self, query, *arguments, **options):
            seen.append(query)
            return super().execute(query, *arguments, **options)

    monkeypatch.setattr(psycopg, "connect", Spy.connect)
    migrate.migrate(store_url)
    assert seen == ["select name, checksum from assay_migrations"]


def test_processes_that_migrate_at_once_all_succeed(empty_url):
    script = "import sys; from memory.migrate import migrate; migrate(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", script, empty_url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors
    with connect(empty_url) as connection:
        assert len(connection.execute("select from assay_migrations").fetchall()) == len(migrations()) + 1


def test_a_changed_migration_is_refused(empty_url, use):
    use(FIRST)
    migrate.migrate(empty_url)
    use(Migration(FIRST.name, FIRST.sql + b"; "), SECOND)
    with pytest.raises(StoreError, match=r"0001_a\.sql was changed"):
        migrate.migrate(empty_url)
    assert numbers(empty_url) == [1]


def test_a_store_of_a_newer_version_is_refused(empty_url, use):
    use(FIRST, SECOND)
    migrate.migrate(empty_url)
    use(FIRST)
    with pytest.raises(StoreError, match="newer version"):
        migrate.migrate(empty_url)


def test_a_migration_that_breaks_leaves_nothing_behind(empty_url, use):
    use(FIRST, Migration("0002_b.sql", b"insert into a values (2); select 1 / 0"))
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.migrate(empty_url)
    use(FIRST, SECOND)
    migrate.migrate(empty_url)
    assert numbers(empty_url) == [1, 2]


def test_a_server_without_pgvector_is_named_as_such(empty_url, use):
    use(Migration("0001_a.sql", b"create extension no_such_extension"))
    with pytest.raises(StoreError, match="lacks the pgvector extension"):
        migrate.migrate(empty_url)


def test_a_user_without_rights_is_told_what_to_do(empty_url):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = 'guest'").fetchone():
            connection.execute("create role guest login")
    with pytest.raises(StoreError, match="may not make its tables: permission denied"):
        Memory.open(make_conninfo(empty_url, user="guest"))


def test_the_checkpoint_tables_are_brought_up_to_date_when_the_library_changes(store_url, monkeypatch):
    monkeypatch.setattr(migrate, "version", lambda name: "99.0")
    migrate.migrate(store_url)
    with connect(store_url) as connection:
        row = connection.execute("select checksum from assay_migrations where name like 'langgraph%'").fetchone()
    assert row == {"checksum": "99.0"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret@127.0.0.1:1/assay",
        "postgresql+psycopg://ada:s3cret@localhost/assay",
        "postgresql://ada:s3cret@localhost:port/assay",
        "host=/nowhere user=ada password=s3cret dbname=assay",
        "nonsense s3cret",
    ],
)
def test_a_store_that_cannot_be_reached_is_told_without_the_password(url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    with pytest.raises(StoreError) as caught:
        Memory.open()
    text = "".join([str(caught.value), repr(caught.value.__cause__)])
    assert "s3cret" not in text
    assert "ASSAY_DATABASE_URL" in text
    assert "\n" not in text


def test_the_place_of_an_unreachable_store_is_named():
    with pytest.raises(StoreError, match=r"ada@127\.0\.0\.1:1/assay"):
        Memory.open("postgresql://ada:x@127.0.0.1:1/assay")
