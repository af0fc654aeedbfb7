"""E-mail over SMTP, encrypted unless an admin says otherwise."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import urlsplit

from tools.alerting import tls, words
from tools.alerting.errors import ChannelError, NotTold, reason
from tools.alerting.model import Notice
from tools.alerting.secrets import filled, has_reference

SECONDS = 10.0
PORTS = {"smtp": 587, "smtps": 465}
TLS = ("required", "none")


def check(target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError."""
    scheme, host, _ = _server(target)
    for address in (options.get("from", ""), *options.get("to", [])):
        if "@" not in parseaddr(address)[1] or not address.isprintable():
            raise ChannelError(
                f"{address!r} is no e-mail address.", hint="Write --from a@example.com --to b@example.com"
            )
    if not options.get("to"):
        raise ChannelError("Nobody is named to write to.", hint="Write --to b@example.com, once for each.")
    password = options.get("password", "")
    if password and not has_reference(password):
        raise ChannelError("The password would be kept in the store.", hint="Write --password '${NAME}'.")
    if bool(password) != bool(options.get("user")):
        raise ChannelError("A user needs a password, and a password a user.")
    plain = scheme == "smtp" and options.get("tls") == "none"
    if plain and password and not tls.is_here(host):
        raise ChannelError("The password would be sent without encryption.", hint="Leave --no-tls away.")


def send(target: str, options: Mapping[str, Any], notice: Notice) -> None:
    """Hands a message to the server. Raises NotTold."""
    _, host, port = _server(target)
    where = f"{host}:{port}"
    try:
        with _connected(target, options) as server:
            if options.get("user"):
                server.login(filled(options["user"]), filled(options["password"]))
            server.send_message(message(options, notice))
    except ssl.SSLCertVerificationError as error:
        raise tls.certificate(error, host) from None
    except smtplib.SMTPNotSupportedError:
        raise NotTold(f"{where} offers no encryption, or no log-in.", hint="Use smtps://, or --no-tls.") from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotTold(f"{where} does not accept the user or the password ({error.smtp_code}).") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise NotTold(f"{where} refuses all recipients: {_said(next(iter(error.recipients.values()))[1])}") from None
    except smtplib.SMTPResponseException as error:
        # A server that is busy says 4xx; of a sender it does not know, an admin may make it know.
        refused = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError)
        raise NotTold(f"{where} answered {error.smtp_code}: {_said(error.smtp_error)}", refused=refused) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotTold(f"{where} cannot be reached: {reason(error)}") from None


def message(options: Mapping[str, Any], notice: Notice) -> EmailMessage:
    """The mail. Its Message-ID is the same whenever it is sent again."""
    made = EmailMessage()
    made["Subject"] = " ".join(words.title(notice).split())
    made["From"], made["To"] = options["from"], ", ".join(options["to"])
    made["Date"] = formatdate()
    digest = hashlib.sha256(notice.id.encode()).hexdigest()[:32]
    made["Message-ID"] = f"<{digest}@{parseaddr(options['from'])[1].rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(words.text(notice))
    return made


def _connected(target: str, options: Mapping[str, Any]) -> smtplib.SMTP:
    scheme, host, port = _server(target)
    if scheme == "smtp" and options.get("tls") == "none":
        return smtplib.SMTP(host, port, timeout=SECONDS)
    secure = tls.context(options.get("ca_file", ""))
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=secure)
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    try:
        server.starttls(context=secure)
    except BaseException:
        server.close()
        raise
    return server


def _server(target: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(target)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        scheme, host, port = "", "", None
    if scheme not in PORTS or not host or "@" in target or target.rstrip("/").count("/") > 2:
        raise ChannelError(
            "That is no address of a mail server.",
            hint="Write smtp://host:587 (STARTTLS) or smtps://host:465; the user and password are options.",
        )
    return scheme, host, port or PORTS[scheme]


def _said(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return reason(ValueError(text))
