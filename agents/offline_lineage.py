"""Which question about lineage an English sentence asks, told by its words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

LONGEST = 500
"""Characters of a sentence that are looked at."""
LINEAGE = re.compile(r"\blineage\b|\b(?:down|up)stream\b|\bcomes? from\b|\bdepends? on\b|\bimpact\b|\bblast radius\b")
_OTHER = re.compile(r"\brules?\b|\bwhy\b|\bscores?\b|\bruns?\b")
"""What is asked about when nothing of lineage is said."""
_ONWARDS = re.compile(r"\bdownstream\b|\bdepends? on\b|\bimpact\b|\bblast radius\b")
UNCLEAR = (
    'I did not understand which column or table you mean. Ask like "what breaks if I drop customers.email?", '
    '"where does revenue come from?", "how does a.x get to b.y?" or "where does the PII in customers go?".'
)
_CHANGES = r"(?:drop|remov|delet|chang|renam|alter|retyp|modify|los|touch|truncat)(?:p?ing|es?|ed|s)?"
_WHO = r"(?:what|who|which|whose)"
_ONE = r"(?:i|we|you|somebody|someone|they)"
_PERSONAL = r"(?:pii|personal data|personal information|sensitive data)"
_SHAPES = (
    ("personal_data", rf"\bwhere (?:does|do|is|are|did|could) .*?\b{_PERSONAL}\b(?: (?:in|of|from) (?P<a>.+?))?"
                      r"(?: (?:go|goes|flow|flows|end up|get to|used|land|leak|spread|stored).*)?$"),
    ("personal_data", rf"\b{_WHO} .*\b(?:carry|carries|hold|holds|contain|contains|have|has)\b.*\b{_PERSONAL}\b"),
    ("personal_data", rf"\b(?:is|are) there (?:any )?{_PERSONAL} (?:in|of|from) (?P<a>.+)$"),
    ("personal_data", rf"^(?:does|do) (?P<a>.+?) (?:carry|contain|have|hold|include) (?:any )?{_PERSONAL}\b"),
    ("path", r"\bhow (?:does|do|did|can|is|are) (?P<a>.+?) (?:get|gets|flow|go|come|end up|connected|related)"
             r" ?(?:to|into|in) (?P<b>.+)$"),
    ("path", r"\b(?:path|way|route|lineage|connection) (?:from|between) (?P<a>.+?) (?:to|and) (?P<b>.+)$"),
    ("path", r"^(?:does|do|is) (?P<a>.+?) (?:flow|go|get|feed|end up|used) ?(?:to|into|in) (?P<b>.+)$"),
    ("upstream", r"\bwhere (?:does|do|did) (?P<a>.+?) (?:come|comes|came|stem) from\b"),
    ("upstream", r"\bwhat (?:is|are) (?P<a>.+?) (?:made (?:of|from)|(?:based|built) on"
                 r"|(?:derived|computed|calculated|built)(?: from)?)\b"),
    ("upstream", r"\bhow (?:is|are) (?P<a>.+?) (?:computed|calculated|made|built|derived|filled)\b"),
    ("upstream", r"\bwhat (?:does|do) (?P<a>.+?) depend on\b"),
    ("upstream", rf"\b{_WHO}(?: columns?| tables?| sources?| jobs?)? feeds?(?: into)? (?P<a>.+)$"),
    ("impact", rf"\bif {_ONE} {_CHANGES} (?P<a>.+?),? (?:then )?(?:{_WHO}|does|will|would)\b"),
    ("impact", rf"\b(?:breaks?|broken|fails?|affected|impacted|happens?|suffers?)\b.*?\b(?:if|when|by|after)\b"
               rf"(?: {_ONE})?(?: {_CHANGES})? (?P<a>.+)$"),
    ("impact", r"\bwhat happens (?:to|with) (?P<a>.+)$"),
    ("impact", rf"\b(?:can|may|should|could) (?:i|we|you) (?:safely |just )?{_CHANGES} (?P<a>.+)$"),
    ("impact", rf"\b(?:impact|blast radius|effects?|consequences?) of (?:{_CHANGES} )?(?P<a>.+)$"),
    ("impact", rf"\b{_WHO}\b.*?\b(?:depends?|relies|rely) on (?P<a>.+)$"),
    ("impact", rf"^{_WHO}(?: \w+)? (?:uses?|reads?|consumes?|needs?) (?P<a>.+)$"),
    ("downstream", r"\bwhere (?:does|do|is|are) (?P<a>.+?) (?:go|goes|flow|flows|used|end up|land)\b"),
    ("downstream", r"\bwhat (?:is|are) (?:made|built|derived|computed) (?:of|from|on) (?P<a>.+)$"),
    ("downstream", r"\bdownstream (?:of|from) (?P<a>.+)$"),
    ("upstream", r"\bupstream (?:of|from) (?P<a>.+)$"),
    ("upstream", r"\b(?:lineage|origins?|sources?|provenance) of (?P<a>.+)$"),
)  # fmt: skip
_QUESTIONS = tuple((question, re.compile(pattern, re.IGNORECASE)) for question, pattern in _SHAPES)
_END = re.compile(
    r"\s+(?:changes?|breaks?|goes(?: away)?|disappears?|fails?|vanish(?:es)?|(?:is|was|gets|are|were) \w+|has gone)$",
    re.IGNORECASE,
)
_OF = re.compile(r"(?:column |field )?(?P<column>\S+)(?: column| field)? (?:of|in|from) (?P<table>\S+)", re.IGNORECASE)
_ASPECT = re.compile(
    r"(?:the )?(?:data ?)?(?:type|format|length|precision|meaning|unit)s? of (?=\S+\.\S)", re.IGNORECASE
)
"""What of a column is changed, where the column is named in full."""
_FILLER = frozenset({
    *("the", "a", "an", "my", "our", "this", "that", "all", "any", "some", "of", "in", "from", "it", "its", "please"),
    *("then", "table", "tables", "column", "columns", "dataset", "view", "field", "fields", "data", "values", "value"),
    *("file", "job"),
})  # fmt: skip
_ITSELF = frozenset({"it", "its", "this", "that", "they", "all"})


def question(goal: str, tables: Sequence[str]) -> dict[str, str] | None:
    """The arguments of `show_lineage` for a sentence, None where it asks nothing about lineage.

    Without a name in the sentence the first of ``tables`` is meant; without that either, the node is missing.
    """
    text = " ".join(goal.split())[:LONGEST].strip(" ?!.")
    if _OTHER.search(text.lower()) and not LINEAGE.search(text.lower()):
        return None
    for kind, pattern in _QUESTIONS:
        found = pattern.search(text)
        if found is None:
            continue
        names = {name: _named(words) for name, words in found.groupdict().items() if words}
        told: dict[str, str] = {"question": kind}
        if names.get("a"):
            told["node"] = names["a"]
        elif kind != "personal_data" and tables:
            told["node"] = tables[0]
        return told | ({"to": names["b"]} if names.get("b") else {})
    if LINEAGE.search(text.lower()):
        named = [table for table in tables if table.lower() in text.lower()] or list(tables)
        kind = "impact" if _ONWARDS.search(text.lower()) else "upstream"
        return {"question": kind} | ({"node": named[0]} if named else {})
    return None


def answerable(asked: dict[str, Any]) -> bool:
    """Whether nothing is missing."""
    return asked["question"] == "personal_data" or ("node" in asked and (asked["question"] != "path" or "to" in asked))


def _named(words: str) -> str:
    """The column or table that some words name: `the email column of customers` is `customers.email`."""
    words = _ASPECT.sub("", _END.sub("", words.strip(" ?!.,;:")))
    kept = [word.strip("?!,;") for word in words.split()]
    within = _OF.fullmatch(" ".join(word for word in kept if word.lower() not in _FILLER - {"of", "in", "from"}))
    if within:
        return f"{_bare(within['table'])}.{_bare(within['column'])}"
    left = [_bare(word) for word in kept if word.lower() not in _FILLER]
    if not left and len(kept) == 1 and kept[0].lower() not in _ITSELF:
        left = kept
    named = [word for word in left if re.search(r"[./#_]", word)]
    return (named or left or [""])[0]


def _bare(word: str) -> str:
    return word.strip("\"'`,;?!()")
