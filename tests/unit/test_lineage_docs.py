"""The example of the documentation gives what stands below it."""

import contextlib
import io
import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "lineage.md"


def test_the_example_prints_what_is_shown() -> None:
    code, shown = re.findall(r"```(?:python|text)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[:2]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert sorted(printed.getvalue().splitlines()) == sorted(shown.splitlines())
