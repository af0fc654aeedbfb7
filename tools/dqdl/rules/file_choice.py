"""Which files a rule about files looks at: those of a path or of a table, less what its tags leave out."""

from __future__ import annotations

import re

from tools.dqdl.language.model import Compare, Names, Operand, Rule, Text
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.dqdl.regex import translate
from tools.dqdl.rules.context import Context
from tools.sources.file_access import check_files, check_root
from tools.sources.file_listing import FileEntry, entries, listed

FILTERS = ("recentFiles", "uriRegex")
"""The tags that leave files out, in the order in which they do unless ``filterOrder`` names another."""


def some(rule: Rule, context: Context) -> list[FileEntry]:
    """Like :func:`files`; raises RuleFailed where there is none."""
    found = files(rule, context)
    if not found:
        raise RuleFailed(f"There is no file{_place(rule)}.")
    return found


def check(rule: Rule) -> None:
    """Raises RuleError for tags that cannot be, before any file is looked at."""
    _filtered(rule, [])


def files(rule: Rule, context: Context, parameter: int = 0) -> list[FileEntry]:
    """The files that a rule is about. Raises SourceError, RuleError."""
    if len(rule.parameters) > parameter:
        path = context.parameter(rule, parameter).value
        check_root(path, context.file_roots)
        found = listed(path)
        check_files(found, context.file_roots)
    else:
        alias = rule.tag("dataFrame") or "primary"
        if alias not in context.tables:
            raise RuleError(f"No table named {alias} was given to this evaluation.")
        paths = context.tables[alias].files()
        if not paths:
            raise RuleError(f'The table {alias} is not read from files; name a path: {rule.type} "folder/" ….')
        found = entries(paths)
    return _filtered(rule, found)


def _filtered(rule: Rule, found: list[FileEntry]) -> list[FileEntry]:
    for name in _order(rule):
        found = _newest(rule, found) if name == "recentFiles" else _matching(rule, found)
    return found


def _place(rule: Rule) -> str:
    where = f"at {', '.join(map(str, rule.parameters))}" if rule.parameters else "of the table"
    left = [tag.name for tag in rule.tags if tag.name.lower() in ("recentfiles", "uriregex")]
    return f" {where}" + (f" that {' and '.join(left)} {'leaves' if len(left) == 1 else 'leave'}" if left else "")


def _order(rule: Rule) -> list[str]:
    """All filters: first those that ``filterOrder`` names, as it orders them. Raises RuleError."""
    operand = _operand(rule, "filterOrder")
    if operand is None:
        return list(FILTERS)
    said = [item.value for item in operand.items] if isinstance(operand, Names) else [rule.tag("filterOrder") or ""]
    known = {name.lower(): name for name in FILTERS}
    order = [known[name.lower()] for name in said if name.lower() in known]
    if len(set(order)) < len(said):
        raise RuleError(f"filterOrder names each of {' and '.join(FILTERS)} at most once, not {', '.join(said)}.")
    return list(dict.fromkeys([*order, *FILTERS]))


def _newest(rule: Rule, found: list[FileEntry]) -> list[FileEntry]:
    recent = rule.tag("recentFiles")
    if recent is None:
        return found
    if not recent.isdigit() or int(recent) < 1:
        raise RuleError(f"recentFiles is a whole number from 1, not {recent}.")
    newest = sorted(found, key=lambda entry: entry.modified, reverse=True)[: int(recent)]
    return sorted(newest, key=lambda entry: entry.path)


def _matching(rule: Rule, found: list[FileEntry]) -> list[FileEntry]:
    operand = _operand(rule, "uriRegex")
    if not isinstance(operand, Text):
        return found
    # A pattern that begins by looking ahead is meant for the whole path; searched anywhere it would exclude nothing.
    pattern = f"^{operand.pattern}" if operand.pattern.startswith("(?!") else operand.pattern
    search = re.compile(translate(pattern, "python")).search
    return [entry for entry in found if search(entry.path)]


def _operand(rule: Rule, name: str) -> Operand | None:
    """What a tag is set to, as it was parsed."""
    for tag in rule.tags:
        if tag.name.lower() == name.lower() and isinstance(tag.condition, Compare):
            return tag.condition.operand
    return None
