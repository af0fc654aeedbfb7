"""Turns what the RDS Data API says of a failed statement into one line without a value of the data."""

from __future__ import annotations

import re

from tools.sources.mysql_errors import refused
from tools.sources.sqlstates import ADVICE, meaning, without_values
from tools.sources.table import Cause, QueryError

_STATE = re.compile(r"SQL ?State:? *\"?([0-9A-Z]{5})", re.IGNORECASE)
_NUMBER = re.compile(r"Database error code: (\d+)\. Message: (.*?)(?:; SQL ?State.*)?$", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(
    r"^(?:ERROR|FATAL):?\s*|\s*[;\n]\s*(?:Position|SQL ?State|Detail|Hint|Where|Error code)\b.*$", re.DOTALL
)
_TOO_LARGE = re.compile(r"response size limit|exceeded size limit|result set size", re.IGNORECASE)


def too_large(said: str) -> bool:
    """Whether an answer was larger than the Data API gives."""
    return bool(_TOO_LARGE.search(said))


def query_error(said: str, what: str) -> QueryError:
    """Why a statement gave no answer; ``said`` are the words of the database."""
    if number := _NUMBER.search(said):
        return refused(int(number.group(1)), " ".join(number.group(2).split()).rstrip(".") + ".", what)
    state = _STATE.search(said)
    cause, sentence = _refusal(state.group(1).upper() if state else "", said)
    hint = "Ask for the right to read it: GRANT SELECT." if "permission denied" in sentence else ADVICE.get(cause, "")
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint)


def late(what: str) -> QueryError:
    """A statement that took longer than was allowed, or than the Data API waits."""
    sentence = "the query was stopped at its time limit."
    hint = "Ask for less; the Data API waits 45 seconds, a connection to the cluster longer."
    return QueryError(f"{what}: {sentence}", cause="time", sentence=sentence, hint=hint)


def _refusal(state: str, said: str) -> tuple[Cause, str]:
    if known := meaning(state):
        return known
    if without_values(state):
        return "statement", " ".join(_WORDS.sub("", said).split()).rstrip(".") + "."
    if "unsupported data type" in said.lower() or "UnsupportedResult" in said:
        return "statement", "the answer has a column of a type that the Data API cannot give."
    return "other", "the engine does not take a value that it met."
