"""ColumnValues against texts: equality, lists and patterns, as a predicate over one row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tools.dqdl import regex
from tools.dqdl.language.model import Compare, Condition, Keyword, Matches, Member, Operand, Rule, Text, Variable
from tools.dqdl.plans import kinds, literals, sql
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.dqdl.rules.context import Context
from tools.sources.table import Field

NULL, EMPTY = Keyword("NULL"), Keyword("EMPTY")


def good_text(rule: Rule, condition: Condition, field: Field, context: Context) -> exp.Expr:
    """True in the rows whose value meets the condition, false elsewhere. Raises RuleError or RuleFailed."""
    test = _tester(field, context.primary.dialect, fold=(rule.tag("ignoreCase") or "").lower() == "true")
    if isinstance(condition, Matches):
        return _matches(condition, test, context.primary.dialect)
    if isinstance(condition, Compare) and condition.op in ("=", "!="):
        equal = sql.certain(test.equal(condition.operand))
        return equal if condition.op == "=" else exp.not_(equal)
    if isinstance(condition, Member):
        items = context.items(condition.items) if isinstance(condition.items, Variable) else condition.items
        return _member(items, condition.negated, test)
    raise RuleError(f"{condition} cannot be applied to text.")


def _member(items: Sequence[Operand], negated: bool, test: _Text | _Native) -> exp.Expr:
    """NULL is a member exactly when it is listed."""
    words = [item for item in items if item != NULL]
    tests = [test.equal(item) for item in words if isinstance(item, Keyword)]
    listed = test.listed([item.member for item in words if isinstance(item, Text)])
    tests += [listed] if listed is not None else []
    inside = sql.certain(exp.or_(*tests, copy=False)) if tests else exp.false()
    if NULL in items:
        inside = exp.or_(inside, sql.is_null(test.column))
    return exp.not_(exp.paren(inside)) if negated else inside


def _tester(field: Field, dialect: str, *, fold: bool) -> _Text | _Native:
    if kinds.holds(field, "text"):
        return _Text(field, dialect, fold)
    if field.kind not in ("number", "boolean", "date", "timestamp"):
        raise RuleFailed(f"The column {field.name} cannot be compared with texts; its type is {field.type}.")
    return _Native(field, dialect, fold)


class _Text:
    """A column of text."""

    def __init__(self, field: Field, dialect: str, fold: bool) -> None:
        self.column, self.fold = sql.column(field.name), fold
        self.written = kinds.text(field, dialect)

    def equal(self, operand: Operand) -> exp.Expr:
        """NULL where the value is NULL."""
        if operand == EMPTY:
            return exp.EQ(this=self.written.copy(), expression=sql.text(""))
        if operand == Keyword("WHITESPACES_ONLY"):
            # Only blanks count, since Glue asks Spark's trim.
            trimmed = exp.Trim(this=self.written.copy(), expression=sql.text(" "))
            nothing_left = exp.EQ(this=exp.Length(this=trimmed), expression=exp.Literal.number(0))
            return exp.and_(self.filled(), nothing_left)
        return exp.EQ(this=self._folded(), expression=sql.text(self._said(_text(operand).value)))

    def listed(self, texts: Sequence[str]) -> exp.Expr | None:
        """Whether the value is one of the texts; None for no texts."""
        found = [sql.text(self._said(said)) for said in dict.fromkeys(texts)]
        return exp.In(this=self._folded(), expressions=found) if found else None

    def filled(self) -> exp.Expr:
        """The text has a character."""
        return exp.GT(this=exp.Length(this=self.written.copy()), expression=exp.Literal.number(0))

    def _said(self, said: str) -> str:
        return said.lower() if self.fold else said

    def _folded(self) -> exp.Expr:
        return exp.Lower(this=self.written.copy()) if self.fold else self.written.copy()


class _Native:
    """A column of another type, compared as Spark does.

    ``=`` reads the text as the column's type; a list is compared with the values as they are printed, but for booleans,
    which Spark cannot look up in a list of texts.
    """

    def __init__(self, field: Field, dialect: str, fold: bool) -> None:
        self.column, self.fold = sql.column(field.name), fold
        self.field, self.dialect = field, dialect

    def equal(self, operand: Operand) -> exp.Expr:
        """NULL where the value is NULL, or the text is none of the type."""
        if isinstance(operand, Keyword):
            return exp.and_(sql.not_null(self.column), exp.false())
        value = literals.read(self.field, self.dialect, _text(operand).value)
        return (
            exp.and_(sql.not_null(self.column), exp.false())
            if value is None
            else exp.EQ(this=self.column.copy(), expression=value)
        )

    def listed(self, texts: Sequence[str]) -> exp.Expr | None:
        """Whether the value is one of the texts; None when no value can be."""
        said = [text.lower() if self.fold and self.field.kind == "boolean" else text for text in texts]
        found = [literals.printed(self.field, self.dialect, text) for text in said]
        values = [value for value in found if value is not None]
        return exp.In(this=self.column.copy(), expressions=values) if values else None


def _text(operand: Operand) -> Text:
    if not isinstance(operand, Text):
        raise RuleError(f"{operand} is not a text.")
    return operand


def _may_be_empty(pattern: str) -> bool:
    """Whether an empty text could match; true where only an engine can tell."""
    try:
        return regex.matches_text(pattern, "")
    except RuleError:
        return True


def _matches(condition: Matches, test: _Text | _Native, dialect: str) -> exp.Expr:
    """As Glue: the whole text matches, and is not empty; ``not matches`` means that it does not begin with the word."""
    pattern = condition.regex.pattern
    regex.read(pattern)
    if isinstance(test, _Native):
        raise RuleFailed(f"The column {test.field.name} does not hold text; its type is {test.field.type}.")
    # Glue writes the negation as a look-ahead and ends it with .*$, which no text of several lines matches.
    wanted = rf"^(?:\b{pattern}\b)" if condition.negated else f"^{pattern}$"
    regex.check(wanted, dialect, said=pattern)
    found = sql.matches(test.written, wanted)
    if not condition.negated:
        return sql.certain(exp.and_(test.filled(), found) if _may_be_empty(wanted) else found)
    return sql.certain(exp.and_(test.filled(), sql.matches(test.written, "^.*$"), exp.not_(found)))
