"""Recursive WITH queries: read until nothing new flows."""

from collections.abc import Callable

from sqlglot import exp

from tools.lineage.catalog import EMPTY
from tools.lineage.relations import Column, Relation, renamed
from tools.lineage.scope import Env

_MOST_ROUNDS = 20

RelationOf = Callable[[exp.Expr, Env], Relation]


def recursive(query: exp.Expr, name: str, names: list[str], env: Env, relation_of: RelationOf) -> Relation:
    """The least relation that holds what the query makes of itself. Each round can only add, so it ends."""
    if not _is_self_reference(query, name):
        return renamed(relation_of(query, env), names)
    if not isinstance(query, exp.SetOperation):
        env.context.problem(f"WITH {name} reads itself and has no first part")
        return renamed(relation_of(query, env.with_cte(name, EMPTY)), names)
    relation = renamed(relation_of(_first(query), env), names)
    for _ in range(_MOST_ROUNDS):
        following = _under_names(renamed(relation_of(query, env.with_cte(name, relation)), names), relation)
        if _same(following, relation):
            return relation
        relation = following
    env.context.problem(f"WITH {name} was read {_MOST_ROUNDS} times and still changed")
    return relation


def _first(query: exp.Expr) -> exp.Expr:
    """The part that starts the recursion: the first query of the set operation."""
    while isinstance(query, exp.SetOperation):
        query = query.this
    return query


def _is_self_reference(query: exp.Expr, name: str) -> bool:
    return any(not table.db and table.name.lower() == name.lower() for table in query.find_all(exp.Table))


def _under_names(relation: Relation, named: Relation) -> Relation:
    """The first part gives the names."""
    columns = [
        Column(named.columns[i].name, c.flow, c.behind, c.row) if i < len(named.columns) else c
        for i, c in enumerate(relation.columns)
    ]
    return Relation(columns, relation.influences)


def _same(one: Relation, other: Relation) -> bool:
    flows_of = [column.flow for column in one.columns]
    return flows_of == [column.flow for column in other.columns] and one.influences == other.influences
