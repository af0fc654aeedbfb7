"""What this worker can see: a folder of another machine is none of its business."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memory import Memory
    from memory.watches import Watch

LOOK_SECONDS = 1.0


class Sight:
    """The watches that there are, asked for once a second, by all that want to know. Safe in threads."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._watches: list[Watch] = []
        self._blind: list[int] = []
        self._look_at = 0.0

    def watches(self) -> list[Watch]:
        """All that were not removed. Raises StoreError."""
        self._look()
        return self._watches

    def blind(self) -> list[int]:
        """The numbers of those whose folder is not on this machine. Raises StoreError."""
        self._look()
        return self._blind

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() < self._look_at:
                return
            self._watches = self._memory.watches.all()
            self._blind = [one.id for one in self._watches if one.kind == "folder" and not _here(one.source)]
            self._look_at = time.monotonic() + LOOK_SECONDS


def _here(place: str) -> bool:
    import os

    from tools.events.files import folder_of

    return os.path.isdir(folder_of(place))
