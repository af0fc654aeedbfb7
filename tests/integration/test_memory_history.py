from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from agents.work import Draft
from agents.workbench import Workbench
from graph.jobs import Jobs
from memory import Memory, migrate
from memory.errors import StoreError
from tests.support.stores import new_dataset, new_run
from tools.dqdl.plans.result import Evaluation

ROWS = "Dataset.*.RowCount"


def save(store: Memory, version: str, points: dict[str, float], **changes: Any) -> None:
    run, dataset = changes.get("run") or new_run(store), changes.get("dataset") or new_dataset(store)
    evaluation = Evaluation(rules=[], rows=1, queries=1, points=points).to_dict()
    store.results.save(run.id, dataset.id, version, evaluation, {}, None)


def values(store: Memory, key: str = ROWS) -> list[float]:
    return [point.value for point in store.history.points(new_dataset(store).id, key)]


def test_points_come_back_oldest_first_by_dataset_and_key(store):
    for number in range(4):
        save(store, f"v{number}", {ROWS: number, "Column.n.Mean": 10 * number})
    save(store, "w", {ROWS: 99}, dataset=new_dataset(store, "/data/other.csv"))
    assert values(store) == [0, 1, 2, 3]
    assert values(store, "Column.n.Mean") == [0, 10, 20, 30]
    assert values(store, "Column.m.Mean") == []
    newest = store.history.points(new_dataset(store).id, ROWS, limit=2)
    assert [point.value for point in newest] == [2, 3]
    assert newest[0].measured_at < newest[1].measured_at
    assert newest[0].verdict is None


def test_a_version_is_one_point_that_keeps_its_place_and_its_decision(store):
    save(store, "v1", {ROWS: 5})
    save(store, "v2", {ROWS: 6})
    first = store.history.points(new_dataset(store).id, ROWS)[0]
    store.history.decide(first.number, "exclude", "ada", "a test load")
    save(store, "v1", {ROWS: 5.5})
    again = store.history.points(new_dataset(store).id, ROWS)[0]
    assert values(store) == [5.5, 6]
    assert (again.number, again.measured_at, again.verdict) == (first.number, first.measured_at, "exclude")
    assert again.run_id != first.run_id


def test_a_run_that_is_saved_twice_adds_nothing(store):
    run = new_run(store)
    save(store, "v1", {ROWS: 5}, run=run)
    save(store, "v2", {ROWS: 7}, run=run)
    assert values(store) == [5]


def test_a_key_may_be_as_long_as_the_sql_of_a_rule(store):
    key = f'Dataset.*.CustomSQL "select {"x" * 60_000}"'
    save(store, "v1", {key: 1})
    save(store, "v1", {key: 2})
    assert values(store, key) == [2]


def test_the_metrics_of_a_dataset_have_their_newest_point(store):
    for number in range(3):
        save(store, f"v{number}", {ROWS: number} | ({"Column.n.Mean": 7} if number == 1 else {}))
    found = store.history.metrics(new_dataset(store).id)
    assert [(metric.key, metric.points, metric.value) for metric in found] == [("Column.n.Mean", 1, 7), (ROWS, 3, 2)]


def test_the_last_word_on_a_point_counts_and_all_words_stay(store):
    save(store, "v1", {ROWS: 5})
    number = store.history.points(new_dataset(store).id, ROWS)[0].number
    excluded = store.history.decide(number, "exclude", "ada", "test load")
    assert (excluded.verdict, excluded.actor, excluded.reason) == ("exclude", "ada", "test load")
    assert store.history.decide(number, "normal", "ben", "sale").verdict == "normal"
    assert store.history.decide(number, "include", "ada", "back to the beginning").verdict is None
    said = store.db.rows("select verdict, actor from metric_decisions order by id")
    assert [tuple(row.values()) for row in said] == [("exclude", "ada"), ("normal", "ben"), ("include", "ada")]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        store.db.rows("delete from metric_decisions returning id")


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("ada", " ")])
def test_a_decision_has_a_name_and_a_reason(store, actor, reason):
    save(store, "v1", {ROWS: 5})
    number = store.history.points(new_dataset(store).id, ROWS)[0].number
    with pytest.raises(StoreError, match="a name and a reason"):
        store.history.decide(number, "exclude", actor, reason)


def test_a_point_that_is_not_there_is_named(store):
    with pytest.raises(StoreError, match="no point 7"):
        store.history.decide(7, "exclude", "ada", "why")


def test_the_evaluation_comes_back_with_its_statistics(store):
    run, dataset = new_run(store), new_dataset(store)
    evaluation = Evaluation([], 1, 1, statistics={ROWS: 5.0}, problems=["Mean"], points={ROWS: 5.0}).to_dict()
    store.results.save(run.id, dataset.id, "v1", evaluation, {}, None)
    latest = store.results.latest(dataset.id)
    assert latest is not None
    assert latest.evaluation == evaluation


def test_a_store_of_the_first_version_is_upgraded_with_its_results(empty_url, monkeypatch):
    known = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: known[:1])
    migrate.migrate(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as old:
        old.execute("insert into datasets (namespace, name, short_name, uri) values ('file', '/a', 'a', '/a')")
        old.execute(
            """insert into runs (id, kind, goal, sources, model, graph_version, requested_by)
            values ('r', 'validate', '', '{}', '', '1', 'ada')"""
        )
        old.execute(
            """insert into evaluations (run_id, dataset_id, version, rows, queries, passed)
            select 'r', id, 'v', 3, 1, true from datasets"""
        )
    monkeypatch.setattr(migrate, "migrations", lambda: known)
    with Memory.open(empty_url) as store:
        (result,) = store.results.for_run("r")
        assert result.evaluation["rows"] == 3
        assert (result.evaluation["statistics"], result.evaluation["points"]) == ({}, {})
        assert store.history.metrics(result.dataset_id) == []


# With validations


@pytest.fixture
def orders(tmp_path: Path):
    path = tmp_path / "orders.csv"

    def write(rows: int) -> str:
        path.write_text("n\n" + "".join(f"{number}\n" for number in range(rows)))
        return str(path)

    return write


def validate(store: Memory, source: str, rules: str) -> list[str]:
    found = Jobs(store, "ada").validate(source, f"Rules = [ {rules} ]").evaluation.rules
    time.sleep(0.002)  # so that two files of the same size differ in time
    return [rule.outcome for rule in found]


def test_a_validation_compares_with_the_ones_before_it(store, orders):
    rule = "RowCount > avg(last(3))"
    assert validate(store, orders(10), rule) == ["Passed"]
    assert validate(store, orders(20), rule) == ["Passed"]
    assert validate(store, orders(12), rule) == ["Failed"]
    assert values_of(store, orders(12)) == [10, 20, 12]


def values_of(store: Memory, source: str) -> list[float]:
    dataset = Workbench(store).dataset(source)
    return [point.value for point in store.history.points(dataset.id, ROWS)]


def test_the_same_content_is_never_compared_with_itself(store, orders):
    validate(store, orders(10), "RowCount > last()")
    source = orders(11)
    for _ in range(3):
        assert validate(store, source, "RowCount > last()") == ["Passed"]
    assert values_of(store, source) == [10, 11]


def test_a_dry_run_looks_at_the_history_and_leaves_it_alone(store, orders):
    validate(store, orders(10), "RowCount > 0")
    bench, source = Workbench(store), orders(9)
    assert bench.checked_dry_run(source, "RowCount > last()").outcome == "Failed"
    run = new_run(store)
    draft = Draft("RowCount >= last() - 1", "as many as before", {}, 0.5, "statistics")
    assert bench.propose(run.id, source, [draft]).stored[0].dry_run["outcome"] == "Passed"
    assert values_of(store, source) == [10]


def test_this_is_normal_changes_later_answers_and_so_does_excluding(store, orders):
    rule = 'DetectAnomalies "RowCount"'
    for rows in (10, 11, 10, 9):
        validate(store, orders(rows), rule)
    source = orders(100)
    assert validate(store, source, rule) == ["Failed"]
    dataset = Workbench(store).dataset(source)
    strange = store.history.points(dataset.id, ROWS)[-1]
    assert validate(store, source, rule) == ["Failed"]
    store.history.decide(strange.number, "normal", "ada", "the yearly load")
    assert validate(store, source, rule) == ["Passed"]
    for rows in (10, 11, 10, 9, 10):
        assert validate(store, orders(rows), rule) == ["Passed"]
    assert validate(store, orders(101), rule) == ["Passed"]
    store.history.decide(strange.number, "exclude", "ada", "no, it was a mistake")
    last = store.history.points(dataset.id, ROWS)[-1]
    store.history.decide(last.number, "exclude", "ada", "and this one too")
    assert validate(store, orders(100), rule) == ["Failed"]


def test_analyzers_are_kept_too(store, orders):
    source = orders(4)
    Jobs(store, "ada").validate(source, 'Rules = [ RowCount > 0 ] Analyzers = [ Mean "n" ]')
    dataset = Workbench(store).dataset(source)
    assert [metric.key for metric in store.history.metrics(dataset.id)] == ["Column.n.Mean", ROWS]


def test_a_rule_that_looks_at_files_elsewhere_is_never_proposed_nor_run(store, orders, tmp_path_factory, monkeypatch):
    source, elsewhere = orders(3), tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    elsewhere.write_text("x")
    rule, near = f'FileSize "{elsewhere}" > 0 B', "FileSize > 0 B"
    drafts = [Draft(each, "files are not empty", {}, 0.5, "model") for each in (rule, near)]
    proposed = Workbench(store).propose(new_run(store).id, source, drafts)
    assert [stored.rule for stored in proposed.stored] == [near]
    assert "may not look at" in proposed.refused[0].why
    assert validate(store, source, rule) == ["Error"]
    monkeypatch.setenv("ASSAY_FILE_ROOTS", str(elsewhere.parent))
    assert validate(store, source, rule) == ["Passed"]


def test_bad_rows_are_told_with_the_history_that_judged_them(store, tmp_path):
    source, rule = tmp_path / "people.csv", 'Completeness "name" >= index(last(2), 1)'
    for names in (["a", "b"], ["a", "b", "c"], ["a", "", ""]):
        source.write_text("id,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names)))
        validate(store, str(source), 'Completeness "name" > 0')
    done = Jobs(store, "ada").validate(str(source), f"Rules = [ {rule} ]", quarantine=str(tmp_path / "out"))
    assert done.evaluation.rules[0].outcome == "Failed"
    assert done.split is not None
    assert (done.split.good_rows, done.split.bad_rows) == (1, 2)
