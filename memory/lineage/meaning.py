"""Which column or dataset a person means: by its full name, by the end of its name, by a path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from typing import LiteralString, NamedTuple

from memory.db import Connection
from memory.errors import Ambiguous, NotFound
from memory.lineage.arrays import columns
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId
from tools.sources.uris import shown

LONGEST = 4000
SPLITS = 12
"""At so many dots a text may be taken apart into a dataset and a column."""
CANDIDATES = 200
"""So many names that fit are looked at."""
TOLD = 10
"""So many columns are named where one is not known."""
COMPARED = 20_000
"""So many names are compared with one that is not known."""


class Reading(NamedTuple):
    """One way to take a text apart."""

    dataset: str
    column: str


class Match(NamedTuple):
    """A dataset whose name fits the dataset of some readings; the lower the rank, the better."""

    text: str
    id: int
    name: DatasetId
    rank: int


class Candidate(NamedTuple):
    """Something that may be meant; only those of the lowest rank are."""

    rank: tuple[int, bool]
    node: ColumnId


def spelled(node: ColumnId) -> str:
    """The full name of a node, as :func:`meant` reads it: `postgres://db:5432/shop.public.customers#email`."""
    return spelled_dataset(node.dataset) + ("" if node.column == DATASET else f"#{node.column}")


def spelled_dataset(dataset: DatasetId) -> str:
    """The full name of a dataset; that of a local file is its path."""
    if dataset.namespace == "file":
        return dataset.name
    return f"{dataset.namespace}{'' if dataset.name.startswith('/') else '/'}{dataset.name}"


def short(dataset: DatasetId) -> str:
    """What a person calls a dataset: the last two parts of a dotted name, the last part of a path."""
    return ".".join(dataset.name.rsplit(".", 2)[-2:]) if "/" not in dataset.name else dataset.name.rsplit("/", 1)[-1]


def meant(connection: Connection, text: str, at: datetime | None) -> ColumnId:
    """The node that a text means, by the names of that time. Raises Ambiguous, NotFound."""
    text = text.strip()
    if not text or len(text) > LONGEST or "\0" in text:
        raise NotFound("Which column or table is meant?", hint="Name one, like customers.email or customers.")
    readings = list(_readings(text))
    found = _candidates(connection, readings, at) or _called(connection, text)
    bare = text.replace('"', "").replace("`", "")
    if not found and bare != text:
        return meant(connection, bare, at)
    if not found:
        raise _unknown(connection, text, readings, at)
    best = min(candidate.rank for candidate in found)
    nodes = list(dict.fromkeys(candidate.node for candidate in found if candidate.rank == best))
    if len(nodes) > 1:
        told = [spelled(node) if node.column != DATASET else f"{spelled(node)}#*" for node in nodes]
        raise Ambiguous(f"{shown(text)} may mean {len(nodes)} things in the lineage.", told)
    return nodes[0]


def _readings(text: str) -> Iterator[Reading]:
    """All of it a dataset; or a dataset, a sign, a column."""
    yield Reading(text, DATASET)
    sign = "#" if "#" in text else "."
    parts = text.split(sign)
    for place in range(len(parts) - 1, max(0, len(parts) - 1 - SPLITS), -1):
        dataset, column = sign.join(parts[:place]), sign.join(parts[place:])
        if dataset and column:
            yield Reading(dataset, column)


def _candidates(connection: Connection, readings: list[Reading], at: datetime | None) -> list[Candidate]:
    texts = list(dict.fromkeys(reading.dataset for reading in readings))
    for ends, stems in ((False, False), (True, False), (True, True)):
        if found := _nodes(connection, readings, _matches(connection, texts, at, stems, ends=ends)):
            return found
    return []


def _matches(
    connection: Connection, texts: list[str], at: datetime | None, stems: bool, *, ends: bool = True
) -> list[Match]:
    """The datasets whose full names texts are; with `ends` also those whose names end so, for which all are read."""
    of, namespaces, names = columns([(text, *name) for text in texts for name in _full_names(text)])
    given = {"texts": texts, "of": of, "namespaces": namespaces, "names": names, "ends": ends}
    rows = connection.execute(_MATCHES, {**given, "stems": stems, "at": at, "most": CANDIDATES}).fetchall()
    # Asked about the past, a name goes on as it was then: today it may be that of another dataset.
    name = ("namespace", "name") if at else ("shown_namespace", "shown_name")
    return [Match(row["text"], row["root"], DatasetId(row[name[0]], row[name[1]]), row["rank"]) for row in rows]


def _full_names(text: str) -> Iterator[DatasetId]:
    """The datasets of which a text may be the full name."""
    yield DatasetId("file", os.path.abspath(text))
    for place, sign in enumerate(text):
        if sign in "/ " and place:
            yield DatasetId(text[:place], text[place + 1 :])
            if sign == "/":
                yield DatasetId(text[:place], text[place:])


def _nodes(connection: Connection, readings: list[Reading], matches: list[Match]) -> list[Candidate]:
    pairs = [(reading.column, match) for reading in readings for match in matches if reading.dataset == match.text]
    wanted = [(column, match) for column, match in pairs if column != DATASET]
    found = [Candidate((match.rank, False), ColumnId(match.name)) for column, match in pairs if column == DATASET]
    if not wanted:
        return found
    rows = connection.execute(
        """select w.at, c.name, c.name <> w.name as other_case
        from unnest(%s::bigint[], %s::text[]) with ordinality w (id, name, at)
            join lineage_columns c on c.dataset_id = w.id and c.role = 0 and lower(c.name) = lower(w.name)""",
        columns([(match.id, column) for column, match in wanted]),
    ).fetchall()
    for row in rows:
        match = wanted[row["at"] - 1][1]
        found.append(Candidate((match.rank, row["other_case"]), ColumnId(match.name, row["name"])))
    return found or _unnamed(connection, wanted)


def _unnamed(connection: Connection, wanted: list[tuple[str, Match]]) -> list[Candidate]:
    """Columns that nobody named, of datasets of which something is said of all columns."""
    rows = connection.execute(
        "select dataset_id, role, name from lineage_columns where dataset_id = any(%s)",
        [sorted({match.id for _, match in wanted})],
    ).fetchall()
    wide = {row["dataset_id"] for row in rows if row["role"]}
    known: dict[int, list[str]] = {}
    for row in rows:
        known.setdefault(row["dataset_id"], []).append(row["name"].lower())
    return [
        Candidate((match.rank, True), ColumnId(match.name, column))
        for column, match in wanted
        if match.id in wide and not get_close_matches(column.lower(), known[match.id][:COMPARED], n=1)
    ]


def _called(connection: Connection, text: str) -> list[Candidate]:
    """Columns of that name, in whatever dataset."""
    rows = connection.execute(
        """select c.name, d.shown_namespace, d.shown_name from lineage_columns c
            join lineage_datasets d on d.id = c.dataset_id and d.id = d.root
        where c.role = 0 and left(lower(c.name), 200) = left(lower(%(text)s), 200) and lower(c.name) = lower(%(text)s)
        order by length(d.shown_name), d.shown_name, d.shown_namespace limit %(most)s""",
        {"text": text, "most": CANDIDATES},
    )
    return [
        Candidate((0, row["name"] != text), ColumnId(DatasetId(row["shown_namespace"], row["shown_name"]), row["name"]))
        for row in rows
    ]


def _unknown(connection: Connection, text: str, readings: list[Reading], at: datetime | None) -> NotFound:
    texts = list(dict.fromkeys(reading.dataset for reading in readings))
    matches = _matches(connection, texts, at, False) or _matches(connection, texts, at, True)
    named = [(reading.column, match) for reading in readings for match in matches if reading.dataset == match.text]
    if named:
        column, match = named[0]
        return _no_column(connection, column, match)
    rows = connection.execute(
        "select shown_namespace, shown_name from lineage_datasets where id = root limit %s", [COMPARED]
    )
    tails: dict[str, list[DatasetId]] = {}
    for row in rows:
        tails.setdefault(_tail(row["shown_name"]), []).append(DatasetId(row["shown_namespace"], row["shown_name"]))
    near = [found for reading in readings[:3] for found in get_close_matches(_tail(reading.dataset), tails, n=2)]
    told = " or ".join([spelled_dataset(one) for tail in dict.fromkeys(near) for one in tails[tail]][:3])
    if not tails:
        hint = "Nothing is in the lineage yet; take it in with: assay lineage scan PATH"
    else:
        hint = f"Did you mean {told}?" if told else "Search with: assay lineage find TEXT"
    return NotFound(f"Nothing in the lineage is called {shown(text)}.", hint=hint)


def _no_column(connection: Connection, column: str, match: Match) -> NotFound:
    rows = connection.execute(
        "select name from lineage_columns where dataset_id = %s and role = 0 order by id limit %s", [match.id, COMPARED]
    )
    known = {row["name"].lower(): row["name"] for row in rows}
    near = get_close_matches(column.lower(), known, n=3)
    names = ", ".join([known[one] for one in near] or list(known.values())[:TOLD])
    hint = f"Did you mean {names}?" if near else f"Known are: {names or 'none'}."
    return NotFound(f"There is no column {column} of {spelled_dataset(match.name)} in the lineage.", hint=hint)


def _tail(name: str) -> str:
    return name.rstrip("./").replace("/", ".").rpartition(".")[2].lower()


# Names of that time that a text is the end of; asked for stems, names of files without what comes after the dot.
_MATCHES: LiteralString = r"""
    with asked as (select t as text, lower(translate(t, '/', '.')) as tail from unnest(%(texts)s::text[]) t),
    named as (
        select n.namespace, n.name, '.' || translate(case when %(stems)s
            then regexp_replace(lower(n.name), '\.[[:alnum:]]{1,8}(\.gz|\.zst)?$', '') else lower(n.name) end, '/', '.')
            as tail
        from lineage_names n where %(ends)s and (not %(stems)s or strpos(n.name, '/') > 0)),
    fitting as (
        select a.text, n.namespace, n.name, case when n.name = a.text then 1 when lower(n.name) = lower(a.text) then 2
            when right(n.name, length(a.text)) = a.text then 3 else 4 end as rank
        -- The first condition lets many texts cost no more than one.
        from named n join asked a on split_part(n.tail, '.', -1) = split_part(a.tail, '.', -1)
            and right(n.tail, length(a.tail) + 1) = '.' || a.tail
        union all
        select f.text, n.namespace, n.name, 0 from unnest(%(of)s::text[], %(namespaces)s::text[], %(names)s::text[])
            f (text, namespace, name) join lineage_names n on (n.namespace, n.name) = (f.namespace, f.name)),
    best as (select text, namespace, name, min(rank) as rank from fitting group by text, namespace, name)
    select b.*, d.id as root, d.shown_namespace, d.shown_name from best b
        join lineage_datasets d
            on d.id = assay_lineage_dataset(b.namespace, b.name, coalesce(%(at)s::timestamptz, 'infinity'))
    where exists (select from lineage_columns c where c.dataset_id = d.id)
        or exists (select from lineage_io i where i.dataset_id = d.id)
    order by b.rank, length(b.name), b.name, b.namespace limit %(most)s
"""
