"""The installed command, process by process, on one store: the main job, its pauses, exit codes, and bad input."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.browser import free_port
from tests.support.runs import write_orders
from tests.support.terminals import ASSAY, SECONDS, Done, Terminal, command, environment, obey_interrupts
from tools import dqdl

Call = Callable[..., Done]


@pytest.fixture
def call(home: Path, tmp_path: Path) -> Call:
    """Runs a command in an empty folder."""

    def run(*arguments: str, **env: str) -> Done:
        return command(home, tmp_path, *arguments, **env)

    return run


def rules_of(ruleset: str) -> set[str]:
    return {str(rule) for rule in dqdl.parse(ruleset).rules}


def orders(folder: Path, name: str) -> str:
    """A table of its own for a test: no other test decides about it."""
    return Path(write_orders(folder, f"{name}.csv", rows=4)).name


def test_a_run_pauses_is_decided_elsewhere_and_ends_with_a_report(call, tmp_path):
    source = orders(tmp_path, "paused")
    started = call("run", source, "--pause", "--json", "--as", "Ann")
    report = json.loads(started.stdout)
    assert started.returncode == 0
    assert (report["status"], report["exit_code"]) == ("waiting", 0)
    assert "profile_table" in started.stderr
    run, numbers = report["run"], [p["number"] for p in report["proposals"]]
    assert f"assay decide {run} --approve-all" in report["next"]

    listed = call("pending")
    assert run in listed.stdout
    assert "IsPrimaryKey" in listed.stdout

    unclear = call("decide", run)
    assert unclear.returncode == 2
    assert unclear.stderr.startswith("error: What do you decide?")
    invalid = call("decide", run, "--edit", "1", "--rule", "RowCnt > 1")
    assert invalid.returncode == 2
    assert "Did you mean RowCount?" in invalid.stderr
    first = call("decide", run[:5], "--reject", "2", "--reason", "says nothing", "--as", "Bob")
    assert first.returncode == 0
    assert f"{len(numbers) - 1} rules still to decide" in first.stderr

    page = tmp_path / "report.html"
    last = call("decide", "latest", "--edit", "1", "--rule", "RowCount > 100", "--approve-all", "--html", str(page))
    assert last.returncode == 1, "20 rows are not more than 100"
    assert "✗ RowCount > 100" in last.stdout
    assert "RowCount &gt; 100" in page.read_text()

    shown = call("runs", "show", run).stdout
    assert "rejected by Bob: says nothing" in shown
    assert "edited by" in shown
    done = json.loads(call("runs", "show", run, "--json").stdout)
    rejected = next(p for p in done["proposals"] if p["number"] == 2)
    assert rejected["rule"] not in [rule["rule"] for rule in done["tables"][0]["evaluation"]["rules"]]
    again = call("decide", run, "--approve", "1")
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1


def test_approving_all_at_once_ends_with_the_verdict_of_the_rules(call, tmp_path):
    source = orders(tmp_path, "at_once")
    done = call("run", source, "--approve-all", "--json")
    report = json.loads(done.stdout)
    failed = [r for r in report["tables"][0]["evaluation"]["rules"] if r["outcome"] == "Failed"]
    assert done.returncode == report["exit_code"] == (1 if failed else 0)
    assert all(p["decision"]["action"] == "approve" for p in report["proposals"])
    second = call("run", source, "--json")
    assert json.loads(second.stdout)["proposals"] == []
    assert second.returncode == done.returncode


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ('IsComplete "id", RowCount = 20', 0),
        ('IsComplete "id", IsComplete "email"', 1),
        ('IsComplete "email", CustomSql "select count(*) from nowhere" = 0', 2),
        ('IsComplete "email", IsCompleet "id"', 2),
    ],
)
def test_validate_tells_ci_by_its_exit_code(call, tmp_path, rules, code):
    source = orders(tmp_path, "for_ci")
    (tmp_path / "rules.dqdl").write_text(f"Rules = [{rules}]")
    assert call("validate", source, "--rules", "rules.dqdl").returncode == code


def test_validate_explains_its_queries_without_running_them(call, tmp_path):
    source = orders(tmp_path, "explained")
    (tmp_path / "rules.dqdl").write_text('Rules = [RowCount > 9, IsComplete "id", IsUnique "id"]')
    text = call("validate", source, "--rules", "rules.dqdl", "--explain")
    assert text.returncode == 0
    assert text.stdout.startswith("2 queries for 3 rules, 1 more only where the data makes it necessary.\n")
    assert '-- 1. One scan of all rows\n--     1  RowCount > 9\n--     2  IsComplete "id"\nSELECT' in text.stdout
    assert '-- 2. Groups of id: how often each value occurs\n--     3  IsUnique "id"\nSELECT' in text.stdout
    done = call("validate", source, "--rules", "rules.dqdl", "--explain", "--dialect", "redshift", "--json")
    plan = json.loads(done.stdout)
    assert (plan["dialect"], [query["rules"] for query in plan["queries"]][:2]) == ("redshift", [[1, 2], [3]])
    assert call("validate", source, "--rules", "rules.dqdl", "--dialect", "oracle").returncode == 2


def test_composites_are_judged_on_the_table_or_in_each_row(call, tmp_path):
    (tmp_path / "pairs.csv").write_text("a,b\n1,\n,2\n")
    (tmp_path / "rules.dqdl").write_text('Rules = [(IsComplete "a") or (IsComplete "b")]')
    codes = [
        call("validate", "pairs.csv", "--rules", "rules.dqdl", "--composite", how).returncode
        for how in ("dataset", "row", "column")
    ]
    assert codes == [1, 0, 2]


def test_validate_reports_to_people_machines_and_as_a_page(call, tmp_path):
    source = orders(tmp_path, "reported")
    (tmp_path / "rules.dqdl").write_text('Rules = [IsComplete "email"]')
    done = call("validate", source, "--rules", "rules.dqdl", "--html", "r.html", "--json")
    report = json.loads(done.stdout)
    assert report["evaluation"]["rules"][0]["failed_rows"] == 4
    assert 0 < report["total"] < 1
    assert "IsComplete" in (tmp_path / "r.html").read_text()
    assert "4 rows" in call("validate", source, "--rules", "rules.dqdl").stdout


def test_a_profile_is_not_made_twice(call, tmp_path):
    source = orders(tmp_path, "profiled")
    first, second = call("profile", source), call("profile", source)
    assert "known, not scanned again" not in " ".join(first.stdout.split())
    assert "known, not scanned again" in " ".join(second.stdout.split())
    for column in ("id", "email", "status", "amount"):
        assert column in second.stdout


def test_recommended_rules_can_be_written_imported_and_exported(call, tmp_path):
    source = orders(tmp_path, "travelling")
    assert call("recommend", source, "--out", "a.dqdl").returncode == 0
    assert call("rules", "format", "a.dqdl", "--check").returncode == 0
    taken = call("rules", "import", "a.dqdl", source, "--as", "Ann", "--json")
    assert {rule["approved_by"] for rule in json.loads(taken.stdout)} == {"Ann"}
    assert call("rules", "export", "travelling", "--out", "b.dqdl").returncode == 0
    exported = (tmp_path / "b.dqdl").read_text()
    assert rules_of(exported) == rules_of((tmp_path / "a.dqdl").read_text())
    assert call("rules", "export", "travelling").stdout == exported

    number = str(json.loads(taken.stdout)[0]["number"])
    assert call("rules", "disable", number, "--reason", "no longer true").returncode == 0
    assert "no longer true" in call("rules", "show", number).stdout
    assert len(json.loads(call("rules", "list", "travelling", "--json").stdout)) == len(json.loads(taken.stdout)) - 1


def test_rules_for_a_column_that_is_not_there_are_not_imported(call, tmp_path):
    source = orders(tmp_path, "strict")
    (tmp_path / "rules.dqdl").write_text('Rules = [RowCount > 1, IsComplete "mail"]')
    done = call("rules", "import", "rules.dqdl", source)
    assert done.returncode == 2
    assert "has no column 'mail'" in done.stderr
    assert json.loads(call("rules", "list", "strict", "--json").stdout) == []


def test_a_path_means_that_file_whatever_has_its_name(call, tmp_path):
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        write_orders(tmp_path / folder, "sales.csv", rows=4)
    for number, folder in enumerate(("north", "south"), start=1):
        (tmp_path / "rules.dqdl").write_text(f"Rules = [RowCount > {number}]")
        assert call("rules", "import", "rules.dqdl", f"{folder}/sales.csv").returncode == 0
    assert rules_of(call("rules", "export", "north/sales.csv").stdout) == {"RowCount > 1"}
    assert rules_of(call("rules", "export", str(tmp_path / "south" / "sales.csv")).stdout) == {"RowCount > 2"}
    either = call("rules", "export", "sales")
    assert either.returncode == 2
    assert "may be any of 2 datasets" in either.stderr
    partly = call("rules", "import", "rules.dqdl", "ales.csv")
    assert partly.returncode == 2
    assert "no dataset 'ales.csv'" in partly.stderr


def test_constants_and_default_labels_come_along_with_an_imported_rule(call, tmp_path):
    source = orders(tmp_path, "labelled")
    (tmp_path / "rules.dqdl").write_text(
        'KNOWN = ["new", "paid"]\nDefaultLabels = [ "team" = "sales" ]\nRules = [ ColumnValues "status" in $KNOWN ]'
    )
    taken = call("rules", "import", "rules.dqdl", source, "--json")
    assert taken.returncode == 0, taken.stderr
    (rule,) = json.loads(taken.stdout)
    assert '["new", "paid"]' in rule["rule_expression"]
    assert "$" not in rule["rule_expression"]
    assert '"team"' in rule["rule_expression"]


BAD_FILES = {
    "empty.csv": (b"", "empty"),
    "ragged.csv": (b"a,b\n1,2\n3\n4,5,6\n", "line 3"),
    "latin.csv": (b"name\nJos\xe9\nM\xfcller\n", "UTF-8"),
    "twice.csv": (b"a,A,b\n1,2,3\n", "Rename"),
    "blank.csv": (b"\n\n", "no columns"),
    "binary.csv": (bytes(range(256)) * 20, "binary"),
    "broken.parquet": (b"PAR1 and nothing more", "broken.parquet"),
}


def test_each_bad_source_is_one_line_that_says_what_to_do(call, tmp_path):
    for name, (content, _) in BAD_FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    expected = {name: words for name, (_, words) in BAD_FILES.items()}
    expected |= {"missing.csv": "does not exist", "folder": "no data file", "ftp://host/x.csv": "ftp://"}
    good = orders(tmp_path, "among_bad")
    done = call("profile", *expected, good, "--json")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2
    assert len(errors) == len(expected)
    for (name, words), line in zip(expected.items(), errors, strict=True):
        assert words in line, name
    assert [Path(one["dataset"]).name for one in json.loads(done.stdout)] == [good]


def test_odd_but_good_sources_are_read(call, tmp_path):
    (tmp_path / "header.csv").write_text("a,b\n")
    (tmp_path / "wide.csv").write_text("\n".join(",".join(f"{c}{i}" for i in range(1000)) for c in "cvw"))
    (tmp_path / "names.csv").write_text('"a b","x.y","q""q",größe,select,"[red]"\n1,2,3,4,5,6\n7,8,9,10,11,12\n')
    done = call("profile", "header.csv", "wide.csv", "names.csv", "--json")
    assert done.returncode == 0
    header, wide, names = json.loads(done.stdout)
    assert header["profile"]["rows"] == 0
    assert len(wide["profile"]["columns"]) == 1000
    assert [c["name"] for c in names["profile"]["columns"]] == ["a b", "x.y", 'q"q', "größe", "select", "[red]"]
    shown = call("profile", "names.csv").stdout
    assert "[red]" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "missing.csv"), "does not exist"),
        (("run", "good.csv", "--model", "bedrock"), "No AWS credentials"),
        (("run", "good.csv", "--model", "nonsense"), "names no model"),
        (("validate", "good.csv"), "has no active rules"),
        (("validate", "good.csv", "--rules", "bad.dqdl"), "bad.dqdl: Line 1, column 11"),
        (("validate", "good.csv", "--rules", "none.dqdl"), "No such file"),
        (("validate", "good.csv", "--html", "no/folder/r.html"), "no folder"),
        (("decide", "zzzzz", "--approve", "1"), "no run 'zzzzz'"),
        (("rules", "export", "unheard_of"), "no dataset 'unheard_of'"),
    ],
)
def test_bad_requests_are_one_line_too(call, tmp_path, arguments, words):
    write_orders(tmp_path, "good.csv")
    (tmp_path / "bad.dqdl").write_text('Rules = [ IsCompleet "id" ]')
    done = call(*arguments, AWS_CONFIG_FILE="none", AWS_SHARED_CREDENTIALS_FILE="none")
    errors = [line for line in done.stderr.splitlines() if not line.endswith("…")]
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert words in errors[0]


def test_a_store_that_cannot_be_reached_is_one_line_without_the_password(call):
    done = call("runs", ASSAY_DATABASE_URL="postgresql://ann:geheim@127.0.0.1:1/assay")
    assert done.returncode == 2
    assert "geheim" not in done.stderr
    assert "ASSAY_DATABASE_URL" in done.stderr


def test_a_person_decides_at_the_keyboard(home, tmp_path):
    source = orders(tmp_path, "by_hand")
    with Terminal("run", source, "--as", "Ann", env=environment(home), cwd=tmp_path) as terminal:
        decide_by_keyboard(terminal)
        assert terminal.end() in (0, 1)
    assert "RowCount > 3" in terminal.text
    assert "\x1b[32m" in terminal.raw, "a terminal has colours"


def decide_by_keyboard(terminal: Terminal) -> None:
    """Edits the first rule at the second attempt, rejects the second, approves the others."""
    terminal.expect("Nothing becomes active without you.")
    terminal.expect("[q] leave")
    terminal.press("e")
    terminal.expect("> ")
    terminal.press("\x15RowCnt > 3\r")
    terminal.expect("Did you mean RowCount?")
    terminal.expect("RowCnt > 3")
    terminal.press("\x15RowCount > 3\r")
    terminal.expect("[y] use it")
    terminal.press("y")
    terminal.expect("edited and approved")
    terminal.expect("[q] leave")
    terminal.press("r")
    terminal.expect("> ")
    terminal.press("says nothing\r")
    terminal.expect("rejected")
    terminal.expect("[q] leave")
    terminal.press("A")
    terminal.expect("of 100")


def test_leaving_in_the_middle_loses_nothing_and_no_color_is_respected(home, call, tmp_path):
    source = orders(tmp_path, "left")
    with Terminal("run", source, env=environment(home, NO_COLOR="1"), cwd=tmp_path) as terminal:
        terminal.expect("[q] leave")
        terminal.press("a")
        terminal.expect("[q] leave")
        terminal.press("\x03")
        assert terminal.end() == 130
    assert "Stopped." in terminal.text
    assert "\x1b[3" not in terminal.raw
    run = json.loads(call("runs", "show", "latest", "--json").stdout)
    assert run["status"] == "waiting"
    assert [p["number"] for p in run["proposals"] if p["decision"]] == [1]
    assert call("cancel", run["run"]).stdout == f"Run {run['run']} is cancelled.\n"


def test_ctrl_c_stops_after_the_step_in_hand_and_the_run_goes_on_later(home, call, tmp_path):
    source = Path(write_orders(tmp_path, "interrupted.csv", rows=60_000)).name
    obey_interrupts()
    process = subprocess.Popen(
        [ASSAY, "run", source, "--pause"],
        env=environment(home),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    told = ""
    while "profiler: interrupted" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    process.send_signal(signal.SIGINT)
    told += process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert "assay resume" in told
    assert json.loads(call("runs", "show", "latest", "--json").stdout)["status"] == "queued"
    done = call("resume", "latest", "--json")
    assert json.loads(done.stdout)["status"] == "waiting"
    assert done.returncode == 0


def test_a_worker_goes_on_with_what_was_decided_and_stops_when_told(home, call, tmp_path):
    source = orders(tmp_path, "by_worker")
    run = json.loads(call("run", source, "--pause", "--json").stdout)["run"]
    assert call("decide", run, "--approve-all", "--no-continue").returncode == 0
    port = free_port()
    line = [ASSAY, "worker", "--health-port", str(port)]
    worker = subprocess.Popen(line, env=environment(home), stderr=subprocess.PIPE, text=True)
    try:
        assert json.loads(call("resume", run, "--json").stdout)["status"] == "done"
        assert call("health", f"http://127.0.0.1:{port}/ready").returncode == 0
    finally:
        worker.send_signal(signal.SIGTERM)
        told = worker.communicate(timeout=SECONDS)[1]
    assert worker.returncode == 0
    assert told.endswith("Stopped.\n")


def test_rules_may_compare_with_other_tables(call: Call, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,customer\n1,a\n2,b\n3,z\n")
    (tmp_path / "people.csv").write_text("name\na\nb\n")
    (tmp_path / "keys.dqdl").write_text('Rules = [ ReferentialIntegrity "customer" "people.name" = 1.0 ]')
    known = call("validate", "orders.csv", "--rules", "keys.dqdl", "--with", "people=people.csv")
    assert known.returncode == 1
    assert "1 of 3 rows" in known.stdout
    wrong = call("validate", "orders.csv", "--rules", "keys.dqdl", "--with", "people")
    assert wrong.returncode == 2
    assert "--with customers=customers.csv" in wrong.stderr
