"""What is said of datasets and jobs besides edges: schemas, tags, owners, and which job reads and writes what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from memory.db import Connection
from memory.lineage.arrays import columns, json_text
from memory.lineage.naming import Names
from tools.lineage.observed import JobId, Mode, Observed, ObservedDataset

When = Callable[[Observed], datetime]


def save_labels(
    connection: Connection, fresh: Iterable[Observed], job_id: Callable[[JobId], int], names: Names, when: When
) -> None:
    """Keeps, of each subject and origin, what was said last; marks nodes whose tags may differ from now on."""
    newest: dict[tuple[Any, ...], tuple[datetime, bytes, int, Any]] = {}
    for one in fresh:
        for key, id_, content in _labels(one, job_id, names, when):
            said = (when(one), one.key, id_, content)
            if key not in newest or said[:2] > newest[key][:2]:
                newest[key] = said
    if not newest:
        return
    rows = [(*key, at, id_, json_text(content)) for key, (at, _, id_, content) in newest.items()]
    stored = connection.execute(
        """insert into lineage_labels as l (subject, namespace, name, origin, what, at, id, content)
        select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
            %s::bigint[], %s::json[])
        on conflict (subject, namespace, name, origin, what) do update
            set at = excluded.at, id = excluded.id, content = excluded.content where excluded.at >= l.at
        returning subject, what, id""",
        columns(rows),
    ).fetchall()
    tagged = [row["id"] for row in stored if row["what"] == "tags"]
    connection.execute(
        "insert into lineage_stale select id from lineage_columns where dataset_id = any(%s) and role = 0", [tagged]
    )


def _labels(
    one: Observed, job_id: Callable[[JobId], int], names: Names, when: When
) -> Iterator[tuple[tuple[Any, ...], int, Any]]:
    for dataset in one.datasets:
        for what, content in _contents(dataset):
            if content is not None:
                key = ("dataset", *dataset.id, one.origin, what)
                yield key, names.resolve(dataset.id, when(one)), [list(entry) for entry in content]
    if one.job and one.owners is not None:
        yield ("job", *one.job, one.origin, "owners"), job_id(one.job), [list(owner) for owner in one.owners]


def _contents(dataset: ObservedDataset) -> Iterator[tuple[str, tuple[Any, ...] | None]]:
    yield "schema", dataset.fields
    yield "tags", dataset.tags
    yield "owners", dataset.owners


def save_io(
    connection: Connection, fresh: Sequence[Observed], job_of: Callable[[Observed], int], names: Names, when: When
) -> None:
    """Keeps which datasets a job reads and writes, and when it was last said; what is all that there is replaces."""
    newest: dict[tuple[int, bool, str, str], tuple[int, datetime]] = {}
    for one in fresh:
        for output, datasets in ((False, one.inputs), (True, one.outputs)):
            for dataset in datasets if one.job else ():
                key, at = (job_of(one), output, *dataset.id), when(one)
                if key not in newest or at > newest[key][1]:
                    newest[key] = (names.resolve(dataset.id, at), at)
    if newest:
        rows = [(*key, *value) for key, value in newest.items()]
        connection.execute(
            """insert into lineage_io as i (job_id, output, namespace, name, dataset_id, last_at)
            select * from unnest(%s::int[], %s::boolean[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
            on conflict (job_id, output, namespace, name) do update
                set last_at = excluded.last_at, dataset_id = excluded.dataset_id where excluded.last_at > i.last_at""",
            columns(rows),
        )
    replaced = [(job_of(one), when(one)) for one in fresh if one.job and one.mode is Mode.REPLACE]
    if replaced:
        connection.execute(
            """delete from lineage_io i using unnest(%s::int[], %s::timestamptz[]) r (job_id, at)
            where i.job_id = r.job_id and i.last_at < r.at""",
            columns(replaced),
        )
