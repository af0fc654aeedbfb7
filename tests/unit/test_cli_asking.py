"""Deciding by keyboard: each key does what it says, an invalid edit loses nothing, leaving loses nothing."""

import re
from types import SimpleNamespace

import pytest

from graph.inbox import EVERY, EditPreview, Filter, Related, diff
from memory.model import Conflict
from tests.support.reports import decided, proposal, rule
from tools.dqdl.plans.result import RuleResult
from tools.errors import AssayError
from ui.cli import asking
from ui.cli.output import Output

DRY = RuleResult(**{**rule("RowCount > 1"), "columns": (), "reason": "There are 5 rows."})


class Desk:
    """Stands for the runs of a store: three proposals, and what is decided about them."""

    def __init__(self) -> None:
        self.made = {n: proposal(n, f"RowCount > {n}") for n in (1, 2, 3)}
        self.decisions: list[tuple] = []
        self.first: set[int] = set()
        """Rules that somebody else has decided on in the meantime."""
        self.memory = SimpleNamespace(catalog=SimpleNamespace(dataset=lambda _: SimpleNamespace(name="orders")))

    def undecided(self, run_id: str, where: Filter = EVERY) -> list:
        assert run_id == "run2345x"
        return [one for one in self.made.values() if one.decision is None and where.keeps(one, ["orders"])]

    def related(self, run_id: str) -> dict:
        return {2: [Related(7, "RowCount > 1", "stricter")]}

    def decide(self, run_id: str, decisions, actor: str):
        for one in decisions:
            self.decisions.append((one.number, one.action, one.rule or one.reason, actor))
            if one.action == "skip":
                return SimpleNamespace(conflicts=[], recorded=[], undecided=3, skipped=(one.number,))
            old = self.made[one.number]
            self.made[one.number] = proposal(one.number, old.rule, decision=decided(one.action, one.rule))
        lost = self.first & {one.number for one in decisions}
        conflicts = [Conflict(number, decided("approve", None)) for number in sorted(lost)]
        recorded = [one.number for one in decisions if one.number not in lost]
        undecided = sum(p.decision is None for p in self.made.values())
        return SimpleNamespace(conflicts=conflicts, recorded=recorded, undecided=undecided)

    def preview_edit(self, run_id: str, number: int, text: str) -> EditPreview:
        if "Row" not in text:
            raise AssayError(f"{text} is no rule.", hint="Did you mean RowCount?")
        before = self.made[number].rule
        beside = [Related(7, "RowCount > 1", "contradicts")]
        return EditPreview(number, before, text, diff(before, text), self.made[number].dry_run, DRY, beside)


@pytest.fixture
def desk() -> Desk:
    return Desk()


class Keys:
    """Stands for the keyboard: these keys are pressed and these lines typed; None is the end of the input."""

    def __init__(self, keys, lines=()) -> None:
        self.keys, self.lines = list(keys), list(lines)
        self.offered: list[str] = []
        self.forgotten = 0

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        assert self.keys == [], "keys were left over"

    def forget(self) -> None:
        self.forgotten += 1

    def key(self) -> str:
        pressed = self.keys.pop(0)
        if pressed is None:
            raise EOFError
        return pressed

    def line(self, start: str) -> str:
        self.offered.append(start)
        return self.lines.pop(0)


@pytest.fixture
def press(monkeypatch, desk):
    """Answers with these keys and lines, and gives whether all was decided and the lines offered for change."""

    def run(keys, lines: tuple[str, ...] = ()) -> tuple[bool, list[str]]:
        keyboard = Keys(keys, lines)
        monkeypatch.setattr(asking, "Keyboard", lambda: keyboard)
        done = asking.ask(Output(), desk, "run2345x", "Ann")
        assert keyboard.forgotten
        return done, keyboard.offered

    return run


def test_each_rule_is_asked_about_and_stored_at_once(desk, press, capsys):
    assert press("aaa") == (True, [])
    assert desk.decisions == [(n, "approve", None, "Ann") for n in (1, 2, 3)]
    err = capsys.readouterr().err
    assert "Rule 1" in err
    assert "1 of 3" in err
    assert "[A] approve all the rest" in err


def test_who_comes_second_is_told_and_not_lied_to(desk, press, capsys):
    desk.first = {1, 2}
    press("raa", ("mine",))
    err = capsys.readouterr().err
    assert re.search(r"Rule 1 stays as Ann decided \S.*: approve", err)
    assert "✗ rejected" not in err
    assert err.count("✓ approved") == 1


def test_a_rejection_has_a_reason(desk, press):
    assert press("raa", ("tests, not orders",))[0]
    assert desk.decisions[0] == (1, "reject", "tests, not orders", "Ann")


def test_a_rejection_without_a_reason_goes_back_to_the_keys(desk, press):
    press("rraa", ("  ", "noise"))
    assert desk.decisions[0] == (1, "reject", "noise", "Ann")


def test_an_edit_starts_from_the_rule_and_is_tried_first(desk, press, capsys):
    _, offered = press("eyaa", ("RowCount > 4",))
    assert offered == ["RowCount > 1"]
    assert desk.decisions[0] == (1, "edit", "RowCount > 4", "Ann")
    told = capsys.readouterr().err
    assert "There are 5 rows." in told
    assert "RowCount > [-1-]{+4+}" in told
    assert "Never true together with active rule 7: RowCount > 1" in told


def test_an_invalid_edit_comes_back_as_it_was_typed_with_the_error(desk, press, capsys):
    _, offered = press("eyaa", ("RwoCount > 4", "RowCount > 4"))
    assert offered == ["RowCount > 1", "RwoCount > 4"]
    assert desk.decisions[0] == (1, "edit", "RowCount > 4", "Ann")
    assert "RwoCount > 4 is no rule. Did you mean RowCount?" in capsys.readouterr().err


def test_an_edit_can_be_changed_again_or_given_up(desk, press):
    _, offered = press("eeb" + "aaa", ("RowCount > 4", "RowCount > 6"))
    assert offered == ["RowCount > 1", "RowCount > 4"]
    assert desk.decisions[0] == (1, "approve", None, "Ann")


def test_an_empty_edit_goes_back(desk, press):
    press("eaaa", ("",))
    assert desk.decisions[0] == (1, "approve", None, "Ann")


def test_all_the_rest_leaves_out_what_was_skipped(desk, press, capsys):
    assert press("sA") == (False, [])
    assert [(number, action) for number, action, *_ in desk.decisions] == [(1, "skip"), (2, "approve"), (3, "approve")]
    assert "1 rule still to decide. Go on with assay decide run2345x" in capsys.readouterr().err


def test_leaving_keeps_what_was_decided(desk, press):
    assert press("aq") == (False, [])
    assert desk.decisions == [(1, "approve", None, "Ann")]


def test_other_keys_do_nothing(desk, press):
    assert press("x\x1b7aaa")[0]


def test_the_end_of_the_input_leaves(desk, press):
    assert press([None]) == (False, [])
    assert desk.decisions == []


def test_only_undecided_rules_are_asked_about(desk, press, capsys):
    desk.made[1] = proposal(1, decision=decided("approve", "RowCount > 1"))
    assert press("aa")[0]
    assert "Rule 1" not in capsys.readouterr().err


def test_a_card_shows_what_active_rules_say_about_the_same(desk, press, capsys):
    press("aaa")
    assert "Stricter than active rule 7: RowCount > 1" in capsys.readouterr().err


def test_only_the_rules_that_are_meant_are_asked_about(desk, monkeypatch, capsys):
    monkeypatch.setattr(asking, "Keyboard", lambda: Keys("q"))
    assert not asking.ask(Output(), desk, "run2345x", "Ann", Filter(rule_types=("rowcount",), confidence=1.0))
    assert "to decide on, as Ann" not in capsys.readouterr().err


def test_what_an_edit_changes_is_told_by_word():
    told = diff('ColumnValues "a b" in ["x","y"]', 'ColumnValues "a b" in ["x","z z"] with threshold > 0.9')
    assert "".join(part for kind, part in told if kind != "added") == 'ColumnValues "a b" in ["x","y"]'
    assert "".join(part for kind, part in told if kind != "removed").endswith('"z z"] with threshold > 0.9')
    assert ("removed", '"y"') in told
    assert ("same", 'ColumnValues "a b" in ["x",') in told


@pytest.mark.parametrize(
    ("narrow", "kept"),
    [
        (Filter(), True),
        (Filter(tables=("ORDERS", "other")), True),
        (Filter(tables=("other",)), False),
        (Filter(columns=("EMAIL",)), True),
        (Filter(columns=("id",)), False),
        (Filter(rule_types=("iscomplete",), dimensions=("completeness",)), True),
        (Filter(rule_types=("iscomplete",), dimensions=("validity",)), False),
        (Filter(confidence=0.9, passing=True), True),
        (Filter(confidence=0.91), False),
    ],
)
def test_a_filter_keeps_what_fits_all_that_it_names(narrow, kept):
    given = proposal(confidence=0.9, dimension="completeness", dry_run={"outcome": "Passed"})
    assert narrow.keeps(given, ["orders", "/data/orders.csv"]) is kept


def test_passing_leaves_out_what_fails_today():
    assert not Filter(passing=True).keeps(proposal(dry_run={"outcome": "Failed"}), ["orders"])
