"""From one page of an API to the next, in the ways that APIs have for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from tools.sources.rest_client import Client, of_header
from tools.sources.rest_further import further, missing, number_in, pages_of
from tools.sources.rest_options import Options
from tools.sources.rest_records import ITSELF, at
from tools.sources.table import SourceError

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\",;\s]*))?)*)")
_ATTRIBUTE = re.compile(r";\s*([\w*-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\",;\s]*)))?")
_PARAMS = {"number": "page", "offset": "offset", "cursor": "cursor"}
_SIZES = {"number": "per_page", "offset": "limit", "cursor": "limit"}


@dataclass(frozen=True)
class Page:
    """What one answer brought."""

    url: str
    headers: Message
    body: Any
    """None where it is no JSON object or array."""
    count: int
    last: Any
    """The last record."""
    before: int
    """Records of the pages before it."""
    number: int
    """From 1."""


class Paging:
    """Finds the address of each page."""

    def __init__(self, options: Options, client: Client) -> None:
        self._options, self._client = options, client
        style = options.page
        self._param = options.param or _PARAMS.get(style, "")
        self._start = options.start if options.start is not None else int(style == "number")
        self._styles: dict[str, Callable[[Page], str | None]] = {
            "auto": self._auto,
            "none": lambda page: None,
            "link": self._link,
            "next": self._next,
            "cursor": self._cursor,
            "number": self._number,
            "offset": self._offset,
        }

    def first(self) -> str:
        """The address of the first page."""
        url, options = self._client.first, self._options
        if options.size:
            url = with_parameter(url, options.size_param or _SIZES.get(options.page, "limit"), str(options.size))
        counted = options.page in ("number", "offset")
        return with_parameter(url, self._param, str(self._start)) if counted else url

    def following(self, page: Page) -> str | None:
        """The address of the page after this one; None after the last. Raises SourceError."""
        if self._options.more and not self._more(page):
            return None
        total = self.total(page)
        if total is not None and page.before + page.count >= total:
            return None
        url: str | None = self._styles[self._options.page](page)
        return None if url is None else self._with_secrets(self._client.check_origin(url, f"page {page.number}"))

    def total(self, page: Page) -> int | None:
        """The records that all pages have, where the API says so. Raises SourceError."""
        if not self._options.total:
            return None
        told = number_in(at(page.body, self._options.total))
        if told is None:
            raise self._error(f"there is no number at {self._options.total!r}", "Check the path that total= names.")
        return told

    def _auto(self, page: Page) -> str | None:
        """Links in headers are a standard. What else says that there is more must not be passed over in silence."""
        url = self._link(page)
        if url is not None or self._options.records == ITSELF:
            return url
        more = further(page.body) or missing(
            page.body, page.headers, pages=page.number, records=page.before + page.count
        )
        if more is not None:
            raise self._error(more.said, more.hint)
        return None

    def _more(self, page: Page) -> bool:
        """What the flag says. Without one on the first page, its path is wrong, and the pages would end there."""
        told = at(page.body, self._options.more)
        if told is None and page.number == 1:
            raise self._error(f"there is nothing at {self._options.more!r}", "Check the path that more= names.")
        return bool(told) and str(told).lower() not in ("false", "0", "no")

    def _link(self, page: Page) -> str | None:
        for told in page.headers.get_all("Link", []):
            for found in _LINK.finditer(told):
                told_of = [(name.lower(), quoted or word) for name, quoted, word in _ATTRIBUTE.findall(found.group(2))]
                if any(name == "rel" and "next" in value.lower().split() for name, value in told_of):
                    return str(urljoin(page.url, of_header(found.group(1).strip())))
        return None

    def _next(self, page: Page) -> str | None:
        told = at(page.body, self._options.field or "next")
        if isinstance(told, dict):
            told = told.get("href") or told.get("url")
        if told is None or told == "" or told is False:
            self._check_end(page, self._options.field or "next")
            return None
        if not isinstance(told, str):
            raise self._error(f"{self._options.field or 'next'!r} holds no address", "Name its path: field=links.next.")
        return str(urljoin(page.url, told))

    def _cursor(self, page: Page) -> str | None:
        if self._options.last:
            told = at(page.last, self._options.last) if page.count else None
            if page.count and told is None:
                raise self._error(f"records have no field {self._options.last!r}", "Name the field: last=id.")
        else:
            told = at(page.body, self._options.field)
        if told is None or told == "" or told is False:
            if not self._options.last:
                self._check_end(page, self._options.field)
            return None
        if isinstance(told, (dict, list)):
            raise self._error("the cursor is no text", "Name its path in the body: field=meta.next_cursor.")
        return with_parameter(page.url, self._param, str(told))

    def _check_end(self, page: Page, path: str) -> None:
        """A last page that says that there are more has a path that is wrong. Raises SourceError."""
        if not self._options.more and (more := further(page.body)):
            raise self._error(f"there is nothing at {path!r}, but {more.said}", more.hint)

    def _number(self, page: Page) -> str | None:
        """A page that is not full need not be the last: some servers give fewer than they are asked for.

        After the last, some servers give that again: so the number of pages ends them, where it is told.
        """
        pages = pages_of(page.body)
        if pages is not None and self._start in (0, 1) and page.number >= pages[1] > 0:
            return None
        return with_parameter(page.url, self._param, str(self._start + page.number)) if page.count else None

    def _offset(self, page: Page) -> str | None:
        reached = self._start + page.before + page.count
        return with_parameter(page.url, self._param, str(reached)) if page.count else None

    def _with_secrets(self, url: str) -> str:
        """The parameters that carry secrets, where the next address leaves them out."""
        present = {unquote(name) for name, _ in _parameters(url)}
        for name, value in _parameters(self._client.first):
            if unquote(name) in self._client.place.secret_parameters and unquote(name) not in present:
                url = with_parameter(url, unquote(name), unquote(value))
        return url

    def _error(self, said: str, hint: str) -> SourceError:
        return SourceError(f"{self._client.place.text}: {said}.", hint=hint)


def with_parameter(url: str, name: str, value: str) -> str:
    """The address with a parameter set to a value, at its old place or the end."""
    pairs: Sequence[tuple[str, str]] = _parameters(url)
    new = (quote(name, safe="[]$"), quote(value, safe=""))
    if any(unquote(old) == name for old, _ in pairs):
        pairs = [new if unquote(old) == name else (old, text) for old, text in pairs]
    else:
        pairs = [*pairs, new]
    return urlsplit(url)._replace(query="&".join(f"{old}={text}" if text else old for old, text in pairs)).geturl()


def _parameters(url: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in urlsplit(url).query.split("&") if part)
    return [(name, value) for name, _, value in parts]
