"""The tools that a model may call, by agent. Each answers in a few hundred tokens and tells how to mend a bad call."""

from __future__ import annotations

import json
from typing import Any

from langchain.tools import ToolRuntime, tool
from pydantic import BaseModel, Field

from agents.context import AgentContext, Step
from agents.summaries import candidate_entry, column_detail, profile_digest, results_digest
from agents.workbench import Draft, Suggestion, WorkError

Runtime = ToolRuntime[AgentContext, Any]
Answer = tuple[str, dict[str, Any] | None]
"""What the model reads, and the references that the graph takes."""


MOST_LEFT_OUT = 10
"""Candidates that are told apart because people rejected the like elsewhere."""


class ProposalIn(BaseModel):
    """A rule to propose: a candidate by its number, or DQDL text of your own with a reasoning."""

    candidate: int | None = Field(None, description="the number of a candidate from list_candidates")
    rule: str | None = Field(None, description='DQDL text of one rule, for example: IsComplete "email"')
    reasoning: str = Field("", description="why, in one sentence; required for a rule of your own")


def _source(runtime: Runtime, table: str) -> str:
    tables = runtime.context.tables
    if table not in tables:
        raise WorkError(f"There is no table {table!r} in this task.", hint=f"Tables: {', '.join(tables) or 'none'}.")
    return tables[table]


def _answer(content: dict[str, Any], artifact: dict[str, Any] | None = None) -> Answer:
    return json.dumps(content, ensure_ascii=False, default=str), artifact


@tool(response_format="content_and_artifact")
def profile_table(table: str, runtime: Runtime) -> Answer:
    """Measure a table: rows, missing and distinct values, ranges, patterns, keys. Scans it unless it is known."""
    emit = runtime.context.emit
    done = runtime.context.bench.profile(
        _source(runtime, table), on_progress=lambda share: emit("progress", {"table": table, "share": round(share, 3)})
    )
    content = profile_digest(table, done.profile)
    artifact = {
        "dataset_id": str(done.dataset.id),
        "profile_id": str(done.profile_id),
        "rows": done.profile.rows,
        "cached": done.cached,
        "summary": content["summary"],
    }
    return _answer(content, artifact)


@tool(response_format="content_and_artifact")
def column_details(table: str, columns: list[str], runtime: Runtime) -> Answer:
    """Statistics of up to ten columns of a profiled table."""
    done = runtime.context.bench.profile(_source(runtime, table))
    try:
        found = [done.profile.column(name) for name in columns[:10]]
    except KeyError as missing:
        names = ", ".join(column.name for column in done.profile.columns[:50])
        raise WorkError(f"{table} has no column {missing}.", hint=f"Columns: {names}.") from None
    return _answer({"columns": [column_detail(column, done.profile.rows) for column in found]})


@tool(response_format="content_and_artifact")
def list_candidates(table: str, runtime: Runtime) -> Answer:
    """Numbered rules made from statistics: the reason, how each fares today, what people decided on similar ones."""
    bench, source = runtime.context.bench, _source(runtime, table)
    found = bench.dry_runs(source)
    entries = [candidate_entry(one) for one in found if not one.suggestion.recollection.discouraging]
    left_out = [candidate_entry(one) for one in found if one.suggestion.recollection.discouraging]
    none = f"There is nothing new to propose for {table}: every candidate is active already or was rejected."
    content = {"summary": f"{len(entries)} candidates." if entries else none, "candidates": entries}
    if left_out:
        content["left_out"] = left_out[:MOST_LEFT_OUT]
    return _answer(content, None if entries else {"proposed": 0})


@tool(response_format="content_and_artifact")
def dry_run_rule(table: str, rule: str, runtime: Runtime) -> Answer:
    """Check one DQDL rule on the table's present data without storing anything."""
    result = runtime.context.bench.checked_dry_run(_source(runtime, table), rule)
    return _answer({"outcome": result.outcome, "reason": result.reason, "failed_rows": result.failed_rows})


@tool(response_format="content_and_artifact")
def propose_rules(table: str, proposals: list[ProposalIn], runtime: Runtime) -> Answer:
    """Put rules before a person for approval. Each is dry-run first; those that cannot be proposed are named."""
    bench, source = runtime.context.bench, _source(runtime, table)
    drafts, refused = _drafts(proposals, bench.suggestions(source) if any(p.candidate for p in proposals) else [])
    done = bench.propose(runtime.context.run_id, source, drafts)
    refused += done.refused
    content = {
        "summary": f"Proposed {len(done.stored)} rules for {table}."
        + (f" {len(refused)} could not be proposed." if refused else ""),
        "refused": [f"{rule}: {why}" for rule, why in refused[:10]],
    }
    return _answer(content, {"proposed": len(done.stored)})


def _draft(suggestion: Suggestion) -> Draft:
    chosen = suggestion.candidate
    evidence = chosen.evidence | suggestion.recollection.evidence
    return Draft(chosen.rule, chosen.reasoning, evidence, chosen.confidence, "statistics")


def _drafts(proposals: list[ProposalIn], suggestions: list[Suggestion]) -> tuple[list[Draft], list[tuple[str, str]]]:
    drafts, refused = [], []
    numbered = {suggestion.number: suggestion for suggestion in suggestions}
    for proposal in proposals:
        if proposal.candidate in numbered:
            drafts.append(_draft(numbered[proposal.candidate]))
        elif proposal.candidate is not None:
            refused.append((f"candidate {proposal.candidate}", f"there are {len(suggestions)} candidates"))
        elif proposal.rule and proposal.reasoning:
            drafts.append(Draft(proposal.rule, proposal.reasoning, {}, 0.5, "model"))
        else:
            refused.append((proposal.rule or "an empty proposal", "give a candidate number, or a rule and a reasoning"))
    return drafts, refused


@tool(response_format="content_and_artifact")
def run_validation(table: str, runtime: Runtime) -> Answer:
    """Check the table against its active rules; returns how many passed and why the others did not."""
    done = runtime.context.bench.validate(runtime.context.run_id, _source(runtime, table))
    content = results_digest(table, done.evaluation.to_dict(), done.total)
    artifact = {
        "dataset_id": str(done.dataset.id),
        "passed": done.evaluation.passed,
        "rules": len(done.evaluation.rules),
        "summary": content["summary"],
    }
    return _answer(content, artifact)


@tool(response_format="content_and_artifact")
def hand_over(next: Step, tables: list[str], reason: str, runtime: Runtime) -> Answer:
    """Have a step run on tables: profiler, recommender or validator. Name a new table by path, URI or dataset."""
    context = runtime.context
    if not tables:
        raise WorkError("No table was named.", hint=f"Tables: {', '.join(context.tables) or 'none yet'}.")
    for name in tables:
        why = context.refuse(next, name)
        if why:
            raise WorkError(f"{next} cannot run on {name}: {why}")
    return _answer({"next": next, "tables": tables}, {"next": next, "tables": tables, "reason": reason[:300]})


@tool(response_format="content_and_artifact")
def list_datasets(runtime: Runtime) -> Answer:
    """The datasets that the store knows."""
    names = [dataset.short_name for dataset in runtime.context.bench.memory.catalog.datasets()[:50]]
    said = f"I know {len(names)} datasets: {', '.join(names)}." if names else "I know no dataset yet: name a file."
    return _answer({"summary": said})


@tool(response_format="content_and_artifact")
def show_profile(runtime: Runtime, table: str | None = None) -> Answer:
    """The newest stored profile of a dataset."""
    from tools.profiling import Profile

    dataset = runtime.context.bench.only(runtime.context.tables, table)
    stored = runtime.context.bench.memory.catalog.latest_profile(dataset.id)
    if stored is None:
        raise WorkError(f"{dataset.short_name} has not been profiled.", hint="Hand it over to the profiler.")
    return _answer(profile_digest(dataset.short_name, Profile.from_dict(stored.profile)))


@tool(response_format="content_and_artifact")
def show_rules(runtime: Runtime, table: str | None = None) -> Answer:
    """The active rules of a dataset, numbered."""
    dataset = runtime.context.bench.only(runtime.context.tables, table)
    rules = [f"{rule.number}. {rule.rule_expression}" for rule in runtime.context.bench.memory.rules.active(dataset.id)]
    listed = "\n".join(rules)
    said = (
        f"{dataset.short_name} has {len(rules)} active rules:\n{listed}"
        if rules
        else f"{dataset.short_name} has no active rules."
    )
    return _answer({"summary": said})


@tool(response_format="content_and_artifact")
def show_results(runtime: Runtime, table: str | None = None) -> Answer:
    """The newest validation result of a dataset: the score, and why rules failed."""
    dataset = runtime.context.bench.only(runtime.context.tables, table)
    latest = runtime.context.bench.memory.results.latest(dataset.id)
    if latest is None:
        raise WorkError(f"{dataset.short_name} has not been validated.", hint="Hand it over to the validator.")
    content = results_digest(dataset.short_name, latest.evaluation, latest.total)
    return _answer({"summary": "\n".join([content["summary"], *content["failing"]])})


TOOLS = {
    "supervisor": [hand_over, list_datasets, show_profile, show_rules, show_results],
    "profiler": [profile_table, column_details],
    "recommender": [list_candidates, dry_run_rule, propose_rules],
    "validator": [run_validation],
}
"""Each agent's tools, and nothing else."""
