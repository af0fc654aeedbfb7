"""The supervisor's tools that look something up and change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from langchain.tools import tool
from pydantic import Field

from agents.summaries import compared, results_digest, rule_result, score_line
from agents.toolbox.answer import Answer, Offset, Runtime, SomeTable, TableName, answer, dataset, page, scanned
from agents.toolbox.measuring import ColumnNames, details, profile_page
from agents.work import WorkError
from tools.profiling.model import Profile

if TYPE_CHECKING:
    from memory.model import Run

MOST_RUNS = 50
MOST_SCORES = 20
RunStatus = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]
RuleNumber = Annotated[int, Field(ge=1, description="the number of a rule from show_rules")]


@tool(response_format="content_and_artifact")
def list_datasets(runtime: Runtime, offset: Offset = 0) -> Answer:
    """The datasets that the store knows."""
    names = [dataset.short_name for dataset in runtime.context.bench.memory.catalog.datasets()]
    if not names:
        return answer({"summary": "I know no dataset yet: name a file."})
    content = page({"summary": ""}, "datasets", names, offset)
    more = f", {len(content['datasets'])} of them from {offset} on" if "next_offset" in content else ""
    content["summary"] = f"I know {len(names)} datasets{more}: {', '.join(content.pop('datasets'))}."
    return answer(content)


@tool(response_format="content_and_artifact")
def show_profile(
    runtime: Runtime, table: SomeTable = None, columns: ColumnNames | None = None, offset: Offset = 0
) -> Answer:
    """The newest stored profile of a dataset, or the statistics of some of its columns."""
    found = dataset(runtime, table)
    stored = runtime.context.bench.memory.catalog.latest_profile(found.id)
    if stored is None:
        raise WorkError(f"{found.short_name} has not been profiled.", hint="Hand it over to the profiler.")
    profile = Profile.from_dict(stored.profile)
    if columns:
        return answer(details(found.short_name, profile, columns))
    return answer(profile_page(found.short_name, profile, offset))


@tool(response_format="content_and_artifact")
def show_rules(runtime: Runtime, table: SomeTable = None, offset: Offset = 0) -> Answer:
    """The active rules of a dataset, numbered."""
    found = dataset(runtime, table)
    rules = [f"{rule.number}. {rule.rule_expression}" for rule in runtime.context.bench.memory.rules.active(found.id)]
    if not rules:
        return answer({"summary": f"{found.short_name} has no active rules."})
    content = page({"summary": ""}, "rules", rules, offset)
    lines = "\n".join(content.pop("rules"))
    content["summary"] = f"{found.short_name} has {len(rules)} active rules:\n{lines}"
    return answer(content)


@tool(response_format="content_and_artifact")
def show_results(
    runtime: Runtime, table: SomeTable = None, rule: RuleNumber | None = None, offset: Offset = 0
) -> Answer:
    """The newest validation result of a dataset: the score and why rules failed, or all about one rule."""
    memory, found = runtime.context.bench.memory, dataset(runtime, table)
    latest = memory.results.latest(found.id)
    if latest is None:
        raise WorkError(f"{found.short_name} has not been validated.", hint="Hand it over to the validator.")
    if rule is not None:
        known = memory.rules.get(rule)
        verdict = next((one for one in latest.evaluation["rules"] if one["rule"] == known.rule_expression), None)
        if known.dataset_id != found.id or verdict is None:
            raise WorkError(
                f"The newest result of {found.short_name} has no rule {rule}.", hint="show_rules tells which there are."
            )
        return answer(page(rule_result(rule, verdict, latest.measured_at), "failing", [verdict["reason"]]))
    content = results_digest(found.short_name, latest.evaluation, latest.total)
    shown = page({"summary": ""}, "failing", content["failing"], offset)
    shown["summary"] = "\n".join([content["summary"], *shown.pop("failing")])
    return answer(shown)


@tool(response_format="content_and_artifact")
def show_scores(runtime: Runtime, table: SomeTable = None) -> Answer:
    """The scores of the last validations of a dataset, newest first: how its quality went."""
    found = dataset(runtime, table)
    scores = runtime.context.bench.memory.results.scores(found.id, MOST_SCORES)
    if not scores:
        raise WorkError(f"{found.short_name} has not been validated.", hint="Hand it over to the validator.")
    lines = [score_line(score) for score in scores]
    return answer({"summary": f"{found.short_name}, newest first:\n" + "\n".join(lines)})


@tool(response_format="content_and_artifact")
def list_runs(runtime: Runtime, status: RunStatus | None = None, offset: Offset = 0) -> Answer:
    """The newest runs: their ids, what was asked for, by whom, and how they ended."""
    runs = runtime.context.bench.memory.runs.recent(MOST_RUNS, status=status)
    lines = [_run_line(run) for run in runs if run.id != runtime.context.run_id]
    if not lines:
        return answer({"summary": "There is no other run."})
    content = page({"summary": ""}, "runs", lines, offset)
    content["summary"] = f"The newest {len(lines)} runs:\n" + "\n".join(content.pop("runs"))
    return answer(content)


@tool(response_format="content_and_artifact")
def show_pending(runtime: Runtime, offset: Offset = 0) -> Answer:
    """The runs whose proposed rules wait for a person's decision. Only people decide."""
    pending = runtime.context.bench.memory.approvals.pending()
    lines = [
        f"{one.run_id}: {one.undecided} of {one.total} rules undecided for {', '.join(one.tables)[:200]}, "
        + ("expired " if one.expired else "until ")
        + f"{one.expires_at:%Y-%m-%d %H:%M} UTC"
        for one in pending
    ]
    if not lines:
        return answer({"summary": "Nothing waits for a decision."})
    content = page({"summary": ""}, "pending", lines, offset)
    content["summary"] = f"{len(lines)} runs wait for a decision:\n" + "\n".join(content.pop("pending"))
    return answer(content)


@tool(response_format="content_and_artifact")
def compare_tables(left: TableName, right: TableName, runtime: Runtime, offset: Offset = 0) -> Answer:
    """Scan two tables or versions of a table and tell what changed from the left to the right one."""
    from tools import comparing

    bench = runtime.context.bench
    with bench.open(scanned(runtime, left).uri)[0] as one, bench.open(scanned(runtime, right).uri)[0] as other:
        found = comparing.compare(one, other)
    summary, changed = compared(found)
    return answer(page({"summary": summary}, "changed", changed, offset))


def _run_line(run: Run) -> str:
    asked = f"{run.kind}, {run.goal[:120]!r} by {run.requested_by}, {run.created_at:%Y-%m-%d %H:%M} UTC"
    return f"{run.id}: {run.status}, {asked}" + (f", {run.error[:200]}" if run.error else "")
