"""All that is wrong or odd in a ruleset's text, each with its place: many errors at once, and warnings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tools.dqdl.language import lint_meaning, lint_names
from tools.dqdl.language.errors import DqdlError, excerpt, place
from tools.dqdl.language.lint_meaning import Remark
from tools.dqdl.language.model import Ruleset
from tools.dqdl.language.outline import Outline, outline
from tools.dqdl.language.parser import draft, parse

MAX_ERRORS = 20
GLUE_RULES, GLUE_BYTES = 2_000, 65 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing to look at."""

    level: Literal["error", "warning"]
    line: int
    column: int
    message: str
    """With the advice, where there is some."""
    code: str
    """A short name of the kind of finding."""
    expected: tuple[str, ...] = ()
    excerpt: str = ""


def lint(text: str) -> tuple[list[Finding], Ruleset | None]:
    """Errors and warnings, and what can be read of the text. After an error in a rule it goes on with the next rule."""
    errors: list[Finding] = []
    try:
        ruleset: Ruleset | None = parse(text)
    except DqdlError:
        errors, ruleset = _errors(text)
    warnings = _warnings(text, ruleset) if ruleset else []
    if errors:  # the constant may be used in a rule that was taken out
        warnings = [finding for finding in warnings if finding.code != "unused-constant"]
    return [*errors, *warnings], ruleset


def _errors(text: str) -> tuple[list[Finding], Ruleset | None]:
    """The errors, at most MAX_ERRORS of them, and what is left when their rules are taken out."""
    found: list[Finding] = []
    shape, rest = outline(text), text
    while len(found) < MAX_ERRORS:
        try:
            return found, draft(rest) if found else parse(rest)
        except DqdlError as error:
            found.append(_finding(text, error))
            shorter = _without_rule_at(rest, shape, error)
            if shorter is None:
                return found, None
            rest = shorter
    return found, None


def _finding(text: str, error: DqdlError) -> Finding:
    said = f"{error.reason} {error.hint}".strip()
    shown = excerpt(text, error.line, error.column)
    return Finding("error", error.line, error.column, said, "syntax", tuple(error.expected), shown)


def _without_rule_at(text: str, shape: Outline, error: DqdlError) -> str | None:
    """The text with blanks from the rule with the error to the next one; None where that leads nowhere."""
    lines = text.split("\n")
    at = sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1
    entry = next((entry for entry in shape.entries if entry.start <= at < entry.end and entry.items), None)
    if entry is None:
        return None
    starts = [item.start for item in entry.items]
    index = bisect_right(starts, at) - 1
    closed = text[entry.end - 1] == "]"
    end = [*starts[1:], entry.end - 1 if closed else entry.end][index]
    if index < 0 or not text[starts[index] : end].strip():
        return None
    return text[: starts[index]] + _blank(text[starts[index] : end]) + text[end:]


def _blank(text: str) -> str:
    return "".join(character if character == "\n" else " " for character in text)


def _warnings(text: str, ruleset: Ruleset) -> list[Finding]:
    remarks: Iterable[Remark] = [
        *(Remark("stray-bracket", *place(text, text.rindex("]")), warning) for warning in ruleset.warnings),
        *_too_large(text, ruleset),
        *lint_names.remarks(ruleset),
        *lint_meaning.remarks(ruleset),
    ]
    return [
        Finding("warning", one.line, one.column, one.message, one.code, (), excerpt(text, one.line, one.column))
        for one in remarks
    ]


def _too_large(text: str, ruleset: Ruleset) -> Iterable[Remark]:
    if len(text.encode(errors="replace")) > GLUE_BYTES or len(ruleset.rules) > GLUE_RULES:
        yield Remark("too-large", 1, 1, "Glue takes 2,000 rules and 65 KB in one ruleset at most.")
