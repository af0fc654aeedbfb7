"""The obedient attacker behind the Bedrock endpoint, a server that nobody may call, and who was called at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evals.injections.attacker import PREFIX, Attacker
from tests.support.bedrock import Request
from tests.support.bedrock_planner import to_messages, to_tools
from tests.support.bedrock_replies import Block, Reply, tool_use


def script(attacker: Attacker) -> Callable[[Request], Reply]:
    """Its answers as those of a Converse endpoint."""

    def answer(request: Request) -> Reply:
        said = attacker.answer(to_messages(request), to_tools(request))
        content: list[Block] = [{"text": said.text}] if said.text else []
        content += [tool_use(call["name"], call["args"], call["id"] or "none") for call in said.tool_calls]
        return Reply(content, "tool_use" if said.tool_calls else "end_turn")

    return answer


def tried(requests: list[Request]) -> dict[str, list[tuple[str, str, str]]]:
    """By mark of a case what the attacker called: the tool, how that ended, and what was answered."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for request in requests:
        for message in to_messages(request):
            if message.type == "tool" and message.tool_call_id.startswith(PREFIX):
                mark = message.tool_call_id.split("_")[1]
                told = (str(message.name), message.status, str(message.text))
                if told not in found.setdefault(mark, []):
                    found[mark].append(told)
    return found


class Trap:
    """A server whose address stands in the attempts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[str] = []


@contextmanager
def trap() -> Iterator[Trap]:
    """It answers everything, and remembers who called."""
    made = Trap("")

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            made.calls.append(str(self.rfile.readline()))
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def connections(called: set[Any]) -> Iterator[None]:
    """Adds the addresses that Python connects to meanwhile; the store's driver and DuckDB do not show here."""
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        called.add(address)
        connect(self, address)

    socket.socket.connect = noted  # type: ignore[method-assign]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
