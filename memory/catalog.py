"""Datasets, their columns and their profiles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, LiteralString
from uuid import UUID

from memory import overflow
from memory.db import Connection, Database, Row, payload
from memory.errors import NotFound
from memory.model import Dataset, StoredProfile

SELECT_DATASETS: LiteralString = """
    select id, namespace, name, short_name, uri, created_at, updated_at, coalesce((
        select json_agg(json_build_object('name', f.name, 'type', f.type, 'kind', f.kind) order by f.position)
        from dataset_fields f where f.dataset_id = d.id), '[]') as fields
    from datasets d
"""


class Catalog:
    """Knows every dataset that was ever opened."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def upsert_dataset(self, namespace: str, name: str, uri: str, fields: Sequence[dict[str, str]]) -> Dataset:
        """Stores or refreshes a dataset. Each field has ``name``, ``type`` and ``kind``."""
        from tools.sources.table import DatasetName

        with self._db.transaction() as connection:
            row = connection.execute(
                """insert into datasets (namespace, name, short_name, uri) values (%s, %s, %s, %s)
                on conflict (namespace, name) do update set uri = excluded.uri, updated_at = now() returning id""",
                [namespace, name, DatasetName(namespace, name).short, uri],
            ).fetchone()
            assert row
            dataset = self._load(connection, row["id"])
            if dataset.fields != [{key: f[key] for key in ("name", "type", "kind")} for f in fields]:
                _replace_fields(connection, dataset.id, fields)
                dataset = self._load(connection, dataset.id)
        return dataset

    def dataset(self, dataset_id: UUID) -> Dataset:
        """The dataset of that id. Raises StoreError."""
        with self._db.transaction() as connection:
            return self._load(connection, dataset_id)

    def several(self, ids: Collection[UUID]) -> dict[UUID, Dataset]:
        """The datasets of some ids, in one query; unknown ones are left out."""
        rows = self._db.rows(SELECT_DATASETS + "where id = any(%s)", [list(ids)]) if ids else []
        return {row["id"]: Dataset(**row) for row in rows}

    def datasets(self) -> list[Dataset]:
        """All datasets by name."""
        return [Dataset(**row) for row in self._db.rows(SELECT_DATASETS + "order by namespace, name")]

    def named(self, namespace: str, name: str) -> Dataset | None:
        """The dataset of exactly that name, if it was ever opened."""
        row = self._db.row(SELECT_DATASETS + "where namespace = %s and name = %s", [namespace, name])
        return Dataset(**row) if row else None

    def find(self, text: str) -> list[Dataset]:
        """The datasets that a person means: those of that URI or name, else those of that short name."""
        conditions: list[LiteralString] = [
            "where %(text)s in (uri, name)",
            "where lower(short_name) = lower(%(text)s)",
        ]
        for condition in conditions:
            rows = self._db.rows(f"{SELECT_DATASETS}{condition} order by namespace, name", {"text": text})
            if rows:
                return [Dataset(**row) for row in rows]
        return []

    def save_profile(self, dataset_id: UUID, version: str, profile: dict[str, Any]) -> UUID:
        """Stores a profile, once per dataset and version; the id of the stored one.

        A large one goes where ``memory.overflow`` says. Raises StoreError.
        """
        elsewhere = overflow.put(self._db, dataset_id, profile)
        kept = [payload(profile), None] if elsewhere is None else [None, payload(elsewhere)]
        row = self._db.row(
            """insert into profiles (dataset_id, version, profile, overflow) values (%s, %s, %s, %s)
            on conflict (dataset_id, version) do update set version = excluded.version returning id, overflow""",
            [dataset_id, version, *kept],
        )
        assert row
        if elsewhere and (row["overflow"] or {}).get("key") != elsewhere["key"]:
            overflow.take_back(self._db, elsewhere)
        found: UUID = row["id"]
        return found

    def profile(self, dataset_id: UUID, version: str) -> StoredProfile | None:
        """The profile of that version, if there is one."""
        return _profile(
            self._db.row("select * from profiles where dataset_id = %s and version = %s", [dataset_id, version])
        )

    def profile_by_id(self, profile_id: UUID) -> StoredProfile:
        """The profile of that id. Raises StoreError."""
        found = _profile(self._db.row("select * from profiles where id = %s", [profile_id]))
        if found is None:
            raise NotFound(f"There is no profile {profile_id} in the store.")
        return found

    def latest_profile(self, dataset_id: UUID) -> StoredProfile | None:
        """The profile that was stored last."""
        return _profile(
            self._db.row("select * from profiles where dataset_id = %s order by created_at desc limit 1", [dataset_id])
        )

    def _load(self, connection: Connection, dataset_id: UUID) -> Dataset:
        row = connection.execute(SELECT_DATASETS + "where id = %s", [dataset_id]).fetchone()
        if row is None:
            raise NotFound(f"There is no dataset {dataset_id} in the store.")
        return Dataset(**row)


def _replace_fields(connection: Connection, dataset_id: UUID, fields: Sequence[dict[str, str]]) -> None:
    connection.execute("delete from dataset_fields where dataset_id = %s", [dataset_id])
    connection.execute(
        """insert into dataset_fields (dataset_id, position, name, type, kind)
        select %s, position, name, type, kind
        from unnest(%s::text[], %s::text[], %s::text[]) with ordinality as f (name, type, kind, position)""",
        [dataset_id, *([field[key] for field in fields] for key in ("name", "type", "kind"))],
    )


def _profile(row: Row | None) -> StoredProfile | None:
    return overflow.loaded(row) if row else None
