"""The door for SQL that people write into rules: what is not known to be harmless does not pass.

The text is parsed, every node of the tree must be of an allowed class, and what runs is the tree written out again,
never the text. What the engine will get is parsed once more in its own dialect and checked in the same way, so that a
text which the generator prints as it stands cannot carry SQL past the check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.dqdl.rules.guard_size import too_large
from tools.dqdl.rules.spark_functions import plain

MAX_LENGTH = 20_000
MAX_NESTING = 100


# The parser stumbles in these ways over text that is far from SQL.
_NOT_SQL = (SqlglotError, ValueError, TypeError, AttributeError, LookupError)


class GuardError(Exception):
    """Why the SQL may not run."""


_OPERATORS: tuple[type[exp.Expr], ...] = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Concat, exp.Paren, exp.Tuple),
    *(exp.In, exp.Between, exp.Is, exp.Like, exp.ILike, exp.RegexpLike, exp.Escape, exp.Exists, exp.Any, exp.All),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.Case, exp.If, exp.Cast, exp.TryCast),
)
_NAMES_AND_VALUES: tuple[type[exp.Expr], ...] = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Star, exp.Alias, exp.Var),
    *(exp.DataType, exp.DataTypeParam, exp.Interval),
)
_QUERY: tuple[type[exp.Expr], ...] = (
    *(exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Subquery, exp.Where, exp.Group, exp.Having, exp.Order),
    *(exp.Ordered, exp.Limit, exp.Offset, exp.Join, exp.Union, exp.Intersect, exp.Except, exp.With, exp.CTE),
    *(exp.Distinct, exp.Window, exp.WindowSpec, exp.Qualify, exp.Filter),
)
_AGGREGATES: tuple[type[exp.Expr], ...] = (
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp),
    *(exp.Variance, exp.VariancePop, exp.Corr, exp.CovarPop, exp.CovarSamp, exp.Median, exp.Quantile),
    *(exp.PercentileCont, exp.PercentileDisc, exp.WithinGroup, exp.ApproxDistinct, exp.LogicalAnd, exp.LogicalOr),
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Ntile),
    *(exp.Mode, exp.ArgMax, exp.ArgMin, exp.AnyValue, exp.IgnoreNulls, exp.First),
)
_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    *(exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sqrt, exp.Pow, exp.Exp, exp.Ln, exp.Log, exp.Sign, exp.Greatest),
    *(exp.Least, exp.Coalesce, exp.Nullif, exp.IsNan, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring),
    *(exp.Left, exp.Right, exp.Replace, exp.StrPosition, exp.StartsWith, exp.EndsWith, exp.Contains, exp.Reverse),
    *(exp.Trunc, exp.ArrayContains, exp.Timestamp),
    *(exp.Initcap, exp.SplitPart, exp.ConcatWs, exp.RegexpExtract, exp.RegexpReplace, exp.Levenshtein),
    *(exp.CurrentDate, exp.CurrentTimestamp, exp.Date, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.DateTrunc),
    *(exp.TimestampTrunc, exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff, exp.Extract, exp.Year, exp.Month),
    *(exp.Day, exp.DayOfWeek, exp.DayOfMonth, exp.DayOfYear, exp.Quarter, exp.Week, exp.Hour, exp.Minute, exp.Second),
    *(exp.TsOrDsAdd, exp.TsOrDsDiff, exp.TsOrDsToDate, exp.TsOrDsToTimestamp, exp.StrToDate, exp.StrToTime),
    *(exp.TimeToStr, exp.LastDay, exp.MD5, exp.SHA, exp.SHA2, exp.Pad, exp.Translate, exp.Ascii, exp.WeekOfYear),
    *(exp.MonthsBetween,),
)
_CONDITION = frozenset((*_OPERATORS, *_NAMES_AND_VALUES, *_FUNCTIONS))
_SELECT = _CONDITION | frozenset((*_QUERY, *_AGGREGATES))
_NOT_COLUMNS = frozenset(
    ("user", "session_user", "system_user", "current_role", "current_catalog", "current_schema", "current_database")
)
"""Functions without parentheses that parse as columns; in quotes an engine takes them for columns too."""
_TABLE_PARTS = {"this", "alias", "joins"}
_UNITS = frozenset(
    (
        *("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"),
        *("YEARS", "QUARTERS", "MONTHS", "WEEKS", "DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS"),
        *("MICROSECONDS", "DECADE", "CENTURY", "EPOCH", "DOW", "DOY", "DAYOFWEEK", "DAYOFYEAR", "DAYOFMONTH"),
        *("ISODOW", "ISOYEAR", "MM", "MON", "YY", "YYYY"),
    )
)
_TYPES = frozenset(
    (
        *exp.DataType.TEXT_TYPES,
        *exp.DataType.NUMERIC_TYPES,
        *exp.DataType.TEMPORAL_TYPES,
        *(exp.DataType.Type.BOOLEAN, exp.DataType.Type.INTERVAL, exp.DataType.Type.TIME, exp.DataType.Type.TIMETZ),
    )
)
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_SPAN = re.compile(r"[\w\s.:+-]*")
_WORDS = re.compile(r"[A-Za-z_ ]*")


def guard_where(text: str, *, dialect: str) -> exp.Expr:
    """A row condition: no query, no aggregate inside. Spark SQL, else the engine's. Raises GuardError."""
    condition = _read(text, dialect, into=exp.Condition)
    _only(condition, _CONDITION)
    _check_size(condition)
    _check_written(exp.select(condition.copy()), dialect, _CONDITION | {exp.Select})
    return condition


def guard_select(text: str, *, dialect: str, tables: Collection[str] | None) -> exp.Query:
    """One SELECT over known tables, None for any. Spark SQL, else the engine's. Raises GuardError."""
    query = _read(text, dialect)
    if not isinstance(query, exp.Query) or isinstance(query, exp.Subquery):
        raise GuardError("it must be one SELECT.")
    known = None if tables is None else {name.lower() for name in tables}
    _only(query, _SELECT)
    _known_tables(query, known)
    _check_size(query)
    _known_tables(_check_written(query, dialect, _SELECT), known)
    return query


def _read(text: str, dialect: str, into: Any = None) -> exp.Expr:
    if len(text) > MAX_LENGTH or _nesting(text) > MAX_NESTING:
        raise GuardError("it is too long or nested too deeply.")
    if not all(character.isprintable() or character in "\t\r\n" or ord(character) > 127 for character in text):
        raise GuardError("it holds a control character.")
    problem: Exception | None = None
    for read in dict.fromkeys(("spark", dialect)):
        try:
            statements = [sqlglot.parse_one(text, into=into, read=read)] if into else sqlglot.parse(text, read=read)
        except _NOT_SQL as error:
            problem = problem or error
            continue
        except RecursionError:
            raise GuardError("it is nested too deeply.") from None
        if len(statements) != 1 or statements[0] is None:
            raise GuardError("it must be one statement.")
        return plain(statements[0])
    raise GuardError(f"it is not SQL{_detail(problem)}.")


def _check_written(query: exp.Query, dialect: str, allowed: frozenset[type[exp.Expr]]) -> exp.Query:
    """What the engine will read, as a tree. Raises GuardError unless it is one SELECT of allowed nodes, like before."""
    try:
        statements = sqlglot.parse(query.sql(dialect=dialect), read=dialect)
    except (*_NOT_SQL, RecursionError):
        raise GuardError("it cannot be written for this engine.") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise GuardError("it must be one statement.")
    again = statements[0]
    _only(again, allowed)
    if exp.From not in allowed and len(list(again.find_all(exp.Select))) != 1:
        raise GuardError("select is not allowed in a rule.")
    return again


def _check_size(tree: exp.Expr) -> None:
    if problem := too_large(tree):
        raise GuardError(problem)


def _only(tree: exp.Expr, allowed: frozenset[type[exp.Expr]]) -> None:
    for node in tree.walk():
        node.comments = None
        if type(node) not in allowed:
            raise GuardError(f"{_called(node)} is not allowed in a rule.")
        if isinstance(node, exp.Select) and (node.args.get("into") or node.args.get("locks") or node.args.get("hint")):
            raise GuardError("INTO, FOR UPDATE and hints are not allowed in a rule.")
        if isinstance(node, exp.Select) and not node.expressions:
            raise GuardError("a SELECT must name what it selects.")
        if isinstance(node, exp.Column) and node.name.lower() in _NOT_COLUMNS:
            node.this.set("quoted", True)
        if isinstance(node, exp.Star) and any(node.args.values()):
            raise GuardError("only a plain * is allowed in a rule.")
        _check_texts(node)


def _called(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return node.name
    return node.sql_name().lower() if isinstance(node, exp.Func) else type(node).key


def _check_texts(node: exp.Expr) -> None:
    """The generator writes most texts of a tree as they are: each must be one that can only mean itself."""
    if isinstance(node, exp.Identifier):
        if not _PLAIN_NAME.fullmatch(node.name):
            node.set("quoted", True)
        return
    for kinds, harmless, problem in _TEXTS:
        if isinstance(node, kinds):
            if not harmless(node):
                raise GuardError(problem)
            return
    if not all(map(_WORDS.fullmatch, _texts(node))):
        raise GuardError(f"this form of {type(node).key} is not allowed in a rule.")


def _harmless_type(node: exp.Expr) -> bool:
    return node.this in _TYPES and not node.args.get("kind")


def _harmless_length(node: exp.Expr) -> bool:
    size = node.this
    # Redshift writes text as VARCHAR(MAX).
    written = size.name == "MAX" if isinstance(size, exp.Var) else isinstance(size, exp.Literal) and not size.is_string
    return written and not node.args.get("expression")


def _harmless_span(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Expr) and bool(_SPAN.fullmatch(node.this.name))


def _harmless_unit(node: exp.Expr) -> bool:
    return node.name.upper() in _UNITS or isinstance(node.parent, exp.DataTypeParam)


_UNIT = "a unit of time must be one like day or month."
_TEXTS: tuple[tuple[Any, Callable[[exp.Expr], bool], str], ...] = (
    (exp.Literal, lambda node: node.is_string or bool(_NUMBER.fullmatch(node.name)), "a number is written in digits."),
    ((exp.Var, exp.Extract), _harmless_unit, _UNIT),
    (exp.DataType, _harmless_type, "only types of texts, numbers, times and booleans are allowed in a rule."),
    (exp.DataTypeParam, _harmless_length, "the length of a type must be a number."),
    (exp.Interval, _harmless_span, "an interval must be written like '3' day."),
)


def _texts(node: exp.Expr) -> Iterator[str]:
    for value in node.args.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                yield part


def _known_tables(query: exp.Query, known: set[str] | None) -> None:
    """A name that is not of the evaluation would be looked up by the engine, as a file or as a table of its own."""
    root = query.args.get("with_")
    if any(with_ is not root for with_ in query.find_all(exp.With)):
        raise GuardError("WITH is allowed only at the beginning.")
    inside: set[int] = set()
    for cte in root.expressions if root is not None else []:
        name = cte.alias.lower()
        if (
            (root is not None and root.args.get("recursive"))
            or (known and name in known)
            or not re.fullmatch(r"[a-z_][a-z0-9_]*", name)
        ):
            raise GuardError(f"WITH {name} is not allowed in a rule.")
        inside.update(map(id, _check_tables(cte.this, known)))
        known = None if known is None else {*known, name}
    _check_tables(query, known, skip=inside)


def _check_tables(tree: exp.Expr, known: set[str] | None, skip: Collection[int] = ()) -> list[exp.Table]:
    tables = list(tree.find_all(exp.Table))
    for table in tables:
        if id(table) in skip:
            continue
        extra = {key for key, part in table.args.items() if part} - _TABLE_PARTS
        foreign = known is not None and table.name.lower() not in known
        if extra or foreign or not isinstance(table.this, exp.Identifier):
            given = ", ".join(sorted(known or ())) or "its own"
            raise GuardError(f"{table.sql()} is not a table of this evaluation; known are {given}.")
    return tables


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return deepest


_DETAILS = (
    ("Required keyword", "something is missing"),
    ("Expected table name", "the name of a table is missing"),
    ("Invalid expression", "a word stands where it cannot"),
    ("Expecting )", "a parenthesis is not closed"),
)


def _detail(error: Exception | None) -> str:
    """What the parser found, in words of its own only where it is not known to speak of its own classes."""
    for found in getattr(error, "errors", None) or []:
        said, near = found.get("description") or "", (found.get("highlight") or "").strip()
        if said and near:
            plain = next((words for start, words in _DETAILS if said.startswith(start)), said.partition(" but got")[0])
            return f": {plain.rstrip('.')} near {near!r}" if "<" not in plain else f": it goes wrong near {near!r}"
    return ""
