"""A few rows that break each failed rule, all in one query."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.plan import Bad
from tools.dqdl.scan import Scan, took_too_long
from tools.sources.table import SourceError

PER_RULE = 5
OTHER_COLUMNS = 15
"""Columns shown besides those that the rules name."""
MAX_RULES, MAX_CELLS = 50, 1500
"""Bounds of one query: its rules, and its rules times its columns, since the engine binds each of them."""
MAX_TEXT = 200
RULE = "assay_rule"


Wanted = tuple[Bad, tuple[str, ...]]


def examples(wanted: Sequence[Wanted], scan: Scan) -> list[list[dict[str, Any]]]:
    """For each failed rule, given with its columns, up to five failing rows, the rule's columns first."""
    found: list[list[dict[str, Any]]] = []
    for part in _parts(wanted):
        found += _collect(part, scan)
    return found


def _parts(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    part: list[Wanted] = []
    columns: set[str] = set()
    for one in wanted:
        columns.update(one[1])
        if part and (len(part) >= MAX_RULES or (len(part) + 1) * (len(columns) + OTHER_COLUMNS) > MAX_CELLS):
            yield part
            part, columns = [], set(one[1])
        part.append(one)
    if part:
        yield part


def _collect(wanted: Sequence[Wanted], scan: Scan) -> list[list[dict[str, Any]]]:
    others = [field.name for field in scan.tables["primary"].fields][:OTHER_COLUMNS]
    shown = list(dict.fromkeys([*(name for _, columns in wanted for name in columns), *others]))
    branches = [_branch(index, bad, shown, scan) for index, (bad, _) in enumerate(wanted)]
    try:
        answer = scan.query(_one_after_another(branches))
    except SourceError as error:
        if took_too_long(error):
            return [[] for _ in wanted]
        # One rule without examples must not take them from the others.
        return [found for one in wanted for found in _collect([one], scan)] if len(wanted) > 1 else [[]]
    found: list[list[dict[str, Any]]] = [[] for _ in wanted]
    for row in answer.to_pylist():
        index = int(row.pop(RULE))
        order = dict.fromkeys([*wanted[index][1], *others])
        found[index].append({name: jsonable(row[name]) for name in order})
    return found


def _one_after_another(branches: list[exp.Select]) -> exp.Query:
    query: exp.Query = branches[0]
    if len(branches) > 1:
        query = exp.union(*(branch.subquery(copy=False) for branch in branches), distinct=False, copy=False)
    return query


def _branch(index: int, bad: Bad, shown: list[str], scan: Scan) -> exp.Select:
    source: exp.Expr = scan.primary_rows()
    predicate = bad.predicate
    if bad.keys:
        source = _counted(bad, source)
        repeated = sql.both(exp.GT(this=sql.column(sql.COUNT), expression=exp.Literal.number(1)), bad.where, bad.keyed)
        predicate = repeated if predicate is None or repeated is None else exp.or_(predicate, repeated)
    mark = exp.alias_(exp.Literal.number(index), RULE)
    branch = exp.select(mark, *map(sql.column, shown), copy=False).from_(source, copy=False).limit(PER_RULE, copy=False)
    return branch if predicate is None else branch.where(predicate.copy(), copy=False)


def _counted(bad: Bad, source: exp.Expr) -> exp.Expr:
    """The rows with how often their key occurs among the rows that the filter keeps: a duplicate outside is none."""
    kept = exp.Count(this=sql.when(sql.both(bad.where, bad.keyed), exp.Literal.number(1)))
    often = exp.Window(this=kept, partition_by=[sql.column(key) for key in bad.keys])
    return exp.select("*", exp.alias_(often, sql.COUNT)).from_(source).subquery(sql.ROWS)


def jsonable(value: Any) -> Any:
    """A value as JSON has it: ISO 8601 times, decimals as floats, long texts cut, bytes in base 64."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return jsonable(base64.b64encode(value[:MAX_TEXT]).decode())
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value[:20]]
    return jsonable(str(value))
