"""What stands in a condition: operands and the conditions themselves, values that print themselves as DQDL.

Texts keep the characters between the quotes as they were written, since the meaning of a backslash depends on
the place (see :attr:`Text.value` and its neighbours); positions never take part in comparisons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

CompareOp = Literal[">", ">=", "<", "<=", "=", "!="]
ArithmeticOp = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Text:
    """A text in double quotes, raw."""

    raw: str

    @property
    def value(self) -> str:
        r"""The meaning in a parameter or after ``=``: only ``\"`` and ``\\`` are escapes."""
        return re.sub(r'\\(["\\])', r"\1", self.raw)

    @property
    def member(self) -> str:
        """The meaning in a list: a backslash makes any character literal."""
        return re.sub(r"\\([\s\S])", r"\1", self.raw)

    @property
    def pattern(self) -> str:
        """The meaning as a regular expression or as SQL: only the quote is an escape, other backslashes stay."""
        return self.raw.replace('\\"', '"')

    def __str__(self) -> str:
        return f'"{self.raw}"'


@dataclass(frozen=True)
class Variable:
    """A use of a constant: ``$name``."""

    name: str
    line: int = field(default=0, compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True)
class Keyword:
    """NULL, EMPTY or WHITESPACES_ONLY."""

    name: Literal["NULL", "EMPTY", "WHITESPACES_ONLY"]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Number:
    """A number, exact."""

    value: Decimal

    def __str__(self) -> str:
        return format(self.value, "f")


@dataclass(frozen=True)
class Resolved(Number):
    """A number that the metric history gave, for what was written."""

    source: str = field(default="", compare=False)


@dataclass(frozen=True)
class Call:
    """A function of the metric history, for example ``avg(last(10))``."""

    function: str
    arguments: tuple[Operand, ...]

    def __str__(self) -> str:
        if self.function == "now" and not self.arguments:
            return "now( )"  # without the blank it is the time
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Arithmetic:
    """A chain with one level of precedence, from left to right: ``2 + 3 * 4`` is 20."""

    first: Operand
    rest: tuple[tuple[ArithmeticOp, Operand], ...]

    def __str__(self) -> str:
        return " ".join([_inner(self.first), *(f"{op} {_inner(operand)}" for op, operand in self.rest)])


@dataclass(frozen=True)
class Date:
    """A day, ``"2024-01-31"``, as written; whether it exists is found at evaluation."""

    raw: str

    def __str__(self) -> str:
        return f'"{self.raw}"'


@dataclass(frozen=True)
class TimeOfDay:
    """A time of the day: ``"9:30 PM"`` or ``"21:30"``, as written."""

    raw: str

    def __str__(self) -> str:
        return f'"{self.raw}"'


@dataclass(frozen=True)
class Duration:
    """A whole number of days, hours or minutes."""

    amount: int
    unit: Literal["days", "hours", "minutes"]

    @property
    def minutes(self) -> int:
        """Its length; a day is 24 hours."""
        return self.amount * {"days": 1440, "hours": 60, "minutes": 1}[self.unit]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True)
class Now:
    """The time of evaluation, in UTC, truncated to the minute, moved by a duration."""

    sign: Literal["+", "-"] = "+"
    offset: Duration | None = None

    def __str__(self) -> str:
        return f"(now() {self.sign} {self.offset})" if self.offset else "now()"


@dataclass(frozen=True)
class Size:
    """A file size; units are powers of 1024."""

    amount: int
    unit: Literal["B", "KB", "MB", "GB", "TB"]

    @property
    def bytes(self) -> int:
        """Its value in bytes."""
        return int(self.amount * 1024 ** ["B", "KB", "MB", "GB", "TB"].index(self.unit))

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True)
class Names:
    """A list of texts as the value of a tag: ``["uriRegex", "recentFiles"]``."""

    items: tuple[Text, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


Operand = Text | Variable | Keyword | Number | Call | Arithmetic | Date | TimeOfDay | Duration | Now | Size | Names


@dataclass(frozen=True)
class Compare:
    """``> 5``."""

    op: CompareOp
    operand: Operand

    def __str__(self) -> str:
        return f"{self.op} {self.operand}"


@dataclass(frozen=True)
class Between:
    """``between 1 and 5``: both ends are outside. Negated, both ends are inside."""

    low: Operand
    high: Operand
    negated: bool = False

    def __str__(self) -> str:
        return f"{'not ' * self.negated}between {self.low} and {self.high}"


@dataclass(frozen=True)
class Member:
    """``in ["a", "b"]`` or ``in $values``."""

    items: tuple[Operand, ...] | Variable
    negated: bool = False

    def __str__(self) -> str:
        items = self.items if isinstance(self.items, Variable) else f"[{', '.join(map(str, self.items))}]"
        return f"{'not ' * self.negated}in {items}"


@dataclass(frozen=True)
class Matches:
    """``matches "[A-Z]+"``."""

    regex: Text
    negated: bool = False

    def __str__(self) -> str:
        return f"{'not ' * self.negated}matches {self.regex}"


Condition = Compare | Between | Member | Matches


def _inner(operand: Operand) -> str:
    return f"({operand})" if isinstance(operand, Arithmetic) else str(operand)
