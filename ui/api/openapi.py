"""The OpenAPI document: what FastAPI writes, with errors as they are sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from ui.api.problems import MEDIA_TYPE

REPLACED = ("HTTPValidationError", "ValidationError")


def described(app: FastAPI) -> None:
    """Has an app describe its errors as problem details; the document is made once."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _mended(made())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _mended(document: dict[str, Any]) -> dict[str, Any]:
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    # Described like the route's good answers, which it is not sent as.
                    answer["content"] = {MEDIA_TYPE: next(iter(answer["content"].values()))}
    for name in REPLACED:
        document["components"]["schemas"].pop(name, None)
    return document
