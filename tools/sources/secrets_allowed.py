"""Which secrets of this machine may be sent where: whoever names a source could otherwise have them sent to himself."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from tools.sources.table import SourceError

ALLOWED = "ASSAY_SOURCE_SECRETS"
"""Names and the hosts that get them: ``API_TOKEN@api.shop.example,secret://prod/*@*.internal``; unset, all may go."""
_OWN = ("ASSAY_", "AWS_")


def check(name: str, host: str, what: str) -> None:
    """Raises SourceError unless what is named, a variable or a ``secret://``, may be sent to a host."""
    if name.startswith(_OWN):
        raise SourceError(f"{what}: {name} is Assay's own, and no secret for a source.", hint="Name another variable.")
    told = os.environ.get(ALLOWED)
    if told is None or any(_fits(word.strip(), name, host) for word in told.split(",")):
        return
    raise SourceError(
        f"{what}: {name} is not meant for {host}.", hint=f"Who runs Assay may allow it: {ALLOWED}={name}@{host}."
    )


def _fits(word: str, name: str, host: str) -> bool:
    names, _, hosts = word.rpartition("@")
    return fnmatchcase(name, names) and fnmatchcase(host.lower(), hosts.lower())
