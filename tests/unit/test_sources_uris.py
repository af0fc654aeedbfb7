"""Database URIs: what is read, what is kept, and that nothing but a SourceError comes of any text."""

from __future__ import annotations

import math
from contextlib import suppress
from decimal import Decimal
from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import sources
from tools.sources.rows import Column, to_batch, to_table
from tools.sources.table import DatasetName, QueryError, SourceError
from tools.sources.uris import did_you_mean, join_names, parse, shown, without_passwords

NAMES = st.text(min_size=1, max_size=12)


def test_the_parts_of_a_uri() -> None:
    place = parse("postgresql://ada:s%40cret@[::1]:5433/shop/sales%2Eeu.orders?sslmode=require&password=x")
    assert (place.scheme, place.user, place.password, place.host, place.port) == (
        "postgresql",
        "ada",
        "s@cret",
        "::1",
        "5433",
    )
    assert place.path == (("shop",), ("sales.eu", "orders"))
    assert place.options == {"sslmode": "require", "password": "x"}
    assert place.text == "postgresql://ada@[::1]:5433/shop/sales%2Eeu.orders?sslmode=require"


def test_a_socket_keeps_its_capitals() -> None:
    assert parse("postgresql://%2FRun%2FPG:5432/shop/t").host == "/Run/PG"


def test_a_named_password_is_read_and_its_name_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s@c/ret")
    place = parse("mysql://ada:${SHOP_PASSWORD}@db/shop/orders")
    assert place.password == "s@c/ret"
    assert place.text == "mysql://ada:${SHOP_PASSWORD}@db/shop/orders"
    assert "ret" not in repr(place)


def test_a_name_within_a_password_is_no_name() -> None:
    assert parse("mysql://ada:a${HOME}@db/shop/orders").text == "mysql://ada@db/shop/orders"


@given(user=NAMES, password=st.text(min_size=9), names=st.lists(NAMES, min_size=2, max_size=2))
def test_every_name_and_password_can_be_written(user: str, password: str, names: list[str]) -> None:
    quoted = quote(user, safe=""), quote("#" + password, safe="")
    place = parse(f"mysql://{quoted[0]}:{quoted[1]}@db/" + "/".join(join_names([name]) for name in names))
    assert (place.user, place.password) == (user, "#" + password)
    assert place.path == tuple((name,) for name in names)
    assert quoted[1] not in place.text
    assert parse(place.text).text == place.text


@given(st.text(alphabet="ab:/@?#[]%.${}=&\\ \n\x00é", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SourceError):
        assert parse(f"postgresql://{text}").text.startswith("postgresql://")


@pytest.mark.parametrize(
    "text",
    [
        "u:s3/cret@h/db/t",
        "u:s3#cret@h/db/t",
        "u:33?cret@h/db/t",
        "u:33/cret@h/db/t",
        "u:s3cret@h:x/db/t",
        "[s3cret/db/t",
    ],
)
def test_what_is_refused_is_not_repeated(text: str) -> None:
    with pytest.raises(SourceError, match="Write special characters") as caught:
        parse(f"postgresql://{text}")
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "safe"),
    [
        ("data/a@b:c.csv", "data/a@b:c.csv"),
        ("file:///data/a@b#1.csv", "file:///data/a@b#1.csv"),
        ("spark:///data/a?b.parquet", "spark:///data/a?b.parquet"),
        ("spark://local/db.t", "spark://local/db.t"),
        ("MySQL://u:s3cret@h/d/t", "mysql://u@h/d/t"),
        ("mysql://u:${NOT_SET}@h/d/t", "mysql://u:${NOT_SET}@h/d/t"),
        (
            "postgres://u:s3cret@h:1/d/t?sslmode=require&sslpassword=s3cret&PASSWORD=s3cret",
            "postgres://u@h:1/d/t?sslmode=require",
        ),
        ("athena://r/d.t?aws_secret_access_key=s3cret&workgroup=w", "athena://r/d.t?workgroup=w"),
        ("mysql://h/d/t?client_secret=s3cret&apiKey=s3cret&X-Token=s3cret", "mysql://h/d/t"),
        ("redshift://c.r/d/t?secret=prod/shop", "redshift://c.r/d/t?secret=prod%2Fshop"),
        ("postgres://u:s3/cret@h/d/t", "postgres://***"),
        ("postgres://u:s3@cret@h/d/t", "postgres://u@h/d/t"),
        ("jdbc:postgresql://h/d?user=u&password=s3cret", "jdbc:postgresql://***"),
        ("s3://key:s3cret@bucket/k", "s3://key@bucket/k"),
        ("s3://lake/w@t #?/[x]*.csv", "s3://lake/w@t #?/[x]*.csv"),
        ("s3a://key:s3/cret@bucket/k", "s3a://***"),
        ("https://h/t.csv?token=s3cret", "https://h/t.csv?token=***"),
        ("iceberg://lake/shop.orders?tag=q2", "iceberg://lake/shop.orders?tag=q2"),
        ("iceberg://lake/shop.orders?tag=q2&s3.secret=s3cret", "iceberg://lake/shop.orders"),
        ("file://u:s3cret@h/t.csv", "file://u@h/t.csv"),
        ("spark://u:s3cret@h/t", "spark://u@h/t"),
    ],
)
def test_what_may_be_shown_of_a_source(source: str, safe: str) -> None:
    assert shown(source) == safe
    assert shown(safe) == safe


@pytest.mark.parametrize(
    "source",
    [
        "postgres://u:s3/cret@h/d/t",
        "jdbc:postgresql://h/d?user=u&password=s3cret",
        "s3://key:s3cret@bucket/k",
        "https://h/t.csv?token=s3cret",
        "file://u:s3cret@h/t.csv",
    ],
)
def test_what_is_not_opened_is_told_without_its_password(source: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.open(source)
    assert "cret" not in str(caught.value)


@given(st.text(min_size=6).map(lambda text: f"{text}s3cret"), st.sampled_from(["mysql", "postgres", "s3", "x", "file"]))
def test_no_password_is_ever_shown(password: str, scheme: str) -> None:
    for written in (password, quote(password, safe="")):
        assert "s3cret" not in shown(f"{scheme}://u:{written}@h/d/t")


def test_a_goal_keeps_its_words_without_passwords() -> None:
    goal = "Profile (mysql://u:s3cret@h/d/t), data/a.csv and https://x.org/y; why: u:1"
    assert without_passwords(goal) == "Profile (mysql://u@h/d/t), data/a.csv and https://x.org/y; why: u:1"


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("orderz", ["customers", "orders"], "Did you mean orders?"),
        ("x", ["a1", "a2", "a3", "a4", "a5", "a6"], "There are a1, a2, a3, a4, a5 ..."),
        ("x", [], "There is no table that this user may read."),
    ],
)
def test_near_names(name: str, known: list[str], words: str) -> None:
    assert did_you_mean(name, known).startswith(words)


@pytest.mark.parametrize(
    ("namespace", "name", "short"),
    [
        ("postgres://db:5432", "shop.public.orders", "orders"),
        ("mysql://db:3306", "shop.orders", "orders"),
        ("file", "/data/orders.csv", "orders"),
        ("memory", "table-0a1b2c3d", "table-0a1b2c3d"),
    ],
)
def test_what_a_person_calls_it(namespace: str, name: str, short: str) -> None:
    assert DatasetName(namespace, name).short == short


def test_rows_without_a_declared_precision_get_what_they_need() -> None:
    column = [Column("v", None)]
    assert to_table(column, [(Decimal("1.5"),), (Decimal(2),)], "t").schema.field("v").type == pa.decimal128(2, 1)
    assert to_table(column, [(None,)], "t")["v"].to_pylist() == [None]
    assert to_table(column, [], "t").num_rows == 0


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e300"])
def test_what_no_decimal_holds_becomes_a_double(value: str) -> None:
    answer = to_table([Column("v", pa.decimal128(5, 2))], [(Decimal(value),), (None,), (Decimal("1.25"),)], "t")
    first, second, third = answer["v"].to_pylist()
    assert math.isnan(first) if value == "NaN" else first == float(value)
    assert (second, third) == (None, 1.25)


@pytest.mark.parametrize(
    ("kind", "value"), [(pa.int8(), 300), (pa.decimal128(5, 2), Decimal("1.234")), (None, Decimal("NaN"))]
)
def test_a_batch_never_changes_its_types(kind: pa.DataType | None, value: object) -> None:
    with pytest.raises(QueryError, match="a value of the column 'v' does not fit") as caught:
        to_batch([Column("v", kind)], [(value,)], "t")
    assert str(value) not in str(caught.value)
