"""``assay rules``: the active rules, and ruleset files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli import options, rulesets
from ui.cli.ending import NOT_DONE, RULE_FAILED
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean, count

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import Dataset

app = typer.Typer(
    help="List, show, import, export and disable rules; lint and format ruleset files.\n\nExample: assay rules list",
    no_args_is_help=True,
)
DatasetName = Annotated[str, typer.Argument(metavar="DATASET", help="A dataset: its name, or its path or URI.")]
RulesetFile = Annotated[Path, typer.Argument(metavar="FILE", help="A ruleset in DQDL.", show_default=False)]
Number = Annotated[int, typer.Argument(metavar="N", help="The rule's number.", show_default=False)]


@app.command("list")
def list_rules(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Only of this one.", show_default=False)] = "",
    every: Annotated[bool, typer.Option("--all", help="Disabled rules too.")] = False,
    as_json: Json = False,
) -> None:
    """List active rules.

    Example: assay rules list orders
    """
    from ui.report import rulebook

    out = Output(as_json)
    with opened(out) as memory:
        wanted = _named(memory, dataset).id if dataset else None
        found = memory.rules.all(wanted, None if every else "approved")
        names = {known.id: known.short_name for known in memory.catalog.datasets()}
    out.show(rulebook.overview(found, names) if found else "No rules yet. Approve some with: assay run SOURCE")
    out.result(found)


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Show a rule: its text, why it is there, who approved it.

    Example: assay rules show 3
    """
    from ui.report import rulebook

    out = Output(as_json)
    with opened(out) as memory:
        rule = memory.rules.get(number)
        dataset = memory.catalog.dataset(rule.dataset_id)
    out.show(rulebook.details(rule, dataset.name))
    out.result({**vars(rule), "dataset": dataset.name})


@app.command("export")
def export_rules(
    dataset: DatasetName,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to stdout.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the active rules of a dataset as a ruleset in DQDL.

    Example: assay rules export orders --out orders.dqdl
    """
    from graph.jobs import Jobs
    from tools.dqdl.language.documents import document

    out = Output(as_json)
    options.writable(file)
    with opened(out) as memory:
        found = _named(memory, dataset)
        rules = Jobs(memory, requested_by="").exported(found)  # nobody acts: it is only looked up
    text = document(rules)
    if file:
        options.write_text(file, text)
        out.show(f"{count(len(rules), 'rule')} written to {file}")
    else:
        out.write(text)
    out.result({"dataset": found.name, "rules": rules, "ruleset": text})


@app.command("import")
def import_rules(
    file: RulesetFile,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A known dataset, or a source.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.", show_default=False)] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Make the rules of a file active for a dataset; importing is your approval, and recorded as such.

    Example: assay rules import orders.dqdl examples/orders.csv
    """
    from graph.jobs import Jobs

    out, actor = Output(as_json), options.actor(name)
    text = rulesets.usable(file)
    with opened(out) as memory:
        jobs = Jobs(memory, actor)
        found = jobs.dataset(dataset)
        stored = jobs.import_ruleset(found, text, reason or None)
    out.show(f"{count(len(stored), 'rule')} of {clean(str(file))} active for {clean(found.name)}, approved by {actor}.")
    out.result(stored)


@app.command()
def disable(
    number: Number,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is remembered.", show_default=False)],
    name: As = "",
    as_json: Json = False,
) -> None:
    """Take a rule out of use.

    Example: assay rules disable 3 --reason "the shop sells abroad now"
    """
    from graph.jobs import Jobs

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        rule = Jobs(memory, actor).disable(number, reason)
    out.show(f"Rule {rule.number} is disabled: {clean(rule.rule_expression)}")
    out.result(rule)


@app.command()
def lint(file: RulesetFile, as_json: Json = False) -> None:
    """Say all that is wrong or odd in a ruleset file, with its place; exit 2 for an error, 1 for a warning.

    Example: assay rules lint orders.dqdl
    """
    from tools.dqdl.linting import lint as look

    out = Output(as_json)
    found = look(options.read_text(file))
    for finding in found:
        style = "bold red" if finding.level == "error" else "yellow"
        place = f"{file}:{finding.line}:{finding.column}: "
        out.talk(place, (f"{finding.level}: ", style), f"{finding.message} ({finding.code})", wrap=False)
        for line in finding.excerpt.split("\n"):
            out.talk(f"  {line}", wrap=False)
    errors = sum(finding.level == "error" for finding in found)
    tally = [count(number, noun) for number, noun in ((errors, "error"), (len(found) - errors, "warning")) if number]
    out.show(f"{file}: {' and '.join(tally) or 'fine'}")
    out.result({"ok": not errors, "errors": errors, "warnings": len(found) - errors, "findings": found})
    if found:
        raise typer.Exit(NOT_DONE if errors else RULE_FAILED)


@app.command("format")
def format_rules(
    file: RulesetFile,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it would change; exit 1 if so.")] = False,
    as_json: Json = False,
) -> None:
    """Rewrite a ruleset file in canonical form, one rule on a line; comments stay where they belong.

    Example: assay rules format orders.dqdl --check
    """
    from tools.dqdl.language.layout import formatted

    out = Output(as_json)
    text = rulesets.read(file)
    canonical = formatted(text)
    changed = canonical != text
    if changed and not check:
        options.write_text(file, canonical)
    verb = "would change" if check else "formatted"
    out.show(f"{file}: {verb if changed else 'is in canonical form'}")
    out.result({"changed": changed})
    if changed and check:
        raise typer.Exit(RULE_FAILED)


def _named(memory: Memory, dataset: str) -> Dataset:
    """The one dataset that is meant. Raises AssayError."""
    from graph.jobs import Jobs

    return Jobs(memory, requested_by="").dataset(dataset)  # nobody acts: it is only looked up
