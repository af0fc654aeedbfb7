"""Events as they come over the wire: bytes, perhaps packed, bounded in size and depth."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any, NoReturn

from tools.errors import AssayError
from tools.openlineage.reading.looking import EventError

MOST_BYTES = 32 * 1024 * 1024
"""Of a request, unpacked: an event of 100,000 columns has about 25 million."""
MOST_DEPTH = 100
PIECE = 1 << 20


class TooLarge(AssayError):
    """More bytes than are taken."""


SPLIT = "Send fewer events at once, or leave facets away."


def unpacked(body: bytes) -> bytes:
    """The content of gzip, read piece by piece so that a small body cannot become a large one.

    Raises EventError for what is no gzip or breaks off, TooLarge.
    """
    return b"".join(_pieces(body))


def unpacked_size(body: bytes) -> int:
    """How many bytes the content of gzip has, none of which is kept; raises as `unpacked` does."""
    return sum(map(len, _pieces(body)))


def _pieces(body: bytes) -> Iterator[bytes]:
    size, rest = 0, body
    while True:
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof and rest:
                piece = stream.decompress(rest, PIECE)
                size += len(piece)
                if size > MOST_BYTES:
                    raise TooLarge(f"A body has at most {MOST_BYTES:,} bytes when it is unpacked.", hint=SPLIT)
                yield piece
                rest = stream.unconsumed_tail
        except zlib.error:
            raise EventError(None, "is not the gzip that Content-Encoding says") from None
        if not stream.eof:
            raise EventError(None, "breaks off: its gzip does not come to an end")
        rest = stream.unused_data
        if not rest:
            return


def parsed(body: bytes) -> Any:
    """The JSON of a body. Raises EventError."""
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise EventError(None, "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise EventError(None, f"is not JSON from character {error.pos + 1} on: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # numbers of thousands of digits
        raise EventError(None, "holds a number that is too long") from None
    _check_depth(found)
    return found


def _no_number(name: str) -> NoReturn:
    raise EventError(None, f"is not JSON: there is no number {name}")


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(MOST_DEPTH):
        held = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list)))
        level = [value for values in held for value in values if isinstance(value, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> EventError:
    return EventError(None, f"is nested deeper than {MOST_DEPTH} levels")
