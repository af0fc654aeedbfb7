"""Tables behind HTTP APIs: ``https://host/path?query#records=data.items``, JSON, NDJSON, CSV or Parquet.

All pages are read when the table is opened; queries run on that copy, which goes when the table is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pyarrow.parquet as pq

from tools.sources.duck import DuckTable, engine
from tools.sources.names import check_names
from tools.sources.rest_client import Answer, Client, NotThere
from tools.sources.rest_options import Options
from tools.sources.rest_paging import Page, Paging
from tools.sources.rest_records import format_of, lines_of, load, records_of
from tools.sources.rest_store import Store, fields_of, show
from tools.sources.rest_uris import RestUri, parse
from tools.sources.scanned import shown as size_shown
from tools.sources.table import DatasetName, SourceError


def name_of(uri: str) -> DatasetName:
    """The name of the table behind an address: the origin, and the path with its query. Raises SourceError."""
    return _dataset(parse(uri))


def open_uri(uri: str) -> RestTable:
    """The table behind an address, read to its last page. Raises SourceError: no server, no access, no records."""
    place = parse(uri)
    store = Store(place.text, nested=place.options.nested == "struct")
    try:
        with closing(Client(place)) as client:
            _Reader(client, store).read()
        store.settle()
        return RestTable(place, store)
    except BaseException:
        store.discard()
        raise


class RestTable(DuckTable):
    """A copy of all records, as they were when the table was opened."""

    def __init__(self, place: RestUri, store: Store) -> None:
        name = engine().new_name()
        super().__init__(name, uri=place.text, dataset=_dataset(place), version=store.version)
        self._store = store
        show(name, store.path)
        self.fields = engine().describe(fields_of(name))
        self.row_count = int(pq.read_metadata(store.path).num_rows)
        check_names([field.name for field in self.fields], self.uri)

    def close(self) -> None:
        """Forgets the relation and deletes the copy; closing twice is no error."""
        super().close()
        self._store.discard()


class _Reader:
    """Reads page after page into a store, within the limits."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client, self._store = client, store
        self._options: Options = client.place.options
        self._paging = Paging(self._options, client)
        self._left = self._options.bytes
        self._file = store.folder / "answer"

    def read(self) -> None:
        """All pages. Raises SourceError."""
        url: str | None = self._paging.first()
        seen: set[str] = set()
        before = ""
        for number in count(1):
            if url is None:
                return
            if url in seen:
                raise self._error(f"page {number} is one of those before it", "Check how the API pages: page=, field=.")
            if number > self._options.pages:
                raise self._error(f"there are more than {self._options.pages:,} pages", "Allow more: #pages=50000.")
            seen.add(url)
            page, digest = self._page(url, number)
            if page is None:
                return
            if page.count and digest == before:
                raise self._error(
                    f"page {number} is the same as the one before",
                    f"The server may not know the parameter {self._options.param or 'that pages'}: name it, param=.",
                )
            before, url = digest, self._paging.following(page)
            if url is None:
                self._check_total(page)

    def _page(self, url: str, number: int) -> tuple[Page | None, str]:
        before = self._store.count
        answer = self._asked(url, number)
        if answer is None:
            return None, ""
        what = self._client.place.text + (f", page {number}" if number > 1 else "")
        form = self._options.format or format_of(answer.headers, answer.url, self._file, what)
        if form in ("csv", "parquet"):
            if self._options.page not in ("auto", "none", "link"):
                raise self._error(f"pages of {form} can be found by links alone", "Write page=link or page=none.")
            digest = self._store.keep(self._file, f".{form}")
            return Page(answer.url, answer.headers, None, 1, None, before, number), digest
        body = None if form == "ndjson" else load(self._file, what)
        records = lines_of(self._file, what) if form == "ndjson" else records_of(body, self._options, what)
        last = _Last(records)
        digest = self._store.add(last)
        count_ = self._store.count - before
        return Page(answer.url, answer.headers, body, count_, last.value, before, number), digest

    def _asked(self, url: str, number: int) -> Answer | None:
        """None where there is no such page, which is how some say that the one before was the last."""
        if self._left <= 0:
            told = size_shown(self._options.bytes)
            raise self._error(f"all pages together are larger than {told}", "Allow more: #bytes=10GB.")
        try:
            with self._file.open("w+b") as sink:
                answer = self._client.get(url, sink, min(self._options.page_bytes, self._left))
        except NotThere:
            if number > 1 and self._options.page == "number":
                return None
            raise
        self._left -= answer.size
        return answer

    def _check_total(self, page: Page) -> None:
        total = self._paging.total(page)
        if total is not None and total != self._store.count:
            raise self._error(
                f"the API speaks of {total:,} records and gave {self._store.count:,}",
                "They may have changed while they were read: run it again, or check how it pages.",
            )

    def _error(self, said: str, hint: str) -> SourceError:
        return SourceError(f"{self._client.place.text}: {said}.", hint=hint)


class _Last:
    """Hands records on and remembers the last."""

    def __init__(self, records: Iterator[object] | list[object]) -> None:
        self._records, self.value = records, None

    def __iter__(self) -> Iterator[object]:
        for record in self._records:
            self.value = record  # type: ignore[assignment]
            yield record


def _dataset(place: RestUri) -> DatasetName:
    path, mark, query = place.text.partition("#")[0].split("://", 1)[1].partition("/")[2].partition("?")
    records = f"#{place.options.records}" if place.options.records else ""
    return DatasetName(place.origin, f"/{path}{mark}{query}{records}")
