"""A few rows that break each failed rule: one more scan for all that few rows break, and early ends for the others."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.asking import Desk, Refused, aliased, tables_in
from tools.dqdl.plan import Bad

PER_RULE = 5
OTHER_COLUMNS = 15
"""Columns shown besides those that the rules name."""
MAX_RARE_ROWS = 20_000
"""Rows that the scan for rules with few bad rows may return in all."""
MAX_RULES, MAX_CELLS = 50, 1500
"""Bounds of one query for the other rules: its rules, and its rules times its columns, since the engine binds each."""
MAX_ARGUMENTS = 90
"""PostgreSQL's functions take 100."""
MAX_TEXT = 200
RULE, FLAGS = "assay_rule", "assay_flags"


@dataclass(frozen=True)
class Wanted:
    """A failed rule."""

    bad: Bad
    columns: tuple[str, ...]
    rows: int
    """How many rows break it."""


Rows = list[dict[str, Any]]


def examples(wanted: Sequence[Wanted], desk: Desk) -> list[Rows]:
    """For each failed rule up to five failing rows, the rule's columns first; none where the engine refuses."""
    found: list[Rows] = [[] for _ in wanted]
    for part in parts(wanted, desk):
        for index, rows in zip(part, _collected([wanted[i] for i in part], desk), strict=True):
            found[index] = rows
    return found


def parts(wanted: Sequence[Wanted], desk: Desk) -> Iterator[list[int]]:
    """Which rules share a query; those about another engine's table are alone, so that little is brought over."""
    own = [i for i, one in enumerate(wanted) if _foreign(one, desk)]
    part = _rare(wanted, own)
    rare, columns = len(part), {name for i in part for name in wanted[i].columns}
    for i in sorted(set(range(len(wanted))) - {*part, *own}):
        more = columns | {*wanted[i].columns}
        many = len(part) + 1 - rare
        if part and (many > MAX_RULES or (many + 1) * (len(more) + OTHER_COLUMNS) > MAX_CELLS):
            yield part
            part, rare, more = [], 0, {*wanted[i].columns}
        part, columns = [*part, i], more
    if part:
        yield part
    yield from ([i] for i in own)


def _foreign(one: Wanted, desk: Desk) -> bool:
    used = tables_in(one.bad.predicate, desk.tables) if one.bad.predicate is not None else {}
    return any(table.engine != desk.tables["primary"].engine for table in used.values())


def _rare(wanted: Sequence[Wanted], without: Sequence[int]) -> list[int]:
    found, total = [], 0
    for i in sorted(set(range(len(wanted))) - {*without}, key=lambda i: (wanted[i].rows, i)):
        total += wanted[i].rows
        if total <= MAX_RARE_ROWS and _by_predicate(wanted[i].bad):
            found.append(i)
    return found


def _by_predicate(bad: Bad) -> bool:
    """A look at the row itself decides."""
    return not bad.keys and bad.predicate is not None and bad.predicate.find(exp.Query) is None


def _collected(wanted: Sequence[Wanted], desk: Desk) -> list[Rows]:
    others = _others(wanted, desk)
    try:
        answer = desk.ask(query(wanted, shown(wanted, desk), desk))
    except Refused as refusal:
        if refusal.took_too_long or len(wanted) == 1:
            return [[] for _ in wanted]
        # One rule without examples must not take them from the others.
        middle = len(wanted) // 2
        return _collected(wanted[:middle], desk) + _collected(wanted[middle:], desk)
    found: list[Rows] = [[] for _ in wanted]
    for row in answer.to_pylist():
        mark, flags = row.pop(RULE), row.pop(FLAGS)
        for index in [int(mark)] if flags is None else [i for i, flag in enumerate(flags) if flag == "1"]:
            if len(found[index]) < PER_RULE:
                order = dict.fromkeys([*wanted[index].columns, *others])
                found[index].append({name: jsonable(row[name]) for name in order})
    return found


def shown(wanted: Sequence[Wanted], desk: Desk) -> list[str]:
    """The columns of failing rows: those of all the rules, and some others."""
    return list(dict.fromkeys([*(name for one in wanted for name in one.columns), *_others(wanted, desk)]))


def _others(wanted: Sequence[Wanted], desk: Desk) -> list[str]:
    if len(wanted) == 1 and wanted[0].columns and _foreign(wanted[0], desk):
        return []
    return [field.name for field in desk.tables["primary"].fields][:OTHER_COLUMNS]


def query(wanted: Sequence[Wanted], columns: Sequence[str], desk: Desk) -> exp.Query:
    """Rows with the index of the rule that they break, or with a flag for each rule."""
    rare = set(_rare(wanted, []))
    branches = [_branch(i, one.bad, columns, desk) for i, one in enumerate(wanted) if i not in rare]
    if rare:
        flags = [_flag(one.bad) if i in rare else sql.text("0") for i, one in enumerate(wanted)]
        broken = exp.or_(*(wanted[i].bad.predicate or exp.true() for i in sorted(rare)))
        scan = _select(exp.Literal.number(-1), _joined(flags), columns, aliased(desk.tables["primary"], sql.ROWS))
        branches.append(scan.where(broken, copy=False))
    if len(branches) == 1:
        return branches[0]
    return exp.union(*(branch.subquery(copy=False) for branch in branches), distinct=False, copy=False)


def _flag(bad: Bad) -> exp.Expr:
    """The predicate of a rare rule as a letter."""
    predicate = bad.predicate.copy() if bad.predicate is not None else exp.true()
    return exp.Case().when(predicate, sql.text("1"), copy=False).else_(sql.text("0"), copy=False)


def _joined(texts: list[exp.Expr]) -> exp.Expr:
    while len(texts) > 1:
        groups = [texts[i : i + MAX_ARGUMENTS] for i in range(0, len(texts), MAX_ARGUMENTS)]
        texts = [exp.Concat(expressions=group, safe=True) if len(group) > 1 else group[0] for group in groups]
    return texts[0]


def _select(mark: exp.Expr, flags: exp.Expr, shown: Sequence[str], source: exp.Expr) -> exp.Select:
    head = [exp.alias_(mark, RULE), exp.alias_(flags, FLAGS)]
    columns = [sql.column(name, sql.ROWS) for name in shown]
    return exp.select(*head, *columns, copy=False).from_(source, copy=False)


def _branch(index: int, bad: Bad, shown: Sequence[str], desk: Desk) -> exp.Select:
    """The first bad rows of one rule; the engine stops when it has them."""
    primary = desk.tables["primary"]
    nothing = exp.cast(exp.null(), "text")
    branch = _select(exp.Literal.number(index), nothing, shown, aliased(primary, sql.ROWS))
    predicate = bad.predicate.copy() if bad.predicate is not None else None
    if bad.keys:
        pairs = [
            (sql.column(key, sql.ROWS), sql.column(f"assay_k{i}", "assay_twice")) for i, key in enumerate(bad.keys)
        ]
        same = exp.and_(*(exp.NullSafeEQ(this=mine, expression=theirs) for mine, theirs in pairs))
        repeated = sql.both(sql.not_null(sql.column(sql.COUNT, "assay_twice")), bad.where, bad.keyed)
        twice = _repeated(bad, desk).subquery("assay_twice")
        branch.join(twice, on=same, join_type="left" if predicate is not None else "inner", copy=False)
        predicate = repeated if predicate is None or repeated is None else exp.or_(predicate, repeated)
    branch.limit(PER_RULE, copy=False)
    return branch if predicate is None else branch.where(predicate, copy=False)


def _repeated(bad: Bad, desk: Desk) -> exp.Select:
    """A few keys that occur more than once among the rows that the filter keeps: a duplicate outside is none."""
    keys = [sql.column(key) for key in bad.keys]
    columns = [exp.alias_(key.copy(), f"assay_k{i}") for i, key in enumerate(keys)]
    groups = exp.select(*columns, exp.alias_(sql.count(), sql.COUNT)).from_(
        aliased(desk.tables["primary"], "assay_all")
    )
    kept = sql.both(bad.where, bad.keyed)
    groups = groups.where(kept, copy=False) if kept is not None else groups
    return groups.group_by(*keys).having(exp.GT(this=sql.count(), expression=exp.Literal.number(1))).limit(PER_RULE)


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
