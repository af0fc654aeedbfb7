"""Reports of a node to whoever follows the run, over LangGraph's custom stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.config import get_stream_writer


def emitter(**always: Any) -> Callable[[str, dict[str, Any]], None]:
    """A function that reports a kind and data, with ``always`` added to the data. Call it inside a node."""
    writer = get_stream_writer()
    return lambda kind, data: writer({"kind": kind, **always, **data})
