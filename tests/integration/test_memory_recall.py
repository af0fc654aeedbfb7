from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from memory.embedding import WordLlamaEmbedder
from memory.model import Decision
from tests.support.stores import new_dataset, new_proposal, new_run, proposed, remember_all


class Letters:
    """Counts a, b and c: enough to be near or far on purpose."""

    model = "letters"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(text.count(letter)) for letter in "abc"] for text in texts]


class OtherModel(Letters):
    model = "two numbers"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 1.0] for _ in texts]


@pytest.fixture(scope="module")
def words() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


def decided(store, *decisions: Decision):
    run, dataset, _ = proposed(store, 'IsComplete "email"', 'IsUnique "id"', "RowCount > 10")
    store.approvals.decide(run.id, decisions, "ada")
    return run, dataset


def all_three(store):
    return decided(
        store,
        Decision(1, "approve"),
        Decision(2, "reject", reason="ids repeat"),
        Decision(3, "edit", rule="RowCount > 5", reason="small days"),
    )


MEANINGS = {1: "aaa", 2: "abb", 3: "ccc"}


def test_decisions_come_back_by_likeness_with_what_became_of_them(store):
    _, dataset = all_three(store)
    assert remember_all(store, Letters(), MEANINGS) == 3
    nearest, second, *rest = store.recall.recall(["aab"], Letters())[0]
    assert rest == []
    assert (nearest.meaning, second.meaning) == ("aaa", "abb")
    assert nearest.similarity == pytest.approx(2 / 5**0.5)
    assert second.similarity == pytest.approx(4 / 5)
    assert (nearest.outcome, nearest.rule, nearest.table) == ("approve", 'IsComplete "email"', "orders")
    assert (second.outcome, second.rule, second.proposed) == ("reject", None, 'IsUnique "id"')
    assert (second.reason, second.actor, second.dataset_id) == ("ids repeat", "ada", dataset.id)
    edited = store.recall.recall(["c"], Letters())[0][0]
    assert (edited.outcome, edited.proposed, edited.rule) == ("edit", "RowCount > 10", "RowCount > 5")
    assert edited.reason == "small days"


def test_each_text_gets_its_own_answers_and_at_most_k(store):
    all_three(store)
    remember_all(store, Letters(), MEANINGS)
    answers = store.recall.recall(["c", "nothing", "b", "ab"], Letters(), k=1)
    assert [[past.meaning for past in found] for found in answers] == [["ccc"], [], ["abb"], ["abb"]]
    assert store.recall.recall([], Letters()) == []


def test_remembering_twice_changes_nothing(store):
    all_three(store)
    remember_all(store, Letters(), MEANINGS)
    assert remember_all(store, Letters(), {1: "other"}) == 0
    assert [past.meaning for past in store.recall.recall(["a"], Letters())[0]] == ["aaa", "abb"]


def test_what_is_undecided_is_not_remembered_until_it_is_decided(store):
    run, _ = decided(store, Decision(1, "approve"))
    assert remember_all(store, Letters(), MEANINGS) == 1
    store.approvals.decide(run.id, [Decision(2, "approve")], "bob")
    assert remember_all(store, Letters(), MEANINGS) == 1


def test_models_with_other_dimensions_live_side_by_side(store):
    all_three(store)
    remember_all(store, Letters(), MEANINGS)
    assert store.recall.recall(["a"], OtherModel()) == [[]]
    assert remember_all(store, OtherModel(), MEANINGS) == 3
    assert len(store.recall.recall(["a"], OtherModel())[0]) == 3
    assert len(store.recall.recall(["c"], Letters())[0]) == 1


def test_memory_of_one_dataset_or_of_all(store):
    all_three(store)
    other = new_dataset(store, "/data/customers.csv")
    second = new_run(store)
    store.approvals.propose(second.id, other.id, [new_proposal('IsComplete "email"')])
    store.approvals.open(second.id, timedelta(hours=1))
    store.approvals.decide(second.id, [Decision(1, "approve")], "bob")
    assert remember_all(store, Letters(), MEANINGS) == 4
    assert {past.table for past in store.recall.recall(["a"], Letters())[0]} == {"orders", "customers"}
    assert {past.table for past in store.recall.recall(["a"], Letters(), dataset_id=other.id)[0]} == {"customers"}


def test_the_embedder_finds_the_rule_that_means_the_same(store, words):
    all_three(store)
    remember_all(store, words)
    found = store.recall.recall(["customers contact_email: completeness, email address is never missing"], words)[0]
    assert found[0].proposed == 'IsComplete "email"'
    assert found[0].similarity > found[-1].similarity + 0.1
    again = store.recall.recall([found[0].meaning], words, k=1)[0]
    assert again[0].similarity == pytest.approx(1, abs=1e-5)


def test_what_was_rejected_or_edited_is_known_for_its_dataset_only(store):
    _, dataset = all_three(store)
    declined = store.recall.declined(dataset.id)
    assert sorted((past.rule, past.rule_type, past.reason) for past in declined) == [
        ('IsUnique "id"', "IsUnique", "ids repeat"),
        ("RowCount > 10", "RowCount", "small days"),
    ]
    assert store.recall.declined(new_dataset(store, "/data/customers.csv").id) == []


def test_a_later_approval_lifts_a_rejection_and_a_later_rejection_returns_it(store):
    decided(store, Decision(2, "reject", reason="first"))
    run, dataset = decided(store, Decision(2, "approve"))
    store.rules.activate(run.id)
    assert store.recall.declined(dataset.id) == []
    decided(store, Decision(2, "reject", reason="second"))
    assert [past.reason for past in store.recall.declined(dataset.id)] == ["second"]


def test_vectors_are_of_norm_one_and_blind_to_case_and_snakes(words):
    one, two, empty = words.embed(["customer_email IS complete", "Customer email is complete", ""])
    assert len(one) == 256
    assert one == two
    assert sum(number * number for number in one) == pytest.approx(1)
    assert empty == [0.0] * 256
    assert words.embed([]) == []


def test_many_texts_of_uneven_length_keep_their_vectors(words):
    texts = [f"column {number} " * (number % 7 + 1) for number in range(150)]
    together, alone = words.embed(texts), [words.embed([text])[0] for text in texts]
    assert all(a == pytest.approx(b, abs=1e-5) for a, b in zip(together, alone, strict=True))
