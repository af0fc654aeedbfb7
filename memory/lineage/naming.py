"""Which dataset a name means, and when: symlinks make datasets one, renames move a name on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from memory.db import Connection
from memory.lineage.arrays import columns
from memory.lineage.sweep import ALWAYS
from tools.lineage.observed import DatasetId

Period = tuple[datetime, int]
Birth = tuple[DatasetId, datetime]


class Names:
    """The datasets of the names that a batch speaks of, made where they are new."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[DatasetId, list[Period]] = {}
        self._joined: dict[int, int] = {}

    def load(self, names: Iterable[DatasetId]) -> None:
        """Fetches or makes what is not known yet."""
        wanted = sorted(set(names) - set(self._known))
        if not wanted:
            return
        self._fetch(wanted)
        missing = [name for name in wanted if name not in self._known]
        if missing:
            self._make(missing)
            self._fetch(missing)

    def resolve(self, name: DatasetId, at: datetime) -> int:
        """The dataset that a loaded name meant at a time."""
        found = next(root for since, root in reversed(self._known[name]) if since <= at)
        while found in self._joined:
            found = self._joined[found]
        return found

    def joined(self, kept: int, gone: int) -> None:
        """One dataset is another from now on."""
        self._joined[gone] = kept

    def forget(self) -> None:
        """Drops what was fetched: names may have come to mean something else."""
        self._known.clear()
        self._joined.clear()

    def _fetch(self, names: list[DatasetId]) -> None:
        rows = self._connection.execute(
            """select n.namespace, n.name, n.valid_from, d.root
            from unnest(%s::text[], %s::text[]) w (namespace, name) join lineage_names n using (namespace, name)
                join lineage_datasets d on d.id = n.dataset_id
            order by n.namespace, n.name, n.valid_from""",
            columns(names),
        )
        for row in rows:
            found = self._known.setdefault(DatasetId(row["namespace"], row["name"]), [])
            found.append((row["valid_from"], row["root"]))

    def _make(self, names: list[DatasetId]) -> None:
        self._connection.execute(
            """with made as (
                insert into lineage_datasets (namespace, name, root, shown_namespace, shown_name)
                select namespace, name, 0, namespace, name from unnest(%s::text[], %s::text[]) w (namespace, name)
                on conflict do nothing returning id, namespace, name)
            insert into lineage_names (namespace, name, valid_from, dataset_id)
            select namespace, name, %s, id from made""",
            [*columns(names), ALWAYS],
        )
        self._connection.execute("update lineage_datasets set root = id where root = 0")


def join(connection: Connection, one: int, other: int, shown: DatasetId) -> int | None:
    """Makes two datasets one, shown by one of its names; the id of the one that is given up, if there is."""
    kept, gone = sorted((one, other))
    connection.execute(
        "update lineage_datasets set shown_namespace = %s, shown_name = %s where id = %s", [*shown, kept]
    )
    if kept == gone:
        return None
    connection.execute("update lineage_datasets set root = %s where root = %s", [kept, gone])
    connection.execute(
        """insert into lineage_columns (dataset_id, role, name)
        select %s, role, name from lineage_columns where dataset_id = %s on conflict do nothing""",
        [kept, gone],
    )
    for statement in _FOLLOW_ROOT:
        connection.execute(statement, [kept, gone])
    return gone


_FOLLOW_ROOT = (
    "update lineage_labels set id = %s where id = %s and subject = 'dataset'",
    "update lineage_changes set dataset_id = %s where dataset_id = %s and change = 'DROP'",
    "update lineage_io set dataset_id = %s where dataset_id = %s",
)


def follow_renames(connection: Connection) -> set[int]:
    """Works out anew what every name that was ever part of a rename meant when; the datasets of those that changed.

    From the list of all renames in the order of their times, so that it does not matter which arrived first.
    """
    wanted = _meanings(connection)
    stored = _stored(connection, list(wanted))
    changed = [name for name in wanted if wanted[name] != stored[name]]
    if not changed:
        return set()
    affected = {dataset for name in changed for _, dataset in (*wanted[name], *stored[name])}
    connection.execute(
        "delete from lineage_names n using unnest(%s::text[], %s::text[]) w (namespace, name) "
        "where n.namespace = w.namespace and n.name = w.name",
        columns(changed),
    )
    rows = [(*name, since, dataset) for name in changed for since, dataset in wanted[name]]
    with connection.cursor() as cursor:
        cursor.executemany("insert into lineage_names values (%s, %s, %s, %s)", rows)
    _resolve_anew(connection, changed)
    _show_last_names(connection, affected)
    return _roots(connection, affected)


def _meanings(connection: Connection) -> dict[DatasetId, list[Period]]:
    """Name by name, the datasets that it meant and since when."""
    renames = connection.execute(
        "select * from lineage_changes where change = 'RENAME' order by at, key, namespace, name"
    )
    moves = [
        (DatasetId(row["old_namespace"], row["old_name"]), DatasetId(row["namespace"], row["name"]), row["at"])
        for row in renames
    ]
    born = _born(connection, {birth for old, new, at in moves for birth in ((old, ALWAYS), (new, ALWAYS), (old, at))})
    meant: dict[DatasetId, list[Period]] = {}
    for old, new, at in moves:
        for name in (old, new):
            meant.setdefault(name, [(ALWAYS, born[name, ALWAYS])])
        dataset = meant[old][-1][1]
        for name, means in ((new, dataset), (old, born[old, at])):
            if meant[name][-1][0] == at:
                meant[name].pop()
            meant[name].append((at, means))
    return meant


def _born(connection: Connection, births: set[Birth]) -> dict[Birth, int]:
    """The datasets that were born with a name and at a time, made where they are new."""
    lists = columns([(*name, at) for name, at in births])
    connection.execute(
        """insert into lineage_datasets (namespace, name, born, root, shown_namespace, shown_name)
        select namespace, name, born, 0, namespace, name from unnest(%s::text[], %s::text[], %s::timestamptz[])
            w (namespace, name, born)
        where not exists (select from lineage_datasets d where (d.namespace, d.name, d.born) =
            (w.namespace, w.name, w.born))""",
        lists,
    )
    connection.execute("update lineage_datasets set root = id where root = 0")
    rows = connection.execute(
        """select d.id, d.namespace, d.name, d.born from unnest(%s::text[], %s::text[], %s::timestamptz[])
            w (namespace, name, born) join lineage_datasets d using (namespace, name, born)""",
        lists,
    )
    return {(DatasetId(row["namespace"], row["name"]), row["born"]): row["id"] for row in rows}


def _stored(connection: Connection, names: list[DatasetId]) -> dict[DatasetId, list[Period]]:
    found: dict[DatasetId, list[Period]] = defaultdict(list)
    rows = connection.execute(
        """select n.* from unnest(%s::text[], %s::text[]) w (namespace, name)
            join lineage_names n using (namespace, name) order by n.valid_from""",
        columns(names),
    )
    for row in rows:
        found[DatasetId(row["namespace"], row["name"])].append((row["valid_from"], row["dataset_id"]))
    return found


def _resolve_anew(connection: Connection, names: list[DatasetId]) -> None:
    lists = columns(names)
    connection.execute(
        """update lineage_labels l set id = assay_lineage_dataset(l.namespace, l.name, l.at)
        from unnest(%s::text[], %s::text[]) w (namespace, name)
        where l.subject = 'dataset' and l.namespace = w.namespace and l.name = w.name""",
        lists,
    )
    connection.execute(
        """update lineage_changes c set dataset_id = assay_lineage_dataset(c.namespace, c.name, c.at)
        from unnest(%s::text[], %s::text[]) w (namespace, name)
        where c.change = 'DROP' and c.namespace = w.namespace and c.name = w.name""",
        lists,
    )
    connection.execute(
        """update lineage_io i set dataset_id = assay_lineage_dataset(i.namespace, i.name, i.last_at)
        from unnest(%s::text[], %s::text[]) w (namespace, name) where i.namespace = w.namespace and i.name = w.name""",
        lists,
    )


def _show_last_names(connection: Connection, datasets: set[int]) -> None:
    connection.execute(
        """update lineage_datasets d set shown_namespace = n.namespace, shown_name = n.name
        from (select distinct on (dataset_id) * from lineage_names where dataset_id = any(%s)
            order by dataset_id, valid_from desc) n where n.dataset_id = d.id""",
        [sorted(datasets)],
    )


def _roots(connection: Connection, datasets: set[int]) -> set[int]:
    rows = connection.execute("select root from lineage_datasets where id = any(%s)", [sorted(datasets)])
    return {row["root"] for row in rows}
