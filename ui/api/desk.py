"""What all routes share: the store and its doors, and who is asking."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, HTTPException, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from graph import people
from graph.jobs import Jobs
from graph.permissions import Actor, PermissionDenied, acting, require
from graph.receiving import Receiver
from graph.runs import Runs
from memory import Memory
from memory.errors import NotFound, StoreError, StoreUnusable
from memory.model import Run
from memory.runs import ID_LENGTH
from ui.executor import Executor

UNKNOWN = "Say who you are: Authorization: Bearer TOKEN. An admin issues tokens: assay users token NAME"

MOST_COMPARISONS = 4
"""At once; each is a scan of two tables."""

MOST_EVENTS = 32
"""At once; what is stored together takes one transaction."""

bearer = HTTPBearer(
    auto_error=False, description="A token from `assay users token NAME`. Without users none is needed on this machine."
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@dataclass
class Desk:
    """One per server."""

    memory: Memory
    executor: Executor | None = None
    """The worker inside; None where others execute runs."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends, and with it whatever streams."""
    streams: int = 0
    """How many are open."""
    eyes: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))
    """The threads in which streams look for news: their own, so that no slow request holds them up."""
    comparing: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_COMPARISONS))
    """How many comparisons may still begin: they take minutes, and must not take all threads."""

    events: Receiver = field(init=False)
    """The door to lineage events."""
    readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_EVENTS))
    """The threads in which events are read and stored."""
    large_readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """As `readers`, for large bodies, each of which may take a gigabyte of memory."""

    def __post_init__(self) -> None:
        self.events = Receiver(self.memory)

    @property
    def runs(self) -> Runs:
        """The door to runs."""
        return Runs(self.memory)

    def jobs(self, actor: Actor) -> Jobs:
        """The door to one-step work, in the name of somebody."""
        return Jobs(self.memory, actor)

    def run(self, run_id: str) -> Run:
        """The run of that id, whole: a program gives no beginnings. Raises NotFound."""
        if len(run_id) != ID_LENGTH:
            raise NotFound(f"There is no run {run_id[:100]!r} in the store.", hint=f"An id has {ID_LENGTH} letters.")
        return self.memory.runs.get(run_id)


async def desk(request: Request) -> Desk:
    """The desk of the server."""
    found: Desk = request.app.state.desk
    return found


def who(token: str | None) -> Actor | None:
    """Who shows a token; without users, the one person of this machine. Raises StoreUnusable, PermissionDenied."""
    try:
        if people.sign_in_needed():
            return people.actor_of_token(token) if token else None
        return acting(None)
    except StoreError as error:
        raise StoreUnusable(error.message, hint=error.hint) from error
    except (OSError, KeyError):
        raise PermissionDenied(
            "The operating system does not know whose server this is.", hint="Add users: assay users add"
        ) from None


def actor(request: Request, given: Bearer) -> Actor:
    """Who asks, and may at least look. Raises HTTPException, PermissionDenied."""
    found = who(given.credentials if given else None)
    if found is None:
        raise HTTPException(401, UNKNOWN, {"WWW-Authenticate": 'Bearer realm="assay"'})
    request.state.actor = found
    return require(found, "view")


def well_formed(request: Request, _asker: Annotated[Actor, Depends(actor)]) -> None:
    """Refuses a body that is not JSON, which a page of another site could send, and questions that nobody knows.

    Raises HTTPException, RequestValidationError.
    """
    sent = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0]
    if sent and kind.strip().lower() != "application/json":
        raise HTTPException(415, "A body is JSON, and says so: Content-Type: application/json")
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    if odd := sorted(set(request.query_params) - known):
        hint = f"There is no such parameter. Parameters: {', '.join(sorted(known)) or 'none'}."
        raise RequestValidationError([{"loc": ("query", name), "msg": hint, "type": "extra"} for name in odd])


AtDesk = Annotated[Desk, Depends(desk)]
Asker = Annotated[Actor, Depends(actor)]
