"""``assay metrics``: what validations measured, and what people say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import AssayError
from ui.cli import options
from ui.cli.options import As, Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.report.text import clean, count
from ui.report.times import moment

if TYPE_CHECKING:
    from memory.model import PointVerdict

app = typer.Typer(
    help="The history of metrics: list it, say what is normal, leave out what is not to be learnt from, export it.\n\n"
    "Example: assay metrics list orders",
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(metavar="N", help="The point's number.", show_default=False)]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.", show_default=False)]


@app.command("list")
def list_metrics(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset: its name, or its path or URI.")],
    key: Annotated[
        str, typer.Option(metavar="KEY", help="The points of this metric, newest last.", show_default=False)
    ] = "",
    as_json: Json = False,
) -> None:
    """List the metrics of a dataset, or the points of one.

    Example: assay metrics list orders --key "Dataset.*.RowCount"
    """
    from graph.jobs import Jobs
    from ui.report import measured

    out = Output(as_json)
    with opened(out) as memory:
        found = Jobs(memory, requested_by="").dataset(dataset)  # nobody acts: it is only looked up
        metrics = memory.history.metrics(found.id)
        points = memory.history.points(found.id, key) if key else []
    if not metrics:
        raise AssayError(f"Nothing was measured of {found.name} yet.", hint=f"Run: assay validate {found.uri}")
    if key and not points:
        raise AssayError(f"{found.name} has no metric {key}.", hint="See: assay metrics list DATASET")
    out.show(measured.points(points) if key else measured.overview(metrics))
    out.result(points if key else metrics)


@app.command()
def normal(number: Number, reason: Reason, name: As = "", as_json: Json = False) -> None:
    """Say that a point is normal: DetectAnomalies lets values like it pass from now on.

    Example: assay metrics normal 12 --reason "the yearly sale"
    """
    _decide(number, "normal", "is normal", reason, name, as_json)


@app.command()
def exclude(number: Number, reason: Reason, name: As = "", as_json: Json = False) -> None:
    """Leave a point out: no rule learns from it or compares with it.

    Example: assay metrics exclude 12 --reason "a test load"
    """
    _decide(number, "exclude", "is left out", reason, name, as_json)


@app.command()
def include(number: Number, reason: Reason, name: As = "", as_json: Json = False) -> None:
    """Take back what was said about a point.

    Example: assay metrics include 12 --reason "it was real after all"
    """
    _decide(number, "include", "counts as any other", reason, name, as_json)


@app.command()
def export(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A folder, or s3://bucket/prefix.")],
    since: Annotated[
        str,
        typer.Option(metavar="TIME", help="All days since then once more: 2026-11-01, 7d.", show_default=False),
    ] = "",
    name: As = "",
    as_json: Json = False,
) -> None:
    """Write results, scores, metrics and profiles as a star schema in Parquet, with SQL for Athena and DuckDB.

    The days that changed since the last export to the same place are written again; the first time all are, or those
    since TIME. Run it as often as you like.

    Example: assay metrics export s3://lake/quality
    """
    from graph.exporting import export as give_out

    out, actor = Output(as_json), options.actor(name)
    begin = moment(since).date() if since else None
    with opened(out) as memory, out.advancing(f"Metrics to {target}") as advance:
        done = give_out(memory, target, actor, begin, advance)
    facts = sum(rows for table, rows in done.rows.items() if table.startswith("fact_"))
    out.show(f"{count(len(done.days), 'day')} and {count(facts, 'fact')} written to {done.uri}.")
    out.result(done)


def _decide(number: int, verdict: PointVerdict, now: str, reason: str, name: str, as_json: bool) -> None:
    from graph.jobs import Jobs

    out, actor = Output(as_json), options.actor(name)
    with opened(out) as memory:
        point = Jobs(memory, actor).judge(number, verdict, reason)
    out.show(f"Point {point.number} of {clean(point.key)} ({point.value:g}) {now}, says {actor}.")
    out.result(point)
