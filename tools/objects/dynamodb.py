"""Objects in a table of DynamoDB: an item holds at most 400 KB, so an object is a head and the parts it names.

The head is written last and deleted first: without it there is no object. Each write has parts of its own, so that
whoever reads meanwhile gets the old object whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from botocore.exceptions import ClientError

from tools.objects.model import Objects, ObjectsError, Stored
from tools.sources import aws

PART_BYTES = 350_000
KEYS = "a partition key `id` and a sort key `part`, both strings"
HEAD = "head"


class DynamoObjects(Objects):
    """Objects of a table with a partition key ``id`` and a sort key ``part``, both strings."""

    def __init__(self, table: str) -> None:
        self._table = table
        self.uri = f"dynamodb://{table}"
        self._opened: Any = None

    def write(self, key: str, source: IO[bytes]) -> None:
        """Parts, then the head, then the parts of before are removed."""
        before = self._parts_of(self._head(key))
        attempt = secrets.token_hex(4)
        parts: list[str] = []
        while part := source.read(PART_BYTES):
            parts.append(f"{attempt}-{len(parts):06d}")
            self._ask("put_item", Item={**_id(key, parts[-1]), "body": {"B": part}})
        head = {"at": {"S": datetime.now(UTC).isoformat()}, "parts": {"L": [{"S": name} for name in parts]}}
        self._ask("put_item", Item={**_id(key, HEAD), **head})
        self._remove(key, before)

    def read(self, key: str) -> bytes:
        """The parts that the head names."""
        head = self._head(key)
        if head is None:
            raise self.missing(key)
        found = []
        for name in self._parts_of(head):
            item = self._ask("get_item", Key=_id(key, name), ConsistentRead=True).get("Item")
            if item is None:
                raise self.missing(key)
            found.append(bytes(item["body"]["B"]))
        return b"".join(found)

    def delete(self, key: str) -> None:
        """The head, then its parts."""
        self._remove(key, [HEAD, *self._parts_of(self._head(key))])

    def listed(self, prefix: str) -> Iterator[Stored]:
        """Reads the whole table: for cleaning up now and then."""
        asked: dict[str, Any] = {
            "FilterExpression": "part = :head and begins_with(id, :prefix)",
            "ExpressionAttributeValues": {":head": {"S": HEAD}, ":prefix": {"S": prefix}},
            "ProjectionExpression": "id, #at",
            "ExpressionAttributeNames": {"#at": "at"},
        }
        while True:
            page = self._ask("scan", **asked)
            for item in page["Items"]:
                yield Stored(item["id"]["S"], datetime.fromisoformat(item["at"]["S"]))
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _head(self, key: str) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self._ask("get_item", Key=_id(key, HEAD), ConsistentRead=True).get("Item")
        return item

    @staticmethod
    def _parts_of(head: dict[str, Any] | None) -> list[str]:
        return [part["S"] for part in head["parts"]["L"]] if head else []

    def _remove(self, key: str, parts: list[str]) -> None:
        for part in parts:
            self._ask("delete_item", Key=_id(key, part))

    def _ask(self, operation: str, **request: Any) -> Any:
        with aws.errors(self.uri):
            if self._opened is None:
                self._opened = aws.client("dynamodb", what=self.uri)
            try:
                return getattr(self._opened, operation)(TableName=self._table, **request)
            except ClientError as error:
                if aws.code_of(error) in ("ResourceNotFoundException", "ValidationException"):
                    message = f"{self.uri} is no table for objects: {aws.message_of(error)}"
                    raise ObjectsError(message, hint=f"Make a table with {KEYS}.") from error
                raise


def _id(key: str, part: str) -> dict[str, Any]:
    return {"id": {"S": key}, "part": {"S": part}}
