"""The command line starts light, and explains itself."""

import inspect
import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from ui.cli.main import app

HEAVY = {
    "langgraph",
    "langchain_core",
    "duckdb",
    "psycopg",
    "streamlit",
    "pyarrow",
    "sqlglot",
    "lark",
    "pydantic",
    "boto3",
}
ROOT = typer.main.get_command(app)


def commands(of: typer.core.TyperGroup = ROOT, before: str = "") -> dict[str, typer.core.TyperCommand]:
    """Every command by what one types."""
    found = {}
    for name, command in of.commands.items():
        found[f"{before}{name}"] = command
        if hasattr(command, "commands"):
            found |= commands(command, f"{before}{name} ")
    return found


GROUPS = {name for name, one in commands().items() if hasattr(one, "commands")}


def test_help_imports_nothing_heavy():
    script = (
        "import sys, json\nsys.argv = ['assay', '--help']\nfrom ui.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert set(json.loads(done.stderr)) & HEAVY == set()


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_every_command_has_an_example_that_calls_it(name):
    text = inspect.cleandoc(commands()[name].help or "")
    assert f"Example: assay {name}" in text


@pytest.mark.parametrize("name", sorted(set(commands()) - GROUPS - {"api", "ui", "worker"}))
def test_every_command_that_gives_a_result_speaks_json(name):
    options = {option for parameter in commands()[name].params for option in parameter.opts}
    assert "--json" in options


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_help_page_can_be_shown(name, capsys):
    assert ROOT.main([*name.split(), "--help"], prog_name="assay", standalone_mode=False) in (0, None)
    assert "Example" in capsys.readouterr().out


def test_the_names_that_others_rely_on_are_there():
    relied_upon = {"run", "pending", "decide", "resume", "cancel", "profile", "recommend", "validate", "ui", "worker"}
    relied_upon |= {f"rules {name}" for name in ("list", "show", "export", "import", "disable", "lint", "format")}
    assert relied_upon <= set(commands())


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    result = CliRunner().invoke(app, ["--version"])
    assert result.output == f"assay {version('assay')}\n"


def test_no_arguments_show_the_help():
    result = CliRunner().invoke(app, [])
    assert "Usage" in result.output
