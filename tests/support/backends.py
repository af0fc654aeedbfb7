"""A recording OpenLineage backend: real HTTP, answers as it is told to, slowly if it is told to."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-key-" + "of-the-backend"


@dataclass
class Backend:
    """What came in, in order, and how it is answered."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 201
    seconds: float = 0.0

    @property
    def types(self) -> list[str]:
        return [event["eventType"] for event in self.events]

    def of(self, event_type: str) -> dict[str, Any]:
        """The one event of that type."""
        (found,) = [event for event in self.events if event["eventType"] == event_type]
        return found


@contextmanager
def backend(answer: Callable[[], bytes] = bytes) -> Iterator[Backend]:
    """A backend that runs for as long as the block, and answers what it takes with that content."""
    made = Backend()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            time.sleep(made.seconds)
            made.paths.append(self.path)
            made.headers.append(dict(self.headers))
            if made.status < 400:
                made.events.append(json.loads(body))
            content = answer() if made.status < 400 else b""
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
