"""Results go to stdout, all else to stderr; with --json stdout holds one document and nothing else."""

import json
import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from rich.table import Table

from tests.support.reports import HOSTILE, event, proposal
from ui.cli import output
from ui.cli.output import Output
from ui.cli.progress import Steps


def speak(out: Output) -> None:
    out.talk("on the way ", ("bold", "bold"))
    out.show("a result")
    out.write("Rules = []")
    out.result({"found": 1})


def test_a_person_reads_results_on_stdout_and_the_rest_on_stderr(capsys):
    speak(Output())
    shown = capsys.readouterr()
    assert shown.out == "a result\nRules = []\n"
    assert shown.err == "on the way bold\n"


def test_a_machine_reads_json_alone(capsys):
    speak(Output(as_json=True))
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"found": 1}
    assert shown.err == "on the way bold\n"


def test_json_takes_what_the_store_gives(capsys):
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    Output(as_json=True).result({"id": UUID(int=1), "at": moment, "proposal": proposal(3), "name": "größe"})
    raw = capsys.readouterr().out
    read = json.loads(raw)
    assert read["proposal"]["number"] == 3
    assert read["at"].startswith("2026-11-23")
    assert "größe" in raw


def test_nothing_is_read_as_markup_and_no_escape_gets_through(capsys):
    out = Output()
    out.talk(HOSTILE)
    out.show("[red]x[/red] :smile:")
    out.show("a\x1b]0;title\x07b\u202e")
    shown = capsys.readouterr()
    assert "[bold]<script>" in shown.err
    assert "\x1b" not in shown.err
    assert shown.out == "[red]x[/red] :smile:\na␛]0;title␇b\ufffd\n"


def test_a_file_gets_no_colours_and_no_trailing_blanks(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    table = Table("a", "b", expand=True)
    table.add_row("[red]x", "y")
    Output().show(table)
    lines = capsys.readouterr().out.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) == output.FILE_WIDTH


def test_a_sentence_in_a_file_is_one_line_however_wide_the_screen_was(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    Output().show("Written to " + "a-long-folder/" * 20)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_without_a_terminal_nobody_is_asked():
    assert not Output().interactive


def test_long_work_is_announced_and_short_work_is_not(capsys, monkeypatch):
    monkeypatch.setattr(output, "SILENT_SECONDS", 0.05)
    out = Output()
    with out.waiting("Reading orders"):
        pass
    time.sleep(0.1)
    assert capsys.readouterr().err == ""
    with out.waiting("Reading orders"):
        time.sleep(0.15)
    assert capsys.readouterr().err == "Reading orders …\n"


def test_progress_without_a_terminal_draws_no_bar(capsys):
    with Output().advancing("Reading") as advance:
        advance(0.5)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("tables", [["orders"], ["orders", "items"]])
def test_steps_name_the_table_only_where_there_are_several(capsys, tables):
    answer = {"tool": "profile_table", "status": "ok", "text": '{"summary": "5 rows."}', "id": "1"}
    with Steps(Output()) as steps:
        for table in tables:
            steps.tell(event("started", "profiler", table=table))
        steps.tell(event("tool_called", "profiler", table="orders", tool="profile_table", args={}))
        steps.tell(event("tool_returned", "profiler", table="orders", **answer))
        steps.tell(event("finished", "profiler", table="orders"))
    err = capsys.readouterr().err
    assert "profile_table: 5 rows." in err
    assert ("orders: profile_table" in err) == (len(tables) > 1)


def test_a_scan_is_told_in_a_few_lines(capsys):
    with Steps(Output()) as steps:
        steps.tell(event("started", "profiler", table="orders"))
        for share in range(101):
            steps.tell(event("progress", "profiler", table="orders", share=share / 100))
    told = capsys.readouterr().err.splitlines()
    assert 2 <= len(told) <= 5
    assert "read" in told[0]
