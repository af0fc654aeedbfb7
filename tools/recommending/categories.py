"""Rules on columns that hold one of a few values, and which of the values look like slips of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.dqdl.model import Keyword, Member, Text
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending.candidate import DATE_SHAPED, Candidate, Evidence, build, on, quoted
from tools.recommending.intervals import wilson_lower

MOST_VALUES = 30
LONGEST = 60
ROWS_PER_VALUE = 8
UNSEEN = 0.02
"""The share of values that occur once estimates how likely the next row is to bring a new one (Good and Turing)."""
RARER = 5
"""A slip is at least this many times rarer than the value it stands for."""
OFTEN, MUCH_RARER = 3, 20
"""A slip that occurs more often than this must be this many times rarer."""
LOST_SHARE = 0.1
NULL_TOKENS = frozenset({"", "n/a", "na", "null", "nan", "none", "-", "--", "?", "#n/a", "not available", "tbd", "nil"})


@dataclass(frozen=True)
class Slip:
    """A value that looks like another one written wrong."""

    value: str
    rows: int
    of: str | None
    """None where it is a word for a missing value."""


def categories(column: ColumnProfile, profile: Profile) -> Iterator[Candidate]:
    """The set of values, without the slips, which then show as failures."""
    present = profile.rows - column.nulls
    counts = {value: rows for value, rows in column.top_values if isinstance(value, str)}
    complete = column.distinct <= len(counts) and sum(counts.values()) == present
    if column.kind != "text" or not complete or present < ROWS_PER_VALUE * 2:
        return
    slips = find_slips(counts)
    kept = sorted(counts.keys() - {slip.value for slip in slips})
    if not _is_a_set(kept, counts, present) or not all(_writable(value) for value in kept):
        return
    items = [Text(quoted(value)) for value in kept]
    facts: Evidence = {f"column.{column.name}.values": kept, "values": len(kept), "rows": present}
    if slips:
        reason = _about(slips, present, len(kept), facts, column.name)
    else:
        reason = f"All {present} values are " + (f"one of {len(kept)}." if len(kept) > 1 else "the same.")
    condition = Member((*items, *([Keyword("NULL")] if column.nulls else [])))
    unseen = sum(1 for value in kept if counts[value] == 1) / present
    confidence = min(0.9, wilson_lower(present, present)) - 5 * unseen - 0.05 * bool(slips)
    yield build(on("ColumnValues", column, condition), reason, facts, max(0.4, confidence), suspects=bool(slips))


def find_slips(counts: dict[str, int]) -> list[Slip]:
    """Values that stand for a missing one, or are a rare variant of a frequent one: case, blanks, signs, a typo."""
    present = sum(counts.values())
    tokens = [v for v, rows in counts.items() if v.strip().lower() in NULL_TOKENS and rows <= LOST_SHARE * present]
    found = {token: Slip(token, counts[token], None) for token in tokens}
    for value, rows in counts.items():
        needed = MUCH_RARER if rows > OFTEN else RARER
        likely = [
            other
            for other in counts
            if other not in found and counts[other] >= needed * rows and _variant(value, other)
        ]
        if value not in found and likely:
            found[value] = Slip(value, rows, max(likely, key=lambda other: counts[other]))
    return list(found.values())


def _about(slips: list[Slip], present: int, kept: int, facts: Evidence, name: str) -> str:
    suspected = sum(slip.rows for slip in slips)
    facts |= {f"column.{name}.suspected": suspected, f"column.{name}.slips": [slip.value for slip in slips]}
    shown = [
        f"{slip.value!r} looks like {slip.of!r}" if slip.of else f"{slip.value!r} stands for a missing value"
        for slip in slips[:3]
    ]
    verb = "row does" if suspected == 1 else "rows do"
    return f"Nearly all of {present} values are one of {kept}; {suspected} {verb} not fit: {', '.join(shown)}."


def _is_a_set(kept: list[str], counts: dict[str, int], present: int) -> bool:
    if not 1 <= len(kept) <= MOST_VALUES or any(len(value) > LONGEST for value in kept):
        return False
    once = sum(1 for value in kept if counts[value] == 1)
    return present >= ROWS_PER_VALUE * len(kept) and once / present <= UNSEEN


def _writable(value: str) -> bool:
    """Whether a list of DQDL can hold the value as text, unchanged in every reading of its escapes."""
    return not DATE_SHAPED.fullmatch(value) and not re.search(r"[\\\"'\x00-\x1f]", value)


def _variant(rare: str, common: str) -> bool:
    plain, other = _plain(rare), _plain(common)
    if plain == other:
        return bool(plain)
    # Digits that differ are other values, not slips: "size 10" is no slip of "size 12".
    if re.sub(r"\D", "", plain) != re.sub(r"\D", "", other):
        return False
    allowed = 1 if len(other) < 6 else 2
    return len(other) >= 4 and abs(len(plain) - len(other)) <= allowed and distance(plain, other) <= allowed


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def distance(one: str, two: str) -> int:
    """How many letters to insert, delete, change or swap with the next (Damerau, CACM 7, 1964; restricted form)."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, start=1):
        before_that, before = before, row
        row = [i]
        for j, other in enumerate(two, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                cost = min(cost, before_that[j - 2] + 1)
            row.append(cost)
    return row[-1]
