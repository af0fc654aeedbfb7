"""A guess whether a column holds personal data, from its name and its values."""

from __future__ import annotations

import re

from tools.profiling.model import ColumnProfile, Personal
from tools.profiling.words import NAME_OF, PERSON_NAMES, words

EMAIL, PHONE, NAME, BIRTH = "email address", "phone number", "person name", "birth date"
CARD, BANK, ADDRESS, NATIONAL, STREET = "payment card", "bank account", "IP address", "national id", "street address"

NAMED: tuple[tuple[str, frozenset[str]], ...] = (
    (EMAIL, frozenset({"email", "mail", "emailaddress"})),
    (PHONE, frozenset({"phone", "telephone", "mobile", "fax", "tel", "cell", "msisdn", "phonenumber"})),
    (BIRTH, frozenset({"birth", "born", "dob", "birthday", "birthdate"})),
    (BANK, frozenset({"iban", "bic", "accountnumber"})),
    (CARD, frozenset({"creditcard", "cardnumber", "pan", "ccn"})),
    (NATIONAL, frozenset({"ssn", "passport", "nin", "taxid", "nationalid", "socialsecurity", "aadhaar", "nif"})),
    (ADDRESS, frozenset({"ip", "ipaddress", "ipv4", "ipv6"})),
    (NAME, PERSON_NAMES),
    (STREET, frozenset({"street", "address", "address1", "address2"})),
)
"""Kind of personal data to the words of a name that suggest it; the first that fits counts."""
PHRASES: tuple[tuple[str, frozenset[str]], ...] = (
    (CARD, frozenset({"card", "number"})),
    (CARD, frozenset({"credit", "card"})),
    (BANK, frozenset({"account", "number"})),
    (BANK, frozenset({"bank", "account"})),
    (NATIONAL, frozenset({"national", "id"})),
    (NATIONAL, frozenset({"tax", "id"})),
    (NATIONAL, frozenset({"social", "security"})),
)
SHAPED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (EMAIL, re.compile(r"[^@\s]+@[^@\s]+\.[Aa][Aa9.-]*")),
    (BANK, re.compile(r"AA99[A9 ]{11,36}")),
    (ADDRESS, re.compile(r"9{1,3}(\.9{1,3}){3}")),
    (CARD, re.compile(r"9{4}([ -])9{4}\1(?:9{4})\1(?:9{4})")),
)
SEMANTIC = {
    "email": EMAIL,
    "phone": PHONE,
    "iban": BANK,
    "payment card": CARD,
    "ip address": ADDRESS,
    "national id": NATIONAL,
    "person name": NAME,
}
"""The types of text that are personal data."""
SHAPE_SHARE = 0.8
_NAME_ALONE, _SHAPE_ALONE, _BOTH = 0.7, 0.75, 0.2


def personal(column: ColumnProfile) -> Personal | None:
    """The kind of personal data that a column seems to hold, or None: its name counts before its values."""
    named, held = _by_name(column), _by_values(column)
    if named is None:
        return Personal(held[0], round(held[1], 2), "values") if held else None
    if held and held[0] == named:
        return Personal(named, round(min(0.99, held[1] + _BOTH), 2), "name and values")
    return Personal(named, _NAME_ALONE, "name")


def _by_name(column: ColumnProfile) -> str | None:
    have = set(words(column.name))
    for kind, phrase in PHRASES:
        if phrase <= have:
            return kind
    for kind, single in NAMED:
        if single & have and _possible(kind, column):
            return kind
    named = column.kind == "text" and "name" in have and (have == {"name"} or bool(NAME_OF & have))
    return NAME if named and _looks_like_names(column) else None


def _possible(kind: str, column: ColumnProfile) -> bool:
    """Dates of birth are dates, or texts and years; the rest is text, or numbers that were text."""
    dated = column.kind in {"date", "timestamp"} and kind == BIRTH
    return dated or column.kind in {"text", "number"}


def _looks_like_names(column: ColumnProfile) -> bool:
    """Words of letters, or a name that says whose: the plain word "name" is also used for products and places."""
    if set(words(column.name)) & NAME_OF:
        return True
    return _shape_share(column.patterns, re.compile(r"[Aa.'-]+( [Aa.'-]+){1,3}")) >= SHAPE_SHARE


def _by_values(column: ColumnProfile) -> tuple[str, float] | None:
    if column.kind != "text":
        return None
    if column.semantic and column.semantic.type in SEMANTIC:
        return SEMANTIC[column.semantic.type], column.semantic.confidence
    shaped = next((kind for kind, shape in SHAPED if _shape_share(column.shapes, shape) >= SHAPE_SHARE), None)
    return (shaped, _SHAPE_ALONE) if shaped else None


def _shape_share(masks: list[tuple[str, int]], shape: re.Pattern[str]) -> float:
    total = sum(rows for _, rows in masks)
    return sum(rows for mask, rows in masks if shape.fullmatch(mask)) / total if total else 0.0
