"""Files on disk are moved whole, once, and only as they were validated, wherever the process is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.dying import killed_at
from tools.publishing.disk import Disk
from tools.publishing.model import Content, Move, PublishError, Replaced, Taken
from tools.publishing.moving import check_targets, content, move, quarantine_path, trusted_path

TEXT = "id,amount\n1,20\n2,30\n"


def _raw(folder: Path, text: str = TEXT) -> Path:
    raw = folder / "raw" / "day.csv"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(text)
    return raw


def _to_trusted(folder: Path, **changes: str) -> Move:
    raw = _raw(folder)
    found = content(str(raw))
    assert found
    trusted = str(folder / "trusted")
    made = {
        "batch": "b1",
        "source": str(raw),
        "destination": f"{trusted}/day.csv",
        "manifest": f"{trusted}/_manifests/b1.json",
    }
    return Move(content=found, told={"batch": "b1", "verdict": "trusted", "rules": []}, **{**made, **changes})


def _visible(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_that_passed_is_in_the_trusted_folder_and_nowhere_else(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    there = move(one)
    assert _visible(tmp_path) == ["trusted/_manifests/b1.json", "trusted/day.csv"]
    assert Path(one.destination).read_text() == TEXT
    said = json.loads(Path(one.manifest).read_text())
    assert said["batch"] == "b1"
    assert said["file"] == one.destination
    assert said["stamp"] == there.stamp == one.content.stamp


def test_the_time_of_a_file_goes_with_it(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    os.utime(one.source, (1_700_000_000, 1_700_000_000))
    move(one)
    assert os.stat(one.destination).st_mtime == 1_700_000_000


def test_moving_again_changes_nothing(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    move(one)
    before = os.stat(one.destination).st_ino
    move(one)
    assert os.stat(one.destination).st_ino == before
    assert len(_visible(tmp_path)) == 2


def test_what_another_worker_brings_there_just_then_has_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _to_trusted(tmp_path)
    copy = Disk.copy

    def late(self: Disk, wanted: Move) -> Content:
        monkeypatch.undo()
        move(wanted)
        return copy(self, wanted)

    monkeypatch.setattr(Disk, "copy", late)
    assert move(one) == one.content
    assert _visible(tmp_path) == ["trusted/_manifests/b1.json", "trusted/day.csv"]


def test_wherever_it_is_killed_the_bytes_are_there_and_the_next_attempt_ends_it(tmp_path: Path) -> None:
    moment = 0
    while True:
        moment += 1
        folder = tmp_path / str(moment)
        one = _to_trusted(folder)
        died = killed_at(lambda one=one: move(one), moment)
        somewhere = [path for path in folder.rglob("*") if path.is_file() and path.read_text() == TEXT]
        assert somewhere, f"killed at moment {moment}, the file is nowhere"
        if Path(one.destination).exists():
            assert Path(one.destination).read_text() == TEXT, "half a file was seen"
        move(one)
        assert _visible(folder) == ["trusted/_manifests/b1.json", "trusted/day.csv"], f"after moment {moment}"
        if not died:
            break
    assert moment > 8


def _promoted(folder: Path) -> Move:
    """A batch in quarantine, mended there, on its way to trusted."""
    kept = folder / "quarantine" / "b1"
    kept.mkdir(parents=True)
    (kept / "day.csv").write_text(TEXT)
    (kept / "_manifest.json").write_text(json.dumps({"batch": "b1", "verdict": "quarantined"}))
    found = content(str(kept / "day.csv"))
    assert found
    trusted = folder / "trusted"
    return Move(
        "b1",
        str(kept / "day.csv"),
        found,
        str(trusted / "day.csv"),
        str(trusted / "_manifests" / "b1.json"),
        {"batch": "b1", "verdict": "trusted"},
        left=str(kept / "_manifest.json"),
    )


def test_wherever_a_promotion_is_killed_no_manifest_says_that_the_batch_is_in_both_places(tmp_path: Path) -> None:
    moment = 0
    while True:
        moment += 1
        folder = tmp_path / str(moment)
        one = _promoted(folder)
        died = killed_at(lambda one=one: move(one), moment)
        left = Path(one.left)
        in_quarantine = left.exists() and json.loads(left.read_text())["verdict"] == "quarantined"
        in_trusted = Path(one.destination).exists()
        assert not (in_quarantine and in_trusted), f"in both at moment {moment}"
        assert in_trusted or Path(one.source).exists() or (left.parent / ".b1.gone").exists()
        move(one)
        assert _visible(folder) == ["trusted/_manifests/b1.json", "trusted/day.csv"], f"after moment {moment}"
        assert not left.parent.exists()
        if not died:
            break
    assert moment > 12


def test_a_file_that_was_written_anew_is_not_published(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    Path(one.source).write_text(TEXT.replace("20", "-1"))
    with pytest.raises(Replaced, match="not what was validated"):
        move(one)
    assert _visible(tmp_path) == ["raw/day.csv"]


def test_a_file_that_is_gone_is_not_published(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    os.unlink(one.source)
    with pytest.raises(Replaced):
        move(one)


def test_a_machine_that_does_not_have_the_folder_does_not_call_the_file_gone(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    os.rename(tmp_path / "raw", tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="is not on this machine") as refused:
        move(one)
    assert not isinstance(refused.value, Replaced)
    assert _visible(tmp_path) == ["elsewhere/day.csv"]


def test_a_file_that_arrives_while_its_predecessor_is_published_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _to_trusted(tmp_path)
    rename = os.rename

    def replaced_first(old: str, new: str) -> None:
        if old == one.source:
            fresh = Path(old + ".new")
            fresh.write_text("id,amount\n9,9\n")
            os.replace(fresh, old)
        rename(old, new)

    monkeypatch.setattr(os, "rename", replaced_first)
    move(one)
    assert Path(one.destination).read_text() == TEXT
    assert Path(one.source).read_text() == "id,amount\n9,9\n"
    assert [name for name in _visible(tmp_path) if "gone" in name] == []


def test_what_was_set_aside_before_a_crash_is_put_back_where_it_was_not_the_batch(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    move(one)
    aside = Path(one.source).parent / ".b1.gone"
    aside.write_text("a newer file")
    move(one)
    assert Path(one.source).read_text() == "a newer file"
    assert not aside.exists()


def test_what_somebody_else_put_there_is_not_written_over(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    Path(one.destination).parent.mkdir(parents=True)
    Path(one.destination).write_text("mine")
    with pytest.raises(Taken, match="is there already"):
        move(one)
    assert Path(one.destination).read_text() == "mine"
    assert Path(one.source).read_text() == TEXT
    assert _visible(tmp_path) == ["raw/day.csv", "trusted/day.csv"]


def test_a_corrected_file_takes_the_place_of_the_batch_of_that_name(tmp_path: Path) -> None:
    first = _to_trusted(tmp_path)
    move(first)
    raw = _raw(tmp_path, TEXT + "3,40\n")
    found = content(str(raw))
    assert found
    second = Move("b2", str(raw), found, first.destination, first.manifest.replace("b1", "b2"), {}, first.content.stamp)
    moment = 0
    while killed_at(lambda: move(second), moment := moment + 1):
        assert Path(first.destination).read_text() in (TEXT, TEXT + "3,40\n")
    assert Path(first.destination).read_text() == TEXT + "3,40\n"
    assert not raw.exists()


def test_an_empty_file_is_moved_too(tmp_path: Path) -> None:
    raw = _raw(tmp_path, "")
    found = content(str(raw))
    assert found
    assert found.size == 0
    to = str(tmp_path / "quarantine" / "b1" / "day.csv")
    move(Move("b1", str(raw), found, to, str(tmp_path / "quarantine" / "b1" / "_manifest.json")))
    assert _visible(tmp_path) == ["quarantine/b1/_manifest.json", "quarantine/b1/day.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    one = _to_trusted(tmp_path)
    os.chmod(tmp_path, 0o500)
    try:
        with pytest.raises(PublishError, match="Permission denied"):
            move(one)
    finally:
        os.chmod(tmp_path, 0o700)
    assert Path(one.source).read_text() == TEXT


def test_a_disk_that_is_full_leaves_the_file_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = _to_trusted(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PublishError, match="No space left"):
        move(one)
    assert _visible(tmp_path) == ["raw/day.csv"]


def test_paths_below_the_watched_folder_are_kept() -> None:
    assert trusted_path("/t/", "/raw/", "/raw/2024/a.csv") == "/t/2024/a.csv"
    assert trusted_path("s3://b/t", "/raw/a.csv", "/raw/a.csv") == "s3://b/t/a.csv"
    assert trusted_path("/t", "/elsewhere/", "/raw/2024/a.csv") == "/t/a.csv"
    assert quarantine_path("/q/", "b1", "/raw/2024/a.csv") == "/q/b1/a.csv"


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (("s3://b/t", "/q"), "Both on this machine"),
        (("/raw/t", "/q"), "would arrive again"),
        (("/t", "/raw"), "would arrive again"),
        (("/t", "/t/"), "within each other"),
        (("/t", "/t/bad"), "within each other"),
        (("gs://t", "/q"), "Both on this machine"),
    ],
)
def test_places_that_cannot_work_are_refused(targets: tuple[str, str], said: str) -> None:
    with pytest.raises(PublishError) as refused:
        check_targets("/raw/*.csv", *targets)
    assert said in f"{refused.value} {refused.value.hint}"


def test_places_side_by_side_are_fine() -> None:
    check_targets("/raw/*.csv", "/rawer", "/bad")
    check_targets("s3://b/raw/*.csv", "s3://b/trusted", "s3://other/raw")
