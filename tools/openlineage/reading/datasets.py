"""What an event says of a dataset besides its lineage: schema, other names, tags, owners, what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lineage.naming import aliases, canonical
from tools.lineage.observed import Change, DatasetId, Field, ObservedDataset, Owner, Tag
from tools.openlineage.reading.looking import Object, Path, child, column, column_name, entries, named, text, words

MOST_KEY, MOST_VALUE = 200, 400
"""Characters of a tag; what is longer is cut."""


def dataset_id(of: Object, path: Path) -> DatasetId:
    """The dataset that is meant, in its one spelling. Raises EventError."""
    return canonical(DatasetId(*named(of, path)))


def dataset(of: Object, path: Path, *, happened: bool) -> ObservedDataset:
    """A dataset with what its facets say. Drops and renames count only where they `happened`. Raises EventError."""
    id_ = dataset_id(of, path)
    facets, here = child(of, "facets", path), (path, "facets")
    change, previous = _change(facets, here) if happened else (None, None)
    return ObservedDataset(
        id_,
        fields=_schema(facets, here),
        tags=_tags(facets, here),
        owners=owners(facets, here),
        symlinks=aliases(id_, _symlinks(facets, here)),
        change=None if previous == id_ else change,
        previous=None if previous == id_ else previous,
    )


def owners(facets: Object, path: Path) -> tuple[Owner, ...] | None:
    """The owners of a dataset or job; None where nothing is said of them. Raises EventError."""
    facet, here = child(facets, "ownership", path), (path, "ownership")
    if not facet:
        return None
    if deleted(facet):
        return ()
    return tuple(Owner(_clean(one, "name", at), words(one, "type")) for one, at in entries(facet, "owners", here))


def deleted(facet: Object) -> bool:
    """Whether a facet says that it is taken away."""
    return facet.get("_deleted") is True


def _schema(facets: Object, path: Path) -> tuple[Field, ...] | None:
    facet, here = child(facets, "schema", path), (path, "schema")
    if not facet or (facet.get("fields") is None and not deleted(facet)):
        return None
    return () if deleted(facet) else tuple(_fields(facet, here, ""))


def _fields(of: Object, path: Path, outer: str) -> Iterator[Field]:
    """Fields of structs follow the struct, named with it."""
    for one, here in entries(of, "fields", path):
        name = column_name(outer + column(one, "name", here), (here, "name"))
        yield Field(name, words(one, "type"))
        yield from _fields(one, here, f"{name}.")


def _tags(facets: Object, path: Path) -> tuple[Tag, ...] | None:
    facet, here = child(facets, "tags", path), (path, "tags")
    if not facet:
        return None
    return () if deleted(facet) else tuple(_tag(one, at) for one, at in entries(facet, "tags", here))


def _tag(one: Object, path: Path) -> Tag:
    field = column(one, "field", path) if one.get("field") not in (None, "") else None
    return Tag(_clean(one, "key", path)[:MOST_KEY], words(one, "value")[:MOST_VALUE], field)


def _symlinks(facets: Object, path: Path) -> Iterator[DatasetId]:
    facet, here = child(facets, "symlinks", path), (path, "symlinks")
    if not deleted(facet):
        for one, at in entries(facet, "identifiers", here):
            yield dataset_id(one, at)


def _change(facets: Object, path: Path) -> tuple[Change | None, DatasetId | None]:
    facet, here = child(facets, "lifecycleStateChange", path), (path, "lifecycleStateChange")
    said = words(facet, "lifecycleStateChange").upper()
    if said == "DROP":
        return "DROP", None
    before = facet.get("previousIdentifier")
    if said == "RENAME" and before is not None:
        return "RENAME", dataset_id(child(facet, "previousIdentifier", here), (here, "previousIdentifier"))
    return None, None


def _clean(of: Object, key: str, path: Path) -> str:
    return column_name(text(of, key, path), (path, key))
