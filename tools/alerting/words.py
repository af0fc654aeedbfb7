"""A message as plain text: for mail and SNS, and wherever no blocks are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tools.alerting.model import Item, Notice, Part

MARKS = {"opened": "NEW", "reminded": "STILL", "resolved": "OVER"}
TEST = "test"
"""The change of an item that only says that a channel works."""
LONGEST_TITLE = 140


def title(notice: Notice) -> str:
    """`Assay: 2 new alerts, 1 resolved: orders, customers`."""
    if any(item.change == TEST for part in notice.parts for item in part.items):
        return "Assay: this channel works"
    told = [f"{count} {word}" for count, word in ((notice.opened, "open"), (notice.resolved, "resolved")) if count]
    names = [part.table for part in notice.parts if part.table]
    where = ": " + ", ".join([*names[:3], *(["…"] if len(names) + notice.more > 3 else [])]) if names else ""
    text = f"Assay: {', '.join(told)} {'alert' if notice.opened + notice.resolved == 1 else 'alerts'}{where}"
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def text(notice: Notice) -> str:
    """All of it."""
    lines = [line for part in notice.parts for line in (*_part(part), "")]
    if notice.more:
        lines += [f"… and {notice.more} more datasets.", ""]
    lines += [line for line in (f"Run {notice.run}" if notice.run else "", notice.link) if line]
    return "\n".join(lines).rstrip() + "\n"


def facts(part: Part) -> str:
    """What is known of a dataset, in one line; empty where nothing is."""
    owners = f"owned by {', '.join(part.owners[:3])}" if part.owners else ""
    tags = f"tagged {', '.join(part.tags[:5])}" if part.tags else ""
    return "; ".join(one for one in (part.score, owners, tags) if one)


def since(item: Item) -> str:
    """`since 2026-11-23 22:31 UTC, met 3 times`."""
    at = datetime.fromisoformat(item.since)
    return f"since {at:%Y-%m-%d %H:%M} UTC" + (f", met {item.times} times" if item.times > 1 else "")


def details(item: Item) -> Iterator[tuple[str, str]]:
    """What there is to say of an alert, by name."""
    told = {
        "what happened": item.said if item.change != "resolved" else item.resolution,
        "example": item.example if item.change != "resolved" else "",
        "depends on it": item.radius if item.change != "resolved" else "",
    }
    yield from ((name, said) for name, said in told.items() if said)


def _part(part: Part) -> Iterator[str]:
    if part.table:
        yield f"{part.table} ({part.dataset})"
        if known := facts(part):
            yield f"  {known}"
    for item in part.items:
        yield f"  {MARKS.get(item.change, 'TEST')} [{item.number}] {item.words}: {item.what}"
        yield from (f"      {name}: {said}" for name, said in details(item))
        yield f"      {since(item)}"
        if item.link:
            yield f"      {item.link}"
    if part.more:
        yield f"  … and {part.more} more alerts."
