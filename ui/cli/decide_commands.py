"""``assay pending`` and ``assay decide``: what waits for a person, and what the person says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import ApproveAll, As, Html, Json, RunId
from ui.cli.output import Output
from ui.cli.session import find_run, opened
from ui.report.text import count

if TYPE_CHECKING:
    from graph.runs import Runs
    from memory.model import Decision, PendingApproval, Run

Numbers = list[int]


def pending(as_json: Json = False) -> None:
    """Show what waits for a person's decision.

    Example: assay pending
    """
    from graph.runs import Runs

    out = Output(as_json)
    with opened(out) as memory:
        runs = Runs(memory)
        waiting = runs.pending()
        if not waiting:
            out.show("Nothing waits for a decision.")
        for approval in waiting:
            _show_pending(out, runs, approval)
        out.result([_pending_as_json(runs, approval) for approval in waiting])


def decide(
    run_id: RunId,
    approve: Annotated[Numbers | None, typer.Option(metavar="N", help="Approve rule N. Repeatable.")] = None,
    approve_all: ApproveAll = False,
    reject: Annotated[Numbers | None, typer.Option(metavar="N", help="Reject rule N. Repeatable.")] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why rules are rejected.", show_default=False)] = "",
    edit: Annotated[int | None, typer.Option(metavar="N", help="Approve rule N as --rule words it.")] = None,
    rule: Annotated[str, typer.Option(metavar="DQDL", help="The new wording, for --edit.", show_default=False)] = "",
    reopen: Annotated[bool, typer.Option("--reopen", help="Decide although the request has expired.")] = False,
    no_continue: Annotated[bool, typer.Option("--no-continue", help="Only store; do not go on with the run.")] = False,
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Approve, edit or reject proposed rules; when none is left, the run goes on here.

    Without options it asks you about each rule by keyboard. Rules have the numbers that `assay pending` shows.

    Example: assay decide latest --reject 3 --reason "test accounts have no e-mail" --approve-all
    """
    from graph.runs import Runs

    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    chosen = _chosen(approve or [], reject or [], reason, edit, rule)
    if not (chosen or approve_all or out.interactive):
        raise AssayError("What do you decide?", hint="Say --approve N, --approve-all, --reject N or --edit N.")
    with opened(out) as memory:
        runs = Runs(memory)
        found = find_run(runs, run_id)
        if reopen:
            runs.reopen(found.id, actor)
        left = _decide(out, runs, found, chosen, approve_all, actor)
        raise typer.Exit(_go_on(out, runs, found, actor, left, no_continue, html))


def _decide(out: Output, runs: Runs, run: Run, chosen: list[Decision], approve_all: bool, actor: str) -> int:
    """Stores what the options say, or asks; how many rules are left to decide."""
    from ui.cli.asking import ask
    from ui.cli.flow import store

    if chosen or approve_all:
        left = store(out, runs, run, chosen, actor, approve_all=approve_all).undecided
        if left:
            out.talk(f"{count(left, 'rule')} still to decide: ", (f"assay decide {run.id}", "bold"))
        return left
    ask(out, runs, run.id, actor)
    return sum(proposal.decision is None for proposal in runs.proposals(run.id))


def _go_on(out: Output, runs: Runs, run: Run, actor: str, left: int, no_continue: bool, html: Path | None) -> int:
    from ui.cli.ending import GOOD, as_json
    from ui.cli.flow import go

    if not left and not no_continue:
        return go(out, runs, run, actor, html=html)
    if not left:
        out.talk("A worker goes on with the run, or you with ", (f"assay resume {run.id}", "bold"))
    out.result({**as_json(runs.report(run.id)), "exit_code": GOOD})
    return GOOD


def _chosen(approve: Numbers, reject: Numbers, reason: str, edit: int | None, rule: str) -> list[Decision]:
    """The decisions that the options name. Raises BadParameter where they contradict each other."""
    from memory.model import Decision

    if reject and not reason.strip():
        raise typer.BadParameter("--reject needs --reason: it is remembered, and steers what is proposed next time.")
    if (edit is None) != (not rule.strip()):
        raise typer.BadParameter("--edit N and --rule DQDL belong together.")
    numbers = [*approve, *reject, *([] if edit is None else [edit])]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise typer.BadParameter(f"Rule {twice} is decided twice.")
    edits = [] if edit is None else [Decision(edit, "edit", rule=rule)]
    approvals = [Decision(number, "approve") for number in approve]
    return [*edits, *approvals, *(Decision(number, "reject", reason=reason) for number in reject)]


def _show_pending(out: Output, runs: Runs, approval: PendingApproval) -> None:
    from ui.report.proposal import overview

    left = [proposal for proposal in runs.proposals(approval.run_id) if proposal.decision is None]
    tables = ", ".join(approval.tables)
    out.show(f"Run {approval.run_id} · {tables} · {len(left)} of {count(approval.total, 'rule')} to decide on")
    out.show(overview(left))
    expiry = "The request has expired. " if approval.expired else ""
    out.show(f"{expiry}Decide with: assay decide {approval.run_id}{' --reopen' if approval.expired else ''}")
    out.show("")


def _pending_as_json(runs: Runs, approval: PendingApproval) -> dict[str, object]:
    undecided = [proposal for proposal in runs.proposals(approval.run_id) if proposal.decision is None]
    return {**vars(approval), "proposals": undecided}
