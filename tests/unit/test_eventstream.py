"""The framing, read back by botocore's own decoder."""

import json

from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from tests.support import eventstream


def _decoded(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(message.headers, message.payload) for message in buffer]


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50), max_size=4), st.binary(max_size=200))
def test_a_frame_reads_back_with_headers_and_payload(headers: dict[str, str], payload: bytes) -> None:
    assert _decoded(eventstream.frame(headers, payload)) == [(headers, payload)]


def test_frames_follow_each_other() -> None:
    data = b"".join(eventstream.event("delta", {"n": n, "text": "größe ✓"}) for n in range(3))
    assert [json.loads(payload)["n"] for _, payload in _decoded(data)] == [0, 1, 2]


def test_an_exception_is_marked_as_one() -> None:
    ((headers, payload),) = _decoded(eventstream.exception("throttlingException", {"message": "slow down"}))
    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == "throttlingException"
    assert json.loads(payload) == {"message": "slow down"}
