"""Turns what Athena says of a failed query into one line without a value of the data."""

from __future__ import annotations

import re

from tools.sources.sqlstates import ADVICE
from tools.sources.table import Cause, QueryError

_CONVERSION = "a value cannot be read as the type that is asked for."
_MEANING: tuple[tuple[str, Cause, str], ...] = (
    ("INVALID_CAST_ARGUMENT", "conversion", _CONVERSION),
    ("HIVE_BAD_DATA", "conversion", "a file holds what does not fit the type that the catalog declares."),
    ("NUMERIC_VALUE_OUT_OF_RANGE", "range", "a value, or a result, is out of the range of its type."),
    ("DIVISION_BY_ZERO", "range", "a number is divided by zero."),
    ("INVALID_FUNCTION_ARGUMENT", "conversion", "a function does not take a value that it met."),
    ("SUBQUERY_MULTIPLE_ROWS", "statement", "a subquery that stands for one value gives more than one row."),
    ("EXCEEDED_TIME_LIMIT", "time", "the query was stopped at its time limit."),
    ("QUERY TIMEOUT", "time", "the query was stopped at its time limit."),
    ("EXCEEDED_MEMORY", "memory", "the query needs more memory than Athena has for it."),
    ("EXHAUSTED RESOURCES", "memory", "the query needs more memory than Athena has for it."),
    ("INSUFFICIENT_RESOURCES", "memory", "the query needs more memory than Athena has for it."),
    ("BYTES SCANNED LIMIT", "other", "the query passed the limit of bytes that the workgroup sets for one query."),
    ("HIVE_CANNOT_OPEN_SPLIT", "other", "a file of the table cannot be read: it was changed or removed meanwhile."),
    ("HIVE_FILESYSTEM_ERROR", "other", "a file of the table cannot be read."),
    ("ICEBERG_MISSING_METADATA", "other", "the table was changed or removed meanwhile."),
)
# Athena gives these before it reads a row: its words speak of names and types.
_OF_NAMES = re.compile(
    r"^(COLUMN_NOT_FOUND|TABLE_NOT_FOUND|SCHEMA_NOT_FOUND|CATALOG_NOT_FOUND|FUNCTION_NOT_FOUND|TYPE_MISMATCH|SYNTAX_ERROR"
    r"|AMBIGUOUS_NAME|MISSING_COLUMN_NAME|EXPRESSION_NOT_AGGREGATE|NESTED_AGGREGATION|EXPRESSION_NOT_SCALAR"
    r"|NOT_SUPPORTED|PERMISSION_DENIED|TYPE_NOT_FOUND|DUPLICATE_COLUMN_NAME|INVALID_COLUMN_REFERENCE)"
    r":\s*(line \d+:\d+:\s*)?(?P<words>.*)$",
    re.DOTALL,
)
_LOCKED = re.compile(
    r"insufficient (lake formation )?permission|not authorized|access ?denied|^PERMISSION_DENIED", re.I
)


def query_error(said: str, what: str) -> QueryError:
    """Why a query gave no answer; ``said`` is the reason of its last change of state."""
    cause, sentence, hint = _refusal(" ".join(said.split()))
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint or ADVICE.get(cause, ""))


def late(what: str) -> QueryError:
    """A query that was stopped because its time was over."""
    return query_error("EXCEEDED_TIME_LIMIT", what)


def _refusal(said: str) -> tuple[Cause, str, str]:
    if named := _OF_NAMES.match(said):
        return "statement", named.group("words").rstrip(".") + ".", ""
    if _LOCKED.search(said):
        return "statement", "access to the table or its files is denied.", "Ask for it in IAM or Lake Formation."
    for words, cause, sentence in _MEANING:
        if words in said.upper():
            return cause, sentence, ""
    return "other", "the engine does not take a value that it met.", ""
