"""``assay ui``, ``worker``, ``health`` and ``store``: what goes on running."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from tools.errors import AssayError
from ui.cli.options import Json
from ui.cli.output import Output
from ui.cli.session import opened
from ui.web.server import NO_WORKER, command

store = typer.Typer(help="The store: see where it is, stop it.\n\nExample: assay store status", no_args_is_help=True)


def web(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8501,
    host: Annotated[str, typer.Option(help="On which address.")] = "127.0.0.1",
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Execute no runs here; workers elsewhere do.")] = False,
) -> None:
    """Open the assistant: a web page with chat, approvals, profiles and results.

    Other machines are let in (--host) once there are users who sign in: assay users add.

    Example: assay ui --port 8080
    """
    from graph.people import check_address

    check_address(host)
    check_free(host, port)
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104 - only compared
    Output().talk(("Assay is at ", ""), (f"http://{shown}:{port}", "bold"), "  (Ctrl-C stops it)")
    sys.stderr.flush()
    if no_worker:
        os.environ[NO_WORKER] = "1"
    os.execv(sys.executable, command(port, host))  # noqa: S606 - our own program, no shell


def check_free(host: str, port: int) -> None:
    """Raises AssayError when nobody can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AssayError(
                f"Cannot listen on {host}:{port}: {error.strerror}.", hint="Choose another --port."
            ) from None


def worker(
    health_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where to answer /health and /ready.", show_default=False)
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(envvar="ASSAY_QUEUES", help="The URL of an SQS queue to take events from.", show_default=False),
    ] = None,
) -> None:
    """Execute runs that others start and land what arrives, until it is stopped. As many as you like on one database.

    Example: assay worker
    Example: assay worker --queue https://sqs.eu-west-1.amazonaws.com/123456789012/assay
    """
    out = Output()
    os.environ["ASSAY_QUEUES"] = " ".join(queue or ())
    with opened(out) as memory:
        from graph.worker import Worker
        from ui.health import answering

        hands = Worker(memory)

        def stop(*_: object) -> None:
            out.talk("Stopping after the step in hand (again to leave at once).")
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            hands.stop()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING, force=True)
        for busy in ("graph.worker", "graph.arriving"):
            logging.getLogger(busy).setLevel(logging.INFO)
        with answering(memory, health_port) if health_port else nullcontext():
            out.talk("Ready for runs. Ctrl-C stops after the step in hand.")
            hands.loop()
    out.talk("Stopped.")


def health(
    url: Annotated[str, typer.Argument(help="Its address.")] = "http://127.0.0.1:8600/health", as_json: Json = False
) -> None:
    """Ask a service whether it is well, as the health check of a container does. Exit code: 0 it is, 2 it is not.

    The API and a worker with --health-port answer /health (it lives) and /ready (the store answers, too).

    Example: assay health http://127.0.0.1:8600/ready
    """
    from ui.health import ask

    out, answer = Output(as_json), ask(url)
    out.show(answer)
    out.result({"url": url, "answer": answer})


@store.command()
def status(as_json: Json = False) -> None:
    """Say where the store is and whether it runs. Starts nothing.

    Example: assay store status
    """
    out = Output(as_json)
    url = os.environ.get("ASSAY_DATABASE_URL")
    if url:
        from memory.db import connect, shown

        connect(url).close()
        place, state = shown(url), "reachable"
    else:
        from memory.embedded import default_home

        home = default_home()
        place, state = str(home), _state(home / "pg")
    out.show(f"{place}: {state}")
    out.result({"place": place, "state": state, "embedded": not url})


def _state(data: Path) -> str:
    """What the server's own file of its process says."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except PermissionError:
        return "running"
    except (OSError, ValueError):
        return "stopped" if data.exists() else "not made yet"
    return "running"


@store.command()
def stop(as_json: Json = False) -> None:
    """Stop the embedded server. The next command starts it again.

    Example: assay store stop
    """
    from memory import embedded

    out = Output(as_json)
    if os.environ.get("ASSAY_DATABASE_URL"):
        raise AssayError("ASSAY_DATABASE_URL names a server that is not Assay's to stop.", hint="Unset it.")
    stopped = embedded.stop(embedded.default_home())
    out.show("Stopped." if stopped else "It was not running.")
    out.result({"stopped": stopped})
