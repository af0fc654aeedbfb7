"""The binary framing of AWS event streams (`application/vnd.amazon.eventstream`), sending side only.

A frame is: total length, header length, CRC of these two, headers, payload, CRC of all before it.
"""

import json
import struct
from binascii import crc32
from collections.abc import Mapping
from typing import Any

_STRING = b"\x07"


def event(name: str, payload: Mapping[str, Any]) -> bytes:
    """One ordinary event with a JSON payload."""
    return frame({":message-type": "event", ":event-type": name, ":content-type": "application/json"}, _json(payload))


def exception(name: str, payload: Mapping[str, Any]) -> bytes:
    """A modelled error inside a stream that has already answered 200."""
    headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
    return frame(headers, _json(payload))


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Any frame whose headers are all strings."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return body + struct.pack(">I", crc32(body))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + _STRING + struct.pack(">H", len(text)) + text


def _json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload).encode()
