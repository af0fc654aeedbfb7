"""What SQL of a rule may cost an engine where no time limit helps: planning, and memory for single values.

A star over a star over a join doubles the columns each time, and a text that replaces each of its letters grows by
powers. Both fit in a few lines, and engines work on a plan or a value without looking at the clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

MAX_COLUMNS = 2_000
"""Columns that a SELECT may return, a star counting as :data:`STAR` for each table behind it."""
STAR = 100
MAX_TABLES = 64
"""Tables after all names of a WITH are put in."""
MAX_GROWTH = 1_000
"""How many times as long as the longest text of the data a text may become."""
_LITERAL = 100


def too_large(tree: exp.Expr) -> str | None:
    """What is too large about a query or a condition that passed the guard; None where nothing is."""
    known: dict[str, _Size] = {}
    root = tree.args.get("with_")
    for cte in root.expressions if root is not None else []:
        known[cte.alias.lower()] = _Measure(known).query(cte.this)
    measure = _Measure(known)
    if not isinstance(tree, exp.Query):
        return _problem(_Size(0, 0, measure.growth(tree)))
    measured = [measure.query(query) for query in tree.find_all(exp.Select, exp.SetOperation)]
    return next((found for size in [*known.values(), *measured] if (found := _problem(size))), None)


class _Size:
    """Columns and tables of a query, and the growth of its texts."""

    def __init__(self, columns: int, tables: int, growth: int) -> None:
        self.columns, self.tables, self.growth = columns, tables, growth


def _problem(size: _Size) -> str | None:
    if size.columns > MAX_COLUMNS:
        return "it asks for too many columns."
    if size.tables > MAX_TABLES:
        return "it joins too many tables."
    if size.growth > MAX_GROWTH:
        return "it makes texts too long."
    return None


class _Measure:
    """Measures queries that may use the names of a WITH."""

    def __init__(self, known: Mapping[str, _Size]) -> None:
        self._known = known
        self._seen: dict[int, _Size] = {}

    def query(self, query: exp.Expr) -> _Size:
        """The size of a SELECT, a set operation, or one of these in parentheses."""
        if id(query) not in self._seen:
            self._seen[id(query)] = self._sized(query)
        return self._seen[id(query)]

    def _sized(self, query: exp.Expr) -> _Size:
        if isinstance(query, exp.Subquery):
            return self.query(query.this)
        if isinstance(query, exp.SetOperation):
            left, right = self.query(query.left), self.query(query.right)
            return _Size(left.columns, left.tables + right.tables, max(left.growth, right.growth))
        sources = [self._source(source) for source in _sources(query)]
        width = sum(source.columns for source in sources)
        # Joined tables in parentheses return all that they have.
        projections = query.selects if isinstance(query, exp.Query) else [exp.Star()]
        columns = sum(width if projection.is_star else 1 for projection in projections)
        own = max((self.growth(part) for part in _expressions(query)), default=1)
        inside = [self.query(inner) for part in _expressions(query) for inner in _queries(part)]
        tables = sum(source.tables for source in [*sources, *inside])
        return _Size(columns, tables, own * max([source.growth for source in sources], default=1))

    def _source(self, source: exp.Expr) -> _Size:
        if isinstance(source, exp.Table) and not source.args.get("joins"):
            return self._known.get(source.name.lower(), _Size(STAR, 1, 1))
        return self.query(source)

    def growth(self, node: exp.Expr) -> int:
        """How many times as long as its longest column the text of an expression can be."""
        if isinstance(node, exp.Query):
            return self.query(node).growth
        if isinstance(node, exp.Literal):
            return 1 + len(node.name) // _LITERAL
        parts = [self.growth(part) for part in node.iter_expressions()]
        if isinstance(node, exp.Concat | exp.ConcatWs | exp.DPipe):
            return sum(parts) + (parts[0] * len(parts) if isinstance(node, exp.ConcatWs) else 0)
        if isinstance(node, exp.Replace | exp.RegexpReplace):
            return self.growth(node.this) * self._replaced(node)
        if isinstance(node, exp.Pad):
            return parts[0] + _padded(node)
        return max(parts, default=1)

    def _replaced(self, node: exp.Expr) -> int:
        new = node.args.get("replacement")
        if new is None:
            return 1
        if not (isinstance(new, exp.Literal) and new.is_string):
            return MAX_GROWTH + self.growth(new)
        old = node.args.get("expression")
        if isinstance(node, exp.Replace) and isinstance(old, exp.Literal) and old.name:
            return max(1, -(-len(new.name) // len(old.name)))
        return 1 + 2 * len(new.name)


def _padded(node: exp.Pad) -> int:
    length = node.expression
    return int(length.name) // _LITERAL if length.is_int and length.name else MAX_GROWTH


def _sources(query: exp.Expr) -> list[exp.Expr]:
    """What stands in FROM, joins included; a joined table that is itself joined stands for all of them."""
    start = query.args.get("from_")
    if start is not None:
        found = [start.this]
    elif isinstance(query, exp.Table):
        found = [exp.Table(this=query.this)]
    else:
        found = []
    return [*found, *(join.this for join in query.args.get("joins") or [])]


def _expressions(query: exp.Expr) -> list[exp.Expr]:
    """The parts of a SELECT that hold expressions: all but its tables and its WITH."""
    parts = [part for key, part in query.args.items() if key not in ("from_", "joins", "with_") and part]
    return [one for part in parts for one in (part if isinstance(part, list) else [part]) if isinstance(one, exp.Expr)]


def _queries(part: exp.Expr) -> list[exp.Expr]:
    """The outermost queries inside an expression."""
    if isinstance(part, exp.Query):
        return [part]
    return [found for child in part.iter_expressions() for found in _queries(child)]
