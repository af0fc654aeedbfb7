"""Short texts about profiles, candidates and results: what a model is told, and never more than it needs.

They carry counts, shares, lengths, character patterns, ranges of numbers and dates that are not about a person, and
the text of rules, which may list the values of a column that has only a few. No other data value is in them: it could
be personal, or an instruction in disguise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from agents.untrusted import pattern, unquoted
from tools.privacy import masked, personal_text

if TYPE_CHECKING:
    from datetime import datetime

    from agents.work import DryRun
    from memory.model import Score
    from tools.comparing.model import Comparison
    from tools.profiling.model import ColumnProfile, Profile

MOST_DEPENDENCIES = 5
MOST_KEYS = 5
MOST_METRICS = 10
MOST_RADIUS = 250
"""Characters about what depends on a rule's data."""


def profile_summary(name: str, profile: Profile) -> str:
    """One sentence: size, and what stands out."""
    parts = [f"{name} has {profile.rows:,} rows and {len(profile.columns)} columns"]
    if profile.candidate_keys:
        parts.append(f"{' + '.join(profile.candidate_keys[0])} identifies a row")
    with_nulls = [column for column in profile.columns if column.nulls]
    if with_nulls:
        worst = max(with_nulls, key=lambda column: column.nulls)
        have = "1 column has" if len(with_nulls) == 1 else f"{len(with_nulls)} columns have"
        parts.append(f"{have} missing values, most in {worst.name} ({worst.nulls:,})")
    typed = [column.name for column in profile.columns if column.inferred_type]
    if typed:
        have = "1 text column holds" if len(typed) == 1 else f"{len(typed)} text columns hold"
        parts.append(f"{have} another type ({', '.join(typed[:3])})")
    return "; ".join(parts) + "."


def profile_digest(name: str, profile: Profile) -> dict[str, Any]:
    """What is to be said of the whole table, for a model; ``column_line`` is for each of its columns."""
    return {
        "summary": profile_summary(name, profile),
        "candidate_keys": profile.candidate_keys[:MOST_KEYS],
        **({"dependencies": dependencies} if (dependencies := _dependencies(profile)) else {}),
    }


def _dependencies(profile: Profile) -> list[str]:
    """The strongest in words, without a value."""
    return [
        f"{one.determinant} decides {one.dependent}, {one.violations:,} of {one.rows:,} rows differ"
        for one in profile.dependencies[:MOST_DEPENDENCIES]
    ]


def column_line(column: ColumnProfile, rows: int) -> str:
    """A column in one line, for example ``email: text, form of email, 1.2 % missing, 988 distinct, pattern a@a.a``."""
    parts = [column.kind]
    if column.inferred_type:
        parts.append(f"holds {column.inferred_type}")
    elif column.semantic:
        parts.append(f"form of {column.semantic.type}")
    if column.personal:
        parts.append(f"personal ({column.personal.kind})")
    if column.dates and column.dates.order in ("ambiguous", "mixed"):
        parts.append(f"order of day and month {column.dates.order}")
    parts.append(f"{share(column.nulls, rows)} missing")
    parts.append(f"{'' if column.distinct_exact else 'about '}{column.distinct:,} distinct")
    if column.kind in ("number", "date", "timestamp") and column.min is not None and not column.personal:
        parts.append(f"{_figure(column.min)} to {_figure(column.max)}")
    if column.patterns:
        parts.append(f"pattern {pattern(column.patterns[0][0])}")
    return f"{column.name}: {', '.join(parts)}"


def column_detail(column: ColumnProfile, rows: int) -> dict[str, Any]:
    """The statistics of a column without its values."""
    detail: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "missing": share(column.nulls, rows),
        "distinct": column.distinct,
        "patterns": [f"{pattern(mask)}: {count}" for mask, count in column.patterns[:5]],
        "lengths": [column.min_length, column.max_length],
    }
    if column.kind == "number" and not column.personal:
        detail |= {"min": _figure(column.min), "max": _figure(column.max), "mean": column.mean}
        detail["quantiles"] = {percent: _figure(value) for percent, value in column.quantiles.items()}
    return {key: value for key, value in detail.items() if value not in (None, [], {}, [None, None])}


def _figure(value: Any) -> Any:
    """A bound of a column, which is the value of a row; masked where it is as long as somebody's number."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return masked(text) if personal_text(text) else value


def candidate_entry(dry_run: DryRun) -> dict[str, Any]:
    """A numbered candidate for the recommender."""
    suggestion = dry_run.suggestion
    entry: dict[str, Any] = {
        "number": suggestion.number,
        "rule": suggestion.candidate.rule,
        "reasoning": unquoted(suggestion.candidate.reasoning),
        "today": _today(dry_run),
    }
    people = suggestion.recollection.sentence
    return entry | ({"people": people} if people else {})


def _today(dry_run: DryRun) -> str:
    if dry_run.result.outcome == "Passed":
        return "passes"
    failed = dry_run.result.failed_rows
    text = "fails" if failed is None else f"fails on {failed} rows"
    return f"{text}, which look wrong" if dry_run.suggestion.candidate.suspects else text


def results_digest(name: str, evaluation: dict[str, Any], total: float | None) -> dict[str, Any]:
    """The verdicts for a model: a summary and a line for each rule that did not pass."""
    rules = evaluation["rules"]
    failing = sorted((rule for rule in rules if rule["outcome"] != "Passed"), key=_reach, reverse=True)
    score = "" if total is None else f", score {_points(total)} of 100"
    return {
        "summary": f"{name}: {len(rules) - len(failing)} of {len(rules)} rules passed{score}.{_most_wrong(failing)}",
        "failing": [f"{rule['rule']}: {rule['reason']}{depending(rule)}" for rule in failing],
    }


def _reach(rule: dict[str, Any]) -> tuple[int, ...]:
    """The more depends on a rule's data, the higher."""
    radius = rule.get("blast_radius") or {}
    return tuple(radius.get(part, 0) for part in ("personal", "tables", "columns"))


def depending(told: dict[str, Any]) -> str:
    """What depends on the data of a rule, in a sentence with a blank before it; empty where nothing is known to."""
    radius = told.get("blast_radius")
    return f" Depends on it: {radius['summary'][:MOST_RADIUS]}." if radius else ""


def _most_wrong(failing: list[dict[str, Any]]) -> str:
    """The three failures that concern the most rows, by rule type and columns."""
    if not failing:
        return ""
    worst = sorted(failing, key=lambda rule: -(rule["failed_rows"] or 0))
    named = [" ".join([rule["rule_type"], *rule["columns"]]) + _rows(rule["failed_rows"]) for rule in worst[:3]]
    others = f" and {len(worst) - 3} more" if len(worst) > 3 else ""
    return f" Not passed: {', '.join(named)}{others}."


def rule_result(number: int, verdict: dict[str, Any], measured_at: datetime) -> dict[str, Any]:
    """What a validation found about one rule, without a row of data."""
    metrics = ", ".join(f"{key} {value:.6g}" for key, value in list(verdict["metrics"].items())[:MOST_METRICS])
    told = f"Rule {number}, {verdict['rule']}, {verdict['outcome'].lower()} on {measured_at:%Y-%m-%d %H:%M} UTC"
    return {
        "summary": f"{told}: {verdict['reason']}"[:1_500] + depending(verdict),
        "failed_rows": verdict["failed_rows"],
        "metrics": metrics[:1_000],
        "dimension": verdict["dimension"],
    }


def score_line(score: Score) -> str:
    """One validation: when, the score of 100, and that of each dimension."""
    parts = ", ".join(f"{name} {_points(value)}" for name, value in score.dimensions.items())
    total = "no score" if score.total is None else f"score {_points(score.total)} of 100"
    return f"{score.measured_at:%Y-%m-%d %H:%M} UTC: {total}" + (f" ({parts})" if parts else "")


def compared(comparison: Comparison) -> tuple[str, list[str]]:
    """A comparison in one sentence, and a line for each column that changed. No value is told."""
    changed = [column for column in comparison.columns if column.degree != "none"]
    schema = comparison.schema
    summary = (
        f"{comparison.left_name} and {comparison.right_name}: the change is {comparison.degree}; "
        f"{comparison.left_rows:,} and {comparison.right_rows:,} rows; {len(schema.added)} columns added, "
        f"{len(schema.removed)} removed, {len(schema.retyped)} of another type; "
        f"{len(changed)} of {len(comparison.columns)} common columns changed."
    )
    lines = [f"{name} added" for name in schema.added] + [f"{name} removed" for name in schema.removed]
    lines += [f"{one.name} was {one.left}, is {one.right}" for one in schema.retyped]
    for column in changed:
        nulls = (
            f"{share(column.left.nulls, comparison.left_rows)} and {share(column.right.nulls, comparison.right_rows)}"
        )
        distinct = f"{column.left.distinct:,} and {column.right.distinct:,} distinct"
        lines.append(f"{column.name}: {column.degree} change, {nulls} missing, {distinct}")
    return summary, lines


def _points(score: float) -> float:
    """Of 100, never rounded up to it."""
    return math.floor(score * 1000 + 1e-9) / 10


def _rows(failed: int | None) -> str:
    return "" if failed is None else f" ({failed:,} {'row' if failed == 1 else 'rows'})"


def share(part: int, whole: int) -> str:
    """A share in percent with one decimal, never rounded to 0 or 100 when it is not."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    shown = min(max(percent, 0.1), 99.9) if 0 < part < whole else percent
    return f"{shown:.1f} %".replace(".0 %", " %")
