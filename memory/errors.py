"""What the store tells a person who can mend it."""

from collections.abc import Sequence

from tools.errors import AssayError

TOLD = 10
"""So many candidates are named in a message."""


class StoreError(AssayError):
    """The store cannot be reached, or refuses what was asked. Never shows a password."""


class LeaseLost(StoreError):
    """A worker wrote for a run that another worker has taken over since, or that has ended."""


class NotFound(StoreError):
    """Something was named that is not in the store."""


class WrongState(StoreError):
    """What was asked for is possible, but not in the state in which the thing is."""


class OtherPerson(StoreError):
    """Somebody else has to do it: who asks is too close to the matter."""


class KeyReused(StoreError):
    """A key that stands for one request came with another one."""


class StoreUnusable(StoreError):
    """Whatever is asked for, the store cannot do it now: it does not answer, or its audit log may not be added to."""


class Ambiguous(StoreError):
    """A name that may mean several things."""

    def __init__(self, message: str, candidates: Sequence[str]) -> None:
        more = len(candidates) - TOLD
        told = ", ".join(candidates[:TOLD]) + (f" and {more} more" if more > 0 else "")
        super().__init__(message, hint=f"Write one of them: {told}.")
        self.candidates = tuple(candidates)
