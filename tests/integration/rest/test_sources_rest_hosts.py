"""APIs that are sources: which hosts may be asked, and what may be sent to them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.apis import ORDERS, TOKEN, read, refusal
from tests.support.certificates import Authority
from tests.support.web import Web, as_json, web
from tools.sources import checking, rest_network, secrets_allowed


@pytest.mark.parametrize(
    "uri",
    ["https://u:${{{}}}@{}/x", "https://{1}/x#bearer=${{{0}}}", "https://{1}/${{{0}}}/x", "mysql://u:${{{}}}@{}/d/t"],
)
def test_a_secret_goes_only_where_its_owner_says(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_TOKEN", "AWS_SECRET_ACCESS_KEY", "ASSAY_AUDIT_KEY"):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    assert "no secret for a source" in refusal(uri.format("AWS_SECRET_ACCESS_KEY", "a.example")).message
    assert "no secret for a source" in refusal(uri.format("ASSAY_AUDIT_KEY", "a.example")).message
    monkeypatch.setenv(secrets_allowed.ALLOWED, "OTHER@b.example, API_*@*.a.example")
    found = refusal(uri.format("API_TOKEN", "b.example"))
    assert "API_TOKEN is not meant for b.example" in found.message
    assert "ASSAY_SOURCE_SECRETS=API_TOKEN@b.example" in found.hint
    assert "not meant" not in refusal(uri.format("API_TOKEN", "api.a.example")).message
    assert "secret://prod/x is not meant" in refusal(uri.format("secret://prod/x", "api.a.example")).message
    monkeypatch.setenv(secrets_allowed.ALLOWED, "")
    assert "not meant" in refusal(uri.format("API_TOKEN", "api.a.example")).message


def unresolved(*_: Any, **__: Any) -> Any:
    raise socket.gaierror


@pytest.mark.parametrize(
    "host",
    [
        *["localhost", "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "[::1]", "[fd00::1]", "100.64.0.1"],
        *["[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[2002:7f00:1::]"],
        *["[::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[::ffff:0:127.0.0.1]", "[fec0::1]", "①②⑦.0.0.1"],
    ],
)
def test_private_hosts_are_not_asked_unless_their_owner_allows_it(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rest_network.ALLOWED)
    found = refusal(f"http://{host}:9/x")
    assert "is private or local" in found.message
    assert rest_network.ALLOWED in found.hint


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1"])
def test_hosts_that_hand_out_keys_are_never_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rest_network.ALLOWED, "169.254.169.254,0.0.0.0/0,::/0,fe80::/10")
    assert "is never asked" in refusal(f"http://{host}/latest/meta-data").message


def test_what_may_be_asked_is_a_name_an_address_or_a_network(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    url = api.on("/orders", as_json(ORDERS))
    for allowed in ("127.0.0.0/8", "api.internal, 127.0.0.1"):
        monkeypatch.setenv(rest_network.ALLOWED, allowed)
        assert len(read(url)) == 7
    monkeypatch.setenv(rest_network.ALLOWED, "localhost,128.0.0.0/8")
    assert len(read(url.replace("127.0.0.1", "localhost"))) == 7
    assert "is private" in refusal(url).message


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere a moment later does not help whoever owns it."""
    real, looked = socket.getaddrinfo, []

    def resolve(host: str, *rest: Any, **named: Any) -> Any:
        looked.append(host)
        return real("127.0.0.1" if len(looked) == 1 else "203.0.113.9", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: (
        resolve(host, *rest, **named) if host == "api.rebind" else real(host, *rest, **named)
    ))  # fmt: skip
    monkeypatch.setenv(rest_network.ALLOWED, "127.0.0.1")
    assert len(read(api.on("/orders", as_json(ORDERS)).replace("127.0.0.1", "api.rebind"))) == 7
    assert looked == ["api.rebind"]


def test_a_secret_in_the_path_needs_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    assert "not sent over http" in refusal("http://api.example/bot${API_TOKEN}/x").message


def test_a_check_goes_to_the_address_that_was_looked_at(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[Any] = []

    def connect(place: Any, *_: Any) -> socket.socket:
        reached.append(place)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(checking, "addresses", lambda *_: ["203.0.113.9"])
    assert checking.check("http://api.rebind/x")[1].good
    assert reached[0] == ("203.0.113.9", 80)


def test_tls_is_checked_and_secrets_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with web(authority.sign("api", "127.0.0.1")) as api:
        url = api.on("/orders", as_json(ORDERS))
        found = refusal(url)
        assert "certificate is not trusted" in found.message
        assert "SSL_CERT_FILE" in found.hint
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert len(read(f"{url}#bearer={TOKEN}")) == 7
        monkeypatch.setenv(rest_network.ALLOWED, "localhost")
        assert "not trusted" in refusal(url.replace("127.0.0.1", "localhost")).message
    assert "not sent over http" in refusal(f"http://api.shop.example/x#bearer={TOKEN}").message
