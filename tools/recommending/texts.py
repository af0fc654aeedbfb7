"""Rules on text: what its values are (addresses, numbers, dates, a set, codes), or what is left where none fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.dqdl.language.model import Between, Compare, Keyword, Matches, Member, Text
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import names
from tools.recommending.candidate import Candidate, Evidence, build, fact, nice, number, on, quoted, shown
from tools.recommending.categories import LOST_SHARE, NULL_TOKENS, categories
from tools.recommending.intervals import trust
from tools.recommending.shapes import code_of, looked_at, share_like

MIN_ROWS = 20
ENOUGH, HINTED = 0.9, 0.5
"""From this share of values of one type or shape on, the others are suspected; a hint in the name lowers the bar."""
DATATYPES = {"INTEGER": "Integer", "DOUBLE": "Double", "BOOLEAN": "Boolean", "DATE": "Date", "TIMESTAMP": "Timestamp"}


@dataclass(frozen=True)
class Format:
    """A kind of text that is known by its shape."""

    name: str
    shape: re.Pattern[str]
    """Of a mask with folded runs."""
    regex: str
    hints: frozenset[str]
    """Words of a name that make it likely."""
    needs_hint: bool = False
    """The shape alone does not tell it from other texts."""


FORMATS = (
    Format(
        "an email address",
        re.compile(r"[^@\s]+@[^@\s]+\.[Aa][Aa9.-]*"),
        "[^@ ]+@[^@ ]+[.][A-Za-z]{2,}",
        frozenset({"email", "mail"}),
    ),
    Format("a web address", re.compile(r"[Aa]+://\S+"), "[A-Za-z]+://[^ ]+", frozenset({"url", "link", "website"})),
    Format(
        "a phone number",
        re.compile(r"\+?[(9][9 ()/.-]*"),
        "[+]?[(0-9][0-9 ()/.-]{4,22}",
        frozenset({"phone", "telephone", "mobile", "fax", "tel"}),
        needs_hint=True,
    ),
)
TYPED_SHAPES = (
    ("Date", re.compile(r"9-9-9"), 10),
    ("Timestamp", re.compile(r"9-9-9[ AT]9:9(:9(\.9)?)?A?"), 16),
)
"""Data type, folded mask, and the least length of a value."""


def texts(column: ColumnProfile, profile: Profile) -> Iterator[Candidate]:
    """One rule on what the values are, or else on blanks, words for missing values, length and variety."""
    present = profile.rows - column.nulls
    if column.kind != "text" or present < MIN_ROWS or column.distinct == 0:
        return
    looked = looked_at(column, profile.rows)
    found = next((rule for rule in _meanings(column, profile, present, looked) if rule), None)
    if found:
        yield found
        return
    yield from _missing_words(column, present)
    variety = list(_variety(column, profile))
    yield from variety or _lengths(column, present)


def _meanings(column: ColumnProfile, profile: Profile, present: int, looked: int) -> Iterator[Candidate | None]:
    """What the values may be, the most telling first."""
    coded = _is_coded(column)
    yield _formatted(column, FORMATS[:2])
    yield _typed(column, present)
    yield _coded(column, looked, exact=True) if coded else None
    yield _formatted(column, FORMATS[2:])
    yield from categories(column, profile) if column.personal is None else ()
    yield _coded(column, looked, exact=True)
    yield _coded(column, looked, exact=False)


def _formatted(column: ColumnProfile, formats: Sequence[Format]) -> Candidate | None:
    for kind in formats:
        share = share_like(column.patterns, kind.shape)
        hinted = names.has(column.name, kind.hints)
        if share >= (HINTED if hinted else ENOUGH) and (hinted or not kind.needs_hint):
            facts: Evidence = {f"column.{column.name}.shape_percent": fact(100 * share)}
            few = "" if share == 1 else f", {shown(100 * share)} % of those looked at"
            rule = on("ColumnValues", column, Matches(Text(kind.regex)), guard=True)
            reason = f"The values have the shape of {kind.name}{few}."
            return build(rule, reason, facts, 0.85 if hinted else 0.75, suspects=share < 1)
    return None


def _typed(column: ColumnProfile, present: int) -> Candidate | None:
    coded, blanks = _is_coded(column), column.blanks or 0
    if column.inferred_type in DATATYPES and not coded:
        kind = DATATYPES[column.inferred_type]
        kind = "Long" if kind == "Integer" and (column.max_length or 0) > 9 else kind
        return _cast(column, kind, present - blanks, present)
    share = column.numeric_share or 0.0
    if ENOUGH <= share < 1 and not coded:
        return _cast(column, "Double", round(share * present), present)
    for kind, shape, length in TYPED_SHAPES:
        alike = share_like(column.patterns, shape)
        if ENOUGH <= alike < 1 and (column.max_length or 0) >= length:
            listed = sum(rows for _, rows in column.patterns)
            return _cast(column, kind, round(alike * listed), listed)
    return None


def _is_coded(column: ColumnProfile) -> bool:
    return names.identifies(column.name) or names.has(column.name, names.CODED)


def _cast(column: ColumnProfile, kind: str, good: int, present: int) -> Candidate:
    facts: Evidence = {f"column.{column.name}.values": present, f"column.{column.name}.{kind.lower()}_values": good}
    what = {"Double": "numbers", "Integer": "whole numbers", "Long": "whole numbers", "Boolean": "true or false"}
    reason = f"The column is text, but {good} of its {present} values are {what.get(kind, kind.lower() + 's')}."
    if good < present:
        reason += " The others look like errors, or like words for a missing value."
    condition = Compare("=", Text(kind))
    confidence = 0.8 * trust(present) if good == present else 0.65
    return build(
        on("ColumnDataType", column, condition, guard=True), reason, facts, confidence, suspects=good < present
    )


def _coded(column: ColumnProfile, looked: int, *, exact: bool) -> Candidate | None:
    code = code_of(column, looked, exact=exact)
    if code is None or column.distinct < 2:
        return None
    percent, shapes = 100 * code.share, " or ".join(code.masks)
    facts: Evidence = {
        f"column.{column.name}.masks": code.masks,
        f"column.{column.name}.mask_percent": fact(percent),
        "values": looked,
    }
    wrong = code.share < 1
    which = f"{shown(percent)} % of {looked}" if wrong else f"All {looked}"
    alike = ", letter for letter and digit for digit" if exact else ", with one or more letters or digits for each"
    reason = f"{which} values have the shape {shapes}{alike}{'; the others look wrong' * wrong}."
    rule = on("ColumnValues", column, Matches(Text(quoted(code.regex))), guard=True)
    return build(rule, reason, facts, (0.8 if exact else 0.7) * trust(looked), suspects=wrong)


def _missing_words(column: ColumnProfile, present: int) -> Iterator[Candidate]:
    tokens = {
        v: rows
        for v, rows in column.top_values
        if isinstance(v, str) and v.strip().lower() in NULL_TOKENS and v.strip()
    }
    rows = sum(tokens.values())
    if tokens and rows <= LOST_SHARE * present:
        words = sorted(tokens)
        facts: Evidence = {f"column.{column.name}.tokens": words, f"column.{column.name}.token_rows": rows}
        reason = f"{', '.join(map(repr, words))} stands for a missing value; rows with it: {rows}."
        condition = Member(tuple(Text(quoted(word)) for word in words), negated=True)
        yield build(on("ColumnValues", column, condition), reason, facts, 0.7, suspects=True)
    blanks = column.blanks or 0
    if 0 < blanks <= LOST_SHARE * present:
        keyword = Keyword("EMPTY" if column.min_length == 0 else "WHITESPACES_ONLY")
        facts = {f"column.{column.name}.blanks": blanks, "values": present}
        reason = f"{blanks} of {present} values are blank: a text is there, but nothing in it."
        yield build(on("ColumnValues", column, Compare("!=", keyword)), reason, facts, 0.8, suspects=True)


def _lengths(column: ColumnProfile, present: int) -> Iterator[Candidate]:
    longest, shortest = column.max_length, column.min_length
    if not longest or column.distinct < 2:
        return
    facts: Evidence = {f"column.{column.name}.max_length": longest, "values": present}
    if longest == shortest:
        reason = f"All {present} values are {longest} characters long."
        condition = Compare("=", number(longest))
        yield build(on("ColumnLength", column, condition, guard=True), reason, facts, 0.75 * trust(present))
        return
    bound = nice(2 * longest, up=True)
    reason = (
        f"The longest value has {longest} characters; one over {shown(bound)} would be several values run together."
    )
    condition = Compare("<=", number(bound))
    yield build(on("ColumnLength", column, condition), reason, {**facts, "bound": fact(bound)}, 0.4)


def _variety(column: ColumnProfile, profile: Profile) -> Iterator[Candidate]:
    """How many different values, where they are too many to list and repeat a lot. A missing value counts as one."""
    distinct = column.distinct + bool(column.nulls)
    if distinct * 15 > profile.rows or distinct < 10:
        return
    low, high = nice(0.8 * distinct, up=False), nice(1.25 * distinct, up=True)
    facts: Evidence = {f"column.{column.name}.distinct": distinct, "bound.low": fact(low), "bound.high": fact(high)}
    reason = (
        f"There are {distinct} different values. Outside {shown(low)} to {shown(high)}, "
        "a part of them is missing or spelt in new ways."
    )
    yield build(on("DistinctValuesCount", column, Between(number(low), number(high))), reason, facts, 0.55)
