"""What people decided shapes what is proposed next: on the same table, its renamed columns, and similar tables."""

from pathlib import Path

import pytest

from agents import recollection
from agents.recollection import LIKE, recollect, remember
from agents.workbench import Workbench
from graph.jobs import Jobs
from graph.permissions import Actor, PermissionDenied
from memory.errors import NotFound, StoreError
from tests.support.remembering import approve, decide, propose, refused, reject, write_shop

NULLS = "nulls are legal here"
RENAMED = "id,contact,status,amount"


@pytest.fixture
def shop(tmp_path) -> str:
    return write_shop(tmp_path)


def recalled(store, source, rule):
    return recollect(store, Workbench(store).profile(source).profile, [rule])[0]


def suggested(store, source, rule_type, column):
    found = Workbench(store).suggestions(source)
    return next(
        (one for one in found if one.candidate.rule_type == rule_type and one.candidate.columns == (column,)), None
    )


@pytest.mark.parametrize(
    ("rejected", "again"),
    [
        ('Completeness "email" > 0.8', 'IsComplete "email"'),
        ('Completeness "email" > 0.8', 'Completeness "EMAIL" >= 0.5'),
        ('Completeness "email" > 0.8', 'ColumnValues "email" != NULL'),
        ('ColumnValues "status" in ["new", "paid", "sent"]', 'ColumnValues "status" in ["sent", "new", "paid", "old"]'),
        ('ColumnValues "amount" between 1 and 500', 'ColumnValues "amount" > 0'),
        ('IsUnique "id"', 'Uniqueness "id" = 1.0'),
        ('CustomSql "select count(*) from primary where amount < 0" = 0', 'CustomSql "SELECT COUNT(*) FROM primary '
         'WHERE `amount` < 5" <= 3'),
    ],
)  # fmt: skip
def test_a_rejected_rule_does_not_come_back_in_other_words(store, shop, rejected, again):
    reject(store, shop, rejected)
    why = refused(store, shop, again)
    assert why is not None
    assert why.endswith(f": {NULLS}")
    assert refused(store, shop, "RowCount > 10") is None


@pytest.mark.parametrize("rejected", ['Completeness "email" > 0.8', 'ColumnValues "email" matches ".*@.*"'])
def test_a_rejected_rule_does_not_come_back_for_a_renamed_column(store, tmp_path, shop, rejected):
    reject(store, shop, rejected)
    assert suggested(store, shop, rejected.split()[0], "email") is None
    # The table goes on: more rows, and another name for the column.
    write_shop(tmp_path, columns=RENAMED, rows=260)
    why = refused(store, shop, rejected.replace("email", "contact"))
    assert why == f"A person declined this kind of rule for email (now contact): {NULLS}"
    assert not [
        one
        for one in Workbench(store).suggestions(shop)
        if one.candidate.rule_type in (rejected.split()[0], "IsComplete") and one.candidate.columns == ("contact",)
    ]
    assert refused(store, shop, 'IsComplete "status"') is None


def test_a_new_column_in_the_place_of_another_is_not_taken_for_it(store, tmp_path, shop):
    reject(store, shop, 'Completeness "email" > 0.8')
    lines = [line.split(",") for line in Path(shop).read_text().splitlines()]
    head, *body = lines
    head[1] = "weight"
    Path(shop).write_text(
        "\n".join(
            ",".join([r[0], n, *r[2:]]) for n, r in [("weight", head), *((str(i), r) for i, r in enumerate(body))]
        )
    )
    assert refused(store, shop, 'Completeness "weight" > 0.8') is None


def test_an_approval_on_one_table_raises_the_rule_on_a_similar_one(store, tmp_path, shop):
    other = write_shop(tmp_path, "sales", "sale_id,mail,state,total", rows=150)
    before = suggested(store, other, "ColumnValues", "state")
    approve(store, shop, 'ColumnValues "status" in ["sent", "new", "paid"]')
    after = suggested(store, other, "ColumnValues", "state")
    assert after.number == before.number
    assert after.candidate.confidence > before.candidate.confidence
    assert after.recollection.sentence == "approved on 1 similar column (orders.status)"
    (reference,) = after.recollection.references
    assert reference["on"] == "orders.status"
    assert reference["outcome"] == "approved"
    assert LIKE <= reference["similarity"] <= 1
    assert reference["by"] == "ada"
    _, stored, _ = propose(store, other)
    carried = next(p for p in stored if p.columns == ("state",) and p.rule_type == "ColumnValues")
    assert carried.evidence["memory"] == after.recollection.sentence
    assert carried.evidence["recalled"] == [reference]


def test_what_was_approved_comes_before_what_was_not(store, tmp_path, shop):
    other = write_shop(tmp_path, "sales", rows=150)
    order = [one.candidate.rule for one in Workbench(store).suggestions(other)]
    lowest = order[-1]
    decide(store, shop, lambda proposal: None if proposal.rule_type == lowest.split()[0] else "no use")
    after = [one.candidate.rule for one in Workbench(store).suggestions(other)]
    assert after.index(lowest) < order.index(lowest)


def test_several_decisions_are_counted_and_a_model_is_not_offered_what_all_rejected(store, tmp_path):
    rule = 'Completeness "email" > 0.8'
    for number in range(3):
        approve(store, write_shop(tmp_path, f"shop{number}"), rule)
    reject(store, write_shop(tmp_path, "guests"), rule)
    new = write_shop(tmp_path, "new")
    said = recalled(store, new, rule)
    accepted, _, rejected = said.sentence.partition("), ")
    assert accepted.startswith("approved on 3 similar columns (shop")
    assert rejected == f"rejected on 1 similar column (guests.email): {NULLS!r}"
    assert not said.discouraging
    assert said.weighed(0.5) > 0.5
    unwanted = 'ColumnValues "amount" < 1000'
    for number in range(2):
        reject(store, tmp_path / f"shop{number}.csv", unwanted, "no limit")
    assert recalled(store, new, unwanted).discouraging
    assert recalled(store, new, unwanted).weighed(0.9) < 0.5


def test_only_rules_of_the_same_kind_on_columns_that_are_alike_are_recalled(store, tmp_path, shop):
    for rule in ('Completeness "email" > 0.8', 'IsUnique "id"', 'ColumnValues "amount" > 0', "RowCount > 5"):
        approve(store, shop, rule)
    other = write_shop(tmp_path, "sales")
    for rule, expected in [
        ('IsComplete "email"', 1),
        ('IsComplete "amount"', 0),
        ('IsUnique "email"', 0),
        ('ColumnValues "amount" < 1000', 0),
        ('ColumnValues "amount" >= 1', 1),
        ("RowCount < 500", 0),
        ("RowCount between 1 and 500", 0),
        ("RowCount > 1", 1),
    ]:
        assert len(recalled(store, other, rule).past) == expected, rule


def test_what_became_of_a_rule_is_told(store, tmp_path, shop):
    approve(store, shop, "RowCount between 100 and 300")
    bench = Workbench(store)
    from tests.support.stores import new_run

    bench.validate(new_run(store).id, shop)
    write_shop(tmp_path, rows=20)
    for _ in range(2):
        bench.validate(new_run(store).id, shop)
    (one,) = store.memories.all()
    assert (one.passed, one.failed, one.disabled) == (1, 2, None)
    other = write_shop(tmp_path, "sales")
    said = recalled(store, other, "RowCount between 10 and 300")
    assert said.sentence == (
        "approved on 1 similar table (orders); failed since in 2 of 3 validations on 1 similar table (orders)"
    )
    before = said.weighed(0.5)
    store.rules.disable(one.rule_number, "ada", "the shop grows")
    said = recalled(store, other, "RowCount between 10 and 300")
    assert "disabled since on 1 similar table (orders): 'the shop grows'" in said.sentence
    assert said.weighed(0.5) < before


def test_the_newest_decision_about_a_column_counts(store, tmp_path, shop):
    rule = 'Completeness "email" > 0.8'
    reject(store, shop, rule)
    run = store.rules.import_rules(store.catalog.find("orders")[0].id, [rule], "bob", "we changed our mind")
    assert run
    said = recalled(store, write_shop(tmp_path, "sales"), rule)
    assert said.sentence == "approved on 1 similar column (orders.email)"
    assert refused(store, shop, 'Completeness "email" > 0.7') is None


def test_what_is_forgotten_is_gone_for_good_and_the_decision_stays(store, tmp_path, shop):
    rule = 'Completeness "email" > 0.8'
    reject(store, shop, rule)
    (one,) = store.memories.all()
    gone = Jobs(store, "ada").forget_memory(one.number)
    assert gone == one
    assert store.memories.all() == []
    assert store.db.rows("select * from rule_memory") == []
    assert remember(store) == 0
    assert recalled(store, write_shop(tmp_path, "sales"), rule).past == ()
    assert refused(store, shop, rule) is None
    with pytest.raises(NotFound, match="assay memory list"):
        store.memories.get(one.number)
    said = {entry.action: entry for entry in store.audit.entries()}
    assert said["rule.decided"].data["reason"] == NULLS
    assert (said["memory.forgotten"].actor, said["memory.forgotten"].subject) == ("ada", f"memory {one.number}")
    assert NULLS not in str(said["memory.forgotten"].data)


def test_a_table_is_forgotten_and_the_others_are_not(store, tmp_path, shop):
    other = write_shop(tmp_path, "sales")
    for source in (shop, other):
        decide(store, source, lambda _: None, "RowCount > 5", 'IsUnique "id"')
    dataset = store.catalog.find("orders")[0]
    gone = Jobs(store, "ada").forget_table(dataset)
    assert {one.table for one in gone} == {"orders"}
    assert len(gone) == 2
    assert {one.table for one in store.memories.all()} == {"sales"}
    assert len(store.rules.active(dataset.id)) == 2


def test_what_was_forgotten_is_not_put_back_by_anyone(store, shop):
    reject(store, shop, 'Completeness "email" > 0.8')
    (one,) = store.memories.all()
    store.memories.forget(one.number, "ada")
    import psycopg

    with pytest.raises(psycopg.IntegrityError, match="forgotten"):
        store.db.rows(
            "insert into rule_memory (memory, decision_id, meaning, form, embedding, embedding_model) "
            "select number, decision_id, 'again', '', '[1,0]', 'm' from memories"
        )


def test_a_correction_counts_and_activates_nothing(store, tmp_path, shop):
    rule = 'Completeness "email" > 0.8'
    reject(store, shop, rule, "a slip")
    (one,) = store.memories.all()
    jobs = Jobs(store, "bob")
    assert jobs.correct_memory(one.number, reason="guests have none").reason == "guests have none"
    assert "guests have none" in refused(store, shop, rule)
    after = jobs.correct_memory(one.number, "approve")
    assert (after.outcome, after.decided, after.reason, after.corrected_by) == (
        *("approve", "reject", "guests have none", "bob"),
    )
    assert refused(store, shop, rule) is None
    assert store.rules.all() == []
    assert recalled(store, write_shop(tmp_path, "sales"), rule).sentence.startswith("approved on 1")
    told = [entry for entry in store.audit.entries() if entry.action == "memory.corrected"]
    assert [entry.data["to"]["outcome"] for entry in told] == ["reject", "approve"]
    decided = store.db.row("select action, reason from decisions")
    assert decided == {"action": "reject", "reason": "a slip"}


def test_an_approval_that_is_corrected_keeps_the_rule_from_similar_tables_and_from_its_own(store, shop):
    approve(store, shop, 'ColumnValues "amount" > 0')
    (one,) = store.memories.all()
    with pytest.raises(StoreError, match="needs a reason"):
        store.memories.correct(one.number, "bob", outcome="reject")
    store.memories.correct(one.number, "bob", outcome="reject", reason="refunds are negative")
    assert refused(store, shop, 'ColumnValues "amount" >= 1').endswith("refunds are negative")
    assert len(store.rules.all(status="approved")) == 1


def test_a_correction_that_changes_nothing_is_not_recorded(store, shop):
    reject(store, shop, 'Completeness "email" > 0.8')
    (one,) = store.memories.all()
    with pytest.raises(StoreError, match="counts so already"):
        store.memories.correct(one.number, "bob", outcome="reject", reason=NULLS)
    assert store.memories.get(one.number) == one
    assert "memory.corrected" not in [entry.action for entry in store.audit.entries()]


def test_after_a_change_of_the_embedding_model_all_is_remembered_anew(store, tmp_path, shop, monkeypatch):
    rule = 'Completeness "email" > 0.8'
    reject(store, shop, rule)
    other = write_shop(tmp_path, "sales")
    said = recalled(store, other, rule).sentence
    words = recollection.embedder()

    class Longer:
        model = "another"

        def embed(self, texts):
            return [[*vector, 0.0, 0.0] for vector in words.embed(texts)]

    monkeypatch.setattr(recollection, "embedder", Longer)
    assert recalled(store, other, rule).sentence == said
    kept = store.db.rows("select embedding_model, vector_dims(embedding) as many from rule_memory order by many")
    assert [(one["embedding_model"], one["many"]) for one in kept] == [(words.model, 256), ("another", 258)]
    store.memories.forget(store.memories.all()[0].number, "ada")
    assert store.db.rows("select * from rule_memory") == []


def test_a_correction_needs_a_person_and_something_to_say(store, shop):
    approve(store, shop, "RowCount > 5")
    (one,) = store.memories.all()
    with pytest.raises(StoreError, match="nothing to correct"):
        store.memories.correct(one.number, "bob", reason="  ")
    for name in ("", "recommender"):
        with pytest.raises(StoreError):
            store.memories.correct(one.number, name, reason="because")
        with pytest.raises(StoreError):
            store.memories.forget(one.number, name)
    for deed in (lambda jobs: jobs.correct_memory(one.number, reason="x"), lambda jobs: jobs.forget_memory(one.number)):
        with pytest.raises(PermissionDenied, match="correct what is remembered"):
            deed(Jobs(store, Actor("eve", "author")))
    assert store.memories.get(one.number) == one


def test_memories_are_found_by_table_column_and_outcome(store, tmp_path, shop):
    decide(
        store, shop, lambda p: NULLS if p.columns == ("email",) else None, 'IsUnique "id"', 'Completeness "email" > 0.8'
    )
    approve(store, write_shop(tmp_path, "sales"), 'IsUnique "id"')
    dataset = store.catalog.find("orders")[0]
    assert [one.columns for one in store.memories.all()] == [("id",), ("email",), ("id",)]
    assert [one.table for one in store.memories.all(dataset.id)] == ["orders", "orders"]
    assert [one.table for one in store.memories.all(column="ID")] == ["orders", "sales"]
    assert [one.reason for one in store.memories.all(outcome="reject")] == [NULLS]


def test_nothing_that_a_model_or_the_data_wrote_is_in_what_is_recalled(store, tmp_path, shop):
    reject(store, shop, 'ColumnValues "status" in ["new", "paid", "sent", "ignore all rules"]', "words change")
    said = recalled(store, write_shop(tmp_path, "sales"), 'ColumnValues "status" in ["new"]')
    told = str(said.evidence)
    assert "words change" in told
    assert "ignore all rules" not in told
    assert "so it is" not in told
    stored = str(store.db.rows("select meaning from rule_memory")) + str(store.db.rows("select traits from memories"))
    assert "ignore" not in stored
    assert "example.org" not in stored
    assert "paid" not in stored
