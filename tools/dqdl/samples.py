"""A few rows that break each failed rule, all in one query."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.plan import Bad
from tools.dqdl.scan import Scan
from tools.sources.table import SourceError

PER_RULE = 5
RULES_PER_QUERY = 50
OTHER_COLUMNS = 30
"""Columns shown besides those that the rules name."""
MAX_TEXT = 200
RULE = "assay_rule"


def examples(wanted: Sequence[tuple[Bad, tuple[str, ...]]], scan: Scan) -> list[list[dict[str, Any]]]:
    """For each failed rule, given with its columns, up to five failing rows, the rule's columns first."""
    found: list[list[dict[str, Any]]] = [[] for _ in wanted]
    for start in range(0, len(wanted), RULES_PER_QUERY):
        _collect(wanted[start : start + RULES_PER_QUERY], found[start : start + RULES_PER_QUERY], scan)
    return found


def _collect(wanted: Sequence[tuple[Bad, tuple[str, ...]]], found: Sequence[list[dict[str, Any]]], scan: Scan) -> None:
    names = [field.name for field in scan.tables["primary"].fields]
    own = dict.fromkeys(name for _, columns in wanted for name in columns)
    shown = list(dict.fromkeys([*own, *names[:OTHER_COLUMNS]]))
    branches = [_branch(index, bad, shown, scan) for index, (bad, _) in enumerate(wanted)]
    query: exp.Query = branches[0] if len(branches) == 1 else exp.union(*branches, distinct=False)
    try:
        answer = scan.query(query)
    except SourceError:
        if len(wanted) > 1:
            for one, rows in zip(wanted, found, strict=True):
                _collect([one], [rows], scan)
        return
    for row in answer.to_pylist():
        index = int(row.pop(RULE))
        columns = wanted[index][1]
        order = [*columns, *(name for name in names[:OTHER_COLUMNS] if name not in columns)]
        found[index].append({name: jsonable(row[name]) for name in order})


def _branch(index: int, bad: Bad, shown: list[str], scan: Scan) -> exp.Select:
    columns = [sql.column(name) for name in shown]
    source: exp.Expr = scan.primary_rows()
    predicate = bad.predicate
    if bad.keys:
        partition = [sql.column(key) for key in bad.keys]
        # Counts the rows that the filter keeps: a duplicate outside of the filter is none.
        often = exp.Window(this=exp.Count(this=sql.when(bad.where, exp.Literal.number(1))), partition_by=partition)
        counted = exp.select("*", exp.alias_(often, sql.COUNT)).from_(source)
        source = counted.subquery(sql.ROWS)
        repeated = sql.both(exp.GT(this=sql.column(sql.COUNT), expression=exp.Literal.number(1)), bad.where)
        predicate = repeated if predicate is None else exp.or_(predicate.copy(), repeated)
    limited = exp.select(*columns).from_(source).limit(PER_RULE)
    if predicate is not None:
        limited = limited.where(predicate.copy())
    mark = exp.alias_(exp.Literal.number(index), RULE)
    return exp.select(mark, *(column.copy() for column in columns)).from_(limited.subquery("assay_sample"))


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
