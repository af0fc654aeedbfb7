"""Functions of Spark SQL that no other engine has by that name, written with functions that all engines have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

_UNITS = {
    **dict.fromkeys(("YEAR", "YYYY", "YY"), "YEAR"),
    **dict.fromkeys(("MONTH", "MM", "MON"), "MONTH"),
    **{unit: unit for unit in ("QUARTER", "WEEK")},
}
_NO_PATTERN = frozenset(r".\^$|?*+()[]{}")
_TYPES = ("bigint", "smallint", "tinyint", "decimal")


def plain(tree: exp.Expr) -> exp.Expr:
    """The same tree without the functions that are written otherwise here; from the inside to the outside."""
    for node in reversed(list(tree.walk())):
        found = _written(node)
        if found is node:
            continue
        if node.parent is None:
            tree = found
        else:
            node.replace(found)
    return tree


def _written(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        count, write = _NAMED.get(node.name.lower(), (-1, None))
        return write(*node.expressions) if write and len(node.expressions) == count else node
    by_type = _TYPED.get(type(node))
    return by_type(node) if by_type else node


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _is_null(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Is(this=value, expression=exp.null()))


def _not_null(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.not_(exp.Is(this=value, expression=exp.null())))


def _read(value: exp.Expr, to: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(to))


def _choice(condition: exp.Expr, value: exp.Expr, default: exp.Expr) -> exp.Expr:
    return exp.Case().when(condition, value, copy=False).else_(default, copy=False)


def _infix(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """An operation in parentheses, of operands that keep together."""
    return exp.Paren(this=kind(this=exp.Paren(this=left), expression=exp.Paren(this=right)))


def _weekday(day: exp.Expr) -> exp.Expr:
    """From Monday, which is 0; Spark's day of the week counts from Sunday, which is 1."""
    shifted = _infix(exp.Add, exp.DayOfWeek(this=exp.TsOrDsToDate(this=day)), _number(5))
    return _infix(exp.Mod, shifted, _number(7))


def _positive_rest(value: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    rest = _infix(exp.Mod, value, divisor)
    return _infix(exp.Mod, _infix(exp.Add, rest, divisor.copy()), divisor.copy())


def _part(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.Var(this=unit.name.upper()), expression=value)


def _cast(to: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda value: _read(value, "decimal(10, 0)" if to == "decimal" else to)


_NAMED: dict[str, tuple[int, Callable[..., exp.Expr]]] = {
    "isnull": (1, _is_null),
    "isnotnull": (1, _not_null),
    "mean": (1, lambda value: exp.Avg(this=value)),
    "every": (1, lambda value: exp.LogicalAnd(this=value)),
    "some": (1, lambda value: exp.LogicalOr(this=value)),
    "now": (0, exp.CurrentTimestamp),
    "weekday": (1, _weekday),
    "pmod": (2, _positive_rest),
    "btrim": (1, lambda value: exp.Trim(this=value)),
    "zeroifnull": (1, lambda value: exp.Coalesce(this=value, expressions=[_number(0)])),
    "date_part": (2, _part),
    **{name: (1, _cast(name)) for name in _TYPES},
}


def _decoded(node: exp.DecodeCase) -> exp.Expr:
    value, *rest = node.expressions
    case = exp.Case()
    for wanted, result in zip(rest[::2], rest[1::2], strict=False):
        case = case.when(exp.NullSafeEQ(this=value.copy(), expression=wanted), result, copy=False)
    return case.else_(rest[-1], copy=False) if len(rest) % 2 else case


def _months_later(node: exp.AddMonths) -> exp.Expr:
    later = exp.DateAdd(this=_read(node.this, "date"), expression=node.expression, unit=exp.Var(this="MONTH"))
    return exp.cast(later, "date")


def _day_of(node: exp.TsOrDsToDate) -> exp.Expr:
    form = node.args.get("format")
    return node if form is None else exp.cast(_in_format(exp.StrToTime(this=node.this, format=form)), "date")


def _in_format(node: exp.StrToTime) -> exp.Expr:
    """The parser marks parts of a format whose width Spark holds to; all are held to here."""
    node.set("format", exp.Literal.string(node.args["format"].name.replace("strict", "")))
    return node


def _first_day(node: exp.DateTrunc) -> exp.Expr:
    unit = _UNITS.get(node.args["unit"].name.upper())
    if unit is None:
        return exp.null()
    return exp.cast(exp.TimestampTrunc(this=_read(node.this, "date"), unit=exp.Var(this=unit)), "date")


def _unit_in_full(node: exp.TimestampTrunc) -> exp.Expr:
    unit = node.args["unit"].name.upper()
    node.set("unit", exp.Var(this=_UNITS.get(unit, unit)))
    return node


def _from_one(node: exp.Substring) -> exp.Expr:
    """Position 0 is the first sign, as 1 is."""
    if node.args.get("start") == _number(0):
        node.set("start", _number(1))
    return node


def _seconds(node: exp.StrToUnix) -> exp.Expr:
    """Since 1970; of the present without an argument."""
    moment = exp.CurrentTimestamp() if node.this is None else node.this
    start = exp.cast(exp.Literal.string("1970-01-01 00:00:00"), "timestamp")
    return exp.TimestampDiff(this=_read(moment, "timestamp"), expression=start, unit=exp.Var(this="SECOND"))


def _separator(split: Any) -> exp.Expr | None:
    """What a text is split at, where it is no pattern but stands for itself."""
    found = split.expression if isinstance(split, exp.RegexpSplit) else None
    simple = isinstance(found, exp.Literal) and found.is_string and found.name and not _NO_PATTERN & set(found.name)
    return found if simple else None


def _pieces(text: exp.Expr, separator: exp.Expr) -> exp.Expr:
    """How many pieces a text has."""
    rest = exp.Replace(this=text.copy(), expression=separator.copy(), replacement=exp.Literal.string(""))
    signs = _infix(exp.Sub, exp.Length(this=text.copy()), exp.Length(this=rest))
    return _infix(exp.Add, exp.IntDiv(this=signs, expression=_number(len(separator.name))), _number(1))


def _piece(node: exp.Bracket) -> exp.Expr:
    """``split(text, ',')[0]``, NULL behind the last piece."""
    separator, place = _separator(node.this), node.expressions[0]
    if separator is None or not isinstance(place, exp.Literal) or not place.is_int:
        return node
    number = int(place.name) + 1 - int(node.args.get("offset") or 0)
    piece = exp.SplitPart(this=node.this.this, delimiter=separator, part_index=_number(number))
    there = exp.GTE(this=_pieces(node.this.this, separator), expression=_number(number))
    return exp.Case().when(there, piece, copy=False)


def _size(node: exp.ArraySize) -> exp.Expr:
    """How many pieces, or how many values that were collected."""
    inner = node.this
    if (separator := _separator(inner)) is not None:
        return _pieces(inner.this, separator)
    if isinstance(inner, exp.ArrayUniqueAgg):
        return exp.Count(this=exp.Distinct(expressions=[inner.this]))
    return exp.Count(this=inner.this) if isinstance(inner, exp.ArrayAgg) else node


def _listed(node: exp.ArrayContains) -> exp.Expr:
    items = node.this.expressions if isinstance(node.this, exp.Array) else []
    return exp.Paren(this=exp.In(this=node.expression, expressions=items)) if items else node


def _filled(node: exp.Pad) -> exp.Expr:
    if node.args.get("fill_pattern") is None:
        node.set("fill_pattern", exp.Literal.string(" "))
    return node


def _percentile(kind: type[exp.Expr]) -> Callable[[Any], exp.Expr]:
    """Between two neighbours, or one of the values."""

    def written(node: Any) -> exp.Expr:
        order = exp.Order(expressions=[exp.Ordered(this=node.this)])
        return exp.WithinGroup(this=kind(this=node.args["quantile"]), expression=order)

    return written


_TYPED: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Nvl2: lambda node: _choice(_not_null(node.this), node.args["true"], node.args["false"]),
    exp.Nanvl: lambda node: _choice(exp.IsNan(this=node.this.copy()), node.expression, node.this),
    exp.SafeDivide: lambda node: _infix(exp.Div, node.this, node.expression),
    exp.EqualNull: lambda node: exp.Paren(this=exp.NullSafeEQ(this=node.this, expression=node.expression)),
    exp.TimeStrToTime: lambda node: _read(node.this, "timestamp"),
    exp.DecodeCase: _decoded,
    exp.AddMonths: _months_later,
    exp.StrToUnix: _seconds,
    exp.TsOrDsToDate: _day_of,
    exp.StrToTime: _in_format,
    exp.DateTrunc: _first_day,
    exp.TimestampTrunc: _unit_in_full,
    exp.Substring: _from_one,
    exp.Quantile: _percentile(exp.PercentileCont),
    exp.ApproxQuantile: _percentile(exp.PercentileDisc),
    exp.Bracket: _piece,
    exp.ArraySize: _size,
    exp.ArrayContains: _listed,
    exp.Pad: _filled,
}
