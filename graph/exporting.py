"""Gives metrics out as a star schema: the days that changed since the last time, each of them whole.

A day of a table is one file that is replaced in one step, and how far a place is is written last. An export that is cut
off anywhere is made good by the next one; two at once wait for each other.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from graph.permissions import require
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory
    from memory.facts import Facts
    from tools.metrics.rows import Row
    from tools.metrics.schema import Table
    from tools.metrics.state import State
    from tools.objects.model import Objects

OVERLAP = timedelta(hours=1)
"""So much of what was given out is looked at again: a transaction is stored at its end, under the time of its begin."""
DAYS_AT_ONCE = 31
"""Days that wait on this machine's disk until their dimensions are there."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Exported:
    """What was given out."""

    uri: str
    days: list[date]
    rows: dict[str, int] = field(default_factory=dict)
    """Of these days, by table; of a dimension that is not by day all that it has."""


def export(
    memory: Memory,
    target: str,
    actor: str | None = None,
    since: date | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Exported:
    """Brings the metrics below a folder or s3:// URI up to date. Raises ObjectsError, StoreError, PermissionDenied.

    ``since`` gives all days from then on out again; at a place where there are none yet it is where they begin.
    """
    from memory.audit import Fact
    from memory.facts import Facts, exclusive
    from tools import objects
    from tools.metrics import state

    person, place = require(actor, "export"), objects.at(target, ("file", "s3"))
    with exclusive(memory.db, f"metrics {place.uri}") as held:
        before = state.read(place)
        with memory.db.one_state() as connection:
            facts = Facts(connection)
            if before and before.store != str(facts.store):
                message = f"{place.uri} has the metrics of another store."
                raise AssayError(message, hint="Give each store a place of its own.")
            done, now = _Export(memory, facts, place, before, on_progress).run(since)
        held.execute("select 1")
        state.write(place, now)
    told = {"days": len(done.days), "rows": done.rows}
    memory.audit.record(Fact("metrics.exported", person, subject=place.uri, data=told))
    return done


class _Export:
    def __init__(
        self,
        memory: Memory,
        facts: Facts,
        place: Objects,
        before: State | None,
        on_progress: Callable[[float], None] | None,
    ) -> None:
        from tools.metrics.rows import Shaping

        self._memory, self._facts, self._place, self._before = memory, facts, place, before
        self._tell = on_progress or (lambda share: None)
        self._shaping = Shaping()
        self._rows: dict[str, int] = {}

    def run(self, since: date | None) -> tuple[Exported, State]:
        """Writes what is due; what was done, and how far the place is then."""
        from tools.metrics.state import State

        changed = self._before.through - OVERLAP if self._before else EVER
        days = self._days(changed, since)
        first, last = self._calendar(days)
        for begin in range(0, len(days) or 1, DAYS_AT_ONCE):
            self._some(days, begin, changed if begin == 0 else self._facts.now)
        now = State(str(self._facts.store), self._facts.now, first, last, self._sql(first))
        self._tell(1.0)
        return Exported(self._place.uri, days, self._rows), now

    def _days(self, changed: datetime, since: date | None) -> list[date]:
        days = set(self._facts.changed_days(changed)) if since is None or self._before else set()
        if since is not None:
            begin = datetime(since.year, since.month, since.day, tzinfo=UTC)
            days |= {day for day in self._facts.changed_days(begin) if day >= since}
        return sorted(days) or ([] if self._before else [self._facts.now.date()])

    def _some(self, days: Sequence[date], begin: int, changed: datetime) -> None:
        """Some days: first on this machine's disk, then the dimensions that they need, then themselves."""
        from tools.metrics import files
        from tools.metrics.schema import BY_DAY

        chunk = days[begin : begin + DAYS_AT_ONCE]
        with TemporaryDirectory(prefix="assay-metrics-") as folder:
            staged: list[tuple[str, Path]] = []
            for number, day in enumerate(chunk):
                for table in BY_DAY:
                    path = Path(folder) / f"{len(staged)}.parquet"
                    self._stage(path, table, day)
                    staged.append((files.key(table, day), path))
                self._tell((begin + (number + 1) / 2) / len(days))
            self._dimensions(changed, chunk)
            for number, (key, path) in enumerate(staged, 1):
                files.publish(self._place, key, path)
                self._tell((begin + len(chunk) * (1 + number / len(staged)) / 2) / len(days))

    def _stage(self, path: Path, table: Table, day: date) -> None:
        """Writes the file of a day; one without rows too, so that each table has files to be read."""
        from tools.metrics import files

        batches = self._profiles(day) if table.name == "fact_profile" else self._facts.batches(table.name, day)
        shaped = batches if table.name == "fact_profile" else self._shaping.shaped(batches, day)
        rows = files.write(path, table, shaped)
        self._rows[table.name] = self._rows.get(table.name, 0) + rows

    def _profiles(self, day: date) -> Iterator[list[Row]]:
        for profile_id in self._facts.profile_ids(day):
            found = self._memory.catalog.profile_by_id(profile_id)
            made = found.created_at.replace(tzinfo=None)
            yield self._shaping.profile(str(found.id), str(found.dataset_id), found.version, made, found.profile, day)

    def _dimensions(self, changed: datetime, days: Sequence[date]) -> None:
        from tools.metrics import files, rows
        from tools.metrics.schema import DATASETS, DIMENSIONS, FIELDS, MEANINGS, RULES

        span = (days[0], days[-1]) if days else (self._facts.now.date(), self._facts.now.date())
        rules = rows.keyed_rules(self._facts.rules(changed, *span))
        fields = rows.keyed_fields(self._facts.fields(changed))
        meanings = [{"dimension_key": name, "meaning": meaning} for name, meaning in MEANINGS.items()]
        for table, fresh in ((DATASETS, self._facts.datasets(changed)), (RULES, rules), (DIMENSIONS, meanings)):
            self._rows[table.name] = files.add(self._place, table, fresh)
        self._rows[FIELDS.name] = files.add(self._place, FIELDS, fields, self._shaping.fields())

    def _calendar(self, days: Sequence[date]) -> tuple[date, date]:
        """Writes the days from the first to the last, and says which these are."""
        import pyarrow as pa

        from tools.metrics import files
        from tools.metrics.schema import DATES

        before = [self._before.first, self._before.last] if self._before else []
        known = [*days, *before]
        first, last = min(known), max(known)
        calendar = files.calendar(first, last)
        self._rows[DATES.name] = len(calendar)
        if [first, last] != before:
            files.replace(self._place, DATES, pa.Table.from_pylist(calendar, schema=DATES.arrow()))
        return first, last

    def _sql(self, first: date) -> str:
        """Writes what stands beside the data, where it is not as it should be; its digest."""
        made = _beside(self._place.uri, first)
        digest = hashlib.sha256(repr(made).encode()).hexdigest()
        if self._before is None or self._before.sql != digest:
            for key, text in made.items():
                self._place.write(key, io.BytesIO(text.encode()))
        return digest


def _beside(uri: str, first: date) -> dict[str, str]:
    """SQL by its key."""
    from tools.metrics import ddl, ready

    made = {"athena.sql": ddl.athena(uri, first), "glue.json": ddl.glue(uri, first), "duckdb.sql": ddl.duckdb(uri)}
    made |= {f"queries/{name}.sql": text for name, text in ready.queries().items()}
    return {f"sql/{name}": text for name, text in made.items()}
