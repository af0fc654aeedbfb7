"""The SQL for engines that are not here to be asked: written, read again in their dialect, and run on DuckDB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from tests.support import engine_tables
from tests.support.engine_rules import CORPUS, NOT_NUMBERS, ruleset
from tools import dqdl, sources
from tools.dqdl import regex
from tools.sources.table import Table

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)


class Elsewhere(Table):
    """A table of DuckDB that is asked in another dialect: each query is written for it, read again, and translated."""

    def __init__(self, duck: Table, dialect: str, texts: list[str]) -> None:
        self.duck, self.dialect, self.engine, self.texts = duck, dialect, dialect, texts
        self.uri, self.dataset, self.fields, self.version = duck.uri, duck.dataset, duck.fields, duck.version

    def relation(self) -> exp.Table:
        return self.duck.relation()

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        self.texts.append(select.sql(dialect=self.dialect))
        again = sqlglot.parse_one(self.texts[-1], read=self.dialect)
        assert isinstance(again, exp.Query)
        for longest in [part for part in again.find_all(exp.DataTypeParam) if part.name == "MAX"]:
            longest.pop()
        return self.duck.query(again, timeout_seconds=timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        yield from self.query(select, timeout_seconds=timeout_seconds).to_batches()

    def close(self) -> None:
        self.duck.close()


def tables() -> dict[str, pa.Table]:
    orders = engine_tables.arrow(engine_tables.ORDERS, engine_tables.orders())
    return {
        "orders": orders,
        "twin": orders,
        "cities": engine_tables.arrow(engine_tables.CITIES, engine_tables.cities()),
        "doubles": engine_tables.arrow(engine_tables.DOUBLES, engine_tables.doubles()),
    }


def verdicts(given: dict[str, Any], text: str, primary: str) -> list[tuple[object, ...]]:
    used = {"primary": given[primary], "cities": given["cities"], "twin": given["twin"]}
    rules = dqdl.evaluate(dqdl.parse(ruleset(text)), used, now=NOW).rules
    return [(str(one.rule), one.outcome, one.failed_rows, _rounded(one.metrics), one.reason) for one in rules]


def _rounded(metrics: dict[str, float]) -> dict[str, str]:
    return {key: "nan" if math.isnan(value) else f"{value:.9g}" for key, value in metrics.items()}


@pytest.fixture
def duck_patterns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redshift's patterns look ahead, which DuckDB cannot: here they are written as DuckDB's."""
    monkeypatch.setitem(regex._FLAVOURS, "redshift", "re2")
    regex._written.cache_clear()
    yield
    regex._written.cache_clear()


@pytest.mark.parametrize("dialect", ["athena", "redshift"])
@pytest.mark.parametrize("group", [*CORPUS, "nan"])
def test_what_is_written_for_an_engine_that_is_not_here_means_the_same(
    dialect: str, group: str, duck_patterns: None
) -> None:
    text, primary = (NOT_NUMBERS, "doubles") if group == "nan" else (CORPUS[group], "orders")
    written: list[str] = []
    there: dict[str, Any] = {name: Elsewhere(sources.open(data), dialect, written) for name, data in tables().items()}
    wanted, got = verdicts(tables(), text, primary), verdicts(there, text, primary)
    different = [(one, other) for one, other in zip(wanted, got, strict=True) if one[:4] != other[:4]]
    assert different == []
    assert written
    if dialect == "redshift":
        for gone in ("TRY_CAST", "CORR(", "IS NOT DISTINCT FROM", "STDDEV(", "REGEXP_MATCHES"):
            assert not any(gone in one for one in written), gone
