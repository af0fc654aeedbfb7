"""What options of `assay decide` and `assay run` mean, and which of them contradict each other."""

import pytest
import typer
from typer.testing import CliRunner

from memory.model import Decision
from ui.cli import decide_commands, ending
from ui.cli.main import app


def test_options_become_decisions():
    assert decide_commands._chosen([1, 2], [3], "noise", 4, "RowCount > 5", [7]) == [
        Decision(4, "edit", rule="RowCount > 5"),
        Decision(1, "approve"),
        Decision(2, "approve"),
        Decision(3, "reject", reason="noise"),
        Decision(7, "skip", reason="noise"),
    ]
    assert decide_commands._chosen([], [], "", None, "", []) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (([], [3], " ", None, "", []), "--reason"),
        (([], [], "", 4, "", []), "belong together"),
        (([], [], "", None, "RowCount > 5", []), "belong together"),
        (([3], [3], "noise", None, "", []), "Rule 3 is decided twice"),
        (([1, 1], [], "", None, "", []), "Rule 1 is decided twice"),
        (([4], [], "", 4, "RowCount > 5", []), "Rule 4 is decided twice"),
        (([4], [], "", None, "", [4]), "Rule 4 is decided twice"),
    ],
)
def test_contradictions_are_refused(options, problem):
    with pytest.raises(typer.BadParameter, match=problem):
        decide_commands._chosen(*options)


def test_what_is_decided_about_all_is_one_thing():
    assert decide_commands._every(True, False, False, "") == "approve"
    assert decide_commands._every(False, True, False, "noise") == "reject"
    assert decide_commands._every(False, False, True, "") == "skip"
    assert decide_commands._every(False, False, False, "") is None
    for options in ((True, True, False, "noise"), (True, False, True, ""), (False, True, False, " ")):
        with pytest.raises(typer.BadParameter):
            decide_commands._every(*options)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "x.csv", "--pause", "--approve-all"],
        ["decide", "latest", "--reject", "1"],
        ["decide", "latest", "--approve", "one"],
        ["decide", "latest", "--approve-all", "--skip-all"],
        ["decide", "latest", "--approve-all", "--confidence", "2"],
        ["rules", "disable", "3"],
        ["runs", "list", "-n", "0"],
        ["ui", "--port", "70000"],
        ["no-such-command"],
    ],
)
def test_wrong_usage_is_exit_code_2_before_anything_is_opened(arguments, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


def test_a_run_that_waits_names_the_commands_that_go_on():
    assert ending.commands("ab12") == ["assay pending", "assay decide ab12", "assay decide ab12 --approve-all"]
