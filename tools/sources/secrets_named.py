"""Names that stand for secrets in addresses, and what may be a secret that somebody has written out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from urllib.parse import unquote

from tools.sources.secrets_allowed import check
from tools.sources.table import SourceError

FORGOTTEN = "***"
"""Stands where a secret was."""
_NAMED = re.compile(r"\$\{(\w+|secret://[^{}\s]+|secret%3A%2F%2F[\w%.~-]+)\}")
_NAME = re.compile(
    r"passw|pwd|passphrase|token|credential|secret|auth(?!or([._-]|s|$|id|name))|bearer|session|signature|jwt"
    r"|^(pin|code)$|(^|[._-])(key|apikey|appkey|appid|sig)$|(api|access|app|private|subscription)[._-]?(key|id)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_+/=~-]{24,}|[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]{6,}){2}")
"""Long, of letters and digits: what people write is seldom so, keys nearly always are."""
_PLAIN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T\d:.+Z-]*", re.IGNORECASE)

_WORDS = re.compile(r"([A-Za-z]{1,14}|\d{1,8})([-_+]([A-Za-z]{1,14}|\d{1,8}|[A-Za-z]\d))*")
"""``monthly-sales-2024`` is long, and no key."""


def names_any(text: str) -> bool:
    """Whether a name of a secret stands somewhere in a text."""
    return _NAMED.search(text) is not None


def is_named(value: str) -> bool:
    """Whether a value holds the name of a secret and no word beside that could be one."""
    rest = _NAMED.sub("", value)
    return rest != value and not looks_secret("", rest)


def looks_secret(name: str, value: str) -> bool:
    """Whether the value under that name may be one."""
    rest = _NAMED.sub("", value)
    if _NAME.search(name):
        return bool(rest)
    return bool(_TOKEN.fullmatch(rest)) and not _PLAIN.fullmatch(rest) and not _WORDS.fullmatch(rest)


def named(text: str, what: str, host: str, spell: Callable[[str], str] = str) -> str:
    """The text with what its names stand for, spelled by ``spell``, to be sent to a host. Raises SourceError."""
    return _NAMED.sub(lambda found: spell(_looked_up(unquote(found.group(1)), what, host)), text)


def _looked_up(name: str, what: str, host: str) -> str:
    check(name, host, what)
    if ":" in name:
        from tools.sources.secrets import resolve

        return resolve(name)
    if name not in os.environ:
        raise SourceError(f"{what}: the environment variable {name} is not set.", hint="Set it, or name another.")
    return os.environ[name]
