"""The numbers of a sentence as people write them: digits, words, shares, units, dates, fractions and ratios."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from agents.evidence.words import COUNTED, FRACTIONS, GLYPHS, MONTH_NAMES, MONTHS, SCALES, VAGUE, WORDS

Form = Literal["number", "share", "date", "ratio", "quantile", "magnitude"]
Token = re.Match[str]

_TOKEN = re.compile(
    r"(?P<date>\d{4}-\d{2}(?:-\d{2})?(?!\d)(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?)?|\d{1,2}[./]\d{1,2}[./]\d{4})"
    r"|(?P<number>(?:(?<![\w.)])[-−])?(?:\d{1,3}(?:[,'’_ \u00a0\u2009\u202f]\d{3})+(?!\d|,\d)(?:\.\d+)?"
    r"|\d{1,3}(?:\.\d{3}){2,}(?!\d)|(?P<odd>\d+(?:[.,]\d+){2,})"
    r"|\d+(?:[.,]\d+)?(?:[eE][-+]?\d{1,2}(?!\d))?|(?<!\w)\.\d+))"
    r"(?P<unit>\s?(?:%|percent\b|per cent\b|pct\b)|\s?(?:thousand|million|billion|hundred|dozen)\b|\s?(?:k|K|M|bn)\b"
    r"|(?:st|nd|rd|th)\b|\s?[x×](?!\w)|-?fold\b)?"
    r"|(?P<word>[^\W\d_]\w*)"
    r"|(?P<stop>[,;:()–—]|[.!?](?=\s|$))"
    r"|(?P<other>\S)"
)
_UNITS = {"thousand": 1e3, "k": 1e3, "million": 1e6, "M": 1e6, "billion": 1e9, "bn": 1e9, "hundred": 100, "dozen": 12}
_STANDARDS = {"iso", "rfc", "utf", "sha", "ieee", "md", "latin", "base", "iec"}
"""What follows is a name, not a number: ISO 8601."""


@dataclass(frozen=True)
class Numeral:
    """A number of a text."""

    text: str
    first: int
    last: int
    """The tokens that it stands in."""
    form: Form
    value: float = 0.0
    step: float = 1.0
    """The worth of its last digit: what is measured counts as the same up to half of it."""
    vague: str = ""
    """``about``, ``over``, ``under``, ``over than`` or ``under than``, where the text says so."""
    date: str = ""
    """As much of an ISO 8601 date as is told."""
    scale: float | None = None
    """Another reading, 100 times smaller: the first of ``5 to 10 %``."""


def tokens(text: str) -> list[Token]:
    """The text in pieces; each has the name of its kind as ``lastgroup``, or ``unit``."""
    return list(_TOKEN.finditer(text))


def numerals(pieces: Sequence[Token]) -> list[Numeral]:
    """The numbers in order. A number that is part of a name (``address_2``, ``ISO 8601``) is none."""
    found: list[Numeral] = []
    at = 0
    while at < len(pieces):
        one = _numeral(pieces, at)
        if one is not None:
            found.append(_told_vaguely(pieces, one))
        at = one.last + 1 if one is not None else at + 1
    return _shared_units(pieces, found)


def word(pieces: Sequence[Token], at: int) -> str:
    """The word at a position in lower case; empty where there is none."""
    return (pieces[at]["word"] or "").lower() if 0 <= at < len(pieces) else ""


def _numeral(pieces: Sequence[Token], at: int) -> Numeral | None:
    piece = pieces[at]
    if piece["date"]:
        return _written_date(piece, at)
    if piece["odd"] or _is_foreign(piece[0]):
        return Numeral(piece[0], at, at, "number", math.nan)
    if piece["number"]:
        if word(pieces, at - 1) in _STANDARDS or (_is(pieces, at - 1, "-") and word(pieces, at - 2) in _STANDARDS):
            return None
        return _long_date(pieces, at) or _digits(pieces, at)
    if piece[0] in GLYPHS:
        return Numeral(piece[0], at, at, "share", GLYPHS[piece[0]], 0.1)
    return _long_date(pieces, at) or _fraction(pieces, at) or _in_words(pieces, at) or _loose(pieces, at)


def _is_foreign(text: str) -> bool:
    """Whether it begins with a digit that is not read here, such as ``²`` or ``五``: no evidence is written so."""
    return text[0] not in GLYPHS and text[0].isnumeric() and not text[0].isdecimal()


def _digits(pieces: Sequence[Token], at: int) -> Numeral:
    piece = pieces[at]
    unit = (piece["unit"] or "").strip()
    value, step = _read(piece["number"])
    numeral = Numeral(piece[0].strip(), at, at, "number", value, step)
    if unit in ("%", "percent", "per cent", "pct"):
        if _is(pieces, at + 1, "-") and word(pieces, at + 2) == "percentile":
            return replace(numeral, form="quantile")
        return replace(numeral, form="share", value=value / 100, step=step / 100)
    if unit in _UNITS:
        return replace(numeral, value=value * _UNITS[unit], step=step * _UNITS[unit])
    after = word(pieces, at + 1)
    if after in ("percentile", "percentiles", "quantile"):
        return replace(numeral, form="quantile")
    if unit in ("x", "×", "fold", "-fold") or (after == "times" and word(pieces, at + 2) in VAGUE["ratio"]):
        return replace(numeral, form="ratio")
    return numeral


def _read(text: str) -> tuple[float, float]:
    """The value of digits and the worth of the last one."""
    plain = text.replace("−", "-")
    if re.fullmatch(r"-?\d+,\d{1,2}", plain) or re.fullmatch(r"-?\d+,\d{4,}", plain):
        plain = plain.replace(",", ".")
    if plain.count(".") > 1:
        plain = plain.replace(".", "")
    plain = re.sub(r"[,'’_ \u00a0\u2009\u202f]", "", plain)
    exponent = Decimal(plain).as_tuple().exponent
    assert isinstance(exponent, int)
    return float(plain), 10.0 ** min(exponent, 0) if exponent <= 0 else 10.0**exponent


def _written_date(piece: Token, at: int) -> Numeral:
    text = piece["date"]
    parts = re.split(r"[./]", text)
    if len(parts) == 3:
        return Numeral(text, at, at, "date", date=f"{parts[2]}-{int(parts[1]):02}-{int(parts[0]):02}")
    return Numeral(text, at, at, "date", date=text.replace(" ", "T"))


def _long_date(pieces: Sequence[Token], at: int) -> Numeral | None:
    """``1 January 2024``, ``January 1, 2024`` or ``January 2024``."""
    words = [(piece["number"] or piece["word"] or piece[0]) for piece in pieces[at : at + 4]]
    text = " ".join(words)
    for pattern in (r"(?P<d>\d{1,2}) (?P<m>[A-Za-z]+) (?P<y>\d{4})", r"(?P<m>[A-Za-z]+) (?P<d>\d{1,2}) , (?P<y>\d{4})"):
        found = re.match(pattern, text)
        if found and found["m"].lower() in MONTH_NAMES:
            date = f"{found['y']}-{MONTHS[found['m'].lower()[:3]]:02}-{int(found['d']):02}"
            return Numeral(found[0].replace(" ,", ","), at, at + len(found[0].split()) - 1, "date", date=date)
    found = re.match(r"([A-Za-z]+) (\d{4})\b", text)
    if found and found[1].lower() in MONTH_NAMES:
        return Numeral(found[0], at, at + 1, "date", date=f"{found[2]}-{MONTHS[found[1].lower()[:3]]:02}")
    return None


def _fraction(pieces: Sequence[Token], at: int) -> Numeral | None:
    """``half``, ``a third of``, ``two thirds``, ``twice``."""
    said = word(pieces, at)
    if said in ("twice", "thrice") or (said in ("double", "triple") and word(pieces, at + 1) in VAGUE["ratio"]):
        return Numeral(pieces[at][0], at, at, "ratio", 2.0 if said in ("twice", "double") else 3.0, 0.2)
    if said == "half":
        return Numeral(pieces[at][0], at, at, "share", 0.5, 0.1)
    if said == "every" and (which := _ordinal(pieces, at + 1)):
        return Numeral(_text(pieces, at, at + 1), at, at + 1, "share", 1 / which, 0.1 / which)
    part, many = word(pieces, at + 1), {"a": 1.0, **WORDS}.get(said)
    singular = part.removesuffix("s")
    if many is None or singular not in FRACTIONS or (part == singular and word(pieces, at + 2) not in ("of", "are")):
        return None
    return Numeral(_text(pieces, at, at + 1), at, at + 1, "share", many / FRACTIONS[singular], 0.07)


def _ordinal(pieces: Sequence[Token], at: int) -> float | None:
    """``tenth`` or ``20th``."""
    if 0 <= at < len(pieces) and pieces[at]["number"] and (pieces[at]["unit"] or "")[-2:] in ("st", "nd", "rd", "th"):
        return max(1.0, _read(pieces[at]["number"])[0])
    return {"other": 2.0, "second": 2.0, **FRACTIONS}.get(word(pieces, at))


def _in_words(pieces: Sequence[Token], at: int) -> Numeral | None:
    """``twelve``, ``twenty-five``, ``two hundred and five``; ``one`` only where it counts something."""
    total, group, here, last = 0.0, 0.0, at, at - 1
    while (said := word(pieces, here)) in WORDS or (last >= at and said in SCALES):
        if said in WORDS:
            group += WORDS[said]
        elif SCALES[said] == 100:
            group *= 100
        else:
            total, group = total + group * SCALES[said], 0.0
        last = here
        here += 2 if _is(pieces, here + 1, "-") or (word(pieces, here + 1) == "and" and said in SCALES) else 1
    after = word(pieces, last + 1)
    if last < at or (last == at and word(pieces, at) == "one" and after not in COUNTED):
        return None
    numeral = Numeral(_text(pieces, at, last), at, last, "number", total + group, 1.0)
    if after in ("percent", "pct") or (after == "per" and word(pieces, last + 2) == "cent"):
        return replace(numeral, form="share", value=numeral.value / 100, step=0.01)
    if after == "times" and word(pieces, last + 2) in VAGUE["ratio"]:
        return replace(numeral, form="ratio", step=0.2)
    return numeral


def _loose(pieces: Sequence[Token], at: int) -> Numeral | None:
    """``hundreds of``, ``thousands of``; ``p95``."""
    said = word(pieces, at)
    if re.fullmatch(r"p\d{1,2}", said):
        return Numeral(pieces[at][0], at, at, "quantile", float(said[1:]))
    many = {"ten": 10.0, "score": 20.0, **SCALES}.get(said.removesuffix("s"))
    if said.endswith("s") and many and word(pieces, at + 1) == "of":
        more = SCALES.get(word(pieces, at + 2).removesuffix("s"))
        last = at + 2 if more else at
        return Numeral(_text(pieces, at, last), at, last, "magnitude", many * (more or 1.0))
    return None


def _told_vaguely(pieces: Sequence[Token], numeral: Numeral) -> Numeral:
    before = [word(pieces, numeral.first - 1), word(pieces, numeral.first - 2)]
    if before[0] in ("minus", "negative"):
        return replace(numeral, value=-numeral.value)
    if _is(pieces, numeral.first - 1, "~") or _is(pieces, numeral.first - 1, "≈"):
        return replace(numeral, vague="about")
    for kind in ("about", "over", "under"):
        if before[0] in VAGUE[kind]:
            return replace(numeral, vague=kind)
        if before[0] == "than" and before[1] in VAGUE[f"{kind} than"]:
            return replace(numeral, vague=f"{kind} than")
    return numeral


def _shared_units(pieces: Sequence[Token], found: list[Numeral]) -> list[Numeral]:
    """In ``5 to 10 %`` the first is a share too."""
    read = []
    for at, numeral in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        between = pieces[numeral.last + 1 : following.first] if following else []
        joined = len(between) == 1 and between[0][0].lower() in ("to", "and", "or", "-", "–")
        if following and following.form == "share" and numeral.form == "number" and joined:
            read.append(replace(numeral, scale=0.01))
        else:
            read.append(numeral)
    return read


def _text(pieces: Sequence[Token], first: int, last: int) -> str:
    return pieces[first].string[pieces[first].start() : pieces[last].end()].strip()


def _is(pieces: Sequence[Token], at: int, text: str) -> bool:
    return 0 <= at < len(pieces) and pieces[at][0] == text
