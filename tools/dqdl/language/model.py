"""The syntax tree of DQDL: immutable values that print themselves as canonical DQDL.

What stands in conditions is in :mod:`tools.dqdl.language.terms` and can be imported from here too. Positions count
from 1, are 0 in a tree that was not read from a text, and never take part in comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tools.dqdl.language.signatures import SIGNATURES
from tools.dqdl.language.terms import (
    Arithmetic,
    ArithmeticOp,
    Between,
    Call,
    Compare,
    CompareOp,
    Condition,
    Date,
    Duration,
    Keyword,
    Matches,
    Member,
    Names,
    Now,
    Number,
    Operand,
    Resolved,
    Size,
    Text,
    TimeOfDay,
    Variable,
)

__all__ = [
    "Analyzer",
    "Arithmetic",
    "ArithmeticOp",
    "Between",
    "Call",
    "Compare",
    "CompareOp",
    "Composite",
    "Condition",
    "Constant",
    "DataSources",
    "Date",
    "Duration",
    "Keyword",
    "Labels",
    "Matches",
    "Member",
    "Names",
    "Now",
    "Number",
    "Operand",
    "Resolved",
    "Rule",
    "Ruleset",
    "Size",
    "Tag",
    "Text",
    "TimeOfDay",
    "TopRule",
    "Variable",
    "Word",
    "quote",
]

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
    column: int = field(default=0, compare=False, repr=False)

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
    column: int = field(default=0, compare=False, repr=False)

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
    settings: tuple[tuple[str, str], ...] = ()
    """Of a Distribution: bins and rebin, as written."""
    line: int = field(default=0, compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        settings = ", ".join(f"{name} = {value}" for name, value in self.settings)
        return " ".join([self.type, *map(str, self.parameters), *([f"with {settings}"] if settings else [])])


Word = Text | Keyword


@dataclass(frozen=True)
class Constant:
    """``name = "x"`` or ``name = ["a", "b"]``."""

    name: str
    value: Word | tuple[Word, ...]
    line: int = field(default=0, compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)

    @property
    def words(self) -> tuple[Word, ...]:
        """What it stands for after ``in``. As in Glue, a NULL in a list is the text "NULL"."""
        if not isinstance(self.value, tuple):
            return (self.value,)
        return tuple(Text("NULL") if word == Keyword("NULL") else word for word in self.value)

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

    @property
    def head(self) -> list[str]:
        """What stands before the rules, a text for each part, in the one order that the language has."""
        head = [f'Metadata = {{"Version": "{self.version}"}}'] if self.version is not None else []
        head += [str(self.data_sources)] if self.data_sources else []
        head += [str(constant) for constant in self.constants]
        return [*head, *([f"DefaultLabels = {_labels(self.default_labels)}"] if self.default_labels else [])]

    def __str__(self) -> str:
        head = ["\n".join(self.head)] if self.head else []
        blocks = [_block("Rules", self.rules)] if self.rules or not self.analyzers else []
        blocks += [_block("Analyzers", self.analyzers)] if self.analyzers else []
        return "\n\n".join([*head, *blocks]) + "\n"


def quote(text: str) -> str:
    """A text as DQDL writes it: in double quotes, with quotes and backslashes escaped. For columns and values."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _member(rule: TopRule) -> str:
    return str(rule) if isinstance(rule, Composite) and rule.labels else f"({rule})"


def _labels(labels: Labels) -> str:
    pairs = ", ".join(f'"{key}"="{value}"' for key, value in labels)
    return f"[{pairs}]"


def _block(name: str, items: tuple[TopRule, ...] | tuple[Analyzer, ...]) -> str:
    return f"{name} = [\n" + "".join(f"    {item},\n" for item in items).removesuffix(",\n") + "\n]"
