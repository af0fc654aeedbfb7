"""Tags and owners that a project states: `tags`, `meta` and groups, of tables and columns. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.lineage.observed import Field, Owner, Tag

PII = "pii"
_SAYS_PII = frozenset({"pii", "is_pii", "contains_pii", "has_pii"})
"""Keys of `meta` that say so, with true or the kind of it."""
_NO = frozenset({"false", "no", "none", "0", ""})
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Labels:
    """What is said of one table."""

    tags: tuple[Tag, ...] = ()
    owners: tuple[Owner, ...] = ()


def labels_of(node: Json, groups: Mapping[str, Json], fields: tuple[Field, ...] | None) -> Labels:
    """The labels of a node of a manifest. Columns are named as the catalog does, if it knows them in any case."""
    spelled = {field.name.lower(): field.name for field in fields or ()}
    tags = list(_tags(node, None))
    columns = node.get("columns")
    for name, column in columns.items() if isinstance(columns, dict) else ():
        if isinstance(column, dict):
            tags += _tags(column, spelled.get(str(name).lower(), str(name)))
    return Labels(tuple(dict.fromkeys(tags)), tuple(dict.fromkeys(_owners(node, groups))))


def _tags(of: Json, column: str | None) -> Iterator[Tag]:
    for place in _places(of):
        said = place.get("tags")
        for tag in [said] if isinstance(said, str) else said if isinstance(said, list) else []:
            yield Tag(PII if str(tag).lower() == PII else str(tag), "", column)
    for key, value in _meta(of).items():
        if key.lower() in _SAYS_PII and str(value).lower() not in _NO:
            yield Tag(PII, "" if str(value).lower() in ("true", "yes", "1") else str(value), column)


def _owners(node: Json, groups: Mapping[str, Json]) -> Iterator[Owner]:
    said = _meta(node).get("owner")
    for owner in said if isinstance(said, list) else [said]:
        if name := _name(owner):
            yield Owner(name)
    if name := _name(node.get("owner")):  # of an exposure
        yield Owner(name)
    for place in _places(node):
        group = place.get("group")
        if isinstance(group, str) and (name := _name(groups.get(group)) or group):
            yield Owner(name, "group")


def _name(owner: Any) -> str:
    if isinstance(owner, dict):
        owner = owner.get("name") or owner.get("email")
    return owner.strip() if isinstance(owner, str) else ""


def _meta(of: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place in _places(of):
        meta = place.get("meta")
        found |= {str(key): value for key, value in meta.items()} if isinstance(meta, dict) else {}
    return found


def _places(of: Json) -> Iterator[Json]:
    """What dbt says of a thing, in the older place and in the newer one."""
    yield of
    config = of.get("config")
    if isinstance(config, dict):
        yield config
