"""What the values of a text are: addresses, identifiers, codes, dates, judged by the values of the sample.

Forms that cannot be met by accident come first; what could be anything (two capitals, a row of digits) needs a word in
the column's name, or several different values that all belong to a closed list.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.profiling import vocabulary
from tools.profiling.dates import is_date
from tools.profiling.model import Semantic
from tools.profiling.words import family, names_person, words

ENOUGH = 0.8
"""A type counts from this share of the rows on."""
MOST_VALUES = 1_000
_PROBED = 30
_VARIED = 3
_NOTHING = frozenset[str]()

Weighted = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Kind:
    """A type of text."""

    name: str
    test: Callable[[str], object]
    confidence: float
    hints: frozenset[str] = _NOTHING
    """Words of a column's name that make it likely."""
    needs: str = ""
    """What must come with the form: ``hint``, or ``hint or variety`` for members of a closed list."""


def _shaped(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.ASCII).fullmatch


_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s.,;<>]+(\.[^@\s.,;<>]+)*\.[^\W\d_]{2,}")
_DIGITS = re.compile(r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{5}", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]+)*\.?(?:,? [^\W\d_](?:[^\W\d_]|['’.-])*){0,4}")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,45}")
_COUNTRY = family("country countries nation nationality origin land iso iso2 iso3 territory")
_CURRENCY = family("currency ccy cur curr fx iso")
_PHONE = family("phone telephone mobile fax tel cell msisdn phonenumber contact")
_POSTAL = family("zip zipcode postal postcode postalcode plz pin pincode")
_PERSON = "person name"


def _luhn(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    if not _DIGITS.fullmatch(text):
        return False
    digits = [int(digit) for digit in re.sub(r"\D", "", text)][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _iban(text: str) -> bool:
    """The check digits of bank accounts (ISO 13616, ISO 7064 MOD 97-10)."""
    plain = text.replace(" ", "")
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _ip(text: str) -> bool:
    if not _ADDRESS.fullmatch(text) or (text.count(".") != 3 and text.count(":") < 2):
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _json(text: str) -> bool:
    if text[:1] + text[-1:] not in ("{}", "[]"):
        # A clipped text has lost its end.
        return len(text) >= 200 and bool(re.match(r'\{\s*"[^"]*"\s*:|\[\s*[{"\d\[]', text))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


KINDS: tuple[Kind, ...] = (
    Kind("uuid", _shaped(r"\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?"), 0.99),
    Kind("email", _EMAIL.fullmatch, 0.98, family("email mail")),
    Kind("url", _shaped(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+|www\.[^\s]+\.[^\s]+"), 0.97, family("url link website")),
    Kind("ip address", _ip, 0.95, family("ip ipaddress ipv4 ipv6")),
    Kind("mac address", _shaped(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(\1[0-9a-fA-F]{2}){4}"), 0.95),
    Kind("iban", _iban, 0.99, family("iban account")),
    Kind("json", _json, 0.95),
    Kind("national id", _shaped(r"\d{3}-\d{2}-\d{4}"), 0.8, family("ssn social security nin")),
    Kind("payment card", _luhn, 0.9, family("card creditcard pan ccn")),
    Kind("timestamp", _shaped(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?"), 0.97),
    Kind("date", is_date, 0.93, family("date day")),
    Kind("time", _shaped(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?( ?[aApP]\.?[mM]\.?)?"), 0.9),
    Kind("currency", lambda t: t in vocabulary.CURRENCIES, 0.85, _CURRENCY, "hint or variety"),
    Kind("country", lambda t: t in vocabulary.COUNTRY_2, 0.7, _COUNTRY, "hint or variety"),
    Kind("country", lambda t: t in vocabulary.COUNTRY_3, 0.8, _COUNTRY, "hint or variety"),
    Kind("country", lambda t: t.casefold() in vocabulary.COUNTRY_NAMES, 0.9, _COUNTRY),
    Kind("phone", _shaped(r"[+]?[(\d][\d ()/.-]{4,22}(\s?(x|ext\.?)\s?\d+)?"), 0.75, _PHONE, "hint"),
    Kind("phone", _shaped(r"\+\d[\d ()/.-]{6,20}|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}[-.]\d{3}[-.]\d{4}"), 0.85, _PHONE),
    Kind("postal code", _shaped(r"[A-Za-z0-9][A-Za-z0-9 -]{2,9}"), 0.75, _POSTAL, "hint"),
    Kind("postal code", _shaped(r"[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|\d{5}-\d{4}"), 0.85, _POSTAL),
    Kind("number", _shaped(r"\s*[+-]?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+|\d*)(\.\d+)?([eE][+-]?\d+)?\s*"), 0.95),
    Kind(_PERSON, _NAME.fullmatch, 0.6, needs="hint"),
    Kind("code", _shaped(r"(?=.*\d)[A-Z0-9]+([-_/.#][A-Za-z0-9]+)*|[A-Za-z]+[-_/#]?\d[A-Za-z0-9_/-]*"), 0.7),
)
"""In the order in which they are tried."""


def semantic(name: str, values: Weighted) -> Semantic | None:
    """The type of a column's texts, from different values with their rows in the sample. None for plain words."""
    filled = [(value.strip(), rows) for value, rows in values[:MOST_VALUES] if value.strip()]
    total = sum(rows for _, rows in filled)
    if not total:
        return None
    if truth := _truth(filled, total):
        return truth
    named = frozenset(words(name))
    for kind in KINDS:
        hinted = names_person(name) if kind.name == _PERSON else bool(kind.hints & named)
        if not _allowed(kind, hinted, filled):
            continue
        share = _share(kind, filled, total)
        if share >= ENOUGH:
            sure = min(0.99, kind.confidence + 0.15 * hinted) * share * _trust(total)
            return Semantic(kind.name, round(share, 4), round(sure, 2), total)
    return None


def _allowed(kind: Kind, hinted: bool, filled: Weighted) -> bool:
    if kind.needs == "hint":
        return hinted
    return hinted or kind.needs != "hint or variety" or len(filled) >= _VARIED


def _share(kind: Kind, filled: Weighted, total: int) -> float:
    """The share of rows of the kind; 0 if the first values tell that it cannot be enough."""
    probed = filled[:_PROBED]
    if sum(1 for value, _ in probed if kind.test(value)) < 0.5 * len(probed):
        return 0.0
    return sum(rows for value, rows in filled if kind.test(value)) / total


def _truth(filled: Weighted, total: int) -> Semantic | None:
    found = {value.lower() for value, _ in filled}
    if len(found) == 2 and any(found == pair for pair in vocabulary.TRUTH):
        return Semantic("boolean", 1.0, round(0.95 * _trust(total), 2), total)
    return None


def _trust(rows: int) -> float:
    """Few values prove little: Laplace's rule of succession."""
    return (rows + 1) / (rows + 2)
