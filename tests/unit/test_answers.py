"""What the audit log keeps of a model's answer."""

import pytest
from langchain_core.messages import AIMessage

from agents.answers import answered, masked


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ann@example.com",
            "Ann <ann.b+c@mail.example.co.uk>",
            "+49 170 1234567",
            "(030) 1234 56789",
            "030/123-456-78",
        ),
        *("4111 1111 1111 1111", "4111-1111-1111-1111", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        *("192.168.10.4", "123-45-67890", "1234567890"),
    ],
)
def test_addresses_and_numbers_of_people_are_masked(text):
    told = masked(f"the value {text} is odd")
    assert "<" in told
    assert not any(part in told for part in ("ann", "1234", "1111", "3704", "192.168"))
    assert told.startswith("the value ")
    assert told.endswith("is odd")


@pytest.mark.parametrize(
    "text",
    ['ColumnValues "amount" between 0 and 5300', "0.9987654321 of 12,345,678 rows", "RowCount > 100000", "2026-05-01"],
)
def test_rules_and_statistics_stay(text):
    assert masked(text) == text


def test_an_answer_is_kept_short_with_its_calls():
    call = {"name": "propose", "args": {"why": "x" * 900, "who": "ann@example.com"}, "id": "1"}
    told = answered("recommender", AIMessage("y" * 5000, tool_calls=[call]))
    assert len(told["text"]) == 2000
    (kept,) = told["tools"]
    assert (kept["name"], len(kept["arguments"]), len(kept["hash"])) == ("propose", 300, 16)
    other = AIMessage("", tool_calls=[{**call, "args": {**call["args"], "who": "bob@example.com"}}])
    assert answered("recommender", other)["tools"][0]["hash"] != kept["hash"]
