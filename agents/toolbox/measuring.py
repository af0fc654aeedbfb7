"""Tools that scan a table: its profile, the statistics of its columns, its rules."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from langchain.tools import tool
from pydantic import Field

from agents.summaries import column_detail, column_line, profile_digest, results_digest
from agents.toolbox.answer import Answer, Offset, Runtime, TableName, answer, listed, page, source
from agents.work import WorkError
from tools.profiling.model import Profile

MOST_DETAILS = 10
ColumnNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]],
    Field(min_length=1, max_length=MOST_DETAILS, description="up to ten column names, exactly as the profile has them"),
]


@tool(response_format="content_and_artifact")
def profile_table(table: TableName, runtime: Runtime, offset: Offset = 0) -> Answer:
    """Measure a table: rows, missing and distinct values, ranges, patterns, keys. Scans it unless it is known."""
    emit = runtime.context.emit
    done = runtime.context.bench.profile(
        source(runtime, table), on_progress=lambda share: emit("progress", {"table": table, "share": round(share, 3)})
    )
    content = profile_page(table, done.profile, offset)
    artifact = {
        "dataset_id": str(done.dataset.id),
        "profile_id": str(done.profile_id),
        "rows": done.profile.rows,
        "cached": done.cached,
        "summary": content["summary"],
    }
    return answer(content, artifact)


def profile_page(name: str, profile: Profile, offset: int) -> dict[str, Any]:
    """A page of a profile: what is to be said of the table, and a line for each column that there is room for."""
    lines = [column_line(column, profile.rows) for column in profile.columns]
    return page(profile_digest(name, profile), "columns", lines, offset)


@tool(response_format="content_and_artifact")
def column_details(table: TableName, columns: ColumnNames, runtime: Runtime) -> Answer:
    """Statistics of up to ten columns of a profiled table."""
    done = runtime.context.bench.profile(source(runtime, table))
    return answer(details(table, done.profile, columns))


def details(table: str, profile: Profile, columns: list[str]) -> dict[str, Any]:
    """The statistics of some columns. Raises WorkError when the table has no such column."""
    names = {column.name.lower(): column.name for column in profile.columns}
    for name in columns:
        if name.lower() not in names:
            near = difflib.get_close_matches(name.lower(), names, n=1)
            hint = f"Did you mean {names[near[0]]!r}?" if near else f"Columns: {listed(list(names.values()))}."
            raise WorkError(f"{table} has no column {name!r}.", hint=hint)
    return page({}, "columns", [column_detail(profile.column(name), profile.rows) for name in columns])


@tool(response_format="content_and_artifact")
def run_validation(table: TableName, runtime: Runtime, offset: Offset = 0) -> Answer:
    """Check the table against its active rules; returns how many passed and why the others did not."""
    done = runtime.context.bench.validate(runtime.context.run_id, source(runtime, table))
    content = results_digest(table, done.stored, done.total)
    artifact = {
        "dataset_id": str(done.dataset.id),
        "passed": done.evaluation.passed,
        "rules": len(done.evaluation.rules),
        "summary": content["summary"],
    }
    return answer(page({"summary": content["summary"]}, "failing", content["failing"], offset), artifact)
