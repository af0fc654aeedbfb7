"""One tree, every engine: rewrites what the planners build into what one engine does, with the same answer everywhere.

What each node means is written in docs/engines.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from sqlglot import exp

from tools.dqdl import regex
from tools.dqdl.lowering.engine import Engine
from tools.dqdl.lowering.kinds import Kinds
from tools.dqdl.lowering.rewrites import Rewrite, pattern_of, table
from tools.dqdl.lowering.site import Site
from tools.sources.table import Field

E = TypeVar("E", bound=exp.Expr)


def lower(tree: E, dialect: str, fields: Iterable[Field] = ()) -> E:
    """The query for one engine, ready for ``.sql(dialect)``. ``fields`` are the columns of the tables in it.

    The tree is taken over and changed in place; hand in a copy of one that is needed again. Raises RuleError for what
    the engine cannot do.
    """
    rewrites = table(dialect)
    every = list(tree.walk())
    nodes = [node for node in every if type(node) in rewrites]
    if not nodes:
        return tree
    site = Site(Engine(dialect), Kinds(every, fields))
    # Kinds are read from the tree as it came; from the inside to the outside, each node finds its parts rewritten.
    for node in nodes:
        for part in node.iter_expressions():
            if not isinstance(part, exp.Literal):  # a list may have thousands, which tell their kind at any time
                site.kinds.of(part)
    for node in reversed(nodes):
        tree = _replace(tree, node, site, rewrites)
    return tree


def check(tree: exp.Expr, dialect: str) -> None:
    """Raises RuleError for a regular expression that the engine cannot do."""
    for node in tree.find_all(exp.RegexpLike):
        regex.check(pattern_of(node), dialect)


def _replace(tree: E, node: exp.Expr, site: Site, rewrites: Mapping[type[exp.Expr], Rewrite]) -> E:
    kind, parent, key, index = site.kinds.of(node), node.parent, node.arg_key, node.index
    found = rewrites[type(node)](site, node)
    if found is node:
        return tree
    site.kinds.note(found, kind)
    if parent is None or key is None:
        return cast(E, found)
    parent.set(key, found, index)
    return tree
