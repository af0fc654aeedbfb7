"""TLS for MySQL and MariaDB, by the names of their own clients: ``?ssl-mode=verify_identity&ssl-ca=FILE``."""

from __future__ import annotations

import ssl
from typing import Any

import pymysql

from tools.sources.iam import BUNDLE
from tools.sources.table import SourceError
from tools.sources.uris import DatabaseUri

OPTIONS = ("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key")
_MODES = ("disabled", "preferred", "required", "verify_ca", "verify_identity")
_CLEAR_TEXT_REFUSED = 2061


def arguments(place: DatabaseUri, *, iam: bool) -> dict[str, Any]:
    """What the driver is told. With a file of authorities, or an IAM token, the server has to prove who it is.

    Raises SourceError.
    """
    options = place.options
    default = "verify_identity" if iam or "ssl-ca" in options else "required" if "ssl-cert" in options else "preferred"
    mode = options.get("ssl-mode", default).lower().replace("-", "_")
    if mode not in _MODES:
        raise SourceError(f"{place.text}: there is no ssl-mode {mode!r}.", hint=f"There are {', '.join(_MODES)}.")
    if iam and mode in ("disabled", "preferred"):
        raise SourceError(f"{place.text}: an IAM token is not sent without TLS.", hint=f"Leave ssl-mode away. {BUNDLE}")
    told: dict[str, Any] = {"auth_plugin_map": {"mysql_clear_password": _ClearText}}
    if mode == "disabled":
        return told | {"ssl_disabled": True}
    if mode != "preferred":
        told["ssl"] = _context(place, mode)
    return told


def _context(place: DatabaseUri, mode: str) -> ssl.SSLContext:
    options = place.options
    try:
        context = ssl.create_default_context(cafile=options.get("ssl-ca"))
        context.check_hostname = mode == "verify_identity"
        context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
        if cert := options.get("ssl-cert"):
            context.load_cert_chain(cert, options.get("ssl-key"))
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(options[name] for name in OPTIONS[1:] if name in options)
        why = error.strerror if isinstance(error, FileNotFoundError) else "no certificate or key in PEM form"
        raise SourceError(f"{place.text}: {files}: {why}.", hint="Check ssl-ca, ssl-cert and ssl-key.") from None
    return context


class _ClearText:
    """A server may ask for the password as it is: it gets it where nobody can listen."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        """Sends the password, or token. Raises OperationalError without TLS."""
        if not self._connection._secure:
            said = "the server asks for the password in clear text, without TLS"
            raise pymysql.OperationalError(_CLEAR_TEXT_REFUSED, said)
        self._connection.write_packet(self._connection.password + b"\0")
        answer = self._connection._read_packet()
        answer.check_error()
        return answer
