"""What it takes to read a source, told before that is done."""

from __future__ import annotations

from dataclasses import dataclass

from tools.sources import aws
from tools.sources.scanned import dollars, shown
from tools.sources.table import SourceError

MOST_OBJECTS = 20_000
"""How many files of a table are looked at."""
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
            size, complete = _size(table.location, table.region, table.uri)
            return Price(size, complete, table.cost.cap, table.workgroup_limit())
    except SourceError:
        return None


def _size(location: str | None, region: str, what: str) -> tuple[int | None, bool]:
    """Bytes of the objects at a place, and whether those are all."""
    bucket, _, key = (location or "").removeprefix("s3://").partition("/")
    if not bucket:
        return None, False
    size = count = 0
    client = aws.client("s3", region, what=what)
    try:
        with aws.errors(what):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key.rstrip("/") + "/")
            for page in pages:
                objects = page.get("Contents", [])
                size, count = size + sum(one["Size"] for one in objects), count + len(objects)
                if count >= MOST_OBJECTS and page.get("IsTruncated"):
                    return size, False
    except SourceError:
        return None, False
    finally:
        client.close()
    return size, True
