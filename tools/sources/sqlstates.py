"""What the SQLSTATE of a refused query means; PostgreSQL and Spark share these codes."""

from __future__ import annotations

from tools.sources.table import Cause

_CONVERSION = "a value cannot be read as the type that is asked for."
_RANGE = "a value, or a result, is out of the range of its type."
_MEANING: tuple[tuple[str, Cause, str], ...] = (
    ("57014", "time", "the query was stopped at its time limit."),
    ("53", "memory", "the query needs more memory or disk than the server has."),
    ("54", "statement", "the query is more than the server takes at once."),
    ("22P02", "conversion", _CONVERSION),
    ("22007", "conversion", _CONVERSION),
    ("22018", "conversion", _CONVERSION),
    ("2201B", "pattern", "a regular expression is not valid."),
    ("22003", "range", _RANGE),
    ("22008", "range", _RANGE),
    ("22012", "range", "a number is divided by zero."),
    ("21", "statement", "a subquery that stands for one value gives more than one row."),
    ("25006", "statement", "the query would write; sources are read only."),
)
ADVICE: dict[Cause, str] = {"time": "Allow more time or ask for less.", "memory": "Ask for fewer columns at once."}
# These come before any row is read: the engine's words speak of names and types.
_WITHOUT_VALUES = ("42", "3F", "0A", "3D")


def meaning(state: str) -> tuple[Cause, str] | None:
    """The cause and a sentence that holds no value, where the code alone tells them."""
    return next(((cause, sentence) for prefix, cause, sentence in _MEANING if state.startswith(prefix)), None)


def without_values(state: str) -> bool:
    """Whether the engine's own words about this error cannot hold a value of the data."""
    return state.startswith(_WITHOUT_VALUES)
