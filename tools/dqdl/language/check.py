"""The checks of a rule that the grammar cannot make: each error says where, and what would be right."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.dqdl.language import model
from tools.dqdl.language.errors import DqdlError
from tools.dqdl.language.signatures import ANY, SIGNATURES, Kind, Signature
from tools.dqdl.language.words import did_you_mean, nearest

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


NUMERIC = frozenset({"number", "decimal", "formula", "null"})
_WORDS: dict[str, str] = {
    "number": "a number",
    "text": "a text in double quotes",
    "date": 'a date like "2024-01-31" or now()',
    "duration": "a duration like 24 hours",
    "size": "a size like 5 MB",
}
_EXAMPLES: dict[str, str] = {
    "number": "> 10",
    "text": '= "a text"',
    "date": '> "2024-01-31"',
    "duration": "<= 24 hours",
    "size": "> 5 MB",
}


def error(message: str, token: Token, *, expected: tuple[str, ...] = (), hint: str = "") -> DqdlError:
    """An error at a token."""
    return DqdlError(message, line=token.line or 1, column=token.column or 1, expected=expected, hint=hint)


def known(name: Token, *, analyzer: bool = False) -> Signature:
    """The signature of a rule type, or an error with the nearest name."""
    signature = SIGNATURES.get(name.value)
    if signature and (signature.analyzer if analyzer else signature.rule):
        return signature
    names = tuple(key for key, value in SIGNATURES.items() if (value.analyzer if analyzer else value.rule))
    if signature:
        message = f"{name.value} is {'not an analyzer' if analyzer else 'an analyzer, not a rule'}."
        raise error(message, name, expected=names)
    guess = nearest(name.value, names)
    hint = f"Did you mean {guess}?" if guess else ""
    raise error(f'"{name.value}" is not a rule type.', name, expected=names, hint=hint)


def signature(name: Token, connectors: list[Token]) -> None:
    """The rule type exists and has the right number of parameters."""
    form = known(name)
    count = len(connectors)
    if form.least <= count <= form.most:
        return
    hint = ""
    if any(token.type == "AND" for token in connectors):
        hint = 'An "and" after a name joins parameters; put each rule of a composite in parentheses.'
    for token in connectors if not hint else ():
        hint = hint or (did_you_mean(token.value) if token.type == "IDENT" else "")
    at = connectors[form.most] if count > form.most else name
    message = f"{name.value} takes {_amount(form)}, here {'is' if count == 1 else 'are'} {count}."
    raise error(message, at, expected=(_amount(form),), hint=hint)


def analyzer(name: Token, count: int) -> None:
    """The analyzer exists and has the right number of parameters."""
    form = known(name, analyzer=True)
    if not form.least <= count <= form.most:
        raise error(f"{name.value} takes {_amount(form)}, here {'is' if count == 1 else 'are'} {count}.", name)


def setting(analyzer: model.Analyzer, name: Token, value: Token) -> None:
    """An analyzer Distribution has ``bins`` from 1 to 20 and ``rebin``, each once; others have none."""
    if analyzer.type != "Distribution":
        raise error(f"The analyzer {analyzer.type} has no settings.", name)
    if name.value in dict(analyzer.settings):
        raise error(f"{name.value} is given twice.", name)
    if name.value == "bins":
        if value.type != "INT" or value.value.strip("0") == "" or len(value.value) > 2 or int(value.value) > 20:
            raise error("A Distribution has 1 to 20 bins.", value, expected=("a number",))
    elif name.value != "rebin":
        raise error("A Distribution is set with bins and rebin.", name, expected=("bins", "rebin"))
    elif value.value not in ("true", "false"):
        raise error("rebin is true or false.", value, expected=("true", "false"))


def condition(name: Token, parameters: int, found: Typed | None) -> None:
    """The condition is there when it must be, and of a kind that the rule type takes."""
    form = SIGNATURES[name.value]
    kinds = form.kinds if parameters < form.plain_from else ()
    if found is None:
        if kinds and not form.optional:
            expected = tuple(_WORDS[kind] for kind in kinds)
            message = f"{name.value} needs a condition, for example {name.value} … {_EXAMPLES[kinds[0]]}."
            raise error(message, name, expected=("a condition", *expected))
    elif not kinds:
        hint = "Use Completeness for a share." if name.value == "IsComplete" else ""
        about = f"{name.value} of {parameters} parameters" if form.kinds else name.value
        raise error(f"{about} takes no condition.", found.token, hint=hint)
    else:
        _kind(name.value, kinds, found)


def _kind(name: str, kinds: tuple[Kind, ...], found: Typed) -> None:
    if "bare now" in found.kinds:
        raise error("A moved now() stands in parentheses.", found.token, hint="Write (now() - 3 days).")
    if "constant" in found.kinds:
        hint = "A constant serves as a parameter or after in: in $name."
        raise error("A constant cannot be compared with directly.", found.token, hint=hint)
    if kinds == ("size",) and (found.kinds == {"number"} or _mixes_sizes(found)):
        return
    # NULL alone is a number; beside a text or a date it is one of them.
    held = (found.kinds - {"decimal", "formula", "null"}) or {"number"}
    expected = tuple(_WORDS[kind] for kind in kinds)
    if len(held) > 1:
        raise error("One condition holds values of one kind only.", found.token, expected=expected)
    if not held <= set(kinds) or ("null" in found.kinds and held & {"duration", "size"}):
        raise error(f"{name} compares with {' or '.join(expected)}.", found.token, expected=expected)
    if held == {"text"} and not _fits_text(found.node):
        message = "A text has no order; it is compared with =, !=, in and matches."
        raise error(message, found.token, expected=("=", "!=", "in", "not in", "matches", "not matches"))


def _mixes_sizes(found: Typed) -> bool:
    node = found.node
    if found.kinds != {"number", "size"}:
        return False
    ends = (node.low, node.high) if isinstance(node, model.Between) else node.items
    return all(not isinstance(end, model.Number) or end.value >= 0 for end in ends)


def _fits_text(node: model.Condition) -> bool:
    return isinstance(node, model.Member | model.Matches) or (
        isinstance(node, model.Compare) and node.op in ("=", "!=")
    )


def filter_allowed(name: Token, where: Token | None) -> None:
    """A filter stands only where the rule type takes one."""
    if where is not None and not SIGNATURES[name.value].where:
        raise error(f"{name.value} takes no where.", where)


def tags(name: Token, found: list[tuple[Token, Typed]]) -> tuple[model.Tag, ...]:
    """A threshold is numeric, unique and allowed; other tags are ``name = value``."""
    thresholds = 0
    for tag, value in found:
        if tag.value.lower() == "threshold":
            thresholds += 1
            _threshold(name.value, tag, value, thresholds)
        else:
            _plain_tag(tag, value)
    return tuple(model.Tag(tag.value, value.node) for tag, value in found)


def _threshold(name: str, tag: Token, value: Typed, count: int) -> None:
    if not SIGNATURES[name].threshold:
        raise error(f"{name} takes no threshold.", tag)
    if count > 1:
        raise error("A rule has one threshold.", tag)
    numeric(value, "A threshold compares with a share from 0 to 1.")


def _plain_tag(tag: Token, value: Typed) -> None:
    node = value.node
    operand = node.operand if isinstance(node, model.Compare) and node.op == "=" else None
    if isinstance(operand, model.Names) and tag.value.lower() == "filterorder":
        return
    if not isinstance(operand, model.Text | model.Number):
        raise error(f"{tag.value} is set with = and a text or a number.", tag)
    if tag.value.lower() == "timezone":
        zone = operand.raw if isinstance(operand, model.Text) else str(operand)
        if _zones() and zone not in _zones():
            guess = nearest(zone, _zones())
            hint = f'Did you mean "{guess}"?' if guess else ""
            raise error(f'"{zone}" is not a time zone.', tag, expected=("a name like Europe/Berlin",), hint=hint)


@cache
def _zones() -> frozenset[str]:
    """Empty on a machine without a database of zones, where nothing can be said about a name."""
    return frozenset(zoneinfo.available_timezones())


def numeric(found: Typed, message: str) -> None:
    """Only numbers stand here."""
    if not found.kinds <= NUMERIC:
        raise error(message, found.token, expected=("a number",))


def _amount(form: Signature) -> str:
    if form.most == 0:
        return "no parameters"
    if form.most == ANY:
        return "one parameter or more" if form.least else "any number of parameters"
    if form.least == form.most:
        return "one parameter" if form.most == 1 else f"{form.most} parameters"
    return f"{form.least} to {form.most} parameters"
