"""Watches that may be, and what a place may hold that no table is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graph.arriving.bell import Bell
from graph.arriving.places import Look
from graph.watching import Watching
from memory import Memory
from memory.watches import Watch
from tests.support.arriving import soon
from tools.errors import AssayError
from tools.events import files


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    found.mkdir()
    return found


def watch(store: Memory, place: object, **more: str) -> Watch:
    return Watching(store, "sam").add(str(place), **more)  # type: ignore[arg-type]


def test_watches_that_would_move_data_in_a_circle_are_refused(store: Memory, inbox: Path, tmp_path: Path) -> None:
    watch(store, inbox, trusted=f"{tmp_path}/b", quarantine=f"{tmp_path}/bad")
    for name in ("b", "c"):
        (tmp_path / name).mkdir()
    with pytest.raises(AssayError, match="come back to it"):
        watch(store, tmp_path / "b", trusted=f"{inbox}/sub", quarantine=f"{tmp_path}/worse")
    chained = watch(store, f"{tmp_path}/b/*.csv", trusted=f"{tmp_path}/c", quarantine=f"{tmp_path}/worse")
    with pytest.raises(AssayError, match=r"come back to it from .*/b/\*\.csv"):
        watch(store, tmp_path / "c", trusted=f"{tmp_path}/d", quarantine=str(inbox))
    store.watches.remove(chained.id, "Ann")
    watch(store, tmp_path / "c", trusted=f"{tmp_path}/d", quarantine=str(inbox))


def test_a_name_that_is_no_text_is_left_to_a_person_and_a_link_to_itself_is_nothing(
    store: Memory, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.02)
    for name in (b"caf\xe9.csv", b"a.csv"):
        with open(os.fsencode(inbox) + b"/" + name, "w") as named:
            named.write("id\n1\n")
    (inbox / "loop.csv").symlink_to(inbox / "loop.csv")
    made = watch(store, inbox)
    look = Look(store, made, Bell())

    def both() -> bool:
        look.begin()
        look.soon()
        return store.arrivals.counts(made.id) == {"dead": 1, "waiting": 1}

    soon(both, "both are looked at")
    [dead] = store.arrivals.recent(state="dead")
    assert "rename it" in str(dead.reason)
    assert store.watches.get(made.id).trouble is None
