"""A flow says which stored columns a value depends on, and how: `{column: kinds}`.

Flows are shared between relations and must not be changed once they belong to a column; `merge` changes only one
that the
caller has just made.
"""

from collections.abc import Iterable

from tools.lineage.kinds import IDENTITY, TRANSFORMATION, after, in_role
from tools.lineage.model import DATASET, ColumnRef

Flow = dict[ColumnRef, int]

NOTHING: Flow = {}
_ONLY_IDENTITY = 1 << IDENTITY


def of_column(table: str, column: str) -> Flow:
    """The flow of a stored column, read as it is."""
    return {ColumnRef(table, column): _ONLY_IDENTITY}


def merge(into: Flow, flow: Flow) -> None:
    """Add what `flow` depends on."""
    for source, bits in flow.items():
        into[source] = into.get(source, 0) | bits


def union(flows: Iterable[Flow]) -> Flow:
    """What any of these depends on. One flow alone is given back itself."""
    many = [flow for flow in flows if flow]
    if len(many) == 1:
        return many[0]
    made: Flow = {}
    for flow in many:
        merge(made, flow)
    return made


def merge_after(into: Flow, flow: Flow, step: int) -> None:
    """Add what `flow` depends on, each followed by one more step."""
    if step == IDENTITY:
        merge(into, flow)
        return
    for source, bits in flow.items():
        into[source] = into.get(source, 0) | after(bits, step)


def merge_in_role(into: Flow, flow: Flow, role: int) -> None:
    """Add what `flow` depends on, in the one role that it plays for a whole dataset."""
    for source, bits in flow.items():
        into[source] = into.get(source, 0) | in_role(bits, role)


def stepped(flow: Flow, step: int) -> Flow:
    """The flow followed by one more step."""
    if step == IDENTITY:
        return flow
    return {source: after(bits, step) for source, bits in flow.items()}


def field_of(flow: Flow, fields: tuple[str, ...]) -> Flow:
    """The flow of a field inside a value: a stored column's field is one of its own, `column.field`; of a value that
    was
    made, a part is taken."""
    made: Flow = {}
    for source, bits in flow.items():
        if bits == _ONLY_IDENTITY and source.column != DATASET:
            made[ColumnRef(source.table, ".".join((source.column, *fields)))] = bits
        else:
            made[source] = after(bits, TRANSFORMATION)
    return made
