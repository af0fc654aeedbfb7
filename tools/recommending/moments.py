"""Rules on dates and timestamps: not in the future, no placeholder, fresh, and in the order in which things happen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from tools.dqdl.language.model import Compare, Date, Duration, Now, Rule, Text
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import names
from tools.recommending.candidate import Candidate, Evidence, build, expressible, on, quoted, sql_name

PLACEHOLDERS = ("1899-12-30", "1900-01-01", "1970-01-01")
"""What programs write when they know no date."""
FRESH = (("24 hours", timedelta(hours=24)), ("48 hours", timedelta(hours=48)), ("7 days", timedelta(days=7)))
STEPS = (
    ("start", "begin", "from", "open", "opened", "departure", "checkin", "birth", "signup", "hired"),
    ("created", "order", "ordered", "placed", "registered"),
    ("paid", "confirmed", "packed"),
    ("ship", "shipped", "sent", "dispatched"),
    ("deliver", "delivered", "delivery", "arrival", "arrived", "received"),
    ("returned", "return"),
    ("end", "ended", "finish", "finished", "until", "close", "closed", "checkout", "completed", "terminated", "death"),
)
"""Words for moments in the order in which they come; words of one line are not ordered."""
MOST_ORDERS = 3


def moments(column: ColumnProfile, now: datetime) -> Iterator[Candidate]:
    """What one column of dates or timestamps should keep to."""
    first, last = _moment(column.min), _moment(column.max)
    if column.kind not in {"date", "timestamp"} or first is None or last is None:
        return
    facts: Evidence = {f"column.{column.name}.max": str(column.max), "now": now.isoformat(timespec="minutes")}
    if names.has(column.name, names.PAST):
        late = last.date() > now.date()
        reason = "It records what has happened, so no date should be in the future" + (
            ", yet the latest one is." if late else ", and none is."
        )
        yield build(on("ColumnValues", column, Compare("<=", Now()), guard=True), reason, facts, 0.85, suspects=late)
    day = first.date().isoformat()
    if day in PLACEHOLDERS and _alone(column, first):
        reason = f"The earliest date is {day}, which programs write when they know none."
        evidence: Evidence = {f"column.{column.name}.min": day}
        yield build(
            on("ColumnValues", column, Compare(">", Date(day)), guard=True), reason, evidence, 0.75, suspects=True
        )


def _alone(column: ColumnProfile, first: datetime) -> bool:
    """Whether the earliest date is far from the next one, as far as the profile knows the others."""
    if column.distinct > len(column.top_values):
        return first.year < 1970 or "birth" not in names.words(column.name)
    others = [moment for value, _ in column.top_values if (moment := _moment(value)) is not None and moment > first]
    return bool(others) and min(others) - first > timedelta(days=3 * 365)


def freshness(profile: Profile, now: datetime) -> Iterator[Candidate]:
    """DataFreshness for the best column, where all rows are fresh: the rule is about every row, not the newest one."""
    stamped = [c for c in profile.columns if c.kind in {"date", "timestamp"} and names.has(c.name, names.PAST)]
    stamped.sort(key=lambda column: not names.has(column.name, names.LOADED))
    for column in stamped:
        first, last = _moment(column.min), _moment(column.max)
        if first is None or last is None or column.nulls or not expressible(column.name):
            continue
        limit = next((text for text, span in FRESH if timedelta(0) <= now - last and 2 * (now - first) <= span), None)
        if limit:
            amount, unit = limit.split()
            duration = Duration(int(amount), "hours" if unit == "hours" else "days")
            facts: Evidence = {
                f"column.{column.name}.min": str(column.min),
                "now": now.isoformat(timespec="minutes"),
                "limit": int(amount),
            }
            reason = (
                f"All rows are recent; a row older than {limit} means that a load was late or is the old one again."
            )
            yield build(on("DataFreshness", column, Compare("<=", duration)), reason, facts, 0.7)
            return


def orders(profile: Profile) -> Iterator[Candidate]:
    """Pairs of moments that come one after the other, by their names and by their extremes."""
    found = 0
    placed = [(step, column) for column in profile.columns if (step := _step(column)) is not None]
    for step, early in placed:
        later = [(other, column) for other, column in placed if other > step and _follows(early, column)]
        if later and found < MOST_ORDERS:
            found += 1
            yield _in_order(early, min(later, key=lambda pair: pair[0])[1])


def _in_order(early: ColumnProfile, late: ColumnProfile) -> Candidate:
    first, second = (exp.column(exp.to_identifier(c.name, quoted="`" in sql_name(c.name))) for c in (early, late))
    missing = [exp.Is(this=column.copy(), expression=exp.null()) for column in (first, second)]
    query = exp.select("*").from_("primary").where(exp.or_(*missing, exp.GTE(this=second, expression=first)))
    facts: Evidence = {f"column.{c.name}.{end}": str(getattr(c, end)) for c in (early, late) for end in ("min", "max")}
    reason = (
        f"By their names, {late.name!r} comes after {early.name!r}, and their first and last dates agree with that."
    )
    rule = Rule("CustomSql", (Text(quoted(query.sql(dialect="spark"))),))
    return build(rule, reason, facts, 0.65, columns=(early.name, late.name))


def _step(column: ColumnProfile) -> int | None:
    if column.kind not in {"date", "timestamp"} or not expressible(column.name):
        return None
    return next((n for n, step in enumerate(STEPS) if set(step) & set(names.words(column.name))), None)


def _follows(early: ColumnProfile, late: ColumnProfile) -> bool:
    # A date counts as its midnight, so it may stand before a timestamp of the same day but not after one.
    if late.kind != early.kind and late.kind == "date":
        return False
    ends = [_moment(value) for value in (early.max, late.max)]
    return None not in ends and early.nulls <= late.nulls and ends[1] >= ends[0] - timedelta(days=31)  # type: ignore[operator]


def _moment(value: object) -> datetime | None:
    """The text of a date or timestamp as a moment in UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
