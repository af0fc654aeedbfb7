"""What engines say differently. Everything else in the profiler's queries is the same SQL for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from tools.profiling.sql import CODE, INTEGER, call, raw, text
from tools.sources import Field, Table

_WHITE = " \t\n\r\f\v"
_PAD = f"[{_WHITE}]*"
_PLAIN = r"([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
_NUMBER = f"^{_PAD}[+-]?({_PLAIN}|[iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN]){_PAD}$"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY = (
    "([0-9]{4}-(0?[13578]|1[02])-(0?[1-9]|[12][0-9]|3[01])|[0-9]{4}-(0?[469]|11)-(0?[1-9]|[12][0-9]|30)"
    f"|[0-9]{{4}}-0?2-(0?[1-9]|1[0-9]|2[0-8])|{_LEAP}-0?2-29)"
)
_CLOCK = "([ T]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?([ ]?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
_TEXTS = ("varchar", "text", "string")
_TYPES = {
    "INTEGER": INTEGER,
    "DOUBLE": _NUMBER[1:-1],
    "BOOLEAN": f"{_PAD}([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[yY]([eE][sS])?|[nN][oO]?|0|1){_PAD}",
    "DATE": f"{_PAD}{_DAY}{_PAD}",
    "TIMESTAMP": f"{_PAD}{_DAY}{_CLOCK}{_PAD}",
}


class Engine:
    """An engine that reads rows and finds out about texts by regular expressions."""

    approximate = False
    """Whether distinct values are estimated by HyperLogLog; an engine without it counts them exactly."""
    groups = True
    """Whether one read can group by several columns, each by itself (GROUPING SETS)."""
    width = 1_000
    """Aggregates per query: servers limit them, and planning grows faster than their number."""
    exact_means = False
    """Whether the mean of whole numbers is not rounded to a few digits."""
    ordered = False
    """Whether rows come in the order in which they are stored."""

    def column(self, field: Field) -> exp.Expr:
        """The column; what merely reads as text (enumerations, UUIDs) as text, whose functions it would lack."""
        return text(raw(field)) if field.kind == "text" and field.type.lower() not in _TEXTS else raw(field)

    def compared(self, field: Field) -> exp.Expr:
        """The column such that two values are equal, and in order, as their code points are."""
        return self.column(field)

    def distinct(self, field: Field) -> exp.Expr:
        """The number of distinct values, exact."""
        return exp.Count(this=exp.Distinct(expressions=[self.compared(field)]))

    def estimate(self, field: Field) -> exp.Expr:
        """The number of distinct values, as cheaply as the engine can tell it."""
        return exp.ApproxDistinct(this=self.column(field)) if self.approximate else self.distinct(field)

    def digest(self, texts: Sequence[exp.Expr]) -> exp.Expr:
        """The MD5 of some texts, in hexadecimal digits."""
        return exp.MD5(this=call("CONCAT", *texts))

    def matches(self, value: exp.Expr, pattern: str) -> exp.Expr:
        """Whether a text contains a match of a regular expression that all engines read alike."""
        return exp.RegexpLike(this=value, expression=exp.Literal.string(pattern))

    def blank(self, value: exp.Expr) -> exp.Expr:
        """Whether a text is empty or ASCII white space."""
        return self.matches(value, f"^{_PAD}$")

    def is_number(self, value: exp.Expr) -> exp.Expr:
        """Whether a text reads as a number."""
        return self.matches(value, _NUMBER)

    def casts_to(self, value: exp.Expr, kind: str) -> exp.Expr:
        """Whether a text reads as INTEGER, DOUBLE, BOOLEAN, DATE or TIMESTAMP; codes with leading zeros do not."""
        found = self.matches(value, f"^({_TYPES[kind]})$")
        return exp.and_(found, self.matches(value.copy(), f"^{CODE}$").not_()) if kind == "DOUBLE" else found

    def span(self, field: Field, low: int, high: int) -> exp.Expr:
        """The exact number of distinct values of whole numbers between two."""
        return self.distinct(field)

    def columnar(self, table: Table) -> bool:
        """Whether a query costs only the columns that it names."""
        return False

    def counts_groups_cheaply(self, table: Table) -> bool:
        """Whether one more read, grouped by several columns, is worth its price for histograms of all rows."""
        return self.groups


class DuckDb(Engine):
    """Files and tables in memory. Fast paths of the engine, as every text function costs in each row."""

    approximate = True
    exact_means = True
    ordered = True

    def blank(self, value: exp.Expr) -> exp.Expr:
        """CASE, unlike AND, spares most values the trimming."""
        trimmed = call("trim", value.copy(), exp.Literal.string(_WHITE))
        low = exp.LT(this=value, expression=exp.Literal.string("!"))
        return exp.case().when(low, trimmed.eq("")).else_(exp.false())

    def is_number(self, value: exp.Expr) -> exp.Expr:
        """A cast is half as dear as a regular expression."""
        return _reads_as(value, "DOUBLE")

    def casts_to(self, value: exp.Expr, kind: str) -> exp.Expr:
        """As the engine casts, but codes with leading zeros are no numbers."""
        if kind in ("INTEGER", "DATE"):
            whole = call("regexp_full_match", value, exp.Literal.string(_TYPES[kind]))
            return exp.and_(whole, _reads_as(value.copy(), kind)) if kind == "DATE" else whole
        if kind == "DOUBLE":
            coded = call("regexp_full_match", value.copy(), exp.Literal.string(CODE))
            return exp.and_(_reads_as(value, kind), coded.not_())
        return _reads_as(value, kind)

    def span(self, field: Field, low: int, high: int) -> exp.Expr:
        """A bit for each number of the range: a tenth of the price of a hash table."""
        bits = call("bitstring_agg", raw(field), exp.convert(low), exp.convert(high))
        return exp.func("COALESCE", call("bit_count", bits), exp.convert(0))

    def columnar(self, table: Table) -> bool:
        """Parquet and Arrow, whose number of rows is known; text files are parsed as a whole."""
        return table.row_count is not None

    def counts_groups_cheaply(self, table: Table) -> bool:
        """Not where every read parses the file again."""
        return self.columnar(table)


class Postgres(Engine):
    """Texts compare by their bytes, whatever the collation of the column."""

    def compared(self, field: Field) -> exp.Expr:
        """In the collation of bytes."""
        value = self.column(field)
        bytewise = exp.to_identifier("C", quoted=True)
        return exp.Collate(this=value, expression=bytewise) if field.kind == "text" else value


class MySql(Engine):
    """MySQL and MariaDB: columns compare without case unless they are cast."""

    groups = False

    def column(self, field: Field) -> exp.Expr:
        """Texts of the session's own making: those compare byte by byte, and blanks at their end count."""
        return text(raw(field)) if field.kind == "text" else raw(field)

    def matches(self, value: exp.Expr, pattern: str) -> exp.Expr:
        """MariaDB has no REGEXP_LIKE, and both have this."""
        return exp.GT(this=call("REGEXP_INSTR", value, exp.Literal.string(pattern)), expression=exp.convert(0))


class Spark(Engine):
    """Spark SQL: where a table is too large for anything but estimates."""

    approximate = True
    width = 500

    def estimate(self, field: Field) -> exp.Expr:
        """With a standard error of 2 %, where Spark would leave 5 %."""
        return exp.ApproxDistinct(this=self.column(field), accuracy=exp.Literal.number(0.02))


class Redshift(Engine):
    """Texts compare by their bytes."""

    width = 200

    def digest(self, texts: Sequence[exp.Expr]) -> exp.Expr:
        """CONCAT takes two texts there."""
        return exp.MD5(this=_joined(texts))


class Athena(Engine):
    """Trino, where each query is paid for by the columns that it reads."""

    approximate = True
    width = 500

    def digest(self, texts: Sequence[exp.Expr]) -> exp.Expr:
        """MD5 takes bytes there, and gives bytes."""
        return exp.func("LOWER", call("TO_HEX", call("MD5", call("TO_UTF8", _joined(texts)))))

    def columnar(self, table: Table) -> bool:
        """Its usual files are; of others, no more is known."""
        return True

    def counts_groups_cheaply(self, table: Table) -> bool:
        """It would be paid for."""
        return False


_ENGINES: dict[str, Engine] = {
    "athena": Athena(),
    "duckdb": DuckDb(),
    "mysql": MySql(),
    "postgres": Postgres(),
    "redshift": Redshift(),
    "spark": Spark(),
}


def _joined(texts: Sequence[exp.Expr]) -> exp.Expr:
    return reduce(lambda done, one: exp.DPipe(this=done, expression=one, safe=True), texts)


def _reads_as(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(kind)).is_(exp.null()).not_()


def engine_of(table: Table) -> Engine:
    """What is particular to the engine of a table."""
    return _ENGINES.get(table.dialect, _ENGINES["postgres"])
