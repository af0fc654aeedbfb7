"""Which hosts an address may lead to, and connections that go to the very address that was looked at.

Whoever may name a source, over the HTTP API or in a chat, could otherwise have Assay ask what only this machine
reaches. So private and local addresses are opened to it by the machine's owner alone, in ``ASSAY_PRIVATE_HOSTS``.
"""

from __future__ import annotations

import os
import socket
import ssl
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from tools.sources.table import SourceError

ALLOWED = "ASSAY_PRIVATE_HOSTS"
"""Hosts, addresses and networks that are private and may be asked: ``localhost,api.internal,10.20.0.0/16``."""
CONNECT_SECONDS = 10.0
_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
"""What else is counted as global may stand for an address of IPv4: old forms, and translators of a network's own."""
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})

Address = IPv4Address | IPv6Address


def addresses(host: str, port: int, what: str) -> list[str]:
    """The addresses of a host, all of which may be asked. Raises SourceError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise SourceError(f"{what}: there is no host {host}.", hint="Check the address, the DNS and VPN.") from None
    told = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in told:
        _check(ip_address(text.partition("%")[0]), host, what)
    return told


def _check(address: Address, host: str, what: str) -> None:
    real = _inner(address)
    if _never(real):
        raise SourceError(f"{what}: {host} is an address that is never asked ({real}).", hint="Name another host.")
    if not _global(real) and not _allowed(real, host):
        raise SourceError(
            f"{what}: {host} is private or local ({real}).",
            hint=f"Who runs Assay may allow it: {ALLOWED}={host}.",
        )


def _inner(address: Address) -> Address:
    """The IPv4 address that one of IPv6 stands for."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        teredo = address.teredo[1] if address.teredo else None
        return address.ipv4_mapped or address.sixtofour or teredo or address
    return address


def _global(address: Address) -> bool:
    return address.is_global and (isinstance(address, IPv4Address) or address in _UNICAST)


def _never(address: Address) -> bool:
    """Link-local addresses hand out the keys of cloud machines."""
    odd = address.is_link_local or address.is_multicast or address.is_unspecified
    return odd or address in _METADATA or (isinstance(address, IPv4Address) and address.packed[0] in (0, 255))


def _allowed(address: Address, host: str) -> bool:
    for word in filter(None, map(str.strip, os.environ.get(ALLOWED, "").lower().split(","))):
        if word == host.lower():
            return True
        try:
            if address in ip_network(word, strict=False):
                return True
        except ValueError:  # a host's name
            continue
    return False


class _Here(HTTPConnection):
    """Goes to an address that was looked at, whatever the name says by now."""

    def __init__(self, host: str, port: int, timeout: float, address: str) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        """Opens the socket."""
        self.sock = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        self.sock.settimeout(self.timeout)


class _HereTls(HTTPSConnection):
    """The same with TLS, under the host's name."""

    def __init__(self, host: str, port: int, timeout: float, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=timeout, context=self._tls)
        self._address = address

    def connect(self) -> None:
        """Opens the socket and checks the certificate."""
        plain = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        try:
            plain.settimeout(self.timeout)
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def connect(scheme: str, host: str, port: int, timeout: float, what: str) -> HTTPConnection:
    """A connection to the first address that answers. Raises SourceError, OSError."""
    found = addresses(host, port, what)
    make = _HereTls if scheme == "https" else _Here
    for number, address in enumerate(found, start=1):
        connection = make(host, port, timeout, address)
        try:
            connection.connect()
            return connection
        except ssl.SSLError:
            raise
        except OSError:
            if number == len(found):
                raise
    raise SourceError(f"{what}: there is no host {host}.", hint="Check the address.")
