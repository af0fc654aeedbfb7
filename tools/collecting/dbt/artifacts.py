"""dbt's manifest and catalog, of any version: the nodes that are tables, in the order in which they are made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from tools.collecting.dbt.labels import Labels, labels_of
from tools.collecting.model import CollectError
from tools.lineage.observed import Field

TABLES = ("model", "seed", "snapshot", "source")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A model, seed, snapshot or source."""

    id: str
    kind: str
    parts: tuple[str, ...]
    """Database, schema and table, as far as the system has them."""
    depends_on: tuple[str, ...]
    file: str
    is_sql: bool
    sql: str | None
    """Compiled; None where dbt did not compile it."""
    stored: bool
    """Whether there is a table or view of it; an ephemeral model is part of the SQL of others."""
    labels: Labels
    fields: tuple[Field, ...] | None
    """Of the catalog."""


@dataclass(frozen=True)
class Exposure:
    """A dashboard or program that reads tables."""

    id: str
    depends_on: tuple[str, ...]
    labels: Labels


@dataclass(frozen=True)
class Artifacts:
    """What dbt wrote of a project."""

    project: str
    adapter: str
    nodes: dict[str, Node]
    """In an order in which each comes after those that it reads."""
    exposures: tuple[Exposure, ...]
    has_catalog: bool

    def stored(self, ids: Iterable[str]) -> Iterator[Node]:
        """The tables behind some ids: what an ephemeral model reads stands for it."""
        seen: set[str] = set()
        waiting = list(ids)
        while waiting:
            id_ = waiting.pop(0)
            if id_ in seen or id_ not in self.nodes:
                continue
            seen.add(id_)
            if self.nodes[id_].stored:
                yield self.nodes[id_]
            else:
                waiting += self.nodes[id_].depends_on


def load(manifest: Path, catalog: Path | None) -> Artifacts:
    """Reads both files. Raises CollectError."""
    told = _json(manifest)
    metadata = _part(told, "metadata")
    if not isinstance(told.get("nodes"), dict) or "dbt_schema_version" not in metadata:
        raise CollectError(f"{manifest} is no manifest of dbt.", hint="Give the folder of the project.")
    described = _json(catalog) if catalog else {}
    columns = {**_part(described, "nodes"), **_part(described, "sources")}
    groups = {str(g.get("name")): _part(g, "owner") for g in _objects(_part(told, "groups"))}
    compiled = manifest.parent.parent
    nodes = [
        _node(raw, _part(columns, id_), groups, compiled)
        for id_, raw in {**_part(told, "nodes"), **_part(told, "sources")}.items()
        if isinstance(raw, dict) and raw.get("resource_type") in TABLES
    ]
    exposures = [
        Exposure(str(raw.get("unique_id")), _depends_on(raw), Labels(owners=labels_of(raw, groups, None).owners))
        for raw in _objects(_part(told, "exposures"))
    ]
    return Artifacts(
        project=str(metadata.get("project_name") or _package(told) or "project"),
        adapter=str(metadata.get("adapter_type") or ""),
        nodes={node.id: node for node in _ordered(nodes)},
        exposures=tuple(exposures),
        has_catalog=bool(columns),
    )


def _node(raw: Json, catalog: Json, groups: Mapping[str, Json], root: Path) -> Node:
    kind = str(raw["resource_type"])
    config = _part(raw, "config")
    table = raw.get("identifier") or raw.get("name") if kind == "source" else raw.get("alias") or raw.get("name")
    names = (raw.get("database"), raw.get("schema"), table)
    described = sorted(_objects(_part(catalog, "columns")), key=_position)
    fields = tuple(Field(str(one.get("name")), str(one.get("type") or "")) for one in described) or None
    return Node(
        id=str(raw.get("unique_id")),
        kind=kind,
        parts=tuple(str(name) for name in names if name),
        depends_on=_depends_on(raw),
        file=str(raw.get("original_file_path") or ""),
        is_sql=str(raw.get("language") or "sql") == "sql",
        sql=_sql(raw, root),
        stored=str(config.get("materialized")) != "ephemeral",
        labels=labels_of(raw, groups, fields),
        fields=fields,
    )


def _sql(raw: Json, root: Path) -> str | None:
    """The compiled SQL: in the manifest, or in the file that dbt wrote beside it."""
    told = raw.get("compiled_code") or raw.get("compiled_sql")
    if isinstance(told, str):
        return told
    path = raw.get("compiled_path")
    if not isinstance(path, str) or not path:
        return None
    file = (root / path).resolve()
    if not file.is_relative_to(root.resolve()):
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _ordered(nodes: list[Node]) -> list[Node]:
    known = {node.id: node for node in nodes}
    graph = {node.id: [id_ for id_ in node.depends_on if id_ in known] for node in nodes}
    try:
        return [known[id_] for id_ in TopologicalSorter(graph).static_order()]
    except CycleError:  # dbt itself makes none
        return nodes


def _depends_on(raw: Json) -> tuple[str, ...]:
    found = _part(raw, "depends_on").get("nodes")
    return tuple(str(id_) for id_ in found) if isinstance(found, list) else ()


def _package(told: Json) -> str:
    """The project of an old manifest, which does not name it: the package of most nodes is its own."""
    packages = [str(raw.get("package_name") or "") for raw in _objects(_part(told, "nodes"))]
    return max(sorted(set(packages)), key=packages.count, default="")


def _position(column: Json) -> int:
    index = column.get("index")
    return index if isinstance(index, int) else 0


def _part(of: Json, name: str) -> Json:
    """An object in an object; an empty one where there is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _objects(of: Json) -> list[Json]:
    return [one for one in of.values() if isinstance(one, dict)]


def _json(path: Path) -> Json:
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise CollectError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise CollectError(f"{path} is no JSON.", hint="Make it anew: dbt docs generate") from None
    if not isinstance(told, dict):
        raise CollectError(f"{path} is no file of dbt.", hint="Make it anew: dbt docs generate")
    return told
