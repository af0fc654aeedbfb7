"""Queries of Athena: started, waited for, stopped, read page by page, and their bytes held below a cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tools.sources import aws
from tools.sources.athena_errors import late, query_error
from tools.sources.scanned import Cost
from tools.sources.table import SourceError
from tools.sources.waiting import Clock, TooLate, begun, finish

PAGE_ROWS = 1000
"""The most that Athena gives at once, the names of columns among them."""
Page = dict[str, Any]
"""A ResultSet of GetQueryResults."""


@dataclass(frozen=True)
class Place:
    """A catalog in a region, and how queries run there."""

    text: str
    """Its URI, as it may be shown."""
    region: str
    catalog: str
    workgroup: str = ""
    output: str = ""
    """Where answers are stored, as s3://bucket/prefix; the workgroup says it if this does not."""


@dataclass
class Athena:
    """Runs queries; threads may share it."""

    place: Place
    cost: Cost
    _closed: bool = field(default=False, init=False)

    @cached_property
    def client(self) -> Any:
        """The client of boto3."""
        return aws.client("athena", self.place.region, what=self.place.text)

    def answer(self, text: str, seconds: float | None) -> Iterator[Page]:
        """The pages of a query's answer, at least one. Raises QueryError, CapError, SourceError."""
        if self._closed:
            raise SourceError(f"{self.place.text} was closed.", hint="Open it again.")
        self.cost.check(self.place.text)
        number = begun(lambda token: self._start(text, token), self._stop)
        try:
            finish(lambda: self._ended(number), lambda: self._stop(number), Clock(seconds))
        except TooLate:
            raise late(self.place.text) from None
        yield from self._pages(number)

    def close(self) -> None:
        """No further queries; closing twice is no error."""
        self._closed = True
        if "client" in self.__dict__:
            self.client.close()

    def workgroup_limit(self) -> int | None:
        """The bytes that the workgroup lets one query read; None where there is no limit, or it may not be asked."""
        try:
            with aws.errors(self.place.text):
                told = self.client.get_work_group(WorkGroup=self.place.workgroup or "primary")
        except SourceError:
            return None
        limit = told["WorkGroup"].get("Configuration", {}).get("BytesScannedCutoffPerQuery")
        return int(limit) if limit is not None else None

    def _start(self, text: str, token: str) -> str:
        how: dict[str, Any] = {"QueryExecutionContext": {"Catalog": self.place.catalog}, "ClientRequestToken": token}
        if self.place.workgroup:
            how["WorkGroup"] = self.place.workgroup
        if self.place.output:
            how["ResultConfiguration"] = {"OutputLocation": self.place.output}
        with aws.errors(self.place.text):
            try:
                return str(self.client.start_query_execution(QueryString=text, **how)["QueryExecutionId"])
            except ClientError as error:
                if aws.code_of(error) != "InvalidRequestException":
                    raise
                raise self._not_started(aws.message_of(error)) from error

    def _not_started(self, said: str) -> Exception:
        if "output location" in said.lower():
            hint = "Name one: ?output=s3://bucket/prefix, or a workgroup that has one: ?workgroup=NAME."
            return SourceError(f"{self.place.text}: there is no place for the answers of queries.", hint=hint)
        if "workgroup" in said.lower():
            return SourceError(f"{self.place.text}: {said}", hint="Check ?workgroup= and the region.")
        return query_error(f"SYNTAX_ERROR: {said}", self.place.text)

    def _ended(self, number: str) -> bool | None:
        """True when it has ended well, None while it runs. Raises QueryError, CapError."""
        with aws.errors(self.place.text):
            told = self.client.get_query_execution(QueryExecutionId=number)["QueryExecution"]
        within = self.cost.note(number, told.get("Statistics", {}).get("DataScannedInBytes", 0))
        state = told["Status"]["State"]
        if state == "SUCCEEDED":
            return True
        if state in ("FAILED", "CANCELLED"):
            raise query_error(told["Status"].get("StateChangeReason", "cancelled"), self.place.text)
        if not within:
            raise self.cost.used_up(self.place.text)
        return None

    def _stop(self, number: str) -> None:
        with aws.errors(self.place.text):
            self.client.stop_query_execution(QueryExecutionId=number)
            told = self.client.get_query_execution(QueryExecutionId=number)["QueryExecution"]
        self.cost.note(number, told.get("Statistics", {}).get("DataScannedInBytes", 0))

    def _pages(self, number: str) -> Iterator[Page]:
        more: dict[str, str] = {}
        while True:
            with aws.errors(self.place.text):
                told = self.client.get_query_results(QueryExecutionId=number, MaxResults=PAGE_ROWS, **more)
            yield told["ResultSet"]
            if not told.get("NextToken"):
                return
            more = {"NextToken": told["NextToken"]}
