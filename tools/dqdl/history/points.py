"""What was measured before: the points of a metric, and the key under which they are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Real
from typing import Any, Protocol

from tools.dqdl.language.model import Rule, Text
from tools.dqdl.plans.plan import RuleError


@dataclass(frozen=True)
class Point:
    """One measurement."""

    value: float
    at: datetime | None = None
    """When the data was measured; None where nobody knows, which counts as equally spaced."""
    excluded: bool = False
    """It must not be learnt from: a person said so, or it is the point that is about to be judged."""
    normal: bool = False
    """A person said that values like it are no anomaly, be it excluded or not."""


class PointSource(Protocol):
    """A store of points that is asked only for the metrics that rules use."""

    def points(self, key: str, /) -> Sequence[Any]:
        """The points of a metric, oldest first: numbers, pairs of time and number, or :class:`Point`."""


class History:
    """The points that count, metric by metric; each metric is looked up once."""

    def __init__(self, source: Mapping[str, Sequence[Any]] | PointSource | None = None) -> None:
        self._source = source
        self._known: dict[str, tuple[Point, ...]] = {}

    def normal(self, rule: Rule, key: str) -> tuple[float, ...]:
        """The values of a rule's metric that a person called normal."""
        return tuple(point.value for point in self._all(rule, key) if point.normal)

    def points(self, rule: Rule, key: str) -> tuple[Point, ...]:
        """The points of a rule's metric, oldest first, without those that are excluded or not finite.

        A history that somebody passes may use the plain key of a metric whose own key also names the condition or
        the SQL; a rule with a filter never takes the points of the rule without it. Raises RuleError for a point
        that is no number.
        """
        return tuple(point for point in self._all(rule, key) if not point.excluded)

    def _all(self, rule: Rule, key: str) -> tuple[Point, ...]:
        own = statistic_key(rule, key)
        found = self._of(own)
        return self._of(key) if not found and own != key and rule.where is None else found

    def _of(self, key: str) -> tuple[Point, ...]:
        if key not in self._known:
            points = (_point(key, given) for given in self._asked(key))
            self._known[key] = tuple(point for point in points if math.isfinite(point.value))
        return self._known[key]

    def _asked(self, key: str) -> Sequence[Any]:
        if self._source is None:
            return ()
        return self._source.get(key, ()) if isinstance(self._source, Mapping) else self._source.points(key)


_BY_PARAMETERS = {
    *("CustomSql", "ColumnNamesMatchPattern", "ReferentialIntegrity", "DatasetMatch", "AggregateMatch"),
    *("FileFreshness", "FileSize", "FileMatch", "FileUniqueness"),
}
"""Rule types whose metric is not told by its key alone: two statements of CustomSql are two histories."""


def statistic_key(rule: Rule, key: str) -> str:
    """The key of a rule's metric in the history: the metric's key, and whatever else decides its value.

    That is the parameters where the key does not name them, the condition where the metric is the share of rows that
    meet it, the format of a date, and the filter.
    """
    if rule.type == "DetectAnomalies":
        rule = measured(rule)
    parts = [key]
    if rule.type in _BY_PARAMETERS:
        parts += [str(parameter) for parameter in rule.parameters]
    if rule.condition is not None and key.endswith(("Compliance", "PatternMatch")):
        parts.append(str(rule.condition))
    parts += [str(tag) for tag in rule.tags if tag.name.lower() != "threshold"]
    return " ".join(parts if rule.where is None else [*parts, f"where {rule.where}"])


def measured(rule: Rule) -> Rule:
    """The rule type and the parameters that a DetectAnomalies names. Raises RuleError when it names a constant."""
    name = rule.parameters[0]
    if not isinstance(name, Text):
        raise RuleError(f"{rule.type} needs the name of a rule type in quotes, not {name}.")
    kind = "CustomSql" if name.value.lower() == "customsql" else name.value
    return Rule(kind, rule.parameters[1:], line=rule.line)


def _point(key: str, given: Any) -> Point:
    if isinstance(given, Point):
        return given
    at, value = given if isinstance(given, tuple) and len(given) == 2 else (None, given)
    try:
        number = float(value) if isinstance(value, Real) or hasattr(value, "as_tuple") else None
    except OverflowError:
        number = math.inf
    if number is None or isinstance(value, bool) or not (at is None or isinstance(at, datetime)):
        raise RuleError(f"The history of {key} holds {given!r}, which is neither a number nor a time with a number.")
    return Point(number, at if at is None or at.tzinfo else at.replace(tzinfo=UTC))
