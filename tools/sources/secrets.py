"""Secrets that are kept in AWS Secrets Manager: ``secret://name#key``, read when a connection needs them.

Only the reference is ever kept, shown or stored. What it stands for is handed to the driver and forgotten.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from botocore.exceptions import ClientError

from tools.sources import aws
from tools.sources.table import SourceError

SCHEME = "secret://"
DEFAULT_KEY = "password"
_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d*:secret:.+")
_FORM = "Write secret://name#key, for example secret://prod/shop#password."


def resolve(reference: str) -> str:
    """The secret that a reference names. Raises SourceError, which never holds any of it.

    The name may be an ARN, whose region is then asked. Without a key, it is the whole text of the secret, or the
    ``password`` of one that is a JSON object, as Secrets Manager writes them for databases.
    """
    name, _, key = (unquote(part) for part in reference.removeprefix(SCHEME).partition("#"))
    if not reference.startswith(SCHEME) or not name:
        raise SourceError(f"{reference!r} names no secret.", hint=_FORM)
    return _value(_text(name, reference), key, reference)


def _text(name: str, reference: str) -> str:
    arn = _ARN.fullmatch(name)
    client = aws.client("secretsmanager", arn.group(1) if arn else "", what=reference)
    try:
        with _unlogged(), aws.errors(reference):
            text = _asked(client, name, reference).get("SecretString")
    finally:
        client.close()
    if text is None:
        raise SourceError(f"{reference} holds bytes, not text.", hint="Store it as text or JSON.")
    return str(text)


def _asked(client: object, name: str, reference: str) -> dict[str, object]:
    try:
        answer: dict[str, object] = client.get_secret_value(SecretId=name)  # type: ignore[attr-defined]
    except ClientError as error:
        if aws.code_of(error) in ("ResourceNotFoundException", "InvalidRequestException"):
            raise SourceError(f"{reference}: there is no such secret.", hint="Check its name and the region.") from None
        raise
    return answer


def _value(text: str, key: str, reference: str) -> str:
    try:
        parts = json.loads(text)
    except ValueError:
        parts = None
    if not isinstance(parts, dict):
        if key:
            raise SourceError(f"{reference}: the secret has no keys: it is a plain text.", hint="Leave the key away.")
        return text
    value = parts.get(key or DEFAULT_KEY)
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        names = ", ".join(sorted(str(one) for one in parts)) or "none"
        raise SourceError(f"{reference}: there is no text under {key or DEFAULT_KEY!r}.", hint=f"Its keys: {names}.")
    return str(value)


class _Silence(logging.Filter):
    """Keeps one thread out of the log."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record may be written."""
        return record.thread != self._thread


@contextmanager
def _unlogged() -> Iterator[None]:
    """At DEBUG, botocore logs whole answers."""
    silence = _Silence()
    loggers = [
        logger
        for name, logger in logging.Logger.manager.loggerDict.copy().items()
        if isinstance(logger, logging.Logger) and name.startswith(("botocore", "boto3", "urllib3"))
    ]
    for logger in loggers:
        logger.addFilter(silence)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(silence)
