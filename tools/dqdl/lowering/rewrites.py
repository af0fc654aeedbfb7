"""Which nodes are rewritten for which engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlglot import exp

from tools.dqdl.lowering import functions, implicit, numbers, texts
from tools.dqdl.lowering.casts import from_text
from tools.dqdl.lowering.engine import number, string
from tools.dqdl.lowering.kinds import of_type
from tools.dqdl.lowering.site import Site
from tools.dqdl.lowering.values import convert, formatted, to_text
from tools.dqdl.plans.plan import RuleError

Rewrite = Callable[[Site, Any], exp.Expr]


def pattern(site: Site, node: exp.RegexpLike) -> exp.Expr:
    """A search for a regular expression. Raises RuleError for one that this engine cannot do."""
    text = pattern_of(node)
    found, exact = site.engine.matches(node.this.copy(), text), _without_line_end(text)
    if site.engine.dialect != "duckdb" or exact is None:
        return found
    # RE2 takes a third longer where a line end may follow, which hardly any text has.
    return exp.Case().when(site.engine.matches(node.this, exact), exp.true()).else_(found)


def _without_line_end(text: str) -> str | None:
    """A pattern that ends with ``$``, for texts that end right there; None where it ends otherwise."""
    before = text[:-1]
    escaped = (len(before) - len(before.rstrip("\\"))) % 2 == 1
    return before + r"\z" if text.endswith("$") and not escaped and r"\Q" not in text else None


def pattern_of(node: exp.RegexpLike) -> str:
    """The pattern. Raises RuleError for one that is computed."""
    found = node.expression
    if not (isinstance(found, exp.Literal) and found.is_string) or node.args.get("flag"):
        raise RuleError("A regular expression must be written as a plain text.")
    return str(found.name)


def attempt(site: Site, node: exp.TryCast) -> exp.Expr:
    """A cast that gives NULL where the value cannot be read."""
    return convert(site.engine, node.this, site.kinds.of(node.this), node.to)


def cast(site: Site, node: exp.Cast) -> exp.Expr:
    """A cast that a planner is sure of; one of a text is like any other of a text."""
    operand, kind, target = node.this, site.kinds.of(node.this), of_type(node.to)
    if isinstance(operand, exp.Literal) and operand.is_string:
        return _moment(site, node)
    if target == "text":
        return node if kind is None else to_text(site.engine, operand, kind)
    if kind == "text" and target is not None:
        return from_text(site.engine, operand, node.to)
    if target in ("integer", "boolean") and kind is not None:
        return convert(site.engine, operand, kind, node.to)
    return node


def _moment(site: Site, node: exp.Cast) -> exp.Expr:
    """MySQL has times without zones only; the sources keep its sessions in UTC."""
    if site.engine.dialect == "mysql" and of_type(node.to) == "timestamp":
        return exp.cast(string(node.this.name.removesuffix("+00:00")), "datetime(6)")
    return node


def in_format(site: Site, node: exp.StrToTime) -> exp.Expr:
    """A day in a format such as ``%d-%m-%Y``, or NULL."""
    return formatted(site.engine, node.this, node.args["format"].name)


def day_of_week(site: Site, node: exp.DayOfWeek) -> exp.Expr:
    """Sunday is 1, as in Spark; DuckDB counts from 0."""
    return exp.paren(exp.Add(this=node.copy(), expression=number(1)), copy=False)


_COMPARISONS: tuple[type[exp.Expr], ...] = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)
_ALWAYS: Mapping[type[exp.Expr], Rewrite] = {
    exp.RegexpLike: pattern,
    exp.TryCast: attempt,
    exp.Cast: cast,
    exp.StrToTime: in_format,
    exp.Div: numbers.division,
    exp.Mod: numbers.remainder,
    exp.Avg: numbers.mean,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Abs, exp.Neg), numbers.arithmetic),
    exp.Corr: numbers.correlation,
    exp.Ln: numbers.logarithm,
    exp.IsNan: numbers.not_a_number,
    exp.Sqrt: functions.root,
    **dict.fromkeys(_COMPARISONS, texts.comparison),
}
_UNASKED: Mapping[type[exp.Expr], Rewrite] = {
    **dict.fromkeys((exp.Like, exp.ILike, exp.RegexpLike, exp.StartsWith, exp.EndsWith, exp.Contains), implicit.texts),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Reverse, exp.Initcap, exp.Pad), implicit.texts),
    **dict.fromkeys((exp.Substring, exp.Left, exp.Right, exp.Replace, exp.StrPosition), implicit.texts),
    **dict.fromkeys((exp.SplitPart, exp.RegexpExtract, exp.RegexpReplace, exp.Translate), implicit.texts),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs), implicit.numbers),
    **dict.fromkeys((exp.Round, exp.Ceil, exp.Floor, exp.Sqrt, exp.Pow, exp.Exp, exp.Ln), implicit.numbers),
    **dict.fromkeys((exp.Sum, exp.Avg, exp.StddevPop, exp.StddevSamp, exp.Stddev, exp.VariancePop), implicit.numbers),
    **dict.fromkeys((exp.TsOrDsToDate, exp.TsOrDsAdd, exp.DateAdd, exp.DateSub, exp.LastDay), implicit.days),
    **dict.fromkeys((exp.MonthsBetween,), implicit.days),
    **dict.fromkeys((exp.Hour, exp.Minute, exp.Second, exp.TimestampTrunc), implicit.moments),
    **dict.fromkeys((exp.Case, exp.If, exp.Coalesce), implicit.branches),
    exp.In: implicit.listed,
}
"""What comes before the rewrites of these nodes, on every engine."""
_PARTS: Mapping[type[exp.Expr], Rewrite] = {
    exp.StartsWith: functions.beginning,
    exp.EndsWith: functions.end,
    exp.Contains: functions.within,
}
_CLOCK: Mapping[type[exp.Expr], Rewrite] = dict.fromkeys((exp.Hour, exp.Minute, exp.Second), functions.clock)
_OUTERMOST: Mapping[type[exp.Expr], Rewrite] = dict.fromkeys((exp.Greatest, exp.Least), functions.outermost)
_ALSO: Mapping[str, Mapping[type[exp.Expr], Rewrite]] = {
    "duckdb": {
        exp.StddevPop: numbers.spread,
        exp.VariancePop: numbers.spread,
        exp.DayOfWeek: day_of_week,
    },
    "postgres": {
        **dict.fromkeys((exp.Min, exp.Max), texts.extreme),
        exp.Ordered: texts.ordered,
        **_PARTS,
        **_CLOCK,
    },
    "spark": {exp.Sum: numbers.total},
    "athena": {**_PARTS, **_OUTERMOST},
    "redshift": {exp.NullSafeEQ: texts.same, **_PARTS, **_CLOCK},
    "mysql": {
        **dict.fromkeys((exp.Min, exp.Max), texts.extreme),
        exp.Ordered: texts.ordered,
        exp.CountIf: numbers.count_if,
        exp.NullSafeEQ: texts.same,
        exp.Like: texts.like,
        exp.Window: texts.window,
        exp.Distinct: texts.listed,
        exp.Select: texts.grouped,
        exp.Nullif: functions.null_if,
        exp.Case: functions.branches,
        exp.TimestampTrunc: functions.truncated,
        **_PARTS,
        **_OUTERMOST,
    },
}


@cache
def table(dialect: str) -> Mapping[type[exp.Expr], Rewrite]:
    """The rewriting of each kind of node."""
    found = {**_ALWAYS, **_ALSO.get(dialect, {})}
    return {**found, **{kind: _one_after_another(first, found.get(kind)) for kind, first in _UNASKED.items()}}


def _one_after_another(first: Rewrite, then: Rewrite | None) -> Rewrite:
    return first if then is None else lambda site, node: then(site, first(site, node))
