"""What the person at the page may do: what they may not is not shown. The doors below refuse it all the same."""

from __future__ import annotations

from dataclasses import dataclass

from graph.permissions import Deed, may
from ui.web import session

TWO_PEOPLE = "approver_differs"


@dataclass(frozen=True)
class Powers:
    """What somebody may decide about a run."""

    approve: bool
    edit: bool
    refuse: bool
    """Reject, put off, reopen."""
    why: str = ""
    """Why not everything, in a sentence."""


def can(deed: Deed) -> bool:
    """Whether whoever looks may do that. Raises PermissionDenied where nobody is signed in any more."""
    return may(session.actor(), deed)


def over(run_id: str) -> Powers:
    """What whoever looks may decide about a run. Raises PermissionDenied, StoreError."""
    actor, memory = session.actor(), session.desk().memory
    if not may(actor, "decide"):
        return Powers(False, False, False, f"You look on as {actor.role}: people with the role approver decide.")
    if not memory.settings.get(TWO_PEOPLE):
        return Powers(True, True, True)
    if memory.runs.get(run_id).requested_by == actor:
        return Powers(
            False, False, True, "You started this run: somebody else approves its rules (two people for each)."
        )
    return Powers(True, False, True, "Two people for each rule: an edit would make you its author too.")
