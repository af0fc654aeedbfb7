"""``assay promote``: batches that did not pass, validated once more or answered for, and published."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened

if TYPE_CHECKING:
    from graph.landing.promoting import Promotions
    from memory.publications import Batch

NOT_PASSED, NOT_DONE = 1, 2


def promote(
    what: Annotated[
        str,
        typer.Argument(metavar="[SOURCE|BATCH]", help="Where it landed or lies, its dataset, or its id."),
    ] = "",
    force: Annotated[
        str, typer.Option(metavar="REASON", help="Publish it as it is; the reason is kept with it.", show_default=False)
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="Show what is not published, and why.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Validate batches again after a fix, and publish those that pass.

    A batch in quarantine is mended there, an Iceberg branch by commits to it. One without rules is judged by those that
    there are by now. The exit code is 0 if all is published, 1 if a batch does not pass, 2 if it could not be done.

    Example: assay promote 20240630T120000-1a2b3c4d
    Example: assay promote /data/in/orders.csv --force "refunds are negative, agreed with sales"
    """
    from graph.landing.promoting import Promotions
    from ui.report import batches

    out, actor = Output(as_json), options.actor(name)
    if bool(what) == list_:
        raise AssayError("Say what to promote, or --list.", hint="assay promote --list shows what there is")
    with opened(out) as memory:
        promotions = Promotions(memory, actor)
        if list_:
            found = promotions.open()
            out.show(batches.table(found) if found else "All that landed is published, or was only judged.")
            out.result([asdict(batch) for batch in found])
            return
        done = [_tried(promotions, batch, force or None, out) for batch in promotions.find(what)]
    out.result(done)
    if any("error" in one for one in done):
        raise typer.Exit(NOT_DONE)
    if any(one["state"] != "trusted" and one["state"] != "passed" for one in done):
        raise typer.Exit(NOT_PASSED)


def _tried(promotions: Promotions, batch: Batch, force: str | None, out: Output) -> dict[str, Any]:
    """What became of one batch; what stands in its way does not keep the others back."""
    from ui.report import batches

    try:
        with out.waiting(f"Publishing {batch.id}" if force else f"Validating {batch.id}"):
            done = promotions.promote(batch, force)
    except AssayError as error:
        out.talk(f"{batch.id}: {error}")
        return {**asdict(batch), "error": str(error)}
    out.show(batches.line(done))
    return asdict(done)
