"""How dates are written in a text: their form, and whether the day or the month comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tools.profiling.model import DateOrder, Dates

ENOUGH = 0.8
_PROBED = 30
_CLOCK = r"(?:[T ,]+(\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?)\s?([aApP]\.?[mM]\.?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)?"
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)" + _CLOCK, re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})" + _CLOCK, re.ASCII)
_PACKED = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)
_DAY_NAME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_WORDS = (
    ("d MMM yyyy", re.compile(rf"{_DAY_NAME}{_DAY}[ -]{_MONTH}\.?,?[ -]\d{{2,4}}{_CLOCK}", re.IGNORECASE)),
    ("MMM d, yyyy", re.compile(rf"{_DAY_NAME}{_MONTH}\.? {_DAY},? \d{{4}}{_CLOCK}", re.IGNORECASE)),
)


def is_date(text: str) -> bool:
    """Whether a text is a date in one of the forms."""
    return form_of(text) is not None


def form_of(text: str) -> tuple[str, DateOrder] | None:
    """The form of a date, for example ``dd/MM/yyyy``, with what it tells about the order; None for no date.

    Where neither number exceeds 12 the form is written with the day first, and the order is ambiguous.
    """
    value = text.strip()
    if found := _NUMBERS.fullmatch(value):
        return _of_numbers(found)
    if found := _YEAR_FIRST.fullmatch(value):
        sign = found[2]
        if 1 <= int(found[3]) <= 12 and 1 <= int(found[4]) <= 31:
            return f"yyyy{sign}MM{sign}dd{_clock(found[5], found[6])}", "year first"
        return None
    if _PACKED.fullmatch(value):
        return "yyyyMMdd", "year first"
    for form, pattern in _WORDS:
        if pattern.fullmatch(value):
            return form, "day first" if form.startswith("d") else "month first"
    return None


def _of_numbers(found: re.Match[str]) -> tuple[str, DateOrder] | None:
    one, two, sign = int(found[1]), int(found[3]), found[2]
    year = "y" * len(found[4])
    clock = _clock(found[5], found[6])
    # 1.2.10 is a version.
    short = sign == "." and len(found[4]) == 2 and len(found[1]) + len(found[3]) < 4
    if short or not (1 <= min(one, two) <= 12 and max(one, two) <= 31):
        return None
    if one > 12:
        return f"dd{sign}MM{sign}{year}{clock}", "day first"
    if two > 12:
        return f"MM{sign}dd{sign}{year}{clock}", "month first"
    return f"dd{sign}MM{sign}{year}{clock}", "ambiguous"


def _clock(time: str | None, half: str | None) -> str:
    if not time:
        return ""
    return (" hh:mm" if half else " HH:mm") + ":ss" * (time.count(":") == 2) + " a" * bool(half)


def dates(values: Sequence[tuple[str, int]]) -> Dates | None:
    """How a column of texts writes dates, from different values with their rows; None where few of them are dates.

    Dates that are all ISO 8601 days are None as well: there is nothing to say about them.
    """
    probed = [value for value, _ in values[:_PROBED] if value.strip()]
    if sum(map(is_date, probed)) < 0.5 * len(probed):
        return None
    forms: Counter[tuple[str, DateOrder]] = Counter()
    total = 0
    for value, rows in values:
        if value.strip():
            total += rows
            if found := form_of(value):
                forms[found] += rows
    dated = forms.total()
    if not total or dated < ENOUGH * total or all(form.startswith("yyyy-MM-dd") for form, _ in forms):
        return None
    order = _order({told for _, told in forms})
    written: Counter[str] = Counter()
    for (form, told), rows in forms.items():
        written[_as(form, order) if told == "ambiguous" else form] += rows
    return Dates(written.most_common(1)[0][0], order, round(dated / total, 4), dict(written.most_common()))


def _order(told: set[DateOrder]) -> DateOrder:
    """One order that is shown holds for what is ambiguous too; two make a mixture."""
    shown = told - {"ambiguous"}
    if len(shown) > 1:
        return "mixed"
    return shown.pop() if shown and "year first" not in shown else ("ambiguous" if "ambiguous" in told else shown.pop())


def _as(form: str, order: DateOrder) -> str:
    if order in ("ambiguous", "mixed"):
        return form.replace("dd", "??", 1).replace("MM", "??", 1)
    return form if order != "month first" else form.replace("dd", "\0").replace("MM", "dd").replace("\0", "MM")
