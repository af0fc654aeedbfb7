"""Which texts can be read as a type, as regular expressions (Java flavour): the rules of Spark's casts.

No look-around, so that every engine can search them.
"""

from __future__ import annotations

BLANKS = r"[\x00-\x20]*"
_WIDE = r"[\x00-\x20\x7f]*"


def whole(body: str, blanks: str = BLANKS) -> str:
    """The whole text, blanks around it left aside."""
    return rf"\A{blanks}(?:{body}){blanks}\z"


def _up_to(largest: int) -> str:
    """A number from 0 to ``largest`` in digits, leading zeros included."""
    digits = str(largest)
    branches = [rf"[0-9]{{1,{len(digits) - 1}}}"]
    for place, digit in enumerate(digits):
        if digit != "0":
            branches.append(f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}")
    return f"0*(?:{'|'.join([*branches, digits])})"


def integer(bits: int) -> str:
    """A whole number of so many bits; a fraction behind it is cut off, and there may be nothing but a fraction."""
    top: int = 2 ** (bits - 1)
    return whole(rf"(?:\+?{_up_to(top - 1)}|-{_up_to(top)})(?:\.[0-9]*)?|[+-]?\.[0-9]*", _WIDE)


def plain_integer(bits: int) -> str:
    """Digits that fit for certain."""
    return rf"\A-?[0-9]{{1,{len(str(2 ** (bits - 1))) - 1}}}\z"


PLAIN_NUMBER = r"\A-?[0-9]{1,15}(?:\.[0-9]{1,15})?\z"
_NUMBER = r"[+-]?(?:[0-9]{1,200}(?:\.[0-9]{0,200})?|\.[0-9]{1,200})(?:[eE][+-]?[0-9]{1,18})?"
DOUBLE = whole(rf"{_NUMBER}[dDfF]?")
SAFE_DOUBLE = whole(r"[+-]?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})(?:[eE][+-]?[0-9]{1,2})?[dDfF]?")
"""A number that every engine reads without running over."""
DECIMAL = whole(_NUMBER)
NAN = whole("(?i:[+-]?nan)")
INFINITE = whole(r"(?i:\+?inf(?:inity)?)")
NEGATIVE_INFINITE = whole("(?i:-inf(?:inity)?)")
TRUE = whole("(?i:t|true|y|yes|1)", _WIDE)
FALSE = whole("(?i:f|false|n|no|0)", _WIDE)

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
"""0001 to 9999."""
_FOURS = "0[48]|[2468][048]|[13579][26]"
_LEAP_YEAR = f"(?:[0-9]{{2}}(?:{_FOURS})|(?:{_FOURS})00)"
_ANY_LEAP_YEAR = f"(?:{_LEAP_YEAR}|0000)"
_MONTH = "(?:0?[1-9]|1[0-2])"
_31_DAYS = "(?:0?[13578]|1[02])-(?:0?[1-9]|[12][0-9]|3[01])"
_30_DAYS = "(?:0?[469]|11)-(?:0?[1-9]|[12][0-9]|30)"
_28_DAYS = "0?2-(?:0?[1-9]|1[0-9]|2[0-8])"
_DAY_OF_YEAR = f"(?:{_31_DAYS}|{_30_DAYS}|{_28_DAYS})"
DAY = rf"(?:{_YEAR}-{_DAY_OF_YEAR}|{_LEAP_YEAR}-0?2-29)"
"""A day that the calendar has."""
_HOUR, _SIXTY = "(?:[01]?[0-9]|2[0-3])", "[0-5]?[0-9]"
_OFFSET = "[+-](?:(?:0?[0-9]|1[0-7])(?::[0-5][0-9])?|(?:0[0-9]|1[0-7])[0-5][0-9]|18(?::?00)?)"
_ZONE = rf"{BLANKS}(?:Z|(?:UTC|GMT|UT)?{_OFFSET}|UTC|GMT|UT)"
_SECONDS = rf"{_SIXTY}(?:\.[0-9]*)?(?:{_ZONE})?"
_TIME = rf"{_HOUR}(?::{_SIXTY}(?::{_SECONDS})?)?"
_PLUS = r"\+?0{0,3}"
_SHORT = rf"{_PLUS}{_YEAR}(?:-{_MONTH})?"
_FAR_SHORT = rf"[+-]?[0-9]{{4,7}}(?:-{_MONTH})?"
_FOUR_DIGITS_AND_DAY = rf"(?:[0-9]{{4}}-{_DAY_OF_YEAR}|{_ANY_LEAP_YEAR}-0?2-29)"
_FAR_DAY = rf"[+-]?[0-9]{{0,3}}{_FOUR_DIGITS_AND_DAY}"
# Microseconds since 1970 fit into 64 bits until the year 294246.
_CENTURIES = "(?:[0-9]?|[01][0-9]|2[0-8])"
_FAR_SHORT_TIME = rf"[+-]?{_CENTURIES}[0-9]{{4}}(?:-{_MONTH})?"
_REST = r"(?:[ T](?s:.)*)?"

DATE = whole(rf"{_SHORT}|{_PLUS}{DAY}{_REST}", _WIDE)
FAR_DATE = whole(rf"{_FAR_SHORT}|{_FAR_DAY}{_REST}", _WIDE)
"""A day out of the years 1 to 9999, after those within are known, which may have zeros before them."""
TIMESTAMP = whole(rf"{_SHORT}|{_PLUS}{DAY}(?:[ T]{_TIME})?", _WIDE)
FAR_TIMESTAMP = whole(rf"{_FAR_SHORT_TIME}|[+-]?{_CENTURIES}{_FOUR_DIGITS_AND_DAY}(?:[ T]{_TIME})?", _WIDE)
TIME = whole(rf"T?{_HOUR}:{_SIXTY}(?::{_SECONDS})?|T{_HOUR}", _WIDE)
PLAIN_DAY = rf"\A{DAY}\z"
PLAIN_TIMESTAMP = rf"\A{DAY}(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?)?\z"
"""What every engine reads as it stands."""
EARLY = rf"\A{_WIDE}(?:-|\+?0000)"
DAY_PARTS = "[0-9]{4,7}(?:-[0-9]{1,2}){0,2}"
THREE_PARTS = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
CLOCK = r"[0-9]{1,2}(?::[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{0,6})?)?)?"
DAY_AND_CLOCK = f"[0-9][ T]{CLOCK}"
CLOCK_AND_OFFSET = rf":[0-9]{{1,2}}(?:\.[0-9]*)?[A-Z\x00-\x20]*[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?{_WIDE}\z"

_FORMAT_PARTS = {"%d": "(?:0[1-9]|[12][0-9]|3[01])", "%m": "(?:0[1-9]|1[0-2])", "%Y": _YEAR}


def formatted(pattern: str) -> str | None:
    """Texts of a strptime format of %d, %m and %Y, each as wide as it is written; days are not checked by month."""
    body = pattern.replace(".", r"\.")
    for part, form in _FORMAT_PARTS.items():
        body = body.replace(part, form)
    return None if "%" in body else rf"\A{body}\z"
