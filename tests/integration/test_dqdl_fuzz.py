"""Generated rulesets print and read back the same; damaged ones give an error and never a crash, in bounded time."""

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.language import model
from tools.dqdl.language.layout import formatted
from tools.dqdl.language.signatures import SIGNATURES

raw = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters='"\\$'), min_size=1, max_size=8)
escaped = st.lists(st.one_of(raw, st.sampled_from(['\\"', "\\\\", "\\d"])), min_size=1, max_size=3).map("".join)
texts = escaped.map(lambda value: model.Text(f"x{value}"))
small = st.integers(0, 10**6)
numbers = st.decimals(-(10**40), 10**40, places=5).map(model.Number) | small.map(lambda n: model.Number(Decimal(n)))
null = st.just(model.Keyword("NULL"))
durations = st.builds(model.Duration, small, st.sampled_from(["days", "hours", "minutes"]))
sizes = st.builds(model.Size, small, st.sampled_from(["B", "KB", "MB", "GB", "TB"]))
now = st.just(model.Now()) | st.builds(model.Now, st.sampled_from("+-"), durations)
days = st.dates().map(lambda found: model.Date(found.isoformat()))
times = st.times().map(lambda found: model.TimeOfDay(f"{found:%H:%M}"))
moments = st.one_of(now, days, times, st.just(model.TimeOfDay("9:30 PM")))
names = st.sampled_from(["avg", "last", "now", "index", "x.y_1", "1a"])
formulas = st.recursive(
    numbers | null,
    lambda inner: st.one_of(
        st.builds(model.Call, names, st.lists(inner, max_size=3).map(tuple)),
        st.builds(
            model.Arithmetic,
            inner,
            st.lists(st.tuples(st.sampled_from("+-*/"), inner), min_size=1, max_size=3).map(tuple),
        ),
    ),
    max_leaves=6,
)


def conditions(operand: st.SearchStrategy[model.Operand]) -> st.SearchStrategy[model.Condition]:
    operators = st.sampled_from([">", ">=", "<", "<=", "=", "!="])
    return st.one_of(
        st.builds(model.Compare, operators, operand),
        st.builds(model.Between, operand, operand, st.booleans()),
        st.builds(model.Member, st.lists(operand, min_size=1, max_size=3).map(tuple), st.booleans()),
    )


words = texts | st.sampled_from([model.Keyword("EMPTY"), model.Keyword("WHITESPACES_ONLY")])
KINDS = {
    "number": conditions(formulas),
    "text": st.one_of(
        st.builds(model.Compare, st.sampled_from(["=", "!="]), words),
        st.builds(
            lambda word, others, negated: model.Member((word, *others), negated),
            words,
            st.lists(words | null, max_size=3),
            st.booleans(),
        ),
        st.builds(model.Matches, texts, st.booleans()),
    ),
    "date": conditions(moments),
    "duration": conditions(durations),
    "size": conditions(sizes),
}
pairs = st.dictionaries(texts.map(lambda text: text.raw), st.just("") | raw, max_size=3).map(lambda d: tuple(d.items()))
tags = st.lists(
    st.builds(
        model.Tag,
        st.sampled_from(["ignoreCase", "format", "anything"]),
        st.builds(model.Compare, st.just("="), texts | numbers),
    ),
    max_size=2,
)


@st.composite
def rules(draw: st.DrawFn) -> model.Rule:
    name = draw(st.sampled_from([name for name, form in SIGNATURES.items() if form.rule]))
    form = SIGNATURES[name]
    parameters = draw(st.lists(texts, min_size=form.least, max_size=min(form.most, form.least + 2)))
    needed = form.kinds and len(parameters) < form.plain_from
    condition = draw(KINDS[draw(st.sampled_from(form.kinds))]) if needed else None
    where = draw(st.none() | texts) if form.where else None
    found = draw(tags)
    if form.threshold and draw(st.booleans()):
        found.append(model.Tag("threshold", draw(KINDS["number"])))
    return model.Rule(name, tuple(parameters), condition, where, draw(pairs), tuple(found))


def joined(inner: st.SearchStrategy[model.TopRule]) -> st.SearchStrategy[model.TopRule]:
    return st.builds(
        lambda operator, members, labels: model.Composite(operator, flat(operator, members), labels),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3),
        pairs,
    )


def flat(operator: str, members: list[model.TopRule]) -> tuple[model.TopRule, ...]:
    """Chains of one operator are flat in a tree."""
    found: list[model.TopRule] = []
    for member in members:
        if isinstance(member, model.Composite) and member.operator == operator and not member.labels:
            found += member.rules
        else:
            found.append(member)
    return tuple(found)


composites = st.recursive(rules(), joined, max_leaves=4)
analyzers = st.builds(model.Analyzer, st.sampled_from(["Mean", "Completeness"]), texts.map(lambda text: (text,)))
constants = st.dictionaries(
    st.sampled_from(["a", "b.c", "1d"]),
    texts | st.lists(words | null, min_size=1, max_size=3).map(tuple),
    max_size=3,
).map(lambda found: tuple(model.Constant(name, value) for name, value in found.items()))
rulesets = st.builds(
    model.Ruleset,
    st.lists(composites, min_size=1, max_size=3).map(tuple),
    st.lists(analyzers, max_size=2).map(tuple),
    constants,
    pairs,
    st.none() | st.builds(model.DataSources, raw, st.lists(raw, max_size=2).map(tuple)),
    st.none() | raw,
)


@given(rulesets)
def test_a_tree_prints_as_a_text_that_reads_back_the_same(ruleset: model.Ruleset) -> None:
    again = dqdl.parse(str(ruleset))
    assert again == ruleset
    assert str(again) == str(ruleset)
    assert formatted(f"# why\n{ruleset}# end") == f"# why\n{ruleset}\n# end\n"
    for rule in ruleset.rules:
        assert dqdl.fingerprint(dqdl.parse_rule(str(rule))) == dqdl.fingerprint(rule)


PIECES = (
    *('"', "'", "(", ")", "[", "]", "{", "}", ",", "=", "!", "$", "$x", "#", "//", "\\", "\r", "\n", "\0", "\x1b"),
    *("and", "or", "not", "between", "in", "with", "where", "labels", "matches", "NULL", "now()", "now( )", "of"),
    *("5", "-", "5.5", "days", "KB", '"2024-01-01"', "Rules", "Analyzers = [", "RowCount", "é", "\ud800", "\U0001f600"),
)


@given(rulesets, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), st.sampled_from(PIECES) | raw), max_size=4))
def test_damaged_text_gives_only_located_errors(ruleset: model.Ruleset, damages: list[tuple[int, int, str]]) -> None:
    text = str(ruleset)
    for at, cut, piece in damages:
        text = text[:at] + piece + text[at + cut :]
    survives(text)


@given(st.lists(st.sampled_from(PIECES) | raw, max_size=30))
def test_any_pieces_give_only_located_errors(pieces: list[str]) -> None:
    survives(" ".join(pieces))
    survives(f"Rules = [RowCount {''.join(pieces)}]")


@given(st.text(max_size=80))
@example("\ud800")
@example("\x00")
def test_any_text_gives_only_located_errors(anything: str) -> None:
    survives(anything)


def survives(text: str) -> None:
    """It is a ruleset that reads back, or it is refused at a place inside the text."""
    error = refusal(dqdl.parse, text)
    if error is None:
        ruleset = dqdl.parse(text)
        assert dqdl.parse(str(ruleset)) == ruleset
        return
    assert 1 <= error.line <= text.count("\n") + 1
    assert 1 <= error.column <= len(text.split("\n")[error.line - 1]) + 1
    assert len(error.excerpt) < 250
    assert len(str(error)) < 1000


NEST = 20_000
DEEP = {
    "parentheses": "Rules = [" + "(" * NEST,
    "closed parentheses": "Rules = [" + "(" * NEST + "RowCount > 1" + ")" * NEST + "]",
    "calls": "Rules = [RowCount > " + "f(" * NEST + "1" + ")" * NEST + "]",
    "brackets": "Rules = " + "[" * NEST,
    "braces": "Metadata = " + "{" * NEST,
    "composites": "Rules = [" + "(RowCount > 1 and (RowCount > 2 or " * 50 + "RowCount > 3" + "))" * 50 + "]",
    "formulas": "Rules = [RowCount > " + "(1 + " * 100 + "1" + ")" * 100 + "]",
    "minus signs": "Rules = [RowCount > " + "-" * NEST + "1]",
    "nots": "Rules = [RowCount " + "not " * NEST + "]",
    "labels": "Rules = [" + "(" * 100 + "RowCount > 1" + ') labels=["a"="b"]' * 100 + "]",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_is_an_error_in_no_time(name: str) -> None:
    within(2, DEEP[name], refused=True)


@pytest.mark.parametrize("depth", [30, 60])
def test_what_is_deep_and_accepted_prints_and_reads_back(depth: int) -> None:
    nested = "Rules = [" + "(RowCount > 1 and (RowCount > 2 or " * (depth // 2) + "RowCount > 3" + "))" * (depth // 2)
    survives(nested + "]")
    assert dqdl.parse(nested + "]").rules
    formula = "Rules = [(RowCount > 0) or (RowCount > " + "(1 + " * depth + "1" + ")" * depth + ")]"
    assert dqdl.parse(str(dqdl.parse(formula))) == dqdl.parse(formula)


def within(seconds: float, text: str, *, refused: bool = False) -> None:
    """Many times what it takes: 65 KB are read in 0.5 s at most."""
    began = time.process_time()
    error = refusal(dqdl.parse, text)
    assert time.process_time() - began < seconds
    assert error or not refused


def refusal(read: Callable[[str], object], text: str) -> dqdl.DqdlError | None:
    try:
        read(text)
    except dqdl.DqdlError as error:
        return error
    return None
