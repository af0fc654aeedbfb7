"""Which module reads which kind of statement."""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from tools.lineage.names import split_name
from tools.lineage.relations import Relation
from tools.lineage.scope import Env
from tools.lineage.statements.alter import alter, drop, rename, truncate
from tools.lineage.statements.create import cache, create, declare
from tools.lineage.statements.insert import insert
from tools.lineage.statements.merge import merge
from tools.lineage.statements.multi_insert import multi_insert
from tools.lineage.statements.returning import output_into, written_rows
from tools.lineage.statements.select import select
from tools.lineage.statements.update import delete, update
from tools.lineage.statements.work import Work
from tools.lineage.words import words

_READERS: list[tuple[type[exp.Expr], Callable[[Any, Work], None]]] = [
    (exp.Insert, insert),
    (exp.Create, create),
    (exp.MultitableInserts, multi_insert),
    (exp.Merge, merge),
    (exp.Update, update),
    (exp.Delete, delete),
    (exp.Alter, alter),
    (exp.Drop, drop),
    (exp.TruncateTable, truncate),
    (exp.Declare, declare),
    (exp.Cache, cache),
    (exp.Query, select),
    (exp.Values, select),
]
_SILENT = words("""
    Set SetItem Use Comment Grant Revoke Transaction Commit Rollback Pragma Describe Show Analyze Uncache
    Refresh LoadData
    EndStatement Semicolon Return Kill Attach Detach Column Block
""")
_WORDS_OF_CREATE, _LONGEST_NAME = 10, 100
_BEFORE_NAME = words("""
    OR REPLACE ALTER TEMP TEMPORARY TRANSIENT VOLATILE GLOBAL LOCAL EXTERNAL UNLOGGED FOREIGN RECURSIVE MATERIALIZED
    SECURE DYNAMIC LIVE STREAMING TABLE VIEW FUNCTION PROCEDURE PROC TRIGGER IF NOT EXISTS
""")
_SILENT_WORDS = words("""
    add analyze begin break checkpoint close cluster comment commit compute continue deallocate declare delimiter
    describe
    dfs end exit explain fetch get go grant invalidate iterate leave list listen lock msck notify open optimize perform
    print put raise raiserror refresh reindex release reload remove reset resignal return revoke rollback savepoint set
    show signal start throw unlock use vacuum waitfor
""")


def read(statement: exp.Expr, work: Work) -> None:
    """Read one statement; of one that nobody here understands, say so."""
    work.context.modify = lambda inner, env: _modify(inner, env, work)
    for kind, reader in _READERS:
        if isinstance(statement, kind):
            reader(statement, work)
            output_into(statement, work)
            return
    if type(statement).__name__ in _SILENT:
        return
    if isinstance(statement, exp.Command):
        _command(statement, work)
    elif isinstance(statement, exp.Export) and isinstance(statement.this, exp.Query):
        select(statement.this, work)
    elif isinstance(statement, exp.Copy):
        _copy(statement, work)
    elif isinstance(statement, exp.Execute):
        _execute(statement, work)
    else:
        work.context.problem(f"{type(statement).__name__.upper()} is not followed")


def _modify(statement: exp.Expr, env: Env, work: Work) -> Relation:
    """A statement that writes, inside the WITH of another: it writes, and gives the rows that it returns."""
    kind, around = work.result.kind, work.around
    work.around = env
    read(statement, work)
    work.result.kind, work.around = kind, around
    return written_rows(statement, env)


def _command(statement: exp.Command, work: Work) -> None:
    word = str(statement.this).strip().split(" ")[0].lower()
    if word == "rename":
        _rename_tables(statement, work)
    elif word == "unload":
        _unload(statement, work)
    elif word == "create":
        work.context.problem(f"CREATE {_made(statement)} is not understood")
    elif word not in _SILENT_WORDS:
        work.context.problem(f"{word.upper()} is not understood")


def _made(statement: exp.Command) -> str:
    """What a CREATE that cannot be read makes: its words up to the name."""
    said = statement.expression.name if isinstance(statement.expression, exp.Expr) else str(statement.expression)
    found = said.split()[:_WORDS_OF_CREATE]
    named = next((place for place, word in enumerate(found) if word.upper() not in _BEFORE_NAME), len(found))
    return " ".join([*map(str.upper, found[:named]), *(word[:_LONGEST_NAME] for word in found[named : named + 1])])


def _unload(statement: exp.Command, work: Work) -> None:
    """Redshift: UNLOAD ('query') TO ..."""
    tokens = work.context.dialect.tokenize(statement.expression.name)
    texts = [token.text for token in tokens if token.token_type == TokenType.STRING]
    try:
        query = parse_one(texts[0], dialect=work.context.dialect) if texts else None
    except SqlglotError:
        query = None
    if isinstance(query, exp.Query):
        select(query, work)
    else:
        work.context.problem("UNLOAD of something that is no query")


def _rename_tables(statement: exp.Command, work: Work) -> None:
    """MySQL: RENAME TABLE a TO b, c TO d."""
    text = statement.expression.name if isinstance(statement.expression, exp.Expr) else str(statement.expression)
    for pair in _RENAMED.findall(text):
        rename(split_name(pair[0]), split_name(pair[1]), work)


_RENAMED = re.compile(r"([^\s,]+)\s+TO\s+([^\s,]+)", re.IGNORECASE)


def _copy(statement: exp.Copy, work: Work) -> None:
    """COPY INTO table FROM (SELECT ...), and out of a query into files, which have no columns here."""
    files = statement.args.get("files") or []
    query = next((part for part in (statement.this, *files) if isinstance(part, exp.Query)), None)
    if query is None:
        return
    if query is statement.this or isinstance(statement.this.this, exp.Var):  # to a file or a stage
        select(query, work)
    else:
        insert(exp.Insert(this=statement.this, expression=query), work)


def _execute(statement: exp.Execute, work: Work) -> None:
    """`sp_rename 'old', 'new'` is followed; what any other procedure does is not known here."""
    name = statement.this.name.lower() if statement.this is not None else ""
    texts = [part.name for part in statement.expressions]
    if name == "sp_rename" and len(texts) == 2:
        rename(tuple(texts[0].split(".")), (texts[1],), work)
    else:
        work.context.problem(f"what EXECUTE {name} does is not known")
