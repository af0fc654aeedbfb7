"""``assay sources`` and ``assay snapshots``: a look at a source before anything is measured."""

from __future__ import annotations

from dataclasses import asdict

import typer

from ui.cli import options
from ui.cli.ending import NOT_DONE
from ui.cli.options import As, Json, Source
from ui.cli.output import Output

app = typer.Typer(
    help="Sources: whether they can be read, and if not, why.\n\nExample: assay sources check s3://lake/orders/",
    no_args_is_help=True,
)


@app.command()
def check(source: Source, name: As = "", as_json: Json = False) -> None:
    """Try a source step by step, up to its first row, and say what is wrong and how to mend it.

    Exit code: 0 it can be read, 2 it cannot.

    Example: assay sources check s3://lake/orders/
    Example: assay sources check 'postgresql://ada:${SHOP_PASSWORD}@db/shop/orders'
    """
    from graph import looking
    from graph.jobs import shown
    from ui.report import looks

    out, actor = Output(as_json), options.actor(name)
    with out.waiting(f"Trying {shown(source)}"):
        found = looking.check(source, actor)
    out.show(looks.steps(found))
    good = all(step.good for step in found)
    out.result({"source": shown(source), "good": good, "steps": [asdict(step) for step in found]})
    if not good:
        raise typer.Exit(NOT_DONE)


def snapshots(source: Source, name: As = "", as_json: Json = False) -> None:
    """List the snapshots of an Iceberg table, with its tags and branches.

    Each can be profiled, validated and compared: put ?snapshot=NUMBER, ?tag=NAME, ?branch=NAME or ?at=TIME at the end.

    Example: assay snapshots iceberg://local/shop.orders
    """
    from graph import looking
    from graph.jobs import shown
    from ui.report import looks

    out, actor = Output(as_json), options.actor(name)
    with out.waiting(f"Asking the catalog of {shown(source)}"):
        found = looking.snapshots(source, actor)
    out.show(looks.states(found) if found else "The table was never written to.")
    out.result([asdict(state) for state in found])
