"""What a request has to say before a model may have a known table scanned."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from agents.reach import require_meant
from agents.work import WorkError
from memory.model import Dataset

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _dataset(short: str, name: str = "/data/x.csv") -> Dataset:
    return Dataset(UUID(int=1), "file", name, short, name, [], NOW, NOW)


@pytest.mark.parametrize(
    ("short", "request_"),
    [
        ("orders", "profile the orders"),
        ("orders_2024", "how is my order table?"),
        ("o1", "compare O1 with o2, that is o1"),
        ("payroll", "profile all tables"),
        ("x", "profile /data/x.csv"),
    ],
)
def test_a_request_speaks_of_a_table(short, request_):
    require_meant(_dataset(short), "anything", request_)


@pytest.mark.parametrize(
    ("short", "request_"),
    [
        ("payroll", "profile the orders"),
        ("payroll", "Profile the tables, recommend rules for a person to approve, then validate."),
        ("pay", "which payments are late?"),
        ("allergies", "allow it"),
        ("o1", "profile o12"),
    ],
)
def test_what_only_the_data_speaks_of_is_not_scanned(short, request_):
    with pytest.raises(WorkError, match="does not speak of"):
        require_meant(_dataset(short, "/data/other.csv"), "payroll", request_)


def test_a_file_that_is_named_as_the_model_names_it_is_meant():
    require_meant(_dataset("o0", "/home/ann/o0.csv"), "o0.csv", "profile o0.csv, please")
