"""The door to the store."""

from __future__ import annotations

import os
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Self

from psycopg_pool import ConnectionPool

from memory import embedded
from memory.alert_book import Alerts
from memory.approvals import Approvals
from memory.arrivals import Arrivals
from memory.audit import Audit
from memory.catalog import Catalog
from memory.channels import Channels
from memory.conversations import Conversations
from memory.db import Connection, Database
from memory.fence import Fenced
from memory.history import MetricHistory
from memory.memories import Memories
from memory.migrate import migrate
from memory.model import Lease
from memory.outbox import Outbox
from memory.publications import Publications
from memory.recall import Recall
from memory.requests import Clock
from memory.results import Results
from memory.rules import Rules
from memory.runs import Runs
from memory.settings import Settings
from memory.usage import Usage
from memory.watches import Watches

if TYPE_CHECKING:
    from memory.lineage.store import LineageStore


class Memory:
    """The open store. Close it, or use it as a context manager."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """Brings the database behind a connection string up to date and opens it. Raises StoreError.

        ``clock`` is what requests for approval expire by; the database's own if None.
        """
        self.url = url
        """Holds the password: not for messages."""
        self._clock = clock
        migrate(url)
        self._bind(Database(url))

    def _bind(self, db: Database) -> None:
        self.db = db
        self.audit = Audit(self.db)
        self.settings = Settings(self.db)
        self.catalog = Catalog(self.db)
        self.runs = Runs(self.db)
        self.approvals = Approvals(self.db, self._clock)
        self.rules = Rules(self.db)
        self.recall = Recall(self.db)
        self.memories = Memories(self.db)
        self.results = Results(self.db)
        self.history = MetricHistory(self.db)
        self.usage = Usage(self.db)
        self.conversations = Conversations(self.db)
        self.outbox = Outbox(self.db)
        self.alerts = Alerts(self.db)
        self.channels = Channels(self.db)
        self.watches = Watches(self.db)
        self.arrivals = Arrivals(self.db)
        self.publications = Publications(self.db)
        self._lineage: LineageStore | None = None
        self._whole: Memory | None = None

    @classmethod
    def open(cls, url: str | None = None) -> Self:
        """Opens the store at a connection string, else at ``ASSAY_DATABASE_URL``, else the embedded one.

        Raises StoreError where it cannot be reached or brought up to date.
        """
        return cls(url or os.environ.get("ASSAY_DATABASE_URL") or embedded.start(embedded.default_home()))

    def under(self, lease: Lease) -> Self:
        """This store for the worker that holds a lease: what it writes after the lease was lost raises LeaseLost."""
        view = copy(self)
        view._bind(Fenced(self.db, lease))
        view._whole = self
        return view

    @property
    def lineage(self) -> LineageStore:
        """Where columns come from and go to."""
        if self._lineage is None:
            # With numpy, which few commands need.
            from memory.lineage.store import LineageStore

            self._lineage = LineageStore(self.db, self._whole.lineage.copy if self._whole else None)
        return self._lineage

    @property
    def pool(self) -> ConnectionPool[Connection]:
        """Connections with autocommit and dictionary rows, fit for a LangGraph saver."""
        return self.db.pool

    def close(self) -> None:
        """Lets go of the connections; an embedded server goes on running."""
        self.db.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
