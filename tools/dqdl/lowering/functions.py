"""Functions of the SQL in rules that engines name, or mean, in different ways."""

from __future__ import annotations

from sqlglot import exp

from tools.dqdl.lowering.casts import either
from tools.dqdl.lowering.engine import number
from tools.dqdl.lowering.site import Site
from tools.dqdl.lowering.texts import exact


def root(site: Site, node: exp.Sqrt) -> exp.Expr:
    """NaN of a negative number."""
    if site.engine.dialect in ("duckdb", "spark", "athena"):
        return node
    negative = exp.LT(this=node.this.copy(), expression=number(0))
    return either((negative, site.engine.infinity(nan=True)), default=exp.Sqrt(this=node.this))


def outermost(site: Site, node: exp.Greatest | exp.Least) -> exp.Expr:
    """NULLs are left out, where the engine would answer NULL."""
    parts = [node.this, *node.expressions]
    filled = [
        exp.Coalesce(this=part.copy(), expressions=[other.copy() for other in parts if other is not part])
        for part in parts
    ]
    return type(node)(this=filled[0], expressions=filled[1:])


def beginning(site: Site, node: exp.StartsWith) -> exp.Expr:
    """Compared sign by sign."""
    return _part(site, node, exp.Left)


def end(site: Site, node: exp.EndsWith) -> exp.Expr:
    """Compared sign by sign."""
    return _part(site, node, exp.Right)


def _part(site: Site, node: exp.StartsWith | exp.EndsWith, side: type[exp.Left] | type[exp.Right]) -> exp.Expr:
    part = side(this=node.this, expression=exp.Length(this=node.expression.copy()))
    return exp.EQ(this=exact(site, part, order=False), expression=exact(site, node.expression, order=False))


def within(site: Site, node: exp.Contains) -> exp.Expr:
    """Compared sign by sign."""
    texts = {"this": node.this, "substr": node.expression}
    place = exp.StrPosition(**{key: exact(site, text, order=False) for key, text in texts.items()})
    return exp.GT(this=place, expression=number(0))


def null_if(site: Site, node: exp.Nullif) -> exp.Expr:
    """Texts are compared sign by sign."""
    if site.kinds.of(node.this) != "text":
        return node
    sides = (exact(site, part.copy(), order=False) for part in (node.this, node.expression))
    return either((exp.EQ(this=next(sides), expression=next(sides)), exp.null()), default=node.this)


def branches(site: Site, node: exp.Case) -> exp.Expr:
    """``CASE text WHEN``: compared sign by sign."""
    if node.this is not None and site.kinds.of(node.this) == "text":
        node.set("this", exact(site, node.this, order=False))
    return node


def clock(site: Site, node: exp.Hour | exp.Minute | exp.Second) -> exp.Expr:
    """A whole number, for engines without these functions."""
    part = exp.Extract(this=exp.Var(this=type(node).__name__.upper()), expression=node.this)
    return exp.cast(exp.Floor(this=part), "int")


def truncated(site: Site, node: exp.TimestampTrunc) -> exp.Expr:
    """A time: what is written for MySQL would be a text."""
    return exp.cast(node, "datetime(6)")
