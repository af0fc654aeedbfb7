"""Column lineage worked out of a job's SQL, for events that tell the query and no more than its inputs and outputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tools import lineage
from tools.lineage.dialects import DIALECTS, of_namespace
from tools.lineage.model import Edge, Lineage
from tools.lineage.names import NameIndex, folded, split_name
from tools.lineage.naming import table_of
from tools.lineage.observed import ColumnId, DatasetId, ObservedDataset, ObservedEdge
from tools.openlineage.reading.looking import EventError, Object, column_name, words

LONGEST = 200_000
"""Characters of a query. What is longer is passed over: nobody who sends an event waits for that."""
LIMITS = lineage.Limits(
    script_characters=LONGEST,
    statement_characters=LONGEST,
    script_cpu_seconds=1.0,
    cpu_seconds=1.0,
    nesting=100,
    nodes=100_000,
    entries=500_000,
    edges=100_000,
)
LONGEST_DIALECT = 50
MOST_PAIRS = 10_000
COMPLETE, INCOMPLETE = 0.8, 0.5
"""How sure edges are that nobody told: all of the query was understood and is of tables that are known, or not."""


class FromSql(NamedTuple):
    """What a query says of how the outputs of its job are made."""

    edges: tuple[ObservedEdge, ...]
    reads: tuple[DatasetId, ...]
    """Tables that the query names in full, and the event does not list."""
    confidence: float


def of_job(facet: Object, inputs: Sequence[ObservedDataset], outputs: Sequence[ObservedDataset]) -> FromSql | None:
    """What the query in a job's `sql` facet says; None where it does not say it of each of the outputs."""
    query = words(facet, "query")
    if not query.strip() or len(query) > LONGEST or not outputs or len(inputs) * len(outputs) > MOST_PAIRS:
        return None
    schema: dict[str, list[str]] = {}
    for one in (*inputs, *outputs):
        name = ".".join(_parts(one))
        schema[name] = schema.get(name) or _all_columns(one)
    dialect = _dialect(facet, (*outputs, *inputs))
    return _Matching(lineage.extract(query, dialect=dialect, schema=schema, limits=LIMITS), inputs, outputs).told()


def _dialect(facet: Object, datasets: Iterable[ObservedDataset]) -> str | None:
    """The dialect that is told, if there is such a one, else that of the place; None is plain SQL."""
    said = words(facet, "dialect").strip().lower()[:LONGEST_DIALECT]
    places = (of_namespace(one.id.namespace) for one in datasets)
    return (_known(said) if said else None) or next(filter(None, places), None)


@lru_cache(maxsize=100)
def _known(said: str) -> str | None:
    name = DIALECTS.get(said, said)
    try:
        lineage.extract("", dialect=name)
    except lineage.LineageError:
        return None
    return name


def _parts(dataset: ObservedDataset) -> tuple[str, ...]:
    """A dataset's name as SQL would have it: that of the table rather than the path where its files are."""
    named = [_pieces(id_) for id_ in (dataset.id, *dataset.symlinks)]
    return next((parts for parts, is_path in named if not is_path), named[0][0])


def _pieces(id_: DatasetId) -> tuple[tuple[str, ...], bool]:
    """The parts of a name, and whether it is a path; tables of Glue are written as `table/db/name`."""
    pieces = [piece.removesuffix(".db") for piece in id_.name.split("/") if piece]  # Hive's folder of a database
    is_glue = id_.namespace.startswith("arn:") and pieces[:1] == ["table"]
    parts = tuple(part for piece in pieces[is_glue:] for part in split_name(piece))
    return parts or ("",), len(pieces) > 1 and not is_glue


def _all_columns(dataset: ObservedDataset) -> list[str]:
    """The columns of a table; none where they may not be all: dbt lists those that are documented, without types."""
    return _columns(dataset) if all(field.type for field in dataset.fields or ()) else []


def _columns(dataset: ObservedDataset) -> list[str]:
    """The columns that are known, without the fields inside of structs."""
    names = dict.fromkeys(field.name for field in dataset.fields or ())
    return [name for name in names if name.rpartition(".")[0] not in names]


class _Named:
    """Datasets by any end of their names, in any case."""

    def __init__(self, datasets: Iterable[ObservedDataset]) -> None:
        by_name: dict[tuple[str, ...], set[DatasetId]] = defaultdict(set)
        for one in datasets:
            by_name[folded(_parts(one))].add(one.id)
        self._index = NameIndex[set[DatasetId]]()
        for parts, ids in by_name.items():
            self._index.put(parts, ids)

    def meant(self, table: str) -> set[DatasetId]:
        """All that a name can mean."""
        return set().union(*self._index.find(split_name(table) or ("",)))


class _Matching:
    """Tables of a query as datasets of the event; what is not beyond doubt is left out."""

    def __init__(self, found: Lineage, inputs: Sequence[ObservedDataset], outputs: Sequence[ObservedDataset]) -> None:
        self._found = found
        self._inputs, self._outputs = _Named(inputs), _Named(outputs)
        self._input_ids = dict.fromkeys(one.id for one in inputs)
        self._output_ids = dict.fromkeys(one.id for one in outputs)
        self._fields = {one.id: {name.lower(): name for name in _columns(one)} for one in outputs}
        self._alone = self._only_selects() and len(self._output_ids) == 1
        self._sources: dict[tuple[str, str], DatasetId | None] = {}

    def told(self) -> FromSql | None:
        """What is known of the outputs; None unless something is known of each."""
        placed = [
            self._placed(edge, target) for edge in self._found.edges for target in self._target(edge.target.table)
        ]
        edges = dict.fromkeys(edge for edge in placed if edge)
        if {edge.target.dataset for edge in edges} < self._output_ids.keys() or not edges:
            return None
        rest = self._rest(edges)
        complete = self._found.complete and all(placed) and not rest
        listed = self._input_ids | self._output_ids
        reads = dict.fromkeys(edge.source.dataset for edge in edges if edge.source.dataset not in listed)
        return FromSql((*edges, *rest), tuple(reads), COMPLETE if complete else INCOMPLETE)

    def _only_selects(self) -> bool:
        """Whether it is one query that writes nothing, as dbt and operators of schedulers have it."""
        written = [table for one in self._found.statements for table in one.targets if table not in one.temporary]
        return written == [""]

    def _target(self, table: str) -> Iterator[DatasetId]:
        """The output that is written, if there is one."""
        meant = self._output_ids.keys() if self._alone else self._outputs.meant(table) if table else set()
        if len(meant) == 1:
            yield from meant

    def _source(self, table: str, target: DatasetId) -> DatasetId | None:
        """The dataset that is read: of the event's inputs, else its outputs, else one that is named in full."""
        key = (table, target.namespace)
        if key not in self._sources:
            meant = self._inputs.meant(table) or self._outputs.meant(table) or _in_full(table, target)
            self._sources[key] = next(iter(meant)) if len(meant) == 1 else None
        return self._sources[key]

    def _placed(self, edge: Edge, target: DatasetId) -> ObservedEdge | None:
        source = self._source(edge.source.table, target)
        column = edge.target.column
        if self._alone:  # no name of a table told which columns there are
            column = self._fields[target].get(column.lower(), column)
        if source is None or not _fits(edge.source.column, column):
            return None
        ends = ColumnId(source, edge.source.column), ColumnId(target, column)
        return ObservedEdge(*ends, edge.type, edge.subtype, edge.masking)

    def _rest(self, edges: Iterable[ObservedEdge]) -> list[ObservedEdge]:
        """From inputs that the query does not explain: from any of their columns to any of the outputs'."""
        explained = {edge.source.dataset for edge in edges if edge.type == "DIRECT"}
        if self._found.complete:
            read = {table for statement in self._found.statements for table in statement.reads}
            explained |= {edge.source.dataset for edge in edges}.union(*map(self._inputs.meant, read))
        rest = [id_ for id_ in self._input_ids if id_ not in explained and id_ not in self._output_ids]
        pairs = ((ColumnId(source), ColumnId(target)) for source in rest for target in self._output_ids)
        return [ObservedEdge(*pair, "DIRECT", "TRANSFORMATION") for pair in pairs]


def _in_full(table: str, target: DatasetId) -> set[DatasetId]:
    """A table of the database that is written to, if all parts of its name are there and spelled as the target's."""
    parts, own = split_name(table), split_name(target.name)
    if len(parts) != len(own) or len(own) < 2 or parts[0] != own[0] or of_namespace(target.namespace) is None:
        return set()
    found = table_of(target.namespace, *parts)
    return {found} if _fits(found.namespace + found.name) else set()


def _fits(*names: str) -> bool:
    """Whether the store can hold and find the names."""
    try:
        return all(column_name(name, None) for name in names)
    except EventError:
        return False
