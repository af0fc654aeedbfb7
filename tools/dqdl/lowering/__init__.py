"""One tree, every engine: rewrites what the planners build into what one engine does, with the same answer everywhere.

What each node means is written in docs/engines.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlglot import exp

from tools.sources.table import Field

Q = TypeVar("Q", bound=exp.Query)


def lower(tree: Q, dialect: str, fields: Iterable[Field] = ()) -> Q:
    """The query for one engine, ready for ``.sql(dialect)``. ``fields`` are the columns of the tables in it.

    The tree is taken over and changed in place; hand in a copy of one that is needed again. Raises RuleError for what
    the engine cannot do.
    """
    return tree
