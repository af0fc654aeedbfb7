"""Several INSERTs that share one source: Hive's FROM ... INSERT ... INSERT, Oracle's and Snowflake's INSERT ALL."""

from sqlglot import exp

from tools.lineage.expressions import trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER
from tools.lineage.queries import relation_of
from tools.lineage.relations import Relation
from tools.lineage.scope import Env, Scope
from tools.lineage.statements.insert import insert
from tools.lineage.statements.work import Work


def multi_insert(statement: exp.MultitableInserts, work: Work) -> None:
    """Each INSERT by itself, over the rows of the shared source."""
    env = work.env(statement)
    if statement.args.get("kind"):
        _insert_all(statement, work, env)
    else:
        _from_first(statement, work, env)


def _from_first(statement: exp.MultitableInserts, work: Work, env: Env) -> None:
    """FROM source INSERT ... SELECT ...: each SELECT reads the source as if the FROM stood in it."""
    for part in statement.expressions:
        query = part.expression
        if isinstance(query, exp.Select) and query.args.get("from_") is None:
            # Set without `set`, which would take the one source out of its place in the tree.
            query.args["from_"] = exp.From()
            query.args["from_"].args["this"] = statement.args["source"]
            insert(part, work, relation_of(query, env))
        else:
            insert(part, work)


def _insert_all(statement: exp.MultitableInserts, work: Work, env: Env) -> None:
    """INSERT ALL|FIRST [WHEN condition THEN] INTO table [(columns)] [VALUES (...)] ... SELECT ..."""
    relation = relation_of(statement.args["source"], env)
    scope = Scope(env)
    scope.add((), relation)
    for part in statement.expressions:
        influences: Flow = dict(relation.influences)
        condition = part.args.get("expression")
        if condition is not None:
            trace(condition, scope, influences, FILTER)
        values = part.this.expression
        given = relation_of(values, env.inside(scope)) if values is not None else relation
        insert(part.this, work, Relation(given.columns, influences))
