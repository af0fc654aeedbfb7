from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from memory import Memory, embedded
from memory.errors import StoreError

START = "import sys; from pathlib import Path; from memory import embedded; print(embedded.start(Path(sys.argv[1])))"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for a server of the test's own, short enough for its socket."""
    with_server = Path(tempfile.mkdtemp(prefix="assay-h-"))
    yield with_server
    embedded.stop(with_server)
    shutil.rmtree(with_server)


def put(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (n integer)")
        connection.execute("insert into kept values (1)")


def kept(url: str) -> int:
    with psycopg.connect(url) as connection:
        return len(connection.execute("select n from kept").fetchall())


def postmaster(home: Path) -> int:
    return int((home / "pg/postmaster.pid").read_text().split()[0])


def test_the_store_is_made_found_again_stopped_and_kept(home, monkeypatch):
    monkeypatch.setenv("ASSAY_HOME", str(home))
    monkeypatch.delenv("ASSAY_DATABASE_URL", raising=False)
    with Memory.open() as store:
        assert store.catalog.datasets() == []
    server = postmaster(home)
    started = time.monotonic()
    with Memory.open() as store:
        store.runs.recent()
    assert time.monotonic() - started < 2
    put(embedded.start(home))
    assert postmaster(home) == server
    assert embedded.stop(home)
    assert not embedded.stop(home)
    assert kept(embedded.start(home)) == 1


def test_processes_that_start_it_at_once_share_one_server(home):
    started = [
        subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    urls = {process.communicate(timeout=120)[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(urls) == 1
    put(urls.pop().strip())
    assert kept(embedded.start(home)) == 1


def test_it_recovers_after_the_server_was_killed(home):
    put(embedded.start(home))
    os.kill(postmaster(home), signal.SIGKILL)
    assert kept(embedded.start(home)) == 1


def test_a_process_that_got_the_number_of_the_dead_server_does_not_matter(home):
    put(embedded.start(home))
    file = home / "pg/postmaster.pid"
    left_behind = file.read_text().split("\n", 1)[1]
    embedded.stop(home)
    file.write_text(f"{os.getpid()}\n{left_behind}")
    assert kept(embedded.start(home)) == 1


@pytest.mark.parametrize("text", ["", "text\n", "999999999\n/x\n"])
def test_a_damaged_pid_file_does_not_matter(home, text):
    embedded.start(home)
    embedded.stop(home)
    (home / "pg/postmaster.pid").write_text(text)
    embedded.start(home)


def test_an_attempt_that_was_killed_half_way_is_begun_anew(home):
    (home / "pg.new").mkdir()
    (home / "pg.new/PG_VERSION").write_text("18\n")
    (home / "initdb.log").write_text("half")
    embedded.start(home)
    assert sorted(path.name for path in home.iterdir()) == ["pg", "pg.lock"]


def swap(file: Path, text: str) -> None:
    """Replaces a file's content at one stroke, under its owner's eyes."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)


def test_it_waits_for_a_server_that_is_still_recovering(home):
    url = embedded.start(home)
    file = home / "pg/postmaster.pid"
    ready = file.read_text()
    swap(file, ready.replace("ready", "starting"))
    server, found = postmaster(home), []
    waiting = threading.Thread(target=lambda: found.append(embedded.start(home)))
    waiting.start()
    waiting.join(0.5)
    assert found == []
    swap(file, ready)
    waiting.join(10)
    assert found == [url]
    assert postmaster(home) == server


def test_a_database_that_was_not_made_in_time_is_made_later(home):
    embedded.start(home)
    url = embedded._running(home / "pg", "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop database assay")
    put(embedded.start(home))


@pytest.mark.parametrize("name", ["with space", "quote'\"$x`;#", "ünïcödé", "comma,dir", "deep/" + "long-name-" * 12])
def test_any_folder_will_do(home, name):
    folder = home / name
    url = embedded.start(folder)
    put(url)
    server = psutil.Process(postmaster(folder))
    socket = Path(psycopg.conninfo.conninfo_to_dict(url)["host"])
    assert (socket.stat().st_mode & 0o777) == 0o700
    assert embedded.stop(folder)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    if socket != folder / "pg":
        socket.rmdir()


def test_nobody_else_can_open_the_socket(home):
    embedded.start(home)
    assert (home / "pg/.s.PGSQL.5432").stat().st_mode & 0o777 == 0o700


def test_variables_meant_for_another_server_do_not_matter(home, monkeypatch):
    for name, value in {"PGPORT": "9", "PGDATA": "/nowhere", "PGUSER": "x", "LC_ALL": "xx_XX"}.items():
        monkeypatch.setenv(name, value)
    put(embedded.start(home))


def test_a_place_that_cannot_be_written_is_told_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "file/home"))
    monkeypatch.delenv("ASSAY_DATABASE_URL", raising=False)
    with pytest.raises(StoreError, match=r"Cannot keep the store in .*file/home: .*ASSAY_HOME"):
        Memory.open()


def test_data_of_another_postgres_is_left_alone(home):
    (home / "pg").mkdir()
    (home / "pg/PG_VERSION").write_text("12\n")
    with pytest.raises(StoreError, match="made by Postgres 12"):
        embedded.start(home)


def test_a_broken_store_says_what_the_server_says(home):
    embedded.start(home)
    embedded.stop(home)
    (home / "pg/postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StoreError, match=r"does not start: FATAL: .*contains errors\. See .*server\.log"):
        embedded.start(home)


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    nobody = pwd.getpwnam("nobody")
    return subprocess.run(
        [sys.executable, *command],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.fixture
def homes(home) -> Iterator[tuple[Path, Path]]:
    """A folder of the user nobody and one of root; both servers are stopped at the end."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    try:
        as_nobody("-c", "import memory.embedded").check_returncode()
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("the user nobody cannot run this Python")
    home.chmod(0o755)
    theirs, roots = home / "theirs", home / "roots"
    theirs.mkdir()
    shutil.chown(theirs, "nobody")
    yield theirs, roots
    embedded.stop(theirs)
    embedded.stop(roots)


def test_another_user_makes_a_store_and_cannot_open_roots(homes):
    theirs, roots = homes
    made = as_nobody("-c", START, str(theirs))
    assert made.returncode == 0, made.stderr
    assert psutil.Process(postmaster(theirs)).username() == "nobody"
    put(made.stdout.strip())
    embedded.start(roots)
    refused = as_nobody("-c", START, str(roots))
    assert "StoreError: Cannot keep the store in" in refused.stderr
    assert "Permission denied" in refused.stderr
