"""The RDS Data API in front of a database server, which really executes what it is sent.

Like AWS, it gives 1 MB at most, and ends the transaction of an answer that is larger.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import psycopg

from tests.support.aws.rds_data_engines import Refused, Session
from tests.support.aws.service import Failure, Json

MOST_BYTES = 1_000_000
CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"


class Opener(Protocol):
    """Connects to a database of the server."""

    def __call__(self, database: str) -> Session:
        """Raises psycopg.Error and the like."""
        ...


@dataclass
class RdsData:
    """`opens` connects to the server behind it."""

    opens: Opener
    cluster: str = CLUSTER
    secret: str = SECRET
    service: str = "rds-data"
    sessions: dict[str, Session] = field(default_factory=dict)
    """Of transactions that are open."""
    rolled_back: int = 0
    statements: list[str] = field(default_factory=list)
    on_fetch: Callable[[str], None] = lambda sql: None
    """Looks at a statement before its answer is given. Raises Failure."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, operation: str, request: Json) -> Json:
        """Answers an operation."""
        if request["resourceArn"] != self.cluster:
            raise Failure("DatabaseNotFoundException", f"DB cluster {request['resourceArn']} not found")
        if request["secretArn"] != self.secret:
            raise Failure("SecretsErrorException", "Secrets Manager can't find the specified secret.")
        calls = {
            "BeginTransaction": self._begin,
            "ExecuteStatement": self._execute,
            "RollbackTransaction": self._rollback,
        }
        return calls[operation](request)

    def stop(self) -> None:
        """Ends what is open."""
        for session in list(self.sessions.values()):
            session.close()

    def _begin(self, request: Json) -> Json:
        session = self._open(request)
        session.begin()
        number = str(uuid.uuid4())
        with self._lock:
            self.sessions[number] = session
        return {"transactionId": number}

    def _open(self, request: Json) -> Session:
        try:
            return self.opens(request["database"])
        except psycopg.OperationalError as error:
            raise Failure("DatabaseNotFoundException", str(error)) from error

    def _rollback(self, request: Json) -> Json:
        self._session(request)
        self._forget(request["transactionId"])
        self.rolled_back += 1
        return {"transactionStatus": "Rollback Complete"}

    def _session(self, request: Json) -> Session:
        number = request["transactionId"]
        if number not in self.sessions:
            raise Failure("TransactionNotFoundException", f"Transaction {number} is not found")
        return self.sessions[number]

    def _forget(self, number: str) -> None:
        with self._lock:
            session = self.sessions.pop(number)
        session.close()

    def _execute(self, request: Json) -> Json:
        number = request.get("transactionId")
        session = self._session(request) if number else self._open(request)
        given = {one["name"]: one["value"]["stringValue"] for one in request.get("parameters", [])}
        self.statements.append(request["sql"])
        try:
            columns, records = session.execute(request["sql"], given)
        except Refused as error:
            raise Failure("DatabaseErrorException", str(error)) from error
        finally:
            if not number:
                session.close()
        self.on_fetch(request["sql"])
        if sum(len(json.dumps(row, default=str)) for row in records) > MOST_BYTES:
            if number:
                self._forget(number)
            raise Failure("BadRequestException", "Database returned more than the allowed response size limit")
        told = {"columnMetadata": columns} if request.get("includeResultMetadata") else {}
        return {"records": records, "numberOfRecordsUpdated": 0, **told}
