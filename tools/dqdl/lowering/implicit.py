"""Values where another type is wanted, which Spark casts unasked: numbers in ``like``, texts in sums or for days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from tools.dqdl.lowering.casts import from_text
from tools.dqdl.lowering.kinds import Kind, results
from tools.dqdl.lowering.site import Site
from tools.dqdl.lowering.values import to_text

_BIGINT, _DOUBLE, _DATE, _TIMESTAMP = map(exp.DataType.build, ("bigint", "double", "date", "timestamp"))
_READ_AS: dict[Kind, exp.DataType] = {
    "boolean": exp.DataType.build("boolean"),
    "date": _DATE,
    "timestamp": _TIMESTAMP,
}
_NUMBERS = ("integer", "decimal", "double")


def texts(site: Site, node: exp.Expr) -> exp.Expr:
    """The value that a function on texts is about, as text."""
    node.set("this", _as_text(site, node.this))
    return node


def numbers(site: Site, node: exp.Expr) -> exp.Expr:
    """Texts in arithmetic, as doubles."""
    return _read(site, node, ("this", "expression"), _DOUBLE, "double")


def days(site: Site, node: exp.Expr) -> exp.Expr:
    """A text where a day is wanted."""
    keys = ("this", "expression") if isinstance(node, exp.MonthsBetween) else ("this",)
    return _read(site, node, keys, _DATE, "date")


def moments(site: Site, node: exp.Expr) -> exp.Expr:
    """A text where a time is wanted."""
    return _read(site, node, ("this",), _TIMESTAMP, "timestamp")


def branches(site: Site, node: exp.Expr) -> exp.Expr:
    """The values of CASE, IF and COALESCE: texts, where one of them is a text."""
    if site.kinds.of(node) != "text":
        return node
    for value in results(node):
        if value is not None and site.kinds.of(value) not in (None, "text"):
            value.replace(_as_text(site, value.copy(), site.kinds.of(value)))
    return node


def listed(site: Site, node: exp.In) -> exp.In:
    """A list with texts in it is compared with the value as text."""
    items = node.expressions
    if any(site.kinds.of(item) == "text" for item in items):
        node.set("this", _as_text(site, node.this))
    return node


def compared(site: Site, part: exp.Expr, kinds: Iterable[Kind | None]) -> exp.Expr | None:
    """A text that is compared with something else, as that; None among texts."""
    wanted = _wanted({kind for kind in kinds if kind not in ("text", None)})
    if wanted is None:
        return None
    return part if isinstance(part, exp.Literal) and _plain(part.name, wanted) else from_text(site.engine, part, wanted)


def widened(site: Site, part: exp.Expr) -> exp.Expr:
    """A float, as the double that it is: DuckDB would make a float of the number that it is compared with."""
    narrow = isinstance(part, exp.Column) and part.name.lower() in site.kinds.narrow
    return _noted(site, exp.cast(part, "double"), "double") if narrow and site.engine.dialect == "duckdb" else part


def _wanted(kinds: set[Kind | None]) -> exp.DataType | None:
    if kinds & set(_NUMBERS):
        return _BIGINT if kinds == {"integer"} else _DOUBLE
    return next((_READ_AS[kind] for kind in kinds if kind in _READ_AS), None) if len(kinds) == 1 else None


def _plain(value: str, wanted: exp.DataType) -> bool:
    """Whether every engine reads a literal as what it is compared with."""
    for types, read in _PLAIN:
        if wanted.this == types:
            with suppress(ValueError):
                return bool(read(value))
    return False


def _is_moment(value: str) -> bool:
    return bool(re.fullmatch(r"[\d-]{10}([ T][\d:]{8}(\.\d{1,6})?)?", value) and datetime.fromisoformat(value))


_PLAIN: tuple[tuple[exp.DType, Callable[[str], Any]], ...] = (
    (exp.DType.BIGINT, re.compile(r"[+-]?\d{1,18}").fullmatch),
    (exp.DType.DOUBLE, re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?").fullmatch),
    (exp.DType.BOOLEAN, ("true", "false").__contains__),
    (exp.DType.DATE, lambda value: len(value) == 10 and date.fromisoformat(value)),
    (exp.DType.TIMESTAMP, _is_moment),
)


def _as_text(site: Site, part: exp.Expr, known: Kind | None = None) -> exp.Expr:
    kind = known or site.kinds.of(part)
    if kind in (None, "text"):
        return part
    return _noted(site, to_text(site.engine, part, kind), "text")


def _read(site: Site, node: exp.Expr, keys: Iterable[str], to: exp.DataType, kind: Kind) -> exp.Expr:
    for key in keys:
        part = node.args.get(key)
        if not isinstance(part, exp.Expr) or isinstance(part, exp.Literal | exp.Distinct):
            continue
        if site.kinds.of(part) == "text":
            node.set(key, _noted(site, from_text(site.engine, part, to), kind))
    return node


def _noted(site: Site, node: exp.Expr, kind: Kind) -> exp.Expr:
    site.kinds.note(node, kind)
    return node
