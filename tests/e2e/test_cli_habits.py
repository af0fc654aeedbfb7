"""What people do from habit, and what they are told: short ways to a run, missing tables, damaged files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.runs import write_orders
from tests.support.terminals import command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_orders(tmp_path)
    (tmp_path / "rules.dqdl").write_text('Rules = [IsComplete "email", RowCountMatch "archive" > 0.9]')
    return tmp_path


def test_a_table_that_was_not_given_is_asked_for_and_makes_no_row_bad(home, folder):
    done = command(home, folder, "validate", "orders.csv", "--rules", "rules.dqdl", "--quarantine", "out", "--json")
    assert done.returncode == 1
    assert "A rule names the table archive, which was not given: add --with archive=SOURCE." in done.stderr
    told = json.loads(done.stdout)["quarantine"]
    assert (told["rows"], told["bad_rows"]) == (5, 1)
    given = ["--with", "archive=orders.csv"]
    assert "not given" not in command(home, folder, "validate", "orders.csv", "--rules", "rules.dqdl", *given).stderr
    (folder / "rules.dqdl").write_text('Rules = [ReferentialIntegrity "id" "archive.id" = 1.0]')
    refused = command(home, folder, "validate", "orders.csv", "--rules", "rules.dqdl", "--quarantine", "nowhere")
    assert refused.returncode == 2
    assert "No table named archive was given" in refused.stderr
    assert not (folder / "nowhere").exists()


def test_the_id_of_a_run_shows_it(home, folder):
    command(home, folder, "profile", "orders.csv")
    newest = json.loads(command(home, folder, "runs", "--json").stdout)[0]
    shown = command(home, folder, "runs", newest["id"][:5])
    assert shown.returncode == 0
    head, what, *_ = shown.stdout.splitlines()
    assert head.startswith(f"Run {newest['id']} · profile · done")
    assert what == newest["sources"][0]
    unknown = command(home, folder, "runs", "zzzzzzzz")
    assert unknown.returncode == 2
    assert unknown.stderr == "error: There is no run 'zzzzzzzz' in the store. List them with: assay runs\n"
    assert "is a profile: there are no steps" in command(home, folder, "resume", newest["id"]).stderr


def test_sources_that_cannot_be_read(home, folder):
    (folder / "open.csv").write_text('a,b\n1,"x\n2,y\n')
    (folder / "empty.csv").write_text("")
    done = command(home, folder, "profile", "open.csv", "empty.csv", "gs://bucket/t.parquet")
    first, second, third = done.stderr.splitlines()[-3:]
    assert done.returncode == 2
    assert "open.csv, line 2: a value begins with a quote and does not end with one." in first
    assert "empty.csv is empty. Check how it was written or copied." in second
    assert "no connector for gs://. Known: a path, a folder, a glob, " in third
