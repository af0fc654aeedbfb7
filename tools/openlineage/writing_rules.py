"""What rules came to, as assertions about a dataset and tests of a run: numbers about the data, none of its values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tools.dqdl.language.errors import DqdlError
from tools.dqdl.language.model import Composite, Rule, TopRule
from tools.dqdl.language.parser import parse_rule
from tools.openlineage.facts import TableFacts
from tools.privacy import masked

SEVERITY = "error"
"""Every rule of Assay decides about the exit code."""
_ABOUT_SHARES = frozenset(
    {
        *("Completeness", "IsComplete", "Uniqueness", "IsUnique", "IsPrimaryKey", "UniqueValueRatio", "Entropy"),
        *("DistinctValuesCount", "DuplicateRowCount", "RowCount", "RowCountMatch", "ColumnCount", "ColumnExists"),
        *("ColumnDataType", "ColumnCorrelation", "ColumnLength", "ReferentialIntegrity", "DatasetMatch", "SchemaMatch"),
    }
)
"""Types of rules whose bounds are shares and counts, so that nothing of a value can be read in them."""
_SHARES = frozenset(
    {
        *("Completeness", "Uniqueness", "UniqueValueRatio", "Entropy", "DistinctValuesCount", "DuplicateRowCount"),
        *("Compliance", "RowCount", "ColumnCount", "DatasetMatch", "SchemaMatch", "ReferentialIntegrity"),
    }
)
"""Last parts of the names of metrics that are shares and counts."""


@dataclass(frozen=True)
class Checked:
    """A rule and what came of it, with nothing left that must not be told."""

    name: str
    type: str
    column: str | None
    """Where it is about one."""
    passed: bool
    expected: str | None
    actual: str | None
    content: str | None
    """DQDL, None where it holds what people would not want to be told."""
    params: dict[str, Any]


def checked(table: TableFacts) -> Iterator[Checked]:
    """The rules of a table's evaluation, in their order."""
    known = {field.name.lower(): field.name for field in table.fields or ()}
    for result in (table.evaluation or {}).get("rules", ()):
        columns = [known.get(column.lower(), column) for column in result["columns"]]
        rule = _parsed(result["rule"])
        quiet = rule is None or _quiet(rule, columns, table.guarded)
        yield Checked(
            name=_name(result, columns),
            type=result["rule_type"],
            column=columns[0] if len(columns) == 1 else None,
            passed=result["outcome"] == "Passed",
            expected=None if quiet or not isinstance(rule, Rule) else _expected(rule),
            actual=_actual(result["metrics"], columns, bool(table.guarded & {name.lower() for name in columns})),
            content=None if quiet else masked(result["rule"]),
            params=_params(result, columns),
        )


def _params(result: Mapping[str, Any], columns: list[str]) -> dict[str, Any]:
    told = {"outcome": result["outcome"], "dimension": result["dimension"], "failed_rows": result["failed_rows"]}
    several = {"columns": columns} if len(columns) > 1 else {}
    return {name: value for name, value in {**told, **several}.items() if value is not None}


def _name(result: Mapping[str, Any], columns: list[str]) -> str:
    """The same for the same rule, and another one for any other rule."""
    digest = hashlib.sha256(result["rule"].encode("utf-8", "replace")).hexdigest()[:8]
    return f"{result['rule_type']}({', '.join(columns)}) #{digest}"


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> TopRule | None:
    try:
        return parse_rule(text)
    except DqdlError:
        return None


def _quiet(rule: TopRule, columns: list[str], guarded: frozenset[str]) -> bool:
    """Whether its text may hold values of guarded columns: it bounds the values of one, or its SQL speaks of one."""
    leaves = list(rule.leaves()) if isinstance(rule, Composite) else [rule]
    told = " ".join(str(part) for leaf in leaves for part in _sql(leaf)).lower()
    bounds = any(leaf.type not in _ABOUT_SHARES for leaf in leaves)
    touched = bool(guarded & {name.lower() for name in columns})
    return (bounds and touched) or any(name in told for name in guarded)


def _sql(rule: Rule) -> Iterator[object]:
    if rule.where is not None:
        yield rule.where
    if rule.type == "CustomSql":
        yield from rule.parameters


def _expected(rule: Rule) -> str | None:
    bound = rule.threshold or rule.condition
    return masked(str(bound)) if bound else None


def _actual(metrics: Mapping[str, float | None], columns: list[str], guarded: bool) -> str | None:
    """The metrics of the rule in short: of one column without its name."""
    prefixes = [f"Column.{column}." for column in columns if len(columns) == 1]
    shown: dict[str, str] = {}
    for key, value in metrics.items():
        if value is None or (guarded and key.rpartition(".")[2] not in _SHARES):
            continue
        name = next((key.removeprefix(prefix) for prefix in prefixes if key.startswith(prefix)), key)
        shown.setdefault(name.removeprefix("Dataset.*."), f"{value:.12g}")
    if len(shown) == 1:
        return next(iter(shown.values()))
    return ", ".join(f"{name}={value}" for name, value in shown.items()) or None
