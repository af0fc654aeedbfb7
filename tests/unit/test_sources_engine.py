"""The shared engine, tables in memory, and what becomes of the engine's messages."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from tools import sources
from tools.sources import DatasetName, SourceError, duck
from tools.sources.duck import engine, kind_of
from tools.sources.duck_errors import as_source_error


def test_importing_sources_is_light():
    code = "import sys, tools.sources; print(sorted({'duckdb', 'pyarrow', 'sqlglot', 'pandas'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_frames_and_arrow_tables():
    with sources.open(pd.DataFrame({"a": [1.0, None], 3: ["x", "y"]})) as table:
        assert [(field.name, field.kind) for field in table.fields] == [("a", "number"), ("3", "text")]
        assert table.query(exp.select("*").from_(table.relation())).to_pylist()[1] == {"a": None, "3": "y"}
    with sources.open(pa.record_batch({"a": [1]})) as table:
        assert (table.row_count, table.dataset.namespace) == (1, "memory")


def test_the_same_shape_is_the_same_dataset_but_not_the_same_version():
    with sources.open(pa.table({"a": [1]})) as one, sources.open(pa.table({"a": [2]})) as two:
        assert one.dataset == two.dataset
        assert one.version != two.version
    with sources.open(pa.table({"b": [1]})) as other:
        assert other.dataset != one.dataset


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (5, "Cannot open a int"),
        (pa.table({}), "no columns"),
        (pa.table([[1], [2]], names=["a", "A"]), "two columns 'A'"),
        (pd.DataFrame({"a": ["x", 1]}), "mixes types"),
        (pa.table({"f": pa.array([1.0], pa.float16())}), "cannot be read"),
    ],
)
def test_what_cannot_be_opened(source, says):
    with pytest.raises(SourceError) as caught:
        sources.open(source)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_trees_pass_the_engine():
    with pytest.raises(TypeError, match="sqlglot"):
        engine().run("SELECT 1")


def test_a_query_stops_at_its_time_limit():
    slow = sqlglot.parse_one("SELECT COUNT(*) FROM RANGE(100000000) a(i), RANGE(1000) b(j) WHERE (i * j) % 7 = 8")
    with pytest.raises(SourceError, match="time limit"):
        engine().query(slow, timeout_seconds=0.05)


def test_a_python_variable_is_no_table():
    hidden = pa.table({"a": [1]})
    with pytest.raises(SourceError):
        engine().query(exp.select("*").from_("hidden"))
    assert hidden.num_rows == 1


def test_threads_share_the_engine():
    with sources.open(pa.table({"a": list(range(1000))})) as table:

        def total(_: int) -> int:
            answer = table.query(exp.select(exp.Sum(this=exp.column("a")).as_("s")).from_(table.relation()))
            return int(answer["s"][0].as_py())

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(total, range(20))) == {499_500}


def test_times_are_utc_and_nothing_is_left_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = "SELECT CURRENT_SETTING('TimeZone') AS zone, CURRENT_SETTING('temp_directory') AS spill"
    found = engine().run(sqlglot.parse_one(settings)).to_pylist()[0]
    assert found["zone"] == "UTC"
    assert "assay-duckdb-" in found["spill"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("type_text", "kind"),
    [
        ("BIGINT", "number"),
        ("UHUGEINT", "number"),
        ("DECIMAL(10,2)", "number"),
        ("VARCHAR", "text"),
        ("ENUM('a', 'b')", "text"),
        ("UUID", "text"),
        ("BOOLEAN", "boolean"),
        ("DATE", "date"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("TIMESTAMP_NS", "timestamp"),
        ("TIME", "time"),
        ("BIGINT[]", "other"),
        ("STRUCT(a BIGINT)", "other"),
        ("JSON", "other"),
        ("BLOB", "other"),
        ("INTERVAL", "other"),
    ],
)
def test_kinds(type_text, kind):
    assert kind_of(type_text) == kind


def test_an_unknown_message_is_cut_to_its_first_sentence():
    error = as_source_error(duckdb.BinderException("Binder Error: No such thing\n\nLINE 1: SELECT\n ^"), "x.csv")
    assert str(error) == "x.csv: No such thing."


def test_short_names():
    assert DatasetName("file", "/data/orders.2024.csv").short == "orders"
    assert DatasetName("file", "/data/orders/*.parquet").short == "orders"
    assert DatasetName("memory", "table-1").short == "table-1"


def test_ctrl_c_during_a_query_is_an_interrupt_and_no_bug(monkeypatch):
    class Interrupted:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def sql(self, text):
            raise RuntimeError("Query interrupted")

    monkeypatch.setattr(engine(), "_cursor", lambda *_, **__: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        engine().query(sqlglot.parse_one("SELECT 1", read="duckdb"))


@pytest.mark.parametrize(
    ("query", "seconds", "says"),
    [
        ("SELECT CAST(CASE WHEN range = 300000 THEN 'x' ELSE '1' END AS INT) AS a FROM RANGE(1000000)", None, "type"),
        ("SELECT a.i + b.i AS n FROM RANGE(100000) a(i), RANGE(1000000) b(i)", 0.2, "time limit"),
    ],
)
def test_a_stream_that_breaks_off_is_an_error_of_the_source(query, seconds, says):
    with sources.open(pa.table({"a": [1]})) as table, pytest.raises(SourceError, match=says):
        for _ in table.stream(sqlglot.parse_one(query, read="duckdb"), timeout_seconds=seconds):
            pass


def test_threads_share_one_sealed_instance(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("n\n" + "".join(f"{i}\n" for i in range(100)))
    made = []
    original = duck.sealed
    monkeypatch.setattr(duck, "sealed", lambda views: made.append(sorted(views)) or original(views))
    with sources.open(tmp_path / "a.csv") as one, sources.open(tmp_path / "b.csv") as other:
        joined = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(one.relation())
        joined = joined.join(other.relation(), using=["n"])
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(lambda _: one.query(joined.copy())["n"][0].as_py(), range(20))
            assert set(answers) == {100}
    assert sorted(map(len, made)) == [1, 1, 2]
