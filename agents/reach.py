"""What a model may have opened: the tables of its run, what the store knows, and what the person named in the request.

A table's content could otherwise lead a model to have any file read, or a server of somebody's choice called.
"""

from __future__ import annotations

import re

_BEFORE, _AFTER = r"(?<![\w./:@-])", r"(?![\w/:@-]|\.\w)"


def named(source: str, request: str) -> bool:
    """Whether a person's words name a source, letter by letter and as a whole."""
    wanted = source.strip()
    return bool(wanted) and re.search(_BEFORE + re.escape(wanted) + _AFTER, request) is not None
