"""A REST catalog of Iceberg, as far as one is asked: it tells what a catalog of PyIceberg holds, and takes commits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import CommitTableRequest


class Rest:
    """The state of a server."""

    def __init__(self, catalog: Catalog, token: str = "") -> None:
        self.catalog = catalog
        self.token = token
        """What clients have to send; empty when everybody may ask."""
        self.config: dict[str, str] = {}
        """What is handed out with each table: keys, region, endpoint."""
        self.broken = 0
        """The status of every answer, where it is not 0."""
        self.uri = ""

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status and body of an answer."""
        if self.broken:
            return self.broken, _error(self.broken, "ServiceUnavailableException", "down")
        match [unquote(part) for part in path.strip("/").split("/")]:
            case ["v1", "config"]:
                return 200, {"defaults": {}, "overrides": {}}
            case ["v1", "namespaces", namespace, "tables"]:
                found = self.catalog.list_tables(namespace)
                return 200, {"identifiers": [{"namespace": list(one[:-1]), "name": one[-1]} for one in found]}
            case ["v1", "namespaces", namespace, "tables", name]:
                return self._table(namespace, name)
        return 404, _error(404, "NotFoundException", path)

    def _table(self, namespace: str, name: str) -> tuple[int, dict[str, Any]]:
        try:
            table = self.catalog.load_table((namespace, name))
        except NoSuchTableError:
            return 404, _error(404, "NoSuchTableException", f"{namespace}.{name}")
        metadata = json.loads(table.metadata.model_dump_json())
        return 200, {"metadata-location": table.metadata_location, "metadata": metadata, "config": self.config}

    def commit(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """The status and body of what a commit to a table comes to."""
        match [unquote(part) for part in path.strip("/").split("/")]:
            case ["v1", "namespaces", namespace, "tables", name]:
                asked = CommitTableRequest.model_validate_json(body)
                try:
                    table = self.catalog.load_table((namespace, name))
                    self.catalog.commit_table(table, asked.requirements, asked.updates)
                except CommitFailedException as error:
                    return 409, _error(409, "CommitFailedException", str(error))
                return self._table(namespace, name)
        return 404, _error(404, "NotFoundException", path)


def _error(status: int, kind: str, said: str) -> dict[str, Any]:
    return {"error": {"message": said, "type": kind, "code": status}}


@contextmanager
def serving(rest: Rest) -> Iterator[Rest]:
    """The server at ``rest.uri``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(rest.answer)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._send(lambda path: rest.commit(path, body))

        def _send(self, answer: Callable[[str], tuple[int, dict[str, Any]]]) -> None:
            allowed = not rest.token or self.headers.get("Authorization") == f"Bearer {rest.token}"
            path = urlsplit(self.path).path
            status, body = answer(path) if allowed else (401, _error(401, "NotAuthorizedException", "no"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    rest.uri = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield rest
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
