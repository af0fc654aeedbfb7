"""The checks of a text that its grammar cannot make: each error says where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.dqdl import model
from tools.dqdl.errors import DqdlError, excerpt
from tools.dqdl.signatures import ANY, SIGNATURES, Signature
from tools.dqdl.words import nearest

if TYPE_CHECKING:
    from lark import Token

Kinds = frozenset[str]
"""Kinds of value in a condition: number (with decimal or formula), text, date, duration, size, null; and two that
are always wrong: constant (outside ``in``) and bare now (moved, but without its parentheses)."""


class Typed(NamedTuple):
    """An operand or a condition, the kinds of value in it, and where it starts."""

    node: Any
    kinds: Kinds
    token: Token


MAX_LABELS, MAX_KEY, MAX_VALUE = 10, 128, 256
_NUMERIC = {"number", "decimal", "formula", "null"}
_WORDS = {
    "number": "a number",
    "text": "a text in double quotes",
    "date": 'a date like "2024-01-31" or now()',
    "duration": "a duration like 24 hours",
    "size": "a size like 5 MB",
}


class Checker:
    """Checks the parts of one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, message: str, token: Token, *, expected: tuple[str, ...] = (), hint: str = "") -> DqdlError:
        """An error at a token."""
        line, column = token.line or 1, token.column or 1
        shown = excerpt(self.text, line, column)
        return DqdlError(message, line=line, column=column, expected=expected, hint=hint, excerpt=shown)

    def known(self, name: Token, *, analyzer: bool = False) -> Signature:
        """The signature of a rule type, or an error with the nearest name."""
        signature = SIGNATURES.get(name.value)
        if signature and (signature.analyzer if analyzer else signature.rule):
            return signature
        names = tuple(key for key, value in SIGNATURES.items() if (value.analyzer if analyzer else value.rule))
        if signature:
            message = f"{name.value} is {'not an analyzer' if analyzer else 'an analyzer, not a rule'}."
            raise self.error(message, name, expected=names)
        guess = nearest(name.value, names)
        hint = f"Did you mean {guess}?" if guess else ""
        raise self.error(f'"{name.value}" is not a rule type.', name, expected=names, hint=hint)

    def signature(self, name: Token, connectors: list[Token]) -> None:
        """The rule type exists and has the right number of parameters."""
        signature = self.known(name)
        count = len(connectors)
        if signature.least <= count <= signature.most:
            return
        hint = ""
        if any(token.type == "AND" for token in connectors):
            hint = 'An "and" after a name joins parameters; put each rule of a composite in parentheses.'
        at = connectors[signature.most] if count > signature.most else name
        message = f"{name.value} takes {_amount(signature)}, here {'is' if count == 1 else 'are'} {count}."
        raise self.error(message, at, expected=(_amount(signature),), hint=hint)

    def analyzer(self, name: Token, count: int) -> None:
        """The analyzer exists and has the right number of parameters."""
        signature = self.known(name, analyzer=True)
        if not signature.least <= count <= signature.most:
            raise self.error(f"{name.value} takes {_amount(signature)}, here are {count}.", name)

    def condition(self, name: Token, condition: Typed | None) -> None:
        """The condition is there when it must be, and of a kind that the rule type takes."""
        signature = SIGNATURES[name.value]
        if condition is None:
            if signature.kinds and not signature.optional:
                expected = tuple(_WORDS[kind] for kind in signature.kinds)
                message = f"{name.value} needs a condition, for example {name.value} … {_EXAMPLES[signature.kinds[0]]}."
                raise self.error(message, name, expected=("a condition", *expected))
            return
        if not signature.kinds:
            hint = "Use Completeness for a share." if name.value == "IsComplete" else ""
            raise self.error(f"{name.value} takes no condition.", condition.token, hint=hint)
        self._kind(name.value, signature, condition)

    def _kind(self, name: str, signature: Signature, condition: Typed) -> None:
        kinds = set(condition.kinds)
        if "bare now" in kinds:
            hint = "Write (now() - 3 days)."
            raise self.error("A moved now() stands in parentheses.", condition.token, hint=hint)
        if "constant" in kinds:
            hint = "A constant serves as a parameter or after in: in $name."
            raise self.error("A constant cannot be compared with directly.", condition.token, hint=hint)
        if signature.kinds == ("size",) and kinds == {"number"}:
            return
        found = (kinds - {"decimal", "formula", "null"}) or {_null_kind(signature)}
        if len(found) == 1 and found <= set(signature.kinds) and not ("null" in kinds and found & {"duration", "size"}):
            return
        expected = tuple(_WORDS[kind] for kind in signature.kinds)
        if len(found) > 1:
            raise self.error("One condition holds values of one kind only.", condition.token, expected=expected)
        message = f"{name} compares with {' or '.join(expected)}."
        raise self.error(message, condition.token, expected=expected)

    def clauses(self, name: Token, where: Token | None) -> None:
        """A filter stands only where the rule type takes one."""
        if where is not None and not SIGNATURES[name.value].where:
            raise self.error(f"{name.value} takes no where.", where)

    def tags(self, name: Token, tags: tuple[tuple[Token, Typed], ...]) -> tuple[model.Tag, ...]:
        """A threshold is numeric, unique and allowed; other tags are ``name = value``."""
        thresholds = 0
        for tag, condition in tags:
            if tag.value.lower() == "threshold":
                thresholds += 1
                self._threshold(name.value, tag, condition, thresholds)
            elif not _is_plain(condition):
                raise self.error(f"{tag.value} is set with = and a text or a number.", tag)
        return tuple(model.Tag(tag.value, condition.node) for tag, condition in tags)

    def _threshold(self, name: str, tag: Token, condition: Typed, count: int) -> None:
        if not SIGNATURES[name].threshold:
            raise self.error(f"{name} takes no threshold.", tag)
        if count > 1:
            raise self.error("A rule has one threshold.", tag)
        self.numeric(condition.kinds, condition.token, "A threshold compares with a share from 0 to 1.")

    def numeric(self, kinds: Kinds, token: Token, message: str) -> None:
        """Only numbers stand here."""
        if not kinds <= _NUMERIC:
            raise self.error(message, token, expected=("a number",))

    def labels(self, pairs: tuple[tuple[Token, Token], ...]) -> model.Labels:
        """Sizes, and no key twice."""
        for index, (key, value) in enumerate(pairs):
            if not 1 <= len(key.value) - 2 <= MAX_KEY:
                raise self.error(f"A label's key has 1 to {MAX_KEY} characters.", key)
            if len(value.value) - 2 > MAX_VALUE:
                raise self.error(f"A label's value has at most {MAX_VALUE} characters.", value)
            if index >= MAX_LABELS:
                raise self.error(f"A rule has at most {MAX_LABELS} labels.", key)
            if key.value in [other.value for other, _ in pairs[:index]]:
                raise self.error(f"The label {key.value} is given twice.", key)
        return tuple((key.value[1:-1], value.value[1:-1]) for key, value in pairs)

    def constant(self, constant: model.Constant, earlier: list[model.Constant], name: Token) -> model.Constant:
        """A name that can be used and is new."""
        if constant.name[0] in "._":
            raise self.error("A constant's name begins with a letter or a digit.", name)
        if constant.name in [other.name for other in earlier]:
            raise self.error(f"The constant {constant.name} is defined twice.", name)
        if any(isinstance(word, model.Text) and word.raw.startswith("$") for word in _words(constant)):
            raise self.error("A constant cannot be made of another constant.", name)
        return constant

    def document(self, ruleset: model.Ruleset, last: Token) -> model.Ruleset:
        """Something to do, known constants, and not too many labels."""
        if not ruleset.rules and not ruleset.analyzers:
            raise self.error("There are no rules and no analyzers.", last, expected=("a rule",))
        defaults = len(ruleset.default_labels)
        for rule in everything(ruleset.rules):
            if defaults and defaults + len(rule.labels) > MAX_LABELS:
                raise self._at(rule.line, f"With the default labels the rule has more than {MAX_LABELS} labels.")
        self.variables((*ruleset.rules, *ruleset.analyzers), ruleset.constants)
        return ruleset

    def variables(self, rules: Iterable[model.TopRule | model.Analyzer], constants: tuple[model.Constant, ...]) -> None:
        """Each constant that is used is defined, and has the form that its place needs."""
        known = {constant.name: constant for constant in constants}
        for rule, variable, in_list in _uses(rules):
            constant = known.get(variable.name)
            if constant is None:
                guess = nearest(variable.name, known)
                hint = f"Did you mean ${guess}?" if guess else 'Define it before Rules: name = "value".'
                raise self._at(rule.line, f"The constant ${variable.name} is not defined.", f"${variable.name}", hint)
            if not in_list and not isinstance(constant.value, model.Text):
                raise self._at(rule.line, f"The parameter ${variable.name} must be one text.", f"${variable.name}")

    def _at(self, line: int, message: str, word: str = "", hint: str = "") -> DqdlError:
        lines = self.text.split("\n")
        while word and line < len(lines) and word not in lines[line - 1]:
            line += 1
        column = max(0, lines[line - 1].find(word)) + 1
        return DqdlError(message, line=line, column=column, hint=hint, excerpt=excerpt(self.text, line, column))


def everything(rules: Iterable[model.TopRule]) -> Iterator[model.TopRule]:
    """Rules and composites, outer ones first."""
    for rule in rules:
        yield rule
        if isinstance(rule, model.Composite):
            yield from everything(rule.rules)


def _uses(rules: Iterable[Any]) -> Iterator[tuple[model.Rule | model.Analyzer, model.Variable, bool]]:
    for rule in rules:
        if isinstance(rule, model.Composite):
            yield from _uses(rule.rules)
            continue
        yield from ((rule, p, False) for p in rule.parameters if isinstance(p, model.Variable))
        condition = getattr(rule, "condition", None)
        if isinstance(condition, model.Member) and isinstance(condition.items, model.Variable):
            yield rule, condition.items, True


def _words(constant: model.Constant) -> tuple[model.Word, ...]:
    return constant.value if isinstance(constant.value, tuple) else (constant.value,)


def _is_plain(condition: Typed) -> bool:
    node = condition.node
    return isinstance(node, model.Compare) and node.op == "=" and isinstance(node.operand, model.Text | model.Number)


def _null_kind(signature: Signature) -> str:
    return next((kind for kind in ("number", "text", "date") if kind in signature.kinds), "null")


def _amount(signature: Signature) -> str:
    if signature.most == 0:
        return "no parameters"
    if signature.most == ANY:
        return "one parameter or more" if signature.least else "any number of parameters"
    if signature.least == signature.most:
        return "one parameter" if signature.most == 1 else f"{signature.most} parameters"
    return f"{signature.least} to {signature.most} parameters"


_EXAMPLES = {
    "number": "> 10",
    "text": '= "a text"',
    "date": '> "2024-01-31"',
    "duration": "<= 24 hours",
    "size": "> 5 MB",
}
