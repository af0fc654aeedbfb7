"""A few rows that break each failed rule: one more scan for all that few rows break, and early ends for the others."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from sqlglot import exp

from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Bad
from tools.dqdl.queries.asking import Desk, Refused, aliased, tables_in

PER_RULE = 5
OTHER_COLUMNS = 15
"""Columns shown besides those that the rules name."""
MAX_RARE_ROWS, MAX_RARE_RULES, MAX_RARE_CELLS = 20_000, 200, 500_000
"""Bounds of the scan for rules that few rows break: rows that it may return, rules, and values returned."""
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


@dataclass(frozen=True)
class Part:
    """Failed rules that share a query, by their index: few rows break the first ones, many rows the others."""

    rare: tuple[int, ...] = ()
    often: tuple[int, ...] = ()

    @property
    def rules(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.rare, *self.often)

    def halves(self) -> tuple[Part, Part]:
        """Two parts with half of the rules each, or the kinds apart."""
        if self.rare and self.often:
            return Part(self.rare), Part((), self.often)
        middle = len(self.rules) // 2
        first, second = self.rules[:middle], self.rules[middle:]
        return (Part(first), Part(second)) if self.rare else (Part((), first), Part((), second))


def examples(wanted: Sequence[Wanted], desk: Desk) -> list[Rows]:
    """For each failed rule up to five failing rows, the rule's columns first; none where the engine refuses."""
    found: list[Rows] = [[] for _ in wanted]
    for part in parts(wanted, desk):
        _collect(part, wanted, desk, found)
    return found


def parts(wanted: Sequence[Wanted], desk: Desk) -> list[Part]:
    """One query, or more where it would be too large; those about another engine's table are alone."""
    alone = [i for i, one in enumerate(wanted) if _foreign(one, desk)]
    here = sorted(set(range(len(wanted))) - {*alone}, key=lambda i: (wanted[i].rows, i))
    rare = [i for i in here if _by_predicate(wanted[i].bad) and wanted[i].rows <= MAX_RARE_ROWS]
    often = sorted(set(here) - {*rare})
    batches = zip_longest(_batches(rare, wanted, _fits_rare), _batches(often, wanted, _fits_often), fillvalue=())
    return [*(Part(*batch) for batch in batches), *(Part((), (i,)) for i in alone)]


def _batches(
    rules: Sequence[int], wanted: Sequence[Wanted], fits: Callable[[Sequence[Wanted]], bool]
) -> Iterator[tuple[int, ...]]:
    batch: tuple[int, ...] = ()
    for i in rules:
        if batch and not fits([wanted[j] for j in (*batch, i)]):
            yield batch
            batch = ()
        batch = (*batch, i)
    if batch:
        yield batch


def _fits_rare(batch: Sequence[Wanted]) -> bool:
    rows = sum(one.rows for one in batch)
    return len(batch) <= MAX_RARE_RULES and rows <= MAX_RARE_ROWS and rows * _width(batch) <= MAX_RARE_CELLS


def _fits_often(batch: Sequence[Wanted]) -> bool:
    return len(batch) <= MAX_RULES and len(batch) * _width(batch) <= MAX_CELLS


def _width(batch: Sequence[Wanted]) -> int:
    return len({name for one in batch for name in one.columns}) + OTHER_COLUMNS


def _foreign(one: Wanted, desk: Desk) -> bool:
    if one.bad.predicate is None or len({table.engine for table in desk.tables.values()}) == 1:
        return False
    used = tables_in(one.bad.predicate, desk.tables)
    return any(table.engine != desk.tables["primary"].engine for table in used.values())


def _by_predicate(bad: Bad) -> bool:
    """A look at the row itself decides."""
    return not bad.keys and bad.predicate is not None and bad.predicate.find(exp.Query) is None


def _collect(part: Part, wanted: Sequence[Wanted], desk: Desk, found: list[Rows]) -> None:
    try:
        answer = desk.ask(query(part, wanted, desk))
    except Refused as refusal:
        # One rule without examples must not take them from the others.
        for half in part.halves() if len(part.rules) > 1 and not refusal.took_too_long else ():
            _collect(half, wanted, desk, found)
        return
    others = _others(part, wanted, desk)
    for row in answer.to_pylist():
        mark, flags = row.pop(RULE), row.pop(FLAGS)
        broken = [int(mark)] if flags is None else [i for i, flag in zip(part.rare, flags, strict=True) if flag == "1"]
        for index in broken:
            if len(found[index]) < PER_RULE:
                order = dict.fromkeys([*wanted[index].columns, *others])
                found[index].append({name: jsonable(row[name]) for name in order})


def _others(part: Part, wanted: Sequence[Wanted], desk: Desk) -> list[str]:
    """What is shown besides; of another engine's rows nothing, since each column would have to be brought over."""
    only = wanted[part.rules[0]]
    if len(part.rules) == 1 and only.columns and _foreign(only, desk):
        return []
    return [field.name for field in desk.tables["primary"].fields][:OTHER_COLUMNS]


def query(part: Part, wanted: Sequence[Wanted], desk: Desk) -> exp.Query:
    """Rows with the index of the rule that they break, or with a flag for each of the rules that few rows break."""
    named = (name for i in part.rules for name in wanted[i].columns)
    columns = list(dict.fromkeys([*named, *_others(part, wanted, desk)]))
    branches = [_branch(i, wanted[i].bad, columns, desk) for i in part.often]
    if part.rare:
        flags = _joined([_flag(wanted[i].bad) for i in part.rare])
        broken = exp.or_(*(wanted[i].bad.predicate or exp.true() for i in part.rare))
        scan = _select(exp.Literal.number(-1), flags, columns, aliased(desk.tables["primary"], sql.ROWS))
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


def _select(mark: exp.Expr, flags: exp.Expr, columns: Sequence[str], source: exp.Expr) -> exp.Select:
    head = [exp.alias_(mark, RULE, copy=False), exp.alias_(flags, FLAGS, copy=False)]
    shown = [sql.column(name, sql.ROWS) for name in columns]
    return exp.select(*head, *shown, copy=False).from_(source, copy=False)


def _branch(index: int, bad: Bad, columns: Sequence[str], desk: Desk) -> exp.Select:
    """The first bad rows of one rule; the engine stops when it has them."""
    primary = desk.tables["primary"]
    nothing = exp.cast(exp.null(), "text")
    branch = _select(exp.Literal.number(index), nothing, columns, aliased(primary, sql.ROWS))
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
