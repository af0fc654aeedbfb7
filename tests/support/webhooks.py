"""A webhook of the tests' own: real HTTP, with TLS if asked for, which answers as it is told to."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What came in, in order, and how it is answered."""

    url: str = ""
    asked: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"ok"
    retry_after: str = ""
    seconds: float = 0.0
    drop_by_drop: bool = False
    """The answer never ends, and is never silent for long."""

    @property
    def texts(self) -> list[str]:
        """Everything that each message says."""
        return [json.dumps(message, ensure_ascii=False) for message in self.messages]


@contextmanager
def webhook(context: ssl.SSLContext | None = None) -> Iterator[Webhook]:
    """A webhook that runs for as long as the block."""
    made = Webhook()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked += 1
            over.wait(made.seconds)
            if made.drop_by_drop:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drops: ")
                while not over.wait(0.1):
                    self.wfile.write(b"x")
                return
            if made.status < 300:
                made.messages.append(json.loads(body))
                made.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(made.status)
            if made.retry_after:
                self.send_header("Retry-After", made.retry_after)
            if made.status in (301, 302):
                self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(len(made.answer)))
            self.end_headers()
            self.wfile.write(made.answer)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever asks may go away in the middle."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/services/T0/" + "a-secret-path"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def until(done: Any, seconds: float = 10) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
