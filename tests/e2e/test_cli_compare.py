"""``assay compare``: report, exit codes, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.terminals import Done, command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in {
        "a.csv": [(i, "x") for i in range(500)],
        "small.csv": [(i + 45, "x") for i in range(500)] + [(i, "x") for i in range(300)],
        "large.csv": [(i + 400, "y") for i in range(500)],
    }.items():
        (tmp_path / name).write_text("n,s\n" + "".join(f"{n},{s}\n" for n, s in rows))
    return tmp_path


def call(home: Path, folder: Path, *arguments: str) -> Done:
    return command(home, folder, "compare", *arguments)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("a.csv", "a.csv"), 0),
        (("a.csv", "large.csv"), 1),
        (("a.csv", "large.csv", "--fail-on", "never"), 0),
        (("a.csv", "small.csv"), 0),
        (("a.csv", "small.csv", "--fail-on", "small"), 1),
        (("a.csv", "large.csv", "--ignore", "n", "--ignore", "S"), 0),
        (("a.csv", "nowhere.csv"), 2),
        (("a.csv", "a.csv", "--ignore", "z"), 2),
        (("a.csv", "a.csv", "--html", "no/where.html"), 2),
        (("a.csv",), 2),
    ],
)
def test_exit_codes(home, folder, arguments, code):
    assert call(home, folder, *arguments).returncode == code


def test_people_machines_and_a_page(home, folder):
    done = call(home, folder, "a.csv", "large.csv", "--html", "c.html")
    assert "500 rows in both. 2 of 2 columns changed, all of them much." in done.stdout
    assert "Only in large.csv: y. Only in a.csv: x." in " ".join(done.stdout.split())
    assert "What changed" in (folder / "c.html").read_text()
    report = json.loads(call(home, folder, "a.csv", "large.csv", "--json").stdout)
    assert (report["degree"], report["exit_code"], report["left_rows"]) == ("large", 1, 500)
    assert {column["name"]: column["degree"] for column in report["columns"]} == {"n": "large", "s": "large"}
