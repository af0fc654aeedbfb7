"""Certificates that nobody trusts but who is told to: an authority of the tests' own, and what it signs."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its key, in PEM form."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server presents it with."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.certificate, self.key)
        return made


class Authority:
    """Signs certificates; whoever trusts ``file`` trusts them."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
        self._folder, self._name = folder, self._named(name)
        self._key = _new_key()
        usage = [(self._x509.BasicConstraints(ca=True, path_length=0), True)]
        pair = self._write(name, self._name, self._key, usage)
        self.file = pair.certificate

    def sign(self, name: str, *hosts: str) -> Pair:
        """A certificate of a server with these names or addresses."""
        names = self._x509.SubjectAlternativeName([self._host(host) for host in hosts or (name,)])
        return self._write(name, self._named(name), _new_key(), [(names, False)])

    def _write(self, name: str, subject: Any, key: Any, extensions: list[tuple[Any, bool]]) -> Pair:
        from cryptography.hazmat.primitives import hashes, serialization

        x509, now = self._x509, datetime.now(UTC)
        own, issuer = key.public_key(), self._key.public_key()
        made = (
            x509.CertificateBuilder(self._name, subject, own, x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        )
        for extension, critical in extensions:
            made = made.add_extension(extension, critical=critical)
        form = serialization.Encoding.PEM
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(form))
        plain = serialization.NoEncryption()
        pair.key.write_bytes(key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain))
        pair.key.chmod(0o600)
        return pair

    def _named(self, name: str) -> Any:
        return self._x509.Name([self._x509.NameAttribute(self._x509.NameOID.COMMON_NAME, name)])

    def _host(self, host: str) -> Any:
        try:
            return self._x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return self._x509.DNSName(host)


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())
