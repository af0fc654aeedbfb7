"""Files on S3 over its real protocol, against moto's server: what is read, how little, and what is said of failures."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError, ResponseStreamingError
from sqlglot import exp, parse_one

from tests.support.s3 import bucket
from tools import profiling, sources
from tools.sources import aws, s3, s3_files
from tools.sources.table import DatasetName, Known, SourceError, Table


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket(monkeypatch) as client:
        yield client


def put(lake: Any, objects: dict[str, bytes | pa.Table]) -> None:
    for key, content in objects.items():
        lake.put_object(Bucket="lake", Key=key, Body=parquet(content) if isinstance(content, pa.Table) else content)


def parquet(table: pa.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def select(table: Table, columns: str = "*", where: str = "true") -> exp.Select:
    condition = parse_one(where, dialect="duckdb")
    return exp.select(*columns.split("; "), dialect="duckdb").from_(table.relation()).where(condition)


def rows(uri: str) -> list[dict[str, Any]]:
    with sources.open(uri) as table:
        return table.query(select(table)).to_pylist()


class Reads(list[tuple[str, int]]):
    """Which objects were read, and how many bytes of them."""

    @property
    def keys(self) -> set[str]:
        return {path.removeprefix("s3://lake/") for path, _ in self}

    @property
    def size(self) -> int:
        return sum(size for _, size in self)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found = Reads()
    fetched = s3._fetched

    def noted(path: str, pin: s3.Pin, start: int, end: int) -> bytes:
        found.append((path, end - start))
        return fetched(path, pin, start, end)

    monkeypatch.setattr(s3, "_fetched", noted)
    return found


# What is read


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("a.csv", b"id,n\n1,x\n2,y\n"),
        ("a.tsv", b"id\tn\n1\tx\n2\ty\n"),
        ("a.csv.gz", gzip.compress(b"id,n\n1,x\n2,y\n")),
        ("a.csv.zst", pa.compress(b"id,n\n1,x\n2,y\n", "zstd", asbytes=True)),
        ("a.jsonl", b'{"id": 1, "n": "x"}\n{"id": 2, "n": "y"}\n'),
        ("a.json.gz", gzip.compress(b'[{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]')),
        ("a.parquet", pa.table({"id": [1, 2], "n": ["x", "y"]})),
        ("without-ending", pa.table({"id": [1, 2], "n": ["x", "y"]})),
        ("odd [1]/wh@t #?/ä b.csv", b"id,n\n1,x\n2,y\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes of gzip name the second they were made in
)
def test_one_object(lake: Any, key: str, content: bytes | pa.Table) -> None:
    put(lake, {key: content})
    with sources.open(f"s3://lake/{key}") as table:
        assert table.query(select(table)).to_pylist() == [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]
        assert table.dataset == DatasetName("s3://lake", key)
        assert table.uri == f"s3://lake/{key}"
        assert table.files() == [table.uri]
        assert table.engine == "duckdb"


@pytest.fixture
def orders(lake: Any) -> Any:
    """A file for each of four days, and what is no data beside them."""
    days = {
        f"orders/day=2024-01-0{day}/part-{day}.parquet": pa.table({"id": [day * 10, day * 10 + 1]})
        for day in range(1, 5)
    }
    put(
        lake,
        {**days, "orders/_SUCCESS": b"", "orders/_tmp/x.parquet": b"no", "orders/.hidden.csv": b"x", "orders/": b""},
    )
    put(lake, {"ordersold/day=2023-01-01/part.parquet": pa.table({"id": [0]})})
    return lake


@pytest.mark.parametrize(
    ("uri", "ids"),
    [
        ("s3://lake/orders", [10, 11, 20, 21, 30, 31, 40, 41]),
        ("s3://lake/orders/", [10, 11, 20, 21, 30, 31, 40, 41]),
        ("s3a://lake/orders/", [10, 11, 20, 21, 30, 31, 40, 41]),
        ("S3://lake/orders/day=2024-01-0[12]/*.parquet", [10, 11, 20, 21]),
        ("s3://lake/orders/**/*-3.parquet", [30, 31]),
        ("s3://lake/orders/*/part-?.parquet", [10, 11, 20, 21, 30, 31, 40, 41]),
        ("s3://lake/orders/day=2024-01-02", [20, 21]),
        ("s3://lake/orders/day=2024-01-02/part-2.parquet", [20, 21]),
    ],
)
def test_prefixes_and_patterns(orders: Any, uri: str, ids: list[int]) -> None:
    assert [row["id"] for row in rows(uri)] == ids


def test_a_whole_bucket(lake: Any) -> None:
    put(lake, {"a.csv": b"id\n1\n", "b/c.csv": b"id\n2\n"})
    for uri in ("s3://lake", "s3://lake/"):
        with sources.open(uri) as table:
            assert table.query(select(table)).to_pylist() == [{"id": 1}, {"id": 2}]
            assert (table.dataset, table.uri) == (DatasetName("s3://lake", "/"), "s3://lake")


def test_names_of_a_prefix_and_a_pattern(orders: Any) -> None:
    assert s3_files.name_of("s3n://lake/orders/") == DatasetName("s3://lake", "orders")
    with sources.open("s3://lake/orders/") as table:
        assert table.dataset == s3_files.name_of("s3://lake/orders")
        assert table.dataset.short == "orders"
        assert table.uri == "s3://lake/orders"


def test_folders_are_columns_and_only_those_that_are_asked_for_are_read(orders: Any, reads: Reads) -> None:
    with sources.open("s3://lake/orders") as table:
        assert [(field.name, field.kind) for field in table.fields] == [("id", "number"), ("day", "date")]
        assert table.row_count == 8
        assert table.known(["id", "day"]) == {"id": Known(8, 0, 10, 41)}
        reads.clear()
        answer = table.query(select(table, where="day = date '2024-01-03'"))
        assert answer.to_pylist() == [{"id": n, "day": date(2024, 1, 3)} for n in (30, 31)]
        assert reads.keys <= {"orders/day=2024-01-01/part-1.parquet", "orders/day=2024-01-03/part-3.parquet"}


def test_one_file_in_folders_has_their_columns_too(lake: Any, tmp_path: Path) -> None:
    put(lake, {"one/day=2024-01-01/x.csv": b"id\n1\n", "two/day=2024-01-01/x.parquet": pa.table({"id": [1]})})
    for uri in ("s3://lake/one", "s3://lake/two"):
        assert rows(uri) == [{"id": 1, "day": date(2024, 1, 1)}]
    (tmp_path / "t" / "day=2024-01-01").mkdir(parents=True)
    (tmp_path / "t" / "day=2024-01-01" / "x.csv").write_text("id\n1\n")
    assert rows(str(tmp_path / "t")) == [{"id": 1, "day": date(2024, 1, 1)}]
    assert rows(str(tmp_path / "t" / "day=2024-01-01" / "x.csv")) == [{"id": 1}]


def test_files_whose_columns_drifted(lake: Any) -> None:
    put(lake, {"p/1.parquet": pa.table({"id": pa.array([1], pa.int32()), "old": ["a"]})})
    put(lake, {"p/2.parquet": pa.table({"new": [2.5], "id": pa.array([2**40], pa.int64())})})
    put(lake, {"c/1.csv": b"id,n\n1,x\n", "c/2.csv": b"id,m\n2.5,y\n"})
    put(lake, {"j/1.jsonl": b'{"id": 1}\n', "j/2.jsonl": b'{"id": "x", "m": true}\n'})
    assert rows("s3://lake/p") == [{"id": 1, "old": "a", "new": None}, {"id": 2**40, "old": None, "new": 2.5}]
    assert rows("s3://lake/c") == [{"id": 1.0, "n": "x", "m": None}, {"id": 2.5, "n": None, "m": "y"}]
    assert [row["m"] for row in rows("s3://lake/j")] == [None, True]


def test_a_profile_is_that_of_the_same_file_on_disk(lake: Any, tmp_path: Path) -> None:
    content = b"id,n,at\n" + b"".join(b"%d,x%d,2024-01-%02d\n" % (n, n % 7, n % 28 + 1) for n in range(5000))
    put(lake, {"shop/orders.csv": content})
    (tmp_path / "orders.csv").write_bytes(content)
    found = []
    for uri in ("s3://lake/shop/orders.csv", str(tmp_path / "orders.csv")):
        with sources.open(uri) as table:
            found.append({**profiling.profile(table).to_dict(), "seconds": 0, "dataset": "", "uri": "", "version": ""})
    assert found[0] == found[1]


def test_tables_of_two_places_join(lake: Any) -> None:
    put(lake, {"a.csv": b"id\n1\n2\n", "b/x.parquet": pa.table({"id": [2, 3]})})
    third = sources.open(pa.table({"id": [2, 9]}))
    with sources.open("s3://lake/a.csv") as left, sources.open("s3://lake/b") as right, third:
        query = exp.select("id").from_(left.relation())
        query = query.join(right.relation(), using="id").join(third.relation(), using="id")
        assert left.query(query).to_pylist() == [{"id": 2}]


# How little is read


def test_columns_and_row_groups_that_are_not_asked_for_are_not_read(lake: Any, reads: Reads) -> None:
    wide = pa.table({f"c{number}": pa.array(range(number, 40_000 + number)) for number in range(20)})
    content = parquet(wide, row_group_size=10_000, compression="none", use_dictionary=False)
    lake.put_object(Bucket="lake", Key="wide.parquet", Body=content)
    with sources.open("s3://lake/wide.parquet") as table:
        reads.clear()
        assert table.query(select(table, "sum(c3) as s")).to_pylist() == [{"s": sum(range(3, 40_003))}]
        assert reads.size < len(content) / 10
        reads.clear()
        assert table.query(select(table, "sum(c4) as s", "c0 < 5000")).to_pylist() == [{"s": sum(range(4, 5004))}]
        assert reads.size < len(content) / 20


def test_a_large_csv_comes_in_parts(lake: Any, reads: Reads) -> None:
    lines = b"".join(b"%d,%d\n" % (n, n) for n in range(600_000))
    lake.put_object(Bucket="lake", Key="long.csv", Body=b"id,n\n" + lines)
    with sources.open("s3://lake/long.csv") as table:
        reads.clear()
        batches = table.stream(select(table, "id"))
        assert sum(batch.num_rows for batch in batches) == 600_000
        assert len(reads) > 2
        assert max(size for _, size in reads) <= 4 << 20


# What goes wrong


def held(table: Table) -> list[dict[str, Any]] | str:
    """What a table that is open answers; the error where it gives none."""
    try:
        return table.query(select(table)).to_pylist()
    except SourceError as error:
        return str(error)


@pytest.mark.parametrize("key", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet"])
def test_an_object_that_changed_never_gives_what_was_not_opened(lake: Any, key: str) -> None:
    def content(last: int) -> bytes | pa.Table:
        text = "id\n" + "".join(f"{n}\n" for n in [*range(100, 150), last])
        lines = "".join(f'{{"id": {n}}}\n' for n in [*range(100, 150), last])
        return {
            "a.csv": text.encode(),
            "a.csv.gz": gzip.compress(text.encode(), mtime=0),
            "a.jsonl": lines.encode(),
            "a.parquet": pa.table({"id": [*range(100, 150), last]}),
        }[key]

    put(lake, {key: content(151)})
    old, new = [{"id": n} for n in [*range(100, 150), 151]], [{"id": n} for n in [*range(100, 150), 152]]
    with sources.open(f"s3://lake/{key}") as table:
        put(lake, {key: content(152)})
        changed = f"s3://lake/{key} changed while it was open. Run it again on the new content."
        assert held(table) in (old, changed)
        with sources.open(table.uri) as again:
            assert again.version != table.version
            assert held(again) == new
            assert held(table) in (old, changed)
            both = exp.select("*").from_(table.relation()).join(again.relation(), using="id")
            with pytest.raises(SourceError, match="changed while it was open"):
                again.query(both)
        lake.delete_object(Bucket="lake", Key=key)
        assert held(table) in (old, changed, f"s3://lake/{key} is not there. Was it moved or removed? Run it again.")


@pytest.mark.parametrize("streamed", [False, True])
def test_an_object_that_is_replaced_in_the_middle_of_a_scan(
    lake: Any, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    lines = b"".join(b"%d,%d\n" % (n, n) for n in range(600_000))
    lake.put_object(Bucket="lake", Key="long.csv", Body=b"id,n\n" + lines)
    fetched, count = s3._fetched, iter(range(10_000))

    def replaced(path: str, pin: s3.Pin, start: int, end: int) -> bytes:
        if next(count) == 2:
            lake.put_object(Bucket="lake", Key="long.csv", Body=b"id,n\n" + lines.replace(b"7", b"8"))
        return fetched(path, pin, start, end)

    with sources.open("s3://lake/long.csv") as table:
        monkeypatch.setattr(s3, "_fetched", replaced)
        with pytest.raises(SourceError, match=r"^s3://lake/long\.csv changed while it was open\. Run it again"):
            list(table.stream(select(table, "n"))) if streamed else table.query(select(table, "sum(id) as s"))


def test_an_unchanged_prefix_has_the_same_version(orders: Any) -> None:
    versions = set()
    for _ in range(2):
        with sources.open("s3://lake/orders") as table:
            versions.add(table.version)
    put(orders, {"orders/day=2024-01-05/part.parquet": pa.table({"id": [50]})})
    with sources.open("s3://lake/orders") as table:
        versions.add(table.version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3://nowhere/x.csv", "there is no such bucket. Check its name"),
        ("s3://lake/shop/order.csv", "holds no data file. Did you mean orders.csv?"),
        ("s3://lake/shop/*.parquet", "holds no data file. Known: .csv"),
        ("s3://lake/none", "holds no data file"),
        ("s3://lake/mixed", "mixes formats (1 csv, 1 parquet)"),
        ("s3://lake/cut.parquet", "s3://lake/cut.parquet is no Parquet file. The file is damaged or cut short"),
        ("s3://lake/cuts", "s3://lake/cuts/2.parquet is no Parquet file"),
        ("s3://lake/empty.csv", "is empty"),
        ("s3://lake/latin.csv", "s3://lake/latin.csv, line 2: byte 5 (0xE9) is not UTF-8 text"),
        ("s3://lake/ragged.csv", "s3://lake/ragged.csv, line 3: 3 columns instead of the expected 2"),
        ("s3://lake/binary.csv", "is a binary file"),
        ("s3://lake/notes.docx", "has no known ending"),
        ("s3://lake/bad.jsonl", "Malformed JSON"),
        ("s3://", "names no bucket"),
        ("s3:///x.csv", "names no bucket"),
        ("s3://AKIA:" + "hushhush@lake/x.csv", "A URI of S3 holds no keys"),
    ],
)
def test_what_cannot_be_opened(lake: Any, uri: str, said: str) -> None:
    good = parquet(pa.table({"id": list(range(1000))}))
    put(lake, {"shop/orders.csv": b"id\n1\n", "mixed/a.csv": b"a\n1\n", "mixed/b.parquet": good})
    put(lake, {"cut.parquet": good[:-7], "cuts/1.parquet": good, "cuts/2.parquet": good[:100], "empty.csv": b""})
    put(lake, {"latin.csv": b"n\ncaf\xe9\n", "ragged.csv": b"a,b\n1,2\n1,2,3\n", "binary.csv": b"a\0b" * 9})
    put(lake, {"notes.docx": b"PK\x03\x04", "bad.jsonl": b'{"a": 1}\n{"a": \n'})
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    assert said in str(caught.value)
    assert "hushhush" not in str(caught.value)
    assert "\n" not in str(caught.value)


class Refusing:
    """A client that answers with an error of AWS, or breaks off."""

    def __init__(self, error: Exception, good: bytes = b"", times: int = 99) -> None:
        self.error, self.good, self.times = error, good, times
        self.asked = 0

    def get_paginator(self, _: str) -> Refusing:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        raise self.error

    def get_object(self, **_: Any) -> dict[str, io.BytesIO]:
        self.asked += 1
        if self.asked <= self.times:
            raise self.error
        return {"Body": io.BytesIO(self.good)}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InvalidAccessKeyId", "AWS does not accept these credentials"),
        ("ExpiredToken", "the AWS session has expired"),
        ("AccessDenied", "access is denied"),
        ("SlowDown", "AWS still throttles"),
        ("PermanentRedirect", "the bucket is in another region"),
    ],
)
def test_what_aws_refuses(monkeypatch: pytest.MonkeyPatch, code: str, said: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": said}}, "ListObjectsV2")
    monkeypatch.setattr("tools.sources.file_listing.client", lambda: Refusing(error))
    with pytest.raises(SourceError) as caught:
        sources.open("s3://lake/orders")
    assert said in str(caught.value)
    assert "s3://lake/orders" in str(caught.value)


def test_a_connection_that_breaks_is_tried_again() -> None:
    broken = ResponseStreamingError(error="reset")
    client = Refusing(broken, b"data", times=s3.TRIES - 1)
    assert s3.Part("s3://lake/x", s3.Pin(4, client=client)).read() == b"data"
    assert client.asked == s3.TRIES
    with pytest.raises(SourceError, match="s3://lake/x cannot be reached"):
        s3.Part("s3://lake/x", s3.Pin(4, client=Refusing(broken))).read()


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "TRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(SourceError, match="s3://lake/x cannot be reached: AWS does not answer"):
        sources.open("s3://lake/x")


def test_endpoint_and_path_style_by_the_settings_of_aws(
    lake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(lake, {"a.csv": b"id\n1\n"})
    config = tmp_path / "config"
    endpoint = lake.meta.endpoint_url.replace("127.0.0.1", "localhost")
    config.write_text(
        f"[profile far]\nregion = eu-west-1\nendpoint_url = {endpoint}\ns3 =\n  addressing_style = path\n"
        "aws_access_key_id = test\naws_secret_access_key = test\n"
    )
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "far")
    assert rows("s3://lake/a.csv") == [{"id": 1}]


def test_many_small_objects_are_opened_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer takes 5 ms, as from far away: one after the other they would take 7 s for each reading."""
    far = Far(700, 0.005)
    monkeypatch.setattr("tools.sources.file_listing.client", lambda: far)
    monkeypatch.setattr(s3, "client", lambda: far)
    with sources.open("s3://lake/many") as table:
        assert table.row_count == 700
        assert far.most > 4
        total = table.query(select(table, "count(*) as n; sum(id) as s")).to_pylist()
        assert total == [{"n": 700, "s": sum(range(700))}]
    assert far.answers < 3 * 700


class Far:
    """A bucket of small Parquet objects that answers slowly."""

    def __init__(self, count: int, seconds: float) -> None:
        self.objects = {f"many/{n:05}.parquet": parquet(pa.table({"id": [n]})) for n in range(count)}
        self.seconds, self.answers, self.now, self.most = seconds, 0, 0, 0
        self.lock, self.pause = threading.Lock(), threading.Event()

    def get_paginator(self, _: str) -> Far:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        from datetime import UTC, datetime

        yield {
            "Contents": [
                {"Key": key, "Size": len(data), "LastModified": datetime(2024, 1, 1, tzinfo=UTC), "ETag": f'"{key}"'}
                for key, data in self.objects.items()
            ]
        }

    def get_object(self, *, Key: str, Range: str, **_: Any) -> dict[str, io.BytesIO]:
        with self.lock:
            self.answers += 1
            self.now += 1
            self.most = max(self.most, self.now)
        self.pause.wait(self.seconds)
        start, end = Range.removeprefix("bytes=").split("-")
        with self.lock:
            self.now -= 1
        return {"Body": io.BytesIO(self.objects[Key][int(start) : int(end) + 1])}
