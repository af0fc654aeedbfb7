"""Who the other side has to be."""

from __future__ import annotations

import ipaddress
import ssl

from tools.alerting.errors import NotTold


def context(ca_file: str) -> ssl.SSLContext:
    """Trusts the authorities of this machine, or the one in a file alone. Raises NotTold."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise NotTold(
            f"The certificates of {ca_file} cannot be read.", hint="It has to be a file in PEM form."
        ) from None


def certificate(error: ssl.SSLCertVerificationError, host: str) -> NotTold:
    """The certificate of the other side is not what it should be."""
    return NotTold(
        f"The certificate of {host} is not to be trusted: {error.verify_message.rstrip('.')}.",
        hint="Name the authority that signed it with --ca-file, or correct the address.",
    )


def is_here(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
