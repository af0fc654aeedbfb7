"""Ruleset files: lint says where they are wrong, format writes them in canonical form and loses nothing."""

import json

import pytest
from typer.testing import CliRunner

from tools.errors import AssayError
from ui.cli import rulesets
from ui.cli.main import app

MESSY = 'Rules=[IsComplete    "email",RowCount>5]'
TIDY = 'Rules = [\n    IsComplete "email",\n    RowCount > 5\n]\n'


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, content: str | None = None):
        if content is not None:
            (tmp_path / "r.dqdl").write_text(content)
        return CliRunner().invoke(app, ["rules", *arguments])

    return run


def test_lint_passes_a_good_file(call):
    result = call("lint", "r.dqdl", content=MESSY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "r.dqdl: fine\n", "")


def test_lint_points_at_every_place(call):
    result = call("lint", "r.dqdl", content='Rules = [\n  IsCompleet "email",\n  RowCount == 5\n]')
    assert (result.exit_code, result.stdout) == (2, "r.dqdl: 2 errors\n")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("r.dqdl:2:3: error: ")
    assert "Did you mean IsComplete?" in lines[0]
    assert [lines[1], lines[2].rstrip()] == ['    IsCompleet "email",', "    ^"]
    assert lines[3].startswith("r.dqdl:3:13: error: ")


def test_lint_warns_with_an_exit_code_of_its_own(call):
    result = call("lint", "r.dqdl", content='Rules = [IsComplete "a", Completeness "a" > 0.5]')
    assert (result.exit_code, result.stdout) == (1, "r.dqdl: 1 warning\n")
    assert "r.dqdl:1:26: warning: Follows from" in result.stderr


def test_lint_takes_a_rule_that_no_data_can_save_for_an_error(call):
    result = call("lint", "r.dqdl", content="Rules = [\n  RowCount > 1 / 0\n]")
    assert result.exit_code == 2
    assert "r.dqdl:2:3: error: The condition divides by zero. (unusable)" in result.output


def test_lint_speaks_json(call):
    result = call("lint", "r.dqdl", "--json", content='x = "y"\nRules = [ RowCount >= 0 ]')
    read = json.loads(result.stdout)
    assert (read["ok"], read["errors"], read["warnings"], result.exit_code) == (True, 0, 2, 1)
    places = [(found["level"], found["line"], found["column"], found["code"]) for found in read["findings"]]
    assert places == [("warning", 1, 1, "unused-constant"), ("warning", 2, 11, "always-true")]
    assert json.loads(call("lint", "r.dqdl", "--json", content="Rules").stdout)["ok"] is False


def test_what_cannot_be_read_is_said(call):
    assert isinstance(call("lint", "nowhere.dqdl").exception, AssayError)


def test_format_rewrites_once(call, tmp_path):
    assert call("format", "r.dqdl", content=MESSY).exit_code == 0
    assert (tmp_path / "r.dqdl").read_text() == TIDY
    assert "is in canonical form" in call("format", "r.dqdl").stdout


def test_format_check_changes_nothing_and_says_so_by_its_exit_code(call, tmp_path):
    assert call("format", "r.dqdl", "--check", content=MESSY).exit_code == 1
    assert (tmp_path / "r.dqdl").read_text() == MESSY
    assert call("format", "r.dqdl", "--check", content=TIDY).exit_code == 0


@pytest.mark.parametrize("comment", ["# ours", "// ours"])
def test_format_keeps_comments(call, tmp_path, comment):
    assert call("format", "r.dqdl", content=f"{comment}\n{MESSY} {comment}").exit_code == 0
    assert (tmp_path / "r.dqdl").read_text() == f"# ours\n{TIDY.rstrip()} # ours\n"


def test_a_hash_inside_a_text_is_no_comment(call, tmp_path):
    content = r'Rules = [ColumnValues "a\"b" in ["#1","//x"]]'
    assert call("format", "r.dqdl", content=content).exit_code == 0
    assert '"#1"' in (tmp_path / "r.dqdl").read_text()


def test_an_error_in_a_ruleset_names_the_file(tmp_path):
    path = tmp_path / "orders.dqdl"
    path.write_text("Rules = [")
    with pytest.raises(AssayError, match=r"orders\.dqdl: Line 1"):
        rulesets.read(path)


def test_rules_become_a_document_that_reads_back():
    from tools import dqdl
    from tools.dqdl.language.documents import document

    text = document(['IsComplete  "email"', "RowCount > 5"])
    assert text == TIDY
    assert len(dqdl.parse(text).rules) == 2
