"""Is an OpenLineage event valid? By the published JSON schemas of the event and of each facet in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

FOLDER = Path(__file__).parent / "openlineage"
CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"


def problems(event: dict[str, Any]) -> list[str]:
    """Every way in which a run event breaks the standard; empty when it is valid."""
    found = _broken("OpenLineage.json", "RunEvent", event, "event")
    for at, key, facet in facets(event):
        schema = facet.get("_schemaURL", "").partition("#")[0].rpartition("/")[2]
        named = _keys().get(schema)
        if named is None:
            found.append(f"{at}.{key}: there is no schema {schema!r} here")
        elif named[0] != key:
            found.append(f"{at}.{key}: {schema} belongs under {named[0]}")
        else:
            found += _broken(schema, named[1], facet, f"{at}.{key}")
    return found


def facets(event: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where each facet stands, under which key, and the facet."""
    holders = [("run", event["run"], ("facets",)), ("job", event["job"], ("facets",))]
    holders += [("inputs", one, ("facets", "inputFacets")) for one in event.get("inputs", [])]
    holders += [("outputs", one, ("facets", "outputFacets")) for one in event.get("outputs", [])]
    for name, holder, keys in holders:
        for group in keys:
            for key, facet in holder.get(group, {}).items():
                yield f"{name}.{group}", key, facet


def _broken(file: str, definition: str, value: Any, at: str) -> list[str]:
    base = _schemas()[file]["$id"]
    checker = Draft202012Validator(
        {"$ref": f"{base}#/$defs/{definition}"}, registry=_registry(), format_checker=_formats()
    )
    return [f"{at}: {error.json_path} {error.message}" for error in checker.iter_errors(value)]


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in _schemas().values())


@cache
def _keys() -> dict[str, tuple[str, str]]:
    """File of a facet's schema to the key under which it stands, and the name of its definition."""
    return {name: (next(iter(one["properties"])), name[:-5]) for name, one in _schemas().items() if "properties" in one}


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker()
    # jsonschema leaves URIs alone unless another package is there.
    checker.checks("uri", ValueError)(_is_uri)
    return checker


def _is_uri(value: object) -> bool:
    text = str(value)
    return bool(urlsplit(text).scheme) and text.isascii() and not set(text) & set(' "<>\\^`{|}')
