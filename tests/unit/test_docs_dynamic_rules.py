"""The page about rules over the history tells the truth."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from evals.bench.anomalies_bench import FAULTS, LENGTHS
from tools import dqdl, sources
from tools.dqdl.history import anomalies, seasons
from tools.dqdl.history.points import Point
from tools.dqdl.plans.result import Evaluation
from tools.dqdl.rules.dynamic import DYNAMIC, DYNAMIC_THRESHOLD, FUNCTIONS
from tools.sources import file_access, file_listing
from ui.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "dynamic-rules.md").read_text()
WORDS = " ".join(PAGE.split())
BLOCKS = re.findall(r"```dqdl\n(.*?)```", PAGE, re.DOTALL)
ROWS = "Dataset.*.RowCount"
TABLE = pa.table(
    {
        "email": ["a@x.org", "bb@x.org", None],
        "state": ["new", "new", "paid"],
        "price": [1.0, 2.0, 0.0],
        "ordered": ["2026-01-01", "2026-01-02", "x"],
    }
)


def test_the_examples_are_canonical():
    assert len(BLOCKS) == 2
    for example in BLOCKS:
        assert str(dqdl.parse(example)) == example


def test_the_first_example_runs_with_and_without_a_history():
    first = dqdl.evaluate(BLOCKS[0], {"primary": TABLE})
    assert [rule.outcome for rule in first.rules if rule.outcome == "Error"] == []
    history = {key: [value] * 10 for key, value in first.points.items()}
    again = dqdl.evaluate(BLOCKS[0], {"primary": TABLE}, history=history)
    assert [rule.outcome for rule in again.rules] == ["Passed"] * len(again.rules)
    assert first.problems == []


def test_the_example_of_file_rules_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("data", "archive"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "orders.csv").write_text("n\n1\n")
    now = datetime.now(UTC).replace(hour=16) + timedelta(minutes=1)
    with sources.open("data") as table:
        found = dqdl.evaluate(BLOCKS[1], {"primary": table}, now=now)
    outcomes = [rule.outcome for rule in found.rules]
    # Whether the file was written between half past nine and half past nine depends on when the test runs.
    assert outcomes[0] == "Passed"
    assert outcomes[2:] == ["Passed"] * 4


def expressions() -> list[tuple[str, str]]:
    part = PAGE.partition("## Conditions over")[2].partition("Without any history")[0]
    return re.findall(r"^\| `([^`]+)` \| (\d+) \|", part, re.MULTILINE)


@pytest.mark.parametrize(("expression", "value"), expressions())
def test_the_table_of_expressions_is_right(expression, value):
    rule = f"RowCount = {expression} - {value} + 3"
    result = dqdl.evaluate(f"Rules = [ {rule} ]", {"primary": TABLE}, history={ROWS: [4, 10, 2, 8]}).rules[0]
    assert result.outcome == "Passed", result.reason


def test_every_function_is_in_the_table():
    assert len(expressions()) >= 10
    assert {name for name in FUNCTIONS if any(f"{name}(" in text for text, _ in expressions())} == set(FUNCTIONS)


def test_the_rule_types_are_all_named():
    part = WORDS.partition("Able are ")[2].partition("The reason shows")[0]
    assert set(re.findall(r"[A-Z]\w+", part)) == DYNAMIC | DYNAMIC_THRESHOLD


def test_the_reasons_are_what_rules_say():
    bound = dqdl.evaluate("Rules = [RowCount > 0.9 * avg(last(2))]", {"primary": TABLE}, history={ROWS: [1000, 1100]})
    assert bound.rules[0].reason.partition("; ")[2].rstrip(".") in PAGE
    first = dqdl.evaluate("Rules = [RowCount > last()]", {"primary": TABLE}).rules[0]
    assert first.outcome == "Passed"
    assert "no history yet" in first.reason
    ten = pa.table({"n": list(range(10))})
    days = [Point(value, datetime(2026, 1, day, tzinfo=UTC)) for day, value in enumerate([100, 102, 98, 101, 99], 1)]
    odd = dqdl.evaluate(
        'Rules = [DetectAnomalies "RowCount"]',
        {"primary": ten},
        history={ROWS: days},
        now=datetime(2026, 1, 6, tzinfo=UTC),
    )
    assert odd.rules[0].reason in PAGE


def test_the_python_example_runs():
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    names: dict[str, object] = {"table": TABLE}
    exec(code, names)
    assert isinstance(names["evaluation"], Evaluation)
    assert names["evaluation"].points == {ROWS: 3.0}


def test_the_numbers_are_those_of_the_code():
    assert anomalies.LEAST == 3
    assert "It needs three points." in WORDS
    assert anomalies.SHIFT == 3
    assert "Three points in a row outside" in WORDS
    assert anomalies.FLOOR == 0.001
    assert "may move by 0.1 %" in WORDS
    assert file_listing.MOST_FILES == 100_000
    assert "more than 100,000 files is refused" in WORDS
    assert all(name in WORDS for name in file_listing.ALGORITHMS)
    assert file_access.ALLOWED in WORDS
    assert seasons.UNKNOWN_PERIODS[0] == 7


def test_the_commands_exist():
    from typer.main import get_command

    group = get_command(app).commands["metrics"]  # type: ignore[attr-defined]
    used = set(re.findall(r"^\$ assay metrics (\w+)", PAGE, re.MULTILINE))
    # `export` is another page: docs/metrics.md.
    assert used == set(group.commands) - {"export"} == {"list", "exclude", "normal", "include"}


def test_the_table_of_errors_is_of_the_series_of_the_benchmark():
    part = PAGE.partition("How often it is wrong")[2].partition("## File rules")[0]
    rows = re.findall(r"^\| ([a-z][^|]*) \|(.*)\|$", part, re.MULTILINE)
    assert len(rows) == 10  # with the head
    assert all(len(cells.split("|")) == len(LENGTHS) + len(FAULTS) - 1 for _, cells in rows)
