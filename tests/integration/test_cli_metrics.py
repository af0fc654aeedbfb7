"""``assay metrics``: the history, and what a person says about it, on a real store."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from tools.errors import AssayError
from ui.cli.main import app


@pytest.fixture
def call(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    Path("r.dqdl").write_text('Rules = [ DetectAnomalies "RowCount" ] Analyzers = [ Mean "n" ]')

    def run(*arguments: str):
        return CliRunner().invoke(app, [*arguments])

    return run


def validate(call, rows: int | None = None) -> int:
    """The exit code on a new file of so many rows, or on the one that is there."""
    if rows is not None:
        Path("orders.csv").write_text("n\n" + "1\n" * rows)
    return call("validate", "orders.csv", "--rules", "r.dqdl").exit_code


def test_an_anomaly_is_called_normal_and_left_out_again(call):
    assert [validate(call, rows) for rows in (10, 11, 10, 9, 100)] == [0, 0, 0, 0, 1]
    shown = call("metrics", "list", "orders.csv").stdout
    assert "Dataset.*.RowCount" in shown
    assert "Column.n.Mean" in shown
    points = json.loads(call("metrics", "list", "orders.csv", "--key", "Dataset.*.RowCount", "--json").stdout)
    assert [point["value"] for point in points] == [10, 11, 10, 9, 100]
    number = str(points[-1]["number"])
    said = call("metrics", "normal", number, "--reason", "the sale", "--as", "ada")
    assert said.stdout == f"Point {number} of Dataset.*.RowCount (100) is normal, says ada.\n"
    assert validate(call) == 0
    assert "normal (ada: the sale)" in call("metrics", "list", "orders.csv", "--key", "Dataset.*.RowCount").stdout
    excluded = json.loads(call("metrics", "exclude", number, "--reason", "no", "--as", "ben", "--json").stdout)
    assert (excluded["verdict"], excluded["actor"], excluded["reason"]) == ("exclude", "ben", "no")
    assert validate(call) == 1
    assert json.loads(call("metrics", "include", number, "--reason", "so be it", "--json").stdout)["verdict"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "orders.csv"), "Nothing was measured of"),
        (("exclude", "7", "--reason", "why"), "no point 7"),
        (("normal", "7", "--reason", " "), "a name and a reason"),
    ],
)
def test_what_cannot_be_done_is_said(call, arguments, message):
    Path("orders.csv").write_text("n\n1\n")
    result = call("metrics", *arguments)
    assert isinstance(result.exception, AssayError)
    assert message in str(result.exception)


def test_a_metric_that_is_not_there_is_named(call):
    validate(call, 3)
    result = call("metrics", "list", "orders.csv", "--key", "Dataset.*.Rows")
    assert "has no metric Dataset.*.Rows" in str(result.exception)


def test_metrics_go_out_and_are_read_back(call):
    validate(call, 3)
    told = call("metrics", "export", "out", "--as", "ada").stdout
    assert told.startswith("1 day and ")
    assert told.endswith(f" facts written to {Path('out').resolve()}.\n")
    done = json.loads(call("metrics", "export", "out", "--since", "7d", "--json").stdout)
    assert done["rows"]["fact_validation"] == 1
    connection = duckdb.connect()
    connection.execute(Path("out/sql/duckdb.sql").read_text())
    found = connection.sql("select field_name, metric, metric_value from fact_metric join dim_field using (field_key)")
    assert found.fetchall() == [("n", "Mean", 1.0)]
    assert "no time" in str(call("metrics", "export", "out", "--since", "soon").exception)
