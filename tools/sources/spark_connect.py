"""Servers of Spark Connect: ``spark://user:token@host:15002/schema.table``, with ``sc://`` meaning the same.

Each server gets one session of this process, so that nobody else's settings, views and queries are touched.
"""

from __future__ import annotations

import atexit
import socket
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException

from tools.sources.table import SourceError
from tools.sources.uris import DatabaseUri, parse

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

MEANING = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
}
"""What sessions are set to: casts give NULL instead of an error, text means what sqlglot writes, times are in UTC."""
PORT = "15002"
CONNECT_SECONDS = 10.0
RETRIES = {"max_retries": 6, "initial_backoff": 100, "backoff_multiplier": 3.0, "max_backoff": 4000}
"""For requests that no server answers: about 13 seconds in all; milliseconds."""
FORM = "Write spark://host:15002/schema.table."
_HINTS = {
    "UNAUTHENTICATED": ("the server does not accept the token", "Name it as ${VARIABLE}: spark://:${VARIABLE}@host/t."),
    "PERMISSION_DENIED": ("the server does not let this user in", "Ask for access, or check the token."),
    "UNIMPLEMENTED": ("what listens there is no Spark Connect server", "Check the port; Spark's own is 15002."),
}
_STRANGE = {
    False: ("the server does not answer as Spark does", "Check host and port, and whether it wants ?use_ssl=true."),
    True: ("the server does not speak TLS, or not with a certificate that counts here", "A token needs TLS."),
}
_LOST = ("HY000", "INVALID_HANDLE", "INVALID_CURSOR")

warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]", category=UserWarning)

_sessions: dict[str, SparkSession] = {}
_only_one = threading.Lock()


@dataclass(frozen=True)
class Server:
    """Where a table lies."""

    uri: DatabaseUri
    tls: bool

    @property
    def address(self) -> str:
        """Host and port; an IPv6 address stands in brackets."""
        host = f"[{self.uri.host}]" if ":" in self.uri.host else self.uri.host
        return f"{host}:{self.uri.port or PORT}"

    @property
    def namespace(self) -> str:
        """Of the tables that the server knows."""
        return f"spark://{self.address}"

    @property
    def engine(self) -> str:
        """Tables of the same user on the same server can be joined."""
        return f"{self.namespace}/{self.uri.user}" if self.uri.user else self.namespace


def is_remote(what: object) -> bool:
    """Whether a session or DataFrame is one of Spark Connect."""
    return type(what).__module__.startswith("pyspark.sql.connect")


def server(uri: str, *, secrets: bool = True) -> Server:
    """The server that a URI names. Raises SourceError."""
    place = parse(uri, secrets=secrets)
    unknown = set(place.options) - {"use_ssl", "parquet"}
    if unknown or place.options.get("use_ssl", "true") not in ("true", "false"):
        raise SourceError(f"{place.text} has options that are not known.", hint="Known: use_ssl=true, parquet=PATH.")
    return Server(place, bool(place.password) or place.options.get("use_ssl") == "true")


def session(where: Server) -> SparkSession:
    """This process's session on a server, made anew where the server has forgotten it. Raises SourceError."""
    secret = sha256(where.uri.password.encode()).hexdigest()
    key = f"{where.engine} {where.tls} {secret}"
    with _only_one:
        kept = _sessions.get(key)
        if kept is None or not _alive(kept):
            _sessions[key] = _connected(where)
        return _sessions[key]


def beside(session: SparkSession) -> SparkSession:
    """A session of a user's server with settings of its own; one that is ours stays the one."""
    if session in _sessions.values():
        return session
    made = session.newSession()
    _patient(made)
    settle(made)
    return made


def lost(error: BaseException) -> bool:
    """Whether a query failed because its server is away, or no longer knows the session."""
    code = _code(error)
    return code == "UNAVAILABLE" or (code in ("INTERNAL", "UNKNOWN", "FAILED_PRECONDITION") and _forgotten(error))


def _forgotten(error: BaseException) -> bool:
    said = str(error)
    return said.startswith("[") and any(said[1:].startswith(name) for name in _LOST)


def _code(error: BaseException) -> str:
    asked = getattr(error, "getGrpcStatusCode", None)
    return str(asked().name) if asked else ""


def _alive(kept: SparkSession) -> bool:
    try:
        return not kept.is_stopped and all(kept.conf.get(name) == value for name, value in MEANING.items())
    except PySparkException:
        return False


def _connected(where: Server) -> SparkSession:
    _reach(where)
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession

    # A pool of its own: gRPC's common one would not try an address again for a while at which nobody answered before.
    channel = DefaultChannelBuilder(f"sc://{where.address}", [("grpc.use_local_subchannel_pool", 1)])
    channel.set("use_ssl", str(where.tls).lower())
    if where.uri.password:
        channel.set("token", where.uri.password)
    if where.uri.user:
        channel.set("user_id", where.uri.user)
    made = SparkSession(connection=channel)
    made.client.set_retry_policies([])
    try:
        settle(made)
        _patient(made)
    except PySparkException as error:
        sentence, hint = _HINTS.get(_code(error), _STRANGE[where.tls])
        raise SourceError(f"{where.uri.text} cannot be opened: {sentence}.", hint=hint) from error
    return made


def settle(made: Any) -> None:
    """Sets a session that nobody else uses."""
    for name, value in MEANING.items():
        if made.conf.get(name) != value:
            made.conf.set(name, value)


def _patient(made: SparkSession) -> None:
    """Bounds how long a server is waited for; PySpark waits for ten minutes, also at the end of the program."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    made.client.set_retry_policies([DefaultPolicy(**RETRIES)])
    atexit.register(_end, made)


def _end(made: SparkSession) -> None:
    """The server forgets the session with all its views."""
    made.client.set_retry_policies([])
    with suppress(PySparkException):
        made.stop()


def _reach(where: Server) -> None:
    """Says at once what gRPC would say after many tries."""
    what = f"{where.uri.text} cannot be opened"
    try:
        address = (where.uri.host, int(where.uri.port or PORT))
        socket.create_connection(address, CONNECT_SECONDS).close()
    except socket.gaierror:
        raise SourceError(f"{what}: there is no such host.", hint="Check the host and the network.") from None
    except TimeoutError:
        raise SourceError(f"{what}: the server does not answer.", hint="Check host, port and firewall.") from None
    except OSError:
        hint = "Check host and port, and that the Connect server runs."
        raise SourceError(f"{what}: nothing listens there.", hint=hint) from None
