"""Fields of structs in the place of columns."""

import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases

ROWS = pa.table(
    {
        "id": [1, 2, 3],
        "info": [
            {"age": 5, "City": "Rome", "deep": {"x y": True}},
            {"age": 7, "City": None, "deep": None},
            {"age": None, "City": "Oslo", "deep": {"x y": False}},
        ],
        "info.odd": ["a", "b", "c"],
        "list": [[1], [2], [3]],
    }
)
CASES = Cases(
    {"primary": ROWS},
    {
        'Completeness "info.age" > 0.6': ("Passed", 1, {"info.age:Completeness": 2 / 3}),
        'IsComplete "info.City"': ("Failed", 1, {"info.City:Completeness": 2 / 3}),
        'ColumnValues "info.age" > 4': ("Failed", 1),
        'ColumnValues "info.city" in ["Rome", "Oslo", NULL]': ("Passed", 0),
        'ColumnLength "info.City" <= 4': ("Passed", 0),
        'ColumnValues "info.deep.x y" = "true" where "id = 1"': ("Passed", 0),
        'Sum "info.age" = 12': ("Passed", None, {"info.age:Sum": 12}),
        'IsUnique "info.age"': ("Passed", 0, {"info.age:Uniqueness": 1}),
        'IsPrimaryKey "id" "info.City"': ("Failed", 1),
        'IsUnique "INFO.AGE"': ("Passed", 0),
        'RowCount = 1 where "info.age > 6"': ("Passed", None),
        'IsComplete "info.odd"': ("Passed", 0),
        'IsComplete "info"': ("Passed", 0),
        'IsComplete "info.nope"': ("Failed", None, {}),
        'IsComplete "info.age.deeper"': ("Failed", None, {}),
        'IsComplete "list.x"': ("Failed", None, {}),
        'Mean "info.City" > 0': ("Failed", None, {}),
        'RowCount = 1 where "info.nope > 6"': ("Failed", None, {}),
        'RowCount = 1 where "other.id > 6"': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_fields_of_structs(rule: str) -> None:
    CASES.check(rule)


def test_examples_show_the_row() -> None:
    assert [row["id"] for row in CASES.results['ColumnValues "info.age" > 4'].examples] == [3]
