"""The example data are what the generator writes, and hold exactly the defects that their README documents."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
STATUSES = {"placed", "shipped", "delivered", "cancelled", "returned"}
Row = dict[str, str]


def read(name: str, root: Path = EXAMPLES) -> list[Row]:
    with (root / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def generate(out: Path, *options: str) -> None:
    script = str(EXAMPLES / "generate.py")
    subprocess.run([sys.executable, script, "--out", str(out), *options], check=True, capture_output=True)


@pytest.fixture(scope="module")
def customer_ids() -> set[str]:
    return {row["customer_id"] for row in read("customers.csv")}


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str], set[int]]:
    """(file, defect) -> data rows."""
    cells = defaultdict(set)
    for cell in read("truth/defects.csv"):
        cells[cell["file"], cell["defect"]].add(int(cell["row"]))
    return cells


def documented() -> list[tuple[str, str, str, int]]:
    """Defect, file, column, cells: the rows of the table in the README."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([a-z ]+) \| (\w+\.csv) \| (\w+) \| (\d+) \|", text, re.MULTILINE)
    return [(defect, file, column, int(cells)) for defect, file, column, cells in found]


def iso(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


# Found from the data alone, without the generator's own knowledge of where it planted them.
FINDERS: dict[str, Callable[[Row, set[str]], bool]] = {
    "missing email": lambda row, _: row["email"] == "",
    "invalid email": lambda row, _: row["email"] != "" and "@" not in row["email"],
    "negative amount": lambda row, _: float(row["amount"]) < 0,
    "amount in cents": lambda row, _: row["order_date"] == "2026-11-19",
    "misspelt status": lambda row, _: row["status"].strip() not in STATUSES,
    "status with trailing blank": lambda row, _: row["status"] != row["status"].strip(),
    "country in lower case": lambda row, _: not row["country"].isupper(),
    "zip without leading zero": lambda row, _: re.fullmatch(r"\d{5}|\d{4} [A-Z]{2}", row["zip"]) is None,
    "shipped before ordered": lambda row, _: row["ship_date"] != "" and row["ship_date"] < row["order_date"],
    "unknown customer": lambda row, known: row["customer_id"] not in known,
    "blank name": lambda row, _: row["name"].strip() == "",
    "mixed date format": lambda row, _: not iso(row["signup_date"]),
    "impossible birth date": lambda row, _: row["birth_date"] < "1950",
    "negative quantity": lambda row, _: int(row["quantity"]) < 0,
    "item without an order": lambda row, _: row["order_id"].startswith("ORD-7"),
    "misspelt category": lambda row, _: row["category"] not in {"garden", "kitchen", "office", "toys"},
}


def test_the_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    generate(tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv")}
    assert written == {path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.csv")}
    for path in written:
        assert (tmp_path / path).read_bytes() == (EXAMPLES / path).read_bytes(), path


def test_they_are_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.suffix in {".csv", ".py", ".md"}) < 1_000_000


def test_scale_multiplies_rows_and_defects(tmp_path: Path) -> None:
    generate(tmp_path, "--scale", "3")
    assert len(read("orders.csv", tmp_path)) == 3 * len(read("orders.csv"))
    defects, planted = (
        Counter(cell["defect"] for cell in read("truth/defects.csv", root) if "/" not in cell["file"])
        for root in (EXAMPLES, tmp_path)
    )
    assert planted == {defect: 3 * count for defect, count in defects.items()}


def test_scale_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        generate(tmp_path, "--scale", "0")
    assert b"at least 1" in refused.value.stderr


@pytest.mark.parametrize(("defect", "file", "column", "cells"), documented())
def test_a_documented_defect_is_in_the_file(
    defect: str, file: str, column: str, cells: int, truth: dict[tuple[str, str], set[int]], customer_ids: set[str]
) -> None:
    assert len(truth[file, defect]) == cells
    if defect == "duplicate order id":
        ids = Counter(row["order_id"] for row in read(file))
        assert sum(count - 1 for count in ids.values()) == cells
        return
    assert {n for n, row in enumerate(read(file)) if FINDERS[defect](row, customer_ids)} == truth[file, defect]


def test_every_planted_defect_is_documented(truth: dict[tuple[str, str], set[int]]) -> None:
    planted = {(defect, file) for file, defect in truth if not file.startswith("snapshots/")}
    assert planted == {(defect, file) for defect, file, _, _ in documented()}
    assert set(FINDERS) | {"duplicate order id"} == {defect for defect, _ in planted}


def test_the_documented_row_counts() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name in ("customers.csv", "orders.csv", "items.csv"):
        (count,) = re.findall(rf"^\| `{name}` .*\| (\d+) \|$", text, re.MULTILINE)
        assert len(read(name)) == int(count)


def test_amounts_are_the_sum_of_the_lines_but_for_the_planted_ones(truth: dict[tuple[str, str], set[int]]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for line in read("items.csv"):
        sums[line["order_id"]] += abs(int(line["quantity"])) * float(line["unit_price"])
    spoilt = truth["orders.csv", "negative amount"] | truth["orders.csv", "amount in cents"]
    orders = [row for number, row in enumerate(read("orders.csv")) if number not in spoilt]
    wrong = [row["order_id"] for row in orders if abs(sums[row["order_id"]] - float(row["amount"])) > 0.005]
    # One id is used twice, and three lines point to orders that do not exist.
    assert len(wrong) <= 4


class TestSnapshots:
    def snapshot(self, day: str) -> list[Row]:
        return read(f"snapshots/orders_{day}.csv")

    def test_the_table_grows_by_thirty_orders_a_day(self) -> None:
        days = ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]
        assert [len(self.snapshot(day)) for day in days] == [820, 850, 880, 910]

    def test_one_load_is_the_one_of_the_day_before(self) -> None:
        assert self.snapshot("2026-11-21") == self.snapshot("2026-11-20")

    def test_one_load_is_half(self) -> None:
        assert len(self.snapshot("2026-11-22")) == 970 // 2

    def test_the_first_is_clean(self, customer_ids: set[str]) -> None:
        rows = self.snapshot("2026-11-17")
        names = set(rows[0])
        of_orders = [defect for defect, file, column, _ in documented() if file == "orders.csv" and column in names]
        for defect in set(of_orders) & set(FINDERS):
            assert [row for row in rows if FINDERS[defect](row, customer_ids)] == [], defect
        assert len({row["order_id"] for row in rows}) == len(rows)

    @pytest.mark.parametrize("day", ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
    def test_no_row_knows_the_future(self, day: str) -> None:
        evening = datetime.fromisoformat(f"{day} 23:59:59")
        for row in self.snapshot(day):
            assert datetime.fromisoformat(row["updated_at"]) <= evening
            assert date.fromisoformat(row["ship_date"] or row["order_date"]) <= evening.date()

    def test_orders_move_on_between_snapshots(self) -> None:
        before, after = ({row["order_id"]: row for row in self.snapshot(f"2026-11-{day}")} for day in (17, 20))
        moved = [order for order, row in before.items() if row["status"] != after[order]["status"]]
        assert moved
        assert all(before[order]["updated_at"] < after[order]["updated_at"] for order in moved)
