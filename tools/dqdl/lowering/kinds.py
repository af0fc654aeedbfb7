"""What kind of value each part of a query has, as far as the types of the columns tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sqlglot import exp

from tools.sources.table import Field

Kind = Literal["text", "integer", "decimal", "double", "boolean", "date", "timestamp"]

_TYPES: tuple[tuple[Kind, Iterable[exp.DType]], ...] = (
    ("text", exp.DataType.TEXT_TYPES),
    ("integer", exp.DataType.INTEGER_TYPES),
    ("double", exp.DataType.FLOAT_TYPES),
    ("decimal", exp.DataType.NUMERIC_TYPES),
    ("boolean", (exp.DType.BOOLEAN,)),
    ("date", (exp.DType.DATE, exp.DType.DATE32)),
    ("timestamp", exp.DataType.TEMPORAL_TYPES),
)
_OF_TYPE: dict[object, Kind] = {kind_type: kind for kind, types in reversed(_TYPES) for kind_type in types}
_FIXED: tuple[tuple[tuple[type[exp.Expr], ...], Kind], ...] = (
    ((exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Concat, exp.DPipe, exp.Replace, exp.Left, exp.Right), "text"),
    ((exp.Reverse, exp.Initcap, exp.SplitPart, exp.ConcatWs, exp.RegexpExtract, exp.RegexpReplace, exp.MD5), "text"),
    ((exp.SHA, exp.SHA2, exp.TimeToStr, exp.Pad, exp.Translate), "text"),
    ((exp.Length, exp.Count, exp.CountIf, exp.StrPosition, exp.Levenshtein, exp.DateDiff, exp.RowNumber), "integer"),
    ((exp.Year, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.Quarter, exp.Week, exp.Extract), "integer"),
    ((exp.Div, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop), "double"),
    ((exp.Corr, exp.Ln, exp.Log, exp.Exp, exp.Sqrt, exp.Pow), "double"),
    ((exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.RegexpLike), "boolean"),
    ((exp.CurrentDate, exp.Date, exp.LastDay, exp.TsOrDsToDate), "date"),
    ((exp.CurrentTimestamp, exp.TimestampTrunc, exp.StrToTime), "timestamp"),
)
_SAME = (exp.Min, exp.Max, exp.Paren, exp.Nullif, exp.Distinct, exp.Window, exp.Ordered, exp.Alias)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Mod)
_WIDTH: dict[Kind, int] = {"integer": 1, "decimal": 2, "double": 3}


def _width(kind: Kind | None) -> int:
    return _WIDTH.get(kind, 0) if kind else 0


class Kinds:
    """Answers for one query. Names are enough to know a column: one name of two kinds is not known."""

    def __init__(self, nodes: Iterable[exp.Expr], fields: Iterable[Field]) -> None:
        """``nodes`` are all of the query."""
        fields = tuple(fields)
        self.columns: dict[str, Kind | None] = {}
        self.narrow = {field.name.lower() for field in fields if field.type.upper() in ("FLOAT", "REAL")}
        for field in fields:
            self._note(field.name, of_field(field))
        self.aliases: dict[str, list[exp.Expr]] = {}
        for node in nodes:
            if isinstance(node, exp.Alias):
                self.aliases.setdefault(node.alias.lower(), []).append(node.this)
        self.known: dict[int, tuple[exp.Expr, Kind | None]] = {}
        self.open: set[str] = set()

    def _note(self, name: str, kind: Kind | None) -> None:
        lower = name.lower()
        self.columns[lower] = kind if self.columns.get(lower, kind) == kind else None

    def of(self, node: exp.Expr) -> Kind | None:
        """The kind of a part of the query, or of what took its place; None when it is not known."""
        found = self.known.get(id(node))
        if found is None:
            found = self.known[id(node)] = (node, self._find(node))
        return found[1]

    def note(self, node: exp.Expr, kind: Kind | None) -> None:
        """A new node has this kind. The node is kept, so that no other one gets its id."""
        self.known[id(node)] = (node, kind)

    def _find(self, node: exp.Expr) -> Kind | None:
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Cast):
            return of_type(node.to)
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "integer" if node.name.isdigit() else "decimal"
        if isinstance(node, _ARITHMETIC):
            return self._widest(node.this, node.expression)
        if isinstance(node, _SAME):
            inner = node.this if node.this is not None else node.expressions[0]
            return self.of(inner)
        if isinstance(node, exp.Sum | exp.Neg | exp.Abs):
            return self._number(node.this)
        if isinstance(node, exp.Case | exp.If | exp.Coalesce):
            return self._mixed(results(node))
        if isinstance(node, exp.Greatest | exp.Least):
            return self._agreed([node.this, *node.expressions])
        if isinstance(node, exp.Subquery | exp.Select) and len(node.selects) == 1:
            return self.of(node.selects[0])
        return next((kind for types, kind in _FIXED if isinstance(node, types)), None)

    def _column(self, column: exp.Column) -> Kind | None:
        name = column.name.lower()
        if name in self.columns:
            return self.columns[name]
        if name in self.open or name not in self.aliases:
            return None
        self.open.add(name)
        kind = self._agreed(list(self.aliases[name]))
        self.open.discard(name)
        return kind

    def _widest(self, *nodes: exp.Expr) -> Kind | None:
        kinds = [self.of(node) for node in nodes]
        return max(kinds, key=_width) if all(map(_width, kinds)) else None

    def _number(self, node: exp.Expr) -> Kind | None:
        """A text in arithmetic is read as a double."""
        kind = self.of(node)
        return "double" if kind == "text" else kind

    def _mixed(self, nodes: list[exp.Expr | None]) -> Kind | None:
        """Texts and other values together are texts."""
        kinds = {self.of(node) for node in nodes if node is not None and not isinstance(node, exp.Null)}
        return "text" if "text" in kinds and None not in kinds else self._agreed(nodes)

    def _agreed(self, nodes: list[exp.Expr | None]) -> Kind | None:
        kinds = {self.of(node) for node in nodes if node is not None and not isinstance(node, exp.Null)}
        if kinds and kinds <= {"integer", "decimal", "double"}:
            return max(kinds, key=_width)
        return kinds.pop() if len(kinds) == 1 else None


def results(node: exp.Expr) -> list[exp.Expr | None]:
    """What CASE, IF and COALESCE may come to."""
    if isinstance(node, exp.Case):
        return [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
    return [node.args["true"], node.args.get("false")] if isinstance(node, exp.If) else [node.this, *node.expressions]


_NAMED: dict[str, Kind] = {"text": "text", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}


def of_type(data_type: exp.DataType) -> Kind | None:
    """The kind of values of a type."""
    return _OF_TYPE.get(data_type.this)


def of_field(field: Field) -> Kind | None:
    """The kind of values of a column."""
    if field.kind != "number":
        return _NAMED.get(field.kind)
    name = field.type.upper()
    if any(word in name for word in ("DOUBLE", "FLOAT", "REAL")):
        return "double"
    return "integer" if "INT" in name or "LONG" in name or "SHORT" in name or "SERIAL" in name else "decimal"
