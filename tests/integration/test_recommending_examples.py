"""From a file to verdicts: recommended rules show the planted defects, and are quiet on clean data."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools import dqdl, profiling, sources
from tools.dqdl.plans.result import Evaluation, RuleResult
from tools.recommending import Candidate, candidates

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def recommended(path: Path) -> list[Candidate]:
    with sources.open(str(path)) as table:
        return candidates(profiling.profile(table), now=NOW)


def tried(path: Path, rules: Sequence[Candidate]) -> Evaluation:
    text = ",\n".join(candidate.rule for candidate in rules)
    with sources.open(str(path)) as table:
        return dqdl.evaluate(f"Rules = [ {text} ]", {"primary": table}, now=NOW)


def failing(path: Path, rules: Sequence[Candidate] | None = None) -> list[RuleResult]:
    evaluation = tried(path, recommended(path) if rules is None else rules)
    assert [result for result in evaluation.rules if result.outcome == "Error"] == []
    return [result for result in evaluation.rules if result.outcome == "Failed"]


def truth() -> list[dict[str, str]]:
    with (ROOT / "examples" / "truth" / "defects.csv").open(encoding="utf-8") as cells:
        return list(csv.DictReader(cells))


def planted(file: str, defect: str) -> int:
    return sum(cell["file"] == file and cell["defect"] == defect for cell in truth())


# Defects that a rule on one table can show, with the type and columns of the rule that must show exactly them.
EXPOSED = {
    "orders.csv": {
        ("ColumnValues", "status"): ("misspelt status", "status with trailing blank"),
        ("ColumnValues", "country"): ("country in lower case",),
        ("ColumnValues", "zip"): ("zip without leading zero",),
        ("ColumnValues", "email"): ("invalid email",),
        ("IsComplete", "email"): ("missing email",),
        ("CustomSql", "order_date ship_date"): ("shipped before ordered",),
    },
    "customers.csv": {
        ("ColumnValues", "name"): ("blank name",),
        ("ColumnDataType", "signup_date"): ("mixed date format",),
        ("ColumnValues", "birth_date"): ("impossible birth date",),
    },
    "items.csv": {
        ("ColumnValues", "quantity"): ("negative quantity",),
        ("ColumnValues", "category"): ("misspelt category",),
    },
}


@pytest.mark.parametrize("file", EXPOSED)
def test_the_planted_defects_show_as_failures_of_the_recommended_rules(file: str) -> None:
    path = ROOT / "examples" / file
    rules = recommended(path)
    columns = {candidate.rule: " ".join(candidate.columns) for candidate in rules}
    shown = {(result.rule_type, columns[result.rule]): result.failed_rows for result in failing(path, rules)}
    if file == "orders.csv":
        assert shown.pop(("IsPrimaryKey", "order_id")) == 2 * planted(file, "duplicate order id")
        # A small amount in cents is an amount like others, so not all thirty can show.
        cents, negative = planted(file, "amount in cents"), planted(file, "negative amount")
        assert negative + cents // 2 < shown.pop(("ColumnValues", "amount")) <= negative + cents
    assert shown == {rule: sum(planted(file, defect) for defect in defects) for rule, defects in EXPOSED[file].items()}


def test_only_defects_across_tables_stay_unseen() -> None:
    known = {cell["defect"] for cell in truth()}
    seen = {defect for rules in EXPOSED.values() for defects in rules.values() for defect in defects}
    unseen = known - seen - {"duplicate order id", "negative amount", "amount in cents"}
    assert unseen == {"unknown customer", "item without an order"}


@pytest.mark.parametrize("file", EXPOSED)
def test_the_rules_that_fail_are_the_suspicious_ones(file: str) -> None:
    path = ROOT / "examples" / file
    rules = recommended(path)
    suspicious = {candidate.rule for candidate in rules if candidate.suspects or candidate.rule_type == "CustomSql"}
    assert {result.rule for result in failing(path, rules)} == suspicious


class TestHistory:
    """Rules from the clean first snapshot, on the evenings after it."""

    snapshots = ROOT / "examples" / "snapshots"

    @pytest.fixture(scope="class")
    def rules(self) -> list[Candidate]:
        return recommended(self.snapshots / "orders_2026-11-17.csv")

    def failed_columns(self, day: str, rules: list[Candidate]) -> set[str]:
        return {result.rule.split('"')[1] for result in failing(self.snapshots / f"orders_{day}.csv", rules)}

    def test_the_first_evening_is_quiet(self, rules: list[Candidate]) -> None:
        assert failing(self.snapshots / "orders_2026-11-17.csv", rules) == []
        assert not [candidate for candidate in rules if candidate.suspects]

    def test_the_next_evening_shows_what_arrived(self, rules: list[Candidate]) -> None:
        arrived = {cell["column"] for cell in truth() if cell["file"] == "snapshots/orders_2026-11-18.csv"}
        assert len(arrived) >= 4
        assert self.failed_columns("2026-11-18", rules) == arrived - {"customer_id"}

    def test_the_day_in_cents_is_seen_on_that_day(self, rules: list[Candidate]) -> None:
        amounts = [candidate for candidate in rules if candidate.columns == ("amount",)]
        before, on_the_day = (
            {result.rule_type: result.failed_rows for result in failing(self.snapshots / f"orders_{day}.csv", amounts)}
            for day in ("2026-11-18", "2026-11-19")
        )
        assert before == {"ColumnValues": 2}
        assert on_the_day["ColumnValues"] > 15
        assert {"StandardDeviation", "Sum"} <= on_the_day.keys()

    def test_half_a_load_is_too_few_rows(self) -> None:
        day_before = recommended(self.snapshots / "orders_2026-11-21.csv")
        volume = [candidate for candidate in day_before if candidate.rule_type == "RowCount"]
        assert failing(self.snapshots / "orders_2026-11-21.csv", volume) == []
        assert len(failing(self.snapshots / "orders_2026-11-22.csv", volume)) == 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="the benchmark data are not beside the project")
class TestRealData:
    @pytest.mark.parametrize("name", ["hospital", "flights"])
    def test_corrected_data_raise_no_alarm(self, name: str) -> None:
        assert failing(SHARED / f"{name}_clean.csv") == []

    def test_what_fails_on_the_uncorrected_data_is_wrong(self) -> None:
        dirty, clean = (self.rows(f"hospital_{state}.csv") for state in ("dirty", "clean"))
        shown = failing(SHARED / "hospital_dirty.csv")
        assert len(shown) >= 6
        for result in shown:
            place = list(dirty[0]).index(result.columns[0])
            errors = sum(list(d.values())[place] != list(c.values())[place] for d, c in zip(dirty, clean, strict=True))
            assert result.failed_rows is not None
            assert 10 <= result.failed_rows <= errors, result.rule

    def rows(self, name: str) -> list[dict[str, str]]:
        with (SHARED / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "name", ["airports.csv", "cars.json", "seattle-weather.csv", "us-employment.csv", "la-riots.csv"]
)
def test_tables_of_all_kinds_give_rules_that_run(name: str) -> None:
    vega = pytest.importorskip("vega_datasets")
    path = Path(vega.__file__).parent / "_data" / name
    rules = recommended(path)
    assert 8 <= len(rules) <= 40
    assert {result.rule for result in failing(path, rules)} <= {rule.rule for rule in rules if rule.suspects}
