"""Where a node is rewritten: the engine, and what is known about the query."""

from __future__ import annotations

from dataclasses import dataclass

from tools.dqdl.lowering.engine import Engine
from tools.dqdl.lowering.kinds import Kinds


@dataclass(frozen=True)
class Site:
    """One query on one engine."""

    engine: Engine
    kinds: Kinds
