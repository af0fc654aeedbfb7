"""The page about DQDL tells the truth."""

import re
from pathlib import Path

from tools import dqdl
from tools.dqdl.registry import PLANNERS

PAGE = (Path(__file__).parents[2] / "docs" / "dqdl.md").read_text()


def test_the_example_is_canonical() -> None:
    for example in re.findall(r"```dqdl\n(.*?)```", PAGE, re.DOTALL):
        assert str(dqdl.parse(example)) == example


def test_the_rule_types_that_run_are_all_named() -> None:
    named = PAGE.partition("also evaluated:")[2].partition("composites")[0]
    assert set(re.findall(r"[A-Z]\w+", named)) == set(PLANNERS)
