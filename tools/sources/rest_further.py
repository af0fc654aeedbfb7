"""What an answer says of further pages: where nobody said how to ask for them, that must not be passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from tools.sources.rest_records import at

_FURTHER = (
    *("next", "next_page", "next_url", "nextPageToken", "next_page_token", "nextToken", "next_token", "next_cursor"),
    *("nextCursor", "nextLink", "@odata.nextLink", "has_more", "hasMore", "has_next", "hasNext", "NextToken"),
    *("links.next", "_links.next", "meta.next", "meta.next_cursor", "paging.next", "pagination.next", "page_info.next"),
    *("response_metadata.next_cursor", "pagination.next_cursor", "pageInfo.hasNextPage", "cursor.next"),
)
_PARENTS = ("", "meta.", "pagination.", "meta.pagination.", "paging.", "page.", "page_info.", "pageInfo.")
_PAGES = ("total_pages", "totalPages", "pages", "page_count", "pageCount", "last_page", "lastPage", "num_pages")
_TOTALS = (
    *("total", "total_count", "totalCount", "totalElements", "totalResults", "total_results", "totalItems"),
    *("total_items", "count", "@odata.count", "recordsTotal"),
)
_HEADERS = ("X-Total-Count", "X-Total", "Total-Count", "X-WP-Total")


@dataclass(frozen=True)
class Further:
    """That there are further pages."""

    path: str
    said: str
    """Where, and what."""
    hint: str
    """How they may be asked for."""


def further(body: Any) -> Further | None:
    """A next address, a cursor or a flag in a body; None where there is none."""
    path = next((path for path in _FURTHER if at(body, path)), None) if isinstance(body, Mapping) else None
    if path is None:
        return None
    said = f"the answer says at {path!r} that there are further pages"
    return Further(path, said, f"Say how they are asked for, as in {_way(at(body, path), path)}. {_ALONE}")


def missing(body: Any, headers: Message, *, pages: int, records: int) -> Further | None:
    """A number of pages or records in a body or header that is larger than what came; None where there is none."""
    told = pages_of(body)
    if told is not None and told[1] > pages:
        said = f"the answer says at {told[0]!r} that there are {told[1]:,} pages"
        return Further(told[0], said, f"Say how they are asked for, as in #page=number&param=page. {_ALONE}")
    for path, value in _totals(body, headers):
        total = number_in(value)
        if total is not None and total > records:
            said = f"the answer says at {path!r} that there are {total:,} records, and {records:,} came"
            way = "#page=number, #page=offset or #page=cursor&last=id"
            return Further(path, said, f"Say how further pages are asked for, as in {way}. {_ALONE}")
    return None


def pages_of(body: Any) -> tuple[str, int] | None:
    """The number of pages that there are, and where a body says it; None where it does not."""
    for path in (parent + name for parent in _PARENTS for name in _PAGES) if isinstance(body, Mapping) else ():
        pages = number_in(at(body, path))
        if pages is not None:
            return path, pages
    return None


def number_in(value: Any) -> int | None:
    """A whole number, which may be written as a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_ALONE = "What came is all that is wanted: #page=none."


def _way(value: Any, path: str) -> str:
    if value is True:
        return f"#page=cursor&last=id&more={path} or #page=number&more={path}"
    address = isinstance(value, dict) or (isinstance(value, str) and ("/" in value or "?" in value))
    return f"#page=next&field={path}" if address else f"#page=cursor&field={path}&param=NAME"


def _totals(body: Any, headers: Message) -> list[tuple[str, Any]]:
    found = [(name, headers.get(name)) for name in _HEADERS]
    if isinstance(body, Mapping):
        paths = [*(parent + name for parent in _PARENTS for name in _TOTALS), "hits.total.value"]
        found += [(path, at(body, path)) for path in paths]
    return found
