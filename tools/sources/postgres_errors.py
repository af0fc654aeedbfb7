"""Turns what PostgreSQL says into one line that a person can act on, without a value of the data or a password."""

from __future__ import annotations

import psycopg

from tools.sources.iam import DENIED
from tools.sources.sqlstates import ADVICE, meaning, without_values
from tools.sources.table import Cause, QueryError, SourceError

_NAME_IT = "A URI's own password is never stored: name it as ${VARIABLE} in the URI, or use PGPASSWORD or ~/.pgpass."
_AUTHORITY = "Name the file of its authority: ?sslmode=verify-full&sslrootcert=FILE."
_CONNECT: tuple[tuple[str, str, str], ...] = (
    ("password authentication failed", "user or password are wrong", _NAME_IT),
    ("no password supplied", "the server asks for a password", _NAME_IT),
    ("pam authentication failed", "the server does not accept the IAM token", DENIED),
    ("root certificate file", "there is no file of authorities to check the server by", _AUTHORITY),
    ("certificate verify failed", "the server's certificate is not trusted", _AUTHORITY),
    ("does not match host name", "the server's certificate is for another host", "Check the host."),
    ("server does not support ssl", "the server offers no TLS", "Check sslmode, and the server."),
    ("could not translate host name", "there is no such host", "Check the host and the network."),
    ("name or service not known", "there is no such host", "Check the host and the network."),
    ("failed to resolve host", "there is no such host", "Check the host and the network."),
    ("connection refused", "nothing listens there", "Check host and port, and that the server runs."),
    ("no such file or directory", "nothing listens there", "Check host and port, and that the server runs."),
    ("timeout", "the server does not answer", "Check host, port and firewall."),
)


def connect_error(error: psycopg.Error, what: str) -> SourceError:
    """Why there is no connection. ``what`` is the URI without its password."""
    text = " ".join(str(error).split())
    for words, sentence, hint in _CONNECT:
        if words in text.lower():
            return SourceError(f"{what} cannot be opened: {sentence}.", hint=hint)
    reason = text.rsplit("FATAL: ", 1)[-1].strip().rstrip(".")
    return SourceError(f"{what} cannot be opened: {reason}.", hint="Check the URI and the user's rights.")


def query_error(error: psycopg.Error, what: str) -> QueryError:
    """Why a query gave no answer."""
    cause, sentence, hint = _refusal(error)
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint or ADVICE.get(cause, ""))


def _refusal(error: psycopg.Error) -> tuple[Cause, str, str]:
    state = error.sqlstate or ""
    if known := meaning(state):
        return (*known, "")
    said = (error.diag.message_primary or "").rstrip(".") + "."
    if state == "42501":
        return "statement", said, "Ask for the right to read it: GRANT SELECT."
    if without_values(state):
        return "statement", said, ""
    if not state or state.startswith(("08", "57P")):
        return "other", "the connection to the server was lost.", "Check that the server runs, then run it again."
    return "other", "the engine does not take a value that it met.", ""
