"""Generated rulesets print and read back the same; damaged ones give an error and never a crash."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.signatures import SIGNATURES

raw = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters='"\\'), min_size=1, max_size=8)
escaped = st.lists(st.one_of(raw, st.sampled_from(['\\"', "\\\\", "\\d"])), min_size=1, max_size=3).map("".join)
text = escaped.map(lambda value: f'"x{value}"')
numeral = st.one_of(st.integers(-999, 999).map(str), st.decimals(-9, 9, places=3).map(lambda n: format(n, "f")))
unit = st.sampled_from(["days", "hours", "minutes"])
duration = st.tuples(st.integers(0, 99), unit).map(lambda pair: f"{pair[0]} {pair[1]}")
day = st.dates().map(lambda found: f'"{found.isoformat()}"')
moment = st.one_of(day, st.just("now()"), duration.map(lambda found: f"(now() - {found})"))
formula = st.recursive(
    numeral,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda found: f"avg(last({found}))"),
    ),
    max_leaves=5,
)


def conditions(operand: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from([">", ">=", "<", "<=", "=", "!="])
    negated = st.sampled_from(["", "not "])
    return st.one_of(
        st.tuples(operators, operand).map(" ".join),
        st.tuples(negated, operand, operand).map(lambda p: f"{p[0]}between {p[1]} and {p[2]}"),
        st.tuples(negated, st.lists(operand, min_size=1, max_size=3)).map(lambda p: f"{p[0]}in [{', '.join(p[1])}]"),
    )


words = st.one_of(
    st.tuples(st.sampled_from(["=", "!="]), st.one_of(text, st.sampled_from(["NULL", "EMPTY"]))).map(" ".join),
    st.lists(text, min_size=1, max_size=3).map(lambda items: f"in [{', '.join(items)}]"),
    text.map(lambda regex: f"not matches {regex}"),
)
KINDS = {"number": conditions(formula), "text": words, "date": conditions(moment), "duration": conditions(duration)}
labels = st.dictionaries(text, text, min_size=1, max_size=3).map(
    lambda found: f" labels=[{', '.join(f'{key}={value}' for key, value in found.items())}]"
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from([name for name, form in SIGNATURES.items() if form.rule and form.kinds != ("size",)]))
    form = SIGNATURES[name]
    parts = [name, *draw(st.lists(text, min_size=form.least, max_size=min(form.most, form.least + 2)))]
    if form.kinds:
        parts.append(draw(KINDS[draw(st.sampled_from(form.kinds))]))
    if form.where and draw(st.booleans()):
        parts.append(f"where {draw(text)}")
    rule = " ".join(parts) + draw(st.one_of(st.just(""), labels))
    return rule + (f" with threshold {draw(conditions(numeral))}" if form.threshold and draw(st.booleans()) else "")


composites = st.recursive(
    rules(),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner, st.one_of(st.just(""), labels)).map(
        lambda parts: f"(({parts[0]}) {parts[1]} ({parts[2]})){parts[3]}"
    ),
    max_leaves=4,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(composites, min_size=1, max_size=4))
def test_what_is_printed_reads_back_the_same(generated: list[str]) -> None:
    ruleset = dqdl.parse(f"Rules = [{', '.join(generated)}]")
    again = dqdl.parse(str(ruleset))
    assert again == ruleset
    assert str(again) == str(ruleset)
    for rule in ruleset.rules:
        assert dqdl.fingerprint(dqdl.parse_rule(str(rule))) == dqdl.fingerprint(rule)


PIECES = st.sampled_from(
    ["(", ")", "[", "]", '"', "and", "or", "not", "between", "in", ",", "=", "$x", "now()", "5", "days", "'", "\\", "{"]
)


@settings(max_examples=200, deadline=None)
@given(rules(), st.integers(0, 200), st.integers(0, 5), st.one_of(PIECES, raw))
def test_damaged_text_gives_only_dqdl_errors(rule: str, at: int, cut: int, piece: str) -> None:
    damaged = rule[:at] + piece + rule[at + cut :]
    error = refusal(dqdl.parse_rule, damaged)
    if error:
        assert 1 <= error.line <= damaged.count("\n") + 1
        assert error.column >= 1


def refusal(read: Callable[[str], object], damaged: str) -> dqdl.DqdlError | None:
    try:
        read(damaged)
    except dqdl.DqdlError as error:
        return error
    return None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_only_dqdl_errors(anything: str) -> None:
    error = refusal(dqdl.parse, anything)
    assert error is None or str(error)
