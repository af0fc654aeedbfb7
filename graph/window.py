"""How long a request for approval stands: said in words like 24h."""

from __future__ import annotations

import os
import re
from datetime import timedelta

from graph.errors import RunError

VARIABLE = "ASSAY_APPROVAL_WINDOW"
DEFAULT = "24h"
WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*(minutes?|min|m|hours?|h|days?|d)")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=365)


def read_window(text: str | None = None) -> timedelta:
    """A window such as ``90m``, ``24h`` or ``3 days``; without one that of ASSAY_APPROVAL_WINDOW. Raises RunError."""
    said = text or os.environ.get(VARIABLE) or DEFAULT
    found = WORDS.fullmatch(said.strip().lower())
    window = float(found[1]) * UNITS[found[2][0]] if found and len(found[1]) < 10 else timedelta()
    if not timedelta() < window <= LONGEST:
        where = "" if text else f" in {VARIABLE}"
        raise RunError(f"{said!r}{where} is no time to decide.", hint="Write it like 90m, 24h or 3d, up to 365 days.")
    return window
