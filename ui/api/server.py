"""How the API is served: uvicorn in this process."""

from __future__ import annotations

import logging
import signal
from types import FrameType

import uvicorn

from ui.api.app import build
from ui.api.desk import Desk

GRACE_SECONDS = 5
"""How long open requests may take after the server was told to stop."""


class Server(uvicorn.Server):
    """A server that ends its streams when it is told to stop."""

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        self._desk = desk
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
        self._desk.stopping.set()
        super().handle_exit(signal.Signals(sig), frame)
