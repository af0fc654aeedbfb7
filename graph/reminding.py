"""Tells in the log of a run that its request for approval is about to end, and that it has ended: each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memory.requests import notice_key

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import PendingApproval


def remind(memory: Memory) -> list[PendingApproval]:
    """Writes what is due; the requests it was written for. Nothing is decided by it."""
    due = [one for one in memory.approvals.pending() if (one.closing or one.expired) and not one.noticed]
    for request in due:
        kind = "approval_expired" if request.expired else "approval_reminder"
        told = {"rules": request.undecided, "expires_at": request.expires_at.isoformat()}
        memory.runs.append_event(request.run_id, kind, told, key=notice_key(request))
    return due
