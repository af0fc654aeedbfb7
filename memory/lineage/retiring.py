"""Jobs that a scan no longer found: what they said ends, by saying so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from memory.db import Connection
from tools.lineage.observed import DatasetId, JobId, Mode, Observed, ObservedDataset

# Only jobs that still say something, and what they write that no job was found to write any more.
_JOBS = """
    select j.id, j.name from lineage_jobs j
    where j.kind = 'job' and j.namespace = %(namespace)s and starts_with(j.name, %(prefix)s)
        and (exists (select from lineage_edges e where e.job_id = j.id)
            or exists (select from lineage_io i where i.job_id = j.id))
        and exists (select from lineage_sayings s join lineage_events v using (key)
            where s.job_id = j.id and v.origin = %(origin)s)
"""
_OUTPUTS = """
    select i.job_id, i.namespace, i.name from lineage_io i
    where i.job_id = any(%(jobs)s) and i.output and not exists (
        select from lineage_io o where o.dataset_id = i.dataset_id and o.output and o.job_id <> all(%(jobs)s))
"""


def gone(
    connection: Connection,
    origin: str,
    job: JobId,
    found: Collection[str],
    unknown: tuple[str, ...],
    at: datetime,
) -> Iterator[Observed]:
    """What is to be said of the jobs whose names begin as that of `job` does, and that are not among those found.

    Nothing is said of those whose names begin as one of `unknown`. A dataset that no other job writes loses the tags
    and owners that this origin gave it.
    """
    rows = connection.execute(_JOBS, {"namespace": job.namespace, "prefix": job.name, "origin": origin}).fetchall()
    names = {row["id"]: row["name"] for row in rows if row["name"] not in found and not row["name"].startswith(unknown)}
    written: dict[int, list[ObservedDataset]] = defaultdict(list)
    for row in connection.execute(_OUTPUTS, {"jobs": list(names)}):
        dataset = DatasetId(row["namespace"], row["name"])
        written[row["job_id"]].append(ObservedDataset(dataset, tags=(), owners=()))
    for id_, name in names.items():
        gone_job = JobId(job.namespace, name)
        yield Observed(at, origin, gone_job, mode=Mode.REPLACE, outputs=tuple(written[id_]), owners=())


def forget_io(connection: Connection, namespace: str, names: Collection[str]) -> None:
    """Forgets what jobs that are gone read and wrote."""
    connection.execute(
        """delete from lineage_io i using lineage_jobs j
        where j.id = i.job_id and j.kind = 'job' and j.namespace = %s and j.name = any(%s)""",
        [namespace, list(names)],
    )
