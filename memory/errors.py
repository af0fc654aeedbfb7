"""What the store tells a person who can mend it."""

from tools.errors import AssayError


class StoreError(AssayError):
    """The store cannot be reached, or refuses what was asked. Never shows a password."""


class LeaseLost(StoreError):
    """A worker wrote for a run that another worker has taken over since, or that has ended."""
