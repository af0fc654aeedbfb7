"""Statements of Aurora through the RDS Data API: in transactions that end with a rollback, and page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from sqlglot import exp

from tools.sources import aws
from tools.sources.rds_data_errors import late, query_error, too_large
from tools.sources.rds_data_sessions import Session, session_of
from tools.sources.table import SourceError
from tools.sources.waiting import Clock, TooLate, finish

WAKING_SECONDS = 90.0
"""How long a cluster that was paused may take to come back."""
MOST_TEXT = 65_536
"""Letters of SQL that the Data API takes."""
FIRST_ROWS, MOST_ROWS = 100, 1000
PAGE_BYTES = 300_000
"""What a page is meant to have; the Data API gives 1 MB, and ends the transaction where an answer has more."""

Answer = dict[str, Any]
"""An answer of ExecuteStatement."""
Parameters = Mapping[str, str]


class TooLarge(Exception):
    """An answer was larger than the Data API gives; its transaction is gone."""


@dataclass(frozen=True)
class Place:
    """A database of a cluster."""

    text: str
    """Its URI, as it may be shown."""
    cluster: str
    """A name, or an ARN."""
    region: str
    database: str
    secret: str
    """The name or ARN of the secret that holds user and password."""
    engine: str
    """``postgres`` or ``mysql``."""


@dataclass
class DataApi:
    """Runs statements; threads may share it."""

    place: Place
    _closed: bool = field(default=False, init=False)

    @cached_property
    def _client(self) -> Any:
        return aws.client("rds-data", self.place.region, what=self.place.text)

    @cached_property
    def _target(self) -> dict[str, str]:
        return {"resourceArn": _cluster_arn(self.place), "secretArn": _secret_arn(self.place)}

    def close(self) -> None:
        """No further statements; closing twice is no error."""
        self._closed = True
        if "_client" in self.__dict__:
            self._client.close()

    @contextmanager
    def transaction(self, seconds: float | None) -> Iterator[Transaction]:
        """Statements that only read, within one session; what they set ends with it. Raises SourceError."""
        if self._closed:
            raise SourceError(f"{self.place.text} was closed.", hint="Open it again.")
        begun = Transaction(self, self._begun(), session_of(self.place.engine))
        try:
            begun.session.begin(begun, seconds)
            yield begun
        finally:
            begun.end()

    def call(self, operation: str, **request: Any) -> Answer:
        """One call. Raises SourceError, QueryError, TooLarge."""
        with aws.errors(self.place.text):
            try:
                answer: Answer = getattr(self._client, operation)(**self._target, **request)
            except ClientError as error:
                raise self._refused(error) from error
        return answer

    def _begun(self) -> str:
        """The number of a new transaction; a cluster that sleeps is waited for."""

        def begin() -> str | None:
            try:
                return str(self.call("begin_transaction", database=self.place.database)["transactionId"])
            except _Sleeps:
                return None

        try:
            return finish(begin, lambda: None, Clock(WAKING_SECONDS))
        except TooLate:
            raise SourceError(f"{self.place.text}: the cluster does not wake up.", hint="Look at it in RDS.") from None

    def _refused(self, error: Exception) -> Exception:
        code, said, what = aws.code_of(error), aws.message_of(error), self.place.text
        if code == "DatabaseResumingException":
            return _Sleeps()
        if too_large(said):
            return TooLarge()
        if code == "StatementTimeoutException":
            return late(what)
        if code in ("DatabaseErrorException", "UnsupportedResultException") or "SQLState" in said:
            return query_error(f"{said} {code if code.startswith('Unsupported') else ''}", what)
        if code in _ADVICE or "HttpEndpoint" in said:
            sentence, hint = _ADVICE.get(code, _ADVICE["HttpEndpointNotEnabledException"])
            return SourceError(f"{what}: {sentence}.", hint=hint)
        if "password authentication failed" in said or "Access denied for user" in said:
            return SourceError(f"{what}: user or password in the secret are wrong.", hint="Rotate or mend the secret.")
        return error


class _Sleeps(Exception):
    """A serverless cluster that was paused, and is coming back."""


_ADVICE = {
    "HttpEndpointNotEnabledException": (
        "the Data API is not enabled for this cluster",
        "Enable it: aws rds enable-http-endpoint --resource-arn ARN.",
    ),
    "InvalidSecretException": ("the secret holds no user and password", "Name another: ?secret=NAME-OR-ARN."),
    "SecretsErrorException": ("the secret cannot be read", "Check its name, and secretsmanager:GetSecretValue."),
    "DatabaseNotFoundException": ("there is no such cluster or database", "Check its name, the database and region."),
    "DatabaseUnavailableException": ("the database cannot be reached", "Check that the cluster is available."),
    "ServiceUnavailableError": ("the Data API cannot be reached", "Run it again later."),
    "InvalidResourceStateException": ("the cluster is not available", "Look at it in RDS."),
    "TransactionNotFoundException": ("the transaction has ended on the server", "Run it again."),
}


@dataclass
class Transaction:
    """One session of the database, for as long as it is open."""

    api: DataApi
    number: str
    session: Session
    process: str = ""
    """The number of the session on the server, to cancel what runs in it."""
    lost: bool = False

    def ask(self, text: str, **parameters: str) -> Answer:
        """Runs one statement. Cancelled on the server where nobody waits for it. Raises QueryError, TooLarge."""
        if len(text) > MOST_TEXT:
            raise query_error("ERROR: the query is longer than the Data API takes; SQLState: 54001", self._what)
        given = [{"name": name, "value": {"stringValue": value}} for name, value in parameters.items()]
        try:
            return self.api.call(
                "execute_statement", sql=text, database=self.api.place.database, transactionId=self.number,
                includeResultMetadata=True, **({"parameters": given} if given else {}),
                resultSetOptions={"decimalReturnType": "STRING", "longReturnType": "LONG"},
            )  # fmt: skip
        except TooLarge:
            self.lost = True
            raise
        except KeyboardInterrupt:
            self._cancel()
            raise

    def pages(self, select: exp.Query, most: int) -> Iterator[Answer]:
        """The answer in parts, at least one. Raises QueryError, TooLarge."""
        rows, done = min(FIRST_ROWS, most), 0
        turn = self.session.pages(self, select)
        while True:
            answer = turn(done, rows)
            yield answer
            got = len(answer["records"])
            done += got
            if got < rows:
                return
            size = len(json.dumps(answer["records"], default=str)) / got
            rows = max(1, min(most, int(PAGE_BYTES / size)))

    def end(self) -> None:
        """Rolls it back; what cannot be is ended by AWS after three minutes."""
        if not self.lost:
            with suppress(SourceError, TooLarge, _Sleeps):
                self.session.end(self)
            with suppress(SourceError, TooLarge, _Sleeps):
                self.api.call("rollback_transaction", transactionId=self.number)

    def _cancel(self) -> None:
        """From another session."""
        with suppress(SourceError, TooLarge, _Sleeps):
            self.api.call("execute_statement", sql=self.session.stop(self.process), database=self.api.place.database)

    @property
    def _what(self) -> str:
        return self.api.place.text


def _cluster_arn(place: Place) -> str:
    if place.cluster.startswith("arn:"):
        return place.cluster
    client = aws.client("sts", place.region, what=place.text)
    try:
        with aws.errors(place.text):
            told = client.get_caller_identity()
            partition = str(told["Arn"]).split(":")[1]
    finally:
        client.close()
    return f"arn:{partition}:rds:{place.region}:{told['Account']}:cluster:{place.cluster}"


def _secret_arn(place: Place) -> str:
    if place.secret.startswith("arn:"):
        return place.secret
    client = aws.client("secretsmanager", place.region, what=place.text)
    try:
        with aws.errors(place.text):
            return str(client.describe_secret(SecretId=place.secret)["ARN"])
    except SourceError as error:
        if isinstance(error.__cause__, ClientError) and aws.code_of(error.__cause__) == "ResourceNotFoundException":
            hint = "Check ?secret= and the region."
            raise SourceError(f"{place.text}: there is no secret {place.secret!r}.", hint=hint) from None
        raise
    finally:
        client.close()
