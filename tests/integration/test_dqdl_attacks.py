"""SQL of strangers at both doors: the guard of rules, and the sealed engine behind it."""

import contextlib

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from tests.support.attacks import CONDITIONS, CONFIGURATION, SELECTS, STATEMENTS, spelled
from tools import dqdl, sources
from tools.dqdl.rules.guard import GuardError, guard_select, guard_where
from tools.sources import SourceError
from tools.sources.duck import engine
from tools.sources.duck_seal import FileView, sealed
from tools.sources.readers import read_files

CANARY = "hidden-canary"
DIALECTS = ["duckdb", "postgres", "mysql", "spark"]
ALL_SELECTS = [text for texts in SELECTS.values() for text in texts]
OF_FILES = [*SELECTS["reads a file, DuckDB"], "select * from duckdb_secrets()", "select * from 'SECRET' limit 1"]


@pytest.fixture
def folder(tmp_path):
    """A table and, beside it, a file that is none of the rule's business."""
    (tmp_path / "orders.csv").write_text("a,b,c\n1,x,2024-01-01\n2,y,2024-01-02\n")
    (tmp_path / "secret.csv").write_text(f"a,b\n1,{CANARY}\n")
    return tmp_path


def refusal(text, dialect):
    """What the guard says, or "" when it lets the statement pass."""
    try:
        guard_select(spelled(text), dialect=dialect, tables=["primary", "ref"])
    except GuardError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_statement_passes_the_guard(dialect):
    said = {text[:200]: refusal(text, dialect) for text in [*ALL_SELECTS, *STATEMENTS]}
    assert [text for text, error in said.items() if not 0 < len(error) < 1000] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_condition_passes_the_guard(dialect):
    passed = {}
    for text in CONDITIONS:
        with contextlib.suppress(GuardError):
            passed[text] = guard_where(spelled(text), dialect=dialect)
    # What may pass names columns of the table only; the engine will not find one that is not there.
    harmless = {exp.EQ, exp.Column, exp.Identifier, exp.Literal}
    assert [text for text in passed if not text.startswith("OTHER.a")] == []
    assert [text for text, found in passed.items() if not {type(node) for node in found.walk()} <= harmless] == []


def test_a_rule_that_attacks_is_an_error_and_the_others_are_evaluated(folder):
    names = {"SECRET": str(folder / "secret.csv"), "FOLDER": str(folder)}
    before = sorted(path.name for path in folder.iterdir())
    with sources.open(folder / "orders.csv") as table, sources.open(folder / "secret.csv") as other:
        names["OTHER"] = other.relation().name
        texts = [spelled(text, **names) for text in [*ALL_SELECTS, *STATEMENTS] if text.isprintable()]
        rules = [f"CustomSql {dqdl.quote(text)} > 0" for text in texts if len(text) < 5000]
        answer = dqdl.evaluate(f"Rules = [RowCount = 2, {', '.join(rules)}]", {"primary": table})
    assert answer.rules[0].outcome == "Passed"
    assert [rule.rule for rule in answer.rules[1:] if rule.outcome != "Error"] == []
    assert CANARY not in str(answer)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_filter_that_attacks_is_an_error(folder):
    with sources.open(folder / "orders.csv") as table, sources.open(folder / "secret.csv") as other:
        names = {"SECRET": str(folder / "secret.csv"), "OTHER": other.relation().name}
        texts = [spelled(text, **names) for text in CONDITIONS if text.isprintable() and 0 < len(text) < 5000]
        rules = [f'IsComplete "a" where {dqdl.quote(text)}' for text in texts]
        answer = dqdl.evaluate(f"Rules = [RowCount = 2, {', '.join(rules)}]", {"primary": table})
    assert answer.rules[0].outcome == "Passed"
    left = [rule for rule in answer.rules[1:] if rule.outcome != "Error"]
    # The column of another table is a column that this one does not have.
    assert [(rule.outcome, "no column" in rule.reason) for rule in left] == [("Failed", True)]


def test_the_sealed_instance_itself_refuses_files_and_settings(folder):
    path = str(folder / "orders.csv")
    names = {"SECRET": str(folder / "secret.csv"), "FOLDER": str(folder), "OTHER": "x"}
    instance = sealed({"primary": FileView(read_files("read_csv", [path], {}), [path])})
    for text in [*OF_FILES, *CONFIGURATION]:
        assert instance.execute('select count(*) from "primary"').fetchall() == [(2,)]
        with pytest.raises(duckdb.Error) as caught:
            instance.cursor().execute(spelled(text, **names)).fetchall()
        assert CANARY not in str(caught.value), text
        assert sorted(found.name for found in folder.iterdir()) == ["orders.csv", "secret.csv"], text


@pytest.mark.parametrize("text", OF_FILES)
def test_queries_that_jumped_over_the_guard_find_no_file(folder, text):
    try:
        tree = sqlglot.parse_one(spelled(text, SECRET=str(folder / "secret.csv"), FOLDER=str(folder)), read="duckdb")
    except sqlglot.errors.SqlglotError:
        return
    if not isinstance(tree, exp.Query):
        pytest.skip("no query")
    with sources.open(folder / "orders.csv") as table:
        for name in tree.find_all(exp.Table):
            if name.name == "primary":
                name.replace(table.relation())
        for ask in (table.query, lambda select: list(table.stream(select))):
            with pytest.raises(SourceError) as caught:
                ask(tree.copy())
            assert CANARY not in str(caught.value)


def test_a_query_reaches_no_open_table_that_it_does_not_name(folder):
    with sources.open(folder / "orders.csv") as table, sources.open(folder / "secret.csv") as other:
        hidden = exp.select("*").from_(
            exp.Table(this=exp.Anonymous(this="query_table", expressions=[exp.Literal.string(other.relation().name)]))
        )
        for query in (hidden, hidden.join(table.relation(), join_type="cross")):
            with pytest.raises(SourceError):
                table.query(query)


def test_tables_opened_at_different_times_join(folder):
    glob = folder / "part[1]'s *.csv"
    glob.write_text("a,n\n1,one\n")
    (folder / "more").mkdir()
    for number in (1, 2):
        (folder / "more" / f"{number}.csv").write_text(f"a,m\n{number},{number}0\n")
    memory = pa.table({"a": [1, 2], "k": ["p", "q"]})
    with sources.open(folder / "orders.csv") as first:
        assert first.query(exp.select(exp.Count(this=exp.Star())).from_(first.relation())).num_rows == 1
        with sources.open(glob) as odd, sources.open(folder / "more" / "*.csv") as more, sources.open(memory) as arrow:
            tables = {"primary": first, "odd": odd, "more": more, "arrow": arrow}
            joined = "join odd on odd.a = p.a join more on more.a = p.a join arrow r on r.a = p.a"
            answer = dqdl.evaluate(f'Rules = [CustomSql "select count(*) from primary p {joined}" = 1]', tables)
    assert [rule.reason for rule in answer.rules if rule.outcome != "Passed"] == []


def test_a_table_that_is_closed_is_gone_from_the_engine(folder):
    with sources.open(folder / "orders.csv") as table:
        relation = table.relation()
        table.query(exp.select("*").from_(relation))
    with pytest.raises(duckdb.Error):
        engine().run(exp.select("*").from_(relation.copy()))


def test_a_sealed_instance_is_locked_and_keeps_a_folder_of_its_own_to_spill_to():
    instance = sealed({})
    found = instance.execute(
        "select current_setting('lock_configuration'), current_setting('enable_external_access'), "
        "current_setting('temp_directory'), current_setting('TimeZone')"
    ).fetchone()
    assert (found[0], found[1], found[3]) == (True, False, "UTC")
    assert "assay-duckdb-" in found[2]


def test_a_value_that_outgrows_the_file_is_refused_but_ordinary_texts_are_not():
    fine = "concat(a, '-', b, '-', c), regexp_replace(b, '[^0-9]', ''), replace(b, ' ', '&nbsp;')"
    assert guard_select(f"select {fine} from primary", dialect="duckdb", tables=["primary"])
    with pytest.raises(GuardError, match="too long"):
        guard_select("select replace(b, 'x', '" + "y" * 2000 + "') from primary", dialect="duckdb", tables=["primary"])
