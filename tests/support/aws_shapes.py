"""Does a JSON value satisfy a shape of an AWS service model? botocore's own check, and what it leaves to the server."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator


@cache
def service_model(service: str) -> ServiceModel:
    """The model that ships with the installed botocore."""
    return botocore.session.get_session().get_service_model(service)


def problems(value: Any, shape: Shape) -> list[str]:
    """Every way in which `value` breaks `shape`; empty when it is valid.

    botocore checks types, required members, unions and minima; enums, patterns and maxima are checked here.
    """
    report = ParamValidator().validate(value, shape)
    found = report.generate_report().splitlines() if report.has_errors() else []
    return found + list(_beyond_botocore(value, shape, shape.name))


def _beyond_botocore(value: Any, shape: Shape, at: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in value.keys() & shape.members.keys():
            yield from _beyond_botocore(value[name], shape.members[name], f"{at}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _too_long(value, shape, at)
        for index, item in enumerate(value):
            yield from _beyond_botocore(item, shape.member, f"{at}[{index}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        yield from _too_long(value, shape, at)
        for key, item in value.items():
            yield from _beyond_botocore(key, shape.key, f"{at} key {key!r}")
            yield from _beyond_botocore(item, shape.value, f"{at}.{key}")
    else:
        yield from _scalar(value, shape, at)


def _scalar(value: Any, shape: Shape, at: str) -> Iterator[str]:
    if shape.type_name == "string" and isinstance(value, str):
        yield from _too_long(value, shape, at)
        if shape.enum and value not in shape.enum:
            yield f"{at}: {value!r} is not one of {', '.join(shape.enum)}"
        # Java's way of writing characters beyond the first 65,536.
        pattern = shape.metadata.get("pattern", "").replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{at}: {value!r} does not match {pattern}"
    elif isinstance(value, (int, float)) and value > shape.metadata.get("max", float("inf")):
        yield f"{at}: {value} is more than {shape.metadata['max']}"


def _too_long(value: Any, shape: Shape, at: str) -> Iterator[str]:
    if len(value) > shape.metadata.get("max", float("inf")):
        yield f"{at}: length {len(value)} is more than {shape.metadata['max']}"
