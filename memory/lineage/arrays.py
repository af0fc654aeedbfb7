"""Many values as one parameter, written several times as fast as the driver writes lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from memory.db import storable

BY_INDEX = "set local enable_hashjoin = off; set local enable_mergejoin = off"
"""A few thousand values against tables of millions: the planner would rather read the whole tables."""
_UNSTORABLE = re.compile(r"\\u(0000|d[89a-f])")


def array(values: Iterable[Any]) -> str:
    """A Postgres array of numbers, texts, bytes, times, booleans or nulls, as the text that a cast reads."""
    return "{" + ",".join(map(_element, values)) + "}"


def columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows as one array per column, for `unnest`; there must be one row at least."""
    return [array(column) for column in zip(*rows, strict=True)]


def json_text(value: Any) -> str:
    """JSON that Postgres can hold. What it cannot is replaced, which is looked for only where there are signs of it."""
    try:
        text = json.dumps(value, allow_nan=False, default=str)
    except ValueError:
        text = ""
    if not text or _UNSTORABLE.search(text):
        text = json.dumps(storable(value), allow_nan=False, default=str)
    return text


def _element(value: Any) -> str:
    if isinstance(value, int):  # also booleans
        return str(value)
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
