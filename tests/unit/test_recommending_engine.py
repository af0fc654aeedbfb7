"""The list as a whole: always readable, grounded, ranked, bounded and fast, whatever the profile."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.profiles import figures, of_dates, of_numbers, of_texts, table
from tools import dqdl
from tools.dqdl.language.signatures import SIGNATURES
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import Candidate, candidates
from tools.recommending.engine import WORTH

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def numbers_in(text: str) -> set[float]:
    return {float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)}


def known_numbers(candidate: Candidate) -> set[float]:
    known: set[float] = set()
    for value in candidate.evidence.values():
        known |= numbers_in(" ".join(value) if isinstance(value, list) else str(value))
    return known


def said(candidate: Candidate) -> str:
    """The reasoning without names and values in quotes, whose digits are no figures."""
    return re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "", candidate.reasoning)


NAMES = st.one_of(
    st.sampled_from(["id", "order_id", "amount", "email", "zip", "status", "lat", "created_at", "end_date", "rate"]),
    st.sampled_from(["2024-01-01", "9:30 PM", "21:30", 'a "b"', "back\\slash", "tick`", "$x", "", "where", "Ü.b"]),
    st.text(max_size=12),
)  # fmt: skip
TEXTS = st.text(max_size=15) | st.sampled_from(
    ["2024-01-01", "21:30", 'say "x"', "a\\b", "N/A", "", " ", "open", "opne"]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)
MODEST = st.floats(-1e20, 1e20)
STAMPS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(datetime.isoformat)  # noqa: DTZ001


@st.composite
def columns(draw: st.DrawFn, name: str, rows: int) -> ColumnProfile:
    kind = draw(st.sampled_from(["number", "text", "boolean", "date", "timestamp", "time", "other"]))
    nulls = draw(st.integers(0, rows))
    more: dict[str, Any] = {
        "nulls": nulls,
        "distinct": draw(st.integers(0, rows - nulls)),
        "distinct_exact": draw(st.booleans()),
        "sample_rows": draw(st.none() | st.integers(1, max(1, rows))),
    }
    if kind == "number":
        low, *quantiles, high = sorted(draw(st.lists(FLOATS, min_size=7, max_size=7)))
        more |= {
            "min": low,
            "max": high,
            "mean": draw(st.none() | FLOATS),
            "stddev": abs(draw(FLOATS)),
            "sum": draw(FLOATS),
        }
        more |= {"quantiles": dict(zip(("5", "25", "50", "75", "95"), map(float, quantiles), strict=True))}
        more |= {"type": draw(st.sampled_from(["BIGINT", "DOUBLE", "DECIMAL(10,2)"]))}
    elif kind == "text":
        values = [value for value in draw(st.lists(TEXTS, max_size=30)) for _ in range(draw(st.integers(1, 40)))]
        return of_texts(
            name, [*values, *[None] * max(0, rows - len(values))][:rows], inferred_type=draw(st.none() | TYPED)
        )
    elif kind in ("date", "timestamp"):
        first, last = sorted(draw(st.tuples(STAMPS, STAMPS)))
        more |= {"min": first[:10] if kind == "date" else first, "max": last[:10] if kind == "date" else last}
    return figures(name, kind, **more)


TYPED = st.sampled_from(["INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"])


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    rows = draw(st.sampled_from([0, 1, 19, 20, 50, 120, 400]))
    names = draw(st.lists(NAMES, max_size=5, unique_by=str.lower))
    drawn = [draw(columns(name, rows)) for name in names]
    keys = (
        draw(st.lists(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True), max_size=2))
        if names
        else []
    )
    return table(*drawn, rows=rows, keys=keys)


@given(profiles())
def test_every_rule_reads_back_names_columns_and_quotes_only_its_evidence(profile: Profile) -> None:
    names = {column.name for column in profile.columns}
    got = candidates(profile, now=NOW)
    for candidate in got:
        parsed = dqdl.parse_rule(candidate.rule)
        assert str(parsed) == candidate.rule
        assert candidate.rule_type in SIGNATURES
        assert set(candidate.columns) <= names
        if candidate.rule_type != "CustomSql":
            assert set(parsed.columns) == set(candidate.columns)
        assert 0 < candidate.confidence < 1
        assert numbers_in(said(candidate)) <= known_numbers(candidate)
        assert json.loads(json.dumps(candidate.to_dict()))["rule"] == candidate.rule
        assert all(math.isfinite(v) for v in candidate.evidence.values() if isinstance(v, int | float))
    assert len({candidate.rule for candidate in got}) == len(got)
    assert len(got) <= 40


@given(profiles(), st.integers(0, 10))
def test_it_is_repeatable_also_after_storage_and_a_limit_keeps_the_best(profile: Profile, limit: int) -> None:
    stored = Profile.from_dict(json.loads(json.dumps(profile.to_dict())))
    assert candidates(stored, now=NOW) == candidates(profile, now=NOW)
    assert candidates(profile, now=NOW, limit=limit) == candidates(profile, now=NOW)[:limit]


def test_a_name_that_dqdl_cannot_say_is_passed_over() -> None:
    for name in ["2024-01-01", "9:30 PM", "21:30", "", "back\\slash", "tick`"]:
        got = candidates(table(of_texts(name, ["a", "b"] * 500), of_dates(name, "2026-01-01", "2026-02-01")), now=NOW)
        assert {candidate.columns for candidate in got} == {()}, name


def test_a_value_that_dqdl_cannot_list_gives_no_set() -> None:
    for value in ["2024-01-01", "21:30", 'a "b"', "a\\b", "it's", "two\nlines"]:
        got = candidates(table(of_texts("c", [value, "other"] * 500)), now=NOW)
        assert not [candidate.rule for candidate in got if " in [" in candidate.rule], value


def test_names_with_quotes_and_blanks_go_into_filters_and_sql() -> None:
    early = of_dates('order "day"', "2026-01-01", "2026-11-01")
    late = of_dates("ship day", "2026-01-02", "2026-11-02", nulls=100)
    got = [dqdl.parse_rule(candidate.rule) for candidate in candidates(table(early, late), now=NOW)]
    (sql,) = [rule for rule in got if rule.type == "CustomSql"]
    assert '`ship day` >= `order "day"`' in sql.parameters[0].pattern
    (guarded,) = [rule for rule in got if rule.where]
    assert guarded.where.pattern == "`ship day` is not null"


def test_words_of_sql_are_names_too() -> None:
    columns = [of_numbers(name, [None, *[n % 97 + 0.5 for n in range(999)]]) for name in ("select", "Where", "amount")]
    filters = [dqdl.parse_rule(c.rule).where for c in candidates(table(*columns), now=NOW) if " where " in c.rule]
    assert {f.pattern for f in filters if f} == {"`select` is not null", "`Where` is not null", "amount is not null"}


def test_what_pays_at_once_comes_first() -> None:
    got = candidates(
        table(
            of_numbers("order_id", list(range(1000))),
            of_texts("status", ["new", "open", "done"] * 332 + ["oepn"] * 3 + ["new"]),
            of_numbers("amount", [n % 97 + 1.5 for n in range(1000)]),
        ),
        now=NOW,
    )
    assert [candidate.rule_type for candidate in got[:2]] == ["IsPrimaryKey", "ColumnValues"]
    assert got[1].suspects
    assert {candidate.rule_type for candidate in got[-2:]} == {"Sum", "StandardDeviation"}


def test_the_clock_is_used_when_no_time_is_given() -> None:
    today = datetime.now(UTC)
    loaded = of_dates("loaded_at", (today - timedelta(hours=2)).isoformat(), today.isoformat(), kind="timestamp")
    assert "DataFreshness" in {candidate.rule_type for candidate in candidates(table(loaded))}
    assert "DataFreshness" not in {c.rule_type for c in candidates(table(loaded), now=today + timedelta(days=60))}


def test_a_time_without_zone_is_utc() -> None:
    loaded = of_dates("loaded_at", "2026-11-23T18:00:00", "2026-11-23T19:00:00", kind="timestamp")
    assert candidates(table(loaded), now=NOW.replace(tzinfo=None)) == candidates(table(loaded), now=NOW)


def test_an_empty_table_still_has_a_shape() -> None:
    got = {candidate.rule for candidate in candidates(table(figures("a", distinct=0), rows=0), now=NOW)}
    assert got == {"RowCount > 0", "ColumnCount = 1", 'ColumnExists "a"'}


def test_all_types_of_rules_are_worth_something() -> None:
    assert set(WORTH) <= set(SIGNATURES)
    assert all(0 < worth < 2 for worth in WORTH.values())
