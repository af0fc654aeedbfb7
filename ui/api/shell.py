"""What is around the whole API: a number for each request, a line in the log, and who may come near at all."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph import people
from tools.openlineage.reading.body import MOST_BYTES as MOST_EVENT_BYTES
from ui.api import problems

MOST_BYTES = 1_000_000
"""Of a body."""
EVENTS = ("/api/v1/lineage", "/api/v1/lineage/batch")
"""Where events come in, which are larger."""
BODY_SECONDS = 20.0
"""How long the next part of a body may be waited for."""
OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALONE = "The API answers this machine alone until there are users."
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

log = logging.getLogger(__name__)


class Shell:
    """Lets requests through to the API, or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began = Headers(scope=scope), time.perf_counter()
        given = headers.get("x-request-id", "")
        state = {**scope.get("state", {}), "request_id": given if OWN_ID.fullmatch(given) else uuid.uuid4().hex}
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update({**HEADERS, "X-Request-ID": state["request_id"]})
            await send(message)

        why = None if people.sign_in_needed() else _outsider(scope, headers)
        inner = problems.answer(state["request_id"], 403, ALONE, why) if why else self._app
        # The server leaves away the body of an answer to HEAD; a stream is nothing but its body.
        head = scope["method"] == "HEAD" and not scope["path"].endswith("/stream")
        asked = {**scope, "state": state, "method": "GET" if head else scope["method"]}
        try:
            await inner(asked, _bounded(receive, MOST_EVENT_BYTES if scope["path"] in EVENTS else MOST_BYTES), told)
        except Exception:  # the outermost boundary: it was answered, and one request's bug must not stop the server
            log.exception("Request %s broke", state["request_id"])
        except asyncio.CancelledError:
            log.warning("Request %s was cut off: the server stops", state["request_id"])
        finally:
            _log(scope, state, status, time.perf_counter() - began)


def _bounded(receive: Receive, most: int) -> Receive:
    """Gives the parts of a body until they are too many, or too slow. Raises HTTPException."""
    left, whole = most, False

    async def bounded() -> Message:
        nonlocal left, whole
        try:
            # What comes behind a body is the end of the connection, which may take its time.
            message = await asyncio.wait_for(receive(), None if whole else BODY_SECONDS)
        except TimeoutError:
            raise HTTPException(408, "The body did not come to its end.", {"Connection": "close"}) from None
        left, whole = left - len(message.get("body", b"")), not message.get("more_body", False)
        if left < 0:
            raise HTTPException(413, f"A body has at most {most:,} bytes here.", {"Connection": "close"})
        return message

    return bounded


def _outsider(scope: Scope, headers: Headers) -> str | None:
    """What to do about a request that does not come from this machine, or from a page of another site; None if it does.

    Without users whoever comes is let in, and a browser on this machine would come for any page that it shows: a name
    that points here (DNS rebinding) is told by the Host, a page by its Origin.
    """
    client, host = scope.get("client"), headers.get("host", "")
    if not (client and people.is_loopback(client[0])):
        return "Add some: assay users add NAME --role admin"
    if not people.is_loopback(urlsplit(f"//{host}").hostname or ""):
        return "Call it by 127.0.0.1 or localhost."
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "Pages of other sites may not call it."
    return None


def _log(scope: Scope, state: dict[str, object], status: int, seconds: float) -> None:
    """The path without its query, and no headers: neither may hold a secret then."""
    who = state.get("actor", "-")
    path = scope["path"].encode("ascii", "backslashreplace").decode()
    log.info("%s %s %s %d ms %s %s", scope["method"], path, status, seconds * 1000, who, state["request_id"])
