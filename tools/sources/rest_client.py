"""Asks an HTTP API for one answer after another: politely, again where that helps, and never more than was allowed."""

from __future__ import annotations

import random
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import chain
from string import punctuation
from typing import BinaryIO
from urllib.parse import quote, urljoin, urlsplit

from tools.sources.rest_network import connect
from tools.sources.rest_uris import DEFAULT_PORTS, RestUri, looked_up, resolved
from tools.sources.scanned import shown as size_shown
from tools.sources.table import SourceError

TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
PATIENCE = 120.0
"""Seconds that a server may ask us to wait (``Retry-After``); one that asks for more is told of instead."""
LONGEST_ANSWER = 900.0
"""Seconds for one answer, however steadily its bytes trickle in."""
MOST_REDIRECTS = 5
_CHUNK = 1 << 16
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOTHING = frozenset({204, 404, 410})
_MOVED = frozenset({301, 302, 303, 307, 308})
_PACKED = ("gzip", "x-gzip")
_GZIP = b"\x1f"
"""The first byte of what is packed, and of nothing else that is read here."""
_GZIP_BITS = 31
_LOCAL = ("localhost", "127.0.0.1", "::1")


class _Again(Exception):
    """Worth another try, after some seconds where the server names them."""

    def __init__(self, said: str, hint: str, after: float | None = None) -> None:
        super().__init__(said)
        self.said, self.hint, self.after = said, hint, after


class NotThere(SourceError):
    """There is nothing at an address: 204, 404 or 410."""


@dataclass(frozen=True)
class Answer:
    """What came with a body."""

    url: str
    headers: Message
    size: int


class Client:
    """One connection that is kept open. Secrets are looked up when it is made. Raises SourceError."""

    def __init__(self, place: RestUri) -> None:
        if place.scheme == "http" and place.has_credentials and place.host not in _LOCAL:
            raise SourceError(f"{place.text}: secrets are not sent over http.", hint="Write https://.")
        self.place = place
        self.requests = 0
        self._headers = {"User-Agent": "assay", "Accept-Encoding": "gzip", "Accept": "*/*"}
        self._headers |= looked_up(place)
        self._check_headers()
        self.first = place.origin + resolved(place)
        self._connection: HTTPConnection | None = None
        self._last = float("-inf")

    def get(self, url: str, sink: BinaryIO, most: int) -> Answer:
        """Writes the body of an answer, at most that many bytes. Raises SourceError, NotThere."""
        url = quote(url, safe=punctuation)
        for number in range(1, TRIES + 1):
            sink.seek(0)
            sink.truncate()
            try:
                return self._followed(url, sink, most)
            except _Again as trouble:
                self.close()
                if number == TRIES:
                    raise self._error(f"{trouble.said} {TRIES} times", trouble.hint) from None
                time.sleep(self._pause(number, trouble.after))
        raise AssertionError

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def check_origin(self, url: str, whose: str) -> str:
        """The address, if it is on the same host: credentials never leave it. Raises SourceError."""
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            raise self._error(f"{whose} leads to no address", "Ask who runs the API.") from None
        if (parts.scheme, parts.hostname, port) != (self.place.scheme, self.place.host, self.place.port):
            host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise self._error(f"{whose} leads to {host}", f"Only {self.place.origin} is asked: name that host instead.")
        return parts._replace(fragment="", netloc=urlsplit(self.place.origin).netloc).geturl()

    def _check_headers(self) -> None:
        for name, value in self._headers.items():
            if any(not " " <= letter <= "~" for letter in value):
                raise self._error(f"the secret for the header {name} holds letters that no header can", "Check it.")

    def _pause(self, number: int, after: float | None) -> float:
        """Seconds before the next try. Raises SourceError where the server wants us to wait too long."""
        if after is None:
            return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1)) * random.uniform(0.5, 1))  # noqa: S311
        if after > PATIENCE:
            raise self._error(f"the server wants no request for {after:,.0f} seconds", "Run it again then.")
        return after

    def _followed(self, url: str, sink: BinaryIO, most: int) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            response = self._asked(url)
            if response.status not in _MOVED:
                return Answer(url, response.headers, self._written(response, sink, most))
            url = self.check_origin(urljoin(url, of_header(response.headers.get("Location", ""))), "the answer")
            self.close()
        raise self._error("the server leads in a circle", "Check the address.")

    def _asked(self, url: str) -> HTTPResponse:
        self._wait_turn()
        try:
            connection = self._connected()
            parts = urlsplit(url)
            self.requests += 1
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=self._headers)
            response = connection.getresponse()
        except ssl.SSLCertVerificationError as error:
            raise self._error(
                f"the server's certificate is not trusted ({error.verify_message})",
                "Name the file of its authority in SSL_CERT_FILE.",
            ) from None
        except TimeoutError:
            raise _Again(
                "the server did not answer in time", "Check the network, or allow more: #timeout=60."
            ) from None
        except (OSError, HTTPException) as error:
            why = "nothing listens there" if isinstance(error, ConnectionRefusedError) else "the connection broke"
            raise _Again(why, "Check the host, the port and the network.") from None
        if response.status != 200 and response.status not in _MOVED:
            self._refuse(response)
        return response

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            place = self.place
            self._connection = connect(place.scheme, place.host, place.port, place.options.timeout, place.text)
        return self._connection

    def _wait_turn(self) -> None:
        if self.place.options.rate:
            time.sleep(max(0.0, self._last + 1 / self.place.options.rate - time.monotonic()))
            self._last = time.monotonic()

    def _refuse(self, response: HTTPResponse) -> None:
        """What a status means. The body may hold anything, and is not repeated. Raises."""
        status, headers = response.status, response.headers
        self.close()
        if status in _AGAIN:
            said = "the server asks for fewer requests" if status == 429 else f"the server failed ({status})"
            raise _Again(said, "Run it again later, or set a rate: #rate=2/s.", _retry_after(headers))
        if status == 401:
            expired = "expired" in headers.get("WWW-Authenticate", "").lower()
            said = "the token has expired" if expired else "the server does not accept the credentials"
            raise self._error(
                f"{said} (401)", "Give a bearer: #bearer=${API_TOKEN}, or a header: #header.X-Key=${KEY}."
            )
        if status == 403:
            raise self._error("access is denied (403)", "Ask who runs the API for the right to read it.")
        if status in _NOTHING:
            raise NotThere(f"{self.place.text}: there is nothing at that address ({status}).", hint="Check the path.")
        raise self._error(f"the server answers {status}", "Check the address and what it asks for.")

    def _written(self, response: HTTPResponse, sink: BinaryIO, most: int) -> int:
        size = 0
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", *_PACKED):
            self.close()
            raise self._error(f"the answer is packed in a way that nobody asked for ({encoding})", "gzip is read.")
        try:
            for data in _decoded(response):
                size += len(data)
                if size > most:
                    self.close()
                    raise self._error(
                        f"an answer is larger than {size_shown(most)}",
                        "Ask for smaller pages (size=), or allow more: #page_bytes=500MB&bytes=5GB.",
                    )
                sink.write(data)
        except TimeoutError:
            raise _Again("the server stopped in the middle of an answer", "Allow more time: #timeout=60.") from None
        except (OSError, HTTPException, zlib.error):
            raise _Again("an answer broke off", "Check the network, and who runs the API.") from None
        sink.flush()
        return size

    def _error(self, said: str, hint: str) -> SourceError:
        return SourceError(f"{self.place.text}: {said}.", hint=hint)


def of_header(address: str) -> str:
    """An address in a header, whose bytes were read as Latin-1, spelled in ASCII as it was meant."""
    return quote(address, safe=punctuation, encoding="latin-1", errors="replace")


def _decoded(response: HTTPResponse) -> Iterator[bytes]:
    """The body in parts, unpacked where it is packed, as an answer or a file."""
    parts = _parts(response)
    first = next(parts, b"")
    packed = response.headers.get("Content-Encoding", "").strip().lower() in _PACKED or first.startswith(_GZIP)
    yield from _unpacked(chain((first,), parts)) if packed and first else chain((first,), parts)


def _parts(response: HTTPResponse) -> Iterator[bytes]:
    until = time.monotonic() + LONGEST_ANSWER
    while data := response.read1(_CHUNK):
        if time.monotonic() > until:
            raise TimeoutError
        yield data
    if response.length:  # read1 takes an early end for the end
        raise HTTPException
    response.close()  # else the connection counts as busy


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """A part at a time: a small answer may unpack to a very large one. There may be several streams in a row."""
    unpack = zlib.decompressobj(wbits=_GZIP_BITS)
    for part in parts:
        data = part
        while data:
            if unpack.eof:
                unpack = zlib.decompressobj(wbits=_GZIP_BITS)
            yield unpack.decompress(data, _CHUNK)
            data = unpack.unconsumed_tail or unpack.unused_data
    yield unpack.flush()
    if not unpack.eof:
        raise zlib.error


def _retry_after(headers: Message) -> float | None:
    """Seconds, which may be said as such or as a moment."""
    told = (headers.get("Retry-After") or "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
