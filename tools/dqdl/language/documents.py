"""Whole rulesets, as people bring them along and take them away."""

from __future__ import annotations

from collections.abc import Sequence

from tools.dqdl.language.errors import DqdlError, excerpt
from tools.dqdl.language.lint_names import remarks
from tools.dqdl.language.model import Ruleset
from tools.dqdl.language.parser import parse, parse_rule

HINT = "`assay rules lint` shows all that is odd."


def usable(text: str) -> Ruleset:
    """A ruleset that is to be used. Raises DqdlError, also for a misspelt tag: it would silently have no effect."""
    ruleset = parse(text)
    for remark in remarks(ruleset):
        if remark.code == "unknown-tag":
            place = remark.line, remark.column
            raise DqdlError(remark.message, line=place[0], column=place[1], hint=HINT, excerpt=excerpt(text, *place))
    return ruleset


def document(rules: Sequence[str]) -> str:
    """Rules as one canonical document. Raises DqdlError."""
    return str(Ruleset(tuple(parse_rule(rule) for rule in rules)))
