"""``assay audit``: who did what, and whether anybody changed that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import AssayError
from ui.cli.options import Json
from ui.cli.output import Output
from ui.cli.session import LATEST, find_run, opened
from ui.report.text import clean

if TYPE_CHECKING:
    from memory.audit_check import Verdict

app = typer.Typer(
    help="The audit log: who did what, and whether it was tampered with.\n\nExample: assay audit verify",
    no_args_is_help=True,
)
TAMPERED, UNCLEAR = 1, 2
NEWEST = 50


@app.command("list")
def list_entries(
    run: Annotated[str, typer.Option(metavar="RUN", help='Of this run, or "latest".', show_default=False)] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From then on: 2026-05-01, or with a time; UTC.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = NEWEST,
    as_json: Json = False,
) -> None:
    """List what was done: asked, answered by a model, proposed, decided, activated, executed, changed.

    Example: assay audit list --run latest
    """
    from graph.runs import Runs
    from ui.report import audit

    out, moment = Output(as_json), _moment(since)
    with opened(out) as memory:
        run_id = find_run(Runs(memory), LATEST if run == LATEST else run).id if run else None
        found = memory.audit.entries(run_id=run_id, since=moment, limit=limit)
    out.show(audit.overview(found) if found else "No entries.")
    out.result(found)


@app.command()
def verify(
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Take the log as it ends now for this machine's anchor; once, on a new machine."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check that no entry was edited, removed, moved, cut off or put back; exit 1 if one was, 2 if nobody can tell.

    Example: assay audit verify
    """
    from memory import audit_check

    out = Output(as_json)
    with opened(out) as memory, out.waiting("Checking"):
        verdict = audit_check.verify(memory.db, trust=trust)
    for finding in verdict.findings:
        out.show(f"{finding.kind}: {finding.message}")
    out.show(_summary(verdict))
    out.result({"state": verdict.state, **vars(verdict)})
    if verdict.state != "good":
        raise typer.Exit(TAMPERED if verdict.state == "tampered" else UNCLEAR)


def _summary(verdict: Verdict) -> str:
    entries = "1 entry" if verdict.entries == 1 else f"{verdict.entries:,} entries"
    if verdict.state == "tampered":
        return f"The audit log was tampered with ({entries} read)."
    if verdict.state == "unclear":
        return f"{entries} read; whether all is there cannot be told. See docs/audit.md."
    return f"{entries}, each as it was written; compared with the anchor {clean(verdict.anchor)}."


def _moment(text: str) -> datetime | None:
    """The time that was meant; UTC where it names no zone. Raises AssayError."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise AssayError(f"{text!r} is no time.", hint="Write 2026-05-01 or 2026-05-01T14:30.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
