"""``assay lineage``: where columns come from, and what is made of them."""

from __future__ import annotations

import typer

from ui.cli import lineage_scan

app = typer.Typer(
    help="Column lineage: read it from projects, SQL, logs and databases.\n\n"
    "Example: assay lineage scan path/to/dbt_project",
    no_args_is_help=True,
)


@app.callback()
def lineage() -> None:
    """Column lineage: read it from projects, SQL, logs and databases.

    Example: assay lineage scan path/to/dbt_project
    """


app.command()(lineage_scan.scan)
