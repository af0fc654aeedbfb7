"""The installed command in a process of its own: with pipes, or at a terminal where keys can be pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ASSAY = str(Path(sys.executable).with_name("assay"))
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SECONDS = 90
Done = subprocess.CompletedProcess[str]


def environment(home: Path, **changes: str) -> dict[str, str]:
    """That of this process without any setting of Assay, with a store of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ASSAY_", "AWS_", "COLUMNS"))}
    return {**kept, "ASSAY_HOME": str(home), "TERM": "xterm", "AWS_EC2_METADATA_DISABLED": "true", **changes}


def command(home: Path, folder: Path, *arguments: str, **env: str) -> Done:
    """Runs ``assay`` in a folder with the store of ``home``. No answer may hold a traceback or a colour."""
    done = subprocess.run(
        [ASSAY, *arguments],
        env=environment(home, **env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return done


def obey_interrupts() -> None:
    """Undoes what a shell does to background jobs, which ignore Ctrl-C and have their children ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Terminal:
    """A command at a terminal of 100 columns."""

    def __init__(self, *arguments: str, env: Mapping[str, str], cwd: Path) -> None:
        obey_interrupts()
        self._pid, self._keyboard = pty.fork()
        if self._pid == 0:
            os.chdir(cwd)
            os.execve(ASSAY, [ASSAY, *arguments], dict(env))
        fcntl.ioctl(self._keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        self._code: int | None = None
        self.raw = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._keyboard)

    @property
    def text(self) -> str:
        """All that was shown, without colours."""
        return ESCAPES.sub("", self.raw).replace("\r", "")

    def expect(self, words: str, seconds: float = SECONDS) -> None:
        """Waits until the words are shown after those that were expected before."""
        give_up = time.monotonic() + seconds
        while words not in self.text[self._seen :]:
            left = give_up - time.monotonic()
            assert left > 0, f"{words!r} is not in what came: {self.text[self._seen :]}"
            assert self._read(left), f"it ended without {words!r}: {self.text[self._seen :]}"
        self._seen = self.text.index(words, self._seen) + len(words)

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._keyboard, keys.encode())

    def end(self, seconds: float = SECONDS) -> int:
        """Waits for the end of the command; its exit code."""
        give_up = time.monotonic() + seconds
        while self._read(give_up - time.monotonic()):
            assert time.monotonic() < give_up, f"it does not end: {self.text[self._seen :]}"
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def _read(self, seconds: float) -> bool:
        """Takes what comes within so many seconds; False when there will be no more."""
        ready = select.select([self._keyboard], [], [], max(0.0, seconds))[0]
        assert ready, f"nothing more came within {SECONDS} s after: {self.text[self._seen :]}"
        try:
            data = os.read(self._keyboard, 65536)
        except OSError:  # Linux tells the end of a terminal so
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)
