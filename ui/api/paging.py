"""Pages of lists. A cursor is what the last item of a page is known by, packed so that nobody builds one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError

from ui.api.models.base import Told

T = TypeVar("T")
S = TypeVar("S")
MOST = 500

Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many.")]
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before.")]


class Page(Told, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None = None
    """The `cursor` of the next page; null on the last one."""


def pack(key: object) -> str:
    """A cursor."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def unpack(cursor: str | None, read: Callable[[str], S]) -> S | None:
    """What a cursor holds. Raises RequestValidationError for a text that is none."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return read(raw.decode())
    except (ValueError, binascii.Error):
        raise _no_cursor() from None


def page(found: Sequence[T], limit: int, key: Callable[[T], object]) -> Page[T]:
    """The first page of what comes after the cursor: ask for at least one item more than the limit."""
    shown = list(found[:limit])
    return Page(items=shown, next=pack(key(shown[-1])) if len(found) > limit else None)


def rest(every: Sequence[T], cursor: str | None, key: Callable[[T], object]) -> Sequence[T]:
    """What comes after the item that a cursor stands for. Raises RequestValidationError where that item is gone."""
    known = unpack(cursor, str)
    if known is None:
        return every
    place = next((index for index, item in enumerate(every) if str(key(item)) == known), None)
    if place is None:
        raise _no_cursor()
    return every[place + 1 :]


def natural(text: str) -> int:
    """A number from 0 on. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(text)
    return int(text)


def _no_cursor() -> RequestValidationError:
    return RequestValidationError(
        [{"loc": ("query", "cursor"), "msg": "Not a cursor of this list; begin without one.", "type": "cursor"}]
    )
