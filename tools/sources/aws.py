"""Clients of AWS's services, and what these say made into errors that people can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore import exceptions, loaders
from botocore.config import Config

from tools.sources.table import SourceError

CONNECT_SECONDS, READ_SECONDS = 10, 60
TRIES = 6
"""How often a request is sent when AWS throttles it, fails or does not answer; pauses in between grow up to 20 s."""

LOGIN = "Set AWS_PROFILE or access keys, run aws sso login, or give this machine a role."
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "InvalidGrantException"}
)
_WRONG = frozenset(
    {"InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"}
    | {"UnrecognizedClientException", "InvalidToken"}
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_BUSY = frozenset({"SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})
_BROKEN = frozenset({"InternalServerException", "InternalServerError", "InternalFailure", "ServiceUnavailable"})


def client(service: str, region: str = "", *, what: str) -> Any:
    """A client with AWS's own chain of credentials; regions and endpoints by AWS's own settings. Raises SourceError.

    ``what`` is the source that needs it, as it may be shown.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=20,
    )
    with errors(what):
        return _session().client(service, region_name=region or None, config=config)


def default_region() -> str:
    """The region of the environment or profile; empty where none is set. Raises SourceError."""
    with errors("AWS"):
        return _session().region_name or ""


def _session() -> Any:
    """A session of its own for each client: threads may not share one."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=core)


@lru_cache(maxsize=1)
def _loader() -> Any:
    """Remembers the models of services, whose reading takes most of the time that a client takes."""
    return loaders.create_loader()


@contextmanager
def errors(what: str) -> Iterator[None]:
    """Turns errors of boto3 into SourceError, which says what is wrong with ``what`` and how to mend it."""
    try:
        yield
    except exceptions.ClientError as error:
        raise refused(error, what) from error
    except exceptions.BotoCoreError as error:
        sentence, hint = _before_an_answer(error)
        raise SourceError(f"{what} cannot be reached: {sentence}.", hint=hint) from error


def code_of(error: exceptions.ClientError) -> str:
    """AWS's name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: exceptions.ClientError) -> str:
    """AWS's words, in one line, with a point at the end."""
    said = error.response.get("Error", {}).get("Message") or code_of(error)
    return " ".join(str(said).split()).rstrip(".") + "."


def refused(error: exceptions.ClientError, what: str) -> SourceError:
    """An answer that is an error."""
    code = code_of(error)
    if code in _EXPIRED:
        return SourceError(f"{what} cannot be opened: the AWS session has expired.", hint="Log in again.")
    if code in _WRONG:
        return SourceError(f"{what} cannot be opened: AWS does not accept these credentials.", hint=LOGIN)
    if code in _DENIED:
        return SourceError(f"{what}: access is denied: {message_of(error)}", hint="Ask for that permission in IAM.")
    if code in _BUSY:
        return SourceError(f"{what}: AWS still throttles after {TRIES} tries.", hint="Run it again later.")
    if code in _BROKEN:
        return SourceError(f"{what}: AWS has failed {TRIES} times.", hint="Run it again later.")
    return SourceError(f"{what}: {message_of(error)}")


def _before_an_answer(error: exceptions.BotoCoreError) -> tuple[str, str]:
    match error:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return "there are no AWS credentials", LOGIN
        case exceptions.SSOError() | exceptions.TokenRetrievalError() | exceptions.CredentialRetrievalError():
            return "the AWS credentials cannot be had, or have expired", "Log in again: aws sso login."
        case exceptions.ProfileNotFound():
            return "there is no such AWS profile", "Check AWS_PROFILE and ~/.aws/config."
        case exceptions.NoRegionError() | exceptions.InvalidRegionError():
            return "no AWS region is set, or none of that name", "Name it in the URI, or set AWS_REGION."
        case exceptions.HTTPClientError() | exceptions.ConnectionError():
            return "AWS does not answer", "Check the network, the region, and AWS_ENDPOINT_URL if it is set."
        case _:
            return " ".join(str(error).split()).rstrip("."), ""
