"""How the API is served: uvicorn in this process."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import FrameType

import uvicorn

from ui.api.app import build
from ui.api.desk import Desk

GRACE_SECONDS = 2
"""How long open requests may take after the server was told to stop."""


log = logging.getLogger(__name__)


def leave(code: int) -> None:
    """Ends the process where a request still waits for a slow query or table, which would keep it for as long."""
    waiting = [thread for thread in threading.enumerate() if not (thread.daemon or thread is threading.main_thread())]
    if waiting:
        log.warning("Left behind: %d requests", len(waiting))
        logging.shutdown()
        os._exit(code)


class Server(uvicorn.Server):
    """A server that ends its streams when it is told to stop."""

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        self._desk = desk
        self.interrupted = False
        # It would log queries, which may hold what nobody is to see; the shell has a line for each request.
        logging.getLogger("uvicorn.access").disabled = True
        super().__init__(
            uvicorn.Config(
                build(desk),
                host=host,
                port=port,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop."""
        self.interrupted = sig == signal.SIGINT
        self._desk.stopping.set()
        if self._desk.executor:
            self._desk.executor.drain()
        super().handle_exit(signal.Signals(sig), frame)
