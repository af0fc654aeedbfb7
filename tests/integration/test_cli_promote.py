"""``assay promote``: from the list of what is in quarantine to what is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memory import Memory
from memory.publications import Batch
from tests.support.landings import landed, watched, with_rules
from ui.cli.main import app

GOOD, BAD = "id,amount\n1,20\n2,30\n", "id,amount\n1,20\n2,-30\n"
RULE = 'ColumnValues "amount" > 0'
Call = Callable[..., str]


@pytest.fixture
def call(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["promote", *arguments])
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    return run


@pytest.fixture
def batches(store: Memory, tmp_path: Path) -> list[Batch]:
    """Two files in quarantine."""
    (tmp_path / "raw").mkdir()
    watch = watched(store, f"{tmp_path}/raw/*.csv", trusted=f"{tmp_path}/good", quarantine=f"{tmp_path}/bad")
    with_rules(store, watch.source, RULE)
    for name in ("a.csv", "b.csv"):
        (tmp_path / "raw" / name).write_text(BAD)
        landed(store, watch, f"{tmp_path}/raw/{name}")
    return store.publications.recent()[::-1]


def test_what_is_not_published_is_listed_with_its_reasons(call: Call, batches: list[Batch]) -> None:
    shown = call("--list")
    for batch in batches:
        assert batch.id in shown
        assert batch.place in shown
    assert shown.count(f"{RULE}: ") == 2
    assert [one["id"] for one in json.loads(call("--list", "--json"))] == [batch.id for batch in batches[::-1]]


def test_mended_it_is_published_and_the_other_one_is_not(call: Call, batches: list[Batch]) -> None:
    Path(batches[0].place).write_text(GOOD)
    assert f"{batches[0].id} is trusted" in call(batches[0].id)
    assert Path("good/a.csv").read_text() == GOOD
    shown = call("raw/b.csv", code=1)
    assert f"{batches[1].id} is quarantined" in shown
    assert RULE in shown
    assert not Path("good/b.csv").exists()


def test_a_dataset_means_all_of_its_batches(call: Call, batches: list[Batch]) -> None:
    Path(batches[0].place).write_text(GOOD)
    done = json.loads(call("raw/*.csv", "--json", code=1))
    assert [one["state"] for one in done] == ["trusted", "quarantined"]


def test_forced_it_says_who_and_why(call: Call, batches: list[Batch]) -> None:
    shown = call(batches[0].id, "--force", "refunds are negative", "--as", "Ann")
    assert "is trusted" in shown
    assert "by Ann: refunds are negative" in shown
    assert Path("good/a.csv").read_text() == BAD


def test_what_cannot_be_done_does_not_keep_the_others_back(call: Call, batches: list[Batch]) -> None:
    Path(batches[0].place).unlink()
    Path(batches[1].place).write_text(GOOD)
    done = json.loads(call("raw/*.csv", "--json", code=2))
    assert "not there any more" in done[0]["error"]
    assert done[1]["state"] == "trusted"


def test_nothing_to_list_is_said(call: Call) -> None:
    assert "All that landed is published" in call("--list")
