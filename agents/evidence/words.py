"""The English that reasonings are read by: words for numbers, and words that say what a number is about."""

from __future__ import annotations

from typing import Final

_SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS: Final[dict[str, float]] = {
    **{name: float(value) for value, name in enumerate(_SMALL)},
    **{name: 10.0 * value for value, name in enumerate(_TENS, start=2)},
}
SCALES: Final[dict[str, float]] = {"hundred": 100.0, "dozen": 12.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
FRACTIONS: Final[dict[str, int]] = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
GLYPHS: Final[dict[str, float]] = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
COUNTED: Final = frozenset(
    {
        *("row", "rows", "record", "records", "value", "values", "entry", "line", "lines", "column", "columns"),
        *("missing", "null", "nulls", "blank", "empty", "duplicate", "duplicates", "distinct", "unique", "failing"),
        *("in", "out", "percent", "hundred", "thousand", "million", "dozen"),
        *("pattern", "character", "letter", "digit"),
    }
)
"""After these ``one`` is a number; elsewhere it stands for a thing: `every order needs one`."""
VAGUE: Final[dict[str, frozenset[str]]] = {
    "about": frozenset({"about", "around", "roughly", "approximately", "circa", "ca", "some", "approx"}),
    "over": frozenset({"over"}),
    "under": frozenset({"under", "nearly", "almost"}),
    "about than": frozenset(),
    "over than": frozenset({"more", "greater", "higher"}),
    "under than": frozenset({"less", "fewer", "lower"}),
    "ratio": frozenset({"as", "more", "the", "that", "larger", "higher", "bigger", "greater", "longer"}),
}
_NAMES = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
MONTH_NAMES: Final = frozenset({*_NAMES, *(name[:3] for name in _NAMES), "sept"})
MONTHS: Final[dict[str, int]] = {name[:3]: number for number, name in enumerate(_NAMES, start=1)}
NORMS: Final = frozenset({"should", "must", "ought", "needs", "need", "shall", "has", "expected", "required", "may"})
"""A sentence with one of these says what is wanted; none, one and all need no evidence there."""

UNITS: Final = frozenset(
    {
        *("b", "kb", "mb", "gb", "tb", "bytes", "ms", "s", "second", "seconds", "minute", "minutes", "hour", "hours"),
        *(
            "day",
            "days",
            "week",
            "weeks",
            "month",
            "months",
            "years",
            "m",
            "km",
            "kg",
            "g",
            "eur",
            "usd",
            "euros",
            "dollars",
        ),
    }
)
"""What stands in these is a value, never a count of rows."""
CURRENCIES: Final = frozenset("€$£¥")
_TOPICS = {
    "missing": "missing null nulls absent lack lacks lacking without miss misses nullness unfilled",
    "blank": "empty blank blanks",
    "present": "present complete completeness filled given populated nonnull",
    "distinct": "distinct unique different uniqueness cardinality",
    "duplicate": "duplicate duplicates duplicated repeat repeated repeats duplication",
    "length": "character characters letter letters digit digits char chars length lengths long longer shorter",
    "mean": "mean average averages averaging avg",
    "median": "median",
    "stddev": "deviation deviations stddev sigma",
    "sum": "sum sums",
    "min": "minimum min smallest lowest earliest shortest oldest",
    "max": "maximum max largest highest longest latest newest greatest biggest",
    "fail": "fail fails failed failing break breaks violate violates violating violations violation wrong invalid",
    "pass": "pass passes passed hold holds match matches matching conform conforms valid satisfy satisfies obey obeys",
    "column": "column columns field fields",
    "pattern": "pattern patterns format formats shape shapes form forms",
    "rows": "row rows record records value values entry entries line lines times",
    "year": "year years",
}
TOPICS: Final[dict[str, str]] = {said: topic for topic, words in _TOPICS.items() for said in words.split()}
WEAK: Final = frozenset({"rows"})
"""Topics that give way to any other nearby: `12 rows are missing`."""
STOPS: Final = frozenset({"and", "but", "while", "whereas", "or", "so", "because", "since", "though", "although", "if"})
"""Words at which what is said of a number ends."""
LINKS: Final = frozenset({"of", "the", "all", "out", "in", "its", "these", "those", "among", "across", "a", "per"})
