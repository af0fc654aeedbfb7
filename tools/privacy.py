"""The one place that says which texts look like somebody's address, number or secret, and puts marks in their place.

A second line of defence behind what the profiler finds out about whole columns: it knows forms, and no names.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby

_OUTSIDE = r"\s@\"'<>,;:()\[\]{}"
_FORMS = (
    ("secret", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("secret", re.compile(r"-----BEGIN [A-Z ]+-----(?s:.*?)(?:-----END [A-Z ]+-----|$)")),
    (
        "secret",
        re.compile(
            r"\b(?:gh[opsru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}|sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,})"
        ),
    ),
    ("secret", re.compile(r"(?<!\d)\d{6,12}:[\w-]{34,35}(?![\w-])")),
    ("secret", re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)")),
    (
        "secret",
        re.compile(
            r"(?i)(?:(?<=password=)|(?<=passwd=)|(?<=pwd=)|(?<=secret=)|(?<=token=)|(?<=api_key=)|(?<=apikey=)|(?<=access_key=))[^\s&\"']+"
        ),
    ),
    ("e-mail", re.compile(rf"[^{_OUTSIDE}/]{{1,64}}@[^{_OUTSIDE}/]{{1,255}}\.\w{{2,}}")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("address", re.compile(r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?![\w:])")),
    ("number", re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")),
    # Payment cards, phone and national numbers: nine digits and more, however they are set apart; no part of a path.
    ("number", re.compile(r"(?<![\w./-])\+?\(?\d(?:[ ()/-]{0,2}\d){8,}(?!\w|[.-]\w)")),
)
_FILE = re.compile(r"\.(?:csv|tsv|parquet|jsonl?|ndjson)\b", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T(]{1,2}\d{1,4})?")
"""What the form of a number takes of a date, and of the hour or the count after it."""


def masked(text: str) -> str:
    """The text with marks such as ``<e-mail>`` for what looks like a person's address or number, or a secret."""
    for kind, form in _FORMS:
        text = form.sub(partial(_marked, f"<{kind}>"), text)
    return text


def without_keys(text: str, mark: str) -> str:
    """The text with a mark in place of keys and tokens of known forms; all else stays."""
    for kind, form in _FORMS:
        text = form.sub(mark, text) if kind == "secret" else text
    return text


def request_masked(text: str) -> str:
    """A person's request without secrets and what looks personal; paths, URIs and names of files stay."""
    for kind, form in _FORMS:
        text = form.sub(f"<{kind}>", text) if kind == "secret" else text
    parts = groupby(re.split(r"(\s+)", text), _names_a_source)
    return "".join("".join(words) if named else masked("".join(words)) for named, words in parts)


def _names_a_source(word: str) -> bool:
    path = ("/" in word or "\\" in word) and any(sign.isalpha() for sign in word)
    return path or _FILE.search(word) is not None


def personal_text(text: str) -> bool:
    """Whether a part of it would be masked."""
    return masked(text) != text


def _marked(mark: str, found: re.Match[str]) -> str:
    """The mark, but for a moment, and for the digits of a profile's pattern, which are all 9."""
    pattern = not set("012345678") & set(found[0]) and "9" in found[0] and not re.search("[A-Za-z]", found[0])
    return found[0] if pattern or _MOMENT.fullmatch(found[0]) else mark
