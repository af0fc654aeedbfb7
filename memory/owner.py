"""Who holds a lease: a process, named so that another process on the same machine can tell whether it still lives."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil  # type: ignore[import-untyped]

START_TOLERANCE_SECONDS = 2.0
"""How far two readings of one process's start time may differ after the clock was set."""


def this_process() -> str:
    """``host:pid:start time`` of the calling process."""
    return f"{_host()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_gone(owner: str) -> bool:
    """True only when the owner ran on this host and surely runs no more."""
    host, _, process = owner.partition(":")
    pid, _, started = process.partition(":")
    if host != _host():
        return False
    try:
        found = psutil.Process(int(pid))
        if found.status() == psutil.STATUS_ZOMBIE:
            return True
        return bool(abs(found.create_time() - float(started)) > START_TOLERANCE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.AccessDenied):
        return False


@cache
def _host() -> str:
    """The host's name, narrowed to one boot and one set of process ids: containers may share a name but not these."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [socket.gethostname().replace(":", "-")]
    if boot.exists() and namespace.exists():
        parts += [boot.read_text().strip()[:8], str(namespace.stat().st_ino)]
    return "/".join(parts)
