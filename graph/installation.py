"""How this installation is set up by its environment: what a face shows and nobody can change there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from graph.window import read_window

if TYPE_CHECKING:
    from memory import Memory


def installation(memory: Memory) -> dict[str, str]:
    """What is set, by what it is for; no password is in it. Raises ModelError, RunError."""
    from agents.budget import budget
    from agents.models import model_name
    from memory.db import shown

    model = model_name()
    limit = budget(model)
    spent = [f"${limit.usd}"] if limit.usd is not None else []
    spent += [f"{limit.tokens:,} tokens"] if limit.tokens is not None else []
    embedded = "" if os.environ.get("ASSAY_DATABASE_URL") else " (embedded)"
    hours = read_window().total_seconds() / 3600
    return {
        "Model": model,
        "Budget of a run": " or ".join(spent) or "no limit",
        "Time to decide": f"{hours:g} h",
        "Store": f"{shown(memory.url)}{embedded}",
    }
