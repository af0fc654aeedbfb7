"""Lineage as short lines, so that a test shows what it expects: `target.column <- source.column KIND`."""

from typing import Any

from tools import lineage

SHOP = {
    "orders": ["id", "customer_id", "amount", "status", "placed_at"],
    "customers": ["id", "name", "email", "country"],
    "items": ["order_id", "sku", "quantity", "price"],
}


def arrow(edge: lineage.Edge) -> str:
    """One edge as a line; the target of a plain SELECT has no table."""
    target = f"{edge.target.table}.{edge.target.column}".lstrip(".")
    masked = " masked" if edge.masking else ""
    return f"{target} <- {edge.source.table}.{edge.source.column} {edge.subtype}{masked}"


def arrows(sql: str, **options: Any) -> set[str]:
    """The edges of a script, which must be complete."""
    found = lineage.extract(sql, **{"schema": SHOP, **options})
    assert found.complete, [str(problem) for problem in found.problems]
    return {arrow(edge) for edge in found.edges}


def direct(sql: str, **options: Any) -> set[str]:
    """The direct edges only, without their kind."""
    found = lineage.extract(sql, **{"schema": SHOP, **options})
    assert found.complete, [str(problem) for problem in found.problems]
    return {arrow(edge).rsplit(" ", 1)[0] for edge in found.edges if edge.type == "DIRECT" and not edge.masking}


def lines(text: str) -> set[str]:
    """The lines of an expectation."""
    return {line.strip() for line in text.strip().splitlines() if line.strip()}
