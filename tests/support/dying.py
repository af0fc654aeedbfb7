"""Work in a process that is killed (SIGKILL) after the n-th thing that it did to disks, asked of S3, or stored.

Between two of them nothing changes anywhere, so that these are all the states that a crash can leave.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

WRITES = ("fsync", "link", "makedirs", "rename", "replace", "rmdir", "unlink", "utime")
"""What is done to disks, as functions of ``os``."""


def killed_at(work: Callable[[], Any], moment: int) -> bool:
    """Does the work in a fork that dies at that moment, the first being 1; False where it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            _count(moment)
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told to the test, which fails
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def _count(moment: int) -> None:
    """Counts from now on, in this process, for good."""
    from memory.db import Database
    from tools.sources import s3

    passed = 0

    def hit(*_: Any, **__: Any) -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in WRITES:
        setattr(os, name, _then(getattr(os, name), hit))
    Database.rows = _then(Database.rows, hit)  # type: ignore[method-assign]
    Database.transaction = _committed(Database.transaction, hit)  # type: ignore[method-assign]
    if "pyiceberg.catalog.sql" in sys.modules:
        from pyiceberg.catalog.sql import SqlCatalog

        SqlCatalog.commit_table = _then(SqlCatalog.commit_table, hit)  # type: ignore[method-assign]
    # Connections of the parent are not this process's.
    s3._client_for.cache_clear()
    made = s3._client_for

    def counted(environment: Any) -> Any:
        client = made(environment)
        if not getattr(client, "counted", False):
            client.meta.events.register("after-call.s3", hit)
            client.counted = True
        return client

    s3._client_for = counted  # type: ignore[assignment]


def _then(original: Callable[..., Any], hit: Callable[[], None]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        hit()
        return result

    return counted


def _committed(original: Callable[..., Any], hit: Callable[[], None]) -> Callable[..., Any]:
    @contextmanager
    def counted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with original(*args, **kwargs) as connection:
            yield connection
        hit()

    return counted
