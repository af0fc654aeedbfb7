"""A mail server of the tests' own: SMTP over real sockets, with STARTTLS or TLS from the start, and log-in."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any


@dataclass
class Mailbox:
    """What came in, and what the server does to those who come."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    password: str = ""
    """Who logs in needs it; nobody has to log in where it is empty."""
    greeting: str = "220 mail.test ready"
    data_answer: str = "250 kept"
    unknown: frozenset[str] = frozenset()
    """Addresses that nobody has here."""
    silent: bool = False
    """Never says a word."""


@contextmanager
def mailbox(context: ssl.SSLContext | None = None, *, from_the_start: bool = False) -> Iterator[Mailbox]:
    """A server that runs for as long as the block; with a context it offers TLS."""
    made = Mailbox()
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if made.silent:
                over.wait()
                return
            talk = _Talk(made, self.request, context, from_the_start)
            try:
                talk.run()
            finally:
                talk.close()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, block_on_close = True, True, False

        def handle_error(self, *_: object) -> None:
            """Whoever came may go away in the middle."""

    server = Server((made.host, 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        over.set()
        server.shutdown()
        server.server_close()


class _Talk:
    """One connection."""

    def __init__(self, box: Mailbox, socket: Any, context: ssl.SSLContext | None, from_the_start: bool) -> None:
        self.box, self.context, self.secure, self.to = box, context, False, list[str]()
        self.from_the_start = from_the_start
        self.open(socket)

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def open(self, socket: Any) -> None:
        self.socket, self.lines = socket, socket.makefile("rb")

    def secured(self) -> None:
        assert self.context
        self.lines.close()
        self.open(self.context.wrap_socket(self.socket, server_side=True))
        self.secure = True

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def run(self) -> None:
        if self.from_the_start:
            self.secured()
        self.say(self.box.greeting)
        while line := self.lines.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"do_{verb.lower()}", self.unknown)(rest)

    def unknown(self, _: str) -> None:
        self.say("502 what?")

    def do_ehlo(self, _: str) -> None:
        offers = ["STARTTLS"] if self.context and not self.secure else []
        offers += ["AUTH PLAIN"] if self.box.password else []
        self.say(*(f"250-{one}" for one in ("mail.test", *offers)), "250 8BITMIME")

    def do_starttls(self, _: str) -> None:
        self.say("220 go on")
        self.secured()

    def do_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        self.box.users.append(user)
        self.say("235 welcome" if password == self.box.password else "535 5.7.8 no")

    def do_mail(self, _: str) -> None:
        self.to = []
        self.say("250 well")

    def do_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if address in self.box.unknown:
            self.say("550 5.1.1 nobody here of that name")
            return
        self.to.append(address)
        self.say("250 well")

    def do_rset(self, _: str) -> None:
        self.say("250 well")

    def do_data(self, _: str) -> None:
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.lines.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if self.box.data_answer.startswith("2"):
            self.box.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))  # type: ignore[arg-type]
            self.box.recipients.append(self.to)
            self.box.encrypted.append(self.secure)
        self.say(self.box.data_answer)
