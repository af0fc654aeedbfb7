"""All heuristics together: what they say about one profile, without repetition, the most useful first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from tools.dqdl.language.model import Rule, Text
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending.candidate import Candidate, build, expressible, quoted
from tools.recommending.moments import freshness, moments, orders
from tools.recommending.numbers import numbers
from tools.recommending.presence import presence
from tools.recommending.table import keys, volume
from tools.recommending.texts import texts

LIMIT = 40
WORTH = {
    "IsPrimaryKey": 1.0,
    "RowCount": 1.1,
    "ColumnCount": 1.1,
    "DataFreshness": 0.9,
    "ColumnValues": 0.8,
    "ColumnDataType": 0.75,
    "IsComplete": 0.75,
    "IsUnique": 0.7,
    "Completeness": 0.65,
    "CustomSql": 0.8,
    "Uniqueness": 0.55,
    "Mean": 0.45,
    "DistinctValuesCount": 0.45,
    "StandardDeviation": 0.35,
    "ColumnLength": 0.35,
    "Sum": 0.3,
    "ColumnExists": 0.3,
}
"""What a steward gains from a rule of each type, if it is right: a judgement. Times the confidence it ranks."""
BONUS = 0.2
"""For a rule that shows rows which look wrong today: it pays at once."""
IMPLIES_COMPLETE = ("IsPrimaryKey", "ColumnDataType")


def candidates(profile: Profile, *, now: datetime | None = None, limit: int = LIMIT) -> list[Candidate]:
    """The rules that the statistics of a table speak for, most useful first, at most ``limit``.

    Values that look wrong are suspected and not learnt: a rule leaves them out, and they show as its failures. No rule
    of the list follows from another one. ``now`` (by default the clock) matters to freshness and to dates in the
    future: a table that has not changed for days gets no freshness rule.
    """
    moment = now or datetime.now(UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = [*volume(profile), *keys(profile), *freshness(profile, moment), *orders(profile)]
    for column in profile.columns:
        if expressible(column.name):
            found += _of_column(column, profile, moment)
    kept = _without_implied(found, profile)
    return sorted(kept, key=lambda candidate: (-worth(candidate), candidate.rule))[:limit]


def _of_column(column: ColumnProfile, profile: Profile, now: datetime) -> Iterator[Candidate]:
    rules = [*presence(column, profile), *numbers(column, profile), *texts(column, profile), *moments(column, now)]
    yield from rules
    if not rules:
        rule = Rule("ColumnExists", (Text(quoted(column.name)),))
        yield build(rule, "Nothing else can be said of this column yet; it should at least stay.", {}, 0.6)


def _without_implied(found: list[Candidate], profile: Profile) -> list[Candidate]:
    complete = {column for candidate in found if _needs_values(candidate, profile) for column in candidate.columns}
    implied = {("IsComplete", (column,)) for column in complete}
    unique: dict[str, Candidate] = {}
    for candidate in found:
        if (candidate.rule_type, candidate.columns) not in implied:
            unique.setdefault(candidate.rule, candidate)
    return list(unique.values())


def _needs_values(candidate: Candidate, profile: Profile) -> bool:
    """Whether a missing value fails the rule too, so that it says all that IsComplete would."""
    if candidate.rule_type in IMPLIES_COMPLETE:
        return " where " not in candidate.rule
    if candidate.rule_type != "ColumnValues" or profile.column(candidate.columns[0]).nulls:
        return False
    return not any(f'" {word} ' in candidate.rule for word in ("!=", "not in"))


def worth(candidate: Candidate) -> float:
    """What ranks candidates: what a steward gains from such a rule, by how sure it is."""
    return WORTH[candidate.rule_type] * candidate.confidence + BONUS * candidate.suspects
