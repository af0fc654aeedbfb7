"""``assay store prune``: forgets how runs that ended long ago got there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import count

AGE = re.compile(r"(\d{1,6})\s*([hdw])")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def prune(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="For how long a run has ended: 12h, 30d, 8w.")] = "30d",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Delete the checkpoints of runs that ended long ago; reports, decisions, results and the audit log stay.

    Example: assay store prune --older-than 30d
    """
    from graph.runs import Runs

    out, age = Output(as_json), _age(older_than)
    actor = options.actor(name)
    with opened(out) as memory:
        done = Runs(memory).prune(age, actor)
    out.show(f"Deleted {count(done.checkpoints, 'checkpoint')} of {count(done.runs, 'run')}.")
    out.result(done)


def _age(text: str) -> timedelta:
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise AssayError(f"{text!r} is no age.", hint="Write it like 12h, 30d or 8w.")
    return int(found[1]) * UNITS[found[2]]
