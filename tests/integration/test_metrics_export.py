"""Metrics given out: what is in the files, which days are written, and that nothing is ever half there or twice."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow.parquet as pq
import pytest

from graph import exporting
from graph.exporting import export
from memory import Memory
from tests.support import days
from tests.support.s3 import bucket
from tools import objects
from tools.errors import AssayError
from tools.metrics import state
from tools.metrics.schema import BY_DAY, TABLES, WHOLE
from tools.objects.local import LocalObjects
from tools.objects.model import ObjectsError

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
AGO = [NOON - timedelta(days=number) for number in range(10)]


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch) -> None:
    monkeypatch.setattr("tools.objects.local.os.fsync", lambda _: None)


@pytest.fixture
def filled(store: Memory) -> Memory:
    """Two datasets over four days; the second of yesterday failed."""
    orders, users = days.dataset(store, "/data/orders.csv"), days.dataset(store, "/data/users.csv")
    for at in (AGO[5], AGO[3], AGO[1]):
        days.validated(store, orders.id, at)
    days.validated(store, users.id, AGO[1], outcomes=("Failed", "Error"))
    days.profiled(store, orders.id, AGO[2])
    return store


def opened(folder) -> duckdb.DuckDBPyConnection:
    """DuckDB with the views that stand beside the data."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute((folder / "sql/duckdb.sql").read_text())
    return connection


def everything(folder) -> dict[str, list]:
    """All rows of all tables, in order; without when a dataset or run was made, which each test has of its own."""
    connection = opened(folder)
    return {table.name: connection.sql(f"from {table.name} order by all").fetchall() for table in TABLES}


def files(folder) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != state.KEY}


def test_facts_have_what_was_found_and_keys_that_lead_to_their_dimensions(filled, tmp_path):
    done = export(filled, str(tmp_path / "out"))
    assert done.days == [at.date() for at in (AGO[5], AGO[3], AGO[2], AGO[1])]
    assert done.rows["fact_validation"] == 4
    sql = opened(tmp_path / "out").sql
    validations = "select short_name, day, rules_total, rules_passed, rules_failed, rules_error, score, passed"
    assert sql(
        f"{validations} from fact_validation join dim_dataset using (dataset_key) where not passed"
    ).fetchall() == [("users", AGO[1].date(), 2, 0, 1, 1, pytest.approx(0.85), False)]
    assert sql(
        """select d.short_name, f.field_name, r.rule, r.rule_type, r.rule_number, n.meaning is null, x.outcome,
            x.passed, x.failed_rows, x.row_count, u.kind, t.calendar_date
        from fact_rule_result x join dim_dataset d using (dataset_key) left join dim_field f using (field_key)
            join dim_rule r using (rule_key) join dim_dimension n on n.dimension_key = x.dimension_key
            join dim_run u using (run_key) join dim_date t using (date_key)
        where x.outcome <> 'Passed' order by r.rule"""
    ).fetchall() == [
        ("users", "email", days.RULES[0], "IsComplete", None, False, "Failed", 0, 3, 10, "validate", AGO[1].date()),
        ("users", None, days.RULES[1], "RowCount", None, False, "Error", 0, None, 10, "validate", AGO[1].date()),
    ]
    assert sql("select count(*), sum(score) from fact_score").fetchall() == [(8, pytest.approx(7.7))]
    assert sql(
        """select distinct f.field_name, m.metric, m.metric_value from fact_metric m
        left join dim_field f using (field_key) order by all"""
    ).fetchall() == [("email", "Completeness", 0.7), (None, "RowCount", 10.0)]
    assert sql(
        """select f.field_name, null_count, completeness, uniqueness, mean_value, day
        from fact_profile join dim_field f using (field_key) order by all"""
    ).fetchall() == [("email", 3, 0.7, 1.0, None, AGO[2].date()), ("id", 0, 1.0, 1.0, 4.5, AGO[2].date())]
    assert sql("select count(*), min(calendar_date), max(calendar_date) from dim_date").fetchall() == [
        (5, AGO[5].date(), AGO[1].date())
    ]


def test_every_key_is_in_its_dimension_once(filled, tmp_path):
    export(filled, str(tmp_path))
    sql = opened(tmp_path).sql
    for table in WHOLE:
        assert sql(f"select count(*) - count(distinct {table.key}) from {table.name}").fetchall() == [(0,)]
        for fact in BY_DAY:
            if table.key in [column.name for column in fact.columns]:
                lost = f"select count(*) from {fact.name} anti join {table.name} using ({table.key})"
                assert sql(f"{lost} where {fact.name}.{table.key} is not null").fetchall() == [(0,)], (fact.name, table)


def test_no_value_of_the_data_is_given_out(filled, tmp_path):
    export(filled, str(tmp_path))
    told = repr(everything(tmp_path))
    assert days.RULES[0] in told
    for secret in ("hunter2", "someone@example.com", "a@example.com"):
        assert secret not in told


def test_files_have_the_columns_and_types_that_are_declared(filled, tmp_path):
    export(filled, str(tmp_path))
    for table in TABLES:
        for path in (tmp_path / table.name).rglob("*.parquet"):
            assert pq.ParquetFile(path).schema_arrow.equals(table.arrow()), path


def written(folder, call) -> set[str]:
    """The days that a call wrote files of, by what is another file afterwards."""
    before = {path: path.stat().st_ino for path in folder.rglob("*.parquet")}
    call()
    after = {path: path.stat().st_ino for path in folder.rglob("*.parquet")}
    changed = [path for path, number in after.items() if before.get(path) != number]
    return {path.parent.name.removeprefix("day=") for path in changed if "day=" in str(path)}


def settled(folder) -> None:
    """As if the last export were of so long ago that all that is in the store by now was stored before."""
    place = objects.at(str(folder))
    found = state.read(place)
    later = datetime.now(UTC) + exporting.OVERLAP
    state.write(place, state.State(found.store, later, found.first, found.last, found.sql))


def test_only_days_that_changed_are_written_again(filled, tmp_path):
    export(filled, str(tmp_path))
    settled(tmp_path)
    before = files(tmp_path)
    assert written(tmp_path, lambda: export(filled, str(tmp_path))) == set()
    assert files(tmp_path) == before


def aged(store: Memory, folder) -> None:
    """Everything that is stored counts as old, and the export as of just after it."""
    settled(folder)
    place = objects.at(str(folder))
    found = state.read(place)
    with store.db.transaction() as connection:
        row = connection.execute("select clock_timestamp() as now").fetchone()
    state.write(place, state.State(found.store, row["now"] + exporting.OVERLAP, found.first, found.last, found.sql))


def test_a_day_of_the_past_changes_with_what_is_measured_again_or_spoken_about(filled, tmp_path):
    orders = filled.catalog.named("file", "/data/orders.csv")
    export(filled, str(tmp_path))
    aged(filled, tmp_path)
    days.validated(
        filled, orders.id, datetime.now(UTC), version=f"v {AGO[5].isoformat()}", points={"Dataset.*.RowCount": 7.0}
    )
    # Its place in time is kept where the store does that by itself.
    with filled.db.transaction() as connection:
        connection.execute("update metric_points set measured_at = %s where value = 7", [AGO[5]])
    expected = {AGO[5].date().isoformat(), datetime.now(UTC).date().isoformat()}
    assert written(tmp_path, lambda: export(filled, str(tmp_path))) == expected
    assert opened(tmp_path).sql(
        f"select metric_value from fact_metric where day = '{AGO[5].date()}' order by 1"
    ).fetchall() == [
        (0.7,),
        (7.0,),
    ]
    aged(filled, tmp_path)
    point = filled.history.points(orders.id, "Dataset.*.RowCount")[-1]
    assert point.measured_at == AGO[1]
    filled.history.decide(point.number, "exclude", "ada", "a test load")
    assert written(tmp_path, lambda: export(filled, str(tmp_path))) == {AGO[1].date().isoformat()}
    assert opened(tmp_path).sql("select day, verdict from fact_metric where verdict is not null").fetchall() == [
        (AGO[1].date(), "exclude")
    ]


def test_exported_bit_by_bit_it_is_the_same_as_at_once(store, tmp_path):
    orders = days.dataset(store, "/data/orders.csv")
    for at in AGO[5:2:-1]:
        days.validated(store, orders.id, at, outcomes=("Failed", "Passed"))
        export(store, str(tmp_path / "bits"))
    changed = days.dataset(store, "/data/orders.csv", "email", "total")
    assert changed.id == orders.id
    days.profiled(store, orders.id, datetime.now(UTC))
    export(store, str(tmp_path / "bits"))
    export(store, str(tmp_path / "whole"))
    bits, whole = everything(tmp_path / "bits"), everything(tmp_path / "whole")
    # What a field of the past was, only an export of then knows.
    kinds = {row[2]: (row[4], row[6]) for row in bits.pop("dim_field")}
    assert kinds == {"id": ("number", False), "email": ("text", True), "total": ("text", True)}
    whole.pop("dim_field")
    assert bits == whole


def test_since_begins_there_and_later_exports_go_on(filled, tmp_path):
    assert export(filled, str(tmp_path), since=AGO[2].date()).days == [AGO[2].date(), AGO[1].date()]
    settled(tmp_path)
    assert export(filled, str(tmp_path)).days == []
    settled(tmp_path)
    assert export(filled, str(tmp_path), since=AGO[3].date()).days == [at.date() for at in (AGO[3], AGO[2], AGO[1])]
    assert opened(tmp_path).sql("select min(calendar_date) from dim_date").fetchall() == [(AGO[3].date(),)]


class Cut(Exception):
    """The process ends here."""


def test_cut_off_anywhere_no_file_is_half_there_and_the_next_export_makes_it_good(filled, tmp_path, monkeypatch):
    export(filled, str(tmp_path / "right"))
    right, original = everything(tmp_path / "right"), LocalObjects.write
    writes = len(files(tmp_path / "right")) + 1
    for survived in range(0, writes, 3 if os.environ.get("ASSAY_THOROUGH") else 7):
        folder, left = tmp_path / f"cut{survived}", iter(range(survived))

        def write(self, key, source, left=left):
            if next(left, None) is None:
                original(self, f"{key}.half", io.BytesIO(source.read(10)))
                raise Cut
            original(self, key, source)

        monkeypatch.setattr(LocalObjects, "write", write)
        with pytest.raises(Cut):
            export(filled, str(folder))
        monkeypatch.setattr(LocalObjects, "write", original)
        for path in folder.rglob("data.parquet"):
            assert pq.read_table(path).schema.names
        facts = [path for path in folder.rglob("day=*/data.parquet") if "fact_" in str(path)]
        if facts:
            assert all((folder / table.name / "data.parquet").exists() for table in WHOLE), "dimensions come first"
        export(filled, str(folder))
        assert everything(folder) == right


def test_killed_in_the_middle_of_a_file_nobody_sees_half_of_it(filled, store_url, tmp_path):
    script = (
        "import os, signal, sys\nfrom graph.exporting import export\nfrom memory import Memory\n"
        "from tools.objects import local\nleft = iter(range(int(sys.argv[1])))\ncopy = local.shutil.copyfileobj\n"
        "def cut(source, file, *_):\n"
        "    if next(left, None) is None:\n"
        "        file.write(source.read(100)); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "    copy(source, file)\n"
        "local.shutil.copyfileobj = cut\nexport(Memory.open(sys.argv[2]), sys.argv[3], 'ada')"
    )
    out = tmp_path / "out"
    for survived in ("4", "15"):
        killed = subprocess.run([sys.executable, "-c", script, survived, store_url, str(out)], capture_output=True)
        assert killed.returncode == -9, killed.stderr
        assert all(pq.read_table(path).schema.names for path in out.rglob("data.parquet"))
    assert list(out.rglob("*.tmp"))
    # Nobody waits for the dead: the lock went with the connection.
    export(filled, str(out))
    export(filled, str(tmp_path / "right"))
    assert everything(out) == everything(tmp_path / "right")


def test_two_at_once_wait_for_each_other_and_double_nothing(filled, tmp_path, monkeypatch):
    inside, most, original = [], [], LocalObjects.write

    def write(self, key, source):
        inside.append(threading.get_ident())
        most.append(len(set(inside)))
        original(self, key, source)
        if key == state.KEY:
            inside.clear()

    monkeypatch.setattr(LocalObjects, "write", write)
    threads = [threading.Thread(target=export, args=(filled, str(tmp_path / "out"), "ada")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert set(most) == {1}
    export(filled, str(tmp_path / "right"))
    assert everything(tmp_path / "out") == everything(tmp_path / "right")


def test_a_day_whose_rows_are_gone_is_gone(filled, tmp_path):
    export(filled, str(tmp_path))
    with filled.db.transaction() as connection:
        connection.execute("delete from profiles")
    export(filled, str(tmp_path), since=AGO[9].date())
    # The profile was all there was of its day: nothing says any more that the day changed.
    assert opened(tmp_path).sql("select count(*) from fact_profile").fetchall() == [(2,)]
    days.validated(filled, filled.catalog.datasets()[0].id, AGO[2])
    export(filled, str(tmp_path))
    assert opened(tmp_path).sql("select count(*) from fact_validation").fetchall() == [(5,)]
    assert opened(tmp_path).sql("select count(*) from fact_profile").fetchall() == [(0,)]


def test_an_empty_store_gives_tables_without_rows(store, tmp_path):
    assert export(store, str(tmp_path)).days == [datetime.now(UTC).date()]
    assert {name: len(rows) for name, rows in everything(tmp_path).items() if rows} == {
        "dim_date": 1,
        "dim_dimension": 6,
    }


def test_two_stores_do_not_share_a_place(filled, tmp_path):
    export(filled, str(tmp_path))
    with filled.db.transaction() as connection:
        connection.execute("update store_identity set id = gen_random_uuid()")
    with pytest.raises(AssayError, match="metrics of another store"):
        export(filled, str(tmp_path))


def test_a_state_that_is_not_understood_stops_before_anything_is_written(store, tmp_path):
    (tmp_path / "_assay").mkdir()
    for content, words in (("[]", "version"), ("no json", "version"), ('{"format": 1}', "damaged")):
        (tmp_path / state.KEY).write_text(content)
        with pytest.raises(ObjectsError, match=words):
            export(store, str(tmp_path))
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_dimension_that_is_damaged_is_not_added_to(filled, tmp_path):
    export(filled, str(tmp_path))
    (tmp_path / "dim_rule/data.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ObjectsError, match="no Parquet file"):
        export(filled, str(tmp_path))


def test_on_s3_it_is_the_same(filled, tmp_path, monkeypatch):
    export(filled, str(tmp_path / "local"))
    with bucket(monkeypatch) as client:
        shares: list[float] = []
        done = export(filled, "s3://lake/quality/", since=AGO[9].date(), on_progress=shares.append)
        assert done.uri == "s3://lake/quality"
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        for found in client.list_objects_v2(Bucket="lake")["Contents"]:
            path = tmp_path / "s3" / found["Key"].removeprefix("quality/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.get_object(Bucket="lake", Key=found["Key"])["Body"].read())
    assert "'s3://lake/quality/fact_score/*/data.parquet'" in (tmp_path / "s3/sql/duckdb.sql").read_text()
    (tmp_path / "s3/sql/duckdb.sql").write_text(
        (tmp_path / "s3/sql/duckdb.sql").read_text().replace("s3://lake/quality", str(tmp_path / "s3"))
    )
    assert everything(tmp_path / "s3") == everything(tmp_path / "local")


def test_it_is_in_the_audit_log_and_another_kind_of_place_is_refused(filled, tmp_path):
    export(filled, str(tmp_path), "ada")
    row = filled.db.row("select actor, subject, data from audit_log where action = 'metrics.exported'")
    assert (row["actor"], row["subject"], json.loads(row["data"])["days"]) == ("ada", str(tmp_path), 4)
    with pytest.raises(ObjectsError, match="no place"):
        export(filled, "dynamodb://table")


def test_keys_of_dates_are_of_the_day(filled, tmp_path):
    export(filled, str(tmp_path))
    found = opened(tmp_path).sql("select distinct date_key, day from fact_metric order by 1").fetchall()
    assert found == [(int(day.strftime("%Y%m%d")), day) for day in (at.date() for at in (AGO[5], AGO[3], AGO[1]))]
    assert all(isinstance(day, date) for _, day in found)
    assert json.loads((tmp_path / state.KEY).read_text())["last"] == AGO[1].date().isoformat()
