"""Writes the example shop: customers, orders, order items, and the orders as they stood on six evenings before.

    python examples/generate.py [--out DIR] [--scale N]

Everything follows from one seed, so two runs write the same bytes. The snapshot of the first evening is clean; each
planted defect arrives with an order of a later day. ``truth/defects.csv`` names every planted cell, README.md explains.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

SEED = 20261123
TODAY = date(2026, 11, 23)
SNAPSHOTS = [TODAY - timedelta(days=days) for days in range(6, 0, -1)]
CENTS_DAY = date(2026, 11, 19)
STALE_DAY = date(2026, 11, 21)
HALF_DAY = date(2026, 11, 22)
ORDERS, ORDERS_A_DAY, CUSTOMERS = 1000, 30, 300

FIRST = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Karla", "Luca", "Mara"]
LAST = ["Adler", "Bauer", "Costa", "Dubois", "Ernst", "Fuchs", "Garcia", "Horn", "Jansen", "Keller", "Moreau", "Rossi"]
ZIPS = {
    "DE": ["04", "01", "10", "20", "50", "80"],
    "FR": ["06", "75", "69", "33"],
    "IT": ["00", "20", "50"],
    "ES": ["08", "28"],
    "NL": ["10", "30", "56"],
}
COUNTRIES = ["DE"] * 10 + ["FR"] * 4 + ["IT"] * 2 + ["ES"] * 2 + ["NL"] * 2
DIALLING = {"DE": "+49", "FR": "+33", "IT": "+39", "ES": "+34", "NL": "+31"}
PRODUCTS = {
    "garden": [4.9, 12.5, 19.9, 34.0, 79.0],
    "kitchen": [6.5, 14.9, 24.9, 49.9, 129.0],
    "office": [3.2, 8.9, 17.5, 59.0],
    "toys": [7.9, 15.9, 29.9, 44.5],
}

Row = dict[str, str]
Plan = dict[str, tuple[int, str, Callable[[Row], None]]]
"""Defect -> how many, in which column, what it does to a row."""


@dataclass
class Order:
    """One order, as it really was."""

    order_id: str
    customer: Row
    placed: datetime
    ship_after: int
    deliver_after: int
    fate: str
    zip: str
    amount: float = 0.0
    defects: list[tuple[str, str]] = field(default_factory=list)
    """Defect and column, in the order of planting."""

    def as_of(self, day: date) -> Row:
        """The row on the evening of a day: an order is placed, then shipped, then delivered, unless cancelled."""
        shipped = self.placed + timedelta(days=self.ship_after, hours=3)
        delivered = shipped + timedelta(days=self.deliver_after)
        status, moment = "placed", self.placed
        if self.fate == "cancelled":
            status, moment = "cancelled", self.placed + timedelta(hours=1)
        elif delivered.date() <= day:
            status, moment = self.fate, delivered
        elif shipped.date() <= day:
            status, moment = "shipped", shipped
        row = {
            "order_id": self.order_id,
            "customer_id": self.customer["customer_id"],
            "email": self.customer["email"],
            "order_date": self.placed.date().isoformat(),
            "ship_date": shipped.date().isoformat() if status in ("shipped", "delivered", "returned") else "",
            "status": status,
            "amount": f"{self.amount:.2f}",
            "currency": "EUR",
            "country": self.customer["country"],
            "zip": self.zip,
            "updated_at": moment.isoformat(sep=" ", timespec="seconds"),
        }
        for defect, _ in self.defects:
            ORDER_DEFECTS[defect][2](row)
        return row


def _too_early(row: Row) -> None:
    ordered = date.fromisoformat(row["order_date"])
    row.update(status="shipped", ship_date=(ordered - timedelta(days=3)).isoformat())


def _set(column: str, change: Callable[[str], str]) -> Callable[[Row], None]:
    return lambda row: row.update({column: change(row[column])})


ORDER_DEFECTS: Plan = {
    "missing email": (12, "email", _set("email", lambda _: "")),
    "invalid email": (5, "email", _set("email", lambda email: email.replace("@", " at "))),
    "negative amount": (3, "amount", _set("amount", lambda amount: f"-{amount}")),
    "misspelt status": (3, "status", _set("status", lambda _: "shiped")),
    "status with trailing blank": (4, "status", _set("status", lambda status: f"{status} ")),
    "zip without leading zero": (6, "zip", _set("zip", lambda _: "4109")),
    "shipped before ordered": (4, "ship_date", _too_early),
    "unknown customer": (5, "customer_id", _set("customer_id", lambda customer: customer.replace("C-1", "C-7"))),
    "country in lower case": (4, "country", _set("country", str.lower)),
    "duplicate order id": (1, "order_id", lambda _: None),
    "amount in cents": (0, "amount", _set("amount", lambda amount: f"{float(amount) * 100:.2f}")),
}
CUSTOMER_DEFECTS: Plan = {
    "blank name": (3, "name", _set("name", lambda _: "  ")),
    "mixed date format": (7, "signup_date", _set("signup_date", lambda day: "/".join(reversed(day.split("-"))))),
    "impossible birth date": (2, "birth_date", _set("birth_date", lambda _: "1900-01-01")),
}
ITEM_DEFECTS: Plan = {
    "negative quantity": (2, "quantity", _set("quantity", lambda quantity: f"-{quantity}")),
    "item without an order": (3, "order_id", _set("order_id", lambda order: order.replace("ORD-1", "ORD-7"))),
    "misspelt category": (3, "category", _set("category", lambda _: "kitchn")),
}


def customers(rng: Random, count: int) -> list[Row]:
    """People who do not exist: reserved mail domains, made-up numbers."""
    rows = []
    for number in range(count):
        first, last, country = rng.choice(FIRST), rng.choice(LAST), rng.choice(COUNTRIES)
        born = date(1950, 1, 1) + timedelta(days=rng.randrange(20000))
        signed_up = date(2024, 1, 1) + timedelta(days=rng.randrange(1000))
        rows.append(
            {
                "customer_id": f"C-{1001 + number}",
                "name": f"{first} {last}",
                "email": f"{first}.{last}{number}@example.{rng.choice(['com', 'net', 'org'])}".lower(),
                "phone": f"{DIALLING[country]} {rng.randrange(100, 1000)} {rng.randrange(1000000, 10000000)}",
                "birth_date": born.isoformat(),
                "signup_date": signed_up.isoformat(),
                "country": country,
                "iban": f"{country}{rng.randrange(10, 100)}{rng.randrange(10**17, 10**18)}",
                "newsletter": rng.choice(["true", "false"]),
            }
        )
    return rows


def orders(rng: Random, people: list[Row], count: int, a_day: int) -> list[Order]:
    """Orders, oldest first, the same number every day up to and including today."""
    made = []
    for number in range(count):
        day = TODAY - timedelta(days=(count - 1 - number) // a_day)
        customer = people[rng.randrange(len(people))]
        fate = "cancelled" if rng.random() < 0.05 else "returned" if rng.random() < 0.06 else "delivered"
        placed = datetime.combine(day, time(rng.randrange(7, 18), rng.randrange(60), rng.randrange(60)))
        code = f"{rng.choice(ZIPS[customer['country']])}{rng.randrange(1000):03d}"
        if customer["country"] == "NL":
            code = f"{code[:4]} {rng.choice('ABCDE')}{rng.choice('KLMNP')}"
        order_id = f"ORD-{100001 + number}"
        made.append(Order(order_id, customer, placed, rng.randrange(3), 1 + rng.randrange(4), fate, code))
    return made


def items(rng: Random, shop_orders: list[Order]) -> list[Row]:
    """One to three lines for every order, which they give its amount."""
    rows = []
    for order in shop_orders:
        for line in range(1, 2 + rng.randrange(3)):
            category = rng.choice(list(PRODUCTS))
            product = rng.randrange(len(PRODUCTS[category]))
            price, quantity = PRODUCTS[category][product], 1 + rng.randrange(3)
            order.amount += price * quantity
            sku = f"{category[:2].upper()}-{product + 1:03d}"
            row = {"order_id": order.order_id, "line": str(line), "sku": sku, "category": category}
            rows.append({**row, "quantity": str(quantity), "unit_price": f"{price:.2f}"})
    return rows


def plant_in_orders(rng: Random, shop_orders: list[Order], scale: int) -> None:
    """Spoils orders placed after the first snapshot, each in one way, and all amounts of the day in cents."""
    for order in shop_orders:
        if order.placed.date() == CENTS_DAY:
            order.defects.append(("amount in cents", "amount"))
    late = [n for n, order in enumerate(shop_orders) if order.placed.date() > SNAPSHOTS[0] and not order.defects]
    rng.shuffle(late)
    for defect, (count, column, _) in ORDER_DEFECTS.items():
        for _ in range(count * scale):
            number = late.pop()
            order = shop_orders[number]
            order.defects.append((defect, column))
            if defect == "duplicate order id":
                order.order_id = shop_orders[number - 40 * scale].order_id


def plant(rng: Random, rows: list[Row], planned: Plan, scale: int) -> list[Row]:
    """Spoils rows in place, each in one way; returns what was planted, one row per cell."""
    numbers = list(range(len(rows)))
    rng.shuffle(numbers)
    planted = []
    for defect, (count, column, spoil) in planned.items():
        for _ in range(count * scale):
            number = numbers.pop()
            spoil(rows[number])
            planted.append({"row": str(number), "column": column, "defect": defect})
    return planted


def snapshot(shop_orders: list[Order], day: date) -> list[tuple[Order, Row]]:
    """The orders table on the evening of a day, with what went wrong with the load of that day."""
    loaded = day - timedelta(days=1) if day == STALE_DAY else day
    rows = [(order, order.as_of(loaded)) for order in shop_orders if order.placed.date() <= loaded]
    return rows[: len(rows) // 2] if day == HALF_DAY else rows


def write(path: Path, rows: Iterable[Row]) -> None:
    """A CSV file with a header, UTF-8 and plain newlines on every system."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def generate(out: Path, scale: int = 1) -> None:
    """Writes all files below ``out``; ``scale`` multiplies the rows and the planted defects."""
    rng = Random(SEED)
    people = customers(rng, CUSTOMERS * scale)
    shop_orders = orders(rng, people, ORDERS * scale, ORDERS_A_DAY * scale)
    lines = items(rng, shop_orders)
    plant_in_orders(rng, shop_orders, scale)

    truth: list[Row] = []
    for day in [*SNAPSHOTS, TODAY]:
        name = "orders.csv" if day == TODAY else f"snapshots/orders_{day}.csv"
        rows = snapshot(shop_orders, day)
        write(out / name, (row for _, row in rows))
        for number, (order, _) in enumerate(rows):
            truth += [{"file": name, "row": str(number), "column": c, "defect": d} for d, c in order.defects]

    # Customers are spoilt after the orders copied their mail address and country.
    for name, table, planned in [("customers.csv", people, CUSTOMER_DEFECTS), ("items.csv", lines, ITEM_DEFECTS)]:
        truth += [{"file": name, **cell} for cell in plant(rng, table, planned, scale)]
        write(out / name, table)
    write(out / "truth" / "defects.csv", truth)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Writes the example data of Assay.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to (default: beside)")
    parser.add_argument("--scale", type=int, default=1, help="how many times 1000 orders (default: 1)")
    arguments = parser.parse_args()
    if arguments.scale < 1:
        parser.error("--scale must be at least 1")
    generate(arguments.out, arguments.scale)


if __name__ == "__main__":
    main()
