"""The page that compares two tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from memory import Memory
from tests.support.pages import page_on, texts
from ui.web import compare_page


@pytest.fixture
def page(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    with page_on(store_url, monkeypatch):
        yield AppTest.from_string("from ui.web import compare_page\ncompare_page.show()", default_timeout=60)


@pytest.fixture
def files(tmp_path: Path, store: Memory) -> tuple[str, str]:
    """Two tables that the store knows: the page under test takes what it offers."""
    before, now = tmp_path / "before.csv", tmp_path / "now.csv"
    before.write_text("n,s\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(400)))
    now.write_text("n,s,[x](http://e.org)\n" + "".join(f"{i + 300},a,1\n" for i in range(500)))
    for path in (before, now):
        store.catalog.upsert_dataset("file", str(path), str(path), [])
    return str(before), str(now)


def asked(page: AppTest, before: str | None, now: str | None) -> AppTest:
    page.run()
    page.selectbox[0].set_value(before)
    page.selectbox[1].set_value(now)
    return page.button[0].click().run()


def test_two_files_are_compared(page: AppTest, files: tuple[str, str], store: Memory) -> None:
    asked(page, *files)
    assert not page.exception
    told = texts(page).replace("\\", "")
    assert "400 → 500 rows (+25.0 %). 2 of 2 columns changed, all of them much" in told
    assert [(metric.label.replace("\\", ""), metric.value) for metric in page.metric] == [
        ("Rows in before.csv", "400"),
        ("Rows in now.csv", "500"),
        ("Columns changed", "2 of 2"),
    ]
    assert "A large drift (0.25 or more); chance does not explain it (p < 0.0001)" in told
    facts = page.dataframe[1].value
    assert list(facts.columns) == ["Statistic", "before.csv", "now.csv"]
    assert "](http" not in page.warning[0].value
    (run,) = store.runs.recent()
    assert (run.kind, run.status, run.sources) == ("compare", "done", list(files))


def test_both_tables_must_be_named(page: AppTest, files: tuple[str, str]) -> None:
    for before, now in ((None, None), (files[0], None)):
        asked(page, before, now)
        assert page.warning[0].value == "Name two tables."


def test_what_cannot_be_opened_is_one_line_and_takes_the_last_result_away(
    page: AppTest, files: tuple[str, str]
) -> None:
    asked(page, *files)
    assert compare_page.FOUND in page.session_state
    Path(files[1]).unlink()
    asked(page, *files)
    assert not page.exception
    assert "does not exist" in page.error[0].value
    assert not page.metric
