"""MATCH_RECOGNIZE: rows that match a pattern, with what is measured of each match."""

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER
from tools.lineage.relations import Column, Relation
from tools.lineage.scope import Scope


def match_rows(match: exp.MatchRecognize, scope: Scope, influences: Flow) -> None:
    """Replace the sources of a scope by the matches in them.

    The names of a pattern stand for rows of the source. ONE ROW PER MATCH gives the partition and the measures, ALL
    ROWS
    all columns and the measures.
    """
    rows = Relation([column for source in scope.sources for column in source.relation.columns])
    inner = Scope(scope.env)
    for source in scope.sources:
        inner.put(source)
    for name in {
        node.args["table"].name: node.args["table"] for node in match.find_all(exp.Column) if node.table
    }.values():
        inner.add((scope.env.context.names.written(name),), rows, only_qualified=True)
    for part in match.args.get("define") or []:
        trace(part.unalias(), inner, influences, FILTER)
    partition = match.args.get("partition_by") or []
    for part in (*partition, match.args.get("order")):
        if part is not None:
            trace(part, inner, influences, FILTER)
    measures = [measure.this for measure in match.args.get("measures") or []]
    measured = [Column(scope.env.context.names.written(m.alias_or_name), flow_of(m, inner)) for m in measures]
    kept = [Column(part.name, flow_of(part, inner)) for part in partition]
    if "ALL ROWS" in str(match.args.get("rows") or ""):
        kept = rows.columns
    scope.remove_all()
    alias = match.args.get("alias")
    qualifier = (scope.env.context.names.written(alias.this),) if alias is not None and alias.this else ()
    scope.add(qualifier, Relation([*kept, *measured], flows.NOTHING))
