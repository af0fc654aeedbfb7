"""Small words for people, and the command line of the server."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from streamlit.testing.v1 import AppTest

from ui.report import terminal
from ui.report.moments import ago, left
from ui.report.text import points
from ui.web.server import GUARDED, command

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5, minutes=59), "5 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=8), "on 2026-11-15"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(minutes=20), "in 20 min"),
        (timedelta(hours=23, minutes=50), "in 24 h"),
    ],
)
def test_how_long_until(ahead: timedelta, words: str) -> None:
    assert left(NOW + ahead, NOW) == words


@pytest.mark.parametrize("share", [1.0, 0.99999, 0.98769, 0.9, 0.0])
def test_the_page_and_the_report_show_the_same_score(share: float) -> None:
    shown = AppTest.from_string(
        f"from ui.web.result_view import scores\nscores({share}, {{'validity': {share}, 'completeness': {share}}})"
    ).run()
    with (console := Console(width=80)).capture() as captured:
        console.print(terminal.scores({"validity": share, "completeness": share}, share))
    in_terminal = re.findall(r"\d+\.\d", captured.get())
    assert [metric.value for metric in shown.metric] == in_terminal == [f"{points(share):.1f}"] * 3
    assert [metric.label for metric in shown.metric] == ["Score", "Completeness", "Validity"]


def test_without_anything_measured_there_is_no_score() -> None:
    shown = AppTest.from_string("from ui.web.result_view import scores\nscores(None, {})").run()
    assert [metric.value for metric in shown.metric] == ["–"]


def test_the_command_line_is_one_that_streamlit_takes(tmp_path: Path) -> None:
    line = command(8599, "127.0.0.1")
    assert line[0] == sys.executable
    assert str(GUARDED) in line
    assert GUARDED.exists()
    flags = line[line.index(str(GUARDED)) + 1 :]
    options = dict(zip(flags[::2], flags[1::2], strict=True))
    assert options["--server.port"] == "8599"
    assert options["--browser.gatherUsageStats"] == "false"
    shown = subprocess.run(
        [*line[:3], "config", "show", *flags], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert 'primaryColor = "#1f6f6b"' in shown.stdout
