"""A job that spark-submit starts: it works on the Spark it was submitted to and leaves its verdict in the store."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import ui.job
from memory import Memory
from tests.support import heavy, spark


def test_a_submitted_job_validates_on_its_cluster(store_url: str, tmp_path: Path) -> None:
    heavy.need(spark.missing())
    pq.write_table(pa.table({"id": [1, 2, None], "state": ["open", "paid", "open"]}), tmp_path / "orders.parquet")
    (tmp_path / "orders.dqdl").write_text('Rules = [ RowCount = 3, IsComplete "id" ]')
    (tmp_path / "log").mkdir()
    source = f"spark://local/?parquet=file://{tmp_path}/orders.parquet"
    command = spark.submit(
        *(
            "--name",
            "nightly",
            "--conf",
            "spark.eventLog.enabled=true",
            "--conf",
            "spark.eventLog.compress=false",
            "--conf",
            f"spark.eventLog.dir={tmp_path}/log",
        ),
        *(ui.job.__file__, "--JOB_NAME", "nightly", "--assay", f"validate {source} --rules {tmp_path}/orders.dqdl"),
    )
    environment = spark.environment() | {"ASSAY_DATABASE_URL": store_url, "ASSAY_HOME": str(tmp_path / "home")}
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 1, ended.stderr[-2000:]

    with Memory.open(store_url) as memory:
        (run,) = memory.runs.recent(5)
        assert (run.kind, run.status) == ("validate", "done")
        (evaluation,) = memory.results.for_run(run.id)
        assert [rule["outcome"] for rule in evaluation.evaluation["rules"]] == ["Passed", "Failed"]
    events = "".join(path.read_text() for path in (tmp_path / "log").rglob("events_*"))
    assert '"nightly"' in events
    assert events.count('"SparkListenerJobStart"') >= 1
