"""``assay api``: runs, approvals and results over HTTP."""

from __future__ import annotations

import json
import logging
from typing import Annotated

import typer

from ui.cli.output import Output
from ui.cli.serve_commands import check_free
from ui.cli.session import opened


def api(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8600,
    host: Annotated[str, typer.Option(help="On which address.")] = "127.0.0.1",
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Execute no runs here; workers elsewhere do.")] = False,
    openapi: Annotated[bool, typer.Option("--openapi", help="Print the OpenAPI document, and serve nothing.")] = False,
) -> None:
    """Serve the HTTP API: start and follow runs, decide, look at datasets, rules and results.

    Other machines are let in (--host) once there are users, who show a token: assay users token.

    Example: assay api --port 8600
    """
    from graph.people import check_address

    out = Output()
    if openapi:
        from ui.api.app import document

        out.write(json.dumps(document(), indent=2))
        return
    check_address(host)
    check_free(host, port)
    with opened(out) as memory:
        from ui.api.desk import Desk
        from ui.api.server import Server, leave
        from ui.cli.ending import INTERRUPTED
        from ui.executor import Executor

        # A line for each request, and what went wrong.
        logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING, force=True)
        logging.getLogger("ui.api").setLevel(logging.INFO)
        desk = Desk(memory, None if no_worker else Executor(memory))
        shown = f"[{host}]" if ":" in host else host
        out.talk(("The API is at ", ""), (f"http://{shown}:{port}/api/v1", "bold"), "  (Ctrl-C stops it)")
        try:
            server = Server(desk, host, port)
            server.run()
            # As a rule the interrupt itself comes through here; not where the loop ended before it could.
            if server.interrupted:
                raise KeyboardInterrupt
        finally:
            leave(INTERRUPTED)
