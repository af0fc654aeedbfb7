"""What was measured about a rule's columns, in the form in which sentences speak of it, each with where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tools.dqdl.plans.result import RuleResult
    from tools.profiling.model import ColumnProfile, Profile

Form = Literal["count", "share", "value", "date", "quantile"]

_METRICS = {
    "Completeness": {"present"},
    "Uniqueness": {"distinct"},
    "UniqueValueRatio": {"distinct"},
    "DistinctValuesCount": {"distinct"},
    "Mean": {"mean"},
    "StandardDeviation": {"stddev"},
    "Sum": {"sum"},
    "RowCount": {"rows", "total"},
    "ColumnCount": {"column"},
}
_OPPOSITE = {"present": "missing", "distinct": "duplicate", "pass": "fail"}
_BOUNDS = {
    "Completeness": {"present", "missing"},
    "IsComplete": {"present", "missing"},
    "Uniqueness": {"distinct", "duplicate"},
    "UniqueValueRatio": {"distinct", "duplicate"},
    "DistinctValuesCount": {"distinct"},
    "ColumnLength": {"length", "min", "max"},
    "Mean": {"mean"},
    "StandardDeviation": {"stddev"},
    "Sum": {"sum"},
    "RowCount": {"rows", "total"},
    "ColumnCount": {"column"},
    "DataFreshness": {"min", "max", "year"},
}
_VALUES = frozenset({"value", "min", "max"})
_DIGITS = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_DATES = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Fact:
    """One number or date that was measured."""

    name: str
    """As a person reads it: ``column.email.nulls``."""
    value: float | str
    """A date as ISO 8601 text."""
    form: Form
    topics: frozenset[str]
    of: Literal["profile", "dry_run", "memory", "rule"]
    path: str
    """JSON path in the stored document."""
    beside: float | None = None
    """The value of a quantile, which has to be told beside its percent."""
    of_present: bool = False
    """Whether it is a share of the values that are there, which is not one of all rows."""


@dataclass(frozen=True)
class Facts:
    """All that a reasoning may quote."""

    measured: list[Fact]
    bounds: list[Fact] = field(default_factory=list)
    """The numbers of the rule itself: they count where the data obeys them, or where it is told how often not."""
    holds: bool = True
    """Whether the dry run passed on data that was there."""
    names: Sequence[str] = ()
    """Texts with digits that are names or forms, not numbers."""
    whole: bool = True
    """Whether no value of the rule's columns is missing."""


def facts(
    rule: str, result: RuleResult, profile: Profile, also: Sequence[str] = (), memory: str | None = None
) -> Facts:
    """What is known about a rule's columns and those named in ``also``.

    ``memory`` is the note of what people decided about similar rules.
    """
    wanted = {name.lower() for name in [*result.columns, *also]}
    columns = [(at, column) for at, column in enumerate(profile.columns) if column.name.lower() in wanted]
    measured = list(_of_dry_run(result, profile.rows))
    for at, column in columns:
        measured += _of_column(at, column, profile.rows)
    measured += _of_table(result, profile)
    measured += _of_dependencies(profile, wanted)
    measured += [
        _number("memory", float(n), "count", {"pass", "column", "rows"}, "memory", "$.memory")
        for n in _DIGITS.findall(memory or "")
    ]
    names = [column.name for column in profile.columns if re.search(r"\d", column.name)]
    names += [
        mask for _, column in columns for mask, _ in [*column.patterns, *column.shapes] if re.search(r"\d.*\d", mask)
    ]
    bounds = list(_of_rule(rule, result.rule_type))
    whole = not any(column.nulls for _, column in columns)
    return Facts(measured, bounds, result.outcome == "Passed" and not result.vacuous, names, whole)


def _of_dry_run(result: RuleResult, rows: int) -> Iterator[Fact]:
    failed = result.failed_rows
    if failed is None and result.outcome == "Passed":
        yield from _counted("dry_run.outcome", 0, rows, {"fail"}, "dry_run", "$.outcome")
        yield from _counted("dry_run.outcome", rows, rows, {"pass"}, "dry_run", "$.outcome")
    if failed is not None:
        about = {topic for topic in _BOUNDS.get(result.rule_type, ()) if topic in ("missing", "duplicate")}
        about |= {"duplicate"} if result.rule_type in ("IsUnique", "IsPrimaryKey") else set()
        yield from _counted("dry_run.failed_rows", failed, rows, {"fail", *about}, "dry_run", "$.failed_rows")
        yield from _counted("dry_run.passed_rows", rows - failed, rows, {"pass"}, "dry_run", "$.failed_rows")
    for key, value in result.metrics.items():
        topics = _METRICS.get(key.rpartition(".")[2], {"value"})
        path = f"$.metrics[{key!r}]"
        yield _number(f"dry_run.{key}", value, "value", topics, "dry_run", path)
        if 0 <= value <= 1 and not topics & {"mean", "stddev", "sum", "rows", "column"}:
            opposite = {_OPPOSITE[topic] for topic in topics if topic in _OPPOSITE}
            yield _number(f"dry_run.{key}", value, "share", topics | {"pass"}, "dry_run", path)
            yield _number(f"1 - dry_run.{key}", 1 - value, "share", opposite | {"fail"}, "dry_run", path)


def _of_column(at: int, column: ColumnProfile, rows: int) -> Iterator[Fact]:
    name, path = f"column.{column.name}", f"$.columns[{at}]"
    present = rows - column.nulls
    blanks = column.blanks or 0
    yield from _counted(f"{name}.nulls", column.nulls, rows, {"missing", "blank"}, "profile", f"{path}.nulls")
    yield from _counted(f"{name}.present", present, rows, {"present", "total", "pass"}, "profile", f"{path}.nulls")
    if column.blanks is not None:
        yield from _counted(f"{name}.blanks", blanks, rows, {"blank"}, "profile", f"{path}.blanks")
        yield from _counted(
            f"{name}.nulls + blanks", column.nulls + blanks, rows, {"missing", "blank"}, "profile", f"{path}.blanks"
        )
    for whole in {rows, present}:
        part, here = whole != rows, f"{path}.distinct"
        yield from _counted(f"{name}.distinct", column.distinct, whole, {"distinct"}, "profile", here, part)
        repeated = max(0, present - column.distinct)
        yield from _counted(f"{name}.repeated", repeated, whole, {"duplicate"}, "profile", here, part)
    yield from _of_values(name, path, column)
    for list_name in ("top_values", "patterns", "shapes"):
        listed: list[tuple[Any, int]] = getattr(column, list_name)
        yield _number(
            f"{name}.{list_name}", len(listed), "count", {"pattern", "distinct"}, "profile", f"{path}.{list_name}"
        )
        for place, (value, count) in enumerate(listed):
            here = f"{path}.{list_name}[{place}]"
            for whole in {rows, present}:
                about = {"pattern", "pass"}
                yield from _counted(f"{name}.{list_name}", count, whole, about, "profile", here, whole != rows)
            if list_name == "shapes":
                yield _number(f"{name}.shape", len(str(value)), "value", {"length"}, "profile", here)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield _number(f"{name}.value", value, "value", {"value"}, "profile", here)


def _of_values(name: str, path: str, column: ColumnProfile) -> Iterator[Fact]:
    measures = {"mean": "mean", "stddev": "stddev", "sum": "sum"}
    for key in ("min", "max", *measures):
        value = getattr(column, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield _number(f"{name}.{key}", value, "value", {measures.get(key, key)}, "profile", f"{path}.{key}")
        elif isinstance(value, str) and (column.kind in ("date", "timestamp") or _DATES.match(value)):
            yield Fact(f"{name}.{key}", value, "date", frozenset({key, "year"}), "profile", f"{path}.{key}")
    if isinstance(column.min, int | float) and column.min >= 0:
        yield _number(f"{name}.min", 0, "value", {"fail"}, "profile", f"{path}.min")
    for percent, value in column.quantiles.items():
        here = f"{path}.quantiles[{percent!r}]"
        topics = {"median", "quantile"} if percent == "50" else {"quantile"}
        yield _number(f"{name}.quantile.{percent}", value, "value", topics, "profile", here)
        yield Fact(f"{name}.quantile", float(percent), "quantile", frozenset({"quantile"}), "profile", here, value)
    for key, topics in (
        ("min_length", {"length", "min"}),
        ("max_length", {"length", "max"}),
        ("mean_length", {"length", "mean"}),
    ):
        if (length := getattr(column, key)) is not None:
            yield _number(f"{name}.{key}", length, "value", topics, "profile", f"{path}.{key}")
    for key, share in _shares(column):
        yield _number(f"{name}.{key}", share, "share", {"pass", "pattern"}, "profile", f"{path}.{key}")
        yield _number(f"1 - {name}.{key}", 1 - share, "share", {"fail"}, "profile", f"{path}.{key}")
    for number in _DIGITS.findall(re.sub(r"[^\d]", " ", column.type)):
        yield _number(f"{name}.type", float(number), "value", {"length"}, "profile", f"{path}.type")


def _shares(column: ColumnProfile) -> Iterator[tuple[str, float]]:
    if column.numeric_share is not None:
        yield "numeric_share", column.numeric_share
    if column.semantic is not None:
        yield "semantic.share", column.semantic.share
    if column.dates is not None:
        yield "dates.share", column.dates.share


def _of_table(result: RuleResult, profile: Profile) -> Iterator[Fact]:
    yield _number("rows", profile.rows, "count", {"rows", "total"}, "profile", "$.rows")
    yield _number("columns", len(profile.columns), "count", {"column"}, "profile", "$.columns")
    yield _number("rule.columns", len(result.columns), "count", {"column"}, "dry_run", "$.columns")
    if profile.sample_rows is not None:
        yield _number("sample_rows", profile.sample_rows, "count", {"rows", "total"}, "profile", "$.sample_rows")


def _of_dependencies(profile: Profile, wanted: set[str]) -> Iterator[Fact]:
    for at, one in enumerate(profile.dependencies):
        if {one.determinant.lower(), one.dependent.lower()} <= wanted:
            name, path = f"{one.determinant} decides {one.dependent}", f"$.dependencies[{at}]"
            yield from _counted(name, one.violations, one.rows, {"fail"}, "profile", f"{path}.violations")
            yield from _counted(name, one.rows - one.violations, one.rows, {"pass"}, "profile", f"{path}.violations")
            yield _number(name, one.rows, "count", {"rows", "total"}, "profile", f"{path}.rows")


def _of_rule(rule: str, rule_type: str) -> Iterator[Fact]:
    topics = _BOUNDS.get(rule_type, _VALUES) | {"pass", "fail"}
    without_names = re.sub(r'"(?:[^"\\]|\\.)*[^\d"](?:[^"\\]|\\.)*"', " ", rule)
    for date in _DATES.findall(rule):
        yield Fact("rule", date, "date", frozenset({*topics, "year"}), "rule", "$.rule")
    for number in _DIGITS.findall(_DATES.sub(" ", without_names)):
        yield _number("rule", float(number), "value", topics, "rule", "$.rule")
        if 0 <= float(number) <= 1:
            yield _number("rule", float(number), "share", topics, "rule", "$.rule")
            yield _number("1 - rule", 1 - float(number), "share", topics, "rule", "$.rule")


def _counted(
    name: str, count: int, whole: int, topics: set[str], of: Any, path: str, of_present: bool = False
) -> Iterator[Fact]:
    """A count of rows and its share of all, or of those with a value."""
    yield _number(name, count, "count", topics | ({"rows"} if "distinct" not in topics else set()), of, path)
    if whole:
        share = _number(f"{name} / {whole}", count / whole, "share", topics, of, path)
        yield replace(share, of_present=of_present)


def _number(name: str, value: float, form: Form, topics: Any, of: Any, path: str) -> Fact:
    return Fact(name, float(value), form, frozenset(topics), of, path)
