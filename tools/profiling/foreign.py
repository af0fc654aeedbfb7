"""Inclusion dependencies between tables: columns whose values all are keys of another table, as foreign keys are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from tools.profiling.dialects import engine_of
from tools.profiling.frequency import plain
from tools.profiling.model import ColumnProfile, Profile, Value
from tools.profiling.profiler import profile_table
from tools.profiling.sql import count_if, raw
from tools.profiling.words import family, words
from tools.sources import Field, Table

ENOUGH = 0.9
"""Of the different values, at least so many must be found; the others are orphans that a rule would show."""
_ESTIMATE = 1.1
_CHECKED = 60
_SECONDS = 60.0
_SAMPLED = 1_000
_EXAMPLES = 3
_MANY = 20
_NEARLY = 0.98
_GENERIC = family("id key code no nr number num ref uuid guid fk pk sk name")
_ABOVE = family("parent manager supervisor boss superior reports root previous original")


@dataclass(frozen=True)
class Inclusion:
    """The values of ``table.column`` are keys in ``of_table.of_column``."""

    table: str
    column: str
    of_table: str
    of_column: str
    values: int
    """Different values of the column that were looked for."""
    missing: int
    """Those of them that are no key there."""
    missing_rows: int | None
    """Rows with such a value; None where values were sampled."""
    share: float
    """Of the values, those that were found."""
    confidence: float
    """0 to 1: names that agree make an accident unlikely."""
    query: str
    """The verification as SQL of the engine that answered it, with the names that the tables were given."""
    examples: list[Value] = field(default_factory=list)
    """Values that were not found, the most frequent first: at most three."""
    sample_values: int | None = None
    """How many of the values were looked for, where the tables lie on different engines; None if all were."""


@dataclass(frozen=True)
class _Side:
    name: str
    table: Table
    spec: Field
    column: ColumnProfile

    def expression(self) -> exp.Expr:
        return engine_of(self.table).compared(self.spec)

    def plain(self) -> exp.Expr:
        return engine_of(self.table).column(self.spec)


def find(tables: Mapping[str, Table], profiles: Mapping[str, Profile] | None = None) -> list[Inclusion]:
    """The columns that hold keys of another of the tables, or of their own, surest first. Raises SourceError.

    Tables without a profile are profiled. Names and ranges choose what is worth asking; the engine counts it: by one
    join where both tables are on the same engine, by a thousand values that are looked up where they are not. At most
    sixty pairs are counted, and none is begun after a minute.
    """
    known = {name: (profiles or {}).get(name) or profile_table(table, lambda _: None) for name, table in tables.items()}
    started = time.monotonic()
    found: list[Inclusion] = []
    pairs = sorted(_pairs(tables, known), key=lambda pair: -pair[2])
    for child, parent, confidence in pairs[:_CHECKED]:
        if time.monotonic() - started > _SECONDS:
            break
        checked = _checked(child, parent, confidence)
        if checked and checked.share >= ENOUGH:
            found.append(checked)
    return sorted(found, key=lambda one: (-one.confidence * one.share, one.table, one.column))


def _pairs(tables: Mapping[str, Table], profiles: Mapping[str, Profile]) -> Iterator[tuple[_Side, _Side, float]]:
    columns = [
        _Side(name, table, spec, column)
        for name, table in tables.items()
        for spec, column in zip(table.fields, profiles[name].columns, strict=True)
        if spec.kind in ("number", "text") and column.distinct > 1
    ]
    keys = [side for side in columns if _is_key(side.column, profiles[side.name])]
    unique = {(key.name, key.spec.name) for key in keys}
    for child in columns:
        place = child.name, child.spec.name
        # Most columns refer to none of their own table, and a wide table has many pairs of columns.
        above = bool(_ABOVE & set(words(child.spec.name)))
        for parent in (key for key in keys if above or key.name != child.name):
            if place != (parent.name, parent.spec.name) and _fits(child.column, parent.column):
                confidence = _confidence(child, parent, is_key=place in unique)
                if confidence:
                    yield child, parent, confidence


def _is_key(column: ColumnProfile, profile: Profile) -> bool:
    """Also what would be a key but for a few rows: the table that is referred to may have errors of its own."""
    present = profile.rows - column.nulls
    return [column.name] in profile.candidate_keys or (column.distinct_exact and _NEARLY * present <= column.distinct)


def _fits(child: ColumnProfile, parent: ColumnProfile) -> bool:
    """Whether the figures allow it, some orphans included."""
    if child.kind != parent.kind or child.distinct > _ESTIMATE * parent.distinct:
        return False
    if child.kind == "text":
        return bool({mask for mask, _ in child.patterns} & {mask for mask, _ in parent.patterns})
    whole = all("INT" in one.type.upper() or "DECIMAL" in one.type.upper() for one in (child, parent))
    low, high = child.quantiles.get("5"), child.quantiles.get("95")
    bounds = parent.min, parent.max
    if not whole or low is None or high is None or not all(isinstance(end, (int, float)) for end in bounds):
        return False
    return float(bounds[0] or 0) <= low and high <= float(bounds[1] or 0)


def _confidence(child: _Side, parent: _Side, *, is_key: bool) -> float:
    """0 where an accident is as likely: small numbers are in every range of numbers."""
    own, theirs = set(words(child.spec.name)), set(words(parent.spec.name))
    table = {_singular(word) for word in words(parent.name)}
    if child.name == parent.name:
        return 0.8
    meant = {_singular(word) for word in own - _GENERIC}
    if meant & (table | {_singular(word) for word in theirs - _GENERIC}):
        return 0.6 if is_key else 0.95
    if is_key or child.column.kind == "number":
        return 0.0
    return 0.6 if child.column.distinct >= _MANY else 0.0


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _checked(child: _Side, parent: _Side, confidence: float) -> Inclusion | None:
    if child.table.engine == parent.table.engine:
        return _joined(child, parent, confidence)
    return _looked_up(child, parent, confidence)


def _joined(child: _Side, parent: _Side, confidence: float) -> Inclusion | None:
    answer = child.table.query(_totals(child, parent, child.table.relation(), parent.table.relation())).to_pylist()[0]
    values, missing, rows = (int(answer[name] or 0) for name in ("found", "missing", "missing_rows"))
    if not values:
        return None
    shown = _totals(child, parent, exp.table_(child.name, quoted=True), exp.table_(parent.name, quoted=True))
    return Inclusion(
        child.name,
        child.spec.name,
        parent.name,
        parent.spec.name,
        values,
        missing,
        rows,
        1 - missing / values,
        confidence,
        shown.sql(dialect=child.table.dialect, pretty=True),
        _orphans(child, parent) if 0 < missing <= (1 - ENOUGH) * values else [],
    )


def _outer(child: _Side, parent: _Side, one: exp.Table, other: exp.Table) -> exp.Select:
    """The different values of the child with their rows, joined with the keys of the parent."""
    present = raw(child.spec).is_(exp.null()).not_()
    seen = exp.select(child.expression().as_("v"), child.plain().as_("s")).from_(one).where(present).subquery("t")
    values = exp.select("v", "MIN(s) AS shown", "COUNT(*) AS n").from_(seen).group_by("v").subquery("c")
    keys = exp.select(parent.expression().as_("v")).distinct().from_(other).subquery("p")
    return exp.select().from_(values).join(keys, on="c.v = p.v", join_type="left")


def _totals(child: _Side, parent: _Side, one: exp.Table, other: exp.Table) -> exp.Select:
    lost = exp.column("v", table="p").is_(exp.null())
    rows = exp.Sum(this=exp.case().when(lost.copy(), exp.column("n", table="c")).else_(exp.convert(0)))
    parts = [exp.Count(this=exp.Star()).as_("found"), count_if(lost).as_("missing"), rows.as_("missing_rows")]
    return _outer(child, parent, one, other).select(*parts)


def _orphans(child: _Side, parent: _Side) -> list[Value]:
    query = _outer(child, parent, child.table.relation(), parent.table.relation())
    lost = query.select("c.shown").where("p.v IS NULL").order_by("c.n DESC", "c.shown").limit(_EXAMPLES)
    return [plain(value) for value in child.table.query(lost)["shown"].to_pylist()]


def _looked_up(child: _Side, parent: _Side, confidence: float) -> Inclusion | None:
    present = raw(child.spec).is_(exp.null()).not_()
    chosen = exp.select(child.plain().as_("v")).distinct().from_(child.table.relation()).where(present)
    values = child.table.query(chosen.limit(_SAMPLED))["v"].to_pylist()
    if not values:
        return None
    found = _found(parent, parent.table.relation(), exp.Tuple(expressions=[exp.convert(plain(v)) for v in values]))
    there = int(parent.table.query(found)["n"][0].as_py())
    missing = len(values) - there
    # The text shows no value: there may be a thousand, and they may be personal.
    unnamed = exp.Tuple(expressions=[exp.Placeholder(this="values")])
    shown = _found(parent, exp.table_(parent.name, quoted=True), unnamed)
    return Inclusion(
        child.name,
        child.spec.name,
        parent.name,
        parent.spec.name,
        len(values),
        missing,
        None,
        1 - missing / len(values),
        confidence,
        shown.sql(dialect=parent.table.dialect, pretty=True),
        sample_values=len(values) if len(values) == _SAMPLED else None,
    )


def _found(parent: _Side, relation: exp.Table, values: exp.Tuple) -> exp.Select:
    counted = exp.Count(this=exp.Distinct(expressions=[parent.expression()])).as_("n")
    listed = exp.In(this=parent.plain(), expressions=values.expressions)
    return exp.select(counted).from_(relation).where(listed)
