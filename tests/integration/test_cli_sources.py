"""``assay sources check`` and ``assay snapshots``, as a person and as a script."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from tests.support.icebergs import delete_positions, local_catalog, make
from tests.support.s3 import bucket
from tools.errors import AssayError
from ui.cli.main import app

ROWS = pa.table({"id": [1, 2, 3]})


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--as", "ada"])


def checked(source: str) -> tuple[int, list[tuple[str, bool]], str]:
    """The exit code, the steps, and what the last one said, with its hint."""
    done = call("sources", "check", source, "--json")
    found = json.loads(done.stdout)
    last = found["steps"][-1]
    assert found["good"] == (done.exit_code == 0)
    return done.exit_code, [(step["name"], step["good"]) for step in found["steps"]], f"{last['said']} {last['hint']}"


def test_a_file_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,n\n1,x\n")
    code, steps, said = checked(str(tmp_path / "orders.csv"))
    assert (code, steps, said) == (0, [("address", True), ("table", True), ("rows", True)], "can be read ")
    shown = call("sources", "check", str(tmp_path / "orders.csv")).stdout
    assert f"file {tmp_path}/orders.csv, columns: 2" in shown.replace("\n", "")
    (tmp_path / "empty.csv").write_text("id,n\n")
    assert checked(str(tmp_path / "empty.csv"))[2] == "there are none "


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n")
    code, steps, said = checked(str(tmp_path / "order.csv"))
    assert (code, steps) == (2, [("address", True), ("table", False)])
    assert said.endswith("order.csv does not exist. Did you mean orders.csv?")
    shown = call("sources", "check", str(tmp_path / "order.csv"))
    assert shown.exit_code == 2
    assert "✗" in shown.stdout
    assert "Did you mean orders.csv?" in shown.stdout


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket(monkeypatch) as client:
        yield client


def test_s3(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put_object(Bucket="lake", Key="orders.csv", Body=b"id\n1\n")
    code, steps, _ = checked("s3://lake/orders.csv")
    assert (code, [name for name, _ in steps]) == (0, ["address", "credentials", "table", "rows"])
    shown = call("sources", "check", "s3://lake/orders.csv").stdout
    assert "by env, us-east-1, endpoint http://127.0.0.1" in " ".join(shown.split())
    assert checked("s3://lakes/orders.csv")[2].startswith("s3://lakes/orders.csv: there is no such bucket. Check")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, steps, said = checked("s3://lake/orders.csv")
    assert (code, steps[-1]) == (2, ("credentials", False))
    assert said.startswith("There are no AWS credentials. Set AWS_PROFILE or access keys")


def test_a_database_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hush" + "hush"
    code, steps, said = checked(f"postgresql://ada:{secret}@127.0.0.1:9/shop/orders")
    assert (code, steps) == (2, [("address", True), ("network", False)])
    assert said == "127.0.0.1 refuses port 9: Connection refused. Check that the server runs and listens there."
    done = call("sources", "check", f"postgresql://ada:{secret}@127.0.0.1:9/shop/orders")
    assert secret not in done.output
    assert "needs ${NAME} in its place" in " ".join(done.stdout.split())
    assert checked("mysql://127.0.0.1:9/shop/orders")[1][-1] == ("network", False)
    assert "NOT_SET is not set" in checked("postgresql://ada:${NOT_SET}@127.0.0.1:9/shop/orders")[2]

    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert checked("postgresql://db.internal/shop/orders")[2].startswith("No address is known for db.internal. Check")

    def silent(*_: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    assert (
        "db.internal does not answer at port 5432. Check firewall" in checked("postgresql://db.internal/shop/orders")[2]
    )


def test_a_database_that_answers(store_server: str) -> None:
    from psycopg.conninfo import conninfo_to_dict

    from tests.support.same_table import postgres_uri

    place = conninfo_to_dict(store_server, dbname="migrated")
    code, steps, _ = checked(postgres_uri(place, "runs"))
    assert (code, [name for name, _ in steps]) == (0, ["address", "network", "table", "rows"])


def test_what_nothing_opens() -> None:
    code, steps, said = checked("gopher://hole/orders")
    assert (code, steps) == (2, [("address", False)])
    assert "no connector for gopher://" in said
    assert checked(" ")[2].startswith("The source is empty.")


def test_iceberg(home: Path, lake: Any) -> None:
    code, _, said = checked("iceberg://local/shop.orders")
    assert code == 2
    assert "there is no catalog" in said
    catalog = local_catalog(home / "iceberg")
    make(catalog, "shop.orders", ROWS)
    catalog.close()
    assert checked("iceberg://local/shop.orders")[:2] == (0, [("address", True), ("table", True), ("rows", True)])
    assert [name for name, _ in checked("iceberg://glue/shop.orders")[1]] == ["address", "credentials", "table"]


# Snapshots


def test_the_snapshots_of_a_table(home: Path) -> None:
    catalog = local_catalog(home / "iceberg")
    table = make(catalog, "shop.orders", ROWS.slice(0, 2), ROWS.slice(2))
    first, second = (entry.snapshot_id for entry in table.history())
    table.manage_snapshots().create_tag(first, "opened").create_branch(first, "audit").commit()
    found = json.loads(call("snapshots", "iceberg://local/shop.orders", "--json").stdout)
    assert [one["number"] for one in found] == [first, second]
    assert found[0] == {
        **{"number": first, "parent": None, "at": found[0]["at"], "operation": "append", "current": False},
        **{"names": ["branch audit", "tag opened"], "added": 2, "removed": None, "rows": 2, "files": 1},
    }
    assert (found[1]["parent"], found[1]["current"], found[1]["rows"]) == (first, True, 3)
    delete_positions(table, {next(iter(table.scan().plan_files())).file.file_path: [0]})
    shown = call("snapshots", "iceberg://local/shop.orders?tag=opened").stdout
    lines = [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    assert len(lines) == 5
    assert lines[2].startswith(f"{first} ")
    assert "append +2 2 1 branch audit, tag opened" in lines[2]
    assert "now, branch main" in lines[4]
    catalog.close()


def test_a_table_without_snapshots(home: Path) -> None:
    catalog = local_catalog(home / "iceberg")
    catalog.create_table("shop.empty", schema=ROWS.schema)
    catalog.close()
    assert call("snapshots", "iceberg://local/shop.empty").stdout == "The table was never written to.\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [("orders.csv", "Only Iceberg tables have snapshots"), ("iceberg://nowhere/a.b", "knows no catalog 'nowhere'")],
)
def test_what_has_no_snapshots(source: str, said: str) -> None:
    done = call("snapshots", source)
    assert isinstance(done.exception, AssayError)
    assert said in str(done.exception)
