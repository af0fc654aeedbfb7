"""``assay store prune``: forgets how runs that ended long ago got there."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import count
from ui.report.times import age


def prune(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="For how long a run has ended: 12h, 30d, 8w.")] = "30d",
    lineage: Annotated[
        bool, typer.Option("--lineage", help="Forget lineage that ended, and raw events, as long ago too.")
    ] = False,
    profiles: Annotated[
        bool, typer.Option("--profiles", help="Forget profiles as old, but the newest of each dataset, and lost ones.")
    ] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Delete the checkpoints of runs that ended long ago; reports, decisions, results and the audit log stay.

    With --lineage the lineage forgets what held before then only; what holds now stays, and so does the data's past
    up to then. Objects of large profiles that belong to none any more go in any case.

    Example: assay store prune --older-than 30d
    """
    from graph.runs import Runs

    out, old = Output(as_json), age(older_than)
    actor = options.actor(name)
    with opened(out) as memory:
        done = Runs(memory).prune(old, actor, lineage=lineage, profiles=profiles)
    out.show(f"Deleted {count(done.checkpoints, 'checkpoint')} of {count(done.runs, 'run')}.")
    if profiles or done.objects:
        out.show(f"Deleted {count(done.profiles, 'profile')} and {count(done.objects, 'object')} of no profile.")
    if done.lineage:
        gone = done.lineage
        told = f"{count(gone.edges, 'edge')} that ended, {count(gone.events, 'raw event')}"
        out.show(f"Of the lineage: {told} and {count(gone.sayings, 'saying')} that no longer counted.")
    out.result(done)
