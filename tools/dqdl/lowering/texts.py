"""Comparisons: texts sign by sign, by code points, blanks at the end included; a text against a number as a number."""

from __future__ import annotations

from sqlglot import exp

from tools.dqdl.lowering.engine import exact_bytes, unicode
from tools.dqdl.lowering.implicit import compared, widened
from tools.dqdl.lowering.kinds import Kind
from tools.dqdl.lowering.site import Site

_ORDER = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Ordered, exp.Min, exp.Max)


def comparison(site: Site, node: exp.Expr) -> exp.Expr:
    """``=``, ``<``, ``in``, ``between`` and their like."""
    sides = [
        (key, part) for key in ("this", "expression", "low", "high") if isinstance(part := node.args.get(key), exp.Expr)
    ]
    listed = node.args.get("expressions") or []
    kinds = list({site.kinds.of(part): None for part in [*(part for _, part in sides), *listed]})
    if "text" not in kinds:
        node.set("this", widened(site, node.this))
        return node
    for key, part in sides:
        node.set(key, _side(site, node, part, kinds))
    if listed:
        node.set("expressions", [_side(site, node, part, kinds) for part in listed])
    return node


def _side(site: Site, node: exp.Expr, part: exp.Expr, kinds: list[Kind | None]) -> exp.Expr:
    if site.kinds.of(part) != "text":
        return part
    if any(kind not in ("text", None) for kind in kinds):
        return compared(site, part, kinds) or part
    return part if isinstance(part, exp.Literal) else exact(site, part, order=isinstance(node, _ORDER))


def exact(site: Site, part: exp.Expr, *, order: bool) -> exp.Expr:
    """A text in the form that this engine compares sign by sign."""
    if site.engine.dialect == "mysql":
        return exact_bytes(part)
    if site.engine.dialect == "postgres" and order:
        return exp.Collate(this=exp.Paren(this=part), expression=exp.to_identifier("C", quoted=True))
    return part


def extreme(site: Site, node: exp.Expr) -> exp.Expr:
    """The least or greatest text."""
    if site.kinds.of(node.this) != "text" or isinstance(node.this, exp.Literal):
        return node
    node.set("this", exact(site, node.this, order=True))
    return unicode(node) if site.engine.dialect == "mysql" else node


def ordered(site: Site, node: exp.Ordered) -> exp.Expr:
    """The order of rows."""
    if site.kinds.of(node.this) == "text":
        node.set("this", exact(site, node.this, order=True))
    return node


def listed(site: Site, node: exp.Expr) -> exp.Expr:
    """Which values are the same."""
    node.set("expressions", [_key(site, part) for part in node.expressions])
    return node


def window(site: Site, node: exp.Window) -> exp.Expr:
    """PARTITION BY."""
    keys = node.args.get("partition_by")
    if keys:
        node.set("partition_by", [_key(site, part) for part in keys])
    return node


def _key(site: Site, part: exp.Expr) -> exp.Expr:
    return exact(site, part, order=False) if site.kinds.of(part) == "text" else part


def grouped(site: Site, node: exp.Select) -> exp.Expr:
    """MySQL: groups are of equal bytes; what is said of such a key besides is said of its least text, the only one."""
    group = node.args.get("group")
    keys = {part.sql() for part in group.expressions if site.kinds.of(part) == "text"} if group else set()
    if not keys or group is None:
        return node
    others = [*node.expressions, node.args.get("having"), node.args.get("order")]
    for part in [column for other in others if other is not None for column in other.find_all(exp.Column)]:
        if part.sql() in keys and not isinstance(part.find_ancestor(exp.AggFunc, exp.Select), exp.AggFunc):
            part.replace(exp.Min(this=part.copy()))
    listed(site, group)
    return node


def same(site: Site, node: exp.NullSafeEQ) -> exp.Expr:
    """Equal, or both NULL."""
    node = comparison(site, node)  # type: ignore[assignment]
    if site.engine.dialect != "redshift":
        return node
    nulls = [exp.Is(this=side.copy(), expression=exp.null()) for side in (node.this, node.expression)]
    equal = exp.Coalesce(this=exp.EQ(this=node.this, expression=node.expression), expressions=[exp.false()])
    return exp.Paren(this=exp.or_(equal, exp.and_(*nulls)))


def like(site: Site, node: exp.Like) -> exp.Expr:
    """With the case of the letters."""
    node.set("this", exact(site, node.this, order=False))
    return node
