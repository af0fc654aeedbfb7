"""From a validation to those who are told: grouped by run, routed, snoozed, without personal values, whatever hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from graph import delivery
from graph.alert_notices import MOST_MESSAGES, gather
from graph.alerting import Alerting
from graph.attempts import MOST_ATTEMPTS
from graph.duties import Duties
from graph.jobs import Jobs
from graph.roster import duties
from graph.telling import Telling, tell_all
from memory.alerts import settle, tell
from memory.channels import NewChannel
from memory.notices import LONGEST_RUN_SECONDS, MOST_IN_A_MINUTE, TRY_LOCK
from tests.integration.test_alerts_memory import EMAIL, ROWS, validated
from tests.support.stores import new_dataset
from tests.support.webhooks import until, webhook
from tools.lineage.naming import canonical, of_uri
from tools.lineage.observed import ColumnId, DatasetId, JobId, Mode, Observed, ObservedDataset, ObservedEdge, Owner, Tag

HOOK = NewChannel("ops", "webhook", "${HOOK}")
BROKEN = "id,email\n1,\n2,ada@" + "example.com\n"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    # A busy machine takes its time; what is bounded is tried by itself.
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 30)


@pytest.fixture
def hook(store, monkeypatch):
    """A webhook that a channel for all alerts leads to."""
    with webhook() as made:
        monkeypatch.setenv("HOOK", made.url)
        Alerting(store, "root").add_channel(HOOK)
        yield made


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(BROKEN)
    return path


def ended(store, run_id: str) -> None:
    store.db.rows("update runs set status = 'done', finished_at = now() where id = %s returning id", [run_id])


def labelled(store, dataset, *, owners: tuple[str, ...] = (), tags: tuple[Tag, ...] = ()) -> None:
    """Has the lineage say whose it is."""
    id_ = canonical(DatasetId(dataset.namespace, dataset.name))
    said = ObservedDataset(id_, owners=tuple(map(Owner, owners)), tags=tags)
    store.lineage.ingest([Observed(datetime.now(UTC), "test", outputs=(said,))])


def test_a_validation_tells_at_once_once_and_when_it_is_over(store, hook, orders):
    rules = f'Rules = [ {EMAIL}, RowCount > 1, IsComplete "id" ]'
    for _ in range(2):
        Jobs(store, "ann").validate(str(orders), rules)
    (said,) = hook.texts
    assert "1 open alert: orders" in said
    assert 'IsComplete \\\\\\"email' in json.dumps(said) or 'IsComplete \\"email\\"' in said
    assert "email = missing" in said
    assert "2 of 3 rules pass" in said
    orders.write_text("id,email\n1,x\n2,y\n")
    Jobs(store, "ann").validate(str(orders), rules)
    assert len(hook.texts) == 2
    assert "1 resolved alert: orders" in hook.texts[1]
    assert "It passes again." in hook.texts[1]
    assert store.alerts.list() == []
    (alert,) = store.alerts.list("resolved")
    assert (alert.times, alert.told) == (2, ["ops"])


def test_who_looks_once_waits_for_another_one_that_makes_messages(store, hook, orders):
    validated(store, new_dataset(store), {EMAIL: "Failed"})
    with store.db.transaction() as connection:
        connection.execute(TRY_LOCK)
        job = threading.Thread(target=Jobs(store, "ann").validate, args=(str(orders), f"Rules = [ {EMAIL} ]"))
        job.start()
        wanted = "select from pg_locks where locktype = 'advisory' and not granted and objid = 4026170516"
        until(lambda: store.db.row(wanted) is not None)
        assert gather(store) == 0, "a worker looks again"
    job.join()
    assert hook.asked == 1


def test_all_rules_and_datasets_of_a_run_are_one_message(store, hook):
    datasets = [new_dataset(store, f"/data/t{n:02}.csv") for n in range(18)]
    run = validated(store, datasets[0], {f"RowCount > {n}": "Failed" for n in range(30)})
    found = store.results.for_run(run)[0].evaluation
    for dataset in datasets[1:]:
        store.results.save(run, dataset.id, "v", found, {}, None)
    assert gather(store) == 0, "the run goes on"
    ended(store, run)
    tell_all(store)
    (said,) = hook.texts
    assert "540 open alerts: t" in said
    assert len(hook.messages[0]["blocks"]) <= 50
    assert max(len(block["text"]["text"]) for block in hook.messages[0]["blocks"] if "text" in block) <= 3000
    assert gather(store) == 0


def test_a_long_run_tells_what_it_found_so_far(store, hook):
    validated(store, new_dataset(store), {EMAIL: "Failed"})
    tell_all(store)
    assert hook.asked == 0
    later = timedelta(seconds=LONGEST_RUN_SECONDS + 1)
    store.db.rows("update alert_news set at = now() - %s returning id", [later])
    tell_all(store)
    assert hook.asked == 1


def test_what_came_and_went_before_anybody_was_told_is_no_news(store, hook):
    dataset = new_dataset(store)
    for outcome in ("Failed", "Passed"):
        ended(store, validated(store, dataset, {EMAIL: outcome}))
    tell_all(store)
    assert (hook.asked, store.alerts.list()) == (0, [])
    assert [alert.told for alert in store.alerts.list("all")] == [[]]


def test_channels_get_what_is_for_them(store, hook, monkeypatch):
    door = Alerting(store, "root")
    narrow = {
        "of-ann": {"owners": ("Ann",)},
        "of-bob": {"owners": ("bob", "cid")},
        "pii": {"tags": ("pii",)},
        "gold": {"tags": ("tier=gold",)},
        "ann-gold": {"owners": ("ann",), "tags": ("tier=gold",)},
        "raw": {"datasets": ("*/raw/*", "customers")},
    }
    for name, filters in narrow.items():
        door.add_channel(NewChannel(name, "webhook", "${HOOK}", **filters))
    orders, raw = new_dataset(store), new_dataset(store, "/data/raw/x.csv")
    labelled(store, orders, owners=("ann",), tags=(Tag("tier", "gold"), Tag("pii", "", "email")))
    labelled(store, raw, owners=("cid",), tags=(Tag("tier", "silver"),))
    for dataset in (orders, raw):
        ended(store, validated(store, dataset, {EMAIL: "Failed"}))
    with store.db.transaction() as connection:
        tell(connection, "schedule", "nightly", "nightly", "It failed.")
    gather(store)
    told = {alert.table or alert.what: alert.told for alert in store.alerts.list()}
    assert told == {
        "orders": ["ann-gold", "gold", "of-ann", "ops", "pii"],
        "x": ["of-bob", "ops", "raw"],
        "nightly": ["ops"],
    }
    tell_all(store)
    assert hook.asked == 5 + 3 + 1


def test_what_is_snoozed_is_told_when_that_is_over_and_it_is_still_there(store, hook):
    door, dataset = Alerting(store, "ann"), new_dataset(store)
    soon = datetime.now(UTC) + timedelta(hours=1)
    ended(store, validated(store, dataset, {EMAIL: "Failed", ROWS: "Failed"}))
    first, second = (one.number for rule in (EMAIL, ROWS) for one in store.alerts.list() if one.what == rule)
    assert door.snooze(first, soon, "we know").snoozed_until == soon
    tell_all(store)
    assert ["RowCount" in text for text in hook.texts] == [True]
    assert EMAIL.partition(" ")[2] not in hook.texts[0]
    door.snooze(second, soon, "this one as well")
    for outcome in ("Passed", "Failed"):
        ended(store, validated(store, dataset, {EMAIL: outcome, ROWS: "Failed"}))
    tell_all(store)
    assert hook.asked == 1
    # The time is over.
    store.db.rows("update alert_snoozes set until = now() returning id")
    tell_all(store)
    assert hook.asked == 3
    told = "".join(hook.texts[1:])
    assert ":red_circle:" in told, "nobody heard of it yet"
    assert ":large_orange_circle:" in told, "it is still there"


def test_a_dataset_is_snoozed_as_a_whole_and_woken(store, hook):
    door, dataset, other = Alerting(store, "ann"), new_dataset(store), new_dataset(store, "/data/other.csv")
    door.snooze_dataset(dataset.id, datetime.now(UTC) + timedelta(days=1), "it is being moved")
    for one in (dataset, other):
        ended(store, validated(store, one, {EMAIL: "Failed"}))
    tell_all(store)
    assert ["other" in text for text in hook.texts] == [True]
    door.snooze_dataset(dataset.id, datetime.now(UTC), "it is there")
    tell_all(store)
    assert "orders" in hook.texts[1]


def test_a_person_resolves_an_alert(store, hook):
    ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
    tell_all(store)
    (alert,) = store.alerts.list()
    Alerting(store, "ann").resolve(alert.number, "a test load")
    tell_all(store)
    assert "a test load (ann)" in hook.texts[1]
    actions = [entry.action for entry in store.audit.entries()]
    assert actions[-1] == "alert.resolved"


def test_other_troubles_are_told_and_settled(store, hook):
    with store.db.transaction() as connection:
        detail = {"blast_radius": {"summary": "3 tables"}}
        tell(connection, "arrival", "7", "s3://lake/o.csv", "It was given up: broken.", detail=detail)
    tell_all(store)
    with store.db.transaction() as connection:
        settle(connection, "arrival", "7")
    tell_all(store)
    assert "arrival given up: `s3://lake/o.csv`" in hook.texts[0]
    assert "depends on it: 3 tables" in hook.texts[0]
    assert "It is over." in hook.texts[1]


def test_no_value_of_a_personal_or_unknown_column_leaves(store, hook, tmp_path):
    secret = "Ada " + "Lovelace"
    path = tmp_path / "people.csv"
    path.write_text("name,code,note\n" + f"{secret},zz,mail grace@" + "example.com\nBob,a1,b\nEve,a2,c\n")
    rules = 'Rules = [ColumnValues "name" in ["Bob"], ColumnValues "code" matches "a.", ColumnLength "note" < 9]'
    jobs = Jobs(store, "ann")
    jobs.validate(str(path), rules)
    assert hook.texts[0].count("<hidden>".replace("<", "&lt;").replace(">", "&gt;")) == 3, "no profile looked at it"
    for alert in store.alerts.list():
        Alerting(store, "ann").resolve(alert.number, "again")
    jobs.profile(str(path))
    dataset = store.catalog.find("people")[0]
    labelled(store, dataset, tags=(Tag("pii", "", "name"),))
    jobs.validate(str(path), rules)
    said = hook.texts[-1]
    assert "name = &lt;hidden&gt;" in said
    assert 'code = \\"zz\\"' in said
    assert "&lt;e-mail&gt;" in said
    assert secret not in "".join(hook.texts)
    assert "grace" not in "".join(hook.texts)


def test_texts_of_others_mention_nobody_in_slack(store, hook):
    with store.db.transaction() as connection:
        tell(connection, "source", "x", "<!channel> `x` *b*", "<@U1> & <https://evil.example|click>")
    tell_all(store)
    assert "<!" not in hook.texts[0]
    assert "<@" not in hook.texts[0]
    assert "<https" not in hook.texts[0]


def test_what_is_made_of_the_data_is_told_and_the_greatest_is_first(store, hook, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,mail\n,x\n1,\n")
    mart = DatasetId("postgres://db:5432", "shop.mart.people")
    edges = (ObservedEdge(ColumnId(of_uri(str(path)), "mail"), ColumnId(mart, "mail")),)
    job = JobId("jobs", "mart")
    store.lineage.ingest([Observed(datetime.now(UTC), "test", job, mode=Mode.REPLACE, edges=edges)])
    Jobs(store, "ann").validate(str(path), 'Rules = [IsComplete "id", IsComplete "mail"]')
    (said,) = hook.texts
    assert "depends on it: 1 column of 1 table (mart.people), made by 1 job" in said
    assert said.index("IsComplete 'mail'".replace("'", '\\"')) < said.index("IsComplete 'id'".replace("'", '\\"'))


def test_a_worker_tells_what_others_found(store, hook):
    with Duties([Telling(store)]):
        ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
        until(lambda: len(hook.texts) == 1)
    assert "alerts" in [duty.name for duty in duties(store)]


def test_killed_while_it_sends_another_one_sends_again(store, store_url, hook):
    ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
    gather(store)
    hook.seconds = 30
    code = f"from memory import Memory; from graph.telling import tell_all; tell_all(Memory({store_url!r}))"
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ}) as sender:
        until(lambda: hook.asked == 1, seconds=30)
        sender.send_signal(signal.SIGKILL)
    hook.seconds = 0
    tell_all(store)
    assert (hook.asked, hook.texts) == (1, []), "it is in somebody's hands"
    store.db.rows("update outbox set next_attempt_at = now() where state = 'pending' returning id")
    tell_all(store)
    assert len(hook.texts) == 1


def test_links_lead_to_the_page(store, hook):
    Alerting(store, "root").set_page("https://assay.example.com/")
    with store.db.transaction() as connection:
        tell(connection, "source", "x", "shop", "It does not answer.")
    tell_all(store)
    number = store.alerts.list()[0].number
    assert f"<https://assay.example.com/alerts?alert={number}|alert {number}>" in hook.texts[0]


def test_a_webhook_that_fails_is_tried_again_in_time_and_given_up(store, hook, monkeypatch):
    hook.status, hook.retry_after = 429, "600"
    ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
    ended(store, validated(store, new_dataset(store, "/data/b.csv"), {EMAIL: "Failed"}))
    tell_all(store)
    tell_all(store)
    assert hook.asked == 1, "it asked to be left alone"
    waiting = Alerting(store, "root").undelivered()
    assert [(one.attempts, "answered 429" in (one.error or "")) for one in waiting] == [(1, True), (0, False)]
    assert waiting[0].next_attempt_at > datetime.now(UTC) + timedelta(seconds=500)
    for _ in range(MOST_ATTEMPTS + 1):
        store.db.rows("update outbox set next_attempt_at = now() where state = 'pending' returning id")
        tell_all(store)
    given_up = [one for one in Alerting(store, "root").undelivered() if one.state == "given up"]
    assert given_up[0].attempts == MOST_ATTEMPTS
    hook.status = 200
    assert Alerting(store, "root").retry() == 0
    assert len(hook.texts) == 2


def test_a_message_that_is_refused_keeps_no_other_back(store, hook):
    hook.status = 400
    for name in ("a", "b"):
        ended(store, validated(store, new_dataset(store, f"/data/{name}.csv"), {EMAIL: "Failed"}))
    tell_all(store)
    assert hook.asked == 2
    assert {one.state for one in Alerting(store, "root").undelivered()} == {"given up"}


def test_a_channel_that_hangs_keeps_neither_a_run_nor_another_channel(store, hook, orders, monkeypatch):
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 1)
    with webhook() as deaf:
        deaf.seconds = 60
        monkeypatch.setenv("DEAF", deaf.url)
        Alerting(store, "root").add_channel(NewChannel("deaf", "webhook", "${DEAF}"))
        began = time.monotonic()
        done = Jobs(store, "ann").validate(str(orders), f"Rules = [ {EMAIL} ]")
        assert not done.evaluation.passed
        assert time.monotonic() - began < 10
        until(lambda: len(hook.texts) == 1)
        # The next run does not wait for it at all.
        orders.write_text("id,email\n1,x\n")
        monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 60)
        Jobs(store, "ann").validate(str(orders), f"Rules = [ {EMAIL}, RowCount > 5 ]")
        assert len(hook.texts) == 2
        assert deaf.asked == 1


def test_many_runs_that_end_together_are_one_message(store, hook):
    for n in range(MOST_MESSAGES + 1):
        ended(store, validated(store, new_dataset(store, f"/data/t{n}.csv"), {EMAIL: "Failed"}))
    tell_all(store)
    (said,) = hook.texts
    assert f"{MOST_MESSAGES + 1} open alerts: t" in said


def test_many_workers_tell_everything_once(store, hook):
    for n in range(8):
        ended(store, validated(store, new_dataset(store, f"/data/{n}.csv"), {EMAIL: "Failed"}))
        gather(store)
    workers = [Telling(store) for _ in range(6)]
    threads = [threading.Thread(target=worker.once) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(hook.texts) == 8)
    assert len({headers["idempotency-key"] for headers in hook.headers}) == 8
    tell_all(store)
    assert hook.asked == 8


def test_a_storm_is_told_together(store, hook):
    for n in range(30):
        with store.db.transaction() as connection:
            tell(connection, "quarantine", str(n), f"batch-{n}", "Rules failed.")
        tell_all(store)
    assert hook.asked == MOST_IN_A_MINUTE
    store.db.rows("update alert_news set gathered_at = now() - interval '2 minutes' where told <> '{}' returning id")
    tell_all(store)
    assert hook.asked == MOST_IN_A_MINUTE + 1
    assert "20 open alerts" in hook.texts[-1]


def test_a_worker_that_dies_while_it_sends_has_it_sent_again_under_the_same_id(store, hook):
    ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
    gather(store)
    taken = store.outbox.take("alert ops")
    tell_all(store)
    assert hook.asked == 0, "it is in somebody's hands"
    store.db.rows("update outbox set next_attempt_at = now() returning id")
    tell_all(store)
    assert hook.headers[0]["idempotency-key"] == taken.dedupe


def test_removed_channels_get_nothing_and_no_channel_loses_nothing(store, hook):
    ended(store, validated(store, new_dataset(store), {EMAIL: "Failed"}))
    gather(store)
    Alerting(store, "root").remove_channel("ops")
    tell_all(store)
    assert (hook.asked, Alerting(store, "root").undelivered()) == (0, [])
    ended(store, validated(store, new_dataset(store, "/b.csv"), {EMAIL: "Failed"}))
    tell_all(store)
    assert len(store.alerts.list()) == 2
