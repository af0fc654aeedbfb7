"""``assay lineage scan``, as a person and a script call it, and files of events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from memory import Memory
from tests.integration.test_collecting_dbt_files import ARTIFACTS
from tests.support.lineages import below
from tools.collecting.model import CollectError
from tools.errors import AssayError
from tools.lineage.observed import ColumnId, DatasetId
from ui.cli.main import app

ARGUMENTS = ("lineage", "scan")


@pytest.fixture
def assay(lineage_store: Memory, monkeypatch: pytest.MonkeyPatch):
    """Runs the command on the store of the tests, which it must not close."""
    monkeypatch.setattr(Memory, "open", lambda *_: lineage_store)
    monkeypatch.setattr(lineage_store, "close", lambda: None)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [*ARGUMENTS, *map(str, arguments)])

    return run


def event(run: str, column: str = "x", **changes: object) -> dict[str, object]:
    facet = {"fields": {column: {"inputFields": [{"namespace": "postgres://db", "name": "s.p.a", "field": column}]}}}
    return {
        **{"eventTime": "2026-10-01T10:00:00Z", "producer": "test", "eventType": "COMPLETE"},
        **{"run": {"runId": run}, "job": {"namespace": "jobs", "name": "load"}, "inputs": []},
        "outputs": [{"namespace": "postgres://db", "name": "s.p.b", "facets": {"columnLineage": facet}}],
        **changes,
    }


RUN = "0199a1b2-0000-7000-8000-000000000001"


def test_a_scan_tells_what_it_read_and_what_it_could_not(assay, tmp_path: Path) -> None:
    (tmp_path / "good.sql").write_text("create table b as select x from a")
    (tmp_path / "bad.sql").write_text("create table c as selec x (y")
    said = assay(tmp_path, "--dialect", "postgres")
    assert said.exit_code == 0, said.output
    assert "Read SQL files: 2 files, 2 statements, 1 job, 1 column edge" in said.stdout
    assert "1 edge more, 0 ended" in said.stdout
    assert "Skipped or guessed: bad.sql: statement 1: it cannot be read as postgres" in said.stdout.replace("\n", " ")
    assert "--namespace" in said.stderr
    (tmp_path / "good.sql").unlink()
    said = assay(tmp_path)
    assert "1 ended, 1 job gone" in said.stdout
    assert said.exit_code == 2, "nothing could be read"


def test_a_script_gets_everything_as_json(assay, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("insert into t (x) select x from a join b on a.id = b.id")
    told = json.loads(assay(tmp_path, "--json").stdout)
    assert (told["kind"], told["complete"], told["incomplete_jobs"]) == ("SQL files", False, 1)
    assert told["incomplete"][0]["where"].endswith("a.sql#t")


def test_what_cannot_be_scanned_at_all(assay, tmp_path: Path) -> None:
    for arguments in (
        [tmp_path / "nothing"],
        [tmp_path, "--dialect", "klingon"],
        [tmp_path, "--schema", tmp_path / "no"],
        [tmp_path, "--namespace", "not a ns"],
    ):
        said = assay(*arguments)
        assert isinstance(said.exception, AssayError)  # which the command line turns into one line and exit code 2


def test_a_manifest_alone(assay, lineage_store: Memory) -> None:
    said = assay(ARTIFACTS / "manifest.json", "--namespace", "postgres://db")
    assert "Read dbt project" in said.stdout
    mail = ColumnId(DatasetId("postgres://db:5432", "shop.main.raw_customers"), "mail")
    assert ColumnId(DatasetId("postgres://db:5432", "shop.main.customers"), "email") in below(lineage_store, mail)


@pytest.mark.parametrize("form", ["lines", "array", "alone"])
def test_files_of_events(assay, lineage_store: Memory, tmp_path: Path, form: str) -> None:
    events = [event(RUN), {**event(RUN), "eventTime": "yesterday"}, event(RUN)]
    text = {
        "lines": "\n".join(map(json.dumps, events)) + "\n{broken\n",
        "array": json.dumps(events, indent=2),
        "alone": json.dumps(events[0], indent=2),
    }[form]
    path = tmp_path / "events.json"
    path.write_text(text)
    told = json.loads(assay(path, "--json").stdout)
    expected = {"lines": (4, 2, 2), "array": (3, 2, 1), "alone": (1, 1, 0)}[form]
    assert (told["statements"], told["jobs"], told["skipped_places"]) == expected
    of = DatasetId("postgres://db:5432", "s.p.a")
    assert below(lineage_store, ColumnId(of, "x")) == {ColumnId(DatasetId("postgres://db:5432", "s.p.b"), "x")}
    # The same file once more says nothing new, and ends nothing.
    told = json.loads(assay(path, "--json").stdout)
    assert (told["opened"], told["ended"], told["gone"]) == (0, 0, 0)


def test_an_array_that_breaks_off(assay, tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text(json.dumps([event(RUN), event(RUN)])[:-40])
    assert isinstance(assay(path).exception, CollectError)
