"""Places for whole objects: a local folder, S3, a table of DynamoDB. An object is there completely, or not at all."""

from __future__ import annotations

from tools.objects.model import Objects, ObjectsError

SCHEMES = ("file", "s3", "dynamodb")


def at(uri: str, schemes: tuple[str, ...] = SCHEMES) -> Objects:
    """The place of a folder, ``s3://bucket/prefix`` or ``dynamodb://table``; ``schemes`` are those that will do.

    Nothing is looked up yet. Raises ObjectsError for another kind of place.
    """
    scheme, divided, rest = uri.strip().partition("://")
    if not divided:
        scheme, rest = "file", uri.strip()
    if scheme.lower() not in schemes or not rest.strip("/ "):
        places = {"file": "a folder", "s3": "s3://bucket/prefix", "dynamodb": "dynamodb://table"}
        known = " or ".join(places[one] for one in schemes)
        raise ObjectsError(f"{uri!r} is no place for objects.", hint=f"Give {known}.")
    if scheme.lower() == "s3":
        from tools.objects.s3 import S3Objects

        return S3Objects(rest)
    if scheme.lower() == "dynamodb":
        from tools.objects.dynamodb import DynamoObjects

        return DynamoObjects(rest.strip("/"))
    from tools.objects.local import LocalObjects

    return LocalObjects(rest)
