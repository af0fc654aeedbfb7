"""How messages leave: checked when a channel is made, and bounded in time whatever the other side does."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from http.client import HTTPException
from importlib import import_module
from typing import Any

from tools.alerting.errors import ChannelError, NotTold, reason
from tools.alerting.model import Notice
from tools.errors import AssayError

SECONDS = 20.0
"""How long a message may take. Each part of it has a shorter limit, but an answer may also come drop by drop."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def check(name: str, kind: str, target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError where a channel cannot work, or would keep a secret in the store."""
    if not NAME.fullmatch(name):
        raise ChannelError(
            f"{name!r} is no name of a channel.", hint="Use small letters, digits, and . _ - in between."
        )
    _module(kind).check(target, options)


def send(kind: str, target: str, options: Mapping[str, Any], notice: Notice, *, seconds: float | None = None) -> None:
    """Sends a message, and comes back in time. Raises NotTold."""
    failed: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            _module(kind).send(target, options, notice)
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            failed.append(error)
        finally:
            done.set()

    limit = seconds or SECONDS
    threading.Thread(target=work, name="assay-sending", daemon=True).start()
    if not done.wait(limit):
        raise NotTold(f"There was no answer within {limit:.0f} s.")
    if failed:
        raise _told(failed[0])


def _told(error: BaseException) -> NotTold:
    if isinstance(error, NotTold):
        return error
    if isinstance(error, AssayError):
        return NotTold(error.message, hint=error.hint or "")
    if isinstance(error, (OSError, ValueError, HTTPException)):
        return NotTold(f"It could not be sent: {reason(error)}")
    raise error


def _module(kind: str) -> Any:
    return import_module(f"tools.alerting.{'mail' if kind == 'email' else kind}")
