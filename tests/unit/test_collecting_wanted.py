"""What a person says of a place that is scanned: namespaces that are none are refused."""

from __future__ import annotations

import pytest

from tools.collecting.model import CollectError
from tools.collecting.wanted import Wanted


@pytest.mark.parametrize(
    "text", ["", "not a ns", "postgres", "postgres:db", "postgres://", "://db", "1x://db", "arn:aws"]
)
def test_what_is_no_namespace_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(CollectError, match="is no namespace") as caught:
        Wanted(namespace=text)
    assert "postgres://db:5432" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ("postgresql://DB/shop", "postgres://db:5432"),
        ("jdbc:mysql://db", "mysql://db:3306"),
        (" bigquery ", "bigquery"),
        ("file", "file"),
        ("sql", "sql"),
        ("s3://bucket", "s3://bucket"),
        ("arn:aws:glue:eu-west-1:123456789012", "arn:aws:glue:eu-west-1:123456789012"),
    ],
)
def test_namespaces_by_the_rules_of_openlineage(text: str, namespace: str) -> None:
    place = Wanted(namespace=text).place
    assert place is not None
    assert place.namespace == namespace


def test_nothing_said_is_no_place() -> None:
    assert Wanted().place is None
