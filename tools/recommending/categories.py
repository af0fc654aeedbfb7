"""Rules on columns that hold one of a few values, and which of the values look like slips of another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tools.dqdl.language.model import Keyword, Member, Text
from tools.privacy import personal_text
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
MANY_ROWS, MOST_STRANGERS = 500, 3
"""In so many rows, at most so many values that occur once are strange if all others are frequent."""
SHORTEST_TYPO = 4
LOST_SHARE = 0.1
NULL_TOKENS = frozenset({"", "n/a", "na", "null", "nan", "none", "-", "--", "?", "#n/a", "not available", "tbd", "nil"})


@dataclass(frozen=True)
class Slip:
    """A value that looks wrong among the others."""

    value: str
    rows: int
    why: str
    """For a sentence that begins with the value."""


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
    if any(map(personal_text, counts)):
        return  # also where the column as a whole does not look personal: notes with an address in them
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
    """Words for a missing value, rare variants of a frequent one (case, blanks, signs, a typo), lone strangers."""
    present = sum(counts.values())
    tokens = [v for v, rows in counts.items() if v.strip().lower() in NULL_TOKENS and rows <= LOST_SHARE * present]
    found = {token: Slip(token, counts[token], "stands for a missing value") for token in tokens}
    for value, rows in counts.items():
        needed = MUCH_RARER if rows > OFTEN else RARER
        common = [other for other in counts if other not in found and counts[other] >= needed * rows]
        likely = [other for other in common if value not in found and _variant(value, other)]
        if likely:
            found[value] = Slip(value, rows, f"looks like {max(likely, key=lambda other: counts[other])!r}")
    strangers = [v for v, rows in counts.items() if v not in found and rows == 1]
    others = [rows for v, rows in counts.items() if v not in found and rows > 1]
    if present >= MANY_ROWS and len(strangers) <= MOST_STRANGERS and min(others, default=0) >= RARER:
        found |= {value: Slip(value, 1, "occurs only once") for value in strangers}
    return list(found.values())


def _about(slips: list[Slip], present: int, kept: int, facts: Evidence, name: str) -> str:
    suspected = sum(slip.rows for slip in slips)
    facts |= {f"column.{name}.suspected": suspected, f"column.{name}.slips": [slip.value for slip in slips]}
    shown = ", ".join(f"{slip.value!r} {slip.why}" for slip in slips[:3])
    verb = "row does" if suspected == 1 else "rows do"
    most = f"one of {kept}" if kept > 1 else "the same"
    return f"Nearly all of {present} values are {most}; {suspected} {verb} not fit: {shown}."


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
    # A value with digits is a code, and the next code is no slip: "al-hf-1" is not "ak-hf-1" written wrong.
    if len(other) < SHORTEST_TYPO or re.search(r"\d", plain + other):
        return False
    allowed = 1 if len(other) < 6 else max(2, int(0.15 * len(other)))
    return _letters_apart(plain, other) <= allowed and distance(plain, other) <= allowed


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _letters_apart(one: str, two: str) -> int:
    """A lower bound of the distance that is quick to have: letters that only one of them has."""
    left, right = Counter(one), Counter(two)
    return max((left - right).total(), (right - left).total())


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
