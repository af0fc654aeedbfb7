"""Parse tree to syntax tree, with the checks that need no data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

from lark import Token, Tree
from lark.visitors import Transformer_NonRecursive, v_args

from tools.dqdl import model
from tools.dqdl.check import Checker, Kinds, Typed


class Part(NamedTuple):
    """A piece of a rule, by the field that it fills."""

    field: str
    value: Any
    token: Token


def _raw(token: Token) -> str:
    return str(token)[1:-1]


def build(tree: Tree[Token], text: str) -> Any:
    """The syntax tree of a parse tree: a Ruleset, or one rule. Raises VisitError around DqdlError."""
    return _Builder(text).transform(tree)


@v_args(inline=True)
class _Builder(Transformer_NonRecursive[Token, Any]):
    """One method per rule of the grammar; errors quote the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.check = Checker(text)

    # Documents

    def document(self, *parts: Part) -> model.Ruleset:
        found: dict[str, Any] = {}
        constants: list[model.Constant] = []
        for part in parts:
            if part.field == "constant":
                constants.append(self.check.constant(part.value, constants, part.token))
            elif part.field in found:
                raise self.check.error(f"A second {part.token} block.", part.token, hint="Put all in one block.")
            else:
                found[part.field] = part.value
        ruleset = model.Ruleset(constants=tuple(constants), **found)
        return self.check.document(ruleset, parts[-1].token)

    def single(self, rule: model.TopRule) -> model.TopRule:
        self.check.variables((rule,), ())
        return rule

    def metadata(self, name: Token, pairs: dict[Token, Any]) -> Part:
        for key, value in pairs.items():
            if _raw(key) != "Version" or not isinstance(value, Token):
                raise self.check.error("Metadata holds only a Version.", key, expected=('"Version"',))
        return Part("version", _raw(cast(Token, next(iter(pairs.values())))), name)

    def datasources(self, name: Token, pairs: dict[Token, Any]) -> Part:
        primary: str | None = None
        additional: tuple[str, ...] = ()
        for key, value in pairs.items():
            if _raw(key) == "Primary" and isinstance(value, Token):
                primary = _raw(value)
            elif _raw(key) == "AdditionalDataSources" and isinstance(value, tuple):
                additional = tuple(map(_raw, value))
            else:
                raise self.check.error("DataSources holds Primary (a text) and AdditionalDataSources (a list).", key)
        return Part("data_sources", model.DataSources(primary, additional), name)

    def dict(self, *pairs: tuple[Token, Any]) -> dict[Token, Any]:
        for index, (key, _) in enumerate(pairs):
            if key in [other for other, _ in pairs[:index]]:
                raise self.check.error(f"{key} is given twice.", key)
        return dict(pairs)

    def pair(self, key: Token, value: Any) -> tuple[Token, Any]:
        return key, value

    def string_list(self, *items: Token) -> tuple[Token, ...]:
        return items

    def constant(self, name: Token, value: Any) -> Part:
        words = tuple(map(_word, value)) if isinstance(value, tuple) else _word(value)
        return Part("constant", model.Constant(name.value, words), name)

    def word_list(self, *items: Token) -> tuple[Token, ...]:
        return items

    def default_labels(self, name: Token, labels: model.Labels) -> Part:
        return Part("default_labels", labels, name)

    def label_list(self, *pairs: tuple[Token, Token]) -> model.Labels:
        return self.check.labels(pairs)

    def label(self, key: Token, value: Token) -> tuple[Token, Token]:
        return key, value

    def rules(self, name: Token, *rules: model.TopRule) -> Part:
        return Part("rules", rules, name)

    def analyzers(self, name: Token, *analyzers: model.Analyzer) -> Part:
        return Part("analyzers", analyzers, name)

    def analyzer(self, name: Token, *parts: Part) -> model.Analyzer:
        parameters = tuple(part.value for part in parts)
        self.check.analyzer(name, len(parameters))
        return model.Analyzer(name.value, parameters, line=name.line or 0)

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
            return model.Composite(rule.operator, rule.rules, labels.value, rule.line)
        return model.Composite("and", (rule,), labels.value, rule.line)

    def rule(self, name: Token, *parts: Part) -> model.Rule:
        found: dict[str, Any] = {"parameters": (), "tags": ()}
        for part in parts:
            if part.field in ("parameters", "tags"):
                found[part.field] += (part.value,)
            elif part.field in found:
                raise self.check.error("A rule has its labels in one list.", part.token)
            else:
                found[part.field] = part.value
        typed: Typed | None = found.pop("condition", None)
        tags: tuple[tuple[Token, Typed], ...] = found.pop("tags")
        self.check.signature(name, [part.token for part in parts if part.field == "parameters"])
        self.check.condition(name, typed)
        self.check.clauses(name, next((part.token for part in parts if part.field == "where"), None))
        return model.Rule(
            name.value,
            condition=typed.node if typed else None,
            tags=self.check.tags(name, tags),
            line=name.line or 0,
            **found,
        )

    def parameter(self, *tokens: Token) -> Part:
        token = tokens[-1]
        value: model.Text | model.Variable
        if token.type == "VARIABLE":
            value = model.Variable(token.value[1:])
        else:
            value = model.Text(_raw(token) if token.type == "STRING" else token.value)
        return Part("parameters", value, tokens[0])

    def where(self, word: Token, text: Token) -> Part:
        if not _raw(text).strip():
            raise self.check.error("The filter after where is empty.", text)
        return Part("where", model.Text(_raw(text)), word)

    def labels(self, word: Token, labels: model.Labels) -> Part:
        return Part("labels", labels, word)

    def tag(self, _word: Token, name: Token, condition: Part) -> Part:
        return Part("tags", (name, condition.value), name)

    # Conditions

    def between(self, *parts: Any) -> Part:
        low, high = parts[-3], parts[-1]
        node = model.Between(low.node, high.node, negated=parts[0].type == "NOT")
        return _condition(node, low.kinds | high.kinds, parts[0])

    def compare(self, operator: Token, operand: Typed) -> Part:
        op = cast(model.CompareOp, "!=" if operator.value.startswith("!") else operator.value)
        return _condition(model.Compare(op, operand.node), operand.kinds, operator)

    def member(self, *parts: Any) -> Part:
        items = parts[-1]
        negated = parts[0].type == "NOT"
        if isinstance(items, Token):
            return _condition(model.Member(model.Variable(items.value[1:]), negated), frozenset({"text"}), parts[0])
        kinds: Kinds = frozenset().union(*(item.kinds for item in items))
        if any(isinstance(item.node, model.Variable) for item in items):
            raise self.check.error("A constant cannot stand inside a list.", items[0].token, hint="Write in $name.")
        return _condition(model.Member(tuple(item.node for item in items), negated), kinds, parts[0])

    def expr_list(self, *items: Typed) -> tuple[Typed, ...]:
        return items

    def matches(self, *parts: Token) -> Part:
        node = model.Matches(model.Text(_raw(parts[-1])), negated=parts[0].type == "NOT")
        return _condition(node, frozenset({"text"}), parts[0])

    # Operands

    def chain(self, first: Typed, *rest: Any) -> Typed:
        if not rest:
            return first
        pairs = list(zip(rest[::2], rest[1::2], strict=True))
        if isinstance(first.node, model.Now):
            return self._moved_now(first, pairs)
        for operand in (first, *rest[1::2]):
            self.check.numeric(operand.kinds, operand.token, "Only numbers can be calculated with.")
        node = model.Arithmetic(first.node, tuple((op.value, operand.node) for op, operand in pairs))
        return Typed(node, frozenset({"number", "formula"}), first.token)

    def _moved_now(self, first: Typed, pairs: list[tuple[Token, Typed]]) -> Typed:
        op, offset = pairs[0]
        if len(pairs) > 1 or op.value not in "+-" or not isinstance(offset.node, model.Duration) or first.node.offset:
            raise self.check.error("now() takes one + or - and a duration: (now() - 3 days).", op)
        return Typed(model.Now(cast(Literal["+", "-"], op.value), offset.node), frozenset({"bare now"}), first.token)

    def number(self, *tokens: Token) -> Typed:
        value = Decimal(tokens[-1].value)
        kinds: Kinds = frozenset({"number"} if tokens[-1].type == "INT" else {"number", "decimal"})
        return Typed(model.Number(-value if len(tokens) > 1 else value), kinds, tokens[0])

    def quantity(self, amount: Token, unit: Token) -> Typed:
        if len(amount.value) > 9:
            raise self.check.error("The number is too large for a duration or a size.", amount)
        if unit.type == "TIME_UNIT":
            return Typed(model.Duration(int(amount.value), unit.value), frozenset({"duration"}), amount)
        return Typed(model.Size(int(amount.value), unit.value), frozenset({"size"}), amount)

    def call(self, name: Token, *arguments: Typed) -> Typed:
        for argument in arguments:
            self.check.numeric(argument.kinds, argument.token, "A function takes numbers.")
        node = model.Call(name.value, tuple(argument.node for argument in arguments))
        return Typed(node, frozenset({"number", "formula"}), name)

    def paren(self, inner: Typed) -> Typed:
        kinds: Kinds = frozenset({"date"}) if inner.kinds == {"bare now"} else inner.kinds
        return Typed(inner.node, kinds, inner.token)

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
    "VARIABLE": lambda token: (model.Variable(token.value[1:]), "constant"),
}


def _word(token: Token) -> model.Word:
    return model.Text(_raw(token)) if token.type == "STRING" else model.Keyword(cast(Any, token.value.upper()))


def _condition(node: model.Condition, kinds: Kinds, token: Token) -> Part:
    return Part("condition", Typed(node, kinds, token), token)


def _join(operator: Literal["and", "or"], parts: tuple[Any, ...]) -> model.TopRule:
    rules: list[model.TopRule] = []
    for rule in parts[::2]:
        same = isinstance(rule, model.Composite) and rule.operator == operator and not rule.labels and len(parts) > 1
        rules += rule.rules if same else [rule]
    return rules[0] if len(parts) == 1 else model.Composite(operator, tuple(rules), line=rules[0].line)
