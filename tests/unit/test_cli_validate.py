"""What `assay validate` refuses before it opens anything, each with what to do instead."""

import pyarrow as pa
import pytest

from tools import dqdl
from tools.errors import AssayError
from tools.sources import duck
from ui.cli import data_commands, main, rulesets
from ui.report import verdict

PG = "postgres://u:s3cret@h/d/t"


def refused(monkeypatch, capsys, *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["assay", "validate", "t.csv", *arguments])
    monkeypatch.setattr(data_commands, "opened", lambda out: pytest.fail("the store is not needed for that"))
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "cret" not in said
    return said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dialect", "mysql"], "--dialect says how --explain writes SQL. Add --explain"),
        (["--explain", "--html", "r.html"], "--explain only shows queries."),
        (["--explain", "--quarantine", "out"], "--explain only shows queries."),
        (
            ["--with", "customers.csv"],
            "--with customers.csv is not ALIAS=SOURCE. Write --with customers=",
        ),
        (["--with", "=customers.csv"], "is not ALIAS=SOURCE"),
        (["--with", "a="], "is not ALIAS=SOURCE"),
        (["--with", PG], "--with postgres://u@h/d/t is not ALIAS=SOURCE"),
        (["--with", f"{PG}?sslmode=x"], "is not ALIAS=SOURCE"),
        (["--with", "data/day=1/t.csv"], "is not ALIAS=SOURCE"),
        (["--with", "a=x.csv", "--with", "a=y.csv"], "--with a=… is there twice."),
        (["--with", "primary=x.csv"], "what rules call the table itself"),
    ],
)
def test_options_without_sense(monkeypatch, capsys, arguments, says):
    assert says in refused(monkeypatch, capsys, *arguments)


def test_a_misspelt_tag_is_refused_with_the_nearest_name(tmp_path, monkeypatch, capsys):
    path = tmp_path / "t.dqdl"
    path.write_text('Rules = [\n    DataFreshness "day" <= 24 hours with timZone = "Europe/Berlin"\n]')
    said = refused(monkeypatch, capsys, "--rules", str(path))
    assert "t.dqdl: Line 2, column 5: timZone is not the name of a tag. Did you mean timeZone?" in said
    path.write_text('Rules = [IsComplete "a"]')
    assert rulesets.usable(path) == path.read_text()


def test_tables_that_rules_name_and_nobody_gave(monkeypatch):
    rules = [
        'ReferentialIntegrity "a" "kept, too.a" = 1.0',
        'RowCountMatch "ref" > 0.9',
        'SchemaMatch "ref" = 1.0',
        'DatasetMatch "third" "a" = 1.0',
        'AggregateMatch "sum(a)" "sum(fourth.a)" = 1.0',
        'CustomSql "select count(*) from fifth" > 1',
        '(RowCount > 0) and (RowCountMatch "sixth" > 0.9)',
        'RowCountMatch "given" = 1.0',
        'IsComplete "nope"',
    ]
    table = pa.table({"a": [1]})
    evaluation = dqdl.evaluate(f"Rules = [{', '.join(rules)}]", {"primary": table, "given": table})
    assert verdict.not_given(evaluation.to_dict()) == ["kept, too", "ref", "third", "fourth", "fifth", "sixth"]


def test_ctrl_c_within_duckdb_is_a_ctrl_c():
    with pytest.raises(KeyboardInterrupt), duck._interrupted():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="another"), duck._interrupted():
        raise RuntimeError("another")


def test_an_alias_and_its_source():
    given = ["customers=data/day=1/c.csv", f"other_one={PG}"]
    assert rulesets.aliased(given) == {"customers": "data/day=1/c.csv", "other_one": PG}
    with pytest.raises(AssayError):
        rulesets.aliased(["a.b=c.csv"])
