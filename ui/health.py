"""What the health checks of containers ask: whether a process lives, and whether it can work."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from memory.errors import StoreError
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory

ANSWER_SECONDS = 4
"""A check that waits for longer than its container's own limit says nothing."""
WHOLE_ANSWER = 65_536


@contextmanager
def answering(memory: Memory, port: int) -> Iterator[None]:
    """Answers ``/health`` (this process lives) and ``/ready`` (the store answers, too) on every address meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        timeout = ANSWER_SECONDS

        def do_GET(self) -> None:
            status = _status(memory, urlsplit(self.path).path)
            body = json.dumps({"status": {200: "ok", 503: "store"}.get(status, "unknown")}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Checks come every few seconds."""

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 - in a container there is nobody else to ask
    threading.Thread(target=server.serve_forever, name="assay-health", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _status(memory: Memory, path: str) -> int:
    if path not in ("/health", "/ready"):
        return 404
    if path == "/health":
        return 200
    try:
        memory.db.row("select 1")
    except StoreError:
        return 503
    return 200


def ask(url: str) -> str:
    """The answer of a service that is well. Raises AssayError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise AssayError(f"{url} is no address of a service.", hint="Write it as http://127.0.0.1:8600/ready.")
    try:
        with urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http alone
            return str(answer.read(WHOLE_ANSWER).decode(errors="replace"))
    except HTTPError as error:
        raise AssayError(f"{url} answers {error.code}.", hint="Its log says why.") from None
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise AssayError(f"{url} does not answer: {reason}.", hint="Does it run, on that port?") from None
