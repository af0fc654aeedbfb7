"""The command ``assay``: what it consists of, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import gc
import logging
import os
import sys
import warnings
from typing import Annotated

import typer

from tools.errors import AssayError
from ui.cli import (
    alerts_commands,
    api_command,
    audit_commands,
    compare_commands,
    data_commands,
    decide_commands,
    lineage_commands,
    memory_commands,
    metrics_commands,
    openlineage_commands,
    promote_command,
    prune_command,
    rules_commands,
    run_commands,
    runs_commands,
    schedule_commands,
    serve_commands,
    sources_commands,
    users_commands,
    watch_commands,
)
from ui.cli.output import console, error_line

NOT_DONE, INTERRUPTED = 2, 130
GC_THRESHOLD = 100_000
DEBUG = "ASSAY_DEBUG"

app = typer.Typer(
    name="assay",
    help="Data quality: profile tables, recommend DQDL rules, have them approved by a person, validate.\n\n"
    "Example: assay run examples/orders.csv",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
MAIN, DATA, STORED, SERVE = "The main flow", "One step", "What is stored", "Services"
app.command(rich_help_panel=MAIN)(run_commands.run)
app.command(rich_help_panel=MAIN)(decide_commands.pending)
app.command(rich_help_panel=MAIN)(decide_commands.decide)
app.command(rich_help_panel=MAIN)(decide_commands.reopen)
app.command(rich_help_panel=MAIN)(run_commands.resume)
app.command(rich_help_panel=MAIN)(run_commands.cancel)
app.command(rich_help_panel=DATA)(data_commands.profile)
app.command(rich_help_panel=DATA)(data_commands.recommend)
app.command(rich_help_panel=DATA)(data_commands.validate)
app.command(rich_help_panel=DATA)(compare_commands.compare)
app.command(rich_help_panel=DATA)(promote_command.promote)
app.add_typer(sources_commands.app, name="sources", rich_help_panel=DATA)
app.command(rich_help_panel=DATA)(sources_commands.snapshots)
app.add_typer(rules_commands.app, name="rules", rich_help_panel=STORED)
app.add_typer(memory_commands.app, name="memory", rich_help_panel=STORED)
app.add_typer(lineage_commands.app, name="lineage", rich_help_panel=STORED)
app.add_typer(schedule_commands.app, name="schedule", rich_help_panel=STORED)
app.add_typer(metrics_commands.app, name="metrics", rich_help_panel=STORED)
app.add_typer(alerts_commands.app, name="alerts", rich_help_panel=STORED)
app.add_typer(runs_commands.app, name="runs", rich_help_panel=STORED)
app.add_typer(audit_commands.app, name="audit", rich_help_panel=STORED)
app.add_typer(openlineage_commands.app, name="openlineage", rich_help_panel=STORED)
app.add_typer(watch_commands.app, name="watch", rich_help_panel=STORED)
app.add_typer(watch_commands.events, name="events", rich_help_panel=STORED)
app.add_typer(users_commands.app, name="users", rich_help_panel=STORED)
app.add_typer(users_commands.settings, name="settings", rich_help_panel=STORED)
app.add_typer(serve_commands.store, name="store", rich_help_panel=STORED)
serve_commands.store.command()(prune_command.prune)
app.command("ui", rich_help_panel=SERVE)(serve_commands.web)
app.command(rich_help_panel=SERVE)(api_command.api)
app.command(rich_help_panel=SERVE)(serve_commands.worker)
app.command(rich_help_panel=SERVE)(serve_commands.health)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"assay {version('assay')}")
        raise typer.Exit


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and logs.", envvar=DEBUG)] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Data quality: profile tables, recommend DQDL rules, have them approved by a person, validate.

    Example: assay run examples/orders.csv
    """
    if debug:
        os.environ[DEBUG] = "1"
        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    else:
        # What a run could not do is in its report; a library's log lines would stand in the middle of it.
        logging.basicConfig(level=logging.CRITICAL, handlers=[logging.NullHandler()])
        warnings.simplefilter("ignore")


def main() -> None:
    """Runs the command line; every error ends here as one line, with exit code 2, or 130 after Ctrl-C."""
    # Most of a short command is imports, whose objects stay: looking for garbage among them costs 3 % of a run.
    gc.set_threshold(GC_THRESHOLD)
    try:
        app()
    except AssayError as error:
        if os.environ.get(DEBUG):
            raise
        error_line(str(error))
        sys.exit(NOT_DONE)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            console(stderr=True).print("Stopped.")
        raise
    except Exception as error:  # the outermost boundary: a bug must not look like a failed rule (exit code 1)
        if os.environ.get(DEBUG):
            raise
        error_line(f"{type(error).__name__}: {error} This is a bug in Assay; ASSAY_DEBUG=1 shows where.")
        sys.exit(NOT_DONE)
