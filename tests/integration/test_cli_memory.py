"""``assay memory`` on a real store, and what is recalled in front of a person who decides."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tests.support.remembering import approve, propose, reject, write_shop
from tests.support.reports import rendered
from tools.errors import AssayError
from ui.cli.main import app
from ui.report.proposal import card

RULE = 'Completeness "email" > 0.8'


@pytest.fixture
def call(store_url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)

    def run(*arguments: str):
        return CliRunner().invoke(app, ["memory", *arguments])

    return run


@pytest.fixture
def shop(store, tmp_path) -> str:
    source = write_shop(tmp_path)
    reject(store, source, RULE)
    approve(store, source, "RowCount > 10")
    return source


def listed(call, *filters: str) -> list[dict]:
    return json.loads(call("list", "--json", *filters).stdout)


def test_memories_are_listed_and_shown(call, shop):
    text = " ".join(call("list").stdout.split())
    assert "rejected nulls are legal here" in text
    assert [one["proposed"] for one in listed(call, "--table", "orders")] == [RULE, "RowCount > 10"]
    assert [one["outcome"] for one in listed(call, "--column", "EMAIL")] == ["reject"]
    (one,) = listed(call, "--outcome", "approve")
    shown = call("show", str(one["number"])).stdout
    assert "RowCount > 10" in shown
    assert "approved by ada" in shown
    assert json.loads(call("show", str(one["number"]), "--json").stdout) == one
    assert call("list", "--column", "nope").stdout == "Nothing is remembered.\n"


def test_a_correction_says_what_it_does_not_do(call, shop):
    (one,) = listed(call, "--outcome", "approve")
    said = call("correct", str(one["number"]), "--outcome", "reject", "--reason", "it shrinks", "--as", "bob")
    assert said.stdout == f"Memory {one['number']} counts as rejected, says bob: it shrinks\n"
    assert f"Rule {one['rule_number']} stays active" in said.stderr
    (after,) = listed(call, "--table", "orders", "--outcome", "reject")[1:]
    assert (after["reason"], after["decided"], after["corrected_by"]) == ("it shrinks", "approve", "bob")
    assert "rejected (corrected)" in " ".join(call("show", str(one["number"])).stdout.split())


def test_one_is_forgotten_or_a_whole_table(call, shop):
    (one,) = listed(call, "--outcome", "reject")
    assert "stay in the audit log" in call("forget", str(one["number"])).stdout
    assert len(listed(call)) == 1
    assert len(json.loads(call("forget", "--table", "orders", "--json").stdout)) == 1
    assert listed(call) == []
    assert call("forget", "--table", "orders").stdout == "Nothing is remembered of orders.\n"


@pytest.mark.parametrize(
    "arguments", [["show", "99"], ["forget", "99"], ["forget"], ["forget", "1", "--table", "orders"], ["correct", "1"]]
)
def test_what_is_not_possible_has_a_remedy(call, shop, arguments):
    found = call(*arguments)
    assert isinstance(found.exception, AssayError)
    assert found.exception.hint


def test_a_card_shows_what_people_decided_and_by_which_memories(call, store, shop, tmp_path):
    _, stored, _ = propose(store, write_shop(tmp_path, "sales"), RULE)
    (number,) = [one["number"] for one in listed(call, "--outcome", "reject")]
    shown = " ".join(rendered(card(stored[0], "sales", "1 of 1")).split())
    assert "rejected on 1 similar column (orders.email): 'nulls are legal here'" in shown
    assert f"alike {number} orders.email" in shown
    assert "recalled" not in shown
