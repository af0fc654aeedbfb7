"""Turns what MySQL or MariaDB says into one line that a person can act on, without a value of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sources.iam import DENIED
from tools.sources.sqlstates import ADVICE
from tools.sources.table import Cause, QueryError, SourceError

if TYPE_CHECKING:
    import pymysql

_CONVERSION = "a value cannot be read as the type that is asked for."
_RANGE = "a value, or a result, is out of the range of its type."
_MEMORY = "the query needs more memory or disk than the server has."
_TIME = "the query was stopped at its time limit."
_PATTERN = "a regular expression is not valid."
_BY_NUMBER: dict[int, tuple[Cause, str]] = {
    **dict.fromkeys([1317, 1969, 3024], ("time", _TIME)),
    **dict.fromkeys([5, 1021, 1037, 1038, 1041, 1114], ("memory", _MEMORY)),
    **dict.fromkeys([1292, 1366, 1411, 3140, 3141], ("conversion", _CONVERSION)),
    **dict.fromkeys([1264, 1441, 1690], ("range", _RANGE)),
    **dict.fromkeys([1139, *range(3685, 3700)], ("pattern", _PATTERN)),
    1365: ("range", "a number is divided by zero."),
    1242: ("statement", "a subquery that stands for one value gives more than one row."),
    1792: ("statement", "the query would write; sources are read only."),
}
# These come before any row is read: the server's words speak of names and types.
_WITHOUT_VALUES = frozenset(
    {1046, 1049, 1051, 1052, 1054, 1055, 1056, 1060, 1064, 1066, 1109, 1111, 1115, 1140, 1146, 1149}
    | {1221, 1222, 1235, 1241, 1247, 1248, 1253, 1267, 1270, 1271, 1273, 1305, 1318, 1582, 1583, 3593, 4015, 4016}
)
_DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370})
_LOST = frozenset({0, 1053, 1927, 2006, 2013, 2055})
_AUTHORITY = "Name the file of its authority, ?ssl-ca=FILE, and a certificate of your own with ssl-cert and ssl-key."
_NAME_IT = "A URI's own password is never stored: name it as ${VARIABLE} in the URI, or use MYSQL_PWD."


def connect_error(error: pymysql.MySQLError, what: str, *, iam: bool = False) -> SourceError:
    """Why there is no connection. ``what`` is the URI without its password."""
    number, said = _parts(error)
    if iam and number in (1045, 1698):
        return SourceError(f"{what} cannot be opened: the server does not accept the IAM token.", hint=DENIED)
    if "certificate" in said.lower():
        return SourceError(f"{what} cannot be opened: {_untrusted(said)}.", hint=_AUTHORITY)
    if number in (1045, 1698):
        return SourceError(f"{what} cannot be opened: user or password are wrong.", hint=_NAME_IT)
    if number == 1044:
        return SourceError(f"{what} cannot be opened: the user may not use that database.", hint=_GRANT)
    if number in (2002, 2003, 2005):
        return SourceError(f"{what} cannot be opened: {_unreachable(said)}.", hint="Check host, port and network.")
    return SourceError(f"{what} cannot be opened: {said}", hint="Check the URI and the user's rights.")


def query_error(error: pymysql.MySQLError, what: str) -> QueryError:
    """Why a query gave no answer."""
    return refused(*_parts(error), what)


def refused(number: int, said: str, what: str) -> QueryError:
    """The same, by the number and the words of the server."""
    cause, sentence, hint = _refusal(number, said)
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint or ADVICE.get(cause, ""))


_GRANT = "Ask for the right to read it: GRANT SELECT."


def _parts(error: pymysql.MySQLError) -> tuple[int, str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = " ".join(str(error.args[-1]).split()) if error.args else ""
    return number, (said if len(said) <= 300 else said[:297] + "...").rstrip(".") + "."


def _untrusted(said: str) -> str:
    if "mismatch" in said or "not valid for" in said:
        return "the server's certificate is for another host"
    if "required" in said:
        return "the server wants a certificate"
    return "the server's certificate is not trusted"


def _unreachable(said: str) -> str:
    if "refused" in said:
        return "nothing listens there"
    return "the server does not answer" if "timed out" in said else "there is no such host"


def _refusal(number: int, said: str) -> tuple[Cause, str, str]:
    if number in _BY_NUMBER:
        return (*_BY_NUMBER[number], "")
    if number in _DENIED:
        return "statement", said, _GRANT
    if number in _WITHOUT_VALUES:
        return "statement", said, ""
    if number in _LOST:
        return "other", "the connection to the server was lost.", "Check that the server runs, then run it again."
    return "other", "the engine does not take a value that it met.", ""
