"""``assay run``, ``resume`` and ``cancel``: the main flow from end to end."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.cli import options
from ui.cli.options import ApproveAll, As, BudgetTokens, BudgetUsd, Html, Json, RunId, Sources
from ui.cli.output import Output
from ui.cli.session import find_run, opened
from ui.report.text import count


def run(
    sources: Sources,
    pause: Annotated[bool, typer.Option("--pause", help="Stop at the approval; decide later.")] = False,
    goal: Annotated[str, typer.Option(help="What to do, in your words.", show_default=False)] = "",
    approve_all: ApproveAll = False,
    model: Annotated[
        str, typer.Option(help='"offline", "bedrock" or provider:model.', envvar="ASSAY_MODEL", show_default=False)
    ] = "",
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    window: Annotated[
        str, typer.Option(metavar="TIME", help="Time to decide: 90m, 24h, 3d. Else ASSAY_APPROVAL_WINDOW, or 24h.")
    ] = "",
    task_token: Annotated[
        str,
        typer.Option(
            metavar="TOKEN",
            help="Of a Step Functions task that waits for the end of the run.",
            envvar="ASSAY_TASK_TOKEN",
            show_default=False,
        ),
    ] = "",
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Profile, recommend rules, have them approved, validate, report.

    In a terminal you decide on each rule by keyboard; elsewhere the run stops there and says how to go on.
    Exit code: 0 all rules passed (or the run waits for you), 1 a rule failed, 2 it could not be done.

    Example: assay run examples/orders.csv
    """
    from graph.runs import Runs
    from graph.task_tokens import Starting
    from ui.cli.flow import go

    if pause and approve_all:
        raise typer.BadParameter("--pause and --approve-all exclude each other.")
    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    with Starting(task_token) as starting, opened(out) as memory:
        runs = Runs(memory)
        with out.waiting("Opening the tables"):
            started = runs.start(
                sources,
                goal=goal or None,
                requested_by=actor,
                model=model or None,
                budget_usd=budget_usd,
                budget_tokens=budget_tokens,
                window=window or None,
                task_token=task_token or None,
            )
        starting.started()
        used = "no language model (offline)" if started.model == "offline" else started.model
        out.talk(("Run ", ""), (started.id, "bold"), (f" · {count(len(started.sources), 'table')} · {used}", "dim"))
        raise typer.Exit(go(out, runs, started, actor, approve_all=approve_all, may_ask=not pause, html=html))


def resume(
    run_id: RunId,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Go on with a run that was stopped, cut off or failed, from its last step.

    A budget replaces the one that the run had.

    Example: assay resume latest
    """
    from graph.runs import Runs
    from ui.cli.flow import go

    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    with opened(out) as memory:
        runs = Runs(memory)
        found = runs.resume(find_run(runs, run_id).id, actor, budget_usd=budget_usd, budget_tokens=budget_tokens)
        raise typer.Exit(go(out, runs, found, actor, html=html))


def cancel(run_id: RunId, name: As = "", as_json: Json = False) -> None:
    """Stop a run after the step in hand; nothing more happens in it.

    Example: assay cancel latest
    """
    from graph.runs import Runs

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        runs = Runs(memory)
        found = find_run(runs, run_id)
        runs.cancel(found.id, actor)
        now = runs.memory.runs.get(found.id)
        out.show(
            f"Run {now.id} is {now.status}." if now.status != "running" else f"Run {now.id} stops after this step."
        )
        out.result({"run": now.id, "status": now.status})
