"""The gate before the page: sessions, tries, forms and addresses, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from memory import Memory
from memory.people import People, new_person
from ui.web import gate, sign_in
from ui.web.sign_ins import COOKIE, MOST_FAILURES, SESSION_SECONDS, SIGN_INS, WINDOW_SECONDS, SignIns

PASSWORD = "correct horse battery"


class Answer(SimpleNamespace):
    status: int
    headers: dict[str, str]
    body: str

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


@pytest.fixture
def app(store: Memory, store_url: str, tmp_path: Path, monkeypatch) -> Iterator[Starlette]:
    """A page of two words behind the gate, with one user."""
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.setattr("memory.people.COST", 16)
    monkeypatch.setattr(gate, "SIGN_INS", SignIns())
    sign_in.store.cache_clear()
    sign_in.single_sign_on.cache_clear()
    People().add(new_person("ann", "approver", password=PASSWORD))

    async def socket(websocket) -> None:
        await websocket.accept()
        await websocket.close()

    routes = [*gate.ROUTES, WebSocketRoute("/_stcore/stream", socket)]
    yield Starlette(
        routes=[*routes, Route("/{path:path}", lambda request: PlainTextResponse("the page"))],
        middleware=[Middleware(gate.Gate)],
    )
    if sign_in.store.cache_info().currsize:
        sign_in.store().close()
    sign_in.store.cache_clear()


def ask(app, path="/", *, form=None, cookie="", accept="text/html", client="127.0.0.1", kind="http", **more) -> Answer:
    """What the app answers to one request or socket."""
    body = urlencode(form).encode() if form is not None else b""
    headers = {"host": "assay.example", "accept": accept, "cookie": cookie, "content-length": str(len(body)), **more}
    path, _, query = path.partition("?")
    scope = {
        "type": kind,
        "method": "POST" if form is not None else "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": (client, 1),
        "server": ("assay.example", 80),
        "scheme": "http" if kind == "http" else "ws",
    }
    sent: list[dict] = []

    async def receive():
        return {"type": "http.request", "body": body} if kind == "http" else {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    first = sent[0]
    text = b"".join(message.get("body", b"") for message in sent).decode()
    found = {name.decode(): value.decode() for name, value in first.get("headers", [])}
    return Answer(status=first.get("status") or first.get("code") or first["type"], headers=found, body=text)


def try_to(app, name="ann", password=PASSWORD, wanted="/", **more) -> Answer:
    return ask(app, "/sign-in", form={"name": name, "password": password, "next": wanted}, **more)


def test_a_session_opens_the_page_and_its_socket_until_it_is_ended(app):
    assert ask(app).status == 303
    assert ask(app, "/_stcore/stream", kind="websocket").status == 4401
    signed = try_to(app)
    assert signed.status == 303
    assert "HttpOnly" in signed.headers["set-cookie"]
    assert "SameSite=lax" in signed.headers["set-cookie"]
    assert "Secure" not in signed.headers["set-cookie"]
    assert ask(app, cookie=signed.cookie).body == "the page"
    assert ask(app, "/_stcore/stream", kind="websocket", cookie=signed.cookie).status == "websocket.accept"
    ask(app, "/sign-out", cookie=signed.cookie)
    assert ask(app, cookie=signed.cookie).status == 303


def test_behind_tls_the_cookie_stays_with_tls(app):
    assert "Secure" in try_to(app, x_forwarded_proto="https").headers["set-cookie"]


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong horse battery"), ("eve", PASSWORD), ("", ""), ("ann", ""), ("ann\0", "x")]
)
def test_what_does_not_fit_is_answered_in_one_way(app, name, password):
    refused = try_to(app, name, password)
    assert (refused.status, refused.cookie) == (401, "")
    assert "do not belong together" in refused.body


def test_somebody_who_guesses_has_to_wait_and_nobody_else(app):
    for _ in range(MOST_FAILURES["pair"]):
        assert try_to(app, password="guess" * 3, client="192.0.2.7").status == 401
    assert try_to(app, client="192.0.2.7").status == 429, "even with the right password"
    assert try_to(app, client="192.0.2.8").status == 303
    assert try_to(app, "bob", client="192.0.2.7").status == 401


def test_tries_and_sessions_are_in_the_audit_log_without_passwords(app, store):
    try_to(app, PASSWORD, "ann")
    try_to(app, password="guess" * 3)
    ask(app, "/sign-out", cookie=try_to(app).cookie)
    told = store.audit.entries()
    assert [(entry.action, entry.actor) for entry in told] == [
        ("person.sign_in_failed", "somebody"),
        ("person.sign_in_failed", "ann"),
        ("person.signed_in", "ann"),
        ("person.signed_out", "ann"),
    ]
    assert PASSWORD not in str(told)


@pytest.mark.parametrize(
    ("wanted", "then"),
    [
        ("/approvals?run=a&b=c", "/approvals?run=a&b=c"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_on_stays_on_this_server(app, wanted, then):
    assert try_to(app, wanted=wanted).headers["location"] == then


def test_a_form_of_another_site_is_refused(app):
    assert try_to(app, origin="https://evil.example").status == 403
    assert try_to(app, origin="null").status == 403
    assert try_to(app, origin="http://assay.example").status == 303


def test_a_form_that_is_too_long_is_not_read(app):
    assert try_to(app, name="x" * 9_000).status == 413


def test_what_was_typed_is_text_on_the_form(app):
    shown = try_to(app, name='"><script>alert(1)</script>', wanted='/"><script>').body
    assert "<script" not in shown
    assert "script" in ask(app, '/sign-in?next=/"><script>').body
    assert "<script" not in ask(app, '/sign-in?next=/"><script>').body


def test_the_browser_may_neither_keep_nor_frame_the_form(app):
    headers = ask(app, "/sign-in").headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(("client", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403)])
def test_without_users_this_machine_alone_is_answered(app, monkeypatch, tmp_path, client, status):
    monkeypatch.delenv("ASSAY_USERS")
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    assert ask(app, client=client).status == status
    assert ask(app, "/sign-in", client=client).status == (303 if status == 200 else 403)


def test_sessions_end_by_themselves():
    now = [0.0]
    known = SignIns(lambda: now[0])
    secret = known.begin("ann")
    assert known.name_of(secret) == "ann"
    now[0] = SESSION_SECONDS
    assert known.name_of(secret) is None
    assert known.is_new("ann 1")
    assert not known.is_new("ann 1")
    assert known.name_of(None) is known.name_of("") is known.end("x") is None


def test_failures_are_forgotten_with_time_and_a_right_try_is_none():
    now = [0.0]
    known = SignIns(lambda: now[0])
    for _ in range(20):
        known.failed("ann", "a")
        known.succeeded("ann", "a")
    assert known.wait_seconds("ann", "a") == 0
    for _ in range(MOST_FAILURES["pair"]):
        known.failed(" Ann", "a")
    assert known.wait_seconds("ann", "a") == WINDOW_SECONDS
    assert known.wait_seconds("ann", "b") == 0
    now[0] = WINDOW_SECONDS + 1
    assert known.wait_seconds("ann", "a") == 0


@pytest.mark.parametrize("kind", ["name", "address"])
def test_a_name_from_everywhere_and_an_address_with_every_name_have_to_wait_too(kind):
    known = SignIns(lambda: 0.0)
    for number in range(MOST_FAILURES[kind]):
        known.failed(*(("ann", f"a{number}") if kind == "name" else (f"n{number}", "a")))
    assert known.wait_seconds("ann", "a") > 0


class Visitor(dict):
    """What Streamlit knows of whoever a service signed in."""

    @property
    def is_logged_in(self) -> bool:
        return bool(self)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ANN@example.com"}, "ann"),
        ({"email": "ann@example.com", "email_verified": True}, "ann"),
        ({"email": "ann@example.com", "email_verified": False}, None),
        ({"email": "ann@example.com", "iat": 0}, None),
        ({"email": "ann@example.com", "iat": None}, None),
        ({"email": "eve@example.com"}, None),
        ({"sub": "1"}, None),
        (None, None),
    ],
)
def test_single_sign_on_finds_the_role_by_the_address(claims, name, monkeypatch, tmp_path):
    import time

    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    People().add(new_person("ann", "approver", email="ann@example.com"))
    monkeypatch.setattr(sign_in, "single_sign_on", lambda: True)
    visitor = Visitor({"iat": time.time(), **claims} if claims else {})
    monkeypatch.setattr(sign_in.st, "user", visitor, raising=False)
    found = sign_in.who()
    assert found == name
    assert found is None or found.role == "approver"


def test_the_server_has_one_table_of_sessions():
    assert gate.SIGN_INS is sign_in.SIGN_INS is SIGN_INS
    assert COOKIE == "assay_session"
