"""``assay pending``, ``decide`` and ``reopen``: what waits for a person, and what the person says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tools.errors import AssayError
from ui.cli import choosing, options
from ui.cli.options import ApproveAll, As, Html, Json, RunId
from ui.cli.output import Output
from ui.cli.session import find_run, opened
from ui.report.moments import left
from ui.report.text import count

if TYPE_CHECKING:
    from graph.runs import Filter, Related, Runs
    from memory.model import Choice, Decision, PendingApproval, Proposal, Run

Numbers = list[int]


class _Pending(NamedTuple):
    """A request, those of its rules that are shown, and what active rules say about the same."""

    request: PendingApproval
    proposals: list[Proposal]
    related: dict[int, list[Related]]


def pending(
    run_id: Annotated[
        str, typer.Argument(metavar="[RUN]", help='Only this run: its id or "latest".', show_default=False)
    ] = "",
    table: choosing.Table = None,
    column: choosing.Column = None,
    rule_type: choosing.RuleType = None,
    dimension: choosing.Dimension = None,
    confidence: choosing.Confidence = 0.0,
    passing: choosing.Passing = False,
    as_json: Json = False,
) -> None:
    """Show what waits for a person's decision, what was skipped, and until when.

    Example: assay pending latest --column email
    """
    from graph.runs import Runs

    out, where = Output(as_json), choosing.chosen(table, column, rule_type, dimension, confidence, passing)
    with opened(out) as memory:
        runs = Runs(memory)
        runs.remind()
        only = find_run(runs, run_id).id if run_id else None
        waiting = [approval for approval in runs.pending() if only in (None, approval.run_id)]
        shown = [_Pending(approval, *_undecided(runs, approval.run_id, where)) for approval in waiting]
    if not waiting:
        out.show("Nothing waits for a decision.")
    for one in shown:
        _show_pending(out, one)
    out.result([_pending_as_json(one) for one in shown])


def decide(
    run_id: RunId,
    approve: Annotated[Numbers | None, typer.Option(metavar="N", help="Approve rule N. Repeatable.")] = None,
    approve_all: ApproveAll = False,
    reject: Annotated[Numbers | None, typer.Option(metavar="N", help="Reject rule N. Repeatable.")] = None,
    reject_all: Annotated[bool, typer.Option("--reject-all", help="Reject every rule not decided yet.")] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why rules are rejected or skipped.", show_default=False)
    ] = "",
    skip: Annotated[Numbers | None, typer.Option(metavar="N", help="Leave rule N for later. Repeatable.")] = None,
    skip_all: Annotated[bool, typer.Option("--skip-all", help="Leave every rule not decided yet for later.")] = False,
    edit: Annotated[int | None, typer.Option(metavar="N", help="Approve rule N as --rule words it.")] = None,
    rule: Annotated[str, typer.Option(metavar="DQDL", help="The new wording, for --edit.", show_default=False)] = "",
    table: choosing.Table = None,
    column: choosing.Column = None,
    rule_type: choosing.RuleType = None,
    dimension: choosing.Dimension = None,
    confidence: choosing.Confidence = 0.0,
    passing: choosing.Passing = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Decide although the request has expired.")] = False,
    no_continue: Annotated[bool, typer.Option("--no-continue", help="Only store; do not go on with the run.")] = False,
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Approve, edit, reject or skip proposed rules; when none is left to decide, the run goes on here.

    Without options it asks you about each rule by keyboard. Rules have the numbers that `assay pending` shows. The
    options below say which rules the --…-all options, or the questions, are about. What is skipped goes on waiting.

    Example: assay decide latest --reject 3 --reason "test accounts have no e-mail" --approve-all
    Example: assay decide latest --approve-all --column email --passing
    """
    from graph.runs import Runs

    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    chosen = _chosen(approve or [], reject or [], reason, edit, rule, skip or [])
    every = _every(approve_all, reject_all, skip_all, reason)
    where = choosing.chosen(table, column, rule_type, dimension, confidence, passing)
    if not (chosen or every or out.interactive):
        raise AssayError("What do you decide?", hint="Say --approve N, --approve-all, --reject N or --edit N.")
    with opened(out) as memory:
        runs = Runs(memory)
        found = find_run(runs, run_id)
        if reopen:
            runs.reopen(found.id, actor)
        if every:
            chosen += runs.same(found.id, every, where, reason if every != "approve" else None, chosen)
        undecided = _decide(out, runs, found, chosen, where, actor)
        raise typer.Exit(_go_on(out, runs, found, actor, undecided, no_continue, html))


def reopen(
    run_id: RunId,
    window: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long: 90m, 24h, 3d. As at first if not given.")
    ] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Let people decide again after the time for it was over, or for longer.

    Example: assay reopen latest --for 3d
    """
    from graph.runs import Runs

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        runs = Runs(memory)
        opened_again = runs.reopen(find_run(runs, run_id).id, actor, window or None)
    out.show(f"Run {opened_again.run_id} can be decided on until {opened_again.expires_at:%Y-%m-%d %H:%M} UTC.")
    out.result(opened_again)


def _decide(out: Output, runs: Runs, run: Run, chosen: list[Decision], where: Filter, actor: str) -> int:
    """Stores what the options say, or asks; how many rules are left to decide."""
    from ui.cli.asking import ask, show_edit
    from ui.cli.flow import store

    if chosen:
        for decision in chosen:
            if decision.action == "edit":
                show_edit(out, runs.preview_edit(run.id, decision.number, decision.rule or ""))
        undecided = store(out, runs, run, chosen, actor).undecided
        if undecided:
            out.talk(f"{count(undecided, 'rule')} still to decide: ", (f"assay decide {run.id}", "bold"))
        return undecided
    ask(out, runs, run.id, actor, where)
    return len(runs.undecided(run.id))


def _go_on(out: Output, runs: Runs, run: Run, actor: str, undecided: int, no_continue: bool, html: Path | None) -> int:
    from ui.cli.ending import GOOD, as_json
    from ui.cli.flow import go

    if not undecided and not no_continue:
        return go(out, runs, run, actor, html=html)
    if not undecided:
        out.talk("A worker goes on with the run, or you with ", (f"assay resume {run.id}", "bold"))
    out.result({**as_json(runs.report(run.id)), "exit_code": GOOD})
    return GOOD


def _every(approve_all: bool, reject_all: bool, skip_all: bool, reason: str) -> Choice | None:
    """What is decided about all rules that are meant. Raises BadParameter."""
    if approve_all + reject_all + skip_all > 1:
        raise typer.BadParameter("--approve-all, --reject-all and --skip-all exclude each other.")
    if reject_all and not reason.strip():
        raise typer.BadParameter("--reject-all needs --reason: it is remembered, and steers what is proposed next.")
    return "approve" if approve_all else "reject" if reject_all else "skip" if skip_all else None


def _chosen(
    approve: Numbers, reject: Numbers, reason: str, edit: int | None, rule: str, skip: Numbers
) -> list[Decision]:
    """The decisions that the options name. Raises BadParameter where they contradict each other."""
    from memory.model import Decision

    if reject and not reason.strip():
        raise typer.BadParameter("--reject needs --reason: it is remembered, and steers what is proposed next time.")
    if (edit is None) != (not rule.strip()):
        raise typer.BadParameter("--edit N and --rule DQDL belong together.")
    numbers = [*approve, *reject, *skip, *([] if edit is None else [edit])]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise typer.BadParameter(f"Rule {twice} is decided twice.")
    edits = [] if edit is None else [Decision(edit, "edit", rule=rule)]
    approvals = [Decision(number, "approve") for number in approve]
    skips = [Decision(number, "skip", reason=reason or None) for number in skip]
    return [*edits, *approvals, *(Decision(number, "reject", reason=reason) for number in reject), *skips]


def _undecided(runs: Runs, run_id: str, where: Filter) -> tuple[list[Proposal], dict[int, list[Related]]]:
    return runs.undecided(run_id, where), runs.related(run_id)


def _show_pending(out: Output, one: _Pending) -> None:
    from ui.report.proposal import overview

    request, run_id = one.request, one.request.run_id
    tables = ", ".join(request.tables)
    shown = f", {len(one.proposals)} shown" if len(one.proposals) < request.undecided else ""
    out.show(
        f"Run {run_id} · {tables} · {request.undecided} of {count(request.total, 'rule')} to decide on{shown}"
        + (f" · {request.skipped} skipped" if request.skipped else "")
    )
    out.show(overview(one.proposals, one.related))
    if request.expired:
        out.show(f"The time to decide is over. Reopen it with: assay reopen {run_id}")
    else:
        until = f"expires {left(request.expires_at)}" + (": decide soon" if request.closing else "")
        out.show(f"Decide with: assay decide {run_id} ({until})")
    out.show("")


def _pending_as_json(one: _Pending) -> dict[str, object]:
    proposals = [{**vars(proposal), "related": one.related.get(proposal.number, [])} for proposal in one.proposals]
    return {**vars(one.request), "proposals": proposals}
