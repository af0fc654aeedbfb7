"""Columns known again by their statistics: what a renamed one is, and what is merely of the same kind."""

import json
import random
from dataclasses import replace

from tests.support.profiles import figures, of_numbers, of_texts, table
from tools.profiling import Profile
from tools.recommending.likeness import Traits, likeness, renamed, traits

ROWS = 400


def emails(name, missing=0.2, seed=1):
    source = random.Random(seed)
    found = [f"{''.join(source.choices('abcdefgh', k=7))}@{source.choice(['mail', 'post'])}.org" for _ in range(ROWS)]
    return of_texts(name, [None if source.random() < missing else one for one in found])


def phones(name):
    source = random.Random(2)
    return of_texts(name, [f"+49 {source.randint(100, 999)} {source.randint(10**6, 10**7 - 1)}" for _ in range(ROWS)])


def statuses(name, words=("new", "paid", "sent")):
    return of_texts(name, [words[number % len(words)] for number in range(ROWS)])


def amounts(name, about=50.0):
    source = random.Random(3)
    return of_numbers(name, [round(source.gauss(about, about / 10), 2) for _ in range(ROWS)])


def profile(*columns) -> Profile:
    return table(*columns, rows=ROWS)


BEFORE = (of_numbers("id", list(range(ROWS))), emails("email"), phones("phone"), statuses("status"), amounts("amount"))


def test_the_same_column_under_another_name_is_found():
    changes = {0: "order_no", 1: "contact", 2: "tel", 3: "state", 4: "total"}
    for place, name in changes.items():
        after = list(BEFORE)
        after[place] = replace(BEFORE[place], name=name)
        assert renamed(profile(*BEFORE), profile(*after)) == {BEFORE[place].name: name}
    everything = [replace(column, name=changes[place]) for place, column in enumerate(BEFORE)]
    assert renamed(profile(*BEFORE), profile(*everything)) == {
        column.name: changes[place] for place, column in enumerate(BEFORE)
    }


def test_a_renamed_column_is_found_though_the_data_went_on():
    after = (BEFORE[0], emails("Mail", missing=0.25, seed=9), *BEFORE[2:])
    assert renamed(profile(*BEFORE), profile(*after)) == {"email": "Mail"}
    after = (*BEFORE[:4], replace(amounts("total", about=53.0), nulls=3))
    assert renamed(profile(*BEFORE), profile(*after)) == {"amount": "total"}


def test_what_is_not_alike_is_a_new_column():
    for place, other in [
        (1, phones("fax")),
        (1, amounts("weight")),
        (3, statuses("colour", ("red", "blue", "green"))),
        (4, amounts("weight", about=90_000.0)),
        (4, of_texts("amount_text", [f"{number} EUR" for number in range(ROWS)])),
    ]:
        after = list(BEFORE)
        after[place] = other
        assert renamed(profile(*BEFORE), profile(*after)) == {}, other.name


def test_of_two_that_are_alike_the_place_decides():
    after = (BEFORE[0], replace(BEFORE[1], name="contact"), *BEFORE[2:], replace(emails("billing", seed=5), nulls=0))
    assert renamed(profile(*BEFORE), profile(*after)) == {"email": "contact"}


def test_a_column_that_is_still_there_is_not_renamed():
    after = (*BEFORE, replace(BEFORE[1], name="email_copy"))
    assert renamed(profile(*BEFORE), profile(*after)) == {}
    assert renamed(profile(*BEFORE), profile(*reversed(BEFORE))) == {}


def test_likeness_is_one_for_the_same_and_nought_for_another_kind():
    known = [traits(column, ROWS) for column in BEFORE]
    for one in known:
        assert likeness(one, one) == 1
        assert all(likeness(one, other) == likeness(other, one) < 0.9 for other in known if other is not one)
    assert likeness(known[0], known[1]) == 0


def test_traits_go_through_json_and_hold_no_value():
    for column in BEFORE:
        made = traits(column, ROWS)
        text = json.dumps(made.to_dict())
        assert Traits(**json.loads(text)) == made
        assert not any(str(value) in text for value, _ in column.top_values if isinstance(value, str))


def test_empty_tables_and_columns_have_traits():
    empty = figures("c", "text", nulls=0, distinct=0)
    assert likeness(traits(empty, 0), traits(empty, 0)) == 1
    assert renamed(table(empty, rows=0), table(replace(empty, name="d"), rows=0)) == {"c": "d"}
