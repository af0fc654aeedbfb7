"""Turns what Redshift says of a failed statement into one line without a value of the data.

The Data API hands on Redshift's words alone, no SQLSTATE: only sentences that are known to speak of names are repeated.
"""

from __future__ import annotations

import re

from tools.sources.sqlstates import ADVICE
from tools.sources.table import Cause, QueryError

_MEANING: tuple[tuple[str, Cause, str], ...] = (
    ("statement timeout", "time", "the query was stopped at its time limit."),
    ("cancelled on user", "other", "the query was cancelled on the server."),
    ("user requested cancel", "other", "the query was cancelled on the server."),
    ("user request", "time", "the query was stopped at its time limit."),
    ("out of memory", "memory", "the query needs more memory or disk than the server has."),
    ("disk full", "memory", "the query needs more memory or disk than the server has."),
    ("division by zero", "range", "a number is divided by zero."),
    ("divide by zero", "range", "a number is divided by zero."),
    ("out of range", "range", "a value, or a result, is out of the range of its type."),
    ("overflow", "range", "a value, or a result, is out of the range of its type."),
    ("invalid digit", "conversion", "a value cannot be read as the type that is asked for."),
    ("invalid input syntax", "conversion", "a value cannot be read as the type that is asked for."),
    ("invalid data", "conversion", "a value cannot be read as the type that is asked for."),
    ("date/time field value", "conversion", "a value cannot be read as the type that is asked for."),
    ("regular expression", "pattern", "a regular expression is not valid."),
    ("more than one row", "statement", "a subquery that stands for one value gives more than one row."),
    ("100kb", "statement", "the query is longer than the 100 kB that the Data API takes."),
)
_OF_NAMES = re.compile(
    r"does not exist|is ambiguous|permission denied|syntax error|must appear in the group by|specified more than once"
    r"|operator does not exist|not supported|cannot be matched|aggregate",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^(Query #\d+ failed with )?((ERROR|FATAL):\s*)?")
_TAIL = re.compile(r"\s*(\[ErrorId:.*|Position: \d+.*|(DETAIL|HINT|LINE \d+|Detail|Hint|Context):.*)", re.DOTALL)


def query_error(said: str, what: str) -> QueryError:
    """Why a statement gave no answer; ``said`` are Redshift's own words."""
    cause, sentence = _refusal(said)
    hint = "Ask for the right to read it: GRANT SELECT." if "permission denied" in sentence else ADVICE.get(cause, "")
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint)


def late(what: str) -> QueryError:
    """A statement that was cancelled because its time was over."""
    return query_error("statement timeout", what)


def _refusal(said: str) -> tuple[Cause, str]:
    text = _HEAD.sub("", _TAIL.sub("", " ".join(said.split()))).rstrip(".")
    # Names may hold any words: what speaks of names is looked for first.
    if _OF_NAMES.search(text):
        return "statement", f"{text}."
    known = next(((cause, sentence) for words, cause, sentence in _MEANING if words in said.lower()), None)
    return known or ("other", "the engine does not take a value that it met.")
