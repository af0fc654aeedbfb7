"""Events on their way to a backend, through the official client as it is configured here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import AssayError
from tools.privacy import masked
from tools.sources.uris import without_passwords

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

FLUSH_SECONDS = 10.0
"""How long a transport that sends in the background may take at the end."""
LONGEST_REASON = 300
_MENDABLE = frozenset({401, 403, 404, 407, 408, 425, 429})
"""Answers that say nothing against the event: another key, address or moment may do."""


class NotSent(AssayError):
    """An event that did not reach the backend."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused
        """The backend wants no such event: to send it again would not help."""


def configured() -> bool:
    """Whether the client would find a backend, by its own rules, which would else print events."""
    env = os.environ
    if env.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    files = (env.get("OPENLINEAGE_CONFIG"), "openlineage.yml", Path.home() / ".openlineage" / "openlineage.yml")
    named = env.get("OPENLINEAGE_URL") or any(name.startswith("OPENLINEAGE__TRANSPORT") for name in env)
    return bool(named) or any(file and os.path.isfile(file) for file in files)


class Sender:
    """The client, for one round of events. Close it: only then all of them were sent."""

    def __init__(self) -> None:
        """Raises NotSent where the configuration cannot be used."""
        from openlineage.client import OpenLineageClient

        # The repository of the folder that a command happens to run in made no event.
        quiet = {"facets": {"source_code_location": {"disabled": True}}}
        try:
            self._client = OpenLineageClient(config=quiet)
        except Exception as error:  # noqa: BLE001 - a transport may be anybody's
            raise NotSent(f"OpenLineage is configured in a way that cannot be used: {_reason(error)}") from None

    def send(self, event: RunEvent) -> None:
        """Gives an event to the transport. Raises NotSent."""
        try:
            self._client.emit(event)
        except Exception as error:  # noqa: BLE001 - a transport may be anybody's
            raise NotSent(f"The event was not sent: {_reason(error)}", refused=_refused(error)) from None

    def close(self) -> None:
        """Waits for what is still on its way. Raises NotSent."""
        try:
            done = self._client.close(FLUSH_SECONDS)
        except Exception as error:  # noqa: BLE001 - a transport may be anybody's
            raise NotSent(f"The events were not sent: {_reason(error)}") from None
        if not done:
            raise NotSent(f"The events were not sent within {FLUSH_SECONDS:.0f} s.")


def _refused(error: Exception) -> bool:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in _MENDABLE


def _reason(error: Exception) -> str:
    """In one line, without secrets. The first line is enough: some transports quote the whole event."""
    root = error.__cause__ or error
    line = (str(root).splitlines() or [""])[0]
    return masked(without_passwords(f"{type(root).__name__}: {line}"))[:LONGEST_REASON]
