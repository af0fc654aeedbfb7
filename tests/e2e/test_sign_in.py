"""Signing in at the page in a real browser, and what a server gives to those who did not."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory import Memory, embedded
from memory.people import People, new_person
from tests.support import browser
from tests.support.browser import Steward
from tests.support.waiting import waiting_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("h") / "s"
    made.mkdir()
    people = People(made / "users.toml")
    people.add(new_person("ann", "approver", password=PASSWORD))
    people.add(new_person("vic", "viewer", password=PASSWORD))
    return made


@pytest.fixture(scope="module")
def server(home: Path, chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser.served(home, tmp_path_factory.mktemp("elsewhere")) as address:
        yield address


@pytest.fixture
def steward(chromium, server: str) -> Iterator[Steward]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Steward(context.new_page(), server)
    context.close()


def sign_in(steward: Steward, name: str, password: str = PASSWORD) -> None:
    steward.page.get_by_label("Name").fill(name)
    steward.page.get_by_label("Password").fill(password)
    steward.page.get_by_role("button", name="Sign in").click()


def test_whoever_signs_in_comes_to_the_page_that_was_meant_and_leaves_again(steward: Steward, home: Path) -> None:
    page = steward.page
    page.goto(f"{steward.address}/approvals?run=abc", wait_until="domcontentloaded")
    steward.sees("Sign in")
    sign_in(steward, "ann", "wrong" * 3)
    steward.sees("do not belong together")
    sign_in(steward, "ANN")
    steward.sees("Nothing waits for a decision")
    assert page.url == f"{steward.address}/approvals?run=abc"
    steward.sees("approver")
    steward.reload()
    steward.sees("Nothing waits for a decision")
    page.get_by_role("link", name="Sign out").click()
    steward.sees("Sign in")
    page.goto(f"{steward.address}/", wait_until="domcontentloaded")
    steward.expect(page.get_by_label("Password")).to_be_visible()
    with Memory.open(embedded.start(home)) as store:
        told = [(entry.action, entry.actor) for entry in store.audit.entries()]
    assert told == [
        ("person.sign_in_failed", "ann"),
        ("person.signed_in", "ann"),
        ("person.signed_out", "ann"),
    ]


def test_nobody_is_shown_what_they_may_not_do(steward: Steward, home: Path) -> None:
    page = steward.page
    page.goto(f"{steward.address}/", wait_until="domcontentloaded")
    sign_in(steward, "vic")
    steward.sees("To ask for work needs the role author")
    steward.expect(page.get_by_test_id("stChatInputTextArea")).to_be_disabled()
    assert page.get_by_role("button", name="Try it on the example orders").count() == 0

    People(home / "users.toml").change("vic", role="author")
    steward.reload()
    page.get_by_role("button", name="Try it on the example orders").click()
    steward.sees("rules to decide")
    steward.sees("people with the role approver decide")
    steward.expect(steward.card(1)).to_be_visible()
    for name in ("Approve", "Edit", "Reject …", "Skip", "Approve all …"):
        assert page.get_by_role("button", name=name, exact=True).count() == 0

    steward.open("/settings")
    steward.sees("Admins change these")
    steward.sees("Admins see and change who may do what")
    assert page.get_by_text("Add somebody").count() == 0


def test_what_is_refused_between_two_clicks_is_one_line(steward: Steward, home: Path) -> None:
    page, people = steward.page, People(home / "users.toml")
    people.add(new_person("eve", "approver", password=PASSWORD))
    page.goto(f"{steward.address}/", wait_until="domcontentloaded")
    sign_in(steward, "eve")
    steward.sees("What shall we look at?")
    with Memory.open(embedded.start(home)) as store:
        run_id = waiting_run(store).run_id
    steward.open(f"/?run={run_id}")
    approve = steward.card(1).get_by_role("button", name="Approve", exact=True)
    steward.expect(approve).to_be_visible()
    people.change("eve", role="author")
    approve.click()
    steward.sees("eve has the role author, and may not decide about rules")
    people.remove("eve")
    assert page.get_by_text("Traceback").count() == 0
    steward.reload()
    steward.sees("You are signed out")


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/approvals", "/static/js/x.js", "/_stcore/host-config", "/media/x"]
)
def test_nothing_is_given_to_who_did_not_sign_in(server: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server + path, timeout=20)
    with refused.value as answer:
        assert answer.code == 401
        assert answer.read() == b"Sign in first.\n"
