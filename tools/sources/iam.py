"""Logging in to databases of RDS and Aurora with AWS's own credentials: ``?iam=true`` in a URI.

A token stands in for the password. It is made on this machine for each connection, lives for 15 minutes, and is kept
nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.sources.table import SourceError
from tools.sources.uris import DatabaseUri

OPTIONS = ("iam", "region")
DENIED = "Needed are rds-db:connect in IAM, and a user for it: GRANT rds_iam, or AWSAuthenticationPlugin in MySQL."
BUNDLE = "AWS's certificates are in https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem."
_ENDPOINT = re.compile(r".+\.([a-z0-9-]+)\.rds\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True)
class Login:
    """Whom tokens are for."""

    host: str
    port: int
    user: str
    region: str
    what: str

    def token(self) -> str:
        """A new one. Raises SourceError: there are no AWS credentials, or no region."""
        from tools.sources import aws  # a database without IAM needs none of it

        client = aws.client("rds", self.region, what=self.what)
        try:
            with aws.errors(self.what):
                made = client.generate_db_auth_token(DBHostname=self.host, Port=self.port, DBUsername=self.user)
                return str(made)
        finally:
            client.close()


def login_of(place: DatabaseUri, port: int) -> Login | None:
    """Whom a URI wants tokens for; None where it wants none. ``port`` is the usual one. Raises SourceError."""
    told = place.options.get("iam", "false").lower()
    if told not in ("true", "false"):
        raise SourceError(f"{place.text}: iam={told} is not understood.", hint="Write iam=true.")
    if told == "false":
        return None
    if place.password:
        raise SourceError(f"{place.text} asks for an IAM token and has a password.", hint="Leave one of them away.")
    if not place.user or not place.host or place.host.startswith("/"):
        raise SourceError(f"{place.text}: IAM needs the user and the host.", hint="Write user@host in the URI.")
    endpoint = _ENDPOINT.fullmatch(place.host)
    region = place.options.get("region") or (endpoint.group(1) if endpoint else "")
    return Login(place.host, int(place.port or port), place.user, region, place.text)
