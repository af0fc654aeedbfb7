"""A real MariaDB server of this test process, from Debian's package, empty and without durability."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60
# Debian keeps servers in /usr/sbin, which is not on every user's PATH.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SMALL = ["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M", "--skip-name-resolve"]
_HASTY = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--performance-schema=off", "--skip-log-bin"]


def missing() -> str | None:
    """Why there can be no MariaDB here, or None."""
    if importlib.util.find_spec("pymysql") is None:
        return "PyMySQL is not installed: pip install 'assay[mysql]'"
    if shutil.which("mariadbd", path=_PATH) is None:
        return "MariaDB is not installed: apt-get install mariadb-server"
    return None


@dataclass(frozen=True)
class MariaDB:
    """A server on this machine; root needs no password."""

    port: int

    def connect(self, database: str | None = None) -> Any:
        """A connection as root in autocommit mode, times in UTC. The caller closes it."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
            init_command="set time_zone = '+00:00'",
        )

    def run(self, *statements: str, database: str | None = None) -> None:
        """Runs statements as root."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def uri(self, database: str, table: str, user: str = "root") -> str:
        """The URI of a table."""
        return f"mysql://{user}@127.0.0.1:{self.port}/{database}/{table}"


@contextmanager
def server(*own: str) -> Iterator[MariaDB]:
    """Starts a server on a free port, with settings of its own; it is stopped and its files are removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="assay-m-"))
    try:
        _run("mariadb-install-db", home, "--auth-root-authentication-method=normal", "--skip-test-db", *_SMALL)
        port = _free_port()
        with open(home / "log", "wb") as log:
            arguments = _arguments(home, f"--socket={home}/s", f"--port={port}", "--bind-address=127.0.0.1")
            settings = [*_SMALL, *_HASTY, "--character-set-server=utf8mb4", *own]
            command = [_program("mariadbd"), *arguments, *settings]
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, port, home / "log")
            yield MariaDB(port)
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(home)


def _run(program: str, home: Path, *options: str) -> None:
    command = [_program(program), *_arguments(home, *options)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or done.stdout


def _arguments(home: Path, *options: str) -> list[str]:
    # It runs as whoever runs the tests, root included, which it refuses to do unasked.
    # A server that starts deletes what others have left in a folder of temporary files, and what others still use.
    own = [f"--datadir={home}/data", f"--tmpdir={home}"]
    return ["--no-defaults", f"--user={Path(home).owner()}", *own, *options]


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found, f"{name} is not installed"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"MariaDB does not start: {log.read_text()[-2000:]}")
