"""Rules on missing values."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dqdl.language.model import Compare
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import names
from tools.recommending.candidate import Candidate, Evidence, build, fact, number, on, shown
from tools.recommending.intervals import floored, trust, wilson_lower

SUSPICIOUS = 0.02
"""So small a share of missing values is more often an error than a choice, in enough rows to tell."""
ENOUGH_ROWS = 100
HALF_EMPTY = 0.3
"""A column filled less than this is optional: a bound on how empty it may be protects nothing."""


def presence(column: ColumnProfile, profile: Profile) -> Iterator[Candidate]:
    """IsComplete where nothing, or suspiciously little, is missing, else a lower bound on completeness."""
    rows, nulls = profile.rows, column.nulls
    if rows == 0 or nulls == rows:
        return
    facts: Evidence = {"rows": rows, f"column.{column.name}.nulls": nulls}
    if nulls == 0:
        reason = f"None of the {rows} values is missing."
        yield build(on("IsComplete", column), reason, facts, max(0.5, trust(rows)) - 0.1 * _optional(column))
    elif nulls / rows <= SUSPICIOUS and rows >= ENOUGH_ROWS and not _optional(column):
        reason = f"{nulls} of {rows} values missing is so little that it looks like an error rather than a choice."
        confidence = 0.75 if names.identifies(column.name) or names.has(column.name, frozenset({"email"})) else 0.6
        yield build(on("IsComplete", column), reason, facts, confidence, suspects=True)
    elif 1 - nulls / rows >= HALF_EMPTY:
        yield _bounded(column, rows, facts)


def _bounded(column: ColumnProfile, rows: int, facts: Evidence) -> Candidate:
    bound = floored(wilson_lower(rows - column.nulls, rows))
    missing = 100 * column.nulls / rows
    reason = (
        f"{column.nulls} of {rows} values are missing ({shown(missing)} %). "
        f"A complete share below {bound} would be more than chance explains."
    )
    evidence = {**facts, f"column.{column.name}.missing_percent": fact(missing), "bound": bound}
    return build(on("Completeness", column, Compare(">=", number(bound))), reason, evidence, 0.7)


def _optional(column: ColumnProfile) -> bool:
    return names.has(column.name, names.OPTIONAL)
