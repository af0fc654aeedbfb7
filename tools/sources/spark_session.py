"""The Spark session that queries run in, how long they may take, and what their failures mean."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from py4j.protocol import Py4JJavaError, Py4JNetworkError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from tools.sources.spark_connect import beside, is_remote, lost, settle
from tools.sources.sqlstates import ADVICE, meaning, without_values
from tools.sources.table import Cause, QueryError, SourceError

# PySpark warns of every pandas from 3.0 on; no DataFrame of pandas passes here.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)

with suppress(ModuleNotFoundError):  # Spark 3.5 has none
    from pyspark.logger import PySparkLogger

    # It writes each refused query to the console, stack and all; the refusal says it in one line.
    PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)

FAILURES = (PySparkException, Py4JJavaError, Py4JNetworkError, ConnectionError)
CANCEL_SECONDS = 0.2
_GATEWAY = "PYSPARK_GATEWAY_PORT"
"""Where spark-submit says how to reach the Spark that it started."""
_OWN = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    # A stream holds one partition at a time.
    "spark.sql.files.maxPartitionBytes": "32m",
}
_CONDITION = re.compile(r"\[([\w.]+)\]")
_PATTERN = re.compile(r"^(Caused by: )?java\.util\.regex\.PatternSyntaxException", re.MULTILINE)
_STATE = re.compile(r"SQLSTATE: (\w{5})")
_LOST, _AGAIN = "the connection to the server was lost.", "Check that the server runs, then run it again."
_LATE: tuple[Cause, str] = ("time", "the query was stopped at its time limit.")
_siblings: dict[str, SparkSession] = {}
_only_one = threading.Lock()


def active_session() -> SparkSession:
    """The session of this process; a local one on two cores is started where there is none. Raises SourceError.

    A program that was submitted to a cluster has the cluster's, with the settings that it was submitted with.
    """
    if _GATEWAY in os.environ:
        return SparkSession.builder.getOrCreate()
    with _only_one:
        # Spark asks for the program of its Python workers here, and would else take the first python3 of the PATH.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if SparkSession.getActiveSession() is None and not _java():
            raise SourceError("spark:// needs Java, which is not installed.", hint="Install Java 17 or set JAVA_HOME.")
        conf = SparkConf(loadDefaults=True).setMaster("local[2]").setAppName("assay").setAll(list(_OWN.items()))
        try:
            SparkContext.getOrCreate(conf)
            return SparkSession.builder.getOrCreate()
        except FAILURES as error:
            raise SourceError(
                "The local Spark does not start.", hint="Check that `java -version` says 17 or more."
            ) from error


def sibling(session: SparkSession) -> SparkSession:
    """A session of the same application with settings of its own, so that a user's session stays as it is."""
    if is_remote(session):
        return beside(session)
    application = str(session.sparkContext.applicationId)
    with _only_one:
        if application not in _siblings:
            made = session.newSession()
            settle(made)
            _siblings[application] = made
        return _siblings[application]


class TimeLimit:
    """Cancels the Spark jobs that were started under it once its time is over."""

    def __init__(self, session: SparkSession, seconds: float | None) -> None:
        if is_remote(session):
            self._add, self._remove, self._cancel = session.addTag, session.removeTag, session.interruptTag
        else:
            jobs = session.sparkContext
            self._add, self._remove, self._cancel = jobs.addJobTag, jobs.removeJobTag, jobs.cancelJobsWithTag
        self._tag = f"assay-{uuid4().hex}"
        self._ended = threading.Event()
        self.over = False
        if seconds is not None:
            threading.Thread(target=self._watch, args=(seconds,), daemon=True).start()

    def _watch(self, seconds: float) -> None:
        while not self._ended.wait(CANCEL_SECONDS if self.over else seconds):
            # Again and again: a query that is still being planned has no job to cancel yet.
            self.over = True
            self.cancel()

    def cancel(self) -> None:
        """Stops what still runs."""
        with suppress(*FAILURES):  # where there is no server, nothing runs
            self._cancel(self._tag)

    @contextmanager
    def marked(self) -> Iterator[None]:
        """Jobs that this thread starts inside are under the limit."""
        self._add(self._tag)
        try:
            yield
        finally:
            self._remove(self._tag)

    def done(self) -> None:
        """Nothing is left to cancel."""
        self._ended.set()


def as_query_error(error: BaseException, what: str, *, late: bool) -> QueryError:
    """Why a query gave no answer; ``late`` when its time limit stopped it."""
    cause, sentence = _LATE if late else _refusal(error)
    hint = _AGAIN if sentence == _LOST else ADVICE.get(cause, "")
    return QueryError(f"{what}: {sentence}", cause=cause, sentence=sentence, hint=hint)


def _refusal(error: BaseException) -> tuple[Cause, str]:
    if isinstance(error, (Py4JNetworkError, ConnectionError)) or lost(error):
        return "other", _LOST
    kind, said = _root(error) if isinstance(error, Py4JJavaError) else (type(error).__name__, str(error))
    condition, state = _CONDITION.match(said), _state(error, said)
    if "PatternSyntax" in kind or _PATTERN.search(said) or (condition and "PATTERN" in condition.group(1)):
        return "pattern", "a regular expression is not valid."
    if "OutOfMemory" in kind or "maxResultSize" in said:
        return "memory", "the query needs more memory than there is."
    if known := meaning(state) if state else None:
        return known
    if state and without_values(state):
        return "statement", _gist(said)
    return "other", "the engine does not take a value that it met."


def _state(error: BaseException, said: str) -> str:
    """The SQLSTATE, which Spark 4 writes into its message."""
    if found := _STATE.search(said):
        return found.group(1)
    return (error.getSqlState() or "") if isinstance(error, PySparkException) and hasattr(error, "getSqlState") else ""


def _root(error: Py4JJavaError) -> tuple[str, str]:
    """The Java class and the message of what went wrong first."""
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return str(cause.getClass().getName()), str(cause.getMessage() or "")


def _gist(said: str) -> str:
    """The first sentence, without Spark's name of the error, SQLSTATE and place."""
    first = _CONDITION.sub("", said.strip().split("\n")[0]).split(" SQLSTATE:")[0].strip()
    return (first if len(first) <= 300 else first[:297] + "...").rstrip(".") + "."


def _java() -> bool:
    return bool(os.environ.get("JAVA_HOME") or shutil.which("java"))
