"""``assay validate --quarantine``: the files, the report, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.terminals import ASSAY, SECONDS, Done, command, environment, obey_interrupts

RULES = 'Rules = [IsComplete "email", RowCount > 1]'


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    (tmp_path / "rules.dqdl").write_text(RULES)
    path = tmp_path / "orders.csv"
    path.write_text("id,email\n1,a@example.org\n2,\n3,b@example.org\n")
    return path


def call(home: Path, folder: Path, *arguments: str) -> Done:
    return command(home, folder, "validate", "orders.csv", "--rules", "rules.dqdl", *arguments)


def test_good_and_bad_rows_are_written_and_told(home, orders):
    done = call(home, orders.parent, "--quarantine", "out", "--json")
    told = json.loads(done.stdout)["quarantine"]
    assert done.returncode == 1
    assert (told["rows"], told["good_rows"], told["bad_rows"]) == (3, 2, 1)
    assert (orders.parent / "out/orders/bad.csv").read_text().splitlines()[1] == '2,,"IsComplete ""email"""'
    again = call(home, orders.parent, "--quarantine", "out")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    people = call(home, orders.parent, "--quarantine", "elsewhere").stdout
    assert "Split 3 rows" in people
    assert "RowCount > 1  It is not about single rows." in people


@pytest.mark.parametrize(("target", "says"), [("gs://x/y", "Cannot write to gs://"), ("rules.dqdl", "Cannot write to")])
def test_places_that_cannot_be_written_to(home, orders, target, says):
    done = call(home, orders.parent, "--quarantine", target)
    assert done.returncode == 2
    assert says in done.stderr


def test_ctrl_c_leaves_nothing(home, orders):
    rows = 3_000_000
    pq.write_table(
        pa.table({"id": range(rows), "email": [f"{i}@example.org" for i in range(rows)]}), orders.parent / "big.parquet"
    )
    command = [ASSAY, "validate", "big.parquet", "--rules", "rules.dqdl", "--quarantine", "out"]
    obey_interrupts()
    running = subprocess.Popen(command, env=environment(home), cwd=orders.parent, stderr=subprocess.PIPE, text=True)
    out = orders.parent / "out"
    until = time.monotonic() + SECONDS
    while not list(out.glob(".big-*/good.parquet")):
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 130
    assert "Traceback" not in said
    assert not out.exists()
    listed = subprocess.run([ASSAY, "runs", "--json"], env=environment(home), capture_output=True, check=True)
    newest = json.loads(listed.stdout)[0]
    assert (newest["kind"], newest["status"], newest["error"]) == ("validate", "cancelled", "Stopped by Ctrl-C.")
    assert f"Run {newest['id']} is recorded as cancelled.\nStopped.\n" in said
