"""Slack's incoming webhooks, and whatever else takes the same."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import InvalidURL
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from tools.alerting import slack, tls
from tools.alerting.errors import ChannelError, NotTold, reason
from tools.alerting.model import Notice
from tools.alerting.secrets import filled, has_reference, without
from tools.privacy import masked

SECONDS = 10.0
LONGEST_WAIT = timedelta(hours=6)
LONGEST_ANSWER = 200
MENDABLE = frozenset({401, 403, 404, 407, 408, 425, 429})
"""Answers that say nothing against the message: another key, address or moment may do."""


def check(target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError."""
    if not has_reference(target):
        raise ChannelError(
            "The address of a webhook is a secret: who knows it can write there.",
            hint="Put it into the environment and write '${NAME}', or '${secret://name#key}' for AWS Secrets Manager.",
        )
    for header, value in options.get("headers", {}).items():
        if not has_reference(value):
            raise ChannelError(
                f"The header {header} would be kept as it is.", hint=f"Write it as a reference: {header}='${{NAME}}'"
            )


def send(target: str, options: Mapping[str, Any], notice: Notice) -> None:
    """Posts a message. Raises NotTold."""
    url = filled(target).strip()
    host = _host(url)
    headers = {
        **{name: filled(value).strip() for name, value in options.get("headers", {}).items()},
        **{"Content-Type": "application/json; charset=utf-8", "User-Agent": "assay", "Idempotency-Key": notice.id},
    }
    body = json.dumps(slack.payload(notice), ensure_ascii=False).encode()
    opener = build_opener(HTTPSHandler(context=tls.context(options.get("ca_file", ""))), _Stays())
    try:
        with opener.open(Request(url, body, headers, method="POST"), timeout=SECONDS):  # noqa: S310
            return
    except HTTPError as error:
        with error:
            raise _refused(error, host, url, target) from None
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise tls.certificate(error.reason, host) from None
        raise NotTold(f"{host} cannot be reached: {reason(error)}") from None
    except (InvalidURL, ValueError):
        # Their words quote the address, or the header.
        message = f"The address of the webhook on {host}, or a header, has letters that cannot be sent."
        raise NotTold(message, hint="Is there a blank or the end of a line in what it stands for?") from None
    except TimeoutError:
        raise NotTold(f"{host} did not answer within {SECONDS:.0f} s.") from None


class _Stays(HTTPRedirectHandler):
    """A message is for whom it is addressed to."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere else."""
        return


def _host(url: str) -> str:
    """The host of an address that may be used. Raises NotTold, without the rest of the address."""
    wrong = NotTold("The webhook's reference holds no https:// address.", hint="Correct what it stands for.")
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not known or "@" in parts.netloc:
        raise wrong
    if parts.scheme == "http" and not tls.is_here(parts.hostname):
        raise NotTold(f"{parts.hostname} would be asked without encryption.", hint="Use https://.")
    return parts.hostname


def _refused(error: HTTPError, host: str, url: str, target: str) -> NotTold:
    said = " ".join(error.read(LONGEST_ANSWER * 4).decode("utf-8", "replace").split())[:LONGEST_ANSWER]
    said = masked(without(said.replace(url, "***"), target))
    told = f"{host} answered {error.code}" + (f": {said}" if said else "") + "."
    refused = 400 <= error.code < 500 and error.code not in MENDABLE
    return NotTold(told, refused=refused, wait=_wait(error.headers))


def _wait(headers: Message) -> timedelta | None:
    """Retry-After, in seconds or as a date."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal() and len(said) < 8:
        return min(timedelta(seconds=int(said)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(said) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return max(timedelta(), min(wait, LONGEST_WAIT))
