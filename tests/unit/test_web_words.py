"""Small words for people, and the command line of the server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ui.web.moments import ago, left
from ui.web.result_view import percent
from ui.web.server import APP, command
from ui.web.steps import count, duration

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
        (timedelta(hours=23, minutes=50), "in 23 h"),
    ],
)
def test_how_long_until(ahead: timedelta, words: str) -> None:
    assert left(NOW + ahead, NOW) == words


@pytest.mark.parametrize(
    ("score", "shown"), [(None, "–"), (1.0, "100"), (0.99999, "99.9"), (0.5, "50.0"), (0.0, "0.0")]
)
def test_a_score_is_never_rounded_up_to_full(score: float | None, shown: str) -> None:
    assert percent(score) == shown


def test_counts_and_durations() -> None:
    assert (count(1, "rule"), count(2_000, "row")) == ("1 rule", "2,000 rows")
    assert (duration(0.42), duration(125), duration(7_200)) == ("0.4 s", "2 min", "2 h")


def test_the_command_line_is_one_that_streamlit_takes(tmp_path: Path) -> None:
    line = command(8599, "127.0.0.1")
    assert line[0] == sys.executable
    assert str(APP) in line
    assert APP.exists()
    flags = line[line.index(str(APP)) + 1 :]
    options = dict(zip(flags[::2], flags[1::2], strict=True))
    assert options["--server.port"] == "8599"
    assert options["--browser.gatherUsageStats"] == "false"
    shown = subprocess.run(
        [*line[:3], "config", "show", *flags], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert 'primaryColor = "#1f6f6b"' in shown.stdout
