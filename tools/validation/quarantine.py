"""Splits a table into the rows that keep to its rules and those that do not, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import IO, Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from sqlglot import exp

from tools.dqdl.evaluation import opened
from tools.dqdl.history.points import History
from tools.dqdl.language.model import Ruleset
from tools.dqdl.plans import sql
from tools.dqdl.plans.result import Evaluation
from tools.dqdl.queries.asking import ask
from tools.dqdl.rowlevel import FAIL, FAILED, RowLevel, States, listed
from tools.errors import AssayError
from tools.sources.files import FileTable
from tools.sources.table import Table
from tools.validation.outlets import Outlet, outlet

Progress = Callable[[float], None]
Format = Literal["csv", "parquet"]
GROUP_ROWS = 100_000
GROUP_BYTES = 32 << 20
"""What is collected before it is written, so that few bad rows do not make many small row groups."""
BETWEEN = "\n"
"""What separates the rules in the column of reasons of a CSV file."""


class QuarantineError(AssayError):
    """A split that was given up; nothing is left of it."""


@dataclass(frozen=True)
class Split:
    """What went where."""

    good: str
    bad: str
    """The paths or URIs of the two files. The bad rows have one more column, DataQualityRulesFail."""
    rows: int
    good_rows: int
    bad_rows: int
    failed_rows: dict[str, int]
    """How many rows each rule that decides found bad; a row may be bad by several."""
    not_deciding: dict[str, str]
    """The rules that are not about rows, or could not be evaluated, and why they do not decide."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self)


def split(
    ruleset: Ruleset,
    tables: Mapping[str, Table],
    target: str,
    evaluation: Evaluation,
    *,
    history: Any = None,
    now: datetime | None = None,
    on_progress: Progress | None = None,
) -> Split:
    """Writes ``good`` and ``bad`` below ``target``, a local folder or s3://, in a folder named after the table.

    ``evaluation`` is that of the same ruleset on the same tables: its rules that ended in an error do not decide, and
    its rows must be those that are written. Files are CSV where the table is, else Parquet. They appear together when
    all is written; after an error, or Ctrl-C, there is neither. Raises QuarantineError, OutletError and SourceError.
    """
    with opened(ruleset, tables, now) as given:
        context = replace(given, history=History(history))
        errors = {result.rule: result.reason for result in evaluation.rules if result.outcome == "Error"}
        rows = RowLevel(ruleset, context, without=frozenset(errors))
        primary = tables["primary"]
        if not any(rows.decides):
            why = "".join(f" {rule}: {reason}" for rule, reason in {**rows.silent, **errors}.items())
            raise QuarantineError(
                f"No rule of the ruleset says which rows are bad.{why}",
                hint="Add one such as IsComplete or ColumnValues.",
            )
        if any(field.name.lower() == FAIL.lower() for field in primary.fields):
            raise QuarantineError(f"{primary.uri} has a column {FAIL} already.", hint="Give it without that column.")
        place = outlet(target, primary.dataset.short)
        halves = _Halves(place, rows, primary)
        try:
            halves.write(evaluation.rows, on_progress)
            place.publish()
        except BaseException as error:
            place.discard()
            if isinstance(error, place.problems):
                raise place.refused(error) from error
            raise
    return halves.result(errors)


def format_of(table: Table) -> Format:
    """CSV for CSV files, so that people mend the bad rows with the tools that made them; else Parquet."""
    return "csv" if isinstance(table, FileTable) and table.format == "csv" else "parquet"


class _Halves:
    """The two files, while they are written."""

    def __init__(self, place: Outlet, rows: RowLevel, table: Table) -> None:
        self._place, self._rows, self._table = place, rows, table
        self._format = format_of(table)
        self._good_rows, self._bad_rows = 0, 0
        self._failed = np.zeros(len(rows.rules), dtype=np.int64)

    def write(self, expected: int, on_progress: Progress | None) -> None:
        """Both files, whole and closed. Raises QuarantineError."""
        with ExitStack() as files:
            good: _File | None = None
            bad: _File | None = None
            for batch, states in self._batches():
                if good is None or bad is None:
                    schema = batch.schema
                    good = files.enter_context(_File(self._open(files, "good"), schema, self._format))
                    bad = files.enter_context(
                        _File(self._open(files, "bad"), _with_reasons(schema, self._format), self._format)
                    )
                self._divide(batch, states, good, bad)
                if on_progress and expected:
                    on_progress(min(1.0, (self._good_rows + self._bad_rows) / expected))
        found = self._good_rows + self._bad_rows
        if found != expected:
            raise QuarantineError(
                f"{self._table.uri} has {expected:,} rows, but {found:,} were split.",
                hint="It changed in between: run it again.",
            )

    def _batches(self) -> Iterator[tuple[pa.RecordBatch, States]]:
        """At least one batch: an empty table has columns too."""
        nothing = True
        for batch, states in self._rows.batches():
            nothing = False
            yield batch, states
        if nothing:
            everything = exp.select(*(sql.column(one.name) for one in self._table.fields))
            answer = ask(everything.from_(self._table.relation()).limit(0), {"primary": self._table})
            empty = pa.RecordBatch.from_pylist([], schema=answer.schema)
            yield empty, np.zeros((0, len(self._rows.rules)), dtype=np.int8)

    def _open(self, files: ExitStack, name: str) -> IO[bytes]:
        return files.enter_context(self._place.file(f"{name}.{self._format}"))

    def _divide(self, batch: pa.RecordBatch, states: States, good: _File, bad: _File) -> None:
        failed = states == FAILED
        is_bad = failed.any(axis=1)
        self._failed += failed.sum(axis=0)
        self._bad_rows += int(is_bad.sum())
        self._good_rows += int((~is_bad).sum())
        good.add(batch.filter(pa.array(~is_bad)))
        reasons: pa.Array = listed(states[is_bad], FAILED, self._rows.rules)
        if self._format == "csv":
            reasons = pc.binary_join(reasons, BETWEEN)
        bad.add(
            pa.RecordBatch.from_arrays(
                [*batch.filter(pa.array(is_bad)).columns, reasons], names=[*batch.schema.names, FAIL]
            )
        )

    def result(self, errors: Mapping[str, str]) -> Split:
        """What became of the rows."""
        deciding = dict(zip(self._rows.rules, self._rows.decides, strict=True))
        failed = dict(zip(self._rows.rules, self._failed.tolist(), strict=True))
        return Split(
            good=f"{self._place.uri}/good.{self._format}",
            bad=f"{self._place.uri}/bad.{self._format}",
            rows=self._good_rows + self._bad_rows,
            good_rows=self._good_rows,
            bad_rows=self._bad_rows,
            failed_rows={rule: failed[rule] for rule, decides in deciding.items() if decides},
            not_deciding={rule: errors.get(rule, why) for rule, why in self._rows.silent.items()},
        )


def _with_reasons(schema: pa.Schema, kind: Format) -> pa.Schema:
    return schema.append(pa.field(FAIL, pa.string() if kind == "csv" else pa.list_(pa.string())))


class _File:
    """One file that is written in row groups."""

    def __init__(self, handle: IO[bytes], schema: pa.Schema, kind: Format) -> None:
        make = pa.csv.CSVWriter if kind == "csv" else pq.ParquetWriter
        self._writer = make(handle, schema)
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows, and writes when there are enough."""
        self._waiting.append(batch)
        rows, size = sum(b.num_rows for b in self._waiting), sum(b.nbytes for b in self._waiting)
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        self._waiting = []
        if table.num_rows:
            self._writer.write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
