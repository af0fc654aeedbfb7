"""Queries in the style of TPC-H and TPC-DS, made by chance from a seed, over four small tables.

Everything is made so that what flows can be seen: no `a - a`, no condition that is always true, whole numbers only
(sums do
not depend on the order of rows), and windows that do not depend on ties.
"""

from dataclasses import dataclass
from random import Random

TABLES: dict[str, dict[str, str]] = {
    "customer": {"c_key": "num", "c_name": "text", "c_nation": "num", "c_balance": "num"},
    "orders": {"o_key": "num", "o_customer": "num", "o_total": "num", "o_status": "text", "o_day": "num"},
    "lineitem": {
        "l_id": "num",
        "l_order": "num",
        "l_part": "num",
        "l_quantity": "num",
        "l_price": "num",
        "l_flag": "text",
    },
    "part": {"p_key": "num", "p_name": "text", "p_size": "num"},
}
SCHEMA = {table: list(columns) for table, columns in TABLES.items()}
_JOINS = [
    ("orders", "customer", "o_customer", "c_key", "o_key"),
    ("lineitem", "orders", "l_order", "o_key", "l_id"),
    ("lineitem", "part", "l_part", "p_key", "l_id"),
]
_SCALARS = [
    ("num", "(SELECT max(p_size) FROM part)"),
    ("num", "(SELECT sum(l_price) FROM lineitem WHERE l_quantity > 2)"),
    ("text", "(SELECT min(p_name) FROM part)"),
]

Typed = dict[str, str]


@dataclass
class Source:
    """Something to select from: its text, its columns by their names, one of them that has many values, and, where
    that is
    known, one that tells rows apart."""

    text: str
    columns: Typed
    varied: str
    unique: str = ""

    def some(self, share: int, salt: int) -> str:
        """A condition that one row in `share` does not meet; with another salt, others."""
        return f"hash({self.varied} + {salt}) % {share} > 0"


@dataclass
class Query:
    """A SELECT, its output columns, and one of them that has many values."""

    text: str
    columns: Typed
    varied: str


class Maker:
    """Makes queries; the same seed makes the same one. Every form hands a column with many values on, to decide
    with."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.ctes: list[str] = []
        self.count = 0

    def query(self) -> str:
        """A whole query, with its WITH."""
        body = self.select(depth=2).text
        clause = f"WITH {', '.join(self.ctes)} " if self.ctes else ""
        return clause + body

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"{prefix}{self.count}"

    def select(self, depth: int) -> Query:
        """A SELECT of any form."""
        return self.chance.choice([self.plain, self.plain, self.star, self.grouped, self.union, self.distinct])(depth)

    def source(self, depth: int) -> Source:
        """What stands in FROM."""
        forms = [self.base, self.join] + ([self.subquery, self.cte] if depth else [])
        return self.chance.choice(forms)(depth)

    def base(self, _depth: int) -> Source:
        """One table under an alias."""
        table = self.chance.choice(list(TABLES))
        alias = self.fresh("t")
        columns = {f"{alias}.{name}": kind for name, kind in TABLES[table].items()}
        unique = next(iter(columns))
        return Source(f"{table} AS {alias}", columns, unique, unique)

    def join(self, _depth: int) -> Source:
        """Two tables over a key that always meets."""
        left, right, foreign, key, unique = self.chance.choice(_JOINS)
        kind = self.chance.choice(["JOIN", "LEFT JOIN"])
        columns = {**TABLES[left], **TABLES[right]}
        return Source(f"{left} {kind} {right} ON {foreign} = {key}", columns, unique, unique)

    def subquery(self, depth: int) -> Source:
        """A query in brackets."""
        query = self.select(depth - 1)
        alias = self.fresh("s")
        columns = {f"{alias}.{name}": kind for name, kind in query.columns.items()}
        return Source(f"({query.text}) AS {alias}", columns, f"{alias}.{query.varied}")

    def cte(self, depth: int) -> Source:
        """A WITH query."""
        query = self.select(depth - 1)
        name = self.fresh("w")
        self.ctes.append(f"{name} AS ({query.text})")
        return Source(name, dict(query.columns), query.varied)

    def plain(self, depth: int, word: str = "SELECT") -> Query:
        """Expressions, and perhaps a filter."""
        source = self.source(depth)
        kinds = [self.chance.choice(list(source.columns.values())) for _ in range(self.chance.randint(2, 4))]
        outputs = {self.fresh("x"): kind for kind in kinds}
        varied = self.fresh("v")
        items = [f"{self.value(kind, source)} AS {name}" for name, kind in outputs.items()]
        text = f"{word} {', '.join(items)}, {source.varied} AS {varied} FROM {source.text}{self.where(source)}"
        return Query(text, {**outputs, varied: "num"}, varied)

    def distinct(self, depth: int) -> Query:
        """Each row once."""
        return self.plain(depth, "SELECT DISTINCT")

    def star(self, depth: int) -> Query:
        """All columns as they are."""
        source = self.source(depth)
        columns = {name.split(".")[-1]: kind for name, kind in source.columns.items()}
        return Query(f"SELECT * FROM {source.text}{self.where(source)}", columns, source.varied.split(".")[-1])

    def grouped(self, depth: int) -> Query:
        """Aggregates by a column."""
        source = self.source(depth)
        group = self.fresh("g")
        outputs = {group: "num"}
        items = [f"{source.varied} AS {group}"]
        for _ in range(self.chance.randint(1, 3)):
            name, (text, kind) = self.fresh("a"), self.aggregate(source)
            outputs[name] = kind
            items.append(f"{text} AS {name}")
        text = f"SELECT {', '.join(items)} FROM {source.text}{self.where(source)} GROUP BY {source.varied}"
        return Query(text, outputs, group)

    def union(self, depth: int) -> Query:
        """Two queries of the same columns."""
        outputs = {self.fresh("u"): self.chance.choice(["num", "text"]) for _ in range(2)}
        varied, halves = self.fresh("v"), []
        for _ in range(2):
            source = self.source(depth and depth - 1)
            items = [f"{self.simple(kind, source)} AS {name}" for name, kind in outputs.items()]
            halves.append(f"SELECT {', '.join(items)}, {source.varied} AS {varied} FROM {source.text}")
        text = self.chance.choice([" UNION ALL ", " UNION ALL ", " UNION "]).join(halves)
        return Query(text, {**outputs, varied: "num"}, varied)

    def some(self, share: int, source: Source) -> str:
        """A condition that falls unlike any other: what one leaves out, another may let through."""
        self.count += 1
        return source.some(share, self.count)

    def where(self, source: Source) -> str:
        """A filter that most rows pass, now and then."""
        return f" WHERE {self.some(5, source)}" if self.chance.random() < 0.3 else ""

    def column(self, kind: str, source: Source) -> str:
        """A column of a kind; one of another kind, cast, where there is none."""
        names = [name for name, of in source.columns.items() if of == kind]
        if names:
            return self.chance.choice(names)
        other = self.chance.choice(list(source.columns))
        return f"CAST({other} AS VARCHAR)" if kind == "text" else f"length({other})"

    def simple(self, kind: str, source: Source) -> str:
        """A column, or a small change of it."""
        column = self.column(kind, source)
        if kind == "num":
            return self.chance.choice([column, f"{column} + 1", f"({column} * 2)"])
        return self.chance.choice([column, f"upper({column})", f"({column} || '!')"])

    def value(self, kind: str, source: Source) -> str:
        """An expression of some depth."""
        one, two, some = self.simple(kind, source), self.simple(kind, source), self.some(2, source)
        forms = [
            one,
            one,
            f"CASE WHEN {some} THEN {one} ELSE {two} END",
            f"coalesce(CASE WHEN {some} THEN {one} END, {two})",
        ]
        forms += [text for of, text in _SCALARS if of == kind]
        if kind == "num":
            forms += [f"({one} * 10 + {two})", f"max({one}) OVER (PARTITION BY hash({source.varied}) % 3)"]
            forms += [f"rank() OVER (ORDER BY {one})"]
            forms += [f"lag({one}) OVER (ORDER BY {source.unique})"] if source.unique else []
        else:
            forms += [f"({one} || '/' || {two})", f"md5({one})"]
        return self.chance.choice(forms)

    def aggregate(self, source: Source) -> tuple[str, str]:
        """An aggregate and the kind of its result. Only a table's own columns are counted: others may never be NULL."""
        number, text = self.simple("num", source), self.simple("text", source)
        forms = [
            (f"sum({number})", "num"),
            (f"max({number})", "num"),
            (f"max({text})", "text"),
            (f"sum(CASE WHEN {self.some(2, source)} THEN {number} END)", "num"),
        ]
        return self.chance.choice([*forms, (f"count({number})", "num")] if source.unique else forms)
