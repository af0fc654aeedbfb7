"""An OpenID Connect service on this machine: it vouches for whatever address it is told to, and signs that."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = "assay"


@dataclass
class Service:
    """The service; ``claims`` is what it says of whoever comes next."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    """By the code that was given for them."""

    def secrets(self, page: str) -> str:
        """The page's ``secrets.toml``."""
        return f"""[auth]
redirect_uri = "{page}/oauth2callback"
cookie_secret = "{secrets.token_hex(32)}"
client_id = "{CLIENT}"
client_secret = "a-secret-of-this-test"
server_metadata_url = "{self.address}/.well-known/openid-configuration"
"""


@contextmanager
def serving() -> Iterator[Service]:
    """A service that listens."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    key, service = RSAKey.generate_key(2048, {"kid": "only", "use": "sig", "alg": "RS256"}), Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            if url.path == "/authorize":
                code = secrets.token_hex(8)
                service.nonces[code] = asked.get("nonce", "")
                self._to(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")
            elif url.path == "/keys":
                self._answer({"keys": [key.as_dict(private=False)]})
            else:
                self._answer(_metadata(service.address))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            now = int(time.time())
            claims = {"iss": service.address, "aud": CLIENT, "sub": "someone", "iat": now, "exp": now + 600}
            claims |= {"nonce": service.nonces.pop(form["code"][0]), **service.claims}
            signed = jwt.encode({"alg": "RS256", "kid": "only"}, claims, key)
            self._answer({"access_token": "t", "token_type": "Bearer", "expires_in": 600, "id_token": signed})

        def _to(self, where: str) -> None:
            self.send_response(302)
            self.send_header("Location", where)
            self.end_headers()

        def _answer(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield service
    server.shutdown()
    server.server_close()


def _metadata(address: str) -> dict[str, Any]:
    return {
        "issuer": address,
        "authorization_endpoint": f"{address}/authorize",
        "token_endpoint": f"{address}/token",
        "jwks_uri": f"{address}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
