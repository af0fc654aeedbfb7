"""``assay memory``: what is remembered of decisions, and a person's word on it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory.remembered import Remembered

app = typer.Typer(
    help="What is remembered of decisions and recalled for similar tables: list, correct, forget.\n\n"
    "Example: assay memory list --table orders",
    no_args_is_help=True,
)
LISTED = 200


class Outcome(StrEnum):
    """What counts as decided."""

    approve = "approve"
    edit = "edit"
    reject = "reject"


class Corrected(StrEnum):
    """What an outcome can be corrected to."""

    approve = "approve"
    reject = "reject"


Number = Annotated[int, typer.Argument(metavar="N", help="The memory's number.", show_default=False)]
TableName = Annotated[
    str, typer.Option("--table", metavar="DATASET", help="Of this dataset: its name, path or URI.", show_default=False)
]


@app.command("list")
def list_memories(
    table: TableName = "",
    column: Annotated[str, typer.Option(metavar="NAME", help="About this column.", show_default=False)] = "",
    outcome: Annotated[Outcome | None, typer.Option(help="With this outcome.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """List what is remembered: the rule, what was decided, why, and what became of it.

    Example: assay memory list --table orders --outcome reject
    """
    from graph.jobs import Jobs
    from ui.report import remembered

    out = Output(as_json)
    with opened(out) as memory:
        # Nobody acts: it is only looked up.
        dataset = Jobs(memory, requested_by="").dataset(table) if table else None
        found = memory.memories.all(dataset.id if dataset else None, column or None, outcome)
    out.show(remembered.overview(found[-LISTED:]) if found else "Nothing is remembered.")
    if len(found) > LISTED:
        out.talk(f"The newest {LISTED} of {len(found)}; narrow it with --table, --column or --outcome.")
    out.result(found)


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Show one memory: the decision, its reason, and what it is compared by.

    Example: assay memory show 12
    """
    from ui.report import remembered

    out = Output(as_json)
    with opened(out) as memory:
        found = memory.memories.get(number)
    out.show(remembered.details(found))
    out.result(found)


@app.command()
def correct(
    number: Number,
    outcome: Annotated[Corrected | None, typer.Option(help="What counts from now on.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="The reason that counts.", show_default=False)] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Correct what is recalled; no rule is activated or disabled by it, and the decision itself stays as it was.

    Example: assay memory correct 12 --reason "guests have no e-mail address"
    """
    from graph.jobs import Jobs
    from ui.report import remembered

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        after = Jobs(memory, actor).correct_memory(number, outcome.value if outcome else None, reason)
    why = f": {after.reason}" if after.reason else ""
    out.show(f"Memory {number} counts as {remembered.WORDS[after.outcome]}, says {actor}{why}")
    if after.outcome == "reject" and after.rule_number is not None and after.disabled is None:
        rule = after.rule_number
        out.talk(f"Rule {rule} stays active; to take it out of use: assay rules disable {rule}")
    out.result(after)


@app.command()
def forget(
    number: Annotated[int, typer.Argument(metavar="N", help="The memory's number.", show_default=False)] = 0,
    table: TableName = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Forget one memory, or all of a table, for good. Decisions, rules and the audit log stay as they are.

    What was rejected may be proposed again.

    Example: assay memory forget 12
    """
    from graph.jobs import Jobs

    if bool(number) == bool(table):
        raise AssayError("What is to be forgotten?", hint="Name one memory by its number, or a table with --table.")
    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        jobs = Jobs(memory, actor)
        gone = [jobs.forget_memory(number)] if number else jobs.forget_table(jobs.dataset(table))
    out.show(_gone(gone, table))
    out.result(gone)


def _gone(gone: list[Remembered], table: str) -> str:
    if not gone:
        return f"Nothing is remembered of {clean(table)}."
    decisions = count(len(gone), "decision")
    what = f"Memory {gone[0].number} is" if not table else f"What was remembered of {decisions} is"
    return f"{what} forgotten. Decisions stay in the audit log, and rules that are active stay so."
