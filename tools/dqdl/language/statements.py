"""The plain rules that a statement in SQL amounts to, as far as it is of a usual form.

``select * from primary where a is not null`` and ``select count(*) from primary where a is null`` with ``= 0`` are
``IsComplete "a"``. A condition that no rule can say stays SQL, written in one way: its parts in one order, without
names of tables, numbers and guards like ``or a is null``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.simplify import simplify

from tools.dqdl.language.claims import HIGH, LOW, sides
from tools.dqdl.language.model import (
    Between,
    Compare,
    CompareOp,
    Composite,
    Condition,
    Keyword,
    Matches,
    Member,
    Number,
    Operand,
    Rule,
    Text,
    TopRule,
    quote,
)

METRICS: dict[type[exp.Expr], str] = {
    exp.Avg: "Mean",
    exp.Sum: "Sum",
    exp.Stddev: "StandardDeviation",
    exp.StddevPop: "StandardDeviation",
    exp.StddevSamp: "StandardDeviation",
    exp.Variance: "Variance",
    exp.VariancePop: "Variance",
}
UNKNOWN = {"mean": "Mean", "std": "StandardDeviation"}
"""Functions that the parser does not know as such."""
OPERATORS: dict[type[exp.Expr], CompareOp] = {
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.EQ: "=",
    exp.NEQ: "!=",
}
MIRRORED: dict[CompareOp, CompareOp] = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=", "!=": "!="}

Part = TopRule | exp.Expr
"""A rule, or a condition (or a whole statement) that no rule says."""


def parts(rule: Rule, now: Mapping[str, str]) -> list[Part] | None:
    """What a CustomSql says, each part as a rule where there is one. None where its SQL cannot be read.

    ``now`` has by lower-cased names of before the columns' names of now: columns are given by these.
    """
    tree = _read(cast(Text, rule.parameters[0]).pattern, now)
    if tree is None:
        return None
    select = _plain(tree)
    if select is None:
        return _repeats(tree, rule.condition) or [tree]
    where = cast(exp.Expr | None, select.args["where"].this if select.args.get("where") else None)
    if rule.condition is None:
        return conditions(where) if where is not None else [tree]
    shown = select.expressions[0] if len(select.expressions) == 1 else None
    return (_counted(shown, where, rule.condition) if shown is not None else None) or [tree]


def others(rule: Rule, now: Mapping[str, str]) -> list[Part]:
    """What it says of the other rows that few or none are under a row count's filter; nothing for other bounds."""
    bad = _read(rule.where.pattern, now) if rule.where and HIGH in sides(rule.condition) else None
    if bad is None or (LOW in sides(rule.condition) and not none(rule.condition)):
        return []
    return conditions(exp.not_(bad))


def none(condition: Condition | None) -> bool:
    """Whether a condition on a count asks for none."""
    operand = condition.operand if isinstance(condition, Compare) and condition.op in ("=", "<", "<=") else None
    return isinstance(operand, Number) and operand.value <= (1 if cast(Compare, condition).op == "<" else 0)


def conditions(tree: exp.Expr) -> list[Part]:
    """The parts of a condition on a row that are joined by ``and``, without what merely lets missing values pass."""
    simple = simplify(tree.copy(), dialect="spark")
    return [_part(term) for term in _flat(simple, exp.And)]


def text(tree: exp.Expr, columns: dict[str, int]) -> str:
    """SQL with the columns of the primary table numbered (``columns`` is filled) and without its numbers."""
    copy = _mirrored(tree.copy())
    for column in [one for one in copy.find_all(exp.Column, bfs=False) if not one.table]:
        number = columns.setdefault(column.name, len(columns) + 1)
        copy = _replaced(copy, column, exp.column(f"c{number}"))
    for literal in list(copy.find_all(exp.Literal)):
        if not literal.is_string:
            copy = _replaced(copy, literal, exp.Placeholder())
    return copy.sql(dialect="spark", comments=False)


def _read(sql: str, now: Mapping[str, str]) -> exp.Expr | None:
    """Parsed, in lower case but for texts, with the columns' names of now and tables by their names."""
    try:
        tree = parse_one(sql, dialect="spark")
    except SqlglotError:
        return None
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", False)
    tables = {table.alias_or_name: table.name for table in tree.find_all(exp.Table)}
    for column in tree.find_all(exp.Column):
        table = tables.get(column.table, "primary")
        column.set("table", None if table == "primary" else exp.to_identifier(table))
        column.this.set("this", now.get(column.name, column.name).lower() if table == "primary" else column.name)
    for source in tree.find_all(exp.Table, exp.Subquery):
        source.set("alias", None)
    return cast(exp.Expr, simplify(tree, dialect="spark"))


def _plain(tree: exp.Expr) -> exp.Select | None:
    """A select from the primary table and nothing else."""
    extra = ("joins", "group", "having", "with_", "with", "distinct", "limit", "qualify", "laterals")
    if not isinstance(tree, exp.Select) or tree.find(exp.Subquery) or any(tree.args.get(name) for name in extra):
        return None
    return tree if [table.name for table in tree.find_all(exp.Table)] == ["primary"] else None


def _counted(shown: exp.Expr, where: exp.Expr | None, condition: Condition) -> list[Part] | None:
    """What a condition on one number says, which is an aggregate."""
    shown = shown.unalias()
    bad = _case(shown) if where is None else where if _all_rows(shown) else None
    if bad is not None or _all_rows(shown):
        filtered = Text(bad.sql(dialect="spark").replace('"', '\\"')) if bad is not None else None
        return [Rule("RowCount", (), condition, filtered)]
    if isinstance(shown, exp.Sub | exp.Div):
        return _share(shown, condition)
    metric, column = METRICS.get(type(shown)), shown.this
    if isinstance(shown, exp.Anonymous):
        metric, column = UNKNOWN.get(shown.name.lower()), next(iter(shown.expressions), None)
    if not isinstance(column, exp.Column):
        return None
    if metric:
        return [_rule(metric, column, condition)]
    end = LOW if isinstance(shown, exp.Min) else HIGH if isinstance(shown, exp.Max) else None
    return [_rule("ColumnValues", column, condition)] if end and sides(condition) == {end} else None


def _share(shown: exp.Expr, condition: Condition) -> list[Part] | None:
    """``count(*) - count(a)`` and ``count(a) / count(*)``, of different values too."""
    counts = [shown.this, shown.expression]
    wanted = HIGH if isinstance(shown, exp.Sub) else LOW
    some = next((one for one in counts if isinstance(one, exp.Count) and not _all_rows(one)), None)
    if some is None or not any(map(_all_rows, counts)) or wanted not in sides(condition):
        return None
    if isinstance(some.this, exp.Distinct):
        columns = some.this.expressions
        return [Rule("IsUnique", tuple(map(_name, columns)))] if all(map(_is_column, columns)) else None
    return [_rule("IsComplete", some.this)] if _is_column(some.this) else None


def _repeats(tree: exp.Expr, condition: Condition | None) -> list[Part] | None:
    """``select count(*) from (select a from primary group by a having count(*) > 1)`` is about repeated values."""
    inner = tree.find(exp.Group)
    if inner is None or condition is None or HIGH not in sides(condition) or not tree.find(exp.Having):
        return None
    columns = inner.expressions
    return [Rule("IsUnique", tuple(map(_name, columns)))] if columns and all(map(_is_column, columns)) else None


def _part(term: exp.Expr) -> Part:
    while isinstance(term, exp.Not) and isinstance(term.this.unnest(), exp.Not):
        term = term.this.unnest().this.unnest()
    terms = _flat(term, exp.Or)
    if len(terms) > 1:
        said = [one for one in terms if not _is_null(one)] or terms
        if len(said) == 1:
            return _part(said[0])
        found = [_part(one) for one in said]
        rules = [one for one in found if not isinstance(one, exp.Expr)]
        return Composite("or", tuple(rules)) if len(rules) == len(found) else _joined(said)
    return _simple(term) or term


def _simple(term: exp.Expr) -> Rule | None:
    """A condition on one column as a rule."""
    negated = isinstance(term, exp.Not)
    inner = term.this.unnest() if isinstance(term, exp.Not) else term
    column = inner.this
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and _is_column(column):
        missing = Compare("!=" if negated else "=", Keyword("NULL"))
        return _rule("ColumnValues", column, missing)
    if isinstance(inner, exp.In) and _is_column(column) and inner.expressions:
        items = [_operand(one) for one in inner.expressions]
        known = tuple(one for one in items if one is not None)
        return _rule("ColumnValues", column, Member(known, negated)) if len(known) == len(items) else None
    if isinstance(inner, exp.RegexpLike | exp.Like) and _is_column(column):
        return _rule("ColumnValues", column, Matches(_pattern(inner), negated))
    if isinstance(inner, exp.Between) and _is_column(column):
        low, high = (_operand(inner.args[end]) for end in ("low", "high"))
        return _rule("ColumnValues", column, Between(low, high, negated)) if low and high else None
    return None if negated else _comparison(term)


def _comparison(term: exp.Expr) -> Rule | None:
    operator = OPERATORS.get(type(term))
    if operator is None:
        return None
    measured, operand = term.this, _operand(term.expression)
    if operand is None:
        measured, operand, operator = term.expression, _operand(term.this), MIRRORED[operator]
    if operand is None:
        return None
    if isinstance(measured, exp.Length) and _is_column(measured.this):
        return _rule("ColumnLength", measured.this, Compare(operator, operand))
    if isinstance(measured, exp.Trim) and operand == Text(""):
        measured = measured.this
    return _rule("ColumnValues", measured, Compare(operator, operand)) if _is_column(measured) else None


def _case(shown: exp.Expr) -> exp.Expr | None:
    """The condition of ``sum(case when … then 1 else 0 end)``, ``sum(if(…, 1, 0))`` and ``count_if(…)``."""
    if isinstance(shown, exp.CountIf):
        return cast(exp.Expr, shown.this)
    if not isinstance(shown, exp.Sum | exp.Count):
        return None
    choice = shown.this.args["ifs"][0] if isinstance(shown.this, exp.Case) else shown.this
    return cast(exp.Expr, choice.this) if isinstance(choice, exp.If) else None


def _all_rows(shown: exp.Expr) -> bool:
    return isinstance(shown, exp.Count) and isinstance(shown.this, exp.Star | exp.Literal)


def _rule(rule_type: str, column: exp.Expr, condition: Condition | None = None) -> Rule:
    return Rule(rule_type, (_name(column),), condition)


def _name(column: exp.Expr) -> Text:
    return Text(quote(column.name)[1:-1])


def _is_column(tree: object) -> bool:
    return isinstance(tree, exp.Column)


def _is_null(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null)


def _operand(tree: exp.Expr) -> Operand | None:
    if isinstance(tree, exp.Neg) and isinstance(tree.this, exp.Literal) and not tree.this.is_string:
        return Number(-Decimal(tree.this.name))
    if isinstance(tree, exp.Null):
        return Keyword("NULL")
    if not isinstance(tree, exp.Literal):
        return None
    return Text(quote(tree.name)[1:-1]) if tree.is_string else Number(Decimal(tree.name))


def _pattern(tree: exp.RegexpLike | exp.Like) -> Text:
    said = tree.expression.name
    return Text(said.replace('"', '\\"') if isinstance(tree, exp.RegexpLike) else said.replace("%", ".*"))


def _flat(tree: exp.Expr, joined: type[exp.Connector]) -> list[exp.Expr]:
    found = tree.unnest()
    return list(found.flatten()) if isinstance(found, joined) else [found]


def _joined(terms: list[exp.Expr]) -> exp.Expr:
    return cast(exp.Expr, exp.or_(*terms))


def _mirrored(tree: exp.Expr) -> exp.Expr:
    """``a >= b`` as ``b <= a``: which stands first is not to depend on names."""
    for kind, other in ((exp.GT, exp.LT), (exp.GTE, exp.LTE)):
        for found in list(tree.find_all(kind)):
            tree = _replaced(tree, found, other(this=found.expression, expression=found.this))
    return tree


def _replaced(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    """The tree with a node replaced, which may be the tree itself."""
    old.replace(new)
    return new if old is tree else tree
