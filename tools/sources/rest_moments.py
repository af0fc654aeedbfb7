"""Columns of JSON whose texts are all moments of ISO 8601. DuckDB knows them only where all have the same form."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import exp

_DAY_AND_TIME = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_FORMS = {"TIMESTAMP": _DAY_AND_TIME, "TIMESTAMPTZ": _DAY_AND_TIME + r"(Z|[+-]\d{2}(:?\d{2})?)"}


def types_of(database: duckdb.DuckDBPyConnection, body: exp.Query) -> dict[str, str]:
    """The types of a query's columns, as SQL. Raises duckdb.Error."""
    described = database.execute(f"DESCRIBE {body.sql(dialect='duckdb')}").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def with_moments(database: duckdb.DuckDBPyConnection, body: exp.Query, types: Mapping[str, str]) -> exp.Query:
    """The query with those columns as timestamps; ``types`` are those of its columns. Raises duckdb.Error."""
    texts = [name for name, kind in types.items() if kind == "VARCHAR"]
    if not texts:
        return body
    counts = exp.select(*(count for name in texts for count in _counts(name))).from_(body.copy().subquery("t"))
    (found,) = database.execute(counts.sql(dialect="duckdb")).fetchall()
    chosen: dict[str, str] = {}
    width = 1 + len(_FORMS)
    for number, name in enumerate(texts):
        present, *fitting = found[number * width : (number + 1) * width]
        form = next((form for form, fits in zip(_FORMS, fitting, strict=True) if present and fits == present), None)
        if form:
            chosen[name] = form
    columns = [_as(name, chosen[name]) if name in chosen else exp.column(name, quoted=True) for name in types]
    return exp.select(*columns).from_(body.copy().subquery("t")) if chosen else body


def _counts(name: str) -> list[exp.Expr]:
    column = exp.column(name, quoted=True)
    counts: list[exp.Expr] = [exp.Count(this=column)]
    for form, pattern in _FORMS.items():
        whole = exp.Anonymous(this="regexp_full_match", expressions=[column.copy(), exp.Literal.string(pattern)])
        read = exp.Is(this=exp.TryCast(this=column.copy(), to=exp.DataType.build(form)), expression=exp.Null())
        counts.append(exp.CountIf(this=exp.and_(whole, exp.not_(exp.paren(read)))))
    return counts


def _as(name: str, form: str) -> exp.Expr:
    cast = exp.Cast(this=exp.column(name, quoted=True), to=exp.DataType.build(form))
    return exp.alias_(cast, name, quoted=True)
