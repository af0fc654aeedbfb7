"""A split needs as much memory for a large table as for a small one."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

MEASURE = """
import re, sys
from pathlib import Path
from tests.integration.test_validation_quarantine import divided
found = divided(sys.argv[1], sys.argv[2], 'Rules = [ColumnValues "a" < 1000000, IsComplete "b"]')
print(found.rows, int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_table(tmp_path):
    peaks = []
    for rows in (300_000, 2_400_000):
        path = tmp_path / f"t{rows}.parquet"
        texts = pa.array([f"text number {i % 10_000}" * 4 for i in range(rows)])
        pq.write_table(pa.table({"a": range(rows), "b": texts, "c": texts}), path, use_dictionary=False)
        command = [sys.executable, "-c", MEASURE, str(path), str(tmp_path / f"out{rows}")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        assert int(said[0]) == rows
        peaks.append(int(said[1]))
    assert peaks[1] < peaks[0] + 200, peaks
