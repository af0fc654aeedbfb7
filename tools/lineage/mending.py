"""Statements that sqlglot's grammar does not take, rewritten token by token into ones that it does."""

from collections.abc import Iterator

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType

from tools.lineage.splitting import word


def mended(tokens: list[Token], dialect: Dialect) -> Iterator[list[Token]]:
    """The statement as it may be read instead; nothing where there is nothing to mend."""
    made = tokens
    for mend in (
        _upsert,
        _if_not_exists,
        _partition_behind_columns,
        _map_reduce,
        _script_names,
        _view_options,
        _merge_delete,
    ):
        made = mend(made, dialect)
    if made is not tokens:
        yield made


def _tokens(sql: str, dialect: Dialect) -> list[Token]:
    return list(dialect.tokenize(sql))


def _upsert(tokens: list[Token], dialect: Dialect) -> list[Token]:
    """UPSERT INTO (Impala, Phoenix) and REPLACE INTO (MySQL, SQLite) put rows in as INSERT does."""
    if len(tokens) < 2 or word(tokens[0]) not in ("UPSERT", "REPLACE"):
        return tokens
    if word(tokens[1]) == "INTO":
        return [*_tokens("INSERT", dialect), *tokens[1:]]
    text = tokens[1].text  # what sqlglot gives up at once, it keeps as text
    return _tokens(f"INSERT {text}", dialect) if text[:4].upper() == "INTO" else tokens


def _closing(tokens: list[Token], start: int) -> int:
    """The position of the bracket that closes the one at `start`; the end if none does."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += (tokens[position].token_type == TokenType.L_PAREN) - (tokens[position].token_type == TokenType.R_PAREN)
        if depth == 0:
            return position
    return len(tokens) - 1


def _position(tokens: list[Token], name: str) -> int:
    return next((i for i, token in enumerate(tokens) if word(token) == name), -1)


def _if_not_exists(tokens: list[Token], _dialect: Dialect) -> list[Token]:
    """Hive: INSERT OVERWRITE ... PARTITION (...) IF NOT EXISTS."""
    start = _position(tokens, "PARTITION")
    if start < 0 or start + 1 >= len(tokens) or tokens[start + 1].token_type != TokenType.L_PAREN:
        return tokens
    after = _closing(tokens, start + 1) + 1
    if [word(token) for token in tokens[after : after + 3]] == ["IF", "NOT", "EXISTS"]:
        return [*tokens[:after], *tokens[after + 3 :]]
    return tokens


def _partition_behind_columns(tokens: list[Token], dialect: Dialect) -> list[Token]:
    """INSERT INTO t (a, b) PARTITION (y = 1, m): the partitions without a value are columns, the last ones."""
    start = _position(tokens, "PARTITION")
    if start < 1 or tokens[start - 1].token_type != TokenType.R_PAREN or "INSERT" not in map(word, tokens[:start]):
        return tokens
    if start + 1 >= len(tokens) or tokens[start + 1].token_type != TokenType.L_PAREN:
        return tokens
    end = _closing(tokens, start + 1)
    dynamic: list[Token] = []
    for entry in _by_commas(tokens[start + 2 : end]):
        if len(entry) == 1:
            dynamic += [*_tokens(",", dialect), *entry]
    return [*tokens[: start - 1], *dynamic, tokens[start - 1], *tokens[end + 1 :]]


def _by_commas(tokens: list[Token]) -> Iterator[list[Token]]:
    entry: list[Token] = []
    for token in tokens:
        if token.token_type == TokenType.COMMA:
            yield entry
            entry = []
        else:
            entry.append(token)
    yield entry


def _map_reduce(tokens: list[Token], dialect: Dialect) -> list[Token]:
    """Hive's `MAP a, b USING 'script'` and REDUCE say what `SELECT TRANSFORM (a, b) USING 'script'` says."""
    made: list[Token] = []
    inside = changed = False
    for position, token in enumerate(tokens):
        name = word(token)
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        if name in ("MAP", "REDUCE") and following is not None and following.token_type != TokenType.L_PAREN:
            made += _tokens("SELECT TRANSFORM (", dialect)
            inside = changed = True
        elif inside and name == "USING":
            made += [*_tokens(")", dialect), token]
            inside = False
        else:
            made.append(token)
    return made if changed else tokens


def _script_names(tokens: list[Token], dialect: Dialect) -> list[Token]:
    """Hive: `USING 'script' AS a, b` means `AS (a, b)`."""
    made: list[Token] = []
    position, changed = 0, False
    while position < len(tokens):
        made.append(tokens[position])
        position += 1
        if len(made) < 3 or word(made[-1]) != "AS" or word(made[-3]) != "USING" or position >= len(tokens):
            continue
        names = _names(tokens[position:])
        if names:
            made += [*_tokens("(", dialect), *names, *_tokens(")", dialect)]
            position += len(names)
            changed = True
    return made if changed else tokens


def _names(tokens: list[Token]) -> list[Token]:
    """The names between commas that a list of tokens starts with."""
    found: list[Token] = []
    for token in tokens:
        if token.token_type != (TokenType.COMMA if len(found) % 2 else TokenType.VAR):
            break
        found.append(token)
    return found if len(found) % 2 else found[:-1]


def _view_options(tokens: list[Token], _dialect: Dialect) -> list[Token]:
    """CREATE VIEW ... WITH CHECK OPTION, WITH READ ONLY, PARTITIONED ON (...): nothing of it concerns columns."""
    if word(tokens[0]) != "CREATE":
        return tokens
    ends = [word(token) for token in tokens[-4:]]
    if ends[-2:] in (["CHECK", "OPTION"], ["READ", "ONLY"]) and "WITH" in ends:
        return tokens[: len(tokens) - len(ends) + ends.index("WITH")]
    start = _position(tokens, "PARTITIONED")
    if 0 <= start < len(tokens) - 2 and word(tokens[start + 1]) == "ON":
        return [*tokens[:start], *tokens[_closing(tokens, start + 2) + 1 :]]
    return tokens


def _merge_delete(tokens: list[Token], dialect: Dialect) -> list[Token]:
    """Oracle's MERGE: `UPDATE SET ... WHERE a DELETE WHERE b` reads what `WHERE a AND b` reads."""
    if word(tokens[0]) != "MERGE":
        return tokens
    made: list[Token] = []
    changed = filtered = False
    for position, token in enumerate(tokens):
        name, following = word(token), tokens[position + 1 : position + 2]
        if name == "DELETE" and following and word(following[0]) == "WHERE":
            changed = True
        elif name == "WHERE" and made and word(tokens[position - 1]) == "DELETE":
            made += _tokens("AND" if filtered else "WHERE", dialect)
        else:
            filtered = name == "WHERE" or (filtered and name != "WHEN")
            made.append(token)
    return made if changed else tokens


def split_with(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """`WITH ... FROM x INSERT ...` in its WITH and the rest; an empty WITH where the statement is not of that form."""
    if not tokens or word(tokens[0]) != "WITH":
        return [], tokens
    depth = 0
    for position, token in enumerate(tokens):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 and word(token) in ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"):
            return [], tokens
        if depth == 0 and word(token) == "FROM":
            return tokens[:position], tokens[position:]
    return [], tokens


# What can follow a clause's word that was run together with the word before it; None where anything can.
_CLAUSES: dict[str, frozenset[str] | None] = {
    "SELECT": None,
    "WITH": None,
    "FROM": None,
    "WHERE": None,
    "HAVING": None,
    "GROUP": frozenset(("BY",)),
    "ORDER": frozenset(("BY",)),
    "INSERT": frozenset(("INTO", "OVERWRITE", "TABLE")),
    "UNION": frozenset(("ALL", "SELECT", "DISTINCT")),
}


def torn_apart(tokens: list[Token], sql: str) -> str | None:
    """The text of a statement whose line breaks were lost (`summaryASSELECT a`), with such words taken apart; None
    if it
    has none. Only clause words in capitals at the end of another word count. It is a guess, for what cannot be read
    else.
    """
    made: list[str] = []
    end = tokens[0].start
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        pieces = _pieces(token, following)
        if len(pieces) > 1:
            made += [sql[end : token.start], " ".join(pieces)]
            end = token.end + 1
    return "".join([*made, sql[end : tokens[-1].end + 1]]) if made else None


def _pieces(token: Token, following: Token | None) -> list[str]:
    text = token.text
    if token.token_type != TokenType.VAR:
        return [text]
    for clause, after in _CLAUSES.items():
        head = text.removesuffix(clause)
        if head in ("", text) or (after is not None and (following is None or word(following) not in after)):
            continue
        if clause in ("SELECT", "WITH") and head.endswith("AS"):
            return [*([head[:-2]] if head != "AS" else []), "AS", clause]
        return [head, clause]
    return [text]
