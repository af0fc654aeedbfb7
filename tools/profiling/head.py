"""The first rows of a table: what they rule out need not be counted in the scan, and in a small table they are all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tools import sources
from tools.profiling.frequency import distinct_values
from tools.profiling.sql import CLIP, INFERRED, blank, casts_to, count_if, is_float, is_number, shown
from tools.sources import Field, Table

_ROWS = 20_000
_CELLS = 2_000_000
_PROBED = 500
_DOMAIN = 100
_DOMAIN_BUDGET = 3_000


@dataclass(frozen=True)
class Head:
    """The first rows, columns named by position (``c0``), with what they say about the columns."""

    rows: pa.Table
    whole: bool
    """True when there are no further rows."""
    domains: dict[int, list[str]] = field(default_factory=dict)
    """By position: all values of a column that has few, as the engine writes them."""
    probes: dict[int, list[str]] = field(default_factory=dict)
    """By position: the types that every non-blank text of the head reads as."""
    numeric: set[int] = field(default_factory=set)
    """Text columns of which some value, or none that can be judged, casts to a number."""

    def repeats(self, position: int) -> bool:
        """Whether a value occurs twice."""
        values = self.rows.column(f"c{position}")
        return int(len(values) - values.null_count) > self.distinct(position)

    def distinct(self, position: int) -> int:
        """How many values other than NULL a column shows."""
        return int(pc.count_distinct(self.rows.column(f"c{position}")).as_py())


def read_head(table: Table) -> Head:
    """Reads the head on the table's engine and judges it here. Raises SourceError."""
    wanted = {place: spec for place, spec in enumerate(table.fields) if spec.kind != "other"}
    limit = max(500, min(_ROWS, _CELLS // max(1, len(wanted))))
    # A table of nested columns only still has to tell whether it is small.
    chosen = [exp.alias_(shown(spec), f"c{place}") for place, spec in wanted.items()] or [
        exp.alias_(exp.true(), "none")
    ]
    rows = table.query(exp.select(*chosen).from_(table.relation()).limit(limit + 1))
    whole = rows.num_rows <= limit
    texts = [place for place, spec in wanted.items() if spec.kind == "text"]
    probes, numeric = _probe(rows.slice(0, _PROBED), texts)
    domains = {} if whole else _domains(rows, wanted)
    return Head(rows, whole, domains, probes, numeric)


def _probe(rows: pa.Table, texts: Sequence[int]) -> tuple[dict[int, list[str]], set[int]]:
    if not texts:
        return {}, set()
    chosen: list[exp.Expr] = []
    for place in texts:
        value = exp.column(f"c{place}")
        full = exp.and_(value.copy().is_(exp.null()).not_(), blank(value.copy()).not_())
        chosen.append(count_if(full).as_(f"c{place}_full"))
        chosen.append(count_if(is_number(value.copy())).as_(f"c{place}_number"))
        chosen += [count_if(casts_to(value.copy(), kind)).as_(f"c{place}_{kind}") for kind in INFERRED]
    with sources.open(rows) as local:
        found = local.query(exp.select(*chosen).from_(local.relation())).to_pylist()[0]
    probes = {
        place: [kind for kind in INFERRED if found[f"c{place}_{kind}"] == found[f"c{place}_full"]] for place in texts
    }
    return probes, {place for place in texts if found[f"c{place}_number"] or not found[f"c{place}_full"]}


def _domains(rows: pa.Table, wanted: dict[int, Field]) -> dict[int, list[str]]:
    domains: dict[int, list[str]] = {}
    room = _DOMAIN_BUDGET
    for place, spec in wanted.items():
        if is_float(spec) or spec.kind in ("time", "timestamp"):
            continue
        values = distinct_values(rows.column(f"c{place}"), _DOMAIN)
        if values is None or len(values) > room or any(len(value) >= CLIP for value in values):
            continue
        domains[place] = values
        room -= len(values)
    return domains
