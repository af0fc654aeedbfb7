"""What one engine calls the few functions on texts that the rewritten queries are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from tools.dqdl import regex

TEXT = exp.DataType.build("text")


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function that is written as it stands."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def string(value: str) -> exp.Expr:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: int | str) -> exp.Expr:
    """A literal of a number that is not negative."""
    return exp.Literal.number(value)


@dataclass(frozen=True)
class Engine:
    """One engine, by its sqlglot dialect."""

    dialect: str

    @property
    def tries(self) -> bool:
        """Whether a cast can give NULL instead of an error."""
        return self.dialect in ("duckdb", "spark", "athena")

    @property
    def counts_nan(self) -> bool:
        """Whether a double can be NaN or infinite."""
        return self.dialect != "mysql"

    def matches(self, operand: exp.Expr, pattern: str) -> exp.Expr:
        """The text contains a match. Raises RuleError."""
        groups = [
            exp.and_(*(self._test(operand, *test) for test in group)) for group in regex.tests(pattern, self.dialect)
        ]
        found = exp.or_(*groups)
        return exp.paren(found) if isinstance(found, exp.Connector) else found

    def _test(self, operand: exp.Expr, negated: bool, pattern: str) -> exp.Expr:
        found = self._found(operand.copy(), string(pattern))
        return exp.not_(exp.paren(found)) if negated else found

    def _found(self, operand: exp.Expr, written: exp.Expr) -> exp.Expr:
        if self.dialect == "mysql":
            # REGEXP_LIKE is not in MariaDB, and RLIKE goes by the collation of the column.
            found = call("REGEXP_INSTR", exact_text(operand), written)
            return exp.GT(this=found, expression=number(0))
        if self.dialect == "redshift":
            found = call("REGEXP_INSTR", operand, written, number(1), number(1), number(0), string("p"))
            return exp.GT(this=found, expression=number(0))
        return exp.RegexpLike(this=operand, expression=written)

    def find(self, operand: exp.Expr, pattern: str) -> exp.Expr:
        """The first match in a text; where there is none it is empty or NULL."""
        written = string(regex.translate(pattern, self.dialect))
        if self.dialect == "postgres":
            return call("SUBSTRING", operand, written)
        if self.dialect == "mysql":
            return call("REGEXP_SUBSTR", exact_text(operand), written)
        if self.dialect == "redshift":
            return call("REGEXP_SUBSTR", operand, written, number(1), number(1), string("p"))
        if self.dialect == "spark":
            return call("REGEXP_EXTRACT", operand, written, number(0))
        return call("REGEXP_EXTRACT", operand, written)

    def cast(self, operand: exp.Expr, to: str) -> exp.Expr:
        """A cast that does not fail where this engine can help it."""
        kind = exp.TryCast if self.tries else exp.Cast
        return kind(this=operand, to=exp.DataType.build(to))

    def text(self, operand: exp.Expr) -> exp.Expr:
        """The value as text, as this engine writes it."""
        return exp.Cast(this=operand, to=TEXT.copy())

    def join(self, *parts: exp.Expr) -> exp.Expr:
        """Texts one after another."""
        if self.dialect == "redshift":
            return reduce(lambda done, part: exp.DPipe(this=done, expression=part, safe=True), parts)
        return call("CONCAT", *parts)

    def piece(self, operand: exp.Expr, separator: str, index: int) -> exp.Expr:
        """One of the pieces between separators, counted from 1."""
        if self.dialect == "mysql":
            return call(
                "SUBSTRING_INDEX",
                call("SUBSTRING_INDEX", operand, string(separator), number(index)),
                string(separator),
                exp.Neg(this=number(1)),
            )
        return call("SPLIT_PART", operand, string(separator), number(index))

    def without(self, operand: exp.Expr, what: str) -> exp.Expr:
        """The text without every one of a sign."""
        return call("REPLACE", operand, string(what), string(""))

    def plus(self, moment: exp.Expr, amount: exp.Expr) -> exp.Expr:
        """A time, so many microseconds later."""
        if self.dialect == "mysql":
            return call("TIMESTAMPADD", exp.Var(this="MICROSECOND"), amount, moment)
        if self.dialect == "athena":
            # Trino adds no less than milliseconds.
            thousandth = exp.cast(
                call("FLOOR", exp.Div(this=exp.Paren(this=amount), expression=number(1000))), "bigint"
            )
            return call("DATE_ADD", string("millisecond"), thousandth, moment)
        if self.dialect == "redshift":
            return call("DATEADD", exp.Var(this="MICROSECOND"), amount, moment)
        if self.dialect == "duckdb":
            return exp.Add(this=moment, expression=call("TO_MICROSECONDS", amount))
        one = exp.Interval(this=string("1"), unit=exp.Var(this="MICROSECOND"))
        return exp.Add(this=moment, expression=exp.Mul(this=exp.Paren(this=amount), expression=one))

    def today(self) -> exp.Expr:
        """The day in UTC; the sources keep their sessions in UTC."""
        return exp.Anonymous(this="UTC_DATE") if self.dialect == "mysql" else exp.CurrentDate()

    def infinity(self, *, nan: bool = False, negative: bool = False) -> exp.Expr:
        """The double; MySQL, which has none, takes its largest."""
        if not self.counts_nan:
            largest = exp.Literal.number("1.7976931348623157e308")
            return exp.Paren(this=exp.Neg(this=largest)) if negative else largest
        name = "NaN" if nan else "-Infinity" if negative else "Infinity"
        return exp.cast(string(name), "double")


def exact_text(operand: exp.Expr) -> exp.Expr:
    """MySQL: a text of any character set, compared sign by sign in a regular expression."""
    return exp.Collate(this=unicode(operand), expression=exp.Var(this="utf8mb4_bin"))


def exact_bytes(operand: exp.Expr) -> exp.Expr:
    """MySQL: a text as it is compared everywhere else: case, accents and blanks at the end count."""
    return exp.cast(unicode(operand), "binary")


def unicode(operand: exp.Expr) -> exp.Expr:
    """MySQL: a text or its bytes as Unicode."""
    return exp.Cast(this=operand, to=exp.DataType(this=exp.DataType.Type.CHARACTER_SET, kind=exp.Var(this="utf8mb4")))
