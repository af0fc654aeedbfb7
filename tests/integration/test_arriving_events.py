"""Events out of SQS: kept in the store before they are deleted, once, whatever goes wrong in between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from graph.arriving import bell as bells
from graph.arriving import intake
from graph.arriving.bell import Bell
from graph.arriving.intake import Intake, queues
from graph.arriving.sight import Sight
from graph.arriving.work import REPLACED, Landing
from graph.duties import Duties
from graph.watching import Watching
from memory import Memory
from memory.arrivals import Hold, Outcome
from memory.errors import StoreUnusable
from memory.watches import Watch
from tests.support.arriving import bridge, created, in_sns, notified, settled, soon
from tests.support.s3 import bucket
from tools.events import queues as sqs
from tools.sources import aws
from tools.sources.table import SourceError


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sqs, "WAIT_SECONDS", 0)
    with bucket(monkeypatch) as client:
        yield client


class Queue:
    """A queue of moto's, for whoever sends."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("sqs")
        self.url = self.client.create_queue(QueueName="assay")["QueueUrl"]
        self.arn = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    def send(self, *events: Any) -> None:
        for event in events:
            body = event if isinstance(event, str) else json.dumps(event)
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self) -> tuple[int, int]:
        """Messages that can be seen, and that somebody has in hand."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


@pytest.fixture
def queue(s3: Any) -> Queue:
    return Queue()


@pytest.fixture
def watch(store: Memory, s3: Any) -> Watch:
    return Watching(store, "sam").add("s3://lake/raw/*.csv")


def taker(store: Memory, queue: Queue) -> Intake:
    return Intake(store, Bell(), queue.url)


def emptied(one: Intake) -> None:
    while one.once():
        pass


def test_objects_that_s3_tells_of_are_landed_by_a_worker(
    store: Memory, s3: Any, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3's own notification of moto, all the way."""
    monkeypatch.setenv("ASSAY_QUEUES", queue.url)
    told = {"QueueConfigurations": [{"QueueArn": queue.arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="lake", NotificationConfiguration=told)
    from graph import arriving

    with Duties(arriving.duties(store)):
        s3.put_object(Bucket="lake", Key="raw/a b.csv", Body=b"id\n1\n")
        s3.put_object(Bucket="lake", Key="other/c.csv", Body=b"id\n1\n")
        [done] = settled(store)
        assert soon(lambda: queue.left() == (0, 0), "the queue is empty")
    assert (done.location, done.size, done.verdict) == ("s3://lake/raw/a b.csv", 5, "none"), done
    assert store.arrivals.counts() == {"done": 1}


def test_duplicates_are_one_arrival_by_whatever_way_they_come(store: Memory, queue: Queue, watch: Watch) -> None:
    queue.send(created("raw/a.csv"), created("raw/a.csv"), in_sns(created("raw/a.csv")), notified("raw/a.csv"))
    one, two = taker(store, queue), taker(store, queue)
    emptied(one)
    queue.send(created("raw/a.csv"), created("raw/b.csv"))
    emptied(two)
    assert sorted(found.location for found in store.arrivals.recent()) == ["s3://lake/raw/a.csv", "s3://lake/raw/b.csv"]
    assert queue.left() == (0, 0)


def test_poison_is_kept_as_dead_with_the_reason_and_stops_nothing(store: Memory, queue: Queue, watch: Watch) -> None:
    long = json.dumps(bridge("Order Placed", "shop", {"text": "x" * 10_000}))
    secret = "post" + "gres://ada:secretword@db/shop"
    queue.send("{no json", "{no json", long, created("raw/a.csv"), json.dumps({"at": secret}), "nul \\u0000")
    emptied(taker(store, queue))
    assert queue.left() == (0, 0)
    assert store.arrivals.counts() == {"waiting": 1, "dead": 4}
    dead = {one.reason: one for one in store.arrivals.recent(state="dead")}
    assert any("'Order Placed'" in (reason or "") for reason in dead)
    assert all(one.raw and len(one.raw) <= 4000 for one in dead.values())
    assert "secretword" not in "".join(one.raw or "" for one in dead.values())
    assert len(store.db.rows("select kind from alerts where kind = 'arrival'")) == 4


def test_numbers_and_times_that_no_store_can_hold_stop_nothing_either(
    store: Memory, queue: Queue, watch: Watch
) -> None:
    late = {**created("raw/late.csv"), "time": "9999-12-31T23:59:59-14:00"}
    queue.send(created("raw/a.csv"), created("raw/huge.csv", size=10**30), late)
    emptied(taker(store, queue))
    assert queue.left() == (0, 0)
    assert store.arrivals.counts() == {"waiting": 2, "dead": 1}
    assert all(store.arrivals.claim("1@host", seconds=30) for _ in range(2))


def test_the_log_has_no_password_of_a_source_that_nobody_watches(
    store: Memory, queue: Queue, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    queue.send(bridge("Data Ready", "etl", {"source": "post" + "gres://ada:secretword@db/shop/t"}))
    with caplog.at_level("INFO"):
        emptied(taker(store, queue))
    assert "that no watch is for" in caplog.text
    assert "secretword" not in caplog.text


def test_poison_that_can_be_read_by_a_later_version_is_taken_in_then(
    store: Memory, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.events.reading.DATA_READY", "Something else")
    ready = bridge("Data Ready", "etl", {"source": "s3://lake/raw/a.csv", "version": "7"})
    queue.send(ready, "{no json")
    emptied(taker(store, queue))
    assert store.arrivals.counts() == {"dead": 2}
    monkeypatch.undo()
    result = Watching(store, "sam").retry()
    assert (len(result.again), len(result.read), len(result.unread)) == (0, 1, 1)
    [waiting] = store.arrivals.recent(state="waiting")
    assert waiting.location == "s3://lake/raw/a.csv"


def test_events_out_of_order_land_what_is_there_and_nothing_older(
    store: Memory, s3: Any, queue: Queue, watch: Watch
) -> None:
    old = s3.put_object(Bucket="lake", Key="raw/a.csv", Body=b"id\n1\n")["ETag"].strip('"')
    new = s3.put_object(Bucket="lake", Key="raw/a.csv", Body=b"id\n1\n2\n")["ETag"].strip('"')
    queue.send(created("raw/a.csv", etag=new, sequencer="0B"), created("raw/a.csv", etag=old, sequencer="0A"))
    emptied(taker(store, queue))
    landed: list[str] = []

    def land(memory: Memory, held: Hold) -> Outcome:
        landed.append(held.arrival.version)
        return Outcome("passed")

    hand = Landing(store, Bell(), Sight(store), 0, land)
    while hand.once():
        pass
    assert landed == [new]
    assert [one.reason for one in store.arrivals.recent() if one.version == old] == [REPLACED]


def test_while_the_store_is_away_messages_stay_in_hand_and_unseen(
    store: Memory, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.send(created("raw/a.csv"), created("raw/b.csv"))
    monkeypatch.setattr(sqs, "VISIBILITY_SECONDS", 2)
    one = taker(store, queue)
    kept = intake.keep

    def away(*_: object) -> int:
        raise StoreUnusable("The store does not answer.")

    monkeypatch.setattr(intake, "keep", away)
    for _ in range(6):
        with pytest.raises(StoreUnusable):
            one.once()
        time.sleep(0.5)
        assert queue.left() == (0, 2), "their time to be unseen is drawn out again and again"
    monkeypatch.setattr(intake, "keep", kept)
    emptied(one)
    assert queue.left() == (0, 0)
    assert store.arrivals.counts() == {"waiting": 2}


def test_a_worker_that_stops_while_the_store_is_away_hands_its_messages_back(
    store: Memory, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.send(created("raw/a.csv"))
    one = taker(store, queue)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "keep", lambda *_: (_ for _ in ()).throw(StoreUnusable("away")))
        with pytest.raises(StoreUnusable):
            one.once()
        one.stop()
    assert queue.left() == (1, 0)
    emptied(taker(store, queue))
    assert store.arrivals.counts() == {"waiting": 1}


def test_what_was_kept_and_not_deleted_comes_again_and_is_known(
    store: Memory, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after kill -9 between the commit and the deletion."""
    monkeypatch.setattr(sqs, "VISIBILITY_SECONDS", 1)
    queue.send(created("raw/a.csv"))
    with monkeypatch.context() as patch:
        patch.setattr(sqs.Queue, "delete", lambda self, messages: None)
        assert taker(store, queue).once()
    assert soon(lambda: queue.left() == (1, 0), "the message is seen again", seconds=5)
    emptied(taker(store, queue))
    assert (queue.left(), store.arrivals.counts()) == ((0, 0), {"waiting": 1})


@pytest.mark.parametrize("code", ["ThrottlingException", "ExpiredToken"])
def test_a_queue_that_throttles_or_a_token_that_expired_is_tried_again_with_new_credentials(
    store: Memory, queue: Queue, watch: Watch, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    queue.send(created("raw/a.csv"))
    troubles = [ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "ReceiveMessage")] * 3
    made: list[object] = []
    client = aws.client

    class Troubled:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def receive_message(self, **asked: Any) -> Any:
            if troubles:
                raise troubles.pop()
            return self._inner.receive_message(**asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    def wrapped(service: str, *rest: Any, **named: Any) -> Any:
        made.append(service)
        return Troubled(client(service, *rest, **named))

    monkeypatch.setattr(aws, "client", wrapped)
    one, rests = taker(store, queue), []
    for _ in range(3):
        with pytest.raises(SourceError, match=r"throttles|expired"):
            one.once()
        rests.append(one.every)
    assert rests == [1.0, 2.0, 4.0], "the longer it lasts, the longer the rest"
    emptied(one)
    assert (len(made), one.every) == (4, intake.FIRST_REST)
    assert store.arrivals.counts() == {"waiting": 1}


def test_a_queue_that_is_not_there_ends_no_worker(store: Memory, queue: Queue, watch: Watch) -> None:
    bad = Intake(store, Bell(), queue.url + "-not")
    with pytest.raises(SourceError, match="assay-not"):
        bad.once()


@pytest.mark.parametrize("url", ["assay", "https://", "arn:aws:sqs:eu-west-1:1:assay", "https://k:s@host/q"])
def test_what_is_no_address_of_a_queue_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ASSAY_QUEUES", f"https://sqs.eu-west-1.amazonaws.com/1/ok, {url}")
    with pytest.raises(SourceError, match="no address"):
        queues()


def test_a_bucket_is_listed_where_nobody_sends_events(
    store: Memory, s3: Any, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", 0.02)
    s3.put_object(Bucket="lake", Key="raw/a.csv", Body=b"id\n1\n")
    made = Watching(store, "sam").add("s3://lake/raw/", every_seconds=0.2)
    from graph import arriving

    with Duties(arriving.duties(store)):
        settled(store)
        s3.put_object(Bucket="lake", Key="raw/deep/b.csv", Body=b"id\n1\n")
        s3.put_object(Bucket="lake", Key="raw/_tmp/c.csv", Body=b"id\n1\n")
        settled(store, 2)
        s3.delete_object(Bucket="lake", Key="raw/a.csv")
        time.sleep(0.5)
        time.sleep(max(0.0, 1.1 - time.time() % 1))  # S3 knows when a thing was written to the second
        s3.put_object(Bucket="lake", Key="raw/a.csv", Body=b"id\n1\n")
        three = settled(store, 3)
    assert [one.location for one in three] == [f"s3://lake/raw/{name}.csv" for name in ("a", "deep/b", "a")]
    queue.send(created("raw/deep/b.csv"))
    emptied(taker(store, queue))
    assert store.arrivals.counts() == {"done": 3}
    assert store.watches.get(made.id).look_soon, "an event has such a place looked at soon"


def test_glue_and_others_tell_of_tables(store: Memory, queue: Queue, s3: Any) -> None:
    watching = Watching(store, "sam")
    table = watching.add("athena://eu-west-1/shop.orders")
    other = watching.add("athena://eu-west-1/shop.others")
    shop = watching.add("postgres://ada@db/shop/orders")
    change = {"databaseName": "Shop", "tableName": "orders", "typeOfChange": "UpdateTable"}
    glue = bridge("Glue Data Catalog Table State Change", "aws.glue", change, "n1")
    queue.send(glue, glue, {**glue, "id": "n2"}, bridge("Data Ready", "etl", {"source": shop.source, "version": "7"}))
    emptied(taker(store, queue))
    assert store.arrivals.counts(table.id) == {"waiting": 2}
    assert store.arrivals.counts(other.id) == {}
    [told] = store.arrivals.recent(watch_id=shop.id)
    assert (told.source, told.version) == (shop.source, "")
