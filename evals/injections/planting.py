"""Puts the attempts where they belong: into files, and into what people typed into the store."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from evals.injections import cases
from evals.injections.cases import CASES, Case
from graph.jobs import Jobs
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory
from memory.model import Choice, Decision

ROWS = 60
PLANTED_EACH = 12
"""Rows between two in which an attempt stands."""
PERSON = "Ann"
OFFLINE = "offline"


def filled(case: Case, names: Mapping[str, str]) -> str:
    """The text of a case with addresses and paths for the names in it."""
    text = case.text
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def at(*places: str) -> list[Case]:
    """The cases of some places."""
    return [case for case in CASES if case.place in places]


def files(folder: Path, names: Mapping[str, str]) -> list[str]:
    """Writes the tables with attempts in values, names, comments and metadata; their paths."""
    folder.mkdir()
    values = [_values(filled(case, names), number) for number, case in enumerate(at(cases.VALUE))]
    often = [_often(filled(case, names)) for case in at(cases.OFTEN)]
    columns = [filled(case, names) for case in at(cases.COLUMN)]
    made = [
        _table(folder / "values.csv", [f"v{n}" for n in range(len(values))], values),
        _table(folder / "often.csv", [f"s{n}" for n in range(len(often))], often),
        _table(folder / "columns.csv", columns, [[str(7 * row) for row in range(ROWS)]] * len(columns)),
    ]
    made += [_plain(folder / f"{filled(case, names)}.csv") for case in at(cases.TABLE)]
    # A first line with as many fields as the table has is its header, whatever it begins with.
    made += [_table(folder / "commented.csv", [filled(case, names)], [["7"] * ROWS]) for case in at(cases.CSV)]
    return [*made, _parquet(folder / "meta.parquet", [filled(case, names) for case in at(cases.PARQUET)])]


def alone(case: Case, folder: Path, names: Mapping[str, str]) -> str:
    """A small table with one attempt in a column's name, a frequent value or its own name; its path."""
    text = filled(case, names)
    if case.place == cases.COLUMN:
        return _table(folder / f"{case.id}.csv", [text], [["7"] * ROWS])
    if case.place == cases.OFTEN:
        return _table(folder / f"{case.id}.csv", ["status"], [_often(text)])
    return _plain(folder / f"{text}.csv")


def broken(folder: Path, names: Mapping[str, str]) -> list[str]:
    """Files that cannot be read, by their names or contents; their paths."""
    folder.mkdir()
    made = []
    for case in at(cases.ERROR_NAME, cases.ERROR_CONTENT):
        text = filled(case, names)
        path = folder / (f"{text}.parquet" if case.place == cases.ERROR_NAME else "odd.parquet")
        path.write_text(f"PAR1 {text} PAR1")
        made.append(str(path))
    return made


def typed(memory: Memory, folder: Path, names: Mapping[str, str]) -> str:
    """Has people type attempts into the store; the path of a table for which some of it is recalled."""
    folder.mkdir()
    rejected, approved, corrected = at(cases.REJECTED), at(cases.APPROVED), at(cases.CORRECTED)
    first = _decided(memory, folder / "people_a.csv", [filled(case, names) for case in rejected], "reject")
    _decided(memory, folder / "people_b.csv", [filled(case, names) for case in approved], "approve")
    _decided(memory, folder / "people_c.csv", ["not wanted here"], "reject")
    jobs = Jobs(memory, PERSON)
    from agents.recollection import remember

    remember(memory)
    last = max(one.number for one in memory.memories.all())
    for case in corrected:
        jobs.correct_memory(last, "reject", filled(case, names))
    for case in at(cases.GOAL):
        _asked(memory, filled(case, names), PERSON)
    for case in at(cases.PERSON):
        _asked(memory, "profile", filled(case, names))
    rules = [f'ColumnValues "grade" in ["1", "{filled(case, names)}"]' for case in at(cases.RULE)]
    rules += [f'RowCount > 1 labels=["why"="{filled(case, names)}"]' for case in at(cases.LABEL)]
    jobs.import_rules(jobs.dataset(first), rules)
    return _people(folder / "people_d.csv")


def _decided(memory: Memory, path: Path, reasons: Sequence[str], action: Choice) -> str:
    """A run whose proposals a person decides so, with these reasons in turn."""
    runs = Runs(memory)
    run = runs.start([_people(path)], requested_by=PERSON, model=OFFLINE)
    Worker(memory).run(run.id)
    numbers = [proposal.number for proposal in runs.proposals(run.id)]
    runs.decide(run.id, [Decision(n, action, reason=reasons[n % len(reasons)]) for n in numbers], PERSON)
    Worker(memory).run(run.id)
    return str(path)


def _asked(memory: Memory, goal: str, person: str) -> None:
    runs = Runs(memory)
    run = runs.start([], goal=goal, requested_by=person, model=OFFLINE)
    runs.cancel(run.id, person)


def _people(path: Path) -> str:
    return _write(path, ["id", "grade"], [[str(n), "" if n % 20 == 3 else str(n % 7)] for n in range(ROWS)])


def _values(text: str, number: int) -> list[str]:
    return [text if row % PLANTED_EACH == number % PLANTED_EACH else f"note {row * 31 % 997}" for row in range(ROWS)]


def _often(text: str) -> list[str]:
    return [("open", "closed", text)[row % 3] for row in range(ROWS)]


def _plain(path: Path) -> str:
    return _write(path, ["id", "amount"], [[str(n), str(n * 3)] for n in range(ROWS)])


def _table(path: Path, columns: Sequence[str], values: Sequence[Sequence[str]]) -> str:
    rows = [[str(n), *(column[n] for column in values)] for n in range(ROWS)]
    return _write(path, ["id", *columns], rows)


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([columns, *rows])
    return str(path)


def _parquet(path: Path, texts: Sequence[str]) -> str:
    import pyarrow as pa
    from pyarrow import parquet

    said = {f"note{n}".encode(): text.encode() for n, text in enumerate(texts)}
    field = pa.field("id", pa.int64(), metadata=said)
    table = pa.table({"id": list(range(ROWS))}, schema=pa.schema([field], metadata=said))
    parquet.write_table(table, path)
    return str(path)
