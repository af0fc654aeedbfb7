"""Calls of DuckDB's file readers as sqlglot trees."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence

from sqlglot import exp

Option = str | int | bool | Mapping[str, str]


def read_files(function: str, paths: Sequence[str], options: Mapping[str, Option]) -> exp.Select:
    """``SELECT * FROM function([paths], option = value, ...)``; a path stands for one file, whatever its name."""
    return _select(function, file_list(paths), options)


def file_list(paths: Sequence[str]) -> exp.Array:
    """Paths as the first thing that a reader is given."""
    return exp.Array(expressions=[_file(path) for path in paths])


def sniff(path: str, options: Mapping[str, Option]) -> exp.Select:
    """The answer of DuckDB's CSV sniffer on one file."""
    return _select("sniff_csv", _file(path), options)


def _file(path: str) -> exp.Expr:
    """DuckDB takes every path for a pattern."""
    return exp.Literal.string(glob.escape(path))


def _select(function: str, first: exp.Expr, options: Mapping[str, Option]) -> exp.Select:
    named = [exp.EQ(this=exp.to_identifier(name), expression=_value(value)) for name, value in options.items()]
    return exp.select("*").from_(exp.Table(this=exp.Anonymous(this=function, expressions=[first, *named])))


def _value(value: Option) -> exp.Expr:
    if isinstance(value, Mapping):
        pairs = [
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=exp.Literal.string(text))
            for name, text in value.items()
        ]
        return exp.Struct(expressions=pairs)
    return exp.convert(value)
