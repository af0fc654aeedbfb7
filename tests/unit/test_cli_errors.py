"""One boundary for errors: one line, the right exit code, and a traceback only for those who ask."""

import sys

import pytest

from tools.errors import AssayError
from ui.cli import main, options


def run_with(monkeypatch, problem: BaseException, *, debug: bool = False) -> None:
    def app() -> None:
        raise problem

    monkeypatch.setattr(main, "app", app)
    if debug:
        monkeypatch.setenv("ASSAY_DEBUG", "1")
    else:
        monkeypatch.delenv("ASSAY_DEBUG", raising=False)
    main.main()


def test_an_error_for_a_person_is_one_line_with_its_hint(monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        run_with(monkeypatch, AssayError("orders.csv is [empty].\nReally.", hint="Write it again."))
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: orders.csv is [empty]. Really. Write it again.\n"


def test_a_long_error_is_still_one_line(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run_with(monkeypatch, AssayError("x " * 300))
    assert capsys.readouterr().err.count("\n") == 1


def test_a_bug_does_not_look_like_a_failed_rule(monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        run_with(monkeypatch, KeyError("who"))
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("error: KeyError: 'who'")
    assert "ASSAY_DEBUG=1" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("problem", [AssayError("x"), KeyError("x")])
def test_with_debug_the_error_itself_comes_through(monkeypatch, problem):
    with pytest.raises(type(problem)):
        run_with(monkeypatch, problem, debug=True)


def test_an_interrupted_command_says_that_it_stopped(monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        run_with(monkeypatch, SystemExit(130))
    assert end.value.code == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("code", [0, 1, 2])
def test_other_exit_codes_pass_in_silence(monkeypatch, capsys, code):
    with pytest.raises(SystemExit) as end:
        run_with(monkeypatch, SystemExit(code))
    assert end.value.code == code
    assert capsys.readouterr().err == ""


def test_an_escape_in_an_error_does_not_reach_the_terminal(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run_with(monkeypatch, AssayError("no file \x1b[2J"))
    assert "\x1b" not in capsys.readouterr().err


def test_who_acts_is_who_is_named_else_the_user(monkeypatch):
    assert options.actor(" Ann ") == "Ann"
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    assert options.actor("") == "ada"


def test_a_user_without_a_name_is_told_what_to_do(monkeypatch):
    def nobody() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(AssayError, match="--as"):
        options.actor("")


def test_where_a_report_cannot_be_written_is_known_before_the_work(tmp_path):
    assert options.writable(None) is None
    assert options.writable(tmp_path / "r.html") == tmp_path / "r.html"
    with pytest.raises(AssayError, match="is a folder"):
        options.writable(tmp_path)
    with pytest.raises(AssayError, match="no folder"):
        options.writable(tmp_path / "no" / "r.html")


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "rules.dqdl"
    path.write_bytes(b"\xff\xfe\x00R")
    with pytest.raises(AssayError, match=r"rules\.dqdl is not UTF-8"):
        options.read_text(path)
    with pytest.raises(AssayError, match="No such file"):
        options.read_text(tmp_path / "missing")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    path = tmp_path / "rules.dqdl"
    path.write_bytes(b"\xef\xbb\xbfRules = []")
    assert options.read_text(path) == "Rules = []"


def test_main_is_what_the_package_installs():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="assay")
    assert script.value == "ui.cli.main:main"
    assert script.load() is sys.modules["ui.cli.main"].main
