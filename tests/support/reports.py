"""Hand-made verdicts for the tests of what people read."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.console import Console

from graph.runs import TableReport
from memory.model import Event, Proposal, RecordedDecision

HOSTILE = "\x1b[31m[bold]<script>alert('x')</script>\u202egnp.exe"
"""A terminal escape, Rich markup, HTML and a change of the reading order, in one value."""


def rule(text: str, outcome: str = "Passed", **other: Any) -> dict[str, Any]:
    base = {
        "rule": text,
        "rule_type": text.split()[0],
        "columns": [],
        "outcome": outcome,
        "reason": "It is as it has to be.",
        "dimension": "validity",
        "metrics": {},
        "failed_rows": 0,
        "examples": [],
        "vacuous": False,
    }
    return base | other


def evaluation(*rules: dict[str, Any], rows: int = 1000) -> dict[str, Any]:
    passed = all(one["outcome"] == "Passed" for one in rules)
    return {"rows": rows, "queries": 1, "passed": passed, "rules": list(rules)}


def order(**other: Any) -> dict[str, Any]:
    row = {"order_id": "ORD-1", "customer_id": "C-1", "email": "a@example.org", "status": "paid", "amount": 12.5}
    return row | {"country": "DE", "zip": "04109"} | other


def orders_report() -> TableReport:
    rules = [
        rule('IsPrimaryKey "order_id"', dimension="uniqueness", reason="1,000 of 1,000 values are unique and present."),
        rule(
            'IsComplete "email"',
            "Failed",
            columns=["email"],
            dimension="completeness",
            reason="98.8 % of the values are present, all have to be: 12 rows fail.",
            metrics={"Column.email.Completeness": 0.988},
            failed_rows=12,
            examples=[order(email=None), order(email="")],
        ),
        rule(
            'ColumnValues "status" in ["placed", "shipped", "delivered", "cancelled", "returned"]',
            "Failed",
            columns=["status"],
            reason="99.3 % of the values are in the list, all have to be: 7 rows fail.",
            failed_rows=7,
            examples=[order(status="shipped ")],
        ),
        rule('CustomSql "select count(*) from nowhere" = 0', "Error", reason="There is no table 'nowhere'."),
        rule("RowCount between 900 and 1100", dimension="completeness", reason="1,000 rows.", failed_rows=None),
        rule('ColumnValues "coupon" > 0', vacuous=True, reason="no rows with a value."),
    ]
    dimensions = {"validity": 0.9965, "uniqueness": 1.0, "completeness": 0.988}
    return TableReport("/data/orders.csv", evaluation(*rules), 0.9948, dimensions)


def proposal(number: int = 1, text: str = 'IsComplete "email"', **other: Any) -> Proposal:
    base: dict[str, Any] = {
        "id": UUID(int=number),
        "run_id": "run2345x",
        "number": number,
        "dataset_id": UUID(int=9),
        "rule": text,
        "rule_type": text.split()[0],
        "columns": ("email",),
        "dimension": "completeness",
        "fingerprint": text,
        "reasoning": "Only 12 of 1,000 values are missing.",
        "evidence": {"rows": 1000, "column.email.nulls": 12},
        "dry_run": rule(text, "Failed", columns=["email"], failed_rows=12, examples=[order(email=None)]),
        "confidence": 0.75,
        "source": "statistics",
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
        "decision": None,
    }
    return Proposal(**{**base, **other})


def decided(action: Any, rule_text: str | None = None, reason: str | None = None) -> RecordedDecision:
    return RecordedDecision(action, rule_text, reason, "Ann", datetime(2026, 11, 23, tzinfo=UTC))


def event(kind: str, agent: str | None = None, **data: Any) -> Event:
    return Event("run2345x", 1, kind, agent, None, data, datetime(2026, 11, 23, tzinfo=UTC))


def rendered(renderable: Any, width: int = 100) -> str:
    """What a terminal of that width shows, without colours."""
    console = Console(width=width, markup=True, emoji=True, color_system=None, file=io.StringIO())
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()
