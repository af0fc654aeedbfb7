"""What a run is shown as when it pauses or ends, and the exit code that this gives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.options import write_text
from ui.cli.output import Output
from ui.report import spending, verdict
from ui.report.text import clean, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.runs import RunReport, Runs, TableReport

GOOD, RULE_FAILED, NOT_DONE, INTERRUPTED = 0, 1, 2, 130


def finish(out: Output, runs: Runs, run_id: str, html: Path | None = None) -> int:
    """Shows what the run did and how to go on; the exit code."""
    report = runs.report(run_id)
    code = exit_code(report)
    if report.run.status == "waiting":
        _tell_how_to_decide(out, report)
    else:
        show_tables(out, report.tables)
        _tell_problems(out, report)
    if report.usage:
        out.show("")
        out.show(spending.in_all(report.usage))
    if html:
        write_html(out, html, report.tables, report.run.requested_by, run_id, [report.run.error or ""])
    out.result({**as_json(report), "exit_code": code})
    return code


def exit_code(report: RunReport) -> int:
    """0 all rules passed or the run waits, 1 a rule failed, 2 the run or a table could not be done."""
    if report.run.status == "waiting":
        return GOOD
    if report.run.status != "done" or report.run.error:
        return NOT_DONE
    return verdict.exit_code(table.evaluation for table in report.tables)


def as_json(report: RunReport) -> dict[str, Any]:
    """The report as plain values."""
    run = report.run
    return {
        "run": run.id,
        "status": run.status,
        "error": run.error,
        "model": run.model,
        "sources": run.sources,
        "answer": report.answer,
        "passed": report.passed,
        "proposals": report.proposals,
        "tables": report.tables,
        "usage": spending.as_json(report.usage),
        "budget": spending.limits(report.budget),
        "next": commands(run.id) if run.status == "waiting" else [],
    }


def commands(run_id: str) -> list[str]:
    """How to go on with a run that waits for decisions."""
    return ["assay pending", f"assay decide {run_id}", f"assay decide {run_id} --approve-all"]


def show_tables(out: Output, tables: Sequence[TableReport]) -> None:
    """The validation of each table."""
    from ui.report.terminal import table_report

    for table in tables:
        out.show("")
        out.show(table_report(table))


def write_html(
    out: Output, path: Path, tables: Sequence[TableReport], by: str, run_id: str = "", problems: Sequence[str] = ()
) -> None:
    """Writes the HTML report. Raises AssayError."""
    from ui.report import html

    origin = html.Origin(run_id, by, datetime.now(UTC))
    write_text(path, html.page(tables, origin, [problem for problem in problems if problem]))
    out.talk("Report written to ", (str(path), "bold"))


def _tell_how_to_decide(out: Output, report: RunReport) -> None:
    undecided = sum(proposal.decision is None for proposal in report.proposals)
    out.show("")
    out.show(f"{count(undecided, 'rule')} wait for a person. The run is stored, and goes on from here:")
    meanings = ("see them all", "decide on each, by keyboard", "approve them all")
    for command, meaning in zip(commands(report.run.id), meanings, strict=True):
        out.show(f"  {command:<40}  {meaning}")


def _tell_problems(out: Output, report: RunReport) -> None:
    run = report.run
    if run.error:
        out.show("")
        out.show(f"Not done: {clean(run.error)}")
    if report.resumable:
        what = "Go on from its last step" if run.status != "done" else "Try again what was not done"
        out.show(f"Run {run.id} is {run.status}. {what} with: assay resume {run.id}")
    if run.status == "done" and run.kind == "run" and (not report.tables or run.model != "offline"):
        # What the offline planner says is the report in other words.
        out.show("")
        out.show(clean(report.answer) or "There was nothing to do.")
