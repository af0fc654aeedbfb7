"""Ready queries, in SQL that Athena and DuckDB read alike."""

from __future__ import annotations

from importlib.resources import files


def queries() -> dict[str, str]:
    """SQL by name; the first lines of each say what it answers."""
    folder = files("tools.metrics").joinpath("queries")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return {entry.name.removesuffix(".sql"): entry.read_text("utf-8") for entry in sorted(found, key=lambda e: e.name)}
