"""Rules about files themselves: their age, their size, their content. Nothing in them is read as data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools.dqdl.language.model import (
    Between,
    Compare,
    Condition,
    Matches,
    Member,
    Number,
    Operand,
    Rule,
    Size,
    Text,
    Variable,
)
from tools.dqdl.plans.plan import Plan, RuleError, RuleFailed, Verdict, passed_or_failed
from tools.dqdl.queries.asking import time_limit
from tools.dqdl.rules import file_choice
from tools.dqdl.rules.conditions import COMPARE, holds, percent, wanted
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.file_choice import files, some
from tools.dqdl.rules.file_words import bytes_in_words, counted, named, span
from tools.dqdl.rules.judge import condition_of, judge_number
from tools.dqdl.rules.moments import Clock, zone
from tools.sources.file_listing import ALGORITHMS, FileEntry, digest
from tools.sources.table import SourceError

COUNT = "Dataset.*.FileCount"


def file_freshness(rule: Rule, context: Context) -> Plan:
    """When files were last written. The condition holds for each file, or for the share that the threshold wants."""
    condition, clock = condition_of(rule), Clock(context.now, zone(rule.tag("timeZone")))
    clock.meets(condition, context.now)  # a time that does not exist is an error before any file is looked at
    check = _meeting(
        rule,
        lambda entry: clock.meets(condition, entry.modified),
        lambda entry: clock.told(entry.modified),
        lambda entry: entry.modified,
    )
    return _plan(rule, lambda: _each(rule, some(rule, context), check))


def file_size(rule: Rule, context: Context) -> Plan:
    """The size of files, in bytes; units are powers of 1024."""
    condition = condition_of(rule)
    check = _meeting(
        rule,
        lambda entry: _size_meets(condition, entry.size),
        lambda entry: bytes_in_words(entry.size),
        lambda entry: entry.size,
    )
    _size_meets(condition, 0)  # what is no size is an error before any file is looked at

    def judge() -> Verdict:
        found = some(rule, context)
        verdict = _each(rule, found, check)
        sizes = [entry.size for entry in found]
        extremes = {"Dataset.*.MinimumFileSize": float(min(sizes)), "Dataset.*.MaximumFileSize": float(max(sizes))}
        return Verdict(verdict.outcome, verdict.reason, {**verdict.metrics, **extremes})

    return _plan(rule, judge)


def file_uniqueness(rule: Rule, context: Context) -> Plan:
    """The share of files whose content no other file has; with ``matchFileName`` whose name neither."""
    condition, algorithm, by_name = condition_of(rule), _algorithm(rule), _yes(rule, "matchFileName")

    def judge() -> Verdict:
        found = some(rule, context)
        contents = _contents(found, _reader(algorithm))
        times, names = Counter(contents.values()), Counter(_base(entry) for entry in found)
        twice = [entry for entry in found if times[contents[entry.path]] > 1 or (by_name and names[_base(entry)] > 1)]
        share = (len(found) - len(twice)) / len(found)
        label = f"The share of files that occur only once, of {counted(found)},"
        verdict = judge_number(condition, share, "Dataset.*.FileUniquenessRatio", label, percent)
        again = f" Not unique: {named(twice)}." if twice else ""
        return Verdict(verdict.outcome, verdict.reason + again, {**verdict.metrics, COUNT: float(len(found))})

    return _plan(rule, judge)


def file_match(rule: Rule, context: Context) -> Plan:
    """Files with given checksums, or with the content of other files."""
    algorithm = _algorithm(rule)
    if len(rule.parameters) == 2:
        return _plan(rule, lambda: _compared(rule, context, algorithm))
    good, wrong = _checksums(rule, context), f"{algorithm} checksum that the rule does not want"

    def judge() -> Verdict:
        read = _reader(algorithm)
        check = _Check(
            lambda entry: good(read(entry)), f"has a {wrong}", f"have a {wrong}", lambda e: f"{read(e)[:12]}…"
        )
        return _each(rule, some(rule, context), check)

    return _plan(rule, judge)


def _plan(rule: Rule, judge: Callable[[], Verdict]) -> Plan:
    """Files are looked at when the rule is judged, not when it is planned. Raises RuleError."""
    file_choice.check(rule)
    _yes(rule, "failFast")
    _yes(rule, "matchFileName")

    def judged(values: object) -> Verdict:
        try:
            return judge()
        except RuleFailed as failed:
            return Verdict("Failed", str(failed), {COUNT: 0.0})
        except SourceError as error:
            raise RuleError(str(error)) from None

    return Plan({}, judged)


def _yes(rule: Rule, name: str) -> bool:
    said = (rule.tag(name) or "false").lower()
    if said not in ("true", "false"):
        raise RuleError(f'{name} is "true" or "false", not {said}.')
    return said == "true"


@dataclass(frozen=True)
class _Check:
    """A condition on each file."""

    good: Callable[[FileEntry], bool]
    problem: str
    """Of one file, and of several: "does not meet > 5 MB", "do not meet > 5 MB"."""
    problems: str
    shown: Callable[[FileEntry], str]
    """What was found, for a reason: "3 KB"."""
    order: Callable[[FileEntry], Any] | None = None
    """What was found, to tell the least and the greatest; None where there is none."""
    metric: str | None = None
    """The key of the share of good files."""


def _each(rule: Rule, found: Sequence[FileEntry], check: _Check) -> Verdict:
    """The share of good files against the threshold, or against all; ``failFast`` stops at the first bad one."""
    metrics = {COUNT: float(len(found))}
    fast, bound, bad = _yes(rule, "failFast"), rule.threshold, list[FileEntry]()
    for entry in found:
        if check.good(entry):
            continue
        bad.append(entry)
        if fast:
            told = f"{named(bad, check.shown)} {check.problem}; the files after it were not looked at."
            return Verdict("Failed", told, metrics)
    share = (len(found) - len(bad)) / len(found)
    if check.metric:
        metrics[check.metric] = share
    passed = not bad if bound is None else holds(bound, share)
    wants = "all" if bound is None else wanted(bound, percent)
    if not bad:
        values = f": {span(found, check.order, check.shown)}" if check.order else ""
        return Verdict(passed_or_failed(passed), f"{_all(found)} (the rule wants {wants}){values}.", metrics)
    problem = check.problem if len(bad) == 1 else check.problems
    share_told = f"{percent(share)} good, the rule wants {wants}"
    reason = f"{len(bad):,} of {counted(found)} {problem} ({share_told}): {named(bad, check.shown)}."
    return Verdict(passed_or_failed(passed), reason, metrics)


def _meeting(
    rule: Rule,
    good: Callable[[FileEntry], bool],
    shown: Callable[[FileEntry], str],
    order: Callable[[FileEntry], Any],
) -> _Check:
    condition = condition_of(rule)
    metric = f"Dataset.*.{rule.type}.Compliance"
    return _Check(good, f"does not meet {condition}", f"do not meet {condition}", shown, order, metric)


def _compared(rule: Rule, context: Context, algorithm: str) -> Verdict:
    """Both paths have the same contents equally often; with ``matchFileName`` under the same names."""
    here, there = files(rule, context), files(rule, context, 1)
    metrics = {COUNT: float(len(here))}
    first, second = map(str, rule.parameters)
    if not here and not there:
        return Verdict("Passed", f"Nothing to check: neither {first} nor {second} has a file.", metrics, vacuous=True)
    if len(here) != len(there):
        return Verdict("Failed", f"{first} has {counted(here)}, {second} has {counted(there)}.", metrics)
    by_name, read = _yes(rule, "matchFileName"), _reader(algorithm)
    left = Counter((entry.name if by_name else "", read(entry)) for entry in there)
    alone = []
    for entry in here:
        content = (entry.name if by_name else "", read(entry))
        if left[content]:
            left[content] -= 1
        else:
            alone.append(entry)
            if _yes(rule, "failFast"):
                break
    if not alone:
        return Verdict("Passed", f"{first} and {second} have the same {counted(here)}.", metrics)
    same = "the same name and content" if by_name else "the same content"
    reason = f"{len(alone):,} of {counted(here)} of {first} {'has' if len(alone) == 1 else 'have'} no file with {same}"
    return Verdict("Failed", f"{reason} in {second}: {named(alone)}.", metrics)


def _checksums(rule: Rule, context: Context) -> Callable[[str], bool]:
    """Whether a checksum is one that the rule wants. Raises RuleError."""
    condition = rule.condition
    if condition is None or isinstance(condition, Between | Matches):
        raise RuleError('FileMatch needs a second path, or checksums: in ["…"].')
    if isinstance(condition, Compare):
        if condition.op not in ("=", "!="):
            raise RuleError(f"A checksum cannot be compared with {condition.op}.")
        items: Sequence[Operand] = (condition.operand,)
        negated = condition.op == "!="
    else:
        items = context.items(condition.items) if isinstance(condition.items, Variable) else condition.items
        negated = condition.negated
    known = {item.value.lower() for item in items if isinstance(item, Text)}
    if len(known) < len(items) and not known:
        raise RuleError(f"{condition} names no checksum.")
    return lambda found: (found in known) != negated


def _reader(algorithm: str) -> Callable[[FileEntry], str]:
    """Checksums of files, each read once, all of them within the time that a query may take."""
    until = time.monotonic() + time_limit()
    return cache(lambda entry: digest(entry.path, algorithm, until))


def _contents(found: Sequence[FileEntry], read: Callable[[FileEntry], str]) -> dict[str, str]:
    """What tells the content of each file; only files of equal size need to be read."""
    sizes = Counter(entry.size for entry in found)
    return {entry.path: read(entry) if sizes[entry.size] > 1 else f"{entry.size} bytes" for entry in found}


def _size_meets(condition: Condition, size: int) -> bool:
    if isinstance(condition, Compare):
        return COMPARE[condition.op](size, _bytes(condition.operand))
    if isinstance(condition, Between):
        return (_bytes(condition.low) < size < _bytes(condition.high)) != condition.negated
    if isinstance(condition, Member) and isinstance(condition.items, tuple):
        return (size in map(_bytes, condition.items)) != condition.negated
    raise RuleError(f"{condition} is not about a size.")


def _bytes(operand: Operand) -> int:
    if isinstance(operand, Size):
        return operand.bytes
    if isinstance(operand, Number) and operand.value == int(operand.value):
        return int(operand.value)
    raise RuleError(f"{operand} is not a size; write one like 5 MB.")


def _algorithm(rule: Rule) -> str:
    said = (rule.tag("hashAlgorithm") or "SHA-256").upper()
    if said not in ALGORITHMS:
        raise RuleError(f"There is no hash algorithm {said}; known are {', '.join(ALGORITHMS)}.")
    return said


def _all(found: Sequence[FileEntry]) -> str:
    return "The only file complies" if len(found) == 1 else f"All {counted(found)} comply"


def _base(entry: FileEntry) -> str:
    return entry.name.rpartition("/")[2]
