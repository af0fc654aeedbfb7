"""Keys of fields and what the key of a metric says."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

KEY_LETTERS = 32
# The metric's name begins with a capital; what else decides its value follows after a blank.
_METRIC = re.compile(r"(Column|Multicolumn|Dataset)\.(.+?)\.((?:ColumnDataType\.|CustomSQL\.)?[A-Z]\w*)(?: .*)?", re.S)


class Named(NamedTuple):
    """What a metric is about."""

    field: str | None
    metric: str


def hashed(dataset: str, name: str) -> str:
    """The key of a field or a rule of a dataset."""
    return hashlib.sha256(f"{dataset} {name}".encode("utf-8", "replace")).hexdigest()[:KEY_LETTERS]


def named(key: str) -> Named:
    """The field, for a metric of one, and the metric's name: ``Column.email.Completeness where ...``."""
    found = _METRIC.fullmatch(key)
    if found is None:
        return Named(None, key.split(" ", 1)[0].rsplit(".", 1)[-1])
    return Named(found[2] if found[1] == "Column" else None, found[3])
