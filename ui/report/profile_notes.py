"""What a profile says beyond its columns, in one plain line each: dependencies, dates, and what is only estimated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ui.report import text

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Dependency, Profile

MOST_DEPENDENCIES = 5
MOST_DATES = 5
TICKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 12
SAID_BY_TYPE = {"number", "boolean", "date", "timestamp"}
"""Types of text that ``holds …`` already tells."""


def notes(profile: Profile) -> list[str]:
    """The lines, the most useful first."""
    return [*_dates(profile), *_dependencies(profile), *_estimates(profile)]


def _dependencies(profile: Profile) -> Iterator[str]:
    shown = _one_of_each_pair(profile.dependencies)
    personal = {column.name for column in profile.columns if column.personal}
    for found in shown[:MOST_DEPENDENCIES]:
        yield dependency(found, examples=not personal & {found.determinant, found.dependent})
    if len(shown) > MOST_DEPENDENCIES:
        yield f"{len(shown) - MOST_DEPENDENCIES} more columns decide another."


def _one_of_each_pair(found: list[Dependency]) -> list[Dependency]:
    """Two columns that decide each other are told of once."""
    seen: set[frozenset[str]] = set()
    kept = []
    for one in found:
        pair = frozenset((one.determinant, one.dependent))
        if pair not in seen:
            kept.append(one)
        seen.add(pair)
    return kept


def dependency(found: Dependency, *, examples: bool = True) -> str:
    """``sku decides category: 3 of 1,968 rows differ; KI-003 goes with kitchen, and in some row with kitchn``.

    Without ``examples`` no value is shown, as befits personal data.
    """
    left, right = text.clean(found.determinant, 40), text.clean(found.dependent, 40)
    of = f"all {found.rows:,} rows" if found.sample_rows is None else f"a sample of {found.sample_rows:,} rows"
    if not found.violations:
        return f"{left} decides {right}, in {of}."
    differ = "row differs" if found.violations == 1 else "rows differ"
    line = f"{left} decides {right}: {found.violations:,} of {found.rows:,} {differ}"
    if found.sample_rows is not None:
        line += f" (sample of {found.sample_rows:,})"
    if not found.examples or not examples:
        return f"{line}."
    one, usual, odd = (text.value(value, 30) for value in found.examples[0])
    return f"{line}; {one} goes with {usual}, and in some row with {odd}."


def _dates(profile: Profile) -> Iterator[str]:
    odd = [column for column in profile.columns if column.dates and column.dates.order in ("ambiguous", "mixed")]
    for column in odd[:MOST_DATES]:
        name = text.clean(column.name, 40)
        if column.dates and column.dates.order == "mixed":
            forms = ", ".join(text.clean(form, 30) for form in list(column.dates.forms)[:3])
            yield f"{name} mixes ways to write a date: {forms}."
        else:
            yield f"{name} does not tell whether the day or the month comes first."


def _estimates(profile: Profile) -> Iterator[str]:
    if profile.sample_rows is not None and any(column.sample_rows for column in profile.columns):
        yield (
            f"Frequent values, patterns and quantiles of columns with many values come from a sample of "
            f"{profile.sample_rows:,} rows; ~ marks an estimate over all rows."
        )


def meaning(column: ColumnProfile) -> str:
    """What a text is, in a word or two; '' where its type says it all."""
    if column.dates and column.semantic and column.semantic.type == "date":
        return f"date {column.dates.format}"
    if column.semantic is None or (column.inferred_type and column.semantic.type in SAID_BY_TYPE):
        return ""
    return column.semantic.type


def badge(column: ColumnProfile) -> str:
    """``PII`` where the column seems to hold personal data."""
    return "PII" if column.personal else ""


def sparkline(column: ColumnProfile) -> str:
    """The histogram in at most twelve characters; '' without one."""
    if column.histogram is None:
        return ""
    counts = column.histogram.counts
    if len(counts) > SPARK_WIDTH:
        pairs = -(-len(counts) // SPARK_WIDTH)
        counts = [sum(counts[start : start + pairs]) for start in range(0, len(counts), pairs)]
    most = max(counts, default=0)
    return (
        "".join(TICKS[max(0, -(-count * len(TICKS) // most) - 1)] if count else " " for count in counts) if most else ""
    )
