"""The key of the audit log: from the environment, else from a file that nobody else can read."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from memory import embedded
from memory.errors import StoreUnusable

VARIABLE = "ASSAY_AUDIT_KEY"
FILE = "audit.key"
SHORTEST = 16
"""Characters."""
HINT = f"Set {VARIABLE} to a secret of at least {SHORTEST} characters, the same on each machine that uses this store."


class Keys:
    """The key that new entries are signed with, and older ones that were replaced by it."""

    def __init__(self, text: str) -> None:
        """Reads keys apart by commas or blanks, the current one first. Raises StoreError."""
        found = text.replace(",", " ").split()
        if not found or min(map(len, found)) < SHORTEST:
            raise StoreUnusable("The key of the audit log is too short.", hint=HINT)
        self._keys = {_identify(key.encode()): key.encode() for key in found}
        self.current = _identify(found[0].encode())
        """The id of the key in use; tells nothing about the key."""

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def mac(self, key_id: str, text: str) -> str:
        """HMAC-SHA-256 of a text under one of the keys, in hexadecimal."""
        return hmac.new(self._keys[key_id], text.encode(), "sha256").hexdigest()


def keys() -> Keys:
    """The keys in ``ASSAY_AUDIT_KEY``, else in a file of ASSAY_HOME, made on first use. Raises StoreError."""
    return Keys(os.environ.get(VARIABLE) or _from_file(embedded.default_home() / FILE))


def _from_file(path: Path) -> str:
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        return _read(path)
    except OSError as error:
        raise _unusable(path, error) from None


def _read(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise StoreUnusable(f"Others can read the key of the audit log in {path}.", hint=f"Run: chmod 600 {path}")
        return file.read()


def _make(path: Path) -> None:
    """Makes a key under another name and links it, so that of two processes one wins and none reads half a key."""
    new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(new)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _unusable(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(f"Cannot keep the key of the audit log in {path}: {error.strerror}.", hint=HINT)


def _identify(key: bytes) -> str:
    return hmac.new(key, b"key id", "sha256").hexdigest()[:12]
