"""Redshift's SQL, said to PostgreSQL."""

from __future__ import annotations

from unittest import mock

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.support.aws.lacking import lacking
from tools.dqdl.regex import parser, writer


def in_postgres(sql: str) -> str:
    """The statement for PostgreSQL, with every name in lower case as Redshift has it."""
    if sql.startswith("set "):
        return sql
    tree = sqlglot.parse_one(sql, read="redshift")
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.this.lower())
    if absent := lacking(tree, "redshift"):
        raise SqlglotError(absent)
    for node in reversed(list(tree.walk())):
        said = _node(node)
        if said is not node:
            node.replace(said)
    return tree.sql(dialect="postgres")


def _node(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.DataType() if any(part.name == "MAX" for part in node.find_all(exp.DataTypeParam)):
            return exp.DataType.build("text")
        case exp.RegexpInstr():
            found = exp.RegexpLike(this=node.this.copy(), expression=_pattern(node))
            return exp.cast(exp.paren(found), "int")
        case exp.RegexpExtract():
            found = exp.Anonymous(this="SUBSTRING", expressions=[node.this.copy(), _pattern(node)])
            return exp.Coalesce(this=found, expressions=[exp.Literal.string("")])
        case exp.TsOrDsAdd():
            amount = exp.Mul(this=exp.paren(node.expression.copy()), expression=_interval(node.text("unit")))
            return exp.Add(this=node.this.copy(), expression=amount)
    return node


def _interval(unit: str) -> exp.Expr:
    return exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this=unit.upper()))


def _pattern(node: exp.Expr) -> exp.Expr:
    """Perl's patterns are written as PostgreSQL's own kind."""
    assert node.text("parameters") == "p"
    with mock.patch.object(parser, "MAX_LENGTH", 100_000):  # all letters, for example, were written out
        tree = parser.parse(node.expression.name)
    return exp.Literal.string(writer.write(tree, "postgres"))
