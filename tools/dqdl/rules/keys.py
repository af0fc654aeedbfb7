"""Rules about how often values occur: uniqueness, keys, distinct values, duplicates, entropy.

One grouped query per key set serves all of them; NULLs of a single column are left out, several columns group them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from tools.dqdl.language.model import Rule
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Bad, Grouped, Need, Plan, RuleFailed, Verdict, passed_or_failed
from tools.dqdl.rules.conditions import holds, percent, rows, wanted
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import agreed, condition_of, found_rows, judge_number, metric_name, nothing

ONE, ZERO = exp.Literal.number(1), exp.Literal.number(0)


class _Groups:
    """The needs over the groups of one key set."""

    def __init__(self, keys: tuple[str, ...], where: exp.Expr | None) -> None:
        self.keys, self.where = keys, where
        self.n = sql.column(sql.COUNT)
        present = [sql.not_null(sql.column(f"assay_k{i}")) for i in range(len(keys))]
        self.named: exp.Expr = exp.paren(exp.or_(*present))

    def add_up(self, value: exp.Expr, *conditions: exp.Expr) -> Grouped:
        """The sum of a value over the groups that meet the conditions; NULL when there is none."""
        return Grouped(self.keys, self.where, sql.total(value, sql.both(*conditions)))

    def once(self) -> Grouped:
        return self.add_up(ONE, self.named, exp.EQ(this=self.n, expression=ONE))

    def rows(self) -> Grouped:
        return self.add_up(self.n, self.named)

    def repeated(self) -> Grouped:
        return self.add_up(self.n, self.named, self._more(ONE))

    def distinct(self) -> Grouped:
        return self.add_up(ONE, self.named, self._more(ZERO))

    def _more(self, than: exp.Expr) -> exp.Expr:
        return exp.GT(this=self.n.copy(), expression=than.copy())


def _keyed(rule: Rule, context: Context) -> tuple[tuple[str, ...], exp.Expr | None, _Groups, Bad]:
    keys = tuple(field.name for field in context.columns(rule))
    where = context.where(rule)
    named = exp.or_(*(sql.not_null(sql.column(key)) for key in keys))
    return keys, where, _Groups(keys, where), Bad(keys=keys, where=where, keyed=named)


def uniqueness(rule: Rule, context: Context) -> Plan:
    """Uniqueness, and IsUnique: values that occur exactly once, as a share of the rows with a value."""
    keys, where, groups, bad = _keyed(rule, context)
    needs = {"once": groups.once(), "rows": groups.rows(), "repeated": groups.repeated()}
    return Plan(needs, lambda values: _unique(rule, keys, where, values), bad)


def _unique(rule: Rule, keys: tuple[str, ...], where: exp.Expr | None, values: Mapping[str, Any]) -> Verdict:
    total, what = int(values["rows"] or 0), " + ".join(keys)
    if not total:
        return nothing(where is not None, f"no value in {what}")
    share = int(values["once"] or 0) / total
    repeated = int(values["repeated"] or 0)
    wants = "all" if rule.condition is None else wanted(rule.condition, percent)
    problem = f"share their {what} with another row"
    found = f"{percent(share)} unique, the rule wants {wants}"
    reason = f"{repeated:,} of {rows(total)} {agreed(problem, repeated)} ({found})."
    if not repeated:
        reason = f"No value of {what} occurs twice in {rows(total)}."
    passed = repeated == 0 if rule.condition is None else holds(rule.condition, share)
    return Verdict(passed_or_failed(passed), reason, {metric_name(keys, "Uniqueness"): share}, failed_rows=repeated)


def primary_key(rule: Rule, context: Context) -> Plan:
    """Unique, and complete in every column."""
    keys, where, groups, repeated = _keyed(rule, context)
    missing = {
        f"null{i}": Aggregate(sql.count(sql.both(where, sql.is_null(sql.column(k))))) for i, k in enumerate(keys)
    }
    complete = [sql.not_null(sql.column(f"assay_k{i}")) for i in range(len(keys))]
    any_null = sql.both(where, exp.paren(exp.or_(*(sql.is_null(sql.column(key)) for key in keys))))
    needs: dict[str, Need] = {
        "once": groups.once(),
        "rows": groups.rows(),
        "repeated": groups.repeated(),
        "all": Aggregate(sql.count(where)),
        "incomplete": Aggregate(sql.count(any_null)),
        "complete twice": groups.add_up(groups.n, *complete, exp.GT(this=groups.n, expression=ONE)),
        **missing,
    }

    def judge(values: Mapping[str, Any]) -> Verdict:
        total = int(values["all"] or 0)
        if not total:
            return nothing(where is not None, found_rows(where), " + ".join(keys))
        nulls = {key: int(values[f"null{i}"] or 0) for i, key in enumerate(keys)}
        metrics = {metric_name((key,), "Completeness"): (total - count) / total for key, count in nulls.items()}
        empty = ", ".join(
            f"{rows(count)} {'has' if count == 1 else 'have'} no {key}" for key, count in nulls.items() if count
        )
        if not values["rows"]:
            return Verdict("Failed", f"{empty}.", metrics, failed_rows=total)
        unique = _unique(rule, keys, where, values)
        reason = f"{empty}. {unique.reason}" if empty else unique.reason
        failed = int(values["complete twice"] or 0) + int(values["incomplete"] or 0)
        return Verdict(passed_or_failed(not failed), reason, {**unique.metrics, **metrics}, failed_rows=failed)

    return Plan(needs, judge, replace(repeated, predicate=any_null))


def unique_value_ratio(rule: Rule, context: Context) -> Plan:
    """Values that occur once, as a share of the distinct values; NULL is no value."""
    keys, where, groups, bad = _keyed(rule, context)
    condition = condition_of(rule)

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["distinct"]:
            return nothing(where is not None, f"no value in {keys[0]}")
        share = int(values["once"] or 0) / int(values["distinct"])
        label = f"The share of values of {keys[0]} that occur only once"
        return judge_number(condition, share, metric_name(keys, "UniqueValueRatio"), label, percent)

    return Plan({"once": groups.once(), "distinct": groups.distinct()}, judge, bad)


def distinct_values(rule: Rule, context: Context) -> Plan:
    """Distinct values. NULL counts as one of them, as in Glue."""
    keys, where, groups, _ = _keyed(rule, context)
    condition = condition_of(rule)
    groups.named = exp.true()

    def judge(values: Mapping[str, Any]) -> Verdict:
        if values["distinct"] is None and where is not None:
            return nothing(True, found_rows(where), keys[0])
        label = f"The number of distinct values of {keys[0]}"
        return judge_number(condition, values["distinct"] or 0, metric_name(keys, "DistinctValuesCount"), label)

    return Plan({"distinct": groups.distinct()}, judge)


def duplicate_rows(rule: Rule, context: Context) -> Plan:
    """Rows whose key, or whose whole row, occurs more than once. NULLs are equal to each other."""
    keys = tuple(field.name for field in context.columns(rule) or context.primary.fields)
    where, condition = context.where(rule), condition_of(rule)
    if not keys:
        raise RuleFailed("The table has no columns.")
    groups = _Groups(keys, where)
    groups.named = exp.true()
    named = tuple(field.name for field in context.columns(rule))
    what = f"whose {' + '.join(named)} occurs" if named else "that occur"

    def judge(values: Mapping[str, Any]) -> Verdict:
        count = int(values["repeated"] or 0)
        key = metric_name(named, "DuplicateRowCount")
        verdict = judge_number(condition, count, key, f"The number of rows {what} more than once")
        # Glue writes Multicolumn for one column too.
        glue = {f"Multicolumn.{','.join(named)}.DuplicateRowCount": float(count)} if named else {}
        return replace(verdict, metrics={**verdict.metrics, **glue}, failed_rows=count)

    return Plan({"repeated": groups.repeated()}, judge, Bad(keys=keys, where=where))


def entropy(rule: Rule, context: Context) -> Plan:
    """Shannon's entropy in nats over the values; NULL is no value. The filter is ignored, as in Glue."""
    field, condition = context.column(rule), condition_of(rule)
    groups = _Groups((field.name,), None)
    weighted = exp.Mul(this=sql.double(groups.n), expression=exp.Ln(this=sql.double(groups.n)))
    needs = {"rows": groups.rows(), "weighted": groups.add_up(weighted, groups.named)}
    ignored = " (its filter is ignored, as in Glue)" if rule.where else ""

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["rows"]:
            return nothing(False, f"no value in {field.name}")
        total = float(values["rows"])
        nats = max(0.0, math.log(total) - float(values["weighted"]) / total)
        return judge_number(
            condition, nats, metric_name((field.name,), "Entropy"), f"The entropy of {field.name}{ignored}"
        )

    return Plan(needs, judge)
