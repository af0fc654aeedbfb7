"""Lineage from what databases know of themselves: their views, and the queries that they remember."""
