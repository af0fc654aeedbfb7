"""``assay lineage`` on the example warehouse: questions as a person types them, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph.jobs import Jobs
from graph.permissions import Actor, PermissionDenied
from memory import Memory
from tests.support.lineages import declared, edge
from tools.errors import AssayError
from ui.cli.main import app
from ui.report.times import age, moment

HIDDEN = "\u202e"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def warehouse(store_server: str) -> Iterator[Memory]:
    """A store that was told of examples/warehouse, and has profiled what it is made of."""
    from graph.lineage import Lineage
    from tests.conftest import TEMPLATE, _database
    from tools.collecting.wanted import Wanted

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        for url in _database(store_server, TEMPLATE):
            with Memory.open(url) as opened:
                Lineage(opened, Actor("ann", "admin")).scan("examples/warehouse", Wanted(dialect="duckdb"))
                Jobs(opened, Actor("ann", "admin")).profile("examples/customers.csv")
                yield opened


@pytest.fixture
def call(warehouse, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", warehouse.url)
    monkeypatch.chdir(ROOT)

    def run(*arguments: str, code: int = 0):
        done = CliRunner().invoke(app, ["lineage", *arguments], env={"COLUMNS": "150"})
        if code:
            assert isinstance(done.exception, AssayError)
            return str(done.exception)
        assert done.exit_code == 0, done.exception
        return done.stdout

    return run


def words(text: str) -> str:
    return " ".join(text.split())


def test_what_breaks(call):
    told = words(call("impact", "customers.email"))
    assert told.startswith("4 columns of 3 tables and 4 jobs depend on customers.csv.email.")
    assert "pii=email address on 2 columns" in told
    assert told.index("mart.newsletter 2 2 pii=email address") < told.index("mart.revenue 1 2")
    assert "examples/warehouse/staging.sql#staging.people 1" in told
    found = json.loads(call("impact", "customers.email", "--json"))
    assert found["counts"] == {"columns": 4, "tables": 3, "jobs": 4}
    assert found["complete"]
    assert found["tables"][0]["name"] == "mart.newsletter"
    assert {one["column"] for one in found["columns"]} == {"email", "token", "buyers"}
    assert found["tags"] == [{"key": "pii", "value": "email address", "columns": 2}]


def test_what_depends_only_by_joins_and_filters_is_counted_apart(call):
    told = words(call("impact", "customers.country"))
    assert "4 columns of 4 tables and 4 jobs depend on customers.csv.country." in told
    assert "With joins, filters, groupings and conditions it is 8 columns of 4 tables and 4 jobs" in told
    told = words(call("impact", "orders.status"))
    assert told.startswith("No column is known to be made of orders.csv.status, but 1 job read its table. With joins")
    assert words(call("impact", "orders.status", "--indirect")).startswith("10 columns of 3 tables")
    assert "No column is known to be made of mart.newsletter.token." in call("impact", "newsletter.token")


def test_where_a_column_comes_from_by_table_and_with_one_way_for_each(call):
    told = call("upstream", "revenue_by_country.revenue", "--explain")
    assert "mart.revenue_by_country.revenue is made of 3 columns of 3 tables." in told
    assert "orders.csv.amount → staging.sales.amount → mart.revenue.revenue → mart.revenue_by_country.revenue" in told
    assert "aggregated into mart.revenue.revenue" in told
    assert "all columns" not in told, "a table as a whole says nothing where its columns are listed"
    found = json.loads(call("upstream", "revenue_by_country.revenue", "--json", "--explain"))
    last = found["columns"][-1]
    assert (last["column"], last["distance"], last["edge"]["subtype"]) == ("amount", 3, "TRANSFORMATION")
    assert [step["target"]["column"] for step in last["way"]] == ["amount", "revenue", "revenue"]
    assert last["node"].endswith("examples/orders.csv#amount")
    again = json.loads(call("downstream", last["node"], "--json"))
    assert [one["distance"] for one in again["columns"]] == [1, 2, 3]


def test_a_cut_answer_says_so_and_how_to_get_the_rest(call):
    told = words(call("downstream", "customers.email", "--limit", "1"))
    assert "more than 1 column of 1 table" in told
    done = CliRunner().invoke(app, ["lineage", "downstream", "customers.email", "--depth", "1"])
    told = "Cut: there are columns more than 1 edges away. More with a greater --depth, or without it."
    assert told in words(done.output)
    done = CliRunner().invoke(app, ["lineage", "downstream", "customers.email", "--limit", "2"])
    assert "Cut: there are more than 2 columns. More with --limit, all with --limit 0." in done.output
    assert json.loads(call("downstream", "customers.email", "--limit", "0", "--json"))["complete"]


def test_how_one_gets_to_another(call):
    told = words(call("path", "orders.amount", "revenue_by_country"))
    assert told.startswith("A shortest way from orders.csv.amount to mart.revenue_by_country: 3 edges.")
    assert "mart.revenue.revenue → mart.revenue_by_country.revenue aggregated" in told
    assert "There is no way from orders.csv.status to staging.sales.amount." in call(
        "path", "orders.status", "sales.amount"
    )
    found = json.loads(call("path", "orders.status", "sales.amount", "--indirect", "--json"))
    assert found["found"]
    assert found["steps"][0]["subtype"] == "FILTER"


def test_where_personal_data_goes(call):
    told = words(call("pii"))
    assert "7 columns carry pii: 5 declared, the others made of them." in told
    assert "mart.newsletter sql email pii=email address from staging.people.email" in told
    assert "token" not in told, "what is masked carries no tag"
    assert "3 columns carry pii=email address" in call("pii", "pii=email address")
    way = words(call("pii", "--column", "newsletter.email"))
    assert "came to mart.newsletter.email from customers.csv.email. customers.csv.email → staging.people.email" in way
    assert "carries no such tag" in call("pii", "--column", "newsletter.token")
    assert "was declared" in call("pii", "--column", "customers.email")
    assert "Tags: pii." in call("pii", "tier", code=2)


def test_names_are_found_and_the_wrong_ones_get_an_answer(call):
    assert "examples/customers.csv" in call("find", "customers")
    assert "sql/mart.newsletter#email" in call("find", "ema")
    assert "Nothing in the lineage is called zzz." in call("find", "zzz")
    assert "may mean" in call("impact", "email", code=2)
    assert "Did you mean email?" in call("impact", "newsletter.emial", code=2)
    assert "Did you mean sql/mart.newsletter?" in call("impact", "newsleter", code=2)


def test_times(call):
    assert "edges came, 0 went." in call("diff", "--from", "1d")
    assert "Nothing changed." in call("diff", "--from", "2020-01-01", "--to", "2020-01-02")
    assert "→ mart.newsletter.token" in call("diff", "--from", "1d", "--dataset", "newsletter")
    assert "not before" in call("diff", "--from", "2020-01-02", "--to", "2020-01-01", code=2)
    assert "is no time" in call("diff", "--from", "yore", code=2)
    assert "Nothing is known" in call("downstream", "customers.email", "--at", "2020-01-01")


def test_tables_of_which_nobody_knows_the_columns_are_counted_as_tables(store, store_url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    store.lineage.ingest([declared(0, "copy", edge("a.*", "b.*")), declared(0, "use", edge("a.x", "c.x"))])

    def run(*arguments: str):
        return words(CliRunner().invoke(app, ["lineage", *arguments]).stdout)

    assert run("downstream", "a.x").startswith("a.x goes into 1 column of 2 tables. c db 1 x as it is from a.x use b")
    assert run("impact", "a.x").startswith("1 column of 2 tables and 2 jobs depend on a.x.")
    assert run("downstream", "b").startswith("Nothing is known")
    store.lineage.ingest([declared(0, "other", edge("d.*", "e.*"))])
    assert run("upstream", "e").startswith("e is made of 1 table. d db 1 all columns")
    assert run("impact", "d").startswith("1 table and 1 job depend on d.")


def test_a_table_is_dropped_and_history_expires_and_both_are_recorded(store, store_url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    store.lineage.ingest([declared(0, "j", edge("a.x", "b.x")), declared(1, "j", edge("a.y", "b.x"))])

    def run(*arguments: str):
        return CliRunner().invoke(app, ["lineage", *arguments])

    assert "db/b is dropped: 1 edge ended." in run("drop", "b", "--as", "Ann").stdout
    assert store.lineage.downstream(store.lineage.meant("a")).columns == ()
    assert "Only a whole table" in str(run("drop", "b.x").exception)
    told = run("expire", "--before", "2026-02-01", "--as", "Ann").stdout
    assert "1 past edge" in told
    assert "is yet to come" in str(run("expire", "--before", "2999-01-01", "--as", "Ann").exception)
    facts = {(one.action, one.actor) for one in store.audit.entries()}
    assert {("lineage.dropped", "Ann"), ("lineage.expired", "Ann")} <= facts


def test_pruning_forgets_old_lineage_when_it_is_asked_to(store, store_url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    store.lineage.ingest([declared(0, "j", edge("a.x", "b.x")), declared(1, "j", edge("a.y", "b.x"))])

    def run(*arguments: str):
        return CliRunner().invoke(app, ["store", "prune", *arguments]).stdout

    assert "lineage" not in run("--older-than", "1h")
    assert store.db.row("select count(*) as n from lineage_past_edges")["n"] == 1
    assert "Of the lineage: 1 edge that ended, 0 raw events and 1 saying" in run("--older-than", "1h", "--lineage")


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("author", False), ("approver", True)])
def test_only_some_may_drop(store, role, may):
    from graph.lineage import Lineage

    store.lineage.ingest([declared(0, "j", edge("a.x", "b.x"))])
    node = store.lineage.meant("b")
    door = Lineage(store, Actor("ann", role))
    if may:
        assert door.drop(node.dataset).ended == 1
        with pytest.raises(PermissionDenied):
            door.expire(datetime.now(UTC))
    else:
        with pytest.raises(PermissionDenied):
            door.drop(node.dataset)


def test_names_of_columns_are_shown_and_never_obeyed(store, store_url, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    odd = f"[bold]x[/bold] {HIDDEN} \x1b[31m"
    store.lineage.ingest([declared(0, "j\x1b[2J", edge("a.x", f"b.{odd}"))])
    for command in (
        ["downstream", "a.x", "--explain"],
        ["impact", "a.x"],
        ["find", "[bold]"],
        ["diff", "--from", "9000d"],
    ):
        shown = CliRunner().invoke(app, ["lineage", *command]).stdout
        assert "\x1b" not in shown, command
        assert HIDDEN not in shown
    assert "[bold]x[/bold]" in CliRunner().invoke(app, ["lineage", "downstream", "a.x"]).stdout


def test_ages_and_moments():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert age("8w") == timedelta(weeks=8)
    assert moment("7d ago", now) == datetime(2026, 11, 16, tzinfo=UTC)
    assert moment("90m", now) == datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    assert (moment("now", now), moment("Yesterday", now)) == (now, datetime(2026, 11, 22, tzinfo=UTC))
    with pytest.raises(AssayError):
        age("6m")
    assert moment("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment("2026-11-01T10:00+02:00") == datetime(2026, 11, 1, 8, tzinfo=UTC)
    for wrong in ("", "7", "soon", "999999w"):
        with pytest.raises(AssayError):
            moment(wrong)
