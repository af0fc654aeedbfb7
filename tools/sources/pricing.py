"""What it takes to read a source, told before that is done."""

from __future__ import annotations

from dataclasses import dataclass

from tools.sources.athena_files import listed
from tools.sources.scanned import dollars, shown
from tools.sources.table import SourceError

_PAID = "athena://"


@dataclass(frozen=True)
class Price:
    """The most that one read of all columns can cost, as far as it can be known, and what limits it."""

    size: int | None
    """Bytes; None where they cannot be found out, as for a view."""
    complete: bool
    """False where the table has more files than were looked at."""
    cap: int
    workgroup: int | None
    """The limit that the workgroup sets for each query."""

    def told(self) -> str:
        """For people."""
        if self.size is None:
            size = "Nobody can tell beforehand how much is to be read"
        else:
            least = "at most" if self.complete else "more than"
            size = f"All columns are {least} {shown(self.size)} (about {dollars(self.size):.4f} USD)"
        own = f", the workgroup's for one query {shown(self.workgroup)}" if self.workgroup else ""
        return f"{size}; the cap is {shown(self.cap)}{own}."


def price(source: str) -> Price | None:
    """The price of a source; None where reading costs nothing, or the source cannot be opened."""
    if not source.lower().startswith(_PAID):
        return None
    from tools.sources import athena

    try:
        with athena.open_uri(source) as table:
            files = listed(table.location, table.region, table.uri)
            size, complete = (files.size, files.complete) if files else (None, False)
            return Price(size, complete, table.cost.cap, table.workgroup_limit())
    except SourceError:
        return None
