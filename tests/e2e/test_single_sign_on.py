"""Single sign-on at the page, in a real browser, with a real OpenID Connect service on this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory import Memory, embedded
from memory.people import People, new_person
from tests.support import browser, heavy, oidc
from tests.support.browser import Steward

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "s"
    made.mkdir()
    People(made / "users.toml").add(new_person("ann", "approver", email="ann@example.org"))
    return made


@pytest.fixture
def service() -> Iterator[oidc.Service]:
    heavy.need(None if importlib.util.find_spec("authlib") else "Authlib is not installed: make heavy")
    with oidc.serving() as made:
        yield made


def test_the_service_says_who_somebody_is_and_the_user_file_what_they_may(
    service: oidc.Service, chromium, home: Path, tmp_path: Path
) -> None:
    port = browser.free_port()
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(service.secrets(f"http://127.0.0.1:{port}"))
    with browser.served(home, tmp_path, port=port) as address:
        steward = Steward(chromium.new_context().new_page(), address)

        service.claims = {"email": "eve@example.org", "email_verified": True}
        steward.open()
        steward.page.get_by_role("button", name="Sign in").click()
        steward.sees("is known to nobody here")
        steward.page.get_by_role("button", name="Sign out").click()

        service.claims = {"email": "ann@example.org", "email_verified": False}
        steward.page.get_by_role("button", name="Sign in").click()
        steward.sees("is known to nobody here")
        steward.page.get_by_role("button", name="Sign out").click()

        service.claims = {"email": "Ann@example.org", "email_verified": True}
        steward.page.get_by_role("button", name="Sign in").click()
        steward.sees("approver")
        steward.reload()
        steward.sees("approver")
        steward.page.get_by_role("button", name="Sign out").click()
        steward.expect(steward.page.get_by_role("button", name="Sign in")).to_be_visible()
        with Memory.open(embedded.start(home)) as store:
            told = [(entry.action, entry.actor) for entry in store.audit.entries()]
        assert told == [("person.signed_in", "ann")]
