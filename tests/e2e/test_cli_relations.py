"""What the commands find between several tables."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.support.terminals import command


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Orders of 100 customers, three of them with a customer that is not there."""
    (tmp_path / "customers.csv").write_text("id,city\n" + "".join(f"C{n:03d},x{n % 7}\n" for n in range(100)))
    known = [(f"O{n:04d}", f"C{n % 90:03d}") for n in range(497)]
    lost = [(f"O{n:04d}", f"C{n + 403}") for n in range(497, 500)]
    rows = [f"{order},{customer},{n % 5}\n" for n, (order, customer) in enumerate(known + lost)]
    (tmp_path / "orders.csv").write_text("order_id,customer_id,pieces\n" + "".join(rows))
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "customers.csv").write_text("id,city\n" + "".join(f"D{n:03d},y{n % 7}\n" for n in range(50)))
    return tmp_path


def test_profiles_of_several_tables_tell_the_foreign_keys(home, shop):
    done = command(home, shop, "profile", "orders.csv", "customers.csv")
    assert done.returncode == 0
    section = done.stdout.partition("Foreign keys")[2]
    (line,) = [line for line in section.splitlines() if "->" in line]
    assert "orders.customer_id -> customers.id" in line
    assert "96.8 %" in line
    assert "3 rows: C900, C901, C902" in line


def test_json_has_them_at_the_table_that_refers_with_a_query_that_can_be_run(home, shop, monkeypatch):
    orders, customers = json.loads(command(home, shop, "profile", "orders.csv", "customers.csv", "--json").stdout)
    (found,) = orders["foreign_keys"]
    assert (found["column"], found["of_table"], found["of_column"]) == ("customer_id", "customers", "id")
    assert (found["values"], found["missing"], found["missing_rows"]) == (93, 3, 3)
    assert customers["foreign_keys"] == []
    monkeypatch.chdir(shop)
    connection = duckdb.connect()
    for name in ("orders", "customers"):
        connection.execute(f"CREATE VIEW {name} AS FROM '{name}.csv'")
    assert connection.execute(found["query"]).fetchall() == [(93, 3, 3)]


def test_one_table_alone_has_no_such_section(home, shop):
    assert "Foreign keys" not in command(home, shop, "profile", "orders.csv").stdout
    (entry,) = json.loads(command(home, shop, "profile", "orders.csv", "--json").stdout)
    assert "foreign_keys" not in entry


def test_tables_of_one_name_are_told_apart(home, shop):
    done = command(home, shop, "profile", "orders.csv", "customers.csv", "old/customers.csv", "--json")
    (found,) = json.loads(done.stdout)[0]["foreign_keys"]
    assert found["of_table"].endswith("customers.csv")
    assert "old" not in found["of_table"]


def test_a_source_that_cannot_be_read_does_not_keep_the_others_from_it(home, shop):
    done = command(home, shop, "profile", "orders.csv", "nowhere.csv", "customers.csv")
    assert done.returncode == 2
    assert "orders.customer_id -> customers.id" in done.stdout


def test_the_query_of_a_foreign_key_is_shown_on_request(home, shop):
    done = command(home, shop, "profile", "orders.csv", "customers.csv", "--sql")
    section = done.stdout.partition("Foreign keys")[2]
    assert "LEFT JOIN" in section
    assert '"customers"' in section


def test_one_column_can_be_seen_in_full(home, shop):
    done = command(home, shop, "profile", "orders.csv", "--column", "PIECES", "--column", "order_id")
    assert done.returncode == 0
    for part in ("pieces", "Standard deviation", "Quantiles", "Histogram", "Length", "order_id"):
        assert part in done.stdout
    several = command(home, shop, "profile", "orders.csv", "customers.csv", "--column", "city")
    assert (several.returncode, "Most frequent" in several.stdout) == (0, True)
    wrong = command(home, shop, "profile", "orders.csv", "--column", "nothing")
    assert wrong.returncode == 2
    assert "The columns are: order_id, customer_id, pieces." in " ".join(wrong.stderr.split())
