"""Arithmetic and aggregates of numbers: the same to the ninth digit on every engine, NULL where Spark gives NULL."""

from __future__ import annotations

from sqlglot import exp

from tools.dqdl.lowering.casts import either
from tools.dqdl.lowering.engine import call, number, string
from tools.dqdl.lowering.site import Site

_EXACT = "decimal(38, 0)"
_CORRELATE = ("postgres", "athena")


def division(site: Site, node: exp.Div) -> exp.Expr:
    """A double; by zero it is NULL."""
    above, below = _double(site, node.this), _double(site, node.expression)
    return exp.Div(this=above, expression=exp.Nullif(this=below, expression=number(0)), typed=False, safe=False)


def remainder(site: Site, node: exp.Mod) -> exp.Expr:
    """With the sign of the dividend; by zero it is NULL."""
    if site.engine.dialect == "postgres":
        for side in ("this", "expression"):
            if site.kinds.of(node.args[side]) == "double":
                node.set(side, exp.cast(node.args[side], "numeric"))
    node.set("expression", exp.Nullif(this=node.expression, expression=number(0)))
    return node


def mean(site: Site, node: exp.Avg) -> exp.Expr:
    """A double, whatever the engine makes of the mean of whole numbers and decimals."""
    if not isinstance(node.this, exp.Distinct):
        node.set("this", _double(site, node.this))
    return node


def total(site: Site, node: exp.Sum) -> exp.Expr:
    """Exact for whole numbers: Spark's would wrap around."""
    counts = _counts(node.this)
    if site.kinds.of(node.this) == "integer" and not isinstance(node.this, exp.Distinct) and not counts:
        node.set("this", exp.cast(node.this, _EXACT))
    return node


def _counts(value: exp.Expr) -> bool:
    """Whether it is 1 or 0 for each row, as a sum of flags has it: far from any limit."""
    return isinstance(value, exp.Case) and all(isinstance(one.args["true"], exp.Literal) for one in value.args["ifs"])


def arithmetic(site: Site, node: exp.Expr) -> exp.Expr:
    """Whole numbers never run over: Spark's would wrap around, and others stop."""
    if site.kinds.of(node) != "integer":
        return node
    for key in ("this", "expression"):
        part = node.args.get(key)
        if part is not None and not isinstance(part, exp.Literal):
            node.set(key, exp.cast(part, _EXACT))
    return node


def spread(site: Site, node: exp.StddevPop | exp.VariancePop) -> exp.Expr:
    """NaN when a value is NaN or infinite, where DuckDB would refuse."""
    value = node.this
    if site.engine.dialect != "duckdb" or not _may_be_infinite(site, value):
        return node
    finite = either((call("ISFINITE", value.copy()), value))
    odd = exp.Count(this=either((exp.not_(call("ISFINITE", value.copy())), number(1))))
    return either(
        (exp.GT(this=odd, expression=number(0)), site.engine.infinity(nan=True)), default=type(node)(this=finite)
    )


def _may_be_infinite(site: Site, value: exp.Expr) -> bool:
    columns = list(value.find_all(exp.Column))
    return any(site.kinds.of(column) in ("double", None) for column in columns)


def correlation(site: Site, node: exp.Corr) -> exp.Expr:
    """Pearson; NULL for a column of one value, whatever rounding would make of it."""
    one, other = _double(site, node.this), _double(site, node.expression)
    if site.engine.dialect in ("duckdb", "spark"):
        return exp.Corr(this=one, expression=other)
    both = exp.and_(_present(one), _present(other))
    pair = [either((both.copy(), side.copy())) for side in (one, other)]
    constant = exp.or_(*(exp.EQ(this=exp.Min(this=side.copy()), expression=exp.Max(this=side.copy())) for side in pair))
    value = exp.Corr(this=one, expression=other) if site.engine.dialect in _CORRELATE else _centred(node, pair)
    return either((exp.not_(exp.paren(constant)), value))


def _centred(node: exp.Corr, pair: list[exp.Case]) -> exp.Expr:
    """MySQL and Redshift have no CORR: both columns are centred first, so that large means cost no digits."""
    first, second = (exp.Paren(this=exp.Sub(this=side.copy(), expression=_mean_of(node, side))) for side in pair)

    def summed(left: exp.Expr, right: exp.Expr) -> exp.Expr:
        return exp.Sum(this=exp.Mul(this=left.copy(), expression=right.copy()))

    below = exp.Mul(this=exp.Sqrt(this=summed(first, first)), expression=exp.Sqrt(this=summed(second, second)))
    return exp.Div(this=summed(first, second), expression=exp.Nullif(this=below, expression=number(0)))


def _mean_of(node: exp.Corr, side: exp.Expr) -> exp.Expr:
    """The mean over the same rows, as a query of its own."""
    select = node.find_ancestor(exp.Select)
    query = exp.select(exp.Avg(this=side.copy()))
    for part in ("with_", "from_", "joins", "where"):
        value = select.args.get(part) if select is not None else None
        if value:
            query.set(part, [one.copy() for one in value] if isinstance(value, list) else value.copy())
    return query.subquery()


def logarithm(site: Site, node: exp.Ln) -> exp.Expr:
    """NULL where there is none."""
    positive = exp.GT(this=node.this.copy(), expression=number(0))
    return either((positive, exp.Ln(this=node.this)))


def not_a_number(site: Site, node: exp.IsNan) -> exp.Expr:
    """False where the engine has no NaN."""
    if not site.engine.counts_nan:
        return exp.false()
    if site.engine.dialect in ("postgres", "redshift"):
        return exp.EQ(this=_double(site, node.this), expression=exp.cast(string("NaN"), "double"))
    return node


def count_if(site: Site, node: exp.CountIf) -> exp.Expr:
    """Counts the rows where it is true."""
    return exp.Count(this=either((node.this, number(1))))


def _double(site: Site, node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DOUBLE:
        return node
    return exp.cast(node, "double")


def _present(node: exp.Expr) -> exp.Expr:
    return exp.not_(exp.Is(this=node.copy(), expression=exp.null()))
