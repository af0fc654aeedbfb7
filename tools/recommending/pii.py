"""A guess whether a column holds personal data, from its name and the shapes of its values."""

from __future__ import annotations

import re
from typing import Literal

from tools.profiling.model import ColumnProfile
from tools.recommending.names import family, words
from tools.recommending.shapes import share_like

Personal = Literal[
    "email address",
    "phone number",
    "person name",
    "birth date",
    "payment card",
    "bank account",
    "IP address",
    "national id",
    "street address",
]

NAMED: tuple[tuple[Personal, frozenset[str]], ...] = (
    ("email address", frozenset({"email", "mail", "emailaddress"})),
    ("phone number", frozenset({"phone", "telephone", "mobile", "fax", "tel", "cell", "msisdn", "phonenumber"})),
    ("birth date", frozenset({"birth", "born", "dob", "birthday", "birthdate"})),
    ("bank account", frozenset({"iban", "bic", "accountnumber"})),
    ("payment card", frozenset({"creditcard", "cardnumber", "pan", "ccn"})),
    ("national id", frozenset({"ssn", "passport", "nin", "taxid", "nationalid", "socialsecurity", "aadhaar", "nif"})),
    ("IP address", frozenset({"ip", "ipaddress", "ipv4", "ipv6"})),
    ("person name", frozenset({"firstname", "lastname", "surname", "fullname", "forename", "username"})),
    ("street address", frozenset({"street", "address", "address1", "address2"})),
)
"""Kind of personal data to the words of a name that suggest it; the first that fits counts."""
PHRASES: tuple[tuple[Personal, frozenset[str]], ...] = (
    ("payment card", frozenset({"card", "number"})),
    ("payment card", frozenset({"credit", "card"})),
    ("bank account", frozenset({"account", "number"})),
    ("bank account", frozenset({"bank", "account"})),
    ("national id", frozenset({"national", "id"})),
    ("national id", frozenset({"tax", "id"})),
    ("national id", frozenset({"social", "security"})),
)
NAME_OF = family(
    "first last full family given middle maiden customer person employee patient contact client author user owner "
    "manager driver passenger student teacher doctor"
)
SHAPED: tuple[tuple[Personal, re.Pattern[str]], ...] = (
    ("email address", re.compile(r"[^@\s]+@[^@\s]+\.[Aa][Aa9.-]*")),
    ("bank account", re.compile(r"AA99[A9 ]{11,36}")),
    ("IP address", re.compile(r"9{1,3}(\.9{1,3}){3}")),
    ("payment card", re.compile(r"9{4}([ -])9{4}\1(?:9{4})\1(?:9{4})")),
)
SHAPE_SHARE = 0.8


def looks_personal(column: ColumnProfile) -> Personal | None:
    """The kind of personal data that a column seems to hold, or None. A guess: for caution, not for compliance."""
    return _by_name(column) or _by_shape(column)


def _by_name(column: ColumnProfile) -> Personal | None:
    found = words(column.name)
    have = set(found)
    for kind, phrase in PHRASES:
        if phrase <= have:
            return kind
    for kind, single in NAMED:
        if single & have and _possible(kind, column):
            return kind
    named = column.kind == "text" and "name" in have and (have == {"name"} or bool(NAME_OF & have))
    return "person name" if named and _looks_like_names(column) else None


def _possible(kind: Personal, column: ColumnProfile) -> bool:
    """Dates of birth are dates, or texts and years; the rest is text, or numbers that were text."""
    dated = column.kind in {"date", "timestamp"}
    return (
        dated or column.kind in {"text", "number"}
        if kind == "birth date"
        else column.kind in {"text", "number"} and not dated
    )


def _looks_like_names(column: ColumnProfile) -> bool:
    """Words of letters, or a name that says whose: the plain word "name" is also used for products and places."""
    if set(words(column.name)) & NAME_OF:
        return True
    return share_like(column.patterns, re.compile(r"[Aa.'-]+( [Aa.'-]+){1,3}")) >= SHAPE_SHARE


def _by_shape(column: ColumnProfile) -> Personal | None:
    if column.kind != "text":
        return None
    return next((kind for kind, shape in SHAPED if share_like(column.shapes, shape) >= SHAPE_SHARE), None)
