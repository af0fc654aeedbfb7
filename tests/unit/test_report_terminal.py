"""The terminal's report: what failed comes first, with numbers and an example; no value is read as markup."""

from graph.runs import TableReport
from tests.support.reports import HOSTILE, evaluation, order, orders_report, rendered, rule
from ui.report import terminal, verdict


def test_the_headline_counts_rows_and_outcomes():
    shown = rendered(terminal.table_report(orders_report()))
    assert "/data/orders.csv" in shown
    assert "1,000 rows, 6 rules: 3 passed, 2 failed, 1 could not be evaluated" in shown


def test_errors_come_first_then_failures_by_their_rows_then_the_rest():
    outcomes = [(r["outcome"], r["failed_rows"]) for r in verdict.sorted_rules(orders_report().evaluation)]
    assert outcomes[:3] == [("Error", 0), ("Failed", 12), ("Failed", 7)]
    assert {outcome for outcome, _ in outcomes[3:]} == {"Passed"}


def test_a_failed_rule_shows_metric_bound_rows_and_an_example():
    shown = rendered(terminal.table_report(orders_report()))
    assert '✗ IsComplete "email"' in shown
    assert "12 rows" in shown
    assert "all have to be" in shown
    assert "Column.email.Completeness = 0.988" in shown
    lines = shown.splitlines()
    header = next(i for i, line in enumerate(lines) if "order_id" in line and "email" in line)
    assert "NULL" in lines[header + 1]
    assert "ORD-1" in lines[header + 1]


def test_a_blank_at_the_end_of_a_value_can_be_seen():
    assert '"shipped "' in rendered(terminal.table_report(orders_report()))


def test_a_vacuous_pass_says_so():
    assert "nothing to check" in rendered(terminal.table_report(orders_report()))


def test_scores_are_listed_by_dimension_and_in_total():
    lines = rendered(terminal.table_report(orders_report())).splitlines()
    scores = [line.split()[0] for line in lines if terminal.text.BAR_FULL in line]
    assert scores == ["completeness", "uniqueness", "validity", "total"]
    assert "99.4 of 100" in lines[-1]


def test_without_a_score_the_report_says_so():
    assert "No score" in rendered(terminal.scores({}, None))


def test_markup_and_escapes_in_data_are_shown_as_text():
    failing = rule(
        f'ColumnValues "{HOSTILE}" > 0',
        "Failed",
        columns=["status"],
        reason=HOSTILE,
        failed_rows=1,
        examples=[order(status=HOSTILE, **{HOSTILE: 1})],
    )
    shown = rendered(terminal.table_report(TableReport(HOSTILE, evaluation(failing), 0.5, {HOSTILE: 0.5})), width=300)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]<script>" in shown


def test_a_narrow_terminal_loses_no_rule():
    shown = "".join(rendered(terminal.table_report(orders_report()), width=60).split())
    for word in ("IsComplete", "cancelled", "nowhere", "RowCount"):
        assert word in shown


def test_example_columns_are_those_of_the_rule_and_the_first_others():
    row = order(extra=1)
    assert verdict.example_columns([row], ["ZIP"]) == ["order_id", "customer_id", "email", "status", "zip"]
    assert verdict.example_columns([], ["zip"]) == []
    many = {f"c{i}": i for i in range(9)}
    assert verdict.example_columns([many], list(many)) == list(many)


def test_exit_codes_put_errors_above_failures():
    good, bad, broken = rule("RowCount > 0"), rule("RowCount > 5", "Failed"), rule("RowCount > 6", "Error")
    assert verdict.exit_code([evaluation(good)]) == 0
    assert verdict.exit_code([evaluation(good, bad)]) == 1
    assert verdict.exit_code([evaluation(bad), evaluation(broken)]) == 2
    assert verdict.exit_code([]) == 0


def test_analyzers_are_counted_and_those_that_could_not_be_are_named():
    plain = orders_report()
    assert "statistic" not in rendered(terminal.table_report(plain))
    found = {**plain.evaluation, "statistics": {"Column.a.Mean": 1.0}, "problems": [f'Mean "{HOSTILE}": no column']}
    shown = rendered(terminal.table_report(TableReport(plain.name, found, plain.total, plain.dimensions)))
    assert "1 statistic kept" in shown
    assert "! Mean" in shown
    assert "no column" in shown
