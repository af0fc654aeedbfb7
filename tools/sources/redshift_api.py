"""Statements of Redshift through its Data API: started, waited for, cancelled, and read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tools.sources import aws
from tools.sources.redshift_errors import late, query_error
from tools.sources.table import SourceError
from tools.sources.waiting import Clock, TooLate, begun, finish

# Names without a schema mean nothing but built-in functions, and times mean the same whatever the user has set.
_SETTINGS = ("set search_path to ''", "set timezone to 'UTC'")
_BUSY = ("ActiveStatementsExceededException", "ActiveSessionsExceededException")
_ELSEWHERE = ("not found", "endpoint doesn't exist")
_NO_SUCH_PLACE = ("ResourceNotFoundException", "EndpointNotFoundException")

Page = dict[str, Any]
"""An answer of GetStatementResult."""


@dataclass(frozen=True)
class Place:
    """A database of a cluster or of a serverless workgroup."""

    text: str
    """Its URI, as it may be shown."""
    name: str
    region: str
    database: str
    serverless: bool = False
    user: str = ""
    secret: str = ""
    """The name or ARN of a secret with user and password; without one, the AWS identity logs in."""

    @property
    def target(self) -> dict[str, str]:
        """How the Data API is told."""
        told = {"Database": self.database, "WorkgroupName" if self.serverless else "ClusterIdentifier": self.name}
        if self.secret:
            told["SecretArn"] = self.secret
        elif self.user:
            told["DbUser"] = self.user
        return told


@dataclass
class DataApi:
    """Runs statements; threads may share it."""

    place: Place
    statements: int = 0
    _closed: bool = field(default=False, init=False)

    @cached_property
    def _client(self) -> Any:
        return aws.client("redshift-data", self.place.region, what=self.place.text)

    def answer(self, text: str, seconds: float | None) -> Iterator[Page]:
        """The pages of a query's answer, at least one. Raises QueryError, SourceError."""
        if self._closed:
            raise SourceError(f"{self.place.text} was closed.", hint="Open it again.")
        clock = Clock(seconds)
        settings = [*_SETTINGS]
        if seconds is not None:
            settings.append(f"set statement_timeout to {max(1, int(seconds * 1000))}")
        try:
            number = begun(lambda token: self._start([*settings, text], clock, token), self._cancel)
            finish(lambda: self._ended(number), lambda: self._cancel(number), clock)
        except TooLate:
            raise late(self.place.text) from None
        yield from self._pages(f"{number}:{len(settings) + 1}")

    def close(self) -> None:
        """No further statements; closing twice is no error."""
        self._closed = True
        if "_client" in self.__dict__:
            self._client.close()

    def tables(self, most: int = 500) -> list[tuple[str, str]]:
        """Schemas and names of tables and views, the first few; none where the user may not list them."""
        try:
            with aws.errors(self.place.text):
                answer = self._client.list_tables(**self.place.target, MaxResults=most)
        except SourceError:
            return []
        own = (one for one in answer["Tables"] if one["schema"] not in ("pg_catalog", "information_schema"))
        return [(one["schema"], one["name"]) for one in own]

    def _start(self, texts: list[str], clock: Clock, token: str) -> str:
        """Starts statements one after another, in one transaction; the last is the query."""

        def started() -> str | None:
            with aws.errors(self.place.text):
                try:
                    told = self._client.batch_execute_statement(Sqls=texts, ClientToken=token, **self.place.target)
                    return str(told["Id"])
                except ClientError as error:
                    if aws.code_of(error) in _BUSY:  # so many run already: some will have ended soon
                        return None
                    raise self._not_started(error) from error

        self.statements += 1
        return finish(started, lambda: None, clock)

    def _not_started(self, error: ClientError) -> Exception:
        code, said = aws.code_of(error), aws.message_of(error)
        if code in _NO_SUCH_PLACE or any(words in said for words in _ELSEWHERE):
            kind = "workgroup" if self.place.serverless else "cluster"
            hint = "Check its name and region; a serverless workgroup needs ?serverless=true."
            return SourceError(f"{self.place.text}: there is no {kind} {self.place.name!r}: {said}", hint=hint)
        return query_error(said, self.place.text) if code == "ValidationException" else error

    def _ended(self, number: str) -> bool | None:
        """True when it has ended well, None while it runs. Raises QueryError."""
        with aws.errors(self.place.text):
            told = self._client.describe_statement(Id=number)
        if told["Status"] in ("FAILED", "ABORTED"):
            raise query_error(told.get("Error", "cancelled on user's request"), self.place.text)
        return True if told["Status"] == "FINISHED" else None

    def _cancel(self, number: str) -> None:
        with aws.errors(self.place.text):
            self._client.cancel_statement(Id=number)

    def _pages(self, number: str) -> Iterator[Page]:
        more: dict[str, str] = {}
        while True:
            with aws.errors(self.place.text):
                page: Page = self._client.get_statement_result(Id=number, **more)
            yield page
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}
