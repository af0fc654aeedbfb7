"""A script from its first statement to its last: what one makes, the next may read."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError

from tools.lineage.budget import Budget, Limits, OutOfBudget
from tools.lineage.catalog import Catalog
from tools.lineage.model import ColumnRef, Edge, Lineage, Problem, StatementLineage
from tools.lineage.names import Names, Parts, folded
from tools.lineage.parsing import UNFORESEEN, Parsed, Unreadable, at_depth, parse
from tools.lineage.queries import relation_of
from tools.lineage.scope import Context
from tools.lineage.splitting import Chunk, statements
from tools.lineage.statements.dispatch import read
from tools.lineage.statements.work import Work

_LONGEST_QUOTE = 2_000


@dataclass(slots=True)
class Script:
    """The reading of one script: its tables so far, and the results of its statements."""

    dialect: Dialect
    catalog: Catalog
    limits: Limits
    results: list[StatementLineage] = field(default_factory=list)
    started: float = field(default_factory=time.thread_time)
    spent: float = 0.0
    """Seconds of processor time on statements, once all are parsed."""

    def run(self, sql: str) -> Lineage:
        """Read the whole script. What cannot be read is a problem of its statement, and the others are read all the
        same."""
        if len(sql) > self.limits.script_characters:
            self._fail(
                sql, f"the script has {len(sql):,} characters, more than {self.limits.script_characters:,}: split it"
            )
            return Lineage(self.results)
        try:
            chunks = list(statements(sql, self.dialect))
        except (TokenError, RecursionError) as error:
            self._fail(sql, f"this is no SQL: {str(error).splitlines()[0]}")
            return Lineage(self.results)
        parsed = [(chunk, self._parsed(chunk)) for chunk in chunks]
        transient = _transient(tree for _, found in parsed if isinstance(found, Parsed) for tree in found.trees)
        self.spent = time.thread_time() - self.started
        for chunk, found in parsed:
            if isinstance(found, Unreadable):
                self._fail(_text(chunk), str(found))
                continue
            for tree in found.trees:
                try:
                    self._check_time(self.spent)
                except Unreadable as error:
                    self._fail(_text(chunk), str(error))
                    break
                self._statement(tree, chunk, transient, found)
        return Lineage(self.results)

    def _parsed(self, chunk: Chunk) -> Parsed | Unreadable:
        try:
            self._check_time(time.thread_time() - self.started)
            return parse(chunk, self.dialect, self.limits)
        except Unreadable as error:
            return error

    def _check_time(self, spent: float) -> None:
        if spent > self.limits.script_cpu_seconds:
            raise Unreadable(
                f"the script took more than {self.limits.script_cpu_seconds:g} s of processor time before it"
            )

    def _fail(self, sql: str, reason: str) -> None:
        index = len(self.results)
        self.results.append(
            StatementLineage(index, "unreadable", sql[:_LONGEST_QUOTE], problems=[Problem(index, reason)])
        )

    def _statement(self, tree: exp.Expr, chunk: Chunk, transient: frozenset[Parts], parsed: Parsed) -> None:
        if isinstance(tree, exp.Semicolon):
            return
        result = StatementLineage(len(self.results), "other", _text(chunk))
        self.results.append(result)

        def follow() -> Work:  # the budget counts the time of the thread that works
            context = Context(self.dialect, Names(self.dialect), self.catalog, Budget(self.limits), relation_of)
            context.variables = chunk.variables
            work = Work(context, result, transient, chunk.procedural)
            began = time.thread_time()
            _follow(tree, work)
            self.spent += time.thread_time() - began
            return work

        work = at_depth(parsed.depth, follow)
        for guess in filter(None, (parsed.guess, _template(result.sql))):
            work.context.problem(guess)
        result.edges = list(dict.fromkeys(result.edges))
        result.reads = list(work.context.reads)
        result.problems = [Problem(result.index, reason) for reason in work.context.problems]
        if work.renames:
            self._renamed(work.renames)

    def _renamed(self, renames: list[tuple[str, str]]) -> None:
        """Tables that this script made and then renamed: what was said about them holds for the new name."""
        made = {name for result in self.results for name in result.targets}
        mapping = {old: new for old, new in renames if old in made}
        for result in self.results if mapping else []:
            result.targets = {mapping.get(name, name): columns for name, columns in result.targets.items()}
            result.edges = [_moved(edge, mapping) for edge in result.edges]
            result.reads = [mapping.get(name, name) for name in result.reads]


def _template(sql: str) -> str:
    """What to say about text that a template engine should have replaced before."""
    return "it holds a template ({{ ... }}) that was not filled in" if "{{" in sql and "}}" in sql else ""


def _follow(tree: exp.Expr, work: Work) -> None:
    """Read a statement; what stops it short is a problem."""
    try:
        read(tree, work)
    except OutOfBudget as error:
        work.context.problem(str(error))
    except RecursionError:
        work.context.problem("the statement is nested too deep to be followed")
    except UNFORESEEN as error:
        work.context.problem(f"the statement has a form that is not understood ({type(error).__name__})")


def _moved(edge: Edge, names: dict[str, str]) -> Edge:
    if edge.target.table not in names and edge.source.table not in names:
        return edge
    target = ColumnRef(names.get(edge.target.table, edge.target.table), edge.target.column)
    source = ColumnRef(names.get(edge.source.table, edge.source.table), edge.source.column)
    return Edge(target, source, edge.type, edge.subtype, edge.masking)


def _transient(trees: Iterable[exp.Expr]) -> frozenset[Parts]:
    """Tables that the script creates and drops again: they are steps on the way, as temporary ones are."""
    created: set[Parts] = set()
    dropped: set[Parts] = set()
    for tree in trees:
        if isinstance(tree, exp.Create) and tree.args.get("kind") == "TABLE":
            names = set(_names(tree.this))
            created |= names
            dropped -= names
        elif isinstance(tree, exp.Drop):
            dropped |= {name for table in tree.args.get("tables") or [] for name in _names(table)} & created
    return frozenset(created & dropped)


def _names(node: exp.Expr | None) -> Iterator[Parts]:
    table = node.this if isinstance(node, exp.Schema) else node
    if isinstance(table, exp.Table):
        yield folded(part.name for part in table.parts)


def _text(chunk: Chunk) -> str:
    start, end = chunk.tokens[0].start, chunk.tokens[-1].end + 1
    return chunk.sql[start : min(end, start + _LONGEST_QUOTE)]


def run(
    sql: str,
    dialect: Dialect,
    schema: Mapping[str, Iterable[str]] | None,
    views: Mapping[str, str] | None,
    limits: Limits,
) -> Lineage:
    """Read a script against the tables that its caller knows of."""
    return Script(dialect, Catalog.of(schema, views), limits).run(sql)
