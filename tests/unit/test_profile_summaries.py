"""What a model is told of a profile: short, and without a value."""

from __future__ import annotations

import json

import pyarrow as pa

from agents import summaries
from tools import profiling, sources
from tools.profiling import Profile

SECRETS = ("ada7@example.com", "kitchen", "KI-3", "1971-03-05")


def profile() -> Profile:
    rows = 400
    data = {
        "mail": [f"ada{n}@example.com" for n in range(rows)],
        "birth_date": [f"19{70 + n % 20}-03-0{1 + n % 9}" for n in range(rows)],
        "sku": [f"KI-{n % 20}" for n in range(rows)],
        "category": ["kitchen" if n % 20 < 7 else f"room {n % 20 // 5}" for n in range(rows)],
        "on": [f"0{1 + n % 9}/0{1 + n % 7}/2024" for n in range(rows)],
    }
    with sources.open(pa.table(data)) as table:
        return profiling.profile(table)


def test_a_column_is_told_with_its_meaning_and_that_it_is_personal():
    found = profile()
    lines = [summaries.column_line(column, found.rows) for column in found.columns]
    assert lines[0].startswith("mail: text, form of email, personal (email address), 0 % missing")
    assert "personal (birth date)" in lines[1]
    assert "form of code" in lines[2]
    assert "order of day and month ambiguous" in lines[4]


def test_dependencies_are_told_by_names_and_rows():
    told = summaries.profile_digest("t", profile())["dependencies"]
    assert "sku decides category, 0 of 400 rows differ" in told
    assert len(told) <= summaries.MOST_DEPENDENCIES


def test_no_value_is_told_and_the_whole_stays_short():
    found = profile()
    text = json.dumps(summaries.profile_digest("t", found))
    text += json.dumps([summaries.column_line(column, found.rows) for column in found.columns])
    text += json.dumps([summaries.column_detail(column, found.rows) for column in found.columns])
    assert not [secret for secret in SECRETS if secret in text]
    assert len(json.dumps(summaries.profile_digest("t", found))) < 250 * len(found.columns)


def test_a_table_without_dependencies_says_nothing_of_them():
    with sources.open(pa.table({"a": [1, 2, 3]})) as table:
        assert "dependencies" not in summaries.profile_digest("t", profiling.profile(table))
