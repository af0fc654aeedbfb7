"""Ruleset files: lint says where they are wrong, format writes them in canonical form and loses nothing."""

import json

import pytest
from typer.testing import CliRunner

from tools.errors import AssayError
from ui.cli.data_commands import read_ruleset, ruleset
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
    assert (result.exit_code, result.stdout) == (0, "r.dqdl: 2 rules, fine\n")


def test_lint_points_at_the_place(call):
    result = call("lint", "r.dqdl", content='Rules = [\n  IsCompleet "email"\n]')
    assert result.exit_code == 2
    assert "error: r.dqdl: Line 2, column 3" in result.stderr
    assert "Did you mean IsComplete?" in result.stderr
    assert result.stderr.splitlines()[-1].strip() == "^"


def test_lint_speaks_json(call):
    result = call("lint", "r.dqdl", "--json", content='Rules = [ IsCompleet "email" ]')
    read = json.loads(result.stdout)
    assert (read["ok"], read["line"], read["column"]) == (False, 1, 11)
    assert json.loads(call("lint", "r.dqdl", "--json", content=MESSY).stdout)["ok"] is True


def test_format_rewrites_once(call, tmp_path):
    assert call("format", "r.dqdl", content=MESSY).exit_code == 0
    assert (tmp_path / "r.dqdl").read_text() == TIDY
    assert "is in canonical form" in call("format", "r.dqdl").stdout


def test_format_check_changes_nothing_and_says_so_by_its_exit_code(call, tmp_path):
    assert call("format", "r.dqdl", "--check", content=MESSY).exit_code == 1
    assert (tmp_path / "r.dqdl").read_text() == MESSY
    assert call("format", "r.dqdl", "--check", content=TIDY).exit_code == 0


@pytest.mark.parametrize("comment", ["# ours", "// ours"])
def test_format_does_not_lose_comments(call, tmp_path, comment):
    content = f"{comment}\n{MESSY}"
    result = call("format", "r.dqdl", content=content)
    assert isinstance(result.exception, AssayError)
    assert "comments" in str(result.exception)
    assert (tmp_path / "r.dqdl").read_text() == content


def test_a_hash_inside_a_text_is_no_comment(call, tmp_path):
    content = r'Rules = [ColumnValues "a\"b" in ["#1","//x"]]'
    assert call("format", "r.dqdl", content=content).exit_code == 0
    assert '"#1"' in (tmp_path / "r.dqdl").read_text()


def test_an_error_in_a_ruleset_names_the_file(tmp_path):
    path = tmp_path / "orders.dqdl"
    path.write_text("Rules = [")
    with pytest.raises(AssayError, match=r"orders\.dqdl: Line 1"):
        read_ruleset(path)


def test_rules_become_a_document_that_reads_back():
    from tools import dqdl

    text = ruleset(['IsComplete  "email"', "RowCount > 5"])
    assert text == TIDY
    assert len(dqdl.parse(text).rules) == 2
