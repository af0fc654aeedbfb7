"""The eval of the memory, on fewer shops: it helps, and nothing that was rejected comes back."""

from itertools import islice

import pytest

from evals.memory_gain import NAMES, summary, visits, write_shop


@pytest.fixture(scope="module")
def few() -> dict[str, int]:
    return {"shops": 3, "rows": 200, "seed": 5}


def test_with_the_memory_more_is_accepted_and_nothing_rejected_returns(store, tmp_path, few):
    found = list(islice(visits(store, tmp_path, **few, forget=False), 4))  # one of them comes back
    first, _, third = [visit for visit in found if not visit.back]
    # Two shops have to say no before a rule is not offered to the third.
    assert third.accepted / third.proposed > first.accepted / first.proposed + 0.05
    assert third.proposed < 0.75 * first.proposed
    assert summary(found)["returned"] == 0
    assert any(visit.accepted for visit in found if visit.back)


def test_without_it_rejected_rules_return(store, tmp_path, few):
    found = list(visits(store, tmp_path, **(few | {"shops": 1}), forget=True))
    assert summary(found)["returned"] > 0
    assert store.memories.all() == []


def test_shops_differ_in_names_and_are_the_same_for_a_seed(tmp_path):
    for number in (0, 1):
        names = {meaning: known[number] for meaning, known in NAMES.items()}
        for copy in ("a", "b"):
            write_shop(tmp_path / f"{number}{copy}.csv", names, 50, seed=3)
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts["0a.csv"] == texts["0b.csv"]
    head, other = (texts[name].splitlines()[0].split(",") for name in ("0a.csv", "1a.csv"))
    assert len(head) == len(other) == 10
    assert not set(head) & set(other)
