"""A real PgBouncer in transaction mode before the store of the tests: each transaction may get another session."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.certificates import Pair

START_SECONDS = 20
SESSIONS = 2
"""So few that whoever holds one while asking for another is found out; only the set-up of a store needs two at once."""
# Debian keeps servers in /usr/sbin, which is not on every user's PATH.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> str | None:
    """Why there can be no PgBouncer here, or None."""
    if shutil.which("pgbouncer", path=_PATH) is None:
        return "PgBouncer is not installed: apt-get install pgbouncer"
    return None


@contextmanager
def pooler(server: str, mode: str = "transaction", tls: Pair | None = None, password: str = "") -> Iterator[str]:
    """The URL of a pooler before a server with a socket; the database's name is the same on both.

    With a certificate it lets nobody in without TLS, and with a password nobody without that.
    """
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    origin = conninfo_to_dict(server)
    folder, port = Path(str(origin["host"])), _free_port()
    (home / "users").write_text(f'"{origin["user"]}" "{password}"\n')
    (home / "ini").write_text(
        f"""[databases]
* = host={folder} port={origin["port"]} user={origin["user"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {"plain" if password else "trust"}
auth_file = {home}/users
pool_mode = {mode}
default_pool_size = {SESSIONS}
reserve_pool_size = 0
query_wait_timeout = 30
server_fast_close = 1
log_connections = 0
log_disconnections = 0
{_secured(home, tls)}
"""
    )
    command = [str(shutil.which("pgbouncer", path=_PATH)), str(home / "ini")]
    if os.geteuid() == 0:
        # It refuses to run as root, and only the server's own account may open the server's socket.
        for path in (home, *home.iterdir()):
            shutil.chown(path, folder.owner())
        command += ["-u", folder.owner()]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = make_conninfo("", host="127.0.0.1", port=port, user=origin["user"], dbname=origin["dbname"])
        _wait(process, make_conninfo(url, password=password or None), home / "log")
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home)


def _secured(home: Path, tls: Pair | None) -> str:
    if tls is None:
        return ""
    shutil.copy(tls.certificate, home / "cert")
    shutil.copy(tls.key, home / "key")
    return f"client_tls_sslmode = require\nclient_tls_cert_file = {home}/cert\nclient_tls_key_file = {home}/key"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PgBouncer does not start: {log.read_text()[-2000:]}")
