"""Errors as RFC 9457 problem details: what went wrong, and how to mend it; never what was sent, never a traceback."""

from __future__ import annotations

import json
import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from graph.errors import NoProposal, NotNow
from graph.permissions import PermissionDenied
from memory.errors import Ambiguous, KeyReused, LeaseLost, NotFound, OtherPerson, StoreUnusable, WrongState
from tools.dqdl import DqdlError
from tools.errors import AssayError
from tools.openlineage.reading.body import TooLarge
from tools.openlineage.reading.looking import EventError

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[AssayError], int] = {
    PermissionDenied: 403,
    OtherPerson: 403,
    NotFound: 404,
    NoProposal: 404,
    NotNow: 409,
    WrongState: 409,
    LeaseLost: 409,
    KeyReused: 422,
    StoreUnusable: 503,
    EventError: 400,
    TooLarge: 413,
}
"""Any other error that a person can act on says that what was asked for cannot be: 422."""
NAMES = {
    400: "malformed",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "wrong-method",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    415: "not-json",
    422: "invalid",
    500: "bug",
    503: "unavailable",
}

log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """One part of a request that cannot be."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    where: str
    """Such as `body.decisions.0.action`."""
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). Some problems have more members, which the answers that give them describe."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:assay:problem:not-found",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no run 'abcdefgh' in the store.",
                "hint": "List them with: assay runs",
                "request_id": "0d9d3c1be3a04c27a8a5c1e0d1f5b1a2",
            }
        },
    )

    type: str
    """`urn:assay:problem:` and a name that goes with the status."""
    title: str
    status: int
    detail: str
    """What went wrong, for a person."""
    hint: str | None = None
    """How to mend it, where that is known."""
    request_id: str
    """As in the header `X-Request-ID`, and in the server's log."""
    errors: list[Wrong] | None = None
    """What in the request cannot be, part by part."""


def answer(
    request_id: str, status: int, detail: str, hint: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A problem as the answer to a request."""
    told = {
        "type": f"urn:assay:problem:{NAMES.get(status, 'refused')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint or None,
        "request_id": request_id,
        **more,
    }
    # Escaped, since what is told may hold halves of surrogate pairs, which no encoding has.
    text = json.dumps({name: value for name, value in told.items() if value is not None}, default=str)
    return Response(text, status, headers, MEDIA_TYPE)


def status_of(error: AssayError) -> int:
    """The HTTP status that an error is answered with."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 422)


def methods(app: FastAPI, path: str) -> list[str]:
    """How an address may be asked."""
    templates = app.openapi()["paths"].items()
    fitting = [found for template, found in templates if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)]
    known = sorted({method.upper() for found in fitting for method in found}) or ["GET"]
    return ["HEAD", *known] if "GET" in known and not path.endswith("/stream") else known


def install(app: FastAPI) -> None:
    """Has every error of an app answered as a problem."""
    app.add_exception_handler(AssayError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _bug)


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, AssayError)
    status, more = status_of(error), dict[str, Any]()
    if isinstance(error, DqdlError):
        more = {"line": error.line, "column": error.column, "expected": error.expected, "excerpt": error.excerpt}
    if isinstance(error, EventError):
        more = {"errors": [{"where": error.where, "message": error.wrong}]}
    if isinstance(error, Ambiguous):
        more = {"candidates": error.candidates}
    if status == 503:
        log.warning("%s", error)
    return answer(request.state.request_id, status, error.message, error.hint, **more)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Neither the value nor its context: both may hold what nobody else is to see.
    wrong = [_wrong(one) for one in error.errors()]
    first = f"{wrong[0]['where']}: {wrong[0]['message']}" if wrong else "The request cannot be read."
    return answer(request.state.request_id, 422, first, errors=wrong)


def _wrong(one: dict[str, Any]) -> dict[str, str]:
    if one["type"] == "json_invalid":
        return {"where": "body", "message": f"Not JSON from character {one['loc'][1] + 1} on: {one['ctx']['error']}."}
    return {"where": ".".join(map(str, one["loc"])), "message": one["msg"]}


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # The framework names those of the first route of that path alone.
        headers["Allow"] = ", ".join(methods(request.app, request.url.path))
    return answer(request.state.request_id, error.status_code, str(error.detail), headers=headers)


def _bug(request: Request, error: Exception) -> Response:
    hint = "The server's log has it under this request_id."
    return answer(request.state.request_id, 500, "This is a bug in Assay.", hint)
