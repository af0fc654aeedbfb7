"""Statements to trees: bounded in size and depth, one by one, so that a bad statement costs only itself."""

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from tools.errors import AssayError
from tools.lineage.budget import Limits
from tools.lineage.mending import mended, split_with, torn_apart
from tools.lineage.splitting import Chunk

# Grammars that are tried where the dialect's own does not take a statement: they know more of the standard.
_WIDER = ("", "snowflake")
_SHALLOW = 25
_FRAMES_PER_LEVEL = 60
_STACK_BYTES = 256 * 1024 * 1024
# What sqlglot raises, and what reading its trees raises, where a statement is ill-formed in a way that nobody foresaw.
UNFORESEEN = (AttributeError, AssertionError, IndexError, KeyError, TypeError, ValueError)
_MISSING = re.compile(r"Required keyword: '\w+' missing for <class '[\w.]*?(\w+)'>")
_deep = threading.Lock()
# sqlglot writes this to the log where it gives a statement up. Here that is a problem of the answer, or mended.
logging.getLogger("sqlglot").addFilter(
    lambda record: "Falling back to parsing as a 'Command'" not in record.getMessage()
)
T = TypeVar("T")


class Unreadable(AssayError):
    """A statement that cannot be turned into a tree."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The trees of a statement (seldom more than one), and what was guessed to read it."""

    trees: list[exp.Expr]
    depth: int = 0
    guess: str = ""


def parse(chunk: Chunk, dialect: Dialect, limits: Limits) -> Parsed:
    """Read a statement. Raises `Unreadable` with the reason."""
    size = chunk.tokens[-1].end - chunk.tokens[0].start
    if size > limits.statement_characters:
        raise Unreadable(f"the statement has {size:,} characters, more than {limits.statement_characters:,}")
    depth = _depth(chunk.tokens)
    if depth > limits.nesting:
        raise Unreadable(f"brackets are nested {depth:,} deep, more than {limits.nesting}")
    try:
        return at_depth(depth, lambda: _read(chunk, dialect, limits, depth))
    except RecursionError:
        raise Unreadable("the statement is nested too deep to be read") from None


def _read(chunk: Chunk, dialect: Dialect, limits: Limits, depth: int) -> Parsed:
    """The statement as it stands, or mended, or in a wider grammar; in the end with its words torn apart."""
    trees, failure = _tries(chunk, dialect, limits)
    if trees and not _is_unread(trees):
        return Parsed(trees, depth)
    text = torn_apart(chunk.tokens, chunk.sql)
    if text is not None:
        again = Chunk(list(dialect.tokenize(text)), text, chunk.procedural, chunk.variables)
        guessed, _ = _tries(again, dialect, limits)
        if guessed and not _is_unread(guessed):
            return Parsed(guessed, depth, "words that seemed run together were taken apart")
    if trees:
        return Parsed(trees, depth)
    raise Unreadable(f"it cannot be read as {_name(dialect)}: {_reason(failure)}")


def _tries(chunk: Chunk, dialect: Dialect, limits: Limits) -> tuple[list[exp.Expr], Exception | None]:
    """The trees of the first way to read a statement that works, or why the dialect's own did not."""
    failure: Exception | None = None
    unread: list[exp.Expr] = []
    for grammar in (dialect, *map(Dialect.get_or_raise, _WIDER)):
        for tokens in (chunk.tokens, *mended(chunk.tokens, dialect)):
            try:
                trees = _with_from_first(tokens, chunk, grammar, limits)
            except (SqlglotError, *UNFORESEEN) as error:
                failure = failure or error
            else:
                if not _is_unread(trees):
                    return trees, None
                unread = unread or trees
    return unread, failure


def _is_unread(trees: list[exp.Expr]) -> bool:
    """Whether sqlglot gave a statement up that writes, and kept its text."""
    return any(isinstance(tree, exp.Command) and tree.name.upper() in ("CREATE", "REPLACE") for tree in trees)


def _with_from_first(tokens: list[Token], chunk: Chunk, dialect: Dialect, limits: Limits) -> list[exp.Expr]:
    """Parse; a WITH in front of Hive's FROM-first INSERT, which the grammar does not take, is put back afterwards."""
    clause, rest = split_with(tokens)
    trees = _parse(rest, chunk, dialect, limits)
    if clause and len(trees) == 1:
        holder = _parse([*clause, *Dialect().tokenize("SELECT 1")], chunk, dialect, limits)[0]
        trees[0].set("with_", holder.args.get("with_"))
    return trees


def _parse(tokens: list[Token], chunk: Chunk, dialect: Dialect, limits: Limits) -> list[exp.Expr]:
    parser = dialect.parser(error_level=ErrorLevel.IMMEDIATE, max_nodes=limits.nodes)
    return [tree for tree in parser.parse(tokens, chunk.sql) if tree is not None]


def _name(dialect: Dialect) -> str:
    name = type(dialect).__name__.lower()
    return "SQL" if name == "dialect" else name


def _reason(error: Exception | None) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        described = _MISSING.sub(r"a part of a \1 is missing", str(first.get("description")).rstrip("."))
        return f"{described} at line {first.get('line')}, column {first.get('col')}"
    return str(error).splitlines()[0] if error is not None else "no statement"


def _depth(tokens: list[Token]) -> int:
    """How deep brackets and CASE nest."""
    depth = deepest = 0
    for token in tokens:
        kind = token.token_type
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE):
            depth += 1
            deepest = max(deepest, depth)
        elif kind in (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END) and depth:
            depth -= 1
    return deepest


def at_depth(depth: int, work: Callable[[], T]) -> T:
    """Run work on a statement; if it is nested deeply, in a thread of its own, whose stack is large enough for it."""
    if depth <= _SHALLOW:
        return work()
    box: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            box.append(work())
        except (SqlglotError, AssayError, RecursionError, *UNFORESEEN) as error:
            failures.append(error)

    with _deep, _limits(depth):
        thread = threading.Thread(target=run, name="deep-sql")
        thread.start()
        thread.join()
    if failures:
        raise failures[0]
    return box[0]


@contextmanager
def _limits(depth: int) -> Iterator[None]:
    """A higher recursion limit, and large stacks for threads that start now; both as before afterwards."""
    frames, stack = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(max(frames, 1000 + depth * _FRAMES_PER_LEVEL))
    try:
        yield
    finally:
        sys.setrecursionlimit(frames)
        threading.stack_size(stack)
