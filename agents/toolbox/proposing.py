"""The recommender's tools: candidates by their numbers, a try of a rule, and proposals for a person."""

from __future__ import annotations

from typing import Annotated

from langchain.tools import tool
from pydantic import BaseModel, Field

from agents.summaries import candidate_entry
from agents.toolbox.answer import Answer, Offset, RuleText, Runtime, TableName, answer, page, source
from agents.work import Draft, Refused, Suggestion

MOST_LEFT_OUT = 10
"""Candidates that are told apart because people rejected the like elsewhere."""
MOST_PROPOSALS = 50
OWN_CONFIDENCE = 0.5


class ProposalIn(BaseModel):
    """A rule to propose: a candidate by its number, or DQDL text of your own with a reasoning."""

    candidate: int | None = Field(None, ge=1, le=10_000, description="the number of a candidate from list_candidates")
    rule: str | None = Field(
        None, max_length=4_000, description='DQDL text of one rule, for example: IsComplete "email"'
    )
    reasoning: str = Field("", max_length=1_000, description="why, in one sentence; required for a rule of your own")


Proposals = Annotated[list[ProposalIn], Field(max_length=MOST_PROPOSALS)]


@tool(response_format="content_and_artifact")
def list_candidates(table: TableName, runtime: Runtime, offset: Offset = 0) -> Answer:
    """Numbered rules made from statistics: the reason, how each fares today, what people decided on similar ones."""
    found = runtime.context.bench.dry_runs(source(runtime, table))
    entries = [candidate_entry(one) for one in found if not one.suggestion.recollection.discouraging]
    left_out = [candidate_entry(one) for one in found if one.suggestion.recollection.discouraging]
    none = f"There is nothing new to propose for {table}: every candidate is active already or was rejected."
    content = {"summary": f"{len(entries)} candidates." if entries else none}
    content = page(content, "candidates", entries, offset)
    if left_out and "next_offset" not in content:
        content = page(content, "left_out", left_out, most=MOST_LEFT_OUT)
    return answer(content, None if entries else {"proposed": 0})


@tool(response_format="content_and_artifact")
def dry_run_rule(table: TableName, rule: RuleText, runtime: Runtime) -> Answer:
    """Check one DQDL rule on the table's present data without storing anything."""
    result = runtime.context.bench.checked_dry_run(source(runtime, table), rule)
    return answer(page({"outcome": result.outcome, "failed_rows": result.failed_rows}, "reason", [result.reason]))


@tool(response_format="content_and_artifact")
def propose_rules(table: TableName, proposals: Proposals, runtime: Runtime) -> Answer:
    """Put rules before a person for approval. Each is dry-run first; those that cannot be proposed are named."""
    context = runtime.context
    where = source(runtime, table)
    drafts, refused = _drafts(
        proposals, context.bench.suggestions(where) if any(p.candidate for p in proposals) else []
    )
    drafts, given_up = context.ledger.sort(drafts)
    done = context.bench.propose(context.run_id, where, drafts)
    context.ledger.note([*refused, *done.refused], [proposal.rule for proposal in done.stored])
    refused += [*done.refused, *given_up]
    told = f"Proposed {len(done.stored)} rules for {table}."
    content = {"summary": told + (f" {len(refused)} could not be proposed." if refused else "")}
    content = page(content, "refused", [f"{one.rule}: {one.why} {_remedy(one, runtime)}".strip() for one in refused])
    return answer(content, {"proposed": len(done.stored)})


def _remedy(refused: Refused, runtime: Runtime) -> str:
    if not refused.numbers:
        return ""
    if runtime.context.ledger.is_given_up(refused.rule):
        return "It is dropped now."
    return "Correct or leave out these numbers, and propose it once more."


def _draft(suggestion: Suggestion) -> Draft:
    chosen = suggestion.candidate
    evidence = chosen.evidence | suggestion.recollection.evidence
    return Draft(chosen.rule, chosen.reasoning, evidence, chosen.confidence, "statistics")


def _drafts(proposals: list[ProposalIn], suggestions: list[Suggestion]) -> tuple[list[Draft], list[Refused]]:
    drafts, refused = [], []
    numbered = {suggestion.number: suggestion for suggestion in suggestions}
    for proposal in proposals:
        if proposal.candidate in numbered:
            drafts.append(_draft(numbered[proposal.candidate]))
        elif proposal.candidate is not None:
            why = f"there are {len(suggestions)} candidates; their numbers are in list_candidates"
            refused.append(Refused(f"candidate {proposal.candidate}", why))
        elif proposal.rule and proposal.reasoning.strip():
            drafts.append(Draft(proposal.rule, proposal.reasoning.strip(), {}, OWN_CONFIDENCE, "model"))
        else:
            why = "give a candidate number, or a rule and a reasoning"
            refused.append(Refused(proposal.rule or "an empty proposal", why))
    return drafts, refused
