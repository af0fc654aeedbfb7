"""Which files a watched place takes in, and when: never before they are complete."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.arriving import soon
from tools.events import files
from tools.events.files import FilesPlace, folder_of, written
from tools.events.model import Landed
from tools.events.patterns import wants
from tools.events.presence import state
from tools.sources.table import SourceError


@pytest.mark.parametrize(
    ("location", "place", "wanted"),
    [
        ("/in/a.csv", "/in", True),
        ("/in/a.csv", "/in/", True),
        ("/in/deep/er/a.csv.gz", "/in", True),
        ("/in/a.txt.tmp", "/in", False),
        ("/in/README.md", "/in", False),
        ("/in/.a.csv", "/in", False),
        ("/in/_temporary/a.csv", "/in", False),
        ("/inner/a.csv", "/in", False),
        ("/in/a.csv", "/in/*.csv", True),
        ("/in/.a.csv", "/in/*.csv", False),
        ("/in/deep/a.csv", "/in/*.csv", False),
        ("/in/deep/a.csv", "/in/*/*.csv", True),
        ("/in/a.csv", "/in/**/*.csv", True),
        ("/in/x/y/a.csv", "/in/**/*.csv", True),
        ("/in/day=1/a", "/in/day=*/*", True),
        ("/in/a.csv", "/in/a.csv", True),
        ("/in/_a.csv", "/in/_a.csv", True),
        ("/in/A.csv", "/in/a.csv", False),
        ("s3://lake/raw/a.parquet", "s3://lake/raw/", True),
        ("s3://lake/raw/a.parquet", "s3://lake", True),
        ("s3://lake/raw/folder/", "s3://lake/raw/**", False),
        ("s3://lake/raw/folder//a.csv", "s3://lake/raw/**", False),
        ("s3://lake2/raw/a.parquet", "s3://lake", False),
        ("s3://lake/raw/a.csv", "s3://lake/raw/[ab].csv", True),
    ],
)
def test_what_a_place_takes_in(location: str, place: str, wanted: bool) -> None:
    assert wants(location, place) is wanted


def test_endings_allow_fewer_files_or_others() -> None:
    assert wants("/in/a.CSV", "/in", [".csv"])
    assert not wants("/in/a.parquet", "/in", [".csv"])
    assert wants("/in/a.dat", "/in", [".dat"])
    assert not wants("/in/a.json", "/in/*", [".csv", ".csv.gz"])


def names(found: list[Landed]) -> list[str]:
    return sorted(os.path.basename(one.location) for one in found)


def old(path: Path, text: str = "id\n1\n") -> Path:
    """A file that was not changed for a while."""
    path.write_text(text)
    os.utime(path, (time.time() - 60,) * 2)
    return path


def looked(place: FilesPlace) -> list[Landed]:
    """A look, whose finds are taken in."""
    found = place.look()
    place.keep(found)
    return found


def test_a_file_is_found_once_and_again_when_it_is_another(tmp_path: Path) -> None:
    old(tmp_path / "a.csv")
    place = FilesPlace(f"{tmp_path}/*.csv")
    [first] = looked(place)
    assert looked(place) == []
    old(tmp_path / "a.csv", "id\n1\n2\n")
    [second] = looked(place)
    assert first.location == second.location
    assert first.identity != second.identity


def test_what_was_not_taken_in_is_found_again(tmp_path: Path) -> None:
    old(tmp_path / "a.csv")
    place = FilesPlace(str(tmp_path))
    assert place.look() == place.look() != []


def test_two_that_look_see_the_same(tmp_path: Path) -> None:
    old(tmp_path / "a.csv")
    one, two = FilesPlace(str(tmp_path)), FilesPlace(f"{tmp_path}/*.csv")
    assert [found.identity for found in one.look()] == [found.identity for found in two.look()]


def test_a_file_that_grows_is_taken_when_it_is_complete(tmp_path: Path) -> None:
    place = FilesPlace(str(tmp_path))
    with (tmp_path / "a.csv").open("w") as handle:
        for _ in range(8):
            handle.write("id\n")
            handle.flush()
            assert looked(place) == []
            time.sleep(0.1)
    [found] = soon(lambda: looked(place), "the file is taken in")
    assert found.size == 24


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who writes")
def test_a_writer_that_pauses_for_long_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.01)
    monkeypatch.setattr(files, "UNSURE_SECONDS", 0.01)
    path = old(tmp_path / "a.csv")
    place = FilesPlace(str(tmp_path))
    write = "import sys; handle = open(sys.argv[1], 'a'); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", write, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"open\n"
        assert written(str(path)) == "yes"
        time.sleep(0.05)
        assert looked(place) == []
        writer.communicate()
    assert written(str(path)) == "no"
    assert names(looked(place)) == ["a.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who writes")
def test_looking_at_a_file_does_not_hurt_who_writes_it(tmp_path: Path) -> None:
    """The lease is broken by whoever opens the file meanwhile, and the signal of that must not end the watcher."""
    path = old(tmp_path / "a.csv")
    write = "import sys\nfor _ in range(3000):\n    open(sys.argv[1], 'a').close()"
    with subprocess.Popen([sys.executable, "-c", write, str(path)]) as writer:
        answers = set()
        while writer.poll() is None:
            answers.add(written(str(path)))
    assert writer.returncode == 0
    assert answers <= {"yes", "no"}


def test_where_nobody_says_who_writes_a_file_has_to_stay_as_it_is_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "written", lambda path: "unknown")
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.01)
    monkeypatch.setattr(files, "UNSURE_SECONDS", 0.3)
    (tmp_path / "a.csv").write_text("id\n")
    place = FilesPlace(str(tmp_path))
    began = time.monotonic()
    soon(lambda: looked(place), "the file is taken in")
    assert time.monotonic() - began >= 0.3


def test_an_empty_file_is_given_time_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.01)
    (tmp_path / "a.csv").touch()
    place = FilesPlace(str(tmp_path))
    for _ in range(3):
        assert looked(place) == []
        time.sleep(0.02)
    old(tmp_path / "a.csv", "")
    assert names(looked(place)) == ["a.csv"]


def test_what_is_renamed_into_place_is_found_at_once(tmp_path: Path) -> None:
    place = FilesPlace(f"{tmp_path}/*.csv")
    old(tmp_path / "a.csv.tmp")
    assert looked(place) == []
    (tmp_path / "a.csv.tmp").rename(tmp_path / "a.csv")
    assert names(looked(place)) == ["a.csv"]


def test_many_tiny_files_are_found_once(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number}.csv").touch()
        os.utime(tmp_path / f"{number}.csv", (1e9, 1e9))
    place = FilesPlace(str(tmp_path))
    assert len(looked(place)) == 2_000
    assert looked(place) == []


def test_a_folder_that_is_not_there_is_trouble_and_an_empty_one_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        FilesPlace(f"{tmp_path}/nowhere/*.csv").look()
    with pytest.raises(SourceError, match="is not there"):
        FilesPlace(f"{tmp_path}/nowhere").look()
    assert FilesPlace(f"{tmp_path}/*.csv").look() == []
    assert FilesPlace(f"{tmp_path}/orders.csv").look() == []


def test_the_folder_of_a_place(tmp_path: Path) -> None:
    assert folder_of(f"{tmp_path}/*/x.csv").rstrip("/") == str(tmp_path)
    assert folder_of(str(tmp_path)) == str(tmp_path)
    assert folder_of(f"{tmp_path}/a.csv") == str(tmp_path)


def test_whether_a_file_is_still_what_it_was(tmp_path: Path) -> None:
    path = old(tmp_path / "a.csv")
    [found] = FilesPlace(str(tmp_path)).look()
    assert state(found.location, found.version) == "there"
    path.write_text("id\n")
    assert state(found.location, found.version) == "replaced"
    path.unlink()
    assert state(found.location, found.version) == "gone"
