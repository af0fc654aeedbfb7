"""``assay lineage``: where columns come from, and what is made of them."""

from __future__ import annotations

import typer

from ui.cli import lineage_asking, lineage_keeping, lineage_scan

app = typer.Typer(
    help="Column lineage: where columns come from, what breaks if they change, where personal data goes.\n\n"
    "Example: assay lineage impact customers.email",
    no_args_is_help=True,
)

app.command()(lineage_scan.scan)
for _question in (
    *(lineage_asking.upstream, lineage_asking.downstream, lineage_asking.impact, lineage_asking.path),
    *(lineage_asking.pii, lineage_asking.diff, lineage_asking.find),
):
    app.command()(_question)
app.command()(lineage_keeping.drop)
app.command()(lineage_keeping.expire)
