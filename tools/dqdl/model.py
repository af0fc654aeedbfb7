"""The syntax tree of DQDL: immutable values that print themselves as canonical DQDL.

Texts keep the characters between the quotes as they were written, since the meaning of a backslash depends on
the place (see :attr:`Text.value` and its neighbours); positions never take part in comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from tools.dqdl.signatures import SIGNATURES

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
class Call:
    """A function of the metric history, for example ``avg(last(10))``."""

    function: str
    arguments: tuple[Operand, ...]

    def __str__(self) -> str:
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


Operand = Text | Variable | Keyword | Number | Call | Arithmetic | Date | TimeOfDay | Duration | Now | Size


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
Labels = tuple[tuple[str, str], ...]
"""Pairs of key and value, raw, in the order written."""


@dataclass(frozen=True)
class Tag:
    """``with name condition``."""

    name: str
    condition: Condition

    def __str__(self) -> str:
        return f"with {self.name} {self.condition}"


@dataclass(frozen=True)
class Rule:
    """One rule."""

    type: str
    parameters: tuple[Text | Variable, ...] = ()
    condition: Condition | None = None
    where: Text | None = None
    labels: Labels = ()
    tags: tuple[Tag, ...] = ()
    line: int = field(default=0, compare=False, repr=False)
    """Where it stood in the text, from 1."""

    @property
    def threshold(self) -> Condition | None:
        """The condition on the share of good rows, where the rule has one."""
        return next((tag.condition for tag in self.tags if tag.name.lower() == "threshold"), None)

    def tag(self, name: str) -> str | None:
        """The value of a tag like ``format`` or ``ignoreCase``, compared without case."""
        for tag in self.tags:
            if tag.name.lower() == name.lower() and isinstance(tag.condition, Compare):
                operand = tag.condition.operand
                return operand.value if isinstance(operand, Text) else str(operand)
        return None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the primary table that it names; a constant shows as ``$name``."""
        if self.type == "ReferentialIntegrity":
            return tuple(part.strip() for part in str(self.parameters[0]).strip('"').split(","))
        if not SIGNATURES[self.type].columns:
            return ()
        return tuple(p.value if isinstance(p, Text) else str(p) for p in self.parameters)

    def __str__(self) -> str:
        parts = [self.type, *map(str, self.parameters)]
        if self.condition:
            parts.append(str(self.condition))
        if self.where:
            parts.append(f"where {self.where}")
        if self.labels:
            parts.append(f"labels={_labels(self.labels)}")
        return " ".join([*parts, *map(str, self.tags)])


@dataclass(frozen=True)
class Composite:
    """Rules joined by one operator; chains of the same operator are flat. One member only when it carries labels."""

    operator: Literal["and", "or"]
    rules: tuple[TopRule, ...]
    labels: Labels = ()
    line: int = field(default=0, compare=False, repr=False)

    @property
    def type(self) -> str:
        """A name for reports."""
        return "Composite"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all its rules, each once."""
        return tuple(dict.fromkeys(column for rule in self.rules for column in rule.columns))

    def leaves(self) -> Iterator[Rule]:
        """The plain rules inside it."""
        for rule in self.rules:
            if isinstance(rule, Composite):
                yield from rule.leaves()
            else:
                yield rule

    def __str__(self) -> str:
        joined = f" {self.operator} ".join(map(_member, self.rules)) if len(self.rules) > 1 else str(self.rules[0])
        return f"({joined}) labels={_labels(self.labels)}" if self.labels else joined


TopRule = Rule | Composite


@dataclass(frozen=True)
class Analyzer:
    """A statistic to collect without judging it."""

    type: str
    parameters: tuple[Text | Variable, ...] = ()
    line: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return " ".join([self.type, *map(str, self.parameters)])


Word = Text | Keyword


@dataclass(frozen=True)
class Constant:
    """``name = "x"`` or ``name = ["a", "b"]``."""

    name: str
    value: Word | tuple[Word, ...]

    def __str__(self) -> str:
        value = f"[{', '.join(map(str, self.value))}]" if isinstance(self.value, tuple) else str(self.value)
        return f"{self.name} = {value}"


@dataclass(frozen=True)
class DataSources:
    """The names a ruleset gives to its tables."""

    primary: str | None = None
    additional: tuple[str, ...] = ()

    def __str__(self) -> str:
        pairs = [f'"Primary": "{self.primary}"'] if self.primary is not None else []
        if self.additional:
            names = ", ".join(f'"{name}"' for name in self.additional)
            pairs.append(f'"AdditionalDataSources": [{names}]')
        return f"DataSources = {{{', '.join(pairs)}}}"


@dataclass(frozen=True)
class Ruleset:
    """A document. ``str()`` gives its canonical text, which parses to an equal document."""

    rules: tuple[TopRule, ...] = ()
    analyzers: tuple[Analyzer, ...] = ()
    constants: tuple[Constant, ...] = ()
    default_labels: Labels = ()
    data_sources: DataSources | None = None
    version: str | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What was accepted but looks like a slip."""

    def standalone(self) -> tuple[TopRule, ...]:
        """The rules as they mean outside of this document; see :func:`tools.dqdl.standalone.standalone`."""
        from tools.dqdl.standalone import standalone

        return standalone(self)

    def __str__(self) -> str:
        head = [f'Metadata = {{"Version": "{self.version}"}}'] if self.version is not None else []
        head += [str(self.data_sources)] if self.data_sources else []
        head += [str(constant) for constant in self.constants]
        head += [f"DefaultLabels = {_labels(self.default_labels)}"] if self.default_labels else []
        blocks = [_block("Rules", self.rules)] if self.rules or not self.analyzers else []
        blocks += [_block("Analyzers", self.analyzers)] if self.analyzers else []
        return "\n\n".join([*(["\n".join(head)] if head else []), *blocks]) + "\n"


def quote(text: str) -> str:
    """A text as DQDL writes it: in double quotes, with quotes and backslashes escaped. For columns and values."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _inner(operand: Operand) -> str:
    return f"({operand})" if isinstance(operand, Arithmetic) else str(operand)


def _member(rule: TopRule) -> str:
    return str(rule) if isinstance(rule, Composite) and rule.labels else f"({rule})"


def _labels(labels: Labels) -> str:
    pairs = ", ".join(f'"{key}"="{value}"' for key, value in labels)
    return f"[{pairs}]"


def _block(name: str, items: tuple[TopRule, ...] | tuple[Analyzer, ...]) -> str:
    return f"{name} = [\n" + "".join(f"    {item},\n" for item in items).removesuffix(",\n") + "\n]"
