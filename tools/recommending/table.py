"""Rules on the table as a whole, and on what tells its rows apart."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dqdl.language.model import Between, Compare, Rule, Text
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import names
from tools.recommending.candidate import Candidate, Evidence, build, expressible, nice, number, on, quoted
from tools.recommending.intervals import floored, trust, wilson_lower

MIN_ROWS = 20
"""Below this, that all values differ says nothing."""
LOST, DOUBLED = 0.6, 1.8
"""A load with fewer rows has lost some, one with more was loaded twice; between is what business does."""
NEAR_KEY = 0.02
"""An identifier may repeat in this share of rows and still be taken for a key with errors."""


def volume(profile: Profile) -> Iterator[Candidate]:
    """How many rows and columns there should be."""
    rows, width = profile.rows, len(profile.columns)
    low, high = nice(LOST * rows, up=False), nice(DOUBLED * rows, up=True)
    if rows >= MIN_ROWS:
        yield build(
            Rule("RowCount", condition=Between(number(low), number(high))),
            f"There are {rows} rows now. A load outside {low:.0f} to {high:.0f} was likely cut short or loaded twice.",
            {"rows": rows, "bound.low": int(low), "bound.high": int(high)},
            0.7,
        )
    else:
        yield build(
            Rule("RowCount", condition=Compare(">", number(0))),
            f"There are only {rows} rows, too few to expect a number; an empty load should still be noticed.",
            {"rows": rows},
            0.6,
        )
    yield build(
        Rule("ColumnCount", condition=Compare("=", number(width))),
        f"The table has {width} columns; one more or less means that its producer changed it.",
        {"columns": width},
        0.7,
    )


def keys(profile: Profile) -> Iterator[Candidate]:
    """The primary key, and other columns whose values should not repeat."""
    rows = profile.rows
    if rows < MIN_ROWS:
        return
    key = _primary(profile)
    if key:
        yield key
    taken = key.columns if key and len(key.columns) == 1 else ()
    for column in profile.columns:
        if column.name not in taken and _tells_apart(column):
            yield from _unique(column, rows)


def _primary(profile: Profile) -> Candidate | None:
    keys = [[profile.column(name) for name in key] for key in profile.candidate_keys]
    proven = [key[0].name for key in keys if len(key) == 1]
    singles = [c for c in profile.columns if _key_like(c) and (c.name in proven or _differs(c, profile.rows))]
    if singles:
        return _verified([min(singles, key=lambda column: _rank(profile, column))], profile.rows)
    near = [column for column in profile.columns if _nearly(column, profile.rows)]
    if near:
        return _with_errors(min(near, key=lambda column: _rank(profile, column)), profile.rows)
    several = [key for key in keys if len(key) > 1 and all(_part(column) for column in key)]
    return _verified(several[0], profile.rows) if several else None


def _verified(key: list[ColumnProfile], rows: int) -> Candidate:
    what = (
        "No two rows share a value, and none is missing" if len(key) == 1 else "No two rows share all of these values"
    )
    return build(
        _key_rule(key),
        f"{what}, in all {rows} rows: it tells the rows apart.",
        {"rows": rows, **{f"column.{column.name}.distinct": column.distinct for column in key}},
        0.95 if all(names.identifies(column.name) for column in key) else 0.8,
    )


def _with_errors(column: ColumnProfile, rows: int) -> Candidate:
    facts: Evidence = {"rows": rows, f"column.{column.name}.distinct": column.distinct}
    about = "" if column.distinct_exact else "about "
    return build(
        _key_rule([column]),
        f"It is named like the key of the table, yet {rows} rows have only {about}{column.distinct} different values. "
        f"The rows that repeat one{' or have none' * bool(column.nulls)} look wrong.",
        facts,
        0.85 if column.distinct_exact else 0.7,
        suspects=True,
    )


def _unique(column: ColumnProfile, rows: int) -> Iterator[Candidate]:
    present = rows - column.nulls
    facts: Evidence = {f"column.{column.name}.distinct": column.distinct, f"column.{column.name}.values": present}
    if not column.distinct_exact or present < MIN_ROWS:
        return
    if column.distinct == present:
        reason = f"All {present} values differ, as they should in such a column."
        yield build(on("IsUnique", column), reason, facts, 0.85 * trust(present))
        return
    # A value that repeats takes at least two rows, so at least this many values occur once.
    once = max(0, 2 * column.distinct - present)
    bound = floored(wilson_lower(once, present))
    if once / present >= 0.9:
        yield build(
            on("Uniqueness", column, Compare(">=", number(bound))),
            f"At least {once} of {present} values occur only once; a share below {bound} would mean many more repeats.",
            {**facts, f"column.{column.name}.once": once, "bound": bound},
            0.6,
        )


def _key_rule(key: list[ColumnProfile]) -> Rule:
    return Rule("IsPrimaryKey", tuple(Text(quoted(column.name)) for column in key))


def _key_like(column: ColumnProfile) -> bool:
    """Measurements, moments and words differ by accident; what is named an id or looks like a code does not."""
    if not expressible(column.name) or names.never_negative(column.name):
        return False
    if names.identifies(column.name):
        return (column.kind == "number" and _whole(column)) or column.kind in {"text", "other"}
    return column.kind == "text" and not any(" " in mask for mask, _ in column.patterns) and not column.personal


def _nearly(column: ColumnProfile, rows: int) -> bool:
    missing, repeated = column.nulls / rows, 1 - column.distinct / rows
    return _key_like(column) and names.identifies(column.name) and missing <= NEAR_KEY and repeated <= NEAR_KEY


def _differs(column: ColumnProfile, rows: int) -> bool:
    return names.identifies(column.name) and column.distinct_exact and column.distinct == rows


def _part(column: ColumnProfile) -> bool:
    if not expressible(column.name):
        return False
    named = names.identifies(column.name) or names.has(column.name, frozenset({"line", "date", "day", "month", "year"}))
    return named and (column.kind != "number" or _whole(column))


def _tells_apart(column: ColumnProfile) -> bool:
    coded = names.identifies(column.name) or names.has(column.name, frozenset({"email", "mail", "iban", "url"}))
    return coded and column.kind in {"text", "number", "other"} and expressible(column.name)


def _whole(column: ColumnProfile) -> bool:
    return "INT" in column.type.upper()


def _rank(profile: Profile, column: ColumnProfile) -> tuple[bool, int]:
    return (not names.identifies(column.name), profile.columns.index(column))
