"""From the text of a script to the tokens of its statements, also of those inside procedures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType

from tools.lineage.words import words

_STARTERS = words("""
    INSERT UPDATE DELETE MERGE CREATE ALTER DROP TRUNCATE SELECT WITH EXECUTE EXEC CALL REPLACE UPSERT RENAME COPY FROM
""")
_OPENING = words("""
    BEGIN IF ELSE ELSIF ELSEIF LOOP WHILE FOR REPEAT EXCEPTION WHEN CASE DO TRY CATCH THEN AS IS DECLARE END
""")
_PROCEDURES = words("PROCEDURE PROC")
_ROUTINES = _PROCEDURES | {"FUNCTION"}
_LANGUAGES = words("SQL PLPGSQL PLSQL EDBSPL")
# T-SQL: words that start a statement wherever they stand outside of brackets, but behind some others.
_ALONE = words("""
    INSERT UPDATE DELETE MERGE CREATE DROP ALTER TRUNCATE DECLARE EXEC EXECUTE IF WHILE BEGIN END PRINT RETURN COMMIT
    ELSE
""")
_NOT_ALONE_AFTER = words("THEN FOR ON AFTER OF BY AS OR MATCHED")
_BEFORE_SELECT = words("UNION ALL EXCEPT INTERSECT AS ( DISTINCT")
_MODES = words("IN OUT INOUT")
_SETTING = words("UPDATE MERGE WITH ALTER")
_STRINGS = (TokenType.HEREDOC_STRING, TokenType.RAW_STRING, TokenType.STRING)


@dataclass(slots=True)
class Chunk:
    """The tokens of one statement, and whether it stands in a procedure, where other words may be variables."""

    tokens: list[Token]
    sql: str
    procedural: bool = False
    variables: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Body:
    procedural: bool = False
    variables: set[str] = field(default_factory=set)


def statements(sql: str, dialect: Dialect) -> Iterator[Chunk]:
    """The statements of a script in order. Raises sqlglot's `TokenError` where the text is no SQL at all."""
    tokens = dialect.tokenize(sql)
    for batch in _batches(tokens) if _is_tsql(dialect) else [tokens]:
        body = _Body()
        for piece in _between_semicolons(batch):
            yield from _of_piece(piece, sql, dialect, body)


def _is_tsql(dialect: Dialect) -> bool:
    return type(dialect).__name__ in ("TSQL", "Fabric")


def _batches(tokens: list[Token]) -> Iterator[list[Token]]:
    """What stands between lines that say `GO`, or `GO 5`, alone: SQL Server's tools send each by itself."""
    lines = [list(line) for _, line in groupby(tokens, key=lambda token: token.line)]
    for separates, batch in groupby(lines, key=_separates):
        if not separates:
            yield [token for line in batch for token in line]


def _separates(line: list[Token]) -> bool:
    counted = len(line) == 1 or (len(line) == 2 and line[1].token_type == TokenType.NUMBER)
    return counted and word(line[0]) == "GO"


def _between_semicolons(tokens: list[Token]) -> Iterator[list[Token]]:
    piece: list[Token] = []
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            if piece:
                yield piece
            piece = []
        else:
            piece.append(token)
    if piece:
        yield piece


def word(token: Token) -> str:
    """A token's text as a keyword is compared; nothing for quoted names and strings."""
    if token.token_type in (TokenType.IDENTIFIER, *_STRINGS):
        return ""
    return token.text.upper()


def _of_piece(tokens: list[Token], sql: str, dialect: Dialect, body: _Body) -> Iterator[Chunk]:
    """What stands between two semicolons: one statement, the start of a procedure, or several without semicolons."""
    head = [word(token) for token in tokens[:6]]
    quoted = _quoted(tokens, head, dialect)
    if quoted is not None:
        known = body.variables | set(_parameters(tokens))
        for inner in statements(quoted, dialect):
            yield Chunk(inner.tokens, inner.sql, True, inner.variables | known)
        return
    if head[0] in ("CREATE", "ALTER") and not _PROCEDURES.isdisjoint(head) and _is_sql(tokens):
        body.procedural = True
        body.variables.update(_parameters(tokens))
        tokens = _behind_header(tokens[1 + next(i for i, token in enumerate(tokens) if word(token) in _PROCEDURES) :])
    elif head[0] in _OPENING or _is_label(tokens):
        body.procedural = body.procedural or len(tokens) > 1
    if body.procedural:
        body.variables.update(_declared(tokens))
    for piece in _without_semicolons(tokens) if _is_tsql(dialect) else [tokens]:
        statement = _from_first_starter(piece) if body.procedural else piece
        if statement:
            yield Chunk(statement, sql, body.procedural, frozenset(body.variables))


def _quoted(tokens: list[Token], head: list[str], dialect: Dialect) -> str | None:
    """The SQL that stands in a string: of a routine's body, a DO block, or what EXECUTE IMMEDIATE is given."""
    if head[0] in ("CREATE", "ALTER") and not _ROUTINES.isdisjoint(head):
        texts = [after.text for before, after in pairwise(tokens) if word(before) == "AS" and _is_text(after)]
        if not texts or not _is_sql(tokens):
            return None
        first = re.match(r"\s*(\w+)", texts[-1])  # else the one expression that a function is
        return texts[-1] if first and first.group(1).upper() in _STARTERS | _OPENING else None
    if len(tokens) == 2 and head[0] in ("DO", "EXECUTE") and _is_text(tokens[1]):  # sqlglot keeps the rest as a text
        rest = list(dialect.tokenize(tokens[1].text))
        if head[0] == "DO" or (rest and word(rest[0]) == "IMMEDIATE" and len(rest) == 2):
            return rest[-1].text if rest and _is_text(rest[-1]) and _is_sql(rest) else None
    return None


def _is_text(token: Token) -> bool:
    return token.token_type in _STRINGS


def _is_sql(tokens: list[Token]) -> bool:
    """Whether a routine says that it is written in SQL, or does not say in what."""
    return all(word(after) in _LANGUAGES for before, after in pairwise(tokens) if word(before) == "LANGUAGE")


def _is_label(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[1].token_type == TokenType.COLON


def _parameters(tokens: list[Token]) -> Iterator[str]:
    """The names in the first brackets behind the name of a procedure."""
    awaited = opened = False
    for token in tokens:
        if token.token_type == TokenType.R_PAREN or word(token) in ("BEGIN", "AS"):
            return
        if token.token_type == TokenType.L_PAREN or (opened and token.token_type == TokenType.COMMA):
            awaited = opened = True
        elif awaited and word(token) not in _MODES:
            yield token.text.lower()
            awaited = False


def _behind_header(tokens: list[Token]) -> list[Token]:
    """The statements of a procedure that begin right behind its AS, without BEGIN."""
    starts = (place for place, (before, _) in enumerate(pairwise(tokens), 1) if word(before) == "AS")
    return next((tokens[place:] for place in starts if word(tokens[place]) in _ALONE | _STARTERS | {"SET"}), tokens)


def _declared(tokens: list[Token]) -> Iterator[str]:
    """`DECLARE name type`: the name."""
    for before, token in pairwise(tokens):
        if word(before) == "DECLARE":
            yield token.text.lower()


def _from_first_starter(tokens: list[Token]) -> list[Token]:
    """A statement without the words of the block around it (BEGIN, IF ... THEN, LOOP, a label)."""
    depth = 0
    for position, token in enumerate(tokens):
        if token.token_type == TokenType.L_PAREN:
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
        elif depth == 0 and _starts(tokens, position):
            return tokens[position:]
    return []


def _starts(tokens: list[Token], position: int) -> bool:
    """Whether a statement starts here that can say something about columns."""
    name = word(tokens[position])
    if name == "DECLARE":  # a table variable
        return any(word(later) == "TABLE" for later in tokens[position + 1 : position + 5])
    return name in _STARTERS and not _is_name(tokens, position)


def _is_name(tokens: list[Token], position: int) -> bool:
    """Whether a word is a part of something else: a qualified name, or a variable that is set."""
    before = word(tokens[position - 1]) if position else ""
    return before in (".", "END", "FOR", "DECLARE", "FETCH") or (word(tokens[position]) == "FROM" and position > 0)


def _without_semicolons(tokens: list[Token]) -> Iterator[list[Token]]:
    """T-SQL needs no semicolons: a statement ends where a word stands that can only start the next."""
    piece: list[Token] = []
    depth = cases = 0
    for token in tokens:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        inside_case = cases > 0
        cases += (word(token) == "CASE") - (word(token) == "END" and inside_case)
        if depth == 0 and not inside_case and piece and _starts_next(token, piece):
            yield piece
            piece = []
        piece.append(token)
    if piece:
        yield piece


def _starts_next(token: Token, piece: list[Token]) -> bool:
    name, first, last = word(token), word(piece[0]), word(piece[-1])
    if name in _ALONE:
        return last not in _NOT_ALONE_AFTER and first not in ("GRANT", "REVOKE") and not _awaits(piece, "WITH", _VERBS)
    if name == "SELECT":
        waiting = any(_awaits(piece, starter, _CONTENT) for starter in ("INSERT", "WITH", "DECLARE", "CREATE"))
        return last not in _BEFORE_SELECT and not waiting
    return name == "SET" and first not in _SETTING and last != "UPDATE"


_VERBS = words("SELECT INSERT UPDATE DELETE MERGE")
_CONTENT = words("SELECT VALUES EXEC EXECUTE")


def _awaits(piece: list[Token], starter: str, content: frozenset[str]) -> bool:
    """Whether a statement that began with `starter` has not yet had the word that it needs to be whole."""
    if word(piece[0]) != starter:
        return False
    depth = 0
    for token in piece[1:]:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 and word(token) in content:
            return False
    return True
