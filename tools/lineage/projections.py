"""The output columns of a SELECT: stars written out, several columns from one function, names for those without."""

import re
from collections.abc import Iterator

from sqlglot import exp

from tools.lineage import flows, functions
from tools.lineage.expressions import flow_of, row_of
from tools.lineage.kinds import IDENTITY, TRANSFORMATION
from tools.lineage.model import DATASET
from tools.lineage.relations import Column, Relation, Through
from tools.lineage.scope import Scope, Source

_LONGEST_NAMED = 60
_NUMBERED = {
    "hive": "_c{0}",
    "bigquery": "f{0}_",
    "clickhouse": "",
    "tsql": "",
    "presto": "_col{0}",
    "trino": "_col{0}",
}
_NAMED_BY_FUNCTION = {"postgres", "redshift", "materialize", "risingwave"}


def project(select: exp.Select, scope: Scope) -> list[Column]:
    """The output columns of a SELECT, in order. Each becomes one that later expressions of the SELECT may name."""
    columns: list[Column] = []
    for position, item in enumerate(select.expressions):
        for column in _outputs(item, scope, position):
            columns.append(column)
            if column.behind is None:
                scope.outputs.setdefault(column.name.lower(), column)
    excluded = {name.name.lower() for name in select.args.get("exclude") or []}
    return [column for column in columns if column.name.lower() not in excluded] if excluded else columns


def _outputs(item: exp.Expr, scope: Scope, position: int) -> Iterator[Column]:
    value = item.unalias()
    star = _star_of(value)
    if star is not None:
        yield from _star(value, star, scope)
    elif (pattern := value.find(exp.Columns)) is not None and pattern.parent_select is item.parent_select:
        yield from _for_each(item, pattern, scope)
    elif isinstance(value, exp.QueryTransform):
        yield from _script(value, scope)
    elif isinstance(item, exp.Aliases):
        flow = flow_of(item.this, scope, TRANSFORMATION)
        yield from (Column(scope.env.context.names.written(name), flow) for name in item.expressions)
    else:
        yield Column(name_of(item, scope, position), flow_of(value, scope), row=row_of(value, scope))


def _star_of(value: exp.Expr) -> exp.Star | None:
    """The star in `*`, `t.*` or `value.*`, with what it leaves out or replaces."""
    if isinstance(value, exp.Star):
        return value
    if isinstance(value, exp.Column) and isinstance(value.this, exp.Star):
        return value.this
    if isinstance(value, exp.Dot) and isinstance(value.expression, exp.Star):
        return value.expression
    return None


def _star(value: exp.Expr, star: exp.Star, scope: Scope) -> Iterator[Column]:
    """What a star stands for. A star of a table with unknown columns stays one."""
    hidden = frozenset(part.name.lower() for part in star.args.get("except_") or [])
    replaced = {part.alias.lower(): part for part in star.args.get("replace") or []}
    names = {part.this.name.lower(): part.alias for part in star.args.get("rename") or []}
    for column in _starred(value, scope):
        name = column.name.lower()
        if column.behind is not None:
            behind = (
                Through([], inner=column.behind, hidden=hidden | set(replaced)) if hidden or replaced else column.behind
            )
            yield Column(DATASET, column.flow, behind=behind)
        elif name in replaced:
            yield Column(column.name, flow_of(replaced.pop(name).this, scope))
        elif name not in hidden:
            yield Column(names.get(name, column.name), column.flow, row=column.row)
    yield from (Column(name, flow_of(part.this, scope)) for name, part in replaced.items())


def _starred(value: exp.Expr, scope: Scope) -> list[Column]:
    if isinstance(value, exp.Star):
        return _all_columns(scope)
    if isinstance(value, exp.Column):
        names = scope.env.context.names
        return _qualified(tuple(names.written(part) for part in value.parts[:-1]), scope)
    inner = value.this
    row = row_of(inner, scope)
    if row is not None:
        return row.columns
    flow = flow_of(inner, scope, TRANSFORMATION)
    scope.env.context.problem(f"the fields of {_text(inner, scope)} are not known")
    return [Column(DATASET, flow, behind=Relation([]))]


def _qualified(parts: tuple[str, ...], scope: Scope) -> list[Column]:
    sources = scope.answering(parts)
    outer = scope.env.outer
    while not sources and outer is not None:
        sources, outer = outer.answering(parts), outer.env.outer
    if sources:
        return sources[0].relation.columns
    column = scope.lookup(parts)
    if column is not None and column.row is not None:
        return column.row.columns
    if column is None:
        scope.env.context.problem(f"{'.'.join(parts)}.* is not known")
        return []
    return [Column(DATASET, flows.stepped(column.flow, TRANSFORMATION), behind=Relation([]))]


def _all_columns(scope: Scope) -> list[Column]:
    """`SELECT *`: the columns merged by USING once and first, then the others of each source."""
    columns = list(scope.merged.values())
    for source in scope.sources:
        if source.hidden_in_star:
            continue
        columns += [c for c in source.relation.columns if c.behind is not None or c.name.lower() not in scope.merged]
    return columns


def _for_each(item: exp.Expr, pattern: exp.Columns, scope: Scope) -> Iterator[Column]:
    """An expression over DuckDB's COLUMNS(...): once for each column that it means, or once over all (`*COLUMNS`)."""
    value = item.unalias()
    made = []
    for column in _matching(pattern, scope):
        if value is pattern:
            made.append(column)
        elif column.behind is not None:
            made.append(Column(DATASET, flows.stepped(column.flow, TRANSFORMATION), behind=column.behind))
        else:
            made.append(Column(column.name, flow_of(_about(value, pattern, column.name), scope)))
    if pattern.args.get("unpack"):
        yield Column(name_of(item, scope, 0), flows.union(column.flow for column in made))
    elif isinstance(item, exp.Alias) and len(made) == 1:
        yield Column(name_of(item, scope, 0), made[0].flow, behind=made[0].behind, row=made[0].row)
    else:
        yield from made


def _about(value: exp.Expr, pattern: exp.Columns, column: str) -> exp.Expr:
    """The expression about one of the columns."""
    table = pattern.this.args.get("table") if isinstance(pattern.this, exp.Column) else None
    copy = value.copy()
    for node in list(copy.find_all(exp.Columns)):
        node.replace(exp.column(exp.to_identifier(column, quoted=True), table=table))
    return copy


def _matching(pattern: exp.Columns, scope: Scope) -> list[Column]:
    """The columns that COLUMNS(*), COLUMNS('regex') or COLUMNS(['name', ...]) means."""
    what = pattern.this
    star = _star_of(what)
    if star is not None:
        return list(_star(what, star, scope))
    named = what.expressions if isinstance(what, exp.Array) else []
    try:
        wanted = re.compile("|".join(f"^{re.escape(part.name)}$" for part in named) or what.name, re.IGNORECASE)
    except re.error:
        wanted = re.compile("(?!)")
    found = [column for column in _all_columns(scope) if column.behind is not None or wanted.search(column.name)]
    understood = isinstance(what, exp.Literal) or (named and all(isinstance(part, exp.Literal) for part in named))
    if not found or any(column.behind is not None for column in found) or not understood:
        scope.env.context.problem("COLUMNS(...) of columns that are not known")
    return found


def _script(value: exp.QueryTransform, scope: Scope) -> Iterator[Column]:
    """`TRANSFORM (...) USING 'script'`: any output can be made of any input."""
    flow = flows.union(flow_of(part, scope, TRANSFORMATION) for part in value.expressions)
    schema = value.args.get("schema")
    names = [part.name for part in schema.expressions] if schema is not None else ["key", "value"]
    yield from (Column(name, flow) for name in names)


def name_of(item: exp.Expr, scope: Scope, position: int) -> str:
    """The name of an output column: its alias, the column it is, or what the dialect calls one without a name."""
    if isinstance(item, exp.Alias):
        return scope.env.context.names.written(item.args["alias"])
    bare = item
    while isinstance(bare, exp.Paren):
        bare = bare.this
    last = bare.expression if isinstance(bare, exp.Dot) else bare.this if isinstance(bare, exp.Column) else None
    if isinstance(last, exp.Identifier):
        return scope.env.context.names.written(last)
    return _nameless(bare, scope, position)


def _nameless(item: exp.Expr, scope: Scope, position: int) -> str:
    context = scope.env.context
    by_function = context.dialect_name in _NAMED_BY_FUNCTION
    bare = item
    while isinstance(bare, exp.Cast) and (by_function or bare is item):
        bare = bare.this
    if (by_function or context.keeps_cast_names) and isinstance(bare, (exp.Column, exp.Dot)):
        return name_of(bare, scope, position)  # a cast column keeps its name
    pattern = _NUMBERED.get(context.dialect_name)
    if pattern:
        return pattern.format(position)
    if by_function:
        return functions.name_of(bare) or "?column?"
    return _text(item, scope) or f"_{position}"


def _text(item: exp.Expr, scope: Scope) -> str:
    """The expression as SQL, as engines name a column without an alias; nothing where it is long."""
    for count, _ in enumerate(item.walk()):
        if count > _LONGEST_NAMED:
            return ""
    return item.sql(dialect=scope.env.context.dialect).lower()


def merged_column(name: str, sources: list[Source]) -> Column:
    """A column that USING or NATURAL merges: the value of either side."""
    found = [column for source in sources if (column := source.relation.named(name)) is not None]
    return Column(name, flows.union(flows.stepped(column.flow, IDENTITY) for column in found))
