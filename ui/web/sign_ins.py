"""Who is signed in at this server, and how often somebody may try. It is kept in memory: a restart signs everybody out.

The server's gate and the pages' scripts run in one process and share it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "assay_session"
SESSION_SECONDS = 10 * 3600.0
"""How long somebody stays signed in: a working day."""
WINDOW_SECONDS = 15 * 60.0
MOST_FAILURES = {"pair": 5, "name": 50, "address": 50}
"""Failures within the window after which a name from an address, a name, or an address has to wait."""
MOST_SESSIONS = 10_000


@dataclass(frozen=True)
class _Session:
    name: str
    until: float


class SignIns:
    """Sessions by the hash of their secret, and failures to begin one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._failures: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._visits: dict[str, float] = {}

    def begin(self, name: str) -> str:
        """A session for somebody whose password was right; the secret that the browser keeps."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._sessions = {key: one for key, one in self._sessions.items() if one.until > now}
            while len(self._sessions) >= MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[_key(secret)] = _Session(name, now + SESSION_SECONDS)
        return secret

    def name_of(self, secret: str | None) -> str | None:
        """Who has the session of a secret; None if it has ended or never was one."""
        found = self._sessions.get(_key(secret or ""))
        return found.name if found and found.until > self._clock() else None

    def end(self, secret: str | None) -> str | None:
        """Ends a session; whose it was."""
        with self._lock:
            found = self._sessions.pop(_key(secret or ""), None)
        return found.name if found else None

    def is_new(self, visit: str) -> bool:
        """Whether a visit that a service vouched for is seen for the first time."""
        with self._lock:
            now = self._clock()
            self._visits = {key: until for key, until in self._visits.items() if until > now}
            known = visit in self._visits
            self._visits.setdefault(visit, now + SESSION_SECONDS)
        return not known

    def wait_seconds(self, name: str, address: str) -> float:
        """How long somebody has to wait before the next try; 0 if not at all."""
        now, longest = self._clock(), 0.0
        with self._lock:
            for key in _keys(name, address):
                recent = [at for at in self._failures.get(key, []) if at > now - WINDOW_SECONDS]
                if len(recent) >= MOST_FAILURES[key[0]]:
                    longest = max(longest, recent[0] + WINDOW_SECONDS - now)
        return longest

    def failed(self, name: str, address: str) -> None:
        """Counts a failure. Called before the password is looked at, so that tries at once count each."""
        now = self._clock()
        with self._lock:
            recent = {key: [at for at in times if at > now - WINDOW_SECONDS] for key, times in self._failures.items()}
            self._failures = defaultdict(list, {key: times for key, times in recent.items() if times})
            for key in _keys(name, address):
                self._failures[key].append(now)

    def succeeded(self, name: str, address: str) -> None:
        """Takes back what :meth:`failed` counted for a try that was right."""
        with self._lock:
            for key in _keys(name, address):
                if self._failures[key]:
                    self._failures[key].pop()


SIGN_INS = SignIns()
"""Those of this server."""


def _key(secret: str) -> str:
    # Looking up a hash takes no time that tells anything about the secret.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _keys(name: str, address: str) -> list[tuple[str, ...]]:
    known = name.strip().casefold()[:100]
    return [("pair", known, address), ("name", known), ("address", address)]
