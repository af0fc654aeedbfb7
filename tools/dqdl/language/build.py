"""From tokens to the syntax tree, while the grammar is read, with the checks that need no data."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

from lark import Token
from lark.visitors import Transformer, v_args

from tools.dqdl.language import check, header, model
from tools.dqdl.language.check import Kinds, Typed


class Part(NamedTuple):
    """A piece of a rule or of a document, by the field that it fills."""

    field: str
    value: Any
    token: Token


MAX_AMOUNT = 2**31 - 1
"""The largest whole number before a unit."""


def _raw(token: Token) -> str:
    return str(token)[1:-1]


def builder() -> Transformer[Token, Any]:
    """What the parser calls for each rule of the grammar; keeps nothing between texts."""
    return _Builder()


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """One method per rule of the grammar. Raises DqdlError without its excerpt."""

    # Documents

    def document(self, *parts: Part) -> model.Ruleset:
        found: dict[str, Any] = {}
        constants: dict[str, model.Constant] = {}
        for part in parts:
            if part.field == "constant":
                header.constant(part.value, constants, part.token)
                constants[part.value.name] = part.value
            elif part.field in found:
                raise check.error(f"A second {part.token} block.", part.token, hint="Put all in one block.")
            else:
                found[part.field] = part.value
        ruleset = model.Ruleset(constants=tuple(constants.values()), **found)
        header.document(ruleset)
        return ruleset

    def single(self, rule: model.TopRule) -> model.TopRule:
        header.alone(rule, {})
        return rule

    def metadata(self, name: Token, pairs: dict[Token, Any]) -> Part:
        return Part("version", header.metadata(pairs), name)

    def datasources(self, name: Token, pairs: dict[Token, Any]) -> Part:
        return Part("data_sources", header.data_sources(pairs), name)

    def dict(self, *pairs: tuple[Token, Any]) -> dict[Token, Any]:
        found: dict[Token, Any] = {}
        for key, value in pairs:
            if key in found:
                raise check.error(f"{key} is given twice.", key)
            found[key] = value
        return found

    def pair(self, key: Token, value: Any) -> tuple[Token, Any]:
        return key, value

    def string_list(self, *items: Token) -> tuple[Token, ...]:
        return items

    def constant(self, name: Token, value: Any) -> Part:
        words = tuple(map(_word, value)) if isinstance(value, tuple) else _word(value)
        return Part("constant", model.Constant(name.value, words, name.line or 0, name.column or 0), name)

    def word_list(self, *items: Token) -> tuple[Token, ...]:
        return items

    def default_labels(self, name: Token, labels: model.Labels) -> Part:
        return Part("default_labels", labels, name)

    def label_list(self, *pairs: tuple[Token, Token]) -> model.Labels:
        return header.labels(pairs)

    def label(self, key: Token, value: Token) -> tuple[Token, Token]:
        return key, value

    def rules(self, name: Token, *rules: model.TopRule) -> Part:
        return Part("rules", rules, name)

    def analyzers(self, name: Token, *items: model.Analyzer | Part) -> Part:
        found: list[model.Analyzer] = []
        for item in items:
            if isinstance(item, Part):
                found[-1] = _set(found[-1], item)
            else:
                found.append(item)
        return Part("analyzers", tuple(found), name)

    def analyzer(self, name: Token, *parts: Part | Token) -> model.Analyzer:
        given = [part for part in parts if isinstance(part, Part)]
        parameters = tuple(part.value for part in given if part.field == "parameters")
        check.analyzer(name, len(parameters))
        found = model.Analyzer(name.value, parameters, line=name.line or 0, column=name.column or 0)
        for part in given[len(parameters) :]:
            found = _set(found, part)
        return found

    def setting(self, name: Token, _equal: Token, value: Token) -> Part:
        return Part("settings", value, name)

    def stray(self) -> Part:
        warning = 'A stray "]" at the end of the text was left out.'
        return Part("warnings", (warning,), Token("RSQB", "]"))

    # Rules

    def disjunction(self, *parts: Any) -> model.TopRule:
        return _join("or", parts)

    def conjunction(self, *parts: Any) -> model.TopRule:
        return _join("and", parts)

    def group(self, rule: model.TopRule, labels: Part | None = None) -> model.TopRule:
        if labels is None:
            return rule
        if isinstance(rule, model.Composite) and not rule.labels:
            return replace(rule, labels=labels.value)
        return model.Composite("and", (rule,), labels.value, rule.line, rule.column)

    def rule(self, name: Token, *parts: Part) -> model.Rule:
        found: dict[str, Part] = {}
        parameters: list[Part] = []
        tags: list[tuple[Token, Typed]] = []
        for part in parts:
            if part.field == "parameters":
                parameters.append(part)
            elif part.field == "tags":
                tags.append(part.value)
            elif part.field in found:
                raise check.error("A rule has its labels in one list.", part.token)
            else:
                found[part.field] = part
        typed: Typed | None = found["condition"].value if "condition" in found else None
        check.signature(name, [part.token for part in parameters])
        check.condition(name, len(parameters), typed)
        check.filter_allowed(name, found["where"].token if "where" in found else None)
        return model.Rule(
            name.value,
            tuple(part.value for part in parameters),
            typed.node if typed else None,
            found["where"].value if "where" in found else None,
            found["labels"].value if "labels" in found else (),
            check.tags(name, tags),
            name.line or 0,
            name.column or 0,
        )

    def parameter(self, *tokens: Token) -> Part:
        token = tokens[-1]
        if token.type == "VARIABLE":
            return Part("parameters", _variable(token), tokens[0])
        return Part("parameters", model.Text(_raw(token) if token.type == "STRING" else token.value), tokens[0])

    def where(self, word: Token, text: Token) -> Part:
        if not _raw(text).strip():
            raise check.error("The filter after where is empty.", text)
        return Part("where", model.Text(_raw(text)), word)

    def labels(self, word: Token, labels: model.Labels) -> Part:
        return Part("labels", labels, word)

    def tag(self, _word: Token, name: Token, *value: Any) -> Part:
        if len(value) == 1:
            return Part("tags", (name, value[0].value), name)
        names = model.Names(tuple(model.Text(_raw(item)) for item in value[1]))
        return Part("tags", (name, Typed(model.Compare("=", names), frozenset({"names"}), name)), name)

    # Conditions

    def between(self, *parts: Any) -> Part:
        low, high = parts[-3], parts[-1]
        node = model.Between(low.node, high.node, negated=parts[0].type == "NOT")
        return _condition(node, low.kinds | high.kinds, parts[0])

    def compare(self, operator: Token, *rest: Any) -> Part:
        operand: Typed = rest[-1]
        op = cast(model.CompareOp, "!=" if len(rest) > 1 else operator.value)
        return _condition(model.Compare(op, operand.node), operand.kinds, operator)

    def member(self, *parts: Any) -> Part:
        items = parts[-1]
        negated = parts[0].type == "NOT"
        if isinstance(items, Token):
            return _condition(model.Member(_variable(items), negated), frozenset({"text"}), parts[0])
        kinds: Kinds = frozenset().union(*(item.kinds for item in items))
        if "constant" in kinds:
            raise check.error("A constant cannot stand inside a list.", items[0].token, hint="Write in $name.")
        return _condition(model.Member(tuple(item.node for item in items), negated), kinds, parts[0])

    def expr_list(self, *items: Typed) -> tuple[Typed, ...]:
        return items

    def matches(self, *parts: Token) -> Part:
        node = model.Matches(model.Text(_raw(parts[-1])), negated=parts[0].type == "NOT")
        return _condition(node, frozenset({"text"}), parts[0])

    # Operands

    def chain(self, first: Typed, *rest: Any) -> Typed:
        pairs = list(zip(rest[::2], rest[1::2], strict=True))
        if isinstance(first.node, model.Now):
            return self._moved_now(first, pairs)
        for operand in (first, *rest[1::2]):
            check.numeric(operand, "Only numbers can be calculated with.")
        node = model.Arithmetic(first.node, tuple((op.value, operand.node) for op, operand in pairs))
        return Typed(node, frozenset({"number", "formula"}), first.token)

    def _moved_now(self, first: Typed, pairs: list[tuple[Token, Typed]]) -> Typed:
        op, offset = pairs[0]
        if len(pairs) > 1 or op.value not in "+-" or not isinstance(offset.node, model.Duration) or first.node.offset:
            raise check.error("now() takes one + or - and a duration: (now() - 3 days).", op)
        return Typed(model.Now(cast(Literal["+", "-"], op.value), offset.node), frozenset({"bare now"}), first.token)

    def number(self, *tokens: Token) -> Typed:
        value = Decimal("".join(tokens))
        kinds: Kinds = frozenset({"number"} if tokens[-1].type == "INT" else {"number", "decimal"})
        return Typed(model.Number(value), kinds, tokens[0])

    def quantity(self, amount: Token, unit: Token) -> Typed:
        digits = amount.value.lstrip("0") or "0"
        if len(digits) > 10 or int(digits) > MAX_AMOUNT:
            raise check.error("The number is too large for a duration or a size.", amount)
        if unit.type == "TIME_UNIT":
            return Typed(model.Duration(int(digits), unit.value), frozenset({"duration"}), amount)
        return Typed(model.Size(int(digits), unit.value), frozenset({"size"}), amount)

    def call(self, name: Token, *arguments: Typed) -> Typed:
        for argument in arguments:
            check.numeric(argument, "A function takes numbers.")
        node = model.Call(name.value, tuple(argument.node for argument in arguments))
        return Typed(node, frozenset({"number", "formula"}), name)

    def paren(self, inner: Typed) -> Typed:
        if inner.kinds == {"bare now"}:
            return Typed(inner.node, frozenset({"date"}), inner.token)
        check.numeric(inner, "Parentheses hold numbers, or now() moved by a duration.")
        return inner

    def literal(self, token: Token) -> Typed:
        node, kind = _LITERALS[token.type](token)
        return Typed(node, frozenset({kind}), token)


_LITERALS: dict[str, Any] = {
    "NOW": lambda token: (model.Now(), "date"),
    "DATE": lambda token: (model.Date(_raw(token)), "date"),
    "TIME": lambda token: (model.TimeOfDay(_raw(token)), "date"),
    "STRING": lambda token: (model.Text(_raw(token)), "text"),
    "NULL": lambda token: (model.Keyword("NULL"), "null"),
    "EMPTY": lambda token: (model.Keyword("EMPTY"), "text"),
    "WHITESPACES_ONLY": lambda token: (model.Keyword("WHITESPACES_ONLY"), "text"),
    "VARIABLE": lambda token: (_variable(token), "constant"),
}


def _variable(token: Token) -> model.Variable:
    return model.Variable(token.value[1:], token.line or 0, token.column or 0)


def _set(analyzer: model.Analyzer, part: Part) -> model.Analyzer:
    check.setting(analyzer, part.token, part.value)
    return replace(analyzer, settings=(*analyzer.settings, (str(part.token), str(part.value))))


def _word(token: Token) -> model.Word:
    return model.Text(_raw(token)) if token.type == "STRING" else model.Keyword(cast(Any, token.value.upper()))


def _condition(node: model.Condition, kinds: Kinds, token: Token) -> Part:
    return Part("condition", Typed(node, kinds, token), token)


def _join(operator: Literal["and", "or"], parts: tuple[Any, ...]) -> model.TopRule:
    rules: list[model.TopRule] = []
    for rule in parts[::2]:
        same = isinstance(rule, model.Composite) and rule.operator == operator and not rule.labels and len(parts) > 1
        rules += rule.rules if same else [rule]
    return rules[0] if len(parts) == 1 else model.Composite(operator, tuple(rules), (), rules[0].line, rules[0].column)
