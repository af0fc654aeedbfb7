"""Which rules each row passes, fails and skips, as Glue writes them: in one query, in parts, with nothing kept.

A rule about a row, or about how often its key occurs, has an answer for every row whatever its threshold. All other
rules, and those that cannot be evaluated, are skipped in every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tools.dqdl.evaluation import opened
from tools.dqdl.history.points import History
from tools.dqdl.language.model import Composite, Ruleset
from tools.dqdl.language.parser import parse
from tools.dqdl.planning import Planned, prepare
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Bad, Statement
from tools.dqdl.queries.asking import Desk, Refused, aliased, time_limit
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.dynamic import resolve
from tools.sources.table import Field, SourceError, Table

PASS, FAIL, SKIP, RESULT = (
    "DataQualityRulesPass",
    "DataQualityRulesFail",
    "DataQualityRulesSkip",
    "DataQualityEvaluationResult",
)
Filtered = Literal["PASSED", "SKIPPED"]
States = np.ndarray[tuple[int, int], np.dtype[np.int8]]
"""One row per row and one column per rule: 1 it passes, 0 it fails, 2 it is skipped."""
FAILED, PASSED, SKIPPED = 0, 1, 2
MAX_CELLS = 400_000
"""Rows times rules that are written out as texts at once."""


def row_level(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    *,
    history: Any = None,
    now: datetime | None = None,
    filtered: Filtered = "PASSED",
) -> Iterator[pa.RecordBatch]:
    """See :func:`tools.dqdl.row_level`."""
    parsed = parse(ruleset) if isinstance(ruleset, str) else ruleset
    with opened(parsed, tables, now) as given:
        context = replace(given, history=History(history))
        rows = RowLevel(parsed, context, filtered)
        taken = {field.name.lower() for field in context.primary.fields} & {
            name.lower() for name in (PASS, FAIL, SKIP, RESULT)
        }
        if taken:
            raise SourceError(f"{context.primary.uri} has row-level results already.", hint="Give it without them.")
        for batch, states in rows.batches():
            step = max(1, MAX_CELLS // max(1, len(rows.rules)))
            for start in range(0, batch.num_rows, step):
                yield _labelled(batch.slice(start, step), states[start : start + step], rows.rules)


class RowLevel:
    """The rules of a ruleset, ready to be asked about every row."""

    def __init__(
        self,
        ruleset: Ruleset,
        context: Context,
        filtered: Filtered = "PASSED",
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """``without`` are texts of rules that are to be skipped, for example since they cannot be evaluated."""
        self._context = context
        self._desk = Desk(context.tables)
        self._filtered = filtered
        self._planned = prepare(ruleset, context, lambda rule: resolve(rule, context)).rules
        self.rules = [str(planned.rule) for planned in self._planned]
        """The rules as texts, in the order of :data:`States`."""
        self._flags: dict[int, tuple[Planned, Bad]] = {}
        for planned, text in zip(self._planned, self.rules, strict=True):
            found = {id(part): (part, part.plan.bad) for part in planned.deciding() if part.plan and part.plan.bad}
            if text not in without and len(found) == len(list(planned.deciding())):
                self._flags.update(found)

    @property
    def decides(self) -> list[bool]:
        """For each rule whether it has an answer for rows."""
        return [all(id(part) in self._flags for part in planned.deciding()) for planned in self._planned]

    @property
    def silent(self) -> dict[str, str]:
        """The rules that have no answer for rows, and why."""
        found = {}
        for planned, text, decides in zip(self._planned, self.rules, self.decides, strict=True):
            if not decides:
                told = [part.verdict.reason for part in planned.deciding() if part.verdict]
                found[text] = told[0] if told else "It is not about single rows."
        return found

    def batches(self) -> Iterator[tuple[pa.RecordBatch, States]]:
        """The rows of the primary table, and what the rules say of them. Raises SourceError."""
        with closing(self._desk):
            yield from self._told()

    def _told(self) -> Iterator[tuple[pa.RecordBatch, States]]:
        width = len(self._context.primary.fields)
        for batch in self._answer():
            flags = {key: _boolean(batch.column(width + i)) for i, key in enumerate(self._flags)}
            states: States = np.full((batch.num_rows, len(self._planned)), SKIPPED, dtype=np.int8)
            for index, planned in enumerate(self._planned):
                found = _combined(planned, flags)
                if found is not None:
                    states[:, index] = pc.fill_null(pc.cast(found, pa.int8()), SKIPPED).to_numpy(zero_copy_only=False)
            names = [field.name for field in self._context.primary.fields]
            yield pa.RecordBatch.from_arrays(batch.columns[:width], names=names), states

    def _answer(self) -> Iterator[pa.RecordBatch]:
        """A rule that the engine refuses at once is skipped; the others are asked again without it."""
        answer = self._stream()
        try:
            first = next(answer, None)
        except Refused as refusal:
            broken = set() if refusal.took_too_long else self._broken(list(self._flags))
            if not broken:
                raise refusal.as_source_error() from refusal
            self._flags = {key: flag for key, flag in self._flags.items() if key not in broken}
            answer = self._stream()
            first = next(answer, None)
        try:
            while first is not None:
                yield first
                first = next(answer, None)
        except Refused as refusal:
            raise refusal.as_source_error() from refusal

    def _stream(self) -> Iterator[pa.RecordBatch]:
        return self._desk.stream(self._query(list(self._flags)), timeout_seconds=self._seconds())

    def _broken(self, keys: list[int]) -> set[int]:
        """Which flags the engine refuses, found by halving."""
        flags = [exp.alias_(sql.count(sql.column(f"assay_f{i}")), f"n{i}") for i in range(len(keys))]
        try:
            self._desk.ask(exp.select(*flags).from_(self._query(keys).subquery("assay_flagged")))
        except Refused:
            middle = len(keys) // 2
            return set(keys) if len(keys) < 2 else self._broken(keys[:middle]) | self._broken(keys[middle:])
        return set()

    def _query(self, keys: list[int]) -> exp.Select:
        columns = [sql.column(field.name, sql.ROWS) for field in self._context.primary.fields]
        query = exp.select(*columns).from_(aliased(self._context.primary, sql.ROWS))
        repeated: dict[str, str] = {}
        for i, key in enumerate(keys):
            bad = self._flags[key][1]
            flag = self._flag(bad, _predicate(bad, query, repeated, self._context))
            query = query.select(exp.alias_(flag, f"assay_f{i}"), copy=False)
        return query

    def _flag(self, bad: Bad, predicate: exp.Expr) -> exp.Expr:
        """True, false, or NULL where the row is to be skipped."""
        judged = exp.Case().when(sql.certain(predicate), exp.false()).else_(exp.true())
        if bad.where is None:
            return judged
        left_out = exp.true() if self._filtered == "PASSED" else exp.null()
        return exp.Case().when(exp.not_(sql.certain(bad.where.copy())), left_out).else_(judged)

    def _seconds(self) -> float | None:
        """A whole table may take its time, but not SQL that anybody may have written."""
        needs = [need for part, _ in self._flags.values() if part.plan for need in part.plan.needs.values()]
        return time_limit() if any(isinstance(need, Statement) and need.own_sql for need in needs) else None


def _predicate(bad: Bad, query: exp.Select, repeated: dict[str, str], context: Context) -> exp.Expr:
    """True in bad rows; joins the keys that occur more than once to the query where the rule is about them."""
    if not bad.keys:
        return bad.predicate.copy() if bad.predicate is not None else exp.true()
    twice = _repeated(bad, context)
    alias = repeated.get(twice.sql())
    if alias is None:
        alias = repeated.setdefault(twice.sql(), f"assay_d{len(repeated)}")
        query.join(twice.subquery(alias), on=_same(bad, alias, context.primary), join_type="left", copy=False)
    found = sql.both(sql.not_null(sql.column(sql.COUNT, alias)), bad.where, bad.keyed)
    assert found is not None
    return found if bad.predicate is None else exp.or_(bad.predicate.copy(), found)


def _repeated(bad: Bad, context: Context) -> exp.Select:
    """The keys that occur more than once among the rows that the rule is about."""
    keys = [sql.column(key) for key in bad.keys]
    columns = [exp.alias_(key.copy(), f"assay_k{i}") for i, key in enumerate(keys)]
    found = exp.select(*columns, exp.alias_(sql.count(), sql.COUNT)).from_(aliased(context.primary, "assay_all"))
    about = sql.both(bad.where, bad.keyed)
    if about is not None:
        found = found.where(about)
    return found.group_by(*keys).having(exp.GT(this=sql.count(), expression=exp.Literal.number(1)))


def _same(bad: Bad, alias: str, table: Table) -> exp.Expr:
    """Engines join fast on equality, and a single key that is never NULL needs nothing else."""
    pairs = [(sql.column(key, sql.ROWS), sql.column(f"assay_k{i}", alias)) for i, key in enumerate(bad.keys)]
    if len(pairs) == 1 and bad.keyed is not None:
        return exp.EQ(this=pairs[0][0], expression=pairs[0][1])
    same: list[exp.Expr] = [exp.NullSafeEQ(this=mine, expression=theirs) for mine, theirs in pairs]
    if table.dialect == "postgres":
        # It joins in a hash table on equality alone: texts that are equal wherever the values are find the candidates.
        written = [
            [exp.Coalesce(this=sql.as_text(side), expressions=[sql.text("")]) for side in pair] for pair in pairs
        ]
        hashed = [sides for key, sides in zip(bad.keys, written, strict=True) if _one_text(table.field(key))]
        same += [exp.EQ(this=mine, expression=theirs) for mine, theirs in hashed]
    return exp.and_(*same)


def _one_text(field: Field) -> bool:
    """Whether equal values are written alike, unlike 1.0 and 1.00."""
    return field.kind in ("text", "boolean", "date") or (field.kind == "number" and "int" in field.type.lower())


def _boolean(column: pa.Array) -> pa.Array:
    """Some engines have no booleans but 0 and 1."""
    return column if pa.types.is_boolean(column.type) else pc.not_equal(column, pa.scalar(0, column.type))


def _combined(planned: Planned, flags: Mapping[int, pa.Array]) -> pa.Array | None:
    """Composites join their members as SQL joins true, false and NULL; None where a member has no answer at all."""
    if id(planned) in flags:
        return flags[id(planned)]
    if not isinstance(planned.rule, Composite) or not planned.members:
        return None
    found = [_combined(member, flags) for member in planned.members]
    if any(part is None for part in found):
        return None
    join = pc.and_kleene if planned.rule.operator == "and" else pc.or_kleene
    whole = found[0]
    for part in found[1:]:
        whole = join(whole, part)
    return whole


def listed(states: States, state: int, rules: list[str]) -> pa.ListArray:
    """For each row the texts of the rules that have a state in it."""
    rows, indexes = np.nonzero(states == state)
    ends = np.cumsum(np.bincount(rows, minlength=len(states)))
    offsets = pa.array(np.concatenate(([0], ends)), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(rules, pa.string()).take(pa.array(indexes, pa.int64())))


def _labelled(batch: pa.RecordBatch, states: States, rules: list[str]) -> pa.RecordBatch:
    failed = (states == FAILED).any(axis=1)
    result = pa.array(np.where(failed, "Failed", "Passed"), pa.string())
    lists = [listed(states, state, rules) for state in (PASSED, FAILED, SKIPPED)]
    names = [*batch.schema.names, PASS, FAIL, SKIP, RESULT]
    return pa.RecordBatch.from_arrays([*batch.columns, *lists, result], names=names)
