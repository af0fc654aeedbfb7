"""What events tell: those of EventBridge and S3, others' own, and anything else that may lie in a queue."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.arriving import bridge, created, in_sns, notified
from tools.events.model import DataReady, EventError, Landed, TableChanged
from tools.events.reading import read


def told(event: Any) -> list[Any]:
    return list(read(json.dumps(event)))


def one(event: Any) -> Any:
    [found] = told(event)
    return found


def test_an_object_created() -> None:
    found = one(created("raw/orders/1 a+b.csv", size=17))
    assert (found.location, found.version, found.sequence, found.size) == (
        *("s3://lake/raw/orders/1 a+b.csv", "e1"),
        *("0A", 17),
    )
    assert found.at.isoformat() == "2026-11-01T12:00:00+00:00"


def test_a_notification_of_s3_itself_is_the_same_as_through_eventbridge() -> None:
    direct, through = one(notified("raw/1+a%2Bb%C3%A9.csv")), one(created("raw/1 a+bé.csv"))
    assert direct.location == "s3://lake/raw/1 a+bé.csv"
    assert direct.identity == through.identity


def test_what_came_through_sns_is_the_same() -> None:
    assert told(in_sns(created("a.csv"))) == told(created("a.csv"))
    assert told(in_sns(in_sns(created("a.csv")))) == told(created("a.csv"))
    with pytest.raises(EventError):
        told(in_sns(in_sns(in_sns(created("a.csv")))))


def test_an_event_that_is_delivered_twice_is_about_the_same_and_another_writing_is_not() -> None:
    first = one(created("a.csv")).identity
    assert one(created("a.csv")).identity == first
    others = [
        created("b.csv"),
        created("a.csv", "other"),
        created("a.csv", etag="e2"),
        created("a.csv", sequencer="0B"),
        created("a.csv", version="v1"),
    ]
    assert len({one(event).identity for event in others} | {first}) == 6


def test_of_a_versioned_object_the_version_alone_counts() -> None:
    one_way = one(created("a.csv", version="v1", sequencer="0A"))
    assert one_way.identity == one(created("a.csv", version="v1", sequencer="0B", etag="")).identity
    assert one(created("a.csv", version="null", sequencer="0A")).identity == one(created("a.csv")).identity


def test_a_notification_of_several_objects_tells_of_each() -> None:
    both = {"Records": notified("a.csv")["Records"] + notified("b.csv")["Records"]}
    assert [landed.location for landed in told(both)] == ["s3://lake/a.csv", "s3://lake/b.csv"]


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"},
        bridge("Object Deleted", "aws.s3", {"bucket": {"name": "lake"}, "object": {"key": "a.csv"}}),
        bridge("Glue Job State Change", "aws.glue", {"jobName": "nightly", "state": "SUCCEEDED"}),
        bridge("Glue Data Catalog Table State Change", "aws.glue", {"typeOfChange": "DeleteTable"}),
        {"Records": [{**notified("a")["Records"][0], "eventName": "ObjectRemoved:Delete"}]},
        {"Records": []},
    ],
)
def test_what_is_not_about_new_data_tells_nothing(event: dict[str, Any]) -> None:
    assert told(event) == []


def test_tables_of_glue() -> None:
    changed = {"databaseName": "shop", "tableName": "orders", "typeOfChange": "UpdateTable"}
    found = one(bridge("Glue Data Catalog Table State Change", "aws.glue", changed, "n1"))
    assert isinstance(found, TableChanged)
    assert (found.namespace, found.table, found.event) == ("shop", "orders", "n1")
    several = {"databaseName": "shop", "changedTables": ["a", "b"], "typeOfChange": "CreateTable"}
    both = told(bridge("Glue Data Catalog Database State Change", "aws.glue", several))
    assert [table.table for table in both] == ["a", "b"]


def test_others_say_that_data_is_ready() -> None:
    found = one(bridge("Data Ready", "com.example.etl", {"source": "s3://lake/a.csv", "version": "7"}))
    assert found == DataReady("s3://lake/a.csv", "7", found.at)
    assert one(bridge("Data Ready", "etl", {"source": "x"}, "n7")).version == "n7"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        ('"a"', "no JSON object"),
        ("{}", "neither a detail-type nor Records"),
        (bridge("Order Placed", "shop", {}), "'Order Placed'"),
        (bridge("Object Created", "aws.s3", None), "no detail"),
        (bridge("Object Created", "aws.s3", {}), "no bucket"),
        (bridge("Object Created", "aws.s3", {"bucket": {"name": "b"}, "object": {}}), "no key"),
        (bridge("Object Created", "aws.s3", {"bucket": {"name": "b"}, "object": {"key": "k"}}), "which version"),
        (created("k" * 1025), "cannot hold"),
        (created("k", size=-1), "number of bytes"),
        (created("k", size=2**63), "number of bytes"),
        (bridge("Data Ready", "etl", {}), "no source"),
        (bridge("Glue Data Catalog Table State Change", "aws.glue", {"databaseName": "d"}), "no tableName"),
        ({"Records": {}}, "no list"),
        ({"Records": [1]}, "no JSON object"),
    ],
)
def test_a_poisonous_event_says_what_is_wrong(event: Any, why: str) -> None:
    with pytest.raises(EventError, match=why):
        read(event if isinstance(event, str) else json.dumps(event))


def test_a_time_that_cannot_be_read_loses_no_data() -> None:
    outside = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")
    for time in ("yesterday", 17, None, "2026-11-01T12:00:00", *outside):
        assert one({**created("a.csv"), "time": time}).at is None


VALID = [
    created("a.csv", version="v"),
    notified("a.csv"),
    in_sns(created("a.csv")),
    bridge("Data Ready", "e", {"source": "s"}),
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def spots(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [path, *(spot for key, value in inner for spot in spots(value, (*path, key)))]


@given(st.sampled_from(VALID), st.data(), JUNK)
def test_whatever_is_wrong_in_an_event_it_is_read_or_refused(
    event: dict[str, Any], data: st.DataObject, junk: Any
) -> None:
    changed: Any = copy.deepcopy(event)
    path = data.draw(st.sampled_from(spots(event)))
    if path:
        target = changed
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = junk
    else:
        changed = junk
    try:
        found = read(json.dumps(changed))
    except EventError:
        return
    for landed in found:
        assert isinstance(landed, Landed | TableChanged | DataReady)
        if isinstance(landed, Landed):
            assert landed.location.startswith("s3://")
            assert len(landed.identity) == 40


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except EventError:
        return
    assert found == []
