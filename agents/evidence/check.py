"""Compares the numbers of a reasoning with what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agents.evidence.facts import Fact, Facts
from agents.evidence.numerals import Numeral, Token, numerals, tokens, word
from agents.evidence.words import CURRENCIES, LINKS, NORMS, STOPS, TOPICS, UNITS, WEAK

NEAR = 5
"""Words to either side of a number in which it is told what the number is about."""
MOST_IN = 100
"""The greatest number of which a share is told as `one in ten`."""
_RATIOS = frozenset({"rows", "missing", "distinct", "min", "max", "mean", "median", "fail", "length"})
_YEARS = range(1900, 2101)


@dataclass(frozen=True)
class Checked:
    """What of a reasoning is in the evidence."""

    unsupported: list[str]
    """Numbers as they are written."""
    used: list[Fact]
    """What the others quote, each once."""

    def evidence(self) -> dict[str, Any]:
        """The facts that are quoted, by name."""
        return {fact.name: _plain(fact) for fact in self.used if fact.of != "rule"}

    def references(self, ids: dict[str, str]) -> list[dict[str, Any]]:
        """Where they stand; ``ids`` has the id of each stored document."""
        return [
            {"of": fact.of, "id": ids.get(fact.of), "path": fact.path, "value": _plain(fact)}
            for fact in self.used
            if fact.of != "rule"
        ]


def check(reasoning: str, facts: Facts) -> Checked:
    """Each number has to be a measure, as it is rounded in the text, of what the words beside it speak of.

    A percentage has to be a share, a plain number must not be one in disguise. The rule's own numbers count where the
    present data obeys the rule, or where the reasoning tells how many rows do not.
    """
    text = _without(reasoning, facts.names)
    pieces = tokens(text)
    found = numerals(pieces)
    told = [_Told(pieces, found, at) for at in range(len(found))]
    measured = [[fact for fact in facts.measured if one.fits(fact)] for one in told]
    honest = facts.holds or any(fact.of == "dry_run" and "fail" in fact.topics for fits in measured for fact in fits)
    used: dict[str, Fact] = {}
    wrong: list[str] = []
    for at, one in enumerate(told):
        fits = measured[at] or [fact for fact in facts.bounds if honest and one.fits(fact)]
        if one.claims_all() and not (facts.holds and (facts.whole or one.numeral.form == "share")):
            fits = [fact for fact in fits if fact.of == "dry_run" and facts.whole]
        fits = fits or one.of_other_kind(facts.measured)
        if not fits and one.is_part_of_last:
            fits = told[at - 1].of_other_kind(facts.measured)
        fits = [fact for fact in fits if fact.beside is None or _quoted(fact.beside, found)]
        if fits:
            used.setdefault(fits[0].name, fits[0])
        elif not one.says_nothing():
            wrong.append(one.numeral.text)
    return Checked(wrong, list(used.values()))


def _without(text: str, names: Iterable[str]) -> str:
    """The text with names in it that hold digits made plain words."""
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "name", text, flags=re.IGNORECASE)
    return text


class _Told:
    """A number and what is said of it."""

    def __init__(self, pieces: Sequence[Token], found: Sequence[Numeral], at: int) -> None:
        self.numeral = found[at]
        self._pieces, self._all = pieces, found
        said = (TOPICS.get(word(pieces, place), "") for place in range(len(pieces)))
        self._named = {topic for topic in said if topic and topic not in WEAK}
        self._others = {place for one in found for place in range(one.first, one.last + 1)}
        self._of = found[at - 1] if at and self._linked(found[at - 1], self.numeral) else None
        self._part = found[at + 1] if at + 1 < len(found) and self._linked(self.numeral, found[at + 1]) else None
        self.topic = self._topic()
        after = [word(pieces, self.numeral.last + n) for n in range(1, 5)]
        self._of_rows = after[0] == "of" and "rows" in [said for said in after[1:] if said not in ("all", "the")][:1]
        before = pieces[self.numeral.first - 1][0] if self.numeral.first else ""
        self._in_units = after[0] in UNITS or before in CURRENCIES

    @property
    def is_part_of_last(self) -> bool:
        """Whether the number before is told as a part of this one."""
        return self._of is not None

    def claims_all(self) -> bool:
        """``100 %`` or ``all 1,000 rows`` without a word that says of what."""
        whole = self.numeral.form == "share" and self.numeral.value == 1.0
        every = self.numeral.form == "number" and word(self._pieces, self.numeral.first - 1) == "all"
        return (whole or every) and (not self.topic or self.topic in WEAK)

    def fits(self, fact: Fact) -> bool:
        """Whether the number is that fact."""
        if not self._about(fact) or (fact.of_present and self._of_rows) or (fact.form == "count" and self._in_units):
            return False
        if isinstance(fact.value, str) or self.numeral.form == "date":
            return self._same_date(fact)
        if fact.of == "rule":
            return _form(self.numeral, fact) and any(abs(v - fact.value) < 1e-9 for v in _readings(self.numeral))
        return _form(self.numeral, fact) and any(_near(self.numeral, value, fact) for value in _readings(self.numeral))

    def of_other_kind(self, measured: Sequence[Fact]) -> list[Fact]:
        """The facts that make a fraction (1 in 10), a ratio (twice) or an order of magnitude (hundreds) true."""
        numeral, whole = self.numeral, self._part
        facts = [fact for fact in measured if isinstance(fact.value, float) and self._about(fact)]
        if whole is not None and numeral.form == "number" and 0 < numeral.value <= whole.value <= MOST_IN:
            share = numeral.value / whole.value
            alike = [f for f in facts if f.form == "share" and abs(_value(f) - share) <= 0.05 * share]
            return [f for f in alike if abs(_value(f) * whole.value - numeral.value) <= 0.5]
        if numeral.form == "ratio":
            plain = [fact for fact in facts if fact.form != "share" and fact.topics & _RATIOS and _value(fact) > 0]
            plain = [fact for fact in plain if fact.topics & self._named or self._is_told(fact)]
            return [a for a in plain for b in plain if abs(_value(a) / _value(b) - numeral.value) <= numeral.step / 2][
                :1
            ]
        if numeral.form == "magnitude":
            return [f for f in facts if 2 * numeral.value <= _value(f) < 1000 * numeral.value][:1]
        return []

    def _is_told(self, fact: Fact) -> bool:
        return any(one.form == "number" and _near(one, one.value, fact) for one in self._all)

    def says_nothing(self) -> bool:
        """Whether it claims nothing of the data: none, one or all where a sentence says what is wanted."""
        norm = self.numeral.value in (0.0, 1.0) and self.numeral.form in ("number", "share") and self._normative()
        # `one of the values`, `one per order`; but 1 of 1,000 is a count.
        single = self.numeral.form == "number" and self.numeral.value == 1.0 and self._part is None
        return norm or (single and word(self._pieces, self.numeral.last + 1) in ("per", "of"))

    def _normative(self) -> bool:
        sentence: list[str] = []
        for at, piece in enumerate(self._pieces):
            if piece["stop"] in (".", "!", "?", ";"):
                if at > self.numeral.last:
                    break
                sentence = []
            sentence.append(word(self._pieces, at))
        return bool(NORMS & set(sentence))

    def _about(self, fact: Fact) -> bool:
        if self._of is not None and self.numeral.form == "number":
            return bool(fact.topics & {"total", "distinct", "fail", "column", "missing", "present", "duplicate"})
        if not self.topic or self.numeral.form in ("quantile", "ratio"):
            return fact.topics != {"column"}
        if self.topic == "rows":
            return "column" not in fact.topics and (fact.form != "value" or "rows" in fact.topics)
        if self.topic == "pass":
            return not fact.topics & {"missing", "length", "fail"}
        return self.topic in fact.topics

    def _topic(self) -> str:
        """What the nearest word that tells it says that the number is about; a strong one before a weak one."""
        start, begin = self.numeral.last + 1, self.numeral.first - 1
        skipped = self._part.last + 1 - start if self._part else 0
        after = self._words(range(start, start + NEAR + skipped))
        before = self._words(range(begin, begin - NEAR, -1))
        near = [(distance, side, TOPICS[said]) for side, words in ((0, after), (1, before)) for distance, said in words]
        near = [one for one in near if one[2] not in WEAK or one[0] <= 2 - 2 * one[1]]
        near.sort(key=lambda one: (one[2] in WEAK, one[0], one[1]))
        return near[0][2] if near else ""

    def _words(self, places: range) -> list[tuple[int, str]]:
        found = []
        for distance, place in enumerate(places):
            if self._part is not None and self._part.first <= place <= self._part.last:
                continue
            if not 0 <= place < len(self._pieces) or place in self._others:
                break
            if self._pieces[place]["stop"] and not (places.step < 0 and not distance and self._pieces[place][0] == ":"):
                break
            said = word(self._pieces, place)
            if said in STOPS:
                break
            if said in TOPICS:
                found.append((distance, said))
        return found

    def _linked(self, first: Numeral, second: Numeral) -> bool:
        """Whether the second is what the first is a part of: ``12 of the 1,000``."""
        if second.form != "number" or second.step < 1 or (first.form == "number" and first.step < 1):
            return False
        between = [piece[0].lower() for piece in self._pieces[first.last + 1 : second.first]]
        while len(between) > 1 and between[0] in TOPICS:
            between = between[1:]
        return (
            bool(between)
            and between[0] in ("of", "out", "in", "/", "per", "among")
            and all(w in LINKS or w == "/" for w in between)
        )

    def _same_date(self, fact: Fact) -> bool:
        if not isinstance(fact.value, str):
            return False
        if self.numeral.form == "date":
            return fact.value.replace(" ", "T").startswith(self.numeral.date)
        year = self.numeral.value
        return self.numeral.form == "number" and year in _YEARS and fact.value.startswith(f"{int(year)}-")


def _readings(numeral: Numeral) -> list[float]:
    return [numeral.value] + ([numeral.value * numeral.scale] if numeral.scale else [])


def _form(numeral: Numeral, fact: Fact) -> bool:
    """Whether a fact of that form can be written like this."""
    if fact.form == "quantile":
        return numeral.form in ("quantile", "share")
    if fact.form == "share":
        return numeral.form == "share" or (numeral.form == "number" and (numeral.scale is not None or numeral.step < 1))
    return numeral.form == "number"


def _near(numeral: Numeral, value: float, found: Fact) -> bool:
    fact = _value(found)
    if numeral.form in ("quantile",) or (numeral.form == "share" and fact > 1):
        return abs(fact - value * (100 if numeral.form == "share" else 1)) < 1e-9
    step = numeral.step * (numeral.scale if numeral.scale and value != numeral.value else 1.0)
    room = step / 2 * (1 + 1e-6) + 1e-12
    if abs(fact - value) <= room and not _hides(fact, value, numeral):
        return True
    if numeral.form == "share" and _shown_share(fact, value):
        return True
    loose = _loose(numeral, value)
    if numeral.vague == "about":
        return abs(fact - value) <= loose / 2
    if found.form == "value":
        return False
    far = fact - value if numeral.vague.startswith("over") else value - fact
    return numeral.vague != "" and 0 <= far <= loose


def _hides(fact: float, value: float, numeral: Numeral) -> bool:
    """None and all are claims that rounding must not make: 0.4 % is not 0 %."""
    return numeral.form == "share" and value in (0.0, 1.0) and fact != value


def _shown_share(fact: float, value: float) -> bool:
    """Shares are shown as 0.1 % and 99.9 % at the ends, where they are neither none nor all."""
    return (0 < fact < 0.001 and abs(value - 0.001) < 1e-9) or (0.999 < fact < 1 and abs(value - 0.999) < 1e-9)


def _loose(numeral: Numeral, value: float) -> float:
    """How far a number may be from what it tells vaguely: its zeros at the end, a fifth of it at most.

    Half of it where it is told as a bound: 1.2 % is less than 2 %, and not nearly so.
    """
    digits = f"{abs(value):.0f}"
    zeros = 10.0 ** (len(digits) - len(digits.rstrip("0"))) if value >= 10 and numeral.form == "number" else 0.0
    return min(max(zeros, numeral.step), abs(value) / (2 if numeral.vague.endswith("than") else 5))


def _quoted(value: float, found: Sequence[Numeral]) -> bool:
    return any(one.form == "number" and abs(one.value - value) <= one.step / 2 * (1 + 1e-6) for one in found)


def _value(fact: Fact) -> float:
    assert isinstance(fact.value, float)
    return fact.value


def _plain(fact: Fact) -> float | int | str:
    if isinstance(fact.value, str):
        return fact.value
    return int(fact.value) if fact.value.is_integer() else round(fact.value, 6)
