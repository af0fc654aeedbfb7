"""An API that is a source of orders, and what is read from it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlglot import exp

from tests.support.web import Asked, Reply, Web, as_json
from tools import sources
from tools.sources.table import SourceError, Table

ORDERS = [{"id": n, "amount": n * 1.5, "note": f"private-{n}"} for n in range(7)]
TOKEN = "tok-" + "en9f8e7d6c5b4a39281706f5e4d3"


def read(uri: str) -> list[dict[str, Any]]:
    with sources.open(uri) as table:
        return rows(table)


def rows(table: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.query(exp.select("*").from_(table.relation())).to_pylist()
    return found


def refusal(uri: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    return caught.value


def linked(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = int(asked.query.get("after", 0))
        more = {"Link": f'</orders>; rel="first", <?after={start + 3}>; title="a, b"; rel="next last"'}
        return as_json(ORDERS[start : start + 3], **(more if start < 6 else {}))

    api.routes["/orders"] = route
    return api.url + "/orders"
