"""Alerts over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.alerts import tell
from tests.integration.test_alerts_memory import EMAIL, ROWS, validated
from tests.support.api import client, problem, serving
from tests.support.stores import new_dataset


@pytest.fixture
def api(store):
    with serving(store) as address, client(address) as found:
        yield found


def test_alerts_are_listed_by_page_state_and_dataset(api, store):
    dataset = new_dataset(store)
    validated(store, dataset, {EMAIL: "Failed", ROWS: "Failed"})
    validated(store, dataset, {ROWS: "Passed"})
    with store.db.transaction() as connection:
        tell(connection, "source", "shop", "shop", "It does not answer.")
    first = api.get("/alerts", params={"limit": 1}).json()
    then = api.get("/alerts", params={"limit": 1, "cursor": first["next"]}).json()
    assert [page["items"][0]["what"] for page in (first, then)] == ["shop", EMAIL]
    assert then["next"] is None
    of_dataset = api.get("/alerts", params={"dataset_id": str(dataset.id), "state": "all"}).json()["items"]
    assert {alert["what"]: alert["resolution"] for alert in of_dataset} == {ROWS: "It passes again.", EMAIL: None}
    assert api.get("/alerts", params={"state": "resolved"}).json()["items"][0]["table"] == "orders"
    shown = api.get(f"/alerts/{then['items'][0]['number']}").json()
    assert (shown["said"], shown["times"], shown["told"]) == ("It failed.", 1, [])


def test_an_alert_is_snoozed_and_resolved(api, store):
    validated(store, new_dataset(store), {EMAIL: "Failed"})
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    snoozed = api.post("/alerts/1/snooze", json={"until": until, "reason": "known"}).json()
    assert (snoozed["snoozed_reason"], snoozed["resolved_at"]) == ("known", None)
    resolved = api.post("/alerts/1/resolve", json={"reason": "mended"}).json()
    assert resolved["resolution"] == "mended"
    assert api.get("/alerts").json()["items"] == []
    problem(api.post("/alerts/1/resolve", json={"reason": "again"}), 409)
    problem(api.post("/alerts/99/snooze", json={"until": until, "reason": "known"}), 404)
    problem(api.post("/alerts/1/snooze", json={"until": "2026-12-24T08:00:00", "reason": "no zone"}), 422)
