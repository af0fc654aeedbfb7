"""One server of each kind per test session, started when first asked for, and a fresh database per test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import Phase, settings
from psycopg.conninfo import make_conninfo

from memory import Memory, embedded
from memory.migrate import migrate
from tests.support import heavy, mariadb, spark
from tests.support.lineages import emptied

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TEMPLATE = "migrated"
# No test signs with the key of this machine, or marks its anchor; what a test starts inherits both.
os.environ["ASSAY_AUDIT_KEY"] = "a-key-for-tests-and-nothing-else"
os.environ["ASSAY_AUDIT_ANCHOR"] = tempfile.mkdtemp(prefix="assay-anchors-")
# A width that the calling shell exports would wrap what commands print.
os.environ.pop("COLUMNS", None)
_numbers = itertools.count()

# The same examples in each run, so that no change fails by another one's luck; and none is made smaller, which may
# take minutes: `--hypothesis-profile hunt` searches at random, and does.
_SAME = settings(deadline=None, derandomize=True, print_blob=True, phases=[Phase.explicit, Phase.generate])
settings.register_profile("few", _SAME, max_examples=25)
settings.register_profile("many", _SAME, max_examples=100)
settings.register_profile("hunt", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("many" if os.environ.get("ASSAY_THOROUGH") else "few")


@pytest.fixture(scope="session")
def store_server() -> Iterator[str]:
    """The URL of a server of this test process (each xdist worker has its own), not durable, removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="assay-t-"))
    url = embedded.start(home)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
        connection.execute(f"create database {TEMPLATE}")
    migrate(make_conninfo(url, dbname=TEMPLATE))
    yield url
    embedded.stop(home)
    shutil.rmtree(home)


@pytest.fixture
def empty_url(store_server: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    yield from _database(store_server, "template1")


@pytest.fixture
def store_url(store_server: str) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    yield from _database(store_server, TEMPLATE)


@pytest.fixture
def store(store_url: str) -> Iterator[Memory]:
    """An open store on a fresh database."""
    with Memory.open(store_url) as memory:
        yield memory


@pytest.fixture(scope="session")
def _lineage_store(store_server: str) -> Iterator[Memory]:
    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as memory:
            yield memory


@pytest.fixture
def lineage_store(_lineage_store: Memory) -> Memory:
    """A store without any lineage, the same one for all tests that ask for no more."""
    emptied(_lineage_store)
    return _lineage_store


def _database(server: str, template: str) -> Iterator[str]:
    name = f"t{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
        yield make_conninfo(server, dbname=name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.MariaDB]:
    """A MariaDB server of this test process."""
    heavy.need(mariadb.missing())
    with mariadb.server() as server:
        yield server


@pytest.fixture
def mariadb_database(mariadb_server: mariadb.MariaDB) -> Iterator[str]:
    """The name of a fresh database on the MariaDB server."""
    name = f"t{next(_numbers)}"
    mariadb_server.run(f"create database {name}")
    yield name
    mariadb_server.run(f"drop database {name}")


@pytest.fixture(scope="session")
def spark_session() -> Iterator[SparkSession]:
    """The local Spark of this test process."""
    heavy.need(spark.missing())
    with spark.session() as session:
        yield session


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[spark.Connect]:
    """A server of Spark Connect for this test process."""
    heavy.need(spark.missing())
    with spark.connect(tmp_path_factory.mktemp("connect")) as server:
        yield server
