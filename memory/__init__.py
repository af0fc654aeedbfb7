"""The store of everything that is Assay's own, in one Postgres database. :class:`Memory` is the only door to it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memory.store import Memory

__all__ = ["Memory"]


def __getattr__(name: str) -> Any:
    # psycopg takes 0.2 s to import, which a command that opens no store must not pay.
    if name == "Memory":
        from memory.store import Memory

        return Memory
    raise AttributeError(name)
