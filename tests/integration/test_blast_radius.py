"""What depends on broken data is told with each rule that failed, wherever it is shown, and before one is decided."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from agents.context import AgentContext
from agents.toolbox.measuring import run_validation
from agents.work import Draft
from agents.workbench import Workbench
from graph.jobs import Jobs
from graph.permissions import Actor
from graph.runs import Runs, TableReport
from tests.support.agents import answers, content
from tests.support.api import client, serving
from tests.support.lineages import at
from tests.support.reports import rendered, rule
from tests.support.stores import new_run
from tools.lineage.naming import of_uri
from tools.lineage.observed import ColumnId, DatasetId, JobId, Mode, Observed, ObservedDataset, ObservedEdge, Owner, Tag
from ui.report import html, proposal, terminal, verdict

RULES = 'Rules = [ IsComplete "id", IsComplete "name", IsComplete "mail", RowCount > 5 ]'
MART = DatasetId("postgres://db:5432", "shop.mart.people")


@pytest.fixture
def people(tmp_path):
    """A table with a gap in each column but the first."""
    path = tmp_path / "people.csv"
    path.write_text("id,name,mail\n1,Ann,\n2,,b@example.org\n3,,\n")
    return str(path)


def told(store, source):
    """Takes in that a mart is made of its mail, and a list of its names."""
    here = of_uri(source)

    def made(job, column, target, name):
        edges = (ObservedEdge(ColumnId(here, column), ColumnId(target, name)),)
        return Observed(at(0), "test", JobId("jobs", job), mode=Mode.REPLACE, edges=edges)

    owned = ObservedDataset(MART, owners=(Owner("ann"),))
    tagged = ObservedDataset(here, tags=(Tag("pii", "email", "mail"),))
    names = DatasetId("postgres://db:5432", "shop.mart.names")
    store.lineage.ingest([
        made("mart", "mail", MART, "mail"),
        made("names", "name", names, "name"),
        Observed(at(1), "test", inputs=(owned, tagged)),
    ])  # fmt: skip


def test_each_failing_rule_has_its_radius_and_the_greatest_is_first(store, people):
    told(store, people)
    done = Jobs(store, Actor("ann", "admin")).validate(people, RULES)
    rules = verdict.sorted_rules(done.stored)
    assert [(rule["columns"], rule["outcome"]) for rule in rules] == [
        ([], "Failed"),
        (["mail"], "Failed"),
        (["name"], "Failed"),
        (["id"], "Passed"),
    ]
    assert rules[0]["blast_radius"]["tables"] == 2
    line = "Depends on it: 1 column of 1 table (mart.people), 1 with personal data, made by 1 job, owned by ann"
    assert verdict.radius(rules[1]) == line
    assert "blast_radius" not in rules[3]
    report = TableReport(done.dataset.name, done.stored, done.total, done.dimensions)
    shown = " ".join(rendered(terminal.table_report(report), width=140).split())
    assert line in shown
    assert shown.index("mart.people), 1 with") < shown.index("(mart.names)")
    page = html.page([report], html.Origin("", "ann", at(0)))
    assert line in page
    stored = store.results.latest(done.dataset.id)
    assert stored.evaluation["rules"] == done.stored["rules"]
    with serving(store) as address, client(address) as http:
        failing = http.get(f"/datasets/{done.dataset.id}/failures").json()["rules"]
    assert [one["blast_radius"]["columns"] for one in failing] == [2, 1, 1]
    assert failing[1]["blast_radius"]["nearest"] == [list(MART)]


def test_where_nothing_is_known_to_depend_on_it_nothing_is_said(store, people):
    done = Jobs(store, Actor("ann", "admin")).validate(people, RULES)
    assert not any("blast_radius" in rule for rule in done.stored["rules"])
    assert "Depends" not in rendered(terminal.table_report(TableReport("t", done.stored, 0.5, {})))
    with serving(store) as address, client(address) as http:
        failing = http.get(f"/datasets/{done.dataset.id}/failures").json()["rules"]
    assert [one["blast_radius"] for one in failing] == [None, None, None]


def test_the_validator_is_told_the_most_important_first(store, people):
    told(store, people)
    bench = Workbench(store)
    store.rules.import_rules(bench.dataset(people).id, RULES[9:-2].split(", "), "ann")
    run = new_run(store, goal="validate")
    context = AgentContext(run.id, bench, {"people": people})
    (answer,) = answers("validator", context, (run_validation.name, {"table": "people"}))
    failing = content(answer)["failing"]
    assert failing[0].startswith("RowCount")
    assert failing[1].startswith('IsComplete "mail"')
    assert failing[1].endswith(
        "Depends on it: 1 column of 1 table (mart.people), 1 with personal data, made by 1 job, owned by ann."
    )
    (answer,) = answers("supervisor", context, ("show_results", {"table": "people"}))
    assert "Depends on it: 2 columns of 2 tables" in content(answer)["summary"]


def test_a_card_tells_what_is_at_stake(store, people):
    told(store, people)
    run = new_run(store, goal="recommend")
    drafts = [Draft(rule, "It is.", {}, 0.9, "statistics") for rule in ('IsComplete "mail"', 'IsComplete "id"')]
    Workbench(store).propose(run.id, people, drafts)
    mail, other = Runs(store).proposals(run.id)
    shown = " ".join(rendered(proposal.card(mail, "people", "1 of 2"), width=140).split())
    assert "at stake Depends on it: 1 column of 1 table (mart.people)" in shown
    assert "blast_radius" not in shown
    assert "at stake" not in rendered(proposal.card(other, "people", "2 of 2"), width=140)


def _page_of(rule):
    from ui.web import result_view

    result_view.show({"rules": [rule], "rows": 3}, 0.5, {}, key="one")


def test_the_page_tells_it_as_text():
    radius = {"summary": "1 column of 1 table ([x](http://evil.example))", "personal": 0, "tables": 1, "columns": 1}
    failing = rule('IsComplete "mail"', "Failed", columns=["mail"], blast_radius=radius)
    shown = AppTest.from_function(_page_of, args=(failing,)).run()
    assert not shown.exception
    (line,) = [one.value for one in shown.caption if "Depends on it" in one.value]
    assert "](http" not in line
